"""What the pages' formulas are read in: a setting for each passage, the page's own numbers and random ones for what holds in general.

A setting is named in a header of tests/equations.txt. Its worlds define every symbol of the passage once more, by means of their own:
the scalar twin, `mlp`, finite and complex steps. `let` lines of the listing give roots their values.
"""

from functools import lru_cache
from math import sqrt

import numpy as np
from formulas import Setting
from scalar import World, batch, identity, network, running, sigma, tanh, weights_of

import mlp
from mlp import MLP, backprop, data, forward, l1, l2, step, train
from mlp.activations import Activation

cars = data.auto_mpg()
net, X1, Y1 = data.running_example()
n = len(cars.y)


def softplus(z):
    """An activation that is none of the book's, and whose slope is not the same at z and -z."""
    return np.log(1 + np.exp(z))


SOFTPLUS = Activation("softplus", lambda z, out: np.logaddexp(0, z, out=out), lambda o, out: np.subtract(1, np.exp(-o), out=out))
ACTIVATIONS = {"sigmoid": (sigma, mlp.sigmoid), "tanh": (tanh, mlp.tanh), "identity": (identity, mlp.identity), "softplus": (softplus, SOFTPLUS)}
BOOK = ("sigmoid", "sigmoid", "identity")
SETTINGS = {}


def setting(*names, **more):
    """The function below makes the setting, or the settings, of these names."""

    def kept(make):
        for name in names:
            SETTINGS[name] = lru_cache(lambda name=name: make(name, **more) if len(names) > 1 else make(**more))
        return make

    return kept


def row(*values):
    return np.array([values], dtype=float)


# ---- networks


def any_net(seed, sizes, kinds):
    """A random network: the weights, the twin's activations, and the same as an `MLP`."""
    rng = np.random.default_rng(seed)
    W = {k: rng.normal(0, 0.9, (sizes[k - 1], sizes[k])) for k in range(1, len(sizes))}
    named = {k: ACTIVATIONS[kinds[(k - 1) % len(kinds)]] for k in W}
    return rng, {k: pair[0] for k, pair in named.items()}, MLP(W=W, f={k: pair[1] for k, pair in named.items()})


def moved(net, x, y, eta):
    """The weights after one update of `mlp` with this point: {("w", k, i, j, "new"): ...}, and the old ones."""
    new = step(net, backprop(net, [x], [y]), eta)
    return {(*name, "new"): value for name, value in weights_of(new).items()} | {(*name, "old"): value for name, value in weights_of(net).items()}


def extras(net):
    sizes = net.sizes
    return {"weights": sum(W.size for W in net.W.values()), "n": n, "σ": lambda t: sigma, "η": 0.1, "z": 0.6, "a": lambda t: t["y"] - t["ŷ"]}


def bare(t, name):
    match name:
        case ("f", k, j):
            return t["f()", k, j]
        case ("x",):
            return row(*(t["x", j] for j in range(1, t["n", 0] + 1)))
    raise KeyError(name)


def car_world(seed, sizes=(4, 3, 2, 1), kinds=("tanh", "softplus")):
    rng, f, some = any_net(seed, sizes, kinds)
    x, y = rng.normal(size=sizes[0]), rng.normal(size=sizes[-1])
    point = {("x", j): float(v) for j, v in enumerate(x, 1)} | {("y", j): float(v) for j, v in enumerate(y, 1)}
    eta = rng.uniform(0.05, 0.3)
    return World(weights_of(some) | point, {**moved(some, x, y, eta), **extras(some), "η": float(eta)}, network(sizes, f), bare)


def car_page():
    twin = running(net, X1, Y1)
    return World(*twin.sources[:1], {**moved(net, X1, Y1, 0.1), **extras(net)}, *twin.sources[1:], bare)


WIDE = ((3, 2, 2, 2), (2, 3, 3, 1), (3, 4, 2, 3, 1))


@setting("car")
def car():
    """One car in the running network; at random with any activations, and where all indices are letters, of any size."""
    wide = [car_world(s, sizes, ("tanh", "sigmoid", "softplus")) for s, sizes in enumerate(WIDE, 3)]
    return Setting(car_page(), [car_world(1), car_world(2, kinds=("sigmoid", "tanh", "softplus"))], wide, frozenset({"η"}))


@setting("book's car")
def books_car():
    """The same, with sigmoids and, at the end, the identity."""
    return Setting(car_page(), [car_world(s, kinds=BOOK) for s in (1, 2)], vary=frozenset({"η"}))


def among_others(world):
    """The one car is number 1 of several; i is 1."""
    others = {(letter, i): 0.3 * i + ord(letter[0]) / 100 for i in (2, 3, 4, 5) for letter in ("L", "y", "ŷ")}
    return World({**world.sources[0], **others, "i": 1}, {("L", 1): lambda t: t["L"], ("ŷ", 1): lambda t: t["ŷ"]}, *world.sources[1:])


@setting("car 1 of several", "book's car 1 of several")
def one_of_several(name):
    old = SETTINGS["book's car" if name.startswith("book") else "car"]()
    return Setting(among_others(old.page), [among_others(world) for world in old.others])


@setting("sigmoid car", "tanh car", "identity car")
def same_everywhere(name):
    kind = name.split()[0]
    worlds = [car_world(s, sizes, (kind,)) for s, sizes in enumerate(((4, 3, 2, 1), (4, 3, 2, 1), *WIDE), 1)]
    return Setting(worlds[0], worlds[1:2], worlds[2:])


