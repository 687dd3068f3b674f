// @ts-check
// A prediction: one question of the text.

import { answerRow } from "./ask.js";
import { make } from "./dom.js";

/** @param {{model: any, el: HTMLElement, kept?: {how: string, given: string}, keep?: (how: string, given: string) => void}} host
 *  kept: what this reader has answered before; how: "right" (at the first try), "later", "shown" or "tried" */
export function prediction({ model, el, kept, keep = () => {} }) {
  const spec = model.get("spec");
  const status = make("p", { role: "status", class: "verdict" });
  let how = kept?.how;
  const say = (verdict, done, right) => {
    delete form.dataset.verdict;
    if (right !== undefined) form.dataset.verdict = right ? "right" : "wrong";
    status.textContent = done && spec.why ? `${verdict} ${spec.why}` : verdict;
  };
  const form = answerRow(spec, (verdict, done, right) => {
    say(verdict, done, right);
    if ((!done && right === undefined) || how === "right" || how === "later") return;
    how = right ? (how ? "later" : "right") : done ? "shown" : how ?? "tried";
    keep(how, form.given());
  });
  if (kept) form.fill(kept.given, how === "shown" || how === "tried");
  if (how === "right" || how === "later") say(`Yes, ${spec.shown}.`, true, true);
  else if (how === "shown") say("You have had the answer shown. Try again, or show it once more.", false);
  form.setAttribute("aria-label", `Predict: ${spec.question}`);
  form.setAttribute("class", "mlp-card mlp-prediction");
  const answer = make("div", { class: "answer" }, ...form.childNodes);
  form.append(make("fieldset", {}, make("legend", {}, make("span", { class: "kicker" }, "Predict"), ` ${spec.question}`), answer), status);
  el.replaceChildren(form);
}
