"""The epoch tape (chapter 6): every point's turn, what it does to the errors of all, and L after each epoch beside the sum along the way.

The index is the number of the update. Made here for a notebook, and on the page by its twin, `widgets/js/epoch-tape.js`.
"""

from math import inf, isfinite

import numpy as np

from .. import _checks
from ..network import forward
from .axes import around, axis, powers
from .digits import figures, fixed, plainly, power_of, short, signed
from .frames import asked, checked
from .points import of_the_book, packed, points_of, units
from .runs import Run, run_of
from .symbols import plain

EPOCHS = 50
ETAS = [0.001, 0.002, 0.003, 0.005, 0.007, 0.01, 0.015, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3]  # above, rounding decides
GOAL = 120  # what L in the order of the file can be brought below, with the book's network and cars
GRID = 25  # where the curve of predictions is computed
MOST_UNITS = 3  # of the last hidden layer that are drawn one by one

WORDS = {
    "turns": "Epoch {e}: {p} of {n} {points}. Bar: {target}",
    "errors": "Errors now, file order: prediction − truth",
    "quarters": "means of the quarters {means}",
    "loss": "L; dashed: on the way",
    "loss, both": "L; grey: other order",
    "change": "Largest change",
    "learned": "Blue: prediction, {target}",
    "slope": "from {first} to {last}",
    "start": "Start: all {n} {points} together have L = {L}.",
    "first, file": "In the order of the file, each {point} makes one update: will L be smaller or larger after one epoch?",
    "first, shuffled": "In random order, each {point} makes one update: will L be smaller or larger after one epoch?",
    "why first": "After it L is {L}: all {points}, with the weights as they are then. Along the way, each {point} just before its own update, the losses add up to {along}.",
    "update": "Update {u}: {point} {row} had the loss {loss} and moved {w} from {before} to {after}. All {points}: L = {L}.",
    "epoch": "After epoch {e}, update {u}: L = {L}. Along the way the losses added up to {along}. Largest change of a weight in the epoch: {moved}.",
    "last, file": "Shuffled before each epoch instead: will L after {E} epochs be smaller or larger?",
    "last, shuffled": "In the order of the file instead: will L after {E} epochs be smaller or larger?",
    "why last": "{theirs} against {L}; along the way it is {their_along} against {along}. Choose the other order and see.",
    "task": "Task: in the order of the file, bring L after {E} epochs below {goal}. Turn η.",
    "done": "✓ In the order of the file, and below {goal}: in small steps no part of the file can pull the weights far.",
    "left": "Update {left} left the finite numbers: steps of η = {eta} are too large here.",
}  # fmt: skip


def epoch_tape(net, X, y, eta=0.02, seed=1):
    """The spec of the epoch tape: `net` sees the points one by one, for 50 epochs.

    X is (n, n_0) with n at most 2000, y (n,) or (n, 1); seed orders the points where they are shuffled, as `mlp.train` with
    default_rng(seed) does. Raises as `mlp.train` does, and ValueError where net has several outputs. Notes: N12.
    """
    eta, seed = _checks.number("eta", eta, zero=False), _checks.integer("seed", seed, 0, 2**32 - 1)
    carried = packed(net, X, y)
    points, names = points_of(carried["points"]), units(carried["points"])
    n, inputs = len(points.y), points.raw[:, :-1]
    with np.errstate(all="ignore"):
        likeness = [abs(np.corrcoef(column, points.raw[:, -1])[0, 1]) if np.ptp(column) * np.ptp(points.y) else 0.0 for column in inputs.T]
    feature, target = int(np.argmax(likeness)), points.raw[:, -1]
    what, unit = names[feature]
    goal = GOAL if of_the_book(carried) else None
    start = run_of(carried, eta=eta).after[0]
    words = {"point": "car", "points": "cars"} if carried["points"]["measured"] else {"point": "point", "points": "points"}
    K, heights = len(net.layers), around(target, 5)
    return checked({
        "name": "epoch-tape",
        "title": "Epoch tape",
        "first": 0,
        "panels": {
            "turns": {"kind": "tape", "name": "The points in the order in which they come", "least": float(min(0, target.min())), "most": float(max(0, target.max())), "height": 38, "narrow": 32, "pressed": True},
            "errors": {"kind": "tape", "name": WORDS["errors"], "least": -2.2 * float(target.std() or 1), "most": 2.2 * float(target.std() or 1), "signed": True, "height": 74, "narrow": 60},
            "loss": {"kind": "chart", "pressed": True, "name": "Epoch by epoch", "x": {**axis(0, EPOCHS, label="epoch"), "least": -0.5, "most": EPOCHS + 1.0}, "y": axis(0, 1.52 * (start or 1), 4), "height": 136, "narrow": 114},
            "learned": {"kind": "chart", "name": f"Prediction against {what}, the other inputs at their means", "beside": True, "x": around(inputs[:, feature], 3, label=", ".join(filter(None, (what, unit)))),
                        "y": heights, "dot": 1.2, "height": 136, "narrow": 114},
        },
        "choices": [
            {"name": "order", "label": "order", "options": [["file", "as in the file"], ["shuffled", "shuffled anew"]]},
            {"name": "seed", "label": "seed", "least": 0, "most": 2**32 - 1},
            {"name": "eta", "label": "η", "values": ETAS},
            {"name": "stride", "label": "by", "options": [["car", words["point"]], ["quarter", "quarter"], ["epoch", "epoch"]], "place": "foot"},
            {"name": "chart", "label": "show", "options": [["loss", "loss"], ["change", "change"]], "place": "foot"},
        ],
        "traits": {"order": "file", "seed": seed, "eta": eta, "stride": "quarter", "chart": "loss"},
        "live": {
            "module": "epoch-tape", **carried, "words": WORDS, "epochs": EPOCHS, "goal": goal,
            "names": {**words, "n": str(n), "E": str(EPOCHS), "goal": str(goal), "target": names[-1][1] or names[-1][0], "feature": what, "w": plain(("w", K, 1, 1))},
            "places": {"L": max(0, 3 - power_of(start)), "error": max(0, 1 - power_of(target.std()))},
            "change": powers(-3, 1),
            "feature": feature,
            "rise": 0.11 * (heights["most"] - heights["least"]),
            "grid": np.linspace(inputs[:, feature].min(), inputs[:, feature].max(), GRID).tolist(),
            "units": [plain(("w", K, j, 1)) for j in range(1, net.sizes[-2] + 1)] if K > 1 and net.sizes[-2] <= MOST_UNITS and net.f[K].name == "identity" else [],
            "witness_eta": min(eta, 0.02),
            "witness": _witness(net, points, min(eta, 0.02), seed),
        },
    })  # fmt: skip


