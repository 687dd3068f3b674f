"""The network and the forward pass (chapter 1).

Notes: N2 (neurons, weights, matrices), N3 (training finds the weights), N10 step 2a (forward).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

from . import _checks
from .activations import Activation, identity, sigmoid
from .initializers import Initializer, xavier


class PerLayer(Mapping):
    """Read-only values by layer number, as the notes count: `W[1]` is the first layer's.

    >>> PerLayer({1: "a", 2: "b"})[2]
    'b'
    """

    __slots__ = ("_values",)

    def __init__(self, values):
        self._values = dict(values)

    def __getitem__(self, k):
        try:
            return self._values[k]
        except (KeyError, TypeError):
            raise KeyError(f"no layer {k!r}; the layers here are {', '.join(map(str, self._values))}") from None

    def __iter__(self):
        return iter(self._values)

    def __len__(self):
        return len(self._values)

    def __eq__(self, other):
        if not isinstance(other, Mapping):
            return NotImplemented
        return self.keys() == other.keys() and all(_same(value, other[k]) for k, value in self.items())

    def __hash__(self):
        return hash(tuple((k, np.shape(value)) for k, value in self.items()))

    def __repr__(self):
        return repr(self._values)

    def __reduce__(self):
        return _read_only_layers, (self._values,)  # a copied or unpickled record is as frozen as the first


def frozen(array):
    """A read-only float64 copy of `array`."""
    array = np.array(array, dtype=np.float64, order="C")
    array.flags.writeable = False
    return array


def read_only(array):
    """`array` itself, made read-only; for arrays nobody else holds."""
    array.flags.writeable = False
    return array


def _same(one, other):
    return np.array_equal(one, other) if isinstance(one, np.ndarray) or isinstance(other, np.ndarray) else one == other


def record(kind):
    """Has a NamedTuple or a dataclass compare by all it holds, numbers and arrays alike. (Of an array NumPy does not say whether it is true.)"""

    def held(one):
        return tuple(one) if isinstance(one, tuple) else tuple(getattr(one, field.name) for field in fields(one))

    def equal(self, other):
        if not isinstance(other, tuple if isinstance(self, tuple) else kind):
            return NotImplemented
        return len(held(self)) == len(held(other)) and all(map(_same, held(self), held(other)))

    kind.__eq__, kind.__ne__ = equal, object.__ne__
    kind.__hash__ = lambda self: hash(tuple(part.shape if isinstance(part, np.ndarray) else part for part in held(self)))
    return kind


def rebuilt(record, *values):
    """A record made anew, as copying and unpickling do: its arrays are as read-only as the first one's."""
    return record(*(read_only(v) if isinstance(v, np.ndarray) else v for v in values))


def _read_only_layers(values):
    return PerLayer({k: read_only(v) if isinstance(v, np.ndarray) else v for k, v in values.items()})


