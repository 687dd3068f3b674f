"""Chapter 7: every number in its prose, every prediction and every exercise, computed by other means."""

import contextlib
import io
import re
from functools import lru_cache

import numpy as np
import pytest
from chapters import cells, printed, results, run, says
from scalar import running, weights_of

from mlp import MLP, backprop, batches, data, l2

net = data.running_example()[0]
cars = data.auto_mpg()
X, y = cars.Xs, cars.ys
n = len(y)
START = tuple(net.W[k] for k in (1, 2, 3))
ORDERS = tuple(range(7, 12))  # the seeds of the five orders; the first is that of the pictures


def outputs(W, X):
    with np.errstate(over="ignore"):
        O1 = 1 / (1 + np.exp(-(X @ W[0])))
        O2 = 1 / (1 + np.exp(-(O1 @ W[1])))
    return O1, O2, (O2 @ W[2])[..., 0]


def each_gradient(W, X, y):
    """The 20 derivatives of each point's L_i, a row a point, by the formulas N7.1, N8.1 and N9.3 (no product over points)."""
    O1, O2, yhat = outputs(W, X)
    d3 = 2 * (yhat - y)[:, None]
    d2 = d3 * W[2][:, 0] * O2 * (1 - O2)
    d1 = np.stack([(d2 * W[1][j]).sum(axis=1) for j in range(3)], axis=1) * O1 * (1 - O1)
    parts = [before[:, :, None] * d[:, None, :] for before, d in ((X, d1), (O1, d2), (O2, d3))]
    return np.concatenate([part.reshape(len(X), -1) for part in parts], axis=1)


def moved(W, change):
    """The weights after a change of all 20 of them."""
    parts = np.split(change, [12, 18])
    return tuple(w + part.reshape(w.shape) for w, part in zip(W, parts))


def loss(W):
    return float(((y - outputs(W, X)[2]) ** 2).sum())


def descent(m, eta=0.1, epochs=30, seed=7, mean=True):
    """The weights after each update, by a loop of this file's own."""
    rng, W = np.random.default_rng(seed), START
    for _ in range(epochs):
        order = rng.permutation(n)
        for start in range(0, n, m):
            rows = order[start : start + m]
            W = moved(W, -eta * each_gradient(W, X[rows], y[rows]).sum(axis=0) / (len(rows) if mean else 1))
            yield W


@lru_cache
def by_epoch(m, eta=0.1, epochs=30, mean=True):
    """The loss of all cars before training and after each epoch, a row for each of the ORDERS: five descents at once."""
    rngs, W = [np.random.default_rng(seed) for seed in ORDERS], [np.stack([w] * len(ORDERS)) for w in START]
    losses = [[loss(START)] * len(ORDERS)]
    for _ in range(epochs):
        order = np.stack([rng.permutation(n) for rng in rngs])
        for start in range(0, n, m):
            rows = order[:, start : start + m]
            O1, O2, yhat = outputs(W, X[rows])
            d3 = 2 * (yhat - y[rows])[..., None]
            d2 = d3 * W[2].swapaxes(1, 2) * O2 * (1 - O2)
            d1 = (d2 @ W[1].swapaxes(1, 2)) * O1 * (1 - O1)
            share = eta / (rows.shape[1] if mean else 1)
            W = [w - share * before.swapaxes(1, 2) @ d for w, before, d in zip(W, (X[rows], O1, O2), (d1, d2, d3))]
        losses.append(((y - outputs(W, X)[2]) ** 2).sum(axis=1))
    return np.array(losses).T


@lru_cache
def by_update(m, seed=7):
    return np.array([loss(START)] + [loss(W) for _, W in zip(range(600), descent(m, epochs=600, seed=seed))])


G = each_gradient(START, X, y)
g = G.mean(axis=0)


def length(v):
    return float(np.sqrt((v**2).sum()))


def noise(G, m):
    """The exact noise of a batch of m, drawn without replacement."""
    g = G.mean(axis=0)
    one = np.sqrt(((G - g) ** 2).sum(axis=1).mean()) / length(g)
    return one * np.sqrt((n - m) / (m * (n - 1)))


