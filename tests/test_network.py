"""The network and the forward pass: notation, shapes, initialisation, and that records stay as they are."""

import copy
import pickle
import subprocess
import sys
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given
from strategies import arrays_of, bits, parameters_of, problems

import mlp
from mlp import MLP, forward, identity, relu, sigmoid, tanh

pytestmark = pytest.mark.filterwarnings("error")


def test_the_notation_of_the_notes():
    W = {1: np.arange(12.0).reshape(4, 3), 2: np.arange(6.0).reshape(3, 2), 3: [[5.0], [7.0]]}
    net = MLP(W=W)
    assert net.sizes == (4, 3, 2, 1) and net.layers == (1, 2, 3)
    assert net.w(1, 2, 3) == W[1][1, 2] == 5.0  # from unit 2 of layer 0 to unit 3 of layer 1
    assert net.w(2, 3, 1) == W[2][2, 0] == 4.0
    assert net.w(3, 2, 1) == 7.0 and type(net.w(3, 2, 1)) is float
    assert net.w(np.int64(3), np.uint8(2), 1) == 7.0
    assert [net.f[k] for k in net.layers] == [sigmoid, sigmoid, identity]
    assert [net.b[k].tolist() for k in net.layers] == [[0, 0, 0], [0, 0], [0]]
    assert net.biased == ()
    assert set(net.W) == {1, 2, 3} and len(net.W) == 3 and 0 not in net.W
    assert repr(net) == "MLP(4-3-2-1, sigmoid, sigmoid, identity, 20 weights, no bias)"


def test_layers_are_numbered_as_in_the_notes_and_never_from_the_end():
    net, x, _ = mlp.data.running_example()
    Z, O = forward(net, [x])
    assert list(Z) == [1, 2, 3] and list(O) == [0, 1, 2, 3]
    for values, k in ((net.W, 0), (net.W, 4), (net.W, -1), (O, -1), (O, 4), (Z, 0)):
        with pytest.raises(KeyError, match=f"no layer {k}"):
            values[k]


@pytest.mark.parametrize("key", [int, np.int64, np.uint8])
def test_layer_numbers_may_be_any_integers_in_any_order(key):
    net = MLP(W={key(2): [[2.0]], key(1): [[1.0]]}, b={key(2): [3.0]}, f={key(1): tanh})
    assert net.layers == (1, 2) and all(type(k) is int for k in net.W)
    assert net.b[2].tolist() == [3.0] and net.biased == (2,) and net.f[1] is tanh and net.f[2] is identity


def test_forward_by_scalar_loops():
    rng = np.random.default_rng(3)
    net = MLP(W={1: rng.normal(size=(2, 3)), 2: rng.normal(size=(3, 2))}, b={1: rng.normal(size=3)}, f={1: relu, 2: tanh})
    X = rng.normal(size=(4, 2))
    Z, O = forward(net, X)
    for row in range(4):
        inputs = list(X[row])
        for k, f in ((1, lambda z: max(z, 0.0)), (2, np.tanh)):
            sums = [sum(inputs[i] * net.W[k][i, j] for i in range(len(inputs))) + net.b[k][j] for j in range(net.sizes[k])]
            inputs = [f(z) for z in sums]
            np.testing.assert_allclose(Z[k][row], sums, rtol=1e-13, atol=1e-15)
            np.testing.assert_allclose(O[k][row], inputs, rtol=1e-13, atol=1e-15)
    record = forward(net, X)
    assert record.yhat is record.O[2] and record.Z is record[0] and record.O is record[1]


@given(problems())
def test_shapes_and_read_only_records(problem):
    net, X = problem.net, problem.X
    before, X_before = bits(net), X.tobytes()
    record = forward(net, X)
    for k in net.layers:
        assert net.W[k].shape == net.sizes[k - 1 : k + 1] and net.b[k].shape == (net.sizes[k],)
        assert record.Z[k].shape == record.O[k].shape == (len(X), net.sizes[k])
        np.testing.assert_allclose(record.Z[k], record.O[k - 1] @ net.W[k] + net.b[k], rtol=1e-12, atol=1e-14)
        assert not np.shares_memory(record.Z[k], record.O[k])
    assert np.array_equal(record.O[0], X)
    for array in parameters_of(net) + arrays_of(record):
        assert array.dtype == np.float64 and not array.flags.writeable
    assert X.flags.writeable and X.tobytes() == X_before and bits(net) == before


