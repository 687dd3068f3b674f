"""The pages "Where to go next" and "Notation translator": their code is run, their numbers are computed by other means."""

import contextlib
import io
import re
from functools import lru_cache

import numpy as np
import pytest
from numerals import figures, holds
from support import ROOT

import mlp
from mlp import MLP, Gradients, backprop, data, numerical_gradients, sigmoid, step, tanh

NEXT, TRANSLATOR = "where-to-go-next", "notation-translator"
LISTING = re.compile(r"```python\n(.*?)```(?:\n\n```text\n(.*?)```)?", re.S)

net, x, y = data.running_example()
cars = data.auto_mpg()
EXACT = backprop(net, [x], [y])
yhat = mlp.forward(net, [x]).yhat[0, 0]


@lru_cache
def source(page):
    return (ROOT / "book" / f"{page}.md").read_text(encoding="utf-8")


def listings(page):
    """(code, the output that stands below it or "") for each listing."""
    return [(code, shown or "") for code, shown in LISTING.findall(source(page))]


def needs_torch(code):
    return "import torch" in code


def execute(code, names):
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "listing", "exec"), names)
    return printed.getvalue()


@lru_cache
def run(page):
    """The names a page's listings leave behind, and what each printed; the PyTorch listing is left out."""
    names = {}
    return names, [(execute(code, names), shown) for code, shown in listings(page) if not needs_torch(code)]


@pytest.mark.parametrize("page", [NEXT, TRANSLATOR])
def test_every_number(page):
    holds(f"book/{page}.md", globals())


@pytest.mark.parametrize("page", [NEXT, TRANSLATOR])
def test_listings_print_what_stands_below_them(page):
    results = run(page)[1]
    assert len(results) >= 6
    for printed, shown in results:
        assert printed == shown


@pytest.mark.parametrize("page", [NEXT, TRANSLATOR])
def test_listings_are_short(page):
    """A listing fits a screen; a chapter's cells are shorter, but here each is a whole program."""
    for code, _ in listings(page):
        assert len(code.strip().splitlines()) <= 16 and max(map(len, code.splitlines())) <= 78


# Many runs at once, for the averages in the tables: an implementation of its own, with a leading axis for the runs ----


def fit_many(nets, parts, *, f, df, etas, method, epochs, batch_size, seeds, lam=0.0):
    """Trains run r on parts[r] from nets[r] with etas[r], shuffled by seeds[r]; returns the weights, (runs, n_in, n_out) each."""
    X = np.stack([part.Xs for part in parts])
    t = np.stack([part.ys for part in parts])[..., None]
    W = [np.stack([net.W[k] for net in nets]) for k in nets[0].layers]
    eta = np.reshape(etas, (-1, 1, 1))
    rngs = [np.random.default_rng(seed) for seed in seeds]
    m, s = [np.zeros_like(w) for w in W], [np.zeros_like(w) for w in W]
    runs, n, count = np.arange(len(parts))[:, None], X.shape[1], 0
    for _ in range(epochs):
        order = np.stack([rng.permutation(n) for rng in rngs])
        for start in range(0, n, batch_size):
            rows, count = order[:, start : start + batch_size], count + 1
            O = [X[runs, rows]]
            for k, w in enumerate(W):
                z = O[-1] @ w
                O.append(f(z) if k < len(W) - 1 else z)
            d = 2 * (O[-1] - t[runs, rows]) / rows.shape[1]
            slopes = []
            for k in reversed(range(len(W))):
                slopes.insert(0, O[k].swapaxes(1, 2) @ d + 2 * lam * W[k])
                d = (d @ W[k].swapaxes(1, 2)) * df(O[k]) if k else None
            for k, g in enumerate(slopes):
                if method == "plain":
                    move = g
                elif method == "momentum":
                    move = m[k] = 0.9 * m[k] + g
                else:
                    m[k], s[k] = 0.9 * m[k] + 0.1 * g, 0.999 * s[k] + 0.001 * g**2
                    move = (m[k] / (1 - 0.9**count)) / (np.sqrt(s[k] / (1 - 0.999**count)) + 1e-8)
                W[k] = W[k] - eta * move
    return W


