"""Gradient descent on the mean loss of one weight, with a penalty (chapter 2). Made in the page too, by widgets/js/descent.js.

A mean of squares depends on the points only through the means of the products of their columns. So a view carries, in place of
hundreds of points, as few as there are columns: with Q R = [X y] / sqrt(n), the rows of R, times the root of their number, have the same means.
"""

from functools import lru_cache
from math import ceil, floor, log10

import numpy as np

from .. import _checks
from ..losses import l1, l2
from ..network import MLP
from ..training import updates
from .axes import axis
from .digits import display, figures, fixed, signed, significant
from .frames import asked, checked

STEPS = 40
ETAS = [0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.05]
LAMS = [0, 0.1, 0.2, 0.5, 1, 1.5, 2, 2.5, 3]
PENALTIES = {"none": "none", "l2": "L2", "l1": "L1"}
STILL = 1e-4  # a step shorter than this counts as none
NOTHING = 0.005  # of the distance, where one step is enough

WORDS = {
    "loss": "L/n", "penalised": "L/n + penalty",
    "start": "Start: w = {w}. L/n, the mean loss of {n} points, has the slope {slope} there.",
    "start penalised": "Start: w = {w}. L/n + penalty has the slope {slope} there.", "strength": "The learning rate is η = {eta}, the strength of the penalty λ = {lam}.",
    "next": "The first step is −{eta} · ({slope}) = {by}, so w goes to {after}.",
    "step": "Step {t}: from {from} by {by} to {w}, where {what} is {L}.",
    "two": "The slope is 2{m} times the distance to the minimum, and a step takes away 2η{m} of it.",
    "factor": "Each step multiplies the distance to the minimum by 1 − 2η{m} = {factor}.",
    "other side": "Below 0 means: on the other side.", "swings": "At −1 it swings for ever.", "runs away": "Below −1 it runs away.",
    "l1": "The slope of the penalty is λ = {lam} right of 0 and −{lam} left of it, however near 0 is.",
    "crossed": "It has crossed 0, where the slope of the penalty turns round.",
    "still": "This step is shorter than 0.0001: training could stop here, {off} from the minimum.",
    "since": "Since step {since} every step is shorter than 0.0001: training could have stopped there.",
    "away": "That is outside the picture.",
    "ask": "Learning rate η = {eta}: where will w be after one step? (two decimals)",
    "no slope": "A step is η times the slope, not η alone.", "no rate": "A step is η times the slope, not the slope alone.",
    "sign": "Wrong way: a step goes against the slope.", "no start": "That is the step alone; it begins at w.",
    "ask l1": "L1 with λ = {lam}: the minimum is at 0. Will w come to rest there?", "yes": "yes", "no": "no",
    "why l1": "Near 0 a step is η times (λ plus or minus the slope of L/n) long. It gets no shorter, passes 0, and comes back.",
    "task": "Your task: turn η until one step is enough. With η = {eta} one step multiplies the distance by 1 − 2η{m} = {factor}.",
    "found": "Found: with η = {eta} one step is enough, for 1 − 2η{m} = {factor}: nothing is left of the distance.",
    "curve none": "L/n against w; ▲ minimum", "curve l2": "L/n + λw²; dashed: L/n alone; ▲ minimum", "curve l1": "L/n + λ|w|; dashed: L/n alone; ▲ minimum",
}


def stand_ins(x, y):
    """As few points as there are columns, with the same means of products as all of x (n, columns - 1) and y (n, 1)."""
    columns = x.shape[1] + 1
    return np.linalg.qr(np.vstack([np.hstack([x, y]) / np.sqrt(len(x)), np.zeros((columns, columns))]), mode="r") * np.sqrt(columns)


