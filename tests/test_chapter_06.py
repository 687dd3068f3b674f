"""Chapter 6: what computes its numbers (numbers.txt), its predictions and its exercises, by other means."""

from functools import lru_cache
from math import sqrt

import numpy as np
import pytest
from chapters import cells, run
from numerals import figures, holds
from scalar import gradient, running, sweep

from mlp import MLP, backprop, data, forward, l2, tanh, train

cars = data.auto_mpg()
X, y = cars.Xs, cars.ys
net = data.running_example()[0]
LOW, MIDDLE, AROUND, HIGH = 17, (18, 25), 30, 35  # miles per gallon, for what is said of the first split's dots
EARLY, LONGER = 20, 1000  # epochs
STAGE, LOOKS = 15, (100, 1000)  # epochs of exercises 5 and 6


def predicted(W, points):
    """The 4-3-2-1 network without biases, by the scalar twin."""
    return running(MLP(W=W), points.T, 0.0)["O", 3, 1]


def total(W):
    return float(((y - predicted(W, X)) ** 2).sum())


def descend(W, order, eta):
    """One point after the other, with the derivatives written out: the new weights and the losses met on the way."""
    W, losses = {k: np.array(W[k]) for k in W}, []
    for i in order:
        loss, dW = sweep(W, X[i], y[i])
        losses.append(loss)
        W = {k: W[k] - eta * dW[k] for k in W}
    return W, losses


def moved(before, after):
    return max(abs(after[k] - before[k]).max() for k in before)


def names():
    return run(6)[0]


def test_every_number():
    holds("chapters/06-epochs.ipynb", globals())


