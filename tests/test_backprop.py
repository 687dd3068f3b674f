"""Backpropagation against finite differences, against itself point by point, and the update."""

import re
import warnings

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import PENALTIES, Problem, arrays_of, bits, parameters_of, problems

import mlp
from mlp import MLP, Gradients, backprop, identity, l1, l2, numerical_gradients, relu, squared_loss, step, tanh

pytestmark = pytest.mark.filterwarnings("error")


def total_loss(problem):
    return mlp.squared_loss(problem.y, mlp.forward(problem.net, problem.X).yhat)


@given(problems(), st.sampled_from(PENALTIES))
def test_backprop_is_the_finite_difference(problem, penalty):
    assume(not problem.near_a_kink())
    net, X, y = problem.net, problem.X, problem.y
    came = backprop(net, X, y, penalty=penalty)
    expected = numerical_gradients(net, X, y, penalty=penalty)
    atol = 1e-9 * (1 + total_loss(problem))
    for a, b in zip(arrays_of(came), arrays_of(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-7, atol=atol)


@pytest.mark.parametrize("f", [mlp.sigmoid, mlp.tanh, mlp.relu, mlp.identity], ids=str)
@pytest.mark.parametrize("sizes", [(1, 1), (3, 2), (4, 3, 2, 1), (2, 5, 4, 3)], ids=str)
@pytest.mark.parametrize("bias", [False, True])
def test_every_activation_as_hidden_and_as_output(f, sizes, bias):
    rng = np.random.default_rng(1)
    layers = range(1, len(sizes))
    net = MLP(
        W={k: rng.normal(size=sizes[k - 1 : k + 1]) for k in layers},
        b={k: rng.normal(size=sizes[k]) for k in layers} if bias else None,
        f={k: f for k in layers},
    )
    X, y = rng.normal(size=(6, sizes[0])), rng.normal(size=(6, sizes[-1]))
    X = X[[not Problem(net, X[i : i + 1], y, rng).near_a_kink() for i in range(6)]]  # without bias a dead layer sits on it
    y = y[: len(X)]
    assert len(X) > 0
    for a, b in zip(arrays_of(backprop(net, X, y)), arrays_of(numerical_gradients(net, X, y)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-7)


@given(problems())
def test_the_gradient_is_the_sum_of_the_points_gradients_and_never_their_mean(problem):
    net, X, y = problem.net, problem.X, problem.y
    whole = backprop(net, X, y)
    points = [backprop(net, X[i : i + 1], y[i : i + 1]) for i in range(len(X))]
    for at, array in enumerate(arrays_of(whole)):
        parts = np.array([arrays_of(p)[at] for p in points])
        np.testing.assert_allclose(array, parts.sum(axis=0), rtol=1e-10, atol=1e-12 * (1 + np.abs(parts).sum()))


@given(problems(), st.sampled_from(PENALTIES[1:]))
def test_the_penalty_is_added_once_and_only_to_the_weights(problem, penalty):
    net, X, y = problem.net, problem.X, problem.y
    bare, penalised = backprop(net, X, y), backprop(net, X, y, penalty=penalty)
    for k in net.layers:
        assert np.array_equal(penalised.W[k], bare.W[k] + penalty.d(net.W[k]))
        assert np.array_equal(penalised.b[k], bare.b[k])


def test_known_values():
    # yhat = 2 x: 2 (2 - 0) 1 + 2 (6 - 5) 3 = 10; with a bias, the sum of 2 (yhat - y): 4 + 2 = 6.
    net = MLP(W={1: [[2.0]]}, b={1: [0.0]})
    grad = backprop(net, [[1.0], [3.0]], [0.0, 5.0])
    assert grad.W[1].tolist() == [[10.0]] and grad.b[1].tolist() == [6.0]
    assert backprop(net, [[1.0], [3.0]], [0.0, 5.0], penalty=l2(0.5)).W[1].tolist() == [[12.0]]
    assert backprop(net, [[1.0], [3.0]], [0.0, 5.0], penalty=l1(0.5)).W[1].tolist() == [[10.5]]


def test_l1_does_not_move_a_weight_that_is_zero():
    net = MLP(W={1: [[0.0], [1.0]]})
    assert backprop(net, [[0.0, 1.0]], [1.0], penalty=l1(3.0)).W[1].tolist() == [[0.0], [3.0]]
    assert numerical_gradients(net, [[0.0, 1.0]], [1.0], penalty=l1(3.0)).W[1].round(6).tolist() == [[0.0], [3.0]]


def test_targets_may_be_a_column_or_a_list_of_numbers():
    rng = np.random.default_rng(4)
    net = MLP.init((3, 2, 1), rng=rng)
    X, y = rng.normal(size=(5, 3)), rng.normal(size=5)
    for same in (y.reshape(5, 1), y.tolist(), y[::-1].copy()[::-1]):
        assert backprop(net, X, same).W[1].tobytes() == backprop(net, X, y).W[1].tobytes()


@given(problems(), st.sampled_from(PENALTIES))
def test_records_are_read_only_and_nothing_given_changes(problem, penalty):
    net, X, y = problem.net, problem.X, problem.y
    before = bits(net), X.tobytes(), y.tobytes()
    for derivatives in (backprop, numerical_gradients):
        grad = derivatives(net, X, y, penalty=penalty)
        grad_before = [array.tobytes() for array in arrays_of(grad)]
        new = step(net, grad, 0.1)
        for array in arrays_of(grad) + parameters_of(new):
            assert not array.flags.writeable and array.dtype == np.float64
            assert not any(np.shares_memory(array, other) for other in (X, y, *parameters_of(net)))
        assert not any(np.shares_memory(a, b) for a in parameters_of(new) for b in arrays_of(grad))
        assert [array.tobytes() for array in arrays_of(grad)] == grad_before
    assert (bits(net), X.tobytes(), y.tobytes()) == before and X.flags.writeable and y.flags.writeable


def test_a_dead_relu_learns_nothing():
    net = MLP(W={1: [[-1.0]], 2: [[1.0]]}, f={1: relu})
    assert backprop(net, [[2.0]], [1.0]).W[1].tolist() == [[0.0]]


def test_derivatives_that_overflow_are_said():
    net = MLP(W={1: [[1e200]]})
    for derivatives in (backprop, numerical_gradients):
        with pytest.raises(FloatingPointError, match="left the finite numbers"):
            derivatives(net, [[1e120]], [0.0])


# --- step -----------------------------------------------------------------------------------------------

@given(problems(), st.floats(1e-6, 10))
def test_step_is_the_update_of_the_notes(problem, eta):
    net = problem.net
    grad = backprop(net, problem.X, problem.y)
    new = step(net, grad, eta)
    for k in net.layers:
        assert np.array_equal(new.W[k], net.W[k] - eta * grad.W[k])
        assert np.array_equal(new.b[k], net.b[k] - eta * grad.b[k])
    assert new.biased == net.biased and new.sizes == net.sizes and all(new.f[k] is net.f[k] for k in net.layers)


def test_a_layer_without_bias_never_acquires_one():
    net = MLP(W={1: [[1.0]], 2: [[1.0]]}, b={2: [1.0]})
    grad = backprop(net, [[1.0]], [0.0])
    assert grad.b[1].tolist() == [0.0] and grad.b[2].tolist() != [0.0]
    new = step(net, Gradients(W=grad.W, b={1: [0.0], 2: [5.0]}), 0.1)
    assert new.b[1].tolist() == [0.0] and new.b[2].tolist() == [0.5] and new.biased == (2,)
    with pytest.raises(ValueError, match=r"grad belongs to another network: .* biases in layers \(2,\) only"):
        step(net, Gradients(W=grad.W, b={1: [5.0], 2: [5.0]}), 0.1)


def test_loss_and_penalty_may_stand_in_their_places():
    net = MLP(W={1: [[2.0]]})
    for derivatives in (backprop, numerical_gradients):
        assert derivatives(net, [[1.0]], [0.0], squared_loss, l2(1.0)).W[1].round(6).tolist() == [[8.0]]


def test_step_takes_a_gradient_written_by_hand():
    net = MLP(W={1: [[1.0], [2.0]]})
    assert step(net, Gradients(W={1: [[1], [-1]]}, b={1: [0]}), 0.5).W[1].tolist() == [[0.5], [2.5]]
    with pytest.raises(FloatingPointError, match="eta=1e"):
        step(net, Gradients(W={1: [[1e300], [0]]}, b={1: [0]}), 1e300)


# --- Notes N6: gradient descent finds the minimum --------------------------------------------------------

def test_gradient_descent_on_a_linear_network_reaches_least_squares():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 3)), rng.normal(size=(40, 2))
    net = MLP.init((3, 2), rng=rng, bias=True)
    assert net.f[1] is identity
    run = mlp.train(net, X, y, eta=0.3, epochs=500, batch_size=40, tol=1e-12)
    solution = np.linalg.lstsq(np.hstack([X, np.ones((40, 1))]), y, rcond=None)[0]
    np.testing.assert_allclose(run.net.W[1], solution[:3], atol=1e-10)
    np.testing.assert_allclose(run.net.b[1], solution[3], atol=1e-10)
    assert run.converged and (np.diff(run.losses) <= 1e-12).all()
    for array in arrays_of(backprop(run.net, X, y)):
        np.testing.assert_allclose(array, 0, atol=1e-9)  # at the minimum every derivative is 0


