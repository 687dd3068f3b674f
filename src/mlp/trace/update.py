"""One update (chapter 5): forward, all derivatives from the end to the start, the move of every weight; then a bench on which
weights are turned and updates made, and four programs with a mistake each.

The steps are templates (`walk`); `frame` computes the numbers of the moment and fills them, as js/one-update.js does on the page.
"""

from typing import NamedTuple

import numpy as np

from .. import _checks
from ..backprop import backprop, numerical_gradients
from ..losses import squared_loss
from ..network import MLP, forward
from .digits import display, figures, fixed, noise_of_difference, short, signed, significant, term
from .drawing import MOST_LABELS, MOST_UNITS, edge_id, network_drawing, node_id, weight_options, weights_of
from .frames import asked, checked
from .points import net_of as carried_net
from .points import packed_net
from .points import weights_of as flat_weights
from .symbols import plain, written
from .walk import BACK, FIRST, MOVE, SLOPE, WEIGHTS, d, lines_of, numbered, walk

BOOK = "book"
MISTAKES = {  # program: its broken line, and what stands there
    "A": (SLOPE, "    dZ[k] = dO[k]"),
    "B": (BACK, "    dO[k - 1] = dZ[k][:, -1:] @ net.W[k][:, -1:].T"),
    "C": (BACK, "    dO[k - 1] = dZ[k] @ (net.W[k] - eta * dW[k]).T"),
    "D": (FIRST, "dO, dZ, dW = {3: 2 * (y - O[3])}, {}, {}"),
}
TOPS = [float(f"{m}e{e}") for e in range(-3, 15) for m in (1, 2, 5)]  # where an axis may end
RATES = [0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.4, 1]
REACH = 2.0  # of the dial, and of the slice on either side of a weight beyond it
FLOOR = 1e-9  # derivatives that differ by less are the same
FLAT = 5e-5  # a slope that is 0 to four decimals
LARGEST = 1000.0  # beyond that no update moves a weight


def one_update(net, x, y, eta=0.1, start="given", program=BOOK):
    """The spec of one update of `net` by one point.

    x is (n_0,), y a number or (n_K,). Raises as `forward` does, and ValueError where the network has more units than can be
    drawn, or biases, which the view would not show. Notes: N10.
    """
    _checks.one_of("net", net, MLP, "an MLP")
    X, Y = _checks.point(x, y, net)
    carried = packed_net(net)
    if max(net.sizes) > MOST_UNITS or net.biased:
        raise ValueError(f"net must have at most {MOST_UNITS} units a layer and no biases, to be drawn; this one is {net}")
    starts = {name: weights.tolist() for name, weights in _starts(net).items()}
    if start not in starts:
        raise ValueError(f"start must be one of {', '.join(map(repr, starts))}, but {start!r} came")
    flat = weights_of(net)
    edges = [edge_id(*w) for w in flat]
    K, steps = len(net.layers), walk(net)
    right = ["none", *("only " * (k == K) + " and ".join(written(["dW", "", str(n)]) for n in range(K, k - 1, -1)) for k in range(K, 1, -1)), "all"]
    drawing = network_drawing(net, X, Y)
    drawing["columns"] = [""] * len(drawing["columns"])  # their room is the matrices'
    for node in drawing["nodes"]:
        node["value"] = ""  # until it is computed
    return checked({
        "name": "one-update",
        "title": "One update" if program == BOOK else "Bug hunt",
        "panels": {
            "network": drawing,
            "matrices": {"name": "The weights' numbers", "grids": [[k, net.sizes[k - 1], net.sizes[k]] for k in net.layers], "choices": edges},
            "code": {"name": "The update as a program", "lines": lines_of(K)},
            "slice": {"kind": "chart", "name": "The loss against the chosen weight", "x": _axis(-2, 2, [-2, 0, 2]), "y": _axis(0, 1, [0, 1]), "beside": True, "height": 128, "narrow": 64},
            "losses": {"kind": "chart", "name": "The loss after each update", "title": "L after each update", "x": _axis(0, 10, [0, 10]),
                       "y": _axis(0, 1, [0, 1]), "beside": True, "height": 128, "narrow": 64},
        },
        "choices": [
            {"name": "program", "label": "program", "options": [[BOOK, "as in the book"], *([name, name, f"program {name}, with a mistake"] for name in MISTAKES)]},
            {"name": "start", "label": "start", "options": [["given", "as given"], ["zeros", "all 0"], ["equal", "all 0.5"], *([f"seed{n}", f"seed {n}"] for n in SEEDS)],
             "sets": {name: {"weights": weights, "trail": []} for name, weights in starts.items()}, "place": "foot"},
            {"name": "weight", "label": "weight", "options": [[edge, name.split(" ")[0], said] for edge, name, said in weight_options(net)], "place": "dial"},
            {"name": "ratio", "label": "ratios", "place": "foot"},
            {"name": "eta", "label": "η", "values": RATES, "most": 100, "place": "foot"},
        ],
        "dial": {"of": "weight", "edges": edges, "label": "value", "values": [n / 20 for n in range(-40, 41)], "most": 1_000_000, "after": "network"},
        "traits": {"program": program, "start": start, "weight": edge_id(K, 1, 1), "ratio": False,
                   "eta": float(eta), "weights": starts[start], "trail": []},
        "live": {
            "module": "one-update",
            "net": carried, "x": X[0].tolist(), "y": Y[0].tolist(), "witness": [squared_loss(Y, forward(net, X).yhat), *np.concatenate([one.ravel() for one in backprop(net, X, Y).W.values()]).tolist()],
            "names": [plain(("w", *w)) for w in flat],
            "steps": steps, "right": right, "lines": [f"line {line}" for line in (FIRST, SLOPE, WEIGHTS, BACK, MOVE)],
            "words": _words(net), "column": flat.index((max(1, K - 1), 1, 1)), "tops": TOPS, "reach": REACH, "largest": LARGEST, "flat": FLAT,
            "mistakes": {name: {"line": line, "text": numbered(text, K)} for name, (line, text) in MISTAKES.items()},
        },
        "first": 0,
        "still": len(steps) - 1 if program == BOOK else 0,
    })


