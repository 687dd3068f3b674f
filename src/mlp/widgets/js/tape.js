// @ts-check
// Panel "tape": a bar for each point, side by side, and a green head where training stands. All bars of a kind are one path.

import { make, makeSvg, setText } from "./dom.js";

const PHONE = 480;

/** @param {{act?(name: string, ...rest: any[]): void}} host @param {string} name */
export function tapePanel(host, name) {
  const paths = ["rest", "bars", "below", "cuts", "means"].map((kind) => makeSvg("path", { class: kind }));
  const [rest, bars, below, cuts, means] = paths, head = makeSvg("path", { class: "head-mark" }), labels = makeSvg("g");
  const svg = makeSvg("svg", { role: "img", class: "tape" }, ...paths, head, labels);
  const title = make("div", { class: "chart-title", "aria-hidden": "true" });
  const element = make("div", { class: "chart-panel tape-panel" }, title, svg);
  let holds, width = 320, height = 44, last;

  svg.addEventListener("click", (event) => {
    const box = svg.getBoundingClientRect();
    if (holds.pressed && last) host.act?.("tape", name, ((event.clientX - box.left) / box.width) * last.bars.length);
  });

  const draw = (shows) => {
    const count = Math.max(1, shows.bars.length), per = width / count, done = shows.done ?? count;
    const up = (value) => (height * (holds.most - Math.max(holds.least, Math.min(holds.most, value)))) / (holds.most - holds.least);
    const zero = up(0), strokes = { rest: "", bars: "", below: "" };
    shows.bars.forEach((value, n) => {
      const kind = holds.signed && value < 0 ? "below" : n < done ? "bars" : "rest";
      strokes[kind] += `M${((n + 0.5) * per).toFixed(2)} ${zero.toFixed(1)}V${up(value).toFixed(1)}`;
    });
    for (const path of [rest, bars, below]) path.setAttribute("stroke-width", Math.max(0.5, per * 0.82).toFixed(2));
    rest.setAttribute("d", strokes.rest);
    bars.setAttribute("d", strokes.bars);
    below.setAttribute("d", strokes.below);
    cuts.setAttribute("d", (shows.cuts ?? []).map((at) => `M${(at * per).toFixed(1)} 0V${height}`).join(""));
    means.setAttribute("d", (shows.means ?? []).map(([from, to, value]) => `M${(from * per + 1).toFixed(1)} ${up(value).toFixed(1)}H${(to * per - 1).toFixed(1)}`).join(""));
    head.setAttribute("d", shows.head === undefined ? "" : `M${Math.max(1, Math.min(width - 1, shows.head * per)).toFixed(1)} 0V${height}`);
    const texts = shows.means ?? [];
    while (labels.childElementCount < texts.length) labels.append(makeSvg("text", { "text-anchor": "middle" }));
    [...labels.children].forEach((label, n) => {
      const [from, to, value, text] = texts[n] ?? [0, 0, 0, ""];
      setText(label, text);
      label.setAttribute("x", (((from + to) / 2) * per).toFixed(1));
      label.setAttribute("y", String(value < 0 ? Math.min(height - 3, up(value) + 14) : Math.max(11, up(value) - 4)));
    });
    setText(title, shows.title ?? holds.title ?? "");
    svg.setAttribute("aria-label", [holds.name, shows.said].filter(Boolean).join(": "));
    last = shows;
  };

  const measure = () => {
    const px = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    width = (svg.clientWidth || width * px) / px;
    height = (width < PHONE ? holds.narrow : holds.height) ?? holds.height ?? 44;
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.style.height = `${height / 16}rem`;
    head.parentElement?.setAttribute("preserveAspectRatio", "none");
  };

  return {
    element,
    hold(held) {
      holds = held;
      last = undefined;
      measure();
    },
    show(shows) {
      if (!last) measure(); // it was away when it was built
      draw(shows);
    },
    resize() {
      measure();
      if (last) draw(last);
    },
  };
}
