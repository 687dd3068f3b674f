"""A weight's faces, questions that mix them up, and the forward pass sum by sum (chapter 1). All frames are made here; the page's
module, widgets/js/names.js, only looks them up."""

from .. import _checks
from ..network import forward
from .digits import added, fixed, short, term
from .drawing import MOST_LABELS, drawable, edge_id, network_drawing, node_id, weight_options, weights_of
from .frames import asked, checked
from .symbols import plain, spoken, written

QUESTIONS = 12
MODES = {"find": "Find", "look": "Look", "step": "Step"}

WORDS = {
    "faces": "{w}, said “{said}”, is {value}. It leads from {from} to {to}, stands in row {i} and column {j} of {W}, and in code it is net.W[{k}][{i}-1, {j}-1].",
    "example": "{w} is said “{said}”: from {from} to {to}, which is unit {j} of layer {k}. The number above is the layer where the edge arrives, not a power; below stand (from, to).",
    "introduce": "In code a weight is net.W[layer][from − 1, to − 1]: rows and columns count from 0, the layer does not.",
    "heads": "A row is from, a column is to.",
    "edge": "Find {n} of {of}. Which edge is {w}? Click it or choose it in the list, then press Check.",
    "symbol of edge": "Find {n} of {of}. What is the name of the edge with the question mark?",
    "cell": "Find {n} of {of}. Which number is {code}? Click it or choose it in the list, then press Check.",
    "symbol of cell": "Find {n} of {of}. What is the name of the framed number?",
    "row": "row {i}, column {j} of {W}",
    "right edge": "{w} is said “{said}”. It stands in row {i} and column {j} of {W}.", "right symbol of edge": "Said “{said}”, it stands in row {i} and column {j} of {W}.",
    "right cell": "{w}, said “{said}”, leads from {from} to {to}.", "right symbol of cell": "Said “{said}”, it leads from {from} to {to}.",
    "code": "In code: {code}.", "counted": "In code: {code}, for there rows and columns count from 0; the layer does not.",
    "end": "That was the last: above, the layer where the edge arrives; below, (from, to); in code both of these less 1.", "score": "Of {of}, you found {n} at the first try.",
    "turned": "You took (to, from); the subscripts are (from, to).", "layer": "The layer is the number above, where the edge arrives; both below are units.",
    "bracket": "The number in the first brackets is the layer, and does not count from 0: net.W[{k}] is {W}.",
    "offset": "Rows and columns count from 0 in code: [{i0}, {j0}] is row {i}, column {j}. The {k} is the layer.", "other": "That one is “{said}”.", "besides": "From and to do not fit either: that one is “{said}”.",
    "first": "The inputs go in. Which neuron can be computed first?",
    "sum": "{Z} = {products} = {terms} = {value}.", "same": "{Z} = {products} = {value}.", "output": "{O} = {f}({Z}) = {value}.", "last": "{O} = {Z} = {value}: the identity gives out its sum.",
    "ask sum": "{Z} = {products}. How much is that? (two decimals)",
    "shapes": "As matrices, a layer is one product: {shapes}.",
}


def names(net, x, mode="find"):
    """The spec of the names of the weights of `net`, with the values of the point x (n_0,). Notes: N2."""
    drawable(net)
    x = _checks.real_array("x", x)
    if x.shape != (net.sizes[0],):
        raise ValueError(f"x must be one point, of shape ({net.sizes[0]},), but its shape is {x.shape}")
    if mode not in MODES:
        raise ValueError(f"mode must be one of {', '.join(map(repr, MODES))}, but {_checks.shown(mode)} came")
    drawing = network_drawing(net, x[None])
    drawing["nodes"] = [node for node in drawing["nodes"] if node["id"] != "L"]
    drawing["edges"] = [edge for edge in drawing["edges"] if edge["choice"]]
    drawing["columns"] = drawing["columns"][:-1]
    drawing["name"] = drawing["name"].replace(" and its loss", "")
    weights = weights_of(net)
    cells = [short(net.w(*w)) for w in weights]
    choices = [edge_id(*w) for w in weights]
    return checked({
        "name": "names", "title": "Names", "first": 1, "still": 0,
        "panels": {"network": drawing, "matrices": {"name": "The weights as matrices", "grids": [[k, *net.W[k].shape] for k in net.layers], "choices": choices, "heads": True}},
        "choices": [{"name": "mode", "label": "mode", "options": [[name, text, ""] for name, text in MODES.items()]},
                    {"name": "weight", "label": "weight", "options": weight_options(net)}],
        "traits": {"mode": mode, "weight": "w2_3_1" if "w2_3_1" in choices else choices[0]},
        "live": {"module": "names", "finds": _finds(net, cells), "looks": [_look(net, weight, cells) for weight in weights], "steps": _steps(net, x, cells), "weights": choices, "score": WORDS["score"]},
    })


