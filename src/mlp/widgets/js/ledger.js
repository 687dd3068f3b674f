// @ts-check
// Panel "ledger": a table of products, one row a path, and their sum. What a frame does not show yet is not in the document.

import { make, makeSvg, mathPartial, mathProduct, setText } from "./dom.js";

/** How high the rows of a scene are, in lines: products of few factors stand in flatter boxes. */
function linesOf(scene) {
  return scene.rows.reduce((sum, row) => sum + (row.cells.length < 3 ? 3.6 : 5.65), 0);
}

/** @param {{light(edge: string | null): void, scenes: any[]}} host */
export function ledgerPanel(host) {
  const element = make("div", { class: "ledger" });
  element.style.setProperty("--lines", String(Math.max(...host.scenes.map(linesOf))));
  let rows, sum, mark, holds;

  const hold = (held) => {
    holds = held;
    rows = holds.rows.map((row) => {
      const key = makeSvg("svg", { class: "key", width: 26, height: 8, "aria-hidden": "true" },
        makeSvg("line", { x1: 1, y1: 4, x2: 25, y2: 4, class: `edge route path-${row.path}` }));
      const cells = row.cells.map((cell) => {
        const lit = () => host.light(cell.edge), dark = () => host.light(null);
        return make("div", { role: "cell", tabindex: 0, class: cell.shared ? "factor shared" : "factor", "data-edge": cell.edge,
          pointerenter: lit, pointerleave: dark, focus: lit, blur: dark, click: lit });
      });
      const result = make("div", { role: "cell", class: `result ink-${row.path}` });
      const label = make("div", { role: "rowheader", class: "row-label" });
      return { cells, result, label, key, level: -1,
        element: make("div", { role: "row", class: row.cells.length < 3 ? "product roomy" : "product" }, make("div", { class: "factors", role: "presentation" }, ...cells), make("div", { class: "end", role: "presentation" }, label, result)) };
    });
    sum = make("div", { class: "sum" });
    mark = make("span", { class: "checked" });
    element.replaceChildren(make("div", { role: "table", class: "rows", "aria-label": "The products, factor by factor" }, ...rows.map((row) => row.element)),
      make("div", { class: "total" }, sum, mark));
  };

  const fill = (row, held, level) => {
    if (row.level === level) return;
    row.level = level;
    row.element.dataset.level = level;
    row.label.replaceChildren(...(level ? [row.key, make("span", { class: `ink-${held.path}`, "aria-label": held.said }, held.label)] : []));
    held.cells.forEach((cell, n) => {
      const parts = [];
      if (level) parts.push(mathPartial(cell.over, cell.under));
      if (level && cell.inside.symbols) parts.push(mathProduct(cell.inside.symbols));
      if (level === 2) parts.push(make("span", { class: "inside" }, cell.inside.numbers ?? ""), make("span", { class: "number" }, cell.value));
      row.cells[n].replaceChildren(...parts);
      if (level === 2) row.cells[n].setAttribute("aria-label", cell.said);
      else row.cells[n].removeAttribute("aria-label");
    });
    row.result.replaceChildren(...(level === 2 ? ["= ", make("b", {}, held.result)] : []));
  };

  return {
    element,
    hold,
    show(shows) {
      holds.rows.forEach((held, n) => fill(rows[n], held, shows.rows[n]));
      element.classList.toggle("empty", !shows.rows.some(Boolean));
      const last = holds.total.length - 1;
      const words = shows.total ? [mathPartial(holds.derivative[0], holds.derivative[1]), make("span", {}, "="),
        ...holds.total.map(([text, path], n) => make(n === last ? "b" : "span", { class: `ink-${path}` }, text))] : [];
      sum.replaceChildren(...words);
      setText(mark, shows.check ? (holds.agrees ? "✓" : "✗") : "");
    },
    light(edge) {
      for (const cell of element.querySelectorAll(".factor")) cell.classList.toggle("hot", cell.getAttribute("data-edge") === edge);
    },
  };
}
