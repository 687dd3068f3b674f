"""Batches, updates and train: one arithmetic on two roads, and what each record says."""

import copy
import math
import pickle
import re
from functools import reduce
from operator import add

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import PENALTIES, bits, parameters_of, problems

import mlp
from mlp import MLP, backprop, batches, l2, step, train, updates

pytestmark = pytest.mark.filterwarnings("error")


# --- batches --------------------------------------------------------------------------------------------

@given(st.integers(1, 30), st.integers(1, 35), st.none() | st.integers(0, 1000))
def test_batches_hold_each_row_once(n, batch_size, seed):
    rng = None if seed is None else np.random.default_rng(seed)
    came = batches(n, batch_size, rng)
    assert sorted(np.concatenate(came).tolist()) == list(range(n))
    size = min(n, batch_size)
    assert [len(batch) for batch in came[:-1]] == [size] * (len(came) - 1) and 1 <= len(came[-1]) <= size
    if rng is None:
        assert np.concatenate(came).tolist() == list(range(n))
    else:
        again = batches(n, batch_size, np.random.default_rng(seed))
        assert [batch.tolist() for batch in came] == [batch.tolist() for batch in again]


def test_batches_shuffle_uniformly_and_anew():
    rng = np.random.default_rng(0)
    orders = [tuple(np.concatenate(batches(3, 2, rng)).tolist()) for _ in range(600)]
    counts = [orders.count(order) for order in sorted(set(orders))]
    assert len(counts) == 6 and all(60 < count < 140 for count in counts)  # 100 each, deviation about 9


def test_known_batches():
    assert [batch.tolist() for batch in batches(5, 2)] == [[0, 1], [2, 3], [4]]
    assert [batch.tolist() for batch in batches(3, 10**30)] == [[0, 1, 2]]
    assert all(np.issubdtype(batch.dtype, np.integer) for batch in batches(np.int8(3), np.uint8(2)))


# --- updates and train: the same arithmetic ---------------------------------------------------------------

@st.composite
def descents(draw):
    """A problem and all the options of `train` but rng, which is made anew from a seed for each run."""
    problem = draw(problems(most_points=7))
    options = {
        "eta": draw(st.sampled_from([1e-3, 0.01, 0.02])),
        "epochs": draw(st.integers(0, 3)),
        "batch_size": draw(st.integers(1, 9)),
        "penalty": draw(st.sampled_from(PENALTIES)),
        "average": draw(st.booleans()),
    }
    seed = draw(st.none() | st.integers(0, 1000))
    return problem, options, (lambda: None if seed is None else np.random.default_rng(seed))


@given(descents())
def test_train_ends_bit_for_bit_where_updates_ends(descent):
    problem, options, rng = descent
    net, X, y = problem.net, problem.X, problem.y
    run = train(net, X, y, rng=rng(), **options)
    records = list(updates(net, X, y, rng=rng(), **options))
    assert bits(run.net) == bits(records[-1].net if records else net)
    assert run.epochs == options["epochs"] == len(run.losses) and run.converged is False
    for epoch in range(1, run.epochs + 1):
        assert run.losses[epoch - 1] == reduce(add, [u.loss for u in records if u.epoch == epoch], 0.0)
    again = train(net, X, y, rng=rng(), **options)
    assert bits(again.net) == bits(run.net) and again.losses.tobytes() == run.losses.tobytes()


