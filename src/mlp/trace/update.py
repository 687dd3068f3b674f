"""One update (chapter 5): forward, all derivatives from the end to the start, the move of every weight; then a bench on which
weights are turned and updates made, and four programs with a mistake each.

The walk's steps are templates with slots; `frame` computes the numbers of the moment and fills them, as widgets/js/one-update.js
does on the page. A slot is a letter and its indices: O1_2, dZ2_1, w1_4_3 the weight, d its derivative, n its new value, r the
program's derivative over the finite difference; with t at its end it stands in parentheses where it is negative.
"""

import numpy as np

from .. import _checks
from ..backprop import backprop, numerical_gradients
from ..losses import squared_loss
from ..network import MLP, forward
from .digits import display, fixed, noise_of_difference, short, signed, significant, term
from .drawing import edge_id, network_drawing, node_id, weight_options, weights_of
from .frames import checked
from .points import net_of as carried_net
from .points import weights_of as flat_weights
from .symbols import plain, symbol

MOST_UNITS = 8
BOOK = "book"
LINES = ["Z, O = forward(net, [x])", "L = squared_loss([y], O[3])", "dO, dZ, dW = {3: 2 * (O[3] - y)}, {}, {}", "for k in (3, 2, 1):",
         "    dZ[k] = dO[k] * net.f[k].d(Z[k])", "    dW[k] = O[k - 1].T @ dZ[k]", "    dO[k - 1] = dZ[k] @ net.W[k].T",
         "W = {k: net.W[k] - eta * dW[k] for k in net.layers}"]
FORWARD, LOSS, FIRST, SLOPE, WEIGHTS, BACK, MOVE = 1, 2, 3, 5, 6, 7, 8  # what these lines do
MISTAKES = {  # program: its broken line, as written there, and what that does
    "A": (SLOPE, "    dZ[k] = dO[k]", "it forgets f′ (rule 2), so every neuron with a curve hands on too much."),
    "B": (BACK, "    dO[k - 1] = dZ[k][:, -1:] @ net.W[k][:, -1:].T", "only the last reader counts: in loops, = in place of += (rule 4). Paths are lost."),
    "C": (BACK, "    dO[k - 1] = dZ[k] @ (net.W[k] - eta * dW[k]).T", "it hands back through weights that have moved already. Turn η, and the ratios change."),
    "D": (FIRST, "dO, dZ, dW = {3: 2 * (y - O[3])}, {}, {}", "ŷ − y is turned around (rule 1). Every sign is wrong, and every update climbs."),
}
CALLS = {"sigmoid": "σ({})", "tanh": "tanh({})", "relu": "max(0, {})", "identity": "{}"}
TOPS = [float(f"{m}e{e}") for e in range(-3, 15) for m in (1, 2, 5)]  # where an axis may end
RATES = [0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.4, 1]
REACH = 2.0  # of the dial, and of the slice on either side of a weight beyond it
FLOOR = 1e-9  # derivatives that differ by less are the same
LARGEST = 1000.0  # beyond that no update moves a weight


