"""The view One update: its numbers against `mlp` and the table of the design, its two makers against each other."""

import json
import re

import numpy as np
import pytest
import strategies  # noqa: F401 (the profile that hypothesis runs under)
from hypothesis import given
from hypothesis import strategies as st
from support import number
from twins import differences

from mlp import MLP, backprop, data, forward, numerical_gradients, relu, squared_loss, step, tanh, trace
from mlp.activations import Activation
from mlp.trace import update
from mlp.trace.frames import checked_frame
from mlp.widgets import OneUpdate

NET, X, Y = data.running_example()
SPEC = trace.one_update(NET, X, Y)
REST = {"index": 0, **SPEC["traits"]}
GRAD = backprop(NET, [X], [Y])


def shown(**state):
    state = {**REST, **state}
    return checked_frame(SPEC, update.frame(SPEC, state), {}, str(state["index"]))


# The walk --------------------------------------------------------------------------------------------------------------

WALK = [  # what each step says, at rest
    "20 weights are to move", "= 0.1565, and O₁₁ = σ(0.1565) = 0.5390.", "= 0.4565, and O₁₂ = σ(0.4565) = 0.6122.",
    "= −0.6090, and O₁₃ = σ(−0.6090) = 0.3523.", "= 0.4663, and O₂₁ = σ(0.4663) = 0.6145.", "= 0.1962, and O₂₂ = σ(0.1962) = 0.5489.",
    "= 0.1623, and O₃₁ = Z₃₁ = 0.1623.", "L = (−0.6986 − 0.1623)² = 0.7412.", "dO₃₁ = 2·(0.1623 − (−0.6986)) = 1.7218.", "dZ₃₁ = dO₃₁ = 1.7218",
    "0.6145·1.7218 = 1.0581, dW³₂₁ = O₂₂·dZ₃₁ = 0.5489·1.7218 = 0.9451.", "dO₂₁ = 0.8·1.7218 = 1.3775, dO₂₂ = −0.6·1.7218 = −1.0331.",
    "dZ₂₁ = 1.3775·0.2369 = 0.3263, dZ₂₂ = −1.0331·0.2476 = −0.2558.", "dW²₁₁ = O₁₁·dZ₂₁ = 0.5390·0.3263 = 0.1759",
    "dO₁₁ = 0.7·0.3263 + (−0.4)·(−0.2558) = 0.2284 + 0.1023 = 0.3307: the paths of chapter 4, added.",
    "dO₁₂ = −0.2·0.3263 + 0.5·(−0.2558) = −0.1932, dO₁₃ = 0.6·0.3263 + 0.3·(−0.2558) = 0.1190.",
    "= 0.0822, dZ₁₂ = −0.1932·0.2374 = −0.0459, dZ₁₃ = 0.1190·0.2282 = 0.0272.", "dW¹₁₁ = x₁·dZ₁₁ = 1.0773·0.0822 = 0.0885",
    "20 of 20 derivatives agree", "w³₁₁ = 0.8 − 0.1·1.0581 = 0.6942, w³₂₁ = −0.6 − 0.1·0.9451 = −0.6945.", "w²₁₁ = 0.7 − 0.1·0.1759 = 0.6824",
    "w¹₁₁ = 0.4 − 0.1·0.0885 = 0.3911", "L = 0.5393. It was 0.7412.",
]
LINES = [0, *[1] * 6, 2, 3, 5, 6, 7, 5, 6, 7, 7, 5, 6, 0, 8, 8, 8, 1]


def test_the_walk_says_the_numbers_of_the_chapter():
    assert update.last(SPEC, REST) == len(WALK) == 23
    for index, (words, line) in enumerate(zip(WALK, LINES)):
        frame = shown(index=index)
        assert words in frame["status"] and frame["shows"]["code"]["line"] == line, index
        assert "-" not in frame["status"] and "{" not in frame["status"]