@record
@dataclass(frozen=True, eq=False, repr=False, init=False)
class MLP:
    """A multilayer perceptron: weights W, biases b and activations f, each by layer 1 ... K.

    O[k-1] @ W[k] + b[k] = Z[k],   f[k](Z[k]) = O[k]

    W   {k: array (n_{k-1}, n_k)}; w^k_ij, the weight from unit i to unit j, is W[k][i-1, j-1]
    b   {k: array (n_k,)}, optional; a layer not named has no bias: its b[k] is zeros and stays so
    f   {k: activation}, optional; by default sigmoid in the hidden layers and identity in the last

    Raises TypeError or ValueError, naming the parameter, where W is empty, not numbered 1 ... K, not
    2-D, does not fit its neighbour or is not finite, and likewise for b and f. Networks are equal where all four parts are, the numbers to the bit.
    Notes: N2. The notes name no bias, so by default there is none.

    >>> net = MLP(W={1: [[0.5], [-1.0]], 2: [[2.0]]})
    >>> net
    MLP(2-1-1, sigmoid, identity, 3 weights, no bias)
    >>> net.w(1, 2, 1)
    -1.0
    """

    W: PerLayer
    b: PerLayer
    f: PerLayer
    biased: tuple  # the numbers of the layers that have a bias

    def __init__(self, W, b=None, f=None):
        W = per_layer("W", W)
        if not W:
            raise ValueError("W is empty; at least one layer is needed")
        if sorted(W) != list(range(1, len(W) + 1)):
            raise ValueError(f"W must be numbered 1 ... {len(W)}, but its keys are {_checks.shown(list(W))}")
        W = {k: frozen(_checks.real_array(f"W[{k}]", W[k])) for k in sorted(W)}
        for k in W:
            if W[k].ndim != 2 or 0 in W[k].shape:
                raise ValueError(f"W[{k}] must be 2-D, (units of layer {k - 1}, units of layer {k}), with at least one unit in each, "
                                 f"but its shape is {W[k].shape}")
            if k > 1 and W[k].shape[0] != W[k - 1].shape[1]:
                raise ValueError(f"W[{k}] has {W[k].shape[0]} rows, but W[{k - 1}] has {W[k - 1].shape[1]} columns; they must be the same")
        given = per_layer("b", {} if b is None else b, W)
        biases = {}
        for k in W:
            width = W[k].shape[1]
            biases[k] = frozen(_checks.real_array(f"b[{k}]", given[k]) if k in given else np.zeros(width))
            if biases[k].shape != (width,):
                raise ValueError(f"b[{k}] must have shape ({width},), one bias for each unit, but its shape is {biases[k].shape}")
        chosen = per_layer("f", {} if f is None else f, W)
        for k in chosen:
            _checks.one_of(f"f[{k}]", chosen[k], Activation, "an activation: sigmoid, tanh, relu or identity")
        f = {k: chosen.get(k, identity if k == len(W) else sigmoid) for k in W}
        self._set(W, biases, f, tuple(k for k in W if k in given))

    def _set(self, W, b, f, biased):
        for name, value in (("W", PerLayer(W)), ("b", PerLayer(b)), ("f", PerLayer(f)), ("biased", biased)):
            object.__setattr__(self, name, value)

    @classmethod
    def init(cls, sizes, *, rng, activation=sigmoid, output=identity, bias=False, init=xavier):
        """A network of the given `sizes` with weights drawn from `rng` by `init`; biases, if any, start at 0.

        sizes        n_0, n_1 ... n_K: at least two positive integers
        rng          a numpy.random.Generator; the same seed draws the same bits
        activation   of the hidden layers;  output: of the last layer
        init         small_normal, uniform, xavier, he or zeros

        Raises TypeError or ValueError naming the parameter that is none of these. Notes: N6 item 1, N11.

        >>> MLP.init((4, 3, 2, 1), rng=np.random.default_rng(7)).sizes
        (4, 3, 2, 1)
        """
        if isinstance(sizes, (str, bytes)) or not isinstance(sizes, (Sequence, np.ndarray)) or getattr(sizes, "shape", None) == ():
            raise TypeError(f"sizes must be a sequence of at least two positive integers, but {_checks.shown(sizes)} came")
        if len(sizes) < 2:
            raise ValueError(f"sizes must have at least two entries, inputs and outputs, but {_checks.shown(sizes)} came")
        sizes = [_checks.integer(f"sizes[{k}]", size, 1, _checks.LARGEST) for k, size in enumerate(sizes)]
        for k in range(1, len(sizes)):
            _checks.matrix(f"sizes[{k - 1}]", sizes[k - 1], f"sizes[{k}]", sizes[k])
        _checks.generator(rng, optional=False)
        bias = _checks.boolean("bias", bias)
        for name, value in (("activation", activation), ("output", output)):
            _checks.one_of(name, value, Activation, "sigmoid, tanh, relu or identity")
        _checks.one_of("init", init, Initializer, "small_normal, uniform, xavier, he or zeros")
        layers = range(1, len(sizes))
        return cls(
            W={k: init(sizes[k - 1], sizes[k], rng) for k in layers},
            b={k: np.zeros(sizes[k]) for k in layers} if bias else None,
            f={k: output if k == len(sizes) - 1 else activation for k in layers},
        )

    @property
    def sizes(self):
        """(n_0, n_1 ... n_K): the number of units in each layer."""
        return (self.W[1].shape[0], *(self.W[k].shape[1] for k in self.layers))

    @property
    def layers(self):
        """(1 ... K): the layers that have weights."""
        return tuple(self.W)

    def w(self, k, i, j):
        """w^k_ij, the weight from unit i of layer k-1 to unit j of layer k: `W[k][i-1, j-1]`, a float.

        Raises TypeError or ValueError where k, i, j are not integers inside the network. Notes: N2.
        """
        k, i, j = _checks.weight(self, k, i, j)
        return float(self.W[k][i - 1, j - 1])

    def with_parameters(self, W, b):
        """This network with other weights and biases of the same shapes, given as arrays nobody else writes to."""
        net = object.__new__(MLP)
        net._set(W, b, self.f, self.biased)
        return net

    def __repr__(self):
        count = sum(self.W[k].size for k in self.layers)
        biases = f"biases in layers {self.biased}" if self.biased else "no bias"
        names = ", ".join(self.f[k].name for k in self.layers)
        return f"MLP({'-'.join(map(str, self.sizes))}, {names}, {count} weight{'s' * (count > 1)}, {biases})"


