"""The scalar twin of `mlp`: a network as named numbers, each a plain rule of others. (tests/twins.py is another thing: it compares
Python's and JavaScript's frames.)

A World answers to names as the book writes them: ("O", 2, 1), ("w", k, i, j), ("L",). What is held still stays, everything after it
follows, and numbers may be complex, so that `world.d(a, b)` is the derivative of a by b, exact to the last digits, by a complex step.
In place of a number may stand an array, with an entry for each of several points that know nothing of each other.
"""

import numpy as np

STEP = 1e-30


class World:
    """Names and what they stand for, from sources in turn: dicts {name: number, or rule(world)}, or functions (world, name) that
    raise KeyError for what they do not know. A name is a tuple, or where its parts are words and numbers, "w 3 1 1"."""

    def __init__(self, *sources, held=()):
        self.sources = [source if callable(source) else {called(name): rule for name, rule in source.items()} for source in sources]
        self.held, self.known = {called(name): value for name, value in dict(held).items()}, {}

    def __getitem__(self, name):
        name = called(name)
        if name in self.held:
            return self.held[name]
        if name not in self.known:
            self.known[name] = self._found(name)
        return self.known[name]

    def _found(self, name):
        for source in self.sources:
            if not callable(source):
                if name in source:
                    rule = source[name]
                    return rule(self) if callable(rule) and "()" not in str(name[0]) else rule
                continue
            try:
                return source(self, name)
            except KeyError as unknown:
                if unknown.args != (name,):
                    raise
        raise KeyError(name)

    def __contains__(self, name):
        try:
            self[name]
        except KeyError:
            return False
        return True

    def with_(self, held):
        """The same world with these names held at these values."""
        return World(*self.sources, held={**self.held, **{called(name): value for name, value in held.items()}})

    def shaken(self, seed):
        """A world whose roots, counts apart, have other values."""
        rng = np.random.default_rng(seed)

        def other(value):
            return value * rng.uniform(0.7, 1.3) + rng.uniform(0.05, 0.3) if isinstance(value, float) else value

        sources = [source if callable(source) else {name: other(value) for name, value in source.items()} for source in self.sources]
        return World(*sources, held={name: other(value) for name, value in self.held.items()})

    def d(self, a, b):
        """The derivative of a (a name, or a function of the world) by b, what else does not hang on b held still."""
        moved = self.with_({b: self[b] + STEP * 1j})
        return np.imag(a(moved) if callable(a) else moved[a]) / STEP


def called(name):
    return name if isinstance(name, tuple) else tuple(int(part) if part.isdigit() else part for part in name.split())


def sigma(z):
    return 1 / (1 + np.exp(-z))


def tanh(z):
    return np.tanh(z)


def identity(z):
    return z


def size(w):
    """|w|, with the slope the book gives it."""
    return w * (1 if w.real > 0 else -1 if w.real < 0 else 0)


def slope(f):
    return lambda z: f(z.real + STEP * 1j).imag / STEP


def grid(rows, columns, entry):
    return np.array([[entry(i, j) for j in range(1, columns + 1)] for i in range(1, rows + 1)])


def network(sizes, f):
    """The source of a network of these sizes for one point, with the activations f {k: function}; w, x and y (and b) come from another.

    Scalars as the book names them, dO, dZ and dW by complex step, and rows and matrices of them.
    """
    K = len(sizes) - 1

    def inside(k, j, least=1):
        return least <= k <= K and 1 <= j <= sizes[k]

    def rule(t, name):
        match name:
            case ("O", 0, j) if inside(0, j, 0):
                return t["x", j]
            case ("Z", k, j) if inside(k, j):
                return sum(t["O", k - 1, i] * t["w", k, i, j] for i in range(1, sizes[k - 1] + 1)) + (t["b", k, j] if ("b", k, j) in t else 0)
            case ("O", k, j) if inside(k, j):
                return f[k](t["Z", k, j])
            case ("f'", k, j) if inside(k, j):
                return slope(f[k])(t["Z", k, j])
            case ("f()", k, j) if inside(k, j):
                return f[k]
            case ("f'()", k, j) if inside(k, j):
                return slope(f[k])
            case ("f()" | "f'()", k) if 1 <= k <= K:
                return np.vectorize(f[k] if name[0] == "f()" else slope(f[k]), otypes=[complex])
            case ("L",):
                return sum((t["y", j] - t["O", K, j]) ** 2 for j in range(1, sizes[K] + 1))
            case ("dO" | "dZ", k, j) if inside(k, j, int(name[0] == "dZ")):
                return t.d(("L",), (name[0][1], k, j)) if k else sum(t["dZ", 1, i] * t["w", 1, j, i] for i in range(1, sizes[1] + 1))
            case ("dW", k, i, j) if ("w", k, i, j) in t:
                return t.d(("L",), ("w", k, i, j))
            case ("ŷ",) if sizes[K] == 1:
                return t["O", K, 1]
            case ("y",) if sizes[K] == 1:
                return t["y", 1]
            case ("K",):
                return K
            case ("n", k) if 0 <= k <= K:
                return sizes[k]
            case ("w", k, "rows") | ("W" | "dW", k) if 1 <= k <= K:
                return grid(sizes[k - 1], sizes[k], lambda i, j: t["dW" if name[0] == "dW" else "w", k, i, j])
            case ("O" | "Z" | "dO" | "dZ", k) if int(name[0] in ("Z", "dZ")) <= k <= K:
                return grid(1, sizes[k], lambda _, j: t[name[0], k, j])
        raise KeyError(name)

    return rule


