"""The scene of one derivative: its routes one after the other, the product along each, their sum, and the check (chapter 4).

A scene holds a ledger of one row a route. In the factored form what all routes share stands in a row of its own. Where `left` is given,
routes can be left out of the sum. Made in the page too, by widgets/js/path-ledger.js, with the same WORDS.
"""

from dataclasses import dataclass
from math import prod

from .digits import added, agrees, decimals_above, decimals_of, display, printed, signed, term, two_factors
from .symbols import spoken

WORDS = {
    "step": "Step {step} of {last}. {text}",
    "path": "path {p}", "shared": "shared", "row": "path {p} {through}", "shared row": "what all paths share",
    "one left": "path {one}", "some left": "paths {some} and {one}", "without": "without {left}",
    "only": "The only path is {way}. {note}", "nth": "Path {p} is {way}. {note}",
    "first": "Each arrow gives one factor, written from {end} back to {name}.",
    "made": "There f′ is a neuron’s slope and ŷ the network’s output.",
    "other": "The double-framed factors are the same on every path.",
    "own": "Its row holds only its own factors; shared ones stand once, above.",
    "multiply only": "Multiply along the path: {product} = {result}.", "multiply": "Multiply along path {p}: {product} = {result}.",
    "multiply own": "Multiply path {p}'s own factors: {product} = {result}.",
    "sum only": "There is one path, so its product is the derivative: {slope} = {sum}.", "sum": "Add across the paths: {slope} = {sum}.",
    "sum own": "Add the paths' own parts, then multiply once by the shared: {sum}.", "sum left": "Add up what is counted, {without}: {sum}.",
    "check": "Check. {verdict} {witnesses}.{cost}", "agree": "✓ All agree.", "differ": "✗ They do not agree.",
    "agree left": "✓ Even {without}: {total}.", "differ left": "✗ Not so {without}: {total}.",
    "cost": " Multiplications: {along} here, {shared} in the factored form.", "cost own": " Multiplications: {shared} here, {along} path by path.",
    "cell": "{said}: {inside} is {value}", "plain cell": "{said} is {value}",
}


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


def scenes(key, name, derivative, routes, witnesses, opening, start, network=None, *, ask=None, left=None, more=None):
    """{key: scene} of one derivative along its routes, and where the routes share factors, "key+factored" too.

    start = (edges, nodes) is what is lit before any route is drawn; network, what the drawing holds in this scene; ask(status), a
    question before the first step; left, the numbers of the paths that are left out, None where none can be;
    more(total as text), what follows the check: frames, with texts as status, and `ask` as above.
    """
    n, length = len(routes), len(routes[0].steps)
    first, last = _shared(routes)
    is_shared = [m < first or m >= length - last for m in range(length)]
    whole = [list(route.steps) for route in routes]
    own = [[step for m, step in enumerate(route.steps) if not is_shared[m]] for route in routes]
    common = [step for m, step in enumerate(routes[0].steps) if is_shared[m]]
    forms = [(key, whole, False)] + ([(f"{key}+factored", [common, *own], True)] if first + last else [])
    counted = [p not in (left or ()) for p in range(1, n + 1)]
    without = WORDS["without"].format(left=_listed(left)) if left else ""
    parts = [prod(step.value for step in route.steps) for route in routes]
    total, size = added(part for part, counts in zip(parts, counted) if counts), added(map(abs, parts))
    texts = printed([([[step.value for step in product] for product in products], outer) for _, products, outer in forms], total, counted)
    right = all(agrees(witness.value, total, size, witness.noise) for witness in witnesses)
    costs = {"along": n * (length - 1), "shared": n * (length - first - last - 1) + max(first + last - 1, 0) + 1}
    made = {}
    for (form, products, outer), (results, values) in zip(forms, texts):
        *results, shown_total = results
        rows = [_row(path, route, product, numbers, result, None if outer else is_shared)
                for path, route, product, numbers, result in
                zip(range(0 if outer else 1, n + 1), ([None] if outer else []) + routes, products, values, results)]
        if left is not None and n > 1:
            for row in rows[outer:]:
                row["counted"] = counted[row["path"] - 1]
        tokens = _tokens(rows, outer, display(shown_total), counted)
        decimals = decimals_of(shown_total)
        verdict = WORDS[("agree" if right else "differ") + (" left" if left else "")].format(without=without, total=display(shown_total))
        said = "; ".join(f"{w.name}: {display(signed(w.value, decimals_above(w.noise, decimals)))}" for w in witnesses)
        spent = WORDS["cost own" if outer else "cost"].format(**costs) if first + last else ""
        end = derivative[0][0]
        made[form] = {
            "holds": {"network": network or {}, "ledger": {"derivative": derivative, "rows": rows, "total": tokens, "agrees": right, **({"without": without} if left else {})}},
            "frames": _frames(name, (f"∂{end}/∂{name}", end), routes, rows, tokens, WORDS["check"].format(verdict=verdict, witnesses=said, cost=spent),
                              opening, ask, start, without, more(tokens[-1][0]) if more else []),
        }
    return made


