// @ts-check
// Panel "ledger": a table of products, one row a path, and their sum. What a frame does not show yet is not in the document.

import { make, makeSvg, mathPartial, mathProduct, setText } from "./dom.js";

/** How high the rows of a scene are, in lines: products of few factors stand in flatter boxes. */
function linesOf(scene) {
  return scene.rows.reduce((sum, row) => sum + (row.cells.length < 3 ? 3.6 : 5.65), 0);
}

/** @param {{light(edge: string | null): void, act(name: string, ...rest: any[]): void, scenes: any[]}} host */
export function ledgerPanel(host) {
  const element = make("div", { class: "ledger" });
  element.style.setProperty("--lines", String(Math.max(...host.scenes.map(linesOf))));
  let rows = [], sum, mark, holds, table, form;
  const more = make("button", { type: "button", class: "more", hidden: "", click: () => table.scrollBy(0, table.clientHeight) }, "▾ more below");
  /** Says where rows stand below those in sight. */
  const cue = () => (more.hidden = !rows.some(({ element: row, level }) => level > 0 && row.offsetTop + row.offsetHeight - table.scrollTop > table.clientHeight + 12));

  /** Rows with new numbers in them stay, so that what has the focus keeps it; others are made anew. */
  const hold = (held) => {
    holds = held;
    const now = JSON.stringify(holds.rows.map((row) => [row.path, "counted" in row, row.cells.map(({ edge, shared }) => [edge, shared])]));
    rows.forEach((row) => (row.level = -1));
    if (now !== form) build();
    form = now;
  };
  const build = () => {
    rows = holds.rows.map((row) => {
      const key = makeSvg("svg", { class: "key", width: 26, height: 8, "aria-hidden": "true" },
        makeSvg("line", { x1: 1, y1: 4, x2: 25, y2: 4, class: `edge route path-${row.path}` }));
      const cells = row.cells.map((cell) => {
        const lit = () => host.light(cell.edge), dark = () => host.light(null);
        return make("div", { role: "cell", tabindex: 0, class: cell.shared ? "factor shared" : "factor", "data-edge": cell.edge,
          pointerenter: lit, pointerleave: dark, focus: lit, blur: dark, click: lit });
      });
      const result = make("div", { role: "cell", class: `result ink-${row.path}` });
      const box = make("input", { type: "checkbox", "aria-label": `${row.label} counted`, change: () => host.act("count", row.path) });
      const count = make("div", { role: "cell", class: "count", hidden: "" }, make("label", {}, box, "counted"));
      const label = make("div", { role: "rowheader", class: "row-label" });
      return { cells, result, label, key, box, count, level: -1,
        element: make("div", { role: "row", class: row.cells.length < 3 ? "product roomy" : "product" }, make("div", { class: "factors", role: "presentation", "data-cells": row.cells.length }, ...cells), make("div", { class: "end", role: "presentation" }, count, label, result)) };
    });
    sum = make("div", { class: "sum" });
    mark = make("span", { class: "checked" });
    table = make("div", { role: "table", class: "rows", "aria-label": "The products, factor by factor" }, ...rows.map((row) => row.element));
    table.addEventListener("scroll", cue);
    element.replaceChildren(table, more, make("div", { class: "total" }, sum, mark));
  };

  const fill = (row, held, level) => {
    if (row.level === level) return;
    row.level = level;
    row.element.dataset.level = level;
    const counts = held.counted ?? true;
    row.element.classList.toggle("left-out", !counts);
    row.box.checked = counts;
    row.count.hidden = level !== 2 || !("counted" in held);
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
      const before = rows.map((row) => row.level);
      holds.rows.forEach((held, n) => fill(rows[n], held, shows.rows[n]));
      const fresh = shows.rows.findLastIndex((level, n) => level > before[n] && before[n] >= 0);
      if (fresh >= 0) table.scrollTop = rows[fresh].element.offsetTop - table.offsetTop; // where they are too many to stand at once
      cue();
      element.classList.toggle("empty", !shows.rows.some(Boolean));
      const last = holds.total.length - 1;
      const words = shows.total ? [holds.without ? make("span", {}, holds.without) : mathPartial(holds.derivative[0], holds.derivative[1]), make("span", {}, "="),
        ...holds.total.map(([text, path], n) => make(n === last ? "b" : "span", { class: `ink-${path}` }, text))] : [];
      sum.replaceChildren(...words);
      setText(mark, shows.check ? (holds.agrees ? "✓" : "✗") : "");
      mark.classList.toggle("wrong", !holds.agrees);
    },
    resize: cue,
    light(edge) {
      for (const cell of element.querySelectorAll(".factor")) cell.classList.toggle("hot", cell.getAttribute("data-edge") === edge);
    },
  };
}