def batch_world(seed, sizes=(4, 3, 2, 1), count=5, kinds=("tanh", "softplus", "sigmoid"), chosen=(2, 4, 5), biased=False):
    rng, f, some = any_net(seed, sizes, kinds)
    points = [(rng.normal(size=sizes[0]).tolist(), rng.normal(size=sizes[-1]).tolist()) for _ in range(count)]
    b = {("b", k, j): float(rng.normal()) for k in some.layers for j in range(1, sizes[k] + 1)} if biased else {}
    rows = {("b", k): row(*(b.get(("b", k, j), 0.0) for j in range(1, sizes[k] + 1))) for k in some.layers}
    first, w = ("w", 1, 1, 1), float(some.W[1][0, 0])
    subset = [points[i - 1] for i in chosen]
    eta, lam = float(rng.uniform(0.02, 0.2)), float(rng.uniform(0.1, 0.5))
    mean = MLP(W=some.W, f=some.f, b={k: rows["b", k][0] for k in some.layers})
    X, y = (np.array([p[side] for p in subset]) for side in (0, 1))
    new = train(mean, X, y, eta=eta, epochs=1, batch_size=len(subset)).net.W[1][0, 0]
    all_new = train(mean, *(np.array([p[side] for p in points]) for side in (0, 1)), eta=eta, epochs=1, batch_size=count).net
    updated = {(*name, "new"): value for name, value in weights_of(all_new).items()} | {(*name, "old"): value for name, value in weights_of(some).items()}
    return World({**weights_of(some), **b, "w": w, first: lambda t: t["w"]},
                 {**rows, **updated, "B": list(chosen), "m": len(subset), "w new": float(new), "w old": w, "η": eta, "λ": lam, "L B": lambda t: sum(t["L", i] for i in chosen),
                  "L2": lambda t: l2(lam)(some.W[1]) + sum(l2(lam)(some.W[k]) for k in some.layers[1:]), "L1": lambda t: sum(l1(lam)(some.W[k]) for k in some.layers),
                  "regularizer": lambda t: t["L2"]},
                 batch(sizes, f, points), batch_rest)


def batch_rest(t, name):
    if name == ("X",) or name == ("x",):
        return t["O", 0]
    raise KeyError(name)


@setting("points")
def points():
    """Several points at once, as rows."""
    worlds = [batch_world(1), batch_world(2, kinds=("sigmoid", "tanh", "softplus"))]
    return Setting(worlds[0], worlds[1:], [batch_world(s, sizes, 3, chosen=(1, 3)) for s, sizes in enumerate(WIDE[:1] + ((2, 3, 2, 3, 1),), 3)], frozenset({"η", "λ"}))


@setting("points, with biases")
def points_biased():
    worlds = [batch_world(s, sizes, biased=True) for s, sizes in ((1, (4, 3, 2, 1)), (2, (4, 3, 2, 1)), (3, WIDE[0]), (4, WIDE[2]))]
    return Setting(worlds[0], worlds[1:2], worlds[2:])


@setting("penalised points")
def penalised():
    def world(seed):
        plain = batch_world(seed)
        return World({"L": lambda t: plain["L"] + t["regularizer"]}, *plain.sources)
    return Setting(world(1), [world(2)])


@setting("matrices")
def matrices():
    def world(seed):
        rng = np.random.default_rng(seed)
        return World({"x": rng.normal(size=(1, 3)), "A": rng.normal(size=(3, 2)), "B": rng.normal(size=(2, 4))})
    return Setting(world(1), [world(2)])


# ---- one weight


def minimum(t, penalty=0.0):
    """Where L of one weight is smallest: its slope is a straight line."""
    slopes = [t.with_({"w": w}).d("L", "w") for w in (0.0, 1.0)]
    return slopes[0] / (slopes[0] - slopes[1])


def line_world(x, y, w, eta, lam=0.0, mean=True, roots=()):
    """yhat = wx over the points; steps by the mean loss, or by the sum."""
    count = len(x)

    def rule(t, name):
        match name:
            case ("ŷ", i) if 1 <= i <= count:
                return t["w"] * t["x", i]
            case ("L", i) if 1 <= i <= count:
                return (t["y", i] - t["ŷ", i]) ** 2
            case ("L",):
                return sum(t["L", i] for i in range(1, count + 1))
            case ("r",):
                return sum(t["x", i] * t["y", i] for i in range(1, count + 1)) / count
            case ("w", "*"):
                return minimum(t)
            case ("w", "old"):
                return t["w"]
            case ("w", "new"):
                rows, targets = [[t["x", i].real] for i in range(1, count + 1)], [t["y", i].real for i in range(1, count + 1)]
                one = MLP(W={1: [[t["w"].real]]})
                return float(train(one, rows, targets, eta=t["η"], epochs=1, batch_size=count, average=mean).net.W[1][0, 0])
            case ("ŷ",):
                return t["w"] * t["x"]
            case ("g",):
                return t.with_({"w": 0.0}).d(lambda s: s["L"] / count, ("w",))
        raise KeyError(name)

    data = {("x", i): float(v) for i, v in enumerate(x, 1)} | {("y", i): float(v) for i, v in enumerate(y, 1)}
    return World({**data, "w": w, "η": eta, "λ": lam, "x": float(x[0]), "y": float(y[0]), "n": count, "most": count, **dict(roots)}, rule)


def some_points(seed, count=5, standard=False):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=count)
    y = -x + rng.normal(0, 0.6, count)
    if standard:
        x, y = ((v - v.mean()) / v.std() for v in (x, y))
    return x, y


def lines(column=2, standard=False, **more):
    page = line_world(cars.Xs[:, column], cars.ys, 0.5, 0.1, **more)
    others = [line_world(*some_points(seed, standard=standard), w, eta, lam=lam, **{key: value for key, value in more.items() if key != "lam"})
              for seed, w, eta, lam in ((1, 0.37, 0.13, 0.21), (2, -1.4, 0.04, 0.55))]
    return Setting(page, others, vary=frozenset({"w", "η", "λ"}))


@setting("line")
def line():
    """yhat = wx: one weight, and the sum of the squares; at random with any points."""
    return lines(mean=False)


