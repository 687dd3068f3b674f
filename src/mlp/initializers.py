"""Ways to draw the first weights of a layer (chapter 5).

Notes: N6 item 1, N10 step 1, N11: at random, in various ways. These are the usual ones. In each, n_in
and n_out are the numbers of units the layer's edges come from and go to.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from . import _checks


@dataclass(frozen=True)
class Initializer:
    """One way to draw a weight matrix: `init(n_in, n_out, rng)` has shape (n_in, n_out).

    Raises TypeError or ValueError where n_in or n_out is not a positive integer or `rng` not a Generator.

    >>> xavier(4, 3, np.random.default_rng(7)).shape
    (4, 3)
    """

    name: str
    draw: Callable

    def __call__(self, n_in, n_out, rng):
        n_in, n_out = _checks.integer("n_in", n_in, 1), _checks.integer("n_out", n_out, 1)
        return self.draw(n_in, n_out, _checks.generator(rng, optional=False))

    def __repr__(self):
        return self.name

    def __reduce__(self):
        return self.name  # pickled and copied by name


def _xavier(n_in, n_out, rng):
    limit = np.sqrt(6.0 / (n_in + n_out))
    return rng.uniform(-limit, limit, (n_in, n_out))


# Normal, deviation 0.01: near zero, yet no two alike.
small_normal = Initializer("small_normal", lambda n_in, n_out, rng: rng.normal(0.0, 0.01, (n_in, n_out)))
# Uniform on [-1, 1): what a first attempt would do, whatever the width.
uniform = Initializer("uniform", lambda n_in, n_out, rng: rng.uniform(-1.0, 1.0, (n_in, n_out)))
# Glorot and Bengio (2010): uniform, variance 2 / (n_in + n_out); for sigmoid and tanh.
xavier = Initializer("xavier", _xavier)
# He et al. (2015): normal, variance 2 / n_in; for relu, which silences half of its inputs.
he = Initializer("he", lambda n_in, n_out, rng: rng.normal(0.0, np.sqrt(2.0 / n_in), (n_in, n_out)))
# All zero: every neuron of a layer stays the same as its neighbours. Here to show why not.
zeros = Initializer("zeros", lambda n_in, n_out, rng: np.zeros((n_in, n_out)))
