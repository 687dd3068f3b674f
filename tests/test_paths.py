"""The path ledger where it is turned (chapter 4): its two makers against each other and against `mlp`, the puzzle, the deeper network."""

import gzip
import json
import re
from contextlib import closing

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from node import JS, Node
from strategies import problems
from support import number
from test_trace import adds_up, check_of
from twins import Twin, differences

from mlp import MLP, backprop, data, forward, paths, squared_loss, trace
from mlp.losses import Loss
from mlp.trace.frames import checked_frame
from mlp.widgets import Diamond, PathLedger
from mlp.widgets.script import script

NET, X, Y = data.running_example()
SPEC = trace.path_ledger(NET, X, Y)
REST = {"index": 0, **SPEC["traits"]}
SIZES = {choice["name"]: choice for choice in SPEC["choices"]}["deeper"]["sets"]
DEEP = {**REST, "deeper": True, **SIZES["true"]}
PUZZLE = SPEC["dial"]["edges"].index("w2_1_2")


def made(twin, state, spec=SPEC):
    """A scene as the page makes it, also where Python has made it before."""
    return twin.node(f"globalThis.view ??= {{}}; return (globalThis.view[key] ??= {twin.make}(spec, () => {{}})).make(state)", spec=twin.spec, key=id(twin), state=state)


def scene_of(state, spec=SPEC):
    """Python's scene, its frames held against the contract."""
    scene = trace.paths.scene(spec, state)
    for frame in scene["frames"]:
        checked_frame(spec, frame, scene["holds"], state["choice"])
    return scene


def turned(weights=None, **state):
    """A state in which some weights are other than at rest."""
    base = {**(DEEP if state.get("deeper") else REST), **state}
    return {**base, "weights": [(weights or {}).get(n, w) for n, w in enumerate(base["weights"])]}


states = st.booleans().flatmap(lambda deeper: st.fixed_dictionaries({
    "deeper": st.just(deeper), "choice": st.sampled_from(SPEC["keys"] if deeper else [*SPEC["scenes"]]) | st.sampled_from(["w1_1_1", "w1_1_1+factored"]),
    "weights": st.dictionaries(st.integers(0, 28 if deeper else 19), st.sampled_from(trace.paths.DIAL), max_size=5),
    "left_out": st.lists(st.integers(1, 6 if deeper else 2), max_size=6, unique=True).map(sorted)}))


def fitted(one):
    """The state that those parts make; a path is left out only where there are several."""
    several = one["choice"].startswith("w1") or (one["deeper"] and one["choice"].startswith("w2"))
    most = 6 if one["deeper"] and one["choice"].startswith("w1") else 2
    return turned(**{**one, "left_out": [p for p in one["left_out"] if several and p <= most]})


# Two makers -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", SPEC["scenes"])
def test_the_page_would_make_what_python_made_beforehand(twin, key):
    assert differences(SPEC["scenes"][key], made(twin, {**REST, "choice": key})) == []
    assert differences(SPEC["scenes"][key]["frames"][0], twin({**REST, "choice": key})[1]) == []


@settings(max_examples=200)
@example({"deeper": True, "choice": "w1_4_2", "weights": {11: 1.64}, "left_out": []})  # a sum that Python 3.12 would round in another way
@given(states)
def test_the_page_makes_the_same_scene(twin, one):
    state = fitted(one)
    ours = scene_of(state)
    assert differences(ours, made(twin, state)) == []
    last, first = twin(state)
    assert last == trace.paths.last(SPEC, state) and differences(ours["frames"][0], first) == []


@settings(max_examples=25)
@given(problems(most_points=1), st.data())
def test_the_page_makes_the_same_scenes_of_any_network(problem, draw):
    net = problem.net
    assume(np.prod(net.sizes[2:]) <= trace.MOST_PATHS and not problem.near_a_kink())
    spec = trace.path_ledger(net, problem.X[0], problem.y[0])
    assume("live" in spec)
    state = {"index": 0, **spec["traits"]}
    with closing(Twin(spec)) as twin:
        for key in draw.draw(st.lists(st.sampled_from([*spec["scenes"]]), max_size=4)):
            assert differences(spec["scenes"][key], made(twin, {**state, "choice": key})) == []
        if "deeper" in spec["traits"]:
            deep = {**state, "deeper": True, **{one["name"]: one for one in spec["choices"]}["deeper"]["sets"]["true"]}
            assert differences(scene_of(deep, spec), made(twin, deep)) == []


@given(st.floats(-1e-9, 1e-9), st.integers(13, 40))
def test_tiny_numbers_are_printed_alike(value, places):
    with closing(Node(JS / "digits.js")) as digits:
        assert digits("return signed(value, places)", value=value, places=places) == trace.digits.display(trace.digits.signed(value, places))


# Against mlp ------------------------------------------------------------------------------------------------------------


