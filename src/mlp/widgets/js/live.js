// @ts-check
// What live views share beside the engine: the network and the points that a spec carries, read as mlp/trace/points.py reads
// them, and long computations cut into slices, so that the page stays quick while something is dragged.

import { network, standardised } from "./engine.js";

const SLICE = 8; // ms of computing before the page may draw

/** @param {{sizes: number[], weights: number[], activations: any[], biases: number[]}} carried */
export function networkOf({ sizes, weights, activations, biases }, now = weights) {
  return network(sizes, now, { activations, biases });
}

/** n points: X and y as the network sees them, `raw` as they were measured, row by row, targets last, with their means; scale =
 *  {mean, deviation} turns one into the other. @param {{rows: number[], width: number, measured: boolean}} carried */
export function pointsOf({ rows, width, measured }) {
  const { values, mean, deviation } = standardised(rows, width), used = measured ? values : Float64Array.from(rows);
  return {
    n: rows.length / width, raw: rows, width, means: mean,
    X: used.filter((_, q) => q % width < width - 1), y: used.filter((_, q) => q % width === width - 1),
    scale: measured ? { mean, deviation } : { mean: mean.map(() => 0), deviation: mean.map(() => 1) },
  };
}

/** A frame's `ask`, as mlp/trace/frames.py makes it. */
export function asked(question, answer, why, status, { shown = answer, tol = 0, choices = null, shows = {}, ...more } = {}) {
  return { question, answer, shown, tol, choices, why, ...more, before: { status, shows } };
}

/** Work in slices: `work(step)` calls step() as long as it says that there is more, for at most 8 ms, and says whether all is done;
 *  where it is not, `changed` is called when the page has drawn. Where there is no page, all is done at once. @param {() => void} changed */
export function slices(changed) {
  let due = 0;
  const later = globalThis.requestAnimationFrame;
  return {
    work(step) {
      const end = later ? performance.now() + SLICE : Infinity;
      while (step()) {
        if (performance.now() < end) continue;
        due ||= later(() => {
          due = 0;
          changed();
        });
        return false;
      }
      return true;
    },
    close: () => due && cancelAnimationFrame(due),
  };
}