@given(descents())
def test_updates_by_backprop_and_step(descent):
    """A second implementation of the loop: Notes N6.1 with the derivative of the batch's loss."""
    problem, options, rng = descent
    X, y, penalty = problem.X, problem.y, options["penalty"]
    net, shuffler, n = problem.net, rng(), len(problem.X)
    expected = []
    for epoch in range(1, options["epochs"] + 1):
        for batch, rows in enumerate(batches(n, options["batch_size"], shuffler), start=1):
            expected.append((epoch, batch, rows, net))
            grad, points = backprop(net, X[rows], y[rows]), len(rows) if options["average"] else 1
            W = {k: net.W[k] - options["eta"] * (grad.W[k] / points + (penalty.d(net.W[k]) if penalty else 0)) for k in net.W}
            net = MLP(W, {k: net.b[k] - options["eta"] * grad.b[k] / points for k in net.biased}, net.f)
    came = list(updates(problem.net, X, y, rng=rng(), **options))
    assert [(u.epoch, u.batch) for u in came] == [(epoch, batch) for epoch, batch, _, _ in expected]
    for u, (_, _, rows, before) in zip(came, expected):
        assert u.indices.tolist() == rows.tolist()
        loss = mlp.squared_loss(y[rows], mlp.forward(before, X[rows]).yhat)
        assert u.loss == pytest.approx(loss, rel=1e-9, abs=1e-12) and type(u.loss) is float
    for a, b in zip(parameters_of(came[-1].net if came else problem.net), parameters_of(net), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


@given(problems(most_points=1), st.sampled_from(PENALTIES))
def test_one_point_at_a_time_is_backprop_and_step_to_the_bit(problem, penalty):
    net, X, y = problem.net, problem.X, problem.y
    for u in updates(net, X, y, eta=0.01, epochs=3, penalty=penalty):
        net = step(net, backprop(net, X, y, penalty=penalty), 0.01)
        assert bits(u.net) == bits(net)


def test_old_weights():
    """Every derivative is taken at the weights before the update (Notes N10, Beware)."""
    net = MLP(W={1: [[3.0]], 2: [[2.0]]}, f={1: mlp.identity})
    # yhat = 2 * 3 * 1 = 6, y = 5: dL/dyhat = 2; dL/dw2 = 2 * 3 = 6, dL/dw1 = 2 * 2 = 4 with the old w2.
    (u,) = updates(net, [[1.0]], [5.0], eta=0.25, epochs=1)
    assert (u.net.w(2, 1, 1), u.net.w(1, 1, 1)) == (2 - 0.25 * 6, 3 - 0.25 * 4)


def test_average_or_the_literal_sum():
    net = MLP(W={1: [[0.0]]})
    X, y = [[1.0], [1.0], [2.0]], [-1.0, -3.0, -2.0]
    # dL/dyhat = 2, 6, 4; dL/dw = 2 + 6 = 8 for the batch of the first two.
    first = next(iter(updates(net, X, y, eta=0.5, epochs=1, batch_size=2)))
    assert first.net.w(1, 1, 1) == -0.5 * 8 / 2 and first.loss == 10.0 and first.indices.tolist() == [0, 1]
    first = next(iter(updates(net, X, y, eta=0.5, epochs=1, batch_size=2, average=False)))
    assert first.net.w(1, 1, 1) == -0.5 * 8 and first.loss == 10.0
    # The short last batch is divided by its own number of points, and a batch of more than n is one of n.
    records = list(updates(net, X, y, eta=0.5, epochs=1, batch_size=2))
    assert len(records) == 2 and records[1].indices.tolist() == [2]
    w = records[0].net.w(1, 1, 1)
    assert records[1].net.w(1, 1, 1) == w - 0.5 * 2 * (2 * w + 2) * 2
    (whole,) = updates(net, X, y, eta=0.5, epochs=1, batch_size=99)
    assert whole.net.w(1, 1, 1) == pytest.approx(-0.5 * (8 + 8) / 3, rel=1e-15)


def test_the_penalty_is_added_once_and_not_divided():
    net = MLP(W={1: [[1.0]]}, b={1: [1.0]})
    X, y = [[0.0]] * 4, [1.0] * 4  # yhat = y: the loss asks for nothing
    for average in (True, False):
        (u,) = updates(net, X, y, eta=0.5, epochs=1, batch_size=4, penalty=l2(0.25), average=average)
        assert u.net.w(1, 1, 1) == 1 - 0.5 * 2 * 0.25 and u.net.b[1].tolist() == [1.0]
        assert u.loss == 0.0  # not penalised


def test_biases_learn_where_there_are_some_and_nowhere_else():
    rng = np.random.default_rng(0)
    net = MLP(W={1: rng.normal(size=(2, 3)), 2: rng.normal(size=(3, 1))}, b={2: [0.0]})
    X, y = rng.normal(size=(5, 2)), rng.normal(size=5)
    run = train(net, X, y, eta=0.1, epochs=4)
    assert run.net.biased == (2,) and run.net.b[1].tolist() == [0, 0, 0] and run.net.b[2][0] != 0
    none = train(MLP(W=net.W), X, y, eta=0.1, epochs=4).net
    assert none.biased == () and not any(none.b[k].any() for k in none.layers)


def test_epochs_reshuffle_and_the_same_seed_gives_the_same_bits():
    rng = np.random.default_rng(0)
    net, X, y = MLP.init((3, 2, 1), rng=rng), rng.normal(size=(10, 3)), rng.normal(size=10)
    options = {"eta": 0.05, "epochs": 3, "batch_size": 3}
    records = list(updates(net, X, y, rng=np.random.default_rng(5), **options))
    shuffler = np.random.default_rng(5)
    expected = [batch.tolist() for _ in range(3) for batch in batches(10, 3, shuffler)]
    assert [u.indices.tolist() for u in records] == expected
    assert expected[:4] != expected[4:8]
    same, other = (train(net, X, y, rng=np.random.default_rng(seed), **options).net for seed in (5, 6))
    assert bits(same) == bits(records[-1].net) != bits(other)


# --- records --------------------------------------------------------------------------------------------

@given(descents())
def test_history_is_free_and_nothing_given_changes(descent):
    problem, options, rng = descent
    net, X, y = problem.net, problem.X, problem.y
    before = bits(net), X.tobytes(), y.tobytes()
    seen = [(u, bits(u.net), u.indices.tolist()) for u in updates(net, X, y, rng=rng(), **options)]
    owned = [X, y, *parameters_of(net)]
    for n, (u, then, rows) in enumerate(seen):
        assert bits(u.net) == then and u.indices.tolist() == rows
        for array in [*parameters_of(u.net), u.indices]:
            assert not array.flags.writeable
            assert not any(np.shares_memory(array, other) for other in owned)
            if n:
                assert not any(np.shares_memory(array, other) for other in [*parameters_of(seen[n - 1][0].net), seen[n - 1][0].indices])
        assert all(array.dtype == np.float64 for array in parameters_of(u.net))
    run = train(net, X, y, rng=rng(), **options)
    for array in [*parameters_of(run.net), run.losses]:
        assert not array.flags.writeable and not any(np.shares_memory(array, other) for other in owned)
    assert (bits(net), X.tobytes(), y.tobytes()) == before and X.flags.writeable and y.flags.writeable


def test_what_the_caller_does_to_the_data_between_two_updates_changes_nothing():
    rng = np.random.default_rng(0)
    net, X, y = MLP.init((3, 2, 1), rng=rng), rng.normal(size=(4, 3)), rng.normal(size=4)
    expected = [bits(u.net) for u in updates(net, X, y, eta=0.1, epochs=2)]
    came = []
    for u in updates(net, X, y, eta=0.1, epochs=2):
        came.append(bits(u.net))
        X[:], y[:] = 0.0, np.nan
    assert came == expected


def test_updates_leaves_the_callers_numpy_settings_alone():
    net = MLP.init((1, 1), rng=np.random.default_rng(0))
    with np.errstate(over="raise"):
        for _ in updates(net, [[1.0], [2.0]], [0.0, 0.0], eta=0.1, epochs=2):
            assert np.geterr()["over"] == "raise"
        train(net, [[1.0]], [0.0], eta=0.1, epochs=2)
        assert np.geterr()["over"] == "raise"


def test_no_epochs():
    net = MLP.init((2, 1), rng=np.random.default_rng(0), bias=True)
    run = train(net, [[1.0, 2.0]], [0.0], eta=0.1, epochs=0, tol=1e9)
    assert bits(run.net) == bits(net) and run.epochs == 0 and run.converged is False
    assert run.losses.shape == (0,) and run.losses.dtype == np.float64
    assert list(updates(net, [[1.0, 2.0]], [0.0], eta=0.1, epochs=0)) == []


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int64, int])
def test_counts_may_be_numpys_integers(kind):
    net = MLP(W={1: [[2.0]]})
    run = train(net, [[1.0]], [0.0], eta=np.float32(0.25), epochs=kind(127), batch_size=kind(127))
    assert run.epochs == 127 and type(run.epochs) is int
    assert sum(1 for _ in updates(net, [[1.0]], [0.0], eta=0.25, epochs=kind(127))) == 127


