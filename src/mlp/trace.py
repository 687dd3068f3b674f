"""Frames: what a stepper shows at each step, as plain data computed here (chapter 4).

A view's `spec` is one JSON-able dict; the widgets send it, the JavaScript and `mlp.plots` draw it, and neither
does any arithmetic on the network:

    name, title    the view's short name (for links) and its title
    drawing        name (said to a screen reader), columns (captions), nodes and edges
                   node: id, symbol, value, column, row, rows;  edge: id, from, to, label, choice
    choices        the controls: name, label, options [[value, text], ...]; a list of options or a switch
    scenes         {key: scene}; the key is the chosen option, "+factored" after it where the switch is on
    scene          rows (the ledger's products), total (tokens of the sum), check, frames
    frame          status, lit (nodes), routes {edge: paths}, rows (0 hidden, 1 symbols, 2 numbers), total, check

Symbols travel as [letter, subscript, superscript]. Every number is printed here, with enough digits that
the printed factors multiply to the printed products, and those add to the printed sum.
"""

import itertools
from dataclasses import dataclass
from math import floor, log10, prod, sqrt
from sys import float_info

from . import _checks
from .backprop import backprop, numerical_gradients
from .chain_rule import factors, paths
from .losses import squared_loss
from .network import MLP, forward

MOST_PATHS = 6  # a drawing has so many colours and dashes that can be told apart
MOST_UNITS = 8
EPSILON = float_info.epsilon

_SUB = str.maketrans("0123456789,", "₀₁₂₃₄₅₆₇₈₉,")
_SUP = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def symbol(thing):
    """The symbol of ("L",), ("O", layer, unit), ("f'", layer, unit) or ("w", k, i, j), as [letter, sub, sup].

    >>> symbol(("w", 1, 2, 3)), symbol(("O", 0, 4)), symbol(("O", 2, 11))
    (['w', '23', '1'], ['x', '4', ''], ['O', '2,11', ''])
    """
    letter, *indices = thing
    superscript = str(indices.pop(0)) if letter == "w" else ""
    if letter == "O" and indices[0] == 0:
        letter, indices = "x", indices[1:]
    return [letter, ("," if max(indices, default=0) > 9 else "").join(map(str, indices)), superscript]


def plain(thing):
    """A symbol as Unicode text, for sentences and lists.

    >>> plain(("w", 2, 3, 1)), plain(("f'", 2, 1))
    ('w²₃₁', 'f′₂₁')
    """
    letter, sub, sup = symbol(thing)
    return letter.replace("'", "′") + sup.translate(_SUP) + sub.translate(_SUB)


@dataclass(frozen=True)
class Step:
    """One factor of a product: d(over)/d(under) = value, over the drawing's edge from `under` to `over`."""

    over: list
    under: list
    value: float
    edge: str
    inside: tuple = ()  # ((symbol, number), (symbol, number)): what the value is the product of


@dataclass(frozen=True)
class Route:
    """One path: its factors from the end back to the start, and the nodes it visits, in reading order."""

    steps: tuple
    nodes: tuple
    words: str  # "w¹₁₁ → O₁₁ → O₂₁ → O₃₁ → L"


