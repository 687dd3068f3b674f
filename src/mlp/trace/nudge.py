"""A small change of one weight, followed link by link to the loss (chapter 3). Made in the page too, by widgets/js/nudge.js."""

import numpy as np

from .. import _checks
from ..backprop import backprop
from ..chain_rule import paths
from ..network import forward
from .digits import display, fixed, short, significant
from .drawing import drawable, edge_id, network_drawing, node_id, weights_of
from .frames import asked, checked
from .points import net_of as carried_net
from .points import packed, points_of
from .symbols import plain, spoken, symbol

NUDGES = [0.00001, 0.0001, 0.001, 0.01, 0.1, 1]
SMALL = 0.001  # from here on the moves of L are in the order of the slopes, to all digits that are printed

WORDS = {
    "start": "{w} is {value}, and grows by {nudge}.",
    "ask start": "By more or by less than that will L move?", "more": "more", "less": "less", "why start": "L moves by {moved}: each link multiplies, as the next steps show.",
    "link": "Link {n}: {from} moved by {came}, and {to} by {went}. The slope of this link is {name} = {slope}, and {went} / {came} = {ratio}.",
    "curved": "A curved link: a smaller nudge comes closer.",
    "product": "The slopes multiply: {slopes} = {product}. Measured: {moved} / {nudge} = {ratio}.",
    "ask product": "How much does L move for each unit of {w}? Multiply the slopes. (two decimals)",
    "why product": "The slopes are {slopes}.",
    "end": "One factor a neuron, in brackets: {brackets} = {product}. The package's backprop comes to {exact}.",
    "task": "Your task: make the nudge {small}, and find the weight that moves L most, up or down.",
    "ask end": "Which weight moves L most for this nudge, up or down? Try them all.", "why end": "{best} moves L by {most}.",
}


def nudge(net, x, y, letters=None):
    """The spec of a nudge of each weight of `net` from which one path leads to the loss of the point x (n_0,), y.

    letters gives a chain of single neurons plain names: for each layer those of its weight, its sum and its output, such as
    "u z p"; a layer whose sum and output have one name is one link. Notes: N7, N8, eq. N7.1 and N8.1.
    """
    drawable(net)
    X, Y = _checks.point(x, y, net)
    if letters is not None and (len(letters) != len(net.layers) or max(net.sizes) > 1 or any(len(names.split()) != 3 for names in letters)):
        raise ValueError(f"letters must be three names for each of the {len(net.layers)} layers of a chain of single neurons, such as 'u z p', but {letters!r} came")
    names = {} if letters is None else {thing: name for k, three in enumerate(letters, start=1) for thing, name in zip((("w", k, 1, 1), ("Z", k, 1), ("O", k, 1)), three.split())}
    single = [weight for weight in weights_of(net) if len(paths(net, *weight)) == 1]
    order = sorted(single, key=lambda weight: (weight[0] if letters else -weight[0], weight[1:]))
    ways = {edge_id(*weight): _way(net, X, Y, weight, names) for weight in order}
    first = next(iter(ways)) if letters else next((edge for edge in ("w2_3_1",) if edge in ways), next(iter(ways)))
    drawing = network_drawing(net, X, Y)
    if letters:
        for node in drawing["nodes"]:
            node["symbol"] = [names.get(("O", node["column"], 1), "L" if node["id"] == "L" else "x"), "", ""]
        for edge in drawing["edges"]:
            edge["symbol"] = [names[("w", *map(int, edge["id"][1:].split("_")))], "", ""] if edge["choice"] else []
            edge["label"] = f"{edge['symbol'][0]} = {edge['label']}" if edge["choice"] else edge["label"]
    for edge in drawing["edges"]:
        edge["choice"] = edge["choice"] if edge["choice"] in ways else ""
    return checked({
        "name": "nudge", "title": "Nudge", "first": 0,
        "panels": {"network": drawing, "chain": {"name": "The links, one below the other", "beside": True}},
        "choices": [{"name": "weight", "label": "weight", "options": [[edge, way["name"] if letters else f"{way['name']} ({way['ends']})", way["said"]] for edge, way in ways.items()]},
                    {"name": "nudge", "label": "nudge", "values": NUDGES}],
        "traits": {"weight": first, "nudge": 0.1},
        "live": {"module": "nudge", "words": WORDS, **packed(net, X, Y), "ways": ways, "small": SMALL},
    })


