// The book's interactive views, for two hosts: Jupyter (through anywidget, which calls the default export's `render`)
// and the published page (which calls `mountPage`). Python computed everything that is shown, numbers included, as
// `spec` (its form is described in mlp/trace.py); this module draws it and does no arithmetic on the network.

/** @typedef {{get(key: string): any, set(key: string, value: any): void, save_changes(): void,
 *             on(event: string, callback: () => void): void, off(event: string, callback: () => void): void}} Model */

const SVG = "http://www.w3.org/2000/svg";
const MATHML = "http://www.w3.org/1998/Math/MathML";
const READING = 18; // characters a second; a step that plays stays for at least three
const PACES = [["0.6", "slower"], ["1", "reading pace"], ["1.7", "faster"]];

/** Makes an element: attributes by name (`class`, `aria-label`, ...), functions as listeners, then its children. */
function make(tag, attributes = {}, ...children) {
  return furnish(document.createElement(tag), attributes, children);
}

function makeIn(namespace, tag, attributes = {}, ...children) {
  return furnish(document.createElementNS(namespace, tag), attributes, children);
}

function furnish(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// ---------------------------------------------------------------------------------------------- formulas

/** A symbol [letter, subscript, superscript] in MathML. */
function mathSymbol([letter, sub, sup]) {
  const m = (tag, ...children) => makeIn(MATHML, tag, {}, ...children);
  const letters = m("mi", letter);
  if (sub && sup) return m("msubsup", letters, m("mn", sub), m("mn", sup));
  if (sub) return m("msub", letters, m("mn", sub));
  return letters;
}

/** The partial derivative of `over` by `under` as a fraction. */
function mathPartial(over, under) {
  const m = (tag, ...children) => makeIn(MATHML, tag, {}, ...children);
  const fraction = m("mfrac", m("mrow", m("mi", "∂"), mathSymbol(over)), m("mrow", m("mi", "∂"), mathSymbol(under)));
  return makeIn(MATHML, "math", { displaystyle: "true" }, fraction);
}

// ---------------------------------------------------------------------------------------------- the drawing

/** Places the nodes for a drawing `width` pixels wide. */
function layout(drawing, width) {
  const columns = 1 + Math.max(...drawing.nodes.map((node) => node.column));
  const rows = Math.max(...drawing.nodes.map((node) => node.rows));
  const narrow = width < 480;
  const radius = narrow ? 18.5 : 26;
  const pitch = rows < 3 ? (narrow ? 66 : 92) : narrow ? 39 : 61;
  const top = radius + 5;
  const captions = drawing.columns.some(Boolean) ? 18 : 0;
  const side = radius + (narrow ? 3 : 24);
  const height = top * 2 + (rows - 1) * pitch + captions;
  const at = {};
  for (const node of drawing.nodes) {
    at[node.id] = {
      x: side + (node.column * (width - 2 * side)) / Math.max(1, columns - 1),
      y: top + ((rows - node.rows) / 2 + node.row) * pitch,
    };
  }
  return { at, width, height, radius, narrow, captionY: height - 5 };
}

const NEAR = 10; // pixels between a pointer and the edge that it means

/** The choice of the edge nearest to a pointer event on the drawing, if one is near and no node lies there. */
function edgeAt(event, svg, drawing, width) {
  const place = layout(drawing, width), box = svg.getBoundingClientRect();
  const x = ((event.clientX - box.left) * width) / box.width, y = ((event.clientY - box.top) * place.height) / box.height;
  if (drawing.nodes.some(({ id }) => Math.hypot(place.at[id].x - x, place.at[id].y - y) < place.radius)) return undefined;
  const distance = (edge) => {
    const from = place.at[edge.from], to = place.at[edge.to], dx = to.x - from.x, dy = to.y - from.y;
    const along = Math.max(0, Math.min(1, ((x - from.x) * dx + (y - from.y) * dy) / (dx * dx + dy * dy)));
    return Math.hypot(from.x + along * dx - x, from.y + along * dy - y);
  };
  const [nearest] = drawing.edges.filter((edge) => edge.choice).sort((a, b) => distance(a) - distance(b));
  return nearest && distance(nearest) < NEAR ? nearest.choice : undefined;
}

/** Draws a scene's frame into `svg`. */
function drawNetwork(svg, spec, scene, frame, width) {
  const { drawing } = spec;
  const place = layout(drawing, width);
  const s = (tag, attributes, ...children) => makeIn(SVG, tag, attributes, ...children);
  svg.setAttribute("viewBox", `0 0 ${width} ${place.height}`);
  svg.setAttribute("height", place.height);
  svg.classList.toggle("narrow", place.narrow);

  const faint = [], routes = [], hits = [], labels = [];
  for (const edge of drawing.edges) {
    const from = place.at[edge.from], to = place.at[edge.to];
    const length = Math.hypot(to.x - from.x, to.y - from.y);
    const normal = { x: -(to.y - from.y) / length, y: (to.x - from.x) / length };
    const line = (offset, attributes) =>
      s("line", {
        x1: from.x + normal.x * offset, y1: from.y + normal.y * offset,
        x2: to.x + normal.x * offset, y2: to.y + normal.y * offset, ...attributes,
      });
    const paths = frame.routes[edge.id] ?? [];
    if (paths.length === 0) faint.push(line(0, { class: "edge" }));
    paths.forEach((path, n) => {
      routes.push(line((n - (paths.length - 1) / 2) * 6, { class: `edge route path-${path}` }));
    });
    if (edge.choice) hits.push(line(0, { class: "hit", "data-choice": edge.choice }));
    const words = scene.labels?.[edge.id] ?? edge.label;
    if (paths.length > 0 && words) {
      const text = place.narrow && edge.value ? edge.value : words;
      const slope = (to.y - from.y) / (to.x - from.x), clear = Math.min(26, text.length * 3.3 * Math.abs(slope) + 6 + 3 * paths.length);
      // Above the line, or below where a route of the same fan runs above it, or where all the other lines of the fan do.
      const fan = drawing.edges.filter((other) => other !== edge && (other.from === edge.from || other.to === edge.to));
      const runsAbove = (other) => (other.from === edge.from ? place.at[other.to].y < to.y : place.at[other.from].y < from.y);
      const drawn = fan.filter((other) => other.id in frame.routes);
      const above = drawn.length ? !drawn.some(runsAbove) : !(fan.length && fan.every(runsAbove));
      labels.push(s("text", {
        class: "edge-label",
        x: (from.x + to.x) / 2,
        y: (from.y + to.y) / 2 + (above ? -clear : clear + (place.narrow ? 7 : 9)),
        "text-anchor": "middle",
      }, text));
    }
  }

  const nodes = drawing.nodes.map((node) => {
    const { x, y } = place.at[node.id], r = place.radius;
    const [letter, sub] = node.symbol;
    const value = scene.values?.[node.id] ?? node.value;
    const outline = node.id === "L"
      ? s("rect", { x: x - r, y: y - r * 0.85, width: 2 * r, height: 1.7 * r, rx: 5 })
      : s("circle", { cx: x, cy: y, r });
    const symbol = s("text", { class: "symbol", x, y: value ? y - 2 : y + 5, "text-anchor": "middle" },
      s("tspan", { class: "letter" }, letter));
    if (sub) symbol.append(s("tspan", { class: "sub", dy: 3 }, sub));
    const parts = [outline, symbol];
    if (value) parts.push(s("text", { class: "value", x, y: y + (place.narrow ? 11 : 15), "text-anchor": "middle" }, value));
    return s("g", { class: frame.lit.includes(node.id) ? "node lit" : "node" }, ...parts);
  });

  const captions = drawing.columns.map((words, column) => {
    const node = drawing.nodes.find((one) => one.column === column);
    return s("text", { class: "caption", x: place.at[node.id].x, y: place.captionY, "text-anchor": "middle" }, words);
  });
  svg.replaceChildren(...faint, ...routes, ...hits, ...nodes, ...labels, ...captions);
}

// ---------------------------------------------------------------------------------------------- the ledger

/** Builds a scene's ledger once; returns it with a function that shows as much of it as a frame asks for. */
function buildLedger(scene) {
  const rows = scene.rows.map((row) => {
    const key = makeIn(SVG, "svg", { class: "key", width: 30, height: 8, "aria-hidden": "true" },
      makeIn(SVG, "line", { x1: 1, y1: 4, x2: 29, y2: 4, class: `edge route path-${row.path}` }));
    const factors = row.cells.flatMap((cell, n) => {
      const box = make("span", { class: cell.shared ? "factor shared" : "factor" }, mathPartial(cell.over, cell.under));
      if (cell.inside.length) box.append(make("span", { class: "inside symbols" }, cell.inside[0]));
      if (cell.inside.length) box.append(make("span", { class: "inside numbers" }, cell.inside[1]));
      box.append(make("span", { class: "number numbers" }, cell.value));
      return n ? [make("span", { class: "times" }, "×"), box] : [box];
    });
    return make("div", { class: "product" },
      make("span", { class: "row-label" }, key, make("span", { class: `ink-${row.path}` }, row.label)),
      make("span", { class: row.cells.length < 3 ? "factors roomy" : "factors" }, ...factors),
      make("span", { class: `result numbers ink-${row.path}` }, "= ", make("b", {}, row.result)));
  });
  const tokens = scene.total.map(([text, path], n) =>
    make(n === scene.total.length - 1 ? "b" : "span", { class: `ink-${path}` }, text));
  const total = make("div", { class: "total" },
    make("span", { class: "sum" }, mathPartial(...scene.derivative), make("span", {}, "="), ...tokens));
  const check = make("span", { class: "check" }, scene.check);
  total.append(check);
  const element = make("div", { class: "ledger" }, ...rows, total);
  return {
    element,
    show(frame) {
      rows.forEach((row, n) => (row.dataset.level = frame.rows[n]));
      element.classList.toggle("empty", !frame.rows.some(Boolean));
      total.firstChild.classList.toggle("unseen", !frame.total);
      check.classList.toggle("unseen", !frame.check);
    },
  };
}

// ---------------------------------------------------------------------------------------------- the stepper

/** @param {{model: Model, el: HTMLElement, onPage: boolean}} host */
function renderStepper({ model, el, onPage }) {
  const spec = model.get("spec");
  const scene = () => spec.scenes[model.get("choice")];
  const last = () => scene().frames.length - 1;
  let timer = 0, ledger, shownScene;

  const go = (index) => {
    model.set("index", Math.max(0, Math.min(last(), index)));
    model.save_changes();
  };
  const remember = () => {
    if (onPage) rememberInAddress(spec.name, model.get("choice"), model.get("index"));
  };
  const goByHand = (index) => {
    stop();
    go(index);
    remember();
  };
  const stop = () => {
    if (timer) remember();
    clearTimeout(timer);
    timer = 0;
    play.textContent = "Play";
    pace.hidden = true;
    status.removeAttribute("aria-live"); // a status is polite by itself
  };
  const wait = () => {
    timer = setTimeout(() => {
      if (model.get("index") + 1 >= last()) return goByHand(last()); // which stops first, so that the last sentence is said
      go(model.get("index") + 1);
      wait();
    }, (1000 / Number(pace.value)) * Math.max(3, status.textContent.length / READING));
  };
  const togglePlay = () => {
    if (timer) return stop();
    if (model.get("index") === last()) go(0);
    play.textContent = "Pause";
    pace.hidden = false;
    status.setAttribute("aria-live", "off"); // a screen reader would lag behind
    wait();
  };

  const button = (label, shape, action) =>
    make("button", { type: "button", "aria-label": label, title: label, click: action },
      makeIn(SVG, "svg", { viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": "true" },
        makeIn(SVG, "path", { d: shape, fill: "currentColor" })));
  const first = button("First step", "M3 3h2v10H3zM13 3v10L6 8z", () => goByHand(0));
  const previous = button("Previous step", "M11 3v10L4 8z", () => goByHand(model.get("index") - 1));
  const next = button("Next step", "M5 3v10l7-5z", () => goByHand(model.get("index") + 1));
  const end = button("Last step", "M3 3v10l7-5zM11 3h2v10h-2z", () => goByHand(last()));
  const play = make("button", { type: "button", class: "play", click: togglePlay }, "Play");
  const pace = make("select", { "aria-label": "Pace", hidden: "" }, ...PACES.map(([value, text]) => make("option", { value }, text)));
  pace.value = "1";
  const slider = make("input", { type: "range", min: 1, "aria-label": "Step", input: () => goByHand(Number(slider.value) - 1) });
  const count = make("span", { class: "count", "aria-hidden": "true" });
  const status = make("p", { role: "status", class: "status" });

  const keys = (event) => {
    const step = { ArrowLeft: model.get("index") - 1, ArrowRight: model.get("index") + 1, Home: 0, End: last() }[event.key];
    if (event.ctrlKey || event.altKey || event.metaKey || (step === undefined && event.key !== " ")) return;
    event.preventDefault();
    event.stopPropagation(); // or a notebook would move to another cell
    if (event.key === " ") togglePlay();
    else goByHand(step);
  };
  const pointed = (event) => edgeAt(event, svg, spec.drawing, stage.clientWidth);
  const point = (event) => {
    const choice = event.type === "pointerleave" ? undefined : pointed(event);
    svg.classList.toggle("pointing", choice !== undefined);
    svg.querySelectorAll(".hit").forEach((line) => line.classList.toggle("near", line.dataset.choice === choice));
  };
  const svg = makeIn(SVG, "svg", {
    role: "img", tabindex: 0, width: "100%", class: "drawing", keydown: keys, pointermove: point, pointerleave: point,
    click: (event) => {
      const choice = pointed(event);
      if (choice) controls[0].choose(choice);
    },
  });

  // The controls: a list of options, a switch, or both. A scene's key is the option, "+switch" after it.
  const key = () => controls.map((control) => control.part()).join("");
  const choose = () => {
    stop();
    const wanted = key(), atEnd = model.get("index") === last();
    model.set("choice", wanted in spec.scenes ? wanted : wanted.split("+")[0]);
    go(atEnd ? last() : model.get("index")); // who looked at a result sees the next one's
    remember();
  };
  const controls = spec.choices.map((choice) => {
    if (choice.options) {
      const list = make("select", { change: choose }, ...choice.options.map(([value, text]) => make("option", { value }, text)));
      return { element: make("label", {}, `${choice.label} `, list), part: () => list.value, choose: (option) => ((list.value = option), choose()),
        show: (now) => (list.value = now.split("+")[0]) };
    }
    let wish = false; // kept while a scene has no such form
    const box = make("input", { type: "checkbox", change: () => ((wish = box.checked), choose()) });
    return {
      element: make("label", {}, box, ` ${choice.label}`),
      part: () => (wish ? `+${choice.name}` : ""),
      show: (now) => {
        box.disabled = !(`${now.split("+")[0]}+${choice.name}` in spec.scenes); // one path: nothing to take out
        box.checked = now.includes("+");
        if (!box.disabled) wish = box.checked;
      },
    };
  });

  const stage = make("div", { class: "stage" }, svg);
  const ledgerPlace = make("div");
  const card = make("section", { class: "mlp-card", "aria-label": spec.title },
    make("div", { class: "head" }, make("span", { class: "title" }, spec.title), ...controls.map((control) => control.element)),
    stage, ledgerPlace, status,
    make("div", { class: "controls" }, first, previous, next, end, play, pace, slider, count));
  el.replaceChildren(card);

  const draw = () => {
    const frame = scene().frames[model.get("index")] ?? scene().frames[last()];
    const number = scene().frames.indexOf(frame) + 1;
    if (shownScene !== scene()) {
      shownScene = scene();
      ledger = buildLedger(shownScene);
      ledgerPlace.replaceChildren(ledger.element);
      controls.forEach((control) => control.show(model.get("choice")));
      slider.max = last() + 1;
    }
    ledger.show(frame);
    drawNetwork(svg, spec, shownScene, frame, stage.clientWidth || 640);
    const drawn = [...new Set(Object.values(frame.routes).flat())].filter(Boolean).sort().map((path) => `path ${path}`);
    svg.setAttribute("aria-label", drawn.length ? `${spec.drawing.name}, with ${drawn.join(" and ")}` : spec.drawing.name);
    if (status.textContent !== frame.status) status.textContent = frame.status;
    slider.value = number;
    slider.setAttribute("aria-valuetext", `${number} of ${last() + 1}`);
    count.textContent = `${number} / ${last() + 1}`;
    const off = number === 1 ? [first, previous] : number === last() + 1 ? [next, end] : [];
    if (off.includes(card.getRootNode().activeElement)) slider.focus(); // or the keyboard would lose its place
    for (const one of [first, previous, next, end]) one.disabled = off.includes(one);
  };

  const resized = new ResizeObserver(draw);
  resized.observe(stage);
  model.on("change:index", draw);
  model.on("change:choice", draw);
  draw();
  return () => {
    stop();
    resized.disconnect();
    model.off("change:index", draw);
    model.off("change:choice", draw);
  };
}

// ---------------------------------------------------------------------------------------------- the prediction

/** What a reader may mean by what was typed: 0.25, -.5, −0,5, 3/4, 16 %, or 1,960, which may be 1960 or 1.96; [] for no number. */
function readings(text) {
  if (/\d\s*\(|\d\s+\d+\s*\//.test(text)) return []; // 3(6) and 3 3/5 are not 36 and 33/5
  const plain = text.replace(/[\s%()]/g, "").replace(/[−–—‐]/g, "-");
  const number = (part) => (/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(part) ? Number(part) : NaN);
  const [over, under = "1", more] = plain.replaceAll(",", ".").split("/");
  const meant = more === undefined ? [number(over) / number(under)] : [];
  if (/^[-+]?[1-9]\d{0,2}([.,]\d{3})+$/.test(plain)) meant.push(Number(plain.replace(/[.,]/g, "")));
  return meant.filter(Number.isFinite);
}

function renderPrediction({ model, el }) {
  const { question, choices, answer, shown, tol, why } = model.get("spec");
  const status = make("p", { role: "status", class: "verdict" });
  const group = `mlp-${Math.random().toString(36).slice(2)}`;
  const field = choices ? null : make("input", { type: "text", autocomplete: "off", "aria-label": "Your answer" });
  const radios = (choices ?? []).map((choice) => make("input", { type: "radio", name: group, value: choice }));
  const reveal = make("button", { type: "button", hidden: "", click: () => tell(`The answer is ${shown}.`, true) }, "Show answer");

  const tell = (verdict, withReason) => {
    status.textContent = withReason && why ? `${verdict} ${why}` : verdict;
    if (!withReason) return;
    if (reveal === card.getRootNode().activeElement) check.focus(); // or the keyboard would lose its place
    reveal.hidden = true;
  };
  const judge = (event) => {
    event.preventDefault();
    delete card.dataset.verdict;
    const given = choices ? radios.filter((radio) => radio.checked).map((radio) => radio.value) : readings(field.value);
    if (!given.length) return tell(choices ? "Choose one first." : "Type a number, such as 0.25 or −3.", false);
    const right = given.some((one) => (choices ? one === answer : Math.abs(one - answer) <= tol * (1 + 1e-9)));
    card.dataset.verdict = right ? "right" : "wrong";
    if (right) return tell(`Yes, ${shown}.`, true);
    reveal.hidden = false;
    tell(choices ? `No, not “${given[0]}”. Choose again, or show the answer.` : `No, not ${field.value.trim()}. Try again, or show the answer.`, false);
  };
  const answers = choices
    ? make("div", { class: "choices" }, ...radios.map((radio, n) => make("label", {}, radio, ` ${choices[n]}`)))
    : field;
  const check = make("button", { type: "submit" }, "Check");
  const card = make("form", { class: "mlp-card mlp-prediction", "aria-label": `Predict: ${question}`, submit: judge },
    make("fieldset", {}, make("legend", {}, make("span", { class: "kicker" }, "Predict"), ` ${question}`),
      make("div", { class: "answer" }, answers, check, reveal)),
    status);
  card.noValidate = true;
  card.addEventListener("keydown", (event) => event.stopPropagation()); // a notebook's shortcuts stay out of the field
  el.replaceChildren(card);
}

// ---------------------------------------------------------------------------------------------- the two hosts

function render({ model, el, onPage = false }) {
  const view = model.get("spec").kind === "prediction" ? renderPrediction : renderStepper;
  return view({ model, el, onPage });
}

/** The address of a step: #path-ledger-w1_1_1-factored-step6. */
function rememberInAddress(name, choice, index) {
  try {
    history.replaceState(history.state, "", `#${name}-${choice.replace("+", "-")}-step${index + 1}`);
  } catch {
    // some browsers refuse this for pages opened from disk; the step is shown all the same
  }
}

/** The page's stand-in for anywidget's model: the same methods over values that the page carries. */
function pageModel(values) {
  const callbacks = new Map();
  const of = (event) => callbacks.get(event) ?? callbacks.set(event, new Set()).get(event);
  return {
    get: (key) => values[key],
    set: (key, value) => {
      if (values[key] === value) return;
      values[key] = value;
      of(`change:${key}`).forEach((callback) => callback());
    },
    save_changes: () => {},
    on: (event, callback) => of(event).add(callback),
    off: (event, callback) => of(event).delete(callback),
  };
}

/** Brings every view on a published page to life, and goes to the step that the address names. */
function mountPage(page) {
  const views = [...page.querySelectorAll(".mlp-view")].map((view) => {
    const model = pageModel(JSON.parse(view.querySelector("script").textContent));
    const el = make("div");
    view.append(el);
    view.classList.add("live");
    render({ model, el, onPage: true });
    return { model, view };
  });
  const follow = () => {
    const [, head, step] = location.hash.match(/^#(.+)-step(\d+)$/) ?? [];
    for (const { model, view } of views) {
      const spec = model.get("spec");
      const named = (key) => [head, head?.replace("-factored", "")].includes(`${spec.name}-${key.replace("+", "-")}`);
      const choice = Object.keys(spec.scenes ?? {}).filter(named).pop(); // the factored form where there is one
      if (!choice) continue;
      model.set("choice", choice);
      model.set("index", Math.max(1, Math.min(Number(step), spec.scenes[choice].frames.length)) - 1);
      view.scrollIntoView();
    }
  };
  addEventListener("hashchange", follow);
  follow();
}

export default { render };
