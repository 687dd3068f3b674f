// @ts-check
// The frames of the names of weights: all of them were made by mlp/trace/names.py; only the score is counted here.

import { fill } from "./digits.js";

export function names({ live }) {
  const of = ({ mode }) => ({ find: live.finds, step: live.steps })[mode], end = live.finds.length - 1;
  const scored = (frame, answered) => {
    if (!answered?.has?.(frame.ask.question)) return frame;
    const n = live.finds.filter(({ ask }) => answered.get(ask.question)).length;
    return { ...frame, status: `${frame.status} ${fill(live.score, { n: String(n), of: String(end + 1) })}` };
  };
  return {
    last: (state) => (of(state)?.length ?? 1) - 1,
    frame(state) {
      const frame = of(state)?.[state.index] ?? live.looks[live.weights.indexOf(state.weight)];
      return state.mode === "find" && state.index === end ? scored(frame, state.answered) : frame;
    },
    chose: (name, value, state) => (name === "mode" ? { index: 0 } : state.mode === "look" ? {} : { mode: "look" }),
    stamp: ({ index, mode, weight }) => JSON.stringify({ mode, weight, index }),
  };
}