def _listed(left):
    """Numbers of paths as words: path 2, or paths 1, 3 and 4."""
    *some, one = map(str, sorted(left))
    return WORDS["some left" if some else "one left"].format(some=", ".join(some), one=one)


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
        told = WORDS["cell" if inside else "plain cell"].format(said=step.said, inside=inside.get("numbers", "").replace("×", "times"), value=value)
        cells.append({"over": step.over, "under": step.under, "value": value, "inside": inside, "edge": step.edge,
                      "said": told, "shared": path == 0 or bool(is_shared and is_shared[m])})
    label = WORDS["path"].format(p=path) if path else WORDS["shared"]
    said = (WORDS["row"].format(p=path, through=route.through).strip() if route else WORDS["shared row"])
    return {"path": path, "label": label, "said": said, "cells": cells, "result": display(result)}


def _tokens(rows, outer, total, counted):
    """The sum as [text, path] pairs: terms, operators, and the total at the end."""
    terms = [[term(row["result"]), row["path"]] for row in rows if row["path"] and counted[row["path"] - 1]]
    if not terms or (len(terms) == 1 and not outer):
        return [[total, 0]]
    tokens = [terms[0]]
    for one in terms[1:]:
        tokens += [["+", 0], one]
    if outer:
        if len(terms) > 1:
            tokens[0], tokens[-1] = [f"({tokens[0][0]}", tokens[0][1]], [f"{tokens[-1][0]})", tokens[-1][1]]
        tokens = [[term(rows[0]["result"]), 0], ["×", 0], *tokens]
    return [*tokens, ["=", 0], [total, 0]]


def sum_text(tokens):
    """The sum as one line of text."""
    return " ".join(text for text, _ in tokens)


def _frames(name, slope, routes, rows, total, check, opening, ask, start, without, more):
    """2n + 3 frames for n routes, and what follows: the question, each route in symbols, each in numbers, the sum, the check."""
    n, factored = len(routes), rows[0]["path"] == 0
    frames, many = [], 2 * n + 3 + len(more)

    def say(text):
        return WORDS["step"].format(step=len(frames) + 1, last=many, text=text)

    def frame(text, symbols=n, numbers=n, total=False, check=False):
        edges, lit = dict(start[0]), dict.fromkeys(start[1])
        for p in range(1, symbols + 1):
            lit |= dict.fromkeys(routes[p - 1].nodes)
            for step in routes[p - 1].steps:
                edges[step.edge] = [*(q for q in edges.get(step.edge, []) if q), p]
        levels = [(2 if total else min(symbols, 1)) if row["path"] == 0 else (row["path"] <= symbols) + (row["path"] <= numbers) for row in rows]
        frames.append({"status": say(text), "shows": {"network": {"lit": list(lit), "routes": edges}, "ledger": {"rows": levels, "total": total, "check": check}}})

    frame(opening, symbols=0, numbers=0)
    if ask:
        frames[0]["ask"] = ask(frames[0]["status"])
    for p, route in enumerate(routes, start=1):
        note = WORDS["own" if factored else "first" if p == 1 else "other"].format(end=slope[1], name=name)
        if p == 1 and not factored and routes[0].steps[-1].inside:
            note += " " + WORDS["made"]
        frame(WORDS["only" if n == 1 else "nth"].format(p=p, way=route.words, note=note), symbols=p, numbers=0)
    for row in rows[factored:]:
        product = " × ".join(term(cell["value"]) for cell in row["cells"])
        frame(WORDS["multiply own" if factored else "multiply only" if n == 1 else "multiply"].format(p=row["path"], product=product, result=row["result"]), numbers=row["path"])
    kind = "sum left" if without else "sum only" if n == 1 else "sum own" if factored else "sum"
    frame(WORDS[kind].format(slope=slope[0], sum=sum_text(total), without=without), total=True)
    frame(check, total=True, check=True)
    for one in more:
        frame(one["status"], total=True, check=True)
        frames[-1] |= {part: held for part, held in one.items() if part != "status"}
        if "ask" in one:
            frames[-1]["ask"] = one["ask"](frames[-1]["status"])
    return frames
