"""Chapter 2: what computes its numbers (numbers.txt), its predictions and its exercises, by other means."""

from math import log, sqrt

import numpy as np
import pytest
from chapters import results, run
from numerals import figures, holds

from mlp import MLP, data, forward, l1, l2, numerical_gradients, train

cars = data.auto_mpg()
X, Y = cars.Xs.tolist(), cars.ys.tolist()
heavy = [row[2] for row in X]
n = len(Y)
net, x, y = data.running_example()
yhat = forward(net, cars.Xs).yhat[:, 0].tolist()
# The whole one-weight problem in three means: of x^2 and y^2, which are 1, and of xy.
r = sum(a * b for a, b in zip(heavy, Y)) / n
rho = sum(row[0] * row[2] for row in X) / n
r1 = sum(row[0] * b for row, b in zip(X, Y)) / n


def signed(value, digits=4):
    return f"{value:.{digits}f}".replace("-", "−")


def mean_loss(w):
    """L/n of yhat = wx, straight from the definition."""
    return sum((b - w * a) ** 2 for a, b in zip(heavy, Y)) / n


def descend(eta, steps, w=0.5, slope=lambda w: 2 * (w - r)):
    """Gradient descent in plain floats: the weights after 1, 2 ... steps."""
    ws = []
    for _ in range(steps):
        w -= eta * slope(w)
        ws.append(w)
    return ws


def sign(w):
    return int(w > 0) - int(w < 0)


def best(lam, kind, columns=(0, 1, 2, 3)):
    """The minimum of the mean loss of a weighted sum plus a penalty: by a formula (L2), or one coordinate after the other (L1)."""
    A = cars.Xs[:, columns]
    C, c = A.T @ A / n, A.T @ cars.ys / n
    if kind == "l2":
        return np.linalg.solve(C + lam * np.eye(len(c)), c)
    w = np.zeros(len(c))
    for _ in range(3000):
        for j in range(len(c)):
            rest = c[j] - C[j] @ w + C[j, j] * w[j]
            w[j] = sign(rest) * max(abs(rest) - lam / 2, 0.0) / C[j, j]
    return w


def height(a, b):
    """L/n with the inputs displacement and heaviness."""
    return sum((target - a * row[0] - b * row[2]) ** 2 for row, target in zip(X, Y)) / n


def typical(side):
    """The root of the mean squared change of the predictions where both weights grow by 0.1, or one grows and the other shrinks."""
    return 0.1 * sqrt(sum((row[0] + side * row[2]) ** 2 for row in X) / n)


def stopped(eta):
    """The first step shorter than the tolerance, and where it ends."""
    ws = [0.5, *descend(eta, 5000)]
    return next((t, ws[t]) for t in range(1, 5001) if abs(ws[t] - ws[t - 1]) < 1e-4)


L = sum((a - b) ** 2 for a, b in zip(Y, yhat))
pair_minimum = [(r1 - rho * r) / (1 - rho**2), (r - rho * r1) / (1 - rho**2)]
none, shared = best(0.0, "l2"), best(0.3, "l2")
alike = [sum(row[i] * row[2] for row in X) / n for i in (0, 1)]


def test_every_number():
    holds("chapters/02-loss-and-regularizers.ipynb", globals())


def test_predictions():
    answers = [spec["answer"] for spec in run(2)[1]]
    residual = y - yhat[0]
    first_slope = 2 * (0.5 * x[2] - y) * x[2]
    expected = [residual**2, "Bob's", n, first_slope, 0.5 - 0.1 * 2 * (0.5 - r), 0.5, 0.1 * (x[0] - x[2]), 0.5 * (0.8 + 0.6), r / 1.5, 0.01]
    assert answers == [pytest.approx(a, abs=1e-4) if not isinstance(a, str) else a for a in expected]


def test_residuals_and_loss():
    for i in (0, 30, 100, 300):
        row = [signed(v) for v in (Y[i], yhat[i], Y[i] - yhat[i], (Y[i] - yhat[i]) ** 2)]
        assert [cars.names[i], *row] in results(2, "residual[i] ** 2")
    assert max(yhat[i] for i in (0, 30, 100, 300)) - min(yhat[i] for i in (0, 30, 100, 300)) < 0.03  # "nearly the same"
    assert abs(sum(Y)) < 1e-9 and sum(b * b for b in Y) == pytest.approx(392)
    assert L > n
    assert 2.5e6 < 1e20 / 1e6 / (365.25 * 24 * 3600) < 3.5e6  # "about three million years"


