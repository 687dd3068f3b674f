"""Nudge (chapter 3): the way of a small change, against forward passes, finite differences and the chapter; and its two makers."""

import re
from contextlib import closing
from math import prod

import numpy as np
import pytest
from chapters import run
from hypothesis import given, settings
from hypothesis import strategies as st
from twins import Twin, differences

from mlp import MLP, backprop, data, forward, tanh
from mlp.trace import nudge
from mlp.trace.frames import checked_frame
from mlp.widgets import Nudge

NET, X, Y = data.running_example()
SPEC = nudge.nudge(NET, X, Y)
TINY = MLP(W={1: [[0.5]], 2: [[-2.0]], 3: [[5.0]]})
CHAIN = nudge.nudge(TINY, [3.0], 2.0, ("u z p", "v s q", "w ŷ ŷ"))
EXACT = backprop(NET, [X], [Y])


def at(spec=SPEC, **state):
    return nudge.frame(spec, {"index": 0, **spec["traits"], **state})


def value(text):
    text = text.replace("−", "-")
    mantissa, _, power = text.partition("·10")
    return float(mantissa) * 10.0 ** int(power.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")) or 0)


@pytest.mark.parametrize("spec", [SPEC, CHAIN], ids=["running example", "chain"])
def test_the_page_makes_the_same_frames(spec):
    with closing(Twin(spec)) as twin:
        for weight in spec["live"]["ways"]:
            for by in nudge.NUDGES:
                for index in range(nudge.last(spec, {"weight": weight}) + 1):
                    state = {"index": index, "weight": weight, "nudge": by}
                    ours, (last, theirs) = nudge.frame(spec, state), twin(state)
                    assert differences(ours, theirs) == [], state
                    checked_frame(spec, ours, nudge.holds(spec, state), str(state))
            assert last == index


def test_the_eight_weights_of_the_chapter_and_no_other():
    assert [*SPEC["live"]["ways"]] == ["w3_1_1", "w3_2_1", *(f"w2_{i}_{j}" for i in (1, 2, 3) for j in (1, 2))]
    assert SPEC["traits"]["weight"] == "w2_3_1"
    assert {edge["choice"] for edge in SPEC["panels"]["network"]["edges"]} == {"", *SPEC["live"]["ways"]}, "what has two paths cannot be chosen"


@pytest.mark.parametrize("weight", SPEC["live"]["ways"])
def test_slopes_multiply_to_the_derivative(weight):
    k, i, j = map(int, re.findall(r"\d", weight))
    exact = EXACT.W[k][i - 1, j - 1]
    way = SPEC["live"]["ways"][weight]
    assert prod(way["slopes"]) == pytest.approx(exact, rel=1e-12)
    end = nudge.last(SPEC, {"weight": weight})
    product, last = at(weight=weight, index=end - 1), at(weight=weight, index=end)
    assert product["ask"]["answer"] == pytest.approx(exact, rel=1e-12)
    slopes, shown = re.search(r"multiply: (.*) = (\S+)\. Measured", product["status"]).groups()
    printed = prod(value(one.strip("()")) for one in slopes.split(" × "))
    assert abs(printed - value(shown)) <= 0.5 * 10.0 ** -len(shown.partition(".")[2]) + 1e-12, "printed factors multiply"
    assert f"backprop comes to {exact:.5f}".replace("-", "−") in last["status"]


@settings(max_examples=40)
@given(st.sampled_from([*SPEC["live"]["ways"]]), st.sampled_from(nudge.NUDGES))
def test_what_moved_is_what_two_forward_passes_say(weight, by):
    k, i, j = map(int, re.findall(r"\d", weight))
    W = {layer: np.array(NET.W[layer]) for layer in NET.layers}
    W[k][i - 1, j - 1] += by
    loss = [float((Y - forward(net, [X]).yhat[0, 0]) ** 2) for net in (NET, MLP(W=W))]
    end = nudge.last(SPEC, {"weight": weight})
    changes = at(weight=weight, nudge=by, index=end)["shows"]["chain"]["changes"]
    assert value(changes[0]) == pytest.approx(by) and value(changes[-1]) == pytest.approx(loss[1] - loss[0], rel=1e-3)


def test_as_the_nudge_shrinks_more_digits_agree():
    """The definition of a slope, seen; these are the design's own numbers."""
    seen = [at(nudge=by, index=2)["shows"]["chain"]["ratios"][1] for by in (1, 0.1, 0.01, 0.001)]
    assert seen == [["0.2", "2547"], ["0.23", "591"], ["0.236", "79"], ["0.2368", "8"]]
    lengths = [len(at(nudge=by, index=2)["shows"]["chain"]["ratios"][1][0]) for by in reversed(nudge.NUDGES)]
    assert lengths == sorted(lengths) and lengths[-1] == 7


def test_the_chain_of_the_chapter():
    names = run(3)[0]
    way = CHAIN["live"]["ways"]["w1_1_1"]
    assert [row["text"] for row in way["rows"]] == ["u", "z", "p", "s", "q", "ŷ", "L"] and CHAIN["traits"]["weight"] == "w1_1_1"
    assert [float(row["value"].replace("−", "-")) for row in way["rows"]] == pytest.approx(names["before"], abs=5.1e-5)
    assert way["slopes"] == pytest.approx([3, 0.14915, -2, 0.13652, 5, -2.3687], abs=5e-5) and prod(way["slopes"]) == pytest.approx(1.4469, abs=1e-4)
    changes = at(CHAIN, nudge=0.001, index=8)["shows"]["chain"]["changes"]
    assert [value(one) for one in changes] == pytest.approx([*names["change"][:-1], names["change"][-1]], rel=1e-3)
    assert "2(ŷ − y) · w · (σ′(s) · v) · (σ′(z) · x) = 1.447" in at(CHAIN, index=8)["status"]
    assert at(CHAIN, weight="w3_1_1", index=4)["status"].startswith("One factor a neuron, in brackets: 2(ŷ − y) · q = −0.3864.")


def test_the_answers():
    assert at()["ask"]["answer"] == "less" and at(CHAIN)["ask"]["answer"] == "more"
    assert at(nudge=0.001, index=7)["ask"]["answer"] == "w³₁₁", "its derivative is the largest of the eight"
    sizes = {edge: abs(prod(way["slopes"])) for edge, way in SPEC["live"]["ways"].items()}
    assert max(sizes, key=sizes.get) == "w3_1_1"


@pytest.mark.parametrize("spec", [SPEC, CHAIN], ids=["running example", "chain"])
def test_the_task_is_judged_by_what_the_card_shows(spec):
    """At 0.1 another weight of the chain moves L most than its slopes say; so the task waits for a small nudge."""
    def moves(by):
        return {way["name"]: abs(value(at(spec, weight=edge, nudge=by, index=nudge.last(spec, {"weight": edge}))["shows"]["chain"]["changes"][-1])) for edge, way in spec["live"]["ways"].items()}

    for by in nudge.NUDGES:
        for edge in spec["live"]["ways"]:
            frame = at(spec, weight=edge, nudge=by, index=nudge.last(spec, {"weight": edge}))
            assert "Your task: make the nudge 0.001, and find the weight" in frame["status"]
            assert ("ask" in frame) == (by <= 0.001)
            if by <= 0.001:
                assert moves(by)[frame["ask"]["answer"]] == max(moves(by).values())
    assert max(moves(0.1), key=moves(0.1).get) == ("v" if spec is CHAIN else "w³₁₁")


def test_every_edge_of_the_way_is_lit_at_its_end():
    for spec in (SPEC, CHAIN):
        for edge, way in spec["live"]["ways"].items():
            for index in range(1, len(way["links"]) + 1):
                routes = at(spec, weight=edge, index=index)["shows"]["network"]["routes"]
                passed = [one for one in way["edges"] if routes[one] == [1]]
                assert passed == way["edges"][: len(passed)], "from the weight on"
            assert passed == way["edges"]


def test_other_networks():
    net = MLP.init((3, 2, 1), rng=np.random.default_rng(3), activation=tanh, bias=True)
    view = Nudge(net, [0.1, 0.2, 0.3], 1.0)
    assert [*view.spec["live"]["ways"]] == ["w2_1_1", "w2_2_1", *(f"w1_{i}_{j}" for i in (1, 2, 3) for j in (1, 2))]
    view.weight, view.nudge, view.index = "w1_2_1", 0.01, 3
    assert view.net.w(1, 2, 1) == pytest.approx(net.w(1, 2, 1) + 0.01)
    with closing(Twin(view.spec)) as twin:
        assert differences(view.frames[3], twin(view._now())[1]) == []


@pytest.mark.parametrize("make, message", [
    (lambda: Nudge(NET, X[:3], Y), "x has 3 entries"), (lambda: Nudge(NET, X, Y, letters=("a b c",)), "letters must be three names for each of the 3 layers"),
    (lambda: Nudge(MLP(W={1: np.ones((9, 1))}), np.ones(9), 0.0), "net must have at most 8 units a layer"),
    (lambda: setattr(Nudge(NET, X, Y), "weight", "w1_1_1"), "weight must be one of"), (lambda: setattr(Nudge(NET, X, Y), "nudge", 0), "nudge must be a positive"),
])
def test_what_it_refuses(make, message):
    with pytest.raises(ValueError, match=message):
        make()
