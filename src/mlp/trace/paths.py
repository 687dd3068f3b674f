"""The path ledger (chapter 4): for each weight of a network, every path to the loss of one point, and their sum."""

from .. import _checks
from ..backprop import backprop, numerical_gradients
from ..chain_rule import at_point, factors_at, paths
from ..losses import squared_loss
from ..network import MLP
from .digits import noise_of_difference, short
from .drawing import MOST_UNITS, edge_id, network_drawing, node_id, weight_options, weights_of
from .frames import checked
from .ledger import Route, Step, Witness, by, scenes
from .symbols import plain, symbol

MOST_PATHS = 6  # a drawing has so many colours and dashes that can be told apart


def path_ledger(net, x, y, loss=squared_loss):
    """The spec of the path ledger: for each weight of `net`, every path to the loss of one point, and their sum.

    x is (n_0,), y a number or (n_K,). Raises as `forward` does, and ValueError where the network has more
    units or paths than can be told apart in one drawing. Notes: N7 to N9, eq. N9.3.
    """
    _checks.one_of("net", net, MLP, "an MLP")
    X, Y = _checks.point(x, y, net)
    most = max(len(paths(net, 1, 1, j)) for j in range(1, net.sizes[1] + 1))
    if most > MOST_PATHS or max(net.sizes) > MOST_UNITS:
        raise ValueError(f"net must have at most {MOST_UNITS} units a layer and {MOST_PATHS} paths from a weight, to be drawn; "
                         f"this one has up to {max(net.sizes)} units and {most} paths")
    point = at_point(net, X, Y, loss)
    exact, nudged, total = backprop(net, X, Y, loss=loss), numerical_gradients(net, X, Y, loss=loss), loss(Y, point.O[len(net.layers)])
    made = {}
    for k, i, j in weights_of(net):
        key, name, start = edge_id(k, i, j), plain(("w", k, i, j)), plain(("O", k - 1, i))
        routes = [_route(factors_at(point, k, i, j, path), loss) for path in paths(net, k, i, j)]
        witnesses = [Witness("backprop", float(exact.W[k][i - 1, j - 1])),
                     Witness("finite difference", float(nudged.W[k][i - 1, j - 1]), noise_of_difference(total, net.w(k, i, j)))]
        opening = (f"{name} = {short(net.w(k, i, j))} sits on the edge from {start} to {plain(('O', k, j))}. "
                   "In how many ways does a small change of it reach L? Count, then step on.")
        lit = ({key: [0]}, routes[0].nodes[:2])
        made |= scenes(key, name, [["L", "", ""], symbol(("w", k, i, j))], routes, witnesses, opening, lit)
    return checked({
        "name": "path-ledger",
        "title": "Path ledger",
        "panels": {"network": network_drawing(net, X, Y, loss), "ledger": {}},
        "choices": [{"name": "weight", "label": "weight", "options": weight_options(net)}, {"name": "factored", "label": "factored form"}],
        "scenes": made,
    })


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
    through = "through " + ", ".join(map(plain, visited[1:-1] or visited[-1:]))
    return Route(tuple(steps), nodes, " → ".join([plain(product[-1].under), *map(plain, visited), "L"]), through)
