"""The live network of the views, `engine.js` and `rng.js`, against `mlp` and NumPy: hypothesis makes the inputs, Python the answers.

`tools/mutate.py` alters the engine's signs, indices and operators in turn and looks whether a test here turns red.
"""

import itertools

import numpy as np
import pytest
from chapters import cells
from hypothesis import assume, given
from hypothesis import strategies as st
from node import JS, Node
from strategies import ACTIVATIONS, PENALTIES, Problem

import mlp
from mlp import MLP, backprop, data, numerical_gradients, squared_loss

RUNNING, X1, Y1 = data.running_example()
CARS = data.auto_mpg()


@pytest.fixture(scope="module")
def js():
    engine = Node(JS / "engine.js", JS / "rng.js")
    yield lambda body, **given: engine(body, **{name: plain(value) for name, value in given.items()})
    engine.close()


def plain(value):
    return value.ravel().tolist() if isinstance(value, np.ndarray) else value


def flat(W, b, net):
    """Weights, then the biases that learn: the order of everything here."""
    return np.concatenate([np.ravel(W[k]) for k in net.layers] + [np.ravel(b[k]) for k in net.biased])


def parameters(net):
    return flat(net.W, net.b, net)


def derivatives(grad, net):
    return flat(grad.W, grad.b, net)


def spec(net):
    """A network as the arguments of JavaScript's `network`."""
    return [list(net.sizes), parameters(net).tolist(), {"activations": [net.f[k].name for k in net.layers], "biases": list(net.biased)}]


def spoken(penalty):
    return {} if penalty is None else {"penalty": penalty.name, "lam": penalty.lam}


def close(came, expected, tol=1e-12, floor=0.0):
    """Each number, relative to itself; below `floor` relative to that."""
    np.testing.assert_allclose(np.ravel(came).astype(float), np.ravel(expected), rtol=tol, atol=tol * floor)


@st.composite
def moments(draw, most_points=5, widest=8, most_layers=5, activations=ACTIVATIONS):
    """A network and points of a size at which no slope is nothing but rounding: f' = 1 - f^2 of a tanh near 1 is."""
    sizes = draw(st.lists(st.integers(1, widest), min_size=2, max_size=most_layers + 1))
    layers = range(1, len(sizes))
    f = {k: draw(st.sampled_from(activations)) for k in layers}
    biased = [k for k in layers if draw(st.booleans())]
    n = draw(st.integers(1, most_points))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    net = MLP(W={k: rng.uniform(-1.5, 1.5, (sizes[k - 1], sizes[k])) / np.sqrt(sizes[k - 1]) for k in layers},
              b={k: rng.uniform(-0.5, 0.5, sizes[k]) for k in biased}, f=f)
    return Problem(net, rng.uniform(-1.5, 1.5, (n, sizes[0])), rng.normal(size=(n, sizes[-1])), rng)


def every_weight(net):
    return [(k, i, j) for k in net.layers for i in range(1, net.sizes[k - 1] + 1) for j in range(1, net.sizes[k] + 1)]


# ---------------------------------------------------------------------------------------------- one moment

MOMENT = "return record(network(...net), X, y, how)"


def mlps_moment(net, X, y, penalty=None, average=False):
    """What `record` should hold, by `mlp` alone."""
    Z, O = mlp.forward(net, X)
    y, share = np.reshape(y, O[len(net.layers)].shape), len(X) if average else 1
    dO, dZ, slope = {len(net.layers): squared_loss.d(y, O[len(net.layers)]) / share}, {}, {}
    for k in reversed(net.layers):
        slope[k] = net.f[k].d(Z[k])
        dZ[k] = dO[k] * slope[k]
        dO[k - 1] = dZ[k] @ net.W[k].T
    grad = derivatives(backprop(net, X, y), net) / share
    weights = sum(net.W[k].size for k in net.layers)
    if penalty is not None:
        grad[:weights] += np.concatenate([penalty.d(net.W[k]).ravel() for k in net.layers])
    R = 0 if penalty is None else sum(penalty(net.W[k]) for k in net.layers)
    return {"W": parameters(net), "L": squared_loss(y, O[len(net.layers)]) / share + R, "dw": grad, "Z": Z, "O": O, "slope": slope, "dO": dO, "dZ": dZ}


