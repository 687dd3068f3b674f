"""Slopes of the sigmoid (chapter 3): against the chapter and by plain arithmetic, and its two makers against each other."""

from math import exp

import pytest
from chapters import run
from hypothesis import given, settings
from hypothesis import strategies as st
from twins import differences

from mlp.trace import slopes
from mlp.trace.frames import checked_frame
from mlp.widgets import Slopes

SPEC = slopes.slopes()


def at(**state):
    return slopes.frame(SPEC, {"index": 0, **SPEC["traits"], **state})


def left(w, b, depth):
    """What is left of a change, in plain floats."""
    out, product = 0.5, 1.0
    for _ in range(depth):
        out = 1 / (1 + exp(-(w * out + b)))
        product *= out * (1 - out) * w
    return product


@settings(max_examples=120)
@given(st.integers(0, 10), st.sampled_from(SPEC["choices"][0]["values"]), st.sampled_from(SPEC["choices"][1]["values"]), st.booleans())
def test_the_page_makes_the_same_frame(twin, index, z, w, biased):
    state = {"index": index, "z": z, "w": w, "biased": biased}
    ours = slopes.frame(SPEC, state)
    assert differences(ours, twin(state)[1]) == []
    checked_frame(SPEC, ours, {}, str(state))
    behind = [mark["points"] for mark in ours["shows"]["left"]["marks"] if mark["kind"] == "dots"][0]
    assert behind[1::2] == pytest.approx([left(w, -w / 2 if biased else 0.0, n) for n in range(index + 1)])


def test_it_is_the_chain_of_the_chapter():
    products = run(3)[0]["products"]
    marks = at(index=10)["shows"]["left"]["marks"]
    assert marks[1]["points"][3::2] == pytest.approx(products) and at(index=10)["status"].endswith("3.48·10⁻⁷ is left.")
    assert at(index=10, w=4)["status"].endswith("5.49·10⁻¹¹ is left.") and at(index=10, w=4, biased=True)["status"].endswith("1 is left."), "as exercise 7 prints"


def test_its_answers():
    assert at()["ask"]["answer"] == "less" and at(w=4, biased=True)["ask"]["answer"] == "more"
    assert at(index=10)["ask"]["answer"] == 4 == next(w for w in SPEC["choices"][1]["values"] if abs(left(w, -w / 2, 10) - 1) < 1e-9)
    assert at(z=0)["shows"]["sigmoid"]["title"] == "At z = 0: σ = 0.5000, σ′ = σ(1 − σ) = 0.2500"


def test_traits_are_checked():
    view = Slopes()
    view.z, view.biased = -2.5, True
    assert view.net.b[3].tolist() == [-0.5]
    for trait, value, error in (("z", None, "z must be an array of real numbers"), ("biased", 1, "biased must be True or False"), ("w", 0, "w must be a positive")):
        with pytest.raises((TypeError, ValueError), match=error):
            setattr(view, trait, value)
