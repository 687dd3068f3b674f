"""The warm-up: what computes its numbers (numbers.txt), its predictions and its exercises, by other means."""

import re

import numpy as np
import pytest
from chapters import cells, run
from numerals import holds

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


def test_every_number():
    holds("book/warm-up.ipynb", globals())


def test_predictions():
    asked = run("warm-up")[1]
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


def test_the_cars():
    names = run("warm-up")[0]
    assert (names["X"] == cars.X[:3]).all() and list(cars.y[:3]) == TRUTHS == list(names["y"])
    assert cars.inputs == ("displacement", "horsepower", "weight", "acceleration")
    assert names["X"].shape == (3, 4)


def test_sums():
    one = squares(TRUTHS, 16)
    assert squares([16] * 3, 18)[0] == one[0], "a square does not see the sign"
    assert run("warm-up")[0]["total"] == sum(one)


def test_slopes():
    (rules,) = ["".join(c["source"]) for c in cells("warm-up") if "You know the rules" in "".join(c["source"])]
    rows = [line for line in rules.splitlines() if line.startswith("|")][2:]
    assert [row.split(" | ")[1].strip("|$ ") for row in rows] == ["0", "1", "2z", "c\\,f'(z)", "f'(z)+g'(z)", "e^z"]
    for f, by_rule in ((lambda z: 7.0, 0), (lambda z: z, 1), (lambda z: z**2, 2 * 1.3), (lambda z: 4 * z**2, 4 * 2 * 1.3),
                       (lambda z: z**2 + 4 * z, 2 * 1.3 + 4), (np.exp, np.exp(1.3))):  # fmt: skip
        assert slope(f, 1.3) == pytest.approx(by_rule)


def test_the_product():
    assert run("warm-up")[0]["W"].tolist() == W2
    assert (data.running_example()[0].W[2] == W2).all(), "the matrix is the running example's"


def test_exercises():
    assert [x * w for x, w in zip((1, 2, 0, -1), (3, 1, 5, 2))] == [3, 2, 0, -2]
    assert (10 - 2.1 * 3) ** 2 < (10 - 2 * 3) ** 2, "when w grows, L falls"
    out = np.ones((1, 4))
    for size in (4, 3), (3, 2), (2, 1):
        out = out @ np.ones(size)
    assert out.size == 1
