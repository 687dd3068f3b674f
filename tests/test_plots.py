"""The arrays behind the pictures (pictures themselves are never compared)."""

import numpy as np
import pytest
from matplotlib import pyplot
from node import JS, Node

from mlp import MLP, data, forward, plots, squared_loss, train
from mlp.trace.drawing import RADIUS, network_drawing, places
from mlp.widgets import Nudge

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
            assert {f"$x_{{{j}}}$" if k == 0 else f"$O_{{{k}{j}}}$", f"{value:.2f}".replace("-", "−")} <= words
    assert {"$L$", "0.74", "input", "layer 1", "layer 2", "layer 3"} <= words
    assert len(ax.lines) == 20 + 1


def test_network_labels_the_weights_asked_for():
    labels = [text.get_text() for text in plots.network(NET, weights=[(2, 3, 1)]).texts]
    assert "w²₃₁ = 0.6" in labels and not any("w¹" in label for label in labels)
    every = [text.get_text() for text in plots.network(NET, weights="all").texts]
    assert sorted(every[:20]) == sorted(f"{w:g}".replace("-", "−") for k in NET.layers for w in NET.W[k].ravel())


def test_the_network_stands_where_the_page_draws_it():
    layout = Node(JS / "network.js")
    try:
        for sizes in ((4, 3, 2, 1), (1, 1), (2, 8, 1), (3,) * 12):
            drawing = network_drawing(MLP.init(sizes, rng=np.random.default_rng(1)))
            at, width, height = places(drawing, 690)
            there = layout("return layout(drawing, 690)", drawing=drawing)
            assert [there["place"][name][axis] for name in at for axis in "xy"] == pytest.approx([c for spot in at.values() for c in spot])
            assert (there["width"], there["height"], there["radius"]) == pytest.approx((width, height, RADIUS))
    finally:
        layout.close()


def test_a_still_is_the_same_in_every_style():
    view = Nudge(NET, X, Y)
    before = plots.still(view.spec, view._holds, view.frames[0])
    with pyplot.rc_context({"figure.constrained_layout.use": True, "axes.grid": True, "font.size": 30, "axes.facecolor": "red"}):
        plots.style()
        assert plots.still(view.spec, view._holds, view.frames[0]) == before


def test_the_style_gives_three_curves_three_colours_and_three_dashes():
    with pyplot.rc_context():
        plots.style()
        lines = pyplot.subplots()[1].plot([[1, 2, 3], [4, 5, 6]])
        assert [line.get_color() for line in lines] == [plots.BLUE, plots.ORANGE, plots.GREEN]
        assert len({line.get_linestyle() for line in lines}) == 3


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
