"""Pictures: the book's colours and style, the network in the notes' notation, a training curve, a slice of the loss, a stepper's still.

Needs matplotlib; each function draws into `ax` (or a new figure) and returns the axes. Colours carry the
same roles in the whole book and never alone: path 1 is blue and solid, path 2 orange and dashed.
"""

import re
from io import BytesIO

import numpy as np

from . import _checks
from .backprop import _problem
from .losses import squared_loss
from .network import MLP, forward
from .trace.drawing import RADIUS, network_drawing, places
from .trace.frames import kind_of
from .trace.ledger import sum_text
from .trace.symbols import written

#: The book's colours by name, on light ground and on dark: the site puts the second in the place of the first, the views have them in card.css.
COLOURS = {
    "ink": ("#1d2733", "#e6ebf0"), "soft": ("#52606d", "#a9b4bf"), "faint": ("#cfd6dd", "#3a4652"), "ground": ("#ffffff", "#12181f"),
    "blue": ("#0072b2", "#6cbcf0"), "orange": ("#b34700", "#ffa366"), "green": ("#00755a", "#4fd1ae"), "purple": ("#a13d7a", "#f29ccb"),
    "olive": ("#6b5b00", "#e0cb4f"), "violet": ("#5648b5", "#b3a8ff"), "red": ("#b3261e", "#ff9d94"),
}
INK, SOFT, FAINT, GROUND, BLUE, ORANGE, GREEN, PURPLE, OLIVE, VIOLET, RED = (light for light, _ in COLOURS.values())
MANY = 12  # strong edges: where there are more, labels are numbers only
WIDTH = 690  # of a network's drawing, where 96 are an inch
PATHS = ((BLUE, "-"), (ORANGE, (0, (3.2, 2))), (GREEN, ":"), (PURPLE, "-."), (OLIVE, (0, (2, 1.2))), (VIOLET, (0, (5.6, 2.4))))
WIDE = (7.2, 2.8)  # inches: a figure with panels side by side, which a phone scrolls


def style():
    """Gives every figure that follows the book's style: as wide as a phone shows it with letters of 11 px and more, its first curve
    blue and solid, its second orange and dashed, its third green and dotted."""
    from matplotlib import cycler, rcParams

    colors, dashes = zip(*PATHS)
    rcParams.update({
        "figure.figsize": (4.2, 2.8), "figure.constrained_layout.use": True, "figure.facecolor": GROUND, "savefig.pad_inches": 0.03,
        "font.size": 12, "axes.titlesize": 12, "text.color": INK, "axes.labelcolor": INK, "xtick.labelcolor": INK, "ytick.labelcolor": INK,
        "axes.edgecolor": SOFT, "xtick.color": SOFT, "ytick.color": SOFT, "axes.facecolor": "none", "axes.spines.top": False, "axes.spines.right": False,
        "axes.grid": True, "axes.axisbelow": True, "grid.color": FAINT, "grid.linewidth": 0.5, "lines.linewidth": 1.8, "legend.frameon": False,
        "axes.prop_cycle": cycler(color=colors, linestyle=dashes),
    })


def _axes(ax, size):
    if ax is not None:
        return ax
    from matplotlib import pyplot

    return pyplot.subplots(figsize=size, layout="constrained")[1]


def network(net, x=None, y=None, *, weights=(), ax=None):
    """Draws the network: neuron j of layer k as O_kj, one column a layer, the loss at the end.

    x, y      one point and its target, optional: then each unit shows its output, and L its loss
    weights   edges to draw strong and label, as (k, i, j); "all" labels every edge

    Notes: N2.
    """
    _checks.one_of("net", net, MLP, "an MLP")
    X, Y = (None, None) if x is None else _checks.point(x, 0.0 if y is None else y, net)
    drawing = network_drawing(net, X, None if y is None else Y)
    every = {edge["choice"]: [0] for edge in drawing["edges"] if edge["choice"]}
    chosen = every if isinstance(weights, str) and weights == "all" else {f"w{k}_{i}_{j}": [0] for k, i, j in _weights(net, weights)}
    lit = [node["id"] for node in drawing["nodes"]]
    at, width, height = places(drawing, WIDTH)
    if len(chosen) > MANY:  # room for a number at each edge
        at, height = {node: (x, 1.7 * y) for node, (x, y) in at.items()}, 1.7 * height
    ax = _axes(ax, (width / 96, height / 96))
    _draw(ax, drawing, {"routes": chosen, "lit": lit}, (at, width, height))
    return ax


