"""A run of gradient descent that can be asked for any of its updates: the twin of `training` in `js/engine.js`."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ..losses import squared_loss
from ..network import MLP, forward
from ..training import train, updates
from .points import net_of, points_of, weights_of


class Moment(NamedTuple):
    """A run after some of its updates: the network before and after the last of them, the rows it saw, and their loss before it."""

    before: MLP
    net: MLP
    rows: np.ndarray
    loss: float


class Run:
    """By epoch e, as far as it has been asked for: kept[e] the network after it, after[e] L of all points there (0: the start), and
    from 1 along[e] the sum of its updates' losses, moved[e] the largest change of a weight. `left` is the update that left the finite
    numbers, or None as long as none has."""

    def __init__(self, net, X, y, *, eta, batch_size=1, seed=None):
        self._X, self._y, self._how = X, y, {"eta": eta, "batch_size": min(batch_size, len(X))}
        self._rng = None if seed is None else np.random.default_rng(seed)
        self._orders = []
        self.per_epoch = -(-len(X) // self._how["batch_size"])
        self.kept, self.after, self.along, self.moved, self.left = [net], [self.loss_of(net)], [None], [None], None

    def loss_of(self, net):
        """L of all points."""
        return squared_loss(self._y, forward(net, self._X).yhat)

    def order(self, epoch):
        """The order of the points in an epoch, from 1."""
        while len(self._orders) < epoch:
            n = len(self._X)
            self._orders.append(np.arange(n) if self._rng is None else self._rng.permutation(n))
        return self._orders[epoch - 1]

    def _epoch(self, epoch):
        order = self.order(epoch)
        return {"net": self.kept[epoch - 1], "X": self._X[order], "y": self._y[order], "epochs": 1, **self._how}

    def grow(self, epoch):
        """Goes on to the end of this epoch, or as far as the numbers are finite; returns the last epoch that is whole."""
        while len(self.kept) <= epoch and self.left is None:
            here = len(self.kept)
            try:
                done = train(**self._epoch(here))
                after = self.loss_of(done.net)
            except FloatingPointError:
                self.left = (here - 1) * self.per_epoch + 1 + self._finite(here)
                break
            self.moved.append(float(np.abs(np.subtract(weights_of(done.net), weights_of(self.kept[-1]))).max()))
            self.kept.append(done.net)
            self.after.append(after)
            self.along.append(float(done.losses[0]))
        return min(epoch, len(self.kept) - 1)

    def _finite(self, epoch):
        """How many updates of an epoch stay in the finite numbers."""
        made = 0
        try:
            for _ in updates(**self._epoch(epoch)):
                made += 1
        except FloatingPointError:
            pass
        return made

    def at(self, index):
        """The `Moment` after so many updates, or None where they have left the finite numbers."""
        epoch = max(1, -(-index // self.per_epoch))
        self.grow(epoch - 1)
        if index == 0:
            return Moment(self.kept[0], self.kept[0], np.arange(0), 0.0)
        if self.left is not None and index >= self.left:
            return None
        before, count, order = self.kept[epoch - 1], index - (epoch - 1) * self.per_epoch, self.order(epoch)
        try:
            for done, update in enumerate(updates(**self._epoch(epoch)), start=1):
                if done == count:
                    return Moment(before, update.net, order[update.indices], update.loss)
                before = update.net
        except FloatingPointError:
            self.left = (epoch - 1) * self.per_epoch + 1 + self._finite(epoch)
        return None


    def losses(self, counts):
        """L of all points after each of these numbers of updates, which rise, as long as the numbers are finite."""
        if all(count % self.per_epoch == 0 for count in counts):
            whole = self.grow(counts[-1] // self.per_epoch)
            return [self.after[count // self.per_epoch] for count in counts if count <= whole * self.per_epoch]
        found = []
        for made, net in enumerate(self._nets(counts[-1])):
            found += [self.loss_of(net)] * counts.count(made)
        return [L for L in found if np.isfinite(L)]

    def _nets(self, count):
        """The network after 0, 1, 2, ... count updates, as far as it is finite."""
        yield self.kept[0]
        try:
            for epoch in range(1, -(-count // self.per_epoch) + 1):
                if self.grow(epoch - 1) < epoch - 1:
                    return
                for made, update in enumerate(updates(**self._epoch(epoch)), start=(epoch - 1) * self.per_epoch + 1):
                    if made <= count:
                        yield update.net
        except FloatingPointError:
            pass


def run_of(live, *, eta, batch_size=1, seed=None):
    """The `Run` of what a live view carries, the same one each time it is asked for."""
    net, points = live["net"], live["points"]
    return _run_of(*(tuple(net[name]) for name in ("sizes", "weights", "activations", "biases")), tuple(points["rows"]), points["width"], points["measured"],
                   eta, batch_size, seed)


@lru_cache(maxsize=8)
def _run_of(sizes, weights, activations, biases, rows, width, measured, eta, batch_size, seed):
    points = points_of({"rows": rows, "width": width, "measured": measured})
    net = net_of({"sizes": sizes, "weights": weights, "activations": activations, "biases": biases})
    return Run(net, points.X, points.y, eta=eta, batch_size=batch_size, seed=seed)