def same_moment(came, expected, net, tol=1e-12):
    for name in ("W", "L", "dw"):
        close(came[name], expected[name], tol, floor=0.1)
    for name in ("Z", "O", "slope", "dO", "dZ"):
        for k in net.layers:
            close(came[name][k], expected[name][k], tol, floor=0.1)


def test_the_running_example(js):
    came = js(MOMENT, net=spec(RUNNING), X=X1, y=[Y1], how={})
    same_moment(came, mlps_moment(RUNNING, [X1], [Y1]), RUNNING, 1e-14)
    assert round(came["L"], 4) == 0.7412 and round(came["dw"][0], 5) == 0.08853
    assert came["n"] == 1 and came["O"][0] == X1.tolist() and came["y"] == [Y1]
    close(came["fd"], came["dw"], 3e-9)


@pytest.mark.parametrize("how", [{"penalty": "l1"}, {"penalty": "l2"}, {"fault": "C"}])
def test_what_is_not_said_is_zero(js, how):
    plain, came = (js(MOMENT, net=spec(RUNNING), X=X1, y=[Y1], how=one) for one in ({}, how))
    assert came == plain


@given(moments(), st.sampled_from(PENALTIES), st.booleans())
def test_a_record_is_mlps(js, problem, penalty, average):
    net, X, y, _ = problem.net, problem.X, problem.y, problem.rng
    came = js(MOMENT, net=spec(net), X=X, y=y, how={"average": average, **spoken(penalty)})
    same_moment(came, mlps_moment(net, X, y, penalty, average), net)
    close(came["O"][0], X)


@given(moments(), st.sampled_from(PENALTIES), st.booleans())
def test_central_differences_are_the_derivatives(js, problem, penalty, average):
    """At random weights, and again after random turns."""
    net, X, y, rng = problem.net, problem.X, problem.y, problem.rng
    turns = [[int(rng.integers(parameters(net).size)), float(rng.uniform(-0.5, 0.5))] for _ in range(5)]
    turned = parameters(net)
    for q, by in turns:
        turned[q] += by
    sides, at = {"W": {}, "b": {}}, 0
    for side, layers, old in (("W", net.layers, net.W), ("b", net.biased, net.b)):
        for k in layers:
            sides[side][k] = turned[at : at + old[k].size].reshape(old[k].shape)
            at += old[k].size
    later = MLP(W=sides["W"], b=sides["b"], f=dict(net.f))
    assume(not any(Problem(at, X, y, rng).near_a_kink() for at in (net, later)))
    before, after = js("""
        const own = network(...net), before = record(own, X, y, how);
        for (const [q, by] of turns) own.W[q] += by;
        return [before, record(own, X, y, how)]""", net=spec(net), X=X, y=y, how={"average": average, **spoken(penalty)}, turns=turns)
    for moment, at in ((before, net), (after, later)):
        close(moment["W"], parameters(at))
        close(moment["fd"], moment["dw"], 1e-7, floor=0.01 * (1 + moment["L"]))
        if not average:
            close(moment["fd"], derivatives(numerical_gradients(at, X, y, penalty=penalty), at), 1e-7, floor=0.01 * (1 + moment["L"]))