def test_a_network_shares_no_memory_with_what_it_was_made_of():
    W, b = {1: np.ones((2, 3)), 2: np.ones((3, 1))}, {1: np.ones(3)}
    f = {1: tanh}
    net = MLP(W=W, b=b, f=f)
    W[1][:] = 9
    b[1][:] = 9
    W[2] = b[2] = f[1] = None
    assert net.W[1].tolist() == [[1.0] * 3] * 2 and net.b[1].tolist() == [1.0] * 3
    assert net.W[2].tolist() == [[1.0]] * 3 and net.biased == (1,) and net.f[1] is tanh


def test_a_network_cannot_be_changed():
    net = MLP.init((2, 1), rng=np.random.default_rng(0))
    with pytest.raises(FrozenInstanceError):
        net.W = {}
    with pytest.raises(TypeError):
        net.W[1] = 0
    with pytest.raises(ValueError):
        net.W[1][0, 0] = 0


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda thing: pickle.loads(pickle.dumps(thing))])
def test_copies_and_pickles_are_the_same_network_and_as_frozen(again):
    net = MLP.init((3, 2, 2), rng=np.random.default_rng(0), activation=tanh, bias=True)
    twin = again(net)
    assert bits(twin) == bits(net) and twin.sizes == net.sizes and twin.biased == net.biased
    assert all(twin.f[k] is net.f[k] for k in net.layers)
    X = np.ones((2, 3))
    grad = again(mlp.backprop(twin, X, X[:, :2]))
    run = again(mlp.train(twin, X, X[:, :2], eta=0.1, epochs=2))
    (u, *_) = mlp.updates(twin, X, X[:, :2], eta=0.1, epochs=1)
    u, cars = again(u), again(mlp.data.auto_mpg())
    assert (run.epochs, run.converged, u.epoch, u.batch, u.indices.tolist(), cars.names[0]) == (2, False, 1, 1, [0], "chevrolet chevelle malibu")
    own = [run.losses, u.indices, cars.X, cars.y, cars.x_mean, cars.x_dev]
    for array in own + parameters_of(twin) + arrays_of(again(forward(twin, X)), grad):
        assert not array.flags.writeable
    assert bits(mlp.step(twin, grad, 0.1)) == bits(mlp.step(net, grad, 0.1))


# --- numbers come in any form ---------------------------------------------------------------------------

FORMS = {
    "list": lambda a: a.tolist(),
    "tuples": lambda a: tuple(map(tuple, a.tolist())),
    "rows": list,
    "Fortran order": np.asfortranarray,
    "negative strides": lambda a: np.ascontiguousarray(a[::-1, ::-1])[::-1, ::-1],
    "every second column": lambda a: np.repeat(a, 2, axis=1)[:, ::2],
    "columns of a wider array": lambda a: np.hstack([a, a])[:, : a.shape[1]],
    "unaligned": lambda a: np.frombuffer(b"?" + a.tobytes(), dtype=a.dtype, offset=1).reshape(a.shape),
    "read-only": lambda a: np.frombuffer(a.tobytes(), dtype=a.dtype).reshape(a.shape),
    "masked array without a masked entry": np.ma.array,
    "big-endian": lambda a: a.astype(">f8"),
    "little-endian": lambda a: a.astype("<f8"),
    "float32": lambda a: a.astype(np.float32),
    "big-endian float32": lambda a: a.astype(">f4"),
    "float16": lambda a: a.astype(np.float16),
    "longdouble": lambda a: a.astype(np.longdouble),
    "memoryview": memoryview,
}


