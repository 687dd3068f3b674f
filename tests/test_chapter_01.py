"""Chapter 1: what computes its numbers (numbers.txt), its predictions and its exercises, by other means."""

import numpy as np
import pytest
from chapters import run
from numerals import holds
from scalar import layers, running, sigma

from mlp import MLP, data, forward, identity, trace


cars = data.auto_mpg()
net, x, y = data.running_example()
W = {k: net.W[k].tolist() for k in (1, 2, 3)}
weights_of_one = [0.5, -0.75]
questions = trace.names.QUESTIONS


def by_hand(point):
    """The outputs of the running example's network, by the scalar twin."""
    return layers(running(net, point, 0.0), "O")


second = by_hand(cars.Xs[1])[3][0]
product = [sum(W[1][i][a] * W[2][a][c] * W[3][c][0] for a in range(3) for c in range(2)) for i in range(4)]  # all layers the identity


def test_every_number():
    holds("chapters/01-mlp-notation.ipynb", globals())


def test_predictions():
    weight = (3504 - cars.X[:, 2].mean()) / cars.X[:, 2].std()
    assert [spec["answer"] for spec in run(1)[1]] == [0.5, 12, pytest.approx(weight), "(392, 2)", 26, 85]


def test_the_chapter_finds_what_the_scalar_twin_finds():
    names = run(1)[0]
    for k in net.layers:
        assert (names[f"W{k}"] == net.W[k]).all(), "the matrices typed into the chapter are the running example's"
        assert names["O"][k][0] == pytest.approx(by_hand(x)[k])
    assert (cars.Xs**2).mean(axis=0) == pytest.approx([1, 1, 1, 1])


def test_biases():
    with_bias = run(1)[0]["with_bias"]
    assert forward(with_bias, np.zeros((1, 4))).O[1][0] == pytest.approx([sigma(1), 0.5, sigma(-1)])
    assert (forward(net, np.zeros((1, 4))).O[1] == 0.5).all()


def test_exercises():
    for k, i, j, exists in [(1, 4, 3, True), (3, 1, 2, False), (2, 1, 3, False)]:
        if exists:
            net.w(k, i, j)
        else:
            with pytest.raises(ValueError):
                net.w(k, i, j)
    big = MLP.init((5, 4, 3, 2), rng=np.random.default_rng(0), bias=True)
    assert sum(big.W[k].size for k in big.W) == 38 and sum(big.b[k].size for k in big.b) == 9
    assert forward(big, np.zeros((100, 5))).yhat.shape == (100, 2)
    assert min(h for h in range(1, 200) if 5 * h > 392) == 79
    linear = MLP(W={k: net.W[k] for k in net.W}, f={1: identity, 2: identity})
    assert forward(linear, cars.Xs).yhat.ravel() == pytest.approx(cars.Xs @ product)
