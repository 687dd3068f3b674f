"""Chapter 5: what computes its numbers (numbers.txt), its predictions and its exercises, by other means."""

from functools import lru_cache
from math import sqrt

import numpy as np
import pytest
from chapters import cells, results, run
from numerals import figures, holds
from scalar import gradient, layers, running, sigma, sweep

from mlp import MLP, backprop, data, forward, he, numerical_gradients, relu, small_normal, squared_loss, tanh, train, uniform, xavier, zeros

net, x, y = data.running_example()
cars = data.auto_mpg()
X, Y, n = cars.Xs, cars.ys, len(cars.ys)
PATIENT = 150  # epochs
wide, sixes = (4, 100, 100, 1), (4, *[10] * 6, 1)
step_like, ramp = (lambda z: (z > 0) * 1.0), (lambda z: np.maximum(z, 0))
# The running example once more, by complex steps through the scalar twin.
W = {k: net.W[k].tolist() for k in (1, 2, 3)}
twin = running(net, x, y)
O, Z, S, dO, dZ = (layers(twin, letter) for letter in ("O", "Z", "f'", "dO", "dZ"))
dW, L, Z11 = gradient(twin), twin["L"], Z[1][0]


def loss(W, X=X, y=Y):
    """The sum of squares, in three products of numpy."""
    return float(((y - (sigma(sigma(X @ W[1]) @ W[2]) @ W[3])[:, 0]) ** 2).sum())


def update(W, eta):
    return {k: np.array(W[k]) - eta * np.array(dW[k]) for k in W}


def after(updates, eta=0.1):
    """The weights after so many updates with the one car."""
    V = {k: np.array(W[k]) for k in W}
    for _ in range(updates):
        slopes = sweep(V, x, y)[1]
        V = {k: V[k] - eta * slopes[k] for k in V}
    return V


def updates_until(least):
    return next(n for n in range(100) if loss(after(n), x[None], y) < least)


def edges(sizes):
    """[(k, i, j)], counted one by one."""
    return [(k, i, j) for k in range(1, len(sizes)) for i in range(sizes[k - 1]) for j in range(sizes[k])]


def way_back(sizes):
    """Its multiplications over the edges: one for the weight's derivative and, behind layer 1, one to hand the derivative back."""
    return sum(1 if k == 1 else 2 for k, _, _ in edges(sizes))


def test_every_number():
    holds("chapters/05-backpropagation.ipynb", globals())


def test_predictions():
    answers = [spec["answer"] for spec in run(5)[1]]
    new, new_2 = 0.1 - 0.1 * dW[1][3][0], -0.6 - 0.1 * dW[3][1][0]
    exact = [dW[2][2][1], dO[1][1], dZ[1][1], new, updates_until(0.01), "(3, 2)", way_back(wide), 100 * (new_2 / -0.6 - 1), "only W³", 6,
             0.4 - Z11 / x[0], 1 - 0.6**2, "a little lower"]  # fmt: skip
    assert answers == [value if isinstance(value, str) else pytest.approx(value) for value in exact]
    for spec in run(5)[1]:
        assert not spec["why"].count("-")  # real minus signs
    assert loss({1: np.zeros((4, 3)), 2: np.zeros((3, 2)), 3: np.zeros((2, 1))}, x[None], y) == pytest.approx(y * y)


def test_eight_lines_of_code():
    """What the goals promise: the cell after 2d, from the forward pass to the new weights, and it does what it says."""
    (cell,) = ["".join(c["source"]) for c in cells(5) if "# 2d: new weights" in "".join(c["source"])]
    whole, check = cell.split("\n\n")
    assert len(whole.splitlines()) == 8 and len(check.splitlines()) == 2
    names = {"net": net, "x": x, "y": y, "eta": 0.1, "forward": forward, "squared_loss": squared_loss}
    exec(whole, names)
    assert names["L"] == pytest.approx(L)
    for k in (1, 2, 3):
        np.testing.assert_allclose(names["W"][k], update(W, 0.1)[k])


def test_all_roads_agree():
    names = run(5)[0]
    for road in (names["by_loops"], names["by_paths"], names["grad"].W, names["right"]):
        for k in (1, 2, 3):
            np.testing.assert_allclose(road[k], dW[k], atol=1e-14)
    for k in (1, 2, 3):
        np.testing.assert_allclose(names["dW"][k], dW[k], atol=1e-14)
        np.testing.assert_allclose(names["dZ"][k][0], dZ[k])
        np.testing.assert_allclose(names["dO"][k][0], dO[k])
        np.testing.assert_allclose(names["new"].W[k], update(W, 0.1)[k])
        np.testing.assert_allclose(numerical_gradients(net, [x], [y]).W[k], dW[k], atol=1e-9)