@setting("standardised line")
def standardised():
    return lines(standard=True)


@setting("line, steps by the mean")
def line_by_mean():
    return lines()


@setting("line, steps by the sum")
def line_by_sum():
    return lines(mean=False).given({("η",): 0.002})


def at(make, w):
    """The same setting with w at a place of its own in each world."""
    old = make
    worlds = [World({"w": lambda t, base=base: w(base)}, *base.sources, held=base.held) for base in (old.page, *old.others)]
    return Setting(worlds[0], worlds[1:], vary=old.vary)


@setting("line at its minimum")
def line_at_minimum():
    return at(lines(mean=False), lambda base: base["w", "*"])


def line_reaching(penalty, mean=True, column=2):
    """w where the slope of loss and penalty is 0, found by halving an interval; the loss is the mean, or the sum."""

    def lowest(base):
        def rises(w):
            t = base.with_({"w": w})
            return t.d("L", "w") / (base["n"] if mean else 1) + penalty(base["λ"]).d(np.array([[w]]))[0, 0] > 0

        low, high = -50.0, 50.0
        for _ in range(100):
            middle = (low + high) / 2
            low, high = (low, middle) if rises(middle) else (middle, high)
        return high

    old = lines(column, standard=True, lam=0.5)
    worlds = [World({"w": lambda t, base=base: lowest(base.with_({"λ": t["λ"]}))}, *base.sources) for base in (old.page, *old.others)]
    return Setting(worlds[0], worlds[1:], vary=frozenset({"λ"}))


@setting("minimum with L2")
def minimum_l2():
    return line_reaching(l2)


@setting("minimum with L1")
def minimum_l1():
    return line_reaching(l1)


@setting("minimum with L1, acceleration")
def minimum_l1_acceleration():
    return line_reaching(l1, column=3)


@setting("minimum with L2, of the sum")
def minimum_l2_sum():
    return line_reaching(l2, mean=False)


@setting("where L1 reaches 0", "where L1 reaches 0, acceleration")
def reaching_zero(name):
    """λ as large as the mean loss is steep at w = 0."""
    old = lines(3 if name.endswith("acceleration") else 2, standard=True)
    worlds = [World({"λ": lambda t: abs(t["g"])}, *base.sources) for base in (old.page, *old.others)]
    return Setting(worlds[0], worlds[1:])


@setting("acceleration")
def acceleration():
    return lines(3, standard=True)


@setting("standardised line at its minimum")
def standardised_at_minimum():
    return at(lines(standard=True), lambda base: base["w", "*"])


@setting("two inputs")
def two_inputs():
    def world(X, y, w1, w2):
        count = len(y)

        def rule(t, name):
            match name:
                case ("ŷ", i) if isinstance(i, int) and 1 <= i <= count:
                    return sum(t["w", j] * X[i - 1][j - 1] for j in (1, 2))
                case ("L",):
                    return sum((y[i - 1] - t["ŷ", i]) ** 2 for i in range(1, count + 1))
            raise KeyError(name)

        data = {("x", i + 1, j + 1): float(v) for (i, j), v in np.ndenumerate(X)} | {("y", i): float(v) for i, v in enumerate(y, 1)}
        return World({**data, "w 1": w1, "w 2": w2, "most": count, "n": count, "η": 0.1}, rule)

    rng = np.random.default_rng(5)
    return Setting(world(cars.Xs[:40, [0, 2]], cars.ys[:40], 0.0, 1.0), [world(rng.normal(size=(5, 2)), rng.normal(size=5), 0.4, -0.8)], vary=frozenset("w"))


@setting("two inputs of car 1")
def two_inputs_one_car():
    return Setting(World({("x", 1): float(X1[0]), ("x", 2): float(X1[2])}))


@setting("across and along the valley")
def valley():
    """m, how steep L/n is in the two directions: half its second derivative, from three points."""
    C = cars.Xs[:, [0, 2]].T @ cars.Xs[:, [0, 2]] / n
    return Setting([World({"m": float(np.array(v) @ C @ v / 2), "η": 0.1}) for v in ([1, 1], [1, -1])])


@setting("four weights")
def four_weights():
    def world(seed):
        rng = np.random.default_rng(seed)
        w, x = rng.normal(size=(4, 1)), rng.normal(size=4)
        values = {("w", j + 1): float(w[j, 0]) for j in range(4)} | {("x", j + 1): float(x[j]) for j in range(4)}
        return World({**values, "ŷ": float(forward(MLP(W={1: w}), [x]).yhat[0, 0])})
    return Setting(world(1), [world(2)])


@setting("four weights at the end")
def four_at_end():
    residual = cars.ys - cars.Xs @ np.linalg.lstsq(cars.Xs, cars.ys, rcond=None)[0]
    return Setting(World({"L": float(residual @ residual)}))


@setting("linear regression")
def regression():
    def world(seed):
        rng = np.random.default_rng(seed)
        c, x = rng.normal(size=5), rng.normal(size=4)
        one = MLP(W={1: c[:4, None]}, b={1: c[4:]})
        return World({("c", j + 1): float(v) for j, v in enumerate(c)} | {("x", j + 1): float(v) for j, v in enumerate(x)},
                     {"ŷ": float(forward(one, [x]).yhat[0, 0])})
    return Setting(world(1), [world(2)])


@setting("three cars")
def three_cars():
    return Setting(World({"L": mlp.squared_loss([1.0, -1.0, 0.0], [0.5, -1.0, 0.5]), "n": 3}))


def few_points(x, y, w, eta, free=("w",), **more):
    """yhat = wx over given points; at random what is free."""
    page = line_world(x, y, w, eta, **more)
    others = [page.with_({"w": 0.3, "η": 0.02}), page.with_({"w": -1.7, "η": 0.3})]
    return Setting(page, others, vary=frozenset({"w", "η"}))


