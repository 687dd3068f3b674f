"""The loss and the regularizers: each is a value and a derivative (chapter 2).

Notes: N4 (eq. N4.1 to N4.3), N5 (eq. N5.1).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from . import _checks, _trials


@dataclass(frozen=True)
class Loss:
    """A loss of the targets y and the predictions yhat, summed over the points.

    `loss(y, yhat)` is one float, the sum; `loss.d(y, yhat)` is its derivative by each entry of yhat,
    of yhat's shape. yhat has shape (n, n_K) and y the same, or (n,) where n_K is 1; both may also be
    (n,) or single numbers. A row is never broadcast against a column: other shapes raise ValueError, values
    that are not real and finite TypeError or ValueError, and a sum that overflows FloatingPointError.
    `value` and `slope` are the bare formulas, for the loops of this package; both are tried once, and TypeError or
    ValueError names the one that is no such formula. Notes: N4, N5.

    >>> squared_loss([3.0, 1.0], [2.0, 3.0])            # 1 + 4
    5.0
    >>> squared_loss.d([3.0, 1.0], [2.0, 3.0]).tolist()
    [-2.0, 4.0]
    """

    name: str
    value: Callable
    slope: Callable
    formula: str = ""  # what help() and the editor show of it

    def __post_init__(self):
        if self.formula:
            object.__setattr__(self, "__doc__", self.formula)
        given = {"y": _trials.Y, "yhat": _trials.YHAT}
        _trials.returns("value", self.value, given, ())
        _trials.returns("slope", self.slope, given, _trials.YHAT.shape)

    def __call__(self, y, yhat):
        y, yhat = self._pair(y, yhat)
        with np.errstate(all="ignore"):
            total = float(self.value(y, yhat))
        _checks.finite_result(self.name, total)
        return total

    def d(self, y, yhat):
        """The derivative by yhat, entry by entry."""
        y, yhat = self._pair(y, yhat)
        with np.errstate(all="ignore"):
            slope = np.array(self.slope(y, yhat), dtype=np.float64)[()]  # a copy: the formula may hand back y or yhat
        _checks.finite_result(f"the derivative of {self.name}", slope)
        return slope

    def __repr__(self):
        return self.name

    def __reduce__(self):
        return self.name  # pickled and copied by name

    @staticmethod
    def _pair(y, yhat):
        y, yhat = _checks.real_array("y", y), _checks.real_array("yhat", yhat)
        if y.shape != yhat.shape and y.shape + (1,) == yhat.shape:
            y = y.reshape(yhat.shape)
        if y.shape != yhat.shape:
            raise ValueError(f"y has shape {y.shape}, but yhat has {yhat.shape}; they must be the same")
        return y, yhat


def _sum_of_squares(y, yhat):
    residual = y - yhat
    return np.vdot(residual, residual)


squared_loss = Loss("squared_loss", _sum_of_squares, lambda y, yhat: 2.0 * (yhat - y),
                    "L = sum_i (y_i - yhat_i)^2: a sum, no 1/2 and no 1/n; derivative by yhat: 2 (yhat - y). Notes: N4, eq. N4.1; N5, eq. N5.1.")


@dataclass(frozen=True)
class Penalty:
    """A regularizer, made by `l1` or `l2`: a function of the weights alone.

    `penalty(W)` is one matrix's part of it, a float; `penalty.d(W)` its derivative, of W's shape. The
    whole regularizer is the sum over the layers; biases are not penalised. Raises as a `Loss` does. Notes: N4.
    """

    name: str
    lam: float
    value: Callable
    slope: Callable

    def __post_init__(self):
        object.__setattr__(self, "lam", _checks.number("lam", self.lam, zero=True))
        _trials.returns("value", self.value, {"W": _trials.Z}, ())
        _trials.returns("slope", self.slope, {"W": _trials.Z}, _trials.Z.shape, entry_by_entry=True)

    def __call__(self, W):
        W = _checks.real_array("W", W)
        with np.errstate(all="ignore"):
            part = float(self.lam * self.value(W))
        _checks.finite_result(self.name, part)
        return part

    def d(self, W):
        """The derivative of `penalty(W)` by each entry of W."""
        W = _checks.real_array("W", W)
        with np.errstate(all="ignore"):
            slope = self.lam * self.slope(W)
        _checks.finite_result(f"the derivative of {self.name}", slope)
        return slope

    def __repr__(self):
        return f"{self.name}({self.lam:g})"


def _double(W):
    return 2.0 * W


def _absolute_sum(W):
    return np.abs(W).sum()


def _square_sum(W):
    return np.vdot(W, W)


def l2(lam):
    """The L2 penalty, lam * sum w^2 (Notes: N4, eq. N4.2), with derivative 2 lam w.

    Raises TypeError or ValueError where `lam` is not a finite number, 0 or more.

    >>> l2(0.5)([[1.0, -2.0]]), l2(0.5).d([[1.0, -2.0]]).tolist()
    (2.5, [[1.0, -2.0]])
    """
    return Penalty("l2", lam, _square_sum, _double)


def l1(lam):
    """The L1 penalty, lam * sum |w| (Notes: N4, eq. N4.3), with derivative lam sign(w), and 0 at w = 0.

    Raises TypeError or ValueError where `lam` is not a finite number, 0 or more.

    >>> l1(0.5)([[1.0, -2.0]]), l1(0.5).d([[0.0, -2.0]]).tolist()
    (1.5, [[0.0, -0.5]])
    """
    return Penalty("l1", lam, _absolute_sum, np.sign)
