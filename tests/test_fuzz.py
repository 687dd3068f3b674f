"""Anything at the public door: only the documented errors, nothing of the caller's changed, and no number that is none. More of it: FUZZ=2000."""

import copy
import os
import pickle
from fractions import Fraction

import numpy as np
import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from matplotlib import pyplot
from test_errors import NUMPY_WORDS, Elsewhere, Frame, NAType, Opaque

import mlp
from mlp import MLP, data, plots
from mlp.widgets import predict

pytestmark = pytest.mark.filterwarnings("error")

NET, x, y = data.running_example()
CARS = data.auto_mpg()
X, Y = CARS.Xs[:4], CARS.ys[:4]
GRAD = mlp.backprop(NET, X, Y)

NUMBERS = st.one_of(
    st.integers(-2, 3), st.sampled_from([10**400, -(2**70), 2**63, np.int8(-1), np.uint64(3), np.float32(0.5), np.bool_(True), Fraction(1, 3), 1e-320, 1e308]),
    st.floats(), st.booleans(), st.complex_numbers(max_magnitude=9),
)  # fmt: skip
ARRAYS = hnp.arrays(
    st.sampled_from([float, np.float32, int, bool, complex, object, "U2", "datetime64[s]", ">f8"]), hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)  # fmt: skip
FLOATS = hnp.arrays(float, st.sampled_from([(4,), (4, 4), (4, 1), (4, 3), (3, 2), (2, 1), (1, 4), (2,)]), elements=st.sampled_from([0.0, 1.0, -0.5, 1e308, -1e308, 1e200, 5e-324]) | st.floats())
THINGS = st.sampled_from([None, ..., "", "abc", b"a", Opaque(), Elsewhere(), NAType(), Frame([[1, None]]), len, int, {}, {1: 2}, {1.0}, range(3), NET, GRAD, CARS, mlp.relu, mlp.xavier, mlp.l2(0.1), mlp.squared_loss])
ODD = st.one_of(FLOATS, ARRAYS, THINGS, NUMBERS, st.lists(NUMBERS, max_size=4), st.lists(st.lists(NUMBERS, max_size=4), max_size=4), st.dictionaries(NUMBERS, FLOATS, max_size=2))
#: Where a large number is no mistake but takes long.
FEW = ODD.filter(lambda value: not (isinstance(value, (int, np.integer)) and 3 < value))

#: They take infinities, too.
ACTIVATIONS = {f.name: lambda z, f=f: f(z) for f in strategies.ACTIVATIONS} | {f"{f.name}.d": lambda z, f=f: f.d(z) for f in strategies.ACTIVATIONS}
#: Every door: the function, and arguments that it takes.
DOORS = {
    "MLP": (MLP, dict(W=dict(NET.W), b={1: np.ones(3)}, f={1: mlp.relu})),
    "MLP.init": (MLP.init, dict(sizes=(4, 3, 1), rng=..., activation=mlp.tanh, output=mlp.identity, bias=True, init=mlp.he)),
    "net.w": (NET.w, dict(k=1, i=1, j=1)),
    "forward": (mlp.forward, dict(net=NET, X=X)),
    "backprop": (mlp.backprop, dict(net=NET, X=X, y=Y, loss=mlp.squared_loss, penalty=mlp.l1(0.1))),
    "numerical_gradients": (mlp.numerical_gradients, dict(net=NET, X=X, y=Y, loss=mlp.squared_loss, penalty=mlp.l2(0.1))),
    "step": (mlp.step, dict(net=NET, grad=GRAD, eta=0.1)),
    "train": (mlp.train, dict(net=NET, X=X, y=Y, eta=0.1, epochs=2, batch_size=3, rng=..., penalty=mlp.l2(0.1), average=True, tol=1e-9)),
    "updates": (lambda **kwargs: list(mlp.updates(**kwargs)), dict(net=NET, X=X, y=Y, eta=0.1, epochs=2, batch_size=3, rng=..., penalty=mlp.l1(0.1), average=False)),
    "batches": (mlp.batches, dict(n=5, batch_size=2, rng=...)),
    "paths": (mlp.paths, dict(net=NET, k=1, i=1, j=1)),
    "factors": (mlp.factors, dict(net=NET, x=x, y=y, k=1, i=1, j=1, path=(1, 2, 1), loss=mlp.squared_loss)),
    "path_gradient": (mlp.path_gradient, dict(net=NET, x=x, y=y, k=2, i=1, j=1, path=(1, 1))),
    "l1": (mlp.l1, dict(lam=0.1)),
    "l2": (mlp.l2, dict(lam=0.1)),
    "penalty": (mlp.l2(0.3), dict(W=X)),
    "penalty.d": (mlp.l1(0.3).d, dict(W=X)),
    "squared_loss": (mlp.squared_loss, dict(y=Y, yhat=Y)),
    "squared_loss.d": (mlp.squared_loss.d, dict(y=Y, yhat=Y)),
    **{name: (f, dict(z=X)) for name, f in ACTIVATIONS.items()},
    **{init.name: (init, dict(n_in=2, n_out=3, rng=...)) for init in (mlp.xavier, mlp.he, mlp.uniform, mlp.small_normal, mlp.zeros)},
    "split": (CARS.split, dict(rng=..., held_out=0.2)),
    "to_mpg": (CARS.to_mpg, dict(ys=Y)),
    "predict": (predict, dict(question="How many?", answer=0.3, tol=0.1, choices=None, why="")),
    "plots.network": (plots.network, dict(net=NET, x=x, y=y, weights=[(1, 1, 1)])),
}
LARGE = {"epochs", "n", "n_in", "n_out", "sizes"}


def numbers_in(value):
    """Every number that a result holds."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, MLP):
        yield from numbers_in([value.W, value.b])
    elif isinstance(value, (float, int)):
        yield np.array(float(value)) if abs(value) < 1e308 else np.array(0.0)
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from numbers_in(part)
    elif hasattr(value, "values") and hasattr(value, "keys"):
        yield from numbers_in(list(value.values()))


def bits(value):
    """What a caller's argument holds, as bytes; None where it cannot be written."""
    try:
        return pickle.dumps(value)
    except Exception:  # noqa: BLE001 - whatever an odd thing says to that
        return None


@pytest.mark.parametrize("door", DOORS)
@settings(max_examples=int(os.environ.get("FUZZ", 16)))
@given(drawn=st.data())
def test_anything_at_the_door(door, drawn):
    function, good = DOORS[door]
    given_ = {name: np.random.default_rng(1) if value is ... else copy.copy(value) for name, value in good.items()}
    for name in drawn.draw(st.lists(st.sampled_from(list(good)), min_size=1, max_size=2, unique=True)):
        given_[name] = drawn.draw(FEW if name in LARGE else ODD, label=name)
    before = {name: bits(value) for name, value in given_.items() if name != "rng"}
    try:
        result = function(**given_)
    except (TypeError, ValueError, FloatingPointError) as error:
        message = str(error)
        assert not NUMPY_WORDS.search(message) and 0 < len(message) < 700, message
    else:
        for array in numbers_in(result):
            assert array.dtype.kind in "biu" or np.isfinite(array).all() or door in ACTIVATIONS and not np.isnan(array).any(), result
    pyplot.close("all")
    assert before == {name: bits(value) for name, value in given_.items() if name != "rng"}
