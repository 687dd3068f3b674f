"""The batches (chapter 7): their numbers against the chapter's and against training by other means, and the two makers against each other."""

import json
import re

import numpy as np
import pytest
from chapters import run as chapter
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import problems
from support import number
from twins import Twin, differences

from mlp import MLP, backprop, data, forward, squared_loss, train, updates
from mlp.trace import batches
from mlp.trace.frames import checked_frame
from mlp.widgets import Batches

NET, _, _ = data.running_example()
CARS = data.auto_mpg()
SPEC = batches.batches(NET, CARS.Xs, CARS.ys)
SIZES = SPEC["choices"][0]["values"]


def at(spec=SPEC, **state):
    state = {"index": 0, **spec["traits"], **state}
    return checked_frame(spec, batches.frame(spec, state), {}, str(state))


def raced(spec=SPEC, **state):
    """The frame of the race."""
    return at(spec, **state, index=batches.last(spec, {**spec["traits"], **state}))


def numbers(text):
    return [float(number(one)) for one in re.findall(r"[−+]?\d+\.\d+", text)]


def per_car(net):
    """The gradient of each car, another way than the view's: the way back written out in matrices, all cars at once."""
    Z, O = forward(net, CARS.Xs)
    dZ3 = 2 * (O[3] - CARS.ys[:, None])
    dZ2 = dZ3 @ net.W[3].T * O[2] * (1 - O[2])
    dZ1 = dZ2 @ net.W[2].T * O[1] * (1 - O[1])
    return np.hstack([np.einsum("pi,pj->pij", a, b).reshape(392, -1) for a, b in ((CARS.Xs, dZ1), (O[1], dZ2), (O[2], dZ3))])


# Both makers --------------------------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(st.sampled_from(SIZES), st.data())
def test_the_page_makes_the_same_frame(twin, m, drawn):
    state = {**SPEC["traits"], "batch_size": m, "eta": drawn.draw(st.sampled_from([0.01, 0.1, 0.2])), "ruler": drawn.draw(st.sampled_from(["epochs", "updates", "time"])),
             "moment": drawn.draw(st.sampled_from(["start", "later"])), "seed": drawn.draw(st.sampled_from([7, 8]))}
    end = batches.last(SPEC, state)
    state["index"] = drawn.draw(st.one_of(st.integers(0, end), st.just(end)))
    last, frame = twin(state)
    assert last == end
    assert differences(json.loads(json.dumps(at(**state))), frame) == []


