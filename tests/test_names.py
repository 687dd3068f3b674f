"""Names (chapter 1): every face of every weight, what wrong answers are told, and the forward pass; the page looks them up."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twins import differences

from mlp import MLP, data, forward, tanh
from mlp.trace import names
from mlp.trace.frames import checked_frame
from mlp.widgets import Names

NET, X, Y = data.running_example()
SPEC = names.names(NET, X)
WEIGHTS = [(k, i, j) for k in NET.layers for i in range(1, NET.sizes[k - 1] + 1) for j in range(1, NET.sizes[k] + 1)]
EDGES = [f"w{k}_{i}_{j}" for k, i, j in WEIGHTS]
SUB, SUP = "₀₁₂₃₄₅₆₇₈₉", "⁰¹²³⁴⁵⁶⁷⁸⁹"


def called(k, i, j):
    return f"w{SUP[k]}{SUB[i]}{SUB[j]}"


def unit(layer, n):
    return f"O{SUB[layer]}{SUB[n]}" if layer else f"x{SUB[n]}"


def numbers(text):
    return [float(one) for one in re.findall(r"-?\d+(?:\.\d+)?", text.replace("−", "-"))]


def test_the_page_shows_the_same_frames(twin):
    for mode in names.MODES:
        for weight in EDGES if mode == "look" else EDGES[:1]:
            for index in range(names.last(SPEC, {"mode": mode}) + 1):
                state = {"index": index, "mode": mode, "weight": weight}
                last, theirs = twin(state)
                assert last == names.last(SPEC, state) and differences(names.frame(SPEC, state), theirs) == []
                checked_frame(SPEC, theirs, {}, str(state))


@pytest.mark.parametrize("k, i, j", WEIGHTS)
def test_a_weights_faces(k, i, j):
    frame = names.frame(SPEC, {"index": 0, "mode": "look", "weight": f"w{k}_{i}_{j}"})
    assert frame["status"] == (f"{called(k, i, j)}, said “weight, layer {k}, from {i} to {j}”, is {NET.w(k, i, j):g}. It leads from {unit(k - 1, i)} to {unit(k, j)}, "
                               f"stands in row {i} and column {j} of W{SUP[k]}, and in code it is net.W[{k}][{i}-1, {j}-1].").replace("is -", "is −")
    cell = SPEC["panels"]["matrices"]["choices"].index(f"w{k}_{i}_{j}")
    assert frame["shows"]["matrices"]["lit"] == [cell]
    assert float(frame["shows"]["matrices"]["cells"][cell].replace("−", "-")) == NET.W[k][i - 1, j - 1]
    assert [*frame["shows"]["network"]["routes"]] == [f"w{k}_{i}_{j}"]


@pytest.mark.parametrize("n", range(12))
def test_questions(n):
    ask = names.frame(SPEC, {"index": n, "mode": "find", "weight": "w2_3_1"})["ask"]
    before = ask["before"]["shows"]
    asked = ask["question"].partition(". ")[2]
    if n % 4 in (0, 2):  # by name or by code: which edge, which cell
        k, i, j = map(int, re.findall(r"\d", ask["answer"]))
        assert (called(k, i, j) if n % 4 == 0 else f"net.W[{k}][{i - 1}, {j - 1}]") in asked
        assert [value for value, _ in ask["options"]] == EDGES and {value for value, _ in ask["slips"]} == {*EDGES} - {ask["answer"]}
        if n:
            assert before["network"]["routes"] == {} and before["matrices"]["lit"] == [], "nothing points at it"
    else:
        k, i, j = next((k, i, j) for k, i, j in ((k, i, j) for k in range(1, 4) for i in range(1, 5) for j in range(1, 4)) if called(k, i, j) == ask["answer"])
        assert ask["answer"] in ask["choices"] and len(ask["choices"]) == 4 and called(k, j, i) in ask["choices"]
        routes, lit = [*before["network"]["routes"]], before["matrices"]["lit"]
        assert (routes, lit) == (([f"w{k}_{i}_{j}"], []) if n % 4 == 1 else ([], [EDGES.index(f"w{k}_{i}_{j}")])), "edge or cell, and not both"
        assert ask["answer"] not in str(before), "its name is not told"
        assert len({*map(tuple, ask["slips"])}) == 3
    assert (k, i, j) in WEIGHTS and i != j
    assert ask["answer"] not in asked.replace(called(k, i, j), "")


def test_the_first_question_and_its_slips():
    ask = names.frame(SPEC, {"index": 0, "mode": "find", "weight": "w2_3_1"})["ask"]
    assert ask["question"] == "Find 1 of 12. Which edge is w¹₂₃? Click it or choose it in the list, then press Check." and ask["shown"] == "x₂ → O₁₃"
    slips = dict(ask["slips"])
    assert slips["w1_3_2"] == "You took (to, from); the subscripts are (from, to)."
    layer = "The layer is the number above, where the edge arrives; both below are units."
    assert slips["w2_3_2"] == f"{layer} {slips['w1_3_2']}" and slips["w2_3_1"] == f"{layer} From and to do not fit either: that one is “weight, layer 2, from 3 to 1”."
    code = names.frame(SPEC, {"index": 6, "mode": "find", "weight": "w2_3_1"})["ask"]
    k, i, j = map(int, re.findall(r"\d", code["answer"]))
    slips = dict(code["slips"])
    assert slips[f"w{k}_{i - 1}_{j}"] == f"Rows and columns count from 0 in code: [{i - 1}, {j - 1}] is row {i}, column {j}. The {k} is the layer."
    assert all(f"net.W[{k}] is W{SUP[k]}" in words for edge, words in slips.items() if edge[1] != str(k))
    for n, ask in enumerate(names.frame(SPEC, {"index": n, "mode": "find", "weight": ""})["ask"] for n in range(12)):
        k, i, j = map(int, re.findall(r"\d", ask["answer"].translate(str.maketrans(SUP + SUB, "0123456789" * 2))))
        for given, words in ask["slips"]:
            layer, *place = map(int, re.findall(r"\d", given.translate(str.maketrans(SUP + SUB, "0123456789" * 2))))
            assert (layer != k) == ("number above" in words or "first brackets" in words), "the layer is spoken of where it is wrong"
            assert (place != [i, j]) == any(one in words for one in ("(to, from)", "That one is", "that one is", "count from 0 in code")), "and so is the place"


def test_code_is_introduced_before_it_is_asked_and_the_end_is_said():
    asks, told = [names.frame(SPEC, {"index": n, "mode": "find", "weight": ""})["ask"] for n in range(12)], "count from 0"
    first = next(n for n, ask in enumerate(asks) if "net.W[" in ask["question"])
    assert first == 2 and told in asks[first]["before"]["status"]
    statuses = [names.frame(SPEC, {"index": n, "mode": "find", "weight": ""})["status"] for n in range(12)]
    assert [told in status for status in statuses[:3]] == [True, True, False]
    assert ["That was the last" in status for status in statuses] == [False] * 11 + [True]
    assert "the layer where the edge arrives, not a power" in asks[0]["before"]["status"]


def test_no_name_is_said_twice():
    for n in range(12):
        frame = names.frame(SPEC, {"index": n, "mode": "find", "weight": ""})
        assert not frame["status"].startswith(frame["ask"]["shown"])


def test_the_score_counts_first_tries(twin):
    body = """const view = names(spec), answered = new Map(spec.live.finds.map(({ ask }, n) => [ask.question, n % 3 === 0]));
              return [view.frame({ mode: 'find', index: 11, answered }), view.frame({ mode: 'find', index: 10, answered }), view.frame({ mode: 'find', index: 11, answered: new Map() })].map(f => f.status)"""
    scored, other, unanswered = twin.node(body, spec=SPEC)
    assert scored.endswith("Of 12, you found 4 at the first try.") and unanswered + " Of 12, you found 4 at the first try." == scored and "first try" not in other


def test_the_forward_pass():
    point, seen = forward(NET, [X]), []
    for index in range(1, 13):
        status = names.frame(SPEC, {"index": index, "mode": "step", "weight": "w2_3_1"})["status"]
        seen.append(numbers(status)[-1])
        if index % 2:
            k, j = map(int, (SUB.index(status[1]), SUB.index(status[2])))
            _, products, terms, _ = status.rstrip(".").split(" = ")
            added = sum(numbers(terms.replace("− ", "−").replace("+ ", "")))
            assert added == pytest.approx(numbers(status)[-1], abs=1e-9), "printed terms add to the printed sum"
            assert point.Z[k][0, j - 1] == pytest.approx(added, abs=5.1e-5)
            factors = numbers(products)
            assert factors[1::2] == [NET.w(k, i, j) for i in range(1, NET.sizes[k - 1] + 1)]
            assert sum(a * b for a, b in zip(factors[::2], factors[1::2])) == pytest.approx(added, abs=2e-4)
    outputs = [value for k in NET.layers for value in point.O[k][0]]
    assert seen[1::2] == pytest.approx(outputs, abs=5.1e-5)
    assert names.frame(SPEC, {"index": 1, "mode": "step", "weight": ""})["status"].endswith("0.4309 − 0.3321 + 0.1862 − 0.1285 = 0.1565.")
    assert names.frame(SPEC, {"index": 13, "mode": "step", "weight": ""})["status"].endswith("(1, 4)(4, 3) → (1, 3), (1, 3)(3, 2) → (1, 2), (1, 2)(2, 1) → (1, 1).")


def test_no_output_is_shown_before_it_is_computed():
    for index in range(13):
        values = names.frame(SPEC, {"index": index, "mode": "step", "weight": ""})["shows"]["network"]["values"]
        assert sum(value != "" for value in values.values()) == index // 2
    asked = [index for index in range(14) if "ask" in names.frame(SPEC, {"index": index, "mode": "step", "weight": ""})]
    assert asked == [1, 7]


@settings(max_examples=15)
@given(st.lists(st.integers(1, 4), min_size=2, max_size=4), st.booleans())
def test_any_network(sizes, bias):
    net = MLP.init(sizes, rng=np.random.default_rng(5), activation=tanh, bias=bias)
    view = Names(net, np.linspace(-1, 1, sizes[0]))
    assert len(view.frames) == 12 and all(frame["ask"]["answer"] for frame in view.frames)
    view.mode = "step"
    assert len(view.frames) == 2 + 2 * sum(sizes[1:])
    view.mode, view.weight = "look", f"w{len(sizes) - 1}_{sizes[-2]}_{sizes[-1]}"
    assert len(view.frames) == 1


@pytest.mark.parametrize("make, message", [
    (lambda: Names(NET, X[:3]), r"x must be one point, of shape \(4,\), but its shape is \(3,\)"), (lambda: Names(NET, X, mode="all"), "mode must be one of 'find', 'look', 'step'"),
    (lambda: Names(MLP(W={1: np.ones((9, 1))}), np.ones(9)), "net must have at most 8 units a layer"), (lambda: setattr(Names(NET, X), "weight", "w9"), "weight must be one of"),
])
def test_what_it_refuses(make, message):
    with pytest.raises(ValueError, match=message):
        make()
