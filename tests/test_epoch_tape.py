"""The epoch tape (chapter 6): its numbers against the chapter's and against training by other means, and its two makers against each other."""

import json
import re
from contextlib import closing

import numpy as np
import pytest
from chapters import run as chapter
from hypothesis import given, settings
from hypothesis import strategies as st
from support import number
from strategies import problems
from twins import Twin, differences

from mlp import MLP, data, forward, squared_loss, train
from mlp.trace import epochs, epoch_tape
from mlp.trace.frames import checked_frame
from mlp.widgets import EpochTape

NET, _, _ = data.running_example()
CARS = data.auto_mpg()
SPEC = epoch_tape(NET, CARS.Xs, CARS.ys)
REST = {"index": 0, **SPEC["traits"]}
END = 19_600


def at(spec=SPEC, **state):
    frame = epochs.frame(spec, {**REST, **spec["traits"], **state})
    return checked_frame(spec, frame, {}, str(state))


def numbers(text):
    return [float(number(one)) for one in re.findall(r"[−+]?\d+\.\d+", text)]


# Both makers --------------------------------------------------------------------------------------------------------

SEEN = st.fixed_dictionaries({"file": st.integers(0, 50), "shuffled": st.integers(0, 50)})
INDEX = st.one_of(st.integers(0, 1200), st.integers(0, END), st.integers(0, 50).map(lambda e: 392 * e), st.just(END), st.just(0))


@settings(max_examples=60)
@given(st.fixed_dictionaries({"index": INDEX, "order": st.sampled_from(["file", "shuffled"]), "seed": st.sampled_from([1, 7]), "eta": st.sampled_from([0.02, 0.3]),
                              "chart": st.sampled_from(["loss", "change"]), "stride": st.just("car"), "seen": SEEN}))
def test_the_page_makes_the_same_frame(twin, state):
    last, frame = twin(state)
    assert last == epochs.last(SPEC, state) == END
    assert differences(json.loads(json.dumps(at(**state))), frame) == []


@settings(max_examples=25)
@given(problems(most_points=11), st.data())
def test_of_any_network_and_points(problem, drawn):
    """One output; eta so small that no two roundings of a loss near 0 are printed."""
    net, K = problem.net, len(problem.net.layers)
    net = MLP(W={**net.W, K: net.W[K][:, :1]}, b={k: net.b[k][: 1 if k == K else None] for k in net.biased}, f=dict(net.f))
    spec = epoch_tape(net, problem.X, problem.y[:, 0], eta=0.002, seed=3)
    n = len(problem.X)
    with closing(Twin(spec)) as twin:
        for index in (0, drawn.draw(st.integers(0, 50 * n)), n, 50 * n):
            state = {**spec["traits"], "index": index, "order": drawn.draw(st.sampled_from(["file", "shuffled"])), "seen": {"file": 0, "shuffled": 0}}
            assert differences(json.loads(json.dumps(at(spec, **state))), twin(state)[1]) == []


def test_the_page_comes_to_pythons_witness(twin):
    came = twin.node("return epochTape(spec, () => {}).witness()", spec=twin.spec)
    assert came == pytest.approx(SPEC["live"]["witness"], rel=1e-12)
    assert [round(one, 1) for one in came] == [396.5, 553.6, 325.9, 153.5, 117.7, 112.3, 111.5, 110.9]


# What it says -------------------------------------------------------------------------------------------------------


def test_it_says_what_the_chapter_prints():
    names = chapter(6)[0]
    for order, after, along, end in (("file", names["after_in_order"], names["along_in_order"], names["in_order"]),
                                     ("shuffled", names["after_shuffled"], names["along_shuffled"], names["shuffled"])):
        for e in (1, 2, 5, 50):
            L, sum_along, _ = numbers(at(index=392 * e, order=order)["status"])[:3]
            assert (L, sum_along) == (round(after[e - 1], 1), round(along[e - 1], 1))
        errors = (CARS.to_mpg(forward(end, CARS.Xs).yhat[:, 0]) - CARS.y).reshape(4, 98).mean(axis=1)
        assert [mean[3] for mean in at(index=END, order=order)["shows"]["errors"]["means"]] == [f"{e:+.1f}".replace("-", "−") for e in errors]


