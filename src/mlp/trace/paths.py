"""The path ledger (chapter 4): for each weight of a network, every path to the loss of one point, and their sum.

At rest all scenes are made here. Where the reader turns a weight, leaves a path out or takes the deeper network, the scene is made anew:
here by `scene`, on the page by widgets/js/path-ledger.js.
"""

from collections.abc import Iterable
from functools import partial
from math import prod
from typing import NamedTuple

import numpy as np

from .. import _checks
from ..backprop import Gradients, backprop, numerical_gradients
from ..chain_rule import AtPoint, at_point, factors_at, paths
from ..losses import squared_loss
from ..network import MLP, forward
from . import ledger
from .digits import fixed, noise_of_difference, short
from .drawing import MOST_UNITS, edge_id, network_drawing, node_id, weight_options, weights_of
from .frames import asked, checked
from .ledger import Route, Step, Witness, by, scenes
from .points import packed_net
from .points import net_of as net_carried
from .points import weights_of as flat_weights
from .symbols import plain, symbol

MOST_PATHS = 6  # a drawing has so many colours and dashes that can be told apart
LARGEST = 1000.0  # a weight can be set to, where the dial ends before
SPAN = [-2, 2, 200]  # of the dial: from, to, in so many steps
DIAL = [round(float(w), 9) for w in np.linspace(*SPAN[:2], SPAN[2] + 1)]
NEAR = 0.0005  # of 0: there the paths of the puzzle cancel

WORDS = {
    **ledger.WORDS,
    "opening": "{name} = {w} sits on the edge from {start} to {end}.",
    "ask": "In how many ways does a small change of {name} reach L?", "ask deeper": "In how many ways does a small change of {name} reach L now?",
    "why": "From {end} on, each layer multiplies the ways by its neurons: {product}.", "why last": "{end} is the last neuron.",
    "numbers": "one two three four five six", "through": "through {units}", "partial": "∂{over} by ∂{under}", "weight": "weight, layer {k}, from {i} to {j}",
    "backprop": "backprop", "difference": "finite difference",
    "puzzle": "Turn {w} until the paths of {name} cancel and ∂L/∂{name} is 0, to three decimals. Now it is {total}.",
    "puzzle left": "The derivative is the sum of all paths: tick them again.",
    "vanish": "Each path alone is 0 here: that is no cancelling. Rewind.",
    "solved": "Solved: with {w} = {value} it is {total}.",
    "ask solved": "So L no longer depends on {name}?", "no": "no longer", "yes": "it still does",
    "why solved": "L is level here only: with {name} = {here} it is {L}, with {there} it is {away}.",
    "goal": "goal: 0",
}
SHARING = ("For all {count} weights: {along} multiplications path by path, {shared} when every product is used again. "
           "For the {old count} of the {old} network: {old along} and {old shared}.")


class Moment(NamedTuple):
    """A network at one point: its factors, its derivatives by two ways, and its loss."""

    at: AtPoint
    exact: Gradients
    nudged: Gradients
    L: float


def path_ledger(net, x, y, loss=squared_loss):
    """The spec of the path ledger: for each weight of `net`, every path to the loss of one point, and their sum.

    x is (n_0,), y a number or (n_K,). Raises as `forward` does, and ValueError where the network has more
    units or paths than can be told apart in one drawing. With the squared loss, and activations that the page knows,
    weights can be turned and paths left out. Notes: N7 to N9, eq. N9.3.
    """
    _checks.one_of("net", net, MLP, "an MLP")
    X, Y = _checks.point(x, y, net)
    most = max(len(paths(net, 1, 1, j)) for j in range(1, net.sizes[1] + 1))
    if most > MOST_PATHS or max(net.sizes) > MOST_UNITS:
        raise ValueError(f"net must have at most {MOST_UNITS} units a layer and {MOST_PATHS} paths from a weight, to be drawn; "
                         f"this one has up to {max(net.sizes)} units and {most} paths")
    spec = {
        "name": "path-ledger",
        "title": "Path ledger",
        "panels": {"network": network_drawing(net, X, Y, loss), "ledger": {}},
        "choices": [{"name": "weight", "label": "weight", "options": weight_options(net)}, {"name": "factored", "label": "factored form"}],
        "traits": {"choice": edge_id(1, 1, 1)},
    }
    if loss is squared_loss and (carried := _carried(net)):
        _make_live(spec, net, X, Y, carried)
    now, made = _moment(net, X, Y, loss), {}
    for weight in weights_of(net):
        made |= _scenes(spec, now, Y, weight, loss)
    spec["still"] = min(2 * most + 2, len(made[edge_id(1, 1, 1)]["frames"]) - 1)
    return checked({**spec, "scenes": made})


