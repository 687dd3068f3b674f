"""Gradient descent over epochs and batches (chapters 2, 6 and 7).

Notes: N6 (update until convergence), N10 (the algorithm), N12 (epochs), N14 (batches).
"""

from math import isfinite
from typing import NamedTuple

import numpy as np

from . import _checks
from .backprop import _problem, backprop, sweep_back
from .losses import squared_loss
from .network import MLP, forward, frozen, read_only, rebuilt, record, room, sweep_forward


@record
class Update(NamedTuple):
    """One update: epoch and batch count from 1, `indices` are the rows of X it saw, `net` is the network
    after it, and `loss` the sum of L_i over the batch before it, neither averaged nor penalised. Notes: N6.1, N14."""

    epoch: int
    batch: int
    indices: np.ndarray
    net: MLP
    loss: float

    def __reduce__(self):
        return rebuilt, (Update, *self)


@record
class Run(NamedTuple):
    """What `train` ends with: the network, the losses (one for each epoch run), how many epochs were run, and
    whether the weights had all but stopped moving. Notes: N6, N12."""

    net: MLP
    losses: np.ndarray
    epochs: int
    converged: bool

    def __reduce__(self):
        return rebuilt, (Run, *self)


def batches(n, batch_size, rng=None):
    """The batches of one epoch: a list of index arrays that together hold each of 0 ... n-1 once.

    With `rng` the rows are shuffled, one permutation an epoch; without, in order. The last batch is short
    where batch_size does not divide n; a batch_size larger than n is one batch of n. Raises TypeError or
    ValueError where n or batch_size is not a positive integer, or rng not a Generator. Notes: N12, N14.

    >>> [batch.tolist() for batch in batches(5, 2)]
    [[0, 1], [2, 3], [4]]
    """
    n = _checks.integer("n", n, 1, _checks.LARGEST)
    batch_size = _checks.integer("batch_size", batch_size, 1)
    _checks.generator(rng, optional=True)
    order = _order(n, rng)
    return [order[start : start + batch_size] for start in range(0, n, batch_size)]


def updates(net, X, y, *, eta, epochs, batch_size=1, rng=None, loss=squared_loss, penalty=None, average=True):
    """Gradient descent one update at a time: iterates over `Update` records, one for each batch of each epoch.

    w_new = w_old - eta (dL_B/dw / m + dR/dw), all derivatives at w_old; L_B is the loss summed over the batch's m
    points, divided by m (average=True, so that eta means the same for every batch size) or not
    (average=False), and R the penalty, added once.

    X is (n, n_0); y is (n, n_K), or (n,) where n_K is 1; rng shuffles every epoch anew, None keeps the rows
    in order. Arguments are checked at the call: TypeError or ValueError naming the parameter. While iterating,
    FloatingPointError names epoch and batch where the weights or the loss leave the finite
    numbers, and eta where that can be the cause. Notes: N6.1, N10, N12, N14.

    >>> net = MLP(W={1: [[2.0]]})
    >>> [(u.epoch, u.batch, u.loss, u.net.w(1, 1, 1)) for u in updates(net, [[1.0]], [0.0], eta=0.25, epochs=2)]
    [(1, 1, 4.0, 1.0), (2, 1, 1.0, 0.5)]
    """
    parameters, epochs, epoch_updates = _descent(net, X, y, eta, epochs, batch_size, rng, loss, penalty, average)

    def records():
        for epoch in range(1, epochs + 1):
            steps = epoch_updates(epoch)
            while True:
                with np.errstate(all="ignore"):  # not around the yield: it would leak into the caller's code
                    done = next(steps, None)
                if done is None:
                    break
                batch, indices, total = done
                yield Update(epoch, batch, read_only(indices.copy()), _network(net, parameters), total)

    return records()


def train(net, X, y, *, eta, epochs, batch_size=1, rng=None, loss=squared_loss, penalty=None, average=True, tol=None):
    """Gradient descent to the end: `updates` without the records, bit for bit the same arithmetic.

    losses[e] is the sum of the updates' losses over epoch e+1, each taken before its update. With `tol`, training
    stops after the first epoch in which no weight or bias moved by tol or more: max |w_after - w_before| < tol
    (Notes: N6, w_new = w_old approximately); `converged` says so. Arguments and errors are those of `updates`, and
    ValueError where tol is not positive. Returns `Run(net, losses, epochs, converged)`; `net` stays as it is.

    >>> run = train(MLP(W={1: [[2.0]]}), [[1.0]], [0.0], eta=0.25, epochs=100, tol=1e-3)
    >>> run.converged, run.epochs, run.losses[:3].tolist()
    (True, 11, [4.0, 1.0, 0.25])
    """
    tol = None if tol is None else _checks.number("tol", tol, zero=False)
    parameters, epochs, epoch_updates = _descent(net, X, y, eta, epochs, batch_size, rng, loss, penalty, average)
    losses, converged = [], False
    with np.errstate(all="ignore"):
        for epoch in range(1, epochs + 1):
            before = parameters.copy() if tol is not None else None
            losses.append(0.0)
            for _, _, total in epoch_updates(epoch):
                losses[-1] += total
            if tol is not None and np.abs(parameters - before).max() < tol:
                converged = True
                break
    return Run(_network(net, parameters), read_only(np.array(losses)), len(losses), converged)