@pytest.mark.parametrize("w", [1e6, 1.0, 0.0])
def test_the_finite_difference_of_a_large_weight_takes_a_larger_step(w):
    net, X, y = MLP(W={1: [[w]]}), [[1.0]], [w + 0.5]
    assert numerical_gradients(net, X, y).W[1][0, 0] == pytest.approx(-1.0, rel=1e-4)


@pytest.mark.parametrize("W, X, names", [
    ({1: [[0.0]], 2: [[1.0]]}, [[1.0]], "w^1_11"),
    ({1: [[1e-6]], 2: [[1.0]]}, [[1.0]], "w^1_11"),
    ({1: [[0.5, 0.0]], 2: [[1.0], [2.0]]}, [[3.0], [-1.0]], "w^1_12"),
    ({1: [[1.0], [1.0]], 2: [[1.0]]}, [[1.0, -1.0]], "w^1_11 (and of 1 more)"),
])  # fmt: skip
def test_a_finite_difference_across_a_kink_says_so(W, X, names):
    net = MLP(W=W, f={1: relu})
    with pytest.warns(RuntimeWarning, match=re.escape(f"the finite difference of {names} steps over a kink of relu, where there is no slope")) as told:
        numerical_gradients(net, X, np.ones(len(X)))
    assert len(told) == 1 and told[0].filename == __file__


def test_beside_a_kink_nothing_is_said():
    """Nor where a sum is 0 that no weight moves, nor of a bias that a layer has not."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for W, f in (({1: [[2e-5]], 2: [[1.0]]}, relu), ({1: [[-1.0]], 2: [[0.0]], 3: [[1.0]]}, relu), ({1: [[0.0]], 2: [[1.0]]}, tanh)):
            numerical_gradients(MLP(W=W, f={k: f for k in list(W)[:-1]}), [[1.0]], [1.0])
