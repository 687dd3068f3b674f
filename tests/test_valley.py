"""The valley (chapter 2): against the chapter's walk on all the cars, and its two makers against each other."""

import re

import numpy as np
import pytest
from chapters import run
from hypothesis import given, settings
from hypothesis import strategies as st
from twins import differences

from mlp import MLP, data, train
from mlp.trace import valley
from mlp.trace.frames import checked_frame
from mlp.widgets import Valley

CARS = data.auto_mpg()
PAIR, Y = CARS.Xs[:, [0, 2]], CARS.ys
SPEC = valley.valley(PAIR, Y)
REST = {"index": 0, **SPEC["traits"]}
RHO = float(np.mean(PAIR[:, 0] * PAIR[:, 1]))


def at(**state):
    return valley.frame(SPEC, {**REST, **state})


@settings(max_examples=100)
@given(st.integers(0, 40), st.sampled_from(SPEC["choices"][0]["values"]), st.sampled_from(SPEC["choices"][1]["values"]), st.tuples(*[st.sampled_from(SPEC["dial"]["values"])] * 2))
def test_the_page_makes_the_same_frame(twin, index, eta, rho, start):
    state = {"index": index, "weights": [*start], "eta": eta, "rho": rho, "weight": "w1_1_1"}
    ours = valley.frame(SPEC, state)
    assert differences(ours, twin(state)[1]) == []
    checked_frame(SPEC, ours, {}, str(state))


@pytest.mark.parametrize("eta", [0.1, 0.3, 0.5])
def test_three_points_stand_for_all_the_cars(eta):
    view = Valley(PAIR, Y)
    for steps in (1, 2, 20, 40):
        view.eta, view.index = eta, steps
        walked = run(2)[0]["walk"](eta, steps)[-1]
        assert view.net.W[1][:, 0] == pytest.approx(walked, rel=1e-9)
        said = re.search(r" to \((\S+), (\S+)\), where", view.frames[steps]["status"]).groups()
        assert [float(one.replace("−", "-")) for one in said] == pytest.approx(walked, abs=5.1e-5)


@pytest.mark.parametrize("rho", [0, 0.6, 0.98])
def test_other_correlations_are_those_of_bent_cars(rho):
    second = rho * PAIR[:, 0] + np.sqrt((1 - rho**2) / (1 - RHO**2)) * (PAIR[:, 1] - RHO * PAIR[:, 0])
    assert np.mean(second**2) == pytest.approx(1) and np.mean(second * PAIR[:, 0]) == pytest.approx(rho)
    view = Valley(PAIR, Y, eta=0.3)
    view.rho, view.index = rho, 10
    walked = train(MLP(W={1: [[0.0], [1.0]]}), np.column_stack([PAIR[:, 0], second]), Y, eta=0.3, epochs=10, batch_size=392).net
    assert view.net.W[1] == pytest.approx(walked.W[1], rel=1e-9)


def test_each_direction_has_its_factor():
    for eta in (0.1, 0.3, 0.5):
        left = at(index=7, eta=eta)["shows"]["left"]["marks"]
        for mark, m in zip(left, (1 + RHO, 1 - RHO)):
            ways = mark["points"][1::2]
            assert [b / a for a, b in zip(ways, ways[1:])] == pytest.approx([abs(1 - 2 * eta * m)] * 7)
        assert f"1 − 2η · {1 + RHO:.3f} = {1 - 2 * eta * (1 + RHO):.3f}".replace("= -", "= −") in at(index=7, eta=eta)["status"]


def test_contour_lines_have_one_height():
    for level, mark in zip(valley.LEVELS, at()["shows"]["map"]["marks"]):
        heights = [np.mean((Y - PAIR @ [a, b]) ** 2) for a, b in zip(mark["points"][::2], mark["points"][1::2])]
        lowest = np.mean((Y - PAIR @ np.linalg.lstsq(PAIR, Y, rcond=None)[0]) ** 2)
        assert heights == pytest.approx([lowest + level] * len(heights))


def test_its_answers():
    assert at()["ask"]["answer"] == "across" and at(eta=0.55)["ask"]["answer"] == "neither, it runs away" and at(rho=0)["ask"]["answer"] == "both at once"
    assert at(eta=0.52)["ask"]["answer"] == "neither, it runs away", "the limit is 1/1.9330 = 0.5173"
    done = at(index=1, eta=0.5, rho=0)
    assert "= 0.000 of the way, along it 1 − 2η · 1.000 = 0.000" in done["status"] and at(index=40)["ask"]["answer"] == 0


@pytest.mark.parametrize("make, message", [
    (lambda: Valley(PAIR[:, :1], Y), r"x must be two columns of at least three numbers, but its shape is \(392, 1\)"), (lambda: Valley(PAIR[:, [0, 0]], Y), "their correlation is 1.0000"),
    (lambda: Valley(np.ones((5, 2)), np.ones(5)), "x must be two columns that vary"), (lambda: setattr(Valley(PAIR, Y), "rho", 1.0), "rho must be at most 0.99"),
    (lambda: setattr(Valley(PAIR * [1, -1], Y), "rho", -1.0), "rho must be at most 0.99"), (lambda: setattr(Valley(PAIR, Y), "rho", -0.1), "rho must be a finite number, 0 or more"),
    (lambda: setattr(Valley(PAIR, Y), "weights", [1.0]), "weights must be a list of 2 numbers"),
])
def test_what_it_refuses(make, message):
    with pytest.raises(ValueError, match=message):
        make()