def test_cost():
    for sizes, ahead, back in [(net.sizes, 20, 28), (sixes, 550, 1060), (wide, 10500, 20600)]:
        assert (len(edges(sizes)), way_back(sizes)) == (ahead, back)


@lru_cache
def after_five(eta, late, seed, epochs=5, only_last=False):
    """The loss of the cars after five epochs of updates made with `sweep`."""
    W, rng = {k: np.array(net.W[k]) for k in net.layers}, np.random.default_rng(seed)
    for _ in range(epochs):
        for i in rng.permutation(392):
            slopes = sweep(W, X[i], Y[i], late, only_last)[1]
            for k in W:
                W[k] -= eta * slopes[k]
    return loss(W)


def test_old_and_new_weights():
    names = run(5)[0]
    for eta, old, new in zip(names["rates"], names["old_way"], names["new_way"]):
        assert (old, new) == (pytest.approx(after_five(eta, 0, 1), rel=1e-6), pytest.approx(after_five(eta, eta, 1), rel=1e-6))
        assert [str(eta), f"{old:.1f}", f"{new:.1f}"] in results(5, "zip(rates, old_way, new_way)")
    assert max(after_five(0.4, 0, seed) for seed in (1, 2, 3, 4)) < 125  # badly: with that one order only
    for seed in (2, 3, 4, 5):
        for eta in (0.01, 0.03):
            assert abs(after_five(eta, eta, seed) - after_five(eta, 0, seed)) < 1
        for eta in (0.1, 0.2, 0.4):
            assert after_five(eta, eta, seed) > 1.03 * after_five(eta, 0, seed)


off = {late: {k: 100 * (v / np.array(dW[k]) - 1) for k, v in sweep(net.W, x, y, late)[1].items()} for late in (0.01, 0.1, 1.0)}
worst = {k: abs(v - dW[k]).max() for k, v in sweep(net.W, x, y, 0.1)[1].items()}


def test_how_far_the_wrong_derivatives_are_off():
    for late in off:
        for k in (1, 2, 3):
            np.testing.assert_allclose(off[late][k] - off[late][k][0], 0, atol=1e-8)  # every row the same
    assert 0.8 - dW[3][0][0] < 0
    assert worst[3] < 1e-12


lost = sweep(net.W, x, y, 0, only_last=True)[1]  # program B


def ahead_with_a_lost_path(eta):
    """With how many of the seeds 1 to 9 program B ends lower."""
    return sum(after_five(eta, 0, seed, only_last=True) < after_five(eta, 0, seed) for seed in range(1, 10))


def test_a_lost_path():
    """Program B: what it loses, and where it ends."""
    assert np.allclose(lost[3], dW[3]) and np.allclose(lost[2], dW[2]) and not np.isclose(lost[1], dW[1]).any()
    assert (np.sign(lost[1]) != np.sign(dW[1])).sum(axis=0).tolist() == [0, 0, 4]
    rates = (0.01, 0.03, 0.1, 0.2, 0.4)
    for eta in rates:
        ends = [after_five(eta, 0, 1), after_five(eta, 0, 1, only_last=True)]
        assert [str(eta), *(f"{end:.1f}" for end in ends)] in results(5, '"program B"')
    assert [ahead_with_a_lost_path(eta) for eta in rates] == [0, 9, 9, 9, 7]


def test_zeros():
    """Updates by hand from all zeros: which layers have a derivative at all."""
    V = {k: np.zeros(net.W[k].shape) for k in net.layers}
    for moving in ([3], [2, 3], [1, 2, 3], [1, 2, 3]):
        slopes = sweep(V, x, y)[1]
        assert [k for k in V if (slopes[k] != 0).any()] == moving
        V = {k: V[k] - 0.1 * slopes[k] for k in V}
    for f in (tanh, relu):
        asleep = MLP(W={k: np.zeros(net.W[k].shape) for k in net.layers}, f={1: f, 2: f})
        assert all((v == 0).all() for v in backprop(asleep, [x], [y]).W.values())
        assert f(0.0) == 0


