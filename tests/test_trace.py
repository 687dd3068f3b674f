"""The frames: what a view prints must be true, and must multiply and add up as printed."""

import json
import re
from decimal import Decimal
from math import prod

import numpy as np
import pytest
from hypothesis import assume, given
from strategies import problems
from support import decimals, number

from mlp import MLP, backprop, data, paths, relu, sigmoid, trace

pytestmark = pytest.mark.filterwarnings("error")

NET, X, Y = data.running_example()
LEDGER = trace.path_ledger(NET, X, Y)
DIAMOND = trace.diamond()


def ledger_of(scene):
    return scene["holds"]["ledger"]


def check_of(scene):
    """The frame of the check: the last, unless the puzzle or the count of multiplications follows."""
    return next(frame for frame in scene["frames"] if frame["shows"]["ledger"]["check"])


def adds_up(scene):
    """Checks a scene's printed numbers against one another."""
    ledger = ledger_of(scene)
    for row in ledger["rows"]:
        product = prod(float(number(cell["value"])) for cell in row["cells"])
        assert product == pytest.approx(float(number(row["result"])), abs=0.5001 * 10.0 ** -decimals(row["result"])), row
        for cell in row["cells"]:
            if cell["inside"]:
                product = prod(map(number, cell["inside"]["numbers"].split(" × ")))
                value = number(cell["value"])
                assert abs(product - value) < Decimal(5).scaleb(value.as_tuple().exponent - 1), cell  # and no tie
    terms = {row["path"]: float(number(row["result"])) for row in ledger["rows"]}
    total = ledger["total"][-1][0]
    shared = terms.pop(0, 1.0)
    assert shared * sum(terms.values()) == pytest.approx(float(number(total)), abs=0.5001 * 10.0 ** -decimals(total))
    assert not any(re.fullmatch(r"−0\.?0*", row["result"]) for row in ledger["rows"]), "minus zero"
    assert not re.search(r"(?<!\w)-", " ".join(frame["status"] for frame in scene["frames"])), "a hyphen for a minus"
    return float(number(total)), decimals(total)


@pytest.mark.parametrize("key", LEDGER["scenes"])
def test_running_example(key):
    scene = LEDGER["scenes"][key]
    total, places = adds_up(scene)
    k, i, j = map(int, re.findall(r"\d+", key))
    exact = backprop(NET, [X], [Y]).W[k][i - 1, j - 1]
    assert total == float(f"{exact:.{places}f}") and places >= 3
    said = f"{exact:+.{places}f}".replace("-", "−")
    assert f"Check. ✓ All agree. backprop: {said}; finite difference: {said}." in check_of(scene)["status"] and ledger_of(scene)["agrees"]
    n = len(paths(NET, k, i, j))
    frames = scene["frames"]
    assert len(frames) == 2 * n + 3 + key.startswith("w1_1_1"), "there the puzzle follows"
    assert [frame["status"].split(".")[0] for frame in frames] == [f"Step {m} of {len(frames)}" for m in range(1, len(frames) + 1)]
    shown = [frame["shows"]["ledger"] for frame in frames]
    assert [sum(one["rows"]) for one in shown] == sorted(sum(one["rows"]) for one in shown)
    assert [one["total"] for one in shown] == [False] * (2 * n + 1) + [True] * (len(frames) - 2 * n - 1)
    assert shown[-1] == {"rows": [2] * len(ledger_of(scene)["rows"]), "total": True, "check": True}