def one_update(net, x, y, eta=0.1, start="given", program=BOOK):
    """The spec of one update of `net` by one point.

    x is (n_0,), y a number or (n_K,). Raises as `forward` does, and ValueError where the network has more units than can be
    drawn, or biases, which the view would not show. Notes: N10.
    """
    _checks.one_of("net", net, MLP, "an MLP")
    X, Y = _checks.point(x, y, net)
    if max(net.sizes) > MOST_UNITS or net.biased:
        raise ValueError(f"net must have at most {MOST_UNITS} units a layer and no biases, to be drawn; this one is {net}")
    carried = {"net": {"sizes": list(net.sizes), "weights": flat_weights(net), "activations": [net.f[k].name for k in net.layers], "biases": []}}
    starts = {name: weights.tolist() for name, weights in _starts(net).items()}
    if start not in starts:
        raise ValueError(f"start must be one of {', '.join(map(repr, starts))}, but {start!r} came")
    flat = weights_of(net)
    edges = [edge_id(*w) for w in flat]
    K = len(net.layers)
    lines = [line.replace("(3, 2, 1)", f"({', '.join(map(str, reversed(net.layers)))}{',' * (K == 1)})").replace("3", str(K)) if K != 3 else line for line in LINES]
    right = ["none", *("only " * (k == K) + " and ".join(f"dW{_up(n)}" for n in range(K, k - 1, -1)) for k in range(K, 1, -1)), "all"]
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
            "code": {"name": "The update as a program", "lines": lines},
            "slice": {"kind": "chart", "name": "The loss against the chosen weight", "x": _axis(-2, 2, [-2, 0, 2]), "y": _axis(0, 1, [0, 1]), "beside": True, "height": 128, "narrow": 70, "dot": 4},
            "losses": {"kind": "chart", "name": "The loss after each update", "title": "L after each update", "x": _axis(0, 10, [0, 10]),
                       "y": _axis(0, 1, [0, 1]), "beside": True, "height": 128, "narrow": 70, "dot": 4},
        },
        "choices": [
            {"name": "program", "label": "program", "options": [[BOOK, "as in the book"], *([name, name, f"program {name}, with a mistake"] for name in MISTAKES)]},
            {"name": "start", "label": "start", "options": [["given", "as given"], ["zeros", "all 0"], ["equal", "all 0.5"], *([f"seed{n}", f"seed {n}"] for n in SEEDS)],
             "sets": {name: {"weights": weights, "trail": []} for name, weights in starts.items()}, "place": "foot"},
            {"name": "weight", "label": "weight", "options": weight_options(net), "place": "dial"},
            {"name": "ratio", "label": "as ratios", "place": "foot"},
            {"name": "eta", "label": "η", "values": RATES, "place": "foot"},
        ],
        "dial": {"of": "weight", "edges": edges, "label": "value", "values": [n / 20 for n in range(-40, 41)], "after": "network"},
        "traits": {"program": program, "start": start, "weight": edges[flat.index((2, net.sizes[1], 1))] if K > 1 else edges[0], "ratio": False,
                   "eta": float(eta), "weights": starts[start], "trail": []},
        "live": {
            "module": "one-update",
            **carried, "x": X[0].tolist(), "y": Y[0].tolist(), "witness": [squared_loss(Y, forward(net, X).yhat), *np.concatenate([one.ravel() for one in backprop(net, X, Y).W.values()]).tolist()],
            "names": [plain(("w", *w)) for w in flat],
            "steps": _walk(net), "right": right, "lines": [f"line {line}" for line in (FIRST, SLOPE, WEIGHTS, BACK, MOVE)],
            "words": _words(net), "tops": TOPS, "reach": REACH, "largest": LARGEST,
            "mistakes": {name: {"line": line, "text": text} for name, (line, text, _) in MISTAKES.items()},
        },
        "first": 0,
        "still": len(_walk(net)) - 1 if program == BOOK else 0,
    })


SEEDS = (1, 2, 3)


def _starts(net):
    """{name: flat weights} to begin with."""
    given = np.array(flat_weights(net))
    drawn = {f"seed{seed}": np.array(flat_weights(MLP.init(net.sizes, rng=np.random.default_rng(seed)))) for seed in SEEDS}
    return {"given": given, "zeros": np.zeros(given.size), "equal": np.full(given.size, 0.5), **drawn}


def _up(k):
    return plain(("w", k, 1, 1))[1:-2]


def _axis(least, most, ticks):
    return {"least": float(least), "most": float(most), "ticks": [[float(tick), short(tick)] for tick in ticks]}


# The walk ---------------------------------------------------------------------------------------------------------------