def test_one_weight():
    assert sum(a * a for a in heavy) == pytest.approx(n)
    e = 1e-5
    for w in (0.5, 0.0, -0.5, -1.0, -2.0):
        assert run(2)[0]["L"](w) == pytest.approx(n * mean_loss(w)) == pytest.approx(n * (1 - 2 * r * w + w * w))
        by_nudging = n * (mean_loss(w + e) - mean_loss(w - e)) / (2 * e)
        assert run(2)[0]["slope"](w) == pytest.approx(by_nudging, abs=1e-4) == pytest.approx(2 * n * (w - r), abs=1e-4)


def test_learning_rates():
    after = run(2)[0]["after"]
    for eta in (0.02, 0.1, 0.3, 0.5, 0.9, 1.0, 1.05, 1.5):
        for steps in (1, 2, 3, 10):
            w = descend(eta, steps)[-1]
            assert after(eta, steps) == pytest.approx(w, abs=1e-4) == pytest.approx(r + (1 - 2 * eta) ** steps * (0.5 - r), abs=1e-4)
    m, c = 5 / 2, 8 / 2  # the two points of exercise 2: an input that is not standardised
    for eta in (0.1, 0.35, 0.41):
        by_factor = c / m + (1 - 2 * eta * m) ** 7 * (0.5 - c / m)
        assert descend(eta, 7, slope=lambda w: (10 * w - 16) / 2)[-1] == pytest.approx(by_factor)
    for eta, arrives in ((0.999, True), (1.001, False)):  # the limits, for the mean and for the sum
        assert (abs(descend(eta, 9000)[-1] - r) < 1e-6) == arrives
        literal = train(MLP(W={1: [[0.5]]}), [[a] for a in heavy], Y, eta=eta / n, epochs=9000, batch_size=n, average=False)
        assert (abs(literal.net.w(1, 1, 1) - r) < 1e-6) == arrives


def test_convergence():
    assert stopped(1e-5)[0] == 1 and 0 < abs(stopped(0.3)[1] - r) < 1e-4


def test_two_weights():
    names = run(2)[0]
    assert n * mean_loss(r) == pytest.approx(120.49, abs=0.005)
    assert sum((row[0] + row[2]) ** 2 / 2 for row in X) / n == pytest.approx(1 + rho)
    assert sum((row[0] - row[2]) ** 2 / 2 for row in X) / n == pytest.approx(1 - rho)
    assert sum((row[0] + row[2]) * (row[0] - row[2]) for row in X) / n == pytest.approx(0, abs=1e-12)
    for side, m in ((1, 1 + rho), (-1, 1 - rho)):  # along each diagonal the distance from the minimum has its own factor
        far_0, far_5 = ((p - pair_minimum) @ [1, side] for p in names["walk"](0.3, 5)[[0, 5]])
        assert far_5 == pytest.approx((1 - 2 * 0.3 * m) ** 5 * far_0)
        at, t, h = np.array([0.0, 1.0]), 0.7, 1e-3  # and m stands in front of t^2
        up, mid, down = (height(*(at + (t + d) * np.array([1, side]) / sqrt(2))) for d in (h, 0, -h))
        assert (up - 2 * mid + down) / h**2 / 2 == pytest.approx(m, abs=1e-6)
    walk = names["walk"]
    by_hand = np.array([0.0, 1.0])
    for _ in range(20):
        by_hand = by_hand - 0.3 * 2 * (np.array([[1, rho], [rho, 1]]) @ by_hand - [r1, r])
    assert walk(0.3, 20)[-1] == pytest.approx(by_hand)
    far = {eta: np.abs(walk(eta, 200)[-1] - pair_minimum).max() for eta in (0.1, 0.3, 0.5, 0.515, 0.52, 0.53)}
    assert max(far[0.3], far[0.5]) < 0.001 < 0.03 < far[0.1] < 0.1 and far[0.515] < 1 < far[0.52] and far[0.53] > 1000


