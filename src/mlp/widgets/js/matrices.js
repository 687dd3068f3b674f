// @ts-check
// Panel "matrices": the weights, or their derivatives, as one grid a layer. Built once; a cell is a button for the pointer alone,
// since the list of weights does the same. Holds and shows are `MatricesHolds` and `MatricesShows` of mlp/trace/frames.py.

import { make, setText } from "./dom.js";

/** @param {{choose(choice: string): void}} host */
export function matricesPanel(host) {
  const tables = make("div", { class: "grids" }), note = make("p", { class: "note" });
  const element = make("div", { class: "matrices" }, tables, note);
  let cells, letters;

  return {
    element,
    hold({ name, grids, choices, heads = false }) {
      cells = [];
      letters = grids.map(() => make("span"));
      tables.replaceChildren(...grids.map(([layer, rows, columns], g) => {
        const body = make("tbody"), head = (scope, n) => make("th", { scope }, n ? String(n) : "");
        if (heads) body.append(make("tr", {}, make("td", { class: "corner" }), ...Array.from({ length: columns }, (_, j) => head("col", j + 1))));
        for (let i = 0; i < rows; i++) {
          body.append(make("tr", {}, ...(heads ? [head("row", i + 1)] : []), ...Array.from({ length: columns }, () => {
            const choice = choices[cells.length], old = make("s"), now = make("span", { class: "now" }), mark = make("span", { class: "mark-wrong" });
            cells.push({ old, now, mark, box: make("td", { "data-choice": choice, click: () => host.choose(choice) }, old, mark, now) });
            return cells[cells.length - 1].box;
          })));
        }
        return make("table", { class: "grid-of" }, make("caption", {}, letters[g], make("sup", {}, String(layer))), body);
      }));
      element.setAttribute("role", "group");
      element.setAttribute("aria-label", name);
    },
    show(shows) {
      for (const letter of letters) setText(letter, shows.letter);
      cells.forEach(({ old, now, mark, box }, n) => {
        const wrong = shows.wrong.includes(n);
        setText(old, shows.old?.[n] ?? "");
        setText(now, shows.cells[n]);
        setText(mark, wrong ? "✗" : "");
        box.classList.toggle("lit", shows.lit.includes(n));
        box.classList.toggle("wrong", wrong);
      });
      element.classList.toggle("values", shows.letter === "W");
      element.classList.toggle("moving", Boolean(shows.old));
      setText(note, shows.note);
      note.classList.toggle("bad", shows.wrong.length > 0);
    },
    mark(choice, how) {
      for (const { box } of cells) for (const one of ["picked", "missed"]) box.classList.toggle(one, one === how && box.dataset.choice === choice);
    },
  };
}