SEEDS = (1, 2, 3)


def _starts(net):
    """{name: flat weights} to begin with."""
    given = np.array(flat_weights(net))
    drawn = {f"seed{seed}": np.array(flat_weights(MLP.init(net.sizes, rng=np.random.default_rng(seed)))) for seed in SEEDS}
    return {"given": given, "zeros": np.zeros(given.size), "equal": np.full(given.size, 0.5), **drawn}


def _axis(least, most, ticks):
    return {"least": float(least), "most": float(most), "ticks": [[float(tick), short(tick)] for tick in ticks]}


def _words(net):
    """Sentences of the bench and of the hunt."""
    count = len(weights_of(net))
    return {
        "bench": "{name} = {w}: L = {L}. ∂L/∂{name} = {slope}, {way}. An update with η = {eta} moves it by {move}.",
        "down": "so smaller is better", "up": "so larger is better",
        "flat": "{name} = {w}: L = {L}. Here ∂L/∂{name} is 0 to four decimals: an update hardly moves it.", "next": "Next, choose program A in the list above: one of its lines is broken.",
        "after1": "After 1 update: {bench}", "after": "After {t} updates: {bench}",
        "away": "The weights are too large to go on. Rewind.",
        "wrong": "{name} = {w}: L = {L}. Program {program} says {slope}, the finite difference {fd}.",
        "reading": "ŷ {yhat}, L {L}",
        "check": f"✓ {{right}} of {count} agree", "marks": f"✗ {{wrong}} of {count} are wrong",
        "right": "The right program", "both": "The right program; ✗ as in program {program}",
        "numbers": f"Program {{program}} is the right program with one line broken. It ran without complaint and gave these {count} derivatives.",
        "which": "Which matrices of program {program} are right?",
        "marked": f"The check marks {{wrong}} of {count}. A wrong column points to a neuron: its dZ is wrong. Step on.",
        "hidden": f"With these weights the mistake of program {{program}} does not show: all {count} agree. Rewind.",
        "clue": "One of these lines was changed, unseen. Switch to ratios below: program ÷ finite difference. One number down a whole column blames that unit’s dZ.",
        "early": f"Right cause: the weights moved too early. But line {MOVE} is unchanged. Which line reads the moved weights?",
        "another": "Next: program {another}, in the list above.", "hunted": "That was the last of the four.",
        "line": "Which line of program {program} is broken?",
        **_named(net),
        "slice": "L against {name}",
        "lossesSaid": "{t} updates, now {L}",
    }


