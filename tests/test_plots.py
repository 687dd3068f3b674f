"""The arrays behind the pictures (pictures themselves are never compared)."""

import numpy as np
import pytest
from matplotlib import pyplot

from mlp import MLP, data, forward, plots, squared_loss, train

NET, X, Y = data.running_example()


@pytest.fixture(autouse=True)
def closed():
    yield
    pyplot.close("all")


def test_network_names_and_values():
    ax = plots.network(NET, X, Y)
    words = {text.get_text() for text in ax.texts}
    O = forward(NET, [X]).O
    for k, row in O.items():
        for j, value in enumerate(row[0], start=1):
            assert (f"$x_{{{j}}}$" if k == 0 else f"$O_{{{k}{j}}}$") + f"\n{value:.2f}".replace("-", "−") in words
    assert "$L$\n0.74" in words and {"input", "layer 1", "layer 2", "layer 3"} <= words
    assert len(ax.lines) == 20 + 1


def test_network_labels_the_weights_asked_for():
    labels = [text.get_text() for text in plots.network(NET, weights=[(2, 3, 1)]).texts]
    assert "w²₃₁ = 0.6" in labels and not any("w¹" in label for label in labels)
    every = [text.get_text() for text in plots.network(NET, weights="all").texts]
    assert sorted(every[:20]) == sorted(f"{w:g}".replace("-", "−") for k in NET.layers for w in NET.W[k].ravel())


def test_network_refuses_a_weight_it_does_not_have():
    with pytest.raises(ValueError, match="i must be from 1 to 3"):
        plots.network(NET, weights=[(2, 4, 1)])


def test_training_curve():
    cars = data.auto_mpg()
    losses = train(NET, cars.Xs, cars.ys, eta=0.01, epochs=5).losses
    ax = plots.training_curve(losses, label="eta 0.01")
    assert ax.lines[0].get_xydata().tolist() == list(map(list, zip(range(1, 6), losses)))
    assert ax.get_yscale() == "log" and ax.get_legend() is not None
    with pytest.raises(ValueError, match="losses must be a sequence"):
        plots.training_curve([])


def test_loss_slice_is_the_loss():
    ax = plots.loss_slice(NET, [X], [Y], 2, 3, 1, span=1.0)
    ws, values = ax.lines[0].get_data()
    assert ws[0] == pytest.approx(-0.4) and ws[-1] == pytest.approx(1.6)
    for n in (0, 37, 100):
        W = {k: np.array(NET.W[k]) for k in NET.layers}
        W[2][2, 0] = ws[n]
        assert values[n] == pytest.approx(squared_loss([[Y]], forward(MLP(W=W), [X]).yhat))
    assert ax.lines[1].get_xydata()[0].tolist() == pytest.approx([0.6, squared_loss([[Y]], forward(NET, [X]).yhat)])
