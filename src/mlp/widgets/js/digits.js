// @ts-check
// Numbers as text, character for character as mlp/trace/digits.py shows them, and sentences filled with them.

export const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** The digits of |value| with so many decimals; a tie goes to the even digit, as Python rounds. */
function rounded(value, decimals) {
  const size = Math.abs(value);
  if (size >= 1e21) return { text: String(BigInt(size)) + (decimals ? `.${"0".repeat(decimals)}` : ""), zero: false };
  let text = size.toFixed(decimals);
  const exact = size.toFixed(Math.min(100, decimals + 40));
  if (/^50*$/.test(exact.slice(exact.length - 40)) && Number(text.at(-1)) % 2) {
    const down = exact.slice(0, exact.length - 40).replace(/\.$/, "");
    text = down || "0";
  }
  return { text, zero: Number(text) === 0 };
}

/** A number with its sign and a fixed number of decimals, more than 12 of them with a power of ten; zero is +0. */
export function signed(value, decimals) {
  const { text, zero } = rounded(value, decimals), sign = value < 0 && !zero ? "−" : "+";
  if (decimals <= 12 || zero) return `${sign}${zero ? text.slice(0, 14) : text}`;
  const size = Number(text), power = Number(size.toExponential().split("e")[1]);
  const [mantissa, exponent] = size.toExponential(Math.max(0, decimals + power)).split("e");
  return `${sign}${mantissa}${raised(Number(exponent))}`;
}

/** The same without a plus; zero has no minus either. */
export function fixed(value, decimals) {
  return signed(value, decimals).replace("+", "");
}

function raised(power) {
  return `·10${power < 0 ? "⁻" : ""}${[...String(Math.abs(power))].map((digit) => RAISED[Number(digit)]).join("")}`;
}

/** A number with so many decimals, signed or not, or four digits and a power of ten from a million on. */
export const plainly = (value, decimals, text = fixed) => (Math.abs(value) >= 1e6 ? figures(value, 4) : text(value, decimals));

/** A number that somebody chose, as written: no plus, at most 4 decimals and six significant digits. */
export function short(value) {
  return figures(Number(`${value < 0 ? "-" : ""}${rounded(value, 4).text}`), 6);
}

/** A number with its sign and so many significant digits, without the zeros at its end; very large and small ones with a power of ten. */
export function significant(value, digits) {
  const sign = value < 0 ? "−" : "+", size = Math.abs(value);
  if (size === 0) return "+0";
  const [mantissa, power] = roundedTo(size, digits).split("e").map(Number);
  if (power < -4 || power >= digits) return `${sign}${mantissa}${raised(power)}`;
  const text = Number(`${mantissa}e${power}`).toFixed(Math.max(0, digits - 1 - power));
  return sign + (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
}

/** The same without a plus. */
export function figures(value, digits) {
  return significant(value, digits).replace("+", "");
}

/** d.ddde±x of a positive number, a tie going to the even digit. */
function roundedTo(size, digits) {
  const text = size.toExponential(digits - 1), exact = size.toExponential(Math.min(100, digits + 39));
  const [whole] = exact.split("e"), [now, power] = text.split("e");
  if (/^50*$/.test(whole.replace(".", "").slice(digits)) && Number(now.at(-1)) % 2) return `${whole.slice(0, digits > 1 ? digits + 1 : 1)}e${power}`;
  return text;
}

/** A template with its {slots} filled. */
export function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (slot, name) => {
    if (!(name in values)) throw new Error(`nothing fills ${slot} in: ${template}`);
    return values[name];
  });
}
