// @ts-check
// The frames of the names of weights: all of them were made by mlp/trace/names.py.

export function names({ live }) {
  const of = ({ mode }) => ({ find: live.finds, step: live.steps })[mode];
  return {
    last: (state) => (of(state)?.length ?? 1) - 1,
    frame: (state) => of(state)?.[state.index] ?? live.looks[live.weights.indexOf(state.weight)],
    chose: (name, value, state) => (name === "mode" ? { index: 0 } : state.mode === "look" ? {} : { mode: "look" }),
    stamp: ({ index, mode, weight }) => JSON.stringify({ mode, weight, index }),
  };
}
