// @ts-check
// The frames of gradient descent on two weights, as mlp/trace/valley.py makes them; the walk is the engine's.

import { asTurned, plain } from "./descent.js";
import { fill, fixed } from "./digits.js";
import { epoch, lossOf, network, training } from "./engine.js";
import { asked } from "./live.js";

const LEVELS = [0.02, 0.1, 0.3, 0.7, 1.3, 2.2, 3.5], ROOT = Math.SQRT1_2;

export function valley(spec) {
  const { words, points, rho: measured, steps } = spec.live;
  let known = "", walked;

  /** The inputs bent to the correlation wanted, the targets, and the weights before the first step, after it, and so on. */
  const walk = ({ weights, eta, rho }) => {
    const now = JSON.stringify([weights, eta, rho]);
    if (now === known) return walked;
    const X = [], y = [];
    for (let p = 0; p < points.length; p += 3) {
      const [a, b] = points.slice(p, p + 2);
      X.push(a, rho === Number(measured.toFixed(3)) ? b : rho * a + ((1 - rho * rho) / (1 - measured * measured)) ** 0.5 * (b - measured * a));
      y.push(points[p + 2]);
    }
    const run = training(network([2, 1], weights), X, y, { batch: 3, eta });
    epoch(run, steps);
    known = now;
    return (walked = { X, y, ws: run.kept });
  };

  const frame = (state) => {
    const { index: t, eta, rho } = state, { X, y, ws } = walk(state), n = y.length;
    const mean = (of) => y.reduce((sum, _, p) => sum + of(p), 0) / n, x1 = (p) => X[2 * p], x2 = (p) => X[2 * p + 1];
    const r = mean((p) => x1(p) * x2(p)), c1 = mean((p) => x1(p) * y[p]), c2 = mean((p) => x2(p) * y[p]);
    const low = [(c1 - r * c2) / (1 - r * r), (c2 - r * c1) / (1 - r * r)], m1 = 1 + r, m2 = 1 - r, f1 = 1 - 2 * eta * m1, f2 = 1 - 2 * eta * m2;
    const now = ws[t], before = ws[Math.max(t - 1, 0)], loss = lossOf(network([2, 1], now), X, y, { average: true });
    const slots = { t: String(t), w1: plain(now[0]), w2: plain(now[1]), from1: plain(before[0]), from2: plain(before[1]), L: plain(loss), m1: fixed(m1, 3), m2: fixed(m2, 3),
      f1: fixed(f1, 3), f2: fixed(f2, 3), rho: asTurned(rho), eta: asTurned(eta) };
    const say = (name) => fill(words[name], slots), status = `${say(t ? "step" : "start")} ${say("factors")}`;
    const place = (along, over) => [low[0] + (along + over) * ROOT, low[1] + (along - over) * ROOT];
    const rings = LEVELS.map((level) => {
      const wide = (level / m1) ** 0.5, tall = (level / m2) ** 0.5;
      return { kind: "line", points: Array.from({ length: 61 }, (_, q) => place(wide * Math.cos((q * Math.PI) / 30), tall * Math.sin((q * Math.PI) / 30))).flat(), ink: "soft" };
    });
    const path = [...ws.slice(0, t + 1)].flatMap((pair) => [...pair]);
    const ways = ws.slice(0, t + 1).map(([a, b]) => [Math.abs((a - low[0] + (b - low[1])) * ROOT), Math.abs((a - low[0] - (b - low[1])) * ROOT)]);
    const line = (which, ink, text) => ({ kind: "line", points: ways.flatMap((way, q) => [q, Math.max(way[which], 1e-12)]), ink, text });
    const made = { status, actions: [["rewind", "Rewind"]], shows: {
      map: { said: `w (${slots.w1}, ${slots.w2}), lowest (${plain(low[0])}, ${plain(low[1])})`, marks: [...rings,
        { kind: "line", points: [...place(-3, 0), ...place(3, 0)], ink: "back", dash: true }, { kind: "line", points: [...place(0, -3), ...place(0, 3)], ink: "right", dash: true },
        { kind: "star", points: low, ink: "ink" }, { kind: "line", points: path, ink: "accent" }, { kind: "dots", points: path, ink: "accent" }, { kind: "ball", points: path.slice(-2), ink: "accent" }] },
      left: { marks: t ? [line(0, "back", words.across), line(1, "right", words.along)] : [],
        said: `${t}: ${words.across} ${plain(ways[t][0])}, ${words.along} ${plain(ways[t][1])}` } } };
    if (t === 0) {
      const answer = words[Math.max(Math.abs(f1), Math.abs(f2)) > 1 ? "never" : Math.abs(Math.abs(f1) - Math.abs(f2)) < 1e-9 ? "both" : Math.abs(f1) < Math.abs(f2) ? "across" : "along"];
      made.ask = asked(say("ask"), answer, say("why"), say("start"), { choices: ["across", "along", "both", "never"].map((one) => words[one]) });
    } else if (t === steps) made.ask = asked(words.task, 0, words["why task"], status, { shown: "0", tol: 0.001 });
    return made;
  };

  return {
    last: () => steps,
    frame,
    act: (name, state, panel, x, y) => (name === "rewind" ? { index: 0 } : name === "chart" && panel === "map" ? { weights: [x, y].map((one) => Math.round(one * 20) / 20) } : {}),
    stamp: ({ index, weights, eta, rho, weight }) => JSON.stringify({ index, weights, eta, rho, weight }),
  };
}
