"""Backpropagation: every derivative of the loss in one sweep from the end to the start (chapter 5).

Notes: N7 to N9 (what the derivatives are), N10 steps 2c and 2d (the algorithm), N6 (the update).
"""

import warnings
from typing import NamedTuple

import numpy as np

from . import _checks
from .activations import identity, relu
from .losses import Loss, Penalty, squared_loss
from .network import MLP, PerLayer, frozen, per_layer, read_only, record, room, sweep_forward


@record
class Gradients(NamedTuple):
    """The derivatives of the loss, by layer: W[k] is dL/dW[k], (n_{k-1}, n_k), and b[k] is dL/db[k], (n_k,).

    b[k] is zeros in a layer that has no bias: there is nothing to differentiate by. Notes: N7 to N9.
    """

    W: PerLayer
    b: PerLayer


def backprop(net, X, y, loss=squared_loss, penalty=None):
    """All derivatives of the loss at the network's present weights, by backpropagation.

    With dO[K] = dL/dyhat, for k = K ... 1:
        dZ[k]   = dO[k] * f'[k](Z[k])
        dW[k]   = O[k-1].T @ dZ[k]        db[k] = the sum of dZ[k] over the points
        dO[k-1] = dZ[k] @ W[k].T

    X is (n, n_0); y is (n, n_K), or (n,) where n_K is 1. The derivative is of the loss's SUM over the n
    points, plus the penalty's derivative once; never averaged. Returns `Gradients(W, b)`.
    Raises TypeError or ValueError naming X, y, loss or penalty; FloatingPointError where a derivative is not finite.
    Notes: N10 steps 2a to 2c; N7.1, N8.1 and N9.3 for its entries.

    >>> net = MLP(W={1: [[2.0]]})
    >>> backprop(net, [[1.0], [3.0]], [0.0, 5.0]).W[1].tolist()   # 2 (2-0) 1 + 2 (6-5) 3
    [[10.0]]
    """
    X, y = _problem(net, X, y, loss, penalty)
    O, dO, dZ = (room(net, len(X)) for _ in range(3))
    dW = {k: np.empty_like(net.W[k]) for k in net.layers}
    db = {k: np.zeros_like(net.b[k]) for k in net.layers}
    with np.errstate(all="ignore"):
        sweep_forward(net.W, net.b, net.f, net.biased, X, O, O)
        dO[len(dW)] = loss.slope(y, O[len(dW)])
        sweep_back(net.W, net.f, net.biased, O, dO, dZ, dW, db)
        if penalty is not None:
            for k in dW:
                dW[k] += penalty.lam * penalty.slope(net.W[k])
    return _gradients(dW, db)


def sweep_back(W, f, biased, O, dO, dZ, dW, db):
    """The backward pass itself, unchecked, from dO[K] to all of dO, dZ, dW and db: the loop that `backprop` and
    `train` share."""
    for k in range(len(dW), 0, -1):
        if f[k] is identity:
            dZ[k] = dO[k]  # its slope is 1
        else:
            f[k].slope(O[k], out=dZ[k])
            np.multiply(dZ[k], dO[k], out=dZ[k])
        np.matmul(O[k - 1].T, dZ[k], out=dW[k])
        if k in biased:
            np.add.reduce(dZ[k], axis=0, out=db[k])
        if k > 1:
            np.matmul(dZ[k], W[k].T, out=dO[k - 1])


