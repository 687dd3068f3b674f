// @ts-check
// A prediction: one question of the text.

import { answerRow } from "./ask.js";
import { make } from "./dom.js";

/** @param {{model: any, el: HTMLElement}} host */
export function prediction({ model, el }) {
  const spec = model.get("spec");
  const status = make("p", { role: "status", class: "verdict" });
  const form = answerRow(spec, (verdict, done, right) => {
    delete form.dataset.verdict;
    if (right !== undefined) form.dataset.verdict = right ? "right" : "wrong";
    status.textContent = done && spec.why ? `${verdict} ${spec.why}` : verdict;
  });
  form.setAttribute("aria-label", `Predict: ${spec.question}`);
  form.setAttribute("class", "mlp-card mlp-prediction");
  const answer = make("div", { class: "answer" }, ...form.childNodes);
  form.append(make("fieldset", {}, make("legend", {}, make("span", { class: "kicker" }, "Predict"), ` ${spec.question}`), answer), status);
  el.replaceChildren(form);
}