def _walk(net):
    """The steps of one update, as templates. Each: status; line, the running line of the code; lit and routes in the network; known,
    how many outputs stand there (L is the last); tags [[node, slot]]; cells, which derivatives stand there, hot, which are lit;
    moved, which weights are new; after, whether outputs are those of the new weights; ask, with the step that stands before it."""
    K, sizes, flat = len(net.layers), net.sizes, weights_of(net)
    spot = {w: n for n, w in enumerate(flat)}
    of_layer = {k: [spot[w] for w in flat if w[0] == k] for k in net.layers}
    units = {k: range(1, sizes[k] + 1) for k in range(K + 1)}
    order = [(k, j) for k in net.layers for j in units[k]]
    nodes = lambda k: [node_id(k, j) for j in units[k]]  # noqa: E731
    steps, tags, cells = [], {}, []
    known = 0

    def made(status, line, lit=(), routes=(), hot=(), **more):
        return {"status": status, "line": line, "lit": list(lit), "routes": {edge: [path] for edge, path in routes}, "known": known,
                "tags": [[node, slot] for node, slot in tags.items()], "cells": list(cells), "hot": list(hot), **more}

    def add(*args, ask=None, **more):
        steps.append(made(*args, **more) | ({"ask": ask} if ask else {}))

    count = len(flat)
    add(f"Twenty weights are to move.".replace("Twenty", str(count)) + " Forward first; then step back from the end.", 0, ask={
        "question": "Which derivative can be computed first?", "choices": [f"{_d('O', K, 1)}, at the end", f"{_dw(1, 1, 1)}, at the start"],
        "answer": f"{_d('O', K, 1)}, at the end", "why": f"L is made of {_o(K, 1)} and y alone. All other derivatives are made from {_d('O', K, 1)}.",
        "before": made(f"One update moves all {count} weights. It needs {count} derivatives.", 0)})
    for k, j in order:
        terms = " + ".join(f"{{O{k - 1}_{i}{'t' if i > 1 else ''}}}·{{w{k}_{i}_{j}t}}" for i in units[k - 1])
        called = CALLS[net.f[k].name].format(f"{{Z{k}_{j}}}")
        known += 1
        ending = f" = {plain(('Z', k, j))} = {{O{k}_{j}}}" if net.f[k].name == "identity" else f" = {called} = {{O{k}_{j}}}"
        add(f"{plain(('Z', k, j))} = {terms} = {{Z{k}_{j}}}, and {_o(k, j)}{ending}.", FORWARD, [*nodes(k - 1), node_id(k, j)],
            [(edge_id(k, i, j), 0) for i in units[k - 1]])
    known += 1
    squares = " + ".join(f"({{y{j}}} − {{O{K}_{j}t}})²" for j in units[K])
    add(f"L = {squares} = {{L}}. The way forward is done; now back.", LOSS, [*nodes(K), "L"], [(f"L{j}", 0) for j in units[K]])
    tags |= {node_id(K, j): f"dO{K}_{j}" for j in units[K]}
    add("Rule 1: " + _series(f"{_d('O', K, j)} = 2·({{O{K}_{j}}} − {{y{j}t}}) = {{dO{K}_{j}}}" for j in units[K]) + ".", FIRST, [*nodes(K), "L"],
        [(f"L{j}", 0) for j in units[K]])
    asked_slope = asked_sum = False
    for k in range(K, 0, -1):
        if k < K:
            readers = units[k + 1]
            parts = lambda i: " + ".join(f"{{w{k + 1}_{i}_{j}{'t' if j > 1 else ''}}}·{{dZ{k + 1}_{j}t}}" for j in readers)  # noqa: E731, B023
            whole = lambda i: f"{_d('O', k, i)} = {parts(i)} = {{dO{k}_{i}}}"  # noqa: E731, B023
            back = lambda some: [(edge_id(k + 1, i, j), n if len(some) == 1 and len(readers) > 1 else 0)  # noqa: E731, B023
                                 for i in some for n, j in enumerate(readers, start=1)]  # fmt: skip
            groups = [[1], list(units[k])[1:]] if len(readers) > 1 and sizes[k] > 1 else [list(units[k])]
            for some in groups:
                before = made(f"Rule 4. {_o(k, 1)} is read {len(readers)} times: " + _series(
                    f"by {plain(('Z', k + 1, j))} with the weight {{w{k + 1}_1_{j}}}, where dZ = {{dZ{k + 1}_{j}}}" for j in readers) + ".", BACK,
                    [node_id(k, 1), *nodes(k + 1)], back([1]))  # fmt: skip
                tags |= {node_id(k, i): f"dO{k}_{i}" for i in some}
                single = len(some) == 1 and len(readers) > 1
                added = " + ".join(f"{{p{k + 1}_1_{j}{'t' if j > 1 else ''}}}" for j in readers)
                sums = f" = {added}" if single else ""
                text = (f"{_d('O', k, 1)} = {parts(1)}{sums} = {{dO{k}_1}}: the paths of chapter 4, added." if single
                        else "Rule 4 hands back over the edges: " + _series(map(whole, some)) + "." if len(readers) == 1
                        else "In the same way " + _series(map(whole, some)) + ".")
                ask = None
                if single and not asked_sum:
                    asked_sum = True
                    ask = {"question": f"What is {_d('O', k, 1)}, to two decimals?", "answer": f"dO{k}_1", "before": before,
                           "slips": [[f"p{k + 1}_1_{j}", "That is one reader alone. Add them all."] for j in readers]}
                add(text, BACK, [*(node_id(k, i) for i in some), *nodes(k + 1)], back(some), ask=ask)
        slope = lambda j: f"{_d('Z', k, j)} = {{dO{k}_{j}}}·{{s{k}_{j}}} = {{dZ{k}_{j}}}"  # noqa: E731, B023
        same = lambda j: f"{_d('Z', k, j)} = {_d('O', k, j)} = {{dZ{k}_{j}}}"  # noqa: E731, B023
        shown = list(units[k])
        rule = f"Rule 2, over the neuron: {_d('Z', k, 1)} = {_d('O', k, 1)}·{plain((chr(102) + chr(39), k, 1))}. "
        ask = None
        if k == K - 1 and sizes[k] > 1 and net.f[k].name != "identity" and not asked_slope:
            asked_slope = True
            tags |= {node_id(k, 1): f"dZ{k}_1"}
            before = made("Rule 2, over the neuron: " + slope(1) + f". Then {_d('O', k, 2)} = {{dO{k}_2}}, and the slope there is {{s{k}_2}}.", SLOPE, nodes(k))
            ask = {"question": f"What is {_d('Z', k, 2)}, to two decimals?", "answer": f"dZ{k}_2", "before": before,
                   "slips": [[f"-dZ{k}_2", "The slope of a sigmoid is positive: the sign stays."], [f"dO{k}_2", "The slope is missing."]]}
        tags |= {node_id(k, j): f"dZ{k}_{j}" for j in shown}
        add((f"Rule 2: {_series(same(j) for j in shown)}, for the identity has slope 1." if net.f[k].name == "identity"
             else (rule if k < K - 1 else "Rule 2: ") + _series(map(slope, shown)) + "."), SLOPE, nodes(k), ask=ask)
        product = lambda i: f"{_dw(k, i, 1)} = {_o(k - 1, i)}·{_d('Z', k, 1)} = {{O{k - 1}_{i}}}·{{dZ{k}_1t}} = {{d{k}_{i}_1}}"  # noqa: E731, B023
        layer, edges = of_layer[k], [(edge_id(*flat[n]), 0) for n in of_layer[k]]
        ask = None
        if k == K and sizes[k - 1] > 1:
            cells.append(spot[k, 1, 1])
            before = made(f"Rule 3: {product(1)}. Then {_o(k - 1, 2)} = {{O{k - 1}_2}}.", WEIGHTS, [*nodes(k - 1), *nodes(k)], edges, [spot[k, 1, 1]])
            cells.pop()
            ask = {"question": f"What is {_dw(k, 2, 1)}, to two decimals?", "answer": f"d{k}_2_1", "before": before,
                   "slips": [[f"O{k - 1}_2", "That is the output alone; rule 3 multiplies it by dZ."]]}
        cells += layer
        text = f"Rule 3: {product(1)}"
        text += f", {product(2)}" if k == K and sizes[k - 1] > 1 else ""
        more = len(layer) - (2 if k == K and sizes[k - 1] > 1 else 1)
        add(text + (f", and {more} more: {'inputs' if k == 1 else f'outputs of layer {k - 1}'} times dZ of layer {k}." if more else "."), WEIGHTS,
            [*nodes(k - 1), *nodes(k)], edges, layer, ask=ask)
    add(f"Check: nudge each weight up and down, and compute L both times. {{right}} of {count} derivatives agree with those finite differences.", 0)
    moved = []
    for k in range(K, 0, -1):
        last = (k, sizes[k - 1], 1)
        one = lambda w: f"{plain(('w', *w))} = {{w{w[0]}_{w[1]}_{w[2]}}} − {{eta}}·{{d{w[0]}_{w[1]}_{w[2]}t}} = {{n{w[0]}_{w[1]}_{w[2]}}}"  # noqa: E731
        some = [(k, 1, 1), last] if k == K and sizes[k - 1] > 1 else [(k, 1, 1)]
        moved += of_layer[k]
        rest = len(of_layer[k]) - len(some)
        text = f"W{_up(k)} moves: " + ", ".join(map(one, some)) + (f", and {rest} more." if rest else ".")
        text += (" Every derivative is one of the old weights." if k == K - 1 else " The old weights stand struck." if k == K and K > 1 else "")
        add(text, MOVE, [], [(edge_id(*flat[n]), 0) for n in of_layer[k]], of_layer[k], moved=list(moved))
    tags.clear()
    add(f"Forward again, with the new weights: L = {{L2}}. It was {{L}}.", FORWARD, [*nodes(K), "L"], moved=list(moved), after=True)
    return steps