def _way(net, X, Y, weight, names):
    """What the way of one weight holds: its quantities with their values, its links with their slopes, what of the drawing is lit."""
    k, i, j = weight
    point, (units,) = forward(net, X), paths(net, *weight)
    value = {("w", *weight): net.w(*weight), ("L",): float(np.sum((Y - point.yhat) ** 2))}
    things, links = [("w", *weight)], []
    for layer, unit in enumerate(units, start=k):
        total, out = ("Z", layer, unit), ("O", layer, unit)
        value[total], value[out] = float(point.Z[layer][0, unit - 1]), float(point.O[layer][0, unit - 1])
        before = ("O", k - 1, i) if layer == k else ("w", layer, units[layer - k - 1], unit)
        factor = float(point.O[k - 1][0, i - 1]) if layer == k else net.w(*before[1:])
        links.append((_named(before, names), [_named(before, names), "", ""] if names else symbol(before), factor, False))
        if names.get(total) != names.get(out) or not names:
            things.append(total)
            slope = float(net.f[layer].d(point.Z[layer])[0, unit - 1])
            thing = ("f'", layer, unit)
            links.append((f"σ′({names[total]})" if names else plain(thing), [f"σ′({names[total]})", "", ""] if names else symbol(thing), slope, net.f[layer].name != "identity"))
        things.append(out)
    things.append(("L",))
    yhat = names.get(("O", len(net.layers), 1), "ŷ")
    links.append((f"2({yhat} − y)", [f"2({yhat} − y)", "", ""], float(2 * (point.yhat[0, units[-1] - 1] - Y[0, units[-1] - 1])), True))
    nodes = [node_id(k - 1, i), *(node_id(layer, unit) for layer, unit in enumerate(units, start=k)), "L"]
    edges = [edge_id(*weight), *(edge_id(layer, a, b) for layer, (a, b) in enumerate(zip(units, units[1:]), start=k + 1)), f"L{units[-1]}"]
    neurons, exact = _brackets(links, names, things), float(backprop(net, X, Y).W[k][i - 1, j - 1])
    return {"name": _named(("w", *weight), names), "said": names.get(("w", *weight)) or spoken(("w", *weight)),
            "ends": f"{plain(('O', k - 1, i))} → {plain(('O', k, j))}", "nodes": nodes, "edges": edges, "at": [[thing[0], *thing[1:]] for thing in things],
            "rows": [{"symbol": [names[t], "", ""] if t in names else symbol(t), "text": _named(t, names), "value": fixed(value[t], 4)} for t in things],
            "links": [{"text": text, "symbol": sign, "slope": fixed(slope, 5), "curved": curved} for text, sign, slope, curved in links],
            "slopes": [slope for _, _, slope, _ in links], "brackets": neurons, "exact": fixed(exact, 5)}


def _named(thing, names):
    return names.get(thing) or ("x" if names and thing[0] == "O" else plain(thing))


def _brackets(links, names, things):
    """The product from the loss back, a neuron's sum and activation in brackets."""
    texts, out = [text for text, *_ in links], []
    back = texts[::-1]
    out.append(back.pop(0))
    while back:
        if back[0].startswith(("f′", "σ′")):
            out.append(f"({back.pop(0)} · {back.pop(0)})")
        else:
            out.append(back.pop(0))
    return " · ".join(out)


def last(spec, state):
    return len(spec["live"]["ways"][state["weight"]]["links"]) + 2


def holds(spec, state):
    way = spec["live"]["ways"][state["weight"]]
    return {"chain": {"rows": way["rows"], "links": way["links"]}}


def net_of(spec, state):
    """The network with the weight nudged."""
    k, i, j = map(int, state["weight"][1:].split("_"))
    net = carried_net(spec["live"]["net"])
    W = {layer: np.array(net.W[layer]) for layer in net.layers}
    W[k][i - 1, j - 1] += state["nudge"]
    return net.with_parameters(W, net.b)


