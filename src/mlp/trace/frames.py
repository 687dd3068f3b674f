"""The contract between what Python makes and what a view's script draws: a pair of types for each panel, and `checked`.

A view's spec is one JSON-able dict:

    name, title   the view's short name (for links) and its title
    panels        {panel: what it holds all the time}, from top to bottom; `kind` is its module in widgets/js, its own name unless told
    choices       the controls: {name, label, options [[value, text, said aloud], ...]} is a list, {name, label} a switch,
                  {name, label, values [...]} a range with - and + over these numbers, {name, label, least, most} a whole number.
                  A range's `most`, and the dial's, is how large a number may be that is set elsewhere
                  A control named in `traits` sets that trait; the others make up the scene's key: the chosen option, then
                  "+name" of each switch that is on. `place` puts it into "head" (the default), "dial" or "foot".
                  `unlinked`: the address does not tell it.
                  `sets` {value: {trait: value}}: what else choosing a value sets
    traits        {name: value at rest} of what a live view turns
    scenes        {key: {holds {panel: what it holds in this scene}, frames [frame, ...]}}
    frame         status (the sentence), shows {panel: how much of it}; a panel that a frame does not show is away
                  ask: a question before it, {question, choices, options [[value, text], ...] (a list, and what is pressed) or tol, answer, shown, why, before {status, shows}}
                  actions: [[name, text], ...], buttons below; dial: what stands beside the dial;
                  controls: the names of the controls that are there, "dial" among them, all unless told
    live          {module, words {name: template}, witness [number, ...], ... data}: frames made in the page by
                  widgets/js/<module>.js, if what its `witness` computes there is the same; without `live` the scenes hold all frames
    keys          of scenes that are made in the page only
    first         the number of the first step: 1, or 0 where steps count updates
    steps         False for a view of one frame, which has no buttons to step with
    still         which frame stands for a live view on paper, the last unless told
"""

from typing import Any, NotRequired, TypedDict, get_args, get_origin, get_type_hints, is_typeddict

Symbol = list[str]  # [letter, subscript, superscript], or empty


class Node(TypedDict):
    id: str
    symbol: Symbol
    value: str
    column: int
    row: int
    rows: int


class Edge(TypedDict):
    """An edge between two nodes; `choice` is what choosing it chooses, or empty."""

    id: str
    choice: str
    symbol: Symbol
    label: str


class NetworkHolds(TypedDict):
    """In a scene, values {node: text} and labels {edge: text} stand in for those of the nodes and edges."""

    name: NotRequired[str]
    columns: NotRequired[list[str]]
    nodes: NotRequired[list[dict]]
    edges: NotRequired[list[dict]]
    values: NotRequired[dict[str, str]]
    labels: NotRequired[dict[str, str]]


class NetworkShows(TypedDict):
    """lit: nodes in play; routes: {edge: the paths over it}, 0 for an edge that is lit by itself; tags: {node: text beside it},
    briefs: the same on a narrow drawing; numbers: {edge: text} in place of the number it holds; sizes: {edge: weight}, drawn as
    wide as it is large, and dashed where it is negative."""

    lit: list[str]
    routes: dict[str, list[int]]
    values: NotRequired[dict[str, str]]
    labels: NotRequired[dict[str, str]]
    numbers: NotRequired[dict[str, str]]
    sizes: NotRequired[dict[str, float]]
    tags: NotRequired[dict[str, str]]
    briefs: NotRequired[dict[str, str]]


class LedgerHolds(TypedDict):
    """rows: products, path 0 is what all paths share; where one can be left out it is `counted` or not, and `without` says that some are not;
    total: [[text, path], ...]; agrees: whether all witnesses do."""

    derivative: NotRequired[list[Symbol]]
    rows: NotRequired[list[dict]]
    total: NotRequired[list[list]]
    agrees: NotRequired[bool]
    without: NotRequired[str]


class LedgerShows(TypedDict):
    """rows: for each row 0 nothing, 1 its symbols, 2 its numbers too."""

    rows: list[int]
    total: bool
    check: bool


class Axis(TypedDict):
    """ticks: [[value, text], ...]."""

    label: NotRequired[str]
    least: float
    most: float
    ticks: list[list]
    log: NotRequired[bool]


