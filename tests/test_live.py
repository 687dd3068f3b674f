"""What live views share: the points they carry, a run that can be asked for any update, and the witness that lets a view go live."""

import json

import numpy as np
import pytest
from hypothesis import given
from node import JS, Node
from strategies import problems

import mlp
from mlp import MLP, data, squared_loss
from mlp.trace import points, runs

NET, _, _ = data.running_example()
CARS = data.auto_mpg()


@pytest.fixture(scope="module")
def js():
    node = Node(JS / "live.js", JS / "engine.js", JS / "card.js")
    yield node
    node.close()


def close(came, expected, tol=1e-12):
    np.testing.assert_allclose(np.ravel(came), np.ravel(expected), rtol=tol, atol=tol)


def on_the_page(js, carried):
    return js("const net = networkOf(carried.net), p = pointsOf(carried.points); return {W: net.W, f: net.f.slice(1), ...p}", carried=json.loads(json.dumps(carried)))


def test_the_cars_are_carried_as_measured_and_standardised_where_they_are_used(js):
    carried = points.packed(NET, CARS.Xs, CARS.ys)
    assert carried["points"]["rows"][:5] == [307, 130, 3504, 12, 18] and carried["points"]["measured"]
    here, there = points.points_of(carried["points"]), on_the_page(js, carried)
    assert (here.X == CARS.Xs).all() and (here.y == CARS.ys).all(), "the notebook's own numbers"
    close(there["X"], CARS.Xs)
    close(there["y"], CARS.ys)
    close(there["means"], here.means)
    close([there["scale"]["mean"], there["scale"]["deviation"]], here.scale)
    assert here.predictions(here.y) == pytest.approx(CARS.y)
    assert points.units(carried["points"])[2::2] == [["heaviness", "lb"], ["miles per gallon", "mpg"]]


@given(problems(most_points=7))
def test_other_networks_and_points_come_as_they_are(js, problem):
    net = problem.net
    y = problem.y[:, :1]
    one = MLP(W={**net.W, len(net.layers): net.W[len(net.layers)][:, :1]}, b={k: net.b[k][: 1 if k == len(net.layers) else None] for k in net.biased}, f=dict(net.f))
    carried = points.packed(one, problem.X, y)
    here, there, back = points.points_of(carried["points"]), on_the_page(js, carried), points.net_of(carried["net"])
    assert (here.X == problem.X).all() and (here.y == y[:, 0]).all() and not carried["points"]["measured"]
    assert there["X"] == problem.X.ravel().tolist() and there["y"] == y.ravel().tolist() and there["W"] == points.weights_of(one)
    assert there["f"] == [one.f[k].name for k in one.layers]
    close(there["means"], here.means)
    assert points.weights_of(back) == points.weights_of(one) and back.biased == one.biased and dict(back.f) == dict(one.f)
    assert (mlp.forward(back, problem.X).yhat == mlp.forward(one, problem.X).yhat).all()


@pytest.mark.parametrize("change, error", [
    ({"X": np.zeros((2001, 4)), "y": np.zeros(2001)}, "X must have at most 2000 points, to be drawn, but it has 2001"),
    ({"X": CARS.Xs[:, :3]}, "X has 3 columns, but this network takes 4"),
    ({"y": CARS.ys[:5]}, "y must have shape"),
    ({"net": MLP(W={1: np.ones((4, 2))}), "y": np.zeros((392, 2))}, "net must have one output, so that each point has one error, but it has 2"),
    ({"net": MLP(W={1: np.ones((4, 1))}, f={1: mlp.activations.Activation("twice", lambda z, out: np.multiply(z, 2, out=out), lambda o, out: np.add(0 * o, 2, out=out))})}, "net must have activations of sigmoid, .*layer 1 is twice"),
])
def test_what_cannot_be_carried_names_its_argument(change, error):
    with pytest.raises(ValueError, match=error):
        points.packed(*{"net": NET, "X": CARS.Xs, "y": CARS.ys, **change}.values())