def _named(net):
    """What each mistake does, with numbers of a neuron that shows it."""
    K, sizes = len(net.layers), net.sizes
    several = next((k for k in range(K - 1, 0, -1) if sizes[k + 1] > 1), 0)  # a layer whose outputs have several readers
    column, slope = written(["dW", "", str(K - 1)]), plain(("f'", K - 1, 1))
    twice = f" In {written(['dW', '', str(K - 2)])} f′ is missing twice." if K > 2 else ""
    large = f". So the ratio of column 1 of {column} is 1 ÷ {slope} = 1 ÷ {{s{K - 1}_1}} = {{ratio}}.{twice}" if K > 1 else "."
    lost = f": {d('O', several, 1)} is {{p{several + 1}_1_{sizes[several + 1]}}} alone" if several else ""
    late = f": {plain(('w', K, 1, 1))} is {{n{K}_1_1}} there, not {{w{K}_1_1}}"
    return {
        "namedA": f"Line {SLOPE} forgets f′ (rule 2: dZ is dO times f′){large}",
        "namedB": f"Line {BACK} keeps the last reader only (rule 4 adds all; in a loop, = in place of +=){lost}.",
        "namedC": f"Line {BACK} hands back through weights that have moved already{late}. Turn η, and the ratios change.",
        "namedD": f"Line {FIRST} has ŷ − y turned around (rule 1: the slope of L). Every sign is wrong, and every update climbs.",
    }


# A moment ---------------------------------------------------------------------------------------------------------------


class Moment(NamedTuple):
    """All numbers of a state: by slot and as text; then, in the order of the weights, derivatives, finite differences, how far rounding
    may move those, new weights, and which derivatives are wrong; and the outputs before and after the update."""

    net: MLP
    raw: dict
    texts: dict
    dw: np.ndarray
    fd: np.ndarray
    noise: np.ndarray
    new: np.ndarray
    wrong: list
    O: dict
    after: dict


def net_of(spec, state):
    """The network with the state's weights."""
    return carried_net(spec["live"]["net"], state["weights"])


def sweep(net, X, Y, fault, eta):
    """(Z, O, slope, dO, dZ, dW) of one point, by the four rules, or as a program with a mistake has them."""
    Z, O = forward(net, X)
    K = len(net.layers)
    slope, dZ, dW = {}, {}, {}
    dO = {K: squared_loss.d(Y, O[K]) * (-1 if fault == "D" else 1)}
    for k in range(K, 0, -1):
        slope[k] = net.f[k].d(Z[k])
        dZ[k] = dO[k] * (1 if fault == "A" else slope[k])
        dW[k] = O[k - 1].T @ dZ[k]
        through = net.W[k] - eta * dW[k] if fault == "C" else net.W[k]
        readers = slice(-1 if fault == "B" else None, None)
        dO[k - 1] = dZ[k][:, readers] @ through[:, readers].T
    return Z, O, slope, dO, dZ, dW


def moment(spec, state):
    net, (X, Y) = net_of(spec, state), _point(spec)
    flat, weights, eta, K = weights_of(net), state["weights"], state["eta"], len(net.layers)
    Z, O, slope, dO, dZ, dW = sweep(net, X, Y, state["program"], eta)
    new_net = net.with_parameters({k: net.W[k] - eta * dW[k] for k in net.layers}, net.b)
    after, L = forward(new_net, X).O, squared_loss(Y, O[K])
    dw, fd, new = (np.concatenate([by[k].ravel() for k in net.layers]) for by in (dW, numerical_gradients(net, X, Y).W, new_net.W))
    noise = np.array([noise_of_difference(L, w) for w in weights]) + FLOOR
    wrong = np.flatnonzero(abs(dw - fd) > 1e-6 * np.maximum(abs(fd), 0.1 * abs(fd).max()) + noise).tolist()
    raw = {"L": L, "L2": squared_loss(Y, after[K]), "eta": eta, "right": len(flat) - len(wrong), "wrong": len(wrong)}
    raw |= {f"y{j}": value for j, value in enumerate(spec["live"]["y"], start=1)}
    for letter, by in (("Z", Z), ("O", O), ("s", slope), ("dO", dO), ("dZ", dZ)):
        raw |= {f"{letter}{k}_{j}": float(value) for k in by for j, value in enumerate(by[k][0], start=1)}
    for n, (k, i, j) in enumerate(flat):
        ends = f"{k}_{i}_{j}"
        raw |= {f"w{ends}": weights[n], f"d{ends}": float(dw[n]), f"n{ends}": float(new[n]), f"p{ends}": weights[n] * float(dZ[k][0, j - 1])}
    return Moment(net, raw, _texts(raw), dw, fd, noise, new, wrong, O, after)


