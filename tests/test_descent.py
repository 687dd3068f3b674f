"""Descent (chapter 2): its numbers against the chapter and against training on all the cars, and its two makers against each other."""

import re
from contextlib import closing

import numpy as np
import pytest
from chapters import run
from hypothesis import given, settings
from hypothesis import strategies as st
from twins import Twin, differences

from mlp import MLP, data, l1, l2, train, updates
from mlp.trace import descent
from mlp.trace.frames import checked_frame
from mlp.widgets import Descent

cars = data.auto_mpg()
HEAVY, Y = cars.Xs[:, 2], cars.ys
SPEC = descent.descent(HEAVY, Y)
REST = {"index": 0, **SPEC["traits"]}
R = float(np.mean(HEAVY * Y))


def at(**state):
    return descent.frame(SPEC, {**REST, **state})


states = st.fixed_dictionaries({
    "index": st.integers(0, 40), "weights": st.tuples(st.integers(-300, 150).map(lambda n: n / 100)).map(list),
    "eta": st.sampled_from(descent.ETAS), "penalty": st.sampled_from(["none", "l2", "l1"]), "lam": st.sampled_from(descent.LAMS),
})


@settings(max_examples=150)
@given(states)
def test_the_page_makes_the_same_frame(twin, state):
    last, frame = twin(state)
    ours = descent.frame(SPEC, state)
    assert last == descent.last(SPEC, state)
    assert differences(ours, frame) == []
    checked_frame(SPEC, ours, {}, "here")


@pytest.mark.parametrize("eta", [0.02, 0.1, 0.3, 0.9, 1.05])
def test_it_says_what_the_chapter_prints(eta):
    for steps in (1, 2, 3, 10):
        w = run(2)[0]["after"](eta, steps)
        said = re.search(r" to (−?[\d.]+), where", at(index=steps, eta=eta)["status"])[1]
        assert said == f"{w:.4f}".replace("-", "−")


@settings(max_examples=30)
@given(st.sampled_from([0.05, 0.3, 0.9]), st.sampled_from([("none", None), ("l2", l2), ("l1", l1)]), st.sampled_from([0.1, 0.5, 2.0]), st.integers(1, 40), st.sampled_from([-2.5, 0.5, 1.0]))
def test_a_few_points_stand_for_all_the_cars(eta, penalty, lam, steps, start):
    name, kind = penalty
    run_ = train(MLP(W={1: [[start]]}), HEAVY[:, None], Y, eta=eta, epochs=steps, batch_size=392, penalty=kind and kind(lam))
    view = Descent(HEAVY, Y)
    view.weights, view.eta, view.penalty, view.lam, view.index = [start], eta, name, lam, steps
    assert view.net.w(1, 1, 1) == pytest.approx(run_.net.w(1, 1, 1), rel=1e-9, abs=1e-12)


def test_the_hovering_of_l1():
    """The stretch that the chapter derives: from -eta (lam + g) to eta (lam - g)."""
    view = Descent(HEAVY, Y)
    view.penalty, view.lam, view.eta = "l1", 2.0, 0.1
    ws = [float(re.search(r" to (−?[\d.]+), where", frame["status"])[1].replace("−", "-")) for frame in view.frames[1:]]
    assert min(ws) >= -0.1 * (2 - 2 * R) - 1e-4 and max(ws[2:]) <= 0.1 * (2 + 2 * R) + 1e-4
    assert sum("It has crossed 0" in frame["status"] for frame in view.frames) > 5
    walked = [u.net.w(1, 1, 1) for u in updates(MLP(W={1: [[0.5]]}), HEAVY[:, None], Y, eta=0.1, epochs=40, batch_size=392, penalty=l1(2.0))]
    assert ws == pytest.approx(walked, abs=5.1e-5)


def test_each_step_multiplies_the_distance():
    for eta, penalty, lam in ((0.3, "none", 0.5), (0.9, "none", 0), (0.2, "l2", 0.5), (1.05, "none", 0.5)):
        factor = 1 - 2 * eta * (1 + lam * (penalty == "l2"))
        lowest = R / (1 + lam * (penalty == "l2"))
        status = at(index=3, eta=eta, penalty=penalty, lam=lam)["status"]
        assert f"1 − 2η{' · (1 + λ)' * (penalty == 'l2')} = {factor:.3f}.".replace("= -", "= −") in status
        assert ("on the other side" in status) == (-1 < factor < 0) and ("runs away" in status) == (factor < -1)
        w = [float(number.replace("−", "-")) for number in re.findall(r"from (\S+) by \S+ to (\S+),", status)[0]]
        assert w[1] - lowest == pytest.approx(factor * (w[0] - lowest), abs=2e-4)
    assert "outside the picture" in at(index=30, eta=1.05)["status"]