def _weights(net, weights):
    """The edges to draw strong, checked."""
    expected = f'weights must be "all" or edges (k, i, j), such as [(1, 1, 1)], but {_checks.shown(weights)} came'
    if isinstance(weights, str):
        raise ValueError(expected)
    try:
        chosen = [tuple(edge) for edge in weights]
    except TypeError:
        raise TypeError(expected) from None
    if any(len(edge) != 3 for edge in chosen):
        raise ValueError(expected)
    return [_checks.weight(net, *edge) for edge in chosen]


def _draw(ax, drawing, frame, geometry=None):
    """Draws what a trace's network holds, as much of it as a frame shows, as network.js does in a page: in the same places, 96 of them an inch."""
    from matplotlib.patches import Circle, FancyBboxPatch

    many = len(frame["routes"]) > MANY
    at, width, height = geometry or places(drawing, WIDTH)
    for edge in drawing["edges"]:
        (x0, y0), (x1, y1) = at[edge["from"]], at[edge["to"]]
        routes = frame["routes"].get(edge["id"], [])
        if not routes:
            weight = frame.get("sizes", {}).get(edge["id"], 0.2)
            ax.plot([x0, x1], [y0, y1], color=FAINT, lw=0.6 + 2 * min(1, abs(weight)), ls="-" if weight >= 0 else "--", zorder=1)
        length = np.hypot(x1 - x0, y1 - y0)
        for n, path in enumerate(routes):
            color, dash = PATHS[path - 1] if path else (INK, "-")
            shift = 5 * (n - (len(routes) - 1) / 2)
            dx, dy = -(y1 - y0) / length * shift, (x1 - x0) / length * shift
            ax.plot([x0 + dx, x1 + dx], [y0 + dy, y1 + dy], color=color, ls=dash, lw=2.4 if path else 1.2, zorder=2)
        number = frame.get("numbers", {}).get(edge["id"], edge["label"])
        words = {**drawing.get("labels", {}), **frame.get("labels", {})}.get(edge["id"], f"{written(edge['symbol'])} = {number}" if edge["symbol"] and not many else number)
        if routes and words:
            fan = sum(other["from"] == edge["from"] for other in drawing["edges"])
            where = min(0.5, 0.85 / fan) if many else 0.5  # near enough to the start that no two fans meet
            ax.text(x0 + where * (x1 - x0), y0 + where * (y1 - y0) - (0 if many else 9), words, ha="center", va="center", fontsize=9.75, color=INK, zorder=5,
                    bbox={"boxstyle": "round,pad=0.1", "fc": GROUND, "ec": "none", "alpha": 0.85})
    for node in drawing["nodes"]:
        x, y = at[node["id"]]
        lit = node["id"] in frame["lit"]
        ink = {"fc": GROUND, "ec": INK if lit else FAINT, "lw": 1.4, "zorder": 3}
        box = (x - RADIUS, y - 0.85 * RADIUS), 2 * RADIUS, 1.7 * RADIUS
        ax.add_patch(FancyBboxPatch(*box, boxstyle="round,pad=0,rounding_size=5", **ink) if node["id"] == "L" else Circle((x, y), RADIUS, **ink))
        letter, sub, _ = node["symbol"]
        value = {**drawing.get("values", {}), **frame.get("values", {})}.get(node["id"], node["value"])
        said = {"ha": "center", "va": "center", "color": INK if lit else SOFT, "zorder": 4}
        ax.text(x, y - (7 if value else 0), f"${letter}_{{{sub}}}$" if sub else f"${letter}$", fontsize=12, **said)
        if value:
            ax.text(x, y + 9, value, fontsize=9.4, **said)
        if tag := frame.get("tags", {}).get(node["id"]):
            ax.text(x + RADIUS + 4, y, tag, ha="left", va="center", fontsize=9, color=INKS["back"], zorder=5,
                    bbox={"boxstyle": "round,pad=0.15", "fc": GROUND, "ec": INKS["back"], "lw": 0.8})
    for column, words in enumerate(drawing["columns"]):
        x = next(at[node["id"]][0] for node in drawing["nodes"] if node["column"] == column)
        ax.text(x, height - 8, words, ha="center", va="center", fontsize=9.4, color=SOFT)
    ax.set(xlim=(0, width), ylim=(height, 0), aspect="equal")
    ax.axis("off")