def test_derivatives_appear_from_the_end_and_weights_move_after_all_of_them():
    seen = [sum(map(bool, shown(index=index)["shows"]["matrices"]["cells"])) for index in range(19)]
    assert seen == [0] * 10 + [2] * 3 + [8] * 4 + [20] * 2
    cells = shown(index=18)["shows"]["matrices"]["cells"]
    exact = np.concatenate([GRAD.W[k].ravel() for k in NET.layers])
    assert [float(number(text)) for text in cells] == exact.round(4).tolist()
    new = step(NET, GRAD, 0.1)
    for index, moved in ((19, {3}), (20, {3, 2}), (21, {3, 2, 1})):
        matrices, n = shown(index=index)["shows"]["matrices"], 0
        for k in NET.layers:
            for old, fresh in zip(NET.W[k].ravel(), new.W[k].ravel()):
                assert matrices["cells"][n] == trace.short(fresh if k in moved else old)
                assert matrices["old"][n] == (trace.short(old) if k in moved else "")
                n += 1
    L2 = squared_loss([Y], forward(new, [X]).yhat)
    assert f"L = {L2:.4f}." in shown(index=22)["status"] and shown(index=22)["shows"]["network"]["values"]["L"] == f"{L2:.2f}"


def test_the_chapters_eight_lines_are_the_code():
    from chapters import cells

    (cell,) = ["".join(c["source"]) for c in cells(5) if "# 2d: new weights" in "".join(c["source"])]
    lines = [line.split("  # ")[0].rstrip() for line in cell.split("\n\n")[0].splitlines()]
    assert SPEC["panels"]["code"]["lines"] == lines


ASKED = {0: "dO₃₁, at the end", 10: GRAD.W[3][1, 0], 12: -0.2558, 14: 0.3307}


def test_questions_stand_before_their_answers():
    for index in range(24):
        frame = shown(index=index)
        assert ("ask" in frame) == (index in ASKED)
        if index not in ASKED:
            continue
        ask = frame["ask"]
        assert ask["answer"] == (ASKED[index] if index == 0 else pytest.approx(ASKED[index], abs=5e-5))
        before = json.dumps({**frame["shows"], **ask["before"]["shows"]}, ensure_ascii=False) + ask["before"]["status"] + ask["question"]
        if index:
            answer = f"{abs(ask['answer']):.4f}"
            assert answer in frame["status"] and answer not in before
            assert all(abs(wrong - ask["answer"]) > 2 * ask["tol"] for wrong, _ in ask["slips"])


# The hunt --------------------------------------------------------------------------------------------------------------

RATIOS = {  # program: dW^1, dW^2 by column, dW^3; wrong cells; its line; which matrices are right
    "A": ([16.762, 17.271, 19.016], [4.221, 4.039], 1, 18, 5, "only dW³"),
    "B": ([0.309, 0.662, -0.645], [1, 1], 1, 12, 7, "dW³ and dW²"),
    "C": ([0.930, 1.113, 0.631], [0.868, 1.158], 1, 18, 7, "only dW³"),
    "D": ([-1, -1, -1], [-1, -1], -1, 20, 3, "none"),
}


@pytest.mark.parametrize("program", RATIOS)
def test_four_programs(program):
    first, second, third, wrong, line, right = RATIOS[program]
    assert update.last(SPEC, {**REST, "program": program}) == 2
    marks, named, bench = (shown(program=program, index=n, ratio=True) for n in range(3))
    ratios = [float(number(text)) for text in marks["shows"]["matrices"]["cells"]]
    assert ratios == [*first * 4, *second * 3, third, third]
    assert len(marks["shows"]["matrices"]["wrong"]) == wrong and f"✗ {wrong} of 20 are wrong" == marks["shows"]["matrices"]["note"]
    assert marks["ask"]["answer"] == right and marks["ask"]["before"]["shows"]["matrices"]["wrong"] == []
    assert right in marks["ask"]["choices"] and len(set(marks["ask"]["choices"])) == 4
    assert named["ask"]["answer"] == f"line {line}" and f"Line {line} " in named["status"]
    assert f"The check marks {wrong} of 20." in marks["status"], "one count, in the sentence and under the cells"
    assert named["shows"]["code"]["title"] == f"The right program; ✗ as in program {program}" and named["ask"]["before"]["shows"]["code"]["title"] == "The right program"
    assert named["shows"]["code"]["mistake"] == update.MISTAKES[program][1] and "mistake" not in named["ask"]["before"]["shows"]["code"]
    assert [words for _, words, _ in named["ask"]["slips"]] == ["Right cause: the weights moved too early. But line 8 is unchanged. Which line reads the moved weights?"] * (program == "C")
    assert named["shows"]["code"]["line"] == line and named["ask"]["before"]["shows"]["code"]["line"] == 0
    assert bench["shows"]["slice"]["marks"][1]["points"] == shown(index=23)["shows"]["slice"]["marks"][1]["points"], "the tangent is that of L"


