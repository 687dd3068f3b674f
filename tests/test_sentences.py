"""Every equation in a view's sentences, from the frames themselves: of a known kind, true in the view's world, and false when it is changed."""

import re

import numpy as np
import pytest
from equations import mutants
from formulas import Setting, Undefined, altered, equations_in, failures, numeric, parsed, tidied
from scalar import World, running
from settings import CHAIN, SETTINGS

from mlp import MLP, backprop, data, forward, squared_loss, step, train, updates
from mlp.widgets import Batches, Descent, Diamond, EpochTape, Names, Nudge, OneUpdate, PathLedger, Slopes, Valley

CARS = data.auto_mpg()
NETS = [data.running_example()]
for seed in (1, 2):
    rng = np.random.default_rng(seed)
    NETS.append((MLP.init((4, 3, 2, 1), rng=rng), rng.normal(size=4), float(rng.normal())))

# The kinds of equations that each view makes: "#" stands for a side of numbers alone, and indices are left out.
KINDS = {
    "Names": "Z=#=#=#  Z=#  O=σ(Z)=#  O=Z=#",
    "Descent": "w=#  η=#  λ=#  #=#  1-2η=#  1-2η·(1+λ)=#",
    "Valley": "η=#  m=#  #=#  1-2η·1.933=#  1-2η·0.067=#",
    "Nudge, letters": "x=#  v=#  w=#  #=#  σ'(z)=#  σ'(s)=#  2(ŷ-y)=#  2(ŷ-y)·w·(σ'(s)·v)·(σ'(z)·x)=#",
    "Nudge": "O=#  f'=#  w=#  #=#  2(ŷ-y)=#  2(ŷ-y)·(f'·w)·(f'·O)=#  2(ŷ-y)·(f'·O)=#",
    "Slopes": "#=#",
    "Diamond": "x=#  #=#  ∂k/∂x=#=#",
    "PathLedger": "w=#  #=#  ∂L/∂w=#=#  ∂L/∂w=#",
    "OneUpdate": "Z=#=#  O=#=#  O=Z=#  L=#=#  dO=#=#  dZ=dO=#  dW=O·dZ=#=#  O=#  dZ=#=#  dO=#  dO=#=#=#  dZ=#  dW=x·dZ=#=#  w=#=#  L=#  w=#  ∂L/∂w=#  η=#  1/f'=#=#  f'=#=#",
    "EpochTape": "L=#",
    "Batches": "m=#  L=#",
}


def kind_of(equation):
    """An equation with # for its sides of numbers, and without indices: Z_{11}=0.2+0.3=0.5 is Z=#=#."""
    text, back = tidied(equation), {r"\cdot": "·", r"\sigma": "σ", r"\eta": "η", r"\lambda": "λ", r"\hat{y}": "ŷ", r"\partial": "∂"}
    sides = sorted(parsed(text).find_data("side"), key=lambda side: side.meta.start_pos)
    written = "=".join("#" if numeric(side) else text[side.meta.start_pos : side.meta.end_pos] for side in sides)
    for old, new in back.items():
        written = written.replace(old, new)
    return re.sub(r"_\{[\d,]+\}|(?<=[wWb])\^\{\d\}|\s", "", written)


def car(net, x, y, **more):
    return World({"η": 0.1, **more}, *running(net, x, y).sources)


def updated(net, x, y):
    return step(net, backprop(net, [x], [y]), 0.1)


def one_update(point):
    """Before the update, in its last frames after it; a bare dZ is one of two."""
    net, x, y = point

    def world(index):
        if 19 <= index <= 22:
            return car(updated(net, x, y), x, y)
        here = car(net, x, y)
        return [here, *(car(net, x, y, dZ=here["dZ", 2, j]) for j in (1, 2))]

    return world


def tape(net, X, y, eta):
    """L of all the points after so many updates in the order of the file."""
    nets = [net, *(u.net for u in updates(net, X, y, eta=eta, epochs=1))]
    return lambda index: World({"L": squared_loss(y, forward(nets[index], X).yhat[:, 0])})


def race(net, X, y, eta=0.1):
    """Any of the three batch sizes, with the L after 30 epochs."""
    ends = {m: train(net, X, y, eta=eta, epochs=30, batch_size=m, rng=np.random.default_rng(7)).net for m in (1, 20, len(y))}
    worlds = [World({"m": m, "L": squared_loss(y, forward(end, X).yhat[:, 0])}) for m, end in ends.items()]
    return lambda index: worlds


