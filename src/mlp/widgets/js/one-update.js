// @ts-check
// The live module of the view One update: the twin of mlp/trace/update.py, which says what its numbers and frames mean.

import { figures, fill, fixed, short, signed, significant } from "./digits.js";
import { lossWith, record } from "./engine.js";
import { asked, networkOf } from "./live.js";

const FLOOR = 1e-9; // derivatives that differ by less are the same

export function oneUpdate(spec) {
  const live = spec.live, words = live.words, { x, y } = live, { sizes } = live.net, edges = spec.dial.edges;
  const K = sizes.length - 1;
  const layers = Array.from({ length: K }, (_, n) => n + 1);
  const units = layers.flatMap((k) => Array.from({ length: sizes[k] }, (_, j) => [k, j]));
  const flat = layers.flatMap((k) => Array.from({ length: sizes[k - 1] * sizes[k] }, (_, n) => [k, Math.floor(n / sizes[k]), n % sizes[k]]));
  const netOf = (weights) => networkOf(live.net, weights);
  const howOf = (state) => ({ fault: state.program === "book" ? "" : state.program, eta: state.eta });
  const node = (k, j) => `O${k}_${j + 1}`;

  // A moment: all numbers of a state by slot, and the lists of the weights. One is kept, for the frames of one state follow one another.
  let kept, of = "";
  const now = (state) => {
    const key = JSON.stringify([state.weights, state.eta, state.program]);
    if (key !== of) [kept, of] = [moment(state), key];
    return kept;
  };
  const moment = (state) => {
    const net = netOf(state.weights), at = record(net, x, y, howOf(state));
    const fresh = net.W.map((w, q) => w - at.dw[q] * state.eta), after = record(netOf(fresh), x, y);
    const largest = at.fd.reduce((most, one) => Math.max(most, Math.abs(one)), 0);
    const noise = net.W.map((w) => (8 * Number.EPSILON * Math.abs(at.L)) / (1e-5 * Math.max(1, Math.abs(w))) + FLOOR); // what rounding leaves of a difference
    const wrong = flat.map((_, q) => q).filter((q) => Math.abs(at.dw[q] - at.fd[q]) > 1e-6 * Math.max(Math.abs(at.fd[q]), 0.1 * largest) + noise[q]);
    const raw = { L: at.L, L2: after.L, eta: state.eta, right: flat.length - wrong.length, wrong: wrong.length };
    y.forEach((one, j) => (raw[`y${j + 1}`] = one));
    sizes.forEach((size, k) => {
      for (let j = 0; j < size; j++) {
        raw[`O${k}_${j + 1}`] = at.O[k][j];
        if (k) Object.assign(raw, { [`Z${k}_${j + 1}`]: at.Z[k][j], [`s${k}_${j + 1}`]: at.slope[k][j], [`dO${k}_${j + 1}`]: at.dO[k][j], [`dZ${k}_${j + 1}`]: at.dZ[k][j] });
      }
    });
    flat.forEach(([k, i, j], q) => {
      const ends = `${k}_${i + 1}_${j + 1}`;
      Object.assign(raw, { [`w${ends}`]: net.W[q], [`d${ends}`]: at.dw[q], [`n${ends}`]: fresh[q], [`p${ends}`]: net.W[q] * at.dZ[k][j] });
    });
    return { raw, texts: textsOf(raw), net, at, after, fresh, wrong, noise };
  };

  // Frames --------------------------------------------------------------------------------------------------------
  const last = (state) => (state.program === "book" ? live.steps.length : 2);
  const frame = (state) => (state.index === last(state) ? bench(state) : state.program === "book" ? walked(state) : hunted(state));

  const walked = (state) => {
    const { raw } = now(state), step = live.steps[state.index], made = { ...shown(state, step), controls: ["program"] }, ask = step.ask;
    if (!ask) return made;
    const { status, shows } = shown(state, ask.before);
    if (ask.choices) return { ...made, ask: asked(ask.question, ask.answer, ask.why, status, { shows, choices: ask.choices }) };
    const slips = ask.slips.map(([slot, said]) => [slot[0] === "-" ? -raw[slot.slice(1)] : raw[slot], said]);
    return { ...made, ask: asked(ask.question, raw[ask.answer], "", status, { shows, shown: fixed(raw[ask.answer], 2), tol: 0.006, slips }) };
  };

  const shown = (state, step) => {
    const { raw, texts, at, after, fresh } = now(state), O = (step.after ? after : at).O, values = {};
    x.forEach((one, j) => (values[node(0, j)] = brief(one)));
    units.slice(0, step.known).forEach(([k, j]) => (values[node(k, j)] = brief(O[k][j])));
    if (step.known > units.length) values.L = brief(step.after ? raw.L2 : raw.L);
    const matrices = { letter: step.moved ? "W" : "dW", lit: step.hot, wrong: [], note: "" };
    if (step.moved) {
      const moved = new Set(step.moved);
      matrices.cells = state.weights.map((w, q) => short(moved.has(q) ? fresh[q] : w));
      matrices.old = state.weights.map((w, q) => (moved.has(q) ? short(w) : ""));
    } else matrices.cells = flat.map((_, q) => (step.cells.includes(q) ? cell(at.dw[q]) : ""));
    return { status: fill(step.status, texts), shows: {
      network: { lit: step.lit, routes: step.routes, values, ...tagged(step.tags, raw), ...labelled(Object.keys(step.routes), step.moved ? fresh : state.weights) },
      matrices, code: { line: step.line } } };
  };

  const tagged = (tags, raw) => ({
    tags: Object.fromEntries(tags.map(([id, slot]) => [id, `${slot.slice(0, 2)} ${cell(raw[slot])}`])),
    briefs: Object.fromEntries(tags.map(([id, slot]) => [id, cell(raw[slot], 2)])),
  });
  const labelled = (routes, weights) => (routes.length > 4 ? { labels: Object.fromEntries(routes.map((edge) => [edge, ""])) }
    : { numbers: Object.fromEntries(routes.filter((edge) => edges.includes(edge)).map((edge) => [edge, short(weights[edges.indexOf(edge)])])) });
  const allTags = units.map(([k, j]) => [node(k, j), `dZ${k}_${j + 1}`]);
  const allValues = ({ at, raw }) => Object.fromEntries([...sizes.flatMap((size, k) => Array.from({ length: size }, (_, j) => [node(k, j), brief(at.O[k][j])])), ["L", brief(raw.L)]]);
  const ratio = ({ at, noise }, q) => (Math.abs(at.fd[q]) > 2000 * noise[q] ? brief(at.dw[q] / at.fd[q], 3) : "–");
  const checked = (state) => {
    const { at, wrong, texts } = now(state);
    return { letter: "dW", cells: Array.from(at.dw, (one, q) => (state.ratio ? ratio(now(state), q) : cell(one))), lit: [], wrong,
             note: fill(words[wrong.length ? "marks" : "check"], texts) };
  };

  const hunted = (state) => {
    const moment = now(state), { raw, at, wrong } = moment, program = state.program, mistake = live.mistakes[program], names = Object.keys(live.mistakes);
    const another = names[names.indexOf(program) + 1] ?? "", texts = { ...moment.texts, program, ratio: ratio(moment, live.column), another };
    const shows = { network: { lit: [], routes: {}, values: allValues(moment), ...tagged(allTags, raw) }, matrices: checked(state), code: { line: 0, all: state.index === 1, title: words.right } };
    const made = { shows, controls: ["program", "ratio", "eta"] };
    const bad = [...new Set(wrong.map((q) => flat[q][0]))];
    if (!bad.length || bad.length < Math.max(...bad)) return { ...made, status: fill(bad.length ? words.marked : words.hidden, texts) };
    if (state.index === 0) {
      const right = live.right[K - bad.length], plain = { letter: "dW", cells: Array.from(at.dw, (one) => cell(one)), lit: [], wrong: [], note: "" };
      return { ...made, status: fill(words.marked, texts), ask: asked(fill(words.which, texts), right, "", fill(words.numbers, texts), { shows: { matrices: plain }, choices: live.right, slips: [] }) };
    }
    const line = `line ${mistake.line}`, slips = program === "C" ? [[live.lines[live.lines.length - 1], words.early, "nearly"]] : [], unsolved = shows.code;
    shows.code = { line: mistake.line, all: true, mistake: mistake.text, title: fill(words.both, texts) };
    return { ...made, status: fill(`${words[`named${program}`]} ${words[another ? "another" : "hunted"]}`, texts), ask: asked(fill(words.line, texts), line, "", words.clue, { shows: { code: unsolved }, choices: live.lines, slips }) };
  };

  const trailOf = (state, L) => (state.trail.length && Math.abs(state.trail[state.trail.length - 1] - L) <= 1e-9 * (1 + Math.abs(L)) ? state.trail : [L]);
  const isAway = (weights) => weights.some((w) => !(Math.abs(w) <= live.largest));

  const bench = (state) => {
    const moment = now(state), { raw, at, net, fresh, wrong, noise } = moment, q = edges.indexOf(state.weight), [k, i, j] = flat[q];
    const w = state.weights[q], L = raw.L, slope = at.fd[q], trail = trailOf(state, L), away = isAway(fresh);
    const texts = { ...moment.texts, program: state.program, name: live.names[q], w: short(w), slope: cell(at.dw[q]), fd: cell(slope), move: cell(-state.eta * at.dw[q]),
      yhat: Array.from(at.O[K], four).join(", "), way: words[slope > 0 ? "down" : "up"], t: String(trail.length - 1) };
    let status = fill(words[wrong.includes(q) ? "wrong" : Math.abs(slope) <= noise[q] || Math.abs(at.dw[q]) < live.flat ? "flat" : "bench"], texts);
    if (trail.length > 1) status = fill(trail.length === 2 ? words.after1 : words.after, { ...texts, bench: status });
    const lit = [node(k - 1, i), node(k, j), ...units.filter(([layer]) => layer > k).map(([layer, unit]) => node(layer, unit)), "L"];
    return {
      status: away ? `${status} ${words.away}` : state.program === "book" && trail.length === 1 ? `${status} ${words.next}` : status,
      shows: {
        network: { lit, routes: { [state.weight]: [1] }, values: allValues(moment), ...tagged(allTags, raw), labels: { [state.weight]: "" }, sizes: Object.fromEntries(edges.map((edge, n) => [edge, state.weights[n]])) },
        matrices: { ...checked(state), lit: [q] }, slice: slice(net, q, w, L, slope, texts), losses: losses(trail, texts),
      },
      dial: fill(words.reading, texts),
      controls: ["program", "start", "dial", "weight", "eta", ...(state.program === "book" ? [] : ["ratio"])],
      actions: [...(away ? [] : [["update", "Update"], ["ten", "10 ×"]]), ["rewind", "Rewind"]],
    };
  };

  const topOf = (value) => live.tops.find((top) => top >= value) ?? live.tops[live.tops.length - 1];
  const axis = (least, most, ticks) => ({ least, most, ticks: ticks.map((tick) => [tick, short(tick)]) });
  const slice = (net, q, w, L, slope, texts) => {
    const reach = live.reach, low = Math.abs(w) <= reach ? -reach : w - reach, points = [];
    for (let m = 0; m <= 60; m++) {
      const value = low + (m * 2 * reach) / 60;
      points.push(value, lossWith(net, x, y, q, value));
    }
    const top = topOf(points.reduce((most, one, n) => (n % 2 ? Math.max(most, one) : most), 0));
    return { title: fill(words.slice, texts), x: axis(low, low + 2 * reach, [low, low + reach, low + 2 * reach]), y: axis(0, top, [0, top]), said: `${texts.name} = ${texts.w}, L = ${texts.L}`,
      marks: [{ kind: "line", points, ink: "ink" }, { kind: "line", points: [low, L + (low - w) * slope, low + 2 * reach, L + (low + 2 * reach - w) * slope], ink: "back", dash: true },
              { kind: "ball", points: [w, L], ink: "accent" }] };
  };
  const losses = (trail, texts) => {
    const top = topOf(trail.reduce((most, one) => Math.max(most, one), 0)), most = Math.max(10, topOf(trail.length - 1)), points = trail.flatMap((L, m) => [m, L]);
    return { x: axis(0, most, [0, most]), y: axis(0, top, [0, top]), said: fill(words.lossesSaid, texts),
      marks: [{ kind: "line", points, ink: "accent" }, { kind: "ball", points: points.slice(-2), ink: "accent" }] };
  };

  // What is done ------------------------------------------------------------------------------------------------------
  const updated = (state, times) => {
    let { weights, trail } = state;
    for (let t = 0; t < times; t++) {
      const { raw, fresh } = moment({ ...state, weights });
      if (isAway(fresh)) break;
      trail = [...trailOf({ trail }, raw.L), raw.L2];
      weights = [...fresh];
    }
    return { weights, trail };
  };
  return {
    last, frame,
    act: (name, state) => (name === "rewind" ? { program: state.program, start: state.start, weight: state.weight, ratio: state.ratio, eta: state.eta, ...startOf(state.start) } : updated(state, name === "ten" ? 10 : 1)),
    chose: (name, value, state) => (name === "program" ? { index: value === "book" ? live.steps.length : 0, eta: spec.traits.eta, ...startOf(state.start) } : {}),
    stamp: (state) => JSON.stringify(state),
    witness() {
      const { L, dw } = record(netOf(live.net.weights), x, y);
      return [L, ...dw];
    },
  };
  function startOf(start) {
    return spec.choices.find((choice) => choice.name === "start").sets[start];
  }
}

function four(value) {
  return Math.abs(value) < 1000 ? fixed(value, 4) : figures(value, 6);
}

function cell(value, decimals = 4) {
  for (const [most, fewer] of [[10, 0], [100, 1], [1000, 2], [10000, 3]]) if (Math.abs(value) < most) return signed(value, Math.max(0, decimals - fewer));
  return significant(value, 3);
}

function brief(value, decimals = 2) {
  return Math.abs(value) < 100 ? fixed(value, decimals) : figures(value, 3);
}

/** Every slot as text, and with t at its end as a term. */
function textsOf(raw) {
  const texts = {};
  for (const [name, value] of Object.entries(raw)) {
    const text = name === "right" || name === "wrong" ? String(value) : "wne".includes(name[0]) ? short(value) : four(value);
    texts[name] = text;
    texts[`${name}t`] = text.startsWith("−") ? `(${text})` : text;
  }
  return texts;
}
