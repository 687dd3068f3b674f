"""Chapter 3: what computes its numbers (numbers.txt), its predictions and its exercises, by other means."""

from math import exp, prod, tanh

import numpy as np
import pytest
from chapters import run
from numerals import figures, holds
from scalar import layers, running, sigma

from mlp import MLP, data, factors, numerical_gradients, paths


net, x, y = data.running_example()
W1, W2, W3 = (net.W[k].tolist() for k in (1, 2, 3))
H = 1e-5
cars = data.auto_mpg()
SECOND_CAR = cars.Xs[1].tolist(), float(cars.ys[1])


def outputs(x, W1, W2, W3):
    """The outputs of layers 1, 2 and 3, by the scalar twin."""
    O = layers(running(MLP(W={1: W1, 2: W2, 3: W3}), x, 0.0), "O")
    return O[1], O[2], O[3][0]


O1, O2, O31 = outputs(x, W1, W2, W3)
S2 = [o * (1 - o) for o in O2]
FIRST = 2 * (O31 - y)


def nudged(k, i, j, x=x, y=y):
    """dL/dw^k_ij by a complex step."""
    return running(net, x, y).d("L", ("w", k, i, j))


def d2(i, j):
    """dL/dw^2_ij from its formula (N8.1)."""
    return FIRST * W3[j - 1][0] * S2[j - 1] * O1[i - 1]


def d3(i):
    """dL/dw^3_i1 from its formula (N7.1)."""
    return FIRST * O2[i - 1]


def chain(u=0.5, v=-2.0, w=5.0):
    p = sigma(3 * u)
    q = sigma(v * p)
    return [u, 3 * u, p, v * p, q, w * q, (2 - w * q) ** 2]


def by(name):
    """The chain's slope by central differences."""
    at = dict(u=0.5, v=-2.0, w=5.0)[name]
    return (chain(**{name: at + H})[-1] - chain(**{name: at - H})[-1]) / (2 * H)


other_O1 = outputs(SECOND_CAR[0], W1, W2, W3)[0]
second_first = 2 * (outputs(SECOND_CAR[0], W1, W2, W3)[2] - SECOND_CAR[1])


def small(u):
    return (5 - (3 * u) ** 2) ** 2


def heavier(bias, weight=4):
    """What ten sigmoids in a row give out, and the product of their factors."""
    out, product = 0.5, 1.0
    for _ in range(10):
        out = sigma(weight * out + bias)
        product *= weight * out * (1 - out)
    return out, product


@figures
def step():
    """The eight weights and the loss after one step, and what comes out if the new w^3_11 is used too early."""
    W3, loss = after(0.1)[1:]
    wrong = FIRST * W3[0][0] * S2[0] * O1[0]
    return locals()


def after(eta):
    new_W2 = [[W2[i][j] - eta * d2(i + 1, j + 1) for j in (0, 1)] for i in (0, 1, 2)]
    new_W3 = [[W3[i][0] - eta * d3(i + 1)] for i in (0, 1)]
    return new_W2, new_W3, (y - outputs(x, W1, new_W2, new_W3)[2]) ** 2


losses = [after(eta)[2] for eta in np.linspace(0, 1.3, 66)]
lowest_eta = round(float(np.argmin(losses)) * 1.3 / 65, 1)


def test_every_number():
    holds("chapters/03-chain-rule.ipynb", globals())


def test_predictions():
    answers = [spec["answer"] for spec in run(3)[1]]
    assert answers == [
        pytest.approx(chain()[4], abs=1e-5),
        pytest.approx(0.16),
        pytest.approx(FIRST),
        "f′₂₂ · O₁₃",
        sum(nudged(2, i, j) < 0 for i in (1, 2, 3) for j in (1, 2)),
        pytest.approx(nudged(2, 3, 1, *SECOND_CAR), abs=1e-8),
        pytest.approx(0.8 - 0.1 * d3(1)),
    ]
    assert answers[4] == 3 and 0.25**10 < 1e-6 and 4**10 == 1048576
    (kind,) = (factor.inside for factor in factors(net, x, y, 2, 3, 2, (2, 1)) if factor.under[0] == "w")
    assert [name for name, _ in kind] == [("f'", 2, 2), ("O", 1, 3)]
    for spec, digits in zip(run(3)[1], (2, 2, 2, None, None, 3, 2)):
        if digits:  # what a reader with the printed numbers and so many decimals types is accepted
            assert abs(round(spec["answer"], digits) - spec["answer"]) <= spec["tol"]


def test_the_chain():
    u, z, p, s, q, yhat, L = chain()
    assert by("u") == pytest.approx(3 * p * (1 - p) * -2 * q * (1 - q) * 5 * 2 * (yhat - 2), rel=1e-7)
    both_ways = (chain(v=-1.999)[-1] - chain(v=-2.001)[-1]) / 0.002
    assert round(both_ways, 5) == round(by("v"), 5)
    # The printed factors multiply to the printed products.
    assert round(-2.3687 * 0.16313, 4) == round(by("w"), 4) and round(-2.3687 * 5 * 0.13652 * 0.81757, 4) == round(by("v"), 4)
    change = run(3)[0]["change"]
    assert change == pytest.approx([b - a for a, b in zip(chain(), chain(0.501))])


def test_the_sigmoids_slope():
    for z in (-4.0, -1.5, 0.0, 1.5, 4.0):
        r = exp(-z)
        d = 1 + r
        by_links = -1 / d**2 * 1 * r * -1
        assert by_links == pytest.approx(sigma(z) * (1 - sigma(z))) == pytest.approx((sigma(z + H) - sigma(z - H)) / (2 * H))
        assert by_links == pytest.approx(0.25 - (sigma(z) - 0.5) ** 2)
    d, h = 1.7, 1e-7
    assert (1 / (d + h) - 1 / d) / h == pytest.approx(-1 / d**2, rel=1e-6)