def path_ledger(net, x, y, loss=squared_loss):
    """The spec of the path ledger: for each weight of `net`, every path to the loss of one point, and their sum.

    x is (n_0,), y a number or (n_K,). Raises as `forward` does, and ValueError where the network has more
    units or paths than can be told apart in one drawing. Notes: N7 to N9, eq. N9.3.
    """
    _checks.one_of("net", net, MLP, "an MLP")
    X, Y = _checks.point(x, y, net)
    most = max(len(paths(net, 1, 1, j)) for j in range(1, net.sizes[1] + 1))
    if most > MOST_PATHS or max(net.sizes) > MOST_UNITS:
        raise ValueError(f"net must have at most {MOST_UNITS} units a layer and {MOST_PATHS} paths from a weight, to be drawn; "
                         f"this one has up to {max(net.sizes)} units and {most} paths")
    exact, nudged = backprop(net, X, Y, loss=loss), numerical_gradients(net, X, Y, loss=loss)
    at_point = loss(Y, forward(net, X).yhat)
    options, scenes = [], {}
    for k in net.layers:
        for i in range(1, net.sizes[k - 1] + 1):
            for j in range(1, net.sizes[k] + 1):
                key, name, start = _edge(k, i, j), plain(("w", k, i, j)), plain(("O", k - 1, i))
                options.append([key, f"{name} ({start} → {plain(('O', k, j))})"])
                routes = [_route(factors(net, x, y, k, i, j, path, loss), loss) for path in paths(net, k, i, j)]
                witnesses = [("backprop", float(exact.W[k][i - 1, j - 1]), 0.0),
                             ("finite difference", float(nudged.W[k][i - 1, j - 1]), _noise(at_point, net.w(k, i, j)))]
                opening = (f"{name} = {short(net.w(k, i, j))} sits on the edge from {start} to {plain(('O', k, j))}. "
                           "In how many ways does a small change of it reach L? Count, then step on.")
                lit = ({key: [0]}, routes[0].nodes[:2])
                scenes |= _scenes(key, name, [["L", "", ""], symbol(("w", k, i, j))], routes, witnesses, opening, lit)
    return {
        "name": "path-ledger",
        "title": "Path ledger",
        "drawing": network_drawing(net, X, Y, loss),
        "choices": [{"name": "weight", "label": "weight", "options": options}, {"name": "factored", "label": "factored form"}],
        "scenes": scenes,
    }


def diamond():
    """The spec of the smallest network of two paths: f = x², g = 3x, h = f g, k = √(1 + h), at x = 1 and x = 2.

    Notes: N9, eq. N9.1, N9.2 and N9.2a.
    """
    options, scenes, values = [], {}, {}
    for x in (2, 1):
        f, g = x * x, 3 * x
        h, k = f * g, sqrt(1 + f * g)
        values[x] = {"x": x, "f": f, "g": g, "h": h, "k": k}
        local = {"fx": 2 * x, "gx": 3, "hf": g, "hg": f, "kh": 1 / (2 * k)}
        routes = [
            Route(tuple(Step([a, "", ""], [b, "", ""], local[a + b], a + b) for a, b in (("k", "h"), ("h", via), (via, "x"))),
                  ("x", via, "h", "k"), f"x → {via} → h → k")
            for via in ("f", "g")
        ]
        nudge = 1e-5
        difference = (sqrt(1 + 3 * (x + nudge) ** 3) - sqrt(1 + 3 * (x - nudge) ** 3)) / (2 * nudge)
        witnesses = [("√(1 + 3x³) differentiated whole", 9 * x * x / (2 * k), 0.0), ("finite difference", difference, _noise(k))]
        opening = f"x = {x} goes into f and into g; both go into h, and h into k. In how many ways does a small change of x reach k?"
        key = f"x{x}"
        options.append([key, f"x = {x}"])
        scenes |= _scenes(key, "x", [["k", "", ""], ["x", "", ""]], routes, witnesses, opening, ({}, ["x"]))
        for scene in (scenes[key], scenes[key + "+factored"]):
            scene["values"] = {name: short(value) for name, value in values[x].items()}
            scene["labels"] = {edge: f"∂{edge[0]}/∂{edge[1]} = {short(value)}" for edge, value in local.items()}
    places = {"x": (0, 0, 1), "f": (1, 0, 2), "g": (1, 1, 2), "h": (2, 0, 1), "k": (3, 0, 1)}
    return {
        "name": "diamond",
        "title": "The diamond: f = x², g = 3x, h = fg, k = √(1 + h)",
        "drawing": {
            "name": "The diamond: x goes into f and g, both go into h, h goes into k",
            "columns": [],
            "nodes": [{"id": n, "symbol": [n, "", ""], "value": short(values[2][n]), "column": c, "row": r, "rows": m}
                      for n, (c, r, m) in places.items()],
            "edges": [{"id": a + b, "from": b, "to": a, "label": scenes["x2"]["labels"][a + b], "value": "", "choice": ""}
                      for a, b in ("fx", "gx", "hf", "hg", "kh")],
        },
        "choices": [{"name": "x", "label": "start at", "options": options}, {"name": "factored", "label": "factored form"}],
        "scenes": scenes,
    }


