// @ts-check
// The one frame of turning a weight, as mlp/trace/turn.py makes it; the engine computes.

import { fill, fixed, short } from "./digits.js";
import { forward, index, lossOf } from "./engine.js";
import { networkOf, pointsOf } from "./live.js";

export function turn(spec) {
  const { words, net: carried, points, after, names: called, scale, near } = spec.live, { X, y } = pointsOf(points);
  const shown = (value) => value * scale[1] + scale[0];

  const frame = ({ weights, weight: edge }) => {
    const net = networkOf(carried, weights), { O } = forward(net, X), L = lossOf(net, X, y), [k, i, j] = edge.slice(1).split("_").map(Number);
    const yhat = shown(O[net.K][0]), truth = shown(y[0]);
    const slots = { w: called[edge], value: short(net.W[index(net, k, i, j)]), yhat: fixed(yhat, 1), y: fixed(truth, 1), L: fixed(L, 4), unit: words.unit };
    const moved = weights.some((value, q) => Math.abs(value - carried.weights[q]) > 1e-12);
    const values = { L: fixed(L, 2) };
    O.forEach((row, layer) => row.forEach((value, unit) => (values[`O${layer}_${unit + 1}`] = fixed(value, 2))));
    const routes = { [edge]: [1] };
    for (const one of after[edge].edges) if (one.startsWith("L")) routes[one] = [0];
    return { status: fill(words[Math.abs(yhat - truth) < near ? "found" : moved ? "turned" : "task"], slots), actions: [["rewind", "Rewind"]],
      shows: { network: { lit: after[edge].nodes, routes, values, numbers: { [edge]: slots.value } } } };
  };

  return { last: () => 0, frame, stamp: ({ index: at, weights, weight }) => JSON.stringify({ index: at, weights, weight }) };
}