@settings(max_examples=20)
@given(problems(most_points=11), st.data())
def test_of_any_network_and_points(problem, drawn):
    """One output; eta so small that no two roundings of a loss near 0 are printed."""
    net, K = problem.net, len(problem.net.layers)
    net = MLP(W={**net.W, K: net.W[K][:, :1]}, b={k: net.b[k][: 1 if k == K else None] for k in net.biased}, f=dict(net.f))
    if sum(net.W[k].size for k in net.layers) + sum(net.b[k].size for k in net.biased) < 2:
        return
    spec = batches.batches(net, problem.X, problem.y[:, 0], eta=0.002, seed=3)
    n, twin = len(problem.X), Twin(spec)
    try:
        for m in {1, n, drawn.draw(st.integers(1, n))}:
            for index in range(-(-n // m) + 2):
                state = {**spec["traits"], "index": index, "batch_size": m, "ruler": drawn.draw(st.sampled_from(["epochs", "updates", "time"]))}
                ours, theirs = json.loads(json.dumps(at(spec, **state))), twin(state)[1]
                assert differences(ours, theirs) == []
    finally:
        twin.close()


def test_the_page_comes_to_pythons_witness(twin):
    came = twin.node("return batches(spec, () => {}).witness()", spec=twin.spec)
    assert came == pytest.approx(SPEC["live"]["witness"], rel=1e-12)
    assert came[0] == pytest.approx(np.linalg.norm(per_car(NET).mean(axis=0)))
    assert len(came) == 5


# What it says -------------------------------------------------------------------------------------------------------


def test_it_says_what_the_chapter_prints():
    names = chapter(7)[0]
    for ruler, runs in (("epochs", names["after_epochs"]), ("updates", names["after_updates"])):
        assert numbers(raced(ruler=ruler)["status"])[:3] == [round(float(losses[-1]), 1) for losses in runs.values()]
    assert raced()["status"].startswith("After 30 epochs: L = 92.0 with m = 1, L = 105.9 with m = 20 and L = 347.1 with m = 392. They make 392, 20 and 1 updates an epoch.")
    assert raced(ruler="updates")["status"].endswith("For that they looked at 600, 11,760 and 235,200 cars.")


def test_each_ruler_has_another_verdict():
    asks = [raced(ruler=ruler)["ask"] for ruler in ("epochs", "updates", "time")]
    assert [ask["answer"] for ask in asks] == ["m = 1", "a draw", "your m"]
    for ask in asks:
        assert ask["before"]["shows"]["race"]["marks"] == [] and not numbers(ask["question"])


def test_one_batch():
    order = np.random.default_rng(7).permutation(392)
    G = per_car(NET)
    g, mean = G.mean(axis=0), G[order[120:140]].mean(axis=0)
    whole = backprop(NET, CARS.Xs[order[120:140]], CARS.ys[order[120:140]])
    assert mean[:12] == pytest.approx(whole.W[1].ravel() / 20)
    frame = at(index=7)
    G2, g2 = G[:, [0, 9]], g[[0, 9]]
    offs = [np.linalg.norm(G2[order[20 * b : 20 * b + 20]].mean(axis=0) - g2) / np.linalg.norm(g2) for b in range(7)]
    said = numbers(frame["status"])
    assert said[:4] == [round(float(one), 3) for one in (mean[0], mean[9], g[0], g[9])]
    assert said[4] == round(offs[-1], 2) and said[5] == round(float(np.sqrt(np.mean(np.square(offs)))), 2)
    assert frame["status"] == ("Batch 7: the mean of its 20 is (+0.063, −0.017), that of all is (+0.074, −0.038). It is off by 0.28 lengths of g; "
                               "the 7 so far, typically, by 0.29. The rule 1.61/√m expects 0.35.")
    dots, now, rings, arrow, circle, g_arrow, star = frame["shows"]["cloud"]["marks"]
    assert len(dots["points"]) == 2 * 392 and len(now["points"]) == 2 * 20 and len(rings["points"]) == 2 * 7
    assert now["points"] == pytest.approx(G2[order[120:140]].ravel()) and arrow["points"][2:] == rings["points"][-2:] == pytest.approx(mean[[0, 9]])
    assert star["points"] == g_arrow["points"][2:] == pytest.approx(g2)
    radius = {round(float(np.hypot(*point)), 12) for point in np.reshape(circle["points"], (-1, 2)) - g2}
    assert radius == {round(float(np.linalg.norm(G2 - g2) / np.sqrt(392) * np.sqrt(372 / 391 / 20)), 12)}


def test_the_rule_is_what_all_batches_of_all_orders_come_to():
    """The noise of random batches, drawn 20,000 times."""
    G = per_car(NET)[:, [0, 9]]
    g, rng = G.mean(axis=0), np.random.default_rng(0)
    for m in (2, 20, 98):
        off = [((G[rng.permutation(392)[:m]].mean(axis=0) - g) ** 2).sum() for _ in range(20_000)]
        rule = float(number(re.search(r"expects (\d+\.\d+)", at(index=1, batch_size=m)["status"])[1]))
        assert rule == pytest.approx(np.sqrt(np.mean(off)) / np.linalg.norm(g), rel=0.02)
    assert "off by 0.00 lengths" in at(index=1, batch_size=392)["status"]


def test_the_short_last_batch():
    frame = at(index=20)
    assert "the mean of its 12" in frame["status"] and frame["shows"]["turns"]["done"] == 392
    assert frame["shows"]["turns"]["cuts"] == list(range(20, 392, 20)) and at(batch_size=1)["shows"]["turns"]["cuts"] == []
    assert frame["shows"]["turns"]["title"] == "One shuffled epoch, seed 7: 20 batches of 20, the last of 12. Bar: mpg"
    assert at(batch_size=98)["shows"]["turns"]["title"] == "One shuffled epoch, seed 7: 4 × 98 cars. Bar: mpg"


def test_later_the_arrow_shrinks_and_the_cloud_does_not():
    later = train(NET, CARS.Xs, CARS.ys, eta=0.1, epochs=600, batch_size=392).net
    G, g = per_car(later), per_car(later).mean(axis=0)
    frame = at(index=20, moment="later")
    assert frame["shows"]["cloud"]["marks"][0]["points"] == pytest.approx(G[:, [0, 9]].ravel(), abs=1e-12)
    assert frame["shows"]["cloud"]["marks"][-1]["points"] == pytest.approx(g[[0, 9]], abs=1e-12)
    assert re.search(r"expects (\d+)", frame["status"])[1] == "25"
    shrunk = np.linalg.norm(g[[0, 9]]) / np.linalg.norm(per_car(NET).mean(axis=0)[[0, 9]])
    assert f"is {shrunk:.3f} of what it was" in at(moment="later")["status"]
    view = Batches(NET, CARS.Xs, CARS.ys)
    view.moment = "later"
    assert view.net.w(1, 1, 1) == pytest.approx(later.w(1, 1, 1), abs=1e-12)


@pytest.mark.parametrize("m", [1, 20, 392])
def test_the_race_by_time(m):
    """L at 8 ms: after as many updates as the price allows, made one by one."""
    losses = raced(ruler="time", batch_size=m)["shows"]["race"]["marks"][[1, 20, 392].index(m) if m == 20 else 0 if m == 1 else 1]["points"][1::2]
    spent, last = 0.0, NET
    for u in updates(NET, CARS.Xs, CARS.ys, eta=0.1, epochs=600, batch_size=m, rng=np.random.default_rng(7)):
        spent += 0.03 + 0.0005 * len(u.indices)
        if spent > 8 + 1e-9:
            break
        last = u.net
    assert losses[40] == pytest.approx(squared_loss(CARS.ys, forward(last, CARS.Xs).yhat))


def test_the_task_can_be_solved_and_failed():
    assert "Task: find an η that brings m = 392 below 115" in raced()["status"] and "✓" not in raced()["status"]
    assert "✓ m = 392 is below 115" in raced(eta=1.0)["status"] and "rounding decides" in raced(eta=1.0)["status"]
    own = batches.batches(NET, CARS.Xs[:50], CARS.ys[:50])
    assert "Task" not in raced(own)["status"]


def test_a_run_that_leaves_the_finite_numbers_says_so():
    spec = batches.batches(MLP(W={1: np.zeros((4, 1))}), 50 * CARS.Xs, CARS.ys, eta=1.0)
    assert "no finite L with m = 1" in raced(spec)["status"]
    twin = Twin(spec)
    state = {**spec["traits"], "index": batches.last(spec, spec["traits"])}
    assert twin(state)[1]["status"] == raced(spec)["status"]
    twin.close()


# In Jupyter ---------------------------------------------------------------------------------------------------------


def test_its_traits():
    view = Batches(NET, CARS.Xs, CARS.ys)
    assert len(view.frames) == 22
    view.index = 21
    view.batch_size = 98
    assert view.index == 5, "who looks at the race goes on looking at it"
    view.index = 3
    view.batch_size = 392
    assert view.index == 1, "nobody else is brought there"
    for name, bad in (("batch_size", 0), ("batch_size", 393), ("batch_size", 2.5), ("ruler", "cars"), ("moment", "now"), ("eta", 0.0), ("seed", -1)):
        with pytest.raises((ValueError, TypeError), match=name):
            setattr(view, name, bad)
    view.batch_size = 37  # between the marks
    assert len(view.frames) == 13


def test_bad_input_names_itself():
    with pytest.raises(ValueError, match="net must have at least two weights"):
        Batches(MLP(W={1: [[1.0]]}), [[1.0], [2.0]], [1.0, 2.0])
    with pytest.raises(ValueError, match="one output"):
        Batches(MLP(W={1: [[1.0, 2.0]]}), [[1.0]], [[1.0, 2.0]])
    with pytest.raises(ValueError, match="seed"):
        Batches(NET, CARS.Xs, CARS.ys, seed=-1)
