"""The loss is a sum, its derivative is by yhat, and the penalties are functions of the weights alone."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlp import l1, l2, squared_loss

pytestmark = pytest.mark.filterwarnings("error")

numbers = st.floats(-100, 100)


@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=6))
def test_squared_loss_is_a_plain_sum(pairs):
    y, yhat = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    total = sum((a - b) ** 2 for a, b in pairs)  # no half, no mean
    assert squared_loss(y, yhat) == pytest.approx(total, rel=1e-12, abs=1e-300)
    assert type(squared_loss(y, yhat)) is float
    np.testing.assert_allclose(squared_loss.d(y, yhat), [2 * (b - a) for a, b in pairs], rtol=1e-14)


def test_known_values():
    assert squared_loss([3.0, 1.0], [2.0, 3.0]) == 5.0
    assert squared_loss.d([3.0, 1.0], [2.0, 3.0]).tolist() == [-2.0, 4.0]
    assert squared_loss(1.0, 3.0) == 4.0 and float(squared_loss.d(1.0, 3.0)) == 4.0
    assert squared_loss([[1.0, 2.0], [0.0, 0.0]], [[0.0, 0.0], [3.0, 0.0]]) == 14.0  # 1 + 4 + 9: over outputs too


def test_a_target_of_each_point_may_stand_for_its_column_and_nothing_else():
    y, column = [1.0, 2.0, 3.0], [[1.0], [2.0], [5.0]]
    assert squared_loss(y, column) == 4.0
    assert squared_loss.d(y, column).tolist() == [[0.0], [0.0], [4.0]]
    for y, yhat in (([[1.0, 2.0, 3.0]], column), (column, [1.0, 2.0, 5.0]), (1.0, [1.0, 2.0]), ([1.0], [1.0, 2.0])):
        for call in (squared_loss, squared_loss.d):
            with pytest.raises(ValueError, match=r"y has shape .*, but yhat has .*; they must be the same"):
                call(y, yhat)


def test_penalties_have_known_values():
    W = [[1.0, -2.0], [0.0, 4.0]]
    assert l2(0.5)(W) == 0.5 * (1 + 4 + 16) and l2(0.5).d(W).tolist() == [[1.0, -2.0], [0.0, 4.0]]
    assert l1(0.5)(W) == 0.5 * (1 + 2 + 4) and l1(0.5).d(W).tolist() == [[0.5, -0.5], [0.0, 0.5]]
    assert type(l1(1)(W)) is type(l2(1)(W)) is float
    assert l1(0)(W) == l2(0)(W) == 0.0


def test_the_derivative_of_l1_at_zero_is_zero():
    assert l1(3.0).d([[0.0, -0.0]]).tolist() == [[0.0, 0.0]]
    assert l1(3.0).d([[5e-324, -5e-324]]).tolist() == [[3.0, -3.0]]


@pytest.mark.parametrize("penalty", [l1(0.3), l2(0.3)], ids=str)
@given(w=st.floats(-10, 10).filter(lambda w: abs(w) > 1e-3))
def test_penalty_derivative_by_finite_differences(penalty, w):
    h = 1e-5
    slope = (penalty([[w + h]]) - penalty([[w - h]])) / (2 * h)
    assert penalty.d([[w]])[0, 0] == pytest.approx(slope, abs=1e-8)


@pytest.mark.parametrize("lam", [1, np.float32(1), np.int64(1), True + 0.0])
def test_lam_is_any_real_number(lam):
    assert l2(lam).lam == 1.0 and type(l2(lam).lam) is float and repr(l2(lam)) == "l2(1)"


def test_what_is_given_stays_as_it_is_and_what_comes_is_new():
    y, yhat = np.array([1.0, 2.0]), np.array([0.0, 0.0])
    for result, given_array in ((squared_loss.d(y, yhat), yhat), (l1(1).d(y), y), (l2(1).d(y), y)):
        assert not np.shares_memory(result, given_array) and result.dtype == np.float64
    assert y.tolist() == [1.0, 2.0] and yhat.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("call", [
    lambda: squared_loss([1e200], [-1e200]),
    lambda: squared_loss.d([1.7e308], [-1.7e308]),
    lambda: l2(1.0)([[1e200]]),
    lambda: l1(1e200)([[1e200]]),
    lambda: l2(1e200).d([[1e200]]),
])
def test_overflow_is_said(call):
    with pytest.raises(FloatingPointError, match="left the finite numbers"):
        call()


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda thing: pickle.loads(pickle.dumps(thing))])
def test_copies_and_pickles(again):
    assert again(squared_loss) is squared_loss
    for penalty in (l1(0.5), l2(0.5)):
        assert again(penalty) == penalty and again(penalty).d([[-2.0]]) == penalty.d([[-2.0]])


def test_help_shows_the_formula():
    assert squared_loss.__doc__.startswith("L = sum_i (y_i - yhat_i)^2")
    mine = type(squared_loss)("mine", lambda y, yhat: np.vdot(y - yhat, y - yhat), lambda y, yhat: 2.0 * (yhat - y))
    assert mine.__doc__ == type(squared_loss).__doc__ != squared_loss.__doc__
