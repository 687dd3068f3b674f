"""Activation functions f and their derivatives f', one line each (chapters 1 and 5).

Notes: N2 (a neuron's f), N13 (f must be differentiable; a cheap derivative trains faster).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from . import _checks, _trials


@dataclass(frozen=True)
class Activation:
    """One activation function: `f(z)` is its value and `f.d(z)` its derivative, both entry by entry.

    `z` is a number or an array of any shape; float64 of the same shape comes out. Raises TypeError
    or ValueError where `z` is not real numbers. Never warns: a saturated sigmoid is not an overflow.

    `value(z, out)` and `slope(o, out)` are the bare formulas for the loops of this package, writing into
    an array that is already there (for the value also z itself, for the slope another one than o). The slope is written
    by o = f(z), known by then: sigma' = o (1 - o) costs two operations once o is there, which is what N13 calls easily
    differentiable. Both are tried once: TypeError or ValueError names the one that does not do so.

    >>> float(sigmoid(0.0)), float(sigmoid.d(0.0))
    (0.5, 0.25)
    >>> relu([-1.0, 2.0]).tolist(), relu.d([-1.0, 2.0]).tolist()
    ([0.0, 2.0], [0.0, 1.0])
    """

    name: str
    value: Callable
    slope: Callable
    formula: str = ""  # what help() and the editor show of it

    def __post_init__(self):
        if self.formula:
            object.__setattr__(self, "__doc__", f"{self.formula} Entry by entry, for z of any shape. Notes: N2, N13.")
        o = _trials.fills("value", self.value, "z", _trials.Z, onto_itself=True)
        _trials.fills("slope", self.slope, "o", o, onto_itself=False)

    def __call__(self, z):
        z = np.array(_checks.real_array("z", z, infinite=True))  # a copy: the formulas write into it
        entries = np.atleast_1d(z)
        with np.errstate(all="ignore"):
            self.value(entries, out=entries)
        return z[()]

    def d(self, z):
        """The derivative f'(z), entry by entry."""
        o = np.array(self(z))
        slope = np.empty_like(o)
        with np.errstate(all="ignore"):
            self.slope(np.atleast_1d(o), out=np.atleast_1d(slope))
        return slope[()]

    def __repr__(self):
        return self.name

    def __reduce__(self):
        return self.name  # pickled and copied by name: there is one sigmoid


def _sigmoid(z, out):
    np.negative(z, out=out)
    np.exp(out, out=out)  # infinite below z = -709, where 1 / (1 + infinity) = 0 is right to within 1e-308
    np.add(out, 1.0, out=out)
    return np.divide(1.0, out, out=out)


def _sigmoid_slope(o, out):
    np.subtract(1.0, o, out=out)
    return np.multiply(out, o, out=out)


def _tanh_slope(o, out):
    np.multiply(o, o, out=out)
    return np.subtract(1.0, out, out=out)


def _relu(z, out):
    return np.maximum(z, 0.0, out=out)


def _relu_slope(o, out):
    return np.greater(o, 0.0, out=out, casting="unsafe")


def _identity_slope(o, out):
    return np.positive(1.0, out=out)


sigmoid = Activation("sigmoid", _sigmoid, _sigmoid_slope, "sigma(z) = 1 / (1 + exp(-z)); sigma'(z) = sigma(z) (1 - sigma(z)).")
tanh = Activation("tanh", np.tanh, _tanh_slope, "tanh(z); tanh'(z) = 1 - tanh(z)^2.")
relu = Activation("relu", _relu, _relu_slope, "relu(z) = max(z, 0); relu'(z) = 1 where z > 0, and 0 elsewhere, at 0 too.")
identity = Activation("identity", np.positive, _identity_slope, "identity(z) = z; its derivative is 1.")