# What is carried ----------------------------------------------------------------------------------------------------------


def _carried(net):
    """The network as the page has it, or None where it cannot: with an activation of the reader's own."""
    try:
        return packed_net(net)
    except ValueError:
        return None


def _make_live(spec, net, X, Y, carried):
    """Adds to the spec what turns weights: the dial, what is carried, a deeper network where there is one, the puzzle where it can be solved."""
    deep, rest, options = _deeper(net), flat_weights(net), weight_options(net)
    puzzle = _puzzle(net, X, Y)
    live = {"module": "path-ledger", "words": WORDS, "net": carried, "x": X[0].tolist(), "y": Y[0].tolist(), "puzzle": puzzle, "near": NEAR,
            "witness": _derivatives(net, X, Y)}
    if deep:
        along, shared = multiplications(deep.sizes)
        old_along, old_shared = multiplications(net.sizes)
        live["witness"] += _derivatives(deep, X, Y)
        live["deeper"] = {"net": packed_net(deep), "drawing": network_drawing(deep, X, Y),
                          "sharing": SHARING.format(**{"count": len(weights_of(deep)), "along": along, "shared": shared, "old along": old_along,
                                                                 "old shared": old_shared, "old count": len(options), "old": "-".join(map(str, net.sizes))})}
        spec["keys"] = [edge_id(*w) + form for w in weights_of(deep) for form in (["", "+factored"] if len(paths(deep, *w)) > 1 else [""])]
        spec["choices"].append({"name": "deeper", "label": "-".join(map(str, deep.sizes)),
                                "sets": {"false": {"weights": rest, "left_out": []}, "true": {"weights": flat_weights(deep), "left_out": []}}})
        spec["traits"]["deeper"] = False
    first = puzzle["turn"] if puzzle else edge_id(min(2, len(net.layers)), 1, 1)
    spec["choices"].append({"name": "turn", "label": "turn", "options": [[edge, name.split(" ")[0], said] for edge, name, said in options], "place": "dial", "unlinked": True})
    spec["dial"] = {"label": "its value", "of": "turn", "edges": [edge for edge, *_ in options], "span": SPAN, "after": "ledger", "actions": True}
    spec["traits"] |= {"weights": rest, "left_out": [], "turn": first}
    spec["live"] = live


def _deeper(net):
    """The network with one more layer behind the first, as wide and with the same activation, or None where that has too many paths.
    The new weights have one decimal."""
    sizes = (*net.sizes[:2], *net.sizes[1:])
    if len(net.layers) < 2 or prod(sizes[2:]) > MOST_PATHS:
        return None
    between = np.random.default_rng(1).uniform(-1, 1, (sizes[1], sizes[1])).round(1)
    behind = {k + 1: k for k in net.layers if k > 1}
    return MLP(W={1: net.W[1], 2: np.where(between == 0, 0.5, between), **{k: net.W[m] for k, m in behind.items()}},
               f={1: net.f[1], 2: net.f[1], **{k: net.f[m] for k, m in behind.items()}},
               b={k: net.b[m] for k, m in {1: 1, **behind}.items() if m in net.biased})


def multiplications(sizes):
    """How many multiplications all derivatives of a network take: path by path, and with every product used again."""
    K, along, shared = len(sizes) - 1, 0, 0
    for k in range(1, K + 1):
        edges = sizes[k - 1] * sizes[k]
        along += edges * prod(sizes[k + 1 :]) * (K - k + 1)
        shared += edges * (1 if k == 1 else 2)
    return along, shared