class Mark(TypedDict):
    """points: [x0, y0, x1, y1, ...]; text stands at the last of them. kind is line, step (a stair), dots, ring, ball, star, arrow or
    text; ink one of ink, soft, accent, back, right, wrong, path-1 ... path-6; size: the radius of dots."""

    kind: str
    points: list
    ink: str
    dash: NotRequired[bool]
    text: NotRequired[str]
    size: NotRequired[float]


class ChartHolds(TypedDict):
    """height and narrow: of the whole chart in a wide and in a narrow card, in sixteenths of the reader's font size; beside: right of the
    panel before it, where the card is wide; pressed: whether a press on it is an act of the view; dot: the radius of dots."""

    name: str
    title: NotRequired[str]
    x: Axis
    y: Axis
    height: NotRequired[int]
    narrow: NotRequired[int]
    beside: NotRequired[bool]
    pressed: NotRequired[bool]
    dot: NotRequired[float]


class ChartShows(TypedDict):
    """title, x and y stand in for what is held; said: what there is to see, for who cannot."""

    marks: list[Mark]
    title: NotRequired[str]
    x: NotRequired[Axis]
    y: NotRequired[Axis]
    said: NotRequired[str]


class ChainHolds(TypedDict):
    """rows: quantities one after the other, {symbol, text, value}; links: between each two, {symbol, text, slope}."""

    name: NotRequired[str]
    rows: NotRequired[list[dict]]
    links: NotRequired[list[dict]]
    beside: NotRequired[bool]


class ChainShows(TypedDict):
    """at: how many links the change has passed; changes of the quantities so far, ratios of the links so far as [digits as in the slope, the rest]."""

    changes: list[str]
    ratios: list[list]
    at: int


class MatricesHolds(TypedDict):
    """grids: [[layer, rows, columns], ...]; choices: for each cell, grid by grid and row by row, what choosing it chooses; heads: whether
    rows and columns are numbered."""

    name: str
    grids: list[list[int]]
    choices: list[str]
    heads: NotRequired[bool]


class MatricesShows(TypedDict):
    """letter: W or dW; cells: the text of each; old: what it was before, struck out, or empty; lit, wrong: numbers of cells."""

    letter: str
    cells: list[str]
    lit: list[int]
    wrong: list[int]
    note: str
    old: NotRequired[list[str]]


class CodeHolds(TypedDict):
    name: str
    lines: list[str]


class CodeShows(TypedDict):
    """line: the running line, from 1, or 0; mistake: what stands there instead, shown below it; all: a narrow card shows every line, too."""

    line: int
    mistake: NotRequired[str]
    title: NotRequired[str]
    all: NotRequired[bool]


class TapeHolds(TypedDict):
    """A bar a point from 0, clipped at least and most; signed: bars below 0 are another kind than those above."""

    name: str
    title: NotRequired[str]
    least: float
    most: float
    signed: NotRequired[bool]
    height: NotRequired[int]
    narrow: NotRequired[int]
    pressed: NotRequired[bool]


class TapeShows(TypedDict):
    """done: how many bars are past, the others wait; head: behind how many of them the green head stands; cuts: likewise where the
    tape is cut; means: [[from, to, value, text], ...], a level line over some bars; said as in a chart."""

    bars: list[float]
    title: NotRequired[str]
    done: NotRequired[int]
    head: NotRequired[int]
    cuts: NotRequired[list[int]]
    means: NotRequired[list[list]]
    said: NotRequired[str]


class BoxesHolds(TypedDict):
    """width, height: of the drawing, whose units are its own."""

    name: str
    width: int
    height: int


class BoxesShows(TypedDict):
    """boxes: [[x, y, width, height, ink], ...]; texts: [[x, y, text, ink, anchor], ...]; said as in a chart."""

    boxes: list[list]
    texts: list[list]
    said: str


PANELS = {
    "network": (NetworkHolds, NetworkShows),
    "ledger": (LedgerHolds, LedgerShows),
    "chart": (ChartHolds, ChartShows),
    "tape": (TapeHolds, TapeShows),
    "chain": (ChainHolds, ChainShows),
    "boxes": (BoxesHolds, BoxesShows),
    "matrices": (MatricesHolds, MatricesShows),
    "code": (CodeHolds, CodeShows),
}