def _o(k, j):
    return plain(("O", k, j))


def _d(letter, k, j):
    return plain(("d" + letter, k, j))


def _dw(k, i, j):
    return f"dW{_up(k)}{plain(('w', k, i, j))[1 + len(str(k)):]}"


def _series(parts, most=3):
    """The first parts as a list in words."""
    parts = list(parts)
    more = len(parts) - most
    return ", ".join(parts[:most]) + (f", and {more} more" if more > 0 else "")


def _words(net):
    """Sentences of the bench and of the hunt."""
    count = len(weights_of(net))
    return {
        "bench": "{name} = {w}: L = {L}. ∂L/∂{name} = {slope}, {way}. An update with η = {eta} moves it by {move}.",
        "down": "so smaller is better", "up": "so larger is better", "flat": "so here it does nothing",
        "after1": "After 1 update: {bench}", "after": "After {t} updates: {bench}",
        "away": "The weights are too large to go on. Rewind.",
        "wrong": "{name} = {w}: L = {L}. Program {program} says {slope}, the finite difference {fd}.",
        "reading": "ŷ {yhat}  L {L}",
        "check": f"{{right}} of {count} agree",
        "ratios": "program ÷ finite difference",
        "numbers": f"Program {{program}} has one broken line. It ran without complaint and gave these {count} derivatives.",
        "which": "Which matrices of program {program} are right?",
        "marked": f"The check marks {{wrong}} of {count}. A wrong column points to a neuron: its dZ is wrong. Step on.",
        "hidden": f"With these weights the mistake of program {{program}} does not show: all {count} agree. Rewind.",
        "clue": "Switch the cells to ratios, and look along the columns.",
        "line": "Which line of program {program} is broken?",
        **{f"named{name}": f"Line {line}: {words}" for name, (line, _, words) in MISTAKES.items()},
        "slice": "L against {name}",
        "lossesSaid": "{t} updates, now {L}",
    }