def outputs(W, parts, f):
    """The standardised predictions of every run, (runs, points)."""
    O = np.stack([part.Xs for part in parts])
    for k, w in enumerate(W):
        O = f(O @ w) if k < len(W) - 1 else O @ w
    return O[..., 0]


def off_by(predicted, parts):
    """The root of the mean squared error of each run in miles per gallon, averaged over the runs."""
    return np.mean([np.sqrt(np.mean((part.to_mpg(p) - part.y) ** 2)) for p, part in zip(predicted, parts, strict=True)])


def logistic(z):
    return 1 / (1 + np.exp(-z))


SIGMOID = dict(f=logistic, df=lambda o: o * (1 - o))
TANH = dict(f=np.tanh, df=lambda o: 1 - o**2)


@lru_cache
def splits(share):
    return tuple(zip(*(cars.split(np.random.default_rng(seed), held_out=share) for seed in range(10)), strict=True))


@lru_cache
def fit_ten(method, eta, epochs, orders=0):
    """(mean training loss, held-out error in miles per gallon) over the ten splits, whose cars are shuffled by seeds from `orders` on."""
    train, rest = splits(0.2)
    W = fit_many([net] * 10, train, etas=[eta] * 10, method=method, epochs=epochs, batch_size=20, seeds=range(orders, orders + 10), **SIGMOID)
    losses = np.mean((outputs(W, train, logistic) - np.stack([part.ys for part in train])) ** 2)
    return losses, off_by(outputs(W, rest, logistic), rest)


# Momentum and Adam ---------------------------------------------------------------------------------------------------


def test_momentum_without_memory_is_plain_gradient_descent():
    names = run(NEXT)[0]
    how = dict(eta=0.05, epochs=2, batch_size=20)
    ours = names["momentum"](net, cars.Xs, cars.ys, beta=0.0, rng=np.random.default_rng(3), **how)
    expected = mlp.train(net, cars.Xs, cars.ys, rng=np.random.default_rng(3), **how).net
    for k in net.layers:
        np.testing.assert_allclose(ours.W[k], expected.W[k], rtol=1e-12)


def test_the_velocity_of_a_steady_slope():
    v, seen = 0.0, []
    for _ in range(200):
        v = 0.9 * v + 1
        seen.append(v)
    assert [round(v, 2) for v in seen[:3]] == [1, 1.9, 2.71] and v == pytest.approx(10)
    v = 0.0
    for update in range(200):
        v = 0.9 * v + (-1) ** update
    assert abs(v) < 1  # a zigzag stays small


@pytest.mark.parametrize("method", ["momentum", "adam"])
def test_the_page_and_the_test_train_alike(method):
    """Two implementations, one arithmetic: so the tables below speak about the page's functions."""
    part = cars.split(np.random.default_rng(4))[0]
    more = {"beta": 0.9} if method == "momentum" else {}
    ours = run(NEXT)[0][method](net, part.Xs, part.ys, eta=0.03, epochs=3, batch_size=20, rng=np.random.default_rng(5), **more)
    W = fit_many([net], [part], etas=[0.03], method=method, epochs=3, batch_size=20, seeds=[5], **SIGMOID)
    for k in net.layers:
        np.testing.assert_allclose(ours.W[k], W[k - 1][0], rtol=1e-9)


def test_the_first_update_of_adam_is_eta_for_every_weight():
    first = run(NEXT)[0]["first"]
    for k in net.layers:
        np.testing.assert_allclose(first.W[k] - net.W[k], -0.01 * np.sign(EXACT.W[k]), rtol=1e-5)


ETAS = (0.01, 0.03, 0.1, 0.3)


def best(method):
    """The held-out error with its best learning rate in the table."""
    return fit_ten(method, min(ETAS, key=lambda eta: fit_ten(method, eta, 20)[0]), 20)[1]


