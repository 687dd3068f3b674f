"""Turn a weight (the front page): against the forward pass, its two makers against each other, and the first screen as a reader meets it."""

import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import expect
from support import PHONE, address
from twins import differences

from mlp import MLP, data, forward
from mlp.trace import turn
from mlp.trace.frames import checked_frame
from mlp.widgets import Turn

NET, X, Y = data.running_example()
CARS = data.auto_mpg()
SPEC = turn.turn(NET, X, Y, (CARS.y_mean, CARS.y_dev), "miles per gallon")
REST = {"index": 0, **SPEC["traits"]}
PAGE = "book/index.html"


@settings(max_examples=60)
@given(st.lists(st.integers(-300, 300).map(lambda n: n / 100), min_size=20, max_size=20) | st.just(REST["weights"]), st.sampled_from(SPEC["dial"]["edges"]))
def test_the_page_makes_the_same_frame(twin, weights, weight):
    state = {"index": 0, "weights": weights, "weight": weight}
    ours = turn.frame(SPEC, state)
    assert differences(ours, twin(state)[1]) == []
    checked_frame(SPEC, ours, {}, weight)
    W = {1: np.reshape(weights[:12], (4, 3)), 2: np.reshape(weights[12:18], (3, 2)), 3: np.reshape(weights[18:], (2, 1))}
    yhat = forward(MLP(W=W), [X]).yhat[0, 0]
    assert float(re.search(r"says (\S+) miles", ours["status"])[1].replace("−", "-")) == pytest.approx(CARS.to_mpg(yhat), abs=0.051)


def test_it_can_be_solved_with_the_slider():
    """Its weight has a mark on the slider at which the network says 18.0; the book's own weights say 24.7."""
    rest = turn.frame(SPEC, REST)
    assert rest["status"] == "The network says 24.7 miles per gallon; the truth is 18.0. Turn a weight until it says 18.0."
    solved = [value for value in SPEC["dial"]["values"] if turn.frame(SPEC, {**REST, "weights": [*REST["weights"][:18], value, REST["weights"][19]]})["status"].startswith("Found")]
    assert solved == [-0.6]


def test_what_lies_before_a_weight_does_not_follow():
    moved = [*REST["weights"]]
    moved[16] = 2.5  # w²₃₁
    before, after = (turn.frame(SPEC, {**REST, "weights": weights, "weight": "w2_3_1"})["shows"]["network"] for weights in (REST["weights"], moved))
    changed = {node for node in before["values"] if before["values"][node] != after["values"][node]}
    assert changed == {"O2_1", "O3_1", "L"} == {*after["lit"]}


@pytest.mark.parametrize("make, message", [(lambda: Turn(NET, X, Y, scale=(1, 2, 3)), "scale must be two numbers"), (lambda: Turn(NET, X[:2], Y), "x has 2 entries"),
                                           (lambda: setattr(Turn(NET, X, Y), "weights", [1.0]), "weights must be a list of 20 numbers")])
def test_what_it_refuses(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# On the front page ----------------------------------------------------------------------------------------------------


def state(card):
    return json.loads(card.get_attribute("data-state"))


@pytest.mark.parametrize("viewport, theme", [((1366, 650), "light"), (PHONE, "dark")])
def test_the_first_screen_has_one_thing_to_touch_and_says_where_to_start(site, new_page, viewport, theme):
    page = new_page(viewport, theme)
    page.goto(address(site, PAGE))
    card = page.get_by_role("region", name="Turn a weight")
    for part in (page.get_by_role("heading", level=1), page.get_by_role("link", name="Start here"), card, card.get_by_role("slider", name="turn"), card.get_by_role("status")):
        box = part.bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= viewport[1], part
    slider = card.get_by_role("slider", name="turn")
    slider.focus()
    for _ in range(28):
        page.keyboard.press("ArrowLeft")
    expect(card.get_by_role("status")).to_contain_text("Found: with w³₁₁ = −0.6 the network says 18.0 miles per gallon")
    card.get_by_role("button", name="Rewind").click()
    assert state(card)["weights"] == REST["weights"]
    assert page.log.problems == []
    page.context.close()


def test_an_edge_can_be_dragged_with_a_mouse(site, new_page):
    page = new_page((1366, 650))
    page.goto(address(site, PAGE, "file"))
    card = page.get_by_role("region", name="Turn a weight")
    drawing = card.get_by_role("img")
    spot = drawing.evaluate("""svg => { const line = svg.querySelector('.hit[data-choice="w1_1_1"]'), box = svg.getBoundingClientRect(), scale = box.width / svg.viewBox.baseVal.width;
      const at = (name) => line[name].baseVal.value; return [box.x + (at('x1') + at('x2')) / 2 * scale, box.y + (at('y1') + at('y2')) / 2 * scale]; }""")
    page.mouse.move(*spot)
    page.mouse.down()
    page.mouse.move(spot[0], spot[1] - 50, steps=5)
    page.mouse.up()
    now = state(card)
    assert now["weight"] == "w1_1_1" and now["weights"][0] == pytest.approx(0.9)
    expect(card.get_by_role("status")).to_have_text(turn.frame(SPEC, now)["status"])
    assert page.log.problems == []
    page.context.close()