# A moment ---------------------------------------------------------------------------------------------------------------


def net_of(spec, state):
    """The network with the state's weights."""
    return carried_net(spec["live"]["net"], state["weights"])


def moment(net, X, Y, fault, eta):
    """(Z, O, slope, dO, dZ, dW) of one point, by the four rules, with a program's mistake."""
    Z, O = forward(net, X)
    K = len(net.layers)
    slope, dZ, dW = {}, {}, {}
    dO = {K: squared_loss.d(Y, O[K]) * (-1 if fault == "D" else 1)}
    for k in range(K, 0, -1):
        slope[k] = net.f[k].d(Z[k])
        dZ[k] = dO[k] * (1 if fault == "A" else slope[k])
        dW[k] = O[k - 1].T @ dZ[k]
        through = net.W[k] - eta * dW[k] if fault == "C" else net.W[k]
        readers = slice(-1, None) if fault == "B" else slice(None)
        dO[k - 1] = dZ[k][:, readers] @ through[:, readers].T
    return Z, O, slope, dO, dZ, dW


def _now(spec, state):
    """All numbers of a state by slot, and the lists of the weights: their derivatives, finite differences, new values, which are wrong."""
    net, live = net_of(spec, state), spec["live"]
    X, Y = np.array([live["x"]]), np.array([live["y"]])
    fault, eta = state["program"].replace(BOOK, ""), state["eta"]
    Z, O, slope, dO, dZ, dW = moment(net, X, Y, fault, eta)
    flat = weights_of(net)
    dw, fd = (np.concatenate([by[k].ravel() for k in net.layers]) for by in (dW, numerical_gradients(net, X, Y).W))
    with np.errstate(all="ignore"):
        W2 = net.with_parameters({k: net.W[k] - eta * dW[k] for k in net.layers}, net.b)
        after = forward(W2, X).O
        L, L2 = squared_loss(Y, O[len(net.layers)]), float(((after[len(net.layers)] - Y) ** 2).sum())
    noise = np.array([noise_of_difference(L, w) for w in state["weights"]])
    off = 1e-6 * np.maximum(abs(fd), 0.1 * abs(fd).max()) + noise + FLOOR
    wrong = [n for n in range(len(flat)) if abs(dw[n] - fd[n]) > off[n]]
    new = np.concatenate([W2.W[k].ravel() for k in net.layers])
    raw = {"L": L, "L2": L2, "eta": eta, "right": len(flat) - len(wrong), "wrong": len(wrong)}
    raw |= {f"y{j + 1}": value for j, value in enumerate(live["y"])}
    for letter, by in (("Z", Z), ("O", O), ("s", slope), ("dO", dO), ("dZ", dZ)):
        raw |= {f"{letter}{k}_{j + 1}": float(value) for k in by for j, value in enumerate(by[k][0])}
    for n, (k, i, j) in enumerate(flat):
        ends = f"{k}_{i}_{j}"
        raw |= {"w" + ends: state["weights"][n], "d" + ends: float(dw[n]), "n" + ends: float(new[n]), "p" + ends: float(state["weights"][n] * dZ[k][0, j - 1])}
    return raw, {"dw": dw, "fd": fd, "new": new, "wrong": wrong, "noise": noise + FLOOR, "O": O, "after": after}, net, X, Y


