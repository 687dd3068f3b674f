"""The rectangle f · g (chapter 4): its areas, and the page's steps and questions."""

import re

import pytest
from playwright.sync_api import expect
from support import PHONE, WIDE, address, number

from mlp import trace
from mlp.trace.rectangle import SCALE
from mlp.widgets import Rectangle

SPEC = trace.rectangle()
FRAMES = SPEC["scenes"]["x2"]["frames"]
PAGE = "chapters/04-multi-path-derivatives.html"


def said(frame):
    return frame["ask"]["before"]["status"] + " " + frame["ask"]["question"] if "ask" in frame else frame["status"]


@pytest.mark.parametrize("frame", FRAMES)
def test_the_parts_are_what_the_area_grows_by(frame):
    step = float(number(re.search(r"Δx = (\S+),", frame["status"])[1]))
    whole = lambda x: x**2 * 3 * x  # noqa: E731
    parts = [float(number(one)) for one in re.search(r"grows by (\S+) \+ (\S+) \+ (\S+)\.", frame["status"]).groups()]
    assert sum(parts) == pytest.approx(whole(2 + step) - whole(2), abs=1e-4)
    assert parts == pytest.approx([6 * ((2 + step) ** 2 - 4), 4 * 3 * step, ((2 + step) ** 2 - 4) * 3 * step], abs=1e-4)
    *shares, slope = (float(number(one)) for one in re.search(r"by Δx: (\S+) \+ (\S+) \+ (\S+) = (\S+)\.", frame["status"]).groups())
    assert sum(shares) == pytest.approx(slope, abs=1e-4) and slope == pytest.approx((whole(2 + step) - whole(2)) / step, abs=1e-4)
    boxes = [width * height / SCALE ** 2 for _, _, width, height, _ in frame["shows"]["boxes"]["boxes"]]
    assert boxes == pytest.approx([24, *parts], abs=0.3), "drawn to scale"


def test_the_corner_goes_faster_than_the_strips():
    """The answers of both questions."""
    corners = [((2 + step) ** 2 - 4) * 3 * step for step in (1, 0.5, 0.25)]
    assert [round(one / other, 2) for one, other in zip(corners[1:], corners)] == [0.23, 0.24] and FRAMES[0]["ask"]["answer"] == "about a quarter"
    assert FRAMES[-1]["ask"]["answer"] == 6 * 4 + 4 * 3


@pytest.mark.parametrize("viewport, theme, scheme", [(WIDE, "light", "http"), (PHONE, "dark", "file")])
def test_it_is_stepped_through_and_answered(site, pages, viewport, theme, scheme):
    page = pages(viewport, theme)
    page.goto(address(site, PAGE, scheme))
    card = page.get_by_role("region", name="The rectangle h = f · g")
    status, following, drawing = card.get_by_role("status"), card.get_by_role("button", name="Next step"), card.get_by_role("img")
    expect(status).to_have_text(said(FRAMES[0]))
    card.get_by_role("radio", name="about a half").check()
    card.get_by_role("button", name="Check").click()
    expect(card).to_contain_text("No, not “about a half”.")
    for frame in FRAMES[1:]:
        following.click()
        expect(status).to_have_text(said(frame))
        assert frame["shows"]["boxes"]["said"] in drawing.get_attribute("aria-label")
    assert "36" not in re.sub(r"36\.1803", "", card.text_content()), "no answer before the question"
    card.get_by_role("textbox", name="Your answer").fill("36")
    card.get_by_role("button", name="Check").click()
    expect(status).to_contain_text("Yes, 36. The strips go to 6 · 4 = 24 and 4 · 3 = 12, the corner to 0.")
    boxes = [part.bounding_box() for part in (drawing, status, following)]
    assert max(box["y"] + box["height"] for box in boxes) - min(box["y"] for box in boxes) <= viewport[1] - 48
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport[0] and page.log.problems == []


def test_in_a_notebook_it_shows_the_first_step_only():
    view = Rectangle()
    assert repr(view).startswith("The rectangle h = f · g (5 steps).") and view._picture()["image/png"]
    assert "about a quarter" not in view._said() and "goes to 0?" in view._said()