def still(spec, holds, frame, form="svg"):
    """One picture of a view, as SVG or PNG bytes, for where nothing can be clicked: what its panels show in one frame, from top to
    bottom. `holds` is what the panels hold there beside what the spec says. STILLS has, for each kind of panel, what draws it."""
    from matplotlib import rc_context, rcParamsDefault
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shown = [(STILLS[kind_of(spec, panel)], {**spec["panels"][panel], **holds.get(panel, {})}, frame["shows"][panel])
             for panel in spec["panels"] if panel in frame["shows"]]
    heights = [height(held, shows) for (height, _), held, shows in shown]
    low = 1.0
    out = BytesIO()
    own = {name: value for name, value in rcParamsDefault.items() if name.startswith(("axes", "figure", "font", "grid", "lines", "text", "xtick", "ytick"))}
    with rc_context({**own, "svg.fonttype": "none", "svg.hashsalt": "still"}):  # whatever the reader's style is
        figure = Figure(figsize=(7.2, sum(heights)))
        FigureCanvasAgg(figure)
        for ((_, draw), held, shows), height in zip(shown, heights):
            low -= height / sum(heights)
            ax = figure.add_axes((0.01, low, 0.98, height / sum(heights)))
            ax.set_axis_off()
            draw(ax, held, shows)
        figure.savefig(out, format=form, dpi=100, facecolor=GROUND, metadata={"Date": None} if form == "svg" else {"Software": None})
    tenths = lambda found: re.sub(rb"(\.\d)\d+", rb"\1", found[0])  # a tenth of a point is enough
    return re.sub(rb' (d|x|y)="[^"]*"', tenths, out.getvalue()) if form == "svg" else out.getvalue()


LINE = 0.28  # inches


def _lines(ax, lines):
    """Lines of text, from (text, path) pairs."""
    return [ax.text(0.03, 1 - (n + 0.6) / (len(lines) + 1), line, fontsize=10, color=PATHS[path - 1][0] if path else INK, va="center", transform=ax.transAxes)
            for n, (line, path) in enumerate(lines)]


def _ledger_lines(holds, shows):
    """The ledger as (line, path) pairs, as far as it is shown."""
    lines = [(f"{row['label']}:  " + " × ".join(cell["value"] for cell in row["cells"]) + f" = {row['result']}", row["path"])
             for row, level in zip(holds["rows"], shows["rows"]) if level == 2]
    if shows["total"]:
        over, under = ("".join(f"{{{part}}}" if not n else (f"_{{{part}}}", f"^{{{part}}}")[n - 1] for n, part in enumerate(thing) if part)
                       for thing in holds["derivative"])
        lines.append((rf"$\partial {over}/\partial {under}$ = {sum_text(holds['total'])}", 0))
    return lines


def _chain_lines(holds, shows):
    """Each quantity with its change, as far as it has come, then the slope of the link behind it."""
    lines = []
    for n, row in enumerate(holds["rows"]):
        change = f",  moved by {shows['changes'][n]}" if n < len(shows["changes"]) else ""
        slope = f",  then × {written(holds['links'][n]['symbol'])} = {holds['links'][n]['slope']}" if n < len(holds["links"]) else ""
        lines.append((f"{written(row['symbol'])} = {row['value']}{change}{slope}", 0))
    return lines


INKS = {"ink": INK, "soft": SOFT, "accent": BLUE, "back": ORANGE, "right": GREEN, "wrong": RED,
        **{f"path-{n}": color for n, (color, _) in enumerate(PATHS, start=1)}}
DRAWN = {"dots": {"ls": "", "marker": "o", "ms": 2.5}, "ring": {"ls": "", "marker": "o", "ms": 7, "mfc": "none"}, "ball": {"ls": "", "marker": "o", "ms": 9},
         "star": {"ls": "", "marker": "*", "ms": 12}, "step": {"drawstyle": "steps-post"}, "line": {}, "arrow": {}, "text": {"ls": ""}}