@pytest.mark.parametrize("shape", [(7, 4), (1, 4), (33, 4)], ids=str)
@pytest.mark.parametrize("form", FORMS)
def test_the_same_values_in_any_layout_and_type_give_the_same_bits(form, shape):
    rng = np.random.default_rng(5)
    X = rng.integers(-64, 64, shape) / 32  # exact in float16
    y = rng.integers(-64, 64, (shape[0], 2)) / 32
    W = {1: rng.integers(-64, 64, (4, 3)) / 32, 2: rng.integers(-64, 64, (3, 2)) / 32}
    net = MLP(W=W)
    given_X, given_y, other = FORMS[form](X), FORMS[form](y), MLP(W={k: FORMS[form](W[k]) for k in W})
    assert bits(other) == bits(net)
    expected, came = forward(net, X), forward(net, given_X)
    assert [a.tobytes() for a in arrays_of(came)] == [a.tobytes() for a in arrays_of(expected)]
    expected, came = mlp.backprop(net, X, y), mlp.backprop(net, given_X, given_y)
    assert [a.tobytes() for a in arrays_of(came)] == [a.tobytes() for a in arrays_of(expected)]
    options = {"eta": 0.01, "epochs": 2, "batch_size": 2}
    assert bits(mlp.train(net, given_X, given_y, **options).net) == bits(mlp.train(net, X, y, **options).net)
    assert mlp.squared_loss(given_y, given_y) == 0.0
    assert mlp.l2(0.5)(given_y) == mlp.l2(0.5)(y)
    assert np.asarray(sigmoid(given_y)).tobytes() == sigmoid(y).tobytes()


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.int32, np.uint64, ">i4", bool])
def test_integers_are_numbers(dtype):
    X = np.array([[1, 0, 1], [0, 0, 1]], dtype=dtype)
    net = MLP(W={1: np.array([[1], [0], [1]], dtype=dtype)})
    O = forward(net, X).O
    assert O[1].tolist() == [[2.0], [1.0]] and O[0].dtype == O[1].dtype == np.float64


# --- numbers too large ----------------------------------------------------------------------------------

def test_a_sum_that_overflows_is_said_and_not_returned():
    net = MLP(W={1: [[1e200], [1e200]]})
    with pytest.raises(FloatingPointError, match="left the finite numbers"):
        forward(net, [[1e200, -1e200]])
    assert forward(net, [[5e-324, 0.0]]).yhat.tolist() == [[5e-324 * 1e200]]


def test_a_saturated_network_gives_no_warning():
    net = MLP(W={1: [[1e4, -1e4]], 2: [[1.0], [1.0]]})
    with np.errstate(all="raise"):  # whatever the caller set, saturation is not an error
        record = forward(net, [[1.0]])
        grad = mlp.backprop(net, [[1.0]], [0.0])
    assert record.O[1].tolist() == [[1.0, 0.0]] and grad.W[1].tolist() == [[0.0, 0.0]]


# --- initialisation -------------------------------------------------------------------------------------

def test_init_by_default_has_sigmoid_hidden_units_identity_output_and_no_bias():
    net = MLP.init((4, 3, 2, 1), rng=np.random.default_rng(7))
    assert [net.f[k] for k in net.layers] == [sigmoid, sigmoid, identity] and net.biased == ()
    assert sum(net.W[k].size for k in net.layers) == 20


@pytest.mark.parametrize("sizes", [(4, 3, 2, 1), [4, 3, 2, 1], np.array([4, 3, 2, 1]), (np.int32(4), np.uint8(3), 2, 1)], ids=repr)
def test_init_takes_sizes_in_any_form_and_the_same_seed_gives_the_same_bits(sizes):
    first = MLP.init((4, 3, 2, 1), rng=np.random.default_rng(7))
    again = MLP.init(sizes, rng=np.random.default_rng(7))
    other = MLP.init(sizes, rng=np.random.default_rng(8))
    assert again.sizes == (4, 3, 2, 1) and all(type(size) is int for size in again.sizes)
    assert bits(again) == bits(first) != bits(other)


def test_init_options():
    net = MLP.init((2, 3, 3, 2), rng=np.random.default_rng(1), activation=relu, output=tanh, bias=True, init=mlp.he)
    assert [net.f[k] for k in net.layers] == [relu, relu, tanh] and net.biased == (1, 2, 3)
    assert all(not net.b[k].any() for k in net.layers)


