// @ts-check
// Panel "code": a program's lines, one of them running, or shown with its mistake. Holds and shows are `CodeHolds` and `CodeShows`.

import { make, setText } from "./dom.js";

export function codePanel() {
  const list = make("ol", { class: "lines" });
  const title = make("p", { class: "code-title" }), instead = make("code", { class: "mistake" });
  const element = make("div", { class: "code" }, title, list);
  let items;

  return {
    element,
    hold(holds) {
      items = holds.lines.map((line, n) => make("li", { value: n + 1 }, make("code", {}, line)));
      list.replaceChildren(...items);
      list.setAttribute("aria-label", holds.name);
    },
    show({ line, mistake, title: text = "", all = false }) {
      setText(title, text);
      instead.remove();
      if (mistake) {
        setText(instead, mistake);
        items[line - 1].append(instead);
      }
      items.forEach((item, n) => {
        const runs = n === line - 1;
        item.classList.toggle("runs", runs);
        if (runs) item.setAttribute("aria-current", "step");
        else item.removeAttribute("aria-current");
      });
      element.classList.toggle("all", all);
      element.classList.toggle("none", line === 0);
    },
  };
}