def _derivatives(net, X, Y):
    """Those of layer 1, which hang on all weights, with twelve digits."""
    return [float(f"{one:.12g}") for one in backprop(net, X, Y).W[1].ravel()]


def _puzzle(net, X, Y):
    """{choice, turn}: a weight of two or more paths, and one of the last path's own that, turned by the dial, makes them cancel; or None."""
    if len(net.layers) < 2 or len(paths(net, 1, 1, 1)) < 2:
        return None
    turn = (2, 1, net.sizes[2])
    at = lambda w: float(backprop(_with(net, turn, w), X, Y).W[1][0, 0])  # noqa: E731
    some = [(w, at(w)) for w in DIAL[::10]]
    for (low, below), (high, above) in zip(some, some[1:]):
        if below * above < 0:
            near = [(abs(at(w)), w) for w in DIAL if low <= w <= high]
            now = at_point(_with(net, turn, min(near)[1]), X, Y, squared_loss)
            if min(near)[0] <= NEAR and not _vanish([prod(f.value for f in factors_at(now, 1, 1, 1, path)) for path in paths(net, 1, 1, 1)]):
                return {"choice": edge_id(1, 1, 1), "turn": edge_id(*turn)}
    return None


def _with(net, weight, value):
    k, i, j = weight
    W = {layer: np.array(net.W[layer]) for layer in net.layers}
    W[k][i - 1, j - 1] = value
    return net.with_parameters(W, net.b)


def _vanish(parts):
    return max(map(abs, parts)) <= 2 * NEAR


# Scenes -------------------------------------------------------------------------------------------------------------------


def _moment(net, X, Y, loss):
    return Moment(at_point(net, X, Y, loss), backprop(net, X, Y, loss=loss), numerical_gradients(net, X, Y, loss=loss), loss(Y, forward(net, X).yhat))


def _scenes(spec, now, Y, weight, loss=squared_loss, state=None):
    """The scenes of one weight, plain and factored, as they are in `state`, or at rest."""
    net, (k, i, j), live = now.at.net, weight, spec.get("live")
    rest = {"weights": flat_weights(net), "left_out": [], **spec["traits"]}
    state = rest if state is None else state
    deeper = live.get("deeper") if live and _is_deep(spec, state) else None
    key, name, start, end = edge_id(k, i, j), plain(("w", k, i, j)), plain(("O", k - 1, i)), plain(("O", k, j))
    routes = [_route(factors_at(now.at, k, i, j, path), loss) for path in paths(net, k, i, j)]
    witnesses = [Witness(WORDS["backprop"], float(now.exact.W[k][i - 1, j - 1])),
                 Witness(WORDS["difference"], float(now.nudged.W[k][i - 1, j - 1]), noise_of_difference(now.L, net.w(k, i, j)))]
    widths = list(map(str, net.sizes[k + 1 :]))
    why = WORDS["why" if widths else "why last"].format(end=end, product=" · ".join(widths) + (f" = {len(routes)}" if len(widths) > 1 else ""))
    numbers = WORDS["numbers"].split(" ")
    choices = [numbers[n - 1] for n in sorted({1, 2, 3, 6, len(routes)})]
    ask = partial(asked, WORDS["ask deeper" if deeper else "ask"].format(name=name), numbers[len(routes) - 1], why, choices=choices)
    puzzle = live and not deeper and live["puzzle"]
    made = scenes(key, name, [["L", "", ""], symbol(("w", k, i, j))], routes, witnesses,
                  WORDS["opening"].format(name=name, w=short(net.w(k, i, j)), start=start, end=end), ({key: [0]}, routes[0].nodes[:2]),
                  ask=ask, left=state["left_out"] if live else None,
                  more=partial(_puzzled, now, Y, routes, state, puzzle["turn"]) if puzzle and puzzle["choice"] == key
                  else lambda total: [{"status": deeper["sharing"]}] if deeper and len(routes) > 1 else [])
    if not live:
        return made
    at_rest = state["weights"] == (deeper or live)["net"]["weights"]
    for scene in made.values():
        if deeper:
            scene["holds"]["network"] = deeper["drawing"]
        for frame in scene["frames"]:
            open_ = "ask" in frame and not frame["shows"]["ledger"]["total"]
            turning = not open_ and (not at_rest or bool(state["left_out"]) or frame["shows"]["ledger"]["check"])
            frame["controls"] = ["weight", "factored", "deeper", *(["turn", "dial"] if turning else [])]
            if turning and not (at_rest and not state["left_out"]):
                frame["actions"] = [["rewind", "Rewind"]]
            if not at_rest:
                _refill(frame["shows"]["network"], now)
    return made