def _witness(net, points, eta, seed):
    """L at the start, after one epoch in the file's order, and along and after five shuffled ones; the first alone where these do not end."""
    file, shuffled = (Run(net, points.X, points.y, eta=eta, seed=one) for one in (None, seed))
    whole = file.grow(1) == 1 and shuffled.grow(5) == 5
    return [file.after[0], *([file.after[1], *shuffled.along[1:6], shuffled.after[5]] if whole else [])]


def last(spec, state):
    """The number of the last update."""
    return spec["live"]["epochs"] * (len(spec["live"]["points"]["rows"]) // spec["live"]["points"]["width"])


def _run(live, state, order):
    return run_of(live, eta=state["eta"], seed=state["seed"] if order == "shuffled" else None)


def net_of(spec, state):
    """The network after state["index"] updates, or None where they left the finite numbers."""
    moment = _run(spec["live"], state, state["order"]).at(state["index"])
    return moment and moment.net


def frame(spec, state):
    """The frame after state["index"] updates; state["seen"], {order: epoch}, is how far each order has been before."""
    live, index, order = spec["live"], state["index"], state["order"]
    points, places, other = points_of(live["points"]), live["places"], "shuffled" if order == "file" else "file"
    n, epochs = len(points.y), live["epochs"]
    run = _run(live, state, order)
    epoch = max(1, -(-index // n))
    p, moment = index - (epoch - 1) * n, run.at(index)
    seen = {"file": 0, "shuffled": 0, **state.get("seen", {})}
    seen[order] = max(seen[order], index // n)
    values = {**live["names"], "e": str(epoch), "p": str(p), "u": str(index), "eta": short(state["eta"])}

    def say(name, **more):
        return live["words"][name].format(**values, **more)

    def L(value):
        return plainly(value, places["L"])

    turn = run.order(epoch)
    shows = {"turns": {"title": say("turns"), "bars": points.raw[turn, -1].tolist(), "done": p, "head": p},
             "errors": {"title": say("errors"), "bars": [], "means": []}}
    marks = _curves(live, state, run.grow(seen[order]), order, "ink", "back")
    if seen[other]:
        marks = [*_curves(live, state, _run(live, state, other).grow(seen[other]), other, "soft", "soft"), *marks]
    shows["loss"] = {"marks": marks, "title": say("loss, both" if seen[other] and state["chart"] == "loss" else state["chart"]), **({"y": live["change"]} if state["chart"] == "change" else {})}
    shows["learned"] = {"marks": [{"kind": "dots", "points": points.raw[:, [live["feature"], -1]].ravel().tolist(), "ink": "soft"}], "title": say("learned")}
    rest = {"actions": [["rewind", "Rewind"]]} if any(state[name] != spec["traits"][name] for name in ("order", "seed", "eta")) else {}
    total = run.loss_of(moment.net) if moment else inf
    if not isfinite(total):
        return {"status": say("left", left=str(run.left or index)), "shows": shows, **rest}

    errors = points.predictions(forward(moment.net, points.X).yhat[:, 0]) - points.raw[:, -1]
    quarters = [(n * k // 4, n * (k + 1) // 4) for k in range(4)] if n >= 8 else []
    means = [float(errors[a:b].mean()) for a, b in quarters]
    texts = [plainly(mean, places["error"], signed) for mean in means]
    shows["errors"] |= {"bars": errors.tolist(), "means": [[a, b, mean, text] for (a, b), mean, text in zip(quarters, means, texts)],
                        "said": say("quarters", means=", ".join(texts)), **({"head": int(moment.rows[-1]) + 1} if index else {})}
    if state["chart"] == "loss":
        marks.append({"kind": "ball", "points": [index / n, total], "ink": "right"})
    elif index >= n:
        marks.append({"kind": "ball", "points": [index // n, run.moved[index // n]], "ink": "right"})
    curve = _learned(live, points, moment.net)
    shows["learned"] |= {"marks": shows["learned"]["marks"] + curve,
                         "said": say("slope", first=plainly(curve[-1]["points"][1], places["error"]), last=plainly(curve[-1]["points"][-1], places["error"]))}

    if index == 0:
        status = say("start", L=L(total))
        return {"status": status, "shows": shows, **rest, **_ask_first(run, say, L, order, status)}
    if p < n:
        K = len(moment.net.layers)
        return {"status": say("update", row=str(int(moment.rows[-1]) + 1), loss=figures(moment.loss, 4), before=figures(moment.before.w(K, 1, 1), 4), after=figures(moment.net.w(K, 1, 1), 4), L=L(total)),
                "shows": shows, **rest}
    status = say("epoch", L=L(total), along=L(run.along[epoch]), moved=figures(run.moved[epoch], 4))
    if epoch < epochs:
        return {"status": status, "shows": shows, **rest}
    task = "" if live["goal"] is None else " " + say("done" if order == "file" and total < live["goal"] else "task")
    theirs = _run(live, state, other)
    ask = {}
    if seen[other] < epochs and theirs.grow(epochs) == epochs:
        why = say("why last", theirs=L(theirs.after[epochs]), L=L(total), their_along=L(theirs.along[epochs]), along=L(run.along[epochs]))
        ask = {"ask": _ask(say(f"last, {order}"), theirs.after[epochs], total, why, status)}
    return {"status": status + task, "shows": shows, **rest, **ask}


def _ask_first(run, say, L, order, status):
    if run.grow(1) < 1:
        return {}
    return {"ask": _ask(say(f"first, {order}"), run.after[1], run.after[0], say("why first", L=L(run.after[1]), along=L(run.along[1])), status)}


def _ask(question, theirs, ours, why, status):
    return asked(question, "larger" if theirs > ours else "smaller", why, status, choices=["smaller", "larger"])


def _curves(live, state, whole, order, ink, along_ink):
    """What the chart shows of one order, as far as epoch `whole`."""
    run = _run(live, state, order)
    if state["chart"] == "change":
        return [{"kind": "line", "points": [v for e in range(1, whole + 1) for v in (e, run.moved[e])], "ink": ink}]
    return [{"kind": "line", "points": [v for e in range(whole + 1) for v in (e, run.after[e])], "ink": ink},
            {"kind": "line", "points": [v for e in range(1, whole + 1) for v in (e, run.along[e])], "ink": along_ink, "dash": True}]


def _learned(live, points, net):
    """The predictions against one input, the others at their means, and above or below the mean what each unit adds."""
    grid, feature, (mean, deviation) = live["grid"], live["feature"], points.scale
    raw = np.tile(points.means, (len(grid), 1))
    raw[:, feature] = grid
    done, K = forward(net, ((raw - mean) / deviation)[:, :-1]), len(net.layers)

    def line(values, **how):
        return {"kind": "line", "points": [v for pair in zip(grid, points.predictions(values).tolist()) for v in pair], **how}

    marks = []
    for j, name in enumerate(live["units"]):
        w, ink = float(net.W[K][j, 0]), f"path-{j + 3}"
        part = line(done.O[K - 1][:, j] * w, ink=ink, dash=True)
        label = [part["points"][-8], part["points"][-7] + (live["rise"] if w > 0 else -live["rise"])]
        marks += [part, {"kind": "text", "points": label, "ink": ink, "text": f"{name} = {fixed(w, 2)}"}]
    return [*marks, line(done.yhat[:, 0], ink="accent")]
