"""Results under headings: a table of HTML where a notebook or a page shows them, aligned text elsewhere."""

import math
import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

import numpy as np

from . import _checks

POINT, DIGIT = "\u2008", "\u2007"  # spaces as wide as a point and as a digit: they bring the points of a column under each other
OPEN = ('<div class="pst-scrollable-table-container">'
        '<table class="table results" style="text-align: right; font-variant-numeric: tabular-nums">')
TINTS = {True: "0 114 178", False: "204 102 0"}  # above zero and below: like the book's blue and orange, but alike in light and dark
DARKEST = 0.3  # of the tint, behind the largest number: what is on it can be read, light and dark


@dataclass(frozen=True, repr=False)
class Table:
    """What `table` makes: plain values in `rows`, and how they are printed."""

    headings: tuple
    rows: tuple
    digits: tuple
    tint: bool
    caption: str

    def __repr__(self):
        lines = [self.headings, *zip(*(column for column, _ in self._columns()))]
        lines = [[cell.replace(POINT, " ").replace(DIGIT, " ") for cell in line] for line in lines]
        widths = [max(map(len, column)) for column in zip(*lines)]
        sides = [str.rjust if counts else str.ljust for _, counts in self._columns()]
        lines = ["   ".join(side(cell, width) for side, cell, width in zip(sides, line, widths)).rstrip() for line in lines]
        return "\n".join([self.caption, *lines] if self.caption else lines)

    def _repr_html_(self):
        columns, largest = self._columns(), max([abs(v) for row in self.rows for v in row[1:] if _tinted(v)], default=0)
        lefts = ["" if counts else "text-align: left" for _, counts in columns]
        body = []
        for n, row in enumerate(self.rows):
            cells = [_html('th scope="row"', columns[0][0][n], lefts[0])]
            for (texts, _), left, value in zip(columns[1:], lefts[1:], row[1:]):
                shade = f"background: rgb({TINTS[value > 0]} / {DARKEST * abs(value) / largest:.2f})" if self.tint and _tinted(value) else ""
                cells.append(_html("td", texts[n], left or shade))
            body.append(f"<tr>{''.join(cells)}</tr>")
        head = "".join(_html('th scope="col"', heading, left) for heading, left in zip(self.headings, lefts))
        lines = [_html("caption", self.caption, "caption-side: top; text-align: left")] if self.caption else []
        lines += ["<thead>", f"<tr>{head}</tr>", "</thead>", "<tbody>", *body, "</tbody>"]
        return "\n".join([OPEN, *lines, "</table></div>"])

    def _columns(self):
        """Each column's texts, and whether it has numbers: these are padded, so that point stands under point."""
        columns = []
        for values, places in zip(zip(*self.rows), self.digits):
            texts = [_text(value, places) for value in values]
            after = [len(text.partition(".")[2]) for text in texts]
            most = max([n for n, value in zip(after, values) if _counts(value)], default=0)
            pads = [("" if n or not most else POINT) + DIGIT * (most - n) if _counts(value) else "" for n, value in zip(after, values)]
            columns.append(([text + pad for text, pad in zip(texts, pads)], any(map(_counts, values))))
        return columns


def table(rows, headings, digits=None, *, tint=False, caption=""):
    """`rows` of results under `headings`; the first column names the rows and is shown as it is.

    `digits` is the number of decimals of the floats in the other columns, or a list with one for each column, the
    first too; None shows a float as it is. An integer stays one, True and False become yes and no, None an empty
    cell; a list, a tuple or a row of an array becomes its entries with commas, anything else its text.
    With `tint`, a colour behind each float but the first column's says its sign and its size.
    Units stand in the headings or in the `caption`.

    Raises ValueError or TypeError where there is no row, or one that has not an entry for each heading.

    >>> table([(eta, 1 - 2 * eta, eta < 1) for eta in (0.1, 0.75, 1.05)], ["η", "w after a step", "nearer to 0"], 3)
       η   w after a step   nearer to 0
    0.1             0.800   yes
    0.75           −0.500   yes
    1.05           −1.100   no
    """
    headings = tuple(_line("each of the headings", heading) for heading in _listed("headings", headings))
    if not all(headings):
        raise ValueError(f"headings must each say something, but {list(headings)} came")
    rows = tuple(tuple(map(_plain, _listed("each of the rows", row))) for row in _listed("rows", rows))
    if not rows:
        raise ValueError("rows is empty; a table has at least one row")
    for number, row in enumerate(rows, start=1):
        if len(row) != len(headings):
            raise ValueError(f"rows must have {len(headings)} entries each, one for each heading, but row {number} has {len(row)}")
    if digits is None or isinstance(digits, numbers.Integral):
        digits = [None, *[digits] * (len(headings) - 1)]
    digits = tuple(places if places is None else _checks.integer("digits", places, 0, 17) for places in _listed("digits", digits))
    if len(digits) != len(headings):
        raise ValueError(f"digits must be one number, or one for each of the {len(headings)} columns, but {len(digits)} came")
    return Table(headings, rows, digits, _checks.boolean("tint", tint), _line("caption", caption))