@lru_cache
def equal_ends():
    """The losses where the weights begin at 0 and at 0.5, as the chapter's own."""
    names = run(5)[0]
    ends = []
    for start in (0.0, 0.5):
        V, rng = {k: np.full(net.W[k].shape, start) for k in net.layers}, np.random.default_rng(1)
        for _ in range(5):
            for i in rng.permutation(392):
                slopes = sweep(V, X[i], Y[i])[1]
                V = {k: V[k] - 0.1 * slopes[k] for k in V}
        assert len(np.unique(np.concatenate([v.ravel() for v in V.values()]).round(9))) == 6
        ends.append(loss(V))
        for k in V:
            np.testing.assert_allclose(V[k], names["from_halves" if start else "from_zeros"].net.W[k], atol=1e-9)
    return ends


def test_equal_weights():
    assert f"{equal_ends()[0]:.1f}" == f"{equal_ends()[1]:.1f}"
    assert (Y < 0).sum() == 206


@figures
def initialised():
    """The four ways, drawn here by their formulas: the losses after five epochs, {init: [seed 1, seed 2, ...]}."""
    draws = {
        zeros: lambda rng, m, n: np.zeros((m, n)),
        small_normal: lambda rng, m, n: 0.01 * rng.standard_normal((m, n)),
        uniform: lambda rng, m, n: 2 * rng.random((m, n)) - 1,
        xavier: lambda rng, m, n: sqrt(6 / (m + n)) * (2 * rng.random((m, n)) - 1),
        he: lambda rng, m, n: sqrt(2 / m) * rng.standard_normal((m, n)),
    }
    ends = {}
    for init, draw in draws.items():
        for seed in range(1, 6):
            rng = np.random.default_rng(seed)
            V = {k: draw(rng, m, n) for k, (m, n) in enumerate([(4, 3), (3, 2), (2, 1)], start=1)}
            for _ in range(5):
                for i in rng.permutation(392):
                    slopes = sweep(V, X[i], Y[i])[1]
                    V = {k: V[k] - 0.1 * slopes[k] for k in V}
            ends.setdefault(init, []).append(loss(V))  # after training, as everywhere in the chapter
    rng = np.random.default_rng(1)
    first = MLP.init((4, 3, 2, 1), rng=rng, init=small_normal)
    patient = squared_loss(Y, forward(train(first, X, Y, eta=0.1, epochs=PATIENT, rng=rng).net, X).yhat)
    return locals()


def test_initialisations():
    draws, ends = initialised.draws, initialised.ends
    for init in draws:
        np.testing.assert_allclose(ends[init], run(5)[0]["ends"][init.name], rtol=1e-6)
        assert [init.name, *(f"{end:.1f}" for end in ends[init])] in results(5, "ends.setdefault")
    assert "run.losses" not in " ".join("".join(c["source"]) for c in cells(5))
    # No better than zeros; the other three are all far below.
    assert min(ends[small_normal] + ends[zeros]) > 249 and max(ends[uniform] + ends[xavier] + ends[he]) < 165
    assert abs(np.mean(ends[small_normal]) - np.mean(ends[zeros])) < 1
    # As good as the same, seed by seed; r stretches the very same draws.
    assert max(abs(np.array(ends[uniform]) - ends[xavier])) < 6
    assert (np.array(ends[he]) < ends[uniform]).sum() == 3
    means = [np.mean(ends[init]) for init in (uniform, xavier, he)]
    assert min(np.ptp(ends[init]) for init in (uniform, xavier, he)) > 10 * (max(means) - min(means))  # the seed matters more
    default = MLP.init((4, 3, 2, 1), rng=np.random.default_rng(1)).W[1]
    np.testing.assert_allclose(default, draws[xavier](np.random.default_rng(1), 4, 3))
    assert abs(run(5)[0]["nearly_equal"] - run(5)[0]["nearly_equal"][:, :1]).max() < 0.02  # the columns are still alike


@lru_cache
def average_slope(init, width):
    """The average slope of layer 2, for all cars, in a 4-width-width-1 network."""
    drawn = MLP.init((4, width, width, 1), rng=np.random.default_rng(1), init=init)
    O2 = sigma(sigma(X @ drawn.W[1]) @ drawn.W[2])
    return (O2 * (1 - O2)).mean()


def test_width_and_saturation():
    for init in (xavier, he):
        assert average_slope(init, 1000) > 0.2


def at(w, f, rows=1):
    """The loss of the first cars as a function of w¹₁₁, with f in the hidden layers."""
    V = np.array(net.W[1])
    V[0, 0] = w
    return ((Y[:rows] - (f(f(X[:rows] @ V) @ net.W[2]) @ net.W[3])[:, 0]) ** 2).sum()