def test_one_turn():
    status = at(index=260)["status"]
    before, after = (train(NET, CARS.Xs[:n], CARS.ys[:n], eta=0.02, epochs=1).net for n in (259, 260))
    loss = (CARS.ys[259] - forward(before, CARS.Xs[259:260]).yhat[0, 0]) ** 2
    L = squared_loss(CARS.ys, forward(after, CARS.Xs).yhat)
    assert status == f"Update 260: car 260 had the loss {loss:.4f} and moved w³₁₁ from {before.w(3, 1, 1):.4f} to {after.w(3, 1, 1):.4f}. All cars: L = {L:.1f}."
    assert status.startswith("Update 260: car 260 had the loss 0.3279 and moved w³₁₁ from 0.8535 to 0.8401.")
    second = np.random.default_rng(1).permutation(392)[1]
    assert at(index=2, order="shuffled")["status"].startswith(f"Update 2: car {second + 1} had")


def test_the_wave():
    """Behind the head, in the order of the file, the errors are near 0, and rise again."""
    means = [mean[2] for mean in at(index=260)["shows"]["errors"]["means"]]
    assert [f"{mean:+.1f}" for mean in means] == ["+4.0", "+2.0", "+0.2", "-8.0"]
    for quarter in range(4):
        shows = at(index=98 * (quarter + 1))["shows"]
        means = [abs(mean[2]) for mean in shows["errors"]["means"]]
        assert means[quarter] == min(means) < 0.9
        assert shows["errors"]["head"] == shows["turns"]["head"] == shows["turns"]["done"] == 98 * (quarter + 1)


def test_bars_are_the_cars_and_their_errors():
    shows = at(index=100, order="shuffled")["shows"]
    order = np.random.default_rng(1).permutation(392)
    assert shows["turns"]["bars"] == CARS.y[order].tolist() and shows["errors"]["head"] == order[99] + 1
    net = train(NET, CARS.Xs[order[:100]], CARS.ys[order[:100]], eta=0.02, epochs=1).net
    assert shows["errors"]["bars"] == pytest.approx(CARS.to_mpg(forward(net, CARS.Xs).yhat[:, 0]) - CARS.y)


def test_the_curve_is_the_network_and_its_parts_add_up_to_it():
    marks = at(index=392, order="shuffled")["shows"]["learned"]["marks"]
    net = train(NET, CARS.Xs, CARS.ys, eta=0.02, epochs=1, rng=np.random.default_rng(1)).net
    lines = [np.reshape(mark["points"], (-1, 2)) for mark in marks if mark["kind"] == "line"]
    x = (lines[-1][:, 0] - CARS.x_mean[2]) / CARS.x_dev[2]
    assert lines[-1][:, 1] == pytest.approx(CARS.to_mpg(forward(net, np.column_stack([0 * x, 0 * x, x, 0 * x])).yhat[:, 0]))
    assert sum(line[:, 1] - CARS.y_mean for line in lines[:-1]) == pytest.approx(lines[-1][:, 1] - CARS.y_mean)
    assert [mark["text"] for mark in marks if mark["kind"] == "text"] == [f"w³{sub} = {net.W[3][j, 0]:.2f}".replace("-", "−") for j, sub in enumerate(("₁₁", "₂₁"))]
    assert np.reshape(marks[0]["points"], (-1, 2)) == pytest.approx(np.column_stack([CARS.X[:, 2], CARS.y]))


# Questions, and nothing told before them ----------------------------------------------------------------------------


@pytest.mark.parametrize("order, eta, answer", [("file", 0.02, "larger"), ("file", 0.1, "smaller"), ("shuffled", 0.02, "smaller")])
def test_the_first_question(order, eta, answer):
    frame = at(order=order, eta=eta)
    after = train(NET, CARS.Xs, CARS.ys, eta=eta, epochs=1, rng=None if order == "file" else np.random.default_rng(1))
    L = squared_loss(CARS.ys, forward(after.net, CARS.Xs).yhat)
    assert frame["ask"]["answer"] == answer == ("larger" if L > squared_loss(CARS.ys, forward(NET, CARS.Xs).yhat) else "smaller")
    assert frame["ask"]["why"] == f"After it L is {L:.1f}: all cars, with the weights as they are then. Along the way, each car just before its own update, the losses add up to {after.losses[0]:.1f}."
    untold = {name: value for name, value in frame.items() if name != "ask"} | {"before": frame["ask"]["before"]}
    assert f"{L:.1f}" not in json.dumps(untold) and str(round(L, 4))[:-1] not in json.dumps(untold)