def test_still_is_not_near():
    assert at(index=11)["status"].endswith("training could stop here, 0.0001 from the minimum.")
    ws = descent._ws(SPEC, REST)
    assert [abs(b - a) < 1e-4 for a, b in zip(ws[9:], ws[10:20])] == [False] + [True] * 9, "the eleventh step is the first so short"
    for index in (12, 39, 40):
        assert "Since step 11 every step is shorter than 0.0001" in at(index=index)["status"]
    creeping = Descent(HEAVY, Y, eta=0.00001)
    assert creeping.frames[1]["status"].endswith("training could stop here, 1.3322 from the minimum.")


def test_where_the_2_comes_from_is_said_once():
    assert [index for index in range(41) if "2 times the distance" in at(index=index)["status"]] == [1]
    w = 0.3
    assert (np.mean((Y - (w + 1e-6) * HEAVY) ** 2) - np.mean((Y - (w - 1e-6) * HEAVY) ** 2)) / 2e-6 == pytest.approx(2 * (w - R))


def test_the_task_follows_eta_and_is_solved_where_one_step_is_enough():
    for eta in descent.ETAS:
        status, first = at(index=40, eta=eta)["status"], at(index=1, eta=eta)["status"]
        assert f"η = {eta:g}" in status and f"1 − 2η = {1 - 2 * eta:.3f}".replace("= -", "= −") in status
        assert ("Found" in status) == (float(re.search(r" to (−?[\d.]+), where", first)[1].replace("−", "-")) == pytest.approx(R, abs=1e-4)) == (eta == 0.5)
    assert "Your task" not in at(index=40, penalty="l2")["status"]


def test_its_questions_and_their_answers():
    first = at()["ask"]
    assert first["answer"] == pytest.approx(0.5 - 0.3 * 2 * (0.5 - R)) and first["shown"] == "−0.30"
    slope = 2 * (0.5 - R)
    slips = {round(value, 4): words for value, words in first["slips"]}
    for value, words in ((0.5 - 0.3, "not η alone"), (0.5 - slope, "not the slope alone"), (0.5 + 0.3 * slope, "Wrong way"), (-0.3 * slope, "the step alone")):
        assert words in slips[round(value, 4)]
    assert len(at(eta=1)["ask"]["slips"]) == 3, "η = 1: the slope alone is the step"
    assert at(penalty="l1", lam=2)["ask"]["answer"] == "no" and "ask" not in at(penalty="l1", lam=1.5), "there the lowest place is not at 0"
    for state in ({}, {"eta": 1}, {"weights": [-2.0]}):
        ask = at(**state)["ask"]
        assert ask["shown"] not in ask["before"]["status"] + ask["question"]


def test_controls_and_marks():
    assert "lam" not in at()["controls"] and "lam" in at(penalty="l1")["controls"]
    marks = SPEC["dial"]["values"]
    assert {round(b - a, 9) for a, b in zip(marks, marks[1:])} == {0.1} and 0.5 in marks
    assert "λw²" in at(penalty="l2")["shows"]["curve"]["title"] and "λ" not in at(lam=1)["shows"]["curve"]["title"]


def test_rewind_goes_to_the_start(twin):
    assert twin.node("return descent(spec).act('rewind', {})", spec=SPEC) == {"index": 0}


@pytest.mark.parametrize("x, y, message", [
    ([[1.0, 2.0]], [1.0], r"x must be one column of numbers, not all 0, but its shape is \(1, 2\)"),
    ([0.0, 0.0], [1.0, 2.0], "x must not be 0 for every point"), ([1.0, 2.0], [1.0], r"y must have shape \(2, 1\) or \(2,\)"), (None, [1.0], "x must be an array"),
])
def test_what_it_refuses(x, y, message):
    with pytest.raises((ValueError, TypeError), match=message):
        Descent(x, y)


@pytest.mark.parametrize("trait, value, message", [
    ("eta", 0, "eta must be a positive"), ("penalty", "l3", "penalty must be one of 'none', 'l2', 'l1'"), ("lam", -1, "lam must be a finite number, 0 or more"),
    ("weights", [1, 2], "weights must be a list of 1 number"), ("index", 41, "index must be from 0 to 40"),
])
def test_traits_are_checked(trait, value, message):
    view = Descent(HEAVY, Y)
    with pytest.raises(ValueError, match=message):
        setattr(view, trait, value)


def test_any_line_through_any_points():
    view = Descent([3.0, 1.0, 2.0], [1.0, -1.0, 0.5], eta=0.05)
    m = 14 / 3
    assert f"1 − 2η · {m:.4f} = {1 - 0.1 * m:.3f}" in view.frames[2]["status"]
    assert "Your task" in view.frames[40]["status"]
    view.eta = min(view.spec["choices"][0]["values"], key=lambda eta: abs(eta - 0.5 / m))
    assert "Found" in view.frames[40]["status"], "some mark of η solves it"
    view.penalty, view.eta = "l2", 0.05
    assert f"1 − 2η · ({m:.4f} + λ) = {1 - 0.1 * (m + 0.5):.3f}" in view.frames[2]["status"]
    view.penalty = "none"
    with closing(Twin(view.spec)) as twin:
        for index in (0, 1, 40):
            assert differences(view.frames[index], twin({"index": index, **view.spec["traits"]})[1]) == []
