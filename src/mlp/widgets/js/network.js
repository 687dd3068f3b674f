// @ts-check
// Panel "network": neurons in columns and the edges between them. Built once for a width; `show` changes what differs.

import { make, makeSvg, setText, svgSymbol } from "./dom.js";

const REACH = 10; // how far from an edge a pointer still means it
const CLEAR = 6; // a finger misses by so much: it means an edge only where no other is less than this farther away

/** Places the nodes for a drawing `width` wide (in sixteenths of the reader's font size). */
export function layout(drawing, width) {
  const columns = 1 + Math.max(...drawing.nodes.map((node) => node.column));
  const rows = Math.max(...drawing.nodes.map((node) => node.rows));
  const narrow = width < 480;
  const radius = narrow ? 18.5 : 21.5;
  const pitch = rows < 3 ? (narrow ? 62 : 76) : narrow ? 39 : 44;
  const top = radius + 4, side = radius + (narrow ? 3 : 20);
  const captions = drawing.columns.some(Boolean) ? 17 : 0;
  const full = Math.max(width, 2 * side + (columns - 1) * (2 * radius + (narrow ? 18 : 22))); // a deeper network scrolls
  const place = {};
  for (const node of drawing.nodes) {
    place[node.id] = {
      x: side + (node.column * (full - 2 * side)) / Math.max(1, columns - 1),
      y: top + ((rows - node.rows) / 2 + node.row) * pitch,
    };
  }
  return { place, width: full, height: top * 2 + (rows - 1) * pitch + captions, captions, radius, narrow };
}

/** The distance of a point from the line between two others. */
function distance({ x, y }, from, to) {
  const dx = to.x - from.x, dy = to.y - from.y;
  const along = Math.max(0, Math.min(1, ((x - from.x) * dx + (y - from.y) * dy) / (dx * dx + dy * dy)));
  return Math.hypot(from.x + along * dx - x, from.y + along * dy - y);
}

/** The choice of the edge that a pointer at `spot` means, or undefined: none is near, a node lies there, or a finger could mean two. */
export function edgeAt(drawing, { place, radius }, spot, finger = false, chosen = "") {
  if (drawing.nodes.some(({ id }) => Math.hypot(place[id].x - spot.x, place[id].y - spot.y) < radius)) return undefined;
  const near = drawing.edges.filter((edge) => edge.choice)
    .map((edge) => ({ choice: edge.choice, far: distance(spot, place[edge.from], place[edge.to]) }))
    .sort((a, b) => a.far - b.far);
  if (near.find((edge) => edge.choice === chosen)?.far < REACH) return chosen;
  const [first, second] = near;
  if (!first || first.far >= REACH || (finger && second && second.far - first.far < CLEAR)) return undefined;
  return first.choice;
}

/** Whether a line of `width` meets the box. */
function crosses(box, { from, to, width }) {
  let enter = 0, leave = 1;
  for (const [start, way, least, most] of [[from.x, to.x - from.x, box.left, box.right], [from.y, to.y - from.y, box.top, box.bottom]]) {
    const ends = [(least - width / 2 - start) / way, (most + width / 2 - start) / way];
    enter = Math.max(enter, Math.min(...ends));
    leave = Math.min(leave, Math.max(...ends));
  }
  return enter < leave;
}

/** A place for a label of `size` on the edge, clear of all nodes, of the `routes` over other edges and of the labels already there, or undefined. */
function clearPlace(own, size, { place, radius, width, height, captions }, routes, taken) {
  const { from, to } = own, nodes = Object.values(place), others = routes.filter((route) => route.from !== from || route.to !== to);
  const slope = (to.y - from.y) / (to.x - from.x), rise = (size.height + Math.abs(slope) * size.width + own.width * Math.hypot(1, slope)) / 2;
  let best, least = Infinity;
  for (let along = 0.2; along < 0.81; along += 0.025) {
    for (const side of [-1, 1]) {
      for (const far of slope ? [rise, Math.min(rise, size.height / 2 + 20)] : [rise, Math.min(rise + 14, from.y - size.height / 2)]) { // on a steep edge itself, or high between two round neurons
        const x = from.x + along * (to.x - from.x), y = from.y + along * (to.y - from.y) + side * far;
        const box = { left: x - size.width / 2, right: x + size.width / 2, top: y - size.height / 2, bottom: y + size.height / 2 };
        if (box.left < 0 || box.right > width || box.top < 0 || box.bottom > height - captions) continue;
        const covers = (node) => Math.hypot(node.x - Math.max(box.left, Math.min(node.x, box.right)), node.y - Math.max(box.top, Math.min(node.y, box.bottom))) < radius + 1;
        const meets = (other) => box.left < other.right && box.right > other.left && box.top < other.bottom && box.bottom > other.top;
        if (nodes.some(covers) || taken.some(meets) || others.some((route) => crosses(box, route))) continue;
        const cost = Math.abs(along - 0.5) + (side > 0 ? 0.05 : 0) + (far === rise ? 0 : 0.3);
        if (cost < least) [best, least] = [{ x, y, ...box }, cost];
      }
    }
  }
  return best;
}