def test_predictions():
    third = 2 * (outputs(START, X)[2][2] - y[2]) * outputs(START, X)[1][2, 0]
    answers = [spec["answer"] for spec in run(7)[1]]
    assert answers == [
        17, pytest.approx(third), "(4, 3)", pytest.approx(0.498), "larger", pytest.approx(0.796),
    ]  # fmt: skip
    assert 15 * 25 + 17 == 392 and 15 + 1 == len(batches(392, 25))
    assert round(2 * 0.8377 * 0.5968, 2) == 1
    assert 0.1391 + 0.6986 == pytest.approx(0.8377)
    assert 392 * 0.03 == pytest.approx(11.76)


def test_batches():
    assert [len(rows) for rows in batches(392, 20)] == [20] * 19 + [12]
    assert [len(rows) for rows in batches(392, 1000)] == [392]
    assert 19 * 20 + 12 == 392 and len(batches(392, 20)) == 20
    says(7, "updates in an epoch of 392 cars |", "| 20, say | **mini-batch gradient descent** | 20 |")
    says(7, "| 392 | **full-batch** gradient descent | 1 |", "19 full batches of 20, and the last with the 12 cars that remain")
    first, second = results(7, "batches(7, 3, rng)")
    assert [sorted(", ".join(epoch[1:])) for epoch in (first, second)] == [sorted("0, 1, 2, 3, 4, 5, 6")] * 2 and first[1:] != second[1:]


def test_three_cars():
    _, O2, yhat = outputs(START, X[:3])
    slopes = [2 * (yhat[i] - y[i]) * O2[i, 0] for i in range(3)]
    for i, row in enumerate(results(7, '[*slope[:2], "?"]')):
        assert row == [str(i + 1), f"{yhat[i]:.4f}", f"−{-y[i]:.4f}", f"{O2[i, 0]:.4f}", f"{slopes[i]:.4f}" if i < 2 else "?"]
    says(7, f"$${slopes[0]:.4f}+{slopes[1]:.4f}+{slopes[2]:.4f}={sum(slopes):.4f},$$", f"With all the digits it is {slopes[2]:.4f}.")
    says(7, f"it is ${sum(slopes):.4f}/3={sum(slopes) / 3:.4f}$")
    assert slopes == pytest.approx(G[:3, 18])


def test_the_displayed_derivatives():
    """The points' derivatives are the scalar twin's, L_B's is their sum, and O_1^T dL/dZ_2 is it."""
    names, twin = run(7)[0], running(net, X.T, y)
    assert G == pytest.approx(np.transpose([twin.d("L", weight) for weight in weights_of(net)]), rel=1e-9, abs=1e-15)
    for rows in (np.arange(20), np.arange(380, 392)):
        whole = backprop(net, X[rows], y[rows])
        assert np.concatenate([whole.W[k].ravel() for k in (1, 2, 3)]) == pytest.approx(G[rows].sum(axis=0), rel=1e-12)
    assert names["dW2"].ravel() == pytest.approx(G[:20].sum(axis=0)[12:18], rel=1e-12)
    assert names["G"] == pytest.approx(G, rel=1e-12)


def test_noise():
    says(7, f"The noise of a single car is {noise(G, 1):.2f}.")
    assert int((G @ g < 0).sum()) == 165
    says(7, f"This is so for {(G @ g < 0).sum()} of the 392 cars")
    for i in range(0, n, 7):  # the update with car i alone, and what it does to the mean loss of all
        change = (loss(moved(START, -1e-6 * G[i])) - loss(START)) / n
        assert change == pytest.approx(-1e-6 * (g @ G[i]), rel=1e-3, abs=1e-12)
    for m, row in zip((1, 5, 20, 80), results(7, "(m, noise(G, draws(m))")):
        assert row[0] == str(m) and float(row[1]) == pytest.approx(noise(G, m), rel=0.03)
        assert row[2] == f"{round(noise(G, 1), 2) / np.sqrt(m):.2f}"
    for m in (50, 200, 380):  # with another stream of random numbers
        rng = np.random.default_rng(1000 + m)
        off = [((G[rng.choice(n, m, replace=False)].mean(axis=0) - g) ** 2).sum() for _ in range(3000)]
        assert np.sqrt(np.mean(off)) / length(g) == pytest.approx(noise(G, m), rel=0.05)
    says(7, f"the rule promises {noise(G, 1) / np.sqrt(392):.2f} for all 392 cars")
    assert noise(G, 392) == 0
    assert float(g[0]) == pytest.approx(0.07, abs=0.005) and float(g[9]) == pytest.approx(-0.04, abs=0.005)