def four(value):
    """A number with four decimals, a very large one with six digits."""
    if not np.isfinite(value):
        return "∞"
    return fixed(value, 4) if abs(value) < 1000 else display(significant(value, 6)).removeprefix("+")


def cell(value, decimals=4):
    """A derivative in a cell: fewer decimals where it is large, so that it stays about as wide."""
    for most, fewer in ((10, 0), (100, 1), (1000, 2), (10000, 3)):
        if abs(value) < most:
            return display(signed(value, max(0, decimals - fewer)))
    return display(significant(value, 3))


def brief(value, decimals=2):
    """A number for a circle, or a ratio."""
    return fixed(value, decimals) if abs(value) < 100 else display(significant(value, 3)).removeprefix("+")


def _texts(raw):
    """Every slot as text."""
    texts = {}
    for name, value in raw.items():
        text = str(value) if name in ("right", "wrong") else short(value) if name[0] in "wne" else four(value)
        texts[name], texts[name + "t"] = text, term(text)
    return texts


# Frames -----------------------------------------------------------------------------------------------------------------


def last(spec, state):
    """The walk's steps and the bench; for a program with a mistake its numbers, the mistake, and the bench."""
    return len(spec["live"]["steps"]) if state["program"] == BOOK else 2


def frame(spec, state):
    """The frame at state["index"]."""
    if state["index"] == last(spec, state):
        return _bench(spec, state)
    return _walked(spec, state) if state["program"] == BOOK else _hunted(spec, state)


def _walked(spec, state):
    raw, lists, net, _, _ = _now(spec, state)
    texts, step = _texts(raw), spec["live"]["steps"][state["index"]]
    made = {**_step(spec, state, step, raw, texts, lists, net), "controls": ["program"]}
    if ask := step.get("ask"):
        before = _step(spec, state, ask["before"], raw, texts, lists, net)
        if "choices" in ask:
            asked = {"choices": ask["choices"], "answer": ask["answer"], "shown": ask["answer"], "tol": 0.0, "why": ask["why"]}
        else:
            slips = [[-raw[slot[1:]] if slot[0] == "-" else raw[slot], words] for slot, words in ask["slips"]]
            asked = {"answer": raw[ask["answer"]], "shown": fixed(raw[ask["answer"]], 2), "tol": 0.006, "slips": slips}
        made["ask"] = {"question": ask["question"], **asked, "before": before}
    return made


def _step(spec, state, step, raw, texts, lists, net):
    """Status and shows of one step of the walk."""
    O, order = lists["after" if "after" in step else "O"], [(k, j) for k in net.layers for j in range(1, net.sizes[k] + 1)]
    values = {node_id(0, j + 1): brief(v) for j, v in enumerate(O[0][0])}
    values |= {node_id(k, j): brief(O[k][0, j - 1]) for k, j in order[: step["known"]]}
    if step["known"] > len(order):
        values["L"] = brief(raw["L2" if "after" in step else "L"])
    moved = step.get("moved")
    matrices = {"letter": "dW" if moved is None else "W", "lit": step["hot"], "wrong": [], "note": ""}
    if moved is None:
        matrices["cells"] = [cell(lists["dw"][n]) if n in step["cells"] else "" for n in range(len(lists["dw"]))]
    else:
        matrices["cells"] = [short(lists["new"][n]) if n in moved else short(w) for n, w in enumerate(state["weights"])]
        matrices["old"] = [short(w) if n in moved else "" for n, w in enumerate(state["weights"])]
    return {"status": step["status"].format(**texts), "shows": {
        "network": {"lit": step["lit"], "routes": step["routes"], "values": values, **_tags(step["tags"], raw), **_labels(spec, state, step["routes"], lists if moved else None)},
        "matrices": matrices,
        "code": {"line": step["line"]},
    }}


