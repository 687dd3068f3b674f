"""Every number of the pages is listed, page by page, in numbers.txt, and computed; those of the pages that no test of their own has are tried here."""

import ast
import re
import tomllib

import pytest
from chapters import cells
from formulas import ROOT, pages
from numerals import HOMES, SETTING, holds, listed, sections

needed = float(re.search(r"[\d.]+", tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"])[0])  # Python


def reading(chapter):
    """Minutes to read a chapter, at 130 words a minute."""
    return sum(len("".join(cell["source"]).split()) for cell in cells(chapter) if cell["cell_type"] == "markdown") / 130


def exercises():
    """How many exercises each chapter has."""
    (count,) = {sum("".join(cell["source"]).count("<summary>Solution") for cell in cells(chapter)) for chapter in range(1, 8)}
    return count


@pytest.mark.parametrize("page", sorted(set(listed()) - set(HOMES)))
def test_every_number(page):
    holds(page, globals())


def test_every_page_with_numbers_is_listed():
    assert {page for page in pages() if sections(page)} == set(listed())


@pytest.mark.parametrize("page", listed())
def test_what_stands_by_itself_is_a_label_or_below_ten(page):
    """Anything else is computed, or is a setting with a name."""
    for _, expressions in listed()[page]:
        for expression in (one for one in expressions if not SETTING.match(one) and not re.match(r"N\d|[½¼]$|\"\d\d\"$", one)):
            names = [node for node in ast.walk(ast.parse(expression)) if isinstance(node, ast.Name)]
            literals = [node.value for node in ast.walk(ast.parse(expression)) if isinstance(node, ast.Constant)]
            assert names or len(literals) > 1 or re.fullmatch(r"-?\d", expression), f"{expression}: name it, `name = {expression}`, or compute it"
