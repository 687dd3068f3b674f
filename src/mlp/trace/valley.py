"""Gradient descent on two weights whose inputs say nearly the same (chapter 2). Made in the page too, by widgets/js/valley.js.

Both inputs are standardised, with the correlation rho. Then L/n is m1 a^2 + m2 b^2 above its lowest place, where a and b are the ways
along the two diagonals of the map, (1, 1) and (1, -1) over the root of 2, and m1 = 1 + rho, m2 = 1 - rho.
"""

from functools import lru_cache
from math import cos, pi, sin, sqrt

import numpy as np

from .. import _checks
from ..network import MLP
from ..training import updates
from .axes import axis
from .descent import eta_text, plain, stand_ins
from .digits import fixed
from .frames import asked, checked

STEPS = 40
ETAS = [0.05, 0.1, 0.2, 0.3, 0.4, 0.45, 0.5, 0.52, 0.55, 0.6]
RHOS = [0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.98]
LEVELS = [0.02, 0.1, 0.3, 0.7, 1.3, 2.2, 3.5]  # of the contour lines, above the lowest
ROOT = sqrt(0.5)

WORDS = {
    "start": "Start: w = ({w1}, {w2}), where L/n is {L}.",
    "step": "Step {t}: from ({from1}, {from2}) to ({w1}, {w2}), where L/n is {L}.",
    "factors": "Across the valley a step leaves 1 − 2η · {m1} = {f1} of the way, along it 1 − 2η · {m2} = {f2}.",
    "ask": "Correlation {rho}, η = {eta}: which way is done first, across the valley or along it?", "across": "across", "along": "along", "never": "neither, it runs away",
    "both": "both at once", "why": "A step leaves {f1} of the one and {f2} of the other.",
    "task": "Your task: which correlation makes one step with η = 0.5 enough? (one decimal)", "why task": "Then m = 1 in both directions, the contour lines are circles, and 1 − 2 · 0.5 · 1 = 0.",
}


def valley(x, y, eta=0.1):
    """The spec of gradient descent for yhat = w1 x1 + w2 x2, both inputs standardised. x is (n, 2), y (n,). Notes: N6, eq. N6.1."""
    x = _checks.real_array("x", x)
    if x.ndim != 2 or x.shape[1] != 2 or len(x) < 3:
        raise ValueError(f"x must be two columns of at least three numbers, but its shape is {x.shape}")
    y = _checks.targets(y, len(x), 1)
    eta = _checks.number("eta", eta, zero=False)
    if not (x.std(axis=0) > 0).all():
        raise ValueError("x must be two columns that vary, to be standardised")
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    rho = float(np.mean(x[:, 0] * x[:, 1]))
    if abs(rho) > 0.999:
        raise ValueError(f"x must be two columns that differ, but their correlation is {rho:.4f}")
    points = stand_ins(x, y)
    state = {"weights": [0.0, 1.0], "eta": eta, "rho": round(rho, 3), "weight": "w1_1_1"}
    starts = [round(n / 20, 2) for n in range(-40, 41)]
    return checked({
        "name": "valley", "title": "The valley", "first": 0,
        "panels": {
            "map": {"kind": "chart", "name": "A map of L/n over the two weights", "title": "Contour lines of L/n, w₂ upwards", "height": 270, "narrow": 132, "dot": 2.5, "pressed": True,
                    "x": axis(-2, 1.4, 5, label="w₁"), "y": axis(-1.8, 1.4, 5)},
            "left": {"kind": "chart", "name": "How much of the way is left, step by step", "title": "Left of the way, by step", "height": 270, "narrow": 72, "beside": True,
                     "x": {"least": 0.0, "most": float(STEPS), "ticks": [[t, str(t)] for t in range(0, STEPS + 1, 10)]},
                     "y": {"least": 1e-4, "most": 10.0, "log": True, "ticks": [[1e-4, "10⁻⁴"], [0.01, "0.01"], [1, "1"]]}},
        },
        "choices": [{"name": "eta", "label": "η", "values": sorted({*ETAS, eta})}, {"name": "rho", "label": "correlation", "values": sorted({*RHOS, state["rho"]}), "most": 0.99},
                    {"name": "weight", "label": "start", "options": [["w1_1_1", "w₁", "w 1"], ["w1_2_1", "w₂", "w 2"]], "place": "dial"}],
        "dial": {"label": "at", "of": "weight", "edges": ["w1_1_1", "w1_2_1"], "values": starts, "after": "left", "actions": True},
        "traits": state,
        "live": {"module": "valley", "words": WORDS, "points": [float(value) for value in points.ravel()], "rho": rho, "steps": STEPS},
    })


