"""Chapter 6: every number in its prose, every prediction and every exercise, computed by other means."""

from math import sqrt

import numpy as np
import pytest
from chapters import cells, run, says
from scalar import gradient, running, sweep

from mlp import MLP, backprop, data, forward, l2, tanh, train

cars = data.auto_mpg()
X, y = cars.Xs, cars.ys
net = data.running_example()[0]


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
    says(6, "its root is 2.55", "15 updates use 300 cars, and one more uses the remaining 14", "200 · 16 = 3200", "5 · 392 = 1960")
    assert round(sqrt(26 / 4), 2) == 2.55 and 314 - 15 * 20 == 14 and 200 * 16 == 3200


def test_one_car_after_the_other():
    W, losses = descend(net.W, range(5), 0.02)
    assert round(losses[0], 4) == 0.7412
    says(6, f"The first loss is the {losses[0]:.4f}", "push $w^3_{11}$ down from its 0.8")
    assert [u.loss for u in names()["records"]] == pytest.approx(losses)
    assert moved(W, names()["now"].W) < 1e-12
    once = train(net, X[:5], y[:5], eta=0.02, epochs=1).net
    assert all((names()["now"].W[k] == other.W[k]).all() for other in (names()["records"][-1].net, once) for k in net.layers)
    weights = [0.8] + [u.net.w(3, 1, 1) for u in names()["records"]]
    assert all(later < before for before, later in zip(weights, weights[1:]))
    assert all(cars.X[:5, 2] > cars.x_mean[2]) and all(cars.y[:5] < cars.y_mean)


def test_order_of_the_rows():
    assert len(set(names()["draws"].tolist())) == 245
    says(6, "Only 245 of the 392 cars")


def test_two_points():
    """The small example and its exercises, in plain floats."""
    w, losses = 0.0, []
    for epoch in range(2):
        for target in (2.0, 0.0):
            losses.append((target - w) ** 2)
            w -= 0.25 * 2 * (w - target)
        if epoch == 0:
            assert losses == [4, 1] and w == 0.5 and (2 - w) ** 2 + w**2 == 2.5
    says(6, f"{losses[2]}+{losses[3]}={losses[2] + losses[3]}", f"$w={w}$ and $L=1.375^2+0.625^2=1.890625+0.390625={(2 - w) ** 2 + w**2}$")
    assert 0.25 * (2 / 3) + 0.5 == pytest.approx(2 / 3) and 0.5 * (2 / 3) + 1 == pytest.approx(4 / 3)

    def epoch(w, eta, targets):
        for target in targets:
            w -= eta * 2 * (w - target)
        return w

    assert [epoch(1, 0.25, t) for t in ((2, 0), (0, 2))] == [0.75, 1.25]
    assert epoch(0.75, 0.25, (2, 0)) - 0.75 == -0.0625  # elsewhere less
    assert epoch(2 / 3, 0.25, (2, 0)) == pytest.approx(2 / 3) and epoch(4 / 3, 0.25, (0, 2)) == pytest.approx(4 / 3)
    says(6, "From the minimum itself an epoch always moves $w$ by 0.25.")
    assert [epoch(1, 0.025, t) for t in ((2, 0), (0, 2))] == pytest.approx([0.9975, 1.0025])
    says(6, "$w=0.25\\cdot1+0.5=0.75$", "$0.95\\cdot1.05=0.9975$ or to $0.95\\cdot0.95+0.1=1.0025$", "$2.25+1.5625=3.8125$")