def _chart(ax, holds, shows):
    """Draws the marks of a chart, as chart.js does in a page."""
    ax = ax.inset_axes((0.1, 0.24, 0.86, 0.62))
    for mark in shows["marks"]:
        x, y = np.reshape([np.nan if value is None else value for value in mark["points"]], (-1, 2)).T
        color = INKS[mark["ink"]]
        ax.plot(x, y, color=color, **{"ls": "--" if mark.get("dash") else "-", "lw": 1.6, **DRAWN[mark["kind"]], **({"ms": 2 * mark["size"]} if "size" in mark else {})})
        if mark["kind"] == "arrow" and len(x) > 1:
            ax.annotate("", (x[-1], y[-1]), (x[-2], y[-2]), arrowprops={"arrowstyle": "-|>", "color": color})
        if mark.get("text") and len(x):
            ax.annotate(mark["text"], (x[-1], y[-1]), xytext=(0 if mark["kind"] == "text" else 5, 0 if mark["kind"] == "text" else 4), textcoords="offset points",
                        ha="center" if mark["kind"] == "text" else "left", fontsize=9, color=color, annotation_clip=True)
    for which, axis in (("x", shows.get("x", holds["x"])), ("y", shows.get("y", holds["y"]))):
        ax.set(**{f"{which}scale": "log" if axis.get("log") else "linear", f"{which}label": axis.get("label", ""), f"{which}lim": (axis["least"], axis["most"])})
        values, texts = zip(*axis["ticks"]) if axis["ticks"] else ((), ())
        ax.set(**{f"{which}ticks": values, f"{which}ticklabels": texts})
        ax.minorticks_off()
    ax.set_title(shows.get("title", holds.get("title", "")), fontsize=10, loc="left", color=INK)
    ax.grid(color=FAINT, lw=0.5)


def _matrices_lines(holds, shows):
    """The matrices as (line, path) pairs, side by side: an old number stands in front of its new one, a wrong one behind ✗."""
    grids, start = [], 0
    for layer, rows, columns in holds["grids"]:
        grids.append((f"{shows['letter']}{written(['', '', str(layer)])}", [range(start + i * columns, start + (i + 1) * columns) for i in range(rows)]))
        start += rows * columns
    said = lambda n: ("✗" if n in shows["wrong"] else "") + (f"{shows['old'][n]}→" if shows.get("old", [""] * start)[n] else "") + (shows["cells"][n] or "·")  # noqa: E731
    wide = max(len(said(n)) for n in range(start)) + 1
    lines = ["   ".join(name.ljust(wide * len(rows[0])) for name, rows in grids)]
    for i in range(max(rows for _, rows, _ in holds["grids"])):
        lines.append("   ".join("".join(said(n).ljust(wide) for n in (rows[i] if i < len(rows) else ())).ljust(wide * len(rows[0])) for _, rows in grids))
    return lines + [shows["note"]] * bool(shows["note"])


def _code_lines(holds, shows):
    """The program's lines; an arrow stands at the running one."""
    lines = [f"{'→' if n == shows['line'] else ' '} {n}  {line}" for n, line in enumerate(holds["lines"], start=1)]
    return [*lines[: shows["line"]], *([f"✗ {shows['line']}  {shows['mistake']}"] if "mistake" in shows else []), *lines[shows["line"] :]]


def _typed(lines_of):
    """The (height, drawing) of a panel of lines in which each letter is as wide as another."""
    draw = lambda ax, holds, shows: [text.set_family("DejaVu Sans Mono") or text.set_fontsize(8.5) for text in _lines(ax, [(line, 0) for line in lines_of(holds, shows)])]  # noqa: E731
    return lambda holds, shows: 0.8 * LINE * (len(lines_of(holds, shows)) + 1), draw


