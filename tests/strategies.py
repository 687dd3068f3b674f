"""What the tests of the package share: the profile hypothesis runs under, and the networks and data it draws."""

from dataclasses import dataclass

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

import mlp

settings.register_profile("book", derandomize=True, deadline=None, max_examples=40, database=None)
settings.load_profile("book")

ACTIVATIONS = (mlp.sigmoid, mlp.tanh, mlp.relu, mlp.identity)
PENALTIES = (None, mlp.l1(0.3), mlp.l2(0.2))


@dataclass
class Problem:
    net: mlp.MLP
    X: np.ndarray
    y: np.ndarray
    rng: np.random.Generator

    def near_a_kink(self, margin=1e-3):
        """Whether a relu's sum, or a weight, lies where a finite difference may step over a kink."""
        Z, _ = mlp.forward(self.net, self.X)
        kinks = [Z[k] for k in self.net.layers if self.net.f[k] is mlp.relu] + [self.net.W[k] for k in self.net.layers]
        return any((np.abs(values) < margin).any() for values in kinks)


@st.composite
def problems(draw, most_layers=3, most_points=5, activations=ACTIVATIONS):
    """A random network, with biases in some of its layers, and points to train it on."""
    sizes = draw(st.lists(st.integers(1, 4), min_size=2, max_size=most_layers + 1))
    layers = range(1, len(sizes))
    f = {k: draw(st.sampled_from(activations)) for k in layers}
    biased = [k for k in layers if draw(st.booleans())]
    n = draw(st.integers(1, most_points))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    net = mlp.MLP(
        W={k: rng.uniform(-1, 1, (sizes[k - 1], sizes[k])) for k in layers},
        b={k: rng.uniform(-1, 1, sizes[k]) for k in biased},
        f=f,
    )
    return Problem(net, rng.normal(size=(n, sizes[0])), rng.normal(size=(n, sizes[-1])), rng)


def bits(net):
    """All a network learns, as bytes: equal where every bit is."""
    return [net.W[k].tobytes() for k in net.layers] + [net.b[k].tobytes() for k in net.layers]


def arrays_of(*records):
    """Every array in a network, a `Forward` or a `Gradients`."""
    return [array for r in records for part in r for array in part.values()]


def parameters_of(net):
    return [*net.W.values(), *net.b.values()]
