// @ts-check
// The card around the panels of a view: choices, panels, dial, sentence, question, controls. It knows no panel by name.
// A view's data and frames are described in mlp/trace/frames.py.

import { answerRow } from "./ask.js";
import { controlOf } from "./controls.js";
import { make, makeSvg, setText, setWords } from "./dom.js";

/** @typedef {{get(key: string): any, set(key: string, value: any): void, save_changes(): void,
 *             on(event: string, callback: () => void): void, off(event: string, callback: () => void): void}} Model */

const READING = 18; // characters a second; a step that plays stays for at least three
const PACES = [["0.6", "slower"], ["1", "reading pace"], ["1.7", "faster"]];
const UNHURRIED = 300; // ms between two things said while something is dragged

/** Frames that Python made, all of them, for views that compute nothing. */
function framesOf(spec) {
  return {
    last: ({ choice }) => spec.scenes[choice].frames.length - 1,
    frame: ({ choice, index }) => spec.scenes[choice].frames[index],
    holds: ({ choice }) => spec.scenes[choice].holds,
  };
}

/** A live view goes live only where it comes to Python's numbers, `spec.live.witness`: [computed here, Python's] of the first that
 *  it does not come to, or undefined. */
export function disagreement(made, known) {
  const most = Math.max(...known.map(Math.abs));
  const n = known.findIndex((one, n) => !(Math.abs(made[n] - one) <= 1e-9 * Math.abs(one) + 1e-13 * most));
  return n < 0 ? undefined : [made[n], known[n]];
}

/** The card of a view that may not go live: why, and its picture where the page has one. */
function refuse(el, spec, [made, known]) {
  const words = `${spec.title}: computed here, a number comes to ${made}, and Python's is ${known}. So this view shows a picture only.`;
  console.error(words);
  const picture = document.createRange().createContextualFragment(el.parentElement?.querySelector("noscript")?.textContent ?? "");
  picture.firstElementChild?.classList.remove("mlp-still");
  el.replaceChildren(make("div", { class: "mlp-frame" },
    make("section", { class: "mlp-card refused", "aria-label": spec.title }, make("p", { role: "status", class: "status" }, words), picture)));
  return () => {};
}

/**
 * Shows a view in `el` for as long as its spec is exchanged; returns its clean-up.
 * @param {{model: Model, el: HTMLElement, remember?: () => void, answered?: Map<string, boolean>, keep?: () => void}} host
 *   answered: questions of an earlier visit; keep is called when there is another
 * @param panels {name: builder}   @param lives {module: (spec, changed) => view}
 */
export function stepper({ model, el, remember = () => {}, answered, keep = () => {} }, panels, lives = {}) {
  let close = () => {};
  const open = () => {
    close();
    close = openCard({ model, el, remember, answered: answered ?? new Map(), keep }, panels, lives);
  };
  model.on("change:spec", open);
  open();
  return () => {
    model.off("change:spec", open);
    close();
  };
}

