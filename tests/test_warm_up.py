"""The warm-up: every number in its prose, every prediction and every exercise, computed by other means."""

import re

import numpy as np
import pytest
from chapters import cells, run, says, text

from mlp import data

H = 1e-6


def slope(f, *at, move=0):
    """The slope of f at a place by central differences, moving one of its inputs."""
    up, down = ([a + (h if n == move else 0) for n, a in enumerate(at)] for h in (H, -H))
    return (f(*up) - f(*down)) / (2 * H)


def row_times(row, matrix):
    return [sum(row[i] * matrix[i][j] for i in range(len(row))) for j in range(len(matrix[0]))]


def squares(truths, predicted):
    return [(y - predicted) ** 2 for y in truths]


cars = data.auto_mpg()
W2 = [[0.7, -0.4], [-0.2, 0.5], [0.6, 0.3]]
TRUTHS = [18, 15, 18]


def test_predictions():
    asked = run("warm-up")[1]
    assert len(asked) == 8 and "There are eight predictions." in text("warm-up")
    headings = [int(n) for c in cells("warm-up") for n in re.findall(r"\*\*Prediction (\d)\.\*\*", "".join(c["source"]))]
    assert headings == list(range(1, 9))
    answers = [spec["answer"] for spec in asked]
    assert answers == [
        "X[1, 3]",
        sum(squares(TRUTHS, 15)),
        pytest.approx(slope(lambda z: z**2 + 4 * z, 2)),
        pytest.approx(3.01**2 - 3**2, abs=asked[3]["tol"]),
        pytest.approx(slope(lambda w1, w2: 5 * w1 + 7 * w2, 0.3, -0.2)),
        pytest.approx(slope(lambda w: (5 - 2 * w) ** 2, 1)),
        pytest.approx(row_times([2, 1, 0], W2)[0]),
        str((np.ones((392, 4)) @ np.ones((4, 3))).shape),
    ]
    for spec in asked:
        if "choices" in spec and spec["choices"]:
            assert spec["choices"].count(spec["answer"]) == 1
    X = run("warm-up")[0]["X"]
    says("warm-up", f"so x₂₄ is X[1, 3]. Its value is {X[1, 3]}.", f"The exact growth is {3.01**2 - 3**2:.4f}.")
    errors, parts = [15 - y for y in TRUTHS], squares(TRUTHS, 15)
    says("warm-up", f"The errors are {errors[0]}, {errors[1]} and {errors[2]}.".replace("-", "−"),
         f"Their squares are {parts[0]}, {parts[1]} and {parts[2]}, and these add to {sum(parts)}.")  # fmt: skip
    says("warm-up", f"2z, which is {slope(lambda z: z**2, 2):.0f} at z = 2. The slope of 4z is 4. Together {answers[2]:.0f}.",
         f"which is {5 - 2 * 1}. The slope of u² is 2u = {slope(lambda u: u**2, 3):.0f}, the slope of u is −2, and the product is −{-answers[5]:.0f}.",
         f"2 · 0.7 + 1 · (−0.2) + 0 · 0.6 = {row_times([2, 1, 0], W2)[0]:.1f}.", "Slope times move: 6 · 0.01 = 0.06.")  # fmt: skip


def test_the_cars():
    names = run("warm-up")[0]
    assert (names["X"] == cars.X[:3]).all() and list(cars.y[:3]) == TRUTHS == list(names["y"])
    assert cars.inputs == ("displacement", "horsepower", "weight", "acceleration")
    assert names["X"].shape == (3, 4) and "The **shape** `(3, 4)` says: 3 rows, 4 columns." in text("warm-up")
    assert len(cars.X) == 392


def test_sums():
    says("warm-up", f"= 1^2+2^2+3^2 = {sum(i * i for i in range(1, 4))}.")
    one = squares(TRUTHS, 16)
    says("warm-up", f"(18-16)^2+(15-16)^2+(18-16)^2 = {one[0]}+{one[1]}+{one[2]} = {sum(one)}.")
    says("warm-up", "here {}, {} and {}.".format(*(16 - y for y in TRUTHS)).replace("-", "−"))
    assert squares([16] * 3, 18)[0] == one[0], "a square does not see the sign"
    assert run("warm-up")[0]["total"] == sum(one)