def test_weight_1_1_1_in_words():
    scene = LEDGER["scenes"]["w1_1_1"]
    ledger, frames = ledger_of(scene), scene["frames"]
    assert [[cell["value"] for cell in row["cells"]] for row in ledger["rows"]] == [
        ["1.7218", "0.8", "0.16582", "0.2677"],  # 2 (0.1623 + 0.6986), 1 x 0.8, 0.2369 x 0.7, 0.24848 x 1.0773
        ["1.7218", "−0.6", "−0.099044", "0.2677"],
    ]
    assert [row["result"] for row in ledger["rows"]] == ["+0.06114", "+0.02739"]
    assert [[cell["shared"] for cell in row["cells"]] for row in ledger["rows"]] == [[True, False, False, True]] * 2
    assert [[cell["edge"] for cell in row["cells"]] for row in ledger["rows"]] == [["L1", "w3_1_1", "w2_1_1", "w1_1_1"], ["L1", "w3_2_1", "w2_1_2", "w1_1_1"]]
    assert [row["said"] for row in ledger["rows"]] == ["path 1 through O₂₁", "path 2 through O₂₂"]
    assert ledger["rows"][1]["cells"][1]["said"] == "∂O 3 1 by ∂O 2 2: 1 times (−0.6) is −0.6"
    assert ledger["rows"][0]["cells"][3]["inside"] == {"symbols": [["f′", "11", ""], ["x", "1", ""]], "numbers": "0.2485 × 1.0773"}
    statuses = [frame["status"] for frame in frames]
    assert statuses[2].startswith("Step 3 of 8. Path 2 is w¹₁₁ → O₁₁ → O₂₂ → O₃₁ → L.")
    assert statuses[4] == "Step 5 of 8. Multiply along path 2: 1.7218 × (−0.6) × (−0.099044) × 0.2677 = +0.02739."
    assert statuses[5] == "Step 6 of 8. Add across the paths: ∂L/∂w¹₁₁ = 0.06114 + 0.02739 = +0.08853."
    assert statuses[6].endswith("Multiplications: 6 here, 4 in the factored form.")
    assert frames[2]["shows"]["network"]["routes"]["w1_1_1"] == [1, 2] and frames[2]["shows"]["network"]["routes"]["w2_1_2"] == [2]
    assert frames[0]["shows"]["network"] == {"lit": ["O0_1", "O1_1"], "routes": {"w1_1_1": [0]}}


def test_one_number_is_printed_one_way_in_both_forms():
    for key, scene in LEDGER["scenes"].items():
        if "+" in key:
            plain_form = ledger_of(LEDGER["scenes"][key.split("+")[0]])["rows"]
            values = {(str(cell["over"]), str(cell["under"])): cell["value"] for row in plain_form for cell in row["cells"]}
            for row in ledger_of(scene)["rows"]:
                assert [cell["value"] for cell in row["cells"]] == [values[str(cell["over"]), str(cell["under"])] for cell in row["cells"]]


def test_factored_form():
    scene = LEDGER["scenes"]["w1_1_1+factored"]
    assert [len(row["cells"]) for row in ledger_of(scene)["rows"]] == [2, 2, 2]
    assert scene["frames"][-3]["status"].endswith("0.4609 × (0.13266 + 0.05943) = +0.08853.")
    assert check_of(scene)["status"].endswith("Multiplications: 4 here, 6 path by path.")
    assert "w2_1_1+factored" not in LEDGER["scenes"], "one path: nothing to take out"


def planted(monkeypatch, name, wrong):
    """The ledger of the running example's network, with one of its two witnesses made wrong."""
    real = getattr(trace.paths, name)

    def witness(*args, **kwargs):
        grad = real(*args, **kwargs)
        return grad._replace(W={k: wrong(grad.W[k]) for k in grad.W})

    monkeypatch.setattr(trace.paths, name, witness)


def verdicts(spec):
    """The marks of all scenes, each shown in the ledger and said by the last sentence alike."""
    marks = {key: "✓" if ledger_of(scene)["agrees"] else "✗" for key, scene in spec["scenes"].items()}
    for key, scene in spec["scenes"].items():
        words = {"✓": "Check. ✓ All agree. ", "✗": "Check. ✗ They do not agree. "}[marks[key]]
        assert words in check_of(scene)["status"]
    return set(marks.values())