@settings(max_examples=200)
@given(states)
def test_printed_numbers_multiply_and_add_up_and_are_true(one):
    state = fitted({**one, "left_out": []})
    total, places = adds_up(trace.paths.scene(SPEC, state))
    k, i, j = map(int, re.findall(r"\d+", state["choice"]))
    net = trace.paths.net_of(SPEC, state)
    exact = backprop(net, [X], [Y]).W[k][i - 1, j - 1]
    assert total == pytest.approx(exact, abs=0.51 * 10.0**-places)
    assert "✓ All agree" in check_of(trace.paths.scene(SPEC, state))["status"]


@pytest.mark.parametrize("choice", ["w1_1_1", "w1_4_3", "w1_1_1+factored"])
@pytest.mark.parametrize("left", [1, 2])
def test_a_path_left_out_is_missed(choice, left):
    scene = scene_of(turned(choice=choice, left_out=[left]))
    ledger, check = scene["holds"]["ledger"], check_of(scene)["status"]
    i, j = map(int, re.findall(r"\d+", choice)[1:])
    parts = [2 * (forward(NET, [X]).yhat[0, 0] - Y) * NET.w(3, via, 1) * NET.w(2, j, via) * prime(2, via) * prime(1, j) * X[i - 1] for via in (1, 2)]
    other = parts[2 - left]
    assert ledger["agrees"] is False and ledger["without"] == f"without path {left}"
    assert [row["counted"] for row in ledger["rows"] if row["path"]] == [left != 1, left != 2]
    shown = ledger["total"][-1][0]
    assert float(number(shown)) == pytest.approx(other, abs=6e-6) and f"✗ Not so without path {left}: {shown}. backprop: " in check
    assert float(number(re.search(r"backprop: (\S+);", check)[1])) == pytest.approx(sum(parts), abs=6e-6)
    if choice == "w1_4_3" and left == 2:
        assert abs(other) > abs(sum(parts)), "the chapter's question: it comes out larger"


def prime(layer, unit):
    O = forward(NET, [X]).O[layer][0, unit - 1]
    return O * (1 - O)


def test_with_every_path_left_out_nothing_is_left():
    scene = scene_of(turned(left_out=[1, 2]))
    assert scene["holds"]["ledger"]["total"] == [["+0.00000", 0]] and "Not so without paths 1 and 2: +0.00000" in check_of(scene)["status"]


def test_a_path_that_carries_nothing_is_not_missed():
    state = turned({PUZZLE: 0.0}, left_out=[2])
    assert "✓ Even without path 2" in check_of(scene_of(state))["status"], "w²₁₂ = 0"


# The puzzle ---------------------------------------------------------------------------------------------------------------


def puzzle(weights=None, **state):
    return scene_of(turned(weights, **state))["frames"][-1]


def test_one_place_of_the_dial_solves_the_puzzle():
    """At w²₁₂ = 1.138 the two paths cancel (test_chapter_04); the dial goes by hundredths, in steps of two."""
    solved = [w for w in trace.paths.DIAL if "Solved" in puzzle({PUZZLE: w})["status"]]
    assert solved == [1.14] and SPEC["live"]["puzzle"] == {"choice": "w1_1_1", "turn": "w2_1_2"} and REST["turn"] == "w2_1_2"
    for w in (1.12, 1.14, 1.16):
        W = {k: np.array(NET.W[k]) for k in NET.layers}
        W[2][0, 1] = w
        assert (abs(backprop(MLP(W=W), [X], [Y]).W[1][0, 0]) <= 0.0005) == (w == 1.14)
    start = puzzle()["status"]
    assert start == "Step 8 of 8. Turn w²₁₂ until the paths of w¹₁₁ cancel and ∂L/∂w¹₁₁ is 0, to three decimals. Now it is +0.08853."


def test_solved_it_asks_whether_the_loss_still_depends_on_the_weight():
    frame = puzzle({PUZZLE: 1.14})

    def loss_at(w):
        W = {k: np.array(NET.W[k]) for k in NET.layers}
        W[1][0, 0], W[2][0, 1] = w, 1.14
        return (forward(MLP(W=W), [X]).yhat[0, 0] - Y) ** 2

    assert frame["ask"]["answer"] == "it still does" and "no longer" in frame["ask"]["choices"]
    assert frame["ask"]["why"] == f"L is level here only: with w¹₁₁ = 0.4 it is {loss_at(0.4):.4f}, with −0.6 it is {loss_at(-0.6):.4f}."
    assert "ask" not in puzzle() and "ask" not in puzzle({PUZZLE: 1.1})


def test_the_puzzle_is_not_solved_by_leaving_out_or_by_nothing():
    assert "tick them again" in puzzle({PUZZLE: 1.14}, left_out=[2])["status"]
    nothing = puzzle({SPEC["dial"]["edges"].index("w3_1_1"): 0.0, SPEC["dial"]["edges"].index("w3_2_1"): 0.0})
    assert "Each path alone is 0 here" in nothing["status"] and "ask" not in nothing


def test_a_network_whose_paths_cannot_cancel_has_no_puzzle():
    spec = trace.path_ledger(MLP(W={1: NET.W[1], 2: NET.W[2][:, :1], 3: NET.W[3][:1]}), X, Y)
    assert spec["live"]["puzzle"] is None and all(len(scene["frames"]) <= 7 for scene in spec["scenes"].values())


