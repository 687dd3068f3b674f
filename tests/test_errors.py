"""Every error at the public door: its type, and that it names the parameter, what was expected and what came."""

import re
from fractions import Fraction

import numpy as np
import pytest

import mlp
from mlp import (
    MLP,
    Gradients,
    backprop,
    batches,
    factors,
    forward,
    l1,
    l2,
    numerical_gradients,
    path_gradient,
    paths,
    plots,
    relu,
    sigmoid,
    squared_loss,
    step,
    tanh,
    train,
    updates,
)

pytestmark = pytest.mark.filterwarnings("error")

NET = MLP.init((4, 3, 2, 1), rng=np.random.default_rng(7))
WIDE = MLP.init((4, 3, 2), rng=np.random.default_rng(7))  # two outputs
X, y, x = np.ones((5, 4)), np.ones(5), np.ones(4)
NUMPY_WORDS = re.compile(r"matmul|broadcast|gufunc|setting an array element|inhomogeneous|operand|ambiguous|concatenat|(?<!<)ufunc|cast ", re.I)


class Opaque:
    def __repr__(self):
        return "<an opaque thing>"


endless = []
endless.append(endless)


class Elsewhere:
    """What an array on another device looks like to NumPy."""

    def __array__(self, *args, **kwargs):
        raise RuntimeError("can't convert a device array")


class Frame:
    """What a pandas data frame looks like to NumPy."""

    def __init__(self, values):
        self.values = np.array(values, dtype=object)

    def __array__(self, dtype=None, copy=None):
        return self.values


class NAType:
    """What is missing in pandas's nullable columns."""

    def __repr__(self):
        return "<NA>"


def refuse(call, error, *words):
    """`call()` raises `error` itself, whose message has all of `words` and none of NumPy's."""
    with pytest.raises((ValueError, TypeError)) as stop:
        call()
    message = str(stop.value)
    assert type(stop.value) is error, message
    for word in words:
        assert word in message, message
    assert not NUMPY_WORDS.search(message), message
    assert len(message) < 400, message


# --- arrays: the same bad ones through every door ---------------------------------------------------------