@setting("two points")
def two_points():
    """Exercise 2 of chapter 2; steps by the sum."""
    return few_points([1, 2], [2, 3], 1.0, 0.05, mean=False)


@setting("two points at their minimum")
def two_points_minimum():
    return at(two_points(), lambda base: base["w", "*"])


@setting("mirrored")
def mirrored():
    """w after one step with η = 1."""
    return Setting(World({"w": float(train(MLP(W={1: [[0.5]]}), cars.Xs[:, [2]], cars.ys, eta=1.0, epochs=1, batch_size=n).net.w(1, 1, 1))}))


@setting("third exercise")
def third_exercise():
    """w after one and after two steps."""
    first = MLP(W={1: [[0.5]]})
    runs = [train(first, cars.Xs[:, [2]], cars.ys, eta=0.25, epochs=e, batch_size=n).net.w(1, 1, 1) for e in (1, 2)]
    return Setting([World({"w": float(w)}) for w in runs])


@setting("two points at x = 1")
def at_one():
    """Chapter 6's two points; bare y is the first's."""
    return few_points([1, 1], [2, 0], 0.0, 0.25)


@setting("two points with one x")
def one_x():
    page = line_world([1, 1], [2, 0], 0.0, 0.25)
    return Setting(page, [line_world([a, a], [b, c], w, 0.1) for a, b, c, w in ((0.7, 1.3, -0.4, 0.9), (-1.6, 0.2, 2.1, 0.3))], vary=frozenset("w"))


def walked(start, points, eta, epochs, **how):
    x, y = zip(*points)
    return float(train(MLP(W={1: [[start]]}), [[v] for v in x], y, eta=eta, epochs=epochs, **how).net.w(1, 1, 1))


ONE_X = ((1.0, 2.0), (1.0, 0.0))


@setting("after two epochs")
def after_two_epochs():
    return Setting(line_world([1, 1], [2, 0], walked(0.0, ONE_X, 0.25, 2), 0.25))


@setting("after an epoch from the minimum")
def from_the_minimum():
    return Setting(World({"w": walked(1.0, ONE_X, 0.25, 1)}))


@setting("where an epoch ends as it began")
def round_trip():
    return Setting(World({"w": walked(0.0, ONE_X, 0.25, 60)}))


@setting("minimum of the two at x = 1")
def minimum_at_one():
    return at(at_one(), lambda base: base["w", "*"])


EXERCISE = ((1.0, 3.0), (2.0, 2.0))  # chapter 7's exercise 2


@setting("two points of chapter 7")
def seven():
    return few_points([1, 2], [3, 2], 1.0, 0.1)


@setting("(a)", "(b)", "(c), point 1", "(c)", "(d)")
def epochs_of_seven(name):
    points = {"(c), point 1": EXERCISE[:1], "(d)": EXERCISE[::-1]}.get(name, EXERCISE)
    how = {"(a)": {"batch_size": 2}, "(b)": {"batch_size": 2, "average": False}}.get(name, {})
    return Setting(World({"w": walked(1.0, points, 0.1, 1, **how)}))


# ---- chains and small graphs


def graph(roots, rules, others=(), **more):
    """Roots with the page's values, rules for the rest, and other values of the roots."""
    return Setting(World(roots, rules), [World({**roots, **values}, rules) for values in others], **more)


CHAIN = {"z": lambda t: t["u"] * t["x"], "p": lambda t: sigma(t["z"]), "s": lambda t: t["v"] * t["p"], "q": lambda t: sigma(t["s"]),
         "ŷ": lambda t: t["w"] * t["q"], "L": lambda t: (t["y"] - t["ŷ"]) ** 2}


@setting("chain")
def chain():
    return graph({"x": 3.0, "u": 0.5, "v": -2.0, "w": 5.0, "y": 2.0}, CHAIN,
                 [{"x": 1.3, "u": -0.4, "v": 0.9, "w": 1.7, "y": -0.6}, {"x": -0.8, "u": 1.1, "v": 2.3, "w": -0.7, "y": 1.9}])


@setting("chain, with its numbers")
def chain_numbers():
    return graph({"x": 3.0, "u": 0.5, "v": -2.0, "w": 5.0, "y": 2.0}, CHAIN, [{"u": -0.4}, {"u": 1.1}])


SIGMOID = {"r": lambda t: np.exp(-t["z"]), "d": lambda t: 1 + np.exp(-t["z"]), "O": lambda t: sigma(t["z"])}


@setting("sigmoid", "sigmoid at 0")
def sigmoid(name):
    z = 0.0 if name.endswith("0") else 0.7
    return graph({"z": z, "h": 0.3}, SIGMOID, [{"z": -1.2, "h": -0.2}, {"z": 2.4, "h": 1.1}][: 2 * (z != 0)])


@setting("sigmoid that gives out 0.8", "tanh that gives out 0.6")
def given_out(name):
    O = float(name.split()[-1])
    return graph({"O": O}, {}, [{"O": 0.3}])


@setting("sixth prediction")
def sixth():
    return graph({"w": 1.0}, {"u": lambda t: 5 - 2 * t["w"], "L": lambda t: t["u"] ** 2}, [{"w": 0.3}, {"w": -1.4}])


@setting("sigmoid, without its argument")
def bare_sigmoid():
    here = {"σ": lambda t: sigma(t["z"]), "σ'": lambda t: t.d("σ", "z"), "σ()": None, "σ'()": None}
    return graph({"z": 0.7}, here, [{"z": -1.2}])


@setting("tanh", "tanh at 0")
def tanh_too(name):
    z = 0.0 if name.endswith("0") else 0.7
    return graph({"z": z}, {"t": lambda t: tanh(t["z"]), "s": lambda t: sigma(2 * t["z"])}, [{"z": -1.2}, {"z": 0.4}][: 2 * (z != 0)])


