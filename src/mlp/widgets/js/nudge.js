// @ts-check
// The frames of a nudge followed to the loss, as mlp/trace/nudge.py makes them; the engine computes before and after.

import { fill, fixed, short, significant } from "./digits.js";
import { forward, index, lossOf } from "./engine.js";
import { asked, networkOf, pointsOf } from "./live.js";

export function nudge(spec) {
  const { words, net: carried, points, ways, small: smallest } = spec.live;
  const { X, y } = pointsOf(points), rest = networkOf(carried), held = {};

  /** The values along the way, from the weight to the loss. */
  const along = (way, net) => {
    const { Z, O } = forward(net, X);
    return way.at.map(([letter, ...indices]) => letter === "w" ? net.W[index(net, ...indices)] : letter === "L" ? lossOf(net, X, y)
      : (letter === "Z" ? Z : O)[indices[0]][indices[1] - 1]);
  };
  const nudged = ({ weight, nudge: by }) => {
    const net = networkOf(carried), [k, i, j] = weight.slice(1).split("_").map(Number);
    net.W[index(net, k, i, j)] += by;
    return net;
  };
  const passed = (way, arrived) => {
    const things = way.at.map(([letter]) => letter);
    return things.slice(1, arrived + 1).filter((letter, q) => letter === "Z" || letter === "L" || things[q] !== "Z").length;
  };
  const alike = (slope, measured) => {
    let same = 0;
    while (same < Math.min(slope.length, measured.length) && slope[same] === measured[same]) same++;
    return [measured.slice(0, same), measured.slice(same)];
  };

  const frame = (state) => {
    const way = ways[state.weight], n = state.index, { links, rows } = way;
    const before = along(way, rest), after = along(way, nudged(state));
    const moved = before.map((value, q) => (q ? after[q] - value : state.nudge));
    const measured = moved.slice(1).map((there, q) => fixed(moved[q] ? there / moved[q] : 0, 5));
    const small = moved.map((one) => significant(one, 4));
    const product = way.slopes.reduce((all, slope) => all * slope, 1);
    const shown = links.reduce((all, link) => all * Number(link.slope.replace("−", "-")), 1);
    const decimals = [5, 4, 3, 2, 1].find((d) => fixed(shown, d) === fixed(product, d)) ?? 0;
    const slots = { w: way.name, value: rows[0].value, nudge: small[0], moved: small.at(-1), product: fixed(product, decimals), exact: way.exact,
      slopes: links.map(({ slope }) => (slope.startsWith("−") ? `(${slope})` : slope)).join(" × "), ratio: fixed(moved.at(-1) / moved[0], 5),
      brackets: way.brackets, small: short(smallest) };
    const arrived = Math.min(n, links.length), kind = n === 0 ? "start" : n <= links.length ? "link" : n === links.length + 1 ? "product" : "end";
    if (kind === "link") Object.assign(slots, { n: String(n), from: rows[n - 1].text, to: rows[n].text, came: small[n - 1], went: small[n],
      name: links[n - 1].text, slope: links[n - 1].slope, ratio: measured[n - 1] });
    const say = (name) => fill(words[name], slots);
    const status = say(kind) + (kind === "link" && links[n - 1].curved && measured[n - 1] !== links[n - 1].slope ? ` ${words.curved}` : "");
    const lit = way.edges.slice(0, passed(way, arrived));
    const made = { status, shows: {
      network: { lit: way.nodes, routes: Object.fromEntries(way.edges.map((edge) => [edge, lit.includes(edge) ? [1] : [0]])) },
      chain: { changes: small.slice(0, arrived + 1), ratios: links.slice(0, arrived).map(({ slope }, q) => alike(slope, measured[q])), at: arrived } } };
    if (kind === "start") {
      const answer = words[Math.abs(moved.at(-1)) > Math.abs(moved[0]) ? "more" : "less"];
      made.ask = asked(words["ask start"], answer, say("why start"), status, { choices: [words.more, words.less] });
    } else if (kind === "product") made.ask = asked(say("ask product"), product, "", say("why product"), { shown: fixed(product, 2), tol: 0.0051 });
    else if (kind === "end" && Object.keys(ways).length > 2) {
      made.status += ` ${say("task")}`;
      if (state.nudge > smallest) return made;
      const moves = Object.keys(ways).map((weight) => [ways[weight].name, along(ways[weight], nudged({ ...state, weight })).at(-1) - before.at(-1)]);
      const [name, most] = moves.reduce((best, one) => (Math.abs(one[1]) > Math.abs(best[1]) ? one : best));
      Object.assign(slots, { best: name, most: significant(most, 4) });
      made.ask = asked(words["ask end"], name, say("why end"), status, { choices: moves.map(([name]) => name) });
    }
    return made;
  };

  const last = ({ weight }) => ways[weight].links.length + 2;
  return {
    last,
    chose: (name, value, state) => (name === "weight" && state.index === last(state) ? { index: last({ weight: value }) } : {}), // to compare how L moves
    holds: ({ weight }) => (held[weight] ??= { chain: { rows: ways[weight].rows, links: ways[weight].links } }),
    frame,
    stamp: ({ index, weight, nudge: by }) => JSON.stringify({ index, weight, nudge: by }),
  };
}