def test_penalties():
    weights = [w for k in net.layers for w in net.W[k].ravel().tolist()]
    for lam in (0.5, 1.0):
        assert sum(l1(lam)(net.W[k]) for k in net.layers) == pytest.approx(lam * sum(abs(w) for w in weights))
        assert sum(l2(lam)(net.W[k]) for k in net.layers) == pytest.approx(lam * sum(w * w for w in weights))
    e = 1e-6
    for w in (-2.0, -0.3, 0.0, 0.01, 1.5):  # the table of slopes, and the corner: nudged both ways its slope is 0
        assert l2(0.5).d([[w]])[0, 0] == pytest.approx(2 * 0.5 * w) == pytest.approx(0.5 * ((w + e) ** 2 - (w - e) ** 2) / (2 * e), abs=1e-6)
        assert l1(0.5).d([[w]])[0, 0] == 0.5 * sign(w) == pytest.approx(0.5 * (abs(w + e) - abs(w - e)) / (2 * e))
    for lam in (-2 * r, 2.0):  # in the corner from there on: the slope is negative left of 0 and positive right of it
        assert all(2 * (w - r) - lam < -2 * r - lam + 1e-12 <= 1e-9 for w in (-1.0, -0.1, -0.001))
        assert all(2 * (w - r) + lam > 0 for w in (0.001, 0.1, 1.0))
    grid = np.linspace(-1, 0.5, 150001)
    for lam in (0.5, 1.0, 2.0):  # both formulas against a search
        loss = 1 - 2 * r * grid + grid**2
        assert grid[np.argmin(loss + lam * grid**2)] == pytest.approx(r / (1 + lam), abs=2e-5)
        assert grid[np.argmin(loss + lam * abs(grid))] == pytest.approx(min(r + lam / 2, 0), abs=2e-5)
        assert best(lam, "l1", [2]) == pytest.approx([min(r + lam / 2, 0)])


def test_four_weights():
    names = run(2)[0]
    for lam in (0.0, 0.1, 0.3, 1.0, 3.0):
        assert names["fitted"](l2(lam)) == pytest.approx(best(lam, "l2"), abs=1e-6)
    assert best(0.215, "l2")[3] < 0 < best(0.225, "l2")[3]  # L2 lets it pass 0, and switches nothing off
    assert none[3] < 0 < shared[3] and np.ptp(best(3.0, "l2")[:3]) < 0.025
    assert min(best(lam, "l2")[0] for lam in np.geomspace(0.01, 10, 50)) < -0.23
    for lam in (0.0, 0.1, 0.3, 1.0):
        exact = best(lam, "l1")
        assert names["fitted_soft"](lam) == pytest.approx(exact, abs=1e-5)
        assert (names["fitted_soft"](lam) == 0).tolist() == (exact == 0).tolist()
        assert not np.any(names["fitted"](l1(lam)) == 0)
    assert np.abs(names["fitted"](l1(1.0)))[[0, 1, 3]].max() < 0.1
    hovering = names["mean_loss"](names["fitted"](l1(0.3)))
    assert hovering == pytest.approx(np.mean((cars.ys - cars.Xs @ names["fitted"](l1(0.3))) ** 2))
    assert all(best(lam, "l1")[3] == 0 for lam in (0.1, 0.3, 1.0))
    assert (best(1.0, "l1") != 0).tolist() == [False, False, True, False]


def test_hovering():
    """A plain loop stays between -eta (lambda + g) and eta (lambda - g), nearly fills it, and is never 0."""
    g, lam = -2 * r, 2.0
    for eta in (0.1, 0.05, 0.01):
        ws = descend(eta, 3000, slope=lambda w: 2 * (w - r) + lam * sign(w))
        last = ws[500:]
        low, high = -eta * (lam + g), eta * (lam - g)
        assert low < min(last) < 0.97 * low and 0.97 * high < max(last) < high and 0 not in ws
        assert run(2)[0]["hover"](eta)[:50] == pytest.approx(ws[:50])
    assert high - low == pytest.approx(2 * eta * lam)
    zero = train(MLP(W={1: [[0.0]]}), [[a] for a in heavy], Y, eta=0.1, epochs=1, batch_size=n, penalty=l1(lam))
    assert zero.net.w(1, 1, 1) == pytest.approx(-0.1 * g)
    near = descend(0.1, 200, w=0.01, slope=lambda w: 0.5 * sign(w))  # no slope of the loss: eta lambda to each side
    assert max(map(abs, near)) <= 0.1 * 0.5


def test_soft_thresholding():
    soft = run(2)[0]["soft"]
    assert soft(np.array([0.3, -0.2, 0.04]), 0.05) == pytest.approx([0.25, -0.15, 0])
    for w in (-0.3, -0.05, 0.0, 0.04, 0.2):
        expected = 0.0 if abs(w) <= 0.05 else w - 0.05 * sign(w)
        assert float(soft(np.array(w), 0.05)) == pytest.approx(expected)


