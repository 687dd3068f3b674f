// @ts-check
// The scenes of the path ledger where something was turned, as mlp/trace/paths.py and ledger.py make them; the engine computes.

import { RAISED, fill, fixed, short, signed } from "./digits.js";
import { factors, index, lossWith, paths, record } from "./engine.js";
import { asked, networkOf } from "./live.js";
import { agrees, decimalsAbove, decimalsOf, noiseOfDifference, printed, term, twoFactors } from "./printed.js";

const LOWERED = "₀₁₂₃₄₅₆₇₈₉";

export function pathLedger(spec) {
  const { live } = spec, { words, x, y } = live, say = (name, slots = {}) => fill(words[name], slots);
  const isDeep = ({ weights }) => weights.length !== live.net.weights.length;
  const carried = (state) => (isDeep(state) ? live.deeper.net : live.net);
  const edgesOf = ({ sizes }) => sizes.slice(1).flatMap((n, k) => Array.from({ length: sizes[k] * n }, (_, q) => [k + 1, Math.floor(q / n) + 1, (q % n) + 1]));

  // Symbols, as mlp/trace/symbols.py writes them: a thing is [letter, ...indices] --------------------------------------------
  const symbol = ([letter, ...indices]) => {
    const sup = letter === "w" ? String(indices.shift()) : "";
    if (letter === "O" && indices[0] === 0) [letter, ...indices] = ["x", indices[1]];
    return [letter, indices.join(Math.max(0, ...indices) > 9 ? "," : ""), sup];
  };
  const plain = (thing) => {
    const [letter, sub, sup] = symbol(thing);
    return letter + sup.replace(/\d/g, (digit) => RAISED[Number(digit)]) + sub.replace(/\d/g, (digit) => LOWERED[Number(digit)]);
  };
  const spoken = ([letter, ...indices]) => (letter === "w" ? say("weight", { k: String(indices[0]), i: String(indices[1]), j: String(indices[2]) })
    : letter === "O" && indices[0] === 0 ? `x ${indices[1]}` : [letter, ...indices].join(" "));
  const edgeId = (k, i, j) => `w${k}_${i}_${j}`, nodeId = (k, j) => `O${k}_${j}`;
  const optionsOf = (net, ends) => edgesOf(net).map(([k, i, j]) =>
    [edgeId(k, i, j), plain(["w", k, i, j]) + (ends ? ` (${plain(["O", k - 1, i])} → ${plain(["O", k, j])})` : ""), spoken(["w", k, i, j])]);

  // A weight's paths: factors from the loss back, what of the drawing they light, words -----------------------------------------
  const routeOf = (now, k, i, j, path) => {
    const K = now.net.K, unit = (layer) => path[layer - k];
    const steps = factors(now.net, now.at, k, i, j, path).map(({ value, inside: [slope, other] }, n) => {
      const layer = K + 1 - n, last = layer === k;
      const over = n ? ["O", layer, unit(layer)] : ["L"], under = n === 0 ? ["O", K, unit(K)] : last ? ["w", k, i, j] : ["O", layer - 1, unit(layer - 1)];
      const inside = n === 0 ? [[["2", "", ""], 2], [["(ŷ − y)", "", ""], value / 2]]
        : [[symbol(["f′", layer, unit(layer)]), slope], [symbol(last ? ["O", k - 1, i] : ["w", layer, unit(layer - 1), unit(layer)]), other]];
      return { over: symbol(over), under: symbol(under), value, inside, edge: n === 0 ? `L${unit(K)}` : last ? edgeId(k, i, j) : edgeId(layer, unit(layer - 1), unit(layer)),
        said: say("partial", { over: spoken(over), under: spoken(under) }) };
    });
    const visited = path.map((j, n) => ["O", k + n, j]), between = visited.slice(1, -1);
    return { steps, part: steps.reduce((all, { value }) => all * value, 1), nodes: [nodeId(k - 1, i), ...visited.map(([, layer, j]) => nodeId(layer, j)), "L"],
      words: [plain(["w", k, i, j]), ...visited.map(plain), "L"].join(" → "),
      through: say("through", { units: (between.length ? between : visited.slice(-1)).map(plain).join(", ") }) };
  };

  const sharedOf = (routes) => {
    if (routes.length === 1) return [0, 0];
    const length = routes[0].steps.length, tell = ({ over, under }) => `${over} ${under}`;
    const same = routes[0].steps.map((step, n) => routes.every((route) => tell(route.steps[n]) === tell(step)));
    return [same.indexOf(false), length - 1 - same.lastIndexOf(false)];
  };

  // One scene ------------------------------------------------------------------------------------------------------------------
  const make = (state) => {
    const net = networkOf(carried(state), state.weights), at = record(net, x, y), now = { net, at }, deep = isDeep(state);
    const [edge, form] = state.choice.split("+"), [k, i, j] = edge.slice(1).split("_").map(Number), q = index(net, k, i, j);
    const name = plain(["w", k, i, j]), slope = `∂L/∂${name}`, left = state.left_out, routes = paths(net, k, i, j).map((path) => routeOf(now, k, i, j, path));
    const n = routes.length, length = routes[0].steps.length, [first, last] = sharedOf(routes), outer = form === "factored" ? 1 : 0;
    const isShared = (m) => m < first || m >= length - last, whole = routes.map(({ steps }) => steps);
    const own = [whole[0].filter((_, m) => isShared(m)), ...whole.map((steps) => steps.filter((_, m) => !isShared(m)))];
    const counted = routes.map((_, p) => !left.includes(p + 1)), total = routes.reduce((sum, { part }, p) => sum + (counted[p] ? part : 0), 0);
    const size = routes.reduce((sum, { part }) => sum + Math.abs(part), 0), values = (products) => products.map((steps) => steps.map(({ value }) => value));
    const texts = printed([[values(whole), false], ...(first + last ? [[values(own), true]] : [])], total, counted)[outer];
    const products = outer ? own : whole, results = texts[0], shownTotal = results[results.length - 1], decimals = decimalsOf(shownTotal);

    const rows = products.map((steps, r) => {
      const p = outer ? r : r + 1;
      const cells = steps.map((step, m) => {
        const text = texts[1][r][m], value = text.replace("+", ""), [[one, a], [other, b]] = step.inside;
        const inside = { symbols: [one, other], numbers: twoFactors(a, b, text).map(term).join(" × ") };
        return { over: step.over, under: step.under, value, inside, edge: step.edge, said: say("cell", { said: step.said, inside: inside.numbers.replace("×", "times"), value }),
          shared: p === 0 || (!outer && isShared(m) && first + last > 0) };
      });
      const row = { path: p, label: p ? say("path", { p: String(p) }) : words.shared, said: p ? say("row", { p: String(p), through: routes[p - 1].through }) : words["shared row"],
        cells, result: results[r] };
      return p && n > 1 ? { ...row, counted: counted[p - 1] } : row;
    });
    const without = left.length ? say("without", { left: listed(left) }) : "";
    const tokens = tokensOf(rows, outer, shownTotal, counted), sum = tokens.map(([text]) => text).join(" ");
    const noise = noiseOfDifference(at.L, net.W[q]), right = [[at.dw[q], 0], [at.fd[q], noise]].every(([value, noise]) => agrees(value, total, size, noise));
    const said = `${words.backprop}: ${signed(at.dw[q], decimals)}; ${words.difference}: ${signed(at.fd[q], decimalsAbove(noise, decimals))}`;
    const costs = { along: String(n * (length - 1)), shared: String(n * (length - first - last - 1) + Math.max(first + last - 1, 0) + 1) };
    const cost = first + last ? say(outer ? "cost own" : "cost", costs) : "";
    const verdict = say((right ? "agree" : "differ") + (left.length ? " left" : ""), { without, total: shownTotal });
    const after = !deep && live.puzzle?.choice === edge ? [puzzled(state, now, routes, shownTotal)] : deep && n > 1 ? [{ status: live.deeper.sharing }] : [];

    // Frames --------------------------------------------------------------------------------------------------------------------
    const frames = [], many = String(2 * n + 3 + after.length), moved = state.weights.some((w, q) => w !== carried(state).weights[q]);
    const frame = (text, { symbols = n, numbers = n, total = false, check = false } = {}, more = {}) => {
      const lights = { [edge]: [0] }, lit = new Set(routes[0].nodes.slice(0, 2));
      routes.slice(0, symbols).forEach(({ steps, nodes }, p) => {
        nodes.forEach((node) => lit.add(node));
        for (const step of steps) lights[step.edge] = [...(lights[step.edge] ?? []).filter(Boolean), p + 1];
      });
      const levels = rows.map(({ path }) => (path === 0 ? (total ? 2 : Math.min(symbols, 1)) : Number(path <= symbols) + Number(path <= numbers)));
      const network = { lit: [...lit], routes: lights };
      if (moved) {
        network.values = Object.fromEntries([...net.sizes.flatMap((size, k) => Array.from({ length: size }, (_, j) => [nodeId(k, j + 1), fixed(at.O[k][j], 2)])), ["L", fixed(at.L, 2)]]);
        network.numbers = Object.fromEntries(edgesOf(net).filter((w) => edgeId(...w) in lights).map((w) => [edgeId(...w), short(net.W[index(net, ...w)])]));
      }
      const status = say("step", { step: String(frames.length + 1), last: many, text }), { ask, ...rest } = more;
      const turning = frames.length > 0 && (moved || left.length > 0 || check);
      frames.push({ status, shows: { network, ledger: { rows: levels, total, check } }, ...rest, ...(ask ? { ask: ask(status) } : {}),
        controls: ["weight", "factored", "deeper", ...(turning ? ["turn", "dial"] : [])],
        ...(turning && (moved || left.length) ? { actions: [["rewind", "Rewind"]] } : {}) });
    };
    frame(say("opening", { name, w: short(net.W[q]), start: plain(["O", k - 1, i]), end: plain(["O", k, j]) }), { symbols: 0, numbers: 0 }, { ask: howMany(net, k, j, name, n, deep) });
    routes.forEach((route, p) => frame(say(n === 1 ? "only" : "nth", { p: String(p + 1), way: route.words, note: outer ? words.own : p ? words.other : `${say("first", { end: "L", name })} ${words.made}` }),
      { symbols: p + 1, numbers: 0 }));
    for (const { path, cells, result } of rows.slice(outer))
      frame(say(outer ? "multiply own" : n === 1 ? "multiply only" : "multiply", { p: String(path), product: cells.map(({ value }) => term(value)).join(" × "), result }), { numbers: path });
    frame(say(left.length ? "sum left" : n === 1 ? "sum only" : outer ? "sum own" : "sum", { slope, sum, without }), { total: true });
    frame(say("check", { verdict, witnesses: said, cost }), { total: true, check: true });
    for (const { status, ...more } of after) frame(status, { total: true, check: true }, more);
    return { frames, holds: { network: deep ? live.deeper.drawing : {}, ledger: { derivative: [["L", "", ""], symbol(["w", k, i, j])], rows, total: tokens, agrees: right, ...(left.length ? { without } : {}) } } };
  };

  const listed = (left) => {
    const some = [...left].sort((a, b) => a - b).map(String), one = some.pop();
    return say(some.length ? "some left" : "one left", { some: some.join(", "), one });
  };

  const howMany = (net, k, j, name, n, deep) => {
    const numbers = words.numbers.split(" "), widths = net.sizes.slice(k + 1).map(String), end = plain(["O", k, j]), answer = numbers[n - 1];
    const why = say(widths.length ? "why" : "why last", { end, product: widths.join(" · ") + (widths.length > 1 ? ` = ${n}` : "") });
    const choices = [...new Set([1, 2, 3, 6, n])].sort().map((one) => numbers[one - 1]);
    return (status) => asked(say(deep ? "ask deeper" : "ask", { name }), answer, why, status, { choices });
  };

  const tokensOf = (rows, outer, total, counted) => {
    const terms = rows.filter(({ path }) => path && counted[path - 1]).map(({ result, path }) => [term(result), path]);
    if (!terms.length || (terms.length === 1 && !outer)) return [[total, 0]];
    if (outer && terms.length > 1) {
      terms[0][0] = `(${terms[0][0]}`;
      terms[terms.length - 1][0] += ")";
    }
    const added = terms.flatMap((one, n) => (n ? [["+", 0], one] : [one]));
    return [...(outer ? [[term(rows[0].result), 0], ["×", 0]] : []), ...added, ["=", 0], [total, 0]];
  };

  const puzzled = (state, { net, at }, routes, total) => {
    const [w, turn] = [[1, 1, 1], live.puzzle.turn.slice(1).split("_").map(Number)], q = index(net, ...w), name = plain(["w", ...w]), here = net.W[q], there = here - 1;
    const slots = { name, w: plain(["w", ...turn]), value: short(net.W[index(net, ...turn)]), total }, goal = { dial: say("goal", slots) };
    if (state.left_out.length) return { status: words["puzzle left"], ...goal };
    if (Math.abs(at.dw[q]) > live.near) return { status: say("puzzle", slots), ...goal };
    if (Math.max(...routes.map(({ part }) => Math.abs(part))) <= 2 * live.near) return { status: words.vanish, ...goal };
    const why = say("why solved", { name, here: short(here), L: fixed(at.L, 4), there: short(there), away: fixed(lossWith(net, x, y, q, there), 4) });
    return { status: say("solved", slots), ask: (status) => asked(say("ask solved", slots), words.yes, why, status, { choices: [words.no, words.yes] }), ...goal };
  };

  // What the card asks for -------------------------------------------------------------------------------------------------------
  let kept, of = "";
  const scene = (state) => {
    const made = spec.scenes[state.choice], same = String(state.weights) === String(live.net.weights);
    if (made && same && !state.left_out.length) return made;
    const key = JSON.stringify([state.choice, state.weights, state.left_out]);
    if (key !== of) [kept, of] = [make(state), key];
    return kept;
  };
  const has = (key, state) => (isDeep(state) ? spec.keys.includes(key) : key in spec.scenes);
  const rest = (state) => ({ weights: carried(state).weights, left_out: [] });
  const options = {};
  return {
    make, has,
    last: (state) => scene(state).frames.length - 1,
    frame: (state) => scene(state).frames[state.index],
    holds: (state) => scene(state).holds,
    edges: (state) => edgesOf(carried(state)).map((w) => edgeId(...w)),
    options: (name, state) => (isDeep(state) ? (options[name] ??= optionsOf(live.deeper.net, name === "weight")) : spec.choices.find((choice) => choice.name === name).options),
    chose: (name, value, state) => {
      if (name === "weight" || name === "factored") return name === "weight" ? { left_out: [] } : {};
      if (name !== "deeper") return {};
      const next = { ...state, weights: carried({ weights: value ? live.deeper.net.weights : live.net.weights }).weights };
      const plainKey = state.choice.split("+")[0], choice = [state.choice, plainKey, spec.traits.choice].find((key) => has(key, next));
      return { choice, index: 0, ...(edgesOf(carried(next)).some((w) => edgeId(...w) === state.turn) ? {} : { turn: spec.traits.turn }) };
    },
    act: (name, state, path) => (name === "rewind" ? { choice: state.choice, deeper: isDeep(state), turn: state.turn, ...rest(state) }
      : { left_out: state.left_out.includes(path) ? state.left_out.filter((one) => one !== path) : [...state.left_out, path].sort((a, b) => a - b) }),
    stamp: ({ deeper, choice, weights, left_out, turn, index }) => JSON.stringify({ deeper, choice, weights, left_out, turn, index }),
    witness: () => [live.net, ...(live.deeper ? [live.deeper.net] : [])].flatMap((one) => [...record(networkOf(one), x, y).dw].slice(0, one.sizes[0] * one.sizes[1])),
  };
}
