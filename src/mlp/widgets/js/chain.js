// @ts-check
// Panel "chain": quantities one below the other, and between them the links with their slopes; changes as far as they have come.

import { make, makeMath, mathSymbol, setText } from "./dom.js";

export function chainPanel() {
  const element = make("div", { class: "chain" });
  let rows, links, before;
  const formula = (symbol, times) => makeMath("math", makeMath("mrow", ...(times ? [makeMath("mo", "×")] : []), mathSymbol(symbol)));

  return {
    element,
    hold(holds) {
      element.classList.toggle("beside", Boolean(holds.beside));
      before = -1;
      const cell = (role, name, ...children) => make("span", { role, class: name }, ...children);
      const line = (name, symbol, number, said) => {
        const last = cell("cell", "moved");
        return { last, element: make("div", { role: "row", class: name }, make("span", { role: "cell", class: "symbol", "aria-label": said }, formula(symbol, name === "link")), cell("cell", "number", number), last) };
      };
      rows = holds.rows.map(({ symbol, value, text }) => line("quantity", symbol, value, text));
      links = holds.links.map(({ symbol, slope, text }) => line("link", symbol, slope, `times ${text}`));
      const heads = ["quantity", "value", "moved"].map((words) => cell("columnheader", "", words));
      element.replaceChildren(make("div", { role: "table", "aria-label": holds.name }, make("div", { role: "row", class: "heads" }, ...heads),
        ...rows.flatMap((row, n) => (n ? [links[n - 1].element, row.element] : [row.element]))));
    },
    show({ changes, ratios, at }) {
      rows.forEach((row, n) => {
        setText(row.last, changes[n] ?? "");
        row.element.classList.toggle("reached", n <= at);
        row.element.classList.toggle("now", n === at && at !== before);
      });
      links.forEach((link, n) => {
        const [same, rest] = ratios[n] ?? ["", ""];
        link.last.replaceChildren(make("b", {}, same), rest);
        link.element.classList.toggle("reached", n < at);
      });
      before = at;
    },
  };
}
