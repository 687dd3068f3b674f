"""Chapter 4: what computes its numbers (numbers.txt), its predictions and its exercises, by other means."""

import numpy as np
import pytest
from chapters import run
from numerals import figures, holds
from scalar import layers, running, sigma

from mlp import MLP, backprop, data, factors, forward, path_gradient, paths, trace


net, x, y = data.running_example()
W1, W2, W3 = (net.W[k].tolist() for k in (1, 2, 3))
O1, O2, (O31,) = (layers(running(net, x, y), "O")[k] for k in (1, 2, 3))
S1, S2 = (layers(running(net, x, y), "f'")[k] for k in (1, 2))


def part(i, j, via):
    """The path of w^1_ij through unit `via` of layer 2, from its formula (N9.3)."""
    return 2 * (O31 - y) * W3[via - 1][0] * S2[via - 1] * W2[j - 1][via - 1] * S1[j - 1] * x[i - 1]


def diamond(x):
    f, g = x**2, 3 * x
    return f, g, f * g, np.sqrt(1 + f * g)


def nudged(function, at, which, h=1e-6):
    return (function(at + h)[which] - function(at - h)[which]) / (2 * h)


def ways(sizes, k=1):
    return len(paths(MLP.init(sizes, rng=np.random.default_rng(0)), k, 1, 1))


def multiplications(sizes):
    """Counted one by one, instead of by formula: path by path, and shared."""
    edges = [a * b for a, b in zip(sizes, sizes[1:])]
    by_path = sum(len(path) for k in range(1, len(sizes)) for path in paths(MLP.init(sizes, rng=np.random.default_rng(0)), k, 1, 1) for _ in range(edges[k - 1]))
    return by_path, edges[0] + 2 * sum(edges[1:])  # a factor for each unit visited and one for the loss, less one


def values(unit):
    """The factors of the path of w^1_43 through a unit of layer 2."""
    return [f.value for f in factors(net, x, y, 1, 4, 3, (3, unit, 1))]


def test_every_number():
    holds("chapters/04-multi-path-derivatives.ipynb", globals())


def test_predictions():
    answers = [spec["answer"] for spec in run(4)[1]]
    w21 = part(2, 1, 1) + part(2, 1, 2)
    assert answers == [pytest.approx(0.036), pytest.approx(nudged(diamond, 2, 3)), "positive", 1, "larger", pytest.approx(w21), ways((4, 10, 10, 10, 1))]
    assert abs(part(4, 3, 1)) > abs(part(4, 3, 1) + part(4, 3, 2))


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
    for sizes in ((4, 3, 2, 1), (4, 3, 3, 2, 1), *((4, *[10] * hidden, 1) for hidden in (1, 2, 3))):
        assert run(4)[0]["multiplications"](sizes) == multiplications(sizes) == trace.paths.multiplications(sizes), "what the ledger says"


def test_exercises():
    printed = [1.722 * 0.8 * 0.14214 * 0.151548, 1.722 * -0.6 * 0.07428 * 0.151548]
    assert [round(product, 5) for product in printed] == [round(part(2, 3, unit), 5) for unit in (1, 2)], "the printed factors multiply as printed"
    two = MLP.init((2, 2, 2), rng=np.random.default_rng(3))
    assert len(paths(two, 1, 1, 1)) == 2
    ends = [factors(two, [0.3, -0.2], [1.0, 2.0], 1, 1, 1, path) for path in paths(two, 1, 1, 1)]
    assert ends[0][0].value != ends[1][0].value and ends[0][-1] == ends[1][-1]


@figures
def cancelling():
    """The weight w^2_12 at which the paths of w^1_11 cancel, found again and again with the slopes of the last time; and the second one."""
    w, slopes = 0.0, S2
    for _ in range(60):
        w = 0.8 * 0.7 * slopes[0] / (0.6 * slopes[1])
        W = {k: np.array(net.W[k]) for k in net.layers}
        W[2][0, 1] = w
        changed = MLP(W=W)
        slopes = [sigma(z) * sigma(-z) for z in forward(changed, [x]).Z[2][0]]

    def loss_at(w111, w212=w):
        W = {k: np.array(net.W[k]) for k in net.layers}
        W[1][0, 0], W[2][0, 1] = w111, w212
        return float((forward(MLP(W=W), [x]).yhat[0, 0] - y) ** 2)

    low, second = 4.0, 5.0  # halved between them: the slope turns
    while second - low > 1e-9:
        middle = (low + second) / 2
        turned = (loss_at(0.4 + 1e-5, middle) > loss_at(0.4 - 1e-5, middle)) == (loss_at(0.4 + 1e-5, low) > loss_at(0.4 - 1e-5, low))
        low, second = (middle, second) if turned else (low, middle)
    return locals()


def test_the_cancelling_weight():
    assert round(cancelling.w, 3) == 1.138, "as the formula has it"
    assert abs(backprop(cancelling.changed, [x], [y]).W[1][0, 0]) < 1e-15
    assert abs(path_gradient(cancelling.changed, x, y, 1, 1, 1, (1, 1, 1))) > 0.05


def test_your_turn_follows_the_car_and_the_weights():
    """What a kernel does with the last cell: another car, then another weight; paths and backprop agree within rounding."""
    names = run(4)[0]
    names["car"].value = 3
    view, label = names["view"], names["label"]
    assert view.spec["live"]["x"] == pytest.approx(data.auto_mpg().Xs[3]) and view.choice == "w1_1_1"
    view.weights = [w + 0.5 for w in view.weights]
    assert float(label.value.rpartition(" ")[2]) < 1e-15 and label.value.startswith("∂L/∂w¹₁₁: off by ")
