// @ts-check
// Panel "chart": two axes, and marks at points of the plane. Holds and shows are `ChartHolds` and `ChartShows` of mlp/trace/frames.py.

import { make, makeSvg, setText } from "./dom.js";

/** @typedef {{label?: string, least: number, most: number, ticks: [number, string][], log?: boolean}} Axis */
/** @typedef {{kind: string, points: ArrayLike<number>, ink: string, dash?: boolean, text?: string, size?: number}} Mark */

const NARROW = 480, PER_LETTER = 6.6; // of a tick's text, in px

/** Where a value lies on an axis from `from` to `to` px. @param {Axis} axis */
export function scale({ least, most, log = false }, from, to) {
  const of = log ? Math.log10 : (/** @type {number} */ v) => v;
  const low = of(least), per = (to - from) / (of(most) - low);
  return { px: (/** @type {number} */ value) => from + (of(value) - low) * per, value: (/** @type {number} */ px) => (log ? 10 ** (low + (px - from) / per) : low + (px - from) / per) };
}

/** A path through points [x0, y0, x1, y1, ...], begun anew behind a point that is not finite. @param {ArrayLike<number>} points */
export function pathThrough(points, across, up, stepped = false) {
  let path = "", pen = "M", last = 0;
  for (let n = 0; n + 1 < points.length; n += 2) {
    const x = across.px(points[n]), y = up.px(points[n + 1]);
    if (!Number.isFinite(x) || !Number.isFinite(y)) {
      pen = "M";
      continue;
    }
    if (stepped && pen === "L") path += `L${x.toFixed(1)} ${last.toFixed(1)}`;
    path += `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
    pen = "L";
    last = y;
  }
  return path;
}

/** All dots as one path: little discs, in the plane alone, so that none is cut. */
function discs(points, across, up, r, plane) {
  let path = "";
  for (let n = 0; n + 1 < points.length; n += 2) {
    const x = across.px(points[n]), y = up.px(points[n + 1]);
    if (x > plane.left - 1 && x < plane.right + 1 && y > plane.top - 1 && y < plane.bottom + 1) path += `M${(x - r).toFixed(1)} ${y.toFixed(1)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`;
  }
  return path;
}

/** A star of five points, or the head of an arrow from (x0, y0) to (x, y). */
function star(x, y, r) {
  const corner = (/** @type {number} */ n) => {
    const out = n % 2 ? 0.42 * r : r, angle = (n * Math.PI) / 5 - Math.PI / 2;
    return `${(x + out * Math.cos(angle)).toFixed(1)} ${(y + out * Math.sin(angle)).toFixed(1)}`;
  };
  return `M${Array.from({ length: 10 }, (_, n) => corner(n)).join("L")}Z`;
}
function head(x0, y0, x, y) {
  const length = Math.hypot(x - x0, y - y0);
  if (length < 2) return "";
  const [dx, dy] = [(x - x0) / length, (y - y0) / length], size = Math.min(8, length);
  const side = (/** @type {number} */ s) => `${(x - size * dx - s * size * 0.5 * dy).toFixed(1)} ${(y - size * dy + s * size * 0.5 * dx).toFixed(1)}`;
  return `M${x.toFixed(1)} ${y.toFixed(1)}L${side(1)}L${side(-1)}Z`;
}

/** @param {{keys(event: KeyboardEvent): void, act?(name: string, ...rest: any[]): void}} host */
export function chartPanel(host, name) {
  const svg = makeSvg("svg", { role: "img", class: "chart" });
  const title = make("div", { class: "chart-title", "aria-hidden": "true" });
  const element = make("div", { class: "chart-panel" }, title, svg);
  let holds, width, drawn, marks, parts, last, across, up, plane, cut;

  svg.addEventListener("click", (event) => {
    if (!holds.pressed) return;
    const box = svg.getBoundingClientRect();
    host.act?.("chart", name, across.value(((event.clientX - box.left) * width) / box.width), up.value(((event.clientY - box.top) * plane.height) / box.height));
  });

  /** Draws axes and grid; the marks come into a drawing of its own, which ends at the plane. */
  const frame = (x, y) => {
    const narrow = (element.closest(".mlp-card")?.clientWidth ?? 640) / rem() < NARROW, height = (narrow ? holds.narrow : holds.height) ?? (narrow ? 118 : 150);
    const letters = Math.max(...y.ticks.map(([, text]) => text.length), 2);
    plane = { left: letters * PER_LETTER + (y.label ? 22 : 8), right: width - 12, top: 8, bottom: height - (x.label ? 33 : 19), height };
    across = scale(x, plane.left, plane.right);
    up = scale(y, plane.bottom, plane.top);
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.style.height = `${height / 16}rem`;
    const grid = makeSvg("g", { class: "grid", "aria-hidden": "true" });
    for (const [value, text] of x.ticks) {
      grid.append(makeSvg("line", { x1: across.px(value), x2: across.px(value), y1: plane.top, y2: plane.bottom }),
        makeSvg("text", { x: across.px(value), y: plane.bottom + 14, "text-anchor": "middle" }, text));
    }
    for (const [value, text] of y.ticks) {
      grid.append(makeSvg("line", { x1: plane.left, x2: plane.right, y1: up.px(value), y2: up.px(value) }),
        makeSvg("text", { x: plane.left - 5, y: up.px(value) + 4, "text-anchor": "end" }, text));
    }
    if (x.label) grid.append(makeSvg("text", { class: "axis", x: (plane.left + plane.right) / 2, y: height - 4, "text-anchor": "middle" }, x.label));
    if (y.label) grid.append(makeSvg("text", { class: "axis", "text-anchor": "middle", transform: `translate(9 ${(plane.top + plane.bottom) / 2}) rotate(-90)` }, y.label));
    const around = (/** @type {number} */ room) => ({ x: plane.left - room, y: plane.top - room, width: plane.right - plane.left + 2 * room, height: plane.bottom - plane.top + 2 * room });
    const seen = around(7);
    cut = around(1);
    marks = makeSvg("svg", { class: "plane", "aria-hidden": "true", ...seen, viewBox: Object.values(seen).join(" ") });
    parts = [];
    svg.replaceChildren(grid, marks);
  };

  const put = (part, mark) => {
    const { kind, points, ink } = mark, end = points.length - 2;
    const x = across.px(points[end]), y = up.px(points[end + 1]);
    const shape = kind === "dots" ? discs(points, across, up, mark.size ?? holds.dot ?? 2, plane)
      : kind === "ring" ? discs(points, across, up, 4.5, plane)
      : kind === "ball" ? discs(points, across, up, 6, plane)
      : kind === "star" ? star(x, y, 8)
      : kind === "text" ? ""
      : pathThrough(points, across, up, kind === "step");
    part.path.setAttribute("class", `mark ${kind} ink-of-${ink}${mark.dash ? " dash" : ""}`);
    part.path.setAttribute("d", shape);
    // a line ends at the plane, a dot on its edge does not
    part.room.setAttribute("class", kind === "line" || kind === "step" ? "" : "whole");
    part.head.setAttribute("class", `mark star ink-of-${ink}`);
    part.head.setAttribute("d", kind === "arrow" && end > 0 ? head(across.px(points[end - 2]), up.px(points[end - 1]), x, y) : "");
    setText(part.text, Number.isFinite(x) && Number.isFinite(y) ? mark.text ?? "" : "");
    if (!part.text.textContent) return;
    const wide = part.text.textContent.length * PER_LETTER, after = kind !== "text" && x + 8 + wide < plane.right;
    part.text.setAttribute("class", `ink-of-${ink}`);
    part.text.setAttribute("text-anchor", kind === "text" ? "middle" : after ? "start" : "end");
    part.text.setAttribute("x", String(kind === "text" ? Math.max(plane.left + wide / 2, Math.min(plane.right - wide / 2, x)) : after ? x + 8 : x - 8));
    part.text.setAttribute("y", String(Math.max(plane.top + 10, Math.min(plane.bottom - 3, kind === "text" ? y + 4 : y - 5))));
  };

  const show = (shows) => {
    const x = shows.x ?? holds.x, y = shows.y ?? holds.y, now = JSON.stringify([x, y, width]);
    if (now !== drawn) {
      frame(x, y);
      drawn = now;
    }
    setText(title, shows.title ?? holds.title ?? "");
    title.hidden = !title.textContent;
    while (parts.length < shows.marks.length) {
      const path = makeSvg("path"), part = { path, room: makeSvg("svg", { ...cut, viewBox: Object.values(cut).join(" ") }, path), head: makeSvg("path"), text: makeSvg("text") };
      marks.append(part.room, part.head, part.text);
      parts.push(part);
    }
    parts.forEach((part, n) => put(part, shows.marks[n] ?? { kind: "text", points: [NaN, NaN], ink: "ink" }));
    svg.setAttribute("aria-label", shows.said ? `${holds.name}: ${shows.said}` : holds.name);
    last = shows;
  };

  return {
    element,
    hold(held) {
      holds = held;
      element.classList.toggle("beside", Boolean(held.beside));
      width = element.clientWidth ? element.clientWidth / rem() : 320;
      drawn = last = undefined;
    },
    show(shows) {
      const wide = element.clientWidth / rem() || width;
      if (Math.abs(wide - width) > 0.5) width = wide; // it was away when it was built
      show(shows);
    },
    resize() {
      width = element.clientWidth / rem() || width;
      if (last) show(last);
    },
  };
}

/** How many px a sixteenth of the reader's font size is. */
function rem() {
  return parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
}
