"""What the chapters' tests share: a chapter's text as the reader sees it, and a chapter run from top to bottom.

A chapter is named by its number, the warm-up by "warm-up".
"""

import json
import re
from functools import lru_cache
from html import unescape
from pathlib import Path

import matplotlib

CHAPTERS = Path(__file__).parents[1] / "chapters"
WARM_UP = CHAPTERS.parent / "book" / "warm-up.ipynb"


@lru_cache
def cells(number):
    (path,) = [WARM_UP] if number == "warm-up" else CHAPTERS.glob(f"{number:02d}-*.ipynb")
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


@lru_cache
def run(number):
    """The names a chapter leaves behind, and the specs of its predictions in order of appearance."""
    matplotlib.use("agg")
    from mlp import widgets

    asked, names = [], {}
    real = widgets.predict

    def recorded(*args, **kwargs):
        prediction = real(*args, **kwargs)
        asked.append(prediction.spec)
        return prediction

    widgets.predict = recorded
    try:
        for cell in cells(number):
            if cell["cell_type"] == "code":
                exec(compile("".join(cell["source"]), cell["id"], "exec"), names)
    finally:
        widgets.predict = real
        matplotlib.pyplot.close("all")
    return names, asked


@lru_cache
def text(number):
    """The chapter's Markdown and what its predictions say, with every run of white space as one space."""
    parts = ["".join(cell["source"]) for cell in cells(number) if cell["cell_type"] == "markdown"]
    parts += [f"{spec['question']} {spec['why']}" for spec in run(number)[1]]
    return re.sub(r"\s+", " ", " ".join(parts))


def printed(number, containing=""):
    """What the cells with these words in their source print, as stored; a table as its text."""
    found = [c for c in cells(number) if c["cell_type"] == "code" and containing in "".join(c["source"])]
    assert found, f"chapter {number} has no cell with {containing!r}"
    parts = [o.get("text") or o.get("data", {}).get("text/plain", "") for c in found for o in c["outputs"]]
    return "\n".join("".join(part).removesuffix("\n") for part in parts)


def results(number, containing):
    """The rows of the one table that a cell shows, each a list of its cells' texts."""
    (shown,) = [o["data"] for c in cells(number) if containing in "".join(c["source"]) for o in c.get("outputs", []) if "text/html" in o.get("data", {})]
    rows = re.findall("<tr>(.*?)</tr>", "".join(shown["text/html"]))
    return [[unescape(cell).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in rows[1:]]


def says(number, *snippets):
    """Fails where the chapter does not say one of the snippets: numbers in prose are checked by computing them into it."""
    missing = [snippet for snippet in snippets if re.sub(r"\s+", " ", snippet) not in text(number)]
    assert not missing, f"chapter {number} does not say {missing}"