@lru_cache
def regression():
    """The held-out error of linear regression."""
    train, rest = splits(0.2)
    predicted = []
    for part, other in zip(train, rest, strict=True):
        c = np.linalg.lstsq(np.c_[np.ones(len(part.ys)), part.Xs], part.ys, rcond=None)[0]
        predicted.append(np.c_[np.ones(len(other.ys)), other.Xs] @ c)
    return off_by(predicted, rest)


@lru_cache
def other_orders():
    """How far an entry for a large η changes at most, with seven times ten other orders."""
    return max(abs(fit_ten(method, eta, 20, orders)[0] - fit_ten(method, eta, 20)[0]) for method in ("momentum", "adam") for eta in ETAS[2:] for orders in range(10, 80, 10))


# Classification ------------------------------------------------------------------------------------------------------


def test_half_of_the_cars_are_thrifty():
    assert np.sum(cars.y > 22.75) == 196 == len(cars.y) / 2 and not np.any(cars.y == 22.75)
    assert cars.y[0] == 18


def test_the_cross_entropy():
    names = run(NEXT)[0]
    loss, classifier = names["cross_entropy"], names["classifier"]
    rng = np.random.default_rng(1)
    targets, O = rng.integers(0, 2, (6, 1)).astype(float), rng.uniform(0.05, 0.95, (6, 1))
    nudged = (loss(targets[:1], O[:1] + 1e-6) - loss(targets[:1], O[:1] - 1e-6)) / 2e-6
    assert loss.d(targets[:1], O[:1])[0, 0] == pytest.approx(nudged, rel=1e-7)
    np.testing.assert_allclose(loss.d(targets, O) * O * (1 - O), O - targets, rtol=1e-12)  # what is left after cancelling
    for target in (0.0, 1.0):
        exact, nudged = (way(classifier, [x], [target], loss=loss) for way in (backprop, numerical_gradients))
        for k in net.layers:
            np.testing.assert_allclose(exact.W[k], nudged.W[k], atol=1e-9)
            # the paths are those of the regression; only dL/dZ31 is another
            O31 = mlp.forward(classifier, [x]).yhat[0, 0]
            Z31 = mlp.forward(net, [x]).yhat[0, 0]
            np.testing.assert_allclose(exact.W[k], EXACT.W[k] * (O31 - target) / (2 * (Z31 - y)), rtol=1e-12)


@figures
def classified():
    """Trained once more, with dL/dZ31 = O31 - y written out."""
    train, rest = cars.split(np.random.default_rng(7))
    W, t = [np.array(net.W[k]) for k in net.layers], (train.y > 22.75)[:, None].astype(float)
    rng = np.random.default_rng(7)
    for _ in range(100):
        order = rng.permutation(len(t))
        for start in range(0, len(t), 20):
            rows = order[start : start + 20]
            O = [train.Xs[rows]]
            for w in W:
                O.append(logistic(O[-1] @ w))
            d = (O[3] - t[rows]) / len(rows)
            slopes = []
            for k in (2, 1, 0):
                slopes.insert(0, O[k].T @ d)
                d = (d @ W[k].T) * O[k] * (1 - O[k])
            W = [w - 0.3 * g for w, g in zip(W, slopes, strict=True)]
    O = rest.Xs
    for w in W:
        O = logistic(O @ w)
    right = np.sum((O[:, 0] > 0.5) == (rest.y > 22.75))
    return locals()


p = np.exp([2, 1, 0]) / np.exp([2, 1, 0]).sum()


def test_softmax():
    loss = run(NEXT)[0]["softmax_loss"]
    assert loss([[1, 0, 0]], [[2, 1, 0]]) == pytest.approx(-np.log(p[0]))
    np.testing.assert_allclose(loss.d([[1, 0, 0]], [[2, 1, 0]]), [p - [1, 0, 0]], rtol=1e-12)
    three = MLP.init((4, 3, 3), rng=np.random.default_rng(2))
    targets = np.eye(3)[[0, 2, 1, 1]]
    exact, nudged = (way(three, cars.Xs[:4], targets, loss=loss) for way in (backprop, numerical_gradients))
    for k in three.layers:
        np.testing.assert_allclose(exact.W[k], nudged.W[k], atol=1e-8)