def network_drawing(net, X=None, Y=None, loss=squared_loss):
    """The drawing of a network, with the values of one point (X of shape (1, n_0)) where it is given, and the loss."""
    values = {}
    if X is not None:
        done = forward(net, X)
        values = {("O", k, j + 1): v for k, row in done.O.items() for j, v in enumerate(row[0])}
        if Y is not None:
            values["L",] = loss(Y, done.yhat)
    nodes = [{"id": _node(k, j), "symbol": symbol(("O", k, j)), "value": _two(values.get(("O", k, j))), "column": k, "row": j - 1, "rows": n}
             for k, n in enumerate(net.sizes) for j in range(1, n + 1)]
    nodes.append({"id": "L", "symbol": ["L", "", ""], "value": _two(values.get(("L",))), "column": len(net.sizes), "row": 0, "rows": 1})
    edges = [{"id": _edge(k, i, j), "from": _node(k - 1, i), "to": _node(k, j), "choice": _edge(k, i, j),
              "label": f"{plain(('w', k, i, j))} = {short(net.w(k, i, j))}", "value": short(net.w(k, i, j))}
             for k in net.layers for i in range(1, net.sizes[k - 1] + 1) for j in range(1, net.sizes[k] + 1)]
    K = len(net.layers)
    edges += [{"id": f"L{j}", "from": _node(K, j), "to": "L", "label": "", "value": "", "choice": ""} for j in range(1, net.sizes[K] + 1)]
    return {
        "name": f"The {'-'.join(map(str, net.sizes))} network and its loss",
        "columns": ["input", *(f"layer {k}" for k in net.layers), ""],
        "nodes": nodes,
        "edges": edges,
    }


def _node(layer, unit):
    return f"O{layer}_{unit}"


def _edge(k, i, j):
    return f"w{k}_{i}_{j}"


def _route(product, loss):
    """The Route along which `factors` were taken."""
    steps = []
    for n, factor in enumerate(product):
        over, under = factor.over, factor.under
        edge = f"L{under[2]}" if n == 0 else _edge(*under[1:]) if under[0] == "w" else _edge(over[1], under[2], over[2])
        inside = tuple((plain(thing), number) for thing, number in factor.inside)
        if n == 0 and loss is squared_loss:
            inside = (("2", 2.0), ("(ŷ − y)", factor.value / 2))
        steps.append(Step(symbol(over), symbol(under), factor.value, edge, inside))
    _, k, i, j = product[-1].under
    visited = [factor.over for factor in reversed(product[1:])]
    nodes = (_node(k - 1, i), *(_node(*thing[1:]) for thing in visited), "L")
    return Route(tuple(steps), nodes, " → ".join([plain(product[-1].under), *map(plain, visited), "L"]))


def _scenes(key, name, derivative, routes, witnesses, opening, start):
    """The scene of one derivative along its routes, and where the routes share factors, its factored form.

    start = (edges, nodes) is what is lit before any route is drawn.
    """
    first, last = _shared(routes)
    both = {key: _scene(name, derivative, routes, first, last, witnesses, opening, start, factored=False)}
    if first + last:
        both[key + "+factored"] = _scene(name, derivative, routes, first, last, witnesses, opening, start, factored=True)
    return both


def _shared(routes):
    """How many factors all routes have in common at the end and at the start; (0, 0) where there is one route."""
    if len(routes) == 1:
        return 0, 0
    pairs = [[(tuple(s.over), tuple(s.under)) for s in route.steps] for route in routes]
    same = [len({p[n] for p in pairs}) == 1 for n in range(len(pairs[0]))]
    first = same.index(False)
    return first, same[::-1].index(False)