def per_layer(name, value, layers=None):
    """`value` as a plain dict keyed by layer number; by none but `layers`, where these are given."""
    if not isinstance(value, Mapping):
        raise TypeError(f"{name} must be a dict from layer number to value, as in {name}={{1: ..., 2: ...}}, but {type(value).__name__} came")
    for k in value:
        if isinstance(k, (bool, np.bool_)) or not isinstance(k, (int, np.integer)):
            raise ValueError(f"{name} must be keyed by layer numbers 1, 2, ..., but has the key {_checks.shown(k)}")
        if layers is not None and k not in layers:
            raise ValueError(f"{name} has a layer {k}, but W has the layers 1 ... {len(layers)}")
    return {int(k): value[k] for k in value}


@record
class Forward(NamedTuple):
    """What a forward pass leaves behind, by layer: the sums Z[k] and the outputs O[k], each (n, n_k); O[0] is X.

    Notes: N2, N10 step 2a.
    """

    Z: PerLayer
    O: PerLayer

    @property
    def yhat(self):
        """The predictions: the outputs of the last layer, (n, n_K)."""
        return self.O[len(self.Z)]


def forward(net, X):
    """Passes the points X through the network, layer by layer: Z[k] = O[k-1] @ W[k] + b[k], O[k] = f[k](Z[k]).

    X is (n, n_0), one point a row. Returns `Forward(Z, O)`. Raises TypeError or ValueError where `X` is
    not real, finite, 2-D, of n_0 columns and at least one row; FloatingPointError where the sums overflow.
    Notes: N2, N10 step 2a.

    >>> Z, O = forward(MLP(W={1: [[2.0], [1.0]]}), [[3.0, 4.0]])
    >>> O[1].tolist()
    [[10.0]]
    """
    _checks.one_of("net", net, MLP, "an MLP")
    X = _checks.inputs(X, net.sizes[0])
    Z, O = room(net, len(X)), {0: X, **room(net, len(X))}
    with np.errstate(all="ignore"):
        sweep_forward(net.W, net.b, net.f, net.biased, X, Z, O)
    _checks.finite_result("the forward pass", *Z.values())
    O[0] = X.view()
    return Forward(*(PerLayer({k: read_only(array) for k, array in values.items()}) for values in (Z, O)))


def sweep_forward(W, b, f, biased, X, Z, O):
    """The forward pass itself, unchecked, writing into Z[k] and O[k]: the loop that `forward`, `backprop` and
    `train` share. Z[k] and O[k] may be the same array where the sums are not needed afterwards."""
    O[0] = X
    for k in W:
        np.matmul(O[k - 1], W[k], out=Z[k])
        if k in biased:
            np.add(Z[k], b[k], out=Z[k])
        f[k].value(Z[k], out=O[k])


def room(net, n):
    """Arrays for one value of each of n points and each unit: {k: (n, n_k)}."""
    return {k: np.empty((n, net.W[k].shape[1])) for k in net.layers}