# PyTorch -------------------------------------------------------------------------------------------------------------


def test_the_pytorch_listing_has_ten_lines():
    (code,) = (code for code, _ in listings(NEXT) if needs_torch(code))
    assert len(code.strip().splitlines()) == 10


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="PyTorch is not installed; the book does not need it, only one listing shows it")


def test_the_pytorch_listing(torch):
    ((code, shown),) = ((code, shown) for code, shown in listings(NEXT) if needs_torch(code))
    names = dict(run(NEXT)[0])
    assert execute(code, names) == shown == "[True, True, True]\n"
    expected = step(net, EXACT, 0.1)
    for k in net.layers:
        np.testing.assert_allclose(names["W"][k].detach().numpy(), expected.W[k], rtol=1e-12)
        np.testing.assert_allclose(names["W"][k].grad.numpy(), EXACT.W[k], rtol=1e-12)


@pytest.mark.parametrize("method", ["momentum", "adam"])
def test_momentum_and_adam_are_those_of_pytorch(torch, method):
    W = {k: torch.tensor(net.W[k], requires_grad=True) for k in net.layers}
    makers = {"momentum": (torch.optim.SGD, {"momentum": 0.9}), "adam": (torch.optim.Adam, {})}
    maker, more = makers[method]
    optimizer = maker(W.values(), lr=0.03, **more)
    for rows in mlp.batches(len(cars.ys), 20, np.random.default_rng(6)):
        optimizer.zero_grad()
        O = torch.tensor(cars.Xs[rows])
        for k in (1, 2):
            O = torch.sigmoid(O @ W[k])
        ((torch.tensor(cars.ys[rows])[:, None] - O @ W[3]) ** 2).mean().backward()
        optimizer.step()
    more = {"beta": 0.9} if method == "momentum" else {}
    ours = run(NEXT)[0][method](net, cars.Xs, cars.ys, eta=0.03, epochs=1, batch_size=20, rng=np.random.default_rng(6), **more)
    for k in net.layers:
        np.testing.assert_allclose(W[k].detach().numpy(), ours.W[k], rtol=1e-9)


def test_what_is_said_about_pytorch(torch):
    assert torch.get_default_dtype() == torch.float32 and torch.tensor(x).dtype == torch.float64
    assert torch.nn.Linear(4, 3).weight.shape == (3, 4)
    w = torch.tensor(1.0, requires_grad=True)
    for _ in range(2):
        (3 * w).backward()
    assert w.grad == 6  # added, not replaced


# Deeper networks, regularisation -------------------------------------------------------------------------------------


def test_the_slope_of_a_sigmoid_is_at_most_a_quarter():
    z = np.linspace(-9, 9, 2001)
    assert sigmoid.d(z).max() == sigmoid.d(0.0) == 0.25 and tanh.d(0.0) == 1


@lru_cache
def vanishing():
    """How many times smaller: the end of the sigmoid's row once more, with a backward pass written out."""
    ratios = []
    for seed in range(20):
        deep = MLP.init((4, *[10] * 10, 1), rng=np.random.default_rng(seed))
        O = [cars.Xs]
        for k in deep.layers:
            O.append(logistic(O[-1] @ deep.W[k]) if k < 11 else O[-1] @ deep.W[k])
        d = 2 * (O[11] - cars.ys[:, None])
        sizes = {}
        for k in range(11, 0, -1):
            sizes[k] = np.sqrt(np.mean((O[k - 1].T @ d) ** 2))
            d = (d @ deep.W[k].T) * O[k - 1] * (1 - O[k - 1])
        ratios.append(sizes[1] / sizes[10])
    return 1 / np.median(ratios)


def test_vanishing():
    assert f" {1 / vanishing():.1g}\n" in source(NEXT)


