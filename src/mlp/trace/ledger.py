"""The scene of one derivative: its routes one after the other, the product along each, their sum, and the check (chapter 4).

A scene holds a ledger of one row a route. In the factored form what all routes share stands in a row of its own.
"""

from dataclasses import dataclass
from math import prod

from .digits import agrees, decimals_above, decimals_of, display, printed, signed, term, two_factors
from .symbols import spoken


@dataclass(frozen=True)
class Step:
    """One factor of a product: d(over)/d(under) = value, over the drawing's edge from `under` to `over`."""

    over: list
    under: list
    value: float
    edge: str
    said: str  # "∂L by ∂O 3 1"
    inside: tuple = ()  # ((symbol, number), (symbol, number)): what the value is the product of


@dataclass(frozen=True)
class Route:
    """One path: its factors from the end back to the start, and the nodes it visits, in reading order."""

    steps: tuple
    nodes: tuple
    words: str  # "w¹₁₁ → O₁₁ → O₂₁ → O₃₁ → L"
    through: str = ""  # what tells it from the other paths: "through O₂₁"


@dataclass(frozen=True)
class Witness:
    """Another way to the same derivative, and how far rounding alone may move it."""

    name: str
    value: float
    noise: float = 0.0


def by(over, under):
    """How a partial derivative is said aloud."""
    return f"∂{spoken(over)} by ∂{spoken(under)}"


def scenes(key, name, derivative, routes, witnesses, opening, start, network=None):
    """{key: scene} of one derivative along its routes, and where the routes share factors, "key+factored" too.

    start = (edges, nodes) is what is lit before any route is drawn; network, what the drawing holds in this scene.
    """
    n, length = len(routes), len(routes[0].steps)
    first, last = _shared(routes)
    is_shared = [m < first or m >= length - last for m in range(length)]
    whole = [list(route.steps) for route in routes]
    own = [[step for m, step in enumerate(route.steps) if not is_shared[m]] for route in routes]
    common = [step for m, step in enumerate(routes[0].steps) if is_shared[m]]
    forms = [(key, whole, False)] + ([(f"{key}+factored", [common, *own], True)] if first + last else [])
    total = sum(prod(step.value for step in route.steps) for route in routes)
    texts = printed([([[step.value for step in product] for product in products], outer) for _, products, outer in forms], total)
    size = sum(abs(prod(step.value for step in route.steps)) for route in routes)
    right = all(agrees(witness.value, total, size, witness.noise) for witness in witnesses)
    along, shared = n * (length - 1), n * (length - first - last - 1) + max(first + last - 1, 0) + 1
    made = {}
    for (form, products, outer), (results, values) in zip(forms, texts):
        *results, shown_total = results
        rows = [_row(path, route, product, numbers, result, None if outer else is_shared)
                for path, route, product, numbers, result in
                zip(range(0 if outer else 1, n + 1), ([None] if outer else []) + routes, products, values, results)]
        tokens = _tokens(rows, outer, display(shown_total))
        here, there = (shared, f"{along} path by path") if outer else (along, f"{shared} in the factored form")
        cost = f" Multiplications: {here} here, {there}." if first + last else ""
        decimals = decimals_of(shown_total)
        said = "; ".join(f"{w.name}: {display(signed(w.value, decimals_above(w.noise, decimals)))}" for w in witnesses)
        verdict = f"{'✓ All agree' if right else '✗ They do not agree'}. {said}.{cost}"
        end = derivative[0][0]
        made[form] = {
            "holds": {"network": network or {}, "ledger": {"derivative": derivative, "rows": rows, "total": tokens, "agrees": right}},
            "frames": _frames(name, (f"∂{end}/∂{name}", end), routes, rows, tokens, verdict, opening, start),
        }
    return made


def _shared(routes):
    """How many factors all routes have in common at the end and at the start; (0, 0) where there is one route."""
    if len(routes) == 1:
        return 0, 0
    pairs = [[(tuple(s.over), tuple(s.under)) for s in route.steps] for route in routes]
    same = [len({p[n] for p in pairs}) == 1 for n in range(len(pairs[0]))]
    first = same.index(False)
    return first, same[::-1].index(False)


def _row(path, route, product, numbers, result, is_shared):
    """A row of the ledger: one path's product, or with path 0 what all paths share."""
    cells = []
    for m, (step, number) in enumerate(zip(product, numbers)):
        inside, value = {}, display(number).removeprefix("+")
        if step.inside:
            (first, a), (second, b) = step.inside
            inside = {"symbols": [first, second], "numbers": " × ".join(term(display(text)) for text in two_factors(a, b, number))}
        told = inside["numbers"].replace("×", "times") + " is " if inside else "is "
        cells.append({"over": step.over, "under": step.under, "value": value, "inside": inside, "edge": step.edge,
                      "said": f"{step.said}: {told}{value}".replace(": is ", " is "), "shared": path == 0 or bool(is_shared and is_shared[m])})
    label = f"path {path}" if path else "shared"
    return {"path": path, "label": label, "said": f"{label} {route.through}".strip() if route else "what all paths share",
            "cells": cells, "result": display(result)}


def _tokens(rows, outer, total):
    """The sum as [text, path] pairs: terms, operators, and the total at the end."""
    terms = [[term(row["result"]), row["path"]] for row in rows if row["path"]]
    tokens = [terms[0]]
    for one in terms[1:]:
        tokens += [["+", 0], one]
    if outer:
        (first, path), (last, other) = tokens[0], tokens[-1]
        tokens = [[term(rows[0]["result"]), 0], ["×", 0], [f"({first}", path], *tokens[1:-1], [f"{last})", other]]
    return [*tokens, ["=", 0], [total, 0]] if len(terms) > 1 else [[total, 0]]


def sum_text(tokens):
    """The sum as one line of text."""
    return " ".join(text for text, _ in tokens)


def _frames(name, slope, routes, rows, total, verdict, opening, start):
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
        frames.append({"status": f"Step {len(frames) + 1} of {2 * n + 3}. {text}",
                       "shows": {"network": {"lit": list(lit), "routes": edges}, "ledger": {"rows": levels, "total": total, "check": check}}})

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
        frame(f"{along}: {' × '.join(term(cell['value']) for cell in row['cells'])} = {row['result']}.", numbers=row["path"])
    if n == 1:
        frame(f"There is one path, so its product is the derivative: {slope[0]} = {sum_text(total)}.", total=True)
    elif factored:
        frame(f"Add the paths' own parts, then multiply once by the shared: {sum_text(total)}.", total=True)
    else:
        frame(f"Add across the paths: {slope[0]} = {sum_text(total)}.", total=True)
    frame(f"Check. {verdict}", total=True, check=True)
    return frames