def _along(spec, state, net):
    """The values along the way, from the weight to the loss."""
    points = points_of(spec["live"]["points"])
    X, y = points.X[:1], points.y[:1]
    point, found = forward(net, X), []
    for letter, *indices in spec["live"]["ways"][state["weight"]]["at"]:
        if letter == "w":
            found.append(net.w(*indices))
        elif letter == "L":
            found.append(float(np.sum((y - point.yhat[0]) ** 2)))
        else:
            layer, unit = indices
            found.append(float((point.Z if letter == "Z" else point.O)[layer][0, unit - 1]))
    return found


def frame(spec, state):
    words, way, n = WORDS, spec["live"]["ways"][state["weight"]], state["index"]
    links, rows = way["links"], way["rows"]
    before, after = _along(spec, state, carried_net(spec["live"]["net"])), _along(spec, state, net_of(spec, state))
    moved = [b - a for a, b in zip(before, after)]
    moved[0] = state["nudge"]
    ratios = [there / here if here else 0.0 for here, there in zip(moved, moved[1:])]
    small = [display(significant(one, 4)) for one in moved]
    measured = [fixed(one, 5) for one in ratios]
    product = 1.0
    for slope in way["slopes"]:
        product *= slope
    shown = 1.0
    for link in links:
        shown *= float(link["slope"].replace("−", "-"))
    decimals = next((d for d in range(5, 0, -1) if fixed(shown, d) == fixed(product, d)), 0)
    whole = fixed(product, decimals)
    slots = {"w": way["name"], "value": rows[0]["value"], "nudge": small[0], "moved": small[-1], "product": whole, "exact": way["exact"],
             "slopes": " × ".join(f"({link['slope']})" if link["slope"].startswith("−") else link["slope"] for link in links),
             "ratio": fixed(moved[-1] / moved[0], 5), "brackets": way["brackets"], "small": short(spec["live"]["small"])}
    arrived = min(n, len(links))
    if 1 <= n <= len(links):
        slots |= {"n": str(n), "from": rows[n - 1]["text"], "to": rows[n]["text"], "came": small[n - 1], "went": small[n], "name": links[n - 1]["text"],
                  "slope": links[n - 1]["slope"], "ratio": measured[n - 1]}
    kind = "start" if n == 0 else "link" if n <= len(links) else "product" if n == len(links) + 1 else "end"

    def say(name):
        return words[name].format_map(slots)

    status = say(kind) + (f" {words['curved']}" if kind == "link" and links[n - 1]["curved"] and measured[n - 1] != links[n - 1]["slope"] else "")
    lit = way["edges"][: _edges_passed(way, arrived)]
    made = {"status": status, "shows": {
        "network": {"lit": way["nodes"], "routes": {edge: [1] if edge in lit else [0] for edge in way["edges"]}},
        "chain": {"changes": small[: arrived + 1], "ratios": [list(_alike(links[m]["slope"], measured[m])) for m in range(arrived)], "at": arrived}}}
    if kind == "start":
        answer = words["more" if abs(moved[-1]) > abs(moved[0]) else "less"]
        made["ask"] = asked(words["ask start"], answer, say("why start"), status, choices=[words["more"], words["less"]])
    elif kind == "product":
        made["ask"] = asked(say("ask product"), product, "", say("why product"), shown=fixed(product, 2), tol=0.0051)
    elif kind == "end" and len(spec["live"]["ways"]) > 2:
        made["status"] += " " + say("task")
        if state["nudge"] <= spec["live"]["small"]:
            moves = {edge: _along(spec, {"weight": edge}, net_of(spec, {**state, "weight": edge}))[-1] - before[-1] for edge in spec["live"]["ways"]}
            best = max(moves, key=lambda edge: abs(moves[edge]))
            slots |= {"best": spec["live"]["ways"][best]["name"], "most": display(significant(moves[best], 4))}
            made["ask"] = asked(words["ask end"], slots["best"], say("why end"), status, choices=[one["name"] for one in spec["live"]["ways"].values()])
    return made


def _edges_passed(way, arrived):
    """How many edges of the drawing the change has passed after so many links: one to a sum, or to an output that is one link with it, and the last to the loss."""
    things = [thing[0] for thing in way["at"]]
    return sum(things[q] in ("Z", "L") or things[q - 1] != "Z" for q in range(1, arrived + 1))


def _alike(slope, measured):
    """The beginning that two printed numbers share, and the rest of the second."""
    same = 0
    while same < min(len(slope), len(measured)) and slope[same] == measured[same]:
        same += 1
    return measured[:same], measured[same:]
