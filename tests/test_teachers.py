"""The page for teachers: its times follow from the lengths of the chapters."""

import re

import pytest
from chapters import cells
from support import ROOT

PAGE = (ROOT / "book" / "for-teachers.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("number", range(1, 8))
def test_the_time_to_read_a_chapter(number):
    words = sum(len("".join(cell["source"]).split()) for cell in cells(number) if cell["cell_type"] == "markdown")
    reading, whole = map(int, re.search(rf"^\| \[{number} .*?\) \| (\d+) \| (\d+) \|$", PAGE, re.M).groups())
    assert abs(reading - words / 130) <= 5 and reading % 5 == 0
    assert 50 <= whole - reading <= 90
