"""The chain rule along one path, and over all of them (chapters 3 and 4).

A path is the tuple of the units visited in layers k ... K: (1, 2, 1) from w^1_11 runs through O_11,
O_22 and O_31. Notes: N7 (last layer), N8 (second layer), N9 (first layer: more than one path).
"""

from collections.abc import Sequence
from math import prod
from operator import index
from sys import maxsize
from typing import NamedTuple

import numpy as np

from . import _checks
from .losses import Loss, squared_loss
from .network import MLP, forward


class Paths(Sequence):
    """The paths from one weight to the loss, made one at a time: deep networks have too many to keep."""

    __slots__ = ("_start", "_widths", "_count")

    def __init__(self, start, widths):
        self._start, self._widths = start, tuple(widths)
        self._count = prod(self._widths)  # may be more than Python's len() can say

    def __len__(self):
        if self._count > maxsize:
            raise ValueError(f"there are {_checks.shown(self._count)} paths, more than len() can say; take some by their number, as in paths[:10]")
        return self._count

    def __getitem__(self, n):
        if isinstance(n, slice):
            return [self[m] for m in range(*n.indices(self._count))]
        n = index(n)
        if not -self._count <= n < self._count:
            raise IndexError(f"of {_checks.shown(self._count)} paths there is none numbered {_checks.shown(n)}")
        n, units = n % self._count, []
        for width in reversed(self._widths):
            n, unit = divmod(n, width)
            units.append(unit + 1)
        return (self._start, *reversed(units))

    def __contains__(self, path):
        return (
            isinstance(path, tuple)
            and len(path) == 1 + len(self._widths)
            and path[0] == self._start
            and all(unit in range(1, width + 1) for unit, width in zip(path[1:], self._widths))
        )

    def __bool__(self):
        return True  # there is always one; and len() may be too large a number for Python

    def __eq__(self, other):
        if isinstance(other, Paths):
            return (self._start, self._widths) == (other._start, other._widths)
        return isinstance(other, Sequence) and self._count == len(other) and all(p == q for p, q in zip(self, other))

    __hash__ = None

    def __repr__(self):
        shown = [str(path) for path in self[:10]]
        return f"[{', '.join(shown)}{', ...' if self._count > 10 else ''}]"


def paths(net, k, i, j):
    """Every path from w^k_ij to the loss: a sequence of tuples, the units visited in layers k ... K.

    The first unit is j, the end of the weight's edge; there are n_{k+1} * ... * n_K paths. Raises
    TypeError or ValueError where k, i, j are not integers inside the network. Notes: N9.

    >>> import numpy as np
    >>> paths(MLP.init((4, 3, 2, 1), rng=np.random.default_rng(7)), 1, 1, 1)
    [(1, 1, 1), (1, 2, 1)]
    """
    _checks.one_of("net", net, MLP, "an MLP")
    k, i, j = _checks.weight(net, k, i, j)
    return Paths(j, net.sizes[k + 1 :])


class Factor(NamedTuple):
    """One factor of a path: d(over)/d(under), its value, and the numbers it is the product of.

    over, under   what is differentiated by what, as ("L",), ("O", layer, unit) or ("w", k, i, j)
    inside        what the value is made of: ("f'", layer, unit) times ("w", k, i, j) or ("O", layer, unit),
                  as (name, number) pairs; empty for dL/dO
    """

    over: tuple
    under: tuple
    value: float
    inside: tuple


def factors(net, x, y, k, i, j, path, loss=squared_loss):
    """The factors along one path, from the loss back to the weight; their product is the path's part of dL/dw^k_ij.

    dL/dO_Km,  then  dO_{l+1,b}/dO_{l,a} = f'(Z_{l+1,b}) w^{l+1}_ab  down the path,  then
    dO_kj/dw^k_ij = f'(Z_kj) O_{k-1,i}

    x is one point (n_0,), y a number or (n_K,), path one of `paths(net, k, i, j)`. Returns a tuple of
    `Factor`. Raises as `paths` does, TypeError or ValueError where x, y, path or loss do not fit, and
    FloatingPointError on overflow. Notes: N7.1, N8.1, N9.3.
    """
    _checks.one_of("net", net, MLP, "an MLP")
    k, i, j = _checks.weight(net, k, i, j)
    X, Y = _checks.point(x, y, net)
    _checks.one_of("loss", loss, Loss, "a loss such as squared_loss")
    path = _one_path(path, Paths(j, net.sizes[k + 1 :]), k, i, j)
    return factors_at(at_point(net, X, Y, loss), k, i, j, path)


class AtPoint(NamedTuple):
    """What all factors at one point are made of, after one forward pass: outputs, slopes f'(Z) and dL/dO_K, by layer."""

    net: MLP
    O: dict
    slope: dict
    dL: np.ndarray


def at_point(net, X, Y, loss):
    """One forward pass of the point X (1, n_0) with target Y (1, n_K), unchecked: an `AtPoint`."""
    Z, O = forward(net, X)
    return AtPoint(net, O, {k: net.f[k].d(Z[k])[0] for k in net.layers}, loss.d(Y, O[len(net.layers)])[0])


def factors_at(point, k, i, j, path):
    """`factors`, unchecked, read off one `at_point`."""
    net, K, last = point.net, len(point.net.layers), path[-1]
    product = [Factor(("L",), ("O", K, last), float(point.dL[last - 1]), ())]
    for layer in range(K, k, -1):
        a, b = path[layer - 1 - k], path[layer - k]
        inside = ((("f'", layer, b), float(point.slope[layer][b - 1])), (("w", layer, a, b), float(net.W[layer][a - 1, b - 1])))
        product.append(Factor(("O", layer, b), ("O", layer - 1, a), inside[0][1] * inside[1][1], inside))
    inside = ((("f'", k, j), float(point.slope[k][j - 1])), (("O", k - 1, i), float(point.O[k - 1][0, i - 1])))
    product.append(Factor(("O", k, j), ("w", k, i, j), inside[0][1] * inside[1][1], inside))
    _checks.finite_result("a factor of the path", *(factor.value for factor in product))
    return tuple(product)


def path_gradient(net, x, y, k, i, j, path, loss=squared_loss):
    """The product of the factors along one path: that path's part of dL/dw^k_ij, for one point.

    Summed over `paths(net, k, i, j)` it is the entry [i-1, j-1] of backprop's W[k] (penalty aside). The
    arguments and errors are those of `factors`. Notes: N9, eq. N9.3.

    >>> net = MLP(W={1: [[1.0]], 2: [[3.0]]})
    >>> path_gradient(net, [0.0], 1.0, 2, 1, 1, (1,))      # 2 (1.5 - 1) * 0.5
    0.5
    """
    part = prod(factor.value for factor in factors(net, x, y, k, i, j, path, loss))
    _checks.finite_result("the product along the path", part)
    return part


def _one_path(path, ways, k, i, j):
    try:
        units = tuple(_checks.integer("path", unit, 1) for unit in path)
    except (TypeError, ValueError):
        units = None
    if units not in ways:
        comma = "," if max(i, j) > 9 else ""
        raise ValueError(f"path must be one of the {ways._count} paths of w^{k}_{i}{comma}{j}, such as {ways[0]}, "
                         f"but {_checks.shown(path)} came")
    return units
