// @ts-check
// A question: the reader commits to a number or a choice, and then sees. Predictions and a view's frames ask with it.

import { make } from "./dom.js";

/** What a reader may mean by what was typed: 0.25, -.5, −0,5, 3/4, ½, 3½, 1.2·10⁻³, 16 % (also 0.16), 1'960.5, or 1,960, which may be
 *  1960 or 1.96; [] for no number. */
export function readings(text) {
  if (/\d\s*\(|\d\s+\d+\s*\//.test(text)) return []; // 3(6) and 3 3/5 are not 36 and 33/5
  const plain = text.replace(/\s*[·×*]\s*10(?:(?:\^|\*\*)([-−+]?\d+)|([⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+))/, (_, written, raised) => `e${written ?? raised.normalize("NFKC")}`)
    .replace(/^([^\d]*)(\d+)\s*([¼½¾⅐-⅞])/, (_, sign, whole, part) => `${sign}${mixed(whole, part)}`)
    .normalize("NFKC").replace(/[\s%()'’_]/g, "").replace(/[−–—‐]/g, "-").replace(/⁄/g, "/");
  const number = (part) => (/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(part) ? Number(part) : NaN);
  const [over, under = "1", more] = plain.replaceAll(",", ".").split("/");
  const meant = more === undefined ? [number(over) / number(under)] : [];
  const grouped = plain.match(/^([-+]?[1-9]\d{0,2}(?:,\d{3})+)(\.\d+)?$/) ?? plain.match(/^([-+]?[1-9]\d{0,2}(?:\.\d{3})+)(,\d+)?$/);
  if (grouped) meant.push(Number(grouped[1].replace(/[.,]/g, "") + (grouped[2] ?? "").replace(",", ".")));
  const finite = meant.filter(Number.isFinite);
  return text.includes("%") ? [...finite, ...finite.map((one) => one / 100)] : finite;
}

/** 3 and ½ as 7/2. */
function mixed(whole, part) {
  const [over, under] = part.normalize("NFKC").split("⁄").map(Number);
  return `${Number(whole) * under + over}/${under}`;
}

let groups = 0; // of radio buttons: each needs a name of its own

/**
 * The field or the choices, with "Check" and, after a first try, "Show answer".
 * With `options` [[value, text], ...] it is a list, and a press on what has such a value chooses it there: `pick(value)` of the element returned; "Check" answers.
 * @param {{choices: string[] | null, options?: [string, string][], answer: any, shown: string, tol: number, slips?: [any, string, string?][]}} question
 * @param {(verdict: string, done: boolean, right?: boolean, given?: string) => void} tell hears every verdict; done: the answer may be seen now; given: what was chosen in the list
 * @param {(value: string) => void} chose hears what is chosen in the list, before it is judged
 */
export function answerRow({ choices, options, answer, shown, tol, slips = [] }, tell, chose = () => {}) {
  const group = `mlp-question-${(groups += 1)}`;
  const list = options && make("select", { "aria-label": "Your answer", change: () => chose(list.value) }, make("option", { value: "" }, "choose …"), ...options.map(([value, text]) => make("option", { value }, text)));
  const field = choices || list ? null : make("input", { type: "text", autocomplete: "off", "aria-label": "Your answer" });
  const radios = (choices ?? []).map((choice) => make("input", { type: "radio", name: group, value: choice }));
  const check = make("button", { type: "button", click: (event) => judge(event) }, "Check");
  const reveal = make("button", { type: "button", hidden: "", click: () => end(`The answer is ${shown}.`) }, "Show answer");
  const near = (a, b) => (field === null ? a === b : Math.abs(a - b) <= tol * (1 + 1e-9));

  const end = (verdict, right) => {
    if (reveal === element.getRootNode().activeElement) check.focus(); // or the keyboard would lose its place
    reveal.hidden = true;
    tell(verdict, true, right);
  };
  const judge = (event) => {
    event?.preventDefault();
    event?.stopPropagation();
    const given = list ? [list.value].filter(Boolean) : choices ? radios.filter((radio) => radio.checked).map((radio) => radio.value) : readings(field.value);
    if (!given.length) return tell(field === null ? "Choose one first." : "Type a number, such as 0.25 or −3.", false);
    if (given.some((one) => near(one, answer))) return end(`Yes, ${shown}.`, true);
    reveal.hidden = false;
    const [, slip, nearly] = slips.find(([value]) => given.some((one) => near(one, value))) ?? [];
    const no = list ? `No, not ${list.selectedOptions[0].textContent}.` : choices ? `No, not “${given[0]}”.` : `No, not ${field.value.trim()}.`;
    tell(slip ? (nearly ? slip : `${no} ${slip}`) : `${no} ${field === null ? "Choose" : "Try"} again, or show the answer.`, false, false, list?.value);
  };
  const answers = choices
    ? make("div", { class: "choices" }, ...radios.map((radio, n) => make("label", {}, radio, ` ${choices[n]}`)))
    : list ?? field;
  const element = make("form", { class: "answer", submit: judge }, answers, check, reveal);
  element.noValidate = true;
  Object.assign(element, {
    pick(value) {
      if (!options?.some(([known]) => known === value)) return false;
      list.value = value;
      chose(value);
      return true;
    },
    /** What stands in the field, or is chosen. */
    given: () => (field ?? list)?.value ?? radios.find((radio) => radio.checked)?.value ?? "",
    /** Puts in what was answered before; with `again` the answer may be shown at once. */
    fill(given, again) {
      if (field) field.value = given;
      for (const radio of radios) radio.checked = radio.value === given;
      reveal.hidden = !again;
    },
  });
  element.addEventListener("keydown", (event) => {
    event.stopPropagation(); // a notebook's shortcuts stay out of the field
    if (event.key === "Enter" && /** @type {Element} */ (event.target).localName === "input") judge(event); // a sandboxed frame submits no form
  });
  return element;
}
