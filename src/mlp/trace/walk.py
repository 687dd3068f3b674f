"""The steps of one update (chapter 5) as templates, with what stands in the drawing, in the matrices and in the code at each.

A slot is a letter and its indices: O1_2, Z, s (the slope), dO, dZ of a neuron; w1_4_3 the weight, d its derivative, n its new value, p the
weight times dZ; y1, L, L2 (the loss with the new weights), eta, right (how many derivatives agree). With t at its end a slot stands in
parentheses where it is negative.
"""

from .drawing import edge_id, node_id, weights_of
from .symbols import plain, written

LINES = ["Z, O = forward(net, [x])", "L = squared_loss([y], O[3])", "dO, dZ, dW = {3: 2 * (O[3] - y)}, {}, {}", "for k in (3, 2, 1):",
         "    dZ[k] = dO[k] * net.f[k].d(Z[k])", "    dW[k] = O[k - 1].T @ dZ[k]", "    dO[k - 1] = dZ[k] @ net.W[k].T",
         "W = {k: net.W[k] - eta * dW[k] for k in net.layers}"]  # of a network with three layers
FORWARD, LOSS, FIRST, SLOPE, WEIGHTS, BACK, MOVE = 1, 2, 3, 5, 6, 7, 8  # what these lines do
CALLS = {"sigmoid": "σ({})", "tanh": "tanh({})", "relu": "max(0, {})", "identity": "{}"}
SLOPES = {"sigmoid": "{0}·(1 − {1})", "tanh": "1 − {1}²"}  # from the output
MOST = 3  # sums or products of one kind in a sentence


def lines_of(K):
    """The program for a network with K layers."""
    return [numbered(line, K) for line in LINES]


def numbered(line, K):
    """A line of the program for three layers as one for K."""
    layers = ", ".join(str(k) for k in range(K, 0, -1)) + "," * (K == 1)
    return line.replace("3, 2, 1", layers).replace("[3]", f"[{K}]").replace("{3:", f"{{{K}:")


def walk(net):
    """The steps, from the first question to the loss with the new weights."""
    made = Walk(net)
    made.begin()
    made.forward()
    for k in reversed(net.layers):
        made.hand_back(k) if k < made.K else made.end()
        made.over_the_neurons(k)
        made.derivatives(k)
    made.move()
    return made.steps