def kind_of(spec, panel):
    """The module in widgets/js that draws this panel of a view."""
    return spec["panels"][panel].get("kind", panel)


def checked(spec):
    """`spec` itself, if it keeps the contract; else a ValueError that names scene, frame and panel."""
    for panel, holds in spec["panels"].items():
        if kind_of(spec, panel) not in PANELS:
            raise ValueError(f"{spec['name']}: no panel is called {kind_of(spec, panel)!r}; there are {', '.join(PANELS)}")
        _fits(f"{spec['name']}, panel {panel}", {name: held for name, held in holds.items() if name != "kind"}, PANELS[kind_of(spec, panel)][0])
    for key, scene in spec.get("scenes", {}).items():
        for panel, holds in scene.get("holds", {}).items():
            where = f"{spec['name']}, scene {key}, panel {panel}"
            if panel not in spec["panels"]:
                raise ValueError(f"{where}: the view has no such panel")
            _fits(where, holds, PANELS[kind_of(spec, panel)][0])
        for number, frame in enumerate(scene["frames"], start=1):
            checked_frame(spec, frame, scene.get("holds", {}), f"{spec['name']}, scene {key}, frame {number}")
    return spec


def asked(question, answer, why, status, *, shown=None, tol=0, choices=None, shows=None, **more):
    """A frame's `ask`: a text among `choices` or among the `options` in `more`, or a number, right within `tol` and printed as `shown`.
    `slips`: [[answer, what is said to it], ...], with a third entry where that begins with no "No".
    Until it is answered `status` and `shows` stand in for the frame's own."""
    return {"question": question, "answer": answer, "shown": answer if shown is None else shown, "tol": tol, "choices": choices, "why": why, **more,
            "before": {"status": status, "shows": shows or {}}}


def checked_frame(spec, frame, holds, where):
    """`frame` itself, if a view of this spec can show it; `holds` is what its scene holds."""
    if not isinstance(frame.get("status"), str) or not frame["status"]:
        raise ValueError(f"{where}: a frame needs a status, one sentence of text")
    for shows in (frame["shows"], frame.get("ask", {}).get("before", {}).get("shows", {})):
        for panel, shown in shows.items():
            if panel not in spec["panels"]:
                raise ValueError(f"{where}, panel {panel}: the view has no such panel")
            _fits(f"{where}, panel {panel}", shown, PANELS[kind_of(spec, panel)][1])
    held = {panel: {**spec["panels"][panel], **holds.get(panel, {})} for panel in frame["shows"]}
    if shown := frame["shows"].get("network"):
        for what, known, used in (("node", "nodes", [*shown["lit"], *shown.get("tags", {})]), ("edge", "edges", [*shown["routes"]])):
            strange = set(used) - {one["id"] for one in held["network"][known]}
            if strange:
                raise ValueError(f"{where}, panel network: the drawing has no {what} {min(strange)!r}")
    if (shown := frame["shows"].get("ledger")) and len(shown["rows"]) != len(held["ledger"]["rows"]):
        raise ValueError(f"{where}, panel ledger: {len(shown['rows'])} levels for {len(held['ledger']['rows'])} rows")
    return frame


def _fits(where, value, kind):
    """Raises ValueError where `value` is not of the typing kind."""
    if is_typeddict(kind):
        hints = get_type_hints(kind)
        strange, missing = set(value) - set(hints), kind.__required_keys__ - set(value)
        if strange or missing:
            raise ValueError(f"{where}: " + "; ".join([f"{name!r} is missing" for name in sorted(missing)] + [f"{name!r} is unknown" for name in sorted(strange)]))
        for name, one in value.items():
            _fits(f"{where}, {name}", one, hints[name])
        return
    if kind is Any:
        return
    outer, inner = (float, int) if kind is float else get_origin(kind) or kind, get_args(kind)
    if not isinstance(value, outer) or (outer is int and isinstance(value, bool)):
        raise ValueError(f"{where}: expected {getattr(kind, '__name__', kind)}, but {value!r} came")
    if outer is list and inner:
        for n, one in enumerate(value):
            _fits(f"{where}[{n}]", one, inner[0])
    if outer is dict and inner:
        for name, one in value.items():
            _fits(f"{where}[{name!r}]", one, inner[1])