def test_losses_and_order():
    """In order and shuffled, by an epoch written out here."""
    says(6, f"Before training $L$ was {total(net.W):.1f}")
    last, ends = {}, {}
    for name, rng in (("in_order", None), ("shuffled", np.random.default_rng(1))):
        W = net.W
        for e in range(50):
            W, losses = descend(W, range(392) if rng is None else rng.permutation(392), 0.02)
            assert names()[f"along_{name}"][e] == pytest.approx(sum(losses))
            assert names()[f"after_{name}"][e] == pytest.approx(total(W))
            if e == 4 and rng is not None:
                says(6, f"after five shuffled epochs it is {total(W):.1f}")
            if e == 0 and rng is None:
                assert total(W) > total(net.W)
        last[name], ends[name] = sum(losses), W
        assert moved(W, names()[name].W) < 1e-8
    says(6, f"L is {total(ends['in_order']):.1f} against {total(ends['shuffled']):.1f}", f"when $L$ was {total(net.W):.1f}")
    says(6, f"the loss, from {total(ends['shuffled']):.1f} at the start")
    assert last["in_order"] < last["shuffled"] < total(ends["in_order"])
    quarters = cars.y.reshape(4, 98).mean(axis=1)
    assert f"{quarters[3]:.1f}" == "31.6" and f"{quarters[0]:.1f}" == "18.4"
    says(6, f"The last quarter goes {quarters[3]:.1f} miles on a gallon on average, the first {quarters[0]:.1f}.")
    error = {n: ((predicted(W, X) - y) * cars.y_dev).reshape(4, 98).mean(axis=1) for n, W in ends.items()}
    assert all(abs(error["in_order"][:2] - 6) < 0.6) and abs(error["in_order"][3]) < 0.2
    assert all(0 < error["shuffled"][:2]) and all(error["shuffled"][:2] < error["in_order"][:2]) and error["shuffled"][3] < -2
    path, biggest = ends["in_order"], 0.0
    for i in range(392):
        path, _ = descend(path, [i], 0.02)
        biggest = max(biggest, moved(ends["in_order"], path))
    says(6, f"moved by more than about {moved(ends['in_order'], path):.2f}.", f"one of them was {biggest:.2f} away")


def signed(values):
    return [f"{value:+.1f}".replace("-", "−") for value in values]


def test_the_tape():
    """What the text says of the view: the first epoch in the order of the file, by quarters, and its task."""
    quarters = [((predicted(W, X) - y) * cars.y_dev).reshape(4, 98).mean(axis=1) for W in (net.W, descend(net.W, range(98), 0.02)[0], descend(net.W, range(392), 0.02)[0])]
    (first, *_, last), (own, *_, others), end = map(signed, quarters)
    says(6, f"the first quarter has gone from {first} to {own}, and that of the last quarter, whose cars have not come yet, from {last} to {others}.")
    says(6, f"the four means are {', '.join(end[:3])} and {end[3]}: the weights suit the cars that came last")
    W, losses = descend(net.W, range(392), 0.02)
    says(6, f"$L$ has gone up, from {total(net.W):.1f} to {total(W):.1f}.", f"they added up to {sum(losses):.1f}.")
    ends = {}
    for eta, rng in ((0.001, None), (0.001, np.random.default_rng(1)), (0.003, None), (0.003, np.random.default_rng(1)), (0.05, None)):
        W = net.W
        for _ in range(50):
            W, losses = descend(W, range(392) if rng is None else rng.permutation(392), eta)
        ends[eta, rng is None] = total(W)
    says(6, f"With $\\eta=0.001$ $L$ after 50 epochs is {ends[0.001, True]:.1f} in the order of the file and {ends[0.001, False]:.1f} shuffled")
    says(6, f"At 0.003 it does: {ends[0.003, True]:.1f} against {ends[0.003, False]:.1f}.")
    says(6, f"the sum along the way of the last epoch is {sum(losses):.1f}, and $L$ is {ends[0.05, True]:.1f}.")
    assert ends[0.001, True] < 120 < ends[0.003, True]


def figures():
    return [c for c in cells(6) if "mystnb" in c["metadata"]]


def test_loss_per_update():
    losses = names()["on_the_way"]
    above = sum(loss > 5 for loss in losses)
    assert len(losses) == 1960 and above == 6
    assert any("Six dots lie above the picture" in c["metadata"]["mystnb"]["figure"]["caption"] for c in figures())


def settled(W, seed):
    """Ten more epochs with a learning rate of 0.001: the loss."""
    rng = np.random.default_rng(seed)
    for _ in range(10):
        W, _ = descend(W, rng.permutation(392), 0.001)
    return total(W)


