"""Chapter 1: every number in its prose, every prediction and every exercise, computed by other means."""

import numpy as np
import pytest
from chapters import run, says
from scalar import layers, running, sigma

from mlp import MLP, data, forward, identity


cars = data.auto_mpg()
net, x, y = data.running_example()
W = {k: net.W[k].tolist() for k in (1, 2, 3)}


def by_hand(point):
    """The outputs of the running example's network, by the scalar twin."""
    return layers(running(net, point, 0.0), "O")


def test_predictions():
    answers = [spec["answer"] for spec in run(1)[1]]
    weight = (3504 - cars.X[:, 2].mean()) / cars.X[:, 2].std()
    assert answers == [0.5, 12, pytest.approx(weight), "(392, 2)", 26, 85]
    says(1, f"= 526.4 / 848.3 = {weight:.2f}")


def test_the_neuron_and_the_layer():
    assert 0.5 * 2 - 0.75 * 1 == 0.25
    says(1, f"into about {sigma(0.25):.3f}", "the 0.25 from above")


def test_the_data():
    says(1, f"{len(cars.y)} cars", f"The mean weight of the cars is {cars.X[:, 2].mean():.1f} lb", f"standard deviation {cars.X[:, 2].std():.1f} lb")
    says(1, r"x=(1.0773,\ 0.6641,\ 0.6205,\ -1.2853)", "$y=-0.6986$", "$23.446-0.6986\\cdot7.795=18$ miles per gallon")
    assert ((cars.X[0] - cars.X.mean(0)) / cars.X.std(0)).round(4).tolist() == [1.0773, 0.6641, 0.6205, -1.2853]
    assert round((cars.y[0] - cars.y.mean()) / cars.y.std(), 4) == -0.6986 and cars.y[0] == 18


def test_the_matrices_as_printed():
    """The three matrices typed into the chapter are the running example's."""
    names = run(1)[0]
    for k in (1, 2, 3):
        assert (names[f"W{k}"] == net.W[k]).all()
        shown = r"\\".join("&".join(f"{w:g}" for w in row) for row in W[k])
        says(1, rf"W^{k}=\begin{{pmatrix}}{shown}\end{{pmatrix}}")
    says(1, "$w^2_{31}=0.6$")
    assert net.w(2, 3, 1) == W[2][2][0] == 0.6


def test_the_forward_pass():
    O = by_hand(x)
    names = ", ".join(f"$O_{{1{j + 1}}}={O[1][j]:.4f}$" for j in range(3))
    says(1, f"{names}, then $O_{{21}}={O[2][0]:.4f}$, $O_{{22}}={O[2][1]:.4f}$, and $\\hat y=O_{{31}}={O[3][0]:.4f}$")
    says(1, f"{O[3][0]:.4f} is $23.446+{O[3][0]:.4f}\\cdot7.795={O[3][0] * cars.y_dev + cars.y_mean:.1f}$, and the truth is 18")
    assert round(cars.y.mean(), 3) == 23.446 and round(cars.y.std(), 3) == 7.795
    assert round(23.446 - 0.6986 * 7.795, 2) == 18.0
    assert (cars.Xs**2).mean(axis=0) == pytest.approx([1, 1, 1, 1])
    for k in (1, 2, 3):
        assert run(1)[0]["O"][k][0] == pytest.approx(O[k])
    says(1, f"$Z_{{21}}={sum(O[1][i] * net.w(2, i + 1, 1) for i in range(3)):.4f}$", f"$O_{{21}}=\\sigma(Z_{{21}})={O[2][0]:.4f}$")


def test_biases():
    with_bias = run(1)[0]["with_bias"]
    assert forward(with_bias, np.zeros((1, 4))).O[1][0] == pytest.approx([sigma(1), 0.5, sigma(-1)])
    assert (forward(net, np.zeros((1, 4))).O[1] == 0.5).all()


def test_exercises():
    says(1, f"$\\sigma(1)=1/(1+0.368)\\approx{sigma(1):.3f}$")
    assert net.w(2, 2, 2) == net.W[2][1, 1] == 0.5
    says(1, "row 2 and column 2 of $W^2$, and is 0.5")
    for k, i, j, exists in [(1, 4, 3, True), (3, 1, 2, False), (2, 1, 3, False)]:
        if exists:
            net.w(k, i, j)
        else:
            with pytest.raises(ValueError):
                net.w(k, i, j)
    big = MLP.init((5, 4, 3, 2), rng=np.random.default_rng(0), bias=True)
    assert sum(big.W[k].size for k in big.W) == 38 and sum(big.b[k].size for k in big.b) == 9
    assert forward(big, np.zeros((100, 5))).yhat.shape == (100, 2)
    assert min(h for h in range(1, 200) if 5 * h > 392) == 79 and 5 * 79 == 395
    second = by_hand(cars.Xs[1])[3][0]
    says(1, f"# {second:.4f}, twice", f"The prediction is {second:.4f}, which is {second * cars.y_dev + cars.y_mean:.1f} miles", "The true value is 15")
    assert cars.y[1] == 15
    product = [sum(W[1][i][a] * W[2][a][c] * W[3][c][0] for a in range(3) for c in range(2)) for i in range(4)]
    says(1, "# " + np.array2string(np.round(product, 4)))
    linear = MLP(W={k: net.W[k] for k in net.W}, f={1: identity, 2: identity})
    assert forward(linear, cars.Xs).yhat.ravel() == pytest.approx(cars.Xs @ product)