@pytest.mark.parametrize("program", RATIOS)
def test_a_broken_line_gives_what_the_program_gives(program):
    """The lines as they stand on the card, run: each mistake is the one that its program makes."""
    line, text = update.MISTAKES[program]
    lines = list(SPEC["panels"]["code"]["lines"])
    names = {"net": NET, "x": X, "y": Y, "eta": 0.1, "forward": forward, "squared_loss": squared_loss}
    exec("\n".join(lines), names)
    for k in NET.layers:
        np.testing.assert_allclose(names["dW"][k], GRAD.W[k])
    lines[line - 1] = text
    exec("\n".join(lines), names)
    cells = shown(program=program, index=0)["shows"]["matrices"]["cells"]
    assert [float(number(cell)) for cell in cells] == [round(v, 4) for k in NET.layers for v in names["dW"][k].ravel()]


def test_only_the_ratios_of_c_move_with_eta():
    for program in RATIOS:
        slow, fast = (shown(program=program, ratio=True, eta=eta)["shows"]["matrices"]["cells"] for eta in (0.01, 0.4))
        assert (slow != fast) == (program == "C")


def test_a_mistake_that_does_not_show_is_said_to_be_hidden():
    frame = shown(program="A", weights=[0.0] * 20)
    assert "does not show: all 20 agree" in frame["status"] and "ask" not in frame


# The bench -------------------------------------------------------------------------------------------------------------


def test_updates_are_steps():
    view, net, losses = OneUpdate(NET, X, Y), NET, []
    view.index = 23
    for _ in range(3):
        losses.append(squared_loss([Y], forward(net, [X]).yhat))
        net = step(net, backprop(net, [X], [Y]), 0.1)
    view.update(3)
    for k in NET.layers:
        np.testing.assert_array_equal(view.net.W[k], net.W[k])
    assert view.trail[:3] == losses and "After 3 updates: " in view.frames[23]["status"]
    losses = view.frames[23]["shows"]["losses"]
    assert losses["marks"][0]["points"][::2] == [0, 1, 2, 3] and losses["x"]["most"] == 10
    view.weights = [*view.weights[:-1], 1.0]
    assert "updates" not in view.frames[23]["status"], "another network: its losses begin anew"


def test_three_of_the_four_programs_let_the_loss_of_the_car_fall():
    fell = {program: update.updated(SPEC, {**REST, "program": program})["trail"] for program in RATIOS}
    assert [after < before for before, after in fell.values()] == [True, True, True, False]


def test_equal_weights_stay_equal_and_zeros_wake_one_layer_an_update():
    state = {**REST, **update.started(SPEC, "equal")}
    for _ in range(3):
        state |= update.updated(SPEC, state, 10)
        weights = update.net_of(SPEC, state).W
        assert all(np.ptp(weights[k], axis=1).max() < 1e-12 for k in NET.layers)
    state, awake = {**REST, **update.started(SPEC, "zeros")}, []
    for _ in range(3):
        state |= update.updated(SPEC, state)
        awake.append([k for k, W in update.net_of(SPEC, state).W.items() if W.any()])
    assert awake == [[3], [2, 3], [1, 2, 3]]


def test_the_slice_is_the_loss_and_its_tangent_the_derivative():
    shows = shown(index=23, weight="w2_3_1")["shows"]
    curve, tangent, dot = (mark["points"] for mark in shows["slice"]["marks"])
    for w, L in zip(curve[::2], curve[1::2]):
        W2 = np.array(NET.W[2])
        W2[2, 0] = w
        assert L == pytest.approx(squared_loss([Y], forward(MLP(W={1: NET.W[1], 2: W2, 3: NET.W[3]}), [X]).yhat))
    assert (tangent[3] - tangent[1]) / (tangent[2] - tangent[0]) == pytest.approx(GRAD.W[2][2, 0], abs=1e-8)
    assert dot == [0.6, pytest.approx(0.7412, abs=5e-5)] and curve[0] == -2 and curve[-2] == 2


# Two makers -------------------------------------------------------------------------------------------------------------

