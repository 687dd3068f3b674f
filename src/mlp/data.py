"""The book's data: 392 cars, four measurements each, and their fuel economy (chapter 1).

Source: Quinlan (1993), UCI Machine Learning Repository, Auto MPG, CC BY 4.0; the six cars without a
horsepower are left out. Notes: N1, a data set D of points x in R^4 with targets y in R.
"""

import csv
from dataclasses import dataclass, fields
from importlib import resources

import numpy as np

from . import _checks
from .network import MLP, read_only, rebuilt, record


@record
@dataclass(frozen=True, eq=False, repr=False)
class Cars:
    """Some of the cars, raw, with the scale they are standardised by.

    X, y            raw measurements (n, 4), in `units`, and fuel economy (n,), in miles per gallon
    Xs, ys          the same standardised: (value - mean) / deviation, column by column
    x_mean, x_dev   the scale's means and population deviations (ddof=0), (4,); y_mean, y_dev likewise
    names           the cars' names, n strings
    inputs, units   what the four columns are and what they are measured in

    Notes: N1.
    """

    X: np.ndarray
    y: np.ndarray
    names: tuple
    x_mean: np.ndarray
    x_dev: np.ndarray
    y_mean: float
    y_dev: float
    inputs: tuple = ("displacement", "horsepower", "weight", "acceleration")
    units: tuple = ("cubic inches", "hp", "lb", "s to 60 mph")
    target: str = "miles per gallon"

    @property
    def Xs(self):
        """Standardised inputs (n, 4), without unit."""
        return read_only((self.X - self.x_mean) / self.x_dev)

    @property
    def ys(self):
        """Standardised targets (n,), without unit."""
        return read_only((self.y - self.y_mean) / self.y_dev)

    def to_mpg(self, ys):
        """Standardised values, such as predictions, back in miles per gallon: ys * y_dev + y_mean, of ys's shape.

        Raises TypeError or ValueError where `ys` is not real and finite; FloatingPointError on overflow.
        """
        with np.errstate(all="ignore"):
            mpg = _checks.real_array("ys", ys) * self.y_dev + self.y_mean
        _checks.finite_result("miles per gallon", mpg)
        return mpg

    def split(self, rng, held_out=0.2):
        """(training, held_out): the cars in two random parts, both on the scale of the training cars alone.

        rng is a numpy.random.Generator, held_out the share of cars to hold out, between 0 and 1; each part
        gets at least one car. Raises TypeError or ValueError otherwise, and where the training cars do not
        differ in every measurement, for then nothing can be divided by their deviation.

        >>> training, test = auto_mpg().split(np.random.default_rng(7))
        >>> len(training.y), len(test.y), bool(abs(training.Xs.mean()) < 1e-12)
        (314, 78, True)
        """
        _checks.generator(rng, optional=False)
        if _checks.number("held_out", held_out, zero=False) >= 1:
            raise ValueError(f"held_out must be between 0 and 1, the share of cars to hold out, but {_checks.shown(held_out)} came")
        n = len(self.y)
        count = min(max(1, round(n * held_out)), n - 1)
        order = rng.permutation(n)
        train = order[count:]
        scale = _scale(self.X[train], self.y[train])
        if not all(np.all(deviation > 0) for deviation in scale[1::2]):
            raise ValueError(f"held_out={held_out!r} of {n} cars leaves {len(train)} to train on, too few or too alike to standardise by")
        return tuple(
            Cars(read_only(self.X[rows]), read_only(self.y[rows]), tuple(self.names[i] for i in rows), *scale)
            for rows in (train, order[:count])
        )

    def __reduce__(self):
        return rebuilt, (Cars, *(getattr(self, field.name) for field in fields(self)))

    def __repr__(self):
        return f"Cars({len(self.y)} cars: {', '.join(self.inputs)} -> {self.target})"


def _scale(X, y):
    return read_only(X.mean(axis=0)), read_only(X.std(axis=0)), float(y.mean()), float(y.std())


def auto_mpg():
    """All 392 cars, standardised by their own means and population deviations: a `Cars`. Notes: N1.

    >>> cars = auto_mpg()
    >>> cars.X[0].tolist(), float(cars.y[0]), cars.names[0]
    ([307.0, 130.0, 3504.0, 12.0], 18.0, 'chevrolet chevelle malibu')
    """
    rows = list(csv.reader((resources.files("mlp") / "auto-mpg.csv").read_text(encoding="utf-8").splitlines()))[1:]
    numbers = np.array([row[:5] for row in rows], dtype=np.float64)
    X, y = read_only(numbers[:, :4].copy()), read_only(numbers[:, 4].copy())
    return Cars(X, y, tuple(row[5] for row in rows), *_scale(X, y))


def running_example():
    """The book's one example, (net, x, y): the 4-3-2-1 network with its 20 weights, and the first car, standardised.

    Notes: N2.

    >>> net, x, y = running_example()
    >>> net
    MLP(4-3-2-1, sigmoid, sigmoid, identity, 20 weights, no bias)
    >>> x.round(4).tolist(), round(y, 4)
    ([1.0773, 0.6641, 0.6205, -1.2853], -0.6986)
    """
    cars = auto_mpg()
    net = MLP(W={
        1: [[0.4, -0.3, 0.2], [-0.5, 0.6, 0.1], [0.3, 0.2, -0.4], [0.1, -0.2, 0.5]],
        2: [[0.7, -0.4], [-0.2, 0.5], [0.6, 0.3]],
        3: [[0.8], [-0.6]],
    })
    return net, cars.Xs[0], float(cars.ys[0])