def test_slopes():
    assert slope(lambda z: z**2, 3) == pytest.approx(6)
    says("warm-up", "closer the ratio comes to 6.", "gives $2\\cdot3=6$ at $z=3$")
    (about,) = [c["metadata"]["mystnb"] for c in cells("warm-up") if "mystnb" in c["metadata"]]
    assert "that line has slope 6" in about["figure"]["caption"] and "rises by 6 for each 1" in about["image"]["alt"]
    (rules,) = ["".join(c["source"]) for c in cells("warm-up") if "You know the rules" in "".join(c["source"])]
    rows = [line for line in rules.splitlines() if line.startswith("|")][2:]
    assert [row.split(" | ")[1].strip("|$ ") for row in rows] == ["0", "1", "2z", "c\\,f'(z)", "f'(z)+g'(z)", "e^z"]
    says("warm-up", "The first five are enough for this page; the last waits", "The third line gives")
    for f, by_rule in ((lambda z: 7.0, 0), (lambda z: z, 1), (lambda z: z**2, 2 * 1.3), (lambda z: 4 * z**2, 4 * 2 * 1.3),
                       (lambda z: z**2 + 4 * z, 2 * 1.3 + 4), (np.exp, np.exp(1.3))):  # fmt: skip
        assert slope(f, 1.3) == pytest.approx(by_rule)


def test_two_inputs():
    g = run("warm-up")[0]["g"]
    assert (g(3, 2), slope(g, 3, 2), slope(g, 3, 2, move=1)) == (18, pytest.approx(12), pytest.approx(9))
    assert (2 * 3 * 2, 3**2) == (12, 9)
    says("warm-up", "At $a=3$, $b=2$ its value is 18.", "Moving $a$ alone, the slope is 12.", "Moving $b$ alone, it is 9.")


def test_a_function_of_a_function():
    def u(x):
        return 3 * x + 1

    first, second = slope(u, 1), slope(lambda u: u**2, u(1))
    says("warm-up", f"At $x=1$ we have $u={u(1)}$ and $v={u(1) ** 2}$.", f"So $v$ changes ${second:.0f}\\cdot{first:.0f}={slope(lambda x: u(x) ** 2, 1):.0f}$ times")
    says("warm-up", f"The ratio is {(u(1.001) ** 2 - u(1) ** 2) / 0.001:.2f} because")


def test_the_product():
    first, second = row_times([1, 2, 3], W2)
    says("warm-up", f"=\\begin{{pmatrix}}{first:.1f}&{second:.1f}\\end{{pmatrix}}.$$", f"1\\cdot0.7+2\\cdot(-0.2)+3\\cdot0.6={first:.1f}.$$")
    assert run("warm-up")[0]["W"].tolist() == W2
    assert (data.running_example()[0].W[2] == W2).all(), "the matrix is the running example's"


def test_exercises():
    says("warm-up", f"= 3+2+0-2 = {sum(x * w for x, w in zip((1, 2, 0, -1), (3, 1, 5, 2)))}.$")
    assert [x * w for x, w in zip((1, 2, 0, -1), (3, 1, 5, 2))] == [3, 2, 0, -2]

    def g(a, b):
        return a * b + b**2

    says("warm-up", f"=b$, which is {slope(g, 4, 1):.0f}.", f"=a+2b$, which is $4+2={slope(g, 4, 1, move=1):.0f}$.")

    by_w = slope(lambda w: (10 - w * 3) ** 2, 2)
    says("warm-up", f"the prediction is $\\hat y={2 * 3}$.", f"=-2\\cdot{10 - 6}={slope(lambda p: (10 - p) ** 2, 6):.0f}.$",
         f"The product is $\\partial L/\\partial w={by_w:.0f}$.", "So $w$ should grow.")  # fmt: skip
    assert (10 - 2.1 * 3) ** 2 < (10 - 2 * 3) ** 2, "when w grows, L falls"

    sizes = [(4, 3), (3, 2), (2, 1)]
    out = np.ones((1, 4))
    for size in sizes:
        out = out @ np.ones(size)
    total = sum(a * b for a, b in sizes)
    assert out.size == 1 and total == sum(W.size for W in data.running_example()[0].W.values())
    says("warm-up", f"$4\\cdot3+3\\cdot2+2\\cdot1=12+6+2={total}$ numbers. They are the {total} weights of this book's network.")

    whole = slope(lambda x: (2 * x + 1) ** 2, 1)
    says("warm-up", f"Their product is $6\\cdot1\\cdot2={whole:.0f}$.", f"Its slope is $8x+4$, which is {slope(lambda x: 4 * x**2 + 4 * x + 1, 1):.0f} at $x=1$.")