OTHERS = [trace.one_update(MLP.init(sizes, rng=np.random.default_rng(3), activation=f), np.linspace(-1, 1, sizes[0]), y, 0.2, start)
          for sizes, f, y, start in [((3, 4, 2), tanh, [0.5, -1.0], "given"), ((2, 1), tanh, 1.0, "seed2"), ((2, 3, 3, 2, 1), relu, 0.5, "equal")]]


@st.composite
def states(draw, spec):
    program = draw(st.sampled_from(["book", "book", "A", "B", "C", "D"]))
    weights = draw(st.sampled_from([None, 1, 10]))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    rest = spec["traits"]["weights"]
    state = {**spec["traits"], "program": program, "ratio": draw(st.booleans()), "eta": draw(st.sampled_from([*update.RATES, 0.07, 2.5])),
             "weight": draw(st.sampled_from(spec["dial"]["edges"])), "weights": rest if weights is None else rng.uniform(-weights, weights, len(rest)).tolist()}
    if draw(st.booleans()):
        state |= update.updated(spec, state, draw(st.integers(1, 12)))
    return {**state, "index": draw(st.integers(0, update.last(spec, state)))}


@pytest.mark.parametrize("spec", [SPEC, *OTHERS], ids=["4-3-2-1", "3-4-2", "2-1", "2-3-3-2-1"])
@given(st.data())
def test_python_and_the_page_make_the_same_frames(twin, spec, data):
    state = data.draw(states(spec))
    ours = checked_frame(spec, update.frame(spec, state), {}, "frame")
    theirs = twin.node("return [oneUpdate(spec).frame(state), oneUpdate(spec).last(state)]", spec=spec, state=state)
    assert theirs[1] == update.last(spec, state)
    assert differences(ours, theirs[0]) == []


def test_every_frame_at_rest(twin):
    for program in ["book", *RATIOS]:
        for index in range(update.last(SPEC, {**REST, "program": program}) + 1):
            state = {**REST, "program": program, "index": index}
            assert differences(update.frame(SPEC, state), twin(state)[1]) == []