@figures
def kinks():
    """Where ReLU's loss bends as w¹₁₁ goes from -1 to 1.8, to two decimals."""
    grid = np.linspace(-1, 1.8, 28001)
    bends = abs(np.diff(np.diff([at(w, ramp) for w in grid]) / 0.0001)) > 0.05
    places = [round(w, 2) for w, here, before in zip(grid[1:], bends, [False, *bends]) if here and not before]
    return locals()


relu_slope = (at(0.4 + 1e-6, ramp) - at(0.4 - 1e-6, ramp)) / 2e-6


def test_activations():
    h = 1e-7
    for f, z in ((tanh, 0.3), (sigma, 0.3)):
        o = f(z)
        assert (f(z + h) - f(z - h)) / (2 * h) == pytest.approx(1 - o * o if f is tanh else o * (1 - o), abs=1e-7)
    assert tanh(0.7) == pytest.approx(2 * sigma(1.4) - 1)

    slopes = [(at(0.4 + 1e-6, f, 1) - at(0.4 - 1e-6, f, 1)) / 2e-6 for f in (step_like, ramp, sigma)]
    assert results(5, "in kinds.items():\n    slope") == [[name, f"{slope:.4f}"] for name, slope in zip(("step", "relu", "sigmoid"), slopes)]
    assert slopes[2] == pytest.approx(dW[1][0][0], abs=1e-6)
    assert f"{slopes[1]:.4f}" == f"{dW[3][0][0]:.4f}" and abs(slopes[1] - dW[3][0][0]) > 1e-5
    assert len(kinks.places) == 3
    assert at(-1, ramp, 1) == at(kinks.places[0] - 0.01, ramp, 1)  # flat to the left of the first
    assert at(0.2, step_like, 1) < 0.05 < 0.7 < at(0.3, step_like, 1)  # the jump in between
    for rows in (1, 392):  # flat for all the cars, too
        assert at(0.4 + 1e-6, step_like, rows) == at(0.4 - 1e-6, step_like, rows)


Z1 = X @ net.W[1]
silent = (Z1 <= 0).all(axis=1)
Z2 = np.maximum(Z1, 0) @ net.W[2]


def test_sums_that_are_zero():
    assert ((Z1 == 0).sum(), (Z2 == 0).sum(), silent.sum()) == (0, 80, 40)
    assert (Z2[silent] == 0).all()


def test_the_kink():
    def at(w):
        return (1 - max(w, 0)) ** 2

    h = 1e-6
    assert (at(h) - at(0)) / h == pytest.approx(-2, abs=1e-5)
    assert at(-h) == at(0)
    assert (at(h) - at(-h)) / (2 * h) == pytest.approx(-1, abs=1e-5)
    assert backprop(run(5)[0]["kink"], [[1.0]], [1.0]).W[1] == 0


@figures
def deep():
    """The average sizes of the derivatives, layer by layer, with seed 1, and how far the ends differ, {name: [seed 1, ...]}."""
    activations = {
        "sigmoid": (sigma, lambda o: o * (1 - o)),
        "tanh": (np.tanh, lambda o: 1 - o * o),
        "relu": (lambda z: np.maximum(z, 0), lambda o: o > 0),
    }
    ratio, sizes = {name: [] for name in activations}, {}
    for name, (f, d) in activations.items():
        for seed in range(1, 7):
            one, P = MLP.init((4, 10, 10, 10, 10, 1), rng=np.random.default_rng(seed), init=xavier), {0: X}
            for k in one.layers:
                P[k] = P[k - 1] @ one.W[k] if k == 5 else f(P[k - 1] @ one.W[k])
            D, size = 2 * (P[5] - Y[:, None]), {}
            for k in (5, 4, 3, 2, 1):
                size[k] = abs(P[k - 1].T @ D).mean()
                D = D @ one.W[k].T * d(P[k - 1])
            ratio[name].append(size[5] / size[1])
            sizes.setdefault(name, size)
    return locals()


def test_deep_networks():
    for name, size in deep.sizes.items():
        assert [name, *(f"{size[k]:.2f}" for k in range(1, 6))] in results(5, "dW_deep")
    assert deep.ratio["relu"][0] < 2


@figures
def checked():
    second = MLP.init((4, 5, 5, 1), rng=np.random.default_rng(3), activation=tanh, bias=True)
    nudged = numerical_gradients(second, X, Y)
    largest = max(abs(v).max() for v in nudged.W.values())
    return locals()


def test_the_checked_derivatives():
    # A bias's derivative is dZ itself, summed over the cars: in the last neuron, the identity, dZ is 2 (yhat - y).
    np.testing.assert_allclose(checked.nudged.b[3], 2 * (forward(checked.second, X).yhat[:, 0] - Y).sum(), rtol=1e-7)


