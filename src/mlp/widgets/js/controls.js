// @ts-check
// The native controls of a card's choices: a list, a switch, a range with − and +, a whole number.

import { make } from "./dom.js";

/** @returns {{element: HTMLElement, show: (value: any) => void, enable: (on: boolean) => void}} */
export function controlOf(choice, changed) {
  if (choice.options) return listOf(choice, changed);
  if (choice.values) return rangeOf(choice, changed);
  if ("least" in choice) return wholeNumber(choice, changed);
  const box = make("input", { type: "checkbox", change: () => changed(box.checked) });
  return { element: make("label", {}, box, ` ${choice.label}`), show: (on) => (box.checked = on), enable: (on) => (box.disabled = !on) };
}

function listOf({ label, options }, changed) {
  // without a name of its own a list is called by its label and all its options
  const list = make("select", { "aria-label": label, change: () => changed(list.value) });
  let listed;
  const show = (value, now = options) => {
    if (now !== listed) list.replaceChildren(...now.map(([value, text, said]) => make("option", said ? { value, "aria-label": `${text}, ${said}` } : { value }, text)));
    listed = now;
    list.value = value;
  };
  show("");
  return { element: make("label", {}, `${label} `, list), show, enable: (on) => (list.disabled = !on) };
}

/** A range over given values; a value between them, set from elsewhere, shows as the nearest. */
function rangeOf({ label, values, texts = values.map(String) }, changed) {
  const now = make("span", { class: "value" });
  const set = (n) => {
    range.value = String(Math.max(0, Math.min(values.length - 1, n)));
    changed(values[Number(range.value)]);
  };
  const range = make("input", { type: "range", min: 0, max: values.length - 1, "aria-label": label, input: () => set(Number(range.value)) });
  const by = (step, sign, word) => make("button", { type: "button", class: "nudge", "aria-label": `${label} ${word}`, click: () => set(Number(range.value) + step) }, sign);
  const less = by(-1, "−", "smaller"), more = by(1, "+", "larger");
  return {
    element: make("span", { class: "range" }, make("span", { "aria-hidden": "true" }, label), less, range, more, now),
    show(value) {
      const nearest = values.reduce((best, one, n) => (Math.abs(one - value) < Math.abs(values[best] - value) ? n : best), 0);
      range.value = String(nearest);
      now.textContent = (values[nearest] === value ? texts[nearest] : String(Number(value.toPrecision(4)))).replace("-", "−");
      range.setAttribute("aria-valuetext", now.textContent);
    },
    enable: (on) => [less, range, more].forEach((one) => (one.disabled = !on)),
  };
}

function wholeNumber({ label, least, most }, changed) {
  const field = make("input", { type: "number", min: least, max: most, step: 1, inputmode: "numeric",
    change: () => (field.checkValidity() && field.value !== "" ? changed(Number(field.value)) : field.reportValidity()) });
  field.addEventListener("keydown", (event) => event.stopPropagation());
  return { element: make("label", {}, `${label} `, field), show: (value) => (field.value = String(value)), enable: (on) => (field.disabled = !on) };
}