def descent(x, y, eta=0.3, penalty="none", lam=0.5):
    """The spec of gradient descent on the mean loss of yhat = w x plus a penalty; x and y are (n,) or (n, 1). Notes: N4, N6, eq. N4.2, N4.3, N6.1."""
    x = _checks.real_array("x", x)
    x = x.reshape(-1, 1) if x.ndim == 1 else x
    if x.ndim != 2 or x.shape[1] != 1 or not x.any():
        raise ValueError(f"x must be one column of numbers, not all 0, but its shape is {x.shape}" if x.any() or x.shape[1:] != (1,) else "x must not be 0 for every point")
    y = _checks.targets(y, len(x), 1)
    eta, lam = _checks.number("eta", eta, zero=False), _checks.number("lam", lam, zero=True)
    if penalty not in PENALTIES:
        raise ValueError(f"penalty must be one of {', '.join(map(repr, PENALTIES))}, but {_checks.shown(penalty)} came")
    m, c, y2 = float(np.mean(x * x)), float(np.mean(x * y)), float(np.mean(y * y))
    lowest = c / m
    start = 0.5 if abs(0.5 - lowest) > 0.2 else round(lowest, 1) + 1.0
    span = abs(start - lowest)
    across = axis(lowest - 2 * span, lowest + 2 * span, 6)
    edge = f" · {fixed(m, 4)}" if abs(m - 1) > 5e-5 else ""
    return checked({
        "name": "descent", "title": "Descent", "first": 0,
        "panels": {
            "curve": {"kind": "chart", "name": "Mean loss and penalty against the weight w", "x": across,
                      "y": axis(0.0, (y2 - c * lowest + 1.7 * m * span**2) or 1.0, 4, label="loss"), "height": 168, "narrow": 104, "pressed": True},
            "trail": {"kind": "chart", "name": "The same w, step by step", "title": "The same w, step by step; green: minimum",
                      "x": {**across, "ticks": [[value, ""] for value, _ in across["ticks"]]},
                      "y": {"label": "step", "least": STEPS + 2.0, "most": -2.0, "ticks": [[t, str(t)] for t in range(0, STEPS + 1, 10)]}, "height": 122, "narrow": 88},
        },
        "choices": [
            {"name": "eta", "label": "η", "values": sorted({*ETAS, eta, float(f"{0.5 / m:.3g}")})},
            {"name": "penalty", "label": "penalty", "options": [[name, text, ""] for name, text in PENALTIES.items()]},
            {"name": "lam", "label": "λ", "values": sorted({*LAMS, lam})},
        ],
        "dial": {"label": "start", "edges": ["w"], "values": sorted({*_marks(across["least"], across["most"]), start}), "after": "trail", "actions": True},
        "traits": {"weights": [start], "eta": eta, "penalty": penalty, "lam": lam},
        "live": {"module": "descent", "words": WORDS, "points": [float(value) for value in stand_ins(x, y).ravel()], "m": m, "c": c, "n": len(x), "steps": STEPS, "still": STILL, "nothing": NOTHING,
                 "times m": edge, "times lam": f" · ({edge.removeprefix(' · ') or 1} + λ)"},
    })


def _marks(least, most):
    """About a hundred round numbers between these two."""
    size = 10.0 ** round(log10((most - least) / 100))
    return [round(n * size, 12) for n in range(ceil(least / size), floor(most / size) + 1)]


@lru_cache(maxsize=64)
def _walk(points, start, eta, penalty, lam):
    """The weight before the first step, after it, and so on."""
    P = np.reshape(points, (-1, 2))
    made = {"none": None, "l1": l1(lam), "l2": l2(lam)}[penalty]
    run = updates(MLP(W={1: [[start]]}), P[:, :1], P[:, 1], eta=eta, epochs=STEPS, batch_size=len(P), penalty=made)
    return [start, *(u.net.w(1, 1, 1) for u in run)]


def _ws(spec, state):
    return _walk(tuple(spec["live"]["points"]), state["weights"][0], state["eta"], state["penalty"], float(state["lam"]))


def last(spec, state):
    return STEPS


def net_of(spec, state):
    """The network with the weight after `index` steps."""
    return MLP(W={1: [[_ws(spec, state)[state["index"]]]]})


def plain(value, decimals=4):
    """A number that may run away: in few digits from ten thousand on."""
    return fixed(value, decimals) if abs(value) < 1e4 else figures(value, 4)


def plus(value, decimals=4):
    """The same with its sign."""
    return display(signed(value, decimals)) if abs(value) < 1e4 else display(significant(value, 4))