LETTERS = dict(zip("xuvwy", (3.0, 0.5, -2.0, 5.0, 2.0)))
X, Y = CARS.Xs, CARS.ys
# Each view as its page makes it, or with another network, and the world of its frame of that index: one, or several of which one is meant.
VIEWS = {
    **{f"Names {n}": (lambda p=p: Names(p[0], p[1], mode="step"), lambda p=p: lambda index: car(*p)) for n, p in enumerate(NETS)},
    **{f"Descent {eta} {penalty}": (lambda eta=eta, penalty=penalty: Descent(X[:, 2], Y, eta=eta, penalty=penalty, lam=2), lambda eta=eta: lambda index: World({"w": 0.5, "η": eta, "λ": 2.0})) for eta, penalty in ((0.3, "none"), (0.1, "l1"), (0.7, "none"), (0.1, "l2"))},
    "Valley": (lambda: Valley(X[:, [0, 2]], Y), lambda: lambda index: [World({"η": rate, "m": 1}) for rate in (0.1, *[0.5] * (index == 40))]),
    "Nudge, letters": (lambda: Nudge(MLP(W={1: [[0.5]], 2: [[-2.0]], 3: [[5.0]]}), [3.0], 2.0, letters=("u z p", "v s q", "w ŷ ŷ")), lambda: lambda index: World(LETTERS, CHAIN)),
    **{f"Nudge {n} {weight}": (lambda p=p, weight=weight: shown(Nudge(*p), weight), lambda p=p: lambda index: car(*p)) for n, p in enumerate(NETS) for weight in ("w2_3_1", "w2_1_2", "w3_2_1")},
    "Slopes": (Slopes, lambda: lambda index: World({})),
    "Diamond": (Diamond, lambda: lambda index: [SETTINGS["diamond"]().page.with_({"x": x}) for x in (2.0, 1.0)]),
    **{f"PathLedger {n}": (lambda p=p: PathLedger(*p), lambda p=p: lambda index: car(*p)) for n, p in enumerate(NETS)},
    **{f"OneUpdate {n}": (lambda p=p: OneUpdate(*p), lambda p=p: one_update(p)) for n, p in enumerate(NETS)},
    "OneUpdate, program A": (lambda: OneUpdate(*NETS[0], program="A"), lambda: one_update(NETS[0])),
    "EpochTape": (lambda: EpochTape(NETS[0][0], X, Y), lambda: tape(NETS[0][0], X, Y, 0.02)),
    "Batches": (lambda: Batches(NETS[0][0], X, Y), lambda: race(NETS[0][0], X, Y)),
}


def shown(view, weight):
    view.weight = weight
    return view


def spoken(view):
    """{(index, equation)} of a view's frames in all scenes; of a long one the first and each 49th of an epoch."""
    frames = [pair for scene in view.spec.get("scenes", {}).values() for pair in enumerate(scene["frames"])]
    if not frames:
        count = len(view.frames)
        frames = [(index, view.frames[index]) for index in (range(count) if count < 100 else [*range(10), *range(49, 393, 49)])]
    said = {}
    for index, frame in frames:
        ask = frame.get("ask", {})
        for sentence in (frame["status"], ask.get("question"), ask.get("why"), ask.get("before", {}).get("status")):
            said.update(dict.fromkeys((index, equation) for equation in equations_in(sentence or "")))
    return list(said)


def kinds(name):
    return set(KINDS[view_of(name)].split())


def view_of(name):
    return name if name in KINDS else re.match(r"\w+", name)[0]


@pytest.mark.parametrize("name", VIEWS)
def test_every_equation_of_a_view_holds(name):
    view, world = VIEWS[name][0](), VIEWS[name][1]()
    said = spoken(view)
    assert said and {kind_of(equation) for _, equation in said} <= kinds(name)
    wrong = {(index, equation): reasons for index, equation in said if (reasons := failures(tidied(equation), Setting(world(index))))}
    assert wrong == {}


def test_every_kind_is_said():
    said = {}
    for name, (view, _) in VIEWS.items():
        said.setdefault(view_of(name), set()).update(kind_of(equation) for _, equation in spoken(view()))
    assert said == {name: set(text.split()) for name, text in KINDS.items()}


@pytest.mark.parametrize("name", VIEWS)
def test_every_mutant_of_a_view_is_found(name):
    """Of each kind of equation the first few."""
    view, world = VIEWS[name][0](), VIEWS[name][1]()
    tried, missed = {}, []
    for index, equation in spoken(view):
        tried[kind_of(equation)] = tried.get(kind_of(equation), 0) + 1
        text, setting = tidied(equation), Setting(world(index))
        for kind, mutant in mutants(text) if tried[kind_of(equation)] <= 3 else ():
            if not broken(mutant, setting) and altered(text, mutant, setting):
                missed.append((kind, text, mutant))
    assert missed == []


def broken(mutant, setting):
    try:
        return failures(mutant, setting)
    except (Undefined, ArithmeticError, TypeError, ValueError):
        return ["nonsense"]
