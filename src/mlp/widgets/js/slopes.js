// @ts-check
// The frames of the sigmoid's slope and of a row of sigmoids, as mlp/trace/slopes.py makes them; the engine computes.

import { figures, fill, fixed } from "./digits.js";
import { backward, forward, network, roomFor } from "./engine.js";
import { asked } from "./live.js";

const DEPTH = 10, INPUT = 0.5;

export function slopes(spec) {
  const { words } = spec.live, grid = Array.from({ length: 121 }, (_, m) => -6 + 0.1 * m);
  const one = network([1, 1], [1], { activations: ["sigmoid"] });
  /** σ and σ′ at each of some sums. */
  const sigmoids = (sums) => {
    const room = forward(one, sums, roomFor(one, sums.length));
    backward(one, sums, room);
    return sums.map((_, p) => ({ O: room.O[1][p], slope: room.slope[1][p] }));
  };
  const curve = sigmoids(grid);

  const frame = ({ index: n, z, w, biased }) => {
    const layers = Array.from({ length: DEPTH }, (_, k) => k + 1), all = (value) => layers.map(() => value);
    const net = network(Array(DEPTH + 1).fill(1), [...all(w), ...(biased ? all(-w / 2) : [])], { activations: all("sigmoid"), biases: biased ? layers : [] });
    const row = forward(net, [INPUT], roomFor(net, 1));
    backward(net, [0], row);
    const left = [1];
    for (const k of layers) left.push(left[k - 1] * row.slope[k][0] * w);
    const [{ O, slope: tilt }] = sigmoids([z]);
    const slots = { w: figures(w, 3), end: figures(left[DEPTH], 3), z: figures(z, 3), O: fixed(O, 4), slope: fixed(tilt, 4) };
    const say = (name) => fill(words[name], slots), title = say("here");
    if (n) Object.assign(slots, { n: String(n), sum: fixed(row.Z[n][0], 4), slope: fixed(row.slope[n][0], 4), factor: fixed(row.slope[n][0] * w, 4), product: figures(left[n], 3) });
    const status = say(n ? "step" : "start"), behind = left.slice(0, n + 1).flatMap((value, m) => [m, value]);
    const marks = [{ kind: "line", points: behind, ink: "accent" }, { kind: "dots", points: behind, ink: "accent" }];
    if (n) marks.unshift({ kind: "line", points: left.flatMap((_, m) => [m, 0.25 ** m]), ink: "soft", dash: true, text: "¼ each" });
    const made = { status, shows: { sigmoid: { title, said: title, marks: [
      { kind: "line", points: grid.flatMap((v, p) => [v, curve[p].O]), ink: "ink", text: "σ" },
      { kind: "line", points: grid.flatMap((v, p) => [v, curve[p].slope]), ink: "accent", dash: true, text: "σ′" },
      { kind: "line", points: [z - 1.5, O - 1.5 * tilt, z + 1.5, O + 1.5 * tilt], ink: "back" },
      { kind: "ball", points: [z, O], ink: "back" }, { kind: "dots", points: [z, tilt], ink: "back" }] }, left: { marks, said: `${n}: ${figures(left[n], 3)}` } } };
    if (n === 0) {
      const answer = words[left[DEPTH] > 1e-6 ? "more" : "less"];
      made.ask = asked(words["ask start"], answer, say("why start"), status, { choices: [words.more, words.less] });
    } else if (n === DEPTH) made.ask = asked(words["ask end"], 4, words["why end"], status, { shown: "4", tol: 0.001 });
    return made;
  };

  return { last: () => DEPTH, frame, stamp: ({ index, z, w, biased }) => JSON.stringify({ index, z, w, biased }) };
}
