// @ts-check
// The frames of gradient descent on one weight, as mlp/trace/descent.py makes them; the walk is the engine's.

import { figures, fill, fixed, signed, significant } from "./digits.js";
import { epoch, network, training } from "./engine.js";
import { asked } from "./live.js";

/** A number that may run away: in few digits from ten thousand on. */
export const plain = (value, decimals = 4) => (Math.abs(value) < 1e4 ? fixed(value, decimals) : figures(value, 4));
const plus = (value) => (Math.abs(value) < 1e4 ? signed(value, 4) : significant(value, 4));
export const asTurned = (value) => figures(value, 6);

export function descent(spec) {
  const { words, points, m, c, n, steps, still: short, nothing } = spec.live;
  const X = points.filter((_, n) => n % 2 === 0), y = points.filter((_, n) => n % 2 === 1);
  const { x: across, y: up } = spec.panels.curve;
  let known = "", ws = [];

  /** The weight before the first step, after it, and so on. */
  const walk = ({ weights, eta, penalty, lam }) => {
    const now = JSON.stringify([weights, eta, penalty, lam]);
    if (now !== known) {
      const run = training(network([1, 1], weights), X, y, { batch: X.length, eta, penalty: penalty === "none" ? "" : penalty, lam });
      epoch(run, steps);
      ws = run.kept.map((W) => W[0]);
      known = now;
    }
    return ws;
  };

  const frame = (state) => {
    const { index: t, weights: [start], eta, penalty } = state;
    const lam = penalty === "none" ? 0 : state.lam, two = penalty === "l2" ? lam : 0, one = penalty === "l1" ? lam : 0;
    const all = walk(state), w = all[t], before = all[Math.max(t - 1, 0)];
    const loss = (v, a = two, b = one) => X.reduce((sum, x, n) => sum + (y[n] - v * x) ** 2, 0) / X.length + a * v * v + b * Math.abs(v);
    const slope = (v) => 2 * (m * v - c) + 2 * two * v + one * Math.sign(v);
    const lowest = Math.abs(c) <= one / 2 ? 0 : ((Math.abs(c) - one / 2) * Math.sign(c)) / (m + two);
    const wide = across.most - across.least, grid = Array.from({ length: 91 }, (_, n) => across.least + (wide * n) / 90);
    const away = !(across.least <= w && w <= across.most), factor = 1 - 2 * eta * (m + two), by = -eta * slope(start);
    const long = all.findLastIndex((v, q) => q > 0 && q <= t && !(Math.abs(v - all[q - 1]) < short)), since = Math.max(long, 0) + 1, still = since <= t;
    const slots = { t: String(t), n: String(n), w: plain(w), from: plain(before), by: plus(t ? w - before : by), slope: plus(slope(w)), L: plain(loss(w)),
      what: words[lam ? "penalised" : "loss"], eta: asTurned(eta), m: spec.live[two ? "times lam" : "times m"],
      factor: fixed(factor, 3), lam: asTurned(lam), off: fixed(Math.abs(w - lowest), 4), after: plain(start + by), since: String(still ? since : 0) };
    const say = (...names) => fill(names.map((name) => words[name]).join(" "), slots);
    const side = Math.abs(factor + 1) < 1e-9 ? ["swings"] : factor < -1 ? ["runs away"] : factor < 0 ? ["other side"] : [];
    const said = away ? ["away"] : still ? [since === t ? "still" : "since"] : one && w * before < 0 ? ["crossed"] : one ? ["l1"] : [];
    const status = !t ? say(...(lam ? ["start penalised", "strength"] : ["start"]), "next")
      : t === steps && !lam ? say(still ? "since" : "step", ...(Math.abs(factor) < nothing ? ["found"] : ["task", ...side]))
      : say("step", ...(one ? [] : [...(t === 1 ? ["two"] : []), "factor", ...side]), ...said);

    const over = (values, height) => values.flatMap((v) => [v, height(v)]), tilt = slope(w);
    const path = over(all.slice(0, t + 1), loss), downwards = all.slice(0, t + 1).flatMap((v, n) => [v, n]);
    const curve = [{ kind: "line", points: over(grid, loss), ink: "ink" },
      { kind: "text", points: [lowest, up.most * 0.06], ink: "right", text: "▲" },
      { kind: "line", points: path, ink: "back", dash: true }, { kind: "ring", points: path.slice(0, -2), ink: "back" },
      { kind: "line", points: [-0.12, 0.12].flatMap((d) => [w + d * wide, loss(w) + d * wide * tilt]), ink: "back" },
      { kind: "ball", points: [w, loss(w)], ink: "accent" }];
    if (lam) curve.unshift({ kind: "line", points: over(grid, (v) => loss(v, 0, 0)), ink: "soft", dash: true });
    const trail = [{ kind: "line", points: [lowest, 0, lowest, steps], ink: "right", dash: true }, { kind: "line", points: downwards, ink: "back", dash: true },
      { kind: "ring", points: downwards.slice(0, -2), ink: "back" }, { kind: "ball", points: downwards.slice(-2), ink: "accent" }];
    const made = { status, actions: [["rewind", "Rewind"]], controls: ["eta", "penalty", "dial", ...(penalty === "none" ? [] : ["lam"])],
      shows: { curve: { title: words[`curve ${lam ? penalty : "none"}`], marks: curve, said: `w ${slots.w}, ${slots.what} ${slots.L}` }, trail: { marks: trail, said: `${t} steps, w ${slots.w}` } } };
    if (t === 0 && !lam) {
      const slips = [[start - eta, "no slope"], [start - slope(start), "no rate"], [start - by, "sign"], [by, "no start"]].filter(([value]) => Math.abs(value - all[1]) > 0.011);
      made.ask = asked(say("ask"), all[1], "", say("start"), { shown: plain(all[1], 2), tol: 0.0051, slips: slips.map(([value, name]) => [value, words[name]]) });
    } else if (t === 0 && one && Math.abs(c) <= one / 2) made.ask = asked(say("ask l1"), words.no, say("why l1"), say("start penalised"), { choices: [words.yes, words.no] });
    return made;
  };

  return {
    last: () => steps,
    frame,
    act: (name, state, panel, x) => (name === "rewind" ? { index: 0 } : name === "chart" && panel === "curve" ? { weights: [Math.round(x * 100) / 100] } : {}),
    stamp: ({ index, weights, eta, penalty, lam }) => JSON.stringify({ index, weights, eta, penalty, lam }),
  };
}
