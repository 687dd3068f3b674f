"""Chapter 3: every number in its prose, every prediction and every exercise, computed by other means."""

from math import exp, prod, tanh

import numpy as np
import pytest
from chapters import run, says
from scalar import layers, running, sigma

from mlp import MLP, data, factors, numerical_gradients, paths


def signed(value, decimals):
    """As the chapter prints a number: with a minus sign, not a hyphen."""
    return f"{value:.{decimals}f}".replace("-", "−")


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


def test_predictions():
    answers = [spec["answer"] for spec in run(3)[1]]
    q = chain()[4]
    other, other_O1 = nudged(2, 1, 1, *SECOND_CAR), outputs(SECOND_CAR[0], W1, W2, W3)[0]
    says(3, f"Another car has ∂L/∂w²₁₁ = {other:.4f}, with O₁₁ = {other_O1[0]:.4f} and O₁₃ = {other_O1[2]:.4f}.")
    assert answers == [
        pytest.approx(q, abs=1e-5),
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
    says(3, "0.8 · 0.2 = 0.16", f"{other:.4f} · {other_O1[2]:.4f} / {other_O1[0]:.4f} = {nudged(2, 3, 1, *SECOND_CAR):.4f}", f"{0.8 - 0.1 * d3(1):.2f}.",
         f"2 · (0.1623 + 0.6986) = 2 · {O31 - y:.4f} = {FIRST:.2f}", "=\\frac1{1048576}$, a little less than one millionth")  # fmt: skip
    for spec, digits in zip(run(3)[1], (2, 2, 2, None, None, 3, 2)):
        if digits:  # what a reader with the printed numbers and so many decimals types is accepted
            assert abs(round(spec["answer"], digits) - spec["answer"]) <= spec["tol"]


def test_the_chain():
    u, z, p, s, q, yhat, L = chain()
    says(3, "| 1 | $z=u\\cdot x$ | 1.5 |", f"$p=\\sigma(z)$ | {p:.5f} |", f"$s=v\\cdot p$ | {signed(s, 5)} |", f"$q=\\sigma(s)$ | {q:.5f} |",
         f"$\\hat y=w\\cdot q$ | {yhat:.5f} |", f"$L=(y-\\hat y)^2$ | {L:.5f} |", f"The prediction is {yhat:.5f} and the loss is {L:.5f}.")  # fmt: skip
    slope_p, slope_q, last = p * (1 - p), q * (1 - q), 2 * (yhat - 2)
    says(3, f"Their slopes here are {slope_p:.5f} and {slope_q:.5f}", f"2(\\hat y-2)=2({yhat:.5f}-2)={last:.4f}")
    says(3, f"is about {3 * slope_p * -2 * slope_q * 5 * last:.4f} times", f"The measured {(chain(0.501)[-1] - L) / 0.001:.3f} is")
    by = {name: (chain(**{name: at + H})[-1] - chain(**{name: at - H})[-1]) / (2 * H) for name, at in (("u", 0.5), ("v", -2.0), ("w", 5.0))}
    assert by["u"] == pytest.approx(3 * slope_p * -2 * slope_q * 5 * last, rel=1e-7)
    says(3, f"{last:.4f}\\cdot{q:.5f}={by['w']:.4f}$$", f"{last:.4f}\\cdot5\\cdot{slope_q:.5f}\\cdot{p:.5f}={by['v']:.4f}\\end{{aligned}}$$")
    one_way = (chain(v=-1.999)[-1] - L) / 0.001
    both_ways = (chain(v=-1.999)[-1] - chain(v=-2.001)[-1]) / 0.002
    says(3, f"one way gives {signed(one_way, 5)} for $v$ and both ways give {signed(both_ways, 5)}, which is right to five decimals")
    assert round(both_ways, 5) == round(by["v"], 5)
    # The printed factors multiply to the printed products.
    assert round(-2.3687 * 0.16313, 4) == round(by["w"], 4) and round(-2.3687 * 5 * 0.13652 * 0.81757, 4) == round(by["v"], 4)
    change = run(3)[0]["change"]
    assert change == pytest.approx([b - a for a, b in zip(chain(), chain(0.501))])
    says(3, f"$$3\\cdot{slope_p:.5f}\\cdot(-2)\\cdot{slope_q:.5f}\\cdot5\\cdot({last:.4f})={by['u']:.4f}$$")


def test_the_sigmoids_slope():
    for z in (-4.0, -1.5, 0.0, 1.5, 4.0):
        r = exp(-z)
        d = 1 + r
        by_links = -1 / d**2 * 1 * r * -1
        assert by_links == pytest.approx(sigma(z) * (1 - sigma(z))) == pytest.approx((sigma(z + H) - sigma(z - H)) / (2 * H))
        assert by_links == pytest.approx(0.25 - (sigma(z) - 0.5) ** 2)
    p, q = chain()[2], chain()[4]
    says(3, f"{p:.5f}\\cdot{1 - p:.5f}={p * (1 - p):.5f}$", f"{q:.5f}\\cdot{1 - q:.5f}={q * (1 - q):.5f}$")
    d, h = 1.7, 1e-7
    assert (1 / (d + h) - 1 / d) / h == pytest.approx(-1 / d**2, rel=1e-6)


def test_the_long_chain():
    def through(start):
        for _ in range(10):
            start = sigma(start)
        return start

    says(3, "all weights 1, and let the number 0.5 go in.", "the chain of ten sigmoids that starts at 0.5")
    products = run(3)[0]["products"]
    assert products[-1] == pytest.approx((through(0.5 + 1e-3) - through(0.5 - 1e-3)) / 2e-3, rel=1e-4)
    assert all(later < earlier / 4 for earlier, later in zip([1.0, *products], products)), "more than three quarters taken away each time"
    assert 0.3e-6 < products[-1] < 0.37e-6, "about a third of a millionth"


def test_the_running_example():
    says(3, f"f'_{{21}}=O_{{21}}(1-O_{{21}})={O2[0]:.4f}\\cdot{1 - O2[0]:.4f}={S2[0]:.4f}$", f"({y:.5f}-{O31:.5f})^2={(y - O31) ** 2:.4f}.$$")
    assert round((round(y, 5) - round(O31, 5)) ** 2, 4) == round((y - O31) ** 2, 4), "the printed digits give the printed square"
    by_output = ((y - O31 - H) ** 2 - (y - O31 + H) ** 2) / (2 * H)
    assert by_output == pytest.approx(FIRST)


def test_the_last_layer():
    assert [nudged(3, i, 1) for i in (1, 2)] == pytest.approx([d3(1), d3(2)], abs=1e-8)
    says(3, f"\\cdot O_{{21}}=1\\cdot{O2[0]:.4f},", f"\\cdot O_{{22}}=1\\cdot{O2[1]:.4f}.$$", f"={FIRST:.5f}\\cdot{O2[0]:.5f}={d3(1):.4f},",
         f"={FIRST:.5f}\\cdot{O2[1]:.5f}={d3(2):.4f}.$$", f"\\cdot f'_{{31}}={FIRST:.4f}$")  # fmt: skip
    for i in (1, 2):  # the printed factors multiply to the printed product
        assert round(round(FIRST, 5) * round(O2[i - 1], 5), 4) == round(d3(i), 4)


def test_the_second_layer():
    says(3, f"The first factor is {FIRST:.4f} again.", f"f'_{{31}}\\cdot w^3_{{11}}=1\\cdot{W3[0][0]}=0.8.$$", f"w^3_{{21}}=1\\cdot({W3[1][0]})=-0.6$",
         f"={S2[0]:.4f}\\cdot{O1[0]:.4f}={S2[0] * O1[0]:.4f}.$$", f"{FIRST:.4f}\\cdot0.8\\cdot{S2[0] * O1[0]:.4f}={d2(1, 1):.4f}$",
         f"{FIRST:.4f}\\cdot0.8\\cdot({S2[0]:.4f}\\cdot{O1[2]:.4f})={d2(3, 1):.4f}$$",
         f"$f'_{{21}}={S2[0]:.4f}$ or $f'_{{22}}={S2[1]:.4f}$, times $O_{{11}}={O1[0]:.4f}$, $O_{{12}}={O1[1]:.4f}$ or $O_{{13}}={O1[2]:.4f}$")  # fmt: skip
    # The two kinds of factor, by nudging one output and one weight.
    for j in (0, 1):
        up, down = ([o + (h if n == j else 0) for n, o in enumerate(O2)] for h in (H, -H))
        by_output = sum((a - b) * w[0] for a, b, w in zip(up, down, W3)) / (2 * H)
        assert by_output == pytest.approx(W3[j][0])


def test_all_six():
    """Each row of the table: its factors, its product, and that the printed factors multiply to the printed product."""
    for i in (1, 2, 3):
        for j in (1, 2):
            row = [FIRST, W3[j - 1][0], S2[j - 1], O1[i - 1]]
            shown = [f"{FIRST:.4f}", signed(row[1], 1), f"{row[2]:.4f}", f"{row[3]:.4f}"]
            says(3, f"| $w^2_{{{i}{j}}}$ | {' | '.join(shown)} | {signed(d2(i, j), 4)} |")
            printed = prod(float(s.replace("−", "-")) for s in shown)
            assert round(printed, 4) == round(d2(i, j), 4)
            assert d2(i, j) == pytest.approx(nudged(2, i, j), abs=1e-8)
            assert list(paths(net, 2, i, j)) == [(j, 1)]
            values = [factor.value for factor in factors(net, x, y, 2, i, j, (j, 1))]
            assert values == pytest.approx([FIRST, W3[j - 1][0], S2[j - 1] * O1[i - 1]])
            for name in ("by_path", "dW2"):
                assert run(3)[0][name][i - 1, j - 1] == pytest.approx(d2(i, j), rel=1e-12)
            assert abs(d2(i, j)) < min(d3(1), d3(2)), "smaller in size than both of the last layer"
    says(3, f"have an output alone, {O2[0]:.4f} or {O2[1]:.4f}.", f"of similar size or less, {min(O1):.4f} to {max(O1):.4f},",
         "a weight, at most 0.8 in size, and a slope, at most ¼.", "at most $0.8\\cdot\\frac14=0.2$ in size.")  # fmt: skip
    assert max(abs(w) for (w,) in W3) == 0.8 and max(S2) <= 0.25 and max(O1) < max(O2) and 0.2 * max(O1) < min(O2)
    assert run(3)[0]["dW3"][:, 0] == pytest.approx([d3(1), d3(2)], rel=1e-12)
    assert run(3)[0]["dZ2"] == pytest.approx([d2(1, 1) / O1[0], d2(1, 2) / O1[0]])


def test_one_step():
    def after(eta):
        """The eight weights and the loss after one step."""
        new_W2 = [[W2[i][j] - eta * d2(i + 1, j + 1) for j in (0, 1)] for i in (0, 1, 2)]
        new_W3 = [[W3[i][0] - eta * d3(i + 1)] for i in (0, 1)]
        return new_W2, new_W3, (y - outputs(x, W1, new_W2, new_W3)[2]) ** 2

    old_loss, (new_W2, new_W3, new_loss) = (y - O31) ** 2, after(0.1)
    says(3, f"0.7-0.1\\cdot{d2(1, 1):.4f}={new_W2[0][0]:.4f}$", f"$-0.4+0.1\\cdot{-d2(1, 2):.4f}={new_W2[0][1]:.4f}$",
         f"the loss from {old_loss:.4f} down to {new_loss:.4f}, by {old_loss - new_loss:.3f}.")  # fmt: skip
    wrong = FIRST * new_W3[0][0] * S2[0] * O1[0]
    says(3, f"its new value {new_W3[0][0]:.4f} in place of 0.8", f"={wrong:.4f}$ instead of {d2(1, 1):.4f}, which is {100 * (1 - wrong / d2(1, 1)):.0f} percent too small")
    squares = sum(d2(i, j) ** 2 for i in (1, 2, 3) for j in (1, 2)) + d3(1) ** 2 + d3(2) ** 2
    says(3, f"The derivatives promise a fall of {0.1 * squares:.3f}, and it is {old_loss - new_loss:.3f}.", "for the short step it holds to three digits")
    loss, moved = run(3)[0]["loss"], run(3)[0]["moved"]
    assert loss(moved(0.1)) == pytest.approx(new_loss)
    assert f"{old_loss - after(0.001)[2]:.2e}" == f"{0.001 * squares:.2e}"
    losses = [loss(moved(eta)) for eta in run(3)[0]["etas"]]
    low = int(np.argmin(losses))
    assert abs(run(3)[0]["etas"][low] - 0.7) < 0.05 and losses[low] < 0.01 and 0.45 < losses[-1] < 0.55, "as the alternative text says"
    assert (np.diff(losses[:low]) < 0).all() and (np.diff(losses[low + 1 :]) > 0).all()


def test_all_eight_by_nudging():
    package = numerical_gradients(net, [x], [y])
    for k, i, j in [(2, i, j) for i in (1, 2, 3) for j in (1, 2)] + [(3, 1, 1), (3, 2, 1)]:
        formula = d2(i, j) if k == 2 else d3(i)
        assert nudged(k, i, j) == pytest.approx(formula, abs=1e-8) == pytest.approx(package.W[k][i - 1, j - 1], abs=1e-8)
        notebook = run(3)[0]["nudged_loss"]
        assert (notebook(k, i, j, H) - notebook(k, i, j, -H)) / (2 * H) == pytest.approx(formula, abs=1e-8)


def test_exercises_on_paper():
    def small(u):
        return (5 - (3 * u) ** 2) ** 2

    assert small(1) == 16 and (small(1 + H) - small(1 - H)) / (2 * H) == pytest.approx(144)
    says(3, f"L=3.8209^2={small(0.99):.4f}$", f"The change is −{16 - small(0.99):.4f}; the derivative promises $144\\cdot(-0.01)={-1.44}$")
    assert 5 - 2.97**2 == pytest.approx(-3.8209)

    first = 2 * (O31 - 1)
    other = nudged(2, 1, 1, y=1)
    says(3, f"$2(0.1623-1)={first:.3f}$", f"={first:.3f}\\cdot0.8\\cdot{S2[0]:.4f}\\cdot{O1[0]:.4f}={other:.3f}$")

    a, b, c, d = (nudged(2, i, j, *SECOND_CAR) for i, j in ((1, 1), (1, 2), (2, 1), (2, 2)))
    says(3, f"w^2_{{11}}={a:.4f}$", f"w^2_{{12}}={b:.4f}$ and", f"w^2_{{21}}={c:.4f}$, and nothing else", f"is ${c:.4f}/{a:.4f}$.",
         f"={b:.4f}\\cdot{c:.4f}/{a:.4f}={d:.3f}$")  # fmt: skip
    assert round(-0.1721 * 0.3395 / 0.2247, 3) == round(d, 3)

    out = sigma(O31)

    def with_sigmoid(w):
        return (y - sigma(O2[0] * w + O2[1] * W3[1][0])) ** 2

    answer = (with_sigmoid(0.8 + H) - with_sigmoid(0.8 - H)) / (2 * H)
    says(3, f"\\sigma(0.1623)={out:.4f}$", f"2({out:.4f}+0.6986)={2 * (out - y):.4f}$", f"{out:.4f}\\cdot{1 - out:.4f}={out * (1 - out):.4f}$",
         f"={2 * (out - y):.4f}\\cdot{out * (1 - out):.4f}\\cdot{O2[0]:.4f}={answer:.3f}$")  # fmt: skip

    for z in (-1.3, 0.0, 0.4):
        t = 2 * sigma(2 * z) - 1
        assert t == pytest.approx(tanh(z)) and (tanh(z + H) - tanh(z - H)) / (2 * H) == pytest.approx(1 - t * t)


def test_exercise_with_the_second_car():
    x, y = SECOND_CAR
    first = 2 * (outputs(x, W1, W2, W3)[2] - y)
    third = [nudged(3, i, 1, x, y) for i in (1, 2)]
    second = [[nudged(2, i, j, x, y) for j in (1, 2)] for i in (1, 2, 3)]
    says(3, f"# {first:.4f}", f"# [{third[0]:.4f} {third[1]:.4f}]", f"so the first factor is {first:.4f} in place of {FIRST:.4f}.")
    says(3, "$$\\begin{pmatrix}" + "\\\\".join("&".join(f"{d:.4f}" for d in row) for row in second) + "\\end{pmatrix}.$$")
    assert all(abs(second[i - 1][j - 1]) > abs(d2(i, j)) for i in (1, 2, 3) for j in (1, 2)) and third[0] > d3(1) and third[1] > d3(2)


def test_exercise_with_heavier_weights():
    for bias in (0.0, -2.0):
        out, product = 0.5, 1.0
        for _ in range(10):
            total = 4 * out + bias
            out = sigma(total)
            product *= 4 * out * (1 - out)
        says(3, f"# {bias} {round(out, 4)} {product:.2e}")
        if bias == 0:
            says(3, f"the outputs to {out:.2f}, and there the slope is only {out * (1 - out):.3f}")
            assert 3.9 < total < 4 and product < run(3)[0]["products"][-1]


def test_the_first_layer_has_two_paths():
    assert list(paths(net, 1, 1, 1)) == [(1, 1, 1), (1, 2, 1)]