@setting("three links")
def three_links():
    return graph({"u": 1.0}, {"p": lambda t: 3 * t["u"], "q": lambda t: t["p"] ** 2,
                              "L": lambda t: (5 - t["q"]) ** 2}, [{"u": 0.4}, {"u": -1.3}], vary=frozenset("u"))


@setting("diamond")
def diamond():
    return graph({"x": 2.0}, {"f": lambda t: t["x"] ** 2, "g": lambda t: 3 * t["x"], "h": lambda t: t["f"] * t["g"], "k": lambda t: (1 + t["h"]) ** 0.5},
                 [{"x": 0.7}, {"x": 1.9}], vary=frozenset("x"))


@setting("three ways")
def three_ways():
    return graph({"x": 2.0}, {"a": lambda t: t["x"], "b": lambda t: t["x"] ** 2, "c": lambda t: t["x"] ** 3, "h": lambda t: t["a"] * t["b"] * t["c"]},
                 [{"x": 0.7}, {"x": 1.9}], vary=frozenset("x"))


@setting("any weight")
def any_weight():
    def loss(w):
        return (0.4 - tanh(0.8 * w)) ** 2
    return graph({"w": 0.3, "ε": 1e-4}, {"L()": loss, "L": lambda t: loss(t["w"])}, [{"w": -0.9}, {"w": 1.6}])


@setting("algebra")
def algebra():
    return graph({"t": 0.7, "h": 3.0, "m": 4.0, "x": 1.0, "k": 2.0}, {}, [{"t": 1.9, "h": 0.6, "m": 2.5, "x": 0.3, "k": 5.0}])


@setting("numbers")
def numbers():
    """Nothing but numbers."""
    return Setting(World({}))


@setting("more weights than cars")
def more_weights():
    return Setting(World({"h": next(h for h in range(1, 200) if MLP.init((4, h, 1), rng=np.random.default_rng(1)).W[1].size + h > n)}))


@setting("square")
def square():
    return graph({"z": 3.0}, {})


@setting("first g", "second g")
def of_two(name):
    g = (lambda a, b: a * a * b) if name == "first g" else (lambda a, b: (a + b) * b)
    page = {"a": 3.0, "b": 2.0} if name == "first g" else {"a": 4.0, "b": 1.0}
    return graph(page, {"g()": g, "g": lambda t: g(t["a"], t["b"])}, [{"a": 0.7, "b": -1.1}, {"a": -0.4, "b": 1.9}], layered=frozenset())


@setting("weighted sum")
def weighted_sum():
    return graph({"x 1": 5.0, "x 2": 7.0, "w 1": 0.3, "w 2": -0.2}, {"Z": lambda t: np.dot([t["x", 1], t["x", 2]], [t["w", 1], t["w", 2]])},
                 [{"x 1": 0.4, "x 2": -1.2, "w 1": 0.9, "w 2": 2.2}])


@setting("u and v")
def u_and_v():
    return graph({"x": 1.0}, {"u": lambda t: 3 * t["x"] + 1, "v": lambda t: t["u"] ** 2}, [{"x": 0.3}, {"x": -1.4}])


@setting("three cars of the warm-up")
def warm_up_cars():
    return Setting(World({"y 1": 18, "y 2": 15, "y 3": 18, **{("ŷ", i): 16 for i in (1, 2, 3)}}))


@setting("four numbers")
def four_numbers():
    def world(x, w):
        roots = {("x", j): float(v) for j, v in enumerate(x, 1)} | {("w", j): float(v) for j, v in enumerate(w, 1)} | {("a", j): v + 0.5 for j, v in enumerate(x, 1)}
        return World({**roots, "dot": float(np.dot(x, w)), "x": row(*x), "w": row(*w)})
    return Setting(world((1, 2, 0, -1), (3, 1, 5, 2)), [world((0.3, -1.2, 0.8, 2.1), (1.4, 0.6, -0.9, 0.2))])


@setting("third exercise of the warm-up")
def truth_ten():
    return graph({"x": 3.0, "y": 10.0, "w": 2.0}, {"ŷ": lambda t: t["w"] * t["x"], "L": lambda t: (t["y"] - t["ŷ"]) ** 2},
                 [{"x": 0.6, "y": 1.2, "w": -0.7}])


@setting("three functions")
def three_functions():
    return graph({"x": 1.0}, {"u": lambda t: 2 * t["x"], "v": lambda t: t["u"] + 1, "L": lambda t: t["v"] ** 2}, [{"x": 0.3}, {"x": -1.4}])


# ---- other networks


@setting("car with target 1")
def target_one():
    return Setting(car_page().with_({("y", 1): 1.0}))


@setting("car where the switch flips")
def flipping():
    """w^1_11 such that Z_11 is 0."""
    page = car_page()
    return Setting(page.with_({("w", 1, 1, 1): page["w", 1, 1, 1] - page["Z", 1, 1] / page.d(("Z", 1, 1), ("w", 1, 1, 1))}))


@setting("second car")
def second_car():
    twin = running(net, cars.Xs[1], cars.ys[1])
    return Setting(World(*twin.sources, bare))


@setting("sigmoid at the end")
def sigmoid_end():
    twin = running(net, X1, Y1)
    return Setting(World(twin.sources[0], network(net.sizes, dict.fromkeys((1, 2, 3), sigma)), bare))


@setting("car with biases")
def car_biased():
    def world(seed, sizes=(4, 3, 2, 1)):
        rng = np.random.default_rng(seed)
        b = {("b", k, j): float(rng.normal()) for k in range(1, len(sizes)) for j in range(1, sizes[k] + 1)}
        rows = {("b", k): row(*(b["b", k, j] for j in range(1, sizes[k] + 1))) for k in range(1, len(sizes))}
        return World(b, rows, *car_world(seed, sizes).sources)
    return Setting(world(1), [world(2)], [world(s, sizes) for s, sizes in enumerate(WIDE, 3)])