/** @param {{choose(choice: string): void, turn?(choice: string, by: number): void, chosen(): string, keys(event: KeyboardEvent): void, light(edge: string | null): void}} host */
export function networkPanel(host) {
  let drawing, at, parts, shown, dragged;
  const svg = makeSvg("svg", { role: "img", tabindex: 0, class: "drawing", keydown: host.keys });
  const element = make("div", { class: "stage" }, svg);

  const spot = (event) => {
    const box = svg.getBoundingClientRect();
    return { x: ((event.clientX - box.left) * at.width) / box.width, y: ((event.clientY - box.top) * at.height) / box.height };
  };
  const meant = (event) => edgeAt(drawing, at, spot(event), event.pointerType === "touch");
  const point = (event) => {
    if (dragged) return host.turn?.(dragged.choice, (dragged.y - event.clientY) * (event.shiftKey ? 0.001 : 0.01), dragged.from);
    const choice = event.type === "pointerleave" ? undefined : meant(event);
    svg.classList.toggle("pointing", choice !== undefined);
    const edge = drawing.edges.find((one) => one.choice && one.choice === choice);
    host.light(edge ? edge.id : null);
    for (const { hit } of Object.values(parts.edges)) hit?.classList.toggle("near", hit.dataset.choice === choice);
  };
  svg.addEventListener("pointermove", point);
  svg.addEventListener("pointerleave", point);
  svg.addEventListener("pointerdown", (event) => {
    if (!host.turn || event.pointerType === "touch" || event.button !== 0) return;
    const choice = edgeAt(drawing, at, spot(event), false, host.chosen());
    if (!choice) return;
    event.preventDefault();
    svg.focus({ preventScroll: true });
    if (choice !== host.chosen()) host.choose(choice);
    dragged = { choice, y: event.clientY, from: host.weight?.(choice) };
    svg.setPointerCapture(event.pointerId);
  });
  for (const end of ["pointerup", "pointercancel"]) svg.addEventListener(end, () => (dragged = undefined));
  svg.addEventListener("click", (event) => {
    if (host.turn && event.pointerType !== "touch") return; // the press has chosen
    const choice = meant(event);
    if (choice) host.choose(choice);
  });

  const build = (width) => {
    at = layout(drawing, width);
    svg.setAttribute("viewBox", `0 0 ${at.width} ${at.height}`);
    svg.style.width = `${at.width / 16}rem`;
    svg.style.height = `${at.height / 16}rem`;
    svg.classList.toggle("narrow", at.narrow);
    parts = { edges: {}, nodes: {} };
    const lines = makeSvg("g"), hits = makeSvg("g"), nodes = makeSvg("g"), labels = makeSvg("g");
    for (const edge of drawing.edges) {
      const from = at.place[edge.from], to = at.place[edge.to], ends = { x1: from.x, y1: from.y, x2: to.x, y2: to.y };
      const base = makeSvg("line", { class: edge.choice ? "edge open" : "edge", ...ends });
      const hit = edge.choice ? makeSvg("line", { class: "hit", "data-choice": edge.choice, ...ends }) : null;
      const label = makeSvg("text", { "data-edge": edge.id, "text-anchor": "middle" }), ground = makeSvg("rect", { class: "edge-ground", rx: 3 });
      parts.edges[edge.id] = { name: edge.id, base, hit, label, ground, from, to, routes: [] };
      lines.append(base);
      if (hit) hits.append(hit);
      labels.append(ground, label);
    }
    for (const node of drawing.nodes) {
      const { x, y } = at.place[node.id], r = at.radius;
      const outline = node.id === "L"
        ? makeSvg("rect", { x: x - r, y: y - r * 0.85, width: 2 * r, height: 1.7 * r, rx: 5 })
        : makeSvg("circle", { cx: x, cy: y, r });
      const value = makeSvg("text", { class: "value", x, y: y + (at.narrow ? 11 : 14), "text-anchor": "middle" });
      const symbol = makeSvg("text", { class: "symbol", x, y: y - 2, "text-anchor": "middle" }, ...svgSymbol(node.symbol).parts);
      const tag = makeSvg("g", { class: "tag" }, makeSvg("rect", { rx: 3 }), makeSvg("text", { x: x + r + 4, y: y + 4 }));
      const group = makeSvg("g", { class: "node", "data-node": node.id }, outline, symbol, value, tag);
      parts.nodes[node.id] = { group, value, symbol, tag, y, x };
      nodes.append(group);
    }
    const captions = drawing.columns.map((words, column) => {
      const node = drawing.nodes.find((one) => one.column === column);
      return makeSvg("text", { class: "caption", x: at.place[node.id].x, y: at.height - 4, "text-anchor": "middle" }, words);
    });
    svg.replaceChildren(lines, hits, nodes, labels, ...captions);
  };

  /** Draws the paths over one edge side by side, and lets them flow in where they are new. */
  const route = (part, paths, flow) => {
    const { base, from, to } = part, length = Math.hypot(to.x - from.x, to.y - from.y);
    const normal = { x: -(to.y - from.y) / length, y: (to.x - from.x) / length };
    const before = part.routes.map((line) => line.dataset.path).join();
    if (before === paths.join()) return;
    part.routes.forEach((line) => line.remove());
    part.routes = paths.map((path, n) => {
      const off = (n - (paths.length - 1) / 2) * 5;
      const line = makeSvg("line", { class: `edge route path-${path}`, "data-path": path, "data-edge": part.name, x1: from.x + normal.x * off, y1: from.y + normal.y * off,
        x2: to.x + normal.x * off, y2: to.y + normal.y * off });
      base.parentNode.append(line);
      return line;
    });
    base.classList.toggle("under", paths.length > 0);
    if (flow) {
      const dot = makeSvg("circle", { class: `flow path-${paths[paths.length - 1]}`, r: 4, cx: from.x, cy: from.y });
      base.parentNode.append(dot);
      const moved = dot.animate?.([{ transform: "none" }, { transform: `translate(${to.x - from.x}px, ${to.y - from.y}px)` }], { duration: 150 });
      if (moved) moved.finished.then(() => dot.remove(), () => dot.remove());
      else dot.remove();
    }
  };

  /** Writes a label in this form where it has a place, which is `taken` then; whether it has. */
  const placed = ({ part: { label, ground }, way, number, symbol }, form, routes, taken) => {
    const { parts: letters, drop } = svgSymbol(symbol.length ? symbol : [""]), whole = form === "whole" && symbol.length > 0;
    label.replaceChildren(...(whole ? [...letters, makeSvg("tspan", { dy: -drop }, ` = ${number}`)] : [form === "tight" ? number.replaceAll(" ", "") : number]));
    label.setAttribute("x", "0");
    label.setAttribute("y", "0");
    const size = label.getBBox(), box = clearPlace(way, size, at, routes, taken);
    ground.toggleAttribute("hidden", !box);
    if (!box) return label.replaceChildren();
    label.setAttribute("x", String(box.x - size.x - size.width / 2));
    label.setAttribute("y", String(box.y - size.y - size.height / 2));
    for (const [name, value] of Object.entries({ x: box.left - 2, y: box.top + 2, width: size.width + 4, height: size.height - 4 })) ground.setAttribute(name, String(value));
    return taken.push(box);
  };

  const show = (shows) => {
    const moving = shown && matchMedia("(prefers-reduced-motion: no-preference)").matches;
    const taken = [], lit = drawing.edges.filter(({ id, choice }) => choice && shows.routes[id]?.length);
    const leads = { from: new Set(lit.map(({ from }) => from)), to: new Set(lit.map(({ to }) => to)) }, tagged = new Set(drawing.nodes.filter(({ id }) => shows.tags?.[id]).map(({ column }) => column));
    for (const node of drawing.nodes) {
      const { group, value, symbol, tag, y, x } = parts.nodes[node.id];
      const text = shows.values?.[node.id] ?? drawing.values?.[node.id] ?? node.value;
      setText(value, text);
      // or it runs over the rim
      value.classList.toggle("long", text.length > 4);
      symbol.setAttribute("y", text ? y - 2 : y + 5);
      group.classList.toggle("lit", shows.lit.includes(node.id));
      const words = (at.narrow && shows.briefs ? shows.briefs : shows.tags)?.[node.id] ?? "";
      const [frame, caption] = tag.children;
      tag.toggleAttribute("hidden", !words);
      setText(caption, words);
      if (!words) continue;
      const width = words.length * (at.narrow ? 6 : 7) + (at.narrow ? 3 : 5), before = leads.from.has(node.id) && !leads.to.has(node.id) && !tagged.has(node.column - 1); // beside lit edges, not on them
      const box = { x: before ? x - at.radius - 1 - width : x + at.radius + 1, y: y - 9, width, height: 18 };
      for (const [name, size] of Object.entries(box)) frame.setAttribute(name, String(size));
      caption.setAttribute("x", String(box.x + (at.narrow ? 1.5 : 3)));
      taken.push({ left: box.x, right: box.x + box.width, top: box.y, bottom: box.y + box.height });
    }
    const wayOf = ({ id }) => ({ from: parts.edges[id].from, to: parts.edges[id].to, width: 5 * shows.routes[id].length });
    const drawn = drawing.edges.filter(({ id }) => shows.routes[id]?.length).map(wayOf);
    const labelled = [];
    for (const edge of drawing.edges) {
      const part = parts.edges[edge.id], paths = shows.routes[edge.id] ?? [];
      const fresh = moving && paths.length > (shown.routes[edge.id]?.length ?? 0);
      route(part, paths, fresh);
      const weight = shows.sizes?.[edge.id];
      part.base.style.strokeWidth = weight === undefined ? "" : String(0.6 + 2.4 * Math.min(1, Math.abs(weight)));
      part.base.classList.toggle("negative", weight < 0);
      const words = shows.labels?.[edge.id] ?? drawing.labels?.[edge.id], number = words ?? shows.numbers?.[edge.id] ?? edge.label;
      part.label.replaceChildren();
      part.label.setAttribute("class", `edge-label ink-${paths.length > 1 ? 0 : paths[0]}`);
      part.ground.toggleAttribute("hidden", true);
      if (paths.length && number) labelled.push({ part, number, symbol: at.narrow || words ? [] : edge.symbol, way: wayOf(edge) });
    }
    // all in the longest form in which all have a place; who has none even in the shortest is in the list of weights too
    for (const form of ["whole", "number", "tight"]) {
      const room = [...taken];
      if (labelled.map((one) => placed(one, form, drawn, room)).every(Boolean)) break;
    }
    const named = [...new Set(Object.values(shows.routes).flat())].filter(Boolean).sort().map((path) => `path ${path}`);
    svg.setAttribute("aria-label", named.length ? `${drawing.name}, with ${named.join(" and ")}` : drawing.name);
    shown = shows;
  };

  return {
    element,
    hold(holds, width) {
      drawing = holds;
      shown = undefined;
      build(width);
    },
    resize(width) {
      if (layout(drawing, width).width === at.width) return;
      build(width);
      const last = shown;
      shown = undefined;
      if (last) show(last);
    },
    show,
    mark(choice, how) {
      for (const edge of drawing.edges)
        for (const line of [parts.edges[edge.id].base, ...parts.edges[edge.id].routes]) for (const one of ["picked", "missed"]) line.classList.toggle(one, one === how && edge.choice === choice);
    },
    light(edge) {
      for (const [id, { base, routes }] of Object.entries(parts.edges)) [base, ...routes].forEach((line) => line.classList.toggle("hot", id === edge));
    },
  };
}