def batch(sizes, f, points):
    """The source of a network for several points [(x, y), ...]: L_i, L, rows of all points, and matrices; w comes from another."""
    one = network(sizes, f)

    def alone(t, i):
        x, y = points[i - 1]
        given = {("x", j): value for j, value in enumerate(x, start=1)} | {("y", j): value for j, value in enumerate(y, start=1)}
        return World(given, lambda _, name: weight(t, name), one)

    def weight(t, name):
        if name[0] in ("w", "b") and len(name) > 1:
            return t[name]
        raise KeyError(name)

    def rule(t, name):
        match name:
            case ("L", i) if isinstance(i, int) and 1 <= i <= len(points):
                return alone(t, i)["L"]
            case ("ŷ", i) if 1 <= i <= len(points):
                return alone(t, i)["ŷ"]
            case ("y", i) if 1 <= i <= len(points):
                return points[i - 1][1][0]
            case ("L",):
                return sum(t["L", i] for i in range(1, len(points) + 1))
            case ("n",):
                return len(points)
            case ("x" | "X",):
                return np.array([x for x, _ in points], dtype=complex)
            case ("y" | "ŷ",):
                return np.array([y if name[0] == "y" else alone(t, i)["O", len(sizes) - 1][0] for i, (_, y) in enumerate(points, start=1)])
            case ("O" | "Z" | "dO" | "dZ", k):
                return np.concatenate([alone(t, i)[name] for i in range(1, len(points) + 1)])
            case ("dW", k):
                return sum(alone(t, i)[name] for i in range(1, len(points) + 1))
            case ("W" | "f()" | "f'()", _) | ("K",) | ("n", _):
                return alone(t, 1)[name]
        raise KeyError(name)

    return rule


def weights_of(net):
    """A `mlp` network's weights as names."""
    return {("w", k, i + 1, j + 1): float(w) for k in net.layers for (i, j), w in np.ndenumerate(net.W[k])}


def running(net, x, y):
    """The world of a `mlp` network whose hidden units are sigmoids, and one point, or the columns of several."""
    f = {k: identity if k == len(net.layers) else sigma for k in net.layers}
    point = {("x", j): v for j, v in enumerate(np.array(x).tolist() if np.ndim(x) == 1 else x, start=1)} | {("y", 1): float(y) if np.ndim(y) == 0 else y}
    return World(weights_of(net) | point, network(net.sizes, f))


def layers(world, letter):
    """{k: a list of what the units of layer k have} for O, Z, dO, dZ or f'."""
    first = 0 if letter in ("O", "dO") else 1
    return {k: [world[letter, k, j] for j in range(1, world["n", k] + 1)] for k in range(first, world["K"] + 1)}


def sweep(W, x, y, late=0.0, only_last=False):
    """The squared loss of one point and its derivatives in the 4-3-2-1 network, in outer products: for loops over thousands of updates.

    On the way back each matrix is used after it was moved by `late` times its derivative, or only the last reader of an output is heard.
    """
    O1 = sigma(x @ W[1])
    O2 = sigma(O1 @ W[2])
    residual = O2 @ W[3] - y
    dW3 = np.outer(O2, 2 * residual)
    d2 = (W[3] - late * dW3) @ (2 * residual) * O2 * (1 - O2)
    dW2 = np.outer(O1, d2)
    d1 = (W[2][:, 1] * d2[1] if only_last else (W[2] - late * dW2) @ d2) * O1 * (1 - O1)
    return residual[0] ** 2, {1: np.outer(x, d1), 2: dW2, 3: dW3}


def gradient(world):
    """{k: the matrix of the derivatives of L by the weights of layer k, a list of rows}."""
    return {k: [[world["dW", k, i, j] for j in range(1, world["n", k] + 1)] for i in range(1, world["n", k - 1] + 1)] for k in range(1, world["K"] + 1)}