def _tags(tags, raw):
    return {"tags": {node: f"{slot[:2]} {cell(raw[slot])}" for node, slot in tags}, "briefs": {node: cell(raw[slot], 2) for node, slot in tags}}


def _labels(spec, state, routes, moved):
    """What stands at the edges: the present weights; nothing where many are lit."""
    numbers = dict(zip(spec["dial"]["edges"], state["weights"] if moved is None else moved["new"]))
    return {"labels": dict.fromkeys(routes, "")} if len(routes) > 4 else {"numbers": {edge: short(numbers[edge]) for edge in routes if edge in numbers}}


def _hunted(spec, state):
    """A program with a mistake: its numbers and what the check says of them (0), then which line it is (1)."""
    raw, lists, net, _, _ = _now(spec, state)
    words, program = spec["live"]["words"], state["program"]
    texts, mistake = {**_texts(raw), "program": program}, spec["live"]["mistakes"][program]
    tags = [[node_id(k, j), f"dZ{k}_{j}"] for k in net.layers for j in range(1, net.sizes[k] + 1)]
    network = {"lit": [], "routes": {}, "values": _values(lists, raw), **_tags(tags, raw)}
    plain_cells = {"letter": "dW", "cells": [cell(value) for value in lists["dw"]], "lit": [], "wrong": [], "note": ""}
    shows = {"network": network, "matrices": _checked_cells(spec, state, texts, lists), "code": {"line": 0, "all": state["index"] == 1}}
    made = {"shows": shows, "controls": ["program", "ratio", "eta"]}
    right = _right_from_the_end(spec, net, lists["wrong"])
    if right is None:
        return {**made, "status": words["hidden" if not lists["wrong"] else "marked"].format(**texts)}
    if state["index"] == 0:
        ask = {"question": words["which"], "choices": spec["live"]["right"], "answer": right, "shown": right, "why": "",
               "before": {"status": words["numbers"].format(**texts), "shows": {"matrices": plain_cells}}}
        made["status"] = words["marked"].format(**texts)
    else:
        ask = {"question": words["line"], "choices": spec["live"]["lines"], "answer": f"line {mistake['line']}", "shown": f"line {mistake['line']}", "why": "",
               "before": {"status": words["clue"], "shows": {"code": {"line": 0, "all": True}}}}
        shows["code"] = {"line": mistake["line"], "all": True, "mistake": mistake["text"]}
        made["status"] = words[f"named{program}"].format(**texts)
    return {**made, "ask": {**ask, "question": ask["question"].format(**texts), "tol": 0.0}}


def _right_from_the_end(spec, net, wrong):
    """Which of the answers is true: that the last 0, 1, ... matrices are right and the others are not; None where no cell is wrong,
    or where others are right."""
    bad = {weights_of(net)[n][0] for n in wrong}
    top = max(bad, default=0)
    return spec["live"]["right"][len(net.layers) - top] if bad and bad == set(range(1, top + 1)) else None


def _values(lists, raw):
    O = lists["O"]
    return {**{node_id(k, j + 1): brief(v) for k in O for j, v in enumerate(O[k][0])}, "L": brief(raw["L"])}


def _checked_cells(spec, state, texts, lists):
    """The derivatives, or their ratios to the finite differences, with the wrong ones marked."""
    dw, fd, wrong, words = lists["dw"], lists["fd"], lists["wrong"], spec["live"]["words"]
    ratios = [brief(one / other, 3) if abs(other) > 2000 * noise else "–" for one, other, noise in zip(dw, fd, lists["noise"])]
    note = ("✗ " if wrong else "✓ ") + words["check"].format(**texts) + (f"; {words['ratios']}" if state["ratio"] else "")
    return {"letter": "dW", "cells": ratios if state["ratio"] else [cell(value) for value in dw], "lit": [], "wrong": wrong, "note": note}


