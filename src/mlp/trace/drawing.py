"""The network as a drawing: its nodes in columns, its edges, and the names and numbers on them. `plots` and the views share it."""

from .. import _checks
from ..losses import squared_loss
from ..network import MLP, forward
from .digits import fixed, short
from .symbols import plain, spoken, symbol

MOST_UNITS = 8
MOST_LABELS = 4  # of edges that are lit at once: more hide the drawing
RADIUS = 21.5  # of a node, where 96 are an inch


def drawable(net):
    """Raises TypeError where `net` is no MLP, and ValueError where it has more units than a drawing has room for."""
    _checks.one_of("net", net, MLP, "an MLP")
    if max(net.sizes) > MOST_UNITS:
        raise ValueError(f"net must have at most {MOST_UNITS} units a layer, to be drawn; this one has up to {max(net.sizes)}")


def network_drawing(net, X=None, Y=None, loss=squared_loss):
    """The drawing of a network, with the values of one point (X of shape (1, n_0)) where it is given, and the loss."""
    values = {}
    if X is not None:
        done = forward(net, X)
        values = {("O", k, j + 1): v for k, row in done.O.items() for j, v in enumerate(row[0])}
        if Y is not None:
            values["L",] = loss(Y, done.yhat)
    nodes = [{"id": node_id(k, j), "symbol": symbol(("O", k, j)), "value": _two(values.get(("O", k, j))), "column": k, "row": j - 1, "rows": n}
             for k, n in enumerate(net.sizes) for j in range(1, n + 1)]
    nodes.append({"id": "L", "symbol": ["L", "", ""], "value": _two(values.get(("L",))), "column": len(net.sizes), "row": 0, "rows": 1})
    edges = [{"id": edge_id(k, i, j), "from": node_id(k - 1, i), "to": node_id(k, j), "choice": edge_id(k, i, j),
              "symbol": symbol(("w", k, i, j)), "label": short(net.w(k, i, j))}
             for k, i, j in weights_of(net)]
    K = len(net.layers)
    edges += [{"id": f"L{j}", "from": node_id(K, j), "to": "L", "choice": "", "symbol": [], "label": ""} for j in range(1, net.sizes[K] + 1)]
    return {
        "name": f"The {'-'.join(map(str, net.sizes))} network and its loss",
        "columns": ["input", *(f"layer {k}" for k in net.layers), ""],
        "nodes": nodes,
        "edges": edges,
    }


def places(drawing, width):
    """{node's id: (x, y)}, width and height of a drawing `width` wide or, for a deeper network, wider: the twin of `layout` in network.js, where there is room."""
    columns, rows = (1 + max(node["column"] for node in drawing["nodes"]), max(node["rows"] for node in drawing["nodes"]))
    pitch, top, side = 76 if rows < 3 else 44, RADIUS + 4, RADIUS + 20
    width = max(width, 2 * side + (columns - 1) * (2 * RADIUS + 22))
    at = {node["id"]: (side + node["column"] * (width - 2 * side) / max(1, columns - 1), top + ((rows - node["rows"]) / 2 + node["row"]) * pitch)
          for node in drawing["nodes"]}
    return at, width, 2 * top + (rows - 1) * pitch + (17 if any(drawing["columns"]) else 0)


def weights_of(net):
    """(k, i, j) of every weight of the network, layer by layer, row by row: the order of the flat list of weights."""
    return [(k, i, j) for k in net.layers for i in range(1, net.sizes[k - 1] + 1) for j in range(1, net.sizes[k] + 1)]


def weight_options(net):
    """The options of a list of all weights: [id, name with its two ends, name as said aloud]."""
    return [[edge_id(k, i, j), f"{plain(('w', k, i, j))} ({plain(('O', k - 1, i))} → {plain(('O', k, j))})", spoken(("w", k, i, j))]
            for k, i, j in weights_of(net)]


def node_id(layer, unit):
    return f"O{layer}_{unit}"


def edge_id(k, i, j):
    return f"w{k}_{i}_{j}"


def _two(value):
    return "" if value is None else fixed(value, 2)
