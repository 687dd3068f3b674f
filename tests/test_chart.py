"""The chart panel: its scales and paths in Node, its contract and its still in Python."""

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from node import JS, Node

from mlp import plots, trace

AXIS = {"least": 0, "most": 10.0, "ticks": [[0, "0"], [10, "10"]]}
SPEC = {"name": "one", "title": "One", "panels": {"curve": {"kind": "chart", "name": "A curve", "x": AXIS, "y": {**AXIS, "label": "L"}}},
        "scenes": {"": {"frames": [{"status": "Now.", "shows": {"curve": {"marks": [
            {"kind": "line", "points": [0, 1, 5, 2.5, 10, 9], "ink": "accent", "text": "after"}, {"kind": "arrow", "points": [0, 0, 5, 5], "ink": "back"},
            {"kind": "dots", "points": [1, 1, 2, 2], "ink": "soft"}]}}}]}}}


@pytest.fixture(scope="module")
def chart():
    node = Node(JS / "chart.js")
    yield node
    node.close()


@settings(max_examples=100)
@given(st.floats(-1e3, 1e3), st.floats(0.01, 1e3), st.floats(0, 1), st.booleans())
def test_a_scale_and_back(chart, least, span, share, log):
    least = abs(least) + 0.01 if log else least
    axis = {"least": least, "most": least + span, "ticks": [], "log": log}
    ends = chart("const s = scale(axis, 40, 300); return [s.px(axis.least), s.px(axis.most)]", axis=axis)
    assert ends == pytest.approx([40, 300])
    value = least + share * span
    assert chart("const s = scale(axis, 40, 300); return s.value(s.px(v))", axis=axis, v=value) == pytest.approx(value, rel=1e-9, abs=1e-9)


def test_up_is_up_and_a_decade_is_a_decade(chart):
    assert chart("return [1, 10, 100].map(scale({ least: 1, most: 100, log: true }, 100, 0).px)") == pytest.approx([100, 50, 0])


def test_a_path_begins_anew_behind_a_gap(chart):
    draw = "const s = scale({ least: 0, most: 10 }, 0, 10); return pathThrough(points.map((v) => v ?? NaN), s, s, stepped)"
    assert chart(draw, points=[0, 1, 2, 3, 4, None, 5, 6, 7, 8], stepped=False) == "M0.0 1.0L2.0 3.0M5.0 6.0L7.0 8.0"
    assert chart(draw, points=[0, 1, 2, 3], stepped=True) == "M0.0 1.0L2.0 1.0L2.0 3.0", "a stair stays level up to the next point"


@pytest.mark.parametrize("change, error", [
    (lambda marks, _: marks[0].pop("ink"), r"frame 1, panel curve, marks\[0\]: 'ink' is missing"),
    (lambda marks, _: marks[1].update(points=3), r"marks\[1\], points: expected list, but 3 came"),
    (lambda _, holds: holds["x"].update(most="ten"), "panel curve, x, most: expected float, but 'ten' came"),
    (lambda _, holds: holds.pop("y"), "panel curve: 'y' is missing"),
])
def test_the_contract_names_what_is_wrong(change, error):
    spec = eval(repr(SPEC))
    assert trace.frames.checked(spec) is spec
    change(spec["scenes"][""]["frames"][0]["shows"]["curve"]["marks"], spec["panels"]["curve"])
    with pytest.raises(ValueError, match=error):
        trace.frames.checked(spec)


def test_its_still_has_its_marks_and_words():
    drawn = ElementTree.fromstring(plots.still(SPEC, {}, SPEC["scenes"][""]["frames"][0]))
    words = "".join(drawn.itertext())
    assert "after" in words and "L" in words
    assert re.search("#0072b2", ElementTree.tostring(drawn, encoding="unicode"))
