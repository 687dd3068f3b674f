// @ts-check
// Elements, and symbols as formulas: what every other module draws with.

const SVG = "http://www.w3.org/2000/svg";
const MATHML = "http://www.w3.org/1998/Math/MathML";

/** Makes an element: attributes by name (`class`, `aria-label`, ...), functions as listeners, then its children. */
export function make(tag, attributes = {}, ...children) {
  return furnish(document.createElement(tag), attributes, children);
}

export function makeSvg(tag, attributes = {}, ...children) {
  return furnish(document.createElementNS(SVG, tag), attributes, children);
}

export function makeMath(tag, ...children) {
  return furnish(document.createElementNS(MATHML, tag), {}, children);
}

function furnish(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Sets a text only where it differs, so that nothing is drawn, or said, twice. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const CODE = /((?:[A-Za-z.]*\[[^\]]{1,12}\])+\.?)/; // net.W[1][2, 0]

/** Sets a sentence where it differs; no line ends within a piece of code. */
export function setWords(element, text) {
  if (element.textContent !== text) element.replaceChildren(...text.split(CODE).map((part, n) => (n % 2 ? make("span", { class: "whole" }, part) : part)));
}

/** A symbol [letter, subscript, superscript] in MathML. */
export function mathSymbol([letter, sub, sup]) {
  if (letter === "f′") return makeMath("msubsup", makeMath("mi", "f"), makeMath("mn", sub), makeMath("mo", "′"));
  const letters = makeMath(/^\d/.test(letter) ? "mn" : letter.length > 2 ? "mtext" : "mi", letter);
  if (sub && sup) return makeMath("msubsup", letters, makeMath("mn", sub), makeMath("mn", sup));
  return sub ? makeMath("msub", letters, makeMath("mn", sub)) : letters;
}

/** Symbols as a product in MathML. */
export function mathProduct(symbols) {
  const parts = symbols.flatMap((symbol, n) => (n ? [makeMath("mo", "·"), mathSymbol(symbol)] : [mathSymbol(symbol)]));
  return makeMath("math", makeMath("mrow", ...parts));
}

/** The partial derivative of `over` by `under` as a fraction. */
export function mathPartial(over, under) {
  const half = (symbol) => makeMath("mrow", makeMath("mi", "∂"), mathSymbol(symbol));
  const math = makeMath("math", makeMath("mfrac", half(over), half(under)));
  math.setAttribute("displaystyle", "true");
  return math;
}

/** A symbol as the parts of an SVG text. */
export function svgSymbol([letter, sub, sup]) {
  const parts = [makeSvg("tspan", { class: "letter" }, letter)];
  if (sup) parts.push(makeSvg("tspan", { class: "sub", dy: -5 }, sup));
  if (sub) parts.push(makeSvg("tspan", { class: "sub", dy: sup ? 8 : 3 }, sub));
  return { parts, drop: sup && !sub ? -5 : sub ? 3 : 0 }; // how far what follows must rise to stand on the line again
}
