"""What the chapters' tests share: a chapter's text as the reader sees it, and a chapter run from top to bottom.

A chapter is named by its number, the warm-up by "warm-up", any notebook by its path.
"""

import contextlib
import io
import json
import re
from functools import lru_cache
from html import unescape
from pathlib import Path

import matplotlib

CHAPTERS = Path(__file__).parents[1] / "chapters"
WARM_UP = CHAPTERS.parent / "book" / "warm-up.ipynb"


def path_of(number):
    if isinstance(number, Path):
        return number
    (path,) = [WARM_UP] if number == "warm-up" else CHAPTERS.glob(f"{number:02d}-*.ipynb")
    return path


def cells(number):
    return read(path_of(number))


@lru_cache
def read(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def run(number):
    """The names a chapter leaves behind, and the specs of its predictions in order of appearance."""
    return executed(path_of(number))


@lru_cache
def executed(path):
    matplotlib.use("agg")
    from matplotlib import pyplot

    from mlp import widgets

    asked, names = [], {}
    real = widgets.predict

    def recorded(*args, **kwargs):
        prediction = real(*args, **kwargs)
        asked.append(prediction.spec)
        return prediction

    widgets.predict = recorded
    try:
        for cell in read(path):
            if cell["cell_type"] == "code":
                with contextlib.redirect_stdout(io.StringIO()):
                    exec(compile("".join(cell["source"]), cell["id"], "exec"), names)
    finally:
        widgets.predict = real
        pyplot.close("all")
    return names, asked


def printed(number, containing=""):
    """What the cells with these words in their source print, as stored; a table as its text."""
    found = [c for c in cells(number) if c["cell_type"] == "code" and containing in "".join(c["source"])]
    assert found, f"chapter {number} has no cell with {containing!r}"
    return "\n".join(map(said, found))


def said(cell):
    """What a cell prints, as stored; a table as its text."""
    parts = [o.get("text") or o.get("data", {}).get("text/plain", "") for o in cell["outputs"]]
    return "\n".join("".join(part).removesuffix("\n") for part in parts)


def results(number, containing):
    """The rows of the one table that a cell shows, each a list of its cells' texts."""
    (cell,) = [c for c in cells(number) if containing in "".join(c["source"]) if any("text/html" in o.get("data", {}) for o in c.get("outputs", []))]
    return table(cell)[1:]


def table(cell):
    """The rows of the one table that a cell shows, its headings first."""
    (shown,) = [o["data"]["text/html"] for o in cell["outputs"] if "text/html" in o.get("data", {})]
    rows = re.findall("<tr>(.*?)</tr>", "".join(shown))
    return [[unescape(cell).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in rows]
