// @ts-check
// Batches on the page: the twin of mlp/trace/batches.py, frame by frame. The words are Python's.

import { fill, fixed, plainly, short, signed } from "./digits.js";
import { lossOf, meanOfRows, noise, offBy, onCircle, roomFor, shuffles, slopesOfEach, training, typical, updates } from "./engine.js";
import { asked, networkOf, pointsOf, slices } from "./live.js";
import { defaultRng } from "./rng.js";

export function batches(spec, changed) {
  const { live } = spec, { words, places, pair, price, length } = live, points = pointsOf(live.points), net = networkOf(live.net);
  const { n, raw, width } = points, params = net.W.length, all = roomFor(net, n), sliced = slices(changed), everybody = Array.from({ length: n }, (_, p) => p);
  const circle = Array.from({ length: 37 }, (_, n) => onCircle(10 * n)).flat(), clouds = {}, runs = new Map(), drawn = new Map();
  let later, ready = true;

  const perEpoch = (m) => Math.ceil(n / m);
  const seenBy = (m, u) => Math.floor(u / perEpoch(m)) * n + Math.min(n, (u % perEpoch(m)) * m);
  const last = ({ batch_size }) => perEpoch(batch_size) + 1;
  const orders = (seed) => {
    if (!drawn.has(seed)) drawn.set(seed, shuffles(n, defaultRng(seed)));
    return drawn.get(seed);
  };
  const start = (batch, { eta, seed = null }) => training(net, points.X, points.y, { eta, batch, order: seed === null ? null : orders(seed) });

  /** Each point's gradient at these weights, and of the two derivatives that are drawn G, their mean g and its length. */
  function cloudOf(moment) {
    if (clouds[moment]) return clouds[moment];
    if (moment === "later") {
      later ??= start(n, { eta: spec.traits.eta });
      ready = sliced.work(() => {
        updates(later, later.done + 10);
        return later.done < live.later && later.done < later.left;
      });
      if (!ready) return cloudOf("start");
    }
    const whole = slopesOfEach(moment === "later" ? later.net : net, points.X, points.y), G = Float64Array.from(everybody.flatMap((p) => pair.map((q) => whole[p * params + q])));
    const g = meanOfRows(G, 2, everybody);
    return (clouds[moment] = { whole, G, g, size: Math.hypot(...g) });
  }

  /** After how many updates L is taken, along a ruler. */
  function countsOf(m, ruler) {
    if (ruler === "epochs") return Array.from({ length: length.epochs + 1 }, (_, e) => e * perEpoch(m));
    const counts = [];
    for (let g = 0, u = 0; g <= live.grid; g++) {
      if (ruler === "updates") u = Math.floor((length.updates * g) / live.grid);
      else while (price.update * (u + 1) + price.point * seenBy(m, u + 1) <= (length.time * g) / live.grid + 1e-9) u += 1;
      counts.push(u);
    }
    return counts;
  }

  /** A run of batches of m, and L at those counts of updates that it has come to. */
  function runOf(m, { ruler, ...state }) {
    const key = [m, state.eta, state.seed, ruler].join();
    if (!runs.has(key)) {
      if (runs.size > 60) runs.clear();
      runs.set(key, { run: start(m, state), counts: countsOf(m, ruler), found: [], over: false });
    }
    return runs.get(key);
  }
  function grow(one, whole) {
    const count = one.counts[one.found.length];
    updates(one.run, count);
    const L = whole ? one.run.after[count / one.run.perEpoch] : lossOf(one.run.net, points.X, points.y, {}, all);
    if (one.run.left <= count || !Number.isFinite(L)) one.over = true;
    else one.found.push(L);
    one.over ||= one.found.length === one.counts.length;
  }

  function frame(state) {
    const { batch_size: m, eta, seed, ruler, answered } = state, whole = last(state) - 1, index = Math.min(state.index, whole);
    ready = true;
    const { G, g, size } = cloudOf(state.moment), order = Array.from(orders(seed)(1));
    const rowsOfBatch = (b) => order.slice(b * m, (b + 1) * m);
    const means = Array.from({ length: index }, (_, b) => meanOfRows(G, 2, rowsOfBatch(b))), offs = means.map((mean) => (size ? offBy(mean, g) : Infinity));
    const rule = size ? noise(G, g, m) : Infinity, over = n - (whole - 1) * m;
    const slope = (value) => signed(value, places.slope);
    const values = { ...live.names, m: String(m), batches: String(whole), rest: String(over), seed: String(seed), ga: slope(g[0]), gb: slope(g[1]), later: String(live.later),
                     rule: size ? fixed(rule, 2) : "", single: size ? fixed(noise(G, g, 1), 2) : "" };
    const say = (name, more = {}) => fill(words[name], { ...values, ...more });
    values.end = say(`end, ${ruler}`);
    const now = index ? rowsOfBatch(index - 1) : [], mean = means[index - 1];
    const marks = [{ kind: "dots", points: Array.from(G), ink: "soft" }, { kind: "dots", points: now.flatMap((row) => [G[2 * row], G[2 * row + 1]]), ink: "ink", size: 3 },
                   { kind: "ring", points: means.flatMap((one) => [...one]), ink: "back" }];
    if (index) marks.push({ kind: "arrow", points: [0, 0, ...mean], ink: "back" }, { kind: "line", points: circle.map((turn, q) => g[q % 2] + rule * size * turn), ink: "right", dash: true });
    marks.push({ kind: "arrow", points: [0, 0, ...g], ink: "accent" }, { kind: "star", points: [...g], ink: "accent" });
    const shows = {
      turns: { title: say(over === m ? "turns, even" : "turns"), bars: order.map((row) => raw[row * width + width - 1]), done: Math.min(n, index * m), head: Math.min(n, index * m),
               cuts: whole > live.cuts ? [] : Array.from({ length: whole - 1 }, (_, b) => (b + 1) * m) },
      cloud: { title: say("cloud"), marks },
    };
    const turned = Object.entries(spec.traits).some(([name, value]) => state[name] !== value) ? [["rewind", say("rewind")]] : [];
    const rest = { controls: live.stepping, actions: [["race", say("to the race")], ...turned] };
    if (state.index > whole) return { ...(turned.length ? { actions: turned } : {}), ...race(state, say, answered) };
    if (state.index === 0) {
      const status = say("start") + (state.moment === "later" && ready ? ` ${say("later", { ratio: fixed(size / (cloudOf("start").size || 1), 3) })}` : "");
      return { status, shows, ...rest, ...(size && state.moment === "start" ? { ask: askNoise(say, rule, status) } : {}) };
    }
    const own = { number: String(index), size: String(now.length), ba: slope(mean[0]), bb: slope(mean[1]) };
    return { status: size ? say(index === 1 ? "batch 1" : "batch", { ...own, off: fixed(offs[index - 1], 2), typical: fixed(typical(offs), 2) }) : say("flat", own), shows, ...rest };
  }

  function askNoise(say, rule, status) {
    const far = (guess) => Math.abs(Math.log10((rule || 1e-9) / (guess || 1e-9)));
    const nearest = live.guesses.reduce((best, guess) => (far(guess) < far(best) ? guess : best)), choices = live.guesses.map((guess) => (guess ? say("guess", { number: short(guess) }) : "0"));
    return asked(say("question"), choices[live.guesses.indexOf(nearest)], say("why"), status, { choices });
  }

  function race(state, say, answered) {
    const { batch_size: m, ruler, eta } = state, sizes = [...new Set([1, m, n])].sort((a, b) => a - b), whole = ruler === "epochs", three = sizes.map((one) => runOf(one, state));
    ready = sliced.work(() => {
      const next = three.find((one) => !one.over);
      if (next) grow(next, whole);
      return three.some((one) => !one.over);
    }) && ready;
    const looks = { [m]: { kind: "line", ink: "back", dash: true } };
    looks[n] = { kind: "dots", ink: "ink" };
    looks[1] = { kind: "line", ink: "accent" };
    const per = length[ruler] / (three[0].counts.length - 1), marks = three.map(({ found }, r) => ({ ...looks[sizes[r]], points: found.flatMap((L, g) => [g * per, L]) }));
    const empty = { title: say(1 < m && m < n ? "race" : "race of two"), x: live.rulers[ruler], marks: [] }, question = say("ask");
    const shown = { shows: { race: { ...empty, marks } }, controls: live.racing };
    if (!ready) return { status: say("running"), ...shown, shows: { race: answered?.has?.(question) ? shown.shows.race : empty } };
    const ends = three.map(({ found, counts }) => (found.length === counts.length ? found[found.length - 1] : Infinity));
    const listed = (texts) => [texts.slice(0, -1).join(", "), texts[texts.length - 1]].filter(Boolean).join(say("and"));
    const told = sizes.map((one, r) => (Number.isFinite(ends[r]) ? say("run", { m: String(one), L: plainly(ends[r], places.L) }) : say("gone", { m: String(one), L: "" })));
    const counts = sizes.map((one, r) => (whole ? perEpoch(one) : ruler === "updates" ? seenBy(one, three[r].counts.at(-1)) : three[r].counts.at(-1)));
    let status = `${say("ends", { runs: listed(told) })} ${say(`by ${ruler}`, { counts: listed(counts.map((count) => count.toLocaleString("en-US"))) })}`;
    if (eta >= live.wild) status += ` ${say("wild")}`;
    if (live.goal !== null && whole) status += ` ${say(ends[ends.length - 1] < live.goal ? "done" : "task")}`;
    const [first, second] = [...ends].sort((a, b) => a - b);
    if (!Number.isFinite(first) || sizes.length < 2) return { status, ...shown };
    const names = sizes.map((one) => (one === m && 1 < m && m < n ? say("mine") : say("who", { m: String(one) })));
    const answer = second <= 1.02 * first ? say("draw") : names[ends.indexOf(first)];
    return { status, ...shown, ask: asked(question, answer, "", "", { choices: [...names, say("draw")], shows: { race: empty } }) };
  }

  return {
    last,
    frame,
    act(name, { batch_size: m }, panel, at) {
      if (name === "race") return { index: last({ batch_size: m }) };
      return { index: name === "tape" ? Math.min(perEpoch(m), Math.floor(at / m) + 1) : 0 };
    },
    /** Who looks at the race goes on looking at it, and nobody else is brought there. */
    chose: (name, value, state) => (name === "batch_size" ? { index: state.index === last(state) ? last({ batch_size: value }) : Math.min(state.index, perEpoch(value)) } : {}),
    stamp: ({ choice, ...state }) => JSON.stringify({ ...state, ...(ready ? {} : { growing: true }) }),
    witness() {
      const { whole } = cloudOf("start"), g = meanOfRows(whole, params, everybody), eta = Math.min(spec.traits.eta, 0.1), { seed } = spec.traits;
      const ends = [[1, 50], [20, 8], [n, 2]].map(([m, u]) => lossOf(updates(start(Math.min(m, n), { eta, seed }), u).net, points.X, points.y));
      return [Math.hypot(...g), noise(whole, g, 1), ...ends].filter(Number.isFinite);
    },
    close: sliced.close,
  };
}