# 200 x 300 draws: a sample variance lies within 3% of the variance (5 of its deviations, which are at most
# sqrt(2 / 60000) = 0.6% for a normal), a sample mean within 5 deviations of 0.
@pytest.mark.parametrize(
    "init, variance, most",
    [
        (mlp.small_normal, 0.01**2, np.inf),
        (mlp.uniform, 1 / 3, 1.0),  # of a uniform on [-a, a]: a^2 / 3
        (mlp.xavier, 2 / (200 + 300), np.sqrt(6 / (200 + 300))),
        (mlp.he, 2 / 200, np.inf),
    ],
    ids=str,
)
def test_initializers_have_the_variance_they_are_known_for(init, variance, most):
    W = MLP.init((200, 300), rng=np.random.default_rng(11), init=init).W[1]
    assert W.shape == (200, 300)
    assert abs(W.var() / variance - 1) < 0.03
    assert abs(W.mean()) < 5 * np.sqrt(variance / W.size)
    assert np.abs(W).max() <= most
    kurtosis = (W**4).mean() / W.var() ** 2  # 3 for a normal, 9/5 for a uniform distribution
    assert abs(kurtosis - (3 if most == np.inf else 1.8)) < 0.1
    assert init(200, 300, np.random.default_rng(11)).tobytes() == W.tobytes()


def test_zeros_are_zeros_and_draw_nothing():
    rng = np.random.default_rng(2)
    net = MLP.init((3, 2, 1), rng=rng, init=mlp.zeros)
    assert not any(net.W[k].any() for k in net.layers)
    assert rng.random() == np.random.default_rng(2).random()


def test_import_mlp_loads_numpy_and_nothing_else():
    program = (
        "import sys, numpy.random; before = set(sys.modules); import mlp\n"
        "names = {name.split('.')[0] for name in set(sys.modules) - before}\n"
        "print(*sorted(names - sys.stdlib_module_names - {'numpy'}))"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True)
    assert (done.stdout.split(), done.stderr, done.returncode) == (["mlp"], "", 0)


def test_every_public_name_is_there():
    assert mlp.__all__ == sorted(mlp.__all__)
    assert all(hasattr(mlp, name) for name in mlp.__all__)
    contract = """MLP forward backprop numerical_gradients step updates train batches squared_loss l1 l2 sigmoid tanh relu
    identity paths path_gradient"""
    assert set(contract.split()) <= set(mlp.__all__)


def test_records_are_equal_where_all_they_hold_is():
    def made():
        net, x, y = mlp.data.running_example()
        X, y = [x, x + 1], [y, 0.5]
        (first, *_) = mlp.updates(net, X, y, eta=0.1, epochs=1)
        return [net, mlp.forward(net, X), mlp.backprop(net, X, y), first, mlp.train(net, X, y, eta=0.1, epochs=2), mlp.data.auto_mpg(), net.W, mlp.forward(net, X).Z]

    for one, other in zip(made(), made(), strict=True):
        assert one == other and not one != other and hash(one) == hash(other) and one in [other] and {one: 1}[other] == 1
        assert one != 3 and one is not None and not one == "net" and copy.deepcopy(one) == one

    net, grad = made()[0], made()[2]
    last = np.array(net.W[3])
    last[0, 0] = np.nextafter(last[0, 0], 1)
    others = [MLP(W={1: net.W[1], 2: net.W[2], 3: last}), MLP(W=net.W, b={1: [0, 0, 0]}), MLP(W=net.W, f={1: mlp.tanh}), MLP(W={1: net.W[1]})]
    assert len({net, *others}) == 5 and all(other != net for other in others)
    run = made()[4]
    assert run != run._replace(losses=run.losses[:1]) and run != run._replace(epochs=3) and run == tuple(run)
    assert grad != grad._replace(W=net.W) and net.W != {1: net.W[1]} and net.W == {k: net.W[k] for k in net.layers}


def test_what_has_no_place_for_more_takes_no_more():
    net = MLP(W={1: [[1.0]]})
    for record in (net.W, mlp.paths(net, 1, 1, 1)):
        with pytest.raises(AttributeError):
            record.more = 1


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda thing: pickle.loads(pickle.dumps(thing))])
def test_an_initializer_is_one_object(again):
    assert again(mlp.initializers.xavier) is mlp.initializers.xavier