def test_the_long_chain():
    def through(start):
        for _ in range(10):
            start = sigma(start)
        return start

    products = run(3)[0]["products"]
    assert products[-1] == pytest.approx((through(0.5 + 1e-3) - through(0.5 - 1e-3)) / 2e-3, rel=1e-4)
    assert all(later < earlier / 4 for earlier, later in zip([1.0, *products], products)), "more than three quarters taken away each time"
    assert 0.3e-6 < products[-1] < 0.37e-6, "about a third of a millionth"


def test_the_running_example():
    assert round((round(y, 5) - round(O31, 5)) ** 2, 4) == round((y - O31) ** 2, 4), "the printed digits give the printed square"
    by_output = ((y - O31 - H) ** 2 - (y - O31 + H) ** 2) / (2 * H)
    assert by_output == pytest.approx(FIRST)


def test_the_last_layer():
    assert [nudged(3, i, 1) for i in (1, 2)] == pytest.approx([d3(1), d3(2)], abs=1e-8)
    for i in (1, 2):  # the printed factors multiply to the printed product
        assert round(round(FIRST, 5) * round(O2[i - 1], 5), 4) == round(d3(i), 4)


def test_the_second_layer():
    # The two kinds of factor, by nudging one output and one weight.
    for j in (0, 1):
        up, down = ([o + (h if n == j else 0) for n, o in enumerate(O2)] for h in (H, -H))
        by_output = sum((a - b) * w[0] for a, b, w in zip(up, down, W3)) / (2 * H)
        assert by_output == pytest.approx(W3[j][0])


def test_all_six():
    """Each row of the table: its factors, its product, and that the printed factors multiply to the printed product."""
    for i in (1, 2, 3):
        for j in (1, 2):
            assert round(prod(round(factor, 4) for factor in (FIRST, W3[j - 1][0], S2[j - 1], O1[i - 1])), 4) == round(d2(i, j), 4)
            assert d2(i, j) == pytest.approx(nudged(2, i, j), abs=1e-8)
            assert list(paths(net, 2, i, j)) == [(j, 1)]
            values = [factor.value for factor in factors(net, x, y, 2, i, j, (j, 1))]
            assert values == pytest.approx([FIRST, W3[j - 1][0], S2[j - 1] * O1[i - 1]])
            for name in ("by_path", "dW2"):
                assert run(3)[0][name][i - 1, j - 1] == pytest.approx(d2(i, j), rel=1e-12)
            assert abs(d2(i, j)) < min(d3(1), d3(2)), "smaller in size than both of the last layer"
    assert max(abs(w) for (w,) in W3) == 0.8 and max(S2) <= 0.25 and max(O1) < max(O2) and 0.2 * max(O1) < min(O2)
    assert run(3)[0]["dW3"][:, 0] == pytest.approx([d3(1), d3(2)], rel=1e-12)
    assert run(3)[0]["dZ2"] == pytest.approx([d2(1, 1) / O1[0], d2(1, 2) / O1[0]])


def test_one_step():
    squares = sum(d2(i, j) ** 2 for i in (1, 2, 3) for j in (1, 2)) + d3(1) ** 2 + d3(2) ** 2
    loss, moved = run(3)[0]["loss"], run(3)[0]["moved"]
    assert f"{(y - O31) ** 2 - after(0.001)[2]:.2e}" == f"{0.001 * squares:.2e}"
    assert [loss(moved(eta)) for eta in run(3)[0]["etas"]] == pytest.approx(losses)
    low = int(np.argmin(losses))
    assert losses[low] < 0.01, "nearly 0"
    assert (np.diff(losses[:low]) < 0).all() and (np.diff(losses[low + 1 :]) > 0).all()


def test_all_eight_by_nudging():
    package = numerical_gradients(net, [x], [y])
    for k, i, j in [(2, i, j) for i in (1, 2, 3) for j in (1, 2)] + [(3, 1, 1), (3, 2, 1)]:
        formula = d2(i, j) if k == 2 else d3(i)
        assert nudged(k, i, j) == pytest.approx(formula, abs=1e-8) == pytest.approx(package.W[k][i - 1, j - 1], abs=1e-8)
        notebook = run(3)[0]["nudged_loss"]
        assert (notebook(k, i, j, H) - notebook(k, i, j, -H)) / (2 * H) == pytest.approx(formula, abs=1e-8)


def test_exercises_on_paper():
    assert small(1) == 16 and (small(1 + H) - small(1 - H)) / (2 * H) == pytest.approx(144)
    assert round(-0.1721 * 0.3395 / 0.2247, 3) == round(nudged(2, 2, 2, *SECOND_CAR), 3)
    for z in (-1.3, 0.0, 0.4):
        t = 2 * sigma(2 * z) - 1
        assert t == pytest.approx(tanh(z)) and (tanh(z + H) - tanh(z - H)) / (2 * H) == pytest.approx(1 - t * t)


def test_exercise_with_the_second_car():
    x, y = SECOND_CAR
    third = [nudged(3, i, 1, x, y) for i in (1, 2)]
    second = [[nudged(2, i, j, x, y) for j in (1, 2)] for i in (1, 2, 3)]
    assert all(abs(second[i - 1][j - 1]) > abs(d2(i, j)) for i in (1, 2, 3) for j in (1, 2)) and third[0] > d3(1) and third[1] > d3(2)


def test_exercise_with_heavier_weights():
    out, product = heavier(0)
    assert 3.9 < 4 * out < 4 and product < run(3)[0]["products"][-1]


def test_the_first_layer_has_two_paths():
    assert list(paths(net, 1, 1, 1)) == [(1, 1, 1), (1, 2, 1)]