def numerical_gradients(net, X, y, loss=squared_loss, penalty=None):
    """The same derivatives without any chain rule: central differences, one parameter at a time.

    dL/dw is about (L(w + h) - L(w - h)) / 2h with h = 1e-5 max(1, |w|); where L is not much larger than its
    derivatives that agrees with `backprop` to about nine digits. It costs two forward passes for each parameter.
    At a kink of relu there is no slope, and the two sides are mixed: where a step crosses one, a RuntimeWarning says so.
    Arguments, result and errors are those of `backprop`. Notes: the check of N7 to N9.

    >>> net = MLP(W={1: [[2.0]]})
    >>> numerical_gradients(net, [[1.0], [3.0]], [0.0, 5.0]).W[1].round(6).tolist()
    [[10.0]]
    """
    X, y = _problem(net, X, y, loss, penalty)
    W = {k: np.array(net.W[k]) for k in net.layers}
    b = {k: np.array(net.b[k]) for k in net.layers}
    O, bent, crossed = room(net, len(X)), [k for k in net.layers if net.f[k] is relu], []

    def total():
        sweep_forward(W, b, net.f, net.biased, X, O, O)
        extra = 0.0 if penalty is None else sum(penalty.lam * penalty.value(W[k]) for k in W)
        return loss.value(y, O[len(W)]) + extra

    def active():
        return [O[k] > 0 for k in bent]

    def central_differences(name, k, array):
        slope = np.empty_like(array)
        for at in np.ndindex(array.shape):
            w = array[at]
            h = 1e-5 * max(1.0, abs(w))
            array[at] = w + h
            above, before = total(), active()
            array[at] = w - h
            slope[at] = (above - total()) / (2 * h)
            array[at] = w
            if any((one != other).any() for one, other in zip(before, active())):
                crossed.append(f"{name}^{k}_{(',' if max(at) > 8 else '').join(str(n + 1) for n in at)}")
        return slope

    with np.errstate(all="ignore"):
        dW = {k: central_differences("w", k, W[k]) for k in W}
        db = {k: central_differences("b", k, b[k]) if k in net.biased else np.zeros_like(b[k]) for k in b}
    if crossed:
        others = f" (and of {len(crossed) - 1} more)" if crossed[1:] else ""
        warnings.warn(f"the finite difference of {crossed[0]}{others} steps over a kink of relu, where there is no slope", RuntimeWarning, stacklevel=2)
    return _gradients(dW, db)


def step(net, grad, eta):
    """One update of every weight and bias: w_new = w_old - eta dL/dw at w_old (Notes: N6, eq. N6.1).

    grad is a `Gradients` for a network of this shape, eta a positive number. Returns a new network; `net`
    stays as it is, so that every derivative was taken at the old weights (N10, Beware). Raises
    TypeError or ValueError where grad belongs to another network or eta is not positive and finite;
    FloatingPointError where the new weights are not finite.

    >>> net = MLP(W={1: [[2.0]]})
    >>> step(net, backprop(net, [[1.0]], [0.0]), eta=0.25).w(1, 1, 1)   # 2 - 0.25 * 4
    1.0
    """
    _checks.one_of("net", net, MLP, "an MLP")
    eta = _checks.number("eta", eta, zero=False)
    _checks.one_of("grad", grad, Gradients, "the Gradients that backprop returns")
    parts = {}
    for name, old, slope in (("W", net.W, grad.W), ("b", net.b, grad.b)):
        slope = {k: _checks.real_array(f"grad.{name}[{k}]", v) for k, v in per_layer(f"grad.{name}", slope).items()}
        if {k: old[k].shape for k in old} != {k: slope[k].shape for k in slope}:
            raise ValueError(f"grad belongs to another network: its {name} has shapes {[slope[k].shape for k in slope]}, "
                             f"but this network's has {[old[k].shape for k in old]}")
        learns = net.layers if name == "W" else net.biased
        if any(slope[k].any() for k in slope if k not in learns):
            raise ValueError("grad belongs to another network: it has derivatives by biases, but this network has "
                             + (f"biases in layers {learns} only" if learns else "no biases"))
        with np.errstate(all="ignore"):
            parts[name] = {k: frozen(old[k] - eta * slope[k] if k in learns else old[k]) for k in old}
    _checks.finite_result(f"a step with eta={eta:g}", *parts["W"].values(), *parts["b"].values())
    return net.with_parameters(parts["W"], parts["b"])


def _problem(net, X, y, loss, penalty):
    """Checks what every derivative needs; returns X and y as float64 of shapes (n, n_0) and (n, n_K)."""
    _checks.one_of("net", net, MLP, "an MLP")
    X = _checks.inputs(X, net.sizes[0])
    y = _checks.targets(y, X.shape[0], net.sizes[-1])
    _checks.one_of("loss", loss, Loss, "a loss such as squared_loss")
    if penalty is not None:
        _checks.one_of("penalty", penalty, Penalty, "None, l1(lam) or l2(lam)")
    return X, y


def _gradients(dW, db):
    _checks.finite_result("the derivatives", *dW.values(), *db.values())
    return Gradients(PerLayer({k: read_only(dW[k]) for k in dW}), PerLayer({k: read_only(db[k]) for k in db}))