ragged = [[1.0, 2.0, 3.0, 4.0], [1.0]]
BAD_ARRAYS = {
    "None": (None, TypeError, "None came"),
    "string": ("abc", TypeError, "'abc' came"),
    "bytes": (b"abc", TypeError, "b'abc' came"),
    "set": ({1.0}, TypeError, "set came"),
    "dict": ({"a": 1.0}, TypeError, "dict came"),
    "generator": ((row for row in [[1.0]]), TypeError, "generator came"),
    "object": (Opaque(), TypeError, "Opaque came"),
    "function": (len, TypeError, "builtin_function_or_method came"),
    "strings": ([["1", "2", "3", "4"]], TypeError, "real numbers"),
    "objects": ([[Opaque(), 1, 2, 3]], TypeError, "real numbers, but has <an opaque thing> at index (0, 0); turn it into a number first"),
    "None inside": ([[None, 1, 2, 3]], TypeError, "real numbers, but has None at index (0, 0); fill or drop what is missing first"),
    "data frame with words": (Frame([[1, "a", 2, 3]]), TypeError, "real numbers, but has 'a' at index (0, 1); turn it into a number first"),
    "data frame with a gap": (Frame([[1, 2.5, True, NAType()]]), TypeError, "real numbers, but has <NA> at index (0, 3); fill or drop what is missing first"),
    "complex": (np.ones((5, 4), dtype=complex), TypeError, "complex128"),
    "complex inside": ([[1j, 0, 0, 0]], TypeError, "complex128"),
    "dates": (np.zeros((5, 4), dtype="datetime64[s]"), TypeError, "datetime64"),
    "records": (np.zeros(5, dtype=[("a", float)]), TypeError, "real numbers"),
    "integers beyond float64": ([[10**400] * 4], ValueError, "finite, but has an integer too large for float64"),
    "ragged": (ragged, ValueError, "different lengths"),
    "ragged arrays": ([np.ones(4), np.ones(3)], ValueError, "different lengths"),
    "NaN": (np.array([[1.0, 2.0], [np.nan, 3.0]]), ValueError, "nan at index (1, 0)"),
    "infinity": ([1.0, np.inf], ValueError, "inf at index 1"),
    "minus infinity": (-np.inf, ValueError, "finite, but has -inf"),
    "beyond float64": (np.array([[np.longdouble("1e4000")]]), ValueError, "finite, but has inf"),
    "masked": (np.ma.array([[1.0, 2.0]], mask=[[False, True]]), ValueError, "masked"),
    "masked entry in a list": ([[np.ma.masked, 1, 2, 3]], ValueError, "masked"),
    "masked row in a list": ([np.ma.array([1.0, 2.0, 3.0, 4.0], mask=[1, 0, 0, 0])], ValueError, "masked"),
    "a list in itself": (endless, ValueError, "different lengths"),
    "an __array__ that raises": (Elsewhere(), TypeError, "Elsewhere came, which NumPy cannot read"),
}
DOORS = {
    "forward X": ("X", lambda bad: forward(NET, bad)),
    "backprop X": ("X", lambda bad: backprop(NET, bad, y)),
    "backprop y": ("y", lambda bad: backprop(NET, X, bad)),
    "numerical X": ("X", lambda bad: numerical_gradients(NET, bad, y)),
    "numerical y": ("y", lambda bad: numerical_gradients(NET, X, bad)),
    "train X": ("X", lambda bad: train(NET, bad, y, eta=1, epochs=1)),
    "train y": ("y", lambda bad: train(NET, X, bad, eta=1, epochs=1)),
    "updates X": ("X", lambda bad: updates(NET, bad, y, eta=1, epochs=1)),
    "updates y": ("y", lambda bad: updates(NET, X, bad, eta=1, epochs=1)),
    "path_gradient x": ("x", lambda bad: path_gradient(NET, bad, 1.0, 1, 1, 1, (1, 1, 1))),
    "path_gradient y": ("y", lambda bad: path_gradient(NET, x, bad, 1, 1, 1, (1, 1, 1))),
    "factors x": ("x", lambda bad: factors(NET, bad, 1.0, 1, 1, 1, (1, 1, 1))),
    "W": ("W[2]", lambda bad: MLP(W={1: [[1.0]], 2: bad})),
    "b": ("b[1]", lambda bad: MLP(W={1: [[1.0]]}, b={1: bad})),
    "loss y": ("y", lambda bad: squared_loss(bad, 1.0)),
    "loss yhat": ("yhat", lambda bad: squared_loss.d(1.0, bad)),
    "penalty W": ("W", lambda bad: l2(1.0)(bad)),
    "penalty.d W": ("W", lambda bad: l1(1.0).d(bad)),
    "grad.W": ("grad.W[1]", lambda bad: step(NET, Gradients({1: bad, 2: bad, 3: bad}, {}), 0.1)),
    "to_mpg ys": ("ys", lambda bad: mlp.data.auto_mpg().to_mpg(bad)),
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("bad", BAD_ARRAYS)
def test_arrays_that_are_none(door, bad):
    name, call = DOORS[door]
    value, error, came = BAD_ARRAYS[bad]
    refuse(lambda: call(value), error, f"{name} ", came)


@pytest.mark.parametrize("f", [sigmoid, tanh, relu, sigmoid.d, relu.d], ids=repr)
def test_activations_take_infinity_but_no_nan(f):
    assert np.isfinite(f(-np.inf))
    refuse(lambda: f([0.0, np.nan]), ValueError, "z must be numbers", "nan at index 1")
    refuse(lambda: f(None), TypeError, "z ", "None came")
    refuse(lambda: f("1"), TypeError, "z ", "'1' came")


SHAPES = {
    "forward columns": (lambda: forward(NET, np.ones((5, 3))), "X has 3 columns, but this network takes 4"),
    "forward 1-D": (lambda: forward(NET, np.ones(4)), "X must be 2-D, (points, 4), but its shape is (4,)"),
    "forward 3-D": (lambda: forward(NET, np.ones((1, 5, 4))), "X must be 2-D, (points, 4), but its shape is (1, 5, 4)"),
    "forward 0-D": (lambda: forward(NET, 1.0), "X must be 2-D", "shape is ()"),
    "forward no rows": (lambda: forward(NET, np.ones((0, 4))), "X has no rows; at least one point is needed"),
    "forward no columns": (lambda: forward(NET, [[]]), "X has 0 columns, but this network takes 4"),
    "forward nothing": (lambda: forward(NET, []), "X must be 2-D", "(0,)"),
    "forward transposed": (lambda: forward(NET, X.T), "X has 5 columns, but this network takes 4"),
    "backprop X": (lambda: backprop(NET, X[:, :3], y), "X has 3 columns, but this network takes 4"),
    "numerical X": (lambda: numerical_gradients(NET, X[0], y), "X must be 2-D"),
    "train X": (lambda: train(NET, X[:, :3], y, eta=1, epochs=1), "X has 3 columns, but this network takes 4"),
    "train no rows": (lambda: train(NET, X[:0], y[:0], eta=1, epochs=0), "X has no rows"),
    "updates X": (lambda: updates(NET, X[:, :3], y, eta=1, epochs=1), "X has 3 columns, but this network takes 4"),
    "y too short": (lambda: backprop(NET, X, y[:4]), "y must have shape (5, 1) or (5,)", "its shape is (4,)"),
    "y a row": (lambda: backprop(NET, X, y.reshape(1, 5)), "y must have shape (5, 1) or (5,)", "its shape is (1, 5)"),
    "y too wide": (lambda: backprop(NET, X, np.ones((5, 2))), "y must have shape (5, 1) or (5,)", "(5, 2)"),
    "y a number": (lambda: backprop(NET, X, 1.0), "y must have shape (5, 1) or (5,)", "()"),
    "y a number for one point": (lambda: backprop(NET, X[:1], 1.0), "y must have shape (1, 1) or (1,)", "()"),
    "y 3-D": (lambda: train(NET, X, np.ones((5, 1, 1)), eta=1, epochs=1), "y must have shape", "(5, 1, 1)"),
    "y of two outputs": (lambda: backprop(WIDE, X, y), "y must have shape (5, 2)", "its shape is (5,)"),
    "y of two outputs a row": (lambda: updates(WIDE, X[:1], [1.0, 2.0], eta=1, epochs=1), "y must have shape (1, 2)", "(2,)"),
    "x": (lambda: path_gradient(NET, x[:3], 1.0, 1, 1, 1, (1, 1, 1)), "x has 3 entries, but this network takes 4"),
    "x 2-D": (lambda: path_gradient(NET, X, 1.0, 1, 1, 1, (1, 1, 1)), "x must be one point, of shape (4,)", "(5, 4)"),
    "x 0-D": (lambda: factors(NET, 1.0, 1.0, 1, 1, 1, (1, 1, 1)), "x must be one point", "()"),
    "y of a point": (lambda: path_gradient(NET, x, [1.0, 2.0], 1, 1, 1, (1, 1, 1)), "y must be one number", "(2,)"),
    "y of a wide point": (lambda: path_gradient(WIDE, x, 1.0, 1, 1, 1, (1, 1)), "y must be of shape (2,)", "()"),
    "W empty": (lambda: MLP(W={}), "W is empty"),
    "W from 0": (lambda: MLP(W={0: [[1.0]], 1: [[1.0]]}), "W must be numbered 1 ... 2", "[0, 1]"),
    "W from 2": (lambda: MLP(W={2: [[1.0]]}), "W must be numbered 1 ... 1", "[2]"),
    "W with a hole": (lambda: MLP(W={1: [[1.0]], 3: [[1.0]]}), "W must be numbered 1 ... 2", "[1, 3]"),
    "W by names": (lambda: MLP(W={"1": [[1.0]]}), "W must be keyed by layer numbers", "'1'"),
    "W by floats": (lambda: MLP(W={1.0: [[1.0]]}), "W must be keyed by layer numbers", "1.0"),
    "W by bools": (lambda: MLP(W={True: [[1.0]]}), "W must be keyed by layer numbers", "True"),
    "W 1-D": (lambda: MLP(W={1: [1.0, 2.0]}), "W[1] must be 2-D", "(2,)"),
    "W 3-D": (lambda: MLP(W={1: [[1.0]], 2: [[[1.0]]]}), "W[2] must be 2-D", "(1, 1, 1)"),
    "W a number": (lambda: MLP(W={1: 1.0}), "W[1] must be 2-D", "()"),
    "W without units": (lambda: MLP(W={1: np.ones((2, 0))}), "W[1] must be 2-D", "at least one unit", "(2, 0)"),
    "W not fitting": (lambda: MLP(W={1: np.ones((4, 3)), 2: np.ones((2, 1))}), "W[2] has 2 rows, but W[1] has 3 columns"),
    "b of another layer": (lambda: MLP(W={1: [[1.0]]}, b={2: [1.0]}), "b has a layer 2, but W has the layers 1 ... 1"),
    "b of layer 0": (lambda: MLP(W={1: [[1.0]]}, b={0: [1.0]}), "b has a layer 0"),
    "b too long": (lambda: MLP(W={1: [[1.0]]}, b={1: [1.0, 2.0]}), "b[1] must have shape (1,)", "(2,)"),
    "b a number": (lambda: MLP(W={1: [[1.0]]}, b={1: 1.0}), "b[1] must have shape (1,)", "()"),
    "b a column": (lambda: MLP(W={1: [[1.0]]}, b={1: [[1.0]]}), "b[1] must have shape (1,)", "(1, 1)"),
    "f of another layer": (lambda: MLP(W={1: [[1.0]]}, f={3: relu}), "f has a layer 3"),
    "loss shapes": (lambda: squared_loss([[1.0, 2.0]], [[1.0], [2.0]]), "y has shape (1, 2), but yhat has (2, 1)"),
    "grad of other widths": (lambda: step(NET, backprop(WIDE, X, np.ones((5, 2))), 0.1), "grad belongs to another network", "its W", "(4, 3)"),
    "grad without layers": (lambda: step(NET, Gradients({}, {}), 0.1), "grad belongs to another network"),
    "grad with a wrong b": (lambda: step(NET, Gradients(NET.W, {1: [1.0], 2: [1.0], 3: [1.0]}), 0.1), "grad belongs to another network", "its b"),
}


@pytest.mark.parametrize("case", SHAPES)
def test_shapes(case):
    call, *words = SHAPES[case]
    refuse(call, ValueError, *words)


# --- numbers: the same bad ones through every door --------------------------------------------------------

NO_INTEGERS = [1.0, np.float64(1), "1", None, True, np.True_, [1], np.array(1), np.array([1]), 1j, Fraction(1)]
INTEGERS = {  # name, call, least, most
    "batch_size": ("batch_size", lambda bad: train(NET, X, y, eta=1, epochs=1, batch_size=bad), 1, None),
    "updates batch_size": ("batch_size", lambda bad: updates(NET, X, y, eta=1, epochs=1, batch_size=bad), 1, None),
    "batches batch_size": ("batch_size", lambda bad: batches(5, bad), 1, None),
    "batches n": ("n", lambda bad: batches(bad, 2), 1, None),
    "epochs": ("epochs", lambda bad: train(NET, X, y, eta=1, epochs=bad), 0, None),
    "updates epochs": ("epochs", lambda bad: updates(NET, X, y, eta=1, epochs=bad), 0, None),
    "sizes": ("sizes[1]", lambda bad: MLP.init((4, bad, 1), rng=np.random.default_rng(7)), 1, None),
    "n_in": ("n_in", lambda bad: mlp.he(bad, 2, np.random.default_rng(7)), 1, None),
    "n_out": ("n_out", lambda bad: mlp.zeros(2, bad, np.random.default_rng(7)), 1, None),
    "w k": ("k", lambda bad: NET.w(bad, 1, 1), 1, 3),
    "w i": ("i", lambda bad: NET.w(1, bad, 1), 1, 4),
    "w j": ("j", lambda bad: NET.w(1, 1, bad), 1, 3),
    "paths k": ("k", lambda bad: paths(NET, bad, 1, 1), 1, 3),
    "paths i": ("i", lambda bad: paths(NET, 1, bad, 1), 1, 4),
    "paths j": ("j", lambda bad: paths(NET, 1, 1, bad), 1, 3),
    "path_gradient k": ("k", lambda bad: path_gradient(NET, x, 1.0, bad, 1, 1, (1, 1, 1)), 1, 3),
    "path_gradient i": ("i", lambda bad: path_gradient(NET, x, 1.0, 1, bad, 1, (1, 1, 1)), 1, 4),
    "factors j": ("j", lambda bad: factors(NET, x, 1.0, 1, 1, bad, (1, 1, 1)), 1, 3),
}


@pytest.mark.parametrize("door", INTEGERS)
def test_integers(door):
    name, call, least, most = INTEGERS[door]
    for bad in NO_INTEGERS:
        refuse(lambda: call(bad), TypeError, f"{name} must be an integer", f"{bad!r} came")
    for bad in (least - 1, -1, np.int8(-3)):
        refuse(lambda: call(bad), ValueError, f"{name} must be at least {least}, but {bad!r} came")
    for bad in (-(10**400), -(10**5000)):
        refuse(lambda: call(bad), ValueError, f"{name} must be at least {least}, but a value of type int came")
    if most is not None:
        refuse(lambda: call(most + 1), ValueError, f"{name} must be from 1 to {most}", f"{most + 1} came")
        refuse(lambda: call(np.int64(most + 1)), ValueError, f"{name} must be from 1 to {most}")


NO_NUMBERS = ["0.1", None, True, np.False_, [0.1], np.array(0.1), 1j, Opaque()]
NO_FINITE = [np.nan, np.inf, -np.inf, -0.1, -1, 10**400, -(10**400), Fraction(10**400), np.float32(-1)]
NUMBERS = {
    "eta": ("eta", lambda bad: train(NET, X, y, eta=bad, epochs=1), False),
    "updates eta": ("eta", lambda bad: updates(NET, X, y, eta=bad, epochs=1), False),
    "step eta": ("eta", lambda bad: step(NET, backprop(NET, X, y), bad), False),
    "tol": ("tol", lambda bad: train(NET, X, y, eta=1, epochs=1, tol=bad), False),
    "l1 lam": ("lam", l1, True),
    "l2 lam": ("lam", l2, True),
    "held_out": ("held_out", lambda bad: mlp.data.auto_mpg().split(np.random.default_rng(7), bad), False),
}


@pytest.mark.parametrize("door", NUMBERS)
def test_real_numbers(door):
    name, call, zero = NUMBERS[door]
    expected = "a finite number, 0 or more" if zero else "a positive finite number"
    for bad in NO_NUMBERS:
        if not (bad is None and name == "tol"):
            refuse(lambda: call(bad), TypeError, f"{name} must be a real number", f"{bad!r} came")
    for bad in NO_FINITE + ([] if zero else [0, 0.0, -0.0]):
        refuse(lambda: call(bad), ValueError, f"{name} must be {expected}", " came")


def test_held_out_is_a_share():
    for bad in (1, 1.0, 1.5, 78):
        refuse(lambda: mlp.data.auto_mpg().split(np.random.default_rng(7), bad), ValueError, "held_out must be between 0 and 1", f"{bad!r} came")


# --- things that must be ours -----------------------------------------------------------------------------

rng = np.random.default_rng(7)
NO_GENERATORS = [7, np.random, np.random.RandomState(7), np.random.default_rng, "7", True, np.random.PCG64(7)]
GENERATORS = {
    "init": (lambda bad: MLP.init((4, 1), rng=bad), "a numpy.random.Generator, such"),
    "xavier": (lambda bad: mlp.xavier(4, 1, bad), "a numpy.random.Generator, such"),
    "split": (lambda bad: mlp.data.auto_mpg().split(bad), "a numpy.random.Generator, such"),
    "train": (lambda bad: train(NET, X, y, eta=1, epochs=1, rng=bad), "a numpy.random.Generator or None"),
    "updates": (lambda bad: updates(NET, X, y, eta=1, epochs=1, rng=bad), "a numpy.random.Generator or None"),
    "batches": (lambda bad: batches(5, 2, bad), "a numpy.random.Generator or None"),
}


@pytest.mark.parametrize("door", GENERATORS)
def test_generators(door):
    call, expected = GENERATORS[door]
    for bad in NO_GENERATORS + ([] if "None" in expected else [None]):
        refuse(lambda: call(bad), TypeError, f"rng must be {expected}", "came")


KINDS = {
    "net forward": (lambda: forward(NET.W, X), "net must be an MLP", "came"),
    "net backprop": (lambda: backprop(None, X, y), "net must be an MLP", "None came"),
    "net numerical": (lambda: numerical_gradients("net", X, y), "net must be an MLP", "'net' came"),
    "net step": (lambda: step(backprop(NET, X, y), NET, 0.1), "net must be an MLP", "a value of type Gradients came"),
    "net train": (lambda: train(MLP, X, y, eta=1, epochs=1), "net must be an MLP", "came"),
    "net updates": (lambda: updates(X, NET, y, eta=1, epochs=1), "net must be an MLP", "came"),
    "net paths": (lambda: paths((4, 3, 2, 1), 1, 1, 1), "net must be an MLP", "(4, 3, 2, 1) came"),
    "net path_gradient": (lambda: path_gradient(None, x, 1.0, 1, 1, 1, (1, 1, 1)), "net must be an MLP", "None came"),
    "W a list": (lambda: MLP(W=[np.ones((4, 1))]), "W must be a dict", "list came"),
    "W None": (lambda: MLP(W=None), "W must be a dict", "NoneType came"),
    "W an array": (lambda: MLP(W=np.ones((4, 1))), "W must be a dict", "ndarray came"),
    "b a list": (lambda: MLP(W={1: [[1.0]]}, b=[1.0]), "b must be a dict", "list came"),
    "b True": (lambda: MLP(W={1: [[1.0]]}, b=True), "b must be a dict", "bool came"),
    "f an activation": (lambda: MLP(W={1: [[1.0]]}, f=relu), "f must be a dict", "Activation came"),
    "f a list": (lambda: MLP(W={1: [[1.0]]}, f=[relu]), "f must be a dict", "list came"),
    "f a name": (lambda: MLP(W={1: [[1.0]]}, f={1: "relu"}), "f[1] must be an activation: sigmoid, tanh, relu or identity", "'relu' came"),
    "f a function": (lambda: MLP(W={1: [[1.0]]}, f={1: np.tanh}), "f[1] must be an activation", "tanh"),
    "f None": (lambda: MLP(W={1: [[1.0]]}, f={1: None}), "f[1] must be an activation", "None came"),
    "sizes None": (lambda: MLP.init(None, rng=rng), "sizes must be a sequence of at least two positive integers", "None came"),
    "sizes a number": (lambda: MLP.init(4, rng=rng), "sizes must be a sequence", "4 came"),
    "sizes a string": (lambda: MLP.init("4321", rng=rng), "sizes must be a sequence", "'4321' came"),
    "sizes a set": (lambda: MLP.init({4, 1}, rng=rng), "sizes must be a sequence", "came"),
    "sizes a dict": (lambda: MLP.init({4: 3, 1: 1}, rng=rng), "sizes must be a sequence", "came"),
    "sizes a generator": (lambda: MLP.init((n for n in (4, 1)), rng=rng), "sizes must be a sequence", "came"),
    "sizes 0-D": (lambda: MLP.init(np.array(4), rng=rng), "sizes must be a sequence", "came"),
    "sizes nested": (lambda: MLP.init([[4], [1]], rng=rng), "sizes[0] must be an integer", "[4] came"),
    "sizes 2-D": (lambda: MLP.init(np.ones((2, 2), dtype=int), rng=rng), "sizes[0] must be an integer", "came"),
    "activation a name": (lambda: MLP.init((4, 1), rng=rng, activation="relu"), "activation must be sigmoid, tanh, relu or identity", "'relu' came"),
    "activation None": (lambda: MLP.init((4, 1), rng=rng, activation=None), "activation must be", "None came"),
    "activation ufunc": (lambda: MLP.init((4, 1), rng=rng, activation=np.tanh), "activation must be", "tanh"),
    "output a name": (lambda: MLP.init((4, 1), rng=rng, output="identity"), "output must be sigmoid, tanh, relu or identity", "came"),
    "init a name": (lambda: MLP.init((4, 1), rng=rng, init="he"), "init must be small_normal, uniform, xavier, he or zeros", "'he' came"),
    "init a function": (lambda: MLP.init((4, 1), rng=rng, init=np.zeros), "init must be", "zeros"),
    "init None": (lambda: MLP.init((4, 1), rng=rng, init=None), "init must be", "None came"),
    "loss a function": (lambda: backprop(NET, X, y, loss=len), "loss must be a loss such as squared_loss", "came"),
    "loss None": (lambda: train(NET, X, y, eta=1, epochs=1, loss=None), "loss must be a loss", "None came"),
    "loss updates": (lambda: updates(NET, X, y, eta=1, epochs=1, loss="squared"), "loss must be a loss", "'squared' came"),
    "loss path": (lambda: path_gradient(NET, x, 1.0, 1, 1, 1, (1, 1, 1), loss=l2(1)), "loss must be a loss", "l2(1) came"),
    "penalty a number": (lambda: backprop(NET, X, y, penalty=0.1), "penalty must be None, l1(lam) or l2(lam)", "0.1 came"),
    "penalty not called": (lambda: train(NET, X, y, eta=1, epochs=1, penalty=l2), "penalty must be None, l1(lam) or l2(lam)", "came"),
    "penalty updates": (lambda: updates(NET, X, y, eta=1, epochs=1, penalty="l2"), "penalty must be None", "'l2' came"),
    "penalty numerical": (lambda: numerical_gradients(NET, X, y, penalty=squared_loss), "penalty must be None", "squared_loss came"),
    "bias": (lambda: MLP.init((4, 1), rng=rng, bias="no"), "bias must be True or False", "'no' came"),
    "bias an array": (lambda: MLP.init((4, 1), rng=rng, bias=np.array([1.0, 2.0])), "bias must be True or False", "came"),
    "average": (lambda: train(NET, X, y, eta=1, epochs=1, average=1), "average must be True or False", "1 came"),
    "average updates": (lambda: updates(NET, X, y, eta=1, epochs=1, average=None), "average must be True or False", "None came"),
    "grad None": (lambda: step(NET, None, 0.1), "grad must be the Gradients that backprop returns", "None came"),
    "grad a dict": (lambda: step(NET, {1: X}, 0.1), "grad must be the Gradients", "came"),
    "grad of nothing": (lambda: step(NET, Gradients(None, None), 0.1), "grad.W must be a dict", "NoneType came"),
}


@pytest.mark.parametrize("case", KINDS)
def test_kinds(case):
    call, *words = KINDS[case]
    refuse(call, TypeError, *words)


def test_more_than_any_memory_holds():
    refuse(lambda: batches(2**63, 1), ValueError, "n must be at most 2147483647", f"{2**63} came")
    refuse(lambda: MLP.init((10**30, 2), rng=rng), ValueError, "sizes[0] must be at most", f"{10**30} came")
    assert [len(batch) for batch in batches(3, 2**70)] == [3], "a batch may be as large as it likes"
    refuse(lambda: MLP(W={10**5000: [[1.0]]}), ValueError, "W must be numbered 1 ... 1")


def test_what_came_is_what_the_caller_wrote():
    refuse(lambda: step(NET, backprop(NET, X, y), Fraction(1, 10**400)), ValueError, "eta must be a positive finite number", "a value of type Fraction came")
    refuse(lambda: step(NET, backprop(NET, X, y), 10**400), ValueError, "a value of type int came")


def test_sizes_of_one_layer_or_none():
    for bad in ((), (4,), [], np.array([4])):
        refuse(lambda: MLP.init(bad, rng=rng), ValueError, "sizes must have at least two entries", f"{bad!r} came")


@pytest.mark.parametrize("call", [path_gradient, factors])
@pytest.mark.parametrize(
    "path",
    [None, 1, "112", "", (), (1, 1), (1, 1, 1, 1), (2, 1, 1), (1, 3, 1), (1, 0, 1), (1, -1, 1), (1, 1.0, 1), (1, True, 1), (1, "1", 1),
     ((1, 1, 1),), np.array([1.0, 1.0, 1.0]), np.ones((1, 3), dtype=int), np.array(1), (1, None, 1), {1: 1}, (1, 10**400, 1), Opaque()],
    ids=lambda path: repr(path)[:30],
)
def test_paths_that_are_none(call, path):
    with pytest.raises(ValueError) as stop:
        call(NET, x, 1.0, 1, 1, 1, path)
    message = str(stop.value)
    came = repr(path) if len(repr(path)) <= 200 else "a value of type tuple"
    assert message == f"path must be one of the 2 paths of w^1_11, such as (1, 1, 1), but {came} came"


def test_the_weight_of_a_wide_layer_is_named_so_that_its_units_can_be_told_apart():
    net = MLP.init((12, 11, 1), rng=rng)
    refuse(lambda: path_gradient(net, np.ones(12), 1.0, 1, 11, 2, (1, 1)), ValueError, "w^1_11,2", "such as (2, 1)", "(1, 1) came")


# --- when ------------------------------------------------------------------------------------------------

def test_updates_and_paths_complain_at_the_call_and_not_at_the_first_item():
    calls = 0
    for call in (
        lambda: updates(NET, X[:, :3], y, eta=1, epochs=1),
        lambda: updates(NET, X, y, eta=0, epochs=1),
        lambda: updates(NET, X, y, eta=1, epochs=-1),
        lambda: updates(NET, X, y, eta=1, epochs=0, batch_size=0),
        lambda: updates(NET, X, y, eta=1, epochs=0, rng=7),
        lambda: paths(NET, 4, 1, 1),
        lambda: paths(NET, 1, 5, 1),
        lambda: paths(NET, 1, 1, 0),
    ):
        with pytest.raises((ValueError, TypeError)):
            call()  # never iterated
        calls += 1
    assert calls == 8


def test_a_refused_call_draws_no_random_numbers_and_changes_nothing():
    generator = np.random.default_rng(3)
    for call in (
        lambda: train(NET, X, y, eta=1, epochs=1, rng=generator, tol=0),
        lambda: train(NET, X, y[:2], eta=1, epochs=1, rng=generator),
        lambda: batches(5, 0, generator),
        lambda: MLP.init((4, 0), rng=generator),
        lambda: MLP.init((4, 1), rng=generator, init=None),
    ):
        with pytest.raises((ValueError, TypeError)):
            call()
    assert generator.random() == np.random.default_rng(3).random()


def test_data_frames_with_columns_of_several_kinds_are_numbers():
    rows = [[1, 2.5, True, np.float32(0.5)], [np.int64(3), 0.25, np.False_, Fraction(1, 2)]]
    expected = [[1.0, 2.5, 1.0, 0.5], [3.0, 0.25, 0.0, 0.5]]
    assert forward(NET, Frame(rows)).O[0].tolist() == expected
    assert backprop(NET, Frame(rows), Frame([1, True])) == backprop(NET, expected, [1.0, 1.0])


def test_absurd_sizes_are_refused_in_the_books_words():
    rng, most = np.random.default_rng(1), 2**31 - 1
    for init in (mlp.xavier, mlp.he, mlp.uniform, mlp.small_normal, mlp.zeros):
        refuse(lambda: init(10**30, 3, rng), ValueError, f"n_in must be at most {most}, but {10**30} came")
        refuse(lambda: init(3, 10**400, rng), ValueError, f"n_out must be at most {most}, but a value of type int came")
        refuse(lambda: init(10**6, 10**6, rng), ValueError, f"n_in times n_out must be at most {most}, but 1000000 times 1000000 came")
    refuse(lambda: MLP.init((4, 10**6, 10**6, 1), rng=rng), ValueError, "sizes[1] times sizes[2] must be at most")
    deep = paths(MLP.init((2, *[40] * 14, 1), rng=rng), 1, 1, 1)
    refuse(lambda: len(deep), ValueError, f"there are {40**13} paths, more than len() can say")
    with pytest.raises(IndexError, match=f"of {40**13} paths there is none numbered {40**13}"):
        deep[40**13]
    assert deep[40**13 - 1] == (1, *[40] * 13, 1)


def test_the_edges_to_draw_strong_are_all_or_edges():
    for wrong in ("abc", [(1, 1)], [(1, 1, 1, 1)]):
        refuse(lambda: plots.network(NET, weights=wrong), ValueError, 'weights must be "all" or edges (k, i, j)', f"but {wrong!r} came")
    for wrong in ([1, 2, 3], {1: 2}, 1.0, True, None, np.ones(3)):
        refuse(lambda: plots.network(NET, weights=wrong), TypeError, 'weights must be "all" or edges (k, i, j)', f"but {wrong!r} came")
    refuse(lambda: plots.network(NET, weights=[(1, 9, 1)]), ValueError, "i must be from 1 to 4")


@pytest.mark.parametrize("road", [train, lambda *args, **options: list(updates(*args, **options))], ids=["train", "updates"])
@pytest.mark.parametrize("net, X, y, penalty", [
    (MLP(W={1: [[1.0]]}), [[0.0], [1.0]], [0.0, 1e200], None),
    (MLP(W={1: [[1e200]]}), [[0.0], [1.0]], [0.0, 0.0], None),
    (MLP(W={1: [[1e200]], 2: [[0.0]]}, f={1: relu}), [[0.0], [1e200]], [0.0, 0.0], None),
    (MLP(W={1: [[1e10]]}), [[0.0], [0.0]], [0.0, 0.0], l2(1e300)),
])  # fmt: skip
def test_where_no_eta_helps_none_is_asked_for(road, net, X, y, penalty):
    for eta in (0.1, 1e-300):
        with pytest.raises(FloatingPointError) as stop:
            road(net, X, y, eta=eta, epochs=2, penalty=penalty)
        assert re.fullmatch(r"training left the finite numbers at epoch 1, batch [12]: the weights or the data are too large", str(stop.value))


@pytest.mark.parametrize("road", [train, lambda *args, **options: list(updates(*args, **options))], ids=["train", "updates"])
def test_a_diverging_run_names_epoch_batch_and_eta_and_suggests_a_smaller_one(road):
    net = MLP(W={1: [[1.0]]})
    # w becomes w - 1e200 * 2 w = about -2e200 after the first update; its loss, 4e400, is not a number any more.
    with pytest.raises(FloatingPointError) as stop:
        road(net, [[1.0], [1.0]], [0.0, 0.0], eta=1e200, epochs=3)
    assert str(stop.value) == "training left the finite numbers at epoch 1, batch 2 (eta=1e+200): try a smaller eta"
    # With eta = 1.5 w doubles and changes sign, w_t = (-2)^t, and w^2 = 4^t is too large at t = 512: epoch 513.
    with pytest.raises(FloatingPointError) as stop:
        road(net, [[1.0]], [0.0], eta=1.5, epochs=600)
    assert str(stop.value) == "training left the finite numbers at epoch 513, batch 1 (eta=1.5): try a smaller eta"
