// @ts-check
// Panel "boxes": rectangles and texts at places in a drawing. Holds and shows are `BoxesHolds` and `BoxesShows` of mlp/trace/frames.py.

import { make, makeSvg } from "./dom.js";

export function boxesPanel() {
  const svg = makeSvg("svg", { role: "img", class: "boxes" });
  let holds;
  return {
    element: make("div", { class: "boxes-panel" }, svg),
    hold(held) {
      holds = held;
      svg.setAttribute("viewBox", `0 0 ${holds.width} ${holds.height}`);
    },
    show({ boxes, texts, said }) {
      svg.setAttribute("aria-label", `${holds.name}: ${said}`);
      svg.replaceChildren(...boxes.map(([x, y, width, height, ink]) => makeSvg("rect", { x, y, width, height, class: `ink-of-${ink}` })),
        ...texts.map(([x, y, text, ink, anchor]) => makeSvg("text", { x, y, class: `ink-of-${ink}`, "text-anchor": anchor }, text)));
    },
  };
}