def _scene(name, derivative, routes, first, last, witnesses, opening, start, *, factored):
    n, length = len(routes), len(routes[0].steps)
    is_shared = [m < first or m >= length - last for m in range(length)]
    columns = [[m for m in range(length) if not is_shared[m]]] * n if factored else [list(range(length))] * n
    products = [[route.steps[m] for m in kept] for route, kept in zip(routes, columns)]
    if factored:
        products.insert(0, [routes[0].steps[m] for m in range(length) if is_shared[m]])
    exact = [prod(step.value for step in product) for product in products]
    total = sum(prod(step.value for step in route.steps) for route in routes)
    sums, cells = _printed(products, exact, total, factored)
    shown_total = sums.pop()
    rows = []
    for p, (product, numbers, result) in enumerate(zip(products, cells, sums), start=0 if factored else 1):
        rows.append({
            "path": p,  # 0 is what all paths share
            "label": f"path {p}" if p else "shared",
            "cells": [{"over": step.over, "under": step.under, "value": value, "inside": inside,
                       "shared": p == 0 or (not factored and is_shared[m])}
                      for m, (step, (value, inside)) in enumerate(zip(product, numbers))],
            "result": result,
        })
    terms = [[row["result"], row["path"]] for row in rows if row["path"]]
    tokens = [terms[0]]
    for text, path in terms[1:]:
        tokens += [["+", 0], [f"({text})", path]]
    if factored:
        tokens[0], tokens[-1] = [f"({tokens[0][0]}", tokens[0][1]], [f"{tokens[-1][0]})", tokens[-1][1]]
        tokens = [[rows[0]["result"], 0], ["×", 0], *tokens]
    if n > 1:
        tokens += [["=", 0], [shown_total, 0]]
    size = sum(abs(prod(step.value for step in route.steps)) for route in routes)
    agree = all(_agrees(value, total, size, noise) for _, value, noise in witnesses)
    decimals = _decimals_of(shown_total)
    check = ("✓ " if agree else "✗ ") + " · ".join(f"{who}: {signed(value, _decimals_above(noise, decimals))}" for who, value, noise in witnesses)
    scene = {"derivative": derivative, "rows": rows, "total": tokens, "check": check}
    along, shared = n * (length - 1), n * (length - first - last - 1) + max(first + last - 1, 0) + 1
    here, there = (shared, f"{along} path by path") if factored else (along, f"{shared} in the factored form")
    cost = f" Multiplications: {here} here, {there}." if first + last else ""
    end = derivative[0][0]
    scene["frames"] = _frames(name, (f"∂{end}/∂{name}", end), routes, rows, tokens, check, opening, start, cost)
    return scene


def _frames(name, slope, routes, rows, total, check, opening, start, cost):
    """2n + 3 frames for n routes: the question, each route in symbols, each in numbers, the sum, the check."""
    n, factored = len(routes), rows[0]["path"] == 0
    which = (lambda p: "The only path") if n == 1 else (lambda p: f"Path {p}")
    frames = []

    def frame(text, symbols=n, numbers=n, total=False, check=False):
        edges, lit = dict(start[0]), dict.fromkeys(start[1])
        for p in range(1, symbols + 1):
            lit |= dict.fromkeys(routes[p - 1].nodes)
            for step in routes[p - 1].steps:
                edges[step.edge] = [*(q for q in edges.get(step.edge, []) if q), p]
        levels = [(2 if total else min(symbols, 1)) if row["path"] == 0 else (row["path"] <= symbols) + (row["path"] <= numbers) for row in rows]
        frames.append({"status": f"Step {len(frames) + 1} of {2 * n + 3}. {text}", "lit": list(lit), "routes": edges,
                       "rows": levels, "total": total, "check": check})

    frame(opening, symbols=0, numbers=0)
    for p, route in enumerate(routes, start=1):
        if factored:
            text = "Its row holds only its own factors; shared ones stand once, above."
        elif p == 1:
            text = f"Each arrow gives one factor, written from {slope[1]} back to {name}."
        else:
            text = "The double-framed factors are the same on every path."
        frame(f"{which(p)} is {route.words}. {text}", symbols=p, numbers=0)
    for row in rows[factored:]:
        along = f"Multiply path {row['path']}'s own factors" if factored else "Multiply along the path" if n == 1 else f"Multiply along path {row['path']}"
        frame(f"{along}: {' × '.join(cell['value'] for cell in row['cells'])} = {row['result']}.", numbers=row["path"])
    tokens = " ".join(text for text, _ in total)
    if n == 1:
        frame(f"There is one path, so its product is the derivative: {slope[0]} = {tokens}.", total=True)
    elif factored:
        frame(f"Add the paths' own parts, then multiply once by the shared: {tokens}.", total=True)
    else:
        frame(f"Add across the paths: {slope[0]} = {tokens}.", total=True)
    verdict = "✓ All agree" if check[0] == "✓" else "✗ They do not agree"
    frame(f"Check. {verdict}. {check[2:].replace(' · ', '; ')}.{cost}", total=True, check=True)
    return frames