def bent(points, rho, wanted):
    """Points whose second input is mixed with the first until the two have the correlation wanted; the measured one changes nothing."""
    P = np.reshape(points, (-1, 3)).copy()
    if wanted != round(rho, 3):
        P[:, 1] = wanted * P[:, 0] + sqrt((1 - wanted * wanted) / (1 - rho * rho)) * (P[:, 1] - rho * P[:, 0])
    return P


@lru_cache(maxsize=64)
def _walk(points, rho, wanted, start, eta):
    P = bent(points, rho, wanted)
    run = updates(MLP(W={1: [[start[0]], [start[1]]]}), P[:, :2], P[:, 2], eta=eta, epochs=STEPS, batch_size=3)
    return [start, *((u.net.w(1, 1, 1), u.net.w(1, 2, 1)) for u in run)]


def _ws(spec, state):
    return _walk(tuple(spec["live"]["points"]), spec["live"]["rho"], state["rho"], tuple(state["weights"]), state["eta"])


def last(spec, state):
    return STEPS


def net_of(spec, state):
    """The network with the weights after `index` steps."""
    a, b = _ws(spec, state)[state["index"]]
    return MLP(W={1: [[a], [b]]})


def frame(spec, state):
    words, live, t, eta = WORDS, spec["live"], state["index"], state["eta"]
    P = bent(live["points"], live["rho"], state["rho"])
    r = float(np.mean(P[:, 0] * P[:, 1]))
    c1, c2 = float(np.mean(P[:, 0] * P[:, 2])), float(np.mean(P[:, 1] * P[:, 2]))
    low = ((c1 - r * c2) / (1 - r * r), (c2 - r * c1) / (1 - r * r))
    m1, m2 = 1 + r, 1 - r
    ws = _ws(spec, state)
    (w1, w2), (a1, a2) = ws[t], ws[max(t - 1, 0)]
    loss = float(np.mean((P[:, 2] - w1 * P[:, 0] - w2 * P[:, 1]) ** 2))
    f1, f2 = 1 - 2 * eta * m1, 1 - 2 * eta * m2
    slots = {"t": str(t), "w1": plain(w1), "w2": plain(w2), "from1": plain(a1), "from2": plain(a2), "L": plain(loss), "m1": fixed(m1, 3), "m2": fixed(m2, 3),
             "f1": fixed(f1, 3), "f2": fixed(f2, 3), "rho": eta_text(state["rho"]), "eta": eta_text(eta)}

    def say(name):
        return words[name].format_map(slots)

    status = f"{say('step' if t else 'start')} {say('factors')}"

    def place(along, over):
        return (low[0] + (along + over) * ROOT, low[1] + (along - over) * ROOT)

    rings = []
    for level in LEVELS:
        wide, tall = sqrt(level / m1), sqrt(level / m2)
        rings.append({"kind": "line", "points": [one for n in range(61) for one in place(wide * cos(n * pi / 30), tall * sin(n * pi / 30))], "ink": "soft"})
    path = [one for pair in ws[: t + 1] for one in pair]
    shown = [*rings, {"kind": "line", "points": [*place(-3, 0), *place(3, 0)], "ink": "back", "dash": True}, {"kind": "line", "points": [*place(0, -3), *place(0, 3)], "ink": "right", "dash": True},
             {"kind": "star", "points": [*low], "ink": "ink"}, {"kind": "line", "points": path, "ink": "accent"}, {"kind": "dots", "points": path, "ink": "accent"}, {"kind": "ball", "points": path[-2:], "ink": "accent"}]
    ways = [(abs(((a - low[0]) + (b - low[1])) * ROOT), abs(((a - low[0]) - (b - low[1])) * ROOT)) for a, b in ws[: t + 1]]
    left = [{"kind": "line", "points": [one for n, (across, _) in enumerate(ways) for one in (n, max(across, 1e-12))], "ink": "back", "text": words["across"]},
            {"kind": "line", "points": [one for n, (_, along) in enumerate(ways) for one in (n, max(along, 1e-12))], "ink": "right", "text": words["along"]}]
    made = {"status": status, "actions": [["rewind", "Rewind"]],
            "shows": {"map": {"marks": shown, "said": f"w ({slots['w1']}, {slots['w2']}), lowest ({plain(low[0])}, {plain(low[1])})"},
                      "left": {"marks": left if t else [], "said": f"{t}: {words['across']} {plain(ways[-1][0])}, {words['along']} {plain(ways[-1][1])}"}}}
    if t == 0:
        answer = words["never" if max(abs(f1), abs(f2)) > 1 else "both" if abs(abs(f1) - abs(f2)) < 1e-9 else "across" if abs(f1) < abs(f2) else "along"]
        made["ask"] = asked(say("ask"), answer, say("why"), say("start"), choices=[words[one] for one in ("across", "along", "both", "never")])
    elif t == STEPS:
        made["ask"] = asked(words["task"], 0, words["why task"], status, shown="0", tol=0.001)
    return made