def last(spec, state):
    return {"find": len(spec["live"]["finds"]), "look": 1, "step": len(spec["live"]["steps"])}[state["mode"]] - 1


def frame(spec, state):
    live = spec["live"]
    if state["mode"] == "look":
        return live["looks"][live["weights"].index(state["weight"])]
    return live["finds" if state["mode"] == "find" else "steps"][state["index"]]


def _slots(weight):
    k, i, j = weight
    return {"w": plain(("w", k, i, j)), "said": spoken(("w", k, i, j)), "from": plain(("O", k - 1, i)), "to": plain(("O", k, j)),
            "k": k, "i": i, "j": j, "i0": i - 1, "j0": j - 1, "W": written(["W", "", str(k)]), "code": f"net.W[{k}][{i - 1}, {j - 1}]"}


def _shows(net, cells, weight=None, edge=True, cell=True, label=None):
    """Both panels: one weight lit as an edge, as a cell, or as both."""
    lit = [] if weight is None or not edge else [edge_id(*weight)]
    return {"network": {"lit": [] if not lit else [node_id(weight[0] - 1, weight[1]), node_id(weight[0], weight[2])], "routes": {one: [1] for one in lit},
                        "labels": {lit[0]: label} if lit and label else {}},
            "matrices": {"letter": "W", "cells": cells, "lit": [weights_of(net).index(weight)] if weight and cell else [], "wrong": [], "note": WORDS["heads"]}}


def _look(net, weight, cells):
    status = WORDS["faces"].format_map({**_slots(weight), "value": short(net.w(*weight))})
    return {"status": status, "shows": _shows(net, cells, weight), "controls": ["mode", "weight"]}


def _finds(net, cells):
    """Twelve questions of four kinds in a fixed order, about weights whose two subscripts differ where there are enough."""
    weights = weights_of(net)
    candidates = [weight for weight in weights if weight[1] != weight[2]]
    candidates = candidates if len(candidates) > 4 else weights
    start = candidates.index((1, 2, 3)) if (1, 2, 3) in candidates else 0
    stride = next(n for n in (5, 3, 1) if len(candidates) % n or n == 1)
    targets = [candidates[(start + stride * n) % len(candidates)] for n in range(QUESTIONS)]
    frames = []
    for n, target in enumerate(targets):
        kind = ("edge", "symbol of edge", "cell", "symbol of cell")[n % 4]
        slots = {**_slots(target), "n": n + 1, "of": QUESTIONS}
        after = _shows(net, cells, target, label=slots["w"])
        if kind in ("edge", "cell"):
            options = [[edge_id(*w), f"{plain(('O', w[0] - 1, w[1]))} → {plain(('O', w[0], w[2]))}" if kind == "edge" else WORDS["row"].format_map(_slots(w))] for w in weights]
            answer, ask = edge_id(*target), {"options": options, "shown": dict(options)[edge_id(*target)], "slips": [[edge_id(*w), _slip(target, w, kind)] for w in weights if w != target]}
            before = _shows(net, cells)
        else:
            wrong = _look_alikes(target, weights)
            answer, ask = slots["w"], {"choices": sorted(plain(("w", *w)) for w in (target, *wrong)), "slips": [[plain(("w", *w)), _slip(target, w, "edge")] for w in wrong]}
            before = _shows(net, cells, target, edge=kind == "symbol of edge", cell=kind == "symbol of cell", label="?")
        first = ""
        if n == 0:
            example = (2, 3, 1) if (2, 3, 1) in weights else weights[-1]
            first, before = WORDS["example"].format_map(_slots(example)), _shows(net, cells, example, cell=False)
            before["network"]["routes"] = {edge_id(*example): [0]}  # in ink, for blue is what the reader has chosen
        elif n == 2:
            first = WORDS["introduce"]
        status = [WORDS[f"right {kind}"], *([WORDS["counted" if n < 2 else "code"]] if kind != "cell" else []), *([WORDS["end"]] if n == QUESTIONS - 1 else [])]
        frames.append({"status": " ".join(status).format_map(slots), "shows": after, "controls": ["mode"],
                       "ask": asked(WORDS[kind].format_map(slots), answer, "", first, shows=before, **ask)})
    return frames