# --- convergence (Notes N6) -------------------------------------------------------------------------------

def test_tol():
    # w is halved by every epoch: 2, 1, 0.5, 0.25 ...; it moves by 1, 0.5, 0.25 ...
    net = MLP(W={1: [[2.0]]})
    for tol, epochs in ((1.1, 1), (1.0, 2), (0.5, 3), (0.3, 3), (0.25, 4)):  # moving by tol itself is not less than tol
        run = train(net, [[1.0]], [0.0], eta=0.25, epochs=50, tol=tol)
        assert (run.converged, run.epochs, len(run.losses)) == (True, epochs, epochs)
        assert run.net.w(1, 1, 1) == 2.0 / 2**epochs
    run = train(net, [[1.0]], [0.0], eta=0.25, epochs=3, tol=0.1)
    assert (run.converged, run.epochs) == (False, 3)
    run = train(net, [[1.0]], [0.0], eta=0.25, epochs=3, tol=0.3)
    assert (run.converged, run.epochs) == (True, 3)  # in the last epoch too
    assert train(net, [[1.0]], [0.0], eta=0.25, epochs=60).converged is False


def test_tol_looks_at_the_whole_epoch_and_at_every_parameter():
    # Two points that pull w to 1 and back to 0 within each epoch: after the first epoch nothing has moved.
    there_and_back = train(MLP(W={1: [[0.0]]}), [[1.0], [1.0]], [1.0, 0.0], eta=0.5, epochs=9, tol=1e-9)
    assert (there_and_back.converged, there_and_back.epochs) == (True, 1)
    # Only the last weight moves, only downwards; then only the bias.
    late = train(MLP(W={1: [[0.0], [1.0]]}), [[0.0, 1.0]], [0.0], eta=0.25, epochs=9, tol=0.4)
    assert late.epochs == 2 and late.converged  # by 0.5, then by 0.25
    bias = train(MLP(W={1: [[0.0]]}, b={1: [1.0]}), [[0.0]], [0.0], eta=0.25, epochs=9, tol=0.4)
    assert bias.epochs == 2 and bias.converged