def test_predictions():
    answers = [spec["answer"] for spec in run(6)[1]]
    assert answers == [
        1960,
        pytest.approx(2.5),
        "the shuffled one",
        "stay at some level, a lower one for a smaller η",
        pytest.approx(sqrt(26 / 4)),
        -(-314 // 20),
    ]


def test_one_car_after_the_other():
    W, losses = descend(net.W, range(5), 0.02)
    assert round(losses[0], 4) == 0.7412
    assert [u.loss for u in names()["records"]] == pytest.approx(losses)
    assert moved(W, names()["now"].W) < 1e-12
    once = train(net, X[:5], y[:5], eta=0.02, epochs=1).net
    assert all((names()["now"].W[k] == other.W[k]).all() for other in (names()["records"][-1].net, once) for k in net.layers)
    weights = [0.8] + [u.net.w(3, 1, 1) for u in names()["records"]]
    assert all(later < before for before, later in zip(weights, weights[1:]))
    assert all(cars.X[:5, 2] > cars.x_mean[2]) and all(cars.y[:5] < cars.y_mean)


def test_order_of_the_rows():
    assert len(set(names()["draws"].tolist())) == 245


def two_points(w, eta, targets):
    """Where an epoch of the small example leads."""
    for target in targets:
        w -= eta * 2 * (w - target)
    return w


def test_two_points():
    """The small example and its exercises, in plain floats."""
    w, losses = 0.0, []
    for epoch in range(2):
        for target in (2.0, 0.0):
            losses.append((target - w) ** 2)
            w -= 0.25 * 2 * (w - target)
        if epoch == 0:
            assert losses == [4, 1] and w == 0.5 and (2 - w) ** 2 + w**2 == 2.5
    assert 0.25 * (2 / 3) + 0.5 == pytest.approx(2 / 3) and 0.5 * (2 / 3) + 1 == pytest.approx(4 / 3)
    assert [two_points(1, 0.25, t) for t in ((2, 0), (0, 2))] == [0.75, 1.25]
    assert two_points(0.75, 0.25, (2, 0)) - 0.75 == -0.0625  # elsewhere less
    assert two_points(2 / 3, 0.25, (2, 0)) == pytest.approx(2 / 3) and two_points(4 / 3, 0.25, (0, 2)) == pytest.approx(4 / 3)
    assert [two_points(1, 0.025, t) for t in ((2, 0), (0, 2))] == pytest.approx([0.9975, 1.0025])


@figures
def orders():
    """In order and shuffled, by an epoch written out here: the sums along the way and the losses after each epoch."""
    along, after, ends = {}, {}, {}
    for name, rng in (("in_order", None), ("shuffled", np.random.default_rng(1))):
        W, along[name], after[name] = net.W, [], []
        for _ in range(50):
            W, losses = descend(W, range(392) if rng is None else rng.permutation(392), 0.02)
            along[name].append(sum(losses))
            after[name].append(total(W))
        ends[name] = W
    error = {n: ((predicted(W, X) - y) * cars.y_dev).reshape(4, 98).mean(axis=1) for n, W in ends.items()}
    path, biggest = ends["in_order"], 0.0
    for i in range(392):
        path, _ = descend(path, [i], 0.02)
        biggest = max(biggest, moved(ends["in_order"], path))
    whole = moved(ends["in_order"], path)
    return locals()


quarters = cars.y.reshape(4, 98).mean(axis=1)


def test_losses_and_order():
    for name, W in orders.ends.items():
        assert names()[f"along_{name}"] == pytest.approx(orders.along[name]) and names()[f"after_{name}"] == pytest.approx(orders.after[name])
        assert moved(W, names()[name].W) < 1e-8
    assert orders.after["in_order"][0] > total(net.W)
    assert orders.along["in_order"][-1] < orders.along["shuffled"][-1] < orders.after["in_order"][-1]
    error = orders.error
    assert abs(error["in_order"][3]) < 0.2
    assert all(0 < error["shuffled"][:2]) and all(error["shuffled"][:2] < error["in_order"][:2]) and error["shuffled"][3] < -2


@figures
def tape():
    """The view's first epoch in the order of the file, by quarters, and its task."""
    first, own, end = [((predicted(W, X) - y) * cars.y_dev).reshape(4, 98).mean(axis=1) for W in (net.W, descend(net.W, range(98), 0.02)[0], descend(net.W, range(392), 0.02)[0])]
    ends, along = {}, {}
    for eta, rng in ((0.001, None), (0.001, np.random.default_rng(1)), (0.003, None), (0.003, np.random.default_rng(1)), (0.05, None)):
        W = net.W
        for _ in range(50):
            W, losses = descend(W, range(392) if rng is None else rng.permutation(392), eta)
        ends[eta, rng is None], along[eta, rng is None] = total(W), sum(losses)
    return locals()


def test_the_tape():
    assert tape.ends[0.001, True] < 120 < tape.ends[0.003, True]
    assert orders.after["in_order"][0] > total(net.W) > orders.along["in_order"][0]


def test_loss_per_update():
    losses = names()["on_the_way"]
    above = sum(loss > 5 for loss in losses)
    assert len(losses) == 1960 and above == 6


def settled(W, seed):
    """Ten more epochs with a learning rate of 0.001: the loss."""
    rng = np.random.default_rng(seed)
    for _ in range(10):
        W, _ = descend(W, rng.permutation(392), 0.001)
    return total(W)


@figures
def noise():
    """Forty more epochs with each rate: the largest changes, the losses of the last twenty and the ends; and what hides under the noise."""
    floors, ends, means = {}, {}, {}
    for rate in (0.1, 0.01, 0.001):
        W, rng, floors[rate], losses = names()["shuffled"].W, np.random.default_rng(7), [], []
        for _ in range(40):
            after, _ = descend(W, rng.permutation(392), rate)
            floors[rate].append(moved(W, after))
            W = after
            losses.append(total(W))
        ends[rate], means[rate] = W, np.mean(losses[20:])
    middle = {rate: float(np.median(values)) for rate, values in floors.items()}
    lowest = {rate: settled(ends[rate], 7) for rate in ends}
    each = backprop_of_each(ends[0.001])
    return locals()


def test_noise_floor():
    floors, shuffled, middle, ends, lowest, each = noise.floors, names()["shuffled"], noise.middle, noise.ends, noise.lowest, noise.each
    assert round(middle[0.1] / middle[0.01]) == 5 and round(middle[0.01] / middle[0.001]) == 19
    for rate, largest in floors.items():
        assert names()["floors"][rate] == pytest.approx(largest, rel=1e-6)
        assert np.median(largest[5:20]) < 1.6 * np.median(largest[20:])  # no further down
    assert middle[0.1] > middle[0.01] > middle[0.001]
    assert lowest[0.1] < lowest[0.01] < lowest[0.001] == max(lowest.values())
    assert all(settled(ends[0.1], seed) < 90 and settled(ends[0.001], seed) > 96 for seed in (0, 1))  # not this seed alone
    assert 1 / 70 < abs(each.mean()) / abs(each).mean() < 1 / 50
    drift = 392 * 0.001 * round(abs(each.mean()), 4)
    whole = train(shuffled.with_parameters(ends[0.001], dict(shuffled.b)), X, y, eta=0.392, epochs=1, batch_size=392).net
    assert moved(ends[0.001], whole.W) == pytest.approx(drift, abs=1e-4) and drift > middle[0.001] / 2
    assert floors[0.01][0] < 0.05 and min(floors[0.01][:14]) > 0.02 > floors[0.01][14]
    assert 0.35 < (np.array(floors[0.01]) < 0.05).mean() < 0.65
    waits = {tol: [stops_after(shuffled, tol, seed) for seed in range(8)] for tol in (0.05, 0.02)}
    assert waits[0.05] == [2, 1, 3, 3, 1, 1, 2, 1]
    assert waits[0.02] == [19, 13, 3, 26, 25, 18, 53, 15]
    assert min(floors[0.01]) > 0.01  # so 0.001 is never met


def stops_after(net, tol, seed):
    return train(net, X, y, eta=0.01, epochs=60, rng=np.random.default_rng(seed), tol=tol).epochs


def backprop_of_each(W):
    return running(MLP(W=W), X.T, y).d("L", ("w", 3, 1, 1))


def test_whole_set_descent():
    plain, with_l2 = names()["plain"], names()["with_l2"]
    W = {k: np.array(net.W[k]) for k in net.layers}
    for epoch in range(200):  # the first of them written out: mean loss plus penalty
        each = gradient(running(MLP(W=W), X.T, y))
        dW = {k: np.mean(each[k], axis=-1) for k in W}
        after = {k: W[k] - 0.3 * (dW[k] + 0.003 * 2 * W[k]) for k in W}
        assert with_l2[epoch] == pytest.approx(moved(W, after), rel=1e-6)
        W = after
    assert with_l2[-1] < 1e-6 and all(with_l2[1000::1000] < 0.5 * with_l2[:-1000:1000])
    assert 1e-4 < plain[-1] < 1e-3 and plain[-1] > 0.5 * plain[3000]
    assert max(plain[100:]) < np.median(names()["floors"][0.01])


@lru_cache
def after_6000(lam):
    return total(train(net, X, y, eta=0.3, epochs=6000, batch_size=392, penalty=l2(lam) if lam else None).net.W)


def split(seed):
    rng = np.random.default_rng(seed)
    order = rng.permutation(392)
    return order[78:], order[:78], rng


def root(error):
    return float(np.sqrt((error**2).mean()))


def least_squares(A, values):
    return np.linalg.solve(A.T @ A, A.T @ values)


def one_split(seed, *, epochs=200, first=None, bias=False, eta=0.1, squares=False):
    """(linear regression, network, network on its own cars), in miles per gallon and by other roads than the chapter's."""
    own, held, rng = split(seed)
    points = (cars.X - cars.X[own].mean(axis=0)) / cars.X[own].std(axis=0)
    m, d = cars.y[own].mean(), cars.y[own].std()
    A = np.column_stack([points, np.ones(392)] + ([points**2] if squares else []))
    line = root(A[held] @ least_squares(A[own], cars.y[own]) - cars.y[held])
    if squares:
        return line
    rng = rng if first is None else np.random.default_rng(first)
    trained = train(MLP.init((4, 3, 2, 1), rng=rng, bias=bias), points[own], (cars.y[own] - m) / d, eta=eta, epochs=epochs,
                    batch_size=20, rng=rng).net  # fmt: skip
    yhat = forward(trained, points).yhat[:, 0] * d + m
    return line, root(yhat[held] - cars.y[held]), root(yhat[own] - cars.y[own])


own, held, _ = split(1)
knowing_nothing = root(cars.y[own].mean() - cars.y[held])
truth = cars.y[held]


@figures
def odd():
    """The one of the thirstiest held-out cars that is predicted badly; and how many of them the network comes closer to."""
    yhat = names()["by_network"]
    (one,) = np.flatnonzero((truth <= LOW) & (abs(yhat - truth) > 4))
    closer = sum(abs(yhat - truth) < abs(names()["by_line"] - truth))
    return locals()


def test_the_first_split():
    yhat = names()["by_network"]
    line, network, own_error = one_split(1)
    assert root(yhat - truth) == pytest.approx(network) and network < own_error
    assert sum(truth > HIGH) == 2 and all(yhat[truth > HIGH] < truth[truth > HIGH])
    middle, around = (truth > MIDDLE[0] - 0.1) & (truth <= MIDDLE[1]), abs(truth - AROUND) < 2
    assert all(yhat[middle] > truth[middle]) and {True, False} == set(yhat[around] > truth[around])
    assert root(names()["by_line"] - truth) == pytest.approx(line)


@figures
def ten():
    """The ten splits; with squares, with more and with fewer epochs, and with other starts."""
    seeds = range(1, 11)
    both = np.array([one_split(seed) for seed in seeds])
    gaps, means = both[:, 0] - both[:, 1], both.mean(axis=0)
    squares = np.array([one_split(seed, squares=True) for seed in seeds])
    longer = np.array([one_split(seed, epochs=LONGER)[1] for seed in seeds])
    early = np.array([one_split(seed, epochs=EARLY) for seed in seeds])
    again = np.array([one_split(seed, first=400 + seed) for seed in seeds])
    nothing = np.mean([root(cars.y[split(seed)[1]] - cars.y[split(seed)[0]].mean()) for seed in seeds])
    return locals()


def test_ten_splits():
    table, gaps = ten.both, ten.gaps
    assert names()["splits"] == pytest.approx(table, rel=1e-6)
    assert all(gaps > 0)
    assert np.ptp(table[:, 0]) > gaps.mean()
    assert (ten.squares < table[:, 1]).sum() == 7
    assert np.polyfit(cars.X[:, 2], cars.y, 2)[0] > 0  # the bend
    share = np.mean([np.isin(np.arange(392), split(seed)[1]) for seed in range(1, 11)], axis=1)
    assert share.sum() == pytest.approx(2, abs=0.02)


def test_where_it_does_not_win():
    assert abs(ten.early[:, 1].mean() - ten.early[:, 0].mean()) < 0.05
    assert (ten.again[:, 1] < ten.again[:, 0]).tolist() == [True] * 6 + [False] + [True] * 3


@lru_cache
def wins(first=None, **settings):
    pairs = [one_split(seed, first=first and first + seed, **settings)[:2] for seed in range(1, 11)]
    return sum(network < line for line, network in pairs)


@figures
def heart():
    """The large and the small network on few cars, and linear regression on the same."""
    few = np.random.default_rng(1).permutation(392)[353:]
    rest = np.random.default_rng(1).permutation(392)[:353]
    A = np.column_stack([cars.X, np.ones(392)])
    line = root((A @ least_squares(A[few], cars.y[few]) - cars.y)[rest])
    small, large = names()["small_history"], names()["large_history"]
    return locals()


def test_learning_by_heart():
    assert len(names()["few"].y) == len(heart.few) and sum(names()["large"].W[k].size for k in (1, 2, 3)) == 1050


def test_a_batch_by_its_points():
    batch = names()["batch"]
    for k in net.layers:
        one_by_one = sum(backprop(net, [X[i]], [y[i]]).W[k] for i in batch)
        assert names()["exact"].W[k] == pytest.approx(one_by_one)


def test_exercise_1():
    assert -(-1000 // 32) == 32 and 1000 - 31 * 32 == 8 and 12 * 32 == 384


@figures
def stages():
    """Exercise 5: {rate: (the last change, the loss)}."""
    W, rng, after = names()["shuffled"].W, np.random.default_rng(7), {}
    for rate in (0.1, 0.01, 0.001):
        for _ in range(STAGE):
            before, (W, _) = W, descend(W, rng.permutation(392), rate)
        after[rate] = moved(before, W), total(W)
    return locals()


@lru_cache
def large_network(seed):
    """[(training error, held-out error)] of exercise 6 on one split, after 100 and after 1000 epochs."""
    own, held, rng = split(seed)
    points = (cars.X - cars.X[own].mean(axis=0)) / cars.X[own].std(axis=0)
    m, d = cars.y[own].mean(), cars.y[own].std()
    big, seen = MLP.init((4, 30, 30, 1), rng=rng, activation=tanh, bias=True), []
    for epochs in (LOOKS[0], LOOKS[1] - LOOKS[0]):
        big = train(big, points[own], (cars.y[own] - m) / d, eta=0.05, epochs=epochs, batch_size=20, rng=rng).net
        error = forward(big, points).yhat[:, 0] * d + m - cars.y
        seen.append((root(error[own]), root(error[held])))
    return seen


@lru_cache
def rises():
    """In how many of the ten splits its held-out error rises."""
    return sum(after[1] > before[1] for before, after in map(large_network, range(1, 11)))


def test_exercise_6():
    assert rises() == 5 and one_split(3, epochs=1)[0] > large_network(3)[1][1]


@figures
def newest():
    """The last 78 cars of the file held out: the errors of linear regression and, as the solution says, of the network; and of the mean."""
    scope = dict(names())
    (block,) = [b for b in snippets() if "old, new" in b]
    exec(block, scope)
    A = np.column_stack([cars.X, np.ones(392)])
    line = (A @ least_squares(A[:314], cars.y[:314]) - cars.y)[314:]
    network = scope["error"]
    nothing = root(cars.y[314:] - cars.y[:314].mean())
    return locals()


def test_exercise_7():
    assert round(newest.line.mean()) == round(newest.network.mean()) == -6
    assert round(names()["splits"][:, 1].mean() / ten.nothing, 1) == 0.5
    bend = np.polyfit(cars.X[:314, 2], cars.y[:314], 2)
    assert (cars.y[314:] - np.polyval(bend, cars.X[314:, 2])).mean() > 5  # the older go less far at the same heaviness


def snippets():
    """The code in the solutions, as written."""
    source = "\n".join("".join(c["source"]) for c in cells(6) if c["cell_type"] == "markdown")
    return [part.split("```")[0] for part in source.split("```python\n")[1:]]