@given(moments(most_points=1, widest=4))
def test_every_path_and_factor(js, problem):
    """The paths are mlp's, in its order; their sum is backprop, for every weight and bias; the factors are mlp's, for up to 60 paths."""
    net, x, y, rng = problem.net, problem.X[0], problem.y[0], problem.rng
    came = js("""
        const own = network(...net), at = record(own, x, y);
        return weights.map(([k, i, j]) => [index(own, k, i, j), paths(own, k, i, j).map((path) => [path, factors(own, at, k, i, j, path)])])
    """, net=spec(net), x=x, y=y, weights=(where := every_weight(net) + [(k, 0, j) for k in net.biased for j in range(1, net.sizes[k] + 1)]))
    places, sums = zip(*((q, sum(np.prod([factor["value"] for factor in parts]) for _, parts in ways)) for q, ways in came), strict=True)
    assert list(places) == list(range(parameters(net).size))
    close(sums, derivatives(backprop(net, [x], [y]), net), floor=0.1)
    found = []
    for (k, i, j), (_, ways) in zip(where, came, strict=True):
        if i > 0:
            assert [path for path, _ in ways] == [list(path) for path in mlp.paths(net, k, i, j)]
            found += [((k, i, j), path, parts) for path, parts in ways]
    for n in rng.permutation(len(found))[:60]:
        weight, path, parts = found[n]
        expected = mlp.factors(net, x, y, *weight, path)
        close([part["value"] for part in parts], [factor.value for factor in expected], floor=1e-6)
        assert [len(part["inside"]) for part in parts] == [len(factor.inside) for factor in expected]
        for part, factor in zip(parts, expected, strict=True):
            close(part["inside"], [number for _, number in factor.inside], floor=1e-6)


def test_what_is_around_a_moment(js):
    """Errors, each point's own derivatives and their means, a slice through the loss, and the cars standardised."""
    net, K = RUNNING, 3
    errors, each, mean, off, slice_, still = js("""
        const own = network(...net), each = slopesOfEach(own, X, y), mean = meanOfRows(each, 20, rows);
        const slice = [-1, 0, 2.5].map((value) => lossWith(own, X, y, index(own, 2, 3, 1), value));
        return [errorsOf(own, X, y), each, mean, offBy(mean, g), slice, own.W]""",
        net=spec(net), X=CARS.Xs, y=CARS.ys, rows=list(range(120, 140)), g=(g := derivatives(backprop(net, CARS.Xs, CARS.ys), net) / 392))
    close(errors, mlp.forward(net, CARS.Xs).O[K][:, 0] - CARS.ys, floor=0.1)
    G = np.array([derivatives(backprop(net, CARS.Xs[p : p + 1], CARS.ys[p : p + 1]), net) for p in range(392)])
    close(each, G, floor=0.1)
    close(mean, G[120:140].mean(axis=0), floor=0.1)
    close(off, np.linalg.norm(G[120:140].mean(axis=0) - g) / np.linalg.norm(g))
    at = [MLP(W={**net.W, 2: net.W[2] + (value - 0.6) * np.eye(3, 2, -2)}) for value in (-1, 0, 2.5)]
    close(slice_, [squared_loss(CARS.ys, mlp.forward(turned, CARS.Xs).yhat) for turned in at])
    assert still == parameters(net).tolist()
    xs, ys = js("return [standardised(X, 4), standardised(y, 1)]", X=CARS.X, y=CARS.y)
    for came, values, mean, deviation in ((xs, CARS.Xs, CARS.x_mean, CARS.x_dev), (ys, CARS.ys, CARS.y_mean, CARS.y_dev)):
        close(came["values"], values, 1e-13, floor=1)
        close(came["mean"], mean, 1e-14)
        close(came["deviation"], deviation, 1e-14)


@pytest.mark.parametrize("k, i, j", [(0, 1, 1), (4, 1, 1), (1, 5, 1), (1, 1, 4), (1, 1, 0), (1, -1, 1), (1, 0, 1)])
def test_a_weight_that_is_not_there(js, k, i, j):
    for wanted in ("index", "paths"):
        with pytest.raises(RuntimeError, match=f"no weight {k}, {i}, {j} in a 4-3-2-1 network"):
            js(f"return {wanted}(network(...net), k, i, j)", net=spec(RUNNING), k=k, i=i, j=j)


def test_a_network_counts_its_numbers(js):
    with pytest.raises(RuntimeError, match="a 2-1 network has 3 parameters, but 2 came"):
        js("return network([2, 1], [0.5, 1], {biases: [1]})")
    assert js("const {f, biasAt} = network([2, 2, 1], Array(8).fill(0), {biases: [1]}); return [f, biasAt]") == [
        ["sigmoid", "sigmoid", "identity"], [-1, 6, -1]]


# ---------------------------------------------------------------------------------------------- updates