def weight_table(W, digits=4, *, caption=""):
    """What has the shape of a network's weights: row (k, i) and column j hold the number that belongs to w^k_ij.

    `W` is {layer: matrix}, as `net.W`, `grad.W` or a part of them.

    >>> weight_table({2: [[0.7, -0.4], [-0.2, 0.5]], 3: [[0.8], [-0.6]]}, 1)
    layer, from   to 1   to 2
    2, 1           0.7   −0.4
    2, 2          −0.2    0.5
    3, 1           0.8
    3, 2          −0.6
    """
    if not isinstance(W, Mapping):
        raise TypeError(f"W must be {{layer: matrix}}, but {_checks.shown(W)} came")
    W = {_checks.integer("layer", k, 1): _checks.real_array(f"W[{k}]", W[k]) for k in W}
    for k in W:
        if W[k].ndim != 2:
            raise ValueError(f"W[{k}] must be 2-D, a row for each unit of layer {k - 1}, but its shape is {W[k].shape}")
    most = max((W[k].shape[1] for k in W), default=0)
    rows = [((k, i), *row, *[None] * (most - len(row))) for k in sorted(W) for i, row in enumerate(W[k], start=1)]
    return table(rows, ["layer, from", *(f"to {j}" for j in range(1, most + 1))], digits, tint=True, caption=caption)


def _listed(name, value):
    """The entries of `value`, which is anything that has them in order, and no string."""
    if isinstance(value, (str, bytes, dict, set)) or not hasattr(value, "__iter__") or getattr(value, "ndim", 1) == 0:
        raise TypeError(f"{name} must be a list, but {_checks.shown(value)} came")
    return list(value)


def _line(name, value):
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a string, but {_checks.shown(value)} came")
    return " ".join(value.split())


def _plain(value):
    """An entry as what Python prints by itself: None, a bool, an int, a float, a string, or a tuple of these."""
    if isinstance(value, (np.generic, np.ndarray)) and value.ndim == 0:
        value = value.item()
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (list, tuple, range, np.ndarray)):
        return tuple(map(_plain, value))
    if isinstance(value, numbers.Real):
        return int(value) if isinstance(value, numbers.Integral) else float(value)
    return " ".join(str(value).split())


def _text(value, digits):
    """One plain value as it is printed, with the minus sign of the book's formulas."""
    if isinstance(value, tuple):
        return ", ".join(_text(entry, digits) for entry in value)
    if value is None or isinstance(value, (bool, str)):
        return {None: "", True: "yes", False: "no"}.get(value, value)
    comma = "," if abs(value) >= 10_000 else ""  # 10,600 and 1060
    if isinstance(value, int):
        text = f"{value:{comma}}"
    elif digits is None:
        text = np.format_float_positional(value, trim="-")
    else:
        text = f"{value:z{comma}.{digits}f}"  # z: what is rounded to 0 has no sign
    return text.replace("-", "−")


def _counts(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _tinted(value):
    """Whether a colour can tell a value's sign and size."""
    return isinstance(value, float) and math.isfinite(value) and value != 0


def _html(tag, text, style=""):
    style = f' style="{style}"' if style else ""
    return f"<{tag}{style}>{escape(text)}</{tag.split()[0]}>"