def test_noise_floor():
    floors, shuffled = names()["floors"], names()["shuffled"]
    middle = {rate: float(np.median(values)) for rate, values in floors.items()}
    says(6, f"from {middle[0.1]:.2f} to {middle[0.01]:.2f}, and then to {middle[0.001]:.4f}", "the first fall is fivefold, the second nineteenfold")
    assert round(middle[0.1] / middle[0.01]) == 5 and round(middle[0.01] / middle[0.001]) == 19
    ends, means = {}, {}
    for rate in floors:
        W, rng, largest, losses = shuffled.W, np.random.default_rng(7), [], []
        for _ in range(40):
            after, _ = descend(W, rng.permutation(392), rate)
            largest.append(moved(W, after))
            W = after
            losses.append(total(W))
        assert floors[rate] == pytest.approx(largest, rel=1e-6)
        assert np.median(largest[5:20]) < 1.6 * np.median(largest[20:])  # no further down
        ends[rate], means[rate] = W, np.mean(losses[20:])
    says(6, f"about the same mean loss: {means[0.1]:.1f}, {means[0.01]:.1f} and {means[0.001]:.1f}.")
    assert middle[0.1] > middle[0.01] > middle[0.001]
    lowest = {rate: settled(ends[rate], 7) for rate in ends}
    says(6, f"farthest down the valley, to {lowest[0.1]:.1f}", f"have the largest loss, {lowest[0.001]:.1f}.")
    assert lowest[0.1] < lowest[0.01] < lowest[0.001] == max(lowest.values())
    assert all(settled(ends[0.1], seed) < 90 and settled(ends[0.001], seed) > 96 for seed in (0, 1))  # not this seed alone
    each = backprop_of_each(ends[0.001])
    assert 1 / 70 < abs(each.mean()) / abs(each).mean() < 1 / 50
    drift = 392 * 0.001 * round(abs(each.mean()), 4)
    says(6, f"$392\\cdot0.001\\cdot{abs(each.mean()):.4f}={drift:.4f}$", f"a good part of the {middle[0.001]:.4f}")
    whole = train(shuffled.with_parameters(ends[0.001], dict(shuffled.b)), X, y, eta=0.392, epochs=1, batch_size=392).net
    assert moved(ends[0.001], whole.W) == pytest.approx(drift, abs=1e-4) and drift > middle[0.001] / 2
    assert floors[0.01][0] < 0.05 and min(floors[0.01][:14]) > 0.02 > floors[0.01][14]
    says(6, "With the tolerance 0.05 about every second epoch will do; here already the first does.")
    assert 0.35 < (np.array(floors[0.01]) < 0.05).mean() < 0.65
    waits = {tol: [stops_after(shuffled, tol, seed) for seed in range(8)] for tol in (0.05, 0.02)}
    assert waits[0.05] == [2, 1, 3, 3, 1, 1, 2, 1]
    assert waits[0.02] == [19, 13, 3, 26, 25, 18, 53, 15]
    says(6, f"it stops after {waits[0.02][7]} epochs, and in the next one a weight would have moved by {floors[0.01][15]:.2f}.")
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
    after = [train(net, X, y, eta=0.3, epochs=6000, batch_size=392, penalty=penalty).net for penalty in (None, l2(0.003))]
    says(6, f"after 6000 epochs $L$ is {total(after[1].W):.1f} with L2, and {total(after[0].W):.1f} without.")


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


def test_the_first_split():
    own, held, _ = split(1)
    assert root(cars.y[own].mean() - cars.y[held]) == pytest.approx(6.69, abs=0.005)
    says(6, "a typical error of 6.69", "6.69 is a low bar")
    yhat, truth = names()["by_network"], cars.y[held]
    line, network, own_error = one_split(1)
    assert root(yhat - truth) == pytest.approx(network) and network < own_error
    says(6, f"No prediction goes beyond {max(yhat):.1f}", "though two of these cars reach more than 35")
    assert sum(truth > 35) == 2 and all(yhat[truth > 35] < truth[truth > 35])
    middle, low = (truth > 17.9) & (truth <= 25), truth <= 17
    assert all(yhat[middle] > truth[middle])
    (odd,) = np.flatnonzero(low & (abs(yhat - truth) > 4))
    captions = " ".join(c["metadata"]["mystnb"]["figure"]["caption"] for c in figures())
    assert f"all but one that goes {truth[odd]:.0f} and is given {yhat[odd]:.0f};" in captions
    closer = sum(abs(yhat - truth) < abs(names()["by_line"] - truth))
    says(6, f"for {closer} of them its prediction is the closer one")
    assert root(names()["by_line"] - truth) == pytest.approx(line)