@setting("2-2-2 car")
def two_two_two():
    worlds = [car_world(s, (2, 2, 2)) for s in (1, 2)]
    return Setting(worlds[0], worlds[1:])


@setting("paths that cancel", "paths that cancel, with the old slopes")
def cancelling(name):
    """w^2_12 by halving an interval, or from the slopes as they were."""
    page = car_page()
    if name.endswith("slopes"):
        return Setting(page.with_({("w", 2, 1, 2): 0.8 * page["f'", 2, 1] * 0.7 / (0.6 * page["f'", 2, 2])}))
    low, high = 0.5, 2.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if page.with_({("w", 2, 1, 2): middle}).d("L", ("w", 1, 1, 1)) > 0 else (low, middle)
    return Setting(page.with_({("w", 2, 1, 2): low}))


def constant_net(value, kinds=BOOK):
    zero = {("w", k, i, j): value for k, i, j in ((k, i, j) for k in (1, 2, 3) for i in range(1, net.sizes[k - 1] + 1) for j in range(1, net.sizes[k] + 1))}
    f = {k: ACTIVATIONS[kinds[k - 1]][0] for k in (1, 2, 3)}

    def world(x, y):
        return World(zero | {("x", j): float(v) for j, v in enumerate(x, 1)} | {("y", 1): float(y)}, network(net.sizes, f), bare)

    return Setting(world(X1, Y1), [world((0.3, -0.7, 1.1, 0.4), 1.7)])


@setting("all zeros", "all zeros, with tanh")
def zeros(name):
    return constant_net(0.0, ("tanh", "tanh", "identity") if "tanh" in name else BOOK)


@setting("steps everywhere")
def steps_everywhere():
    sources = batch_world(2).sources
    return Setting(World(*sources[:2], batch((4, 3, 2, 1), dict.fromkeys((1, 2, 3), lambda z: (z.real > 0) * 1.0 + 0 * 1j), [((0.3, 0.1, -0.2, 1.0), (0.4,))])))


@setting("ReLU, z above 0", "ReLU, z below 0")
def relu(name):
    z = 0.8 if "above" in name else -0.8
    return graph({"z": z}, {"f()": lambda v: complex(mlp.relu(np.array(v).real))}, [{"z": 2 * z}])


@setting("a layer")
def a_layer():
    def world(seed):
        base = batch_world(seed)
        return World({"dZ": base["dZ", 2], "dO": base["dO", 2], "f'": base["f'()", 2](base["Z", 2])})
    return Setting(world(1), [world(2)])


class Highest:
    """A generator whose draws are as high as they can be."""

    def uniform(self, low, high, size):
        return np.full(size, high)


@setting("exercise 4 of chapter 5")
def from_given():
    """From the printed numbers alone, rules 2 to 4."""
    given = {("dZ", 2, 1): 0.3263, ("dZ", 2, 2): -0.2558, ("w", 2, 3, 1): 0.6, ("w", 2, 3, 2): 0.3, ("f'", 1, 3): 0.2282, ("x", 4): -1.2853}
    others = [{name: value * (0.6 + 0.2 * k) for k, (name, value) in enumerate(given.items())}]
    return graph(given, {("dO", 1, 3): lambda t: t["w", 2, 3, 1] * t["dZ", 2, 1] + t["w", 2, 3, 2] * t["dZ", 2, 2], ("dZ", 1, 3): lambda t: t["dO", 1, 3] * t["f'", 1, 3],
                         ("dW", 1, 4, 3): lambda t: t["x", 4] * t["dZ", 1, 3]}, others)


@setting("xavier")
def xavier():
    return graph({"n in": 4, "n out": 3}, {"r": lambda t: float(mlp.xavier.draw(t["n", "in"], t["n", "out"], Highest())[0, 0])}, [{"n in": 7, "n out": 2}])


TINY = {("w", 1, 1, 1): 0.5, ("w", 2, 1, 1): 3.0, ("x", 1): 2.0, ("y", 1): 1.0, "η": 0.01}
TWO = network((1, 1, 1), {1: identity, 2: identity})


@setting("1-1-1", "1-1-1 after the update", "1-1-1, layer 2 too early")
def one_one_one(name):
    page = World(TINY, TWO, bare)
    if name == "1-1-1":
        return Setting(page, vary=frozenset({"η"}))
    if name.endswith("update"):
        new = step(*(lambda one: (one, backprop(one, [[2.0]], [1.0])))(MLP(W={1: [[0.5]], 2: [[3.0]]}, f={1: mlp.identity})), 0.01)
        return Setting(page.with_(weights_of(new)))
    early = {("dO", 1, 1): lambda t: (t["w", 2, 1, 1] - t["η"] * t["dW", 2, 1, 1]) * t["dZ", 2, 1], ("dW", 1, 1, 1): lambda t: t["x", 1] * t["dO", 1, 1]}
    return Setting(World(TINY, early, TWO, bare))


@setting("book's points")
def books_points():
    worlds = [batch_world(s, kinds=BOOK) for s in (2, 4)]
    return Setting(worlds[0], worlds[1:])


@setting("the sum's ruin")
def ruin():
    dead = train(net, cars.Xs, cars.ys, eta=0.1, epochs=4, batch_size=n, average=False).net
    return Setting(World({"ŷ": float(abs(forward(dead, cars.Xs).yhat).max().round(9))}))


@setting("losses")
def losses():
    """`mlp.train`'s losses, and the L_i of its third epoch, each before its own update."""
    x, y = some_points(3, 4)
    start = MLP(W={1: [[0.3]]})
    run = train(start, x[:, None], y, eta=0.1, epochs=4)
    met, w = {}, walked(0.3, list(zip(x, y)), 0.1, 2)
    for i in range(4):
        met["L", i + 1] = float((y[i] - w * x[i]) ** 2)
        w -= 0.1 * 2 * (w * x[i] - y[i]) * x[i]
    return Setting(World({**met, "n": 4, "e": 2, "losses()": lambda e: run.losses[int(np.real(e))]}))