@given(st.data())
def test_updates_on_the_page_are_pythons(twin, data):
    state, times = data.draw(states(SPEC)), data.draw(st.sampled_from([("update", 1), ("ten", 10)]))
    theirs = twin.node("return oneUpdate(spec).act(name, state)", spec=SPEC, state=state, name=times[0])
    ours = update.updated(SPEC, state, times[1])
    np.testing.assert_allclose(theirs["weights"], ours["weights"], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(theirs["trail"], ours["trail"], rtol=1e-9, atol=1e-12)


def test_another_program_begins_at_its_question_and_the_books_at_the_bench(twin):
    indices = twin.node("return ['book', 'A', 'D'].map((name) => oneUpdate(spec).chose('program', name, spec.traits).index)", spec=SPEC)
    assert indices == [update.last(SPEC, REST), 0, 0]
    assert twin.node("return oneUpdate(spec).chose('eta', 0.2)", spec=SPEC) == {}


def test_rewind_goes_back_to_the_start(twin):
    state = {**REST, "index": 23, "start": "seed1", "weights": [1.0] * 20, "eta": 0.4, "trail": [1.0, 2.0]}
    back = twin.node("return {...state, ...spec.traits, ...oneUpdate(spec).act('rewind', state)}", spec=SPEC, state=state)
    assert back == {**REST, "index": 23, "start": "seed1", "eta": 0.4, **update.started(SPEC, "seed1")}, "η stays, so that two can be compared"
    drawn = MLP.init((4, 3, 2, 1), rng=np.random.default_rng(1))
    assert back["weights"] == np.concatenate([drawn.W[k].ravel() for k in drawn.layers]).tolist()


def test_another_program_begins_with_fresh_weights(twin):
    state = {**REST, "index": 2, "program": "C", "start": "seed1", "weights": [1.0] * 20, "eta": 0.4, "trail": [1.0, 2.0]}
    fresh = {"eta": 0.1, **update.started(SPEC, "seed1")}
    assert twin.node("return oneUpdate(spec).chose('program', 'D', state)", spec=SPEC, state=state) == {"index": 0, **fresh}
    view = OneUpdate(NET, X, Y, start="seed1")
    view.weights, view.eta, view.trail = [1.0] * 20, 0.4, [1.0, 2.0]
    view.program = "D"
    assert {name: getattr(view, name) for name in fresh} == fresh


def test_a_flat_slope_is_said_to_be_flat():
    """With all weights 0 nothing is handed back past the last layer; and near the lowest L every slope prints as 0."""
    zeros = {**update.started(SPEC, "zeros"), "index": 23}
    assert "is 0 to four decimals" in shown(**zeros, weight="w1_1_1")["status"] and "is better" not in shown(**zeros, weight="w1_1_1")["status"]
    assert "is better" in shown(**zeros, weight="w3_1_1")["status"]
    near = {**REST, "index": 23}
    while (slope := abs(update.moment(SPEC, near).dw[18])) >= 5e-5:
        near |= update.updated(SPEC, near)
    assert slope > 1e-6, "not flat, yet it would print as 0"
    assert "+0.0000" not in shown(**near)["status"] and "−0.0000" not in shown(**near)["status"]


def test_the_end_leads_on_to_the_programs():
    assert shown(index=23)["status"].endswith("Next, choose program A in the list above: one of its lines is broken.")
    ends = [shown(index=1, program=program)["status"].rpartition(". ")[2] for program in RATIOS]
    assert ends == [*(f"Next: program {program}, in the list above." for program in "BCD"), "That was the last of the four."]


def test_rules_are_named_in_words_where_they_are_used():
    said = [shown(index=index) for index in range(23)]
    texts = [f"{frame['status']} {frame.get('ask', {}).get('before', {}).get('status', '')}" for frame in said]
    assert "dW is short for ∂L/∂W" in texts[0] and "The target y is −0.6986." in texts[7]
    for words in ("Rule 1, the slope of L", "Rule 2, over the neurons, dO times f′", "Rule 3, input times dZ", "Rule 4, add all readers"):
        assert any(words in text for text in texts)
    assert not re.search(r"Rule \d[:.]", " ".join(texts))
    assert [index for index, text in enumerate(texts) if "f′₂₁ = 0.6145·(1 − 0.6145) = 0.2369" in text] == [12]


# As a widget ------------------------------------------------------------------------------------------------------------


def test_what_it_refuses():
    with pytest.raises(ValueError, match="x has 3 entries"):
        OneUpdate(NET, X[:3], Y)
    with pytest.raises(TypeError, match="net must be an MLP"):
        OneUpdate("net", X, Y)
    with pytest.raises(ValueError, match="net must have at most 8 units a layer and no biases"):
        OneUpdate(MLP.init((4, 3, 1), rng=np.random.default_rng(1), bias=True), X, Y)
    with pytest.raises(ValueError, match="start must be one of 'given'"):
        OneUpdate(NET, X, Y, start="ones")
    with pytest.raises(ValueError, match="eta must be a positive finite number"):
        OneUpdate(NET, X, Y, eta=0)
    view = OneUpdate(NET, X, Y)
    twice = Activation("twice", lambda z, out: np.multiply(z, 2, out=out), lambda o, out: np.add(0 * o, 2, out=out))
    with pytest.raises(ValueError, match="net must have activations of sigmoid, .*layer 1 is twice"):
        OneUpdate(MLP(W=dict(NET.W), f={1: twice}), X, Y)
    for name, value, error in [("weights", [1.0], "weights must be a list of 20 numbers"), ("weights", [1e7] * 20, "weights must be at most 1000000 in size"),
                               ("eta", 101, "eta must be at most 100"), ("program", "E", "program must be one of 'book'"),
                               ("weight", "w9_1_1", "weight must be one of"), ("start", None, "start must be one of"), ("index", 24, "index must be from 0 to 23")]:
        with pytest.raises(ValueError, match=error):
            setattr(view, name, value)
    for name, value, error in [("ratio", 1, "ratio must be True or False"), ("trail", None, "trail must be an array")]:
        with pytest.raises(TypeError, match=error):
            setattr(view, name, value)


def test_start_sets_the_weights_and_program_keeps_the_step_inside():
    view = OneUpdate(NET, X, Y)
    view.index, view.start = 23, "zeros"
    assert view.weights == [0.0] * 20 and view.frames[18]["shows"]["matrices"]["cells"].count("+0.0000") == 18
    view.program = "C"
    assert view.index == 2 and len(view.frames) == 3
    assert re.search("<img", OneUpdate(NET, X, Y)._page()) and "0.9451" not in OneUpdate(NET, X, Y)._page()
    assert numerical_gradients(view.net, [X], [Y]).W[3].round(4).tolist() == [[0.6986], [0.6986]]