function openCard({ model, el, remember, answered, keep }, panels, lives) {
  const spec = model.get("spec"), first = spec.first ?? 1, traits = Object.keys(spec.traits ?? {}), choices = spec.choices ?? [];
  const view = spec.live ? lives[spec.live.module](spec, () => paint()) : framesOf(spec);
  const differs = spec.live?.witness && disagreement(view.witness(), spec.live.witness);
  if (differs) return refuse(el, spec, differs);
  // answered: question to whether the first try was right; who goes on has passed
  const pass = (ask) => ask && !answered.has(ask.question) && answered.set(ask.question, false);
  let timer = 0, waiting = false, holding, frame, said = 0, sayLater = 0, hasAsked, asking;
  const state = () => Object.fromEntries(["index", "choice", ...traits].map((name) => [name, model.get(name)]));
  const last = () => view.last(state());
  const put = (changes) => {
    for (const [name, value] of Object.entries(changes)) model.set(name, value);
    model.save_changes();
  };
  const go = (index) => put({ index: Math.max(0, Math.min(last(), index)) });
  const goByHand = (index) => {
    stop();
    if (index > model.get("index")) pass(frame?.ask);
    go(index);
    remember();
  };
  const move = (by) => goByHand(view.move ? view.move(state(), by) : Math.min(model.get("index"), last()) + by);

  // Play ---------------------------------------------------------------------------------------------------------
  const stop = () => {
    if (!timer) return;
    clearTimeout(timer);
    timer = 0;
    play.textContent = "Play";
    pace.hidden = true;
    status.removeAttribute("aria-live"); // a status is polite by itself
    remember();
  };
  const wait = () => {
    timer = setTimeout(() => {
      const index = view.move ? view.move(state(), 1) : model.get("index") + 1;
      if (index >= last()) return goByHand(last()); // which stops first, so that the last sentence is said
      pass(frame.ask);
      go(index);
      queueMicrotask(wait); // when its sentence is there to be measured
    }, (1000 / Number(pace.value)) * Math.max(3, (status.textContent ?? "").length / READING));
  };
  const togglePlay = () => {
    if (timer) return stop();
    if (model.get("index") === last()) go(0);
    play.textContent = "Pause";
    pace.hidden = false;
    status.setAttribute("aria-live", "off"); // a screen reader would lag behind
    queueMicrotask(wait);
  };

  // Steps ----------------------------------------------------------------------------------------------------------
  const button = (label, shape, action) =>
    make("button", { type: "button", "aria-label": label, title: label, click: action },
      makeSvg("svg", { viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": "true" }, makeSvg("path", { d: shape, fill: "currentColor" })));
  const toFirst = button("First step", "M3 3h2v10H3zM13 3v10L6 8z", () => goByHand(0));
  const previous = button("Previous step", "M11 3v10L4 8z", () => move(-1));
  const next = button("Next step", "M5 3v10l7-5z", () => move(1));
  const toLast = button("Last step", "M3 3v10l7-5zM11 3h2v10h-2z", () => goByHand(last()));
  const play = make("button", { type: "button", class: "play", click: togglePlay }, "Play");
  const pace = make("select", { "aria-label": "Pace", hidden: "" }, ...PACES.map(([value, text]) => make("option", { value }, text)));
  pace.value = "1";
  const slider = make("input", { type: "range", min: first, "aria-label": "Step", input: () => goByHand(Number(slider.value) - first) });
  const count = make("span", { class: "count", "aria-hidden": "true" });
  const status = make("p", { role: "status", class: "status" });
  const keys = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
    if (event.ctrlKey || event.altKey || event.metaKey || (step === undefined && event.key !== " ")) return;
    event.preventDefault();
    event.stopPropagation(); // or a notebook would move to another cell
    if (event.key === " ") togglePlay();
    else if (Number.isFinite(step)) move(step);
    else goByHand(step < 0 ? 0 : last());
  };
  slider.addEventListener("keydown", (event) => event.key !== " " && keys(event));

  // Choices --------------------------------------------------------------------------------------------------------
  // A control named in `traits` sets that trait; the others make up the scene's key: the option, then "+name" of each switch.
  const isPart = (choice) => !traits.includes(choice.name);
  const wishes = {}; // a switch that is on stays wished for while a scene has no such form
  const has = (key) => view.has?.(key, state()) ?? key in spec.scenes;
  const optionsOf = (choice) => view.options?.(choice.name, state()) ?? choice.options;
  const keyOf = (changes = {}) => {
    const now = (model.get("choice") ?? "").split("+");
    return choices.filter(isPart).map((choice) => {
      if (choice.options) return changes[choice.name] ?? now[0];
      return changes[choice.name] ?? wishes[choice.name] ?? now.includes(choice.name) ? `+${choice.name}` : "";
    }).join("");
  };
  const choose = (choice, value) => {
    stop();
    if (!isPart(choice)) {
      put({ [choice.name]: value, ...choice.sets?.[value], ...(view.chose?.(choice.name, value, state()) ?? {}) });
      return remember();
    }
    if (!choice.options) wishes[choice.name] = value;
    const wanted = keyOf({ [choice.name]: value }), atEnd = model.get("index") >= last();
    put({ choice: has(wanted) ? wanted : wanted.split("+")[0], ...view.chose?.(choice.name, value, state()) });
    go(atEnd ? last() : model.get("index")); // who looked at a result sees the next one's
    remember();
  };
  const controls = choices.map((choice) => ({ choice, ...controlOf(choice, (value) => choose(choice, value)) }));
  const inPlace = (place) => controls.filter(({ choice }) => (choice.place ?? "head") === place).map(({ element }) => element);

  const actions = make("span", { class: "actions" });
  // The dial turns one weight of `traits.weights`: the one that the control `spec.dial.of` names.
  const dial = spec.dial && dialOf();
  function dialOf() {
    const { of, span } = spec.dial, values = spec.dial.values ?? Array.from({ length: span[2] + 1 }, (_, n) => Number((span[0] + ((span[1] - span[0]) * n) / span[2]).toFixed(9)));
    const place = (edge) => (view.edges?.(state()) ?? spec.dial.edges).indexOf(edge), spot = () => (of ? place(model.get(of)) : 0);
    const set = (value) => {
      const weights = [...model.get("weights")];
      weights[spot()] = Math.max(values[0], Math.min(values[values.length - 1], value));
      put({ weights, ...(view.chose?.("weights", weights, state()) ?? {}) });
    };
    const control = controlOf({ label: spec.dial.label, values }, set);
    const readings = make("span", { class: "readings" });
    return {
      set, spot, weight: (edge) => model.get("weights")[place(edge)],
      element: make("div", { class: "dial" }, ...inPlace("dial"), control.element, readings, ...(spec.dial.actions ? [actions] : [])),
      show(shows) {
        control.show(model.get("weights")[spot()]);
        setText(readings, shows ?? "");
      },
    };
  }

  // Panels ---------------------------------------------------------------------------------------------------------
  const chosenControl = choices.find((choice) => choice.name === "weight" && choice.options), isTurned = spec.dial?.of === "weight"; // else an edge chooses, and the dial has a list of its own
  const host = {
    scenes: Object.values(spec.scenes ?? {}),
    keys,
    choose: (value) => asking?.pick(value) || chosenControl && optionsOf(chosenControl).some(([option]) => option === value) && choose(chosenControl, value),
    chosen: () => (isTurned ? model.get("weight") : keyOf().split("+")[0]),
    weight: (edge) => dial?.weight(edge),
    light: (edge) => shownPanels.forEach(({ panel }) => panel.light?.(edge)),
    act: (name, ...rest) => put(view.act(name, state(), ...rest)),
    state, put, go: goByHand,
    ...(dial && (isTurned || !spec.dial.of) ? { turn: (edge, by, from) => !dial.element.hidden && dial.set(Math.round((from + by) * 1000) / 1000) } : {}),
  };
  const shownPanels = Object.keys(spec.panels).map((name) => {
    const panel = panels[spec.panels[name].kind ?? name]({ ...host, scenes: host.scenes.map((scene) => ({ ...spec.panels[name], ...scene.holds?.[name] })) }, name);
    panel.element.classList.add("panel", `panel-${name}`);
    return { name, panel };
  });

  // The card -------------------------------------------------------------------------------------------------------
  const question = make("div", { class: "question", hidden: "" });
  const stepping = spec.steps !== false && make("div", { class: "controls" }, toFirst, previous, next, toLast, play, pace, slider, count);
  const foot = make("div", { class: "foot" }, make("div", { class: "say" }, status, question),
    ...(stepping ? [stepping] : []), make("div", { class: "extras" }, ...(spec.dial?.actions ? [] : [actions]), ...inPlace("foot")));
  const card = make("section", { class: `mlp-card view-${spec.name}`, "aria-label": spec.title },
    make("div", { class: "head" }, make("span", { class: "title" }, spec.title), ...inPlace("head")),
    make("div", { class: "panels" }, ...shownPanels.flatMap(({ name, panel }) => (dial && name === spec.dial.after ? [panel.element, dial.element] : [panel.element]))),
    ...(dial && !spec.dial.after ? [dial.element] : []), foot);
  el.replaceChildren(make("div", { class: "mlp-frame" }, card));
  const width = () => (card.clientWidth || 640) / (parseFloat(getComputedStyle(document.documentElement).fontSize) / 16);

  const widthOf = ({ element }) => (element.clientWidth ? (element.clientWidth * width()) / card.clientWidth : width());

  /** Says a sentence: at once, or while things are dragged, at most every 300 ms. */
  const say = (text) => {
    clearTimeout(sayLater);
    const left = said + UNHURRIED - performance.now();
    if (left > 0 && dragging()) sayLater = setTimeout(() => setWords(status, text), left);
    else setWords(status, text);
    said = performance.now();
  };
  const dragging = () => card.matches(":active") && spec.live;

  /** A question is the one before it where all that judges an answer is the same: then what was typed stays, and only the reason is new. */
  const judged = (ask) => ask && JSON.stringify({ ...ask, why: "", before: {} });
  const askBefore = (ask) => {
    const same = judged(ask) === judged(hasAsked);
    hasAsked = ask;
    if (same) return;
    mark("", "");
    question.hidden = !ask;
    question.replaceChildren();
    asking = undefined;
    if (!ask) return;
    const verdict = make("span", { class: "verdict" });
    let first = true;
    asking = answerRow({ choices: null, tol: 0, ...ask }, (words, done, right, given = "") => {
      if (!done) {
        first &&= right !== false;
        mark(given, "missed");
        return setWords(verdict, words);
      }
      answered.set(ask.question, first && right === true);
      keep();
      verdictOf = `${words} ${hasAsked.why ?? ""}`.trim();
      paint();
      slider.focus({ preventScroll: true });
    }, (value) => {
      setText(verdict, "");
      mark(value, "picked");
    });
    question.append(asking, verdict);
  };
  let verdictOf = "";
  // what is chosen as an answer is "picked" where it lies, and a wrong answer "missed"
  const mark = (choice, how) => shownPanels.forEach(({ panel }) => panel.mark?.(choice, how));

  const draw = () => {
    waiting = false;
    const now = state(), end = view.last(now), index = Math.min(now.index, end), at = { ...now, index };
    const holds = view.holds?.(at) ?? {};
    for (const { name, panel } of shownPanels) {
      if (holding && holding[name] === holds[name]) continue;
      panel.hold?.({ ...spec.panels[name], ...holds[name] }, widthOf(panel));
    }
    holding = holds;
    frame = view.frame({ ...at, answered });
    const open = frame.ask && !answered.has(frame.ask.question);
    const shows = open ? { ...frame.shows, ...frame.ask.before?.shows } : frame.shows;
    for (const { name, panel } of shownPanels) {
      panel.element.hidden = !(name in shows);
      if (name in shows) panel.show(shows[name]);
    }
    const isThere = (name) => !frame.controls || frame.controls.includes(name);
    if (dial) dial.element.hidden = !isThere("dial");
    dial?.show(frame.dial);
    askBefore(open ? frame.ask : undefined);
    say(open ? `${frame.ask.before?.status ?? ""} ${frame.ask.question}`.trim() : `${verdictOf} ${frame.status}`.trim());
    verdictOf = "";
    for (const { choice, element, show, enable } of controls) {
      element.hidden = !isThere(choice.name);
      if (choice.options) show(isPart(choice) ? now.choice.split("+")[0] : now[choice.name], optionsOf(choice));
      else if (!isPart(choice)) show(now[choice.name]);
      else {
        const there = has(`${now.choice.split("+")[0]}+${choice.name}`);
        enable(there); // one path: nothing to take out
        show(now.choice.split("+").includes(choice.name));
        if (there) wishes[choice.name] = now.choice.split("+").includes(choice.name);
      }
    }
    actions.replaceChildren(...(frame.actions ?? []).map(([name, text]) => actionOf(name, text)));
    slider.max = String(end + first);
    slider.value = String(index + first);
    slider.setAttribute("aria-valuetext", `${index + first} of ${end + first}`);
    setText(count, `${index + first} / ${end + first}`);
    if (stepping) stepping.hidden = end === 0; // one frame: nothing to step through
    const off = [...(index === 0 ? [toFirst, previous] : []), ...(index === end ? [next, toLast] : [])];
    if (off.includes(card.getRootNode().activeElement)) slider.focus(); // or the keyboard would lose its place
    for (const one of [toFirst, previous, next, toLast]) one.disabled = off.includes(one);
    card.dataset.state = view.stamp?.(at) ?? `${now.choice ?? ""} ${index}`;
  };
  const kept = {};
  const actionOf = (name, text) => (kept[name] ??= make("button", { type: "button", click: () => {
    stop();
    put(name === "rewind" ? { ...spec.traits, ...(view.act?.(name, state()) ?? {}) } : view.act(name, state()));
    remember();
  } }, text));

  /** One drawing for all that one event changes. */
  const paint = () => {
    if (waiting) return;
    waiting = true;
    queueMicrotask(draw);
  };

  let seen = 0;
  const resized = new ResizeObserver(() => requestAnimationFrame(() => {
    if (card.clientWidth === seen) return;
    seen = card.clientWidth;
    for (const { panel } of shownPanels) panel.resize?.(widthOf(panel));
  }));
  resized.observe(card);
  const heard = ["index", "choice", ...traits].map((name) => `change:${name}`);
  heard.forEach((event) => model.on(event, paint));
  draw();
  return () => {
    stop();
    clearTimeout(sayLater);
    view.close?.();
    resized.disconnect();
    heard.forEach((event) => model.off(event, paint));
  };
}
