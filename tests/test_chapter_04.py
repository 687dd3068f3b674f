"""Chapter 4: every number in its prose, every prediction and every exercise, computed by other means."""

from math import prod

import numpy as np
import pytest
from chapters import run, says
from scalar import layers, running, sigma

from mlp import MLP, backprop, data, factors, forward, path_gradient, paths, trace


net, x, y = data.running_example()
W1, W2, W3 = (net.W[k].tolist() for k in (1, 2, 3))
O1, O2, (O31,) = (layers(running(net, x, y), "O")[k] for k in (1, 2, 3))
S1, S2 = (layers(running(net, x, y), "f'")[k] for k in (1, 2))


def part(i, j, via):
    """The path of w^1_ij through unit `via` of layer 2, from its formula (N9.3)."""
    return 2 * (O31 - y) * W3[via - 1][0] * S2[via - 1] * W2[j - 1][via - 1] * S1[j - 1] * x[i - 1]


def test_predictions():
    answers = [spec["answer"] for spec in run(4)[1]]
    w21 = part(2, 1, 1) + part(2, 1, 2)
    assert answers == [pytest.approx(0.036), pytest.approx(3.6), "positive", 1, "larger", pytest.approx(w21), 100]
    assert abs(part(4, 3, 1)) > abs(part(4, 3, 1) + part(4, 3, 2))
    says(4, f"the sum is −{-part(4, 3, 1) - part(4, 3, 2):.5f}", f"= {w21:.4f}", f"the two paths are −{-part(4, 3, 1):.5f} and +{part(4, 3, 2):.5f}")


def test_the_diamond():
    f, g, h = 2.001**2, 3 * 2.001, 3 * 2.001**3
    says(4, f"$h$ grows by {h - 24:.6f}", "$f=4$, $g=6$, $h=24$ and $k=5$")
    says(4, f"the strips settle at {6 * 4} and {4 * 3}")
    assert f - 4 == pytest.approx(0.004, abs=1e-5) and g - 6 == pytest.approx(0.003)


def test_the_worked_paths():
    says(
        4,
        f"2({O31:.4f}+{-y:.4f})",
        f"{{+{2 * (O31 - y):.3f}}}",
        f"{{{S2[0]:.4f}\\cdot0.7}}_{{+{S2[0] * 0.7:.4f}}}",
        f"{{{S1[0]:.4f}\\cdot{x[0]:.4f}}}_{{+{S1[0] * x[0]:.4f}}}=+{part(1, 1, 1):.5f}",
        f"$f'_{{22}}\\cdot w^2_{{12}}={S2[1]:.4f}\\cdot(-0.4)=-{S2[1] * 0.4:.5f}$",
        f"the product is +{part(1, 1, 2):.5f}",
        f"The sum of the two paths, {part(1, 1, 1) + part(1, 1, 2):.5f}",
        f"{part(1, 1, 1) + part(1, 1, 2):.5f}/1.0773={(part(1, 1, 1) + part(1, 1, 2)) / x[0]:.4f}",
    )


def test_the_table_of_factors():
    """The three formulas against the factors of the code, for every weight and path."""
    Z, O = forward(net, [x])
    O = {0: x, 1: O1, 2: O2, 3: [O31]}
    slope = {1: S1, 2: S2, 3: [1.0]}
    for k in net.layers:
        for i in range(1, net.sizes[k - 1] + 1):
            for j in range(1, net.sizes[k] + 1):
                for path in paths(net, k, i, j):
                    units = dict(zip(range(k, 4), path))
                    expected = [2 * (O31 - y)]
                    expected += [slope[m][units[m] - 1] * net.w(m, units[m - 1], units[m]) for m in range(3, k, -1)]
                    expected += [slope[k][j - 1] * O[k - 1][i - 1]]
                    assert [f.value for f in factors(net, x, y, k, i, j, path)] == pytest.approx(expected)


def test_all_twelve():
    by_paths = run(4)[0]["by_paths"]
    for i in range(1, 5):
        for j in range(1, 4):
            assert by_paths[i - 1, j - 1] == pytest.approx(part(i, j, 1) + part(i, j, 2), rel=1e-12)