def _descent(net, X, y, eta, epochs, batch_size, rng, loss, penalty, average):
    """Checks the arguments and returns (parameters, epochs, epoch_updates).

    `parameters` holds every weight, then every bias that learns, in one vector, so that one subtraction updates
    them all; the matrices W[k] below are views into it. `epoch_updates(epoch)` makes that epoch's updates one by
    one and yields (batch, indices, loss before the update).
    """
    X, y = _problem(net, X, y, loss, penalty)
    eta = _checks.number("eta", eta, zero=False)
    epochs = _checks.integer("epochs", epochs, 0)
    batch_size = _checks.integer("batch_size", batch_size, 1)
    _checks.generator(rng, optional=True)
    average = _checks.boolean("average", average)
    X, y = X.copy(), y.copy()  # the caller may change theirs between two updates
    n, K = len(X), len(net.layers)
    parameters = np.concatenate([net.W[k].ravel() for k in net.layers] + [net.b[k] for k in net.biased])
    slopes = np.empty_like(parameters)
    W, b = _views(net, parameters)
    dW, db = _views(net, slopes)
    weights = sum(W[k].size for k in W)
    f, biased, rooms = dict(net.f), net.biased, {}

    def left_the_numbers(epoch, batch):
        where = f"training left the finite numbers at epoch {epoch}, batch {batch}"
        if _too_large_to_begin(net, X, y, loss, penalty):
            return FloatingPointError(f"{where}: the weights or the data are too large")
        return FloatingPointError(f"{where} (eta={eta:g}): try a smaller eta")

    def epoch_updates(epoch):
        order = _order(n, rng)
        X_epoch, y_epoch = (X, y) if rng is None else (X[order], y[order])
        epoch_loss = 0.0
        for batch, start in enumerate(range(0, n, batch_size), start=1):
            stop = min(start + batch_size, n)
            X_batch, y_batch = X_epoch[start:stop], y_epoch[start:stop]
            if stop - start not in rooms:  # at most two sizes: the last batch may be short
                rooms[stop - start] = [room(net, stop - start) for _ in range(3)]
            O, dO, dZ = rooms[stop - start]
            sweep_forward(W, b, f, biased, X_batch, O, O)
            total = float(loss.value(y_batch, O[K]))
            epoch_loss += total
            dO[K] = loss.slope(y_batch, O[K])
            if average and stop - start > 1:
                dO[K] = dO[K] / (stop - start)  # a new array: the slope may be y itself
            sweep_back(W, f, biased, O, dO, dZ, dW, db)
            if penalty is not None:
                slopes[:weights] += penalty.lam * penalty.slope(parameters[:weights])
            np.multiply(slopes, eta, out=slopes)
            np.subtract(parameters, slopes, out=parameters)
            # The square overflows long before the weights do, so only then is each of them looked at.
            if not isfinite(epoch_loss) or not (isfinite(parameters @ parameters) or np.isfinite(parameters).all()):
                raise left_the_numbers(epoch, batch)
            yield batch, order[start:stop], total

    return parameters, epochs, epoch_updates


def _too_large_to_begin(net, X, y, loss, penalty):
    """Whether at the first weights some point's loss or derivative is not finite: then eta is not the cause."""
    for i in range(len(X)):
        try:
            backprop(net, X[i : i + 1], y[i : i + 1], loss, penalty)
            if not isfinite(loss(y[i : i + 1], forward(net, X[i : i + 1]).yhat)):
                return True
        except FloatingPointError:
            return True
    return False


def _order(n, rng):
    return np.arange(n) if rng is None else rng.permutation(n)


def _views(net, vector):
    """The dicts of weights and biases that `vector` holds, as views; a layer without bias has none."""
    at, W, b = 0, {}, {}
    for out, layers, shapes in ((W, net.layers, net.W), (b, net.biased, net.b)):
        for k in layers:
            out[k] = vector[at : at + shapes[k].size].reshape(shapes[k].shape)
            at += shapes[k].size
    return W, b


def _network(net, parameters):
    """The network these parameters make: read-only copies, so that history keeps."""
    W, b = _views(net, read_only(parameters.copy()))
    return net.with_parameters(W, {k: b[k] if k in b else frozen(net.b[k]) for k in net.layers})
