"""The activations: their values, their derivatives, and that nothing saturates into a warning."""

import copy
import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import ACTIVATIONS

from mlp import identity, relu, sigmoid, tanh

pytestmark = pytest.mark.filterwarnings("error")

# The same functions written a second time, for plain floats.
BY_HAND = {
    sigmoid: (lambda z: 1 / (1 + math.exp(-z)), lambda z: math.exp(-z) / (1 + math.exp(-z)) ** 2),
    tanh: (math.tanh, lambda z: 1 / math.cosh(z) ** 2),
    relu: (lambda z: z if z > 0 else 0.0, lambda z: 1.0 if z > 0 else 0.0),
    identity: (lambda z: z, lambda z: 1.0),
}


@pytest.mark.parametrize("f", ACTIVATIONS, ids=str)
@given(z=st.floats(-30, 30))
def test_value_and_derivative_by_hand(f, z):
    value, slope = BY_HAND[f]
    assert float(f(z)) == pytest.approx(value(z), rel=1e-14, abs=1e-300)
    assert float(f.d(z)) == pytest.approx(slope(z), rel=1e-12, abs=3e-16)


@pytest.mark.parametrize("f", ACTIVATIONS, ids=str)
@given(z=st.floats(-5, 5).filter(lambda z: abs(z) > 1e-3))
def test_derivative_by_finite_differences(f, z):
    h = 1e-6
    assert float(f.d(z)) == pytest.approx((float(f(z + h)) - float(f(z - h))) / (2 * h), abs=1e-8)


def test_known_values():
    assert (sigmoid(0.0), sigmoid.d(0.0), tanh(0.0), tanh.d(0.0)) == (0.5, 0.25, 0.0, 1.0)
    assert sigmoid(math.log(3)) == pytest.approx(0.75, abs=1e-15)  # 1 / (1 + 1/3)
    assert sigmoid.d(math.log(3)) == pytest.approx(0.1875, abs=1e-15)  # 3/4 * 1/4
    assert (relu(-2.0), relu(2.0), relu.d(-2.0), relu.d(2.0)) == (0, 2, 0, 1)
    assert relu.d(0.0) == 0.0  # where there is no derivative, this book takes 0
    assert (identity(-3.0), identity.d(-3.0)) == (-3.0, 1.0)


@pytest.mark.parametrize("f", ACTIVATIONS, ids=str)
def test_far_out_the_limit_comes_and_no_warning(f):
    far = [-np.inf, -1.7e308, -1e4, -746.0, -709.9, 709.9, 1e4, 1.7e308, np.inf]
    limits = {sigmoid: [0] * 5 + [1] * 4, tanh: [-1] * 5 + [1] * 4, relu: [0] * 5 + far[5:], identity: far}
    slopes = {sigmoid: [0] * 9, tanh: [0] * 9, relu: [0] * 5 + [1] * 4, identity: [1] * 9}
    with np.errstate(all="raise"):
        value, slope = f(far), f.d(far)
    finite = np.isfinite(limits[f])
    np.testing.assert_allclose(value[finite], np.array(limits[f])[finite], rtol=1e-15, atol=1e-300)
    assert value[~finite].tolist() == np.array(limits[f])[~finite].tolist()
    np.testing.assert_allclose(slope, slopes[f], rtol=0, atol=1e-300)


@pytest.mark.parametrize("f", ACTIVATIONS, ids=str)
@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (2, 1, 2), (0,)], ids=str)
def test_shapes_and_types(f, shape):
    z = np.full(shape, 0.5, dtype=np.float32)
    before = z.tobytes()
    for result in (f(z), f.d(z)):
        assert np.shape(result) == shape and result.dtype == np.float64
        assert not np.shares_memory(result, z)
    assert z.tobytes() == before
    assert f(1) == f(1.0) == f([1])[0] == f(np.int8(1))


@pytest.mark.parametrize("f", ACTIVATIONS, ids=str)
def test_float64_that_is_given_is_not_written_to(f):
    z = np.array([-1.0, 2.0])
    f(z), f.d(z)
    assert z.tolist() == [-1.0, 2.0]


@pytest.mark.parametrize("f", ACTIVATIONS, ids=str)
def test_each_activation_is_one_object(f):
    assert copy.copy(f) is copy.deepcopy(f) is pickle.loads(pickle.dumps(f)) is f
    assert repr(f) == f.name


@pytest.mark.parametrize("f", ACTIVATIONS, ids=repr)
def test_help_shows_the_formula(f):
    assert "Entry by entry" in f.__doc__
    assert type(f)("mine", f.value, f.slope).__doc__ == type(f).__doc__