def _agrees(value, total, size, noise):
    """Whether a witness's value is the total: to a millionth of itself, to what rounding leaves of terms of this size when
    they cancel, and to the witness's own noise."""
    return abs(value - total) <= 1e-6 * abs(total) + 1e-12 * size + noise


def _noise(loss, w=1.0):
    """How far rounding alone can move a central difference of a loss of this size by a weight w (`numerical_gradients`)."""
    return 8 * EPSILON * abs(loss) / (1e-5 * max(1.0, abs(w)))


def _decimals_above(noise, most):
    """How many decimals of a number are above its noise: at most `most`, at least none."""
    return most if noise == 0 else max(0, min(most, floor(-log10(noise))))


def short(value):
    """A number that somebody chose, as written: no sign, no more digits than it needs (at most 4 decimals)."""
    return f"{round(float(value), 4) + 0.0:g}"  # + 0.0: no "-0"


def signed(value, decimals):
    """A number with its sign and a fixed number of decimals; zero is +0 even when it was approached from below. More than
    12 decimals are written with a power of ten.

    >>> signed(-0.00001, 3), signed(0.061141, 5), signed(-1.23456e-22, 25)
    ('+0.000', '+0.06114', '-1.235e-22')
    """
    rounded = round(float(value), decimals) + 0.0
    if decimals <= 12 or rounded == 0:
        return f"{rounded:+.{min(decimals, 12)}f}"
    return f"{rounded:+.{max(0, decimals + floor(log10(abs(rounded))))}e}"


def _two(value):
    return "" if value is None else f"{float(value):.2f}"


def _printed(products, exact, total, factored):
    """The numbers as text: ([each product's result, ..., the total], [[(value, inside), ...] for each product]).

    The factors share a number of significant digits, and the results that are added a number of decimals: the fewest
    for which every product, and the total, comes out as printed.
    """
    start = _decimals_for([total] if total else exact)
    starts = [_decimals_for(exact[:1]), *[_decimals_for(exact[1:])] * (len(exact) - 1)] if factored else [start] * len(exact)
    for digits, more in itertools.product(range(4, 16), range(8)):
        places = start if factored else start + more  # of the total: a sum has as many as its terms
        results = [signed(value, first + more) for value, first in zip(exact, starts)]
        printed = [float(text) for text in results]
        added = printed[0] * sum(printed[1:]) if factored else sum(printed)
        values = [[significant(step.value, digits) for step in row] for row in products]
        multiplied = [signed(prod(map(float, row)), first + more) for row, first in zip(values, starts)]
        if multiplied == results and signed(added, places) == signed(total, places):
            break
    cells = [[(value, _inside_as_text(step, value)) for step, value in zip(steps, row)] for steps, row in zip(products, values)]
    return [*results, signed(total, places)], cells


def _decimals_for(values):
    """How many decimals show four digits of the largest of the values."""
    largest = max(map(abs, values))
    return 4 if largest == 0 else max(3 - floor(log10(largest)), 1)


def _inside_as_text(step, value):
    """What is inside a factor, as [symbols, numbers] that multiply to its printed value, or [] where nothing is."""
    if not step.inside:
        return []
    (first, a), (second, b) = step.inside
    digits = len(value.lstrip("+-0.").replace(".", "").split("e")[0]) or 4  # beside a zero the other number still shows four
    for more in range(digits, 17):
        texts = [significant(a, more).lstrip("+"), significant(b, more).lstrip("+")]
        if abs(prod(map(float, texts)) - float(value)) < 0.499 * 10.0 ** -_decimals_of(value):  # nor a tie, which is rounded now up, now down
            break
    return [f"{first} · {second}", f"{texts[0]} × {texts[1]}"]


def _decimals_of(text):
    mantissa, _, exponent = text.partition("e")
    return len(mantissa.partition(".")[2]) - int(exponent or 0)


def significant(value, digits):
    """A number with its sign and `digits` significant digits, without the zeros at its end.

    >>> significant(0.8, 5), significant(1.7219383, 5), significant(-0.0998712, 3)
    ('+0.8', '+1.7219', '-0.0999')
    """
    return f"{value + 0.0:+.{digits}g}"