SIZES = [1e-9, 1e-4, 1.0, 5000.0, 250_000.0]


def at_size(size):
    """The running example with its last weights and its target scaled, so that every derivative is."""
    net = MLP(W={1: NET.W[1], 2: NET.W[2], 3: NET.W[3] * size}, f=dict(NET.f))
    return net, X, Y * size


@pytest.mark.parametrize("target", [Y, 0.0, 5000.0, 250_000.0, -1e8])
def test_a_right_sum_is_marked_right_however_large_the_loss(target):
    assert verdicts(trace.path_ledger(NET, X, target)) == {"✓"}


@pytest.mark.parametrize("size", SIZES)
def test_a_right_sum_is_marked_right_at_every_size(size):
    assert verdicts(trace.path_ledger(*at_size(size))) == {"✓"}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("witness", ["backprop", "numerical_gradients"])
def test_a_wrong_sum_is_marked_wrong_at_every_size(monkeypatch, size, witness):
    planted(monkeypatch, witness, lambda W: W * 1.001)
    assert verdicts(trace.path_ledger(*at_size(size))) == {"✗"}


def test_beside_a_zero_the_other_number_is_right():
    row = ledger_of(trace.path_ledger(NET, 0 * X, Y)["scenes"]["w1_1_1"])["rows"][0]
    assert row["cells"][-1]["inside"]["numbers"] == "0.25 × 0" and row["cells"][-1]["value"] == "0"  # sigma'(0)


def test_a_tiny_derivative_is_no_zero():
    net = MLP(W={1: [[50.0]], 2: [[3.0]]})
    row = ledger_of(trace.path_ledger(net, [1.0], 0.0)["scenes"]["w1_1_1"])["rows"][0]
    assert [cell["value"] for cell in row["cells"]] == ["6", "3", "0"] and row["result"] == "+0.0000"  # 1 - 1 in float64
    net = MLP(W={1: [[-50.0]], 2: [[3.0]]})
    scene = trace.path_ledger(net, [1.0], 1.0)["scenes"]["w1_1_1"]
    adds_up(scene)
    assert float(number(ledger_of(scene)["rows"][0]["result"])) == pytest.approx(-2 * 3 * np.exp(-50.0), rel=1e-3)  # 2 (0 - 1) * 3 * sigma'(-50)
    assert ledger_of(scene)["rows"][0]["result"] == "−1.157·10⁻²¹"


def test_numbers_that_cannot_be_made_to_add_up_are_refused(monkeypatch):
    monkeypatch.setattr(trace.digits, "MOST_DIGITS", 4)
    with pytest.raises(ArithmeticError, match="no number of digits makes the printed parts of"):
        trace.path_ledger(NET, X, Y)


def test_diamond():
    assert [adds_up(DIAMOND["scenes"][key])[0] for key in DIAMOND["scenes"]] == [3.6, 3.6, 2.25, 2.25]
    assert DIAMOND["scenes"]["x2"]["holds"]["network"]["values"] == {"x": "2", "f": "4", "g": "6", "h": "24", "k": "5"}
    assert DIAMOND["scenes"]["x1"]["holds"]["network"]["values"] == {"x": "1", "f": "1", "g": "3", "h": "3", "k": "2"}
    assert DIAMOND["scenes"]["x2"]["holds"]["network"]["labels"]["hf"] == "∂h/∂f = 6"


def test_specs_are_plain_data_of_a_page_size():
    for spec in (LEDGER, DIAMOND):
        assert json.loads(json.dumps(spec)) == json.loads(json.dumps(spec, allow_nan=False))
    assert len(json.dumps(LEDGER)) < 250_000


@given(problems(most_points=1))
def test_any_network_adds_up(problem):
    net, x, y = problem.net, problem.X[0], problem.y[0]
    assume(prod(net.sizes[2:]) <= trace.MOST_PATHS and not problem.near_a_kink())
    spec = trace.path_ledger(net, x, y)
    exact = backprop(net, [x], [y])
    for key, scene in spec["scenes"].items():
        total, places = adds_up(scene)
        k, i, j = map(int, re.findall(r"\d+", key))
        assert total == pytest.approx(exact.W[k][i - 1, j - 1], abs=0.51 * 10.0**-places)