def frame(spec, state):
    words, live, t, (start,), eta, penalty = WORDS, spec["live"], state["index"], state["weights"], state["eta"], state["penalty"]
    lam = state["lam"] if penalty != "none" else 0
    two, one = lam if penalty == "l2" else 0, lam if penalty == "l1" else 0  # what each kind adds
    m, c = live["m"], live["c"]
    P = np.reshape(live["points"], (-1, 2))
    ws = _ws(spec, state)
    w, before = ws[t], ws[max(t - 1, 0)]

    def loss(v, two=two, one=one):
        return float(np.mean((P[:, 1] - v * P[:, 0]) ** 2)) + two * v * v + one * abs(v)

    def slope(v):
        return 2 * (m * v - c) + 2 * two * v + one * ((v > 0) - (v < 0))

    shrunk = (abs(c) - one / 2) * (1 if c > 0 else -1)  # the lowest place moves toward 0, and stays there
    lowest = 0.0 if abs(c) <= one / 2 else shrunk / (m + two)
    across, up = spec["panels"]["curve"]["x"], spec["panels"]["curve"]["y"]
    grid = [across["least"] + (across["most"] - across["least"]) * n / 90 for n in range(91)]
    away = not across["least"] <= w <= across["most"]
    factor = 1 - 2 * eta * (m + two)
    by, answer, found = -eta * slope(start), ws[1], abs(factor) < NOTHING
    still = [n for n in range(t + 1) if n and all(abs(ws[q] - ws[q - 1]) < STILL for q in range(n, t + 1))]
    slots = {"t": str(t), "n": str(live["n"]), "w": plain(w), "from": plain(before), "by": plus(w - before if t else by), "slope": plus(slope(w)), "L": plain(loss(w)),
             "what": words["penalised" if lam else "loss"], "eta": eta_text(eta), "m": live["times lam"] if two else live["times m"],
             "factor": fixed(factor, 3), "lam": eta_text(lam), "off": fixed(abs(w - lowest), 4), "after": plain(start + by), "since": str(min(still, default=0))}

    def say(*names):
        return " ".join(words[name] for name in names).format_map(slots)

    over = ["swings"] if abs(factor + 1) < 1e-9 else ["runs away"] if factor < -1 else ["other side"] if factor < 0 else []
    if not t:
        status = say(*(["start penalised", "strength"] if lam else ["start"]), "next")
    elif t == live["steps"] and not lam:
        status = say(*(["since"] if still else ["step"]), *(["found"] if found else ["task", *over]))
    else:
        said = ["away"] if away else [["since", "still"][min(still) == t]] if still else ["crossed"] if one and w * before < 0 else ["l1"] if one else []
        status = say("step", *([] if one else [*(["two"] if t == 1 else []), "factor", *over]), *said)

    path = [value for v in ws[: t + 1] for value in (v, loss(v))]
    curve = [{"kind": "line", "points": [value for v in grid for value in (v, loss(v))], "ink": "ink"},
             {"kind": "text", "points": [lowest, up["most"] * 0.06], "ink": "right", "text": "▲"},
             {"kind": "line", "points": path, "ink": "back", "dash": True}, {"kind": "ring", "points": path[:-2], "ink": "back"},
             {"kind": "line", "points": [value for d in (-0.12, 0.12) for value in (w + d * (across["most"] - across["least"]), loss(w) + d * (across["most"] - across["least"]) * slope(w))], "ink": "back"},
             {"kind": "ball", "points": [w, loss(w)], "ink": "accent"}]
    if lam:
        curve.insert(0, {"kind": "line", "points": [value for v in grid for value in (v, loss(v, 0, 0))], "ink": "soft", "dash": True})
    steps = [value for n, v in enumerate(ws[: t + 1]) for value in (v, n)]
    trail = [{"kind": "line", "points": [lowest, 0, lowest, live["steps"]], "ink": "right", "dash": True}, {"kind": "line", "points": steps, "ink": "back", "dash": True},
             {"kind": "ring", "points": steps[:-2], "ink": "back"}, {"kind": "ball", "points": steps[-2:], "ink": "accent"}]
    made = {"status": status, "shows": {"curve": {"title": words[f"curve {penalty if lam else 'none'}"], "marks": curve, "said": f"w {slots['w']}, {slots['what']} {slots['L']}"},
                                        "trail": {"marks": trail, "said": f"{t} steps, w {slots['w']}"}},
            "actions": [["rewind", "Rewind"]], "controls": ["eta", "penalty", "dial", *(["lam"] if penalty != "none" else [])]}
    if t == 0 and not lam:
        slips = [[start - eta, "no slope"], [start - slope(start), "no rate"], [start - by, "sign"], [by, "no start"]]
        made["ask"] = asked(say("ask"), answer, "", say("start"), shown=plain(answer, 2), tol=0.0051, slips=[[value, words[name]] for value, name in slips if abs(value - answer) > 0.011])
    elif t == 0 and one and abs(c) <= one / 2:
        made["ask"] = asked(say("ask l1"), words["no"], say("why l1"), say("start penalised"), choices=[words["yes"], words["no"]])
    return made


def eta_text(value):
    """A rate as it is turned to: 0.02, 1, 0.00001."""
    return figures(value, 6)
