"""Chapter 7: every number in its prose, every prediction and every exercise, computed by other means."""

import contextlib
import io
import re
from functools import lru_cache

import numpy as np
import pytest
from chapters import cells, run, says

from mlp import MLP, backprop, batches, data, l2

net = data.running_example()[0]
cars = data.auto_mpg()
X, y = cars.Xs, cars.ys
n = len(y)
START = tuple(net.W[k] for k in (1, 2, 3))


def outputs(W, X):
    with np.errstate(over="ignore"):
        O1 = 1 / (1 + np.exp(-(X @ W[0])))
        O2 = 1 / (1 + np.exp(-(O1 @ W[1])))
    return O1, O2, (O2 @ W[2])[:, 0]


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
def by_epoch(m, eta=0.1, epochs=30):
    per_epoch = -(-n // m)
    return np.array([loss(START)] + [loss(W) for u, W in enumerate(descent(m, eta, epochs), start=1) if u % per_epoch == 0])


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


def output(containing):
    """What the one cell whose source contains the words has printed, as stored."""
    (cell,) = [c for c in cells(7) if c["cell_type"] == "code" and containing in "".join(c["source"])]
    return "".join("".join(o.get("text", "")) for o in cell["outputs"])


def test_predictions():
    third = 2 * (outputs(START, X)[2][2] - y[2]) * outputs(START, X)[1][2, 0]
    answers = [spec["answer"] for spec in run(7)[1]]
    assert answers == [
        20, 8, pytest.approx(third), "(4, 3)", pytest.approx(0.498), "larger", pytest.approx(0.796), 1600,
        pytest.approx(0.098), pytest.approx(5 / 3),
    ]  # fmt: skip
    assert 19 * 20 + 12 == 12 * 32 + 8 == 392
    assert round(2 * 0.8377 * 0.5968, 2) == 1
    assert 0.1391 + 0.6986 == pytest.approx(0.8377)
    assert 392 * 0.03 == pytest.approx(11.76) and 392 * 10 * 8 == 31_360


def test_batches():
    assert [len(rows) for rows in batches(392, 20)] == [20] * 19 + [12]
    assert [len(rows) for rows in batches(392, 1000)] == [392]
    says(7, "updates in an epoch of 392 cars |", "| 392 | **full-batch** gradient descent | 1 |")
    first, second = output("print(batches(7, 3, rng))").splitlines()
    assert first != second


def test_three_cars():
    _, O2, yhat = outputs(START, X[:3])
    slopes = [2 * (yhat[i] - y[i]) * O2[i, 0] for i in range(3)]
    for i in (0, 1):
        says(7, f"| {i + 1} | {yhat[i]:.4f} | −{-y[i]:.4f} | {O2[i, 0]:.4f} | {slopes[i]:.4f} |")
    says(7, f"| 3 | {yhat[2]:.4f} | −{-y[2]:.4f} | {O2[2, 0]:.4f} | ? |")
    says(7, f"$${slopes[0]:.4f}+{slopes[1]:.4f}+{slopes[2]:.4f}={sum(slopes):.4f},$$", f"With all the digits it is {slopes[2]:.4f}.")
    says(7, f"it is ${sum(slopes):.4f}/3={sum(slopes) / 3:.4f}$")
    assert slopes == pytest.approx(G[:3, 18])


def test_the_displayed_derivatives():
    """L_B's derivative is the sum of the points', and O_1^T dL/dZ_2 is it, against nudged weights."""
    names = run(7)[0]
    W, e = START, 1e-6
    for rows in (np.arange(20), np.arange(380, 392)):
        def loss_of_batch(W):
            return ((y[rows] - outputs(W, X[rows])[2]) ** 2).sum()  # noqa: B023

        nudged = [(loss_of_batch(moved(W, d)) - loss_of_batch(moved(W, -d))) / (2 * e) for d in e * np.eye(20)]
        assert G[rows].sum(axis=0) == pytest.approx(nudged, abs=1e-7)
        whole = backprop(net, X[rows], y[rows])
        assert np.concatenate([whole.W[k].ravel() for k in (1, 2, 3)]) == pytest.approx(G[rows].sum(axis=0), rel=1e-12)
    assert names["dW2"].ravel() == pytest.approx(G[:20].sum(axis=0)[12:18], rel=1e-12)
    assert names["G"] == pytest.approx(G, rel=1e-12)


def test_noise():
    says(7, f"The noise of a single car is {noise(G, 1):.2f}.")
    assert int((G @ g < 0).sum()) == 165
    says(7, f"This is so for {(G @ g < 0).sum()} of the 392 cars")
    for m, measured in zip((1, 5, 20, 80), output("print(m, noise(G, draws(m))").splitlines()):
        assert float(measured.split()[1]) == pytest.approx(noise(G, m), rel=0.03)
    for m in (50, 200, 380):  # with another stream of random numbers
        rng = np.random.default_rng(1000 + m)
        off = [((G[rng.choice(n, m, replace=False)].mean(axis=0) - g) ** 2).sum() for _ in range(3000)]
        assert np.sqrt(np.mean(off)) / length(g) == pytest.approx(noise(G, m), rel=0.05)
    says(7, f"the rule promises {noise(G, 1) / np.sqrt(392):.2f} for all 392 cars")
    assert noise(G, 392) == 0
    assert float(g[0]) == pytest.approx(0.07, abs=0.005) and float(g[9]) == pytest.approx(-0.04, abs=0.005)


def test_in_file_order():
    blocks = [G[start : start + 20].mean(axis=0) - g for start in range(0, 380, 20)]
    in_order = np.sqrt(np.mean([(b**2).sum() for b in blocks])) / length(g)
    assert output("in_order = batches").split()[0] == f"{in_order:.2f}"
    assert in_order == pytest.approx(noise(G, 2.3), rel=0.02)
    says(7, f"$4.98/\\sqrt{{2.3}}\\approx{4.98 / np.sqrt(2.3):.2f}$")
    assert cars.ys[:100].mean() < -0.5 and cars.ys[-100:].mean() > 0.5


def test_the_noise_stays():
    W = START
    for _ in range(600):
        W = moved(W, -0.1 * each_gradient(W, X, y).mean(axis=0))
    later = each_gradient(W, X, y)
    shown = output("G_later = car_gradients").splitlines()
    for line, rows in zip(shown, (G, later)):
        size = length(rows.mean(axis=0))
        assert line.split()[1:3] == [f"{size:.4f}", f"{noise(rows, 1) * size:.2f}"]
        assert float(line.split()[3]) == pytest.approx(noise(rows, 20), rel=0.02)
    assert length(later.mean(axis=0)) < length(g) / 20
    assert noise(later, 20) == pytest.approx(19, abs=0.5)
    says(7, "is now off by 19 times")


def test_memory():
    assert 1_000_000 * 1000 * 8 == 8e9 and 100 * 1000 * 8 < 1e6
    says(7, "takes 8 gigabytes for each layer", "| 10 | 200 | 3920 |")


def test_epochs():
    one, twenty, full = (by_epoch(m) for m in (1, 20, 392))
    for losses, line in zip((one, twenty, full), output("after_epochs = {m").splitlines()):
        assert line.split(" ", 1)[1] == str([round(float(losses[e]), 1) for e in (0, 1, 10, 20, 30)])
    last = [(losses[-10:].min(), losses[-10:].max()) for losses in (one, twenty, full)]
    says(7, f"between {last[0][0]:.1f} and {last[0][1]:.1f}, with batches of 20 between {last[1][0]:.1f} and {last[1][1]:.1f}")
    says(7, f"it stood at {one[29]:.1f}", f"and is at {full[30]:.1f}")
    says(7, "| loss in epochs 21 to 30 | " + " | ".join(f"{low:.1f} to {high:.1f}" for low, high in last) + " |")
    assert (np.diff(full) < 0).all()
    assert one[1:].min() == pytest.approx(92, abs=0.5) and one[2:].max() == pytest.approx(139, abs=0.5)


def test_updates():
    after = {m: by_update(m) for m in (1, 20, 392)}
    below = {m: int(np.flatnonzero(after[m] < 150)[0]) for m in after}
    looked = {1: below[1], 20: below[20] // 20 * 392 + below[20] % 20 * 20, 392: below[392] * 392}
    says(7, f"| updates to a loss below 150 | {below[1]} | {below[20]} | {below[392]} |")
    says(7, f"| cars looked at for that | {looked[1]} | {looked[20]} | {looked[392]:,} |", f"The first {below[1]} cars")
    for m, line in zip(after, output("after_updates = {m").splitlines()):
        assert line == f"{m} first below 150 after {below[m]} updates; in the end {after[m][600]:.1f}"
    assert abs(after[20] - after[392]).max() < 8 and after[1].max() < 460


def test_each_size_has_its_own_eta():
    table = {(eta, m): by_epoch(m, eta)[-10:].mean() for eta in (0.01, 0.1, 1.0) for m in (1, 20, 392)}
    best = {m: min((0.01, 0.1, 1.0), key=lambda eta: table[eta, m]) for m in (1, 20, 392)}
    assert best == {1: 0.01, 20: 0.1, 392: 1.0}
    for eta in (0.01, 0.1, 1.0):
        entries = [f"**{table[eta, m]:.1f}**" if best[m] == eta else f"{table[eta, m]:.1f}" for m in (1, 20, 392)]
        says(7, f"| {eta:g} | {' | '.join(entries)} |")


def test_the_literal_sum():
    for m, line in zip((4, 20, 98, 392), output('print(m, "mean"').splitlines()):
        ends = []
        for mean in (True, False):
            *_, last = descent(m, mean=mean)
            ends.append(loss(last))
        assert line == f"{m} mean {ends[0]:.1f} sum {ends[1]:.1f}"
    losses, W = [], START
    for _ in range(4):
        losses.append(loss(W))
        W = moved(W, -0.1 * each_gradient(W, X, y).sum(axis=0))
    assert abs(outputs(W, X)[2]).max() < 1e-9 and outputs(W, X)[1].max() < 1e-9
    assert abs(each_gradient(W, X, y).sum(axis=0)).max() < 1e-9
    says(7, f"throws the loss from {losses[0]:.1f} to {losses[1]:.1f}")
    assert (y**2).sum() == pytest.approx(392) and losses[2:] == pytest.approx([392, 392])


def test_the_sum_is_the_mean_with_a_larger_eta():
    """Where all batches are full; the short one parts them."""
    for m, eta, same in ((28, 0.005, True), (49, 0.002, True), (20, 0.005, False)):
        by_sum, by_mean = (list(descent(m, e, 1, mean=mean))[-1] for e, mean in ((eta, False), (eta * m, True)))
        assert bool(max(abs(a - b).max() for a, b in zip(by_sum, by_mean)) < 1e-12) is same
    assert 392 == 14 * 28 == 8 * 49
    says(7, "the mean with $28\\cdot0.005=0.14$", "$12\\cdot0.005=0.06$ times the mean gradient")
    assert output("with_sums = updates").splitlines() == ["batch 19 with 20 cars: True", "batch 20 with 12 cars: False"]


def test_without_a_hidden_layer():
    w, epoch = np.zeros(4), 0
    for _ in range(300):
        before = ((y - X @ w) ** 2).sum()
        w = w + 0.1 * 2 * X.T @ (y - X @ w) / n
    assert output("flat = MLP").splitlines()[0] == f"mean: {before:.2f}"
    w = np.zeros(4)
    with np.errstate(over="ignore", invalid="ignore"):
        while np.isfinite(((y - X @ w) ** 2).sum()):
            epoch += 1
            w = w + 0.1 * 2 * X.T @ (y - X @ w)
    assert f"at epoch {epoch + 1}, batch 1 (eta=0.1)" in output("flat = MLP")


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


def test_exercises_in_code():
    rng = np.random.default_rng(20)
    means = np.array([G[rng.permutation(n)[:20]].mean(axis=0) for _ in range(1000)])
    uphill = int((means @ g < 0).sum())
    says(7, f"(means @ g < 0).sum()) # {uphill}", f"{uphill} of 1000, in place of about {round(1000 * 165 / 392, -1):.0f}")
    pieces = [backprop(net, X[rows], y[rows], penalty=l2(0.1)) for rows in batches(392, 100)]
    whole = backprop(net, X, y, penalty=l2(0.1))
    extra = sum(p.W[2] for p in pieces) - whole.W[2]
    assert len(pieces) == 4 and extra == pytest.approx(3 * 0.2 * net.W[2], rel=1e-9)
    ten = by_epoch(20, epochs=300)[-10:].mean()
    says(7, f"/ 10, 1)) # {ten:.1f}", f"come down to {ten:.1f}", f"with the {by_epoch(1)[-10:].mean():.1f} of single cars")


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
    assert isinstance(names["flat"], MLP)
