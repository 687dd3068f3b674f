"""Numbers as a live view prints them: the page's own text is Python's, character for character."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from node import JS, Node

from mlp.trace.digits import display, figures, fixed, short, signed, significant


@pytest.fixture(scope="module")
def digits():
    node = Node(JS / "digits.js")
    yield node
    node.close()


# What rounds as one does not expect: ties, what becomes zero, what grows a digit, the very large and small.
HARD = [0.0, -0.0, 0.5, 1.5, 2.5, -2.5, 0.125, 0.375, 1.005, 2.675, 0.00005, -0.00004, 9.9999999, 99999.5, 999999.5, 1e5, 123456.0, 1e16, 1e22, 1.5e-5, 1e-7,
        0.0001, 0.00012345, -1.2e-22, 5e-324, 0.1, 1 / 3, 553.5624, -8.0, 1.25, 0.25]
numbers = st.one_of(st.sampled_from(HARD), st.floats(-1e6, 1e6), st.floats(-1, 1), st.integers(-4000, 4000).map(lambda n: n / 32))


@settings(max_examples=600)
@given(numbers, st.integers(0, 12), st.integers(1, 12))
def test_the_page_prints_as_python_does(digits, value, decimals, places):
    ours = digits("return [signed(v, d), fixed(v, d), short(v), significant(v, p), figures(v, p)]", v=value, d=decimals, p=places)
    assert ours == [display(signed(value, decimals)), fixed(value, decimals), short(value), display(significant(value, places)), figures(value, places)]


def test_slots_are_filled_and_a_missing_one_is_an_error(digits):
    assert digits('return fill("L = {L} at {w_1}", {L: "0.74", w_1: "−2"})') == "L = 0.74 at −2"
    with pytest.raises(RuntimeError, match="nothing fills {L}"):
        digits('return fill("{L}", {})')
