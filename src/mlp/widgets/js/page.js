// @ts-check
// The published page as a host: a model that needs no kernel, and the address that names a view and its state.

import { make } from "./dom.js";

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

/** The state of a view as words of an address: path-ledger-w1_1_1-factored-step6, epoch-tape-file-seed1-eta0.02-step392. */
export function addressOf(id, spec, get) {
  const parts = (spec.choices ?? []).filter(({ name, unlinked }) => name in (spec.traits ?? {}) && !unlinked).map((choice) => {
    const value = get(choice.name);
    return choice.options ? value : typeof value === "boolean" ? (value ? choice.name : "") : `${choice.name}${value}`;
  });
  const scene = spec.scenes && get("choice") ? get("choice").split("+") : [];
  return [id, ...scene, ...parts, `step${get("index") + (spec.first ?? 1)}`].filter(Boolean).join("-");
}

/** What an address says of a view, as {trait: value}, or null where it names another. */
export function stateIn(address, id, spec) {
  if (!address.startsWith(`${id}-`)) return null;
  const words = address.slice(id.length + 1).split("-"), step = words.pop()?.match(/^step(\d+)$/);
  if (!step) return null;
  const changes = {}, scene = [], isSwitch = (choice) => !choice.options && !choice.values && !("least" in choice);
  for (const choice of spec.choices ?? []) if (choice.name in (spec.traits ?? {}) && isSwitch(choice)) changes[choice.name] = false; // unless it is named
  for (const word of words) {
    if (spec.keys?.includes(word)) {
      scene.push(word);
      continue;
    }
    const choice = (spec.choices ?? []).find((one) => (one.options ? one.options.some(([value]) => value === word) : word.match(`^${one.name}[-+.\\de]*$`)));
    if (!choice) return null;
    if (!(choice.name in (spec.traits ?? {}))) scene.push(word);
    else changes[choice.name] = choice.options ? word : word === choice.name ? true : Number(word.slice(choice.name.length));
  }
  if (spec.scenes && scene.length) {
    const keys = [...Object.keys(spec.scenes), ...(spec.keys ?? [])];
    changes.choice = [scene.join("+"), scene[0]].find((key) => keys.includes(key)); // the factored form where there is one
    if (!changes.choice) return null;
  }
  return { ...changes, index: Math.max(0, Number(step[1]) - (spec.first ?? 1)) };
}

/** Brings a view to the state that an address names, where it names this view. */
function bring({ id, model, spec }, address) {
  const state = spec.name && stateIn(address, id, spec);
  if (!state) return false;
  const { index, ...rest } = state;
  for (const [name, value] of Object.entries(rest)) {
    const sets = spec.choices?.find((choice) => choice.name === name)?.sets?.[value] ?? {};
    for (const [one, to] of Object.entries({ ...sets, [name]: value })) model.set(one, to);
  }
  model.set("index", spec.live ? index : Math.min(index, spec.scenes[model.get("choice")].frames.length - 1)); // a live view knows its last step
  return true;
}

/** Brings every view on a published page to life, as the reader left it, and goes to the state that the address names. */
export function mountPage(page, render) {
  const used = {}, memory = globalThis.mlpMemory; // of the site: memory.js
  const views = [...page.querySelectorAll(".mlp-view")].map((place) => {
    const data = place.querySelector("script");
    const model = pageModel(JSON.parse(data.textContent)), spec = model.get("spec");
    data.remove(); // what it says is seen only when a reader has come to it
    used[spec.name] = (used[spec.name] ?? 0) + 1;
    const id = used[spec.name] > 1 ? `${spec.name}-${used[spec.name]}` : spec.name;
    const kept = spec.kind === "prediction" ? memory?.question(spec) : memory?.view(id, data.textContent);
    const answered = new Map(kept?.answered), keep = () => kept?.keep(addressOf(id, spec, model.get), [...answered]);
    const remember = () => {
      keep();
      try {
        history.replaceState(history.state, "", `#${addressOf(id, spec, model.get)}`);
      } catch {
        // some browsers refuse this for pages opened from disk; the step is shown all the same
      }
    };
    const view = { id, model, place, spec };
    if (kept?.address && !location.hash.startsWith(`#${id}-`)) bring(view, kept.address);
    const el = make("div");
    place.append(el);
    place.classList.add("live");
    render(spec.kind === "prediction" ? { model, el, ...kept } : { model, el, remember, answered, keep });
    if (used[spec.name] > 1) el.querySelector("section")?.setAttribute("aria-label", `${spec.title}, number ${used[spec.name]} on this page`);
    return view;
  });
  const follow = () => {
    const address = decodeURIComponent(location.hash.slice(1));
    [...views].reverse().find((view) => bring(view, address))?.place.scrollIntoView();
  };
  addEventListener("hashchange", follow);
  follow();

  // On paper a picture of the whole view stands in its place; on the screen it is not in the document.
  const paper = matchMedia("print");
  const still = () => {
    for (const { place } of views) {
      const picture = place.querySelector("noscript"), shown = place.querySelector(".mlp-still");
      if (paper.matches && picture && !shown) picture.before(document.createRange().createContextualFragment(picture.textContent ?? ""));
      else if (!paper.matches) shown?.remove();
    }
  };
  paper.addEventListener("change", still);
}