def _point(spec):
    return np.array([spec["live"]["x"]]), np.array([spec["live"]["y"]])


def four(value):
    """A number with four decimals, a very large one with six digits."""
    return fixed(value, 4) if abs(value) < 1000 else figures(value, 6)


def cell(value, decimals=4):
    """A derivative in a cell: fewer decimals where it is large, so that it stays about as wide."""
    for most, fewer in ((10, 0), (100, 1), (1000, 2), (10000, 3)):
        if abs(value) < most:
            return display(signed(value, max(0, decimals - fewer)))
    return display(significant(value, 3))


def brief(value, decimals=2):
    """A number for a circle, or a ratio."""
    return fixed(value, decimals) if abs(value) < 100 else figures(value, 3)


def _texts(raw):
    """Every slot as text, and with t at its end as a term."""
    texts = {}
    for name, value in raw.items():
        text = str(value) if name in ("right", "wrong") else short(value) if name[0] in "wne" else four(value)
        texts |= {name: text, f"{name}t": term(text)}
    return texts


# Frames -----------------------------------------------------------------------------------------------------------------


def last(spec, state):
    """The walk's steps and the bench; for a program with a mistake the check, the mistake, and the bench."""
    return len(spec["live"]["steps"]) if state["program"] == BOOK else 2


def frame(spec, state):
    """The frame at state["index"]."""
    make = bench if state["index"] == last(spec, state) else walked if state["program"] == BOOK else hunted
    return make(spec, state, moment(spec, state))


def walked(spec, state, now):
    """A step of the walk, and its question if it has one."""
    step = spec["live"]["steps"][state["index"]]
    made = {**_step(spec, state, now, step), "controls": ["program"]}
    if ask := step.get("ask"):
        before, raw = _step(spec, state, now, ask["before"]), now.raw
        if "choices" in ask:
            made["ask"] = asked(ask["question"], ask["answer"], ask["why"], **before, choices=ask["choices"])
        else:
            slips = [[-raw[slot[1:]] if slot[0] == "-" else raw[slot], words] for slot, words in ask["slips"]]
            made["ask"] = asked(ask["question"], raw[ask["answer"]], "", **before, shown=fixed(raw[ask["answer"]], 2), tol=0.006, slips=slips)
    return made


def _step(spec, state, now, step):
    """Status and shows of one step of the walk."""
    moved, after, weights = step.get("moved"), "after" in step, state["weights"]
    values = _values(now.net, now.after if after else now.O, now.raw["L2" if after else "L"], step["known"])
    present = now.new if moved else weights
    numbers = {edge: short(w) for edge, w in zip(spec["dial"]["edges"], present) if edge in step["routes"]}
    labels = {"labels": dict.fromkeys(step["routes"], "")} if len(step["routes"]) > MOST_LABELS else {"numbers": numbers}
    matrices = {"letter": "W" if moved else "dW", "lit": step["hot"], "wrong": [], "note": ""}
    if moved:
        matrices["cells"] = [short(now.new[n] if n in moved else w) for n, w in enumerate(weights)]
        matrices["old"] = [short(w) if n in moved else "" for n, w in enumerate(weights)]
    else:
        matrices["cells"] = [cell(d) if n in step["cells"] else "" for n, d in enumerate(now.dw)]
    return {"status": step["status"].format(**now.texts), "shows": {
        "network": {"lit": step["lit"], "routes": step["routes"], "values": values, **_tags(step["tags"], now.raw), **labels},
        "matrices": matrices,
        "code": {"line": step["line"]},
    }}