def test_the_last_question_and_the_task():
    frame = at(index=END)
    ask = frame["ask"]
    assert ask["answer"] == "smaller" and ask["why"].startswith("101.2 against 194.4; along the way it is 103.1 against 58.4.")
    assert "101.2" not in json.dumps({**frame, "ask": {**ask, "why": ""}}) and "Task" not in ask["before"]["status"]
    assert frame["status"].endswith("Task: in the order of the file, bring L after 50 epochs below 120. Turn η.")
    assert at(index=END, order="shuffled")["ask"]["answer"] == "larger"
    assert "ask" not in at(index=END, seen={"shuffled": 50}), "it has been seen"
    done = {eta: at(index=END, eta=eta)["status"].endswith("✓ In the order of the file, and below 120: in small steps no part of the file can pull the weights far.") for eta in (0.001, 0.002, 0.003, 0.01, 0.05, 0.1, 0.3)}
    assert done == {0.001: True, 0.002: True, 0.003: False, 0.01: False, 0.05: False, 0.1: False, 0.3: False}, "a task one can fail"
    assert at(index=END, order="shuffled", eta=0.001)["status"].endswith("Turn η."), "another order is no answer"
    assert epoch_tape(NET, CARS.Xs[:50], CARS.ys[:50])["live"]["goal"] is None, "the bound is for the book's cars"


@pytest.mark.parametrize("chart", ["loss", "change"])
def test_no_curve_is_drawn_beyond_where_its_order_has_been(chart):
    for state, reached in (({"index": 0}, 0), ({"index": 391}, 0), ({"index": 900}, 2), ({"index": 392, "seen": {"file": 7}}, 7)):
        marks = at(chart=chart, **state)["shows"]["loss"]["marks"]
        assert max([x for mark in marks if mark["kind"] == "line" for x in mark["points"][::2]], default=0) == reached
        assert {mark["ink"] for mark in marks} <= {"ink", "back", "right"}, "nothing of the other order"
    marks = at(index=392, chart=chart, seen={"file": 7, "shuffled": 3})["shows"]["loss"]["marks"]
    assert max(x for mark in marks if mark["ink"] == "soft" for x in mark["points"][::2]) == 3


def test_the_largest_change():
    names = chapter(6)[0]
    assert numbers(at(index=END, order="shuffled")["status"])[2] == pytest.approx(names["largest_change"](
        train(NET, CARS.Xs, CARS.ys, eta=0.02, epochs=49, rng=np.random.default_rng(1)).net, names["shuffled"]), rel=1e-3)
    marks = at(index=5 * 392, chart="change")["shows"]["loss"]["marks"]
    assert marks[0]["points"][::2] == [1, 2, 3, 4, 5] and marks[-1]["points"] == marks[0]["points"][-2:]