def test_noise_in_the_cards_picture():
    two = G[:, [0, 9]]
    single = np.sqrt(((two - two.mean(axis=0)) ** 2).sum(axis=1).mean()) / np.linalg.norm(two.mean(axis=0))
    says(7, f"there a single car is off by {single:.2f} lengths of $g$")


def test_in_file_order():
    blocks = [G[start : start + 20].mean(axis=0) - g for start in range(0, 380, 20)]
    in_order = np.sqrt(np.mean([(b**2).sum() for b in blocks])) / length(g)
    assert results(7, "in_order = batches")[0][1] == f"{in_order:.2f}"
    assert in_order == pytest.approx(noise(G, 2.3), rel=0.02)
    says(7, f"$({noise(G, 1):.2f}/{in_order:.2f})^2\\approx{(noise(G, 1) / in_order) ** 2:.1f}$")
    assert cars.ys[:100].mean() < -0.5 and cars.ys[-100:].mean() > 0.5


def test_the_error_stays():
    W = START
    for _ in range(600):
        W = moved(W, -0.1 * each_gradient(W, X, y).mean(axis=0))
    later = each_gradient(W, X, y)
    for row, rows in zip(results(7, "car_gradients(later)"), (G, later), strict=True):
        size = length(rows.mean(axis=0))
        assert row[1:3] == [f"{size:.4f}", f"{noise(rows, 1) * size:.2f}"]
        assert float(row[3]) == pytest.approx(noise(rows, 20), rel=0.02)
    assert length(later.mean(axis=0)) < length(g) / 20
    assert noise(later, 20) == pytest.approx(19, abs=0.5)
    assert 0.70 < noise(later, 1) * length(later.mean(axis=0)) / (noise(G, 1) * length(g)) < 0.75  # almost three quarters
    says(7, "is now off by 19 times")


def test_memory():
    assert 1_000_000 * 1000 * 8 == 8e9 and 100 * 1000 * 8 < 1e6
    assert (20 * 10 * 8, 392 * 10 * 8) == (1600, 31_360)
    says(7, "takes 8 gigabytes for each layer", "| 10 | 200 | 3920 |", "$20\\cdot10\\cdot8=1600$ bytes, and all 392 cars take 31,360")


def test_an_epoch_of_all_cars_is_far_cheaper():
    """By the times that stand on the page: other machines differ, but not by this much."""
    lines = results(7, "def seconds(m)")
    assert [int(line[0]) for line in lines] == [1, 2, 5, 10, 20, 50, 100, 200, 392]
    assert float(lines[-1][1]) < float(lines[0][1]) / 20
    says(7, "took less than a twentieth of their time")