def _values(net, O, L, known=None):
    """The outputs in the circles: of the inputs, and of so many units after them, or all; L is the last."""
    units = [(k, j) for k in range(len(net.sizes)) for j in range(net.sizes[k])]
    values = {**{node_id(k, j + 1): brief(O[k][0, j]) for k, j in units}, "L": brief(L)}
    return values if known is None else dict(list(values.items())[: net.sizes[0] + known])


def _tags(tags, raw):
    return {"tags": {node: f"{slot[:2]} {cell(raw[slot])}" for node, slot in tags}, "briefs": {node: cell(raw[slot], 2) for node, slot in tags}}


def _all(now):
    """The network with all outputs and all dZ."""
    tags = [(node_id(k, j), f"dZ{k}_{j}") for k in now.net.layers for j in range(1, now.net.sizes[k] + 1)]
    return {"values": _values(now.net, now.O, now.raw["L"]), **_tags(tags, now.raw)}


def _cells(spec, state, now):
    """The derivatives, or their ratios to the finite differences, with the wrong ones marked."""
    words = spec["live"]["words"]
    note = words["marks" if now.wrong else "check"].format(**now.texts)
    return {"letter": "dW", "cells": _ratios(now) if state["ratio"] else [cell(one) for one in now.dw], "lit": [], "wrong": now.wrong, "note": note}


def _ratios(now):
    return [brief(one / other, 3) if abs(other) > 2000 * noise else "–" for one, other, noise in zip(now.dw, now.fd, now.noise)]


def hunted(spec, state, now):
    """A program with a mistake: its numbers, and what the check says of them (0); then which line it is (1)."""
    live, program = spec["live"], state["program"]
    words, mistake, names = live["words"], live["mistakes"][program], list(live["mistakes"])
    texts = {**now.texts, "program": program, "ratio": _ratios(now)[live["column"]], "another": dict(zip(names, names[1:])).get(program, "")}
    shows = {"network": {"lit": [], "routes": {}, **_all(now)}, "matrices": _cells(spec, state, now), "code": {"line": 0, "all": state["index"] == 1, "title": words["right"]}}
    made = {"shows": shows, "controls": ["program", "ratio", "eta"]}
    bad = {weights_of(now.net)[n][0] for n in now.wrong}
    if not bad or len(bad) < max(bad):  # none is wrong, or one layer is right behind a wrong one: no answer fits
        return {**made, "status": words["marked" if bad else "hidden"].format(**texts)}
    if state["index"] == 0:
        choices, answer, slips = live["right"], live["right"][len(now.net.layers) - len(bad)], []
        unmarked = {"letter": "dW", "cells": [cell(one) for one in now.dw], "lit": [], "wrong": [], "note": ""}
        status, question, before = words["marked"], words["which"], {"status": words["numbers"].format(**texts), "shows": {"matrices": unmarked}}
    else:
        choices, answer = live["lines"], f"line {mistake['line']}"
        slips = [[f"line {MOVE}", words["early"], "nearly"]] if program == "C" else []
        status, question, before = f"{words[f'named{program}']} {words['another' if texts['another'] else 'hunted']}", words["line"], {"status": words["clue"], "shows": {"code": shows["code"]}}
        shows["code"] = {"line": mistake["line"], "all": True, "mistake": mistake["text"], "title": words["both"].format(**texts)}
    return {**made, "status": status.format(**texts), "ask": asked(question.format(**texts), answer, "", **before, choices=choices, slips=slips)}