def test_ten_splits():
    table = np.array([one_split(seed) for seed in range(1, 11)])
    assert names()["splits"] == pytest.approx(table, rel=1e-6)
    gaps, means = table[:, 0] - table[:, 1], table.mean(axis=0)
    assert all(gaps > 0)
    says(
        6,
        f"held-out error is {means[1]:.2f} miles per gallon against {means[0]:.2f}, nine percent less, and it wins in all ten splits",
        f"to {means[1]:.2f} on average, and its training error is close by, {means[2]:.2f}",
        f"after 200 epochs, the 4-3-2-1 network is off by {means[1]:.2f} miles per gallon, linear regression by {means[0]:.2f}",
    )
    assert round(100 * (1 - means[1] / means[0])) == 9
    captions = " ".join(c["metadata"]["mystnb"]["figure"]["caption"] for c in figures())
    assert f"by {min(gaps):.2f} to {max(gaps):.2f} miles per gallon (before rounding)" in captions
    assert np.ptp(table[:, 0]) > gaps.mean()
    squares = np.array([one_split(seed, squares=True) for seed in range(1, 11)])
    says(6, f"That is {squares.mean():.2f} against the network's {means[1]:.2f}", f"linear regression with squares by {squares.mean():.2f}")
    assert (squares < table[:, 1]).sum() == 7
    says(6, "split by split the squares beat the network in seven of ten")
    longer = np.array([one_split(seed, epochs=1000)[1] for seed in range(1, 11)])
    says(6, f"With 1000 it comes to {longer.mean():.2f} and beats the squares in seven of ten.)")
    assert (longer < squares).sum() == 7
    assert np.polyfit(cars.X[:, 2], cars.y, 2)[0] > 0  # the bend
    held = np.mean([np.isin(np.arange(392), split(seed)[1]) for seed in range(1, 11)], axis=1)
    assert held.sum() == pytest.approx(2, abs=0.02)


def test_where_it_does_not_win():
    early = np.array([one_split(seed, epochs=20) for seed in range(1, 11)])
    assert (early[:, 1] < early[:, 0]).sum() == 6 and abs(early[:, 1].mean() - early[:, 0].mean()) < 0.05
    says(6, "it wins six of ten", f"From epoch 20 to 200 its held-out error falls, from {early[:, 1].mean():.2f} to")
    again = np.array([one_split(seed, first=400 + seed) for seed in range(1, 11)])
    assert (again[:, 1] < again[:, 0]).tolist() == [True] * 6 + [False] + [True] * 3
    says(6, "With the other start it wins nine, and loses split 7.")
    assert (again[:, 1] < again[:, 0]).sum() == wins(first=400)
    says(6, f"they win {wins(first=100)}, {wins(first=200)}, {wins(first=300)}, {wins(first=400)}, {wins(first=500)} and {wins(first=600)} of ten")


def wins(first=None, **settings):
    pairs = [one_split(seed, first=first and first + seed, **settings)[:2] for seed in range(1, 11)]
    return sum(network < line for line, network in pairs)


def test_other_settings():
    assert [wins(eta=0.2), wins(bias=True), wins(bias=True, eta=0.3, epochs=400)] == [10, 10, 9]
    says(6, "with $\\eta=0.2$, or with biases, the network wins ten; with biases, $\\eta=0.3$ and 400 epochs, nine.")


def test_learning_by_heart():
    small, large = names()["small_history"], names()["large_history"]
    says(
        6,
        f"training error down to {large[-1, 0]:.2f}, and pays with a held-out error of {large[-1, 1]:.2f}",
        f"the small network ends at {small[-1, 1]:.2f}",
        f"its held-out error was {small[1, 1]:.2f} after 100 epochs",
    )
    assert len(names()["few"].y) == 39 and sum(names()["large"].W[k].size for k in (1, 2, 3)) == 1050
    order = np.random.default_rng(1).permutation(392)
    A = np.column_stack([cars.X, np.ones(392)])
    line = A @ least_squares(A[order[353:]], cars.y[order[353:]])
    says(6, f"Linear regression with the same 39 cars has {root((line - cars.y)[order[:353]]):.2f}")


