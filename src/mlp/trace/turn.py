"""One thing to touch: turn any weight, and what the network predicts for one point follows (the front page). Made in the page too, by widgets/js/turn.js."""

import numpy as np

from .. import _checks
from ..network import forward
from .digits import fixed, short
from .drawing import drawable, edge_id, network_drawing, node_id, weight_options, weights_of
from .frames import checked
from .points import net_of as carried_net
from .points import packed, points_of

NEAR = 0.05  # of the target, in its own unit: what one decimal shows as the same

WORDS = {
    "task": "The network says {yhat} {unit}; the truth is {y}. Turn a weight until it says {y}.",
    "turned": "{w} = {value}: the network says {yhat} {unit}, and the truth is {y}. The loss L is {L}.",
    "found": "Found: with {w} = {value} the network says {yhat} {unit}, and the loss L is {L}. Which other weights can do it alone?",
}


def turn(net, x, y, scale=(0.0, 1.0), unit=""):
    """The spec: predictions are shown as yhat * scale[1] + scale[0], in `unit`. x is (n_0,), y a number. Notes: N2, N4."""
    drawable(net)
    X, Y = _checks.point(x, y, net)
    scale = _checks.real_array("scale", scale)
    if scale.shape != (2,):
        raise ValueError(f"scale must be two numbers, what to add and what to multiply by, but its shape is {scale.shape}")
    weights = weights_of(net)
    first = "w3_1_1" if (3, 1, 1) in weights else edge_id(*weights[-1])
    after = {edge_id(*w): _after(net, *w) for w in weights}
    live = packed(net, X, Y)
    values = sorted({round(n / 20, 2) for n in range(-60, 61)} | set(live["net"]["weights"][: len(weights)]))
    return checked({
        "name": "turn", "title": "Turn a weight", "steps": False, "still": 0,
        "panels": {"network": network_drawing(net, X, Y)},
        "choices": [{"name": "weight", "label": "weight", "options": weight_options(net)}],
        "dial": {"label": "turn", "of": "weight", "edges": [edge_id(*w) for w in weights], "values": values, "actions": True},
        "traits": {"weights": live["net"]["weights"], "weight": first},
        "live": {"module": "turn", "words": {**WORDS, "unit": unit}, **live, "after": after, "names": {edge: text.split(" ")[0] for edge, text, _ in weight_options(net)}, "scale": scale.tolist(), "near": NEAR},
    })


def _after(net, k, i, j):
    """What of the drawing a change of a weight reaches: nodes, and edges."""
    nodes, edges, reached = [node_id(k, j)], [], [j]
    for layer in range(k + 1, len(net.layers) + 1):
        edges += [edge_id(layer, a, b) for a in reached for b in range(1, net.sizes[layer] + 1)]
        reached = [*range(1, net.sizes[layer] + 1)]
        nodes += [node_id(layer, b) for b in reached]
    return {"nodes": [*nodes, "L"], "edges": [*edges, *(f"L{b}" for b in reached)]}


def last(spec, state):
    return 0


def net_of(spec, state):
    return carried_net(spec["live"]["net"], state["weights"])


def frame(spec, state):
    live, words, edge = spec["live"], spec["live"]["words"], state["weight"]
    points, net = points_of(live["points"]), net_of(spec, state)
    point = forward(net, points.X)
    shown = lambda value: float(value * live["scale"][1] + live["scale"][0])  # noqa: E731
    yhat, y = shown(point.yhat[0, 0]), shown(points.y[0])
    loss = float(np.sum((points.y[:1] - point.yhat[0]) ** 2))
    k, i, j = map(int, edge[1:].split("_"))
    slots = {"w": live["names"][edge], "value": short(net.w(k, i, j)), "yhat": fixed(yhat, 1), "y": fixed(y, 1), "L": fixed(loss, 4), "unit": words["unit"]}
    moved = any(abs(a - b) > 1e-12 for a, b in zip(state["weights"], live["net"]["weights"]))
    kind = "found" if abs(yhat - y) < NEAR else "turned" if moved else "task"
    values = {node_id(layer, unit): fixed(float(value), 2) for layer, row in point.O.items() for unit, value in enumerate(row[0], start=1)} | {"L": fixed(loss, 2)}
    after = live["after"][edge]
    return {"status": words[kind].format_map(slots), "actions": [["rewind", "Rewind"]],
            "shows": {"network": {"lit": after["nodes"], "routes": {edge: [1]} | {one: [0] for one in after["edges"] if one.startswith("L")}, "values": values, "numbers": {edge: slots["value"]}}}}