def test_tol_changes_nothing_but_where_training_stops():
    rng = np.random.default_rng(0)
    net, X, y = MLP.init((3, 2, 1), rng=rng, bias=True), rng.normal(size=(9, 3)), rng.normal(size=9)
    options = {"eta": 0.05, "batch_size": 2}
    stopped = train(net, X, y, epochs=400, tol=0.02, rng=np.random.default_rng(1), **options)
    assert stopped.converged and 1 < stopped.epochs < 400
    plain = train(net, X, y, epochs=stopped.epochs, rng=np.random.default_rng(1), **options)
    assert bits(plain.net) == bits(stopped.net) and plain.losses.tobytes() == stopped.losses.tobytes()


def test_training_on_the_cars_makes_the_loss_smaller():
    cars = mlp.data.auto_mpg()
    net = MLP.init((4, 3, 2, 1), rng=np.random.default_rng(7))
    run = train(net, cars.Xs, cars.ys, eta=0.05, epochs=15, batch_size=8, rng=np.random.default_rng(7))
    assert run.losses[-1] < 0.35 * len(cars.ys) < run.losses[0]  # the mean car alone leaves 1 for each of 392
    assert math.isfinite(run.losses.sum())


# --- divergence -----------------------------------------------------------------------------------------

def both_roads(*args, **options):
    """The messages with which `train` and `updates` stop; `updates` after how many records."""
    messages = []
    with pytest.raises(FloatingPointError) as stop:
        train(*args, **options)
    messages.append(str(stop.value))
    records = []
    with pytest.raises(FloatingPointError) as stop:
        for u in updates(*args, **options):
            records.append(u)
    messages.append(str(stop.value))
    assert messages[0] == messages[1]
    return messages[0], records