def test_a_batch_by_its_points():
    batch = names()["batch"]
    for k in net.layers:
        one_by_one = sum(backprop(net, [X[i]], [y[i]]).W[k] for i in batch)
        assert names()["exact"].W[k] == pytest.approx(one_by_one)


def test_exercise_1():
    assert -(-1000 // 32) == 32 and 1000 - 31 * 32 == 8 and 12 * 32 == 384
    says(6, "$12\\cdot1000=12000$", "$12\\cdot32=384$", "$1000-31\\cdot32=8$")


def test_exercise_5():
    W, rng = names()["shuffled"].W, np.random.default_rng(7)
    for rate in (0.1, 0.01, 0.001):
        for _ in range(15):
            before, (W, _) = W, descend(W, rng.permutation(392), rate)
        says(6, f"# {rate} {round(moved(before, W), 4)} {total(W):.1f}")
    says(6, f"and came to {settled(names()['ends'][0.001].W, 7):.1f} in 50 epochs")


def large_network(seed):
    """[(training error, held-out error)] of exercise 6 on one split, after 100 and after 1000 epochs."""
    own, held, rng = split(seed)
    points = (cars.X - cars.X[own].mean(axis=0)) / cars.X[own].std(axis=0)
    m, d = cars.y[own].mean(), cars.y[own].std()
    big, seen = MLP.init((4, 30, 30, 1), rng=rng, activation=tanh, bias=True), []
    for epochs in (100, 900):
        big = train(big, points[own], (cars.y[own] - m) / d, eta=0.05, epochs=epochs, batch_size=20, rng=rng).net
        error = forward(big, points).yhat[:, 0] * d + m - cars.y
        seen.append((root(error[own]), root(error[held])))
    return seen


def test_exercise_6():
    seen = large_network(3)
    says(6, *(f"# [{training:.1f}, {held_out:.1f}]" for training, held_out in seen))
    rises = [after[1] > before[1] for before, after in map(large_network, range(1, 11))]
    assert sum(rises) == 5
    says(6, "the held-out error rises from epoch 100 to 1000 in five and falls in five.)")
    says(6, f"falls from {seen[0][0]:.1f} to {seen[1][0]:.1f}, and the held-out error rises from {seen[0][1]:.1f} to {seen[1][1]:.1f}")
    line = one_split(3, epochs=1)[0]
    says(6, f"linear regression has {line:.1f} on this split")
    assert line > seen[1][1]


def test_exercise_7():
    scope = dict(names())
    (block,) = [b for b in snippets() if "old, new" in b]
    exec(block, scope)
    A = np.column_stack([cars.X, np.ones(392)])
    line = (A @ least_squares(A[:314], cars.y[:314]) - cars.y)[314:]
    network = scope["error"]
    says(6, f"# {root(line):.1f} {line.mean():.1f}", f"# {root(network):.1f} {network.mean():.1f}")
    says(6, f"{root(line):.1f} for linear regression and {root(network):.1f} for the network")
    assert round(line.mean()) == round(network.mean()) == -6
    nothing = root(cars.y[314:] - cars.y[:314].mean())
    says(6, f"# {nothing:.1f}", f"to {nothing:.1f}; measured")
    before = np.mean([root(cars.y[split(seed)[1]] - cars.y[split(seed)[0]].mean()) for seed in range(1, 11)])
    says(6, f"from {before:.1f}, its mean over the ten splits")
    assert (round(names()["splits"][:, 1].mean() / before, 1), round(root(network) / nothing, 1)) == (0.5, 0.6)
    bend = np.polyfit(cars.X[:314, 2], cars.y[:314], 2)
    assert (cars.y[314:] - np.polyval(bend, cars.X[314:, 2])).mean() > 5  # the older go less far at the same heaviness


def snippets():
    """The code in the solutions, as written."""
    source = "\n".join("".join(c["source"]) for c in cells(6) if c["cell_type"] == "markdown")
    return [part.split("```")[0] for part in source.split("```python\n")[1:]]