# The deeper network --------------------------------------------------------------------------------------------------------


def test_six_paths_and_the_multiplications_that_sharing_saves():
    net = trace.paths.net_of(SPEC, DEEP)
    assert net.sizes == (4, 3, 3, 2, 1) and len(paths(net, 1, 1, 1)) == 6
    assert all((net.W[k] == NET.W[m]).all() for k, m in {1: 1, 3: 2, 4: 3}.items()), "the other weights are the book's"
    frames = scene_of(DEEP)["frames"]
    assert len(frames) == 2 * 6 + 4 and frames[0]["ask"]["answer"] == "six" and "3 · 2 · 1 = 6" in frames[0]["ask"]["why"]
    assert "Multiplications: 24 here, 14 in the factored form." in check_of({"frames": frames})["status"]
    # counted one by one: a path through m units has m + 1 factors
    along = sum(len(path) for k in net.layers for i in range(net.sizes[k - 1]) for j in range(net.sizes[k]) for path in paths(net, k, i + 1, j + 1))
    shared = sum(net.W[k].size * (1 if k == 1 else 2) for k in net.layers)
    assert (along, shared) == (356, 46) == trace.paths.multiplications(net.sizes) and trace.paths.multiplications(NET.sizes) == (86, 28)
    assert frames[-1]["status"] == ("Step 16 of 16. For all 29 weights: 356 multiplications path by path, 46 when every product is used again. "
                                    "For the 20 of the 4-3-2-1 network: 86 and 28.")


@pytest.mark.parametrize("key", SPEC["keys"])
def test_the_deeper_networks_scenes_are_true(key):
    total, places = adds_up(scene_of({**DEEP, "choice": key}))
    k, i, j = map(int, re.findall(r"\d+", key))
    assert total == pytest.approx(backprop(trace.paths.net_of(SPEC, DEEP), [X], [Y]).W[k][i - 1, j - 1], abs=0.51 * 10.0**-places)


# As a widget, and what a page carries ------------------------------------------------------------------------------------------


def test_traits_that_belong_together_move_together():
    view = PathLedger(NET, X, Y)
    view.index, view.left_out = 6, [2]
    assert "Not so without path 2" in view.frames[view.index]["status"]
    view.choice = "w1_4_3"
    assert view.left_out == [], "another weight has paths of its own"
    view.deeper = True
    assert len(view.weights) == 29 and view.choice == "w1_4_3" and view.net.sizes == (4, 3, 3, 2, 1)
    view.choice, view.turn = "w4_1_1", "w4_1_1"
    view.deeper = False
    assert view.choice == "w1_1_1" and view.turn == "w2_1_2" and view.weights == REST["weights"]
    view.weights = [float(n) / 10 for n in range(29)]
    assert view.deeper and view.net.w(4, 2, 1) == 2.8
    view.show(NET, X, 1.0)
    assert not view.deeper and view.weights == REST["weights"] and view.choice == "w1_1_1"


@pytest.mark.parametrize("name, value, error, message", [
    ("weights", [1.0], ValueError, "weights must be a list of 20 or 29 numbers"), ("weights", [2000.0] * 20, ValueError, "weights must be at most 1000 in size"),
    ("left_out", [7], ValueError, "left_out must be at most 6"), ("left_out", 2, TypeError, "left_out must be a list of numbers of paths"),
    ("deeper", 1, TypeError, "deeper must be True or False"), ("turn", "w4_1_1", ValueError, "turn must be one of w1_1_1, "),
    ("choice", "w4_1_1", ValueError, "choice must be one of w1_1_1, "),
])
def test_what_it_refuses(name, value, error, message):
    view = PathLedger(NET, X, Y)
    with pytest.raises(error, match=message):
        setattr(view, name, value)
    assert view._now() == REST


def test_with_a_loss_that_the_page_does_not_know_nothing_can_be_turned():
    half = Loss("half", lambda y, yhat: squared_loss(y, yhat) / 2, lambda y, yhat: squared_loss.d(y, yhat) / 2)
    view = PathLedger(NET, X, Y, loss=half)
    assert "live" not in view.spec and len(view.frames) == 7 and "counted" not in view.spec["scenes"]["w1_1_1"]["holds"]["ledger"]["rows"][0]
    with pytest.raises(ValueError, match="weights cannot be set here"):
        view.weights = REST["weights"]
    view.choice = "w1_4_3+factored"
    assert "✓ All agree" in view.frames[-1]["status"]


def test_a_page_of_the_chapters_views_is_small():
    z = lambda text: len(gzip.compress(text.encode()))  # noqa: E731
    assert sum(z(json.dumps(view._state(), ensure_ascii=False, separators=(",", ":"))) for view in (PathLedger(NET, X, Y), Diamond())) < 12_000
    assert z(script(("network", "ledger"), ("path-ledger",), questions=True, page=True)) < 24_000
