"""Batches (chapter 7): how far a batch's mean gradient lies from everybody's, and three batch sizes in a race by epochs, updates or time.

The index is the number of batches seen of one shuffled epoch; behind the last of them comes the race. Made here for a notebook, and on
the page by its twin, `widgets/js/batches.js`.
"""

from functools import lru_cache
from math import cos, inf, isfinite, log10, radians, sin, sqrt

import numpy as np

from .. import _checks
from ..backprop import backprop
from ..training import train
from .axes import around, axis
from .digits import added, display, fixed, plainly, power_of, signed
from .frames import asked, checked
from .points import net_of as network_of
from .points import of_the_book, packed, points_of, units
from .runs import Run, run_of
from .symbols import plain

ETAS = [0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1.0]
EPOCHS, UPDATES, MS = 30, 600, 24  # how long a race is, by each ruler
GRID = 120  # into how many parts the rulers of updates and time are cut
PRICE = {"update": 0.03, "point": 0.0005}  # in ms, chapter 7's
LATER = 600  # full-batch updates
GOAL = 115  # what L of the full batch can be brought below in 30 epochs, with the book's network and cars
WILD = 0.4  # from here on single points jump so far that rounding decides where they land
MOST_CUTS = 100

WORDS = {
    "turns": "One shuffled epoch, seed {seed}: {batches} batches of {m}, the last of {rest}. Bar: {target}",
    "turns, even": "One shuffled epoch, seed {seed}: {batches} × {m} {points}. Bar: {target}",
    "cloud": "Derivatives by {a} → and {b} ↑: dot = {point}, ring = batch, star = all, dashes = rule",
    "race": "L: line m = 1, dashes m = {m}, dots m = {n}",
    "race of two": "L: line m = 1, dots m = {n}",
    "start": "Each {point} asks for a gradient of its own, a dot. All {n} together ask for their mean g, the star: ({ga}, {gb}).",
    "later": "After {later} updates by all of them the way from 0 to the star is {ratio} of what it was; the cloud is still there.",
    "question": "How far from the star will the mean of {m} {points} lie, typically? In lengths of g, the blue way from 0.",
    "guess": "about {number}",
    "why": "A single {point} is off by {single} lengths, typically. In a mean the errors cancel, the better the more there are: about {single}/√m, here {rule}.",
    "batch": "Batch {number}: the mean of its {size} is ({ba}, {bb}), that of all is ({ga}, {gb}). It is off by {off} lengths of g; the {number} so far, typically, by {typical}. The rule {single}/√m expects {rule}.",
    "batch 1": "Batch 1: the mean of its {size} is ({ba}, {bb}), that of all is ({ga}, {gb}). It is off by {off} lengths of g. The rule {single}/√m expects {rule}.",
    "flat": "Batch {number}: its mean of {size} is ({ba}, {bb}). All together have no slope here.",
    "who": "m = {m}",
    "mine": "your m",
    "draw": "a draw",
    "ask": "Three runs from the same weights: m = 1, your m, and m = {n}. Which has the smallest L after {end}? Less than 2 % apart is a draw.",
    "run": "L = {L} with m = {m}",
    "gone": "no finite L with m = {m}",
    "ends": "After {end}: {runs}.",
    "by epochs": "They make {counts} updates an epoch.",
    "by updates": "For that they looked at {counts} {points}.",
    "by time": "In that time they made {counts} updates.",
    "wild": "With m = 1 and this η the weights jump so far that rounding decides where they land.",
    "and": " and ",
    "rewind": "Rewind",
    "to the race": "To the race",
    "running": "The runs are being computed …",
    "task": "Task: find an η that brings m = {n} below {goal} in {epochs} epochs. What does it do to m = 1?",
    "done": "✓ m = {n} is below {goal}: a calm gradient bears long steps. A noisy one does not: look at m = 1.",
    "end, epochs": "{epochs} epochs",
    "end, updates": "{updates} updates each",
    "end, time": "{ms} ms each",
}  # fmt: skip
STEPPING, RACING = ["batch_size", "moment", "seed"], ["batch_size", "eta", "ruler", "seed"]  # the controls that are there
GUESSES = [0, 0.1, 0.4, 1.6]