def _look_alikes(target, weights):
    """Three names that a slip leads to: (to, from), the layer of the start, the layer below; more where these are the same."""
    k, i, j = target
    near = [(k, j, i), (i, k, j), (max(k - 1, 1), i, j), (k + 1, i, j), (k, i, j + 1), (k, i + 1, j)]
    return list(dict.fromkeys(one for one in near if one != target))[:3]


def _slip(target, given, kind):
    """What is said to a wrong answer: of its layer, of its place, or of both."""
    (k, i, j), (layer, a, b) = target, given
    slips = [] if layer == k else ["bracket" if kind == "cell" else "layer"]
    if kind == "cell" and (a, b) in ((i - 1, j - 1), (i - 1, j), (i, j - 1)):
        slips.append("offset")
    elif (a, b) != (i, j):
        slips.append("turned" if (a, b) == (j, i) else "besides" if slips else "other")
    return " ".join(WORDS[slip] for slip in slips).format_map({**_slots(target), "said": spoken(("w", *given))})


def _steps(net, x, cells):
    """The forward pass: a sum and an output for each neuron, then the products of matrices."""
    point = forward(net, x[None])
    hidden = {node_id(k, j): "" for k in net.layers for j in range(1, net.sizes[k] + 1)}
    weights, frames = weights_of(net), []

    def made(status, lit, edges, column, ask=None):
        shows = _shows(net, cells)
        shows["network"] |= {"lit": lit, "routes": {edge: [1] for edge in edges}, "values": dict(hidden), "labels": dict.fromkeys(edges, "") if len(edges) > MOST_LABELS else {}}
        shows["matrices"]["lit"] = column
        frames.append({"status": status, "shows": shows, "controls": ["mode"], **({"ask": ask} if ask else {})})

    made(WORDS["first"], [node_id(0, i) for i in range(1, net.sizes[0] + 1)], [], [])
    questioned = [(1, 1), *([(2, 1)] if len(net.layers) > 1 else [])]
    for k in net.layers:
        for j in range(1, net.sizes[k] + 1):
            before = [float(v) for v in point.O[k - 1][0]]
            column = [net.w(k, i, j) for i in range(1, len(before) + 1)]
            bias = float(net.b[k][j - 1])
            parts = [a * w for a, w in zip(before, column)] + ([bias] if k in net.biased else [])
            total = float(point.Z[k][0, j - 1])
            digits = next((d for d in (4, 5, 6, 7) if fixed(added(round(v, d) for v in parts), d) == fixed(total, d)), 4)
            products = " + ".join([f"{term(fixed(a, 4))} · {term(short(w))}" for a, w in zip(before, column)] + ([term(short(bias))] if k in net.biased else []))
            terms = " ".join(f"{'−' if v < 0 else '+'} {fixed(abs(v), digits)}" for v in parts).removeprefix("+ ").replace("− ", "−", 1 if parts[0] < 0 else 0)
            slots = {"Z": plain(("Z", k, j)), "O": plain(("O", k, j)), "products": products, "terms": terms, "value": fixed(total, digits), "f": "σ" if net.f[k].name == "sigmoid" else net.f[k].name}
            lit = [node_id(k - 1, i) for i in range(1, len(before) + 1)] + [node_id(k, j)]
            edges = [edge_id(k, i, j) for i in range(1, len(before) + 1)]
            cells_of = [weights.index((k, i, j)) for i in range(1, len(before) + 1)]
            ask = None
            if (k, j) in questioned:
                ask = asked(WORDS["ask sum"].format_map(slots), total, "", "", shown=fixed(total, 2), tol=0.0061)
            made(WORDS["sum" if len(parts) > 1 else "same"].format_map(slots), lit, edges, cells_of, ask)
            hidden[node_id(k, j)] = fixed(float(point.O[k][0, j - 1]), 2)
            out = {**slots, "value": fixed(float(point.O[k][0, j - 1]), 4)}
            made(WORDS["last" if net.f[k].name == "identity" else "output"].format_map(out), lit, edges, cells_of)
    sizes = net.sizes
    shapes = ", ".join(f"(1, {a})({a}, {b}) → (1, {b})" for a, b in zip(sizes, sizes[1:]))
    made(WORDS["shapes"].format(shapes=shapes), [node["id"] for node in network_drawing(net)["nodes"] if node["id"] != "L"], [edge_id(*w) for w in weights], [])
    return frames