RUN = """
const run = training(network(...net), X, y, {...how, order: seed === null ? null : shuffles(X.length / net[0][0], defaultRng(seed))});
for (let e = 1; e <= epochs; e++) epoch(run, e);
return {...run, W: run.net.W}"""


def trained(net, X, y, *, epochs, seed=None, **how):
    """(each epoch's sum along the way, L after it, largest change in it; the weights at the end), by mlp.train epoch for epoch."""
    rng = None if seed is None else np.random.default_rng(seed)
    along, after, moved = [], [], []
    for _ in range(epochs):
        run = mlp.train(net, X, y, epochs=1, rng=rng, **how)
        along.append(run.losses[0])
        after.append(squared_loss(np.reshape(y, (len(X), -1)), mlp.forward(run.net, X).yhat))
        moved.append(np.abs(parameters(run.net) - parameters(net)).max())
        net = run.net
    return along, after, moved, parameters(net)


def same_run(came, expected, tol=1e-12):
    along, after, moved, W = expected
    close(came["along"][1:], along, tol)
    close(came["after"][1:], after, tol)
    close(came["moved"][1:], moved, max(tol, 1e-10))
    close(came["W"], W, tol, floor=0.1)
    close(came["kept"][-1], W, tol, floor=0.1)
    assert came["left"] is None and came["done"] == len(along) * came["perEpoch"]


@pytest.mark.parametrize("seed", [None, 1, 7])
@pytest.mark.parametrize("m, eta, epochs, tol", [(1, 0.001, 5, 1e-12), (1, 0.02, 50, 1e-12), (1, 0.2, 30, 1e-12), (1, 0.3, 30, 1e-10),
                                                 (4, 0.2, 20, 1e-12), (20, 1, 20, 1e-12), (98, 1, 20, 1e-12), (392, 0.1, 100, 1e-12)])
def test_the_cars_in_batches(js, m, eta, epochs, tol, seed):
    came = js(RUN, net=spec(RUNNING), X=CARS.Xs, y=CARS.ys, how={"eta": eta, "batch": m}, epochs=epochs, seed=seed)
    same_run(came, trained(RUNNING, CARS.Xs, CARS.ys, eta=eta, epochs=epochs, seed=seed, batch_size=m), tol)


@given(moments(widest=4, most_layers=3, most_points=7, activations=(mlp.sigmoid, mlp.tanh, mlp.identity)), st.integers(1, 8),
       st.sampled_from(PENALTIES), st.booleans(), st.sampled_from([None, 3]))
def test_a_run_is_mlps(js, problem, m, penalty, average, seed):
    net, X, y = problem.net, problem.X, problem.y
    came = js(RUN, net=spec(net), X=X, y=y, how={"eta": 0.01, "batch": m, "average": average, **spoken(penalty)}, epochs=3, seed=seed)
    same_run(came, trained(net, X, y, eta=0.01, epochs=3, seed=seed, batch_size=m, penalty=penalty, average=average))


@pytest.mark.parametrize("m, seed", [(1, None), (5, 3), (10, 4), (23, 5), (40, None)])
def test_updates_forwards_and_back(js, m, seed):
    """Wherever one comes from, after u updates the run is, to the bit, where a run straight to u is, and that is mlp.updates' u-th."""
    X, y = CARS.Xs[:23], CARS.ys[:23]
    rng = None if seed is None else np.random.default_rng(seed)
    expected = list(mlp.updates(RUNNING, X, y, eta=0.1, epochs=6, batch_size=m, rng=rng))
    visits = np.random.default_rng(m).integers(0, len(expected) + 1, 40).tolist() + [0, len(expected), 0, 1]
    runs = js("""
        const fresh = () => training(network(...net), X, y, {eta: 0.1, batch: m, order: seed === null ? null : shuffles(23, defaultRng(seed))});
        const seen = (run) => [run.done, run.net.W.slice(), run.loss, run.sum, run.done ? rowsOf(run, run.done) : []];
        const run = fresh();
        return visits.map((to) => [seen(updates(run, to)), seen(updates(fresh(), to))])""", net=spec(RUNNING), X=X, y=y, m=m, seed=seed, visits=visits)
    for to, (came, straight) in zip(visits, runs, strict=True):
        assert came == straight and came[0] == to
        if to:
            update = expected[to - 1]
            close(came[1], parameters(update.net))
            close(came[2], update.loss)
            close(came[3], sum(u.loss for u in expected[:to] if u.epoch == update.epoch))
            assert came[4] == update.indices.tolist()
        else:
            assert came[1:] == [parameters(RUNNING).tolist(), None, 0, []]