@figures
def regularized():
    """The errors on the training cars and on the others, {(epochs, lam): [two means over ten splits]}; and those of the first split."""
    train, rest = splits(0.9)
    assert {len(part.y) for part in train} == {39} and {len(part.y) for part in rest} == {353}
    nets = [MLP.init((4, 30, 1), rng=np.random.default_rng(seed), activation=tanh) for seed in range(10)]
    assert sum(nets[0].W[k].size for k in nets[0].layers) == 150
    errors, first = {}, {}
    for epochs, lam in ((500, 0.0), (50, 0.0), (500, 0.03)):
        W = fit_many(nets, train, etas=[0.05] * 10, method="plain", epochs=epochs, batch_size=13, seeds=range(10), lam=lam, **TANH)
        predicted = [outputs(W, parts, np.tanh) for parts in (train, rest)]
        errors[epochs, lam] = [off_by(yhat, parts) for yhat, parts in zip(predicted, (train, rest))]
        first[epochs, lam] = [off_by(yhat[:1], parts[:1]) for yhat, parts in zip(predicted, (train, rest))]
        if epochs == 500:  # the listing trains the split with seed 0
            name = "damped" if lam else "free"
            for k in (1, 2):
                np.testing.assert_allclose(run(NEXT)[0][name].W[k], W[k - 1][0], rtol=1e-7, atol=1e-9)
    return locals()


def test_the_table_of_regularizers():
    long, *others = regularized.errors.values()
    assert all(long[0] < known and long[1] > other for known, other in others)


# The notation translator: every formula gives the number it says, for all twelve weights of the first layer -----------


def state(until):
    """The names after the listing that contains `until`: later listings use the same letters for other things."""
    names = {}
    for code, _ in listings(TRANSLATOR):
        execute(code, names)
        if until in code:
            return names
    raise AssertionError(f"no listing contains {until}")


def test_this_book():
    """The two formulas of the backward pass, and the shapes in the table."""
    Z, O = mlp.forward(net, cars.Xs)
    grad, dZ = backprop(net, cars.Xs, cars.ys), {3: 2 * (O[3] - cars.ys[:, None])}
    for k in (2, 1):
        dZ[k] = (dZ[k + 1] @ net.W[k + 1].T) * net.f[k].d(Z[k])
    for k in net.layers:
        assert dZ[k].shape == Z[k].shape == (392, net.sizes[k]) and net.W[k].shape == (net.sizes[k - 1], net.sizes[k])
        np.testing.assert_allclose(O[k - 1].T @ dZ[k], grad.W[k], rtol=1e-9)


def test_d2l_rows():
    names, O = state("H[2] @ W[3]"), mlp.forward(net, [x]).O
    assert names["W"][2][3 - 1, 1 - 1] == net.w(2, 3, 1)  # [W2]_31
    for ours, theirs in ((O[1], names["H"][1]), (O[2], names["H"][2]), (O[3], names["O"])):
        np.testing.assert_allclose(theirs, ours, rtol=1e-12)


def test_d2l_columns():
    names, (Z, O) = state("dW1"), mlp.forward(net, [x])
    assert names["W"][2][1 - 1, 3 - 1] == net.w(2, 3, 1)  # [W2]_13
    for k in (1, 2):
        np.testing.assert_allclose(names["z"][k], Z[k][0], rtol=1e-12)
        np.testing.assert_allclose(names["h"][k], O[k][0], rtol=1e-12)
    np.testing.assert_allclose(2 * names["dW1"].T, EXACT.W[1], rtol=1e-12)


