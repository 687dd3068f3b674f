"""The frames: what a view prints must be true, and must multiply and add up as printed."""

import json
import re
from decimal import Decimal
from math import prod

import numpy as np
import pytest
from hypothesis import assume, given
from strategies import problems

from mlp import MLP, backprop, data, paths, relu, sigmoid, trace

pytestmark = pytest.mark.filterwarnings("error")

NET, X, Y = data.running_example()
LEDGER = trace.path_ledger(NET, X, Y)
DIAMOND = trace.diamond()


def decimals(text):
    return -Decimal(text).as_tuple().exponent


def adds_up(scene):
    """Checks a scene's printed numbers against one another."""
    for row in scene["rows"]:
        product = prod(float(cell["value"]) for cell in row["cells"])
        assert product == pytest.approx(float(row["result"]), abs=0.5001 * 10.0 ** -decimals(row["result"])), row
        for cell in row["cells"]:
            if cell["inside"]:
                product = prod(map(Decimal, cell["inside"][1].split(" × ")))
                value = Decimal(cell["value"])
                assert abs(product - value) < Decimal(5).scaleb(value.as_tuple().exponent - 1), cell  # and no tie
    terms = {row["path"]: float(row["result"]) for row in scene["rows"]}
    total = scene["total"][-1][0]
    shared = terms.pop(0, 1.0)
    assert shared * sum(terms.values()) == pytest.approx(float(total), abs=0.5001 * 10.0 ** -decimals(total))
    assert not any(re.fullmatch(r"-0\.?0*", row["result"]) for row in scene["rows"]), "minus zero"
    return float(total), decimals(total)


@pytest.mark.parametrize("key", LEDGER["scenes"])
def test_running_example(key):
    scene = LEDGER["scenes"][key]
    total, places = adds_up(scene)
    k, i, j = map(int, re.findall(r"\d+", key))
    exact = backprop(NET, [X], [Y]).W[k][i - 1, j - 1]
    assert total == float(f"{exact:.{places}f}") and places >= 3
    assert scene["check"] == f"✓ backprop: {exact:+.{places}f} · finite difference: {exact:+.{places}f}"
    n = len(paths(NET, k, i, j))
    frames = scene["frames"]
    assert len(frames) == 2 * n + 3
    assert [frame["status"].split(".")[0] for frame in frames] == [f"Step {m} of {len(frames)}" for m in range(1, len(frames) + 1)]
    assert [sum(frame["rows"]) for frame in frames] == sorted(sum(frame["rows"]) for frame in frames)
    assert [frame["total"] for frame in frames] == [False] * (len(frames) - 2) + [True] * 2
    assert frames[-1]["rows"] == [2] * len(scene["rows"])


def test_weight_1_1_1_in_words():
    scene = LEDGER["scenes"]["w1_1_1"]
    assert [[cell["value"] for cell in row["cells"]] for row in scene["rows"]] == [
        ["+1.722", "+0.8", "+0.1658", "+0.2677"],  # 2 (0.1623 + 0.6986), 1 x 0.8, 0.2369 x 0.7, 0.24848 x 1.0773
        ["+1.722", "-0.6", "-0.09904", "+0.2677"],
    ]
    assert [row["result"] for row in scene["rows"]] == ["+0.06114", "+0.02739"]
    assert [[cell["shared"] for cell in row["cells"]] for row in scene["rows"]] == [[True, False, False, True]] * 2
    statuses = [frame["status"] for frame in scene["frames"]]
    assert statuses[2].startswith("Step 3 of 7. Path 2 is w¹₁₁ → O₁₁ → O₂₂ → O₃₁ → L.")
    assert statuses[5] == "Step 6 of 7. Add across the paths: ∂L/∂w¹₁₁ = +0.06114 + (+0.02739) = +0.08853."
    assert statuses[6].endswith("Multiplications: 6 here, 4 in the factored form.")
    assert scene["frames"][2]["routes"]["w1_1_1"] == [1, 2] and scene["frames"][2]["routes"]["w2_1_2"] == [2]
    assert scene["frames"][0]["routes"] == {"w1_1_1": [0]} and scene["frames"][0]["lit"] == ["O0_1", "O1_1"]


def test_factored_form():
    scene = LEDGER["scenes"]["w1_1_1+factored"]
    assert [len(row["cells"]) for row in scene["rows"]] == [2, 2, 2]
    assert scene["frames"][-1]["status"].endswith("Multiplications: 4 here, 6 path by path.")
    assert "w2_1_1+factored" not in LEDGER["scenes"], "one path: nothing to take out"


def planted(monkeypatch, name, wrong):
    """The ledger of the running example's network, with one of its two witnesses made wrong."""
    real = getattr(trace, name)

    def witness(*args, **kwargs):
        grad = real(*args, **kwargs)
        return grad._replace(W={k: wrong(grad.W[k]) for k in grad.W})

    monkeypatch.setattr(trace, name, witness)


def verdicts(spec):
    """The marks of all scenes, each said by the check line and by the last sentence alike."""
    marks = {key: scene["check"][0] for key, scene in spec["scenes"].items()}
    for key, scene in spec["scenes"].items():
        words = {"✓": "Check. ✓ All agree. ", "✗": "Check. ✗ They do not agree. "}[marks[key]]
        assert words in scene["frames"][-1]["status"]
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
    scene = trace.path_ledger(NET, 0 * X, Y)["scenes"]["w1_1_1"]
    slope = "0.25"  # sigma'(0)
    assert scene["rows"][0]["cells"][-1]["inside"] == ["f′₁₁ · x₁", f"{slope} × 0"]
    assert scene["rows"][0]["cells"][-1]["value"] == "+0"


def test_a_tiny_derivative_is_no_zero():
    net = MLP(W={1: [[50.0]], 2: [[3.0]]})  # sigma'(50) is 2e-22
    scene = trace.path_ledger(net, [1.0], 0.0)["scenes"]["w1_1_1"]
    assert [cell["value"] for cell in scene["rows"][0]["cells"]] == ["+6", "+3", "+0"] and scene["rows"][0]["result"] == "+0.0000"  # 1 - 1 in float64
    net = MLP(W={1: [[-50.0]], 2: [[3.0]]})
    scene = trace.path_ledger(net, [1.0], 1.0)["scenes"]["w1_1_1"]
    adds_up(scene)
    assert scene["rows"][0]["result"] == f"{-2 * 3 * np.exp(-50.0):+.3e}"  # 2 (0 - 1) * 3 * sigma'(-50)


def test_diamond():
    assert [adds_up(DIAMOND["scenes"][key])[0] for key in DIAMOND["scenes"]] == [3.6, 3.6, 2.25, 2.25]
    assert DIAMOND["scenes"]["x2"]["values"] == {"x": "2", "f": "4", "g": "6", "h": "24", "k": "5"}
    assert DIAMOND["scenes"]["x1"]["values"] == {"x": "1", "f": "1", "g": "3", "h": "3", "k": "2"}
    assert DIAMOND["scenes"]["x2"]["labels"]["hf"] == "∂h/∂f = 6"


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
    ids = {node["id"] for node in spec["drawing"]["nodes"]}
    edges = {edge["id"] for edge in spec["drawing"]["edges"]}
    for scene in spec["scenes"].values():
        for frame in scene["frames"]:
            assert set(frame["lit"]) <= ids and set(frame["routes"]) <= edges


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


@pytest.mark.parametrize("value, text", [(0.4, "0.4"), (-0.5, "-0.5"), (1 / 3, "0.3333"), (2.0, "2"), (-1e-9, "0")])
def test_short_numbers(value, text):
    assert trace.short(value) == text