def test_a_diverging_run_stops_and_says_where():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(5, 2)), rng.normal(size=5)
    net = MLP(W={1: [[0.5], [0.5]]})
    message, records = both_roads(net, X, y, eta=50.0, epochs=400, batch_size=2)
    last = records[-1]
    epoch, batch = (last.epoch, last.batch + 1) if last.batch < 3 else (last.epoch + 1, 1)
    assert f"epoch {epoch}, batch {batch} " in message and "eta=50" in message and "smaller eta" in message
    assert epoch > 1
    assert all(np.isfinite(u.loss) and np.isfinite(u.net.W[1]).all() for u in records)


@pytest.mark.parametrize(
    "net, X, y, options",
    [
        (MLP(W={1: [[1e200]]}), [[1.0]], [0.0], {}),  # the loss is not finite, though the weights would be
        (MLP(W={1: [[1.0]]}), [[1e-200]], [1.0], {"eta": 1e308, "penalty": l2(1e10)}),  # the weights, by the penalty
        (MLP(W={1: [[1.0]]}), [[1e150]], [0.0], {"eta": 1e300}),  # the weights, by the update
        (MLP(W={1: [[0.0]]}, b={1: [1e3]}), [[0.0]], [0.0], {"eta": 1e308}),  # a bias
        (MLP(W={1: [[1e308, 1e308]], 2: [[1.0], [1.0]]}, f={1: mlp.identity}), [[1.0]], [0.0], {}),  # inf inside
        (MLP(W={1: [[1.0], [-1.0]]}), [[1.7e308, 1.7e308], [1e308, -1e308]], [0.0, 0.0], {"batch_size": 2}),
    ],
)
def test_no_run_goes_on_beyond_the_finite_numbers(net, X, y, options):
    message, records = both_roads(net, X, y, **{"eta": 0.1, "epochs": 5, **options})
    assert re.search(r"epoch 1, batch 1\b", message) and records == [] and "nan" not in message


def test_weights_whose_square_overflows_are_still_finite():
    run = train(MLP(W={1: [[1e200]]}), [[0.0]], [1.0], eta=0.1, epochs=2)
    assert run.net.w(1, 1, 1) == 1e200 and run.losses.tolist() == [1.0, 1.0]


def test_an_epochs_loss_may_not_overflow_either():
    message, records = both_roads(MLP(W={1: [[1e154]]}), [[1.0], [1.0]], [0.0, 0.0], eta=5e-324, epochs=1)
    assert "epoch 1, batch 2 " in message and len(records) == 1


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda thing: pickle.loads(pickle.dumps(thing))])
def test_copies_and_pickles_of_a_run_are_as_frozen(again):
    run = train(MLP(W={1: [[1.0]]}), [[1.0], [2.0]], [1.0, 3.0], eta=0.1, epochs=2)
    same = again(run)
    assert same.losses.tolist() == run.losses.tolist() and same[2:] == run[2:] and bits(same.net) == bits(run.net)
    assert not same.losses.flags.writeable