def test_biases():
    raw = MLP(W={1: np.zeros((4, 1))}, b={1: [0.0]})
    fitted = train(raw, X, cars.y, eta=0.005, epochs=3000, batch_size=n, penalty=l2(100.0)).net
    assert fitted.b[1][0] == pytest.approx(sum(cars.y) / n) and np.abs(fitted.W[1]).max() < 0.1
    with_bias = MLP(W={1: [[0.5]]}, b={1: [2.0]})
    for penalty in (l1(3.0), l2(3.0)):
        plain, penalised = (numerical_gradients(with_bias, [[1.0]], [0.0], penalty=p) for p in (None, penalty))
        assert penalised.b[1] == pytest.approx(plain.b[1]) and penalised.W[1] != pytest.approx(plain.W[1])


@figures
def cut():
    """The dip and the hump of w^2_32 that the last figure shows."""

    def loss(w):
        W = {k: np.array(net.W[k]) for k in net.layers}
        W[2][2, 1] = w
        return float(np.sum((cars.ys - forward(MLP(W=W), cars.Xs).yhat[:, 0]) ** 2))

    ws = np.arange(0.3 - 20, 20.31, 0.1)
    losses = np.array([loss(w) for w in ws])
    inner = losses[1:-1]
    dips, humps = (ws[1:-1][(s * inner < s * losses[:-2]) & (s * inner < s * losses[2:])] for s in (1, -1))
    assert len(dips) == len(humps) == 1 and 0.3 < dips[0] < 1.2
    return locals()


def test_exercises():
    residuals = [1 - 0.5, -1 + 1, 0 - 0.5]
    assert residuals == [0.5, 0, -0.5] and sum(residuals) == 0

    def two_points(w):
        return (2 - w) ** 2 + (3 - 2 * w) ** 2

    for w in (0.0, 1.0, 1.6, 2.5):
        assert two_points(w) == pytest.approx(13 - 16 * w + 5 * w * w)
    assert (two_points(1.001) - two_points(0.999)) / 0.002 == pytest.approx(-6) and two_points(1.6) == pytest.approx(0.2)
    for eta, arrives in ((0.199, True), (0.201, False)):
        assert (abs(descend(eta, 3000, w=1.0, slope=lambda w: 10 * w - 16)[-1] - 1.6) < 1e-6) == arrives

    ws = descend(0.25, 20)
    assert next(t for t, w in enumerate(ws, 1) if abs(w - r) < 0.001) == 11 == int(log((0.5 - r) / 0.001, 2)) + 1

    W = [[2.0, -1.0], [0.0, 0.5]]
    flat = [w for row in W for w in row]
    assert [0.2 * w for w in flat] == pytest.approx([0.4, -0.2, 0, 0.1]) and [0.1 * sign(w) for w in flat] == [0.1, -0.1, 0, 0.1]

    ra = sum(row[3] * b for row, b in zip(X, Y)) / n
    assert best(0.5, "l2", [3]) == pytest.approx([ra / 1.5]) and best(0.5, "l1", [3]) == pytest.approx([ra - 0.25])
    assert best(0.84, "l1", [3])[0] > 0 == best(0.85, "l1", [3])[0]

    four = MLP(W={1: np.zeros((4, 1))})
    losses = {eta: train(four, X, Y, eta=eta, epochs=5000, batch_size=n).losses[-1] for eta in (0.30, 0.31, 0.32)}
    least = float(np.sum((cars.ys - cars.Xs @ best(0.0, "l2")) ** 2))
    assert losses[0.30] == pytest.approx(least) == pytest.approx(losses[0.31]) and losses[0.32] > 1e200
    with pytest.raises(FloatingPointError):
        train(four, X, Y, eta=0.33, epochs=5000, batch_size=n)
    steepest = np.linalg.eigvalsh(cars.Xs.T @ cars.Xs / n).max()
    assert 0.31 < 1 / steepest < 0.32

    for lam in (0.5, 196.0):
        summed = train(MLP(W={1: [[0.5]]}), [[a] for a in heavy], Y, eta=0.001, epochs=300, batch_size=n, penalty=l2(lam), average=False)
        assert summed.net.w(1, 1, 1) == pytest.approx(r / (1 + lam / n), abs=1e-9)
