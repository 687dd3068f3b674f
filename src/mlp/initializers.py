"""Ways to draw the first weights of a layer (chapter 5).

Notes: N6 item 1, N10 step 1, N11: at random, in various ways. These are the usual ones. In each, n_in
and n_out are the numbers of units the layer's edges come from and go to.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from . import _checks, _trials


@dataclass(frozen=True)
class Initializer:
    """One way to draw a weight matrix: `init(n_in, n_out, rng)` has shape (n_in, n_out).

    Raises TypeError or ValueError where n_in or n_out is not a positive integer or `rng` not a Generator, and when it is
    made where `draw`, tried once, returns no such matrix or draws from anything but `rng`.
    Notes: N6 item 1, N11.

    >>> xavier(4, 3, np.random.default_rng(7)).shape
    (4, 3)
    """

    name: str
    draw: Callable
    rule: str = ""  # what help() and the editor show of it

    def __post_init__(self):
        if self.rule:
            object.__setattr__(self, "__doc__", f"{self.rule} A matrix of shape (n_in, n_out). Notes: N11.")
        _trials.draws("draw", self.draw)

    def __call__(self, n_in, n_out, rng):
        n_in, n_out = _checks.integer("n_in", n_in, 1, _checks.LARGEST), _checks.integer("n_out", n_out, 1, _checks.LARGEST)
        _checks.matrix("n_in", n_in, "n_out", n_out)
        return self.draw(n_in, n_out, _checks.generator(rng, optional=False))

    def __repr__(self):
        return self.name

    def __reduce__(self):
        return self.name  # pickled and copied by name


def _xavier(n_in, n_out, rng):
    limit = np.sqrt(6.0 / (n_in + n_out))
    return rng.uniform(-limit, limit, (n_in, n_out))


small_normal = Initializer("small_normal", lambda n_in, n_out, rng: rng.normal(0.0, 0.01, (n_in, n_out)),
                           "Normal, deviation 0.01: near zero, yet no two alike.")
uniform = Initializer("uniform", lambda n_in, n_out, rng: rng.uniform(-1.0, 1.0, (n_in, n_out)),
                      "Uniform on [-1, 1): what a first attempt would do, whatever the width.")
xavier = Initializer("xavier", _xavier,
                     "Uniform on [-r, r), r = sqrt(6 / (n_in + n_out)), variance 2 / (n_in + n_out); for sigmoid and tanh (Glorot and Bengio, 2010).")
he = Initializer("he", lambda n_in, n_out, rng: rng.normal(0.0, np.sqrt(2.0 / n_in), (n_in, n_out)),
                 "Normal, variance 2 / n_in; for relu, which silences half of its inputs (He et al., 2015).")
zeros = Initializer("zeros", lambda n_in, n_out, rng: np.zeros((n_in, n_out)),
                    "All zero: every neuron of a layer stays the same as its neighbours. Here to show why not.")