@pytest.mark.parametrize("m, seed", [(1, None), (5, 3), (10, 4), (40, None)])
def test_a_run_may_be_asked_for_any_update(m, seed):
    X, y, rng = CARS.Xs[:23], CARS.ys[:23], None if seed is None else np.random.default_rng(seed)
    expected = list(mlp.updates(NET, X, y, eta=0.1, epochs=4, batch_size=m, rng=rng))
    run = runs.run_of(points.packed(NET, X, y), eta=0.1, batch_size=m, seed=seed)
    assert run is runs.run_of(points.packed(NET, X, y), eta=0.1, batch_size=m, seed=seed), "made once"
    for u in np.random.default_rng(m).permutation(len(expected)):
        update, before, moment = expected[u], expected[u - 1].net if u else NET, run.at(int(u) + 1)
        assert points.weights_of(moment.net) == points.weights_of(update.net) and points.weights_of(moment.before) == points.weights_of(before)
        assert moment.rows.tolist() == update.indices.tolist() and moment.loss == update.loss
    assert run.grow(4) == 4 and run.at(0).net is run.kept[0] and run.left is None
    ends = [NET] + [u.net for u in expected[run.per_epoch - 1 :: run.per_epoch]]
    assert [points.weights_of(net) for net in run.kept] == [points.weights_of(net) for net in ends]
    assert run.after == [squared_loss(y, mlp.forward(net, X).yhat) for net in ends]
    assert run.along[1:] == pytest.approx([sum(u.loss for u in expected if u.epoch == e) for e in range(1, 5)])
    assert run.moved[1:] == [max(abs(b.W[k] - a.W[k]).max() for k in NET.layers) for a, b in zip(ends, ends[1:])]


def test_a_run_that_leaves_the_numbers(js):
    line = MLP(W={1: np.zeros((4, 1))})
    for first in ("grow", "at"):
        run = runs.Run(line, CARS.Xs[:50], CARS.ys[:50], eta=3.0)
        with pytest.raises(FloatingPointError):
            mlp.train(line, CARS.Xs[:50], CARS.ys[:50], eta=3.0, epochs=50)
        left = js("const run = training(network(...net), X, y, {eta: 3}); updates(run, 2500); return run.left", net=[[4, 1], [0, 0, 0, 0]],
                  X=CARS.Xs[:50].ravel().tolist(), y=CARS.ys[:50].tolist())
        run.grow(50) if first == "grow" else run.at(left)
        assert run.left == left and run.at(left) is None and run.at(left - 1).net and run.grow(50) == (left - 1) // 50


# The witness --------------------------------------------------------------------------------------------------------


def test_a_witness_is_the_same_to_nine_digits(js):
    known = [553.6, 0.02, -396.5]
    assert js("return disagreement(known, known) ?? null", known=known) is None
    for n in range(3):
        for by, differs in ((1e-6, True), (-1e-6, True), (1e-8, True), (1e-11, False)):
            made = [value * (1 + by) if k == n else value for k, value in enumerate(known)]
            assert js("return disagreement(made, known) ?? null", made=made, known=known) == ([made[n], known[n]] if differs else None)
    assert js("return disagreement([NaN, 0.02, -396.5], known)", known=known) == [None, 553.6]
    assert js("return disagreement([], known)", known=known) == [None, 553.6], "nothing computed is no witness"


def test_slices_do_all_at_once_without_a_page_and_a_part_with_one(js):
    assert js("let n = 0; const all = slices(() => {}).work(() => ++n < 1000); return [n, all]") == [1000, True]
    made, first, times, drawn = js("""
        let n = 0, drawn = 0, waiting, times = 1;
        globalThis.requestAnimationFrame = (callback) => (waiting = callback, 1);
        const step = () => { for (const end = performance.now() + 1; performance.now() < end;); return ++n < 50; };
        const sliced = slices(() => drawn++), first = sliced.work(step), made = n;
        for (; n < 50; times++) { waiting(); sliced.work(step); }
        delete globalThis.requestAnimationFrame;
        return [made, first, times, drawn]""")
    assert first is False and 1 <= made < 50 and times > 1 and drawn == times - 1, "drawn between two slices, and not after the last"
