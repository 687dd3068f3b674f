"""The slope of the sigmoid, and what is left of a change behind a row of sigmoids (chapter 3). Made in the page too, by widgets/js/slopes.js."""

import numpy as np

from ..activations import sigmoid
from ..network import MLP, forward
from .axes import axis
from .digits import figures, fixed
from .frames import asked, checked

DEPTH, INPUT = 10, 0.5

WORDS = {
    "start": "A change goes through a row of ten sigmoids, each with the weight {w}.",
    "ask start": "What comes out of the last: more or less than a millionth of it?", "more": "more", "less": "less", "why start": "Behind the tenth it is {end} of the change.",
    "step": "Sigmoid {n}: its sum is {sum}, its slope {slope}; times the weight {w}, that is {factor}. Of the change {product} is left.",
    "ask end": "Your task: with the biases on, which weight hands the change on as it is?", "why end": "Each slope is ¼, and 4 · ¼ = 1.",
    "here": "At z = {z}: σ = {O}, σ′ = σ(1 − σ) = {slope}",
}


def slopes():
    """The spec. A bias of −w/2 keeps every sum near 0, where the sigmoid is steepest. Notes: N8."""
    return checked({
        "name": "slopes", "title": "Slopes", "first": 0,
        "panels": {
            "sigmoid": {"kind": "chart", "name": "The sigmoid and its slope", "x": axis(-6, 6, 6, label="z"), "y": axis(0, 1, 4), "height": 190, "narrow": 104},
            "left": {"kind": "chart", "name": "What is left of a change behind each sigmoid", "title": "Left of a change, behind n sigmoids", "height": 190, "narrow": 104, "beside": True, "dot": 3,
                     "x": {"least": 0, "most": DEPTH, "ticks": [[n, str(n)] for n in (0, 2, 4, 6, 8, 10)], "label": "n"},
                     "y": {"least": 1e-11, "most": 10.0, "log": True, "ticks": [[1e-9, "10⁻⁹"], [1e-6, "10⁻⁶"], [1e-3, "0.001"], [1, "1"]]}},
        },
        "choices": [{"name": "z", "label": "z", "values": [n / 4 for n in range(-24, 25)]}, {"name": "w", "label": "weight", "values": [0.5, 1, 2, 3, 4, 5, 6]},
                    {"name": "biased", "label": "biases −w/2"}],
        "traits": {"z": 1.5, "w": 1, "biased": False},
        "live": {"module": "slopes", "words": WORDS},
    })


def last(spec, state):
    return DEPTH


def net_of(spec, state):
    """The row of sigmoids."""
    layers = range(1, DEPTH + 1)
    b = {k: [-state["w"] / 2] for k in layers} if state["biased"] else {}
    return MLP(W={k: [[float(state["w"])]] for k in layers}, b=b, f=dict.fromkeys(layers, sigmoid))


def frame(spec, state):
    words, n, z, w = WORDS, state["index"], state["z"], state["w"]
    net = net_of(spec, state)
    Z, O = forward(net, [[INPUT]])
    steep = [float(sigmoid.d(Z[k])[0, 0]) for k in net.layers]
    left = [1.0]
    for slope in steep:
        left.append(left[-1] * slope * w)
    here, tilt = float(sigmoid(np.float64(z))), float(sigmoid.d(np.float64(z)))
    slots = {"w": figures(w, 3), "end": figures(left[-1], 3), "z": figures(z, 3), "O": fixed(here, 4), "slope": fixed(tilt, 4)}
    title = words["here"].format_map(slots)
    if n:
        slots |= {"n": str(n), "sum": fixed(float(Z[n][0, 0]), 4), "slope": fixed(steep[n - 1], 4), "factor": fixed(steep[n - 1] * w, 4), "product": figures(left[n], 3)}
    status = words["step" if n else "start"].format_map(slots)
    grid = [-6 + 0.1 * m for m in range(121)]
    net_1 = [(v, float(sigmoid(np.float64(v)))) for v in grid]
    curve = [{"kind": "line", "points": [one for pair in net_1 for one in pair], "ink": "ink", "text": "σ"},
             {"kind": "line", "points": [one for v, o in net_1 for one in (v, o * (1 - o))], "ink": "accent", "dash": True, "text": "σ′"},
             {"kind": "line", "points": [z - 1.5, here - 1.5 * tilt, z + 1.5, here + 1.5 * tilt], "ink": "back"},
             {"kind": "ball", "points": [z, here], "ink": "back"}, {"kind": "dots", "points": [z, tilt], "ink": "back"}]
    behind = [one for m in range(n + 1) for one in (m, left[m])]
    marks = [{"kind": "line", "points": behind, "ink": "accent"}, {"kind": "dots", "points": behind, "ink": "accent"}]
    if n:
        marks.insert(0, {"kind": "line", "points": [one for m in range(DEPTH + 1) for one in (m, 0.25**m)], "ink": "soft", "dash": True, "text": "¼ each"})
    made = {"status": status, "shows": {"sigmoid": {"marks": curve, "title": title, "said": title}, "left": {"marks": marks, "said": f"{n}: {figures(left[n], 3)}"}}}
    if n == 0:
        answer = words["more" if left[-1] > 1e-6 else "less"]
        made["ask"] = asked(words["ask start"], answer, words["why start"].format_map(slots), status, choices=[words["more"], words["less"]])
    elif n == DEPTH:
        made["ask"] = asked(words["ask end"], 4, words["why end"], status, shown="4", tol=0.001)
    return made