class Walk:
    """The steps so far, and what stands on the card meanwhile: `known`, how many outputs (L is the last), `tags` {node: slot},
    `cells`, the places of the derivatives in the list of weights.

    A step: status; line, the running line; lit and routes in the network; known, tags, cells as they are then; hot, the lit cells;
    moved, which weights are new; after, whether the outputs are those of the new weights; ask, with the step that stands `before` it.
    """

    def __init__(self, net):
        self.net, self.K, self.flat = net, len(net.layers), weights_of(net)
        self.units = {k: range(1, n + 1) for k, n in enumerate(net.sizes)}
        self.spots = {k: [n for n, w in enumerate(self.flat) if w[0] == k] for k in net.layers}
        self.steps, self.known, self.tags, self.cells, self.asked = [], 0, {}, [], set()

    def made(self, status, line=0, lit=(), routes=None, hot=(), **more):
        return {"status": status, "line": line, "lit": list(lit), "routes": routes or {}, "hot": list(hot), "known": self.known,
                "tags": [[node, slot] for node, slot in self.tags.items()], "cells": list(self.cells), **more}

    def add(self, *step, **more):
        self.steps.append(self.made(*step, **more))

    def nodes(self, k, some=None):
        return [node_id(k, j) for j in some or self.units[k]]

    def edges(self, k):
        """All edges into layer k, lit."""
        return {edge_id(*self.flat[n]): [0] for n in self.spots[k]}

    def once(self, what, can):
        """Whether this is the first time that `what` can be asked."""
        if not can or what in self.asked:
            return False
        self.asked.add(what)
        return True

    def begin(self):
        count, first = len(self.flat), f"{d('O', self.K, 1)}, at the end"
        before = self.made(f"One update moves all {count} weights. It needs {count} derivatives. dW is short for ∂L/∂W, dO for ∂L/∂O.")
        self.add(f"{count} weights are to move. Forward first; then step back from the end.", ask={
            "question": "Which derivative can be computed first?", "choices": [first, f"{dW(1, 1, 1)}, at the start"], "answer": first, "before": before,
            "why": f"L is made of {plain(('O', self.K, 1))} and y alone. All other derivatives are made from {d('O', self.K, 1)}."})

    def forward(self):
        for k in self.net.layers:
            for j in self.units[k]:
                self.known += 1
                terms = " + ".join(f"{slot('O', k - 1, i, term=i > 1)}·{slot('w', k, i, j, term=True)}" for i in self.units[k - 1])
                Z, O, f = slot("Z", k, j), plain(("O", k, j)), self.net.f[k].name
                called = plain(("Z", k, j)) if f == "identity" else CALLS[f].format(Z)
                self.add(f"{plain(('Z', k, j))} = {terms} = {Z}, and {O} = {called} = {slot('O', k, j)}.", FORWARD,
                         [*self.nodes(k - 1), node_id(k, j)], {edge_id(k, i, j): [0] for i in self.units[k - 1]})
        self.known += 1
        squares = " + ".join(f"({{y{j}}} − {slot('O', self.K, j, term=True)})²" for j in self.units[self.K])
        targets = "The target y is " if len(self.units[self.K]) == 1 else "The targets y are "
        self.add(f"{targets}{series(f'{{y{j}}}' for j in self.units[self.K])}. L = {squares} = {{L}}. The way forward is done; now back.", LOSS, [*self.nodes(self.K), "L"], self.to_the_loss())

    def to_the_loss(self):
        return {f"L{j}": [0] for j in self.units[self.K]}

    def end(self):
        """Rule 1."""
        K = self.K
        self.tags |= {node_id(K, j): f"dO{K}_{j}" for j in self.units[K]}
        self.add("Rule 1, the slope of L: " + series(f"{d('O', K, j)} = 2·({slot('O', K, j)} − {{y{j}t}}) = {slot('dO', K, j)}" for j in self.units[K]) + ".",
                 FIRST, [*self.nodes(K), "L"], self.to_the_loss())

    def hand_back(self, k):
        """Rule 4; where an output has several readers, the first output has a step of its own."""
        readers = self.units[k + 1]

        def sums(i):
            terms = " + ".join(f"{slot('w', k + 1, i, j, term=j > 1)}·{slot('dZ', k + 1, j, term=True)}" for j in readers)
            parts = " + ".join(slot("p", k + 1, i, j, term=j > 1) for j in readers)
            return f"{d('O', k, i)} = {terms}" + (f" = {parts}" if i == 1 and len(readers) > 1 else "") + f" = {slot('dO', k, i)}"

        def step(text, some):
            single = some == [1] and len(readers) > 1
            routes = {edge_id(k + 1, i, j): [n if single else 0] for i in some for n, j in enumerate(readers, start=1)}
            return text, BACK, [*self.nodes(k, some), *self.nodes(k + 1)], routes

        rest = list(self.units[k])
        if len(readers) > 1:
            more = {}
            if self.once("sum", True):
                reads = series(f"by {plain(('Z', k + 1, j))} with the weight {slot('w', k + 1, 1, j)}, where dZ = {slot('dZ', k + 1, j)}" for j in readers)
                more["ask"] = {"question": f"What is {d('O', k, 1)}, to two decimals?", "answer": f"dO{k}_1",
                               "slips": [[f"p{k + 1}_1_{j}", "That is one reader alone. Add them all."] for j in readers],
                               "before": self.made(*step(f"Rule 4, add all readers. {plain(('O', k, 1))} is read {len(readers)} times: {reads}.", [1]))}
            self.tags[node_id(k, 1)] = f"dO{k}_1"
            self.add(*step(f"{sums(1)}: the paths of chapter 4, added.", [1]), **more)
            rest = rest[1:]
        if rest:
            self.tags |= {node_id(k, i): f"dO{k}_{i}" for i in rest}
            self.add(*step(("In the same way " if len(readers) > 1 else "Rule 4, back over the edges, each weight times dZ: ") + series(map(sums, rest)) + ".", rest))

    def over_the_neurons(self, k):
        """Rule 2."""
        units, more = self.units[k], {}
        if self.net.f[k].name == "identity":
            text = "Rule 2, dO times f′: " + series(f"{d('Z', k, j)} = {d('O', k, j)} = {slot('dZ', k, j)}" for j in units) + ", for the identity has slope 1."
        else:
            how = SLOPES.get(self.net.f[k].name) if self.once("how", True) else None
            slope = plain(("f'", k, 1))
            told = f" The slope: {slope} = {how.format(slot('O', k, 1), slot('O', k, 1, term=True))} = {slot('s', k, 1)}." if how else ""
            products = [f"{d('Z', k, j)} = {slot('dO', k, j)}·{slot('s', k, j)} = {slot('dZ', k, j)}" for j in units]
            if self.once("slope", len(units) > 1):
                self.tags[node_id(k, 1)] = f"dZ{k}_1"
                more["ask"] = {"question": f"What is {d('Z', k, 2)}, to two decimals?", "answer": f"dZ{k}_2",
                               "slips": [[f"-dZ{k}_2", f"The slope of the {self.net.f[k].name} is never negative: the sign stays."], [f"dO{k}_2", "The slope is missing."]],
                               "before": self.made(f"Rule 2, over the neuron, dO times f′: {products[0]}.{told} Then {d('O', k, 2)} = {slot('dO', k, 2)}, and the slope there is "
                                                   f"{slot('s', k, 2)}.", SLOPE, self.nodes(k))}
            text = f"Rule 2, {'over the neurons' if len(units) > 1 else 'over the neuron'}, dO times f′: {series(products)}.{told}"
        self.tags |= {node_id(k, j): f"dZ{k}_{j}" for j in units}
        self.add(text, SLOPE, self.nodes(k), **more)

    def derivatives(self, k):
        """Rule 3."""
        product = [f"{dW(k, i, 1)} = {plain(('O', k - 1, i))}·{d('Z', k, 1)} = {slot('O', k - 1, i)}·{slot('dZ', k, 1, term=True)} = {slot('d', k, i, 1)}" for i in self.units[k - 1]]
        where, more = (WEIGHTS, [*self.nodes(k - 1), *self.nodes(k)], self.edges(k)), {}
        told = 1
        if self.once("product", k == self.K and len(product) > 1):
            told, first = 2, self.spots[k][0]
            self.cells.append(first)
            more["ask"] = {"question": f"What is {dW(k, 2, 1)}, to two decimals?", "answer": f"d{k}_2_1",
                           "slips": [[f"O{k - 1}_2", "That is the output alone; rule 3 multiplies it by dZ."]],
                           "before": self.made(f"Rule 3, input times dZ: {product[0]}. Then {plain(('O', k - 1, 2))} = {slot('O', k - 1, 2)}.", *where, [first])}
            self.cells.pop()
        self.cells += self.spots[k]
        rest = len(self.spots[k]) - told
        ending = f", and {rest} more: {'inputs' if k == 1 else f'outputs of layer {k - 1}'} times dZ of layer {k}." if rest else "."
        self.add("Rule 3, input times dZ: " + ", ".join(product[:told]) + ending, *where, self.spots[k], **more)

    def move(self):
        """The check, and the update itself."""
        self.add(f"Check: nudge each weight up and down, and compute L both times. {{right}} of {len(self.flat)} derivatives agree with those finite differences.")
        moved, self.tags = [], {}
        for k in reversed(self.net.layers):
            some = [(k, i, 1) for i in sorted({1, self.net.sizes[k - 1] if k == self.K else 1})]
            moves = ", ".join(f"{plain(('w', *w))} = {slot('w', *w)} − {{eta}}·{slot('d', *w, term=True)} = {slot('n', *w)}" for w in some)
            moved += self.spots[k]
            rest = len(self.spots[k]) - len(some)
            why = {self.K - 1: " Every derivative is one of the old weights.", self.K: " The old weights stand struck."}.get(k, "")
            self.add(f"{written(['W', '', str(k)])} moves: {moves}{f', and {rest} more' if rest else ''}.{why}", MOVE, (), self.edges(k), self.spots[k], moved=list(moved))
        self.add("Forward again, with the new weights: L = {L2}. It was {L}.", FORWARD, [*self.nodes(self.K), "L"], moved=moved, after=True)


def slot(letter, *indices, term=False):
    return f"{{{letter}{'_'.join(map(str, indices))}{'t' if term else ''}}}"


def d(letter, k, j):
    """dO₂₁ or dZ₂₁."""
    return "d" + plain((letter, k, j))


def dW(k, i, j):
    """dW²₃₁."""
    return "dW" + plain(("w", k, i, j))[1:]


def series(parts):
    """The first parts as a list in words."""
    parts = list(parts)
    return ", ".join(parts[:MOST]) + (f", and {len(parts) - MOST} more" if len(parts) > MOST else "")