@given(moments(), st.sampled_from(PENALTIES), st.booleans())
def test_one_update(js, problem, penalty, average):
    """w_new is w - eta dw, to the bit; with one point and no penalty that is mlp.step."""
    net, X, y = problem.net, problem.X, problem.y
    how = {"eta": 0.1, "average": average, **spoken(penalty)}
    before, loss, W = js("const own = network(...net); return [record(own, X, y, how), update(own, X, y, how), own.W]", net=spec(net), X=X, y=y, how=how)
    assert W == (np.array(before["W"]) - 0.1 * np.array(before["dw"])).tolist()
    close(loss, squared_loss(y, mlp.forward(net, X).yhat))
    first = js("const own = network(...net); update(own, X, y, {eta: 0.1}); return own.W", net=spec(net), X=X, y=y)
    close(first, parameters(mlp.train(net, X, y, eta=0.1, epochs=1, batch_size=len(X)).net), floor=0.1)


def test_a_run_keeps_its_own_network(js):
    mine, runs = js("""
        const own = network(...net), run = training(own, X, y, {eta: 0.1});
        epoch(run, 1);
        return [own.W, run.net.W]""", net=spec(RUNNING), X=CARS.Xs, y=CARS.ys)
    assert mine == parameters(RUNNING).tolist() != runs


def test_a_run_that_leaves_the_numbers(js):
    """Chapter 7's straight line by sums: mlp raises at epoch 65, the run stops there and can still go back."""
    line = MLP(W={1: np.zeros((4, 1))})
    with pytest.raises(FloatingPointError, match="at epoch 65, batch 1 "):
        mlp.train(line, CARS.Xs, CARS.ys, eta=0.1, epochs=300, batch_size=392, average=False)
    done, left, at, earlier, after = js("""
        const run = training(network(...net), X, y, {eta: 0.1, batch: 392, average: false});
        return [updates(run, 300).done, run.left, epoch(run, 70), updates(run, 5).net.W, run.after[5]]""", net=spec(line), X=CARS.Xs, y=CARS.ys)
    five = mlp.train(line, CARS.Xs, CARS.ys, eta=0.1, epochs=5, batch_size=392, average=False).net
    assert (done, left, at) == (65, 65, None)
    close(earlier, parameters(five))
    close(after, squared_loss(CARS.ys, mlp.forward(five, CARS.Xs).yhat))


def test_a_weight_alone_may_leave_the_numbers(js):
    """The loss before the update is finite, the weight after it is not."""
    assert js("return update(network([1, 1], [1e150]), [1], [0], {eta: 1e200})") is None
    done, left = js("const run = updates(training(network([1, 1], [1e150]), [1], [0], {eta: 1e200}), 5); return [run.done, run.left]")
    assert (done, left) == (1, 1)
    with pytest.raises(FloatingPointError, match="at epoch 1, batch 1 "):
        mlp.train(MLP(W={1: [[1e150]]}), [[1.0]], [0.0], eta=1e200, epochs=1)


# ---------------------------------------------------------------------------------------------- NumPy's random numbers


def test_500_seeds(js):
    """Shuffles, uniform numbers and xavier's weights, in one stream as a run draws them: every bit."""
    came = js("""
        return Array.from({length: 500}, (_, seed) => {
          const rng = defaultRng(seed);
          return [rng.permutation(392), rng.uniform(-2, 3), rng.xavier(4, 3), rng.permutation(7), rng.random(), rng.permutation(392), rng.xavier(3, 2)];
        })""")
    for seed in range(500):
        rng = np.random.default_rng(seed)
        expected = [rng.permutation(392), rng.uniform(-2, 3), mlp.xavier(4, 3, rng), rng.permutation(7), rng.random(), rng.permutation(392), mlp.xavier(3, 2, rng)]
        assert came[seed] == [plain(drawn) if isinstance(drawn, np.ndarray) else drawn for drawn in expected]


