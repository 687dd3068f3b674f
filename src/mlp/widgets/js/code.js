// @ts-check
// Panel "code": a program's lines, one of them running, or shown with its mistake. Holds and shows are `CodeHolds` and `CodeShows`.

import { make, setText } from "./dom.js";

export function codePanel() {
  const list = make("ol", { class: "lines" });
  const element = make("div", { class: "code" }, list);
  let lines, items;

  return {
    element,
    hold(holds) {
      lines = holds.lines;
      items = lines.map((line, n) => make("li", { value: n + 1 }, make("code", {}, line)));
      list.replaceChildren(...items);
      list.setAttribute("aria-label", holds.name);
    },
    show({ line, mistake, all = false }) {
      items.forEach((item, n) => {
        const runs = n === line - 1;
        setText(item.firstChild, runs && mistake ? mistake : lines[n]);
        item.classList.toggle("runs", runs);
        item.classList.toggle("wrong", runs && Boolean(mistake));
        if (runs) item.setAttribute("aria-current", "step");
        else item.removeAttribute("aria-current");
      });
      element.classList.toggle("all", all);
      element.classList.toggle("none", line === 0);
    },
  };
}
