// @ts-check
// How sums of products are printed so that they come out as printed, character for character as mlp/trace/digits.py does it.

import { RAISED, signed, significant } from "./digits.js";

const MOST_DIGITS = 17;
const product = (numbers) => numbers.reduce((all, one) => all * one, 1);
const sum = (numbers) => numbers.reduce((all, one) => all + one, 0);

/** [what stands before the power of ten, the power] of a number as a reader sees it. */
function split(text) {
  const [mantissa, raised = ""] = text.replace("−", "-").split("·10");
  return [mantissa, Number(raised.replace("⁻", "-").replace(/[⁰¹²³⁴⁵⁶⁷⁸⁹]/g, (digit) => String(RAISED.indexOf(digit))))];
}

export function numberOf(text) {
  return Number(split(text).join("e"));
}

export function term(text) {
  return text.startsWith("−") ? `(${text})` : text.replace("+", "");
}

export function decimalsOf(text) {
  const [mantissa, power] = split(text);
  return (mantissa.split(".")[1] ?? "").length - power;
}

function decimalsFor(values) {
  const largest = Math.max(...values.map(Math.abs));
  return largest === 0 ? 4 : Math.max(3 - floorLog(largest), 1);
}

/** The power of ten of the first digit. */
function floorLog(value) {
  return Number(value.toExponential().split("e")[1]);
}

function* chosen(all, some, from = 0) {
  if (some === 0) yield [];
  else for (let n = from; n <= all.length - some; n++) for (const rest of chosen(all, some - 1, n + 1)) yield [all[n], ...rest];
}

function* digitsOf(values) {
  yield new Map();
  for (let most = 5; most <= MOST_DIGITS; most++) {
    const longer = values.filter((value) => significant(value, most) !== significant(value, most - 1));
    for (let some = 1; some < (longer.length <= 6 ? longer.length : 3); some++) for (const few of chosen(longer, some)) yield new Map(few.map((value) => [value, most]));
    yield new Map(values.map((value) => [value, most]));
  }
}

/** [[results, [[factors], ...]], ...] of forms [[products, outer], ...]. @param {boolean[]} counted */
export function printed(forms, total, counted) {
  const values = [...new Set(forms.flatMap(([products]) => products.flat()))];
  for (const digits of digitsOf(values)) {
    const texts = new Map(values.map((value) => [value, significant(value, digits.get(value) ?? 4)]));
    const found = [];
    for (const [products, outer] of forms) {
      const one = results(products, outer, total, texts, counted);
      if (!one) break;
      found.push([one, products.map((row) => row.map((value) => texts.get(value)))]);
    }
    if (found.length === forms.length) return found;
  }
  throw new Error(`no number of digits makes the printed parts of ${total} add up to it as printed`);
}

function results(products, outer, total, texts, counted) {
  const exact = products.map(product), parts = outer ? exact.slice(1).map((own) => exact[0] * own) : exact, many = parts.length > 2 ? 1 : 0;
  const start = (total ? Math.min(decimalsFor([total]), decimalsFor(parts)) : decimalsFor(parts)) - many;
  const [shared, own] = outer ? [decimalsFor(exact.slice(0, 1)), decimalsFor(exact.slice(1))] : [start, start];
  const multiplied = products.map((row) => product(row.map((value) => numberOf(texts.get(value)))));
  for (let steps = 0; steps < 12; steps++)
    for (let ahead = 0; ahead <= (outer ? steps : many && steps ? 1 : 0); ahead++) {
      const more = steps - ahead, places = outer ? start : start + more;
      const starts = exact.map((_, n) => (!outer ? start + more + ahead : n ? own + more : shared + ahead));
      if (exact.some((value, n) => Math.abs(value - multiplied[n]) > 1.01 * 10 ** -starts[n])) continue;
      const shown = exact.map((value, n) => signed(value, starts[n]));
      if (multiplied.some((value, n) => signed(value, starts[n]) !== shown[n])) continue;
      const numbers = shown.map(numberOf), added = sum(numbers.slice(outer ? 1 : 0).filter((_, n) => counted[n]));
      const whole = signed(total, places);
      if (signed(outer ? numbers[0] * added : added, places) === whole) return [...shown, whole];
    }
  return null;
}

/** Two numbers as texts that multiply to the printed product. */
export function twoFactors(first, second, text) {
  const digits = text.replace(/^[+−0.]*/, "").split("·10")[0].replace(".", "").length || 4, half = 0.499 * 10 ** -decimalsOf(text), whole = numberOf(text);
  for (let steps = 0; steps <= 2 * (MOST_DIGITS - digits); steps++)
    for (let fewer = 0; fewer <= steps; fewer++) {
      const texts = [significant(first, digits + steps - fewer), significant(second, digits + fewer)];
      if (Math.abs(product(texts.map(numberOf)) - whole) < half) return texts;
    }
  throw new Error(`no number of digits makes ${first} times ${second} the printed ${text}`);
}

export function agrees(value, total, size, noise) {
  return Math.abs(value - total) <= 1e-6 * Math.abs(total) + 1e-12 * size + noise;
}

export function noiseOfDifference(loss, w) {
  return (8 * Number.EPSILON * Math.abs(loss)) / (1e-5 * Math.max(1, Math.abs(w)));
}

export function decimalsAbove(noise, most) {
  return noise === 0 ? most : Math.max(0, Math.min(most, Math.floor(-Math.log10(noise))));
}
