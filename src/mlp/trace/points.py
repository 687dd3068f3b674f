"""The network and the points that a live view carries, and how Python reads them back as the page does (`js/live.js`).

The book's cars are carried as they were measured, a tenth of the digits, and standardised where they are used; other points as they are.
"""

from typing import NamedTuple

import numpy as np

from ..activations import identity, relu, sigmoid, tanh
from ..backprop import _problem
from ..data import auto_mpg, running_example
from ..losses import squared_loss
from ..network import MLP

MOST_POINTS = 2000
ACTIVATIONS = {f.name: f for f in (sigmoid, tanh, relu, identity)}


class Points(NamedTuple):
    """Points as the network sees them, X (n, n_0) and y (n,), and as they were measured: `raw` (n, n_0 + 1), targets last, with
    their means. `scale` is what turns one into the other, (mean, deviation) column by column."""

    X: np.ndarray
    y: np.ndarray
    raw: np.ndarray
    means: np.ndarray
    scale: tuple

    def predictions(self, yhat):
        """Predictions in the units of the targets."""
        return yhat * self.scale[1][-1] + self.scale[0][-1]


def packed(net, X, y):
    """{net, points}: a part of a live view's `live`. Raises as `mlp.train` does, and ValueError where net has more than one output
    or an activation that the page does not know, or X more points than can be drawn."""
    X, y = _problem(net, X, y, squared_loss, None)
    if net.sizes[-1] != 1:
        raise ValueError(f"net must have one output, so that each point has one error, but it has {net.sizes[-1]}")
    carried = packed_net(net)
    if len(X) > MOST_POINTS:
        raise ValueError(f"X must have at most {MOST_POINTS} points, to be drawn, but it has {len(X)}")
    cars = auto_mpg()
    measured = np.array_equal(X, cars.Xs) and np.array_equal(y[:, 0], cars.ys)
    rows = np.column_stack([cars.X, cars.y] if measured else [X, y])
    return {"net": carried,
            "points": {"rows": [int(v) if v.is_integer() and abs(v) < 2**53 else v for v in rows.ravel().tolist()], "width": rows.shape[1], "measured": measured}}


def of_the_book(carried):
    """Whether `packed` carried the book's network and cars: some tasks are made for these."""
    return carried["points"]["measured"] and carried["net"] == packed_net(running_example()[0])


def packed_net(net):
    """{sizes, weights, activations, biases} of a network. Raises ValueError where it has an activation that the page does not know."""
    for k in net.layers:
        if ACTIVATIONS.get(net.f[k].name) is not net.f[k]:
            raise ValueError(f"net must have activations of {', '.join(ACTIVATIONS)}, but that of layer {k} is {net.f[k].name}")
    return {"sizes": list(net.sizes), "weights": weights_of(net), "activations": [net.f[k].name for k in net.layers], "biases": list(net.biased)}


def weights_of(net):
    """Every weight, layer by layer and row by row, then the biases that learn: the order of the page's flat list."""
    return np.concatenate([net.W[k].ravel() for k in net.layers] + [net.b[k] for k in net.biased]).tolist()


def net_of(carried, weights=None):
    """The MLP that `packed` carried, or the same with other weights."""
    sizes, flat, at, W, b = carried["sizes"], np.array(carried["weights"] if weights is None else weights, dtype=float), 0, {}, {}
    for k in range(1, len(sizes)):
        W[k] = flat[at : at + sizes[k - 1] * sizes[k]].reshape(sizes[k - 1], sizes[k])
        at += W[k].size
    for k in carried["biases"]:
        b[k] = flat[at : at + sizes[k]]
        at += sizes[k]
    return MLP(W=W, b=b, f={k: ACTIVATIONS[name] for k, name in enumerate(carried["activations"], start=1)})


def points_of(carried):
    """The `Points` that `packed` carried."""
    raw = np.array(carried["rows"], dtype=float).reshape(-1, carried["width"])
    means, width = raw.mean(axis=0), raw.shape[1]
    if not carried["measured"]:
        return Points(raw[:, :-1], raw[:, -1], raw, means, (np.zeros(width), np.ones(width)))
    cars = auto_mpg()  # its own numbers, to the bit
    return Points(cars.Xs, cars.ys, raw, means, (np.append(cars.x_mean, cars.y_mean), np.append(cars.x_dev, cars.y_dev)))


def units(carried):
    """What the inputs and the target are called, with their units: [[name, unit], ...], the target last."""
    if carried["measured"]:
        cars = auto_mpg()
        return [*map(list, zip(("displacement", "horsepower", "heaviness", "acceleration"), cars.units)), ["miles per gallon", "mpg"]]
    return [*([f"x{n}", ""] for n in range(1, carried["width"])), ["y", ""]]