def test_multiplications():
    """Counted one by one, instead of by formula."""
    for hidden in (1, 2, 3):
        sizes = (4, *[10] * hidden, 1)
        net = MLP.init(sizes, rng=np.random.default_rng(0))
        by_path = 0
        for k in net.layers:
            for path in paths(net, k, 1, 1):
                by_path += sizes[k - 1] * sizes[k] * len(path)  # a factor for each unit visited and one for the loss, less one
        assert run(4)[0]["multiplications"](sizes)[0] == by_path
    small = run(4)[0]["multiplications"]((4, 3, 2, 1))
    says(4, f"$72+12+2={small[0]}$", f"$12+2\\cdot6+2\\cdot2={small[1]}$")
    assert small == (12 * 2 * 3 + 6 * 1 * 2 + 2 * 1 * 1, 12 + 2 * 6 + 2 * 2)
    six = run(4)[0]["multiplications"]((4, 3, 3, 2, 1))
    says(4, f"$12\\cdot6\\cdot4+9\\cdot2\\cdot3+6\\cdot2+2={six[0]}$ against $12+2\\cdot9+2\\cdot6+2\\cdot2={six[1]}$")
    assert six == trace.paths.multiplications((4, 3, 3, 2, 1)), "what the ledger says"
    says(4, f"With six paths it is {6 * 4} against {6 * 2 + 1 + 1}")  # three factors of their own a path, two shared
    deep = run(4)[0]["multiplications"]((4, *[10] * 6, 1))
    says(4, f"{deep[0]:,} multiplications against {deep[1]}")
    assert len(paths(MLP.init((4, 10, 10, 10, 1), rng=np.random.default_rng(0)), 1, 1, 1)) == 100


def test_exercises():
    assert 0.25 * 3 * 2 + 0.25 * 1 * 3 == 2.25
    assert 4 * 8 * 1 + 2 * 8 * 4 + 2 * 4 * 12 == 192 == 6 * 2**5
    first, second = part(2, 3, 1), part(2, 3, 2)
    says(4, f"0.14214\\cdot0.151548={first:.5f}", f"0.07428\\cdot0.151548={second:.5f}", f"The sum is {first + second:.5f}")
    printed = [1.722 * 0.8 * 0.14214 * 0.151548, 1.722 * -0.6 * 0.07428 * 0.151548]
    assert [round(product, 5) for product in printed] == [round(first, 5), round(second, 5)], "the printed factors multiply as printed"
    for unit in (1, 2):
        path = (3, unit, 1)
        values = [f.value for f in factors(net, x, y, 1, 4, 3, path)]
        shown = np.array2string(np.round(values, 4))
        says(4, f"# {path} {shown} {prod(values):.5f}")
    two = MLP.init((2, 2, 2), rng=np.random.default_rng(3))
    assert len(paths(two, 1, 1, 1)) == 2
    ends = [factors(two, [0.3, -0.2], [1.0, 2.0], 1, 1, 1, path) for path in paths(two, 1, 1, 1)]
    assert ends[0][0].value != ends[1][0].value and ends[0][-1] == ends[1][-1]


def test_the_cancelling_weight():
    w = 0.8 * 0.7 * S2[0] / (0.6 * S2[1])
    says(4, f"that is $w^2_{{12}}\\approx{w:.3f}$")
    for _ in range(60):
        W = np.array(net.W[2])
        W[0, 1] = w
        changed = MLP(W={1: net.W[1], 2: W, 3: net.W[3]})
        Z = forward(changed, [x]).Z
        w = 0.8 * 0.7 * sigma(Z[2][0, 0]) * sigma(-Z[2][0, 0]) / (0.6 * sigma(Z[2][0, 1]) * sigma(-Z[2][0, 1]))
    says(4, f"at $w^2_{{12}}\\approx{w:.3f}$")
    assert abs(backprop(changed, [x], [y]).W[1][0, 0]) < 1e-15
    assert abs(path_gradient(changed, x, y, 1, 1, 1, (1, 1, 1))) > 0.05

    def loss_at(w111, w212):
        W = {k: np.array(net.W[k]) for k in net.layers}
        W[1][0, 0], W[2][0, 1] = w111, w212
        return float((forward(MLP(W=W), [x]).yhat[0, 0] - y) ** 2)

    says(4, f"At $w^1_{{11}}=0.4$ it is {loss_at(0.4, w):.4f}, at −0.6 it is {loss_at(-0.6, w):.4f}")
    slopes = [(loss_at(0.4 + 1e-5, v) - loss_at(0.4 - 1e-5, v)) / 2e-5 for v in (4.732, 4.734)]
    assert slopes[0] * slopes[1] < 0, "the second value lies between"
    says(4, "near 4.733")


def test_your_turn_follows_the_car_and_the_weights():
    """What a kernel does with the last cell: another car, then another weight; paths and backprop agree within rounding."""
    names = run(4)[0]
    names["car"].value = 3
    view, label = names["view"], names["label"]
    assert view.spec["live"]["x"] == pytest.approx(data.auto_mpg().Xs[3]) and view.choice == "w1_1_1"
    view.weights = [w + 0.5 for w in view.weights]
    assert float(label.value.rpartition(" ")[2]) < 1e-15 and label.value.startswith("∂L/∂w¹₁₁: off by ")
