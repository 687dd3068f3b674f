// @ts-check
// The frames of gradient descent on one weight, as mlp/trace/descent.py makes them; the walk is the engine's.

import { figures, fill, fixed, signed, significant } from "./digits.js";
import { epoch, network, training } from "./engine.js";
import { asked } from "./live.js";

const STILL = 1e-4;

/** A number that may run away: in few digits from ten thousand on. */
export const plain = (value, decimals = 4) => (Math.abs(value) < 1e4 ? fixed(value, decimals) : figures(value, 4));
const plus = (value) => (Math.abs(value) < 1e4 ? signed(value, 4) : significant(value, 4));
export const asTurned = (value) => figures(value, 6);

export function descent(spec) {
  const { words, points, m, c, steps, "times m": timesM } = spec.live;
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
    const away = !(across.least <= w && w <= across.most), still = Math.abs(w - before) < STILL;
    const what = words[lam ? "penalised" : "loss"], by = -eta * slope(start);
    const slots = { t: String(t), w: plain(w), from: plain(before), by: plus(t ? w - before : by), slope: plus(slope(w)), L: plain(loss(w)), what, eta: asTurned(eta),
      m: two || timesM ? ` · ${fixed(m + two, 4)}` : "", factor: fixed(1 - 2 * eta * (m + two), 3), lam: asTurned(lam), off: fixed(Math.abs(w - lowest), 4), after: plain(start + by) };
    const say = (name) => fill(words[name], slots);
    const said = [words[t ? "step" : "start"]];
    if (!t) said.push(words.next);
    else if (away) said.push(words.away);
    else if (still) said.push(words.still);
    else if (one && w * before < 0) said.push(words.crossed);
    if (!one && t && !(still && !away)) said.push(words.factor);
    else if (one && t && w * before >= 0 && !still && !away) said.push(words.l1);
    const status = fill(said.join(" "), slots);

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
    const made = { status, actions: [["rewind", "Rewind"]],
      shows: { curve: { marks: curve, said: `w ${slots.w}, ${what} ${slots.L}` }, trail: { marks: trail, said: `${t} steps, w ${slots.w}` } } };
    if (t === 0 && !lam) made.ask = asked(say("ask"), all[1], say("why"), say("start"), { shown: plain(all[1], 2), tol: 0.0051 });
    else if (t === 0 && one && Math.abs(c) <= one / 2) made.ask = asked(say("ask l1"), words.no, say("why l1"), say("start"), { choices: [words.yes, words.no] });
    else if (t === steps && !lam) made.ask = asked(words.task, 0.5 / m, say("why task"), status, { shown: figures(0.5 / m, 3), tol: 0.01 / m });
    return made;
  };

  return {
    last: () => steps,
    frame,
    act: (name, state, panel, x) => (name === "chart" && panel === "curve" ? { weights: [Math.round(x * 100) / 100] } : {}),
    stamp: ({ index, weights, eta, penalty, lam }) => JSON.stringify({ index, weights, eta, penalty, lam }),
  };
}