@setting("typical error")
def typical_error():
    """The deviation of the errors and their opposites: their mean is 0."""

    def world(seed):
        base = batch_world(seed)
        errors = [base["ŷ", i] - base["y", i] for i in range(1, 6)]
        return World({("typical error",): float(np.std(errors + [-error for error in errors]))}, *base.sources)
    return Setting(world(1), [world(2)])


@setting("gradients of single cars")
def gradients():
    def world(seed):
        rng = np.random.default_rng(seed)
        G = rng.normal(size=(5, 4))
        return World({("G", i): G[i - 1] for i in range(1, 6)} | {"g": G.mean(axis=0), "η": 0.07, "most": 5})
    return Setting(world(1), [world(2)])


@setting("noise")
def noise():
    """From all subsets of a few points."""
    from itertools import combinations

    def world(seed, n, m):
        G = np.random.default_rng(seed).normal(size=(n, 3))
        g = G.mean(axis=0)

        def noise(m):
            off = [((G[list(rows)].mean(axis=0) - g) ** 2).sum() for rows in combinations(range(n), round(np.real(m)))]
            return sqrt(np.mean(off)) / np.linalg.norm(g)

        return World({"noise()": noise, "n": n, "m": m})
    return Setting(world(1, 6, 2), [world(2, 7, 4)])