@pytest.mark.parametrize("seed", [2**32 - 1, 2**32, 2**32 + 5, 10**12, 2**53 - 1])
def test_large_seeds_and_many_points(js, seed):
    rng = np.random.default_rng(seed)
    expected = [[rng.permutation(n).tolist() for n in (0, 1, 2, 3, 256, 257, 70_000)], rng.random()]
    assert js("const rng = defaultRng(seed); return [[0, 1, 2, 3, 256, 257, 70000].map((n) => rng.permutation(n)), rng.random()]", seed=seed) == expected


@pytest.mark.parametrize("seed", [-1, 0.5, 2**53, "7", None])
def test_no_seed(js, seed):
    with pytest.raises(RuntimeError, match="seed must be an integer from 0 to 2\\^53 - 1, but .* came"):
        js("return defaultRng(seed)", seed=seed)


@pytest.mark.parametrize("sizes, biased, activation", [((4, 3, 2, 1), (), "sigmoid"), ((4, 5, 5, 1), (1, 2, 3), "tanh")])
def test_a_network_drawn_and_trained_by_one_generator(js, sizes, biased, activation):
    """Chapter 5's way: the generator that draws the weights then orders the cars."""
    rng = np.random.default_rng(3)
    first = MLP.init(sizes, rng=rng, activation=getattr(mlp, activation), bias=bool(biased))
    expected = parameters(mlp.train(first, CARS.Xs, CARS.ys, eta=0.05, epochs=3, rng=rng).net)
    names = [activation] * (len(sizes) - 2) + ["identity"]
    start, end = js("""
        const rng = defaultRng(3), own = xavierNetwork(sizes, rng, {activations: names, biases: biased});
        const run = training(own, X, y, {eta: 0.05, order: shuffles(392, rng)});
        epoch(run, 3);
        return [own.W, run.net.W]""", sizes=sizes, names=names, biased=biased, X=CARS.Xs, y=CARS.ys)
    assert start == parameters(first).tolist()
    close(end, expected)


def test_orders_are_drawn_once(js):
    """Asked for in any order, epoch e's order is the e-th permutation; two runs share them."""
    third, first, again, drawn = js("""
        const rng = defaultRng(7), order = shuffles(10, rng);
        return [order(3), order(1), order(3), rng.permutation(10)]""")
    rng = np.random.default_rng(7)
    expected = [rng.permutation(10).tolist() for _ in range(4)]
    assert [first, third, again, drawn] == [expected[0], expected[2], expected[2], expected[3]]


# ---------------------------------------------------------------------------------------------- the four faults


def sweep(W, X, y, fault="", late=0.0):
    """Chapter 5's way back through a sigmoid-sigmoid-identity network, and the same with one line broken."""
    O = {0: X, 1: mlp.sigmoid(X @ W[1])}
    O[2] = mlp.sigmoid(O[1] @ W[2])
    O[3] = O[2] @ W[3]
    dW, dZ = {}, 2 * ((y - O[3]) if fault == "D" else (O[3] - y))
    for k in (3, 2, 1):
        dW[k] = O[k - 1].T @ dZ
        back = (W[k] - (late if fault == "C" else 0) * dW[k]).T
        dO = dZ[:, -1:] @ back[-1:] if fault == "B" else dZ @ back
        dZ = dO if fault == "A" else dO * O[k - 1] * (1 - O[k - 1])
    return dW


def test_c_is_the_chapters_mistake():
    names = {"np": np, "sigmoid": mlp.sigmoid}
    (source,) = [s for cell in cells(5) if cell["cell_type"] == "code" and (s := "".join(cell["source"])).startswith("def sweep(")]
    exec(source, names)
    for late in (0, 0.1):
        theirs, ours = names["sweep"](RUNNING.W, CARS.Xs[:5], CARS.ys[:5, None], late), sweep(RUNNING.W, CARS.Xs[:5], CARS.ys[:5, None], "C", late)
        for k in (1, 2, 3):
            close(theirs[k], ours[k], 1e-15)