@pytest.mark.parametrize("change, error", [
    (lambda spec: spec["panels"].update(pie={}), "path-ledger: no panel is called 'pie'"),
    (lambda spec: spec["panels"]["network"].update(colour="red"), "path-ledger, panel network: 'colour' is unknown"),
    (lambda spec: spec["scenes"]["w1_1_1"]["frames"][2].update(status=""), "scene w1_1_1, frame 3: a frame needs a status"),
    (lambda spec: spec["scenes"]["w1_1_1"]["frames"][2]["shows"]["network"].pop("lit"), "scene w1_1_1, frame 3, panel network: 'lit' is missing"),
    (lambda spec: spec["scenes"]["w1_1_1"]["frames"][2]["shows"]["network"]["lit"].append("O9_9"), "frame 3, panel network: the drawing has no node 'O9_9'"),
    (lambda spec: spec["scenes"]["w1_1_1"]["frames"][2]["shows"]["network"]["routes"].update(w9=[1]), "frame 3, panel network: the drawing has no edge 'w9'"),
    (lambda spec: spec["scenes"]["w1_1_1"]["frames"][2]["shows"]["ledger"]["rows"].append(1), "frame 3, panel ledger: 3 levels for 2 rows"),
    (lambda spec: spec["scenes"]["w1_1_1"]["frames"][2]["shows"]["ledger"].update(total=1), "frame 3, panel ledger, total: expected bool, but 1 came"),
    (lambda spec: spec["scenes"]["w1_1_1"]["frames"][2]["shows"].update(chart={}), "frame 3, panel chart: the view has no such panel"),
    (lambda spec: spec["scenes"]["w1_1_1"]["holds"].update(chart={}), "scene w1_1_1, panel chart: the view has no such panel"),
])
def test_the_contract_names_scene_frame_and_panel(change, error):
    spec = json.loads(json.dumps(LEDGER))
    assert trace.frames.checked(spec) is spec
    change(spec)
    with pytest.raises(ValueError, match=error):
        trace.frames.checked(spec)


@pytest.mark.parametrize("activation", [relu, sigmoid])
def test_shared_and_own_factors_of_very_different_size_add_up(activation):
    """Raw cars: inputs of some thousands; large weights: saturated sigmoids with slopes of nearly nothing."""
    cars = data.auto_mpg()
    for seed in range(10):
        net = MLP.init((4, 3, 2, 1), rng=np.random.default_rng(seed), activation=activation)
        large = MLP(W={k: 20 * net.W[k] for k in net.layers}, f=dict(net.f))
        for spec in (trace.path_ledger(net, cars.X[seed], cars.y[seed]), trace.path_ledger(large, cars.Xs[seed], cars.ys[seed])):
            for scene in spec["scenes"].values():
                adds_up(scene)


@pytest.mark.parametrize("sizes", [(2, 2, 4, 2, 1), (9, 2, 1)])
def test_too_large_to_draw(sizes):
    net = MLP.init(sizes, rng=np.random.default_rng(1))
    with pytest.raises(ValueError, match="net must have at most 8 units a layer and 6 paths"):
        trace.path_ledger(net, np.zeros(sizes[0]), 0.0)


def test_symbols_of_large_layers():
    assert trace.plain(("w", 1, 10, 2)) == "w¹₁₀,₂" and trace.plain(("O", 2, 12)) == "O₂,₁₂"


@pytest.mark.parametrize("value, text", [(0.4, "0.4"), (-0.5, "−0.5"), (1 / 3, "0.3333"), (2.0, "2"), (-1e-9, "0")])
def test_short_numbers(value, text):
    assert trace.short(value) == text