def _tape(ax, holds, shows):
    """Draws bars side by side, as tape.js does in a page."""
    ax = ax.inset_axes((0.03, 0.03, 0.94, 0.7))
    bars, done = np.clip(shows["bars"], holds["least"], holds["most"]), shows.get("done", len(shows["bars"]))
    for kind, color in ((np.arange(len(bars)) >= done, FAINT), ((np.arange(len(bars)) < done) & (bars >= 0), ORANGE if holds.get("signed") else INK), (bars < 0, BLUE)):
        x, y = np.flatnonzero(kind) + 0.5, bars[kind]
        ax.plot(np.column_stack([x, x, x + np.nan]).ravel(), np.column_stack([0 * y, y, y]).ravel(), color=color, lw=min(4, 300 / max(1, len(bars))), solid_capstyle="butt")
    for at in shows.get("cuts", []):
        ax.axvline(at, color=SOFT, lw=0.8)
    for start, end, value, text in shows.get("means", []):
        ax.plot([start, end], [value, value], color=INK, lw=1.6)
        ax.text((start + end) / 2, value, text, ha="center", va="top" if value < 0 else "bottom", fontsize=9, color=INK,
                bbox={"boxstyle": "round,pad=0.1", "fc": GROUND, "ec": "none", "alpha": 0.8})
    if "head" in shows:
        ax.axvline(shows["head"], color=GREEN, lw=1.6)
    ax.set(xlim=(0, max(1, len(bars))), ylim=(holds["least"], holds["most"]))
    ax.set_axis_off()
    ax.set_title(shows.get("title", holds.get("title", "")), fontsize=10, loc="left", color=INK)


def _boxes(ax, holds, shows):
    """Draws boxes and texts, as boxes.js does in a page."""
    from matplotlib.patches import Rectangle

    for x, y, width, height, ink in shows["boxes"]:
        ax.add_patch(Rectangle((x, y), width, height, fc=INKS[ink], ec=INK, alpha=0.35))
    for x, y, text, ink, anchor in shows["texts"]:
        ax.text(x, y, text, ha={"middle": "center", "start": "left"}[anchor], fontsize=9, color=INKS[ink])
    ax.set(xlim=(0, holds["width"]), ylim=(holds["height"], 0), aspect="equal")


#: How each kind of panel is drawn in a still: (its height in inches, how to draw it), both of what it holds and shows.
STILLS = {
    "network": (lambda holds, shows: places(holds, WIDTH)[2] / 94, _draw),
    "ledger": (lambda holds, shows: LINE * (len(_ledger_lines(holds, shows)) + 1), lambda ax, holds, shows: _lines(ax, _ledger_lines(holds, shows))),
    "chain": (lambda holds, shows: LINE * (len(holds["rows"]) + 1), lambda ax, holds, shows: _lines(ax, _chain_lines(holds, shows))),
    "chart": (lambda holds, shows: 2.4, _chart),
    "matrices": _typed(_matrices_lines),
    "code": _typed(_code_lines),
    "tape": (lambda holds, shows: 1.1, _tape),
    "boxes": (lambda holds, shows: 7.2 * holds["height"] / holds["width"] * 0.6, _boxes),
}


def training_curve(losses, *, label=None, ax=None):
    """Draws the loss of each epoch, such as `train(...).losses`, on a logarithmic scale. Notes: N12."""
    losses = _checks.real_array("losses", losses)
    if losses.ndim != 1 or losses.size == 0:
        raise ValueError(f"losses must be a sequence of at least one number, but its shape is {losses.shape}")
    ax = _axes(ax, None)
    ax.plot(np.arange(1, losses.size + 1), losses, color=BLUE if label is None else None, label=label)
    ax.set(xlabel="epoch", ylabel="loss, summed over the points", yscale="log")
    ax.grid(color=FAINT, lw=0.5)
    if label is not None:
        ax.legend()
    return ax


def loss_slice(net, X, y, k, i, j, *, span=2.0, loss=squared_loss, ax=None):
    """Draws the loss as one weight w^k_ij varies by up to `span` about its present value, the others held. Notes: N5."""
    X, y = _problem(net, X, y, loss, None)
    k, i, j = _checks.weight(net, k, i, j)
    span = _checks.number("span", span, zero=False)
    ax = _axes(ax, None)
    here = net.w(k, i, j)

    def loss_at(w):
        W = {layer: np.array(net.W[layer]) for layer in net.layers}
        W[k][i - 1, j - 1] = w
        return loss(y, forward(net.with_parameters(W, net.b), X).yhat)

    ws = np.linspace(here - span, here + span, 101)
    ax.plot(ws, [loss_at(w) for w in ws], color=BLUE)
    ax.plot([here], [loss_at(here)], "o", color=INK)
    ax.annotate("now", (here, loss_at(here)), xytext=(6, 8), textcoords="offset points", color=INK)
    ax.set(xlabel=f"$w^{{{k}}}_{{{i}{j}}}$", ylabel="loss")
    ax.grid(color=FAINT, lw=0.5)
    return ax