def _refill(shows, now):
    """The numbers of the network in the drawing."""
    net = now.at.net
    shows["values"] = {**{node_id(k, j): fixed(now.at.O[k][0, j - 1], 2) for k, n in enumerate(net.sizes) for j in range(1, n + 1)}, "L": fixed(now.L, 2)}
    shows["numbers"] = {edge_id(*w): short(net.w(*w)) for w in weights_of(net) if edge_id(*w) in shows["routes"]}


def _puzzled(now, Y, routes, state, turn, total):
    """The puzzle's frame: a weight is turned until the derivative is 0, and then a question."""
    net, (k, i, j) = now.at.net, (1, 1, 1)
    name, at = plain(("w", k, i, j)), tuple(map(int, turn[1:].split("_")))
    slots = {"name": name, "w": plain(("w", *at)), "value": short(net.w(*at)), "total": total}
    parts = [prod(step.value for step in route.steps) for route in routes]
    goal = {"dial": WORDS["goal"].format(**slots)}
    if state["left_out"]:
        return [{"status": WORDS["puzzle left"], **goal}]
    if abs(now.exact.W[k][i - 1, j - 1]) > NEAR:
        return [{"status": WORDS["puzzle"].format(**slots), **goal}]
    if _vanish(parts):
        return [{"status": WORDS["vanish"], **goal}]
    here, there = net.w(k, i, j), net.w(k, i, j) - 1
    away = float(np.sum((Y - forward(_with(net, (k, i, j), there), now.at.O[0]).yhat) ** 2))
    why = WORDS["why solved"].format(name=name, here=short(here), L=fixed(now.L, 4), there=short(there), away=fixed(away, 4))
    ask = partial(asked, WORDS["ask solved"].format(**slots), WORDS["yes"], why, choices=[WORDS["no"], WORDS["yes"]])
    return [{"status": WORDS["solved"].format(**slots), "ask": ask, **goal}]


def _route(product, loss):
    """The Route along which `factors_at` took these factors."""
    steps = []
    for n, factor in enumerate(product):
        over, under = factor.over, factor.under
        edge = f"L{under[2]}" if n == 0 else edge_id(*under[1:]) if under[0] == "w" else edge_id(over[1], under[2], over[2])
        inside = tuple((symbol(thing), number) for thing, number in factor.inside)
        if n == 0 and loss is squared_loss:
            inside = ((["2", "", ""], 2.0), (["(ŷ − y)", "", ""], factor.value / 2))
        steps.append(Step(symbol(over), symbol(under), factor.value, edge, by(over, under), inside))
    _, k, i, j = product[-1].under
    visited = [factor.over for factor in reversed(product[1:])]
    nodes = (node_id(k - 1, i), *(node_id(*thing[1:]) for thing in visited), "L")
    through = WORDS["through"].format(units=", ".join(map(plain, visited[1:-1] or visited[-1:])))
    return Route(tuple(steps), nodes, " → ".join([plain(product[-1].under), *map(plain, visited), "L"]), through)


# A state ------------------------------------------------------------------------------------------------------------------


def _is_deep(spec, state):
    """Whether these are the weights of the deeper network."""
    return len(state["weights"]) != len(spec["live"]["net"]["weights"])