def bench(spec, state, now):
    """One weight turned, L against it, updates, and L after each."""
    words, n = spec["live"]["words"], spec["dial"]["edges"].index(state["weight"])
    w, L, fd, (k, i, j) = state["weights"][n], now.raw["L"], now.fd[n], weights_of(now.net)[n]
    trail, away, program = _trail(state["trail"], L), _away(now), state["program"]
    texts = {**now.texts, "program": program, "name": spec["live"]["names"][n], "w": short(w), "slope": cell(now.dw[n]), "fd": cell(fd),
             "move": cell(-state["eta"] * now.dw[n]), "yhat": ", ".join(four(value) for value in now.O[len(now.net.layers)][0]),
             "way": words["down" if fd > 0 else "up"], "t": str(len(trail) - 1)}
    flat = abs(fd) <= now.noise[n] or abs(now.dw[n]) < FLAT
    status = words["wrong" if n in now.wrong else "flat" if flat else "bench"].format(**texts)
    if len(trail) > 1:
        status = words["after1" if len(trail) == 2 else "after"].format(**texts, bench=status)
    lit = [node_id(k - 1, i), node_id(k, j), *(node_id(layer, unit) for layer in now.net.layers if layer > k for unit in range(1, now.net.sizes[layer] + 1)), "L"]
    return {
        "status": f"{status} {words['away']}" if away else f"{status} {words['next']}" if program == BOOK and len(trail) == 1 else status,
        "shows": {
            "network": {"lit": lit, "routes": {state["weight"]: [1]}, "labels": {state["weight"]: ""}, "sizes": dict(zip(spec["dial"]["edges"], state["weights"])),
                        **_all(now)},
            "matrices": {**_cells(spec, state, now), "lit": [n]},
            "slice": _slice(spec, now, n, w, texts),
            "losses": _losses(spec, trail, texts),
        },
        "dial": words["reading"].format(**texts),
        "controls": ["program", "start", "dial", "weight", "eta", *(["ratio"] if program != BOOK else [])],
        "actions": [*([] if away else [["update", "Update"], ["ten", "10 ×"]]), ["rewind", "Rewind"]],
    }


def _trail(trail, L):
    """L after each update so far; after a weight was turned it begins anew."""
    return trail if trail and abs(trail[-1] - L) <= 1e-9 * (1 + L) else [L]


def _away(now):
    return max(abs(now.new)) > LARGEST


def _top(spec, value):
    return next((top for top in spec["live"]["tops"] if top >= value), spec["live"]["tops"][-1])


def _slice(spec, now, n, w, texts):
    """L against one weight, with the tangent whose slope is the derivative."""
    (X, Y), (k, i, j) = _point(spec), weights_of(now.net)[n]
    low, L, slope = -REACH if abs(w) <= REACH else w - REACH, now.raw["L"], float(now.fd[n])
    points = []
    for m in range(61):
        W = {layer: np.array(now.net.W[layer]) for layer in now.net.layers}
        W[k][i - 1, j - 1] = low + m * 2 * REACH / 60
        points += [float(W[k][i - 1, j - 1]), squared_loss(Y, forward(now.net.with_parameters(W, now.net.b), X).yhat)]
    high, top = low + 2 * REACH, _top(spec, max(points[1::2]))
    return {"title": spec["live"]["words"]["slice"].format(**texts), "x": _axis(low, high, [low, low + REACH, high]), "y": _axis(0, top, [0, top]),
            "marks": [{"kind": "line", "points": points, "ink": "ink"},
                      {"kind": "line", "points": [low, L + (low - w) * slope, high, L + (high - w) * slope], "ink": "back", "dash": True},
                      {"kind": "ball", "points": [w, L], "ink": "accent"}],
            "said": f"{texts['name']} = {texts['w']}, L = {texts['L']}"}


def _losses(spec, trail, texts):
    top, most = _top(spec, max(trail)), max(10, _top(spec, len(trail) - 1))
    points = [part for m, L in enumerate(trail) for part in (float(m), L)]
    return {"x": _axis(0, most, [0, most]), "y": _axis(0, top, [0, top]), "said": spec["live"]["words"]["lossesSaid"].format(**texts),
            "marks": [{"kind": "line", "points": points, "ink": "accent"}, {"kind": "ball", "points": points[-2:], "ink": "accent"}]}


# What the bench's buttons do ----------------------------------------------------------------------------------------------


def started(spec, start):
    """{weights, trail} at a start."""
    return next(choice for choice in spec["choices"] if choice["name"] == "start")["sets"][start]


def updated(spec, state, times=1):
    """{weights, trail} after so many updates; fewer where the weights would become too large."""
    weights, trail = state["weights"], state["trail"]
    for _ in range(times):
        now = moment(spec, {**state, "weights": weights})
        if _away(now):
            break
        weights, trail = now.new.tolist(), [*_trail(trail, now.raw["L"]), now.raw["L2"]]
    return {"weights": weights, "trail": trail}
