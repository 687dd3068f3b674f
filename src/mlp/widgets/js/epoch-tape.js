// @ts-check
// The epoch tape on the page: the twin of mlp/trace/epochs.py, frame by frame. The words are Python's.

import { figures, fill, fixed, plainly, short, signed } from "./digits.js";
import { errorsOf, forward, index, lossOf, rowsOf, roomFor, shuffles, training, updates } from "./engine.js";
import { asked, networkOf, pointsOf, slices } from "./live.js";
import { defaultRng } from "./rng.js";

const OTHER = { file: "shuffled", shuffled: "file" };

export function epochTape(spec, changed) {
  const { live } = spec, { words, places, epochs } = live, points = pointsOf(live.points), net = networkOf(live.net);
  const { n, raw, width, scale } = points, output = width - 1, K = net.K, last = epochs * n;
  const target = Array.from({ length: n }, (_, p) => raw[p * width + output]), error = places.error;
  const promised = (yhat) => yhat * scale.deviation[output] + scale.mean[output];
  const all = roomFor(net, n), grid = gridOf(), some = roomFor(net, live.grid.length), sliced = slices(changed);
  const dots = Array.from({ length: n }, (_, p) => [raw[p * width + live.feature], target[p]]).flat();
  const seen = { file: 0, shuffled: 0 }, drawn = new Map();
  let runs = {}, of = "", ready = true;

  function gridOf() {
    const row = (value) => Array.from({ length: output }, (_, i) => ((i === live.feature ? value : points.means[i]) - scale.mean[i]) / scale.deviation[i]);
    return live.grid.flatMap(row);
  }
  const orders = (seed) => {
    if (!drawn.has(seed)) drawn.set(seed, shuffles(n, defaultRng(seed)));
    return drawn.get(seed);
  };
  const runFor = (order, { eta, seed }) => training(net, points.X, points.y, { eta, order: order === "shuffled" ? orders(seed) : null });
  const whole = (run) => run.kept.length - 1; // epochs as far as it has ever come
  const grown = (run, epoch) => whole(run) >= epoch || run.left <= epoch * n;
  const grow = (run) => updates(run, (whole(run) + 1) * n);
  const runOf = (order, state) => {
    if (of !== `${state.eta} ${state.seed}`) runs = {};
    of = `${state.eta} ${state.seed}`;
    return (runs[order] ??= runFor(order, state));
  };

  function curves(run, epoch, { chart }, ink, alongInk) {
    const to = Math.min(epoch, whole(run)), from = (first, values) => Array.from({ length: to + 1 - first }, (_, e) => [e + first, values[e + first]]).flat();
    if (chart === "change") return [{ kind: "line", points: from(1, run.moved), ink }];
    return [{ kind: "line", points: from(0, run.after), ink }, { kind: "line", points: from(1, run.along), ink: alongInk, dash: true }];
  }

  function learned(now) {
    const { O } = forward(now, grid, some), line = (valueAt, how) => ({ kind: "line", points: live.grid.flatMap((x, g) => [x, promised(valueAt(g))]), ...how });
    const units = net.sizes[K - 1];
    const parts = live.units.flatMap((name, j) => {
      const w = now.W[index(net, K, j + 1, 1)], ink = `path-${j + 3}`, part = line((g) => O[K - 1][g * units + j] * w, { ink, dash: true });
      const [x, y] = part.points.slice(-8);
      return [part, { kind: "text", points: [x, y + (w > 0 ? live.rise : -live.rise)], ink, text: `${name} = ${fixed(w, 2)}` }];
    });
    return [...parts, line((g) => O[K][g], { ink: "accent" })];
  }

  const ask = (question, theirs, ours, why, status) => asked(question, theirs > ours ? "larger" : "smaller", why, status, { choices: ["smaller", "larger"] });

  function frame(state) {
    const { order, chart, eta } = state, other = OTHER[order], run = runOf(order, state);
    Object.assign(seen, state.seen);
    seen[order] = Math.max(seen[order], Math.floor(state.index / n));
    const wanted = [[run, seen[order]], [runOf(other, state), state.index === last ? epochs : seen[other]]];
    ready = sliced.work(() => {
      const next = wanted.find(([one, epoch]) => !grown(one, epoch));
      if (next) grow(next[0]);
      return Boolean(next);
    });
    const here = Math.min(state.index, grown(run, seen[order]) ? Infinity : whole(run) * n); // while it grows, what it has come to
    const epoch = Math.max(1, Math.ceil(here / n)), p = here - (epoch - 1) * n, W = index(net, K, 1, 1);
    if (here) updates(run, here - 1);
    const before = run.net.W[W];
    updates(run, here);
    const row = here ? rowsOf(run, here)[0] : -1, total = here < run.left ? lossOf(run.net, points.X, points.y, {}, all) : Infinity;

    const values = { ...live.names, e: String(epoch), p: String(p), u: String(here), eta: short(eta) };
    const say = (name, more = {}) => fill(words[name], { ...values, ...more });
    const L = (value) => plainly(value, places.L);
    const shows = {
      turns: { title: say("turns"), bars: Array.from(run.order(epoch), (q) => target[q]), done: p, head: p },
      errors: { title: say("errors"), bars: [], means: [] },
      loss: { marks: [...(seen[other] ? curves(runs[other], seen[other], state, "soft", "soft") : []), ...curves(run, seen[order], state, "ink", "back")],
              title: say(seen[other] && chart === "loss" ? "loss, both" : chart), ...(chart === "change" ? { y: live.change } : {}) },
      learned: { marks: [{ kind: "dots", points: dots, ink: "soft" }], title: say("learned") },
    };
    const rest = ["order", "seed", "eta"].some((name) => state[name] !== spec.traits[name]) ? { shows, actions: [["rewind", "Rewind"]] } : { shows };
    if (!Number.isFinite(total)) return { status: say("left", { left: String(Number.isFinite(run.left) ? run.left : here) }), ...rest };

    const errors = Array.from(errorsOf(run.net, points.X, points.y, all), (_, q) => promised(all.O[K][q]) - target[q]);
    const quarters = n < 8 ? [] : [0, 1, 2, 3].map((k) => [Math.floor((n * k) / 4), Math.floor((n * (k + 1)) / 4)]);
    const means = quarters.map(([a, b]) => [a, b, errors.slice(a, b).reduce((sum, one) => sum + one, 0) / (b - a)]);
    const texts = means.map(([, , mean]) => plainly(mean, error, signed));
    Object.assign(shows.errors, { bars: errors, means: means.map((mean, k) => [...mean, texts[k]]), said: say("quarters", { means: texts.join(", ") }), ...(here ? { head: row + 1 } : {}) });
    if (chart === "loss") shows.loss.marks.push({ kind: "ball", points: [here / n, total], ink: "right" });
    else if (here >= n) shows.loss.marks.push({ kind: "ball", points: [Math.floor(here / n), run.moved[Math.floor(here / n)]], ink: "right" });
    const curve = learned(run.net), line = curve[curve.length - 1].points;
    shows.learned.marks.push(...curve);
    shows.learned.said = say("slope", { first: plainly(line[1], error), last: plainly(line[line.length - 1], error) });

    if (here === 0) {
      const status = say("start", { L: L(total) });
      const [after, along] = firstEpoch(run);
      if (!Number.isFinite(after)) return { status, ...rest };
      return { status, ...rest, ask: ask(say(`first, ${order}`), after, run.after[0], say("why first", { L: L(after), along: L(along) }), status) };
    }
    if (p < n)
      return { status: say("update", { row: String(row + 1), loss: figures(run.loss, 4), before: figures(before, 4), after: figures(run.net.W[W], 4), L: L(total) }), ...rest };
    const status = say("epoch", { L: L(total), along: L(run.along[epoch]), moved: figures(run.moved[epoch], 4) });
    if (epoch < epochs || !ready) return { status, ...rest };
    const task = live.goal === null ? "" : ` ${say(order === "file" && total < live.goal ? "done" : "task")}`;
    const theirs = runs[other];
    if (seen[other] >= epochs || whole(theirs) < epochs) return { status: status + task, ...rest };
    const why = say("why last", { theirs: L(theirs.after[epochs]), L: L(total), their_along: L(theirs.along[epochs]), along: L(run.along[epochs]) });
    return { status: status + task, ...rest, ask: ask(say(`last, ${order}`), theirs.after[epochs], total, why, status) };
  }

  /** [L after the first epoch, the sum along it], while the run stays where it is. */
  function firstEpoch(run) {
    const at = run.done;
    updates(run, n);
    const ends = [run.after[1] ?? NaN, run.along[1]];
    updates(run, at);
    return ends;
  }

  const stops = { car: (u, by) => u + by, epoch: (u, by) => (by > 0 ? Math.floor(u / n) + 1 : Math.ceil(u / n) - 1) * n, quarter };
  function quarter(u, by) {
    const stop = (q) => Math.floor(q / 4) * n + Math.floor((n * (((q % 4) + 4) % 4)) / 4);
    let q = Math.floor((4 * u) / n) - 2 * by;
    while (by > 0 ? stop(q) <= u : stop(q) >= u) q += by;
    return stop(q);
  }

  return {
    last: () => last,
    frame,
    move: ({ index, stride }, by) => stops[stride](index, by),
    act(name, { order, index }, panel, at) {
      if (name === "rewind") return { index: 0 };
      if (panel === "loss") return { index: n * Math.max(0, Math.min(seen[order], Math.round(at))) };
      return { index: Math.min(last, (Math.max(1, Math.ceil(index / n)) - 1) * n + Math.round(at)) };
    },
    chose: (name, value, { index }) => (name === "order" && Math.floor(index / n) > seen[value] ? { index: seen[value] * n } : {}),
    stamp: ({ choice, ...state }) => JSON.stringify({ ...state, ...(ready ? {} : { growing: true }) }),
    witness() {
      const eta = live.witness_eta, file = runFor("file", { eta }), shuffled = runFor("shuffled", { eta, seed: spec.traits.seed });
      updates(file, n);
      updates(shuffled, 5 * n);
      return [file.after[0], file.after[1], ...shuffled.along.slice(1), shuffled.after[5]];
    },
    close: sliced.close,
  };
}