@figures
def by_product():
    """Exercises 1 and 2: the product network ŷ = w1 w2 x at x = 2, y = 1, differentiated whole; and the program with the new w2."""
    w1, w2 = 0.5, 3.0
    r = 2 * (w1 * w2 * 2 - 1)
    d1, d2 = r * w2 * 2, r * w1 * 2
    n1, n2 = w1 - 0.01 * d1, w2 - 0.01 * d2
    late = n2 * r * 2
    return locals()


def test_exercises_on_paper():
    one = by_product
    assert (one.r, one.d1, one.d2) == (4, 24, 4) and (one.w2 - one.d2) * one.r == -4
    # 3: the shapes.
    four = MLP.init((5, 4, 3, 2), rng=np.random.default_rng(0))
    Z, P = forward(four, np.ones((10, 5)))
    assert (Z[2].shape, four.W[2].shape, P[1].T.shape, (P[3] @ four.W[3].T).shape) == ((10, 3), (4, 3), (4, 10), (10, 3))
    # 4: from the rounded numbers the same comes out.
    given = 0.6 * 0.3263 - 0.3 * 0.2558
    assert given == pytest.approx(0.6 * dZ[2][0] + 0.3 * dZ[2][1], abs=5e-5) and f"{-1.2853 * given * 0.2282:.4f}" == f"{dW[1][3][2]:.4f}"
    # 5: five layers of weights, five updates.
    deep = MLP(W={k: np.zeros((m, n)) for k, (m, n) in enumerate([(4, 3), (3, 3), (3, 3), (3, 2), (2, 1)], start=1)})
    for count in range(1, 6):
        slopes = backprop(deep, [x], [y]).W
        assert [k for k in deep.layers if (slopes[k] != 0).any()] == list(range(6 - count, 6))
        deep = MLP(W={k: deep.W[k] - 0.1 * slopes[k] for k in deep.layers})


@figures
def with_relu():
    """Exercise 6: the losses, the last weights and the shares of silent neurons, [seed 1, ...]; and what leads to the first neuron of layer 2."""
    losses, last, shares, into_first = [], [], [], None
    for seed in range(1, 6):
        rng = np.random.default_rng(seed)
        start = MLP.init((4, 3, 2, 1), rng=rng, activation=relu)
        V = {k: np.array(start.W[k]) for k in start.layers}
        for _ in range(5):
            for i in rng.permutation(392):
                O1 = np.maximum(X[i] @ V[1], 0)
                O2 = np.maximum(O1 @ V[2], 0)
                residual = O2 @ V[3] - Y[i]
                d2 = V[3] @ (2 * residual) * (O2 > 0)
                d1 = V[2] @ d2 * (O1 > 0)
                V[3] -= 0.01 * np.outer(O2, 2 * residual)
                V[2] -= 0.01 * np.outer(O1, d2)
                V[1] -= 0.01 * np.outer(X[i], d1)
        O2 = np.maximum(np.maximum(X @ V[1], 0) @ V[2], 0)
        after = ((Y - (O2 @ V[3])[:, 0]) ** 2).sum()
        fresh = train(start, X, Y, eta=0.01, epochs=5, rng=np.random.default_rng(seed)).net
        assert abs(squared_loss(Y, forward(fresh, X).O[3]) - after) > 0.01  # a fresh generator: other numbers
        losses.append(after)
        last.append(V[3].ravel())
        shares.append((O2 == 0).mean(axis=0))
        if seed <= 2:
            assert (V[3] < 0).all() and after > 250
        else:
            assert after < 120
        if seed == 1:
            assert (O2[:, 0] == 0).all() and V[3][0, 0] == start.W[3][0, 0]
            assert (V[2][:, 0] < 0).all() and (V[2][:, 0] == start.W[2][:, 0]).all()
            into_first = V[2][:, 0]
    return locals()


def test_networks_with_relu():
    assert max(with_relu.losses[2:]) < 120


def change(moved, watched, late, h=1e-5):
    """Exercise 7: how fast the number for a weight changes as another grows."""
    ends = []
    for sign in (1, -1):
        V = {k: np.array(net.W[k]) for k in net.layers}
        V[moved][0, 0] += sign * h
        ends.append(sweep(V, x, y, late)[1][watched][0, 0])
    return (ends[0] - ends[1]) / (2 * h)


def test_no_function_has_the_wrong_numbers():
    assert change(3, 2, 0) == pytest.approx(change(2, 3, 0), abs=1e-8)
    assert abs(change(3, 2, 0.1) - change(2, 3, 0.1)) > 0.03
