"""The interactive views: each is an anywidget in Jupyter and a part of the published page without a kernel.

Python computes what is shown (`mlp.trace`); the modules in `js`, joined by `script`, draw it in both places. While the
site is built (the environment variable MLP_STATIC_PAGE is set) a view's output is HTML that carries its data; elsewhere
it is the live widget, and a line of text and a picture for what shows no widgets.
"""

import base64
import html
import json
import os
import tomllib
from collections.abc import Iterable, Sequence
from importlib import resources
from math import ceil, floor, inf, isfinite, log10
from numbers import Integral, Real
from urllib.parse import quote

import anywidget
import numpy as np
import traitlets

from .. import _checks, trace
from ..losses import squared_loss
from .script import script, style

__all__ = ["Batches", "Descent", "Diamond", "EpochTape", "Names", "Nudge", "OneUpdate", "PathLedger", "Prediction", "Rectangle", "Slopes", "Turn", "Valley", "predict"]


class View(anywidget.AnyWidget):
    """What all views have in common: the data they draw, and how that reaches a notebook or a page."""

    spec = traitlets.Dict().tag(sync=True)

    def __init__(self, spec, **state):
        panels, lives = self._parts(spec)
        self.add_traits(_esm=traitlets.Unicode(script(panels, lives, questions=not panels)).tag(sync=True), _css=traitlets.Unicode(style(panels, lives)).tag(sync=True))
        super().__init__(spec=spec, **state)

    @staticmethod
    def _parts(spec):
        """The panels and the live modules that a view's script needs; a prediction has none."""
        return tuple(dict.fromkeys(trace.frames.kind_of(spec, panel) for panel in spec.get("panels", ()))), tuple(filter(None, [spec.get("live", {}).get("module")]))

    def _state(self):
        """What the page needs to know to begin where this view stands."""
        return {"spec": self.spec}

    def _repr_mimebundle_(self, **kwargs):
        if os.environ.get("MLP_STATIC_PAGE"):
            return {"text/plain": repr(self), "text/html": self._page()}
        bundle = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle or {}, {})
        return {**data, "text/plain": repr(self), **self._picture()}, metadata

    def _picture(self):
        return {}

    def _page(self):
        data = json.dumps(self._state(), ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
        panels, lives = self._parts(self.spec)
        return (f'<div class="mlp-view" data-panels="{" ".join(panels)}" data-lives="{" ".join(lives)}">'
                f'<script type="application/json">{data}</script><noscript>{self._fallback()}</noscript></div>')


class Checked(traitlets.Any):
    """A trait whose values, None too, are checked by the class it belongs to, in this package's words."""

    allow_none = False


class Turned(Checked):
    """A trait that a live view's reader turns."""

    def validate(self, view, value):
        return view._fitting(self.name, value)


class Stepper(View):
    """A view that is stepped through.

    index    which step is shown, from 0: the frame or, where updates are stepped, the number of the update
    frames   all of them: dicts with a status, the sentence, and what each panel shows
    choice   which scene is shown (for the path ledger: the weight, "+factored" after it for the factored form)

    Setting a trait, here or in the view, moves the other side too.
    """

    index = Checked(0).tag(sync=True)

    @property
    def frames(self):
        return self.spec["scenes"][self.choice]["frames"]

    @property
    def _holds(self):
        return self.spec["scenes"][self.choice]["holds"]

    @property
    def _last(self):
        """The step that stands for all where nothing can be stepped."""
        return min(self.spec.get("still", -1), len(self.frames) - 1)

    def _asking(self, index):
        """A frame as it is before its question, if it has one, is answered."""
        frame = self.frames[index]
        ask = frame.get("ask", {})
        before = ask.get("before", {})
        status = f"{before.get('status', '')} {ask['question']}".strip() if ask else frame["status"]
        return {**frame, "status": status, "shows": {**frame["shows"], **before.get("shows", {})}}

    def show(self, *args, **kwargs):
        """Shows another network or point in place, given as to the class itself; choice and step are kept where they fit."""
        spec = type(self)(*args, **kwargs).spec
        with self.hold_sync():  # the page hears of all at once
            self.spec = spec

    def _stay_inside(self):
        self.index = min(self.index, len(self.frames) - 1)

    @traitlets.validate("index")
    def _known_index(self, proposal):
        if isinstance(proposal.value, bool) or not isinstance(proposal.value, Integral):
            raise TypeError(f"index must be an integer, but {proposal.value!r} came")
        if not 0 <= proposal.value < len(self.frames):
            raise ValueError(f"index must be from 0 to {len(self.frames) - 1}, but {proposal.value!r} came")
        return int(proposal.value)

    def _state(self):
        return {"spec": self.spec, "index": self.index, **self._turned()}

    def __repr__(self):
        return (f"{self.spec['title']} ({len(self.frames)} steps). Run this cell to step through it here, "
                "or open this page of the published book.")

    def _picture(self):
        """A notebook's picture: the present step, so that nothing is told before its question."""
        from ..plots import still

        return {"image/png": base64.b64encode(still(self.spec, self._holds, self._asking(self.index), "png")).decode()}

    def _fallback(self):
        """The page's picture, on paper and without JavaScript: the last step, and what is said."""
        from ..plots import still

        alt = f"{self.spec['title']}. {self._said()}"
        picture = quote(still(self.spec, self._holds, self._asking(self._last)), safe=" =:/;,()<>'*+&!?@$|[]{}^`~")
        return f'<img class="mlp-still" alt="{html.escape(alt)}" src="data:image/svg+xml,{picture}">'


class Scenes(Stepper):
    """A stepper whose frames Python makes, all of them, for each choice."""

    choice = Checked().tag(sync=True)

    def __init__(self, spec, choice=None):
        super().__init__(spec, choice=choice or next(iter(spec["scenes"])))

    @traitlets.observe("spec")
    def _fit(self, change):
        if change.old and self.choice not in self.spec["scenes"]:
            plain = self.choice.split("+")[0]
            self.choice = plain if plain in self.spec["scenes"] else next(iter(self.spec["scenes"]))
        elif change.old:
            self._stay_inside()

    @traitlets.validate("choice")
    def _known_choice(self, proposal):
        if not isinstance(proposal.value, str) or proposal.value not in self.spec["scenes"]:
            raise ValueError(f"choice must be one of {', '.join(self.spec['scenes'])}, but {proposal.value!r} came")
        return proposal.value

    @traitlets.observe("choice")
    def _other_choice(self, change):
        self._stay_inside()

    def _turned(self):
        return {"choice": self.choice}

    def _said(self):
        return f"{self.spec['panels']['network']['name']}. " + " ".join(frame["status"] for frame in self.frames)


class Live(Stepper):
    """A stepper whose frames are made when they are asked for: here by its module in `mlp.trace`, on the page by its module in js.

    A subclass declares its traits, each `Turned().tag(sync=True)`, names that module as `_trace`, and gives `super().__init__` a spec
    whose `traits` say where they rest. The module has `last(spec, state)`, the last index, `frame(spec, state)`, the frame at
    state["index"], and may have `holds(spec, state)`; state is {trait: value}.
    """

    _trace = None

    def __init__(self, spec, **state):
        super().__init__(spec, **{**spec["traits"], **state})

    @property
    def frames(self):
        return Frames(self)

    @property
    def _holds(self):
        return self._trace.holds(self.spec, self._now()) if hasattr(self._trace, "holds") else {}

    @property
    def net(self):
        """The network with the view's present `weights`, an `mlp.MLP`."""
        return self._trace.net_of(self.spec, self._now())

    def _now(self):
        return {"index": self.index, **self._turned()}

    def _turned(self):
        return {name: getattr(self, name) for name in self.spec["traits"]}

    def _said(self):
        return " ".join(dict.fromkeys(self._asking(index)["status"] for index in (0, self._last)))

    @traitlets.observe("spec")
    def _fit(self, change):
        if change.old:
            for name, value in self.spec["traits"].items():
                setattr(self, name, value)
            self._stay_inside()

    def _fitting(self, name, value):
        """`value`, if this trait can be turned to it. A list is of numbers, as many as at rest, or any number of them where that is none.
        Else the control of that name says what fits: one of its options; yes or no for a switch; a whole number where its marks are whole;
        or a real one, also between and beyond the marks, negative or 0 only where a mark is. Its `most` is how large a number may be."""
        control = ({choice["name"]: choice for choice in self.spec["choices"]} | {"weights": self.spec.get("dial", {})}).get(name, {})
        rest, marks = self.spec["traits"][name], control.get("values", [control["least"]] if "least" in control else [])
        if isinstance(rest, list):
            numbers = _checks.real_array(name, value)
            if rest and numbers.shape != (len(rest),):
                raise ValueError(f"{name} must be a list of {len(rest)} numbers, but its shape is {numbers.shape}")
            fitting = numbers.ravel().tolist()
        elif "options" in control:
            known = [option[0] for option in control["options"]]
            if value not in known:
                raise ValueError(f"{name} must be one of {', '.join(map(repr, known))}, but {value!r} came")
            return value
        elif not marks:
            return _checks.boolean(name, value)
        elif all(isinstance(mark, int) for mark in marks):
            return _checks.integer(name, value, min(marks), control.get("most", max(marks)))
        elif min(marks) < 0 and (number := _checks.real_array(name, value)).shape == ():
            fitting = float(number)
        else:
            fitting = _checks.number(name, value, zero=0 in marks)
        if np.max(np.abs(fitting), initial=0) > control.get("most", inf):
            raise ValueError(f"{name} must be at most {control['most']} in size, but {_checks.shown(value)} came")
        return fitting

    @traitlets.observe(traitlets.All)
    def _other_state(self, change):
        if change.old is not None and change.name in self.spec["traits"]:
            self._stay_inside()


class Frames(Sequence):
    """The frames of a live view as they are with its present traits, made when asked for."""

    def __init__(self, view):
        self._view, self._state = view, view._now()

    def __len__(self):
        return self._view._trace.last(self._view.spec, self._state) + 1

    def __getitem__(self, index):
        if isinstance(index, slice):
            return [self[n] for n in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(f"frames has {len(self)} frames, but index is {index}")
        return self._view._trace.frame(self._view.spec, {**self._state, "index": index % len(self)})


class PathLedger(Live):
    """Every path from a weight to the loss of one point, factor by factor, and their sum, for any weight of `net`; any weight can be turned.

    choice    the weight, as "w2_3_1", with "+factored" after it for the factored form
    weights   all weights in one list, W^1 row by row, then W^2 ..., then biases;   turn   the one that the dial turns
    left_out  the numbers of the paths that the sum leaves out
    deeper    whether a network with one more layer is shown; it has weights of its own

    x is one point (n_0,), y its target. Shows at most 8 units a layer and 6 paths from a weight; raises ValueError
    beyond that, and as `mlp.forward` does where x or y do not fit. With another loss than the squared one, or activations
    that the page does not know, only choice can be set. Notes: N7 to N9, eq. N9.3.
    """

    _trace, _said = trace.paths, Scenes._said
    choice, weights, left_out, deeper, turn = (Turned().tag(sync=True) for _ in range(5))

    def __init__(self, net, x, y, *, loss=squared_loss):
        super().__init__(trace.path_ledger(net, x, y, loss))

    @property
    def frames(self):
        return trace.paths.scene(self.spec, self._now())["frames"]

    def _fitting(self, name, value):
        rest = self.spec["traits"].get("weights")
        return trace.paths.fitting(self.spec, name, value, {"weights": self.weights if self.trait_has_value("weights") else rest})

    @traitlets.observe("spec", "choice", "weights", "deeper")
    def _settle(self, change):
        """What does not fit what has changed is brought to where it does."""
        if change.old is not None and change.old != {} and not self._settling:
            self._settling = True
            with self.hold_sync():
                for name, value in trace.paths.settled(self.spec, self._now(), change.name, change.old).items():
                    setattr(self, name, value)
            self._settling = False
            self._stay_inside()

    _settling = False

    def _fit(self, change):
        """`_settle` does it."""

    def _stay_inside(self):
        if not self._settling:
            super()._stay_inside()


class Diamond(Scenes):
    """The smallest graph with two paths, x into f and g, both into h, and h into k. Notes: N9, eq. N9.1 to N9.2a."""

    def __init__(self):
        super().__init__(trace.diamond())


class Rectangle(Scenes):
    """The area f · g, f = x² and g = 3x, that grows with x by two strips and a corner. Notes: N9, eq. N9.2."""

    def __init__(self):
        super().__init__(trace.rectangle())

    def _said(self):
        return " ".join(self._asking(n)["status"] for n in range(len(self.frames)))


class Descent(Live):
    """Gradient descent on the mean loss of yhat = w x: the curve, and the trail of the steps, for any eta,
    penalty ("none", "l2" or "l1"), lam and start.

    x and y are (n,). Traits: index (the number of the step), weights ([the start]), eta, penalty, lam.
    Notes: N4, N6, eq. N4.2, N4.3, N6.1.
    """

    _trace = trace.descent
    weights, eta, penalty, lam = (Turned().tag(sync=True) for _ in range(4))

    def __init__(self, x, y, eta=0.3, *, penalty="none", lam=0.5):
        super().__init__(trace.descent.descent(x, y, eta, penalty, lam))


class Nudge(Live):
    """A small change of one weight, followed link by link to the loss of one point; for each weight that has one path.

    x is one point (n_0,), y its target. letters names a chain of single neurons plainly, such as ("u z p", "v s q", "w ŷ ŷ").
    Traits: index, weight ("w2_3_1"), nudge. Notes: N7, N8, eq. N7.1 and N8.1.
    """

    _trace = trace.nudge
    weight, nudge = (Turned().tag(sync=True) for _ in range(2))

    def __init__(self, net, x, y, *, letters=None):
        super().__init__(trace.nudge.nudge(net, x, y, letters))


class Slopes(Live):
    """The sigmoid's slope at any z, and what is left of a change behind up to ten sigmoids in a row. Traits: index (how many), z,
    w (their weight), biased (whether each has the bias -w/2). Notes: N8."""

    _trace = trace.slopes
    z, w, biased = (Turned().tag(sync=True) for _ in range(3))

    def __init__(self):
        super().__init__(trace.slopes.slopes())


class OneUpdate(Live):
    """One update of `net` by the point x (n_0,) with the target y, step by step; then a bench to turn weights and make updates on,
    and four programs with a mistake each.

    eta       the learning rate
    weights   all weights in one list, W^1 row by row, then W^2 ...
    program   "book", or "A" to "D": a program with a broken line
    start     what the weights are rewound to: "given", "zeros", "equal" (all 0.5), "seed1", "seed2" or "seed3" (Xavier's)
    weight    the chosen one, as "w2_3_1";   ratio   derivatives as multiples of the finite differences
    trail     L after each update so far, the present one last

    Shows at most 8 units a layer and no biases; raises ValueError beyond that, and as `mlp.forward` does where x or y do not fit.
    Notes: N10.
    """

    _trace = trace.update
    weights, eta, program, start, weight, ratio, trail = (Turned().tag(sync=True) for _ in range(7))

    def __init__(self, net, x, y, eta=0.1, *, start="given", program="book"):
        super().__init__(trace.one_update(net, x, y, eta, start, program))

    def update(self, times=1):
        """Makes updates, as the button does."""
        for name, value in trace.update.updated(self.spec, self._now(), times).items():
            setattr(self, name, value)

    @traitlets.observe("start")
    def _from_the_start(self, change):
        if change.old is not None:
            self.weights, self.trail = trace.update.started(self.spec, change.new).values()

    @traitlets.observe("program")
    def _with_another_program(self, change):
        if change.old is not None:
            self.eta = self.spec["traits"]["eta"]
            self.weights, self.trail = trace.update.started(self.spec, self.start).values()


class Names(Live):
    """The names of a network's weights: each as edge, matrix entry, code and words; twelve questions; the forward pass of x (n_0,), sum by sum.

    Traits: index, mode ("find", "look", "step"), weight ("w2_3_1"). Notes: N2.
    """

    _trace = trace.names
    mode, weight = (Turned().tag(sync=True) for _ in range(2))

    def __init__(self, net, x, *, mode="find"):
        super().__init__(trace.names.names(net, x, mode))


class Turn(Live):
    """One point and one network: turn any weight, and the prediction follows. scale = (add, multiply) and unit are those of the target.

    Traits: weights (a flat list), weight ("w3_1_1", the one that is turned). Notes: N2, N4.
    """

    _trace = trace.turn
    weights, weight = (Turned().tag(sync=True) for _ in range(2))

    def __init__(self, net, x, y, *, scale=(0.0, 1.0), unit=""):
        super().__init__(trace.turn.turn(net, x, y, scale, unit))


class EpochTape(Live):
    """Every turn of a point in 50 epochs: what it does to the errors of all, L after each epoch and the sum along the way.

    X is (n, n_0) with at most 2000 points, y (n,) or (n, 1), eta the learning rate, seed the order where it is shuffled. Traits beside
    these two: order ("file" or "shuffled"), stride ("car", "quarter" or "epoch", what Next goes by) and chart ("loss" or "change").
    Raises as `mlp.train` does, and ValueError where net has several outputs. Notes: N12.
    """

    _trace = trace.epochs
    order, seed, eta, stride, chart = (Turned().tag(sync=True) for _ in range(5))

    def __init__(self, net, X, y, eta=0.02, seed=1):
        super().__init__(trace.epoch_tape(net, X, y, eta, seed))


class Batches(Live):
    """The batches of one shuffled epoch, how far their mean gradients lie from everybody's, and in the last step a race of three sizes.

    X is (n, n_0) with at most 2000 points, y (n,) or (n, 1), eta the learning rate, seed the order of the points. Traits beside these
    two: batch_size, ruler ("epochs", "updates" or "time", by what the race goes) and moment ("start" or "later", whose gradients are
    drawn). Raises as `mlp.train` does, and ValueError where net has several outputs or a single weight. Notes: N14.
    """

    _trace = trace.batches
    batch_size, eta, seed, ruler, moment = (Turned().tag(sync=True) for _ in range(5))

    def __init__(self, net, X, y, eta=0.1, seed=7):
        super().__init__(trace.batches.batches(net, X, y, eta, seed))

    @traitlets.observe("batch_size")
    def _other_state(self, change):
        """Who looks at the race goes on looking at it, and nobody else is brought there."""
        if change.old is not None:
            raced = self.index == trace.batches.last(self.spec, {"batch_size": change.old})
            self.index = len(self.frames) - 1 if raced else min(self.index, len(self.frames) - 2)


class Valley(Live):
    """Gradient descent for yhat = w1 x1 + w2 x2 on a map of contour lines, for any eta, start and correlation of the two inputs.

    x is (n, 2), standardised here; y is (n,). Traits: index, weights ([the two starts]), eta, rho (the correlation). Notes: N6, eq. N6.1.
    """

    _trace = trace.valley
    weights, eta, rho, weight = (Turned().tag(sync=True) for _ in range(4))

    def __init__(self, x, y, eta=0.1):
        super().__init__(trace.valley.valley(x, y, eta))


class Prediction(View):
    """A question whose answer the reader commits to before seeing it; made by `predict`."""

    def __repr__(self):
        choices = self.spec["choices"]
        return f"Predict: {self.spec['question']}" + (f" ({' / '.join(choices)})" if choices else "")

    def _fallback(self):
        spec = {name: html.escape(str(value)) for name, value in self.spec.items()}
        return f'<details class="mlp-still"><summary>{spec["question"]}</summary><p>{spec["shown"]}. {spec["why"]}</p></details>'


def predict(question, answer=..., *, tol=None, choices=None, why=""):
    """Asks the reader for a number or, with `choices`, for one of several texts, and answers.

    question, why   plain text; symbols in Unicode
    answer          a number, right within `tol` (unless told two decimals, 0.005, or what two digits of a smaller answer leave), or one of `choices`

    Alone, question names one of the book's own, such as "4.path-left-out", which stand in `mlp/questions`: a file a chapter,
    so that a notebook shows no answer. The warm-up is chapter 0.

    Raises TypeError or ValueError where question or why is no text, answer is not a finite number, or not one of the choices, or tol not positive, or the book
    asks no such question.
    """
    if answer is ...:
        question, answer, tol, choices, why = _of_the_book(question)
    for name, text in (("question", question), ("why", "" if why is None else why)):
        if not isinstance(text, str):
            raise TypeError(f"{name} must be text, but {_checks.shown(text)} came")
    if choices is not None:
        if isinstance(choices, str) or not isinstance(choices, Iterable):
            raise TypeError(f"choices must be a list of texts, but {_checks.shown(choices)} came")
        choices, answer = [str(choice) for choice in choices], str(answer)
        if answer not in choices or len(set(choices)) < len(choices) or len(choices) < 2:
            raise ValueError(f"answer must be one of at least two different choices, {choices}, but {answer!r} came")
        return Prediction(spec={"kind": "prediction", "question": question, "choices": choices, "answer": answer,
                                "shown": answer, "tol": 0, "why": why or ""})
    try:
        number = isinstance(answer, Real) and not isinstance(answer, bool) and isfinite(answer)
    except OverflowError:  # an int can be too large for a float
        number = False
    if not number:
        raise TypeError(f"answer must be a finite number, but {_checks.shown(answer)} came")
    if tol is None:
        tol = min(0.005, 5 * 10.0 ** (floor(log10(abs(answer))) - 2)) if answer else 0.005
    tol = _checks.number("tol", tol, zero=False)
    shown = trace.digits.fixed(float(answer), max(0, ceil(-log10(2 * tol) - 1e-9)))
    shown = shown.rstrip("0").rstrip(".") if "." in shown and "10" not in shown.partition("·")[2] else shown
    return Prediction(spec={"kind": "prediction", "question": question, "choices": None, "answer": float(answer),
                            "shown": shown, "tol": tol, "why": why or ""})


def _of_the_book(key):
    """question, answer, tol, choices and why of a question that stands in `mlp/questions`."""
    chapter, _, name = key.partition(".") if isinstance(key, str) else ("", "", "")
    for file in (resources.files("mlp") / "questions").iterdir():
        if chapter and file.name.startswith(f"{chapter}-"):
            if asked := tomllib.loads(file.read_text(encoding="utf-8")).get(name):
                return asked["question"], asked["answer"], asked.get("tol"), asked.get("choices"), asked.get("why", "")
    raise ValueError(f"question must come with its answer, or name one of the book's, such as '4.path-left-out', but {_checks.shown(key)} came")
