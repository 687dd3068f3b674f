"""A function that a reader hands in is tried when its object is made: what would be silent garbage later is an error there."""

import math

import numpy as np
import pytest

from mlp import MLP, backprop, forward, l1, numerical_gradients, relu, sigmoid, squared_loss, tanh, train
from mlp.activations import Activation
from mlp.initializers import Initializer
from mlp.losses import Loss, Penalty

pytestmark = pytest.mark.filterwarnings("error")


def one(o, out):
    out[...] = 1.0


def changing(function):
    """`function`, which also writes into its first argument."""

    def changes(first, *others, **named):
        result = function(first, *others, **named)
        first += 1
        return result

    return changes


def only_positive(z, out):
    np.maximum(z, 0.0, out=out, where=z > 0)


def gate_first(z, out):  # z * sigmoid(z), but where out is z itself, z is gone when it is needed
    np.exp(-z, out=out)
    np.divide(z, 1 + out, out=out)


def softmax(z, out):
    out[...] = np.exp(z) / np.exp(z).sum()


CASES = {
    "value returns": ("value", lambda: Activation("mine", lambda z, out: np.tanh(z), one), "out is nan", "returned its values"),
    "value in part": ("value", lambda: Activation("mine", only_positive, one), "out is nan", "z = -2"),
    "value not finite": ("value", lambda: Activation("mine", lambda z, out: np.log(z, out=out), one), "out is nan", "z = -2"),
    "value infinite": ("value", lambda: Activation("mine", lambda z, out: np.multiply(z, np.inf, out=out), one), "out is -inf"),
    "value changes z": ("value", lambda: Activation("mine", changing(np.tanh), one), "changed z"),
    "value onto itself": ("value", lambda: Activation("mine", gate_first, one), "out is z itself"),
    "value of others": ("value", lambda: Activation("mine", softmax, one), "entry by entry"),
    "value another shape": ("value", lambda: Activation("mine", lambda z, out: np.tanh(z.T, out=out), one), "raised ValueError"),
    "value without out": ("value", lambda: Activation("mine", math.tanh, one), "raised TypeError"),
    "value a number": ("value", lambda: Activation("mine", 3, one), "but 3 came"),
    "slope returns": ("slope", lambda: Activation("mine", np.tanh, lambda o, out: 1 - o * o), "out is nan", "returned its values"),
    "slope changes o": ("slope", lambda: Activation("mine", np.tanh, changing(one)), "changed o"),
    "slope None": ("slope", lambda: Activation("mine", np.tanh, None), "but None came"),
    "loss of each point": ("value", lambda: Loss("mine", lambda y, yhat: ((y - yhat) ** 2).sum(axis=1), squared_loss.slope), "one finite number", "shape (3,)"),
    "loss nothing": ("value", lambda: Loss("mine", lambda y, yhat: None, squared_loss.slope), "one finite number", "None came"),
    "loss complex": ("value", lambda: Loss("mine", lambda y, yhat: 1j, squared_loss.slope), "one finite number", "1j came"),
    "loss nan": ("value", lambda: Loss("mine", lambda y, yhat: np.log(-yhat).sum(), squared_loss.slope), "but nan came"),
    "loss changes y": ("value", lambda: Loss("mine", changing(lambda y, yhat: 0.0), squared_loss.slope), "changed y"),
    "loss a name": ("value", lambda: Loss("mine", "squared", squared_loss.slope), "but 'squared' came"),
    "loss slope a column": ("slope", lambda: Loss("mine", squared_loss.value, lambda y, yhat: (yhat - y)[:, :1]), "of shape (3, 2)", "shape (3, 1)"),
    "loss slope a number": ("slope", lambda: Loss("mine", squared_loss.value, lambda y, yhat: 2.0), "of shape (3, 2)", "2.0 came"),
    "loss slope a list": ("slope", lambda: Loss("mine", squared_loss.value, lambda y, yhat: (yhat - y).tolist()), "finite array", "]] came"),
    "loss slope objects": ("slope", lambda: Loss("mine", squared_loss.value, lambda y, yhat: (yhat - y).astype(object)), "entries of type object came"),
    "loss slope infinite": ("slope", lambda: Loss("mine", squared_loss.value, lambda y, yhat: y / 0.0), "finite"),
    "loss slope changes yhat": ("slope", lambda: Loss("mine", squared_loss.value, lambda y, yhat: np.subtract(yhat, y, out=yhat)), "changed yhat"),
    "loss slope raises": ("slope", lambda: Loss("mine", squared_loss.value, lambda y: y), "raised TypeError"),
    "penalty of each entry": ("value", lambda: Penalty("mine", 0.1, np.abs, np.sign), "one finite number", "shape (2, 3)"),
    "penalty changes W": ("value", lambda: Penalty("mine", 0.1, changing(lambda W: 0.0), np.sign), "changed W"),
    "penalty slope a number": ("slope", lambda: Penalty("mine", 0.1, l1(1).value, lambda W: 1.0), "of shape (2, 3)", "1.0 came"),
    "penalty slope of others": ("slope", lambda: Penalty("mine", 0.1, np.linalg.norm, lambda W: W / np.linalg.norm(W)), "entry by entry"),
    "penalty lam": ("lam", lambda: Penalty("mine", -1, l1(1).value, np.sign), "0 or more, but -1 came"),
    "draw turned round": ("draw", lambda: Initializer("mine", lambda n_in, n_out, rng: rng.normal(size=(n_out, n_in))), "of shape (3, 2)", "shape (2, 3)"),
    "draw nan": ("draw", lambda: Initializer("mine", lambda n_in, n_out, rng: np.full((n_in, n_out), np.nan)), "finite"),
    "draw empty": ("draw", lambda: Initializer("mine", lambda n_in, n_out, rng: None), "of shape (3, 2)", "None came"),
    "draw of its own": ("draw", lambda: Initializer("mine", lambda n_in, n_out, rng: np.random.default_rng().normal(size=(n_in, n_out))), "rng alone"),
    "draw without rng": ("draw", lambda: Initializer("mine", lambda n_in, n_out: np.zeros((n_in, n_out))), "raised TypeError"),
    "draw None": ("draw", lambda: Initializer("mine", None), "but None came"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_would_be_garbage_is_refused(case):
    name, make, *words = CASES[case]
    with pytest.raises((ValueError, TypeError)) as stop:
        make()
    message = str(stop.value)
    assert message.startswith(f"{name} must be "), message
    for word in words:
        assert word in message, message
    assert len(message) < 400 and "\n" not in message, message


def leaky(z, out):
    np.maximum(z, 0.1 * z, out=out)  # and returns nothing


def leaky_slope(o, out):
    out[:] = np.where(o > 0, 1.0, 0.1)  # returns nothing either, and indexes


def test_what_keeps_its_part_works():
    mine = Activation("leaky", leaky, leaky_slope)
    assert mine([-2.0, 3.0]).tolist() == [-0.2, 3.0] and mine.d([-2.0, 3.0]).tolist() == [0.1, 1.0]
    assert (mine(-2.0), mine.d(-2.0)) == (-0.2, 0.1), "a number too"
    rng = np.random.default_rng(7)
    net = MLP.init((4, 3, 2, 1), rng=rng, activation=mine, init=Initializer("ones", lambda n_in, n_out, rng: np.ones((n_in, n_out), int)))
    X, y = rng.normal(size=(5, 4)), rng.normal(size=5)
    assert (forward(net, X).O[1] == mine(X @ net.W[1])).all()
    by_hand, nudged = backprop(net, X, y).W[1], numerical_gradients(net, X, y).W[1]
    np.testing.assert_allclose(by_hand, nudged, rtol=1e-6)


def test_a_derivative_that_is_the_targets_themselves_leaves_them_alone():
    """L = sum of y yhat has the derivative y: handed back as it is, and divided by the size of the batch."""
    product = Loss("product", lambda y, yhat: np.vdot(y, yhat), lambda y, yhat: y)
    y = np.array([[8.0], [4.0]])
    run = train(MLP(W={1: [[1.0]]}), [[1.0], [1.0]], y, eta=0.5, epochs=2, batch_size=2, loss=product)
    assert run.net.w(1, 1, 1) == 1 - 0.5 * 6 - 0.5 * 6 and run.losses.tolist() == [12.0, -24.0]
    slope = product.d(y, y + 1)
    slope[0] = 0.0
    assert y[0] == 8.0, "what comes out is the caller's alone"


def test_trying_draws_from_no_generator_of_the_caller():
    before = np.random.get_state()[1].tolist()
    Initializer("mine", lambda n_in, n_out, rng: rng.uniform(size=(n_in, n_out)))
    assert np.random.get_state()[1].tolist() == before


def test_what_is_tried_is_tried_quietly_and_ours_pass():
    with np.errstate(all="raise"):
        for f in (sigmoid, tanh, relu):
            assert Activation("same", f.value, f.slope)(0.5) == f(0.5)