def test_nielsen():
    names, (Z, O) = state("delta"), mlp.forward(net, [x])
    a, z, w, delta = (names[name] for name in ("a", "z", "w", "delta"))
    assert set(a) == {1, 2, 3, 4} and set(w) == {2, 3, 4}
    assert w[3][1 - 1, 3 - 1] == net.w(2, 3, 1) and w[3][2 - 1, 1 - 1] == net.w(2, 1, 2) == -0.4
    for k in net.layers:
        np.testing.assert_allclose(z[k + 1], Z[k][0], rtol=1e-12)
        np.testing.assert_allclose(a[k + 1], O[k][0], rtol=1e-12)
        for i in range(1, net.sizes[k - 1] + 1):
            for j in range(1, net.sizes[k] + 1):
                assert w[k + 1][j - 1, i - 1] == net.w(k, i, j)
                bp4 = a[k][i - 1] * delta[k + 1][j - 1]  # dC/dw^l_ji = a^{l-1}_i delta^l_j with l = k + 1
                assert 2 * bp4 == pytest.approx(EXACT.W[k][i - 1, j - 1], rel=1e-12)
    printed = names["paths"].round(5)
    assert printed.sum().round(5) != names["paths"].sum().round(5)
    both = a[1][0] * sigmoid.d(z[2][0]) * (w[3][0, 0] * delta[3][0] + w[3][1, 0] * delta[3][1])
    assert 2 * both == pytest.approx(EXACT.W[1][0, 0], rel=1e-12)


def test_prince():
    names, (Z, O) = state("Omega"), mlp.forward(net, [x])
    Omega, f, h, df = (names[name] for name in ("Omega", "f", "h", "df"))
    assert Omega[1][1 - 1, 3 - 1] == net.w(2, 3, 1) and set(Omega) == {0, 1, 2}
    for k in net.layers:
        assert Omega[k - 1].shape == (net.sizes[k], net.sizes[k - 1])
        np.testing.assert_allclose(f[k - 1], Z[k][0], rtol=1e-12)
        np.testing.assert_allclose(np.outer(df[k - 1], h[k - 1]).T, EXACT.W[k], rtol=1e-12)
    for k in (1, 2):
        np.testing.assert_allclose(h[k], O[k][0], rtol=1e-12)
    np.testing.assert_allclose(f[2], O[3][0], rtol=1e-12)
    z = np.array([-2.0, -0.5, 0.5, 2.0])
    assert mlp.relu.d(z).tolist() == (z > 0).astype(float).tolist()  # the sign I[z > 0] of that chapter


def test_three_blue_one_brown():
    names, (Z, O) = state("dC_da"), mlp.forward(net, [x])
    w, a, z, dC_da = (names[name] for name in ("w", "a", "z", "dC_da"))
    assert w[2][0, 2] == net.w(2, 3, 1)
    slope = {1: sigmoid.d(z[1]), 2: sigmoid.d(z[2]), 3: np.ones(1)}
    for L in (2, 1):  # the lesson's sum over j, for a layer further back each time
        dC_da[L] = [sum(w[L + 1][j, k] * slope[L + 1][j] * dC_da[L + 1][j] for j in range(net.sizes[L + 1])) for k in range(net.sizes[L])]
    for L in (1, 2, 3):
        np.testing.assert_allclose(z[L], Z[L][0], rtol=1e-12)
        np.testing.assert_allclose(a[L], O[L][0], rtol=1e-12)
        for j in range(net.sizes[L]):
            for k in range(net.sizes[L - 1]):
                assert a[L - 1][k] * slope[L][j] * dC_da[L][j] == pytest.approx(EXACT.W[L][k, j], rel=1e-12)


def test_one_point_does_not_show_a_mean():
    """The derivative by the sum over n points, and by their mean: the same for n = 1, and not for n = 2."""
    for n in (1, 2):
        each = [backprop(net, [cars.Xs[i]], [cars.ys[i]]).W[1][0, 0] for i in range(n)]
        whole = backprop(net, cars.Xs[:n], cars.ys[:n]).W[1][0, 0]
        assert whole == pytest.approx(sum(each)) and (n == 1) == (whole == pytest.approx(np.mean(each)))


def test_twice_the_learning_rate_undoes_the_half():
    half = Gradients({k: EXACT.W[k] / 2 for k in net.layers}, EXACT.b)
    for k in net.layers:
        np.testing.assert_allclose(step(net, half, 0.2).W[k], step(net, EXACT, 0.1).W[k], rtol=1e-14)


@pytest.mark.parametrize("page", [NEXT, TRANSLATOR])
def test_links_within_the_repository(page):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", source(page)):
        assert (ROOT / "book" / target).exists(), target