@setting("price of an epoch")
def price():
    def world(n, m, update, car):
        return World({"n": n, "m": m, ("price of update",): update, ("price of car",): car, "price": sum(update + sum(car for _ in range(m)) for _ in range(n // m))})
    return Setting(world(12, 4, 0.3, 0.07), [world(30, 5, 1.1, 0.4)])


# ---- where to go next


@setting("momentum", "Adam")
def optimisers(name):
    """One weight and its slopes, as PyTorch's SGD(momentum) and Adam have them."""

    def world(seed):
        rng = np.random.default_rng(seed)
        old = {part: float(abs(v)) for part, v in zip(("v", "m", "s"), rng.normal(size=3))}
        w, y, x = rng.normal(size=3)
        base = World({"w": float(w), "x": float(x), "y": float(y)}, {"L": lambda t: (t["y"] - t["w"] * t["x"]) ** 2})
        slope = base.d("L", "w")
        eta, beta, b1, b2, eps, t = 0.05, 0.9, 0.9, 0.999, (1e-8 if seed == 1 else 0.2), 1 + seed
        if name == "momentum":
            v = old["v"] * beta + slope
            new = {"v new": v, "v old": old["v"], "w new": float(w - eta * v), "w old": float(w), "β": beta}
        else:
            m, s = old["m"] + (slope - old["m"]) * (1 - b1), old["s"] + (slope**2 - old["s"]) * (1 - b2)
            fresh = (m / (1 - b1**t)), (s / (1 - b2**t))
            new = {"m new": m, "m old": old["m"], "s new": s, "s old": old["s"], "m\u0302": fresh[0], "s\u0302": fresh[1], "w old": float(w), "t": t,
                   "w new": float(w - eta * fresh[0] / (sqrt(fresh[1]) + eps)), "β 1": b1, "β 2": b2, "ε": eps}
        return World({**base.sources[0], "η": eta, **new}, base.sources[1])

    return Setting(world(1), [world(2)])


@setting("two classes")
def two_classes():
    loss = {"L": lambda t: -(t["y"] * np.log(t["O", 3, 1]) + (1 - t["y"]) * np.log(1 - t["O", 3, 1]))}

    def world(seed, y):
        base = car_world(seed, kinds=("sigmoid",))
        return among_others(World(base.sources[0] | {"y": y, ("y", 1): lambda t: t["y"]}, loss, *base.sources[1:]))

    twin = running(net, X1, 0.0)
    return Setting(among_others(World(twin.sources[0] | {"y": 0.0, ("y", 1): lambda t: t["y"]}, loss, network(net.sizes, dict.fromkeys((1, 2, 3), sigma)), bare)), [world(1, 1.0), world(2, 0.3)])


@setting("softmax")
def softmax():
    def world(seed):
        K, classes = 2, 3
        rng = np.random.default_rng(seed)
        roots = {("Z", K, j + 1): float(v) for j, v in enumerate(rng.normal(size=classes))} | {("y", j + 1): float(j == seed) for j in range(classes)}

        def rule(t, name):
            match name:
                case ("O", k, j) if k == K and 1 <= j <= classes:
                    return np.exp(t["Z", K, j]) / sum(np.exp(t["Z", K, c]) for c in range(1, classes + 1))
                case ("S",):
                    return sum(np.exp(t["Z", K, c]) for c in range(1, classes + 1))
                case ("L", 1) | ("L",):
                    return -sum(t["y", c] * np.log(t["O", K, c]) for c in range(1, classes + 1))
            raise KeyError(name)

        return World({**roots, "i": 1, "K": K, "n 2": classes, "η": 0.1, "λ": 0.03}, rule)
    return Setting(world(1), [world(2)])


# ---- the notation translator


def column(values):
    return np.array([[float(np.real(v))] for v in values])


def translated(make, layered=(), sizes=(4, 3, 2, 1), kinds=("sigmoid",)):
    """A world of another book's symbols, made from one of this book's: from one random car after another."""
    worlds = [make(car_world(seed, sizes, kinds)) for seed in (1, 2)]
    return Setting(worlds[0], worlds[1:], layered=frozenset({"w", "W", "b", "dW", *layered}))


@setting("d2l, rows")
def d2l_rows():
    def make(t):
        active = [np.vectorize(f, otypes=[complex]) for f in (softplus, tanh)]
        return World({"X": t["x",]} | {("H", f"({k})"): t["O", k] for k in (1, 2)} | {("W", f"({k})"): t["W", k] for k in (1, 2, 3)}
                     | {("σ()", 1): active[0], ("σ()", 2): active[1], "O": t["Z", 3]})
    return translated(make, {"H"}, kinds=("softplus", "tanh"))


@setting("d2l, columns")
def d2l_columns():
    def make(t):
        dO, dZ = ([t[letter, 1, j] for j in (1, 2, 3)] for letter in ("dO", "dZ"))
        out = [t["dZ", 2, j] for j in (1, 2)]
        return World({"J": 0.0, "L": 0.3, "s": -0.3, "λ": 0.2, "w": np.array([0.1, -1.2, 0.5]), "∂ of": ("J",), ("∂", "h"): column(dO), ("∂", "z"): column(dZ), ("∂", "o"): column(out),
                      ("∂", "W", "(1)"): t["dW", 1].T, ("W", "(2)"): t["W", 2].T, "z": column(t["Z", 1][0]), "x": t["x",].T, "φ'()": np.vectorize(sigma, otypes=[complex])})  # the slope of softplus
    return translated(make, kinds=("softplus",))


@setting("d2l, penalty")
def d2l_penalty():
    def world(seed):
        rng = np.random.default_rng(seed)
        w = rng.normal(size=6)
        return World({"w": w, "λ": 0.3, "s": 0.5 * float(l2(0.3)(w.reshape(2, 3))), "L": 1.7, "J": 1.7 + 0.5 * float(l2(0.3)(w.reshape(2, 3)))})
    return Setting(world(1), [world(2)])


@setting("Nielsen")
def nielsen():
    """Layer l is our l - 1, weights (to, from), and biases on every neuron, which are 0."""

    def make(t):
        def rule(s, name):
            match name:
                case ("w", l, j, k) if ("w", l - 1, k, j) in t:
                    return t["w", l - 1, k, j]
                case ("w", l) if ("W", l - 1) in t:
                    return t["W", l - 1].T
                case ("z", l) if ("Z", l - 1) in t:
                    return t["Z", l - 1].T
                case ("a" | "z", l, j) if isinstance(l, int) and ("O" if name[0] == "a" else "Z", l - 1, j) in t:
                    return t["O" if name[0] == "a" else "Z", l - 1, j]
                case ("δ", l) if ("dZ", l - 1) in t:
                    return t["dZ", l - 1].T
                case ("δ", l, j) if ("dZ", l - 1, j) in t:
                    return t["dZ", l - 1, j]
                case ("∂", "w", l, j, k) if ("dW", l - 1, k, j) in t:
                    return t["dW", l - 1, k, j]
                case ("∂", "b", l, j) if ("dZ", l - 1, j) in t:  # a bias is a weight on a constant 1
                    return World({("b", l - 1, j): 0.0}, *t.sources).d("L", ("b", l - 1, j))
                case ("nabla", 0):  # the column of ∂C/∂a^L_j, with the C that follows taken out
                    return t["dO", 3].T / t["L"]
                case ("C",):
                    return t["L"]
            raise KeyError(name)

        return World({"L": 4, "∂ of": ("C",), "a": 0}, rule)  # (the a below nabla is no index)

    return translated(make, {"a", "z", "δ", "w^"})


@setting("Prince")
def prince():
    """Sums f_k are our Z_{k+1}, matrices numbered by where they begin; ReLU in the hidden layers."""

    def make(t):
        f = {1: lambda z: z * (z.real > 0), 2: lambda z: z * (z.real > 0), 3: identity}
        biases = {("b", k, j): 0.3 * k - 0.5 * j for k in (1, 2, 3) for j in range(1, net.sizes[k] + 1)}
        one = World(t.sources[0], biases, network((4, 3, 2, 1), f))

        def rule(s, name):
            match name:
                case ("f", k) if k in (0, 1, 2):
                    return one["Z", k + 1].T
                case ("h", k) if k in (0, 1, 2):
                    return one["O", k].T
                case ("Omega", k) if k in (0, 1, 2):
                    return one["W", k + 1].T
                case ("beta", k) | ("β", k) if k in (0, 1, 2):
                    return column([biases["b", k + 1, j] for j in range(1, net.sizes[k + 1] + 1)])
                case ("∂", "f", k) if k in (0, 1, 2):
                    return one["dZ", k + 1].T
                case ("∂", "Omega", k) if k in (0, 1, 2):
                    return one["dW", k + 1].T
            raise KeyError(name)

        return World({"i": 1, "∂ of": ("ell", 1), "I()": lambda v: v, "a()": lambda v: v * (np.real(v) > 0)}, rule)

    return translated(make)


@setting("3Blue1Brown")
def blue():
    """(to, from), neurons from 0; L is the last layer."""

    def make(t):
        def rule(s, name):
            match name:
                case ("w", "(L)", j, k) if ("w", 3, k + 1, j + 1) in t:
                    return t["w", 3, k + 1, j + 1]
                case ("a", "(L-1)", k) if ("O", 2, k + 1) in t:
                    return t["O", 2, k + 1]
                case ("z", "(L)", j) if ("Z", 3, j + 1) in t:
                    return sum(s["w", "(L)", j, k] * s["a", "(L-1)", k] for k in range(3))
                case ("a", "(L)", j) if ("Z", 3, j + 1) in t:
                    return sigma(s["z", "(L)", j])
                case ("C", 0):
                    return sum((s["a", "(L)", j] - t["y", j + 1]) ** 2 for j in range(2))
            raise KeyError(name)

        return World({"least": 0}, rule)

    return translated(make, {"a", "z"}, (3, 4, 3, 2))