def _bench(spec, state):
    """The live bench: one weight turned, L against it, updates, and L after each."""
    raw, lists, net, X, Y = _now(spec, state)
    words, live, n = spec["live"]["words"], spec["live"], spec["dial"]["edges"].index(state["weight"])
    w, L, fd = state["weights"][n], raw["L"], lists["fd"][n]
    k, i, j = weights_of(net)[n]
    texts = {**_texts(raw), "program": state["program"], "name": live["names"][n], "w": short(w), "slope": cell(lists["dw"][n]), "fd": cell(fd),
             "move": cell(-state["eta"] * lists["dw"][n]), "yhat": ", ".join(four(value) for value in lists["O"][len(net.layers)][0])}
    texts["way"] = words["flat" if abs(fd) <= lists["noise"][n] else "down" if fd > 0 else "up"]
    trail = state["trail"] if state["trail"] and abs(state["trail"][-1] - L) <= 1e-9 * (1 + abs(L)) else [L]
    texts["t"] = str(len(trail) - 1)
    status = words["wrong" if n in lists["wrong"] else "bench"].format(**texts)
    if len(trail) > 1:
        status = words["after1" if len(trail) == 2 else "after"].format(**texts, bench=status)
    away = max(abs(lists["new"])) > LARGEST
    tags = [[node_id(layer, unit), f"dZ{layer}_{unit}"] for layer in net.layers for unit in range(1, net.sizes[layer] + 1)]
    lit = [node_id(k - 1, i), node_id(k, j), *(node_id(layer, unit) for layer in net.layers if layer > k for unit in range(1, net.sizes[layer] + 1)), "L"]
    return {
        "status": f"{status} {words['away']}" if away else status,
        "shows": {
            "network": {"lit": lit, "routes": {state["weight"]: [1]}, "values": _values(lists, raw), **_tags(tags, raw), "labels": {state["weight"]: ""}},
            "matrices": {**_checked_cells(spec, state, texts, lists), "lit": [n]},
            "slice": _slice(spec, net, X, Y, n, w, L, fd, texts),
            "losses": _losses(spec, trail, texts),
        },
        "dial": words["reading"].format(**texts),
        "controls": ["program", "start", "dial", "weight", "eta", *(["ratio"] if state["program"] != BOOK else [])],
        "actions": [*([] if away else [["update", "Update"], ["ten", "10 ×"]]), ["rewind", "Rewind"]],
    }


def _top(spec, value):
    return next((top for top in spec["live"]["tops"] if top >= value), spec["live"]["tops"][-1])


def _slice(spec, net, X, Y, n, w, L, slope, texts):
    """L against one weight, with the tangent whose slope is the derivative."""
    low = -REACH if abs(w) <= REACH else w - REACH
    k, i, j = weights_of(net)[n]
    points = []
    for m in range(61):
        value = low + m * 2 * REACH / 60
        W = {layer: np.array(net.W[layer]) for layer in net.layers}
        W[k][i - 1, j - 1] = value
        points += [value, float(squared_loss(Y, forward(net.with_parameters(W, net.b), X).O[len(net.layers)]))]
    top = _top(spec, max(points[1::2]))
    return {"title": spec["live"]["words"]["slice"].format(**texts),
            "x": {"least": low, "most": low + 2 * REACH, "ticks": [[low + m * REACH, short(low + m * REACH)] for m in range(3)]}, "y": _axis(0, top, [0, top]),
            "marks": [{"kind": "line", "points": points, "ink": "ink"},
                      {"kind": "line", "points": [w - 0.8, float(L - 0.8 * slope), w + 0.8, float(L + 0.8 * slope)], "ink": "back", "dash": True},
                      {"kind": "dots", "points": [w, L], "ink": "accent"}],
            "said": f"{texts['name']} = {texts['w']}, L = {texts['L']}"}


def _losses(spec, trail, texts):
    t, top = len(trail) - 1, _top(spec, max(trail))
    most = max(10.0, _top(spec, t))
    points = [part for m, L in enumerate(trail) for part in (float(m), L)]
    return {"x": _axis(0, most, [0, most]), "y": _axis(0, top, [0, top]), "said": spec["live"]["words"]["lossesSaid"].format(**texts),
            "marks": [{"kind": "line", "points": points, "ink": "accent"}, {"kind": "dots", "points": points[-2:], "ink": "accent"}]}


# What the bench's buttons do ------------------------------------------------------------------------------------------------


def started(spec, start):
    """{weights, trail} at a start."""
    return next(choice for choice in spec["choices"] if choice["name"] == "start")["sets"][start]


def updated(spec, state, times=1):
    """{weights, trail} after so many updates; fewer where the weights would leave the numbers that are shown."""
    now = {**state}
    for _ in range(times):
        raw, lists, *_ = _now(spec, now)
        if max(abs(lists["new"])) > LARGEST:
            break
        trail = now["trail"] if now["trail"] and abs(now["trail"][-1] - raw["L"]) <= 1e-9 * (1 + raw["L"]) else [raw["L"]]
        now |= {"weights": lists["new"].tolist(), "trail": [*trail, raw["L2"]]}
    return {"weights": now["weights"], "trail": now["trail"]}