def scene(spec, state):
    """What is held and the frames: those made beforehand or, where something was turned, made now."""
    made = spec["scenes"].get(state["choice"])
    if "live" not in spec or (made and state["weights"] == spec["traits"]["weights"] and not state["left_out"]):
        return made
    net, live = net_of(spec, state), spec["live"]
    X, Y = np.array([live["x"]]), np.array([live["y"]])
    weight = tuple(map(int, state["choice"].split("+")[0][1:].split("_")))
    return _scenes(spec, _moment(net, X, Y, squared_loss), Y, weight, state=state)[state["choice"]]


def known(spec, state):
    """The keys of the scenes that the present network has."""
    return spec["keys"] if "live" in spec and _is_deep(spec, state) else [*spec["scenes"]]


def settled(spec, state, changed, old):
    """What of the state another spec, weight, network or length of the weights changes with it, as {trait: value}."""
    rest, now = spec["traits"], dict(state)
    if changed == "spec":
        now = {"index": 0, **rest, "choice": state["choice"], **({"turn": state["turn"]} if "turn" in rest and state["turn"] else {})}
    elif "live" not in spec:
        return {}
    elif changed == "deeper" and len(state["weights"]) != len(rest_of(spec, state["deeper"])):
        now["weights"], now["left_out"] = rest_of(spec, state["deeper"]), []
    elif changed == "weights" and len(old) != len(state["weights"]):
        now["deeper"], now["left_out"] = _is_deep(spec, state), []
    elif changed == "choice" and old.split("+")[0] != state["choice"].split("+")[0]:
        now["left_out"] = []
    keys = known(spec, now)
    now["choice"] = next(key for key in (now["choice"], now["choice"].split("+")[0], rest["choice"]) if key in keys)
    if "turn" in now and now["turn"] not in keys:
        now["turn"] = rest["turn"]
    names = sorted({*now} - {"index"}, key=lambda name: name != "weights")  # first: they say which network it is
    return {name: now[name] for name in names if changed == "spec" or now[name] != state[name]}


def rest_of(spec, deeper):
    """The weights at rest."""
    live = spec["live"]
    return (live["deeper"] if deeper else live)["net"]["weights"]


def fitting(spec, name, value, state):
    """`value`, if this trait can be set to it; else an error that names it."""
    if name == "choice":
        keys = known(spec, state)
        if not isinstance(value, str) or value not in keys:
            raise ValueError(f"choice must be one of {', '.join(keys)}, but {value!r} came")
        return value
    if name not in spec["traits"]:
        if value is None:
            return value  # it is not turned
        raise ValueError(f"{name} cannot be set here: " + ("no deeper network can be drawn" if "live" in spec else "the page knows the squared loss and its own activations only"))
    if name == "turn":
        edges = [edge_id(*w) for w in weights_of(net_of(spec, state))]
        if value not in edges:
            raise ValueError(f"turn must be one of {', '.join(edges)}, but {value!r} came")
        return value
    if name == "deeper":
        return _checks.boolean(name, value)
    if name == "left_out":
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise TypeError(f"left_out must be a list of numbers of paths, but {_checks.shown(value)} came")
        return sorted({_checks.integer(name, one, 1, MOST_PATHS) for one in value})
    sizes = [len(rest_of(spec, deeper)) for deeper in ([False, True] if "deeper" in spec["traits"] else [False])]
    weights = _checks.real_array(name, value)
    if weights.ndim != 1 or len(weights) not in sizes:
        raise ValueError(f"weights must be a list of {' or '.join(map(str, sizes))} numbers, but its shape is {weights.shape}")
    if np.max(np.abs(weights)) > LARGEST:
        raise ValueError(f"weights must be at most {LARGEST:g} in size, but {_checks.shown(value)} came")
    return weights.tolist()


def net_of(spec, state):
    """The network with the state's weights."""
    live = spec["live"]
    return net_carried(live["deeper"]["net"] if _is_deep(spec, state) else live["net"], state["weights"])


def holds(spec, state):
    return scene(spec, state)["holds"]


def last(spec, state):
    return len(scene(spec, state)["frames"]) - 1


def frame(spec, state):
    return scene(spec, state)["frames"][state["index"]]