def test_five_orders_at_once():
    """The descents by rows of ORDERS are the one by formulas of a single point, where the order is the same."""
    for m, mean in ((20, True), (98, True), (4, False)):
        per_epoch = -(-n // m)
        alone = [loss(W) for u, W in enumerate(descent(m, epochs=5, mean=mean), start=1) if u % per_epoch == 0]
        assert by_epoch(m, epochs=5, mean=mean)[0, 1:] == pytest.approx(alone, rel=1e-9)


def test_epochs():
    one, twenty, full = (by_epoch(m) for m in (1, 20, 392))
    for losses, row in zip((one, twenty, full), results(7, "after_epochs = {m"), strict=True):
        assert row[1:] == [f"{losses[0, e]:.1f}" for e in (0, 1, 10, 20, 30)]
    last = [(losses[0, -10:].min(), losses[0, -10:].max()) for losses in (one, twenty, full)]
    says(7, f"between {last[0][0]:.1f} and {last[0][1]:.1f}, with batches of 20 between {last[1][0]:.1f} and {last[1][1]:.1f}")
    says(7, f"they stood at {one[0, 29]:.1f}", f"and is at {full[0, 30]:.1f}")
    low, high = one[1:, -10:].min(axis=1), one[1:, -10:].max(axis=1)
    says(7, f"the lowest of the last ten losses lies between {low.min():.1f} and {low.max():.1f}")
    says(7, f"the highest between {high.min():.1f} and {high.max():.1f}.)")
    last = [(losses[:, -10:].min(), losses[:, -10:].max()) for losses in (one, twenty, full)]
    says(7, "| loss in epochs 21 to 30 | " + " | ".join(f"{low:.1f} to {high:.1f}" for low, high in last) + " |")
    assert (np.diff(full) < 0).all()
    assert one[0, 1:].min() == pytest.approx(92, abs=0.5) and one[0, 2:].max() == pytest.approx(139, abs=0.5)


def test_updates():
    after = {m: by_update(m) for m in (1, 20, 392)}
    below = {m: int(np.flatnonzero(after[m] < 150)[0]) for m in after}
    looked = {1: below[1], 20: below[20] // 20 * 392 + below[20] % 20 * 20, 392: below[392] * 392}
    says(7, f"| updates until the loss is first below 150 | {below[1]} | {below[20]} | {below[392]} |")
    says(7, f"| cars looked at for that | {looked[1]} | {looked[20]} | {looked[392]:,} |", f"The first {below[1]} cars")
    assert below[20] // 20 == 5 and looked[20] == 104 * 20 + 5 * 12
    says(7, f"on the way to 150: {below[1]} updates against {below[20]}")
    says(7, f"(Its {looked[20]} is less than ${below[20]}\\cdot20$, because five of the {below[20]} batches are short ones of 12.)")
    assert results(7, "after_updates = {m") == [[str(m), str(below[m]), f"{after[m][600]:.1f}"] for m in after]
    assert abs(after[20] - after[392]).max() < 8 and after[1].max() < 460
    firsts = [int(np.flatnonzero(by_update(1, seed) < 150)[0]) for seed in ORDERS[1:]]
    says(7, f"it took {min(firsts)} to {max(firsts)} updates, about as many as with batches of 20.)")
    twenties = [int(np.flatnonzero(by_update(20, seed) < 150)[0]) for seed in ORDERS[1:]]
    assert abs(np.array(firsts) - twenties).max() <= 5
    says(7, f"leaves the loss above 150 is number {np.flatnonzero(after[1] > 150)[-1]}.")
    gap = after[1] - after[392]
    assert ((gap[10:110] > 30) & (gap[10:110] < 100)).mean() > 0.7  # "for most of the fall"
    assert np.median(gap[110:]) < 10 and gap[110:].max() == pytest.approx(87, abs=0.5)


def test_each_size_has_its_own_eta():
    sizes, etas = (1, 20, 392), (0.01, 0.1, 1.0)
    levels = {(eta, m): by_epoch(m, eta)[:, -10:].mean(axis=1) for eta in etas for m in sizes}
    middle = {at: float(np.median(five)) for at, five in levels.items()}
    assert (levels[1.0, 1] > 200).all()  # where rounding decides, except in the first order
    middle[1.0, 1] = float(levels[1.0, 1][0])
    assert [row[1:] for row in results(7, "def level(m")] == [[f"{middle[eta, m]:.1f}" for m in sizes] for eta in etas]
    good = {m: [eta for eta in etas if middle[eta, m] < 1.05 * min(middle[e, m] for e in etas)] for m in sizes}
    assert good == {1: [0.01, 0.1], 20: [0.1, 1.0], 392: [1.0]}
    best = [min(middle[eta, m] for eta in etas) for m in sizes]
    assert max(best) - min(best) < 10  # "each size ends near the same loss"

    def between(eta, m):
        return f"between {levels[eta, m].min():.1f} and {levels[eta, m].max():.1f}"

    says(7, f"and 1 is ruinous: {middle[1.0, 1]:.1f}.")
    says(7, f"the five results at $\\eta=0.1$ lie {between(0.1, 1)}, those at 0.01 {between(0.01, 1)}.")
    says(7, f"With 20 cars at $\\eta=1$ they lie {between(1.0, 20)}.")


def test_the_literal_sum():
    others = {m: by_epoch(m, mean=False)[1:, -1] for m in (4, 20)}
    for m, row in zip((4, 20, 98, 392), results(7, "def end_of"), strict=True):
        ends = []
        for mean in (True, False):
            *_, last = descent(m, mean=mean)
            ends.append(loss(last))
        assert row == [str(m), *(f"{end:.1f}" for end in ends), ", ".join(f"{end:.1f}" for end in others.get(m, []))]
    says(7, f"with 4 cars they end between {others[4].min():.1f} and {others[4].max():.1f}")
    assert (others[20] > 240).sum() == 2 and others[20].max() < 250
    on_the_way = [loss(W) for W in descent(98, epochs=1, mean=False)]
    assert [round(value, 1) == 392 for value in on_the_way] == [False, False, True, True]
    says(7, "(With 98 it takes three updates, less than an epoch, to get there.)")
    losses, W = [], START
    for _ in range(4):
        losses.append(loss(W))
        W = moved(W, -0.1 * each_gradient(W, X, y).sum(axis=0))
    assert abs(outputs(W, X)[2]).max() < 1e-9 and outputs(W, X)[1].max() < 1e-9
    assert abs(each_gradient(W, X, y).sum(axis=0)).max() < 1e-9
    O1, O2, _ = outputs(W, X)
    assert (O1 * (1 - O1)).max() == pytest.approx(0.25, abs=0.005) and (O2 * (1 - O2)).max() < 1e-9
    switched = (((X @ START[0] > 0) * 1.0) @ START[1] > 0) * 1.0  # chapter 5's step network: O_2 is not 0
    assert switched[0].tolist() == [1, 1] and switched.mean() > 0.5
    says(7, f"throws the loss from {losses[0]:.1f} to {losses[1]:,.1f}")
    assert f"{[round(loss, 1) for loss in losses]}" in printed(7, "losses before each update")
    slopes = [f"{(O * (1 - O)).max():.2f}" for O in (O1, O2)] + ["1.00"]
    assert results(7, "losses before each update") == [[str(k), f"{O.max():.2f}", slope, "0.00"] for k, O, slope in zip((1, 2, 3), (O1, O2, 0 * O2), slopes)]
    assert (y**2).sum() == pytest.approx(392) and losses[2:] == pytest.approx([392, 392])


def test_the_sum_is_the_mean_with_a_larger_eta():
    """Where all batches are full; the short one parts them."""
    for m, eta, same in ((28, 0.005, True), (20, 0.005, False)):
        by_sum, by_mean = (list(descent(m, e, 1, mean=mean))[-1] for e, mean in ((eta, False), (eta * m, True)))
        assert bool(max(abs(a - b).max() for a, b in zip(by_sum, by_mean)) < 1e-12) is same
    assert 392 == 14 * 28
    says(7, "the mean with $28\\cdot0.005=0.14$", "$12\\cdot0.005=0.06$ times the mean gradient")
    says(7, f"$20/12\\approx{20 / 12:.2f}$ times as much", f"counts each of its points more, here {20 / 12:.2f} times.")
    assert results(7, "with_sums = updates") == [["19", "20", "yes"], ["20", "12", "no"]]


def test_without_a_hidden_layer():
    w, epoch = np.zeros(4), 0
    for _ in range(300):
        before = ((y - X @ w) ** 2).sum()
        w = w + 0.1 * 2 * X.T @ (y - X @ w) / n
    assert printed(7, "line = MLP").splitlines()[0] == f"mean: loss {before:.2f}"
    w = np.zeros(4)
    with np.errstate(over="ignore", invalid="ignore"):
        while np.isfinite(((y - X @ w) ** 2).sum()):
            epoch += 1
            w = w + 0.1 * 2 * X.T @ (y - X @ w)
    assert f"at epoch {epoch + 1}, batch 1 (eta=0.1)" in printed(7, "line = MLP")


def test_exercises_on_paper():
    assert (1000 // 64, 1000 % 64) == (15, 40)
    says(7, "16 updates in an epoch and 160 in 10 epochs")

    def slope(w, x, y):
        return 2 * (w * x - y) * x

    points = ((1, 3), (2, 2))
    total = sum(slope(1, *p) for p in points)
    ends = [1 - 0.1 * total / 2, 1 - 0.1 * total]
    for order in (points, points[::-1]):
        w = 1.0
        for p in order:
            w -= 0.1 * slope(w, *p)
        ends.append(w)
    assert ends == pytest.approx([1.2, 1.4, 1.08, 1.4])
    says(7, "so $w=1+0.1\\cdot2=1.2$", "so $w=1.4$", "so $w=1.4-0.32=1.08$", "Then point 1 leads to $w=1.4$")
    assert 6 / 144**0.5 == 0.5
    says(7, f"\\approx{(248 / 391) ** 0.5:.3f}$", f"about {0.5 * (248 / 391) ** 0.5:.3f}")
    costs = [10_000 / m * 0.2 + 10_000 * 0.001 for m in (1, 100, 10_000)]
    assert costs == pytest.approx([2010, 30, 10.2]) and 0.2 * 10_000 / 200 == pytest.approx(10)
    says(7, "$2000+10=2010$ ms", "$20+10=30$ ms", "$0.2+10=10.2$ ms", "at $m=200$")
    assert 0.2 * 10_000 / 200 + 10 == pytest.approx(20)
    says(7, "Beyond $m=200$ an epoch can shrink from 20 ms to no less than 10.")


def test_exercises_in_code():
    def uphill(seed):
        rng = np.random.default_rng(seed)
        means = np.array([G[rng.permutation(n)[:20]].mean(axis=0) for _ in range(1000)])
        return int((means @ g < 0).sum())

    assert all(abs(uphill(seed) - 150) <= 30 for seed in range(30))
    says(7, f"(means @ g < 0).sum()) # {uphill(20)}")
    says(7, f"About 150 of 1000, depending on the seed, in place of about {round(1000 * 165 / 392, -1):.0f}")
    pieces = [backprop(net, X[rows], y[rows], penalty=l2(0.1)) for rows in batches(392, 100)]
    whole = backprop(net, X, y, penalty=l2(0.1))
    extra = sum(p.W[2] for p in pieces) - whole.W[2]
    assert len(pieces) == 4 and extra == pytest.approx(3 * 0.2 * net.W[2], rel=1e-9)
    ten, *others = by_epoch(20, epochs=300)[:, -10:].mean(axis=1)
    single = by_epoch(1)[:, -10:].mean(axis=1)
    says(7, f"/ 10, 1)) # {ten:.1f}", f"with the {np.median(single):.1f} of single cars, the median of five orders")
    says(7, f"come down to {ten:.1f}, and with the orders of the seeds 8 to 11 to {min(others):.1f} to {max(others):.1f}.")
    assert max(others) < single.min()


def test_the_solutions_run():
    """Each listing of a solution, in the chapter's own names, prints what its comment says."""
    text = "".join("".join(c["source"]) for c in cells(7) if c["cell_type"] == "markdown")
    names = dict(run(7)[0])
    listings = re.findall(r"```python\n(.*?)```", text, re.S)
    assert len(listings) == 3
    for listing in listings:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(listing, names)
        assert printed.getvalue().split() == re.findall(r"# (\S+)$", listing, re.M)
    assert isinstance(names["line"], MLP)