@pytest.mark.parametrize("n", [1, 5])
@pytest.mark.parametrize("fault, wrong, ratios", [("", 0, (1, 1, 1)), ("A", 18, (1, 4.221, 16.762)), ("B", 12, (1, 1, 0.309)),
                                                  ("C", 18, (1, 0.868, 0.930)), ("D", 20, (-1, -1, -1))])
def test_the_faults(js, fault, wrong, ratios, n):
    X, y = CARS.Xs[:n], CARS.ys[:n]
    came = js(MOMENT, net=spec(RUNNING), X=X, y=y, how={"fault": fault, "eta": 0.1})
    expected = sweep(RUNNING.W, X, y[:, None], fault, 0.1)
    close(came["dw"], np.concatenate([expected[k].ravel() for k in (1, 2, 3)]), 1e-14 if n == 1 else 1e-12)
    right = derivatives(backprop(RUNNING, X, y), RUNNING)
    close(came["fd"], right, 3e-8)
    if n == 1:
        ratio = np.array(came["dw"]) / came["fd"]
        assert (abs(ratio - 1) > 1e-6).sum() == wrong
        assert tuple(ratio[[18, 12, 0]].round(3)) == ratios


@given(moments(most_points=3), st.sampled_from("ABCD"))
def test_a_fault_in_any_network(js, problem, fault):
    """One line of the way back is broken, in whatever network: biases, all activations, several outputs."""
    net, X, y = problem.net, problem.X, problem.y
    Z, O = mlp.forward(net, X)
    dO, expected_W, expected_b = squared_loss.d(y, O[len(net.layers)]) * (-1 if fault == "D" else 1), {}, {}
    for k in reversed(net.layers):
        dZ = dO if fault == "A" else dO * net.f[k].d(Z[k])
        expected_W[k], expected_b[k] = O[k - 1].T @ dZ, dZ.sum(axis=0)
        back = (net.W[k] - (0.1 if fault == "C" else 0) * expected_W[k]).T
        dO = dZ[:, -1:] @ back[-1:] if fault == "B" else dZ @ back
    came = js(MOMENT, net=spec(net), X=X, y=y, how={"fault": fault, "eta": 0.1})
    close(came["dw"], flat(expected_W, expected_b, net), floor=0.1)
    for k in net.layers:
        close(came["slope"][k], net.f[k].d(Z[k]), floor=0.1)


@pytest.mark.parametrize("fault, printed", [("", "114.3 109.8 108.7 105.0 108.5"), ("A", "176.9 179.4 181.8 181.7 338.9"),
                                            ("B", "117.0 106.5 104.3 104.8 98.2"), ("C", "114.4 110.0 119.9 211.3 944.8")])
def test_the_cars_after_five_epochs_of_a_fault(js, fault, printed):
    """As chapter 5's program with that line broken ends, seed 1; D runs away at once."""
    etas = [0.01, 0.03, 0.1, 0.2, 0.4]
    came = js("""
        const order = shuffles(392, defaultRng(1)), own = network(...net);
        return etas.map((eta) => epoch(training(own, X, y, {eta, fault, order}), 5))""", net=spec(RUNNING), X=CARS.Xs, y=CARS.ys, fault=fault, etas=etas)
    for eta, loss in itertools.islice(zip(etas, came, strict=True), 2):
        W, rng = dict(RUNNING.W), np.random.default_rng(1)
        for i in itertools.chain(*(rng.permutation(392) for _ in range(5))):
            dW = sweep(W, CARS.Xs[i : i + 1], CARS.ys[i], fault, eta)
            W = {k: W[k] - eta * dW[k] for k in W}
        close(loss, squared_loss(CARS.ys, mlp.forward(MLP(W=W), CARS.Xs).yhat), 1e-11)
    assert " ".join(f"{loss:.1f}" for loss in came) == printed


def test_d_runs_away(js):
    assert js("return epoch(training(network(...net), X, y, {eta: 0.1, fault: 'D'}), 5)", net=spec(RUNNING), X=CARS.Xs, y=CARS.ys) is None