# The page's own ways ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [392, 1, 7, 10])
def test_steps_by_a_point_a_quarter_and_an_epoch(twin, n):
    spec = epoch_tape(NET, CARS.Xs[:n], CARS.ys[:n])
    moves = twin.node("""
        const view = epochTape(spec, () => {});
        return ["car", "quarter", "epoch"].map((stride) => from.map((index) => [-1, 1].map((by) => view.move({index, stride}, by))))""",
        spec=json.loads(json.dumps(spec)), **{"from": list(range(2 * n + 1))})  # fmt: skip
    stops = {"car": range(-1, 2 * n + 2), "quarter": sorted({e * n + n * k // 4 for e in range(-1, 4) for k in range(4)}), "epoch": range(-n, 4 * n, n)}
    for stride, came in zip(("car", "quarter", "epoch"), moves):
        for index, (back, on) in enumerate(came):
            assert on == min(stop for stop in stops[stride] if stop > index), (stride, index)
            assert back == max(stop for stop in stops[stride] if stop < index), (stride, index)


def test_choosing_the_other_order_uncovers_nothing(twin):
    came = twin.node("""
        const view = epochTape(spec, () => {}), rest = spec.traits;
        view.frame({...rest, index: 19600});
        const first = view.chose("order", "shuffled", {...rest, index: 19600});
        view.frame({...rest, order: "shuffled", index: 800});
        return [first, view.chose("order", "shuffled", {...rest, index: 19600}), view.chose("order", "file", {...rest, index: 800}), view.chose("eta", 0.1, {...rest, index: 5})]""",
        spec=twin.spec)  # fmt: skip
    assert came == [{"index": 0}, {"index": 784}, {}, {}]


def test_pressing_a_tape_or_the_chart_goes_there_and_rewinding_to_the_start(twin):
    came = twin.node("""
        const view = epochTape(spec, () => {}), rest = spec.traits;
        view.frame({...rest, index: 10 * 392});
        return [view.act("tape", {...rest, index: 0}, "turns", 97.6), view.act("tape", {...rest, index: 392}, "turns", 97.6), view.act("tape", {...rest, index: 393}, "turns", 392),
                view.act("chart", {...rest, index: 5}, "loss", 7.4), view.act("chart", {...rest, index: 5}, "loss", 30), view.act("rewind", {...rest, index: 5})]""",
        spec=twin.spec)  # fmt: skip
    assert [one["index"] for one in came] == [98, 98, 784, 7 * 392, 10 * 392, 0], "never beyond the furthest epoch reached"
    assert "actions" not in at(index=5, chart="change")
    assert at(index=5, seed=2)["actions"] == at(index=0, eta=0.1)["actions"] == at(index=392, order="shuffled")["actions"] == [["rewind", "Rewind"]]


def test_a_run_that_leaves_the_numbers_says_so():
    spec = epoch_tape(MLP(W={1: np.zeros((4, 1))}), CARS.Xs[:50], CARS.ys[:50], eta=3.0)
    assert len(spec["live"]["witness"]) == 8, "taken with smaller steps"
    left = next(index for index in range(0, 2500, 50) if "left" in at(spec, index=index)["status"])
    with closing(Twin(spec)) as twin:
        for index in (left - 50, left, 2500):
            state = {**spec["traits"], "index": index, "seen": {"file": 0, "shuffled": 0}}
            assert differences(json.loads(json.dumps(at(spec, **state))), twin(state)[1]) == []
    assert re.fullmatch(r"Update \d+ left the finite numbers: steps of η = 3 are too large here.", at(spec, index=2500)["status"])


# In Python ----------------------------------------------------------------------------------------------------------


def test_as_a_widget():
    view = EpochTape(NET, CARS.Xs, CARS.ys)
    assert (view.index, view.order, view.seed, view.eta, view.stride, view.chart) == (0, "file", 1, 0.02, "quarter", "loss")
    assert len(view.frames) == END + 1 and repr(view).startswith("Epoch tape (19601 steps)")
    view.index, view.order, view.seed, view.eta = 392, "shuffled", 7, 0.1
    expected = train(NET, CARS.Xs, CARS.ys, eta=0.1, epochs=1, rng=np.random.default_rng(7)).net
    assert all((view.net.W[k] == expected.W[k]).all() for k in NET.layers)
    for name, value, error in (("order", "by year", "order must be one of 'file', 'shuffled', but 'by year' came"), ("chart", 5, "chart must be one of 'loss', 'change'"),
                               ("stride", "mile", "stride must be one of"), ("eta", 0, "eta must be a positive finite number"), ("seed", -1, "seed must be at least 0"),
                               ("index", END + 1, "index must be from 0 to 19600")):  # fmt: skip
        with pytest.raises(ValueError, match=error):
            setattr(view, name, value)
    view.show(NET, CARS.Xs[:50], CARS.ys[:50], eta=0.05)
    assert len(view.frames) == 2501 and (view.index, view.eta, view.order) == (392, 0.05, "file")


@pytest.mark.parametrize("change, error", [
    ({"X": np.zeros((2001, 4)), "y": np.zeros(2001)}, "X must have at most 2000 points"), ({"eta": 0}, "eta must be a positive finite number"),
    ({"seed": -1}, "seed must be at least 0"), ({"net": 5}, "net must be an MLP"), ({"y": CARS.ys[:3]}, "y must have shape"),
])
def test_arguments_are_named(change, error):
    with pytest.raises((ValueError, TypeError), match=error):
        EpochTape(**{"net": NET, "X": CARS.Xs, "y": CARS.ys, **change})


def test_two_thousand_points_of_ones_own():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(2000, 2))
    view = EpochTape(MLP.init((2, 5, 1), rng=rng, bias=True), X, X[:, 0] * X[:, 1], eta=0.05)
    frame = view.frames[2000]
    assert "All" not in frame["status"] and frame["status"].startswith("After epoch 1, update 2000: L =")
    assert {mark["kind"] for mark in frame["shows"]["learned"]["marks"]} == {"dots", "line"}, "five units are too many to draw one by one"
    assert view.frames[3]["status"].startswith("Update 3: point 3 had the loss")


def test_its_data_are_small():
    import gzip

    assert len(gzip.compress(json.dumps(SPEC, separators=(",", ":"), ensure_ascii=False).encode())) < 6000