def batches(net, X, y, eta=0.1, seed=7):
    """The spec of the batches of one shuffled epoch, and of the race.

    X is (n, n_0) with n at most 2000, y (n,) or (n, 1); seed orders the points as `mlp.train` with default_rng(seed) does. Raises as
    `mlp.train` does, and ValueError where net has several outputs or one weight only. Notes: N14.
    """
    eta, seed = _checks.number("eta", eta, zero=False), _checks.integer("seed", seed, 0, 2**32 - 1)
    carried = packed(net, X, y)
    points, names, n = points_of(carried["points"]), units(carried["points"]), len(carried["points"]["rows"]) // carried["points"]["width"]
    if len(carried["net"]["weights"]) < 2:
        raise ValueError("net must have at least two weights, so that two derivatives can be drawn, but it has one")
    first, second = ("w", 1, 1, 1), ("w", 1, net.sizes[0], 1) if net.sizes[0] > 1 else ("w", 1, 1, 2) if net.sizes[1] > 1 else ("w", 2, 1, 1)
    pair = [0, (net.sizes[0] - 1) * net.sizes[1] or 1]
    G = _gradients(carried, net)
    sizes = sorted({m for m in (1, 2, 5, 10, 20, 50, n // 4, n // 2, n) if 1 <= m <= n})
    word = "car" if carried["points"]["measured"] else "point"
    target, start = points.raw[:, -1], Run(net, points.X, points.y, eta=eta).after[0]
    return checked({
        "name": "batches",
        "title": "Batches",
        "first": 0,
        "still": -2,
        "panels": {
            "turns": {"kind": "tape", "name": "The points of an epoch in the order in which they come", "least": float(min(0, target.min())), "most": float(max(0, target.max())), "height": 38, "narrow": 30, "pressed": True},
            "cloud": {"kind": "chart", "name": "The gradient of each point", "x": _most_of(G[:, pair[0]]), "y": _most_of(G[:, pair[1]]), "dot": 1.5, "height": 236, "narrow": 140},
            "race": {"kind": "chart", "name": "L of all points", "x": _ruler("epochs"), "y": axis(0, 1.1 * (start or 1), 4), "dot": 2, "height": 236, "narrow": 178},
        },
        "choices": [
            {"name": "batch_size", "label": "size m", "values": sizes},
            {"name": "eta", "label": "η", "values": ETAS},
            {"name": "ruler", "label": "race by", "options": [["epochs", "epochs"], ["updates", "updates"], ["time", "milliseconds"]]},
            {"name": "moment", "label": "weights", "options": [["start", "at the start"], ["later", f"after {LATER} updates by all"]]},
            {"name": "seed", "label": "seed", "least": 0, "most": 2**32 - 1, "place": "foot"},
        ],
        "traits": {"batch_size": min(20, n), "eta": eta, "ruler": "epochs", "moment": "start", "seed": seed},
        "live": {
            "module": "batches", **carried, "words": WORDS, "guesses": GUESSES, "stepping": STEPPING, "racing": RACING, "price": PRICE, "grid": GRID, "later": LATER, "wild": WILD, "cuts": MOST_CUTS,
            "length": {"epochs": EPOCHS, "updates": UPDATES, "time": MS},
            "rulers": {ruler: _ruler(ruler) for ruler in ("epochs", "updates", "time")},
            "goal": GOAL if of_the_book(carried) else None,
            "names": {"n": f"{n}", "a": plain(first), "b": plain(second), "point": word, "points": f"{word}s", "target": names[-1][1] or names[-1][0],
                      "goal": str(GOAL), "epochs": str(EPOCHS), "updates": str(UPDATES), "ms": str(MS)},
            "pair": pair,
            "places": {"slope": min(12, max(0, 2 - power_of(G[:, pair].std()))), "L": max(0, 3 - power_of(start))},
            "witness": _witness(net, points, G, min(eta, 0.1), seed),
        },
    })  # fmt: skip


def _ruler(ruler):
    label = {"epochs": "epochs", "updates": "updates", "time": f"ms: {PRICE['update']:g} for an update, {PRICE['point']:g} for a point"}[ruler]
    most = {"epochs": EPOCHS, "updates": UPDATES, "time": MS}[ruler]
    return axis(0, most, 4, label=label)


def _most_of(values):
    """An axis around 0 and all but the outermost hundredth of the values."""
    return around([*np.quantile(values, [0.005, 0.995]), 0.0], 4)


def _witness(net, points, G, eta, seed):
    """g's length, the noise of single points, both over all weights, L at the start and after a few updates of each kind."""
    runs = [Run(net, points.X, points.y, eta=eta, batch_size=m, seed=seed).losses([u])[0] for m, u in ((1, 50), (20, 8), (len(points.X), 2))]
    g = G.mean(axis=0)
    return [one for one in (float(np.linalg.norm(g)), _noise(G, g, 1), *runs) if isfinite(one)]


def _noise(G, g, m):
    """How far the mean of m points, drawn without putting back, typically lies from g, in lengths of g."""
    n, length = len(G), float(np.linalg.norm(g))
    single = float(((G - g) ** 2).sum(axis=1).mean())
    return (sqrt(single * (n - m) / (n - 1) / m) / length if length else inf) if n > 1 else 0.0


def _gradients(carried, net):
    """Each point's own derivatives, a row each, in the order of the flat list of weights."""
    points, rows = points_of(carried["points"]), []
    for p in range(len(points.X)):
        grad = backprop(net, points.X[p : p + 1], points.y[p : p + 1])
        rows.append(np.concatenate([grad.W[k].ravel() for k in net.layers] + [grad.b[k] for k in net.biased]))
    return np.array(rows)


def net_of(spec, state):
    """The network whose gradients are drawn."""
    return _net_at(*_key(spec), state["moment"])


def _key(spec):
    live = spec["live"]
    flat = [tuple(value) if isinstance(value, list) else value for part in (live["net"], live["points"]) for value in part.values()]
    return tuple(flat), spec["traits"]["eta"]


@lru_cache(maxsize=8)
def _net_at(flat, eta, moment):
    carried = _carried(flat)
    net, points = network_of(carried["net"]), points_of(carried["points"])
    return net if moment == "start" else train(net, points.X, points.y, eta=eta, epochs=LATER, batch_size=len(points.X)).net


def _carried(flat):
    sizes, weights, activations, biases, rows, width, measured = flat
    return {"net": {"sizes": sizes, "weights": weights, "activations": activations, "biases": biases}, "points": {"rows": rows, "width": width, "measured": measured}}


@lru_cache(maxsize=8)
def _cloud(flat, eta, moment):
    return _gradients(_carried(flat), _net_at(flat, eta, moment))


def _per_epoch(n, m):
    return -(-n // m)


def _seen(n, m, u):
    """How many points u updates look at."""
    epochs, more = divmod(u, _per_epoch(n, m))
    return epochs * n + min(n, more * m)


def _counts(n, m, ruler):
    """After how many updates L is taken, along a ruler."""
    if ruler == "epochs":
        return [e * _per_epoch(n, m) for e in range(EPOCHS + 1)]
    if ruler == "updates":
        return [UPDATES * g // GRID for g in range(GRID + 1)]
    counts, u = [], 0
    for g in range(GRID + 1):
        while PRICE["update"] * (u + 1) + PRICE["point"] * _seen(n, m, u + 1) <= MS * g / GRID + 1e-9:
            u += 1
        counts.append(u)
    return counts


def last(spec, state):
    """The step of the race, behind the last batch."""
    return _per_epoch(int(spec["live"]["names"]["n"]), state["batch_size"]) + 1


def frame(spec, state):
    """The frame behind state["index"] batches, or of the race."""
    live, m, seed, ruler = spec["live"], state["batch_size"], state["seed"], state["ruler"]
    points, places = points_of(live["points"]), live["places"]
    n, whole = len(points.y), last(spec, state) - 1
    index = min(state["index"], whole)
    G = _cloud(*_key(spec), state["moment"])[:, live["pair"]]
    g, order = G.mean(axis=0), np.random.default_rng(seed).permutation(n)
    means = [G[order[start : start + m]].mean(axis=0) for start in range(0, index * m, m) if start < n]
    length = float(np.linalg.norm(g))
    offs = [float(np.linalg.norm(mean - g)) / length if length else inf for mean in means]
    rule = _noise(G, g, m)
    over = n - (whole - 1) * m

    def slope(value):
        return display(signed(value, places["slope"]))

    values = {**live["names"], "m": str(m), "batches": str(whole), "rest": str(over), "seed": str(seed), "ga": slope(float(g[0])), "gb": slope(float(g[1])), "later": str(live["later"]),
              "rule": fixed(rule, 2) if length else "", "single": fixed(_noise(G, g, 1), 2) if length else "", "end": ""}

    def say(name, **more):
        return live["words"][name].format(**{**values, **more})

    values["end"] = say(f"end, {ruler}")
    now = order[max(0, index - 1) * m : index * m]
    around_star = [float(g[q] + rule * length * turn) for angle in range(0, 361, 10) for q, turn in enumerate((cos(radians(angle)), sin(radians(angle))))]
    marks = [{"kind": "dots", "points": G.ravel().tolist(), "ink": "soft"}, {"kind": "dots", "points": G[now].ravel().tolist(), "ink": "ink", "size": 3},
             {"kind": "ring", "points": [float(part) for mean in means for part in mean], "ink": "back"}]
    if means:
        marks += [{"kind": "arrow", "points": [0.0, 0.0, *means[-1].tolist()], "ink": "back"}, {"kind": "line", "points": around_star, "ink": "right", "dash": True}]
    marks += [{"kind": "arrow", "points": [0.0, 0.0, *g.tolist()], "ink": "accent"}, {"kind": "star", "points": g.tolist(), "ink": "accent"}]
    shows = {
        "turns": {"title": say("turns, even" if over == m else "turns"), "bars": points.raw[order, -1].tolist(), "done": min(n, index * m), "head": min(n, index * m),
                  "cuts": [] if whole > live["cuts"] else list(range(m, n, m))},
        "cloud": {"title": say("cloud"), "marks": marks},
    }
    turned = [["rewind", say("rewind")]] if any(state[name] != value for name, value in spec["traits"].items()) else []
    rest = {"controls": STEPPING, "actions": [["race", say("to the race")], *turned]}
    if state["index"] > whole:
        return {**({"actions": turned} if turned else {}), **_race(live, state, n, say)}
    if state["index"] == 0:
        ratio = length / float(np.linalg.norm(_cloud(*_key(spec), "start")[:, live["pair"]].mean(axis=0)) or 1)
        status = say("start") + (" " + say("later", ratio=fixed(ratio, 3)) if state["moment"] == "later" else "")
        return {"status": status, "shows": shows, **rest, **({"ask": _ask_noise(say, live["guesses"], rule, status)} if length and state["moment"] == "start" else {})}
    typical = sqrt(added(off**2 for off in offs) / len(offs))
    batch = {"number": str(index), "size": str(len(now)), "ba": slope(float(means[-1][0])), "bb": slope(float(means[-1][1]))}
    status = say("batch 1" if index == 1 else "batch", **batch, off=fixed(offs[-1], 2), typical=fixed(typical, 2)) if length else say("flat", **batch)
    return {"status": status, "shows": shows, **rest}


def _ask_noise(say, guesses, rule, status):
    answer = min(guesses, key=lambda guess: abs(log10((rule or 1e-9) / (guess or 1e-9))))
    choices = [say("guess", number=f"{guess:g}") if guess else "0" for guess in guesses]
    return asked(say("question"), choices[guesses.index(answer)], say("why"), status, choices=choices)


def _race(live, state, n, say):
    """The race's frame: the curves, where they end, and which is lowest."""
    def listed(texts):
        return say("and").join(filter(None, [", ".join(texts[:-1]), texts[-1]]))

    m, eta, ruler, decimals = state["batch_size"], state["eta"], state["ruler"], live["places"]["L"]
    sizes = sorted({1, m, n})
    counts = [_counts(n, size, ruler) for size in sizes]
    curves = [run_of(live, eta=eta, batch_size=size, seed=state["seed"]).losses(count) for size, count in zip(sizes, counts)]
    looks = {m: {"kind": "line", "ink": "back", "dash": True}, n: {"kind": "dots", "ink": "ink"}, 1: {"kind": "line", "ink": "accent"}}
    per = live["length"][ruler] / (len(counts[0]) - 1)
    empty = {"title": say("race" if 1 < m < n else "race of two"), "x": live["rulers"][ruler], "marks": []}
    race = {**empty, "marks": [{**looks[size], "points": [v for g, L in enumerate(curve) for v in (g * per, L)]} for size, curve in zip(sizes, curves)]}
    ends = [curve[-1] if len(curve) == len(count) else inf for curve, count in zip(curves, counts)]
    runs = listed([say("run" if isfinite(L) else "gone", m=str(size), L=plainly(L, decimals) if isfinite(L) else "") for size, L in zip(sizes, ends)])
    numbers = [count[-1] if ruler != "updates" else _seen(n, size, count[-1]) for size, count in zip(sizes, counts)]
    if ruler == "epochs":
        numbers = [_per_epoch(n, size) for size in sizes]
    status = f"{say('ends', runs=runs)} {say(f'by {ruler}', counts=listed([f'{number:,}' for number in numbers]))}"
    if eta >= live["wild"]:
        status += " " + say("wild")
    if live["goal"] is not None and ruler == "epochs":
        status += " " + say("done" if ends[-1] < live["goal"] else "task")
    first, *others = sorted(ends)
    if not isfinite(first) or not others:
        return {"status": status, "shows": {"race": race}, "controls": RACING}
    names = [say("mine") if size == m and 1 < m < n else say("who", m=str(size)) for size in sizes]
    answer = say("draw") if others[0] <= 1.02 * first else names[ends.index(first)]
    ask = asked(say("ask"), answer, "", "", choices=[*names, say("draw")], shows={"race": empty})
    return {"status": status, "shows": {"race": race}, "controls": RACING, "ask": ask}
