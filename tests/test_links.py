"""What the text mentions, it leads to; and a word of the glossary says what it means."""

import re

import pytest
from playwright.sync_api import expect
from support import HTML, PHONE, WIDE, address, site_pages

FOLDED = re.compile(r"<(script|style|svg|noscript|pre|code|a|math|h[1-6])\b.*?</\1>|<[^>]*>", re.S)
MENTION = re.compile(r"(?<!its )\b(?:chapters? (\d)|exercise \d|(?:and|to|or|,) N\d+\.\d)", re.I)


def article(path):
    return re.search(r'<article class="bd-article".*</article>', (HTML / path).read_text(encoding="utf-8"), re.S)[0]


@pytest.mark.parametrize("path", site_pages() or ["book/index.html"])
def test_no_chapter_exercise_or_equation_is_mentioned_without_a_link(path):
    own = re.match(r"chapters/0(\d)", path)
    prose = FOLDED.sub(lambda tag: "" if tag[0].startswith(("<", "</")) else tag[0], article(path) if path != "search.html" else "")
    left = [found[0] for found in MENTION.finditer(prose) if not (own and found[1] == own[1])]
    assert left == []


def test_exercises_equations_and_figures_have_anchors():
    chapters = sorted(path for path in site_pages() if path.startswith("chapters/"))
    for number, path in enumerate(chapters, start=1):
        page = article(path)
        bold = re.findall(r"<strong>(\d+)\.</strong>", page.partition('<section id="exercises">')[2])
        assert re.findall(r'<p id="exercise-(\d+)">', page) == bold and len(bold) >= 5, path
        assert {f"eq-{tag}" for tag in re.findall(r"\\tag\{(N[\d.]+a?)\}", page)} == set(re.findall(r'<div class="math[^"]*" id="(eq-[^"]+)"', page)), path
        names = re.findall(r'<a class="figure-number[^>]*href="#fig-(\d+)">Figure (\d)\.(\d+)</a>', page)
        assert names == [(str(n), str(number), str(n)) for n in range(1, page.count("<figcaption>") + 1)] and names, path
        assert re.findall(r'id="fig-(\d+)"', page) == [n for n, _, _ in names], path


def test_a_section_named_in_italics_is_linked():
    assert 'href="../chapters/03-chain-rule.html#where-comes-from"><em>Where σ′ comes from</em></a>' in article("book/notation.html")


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("where", ["http", "file"])
def test_a_word_of_the_glossary_says_what_it_means(viewport, where, site, pages):
    page = pages(viewport, "light")
    page.goto(address(site, "chapters/02-loss-and-regularizers.html", where))
    word, tip = page.locator("a.glossary-word", has_text="learning rate"), page.get_by_role("tooltip")
    assert word.count() == 1, "the first use only"
    word.focus()
    expect(tip).to_be_visible()
    expect(word).to_have_accessible_description(re.compile("If it is too small, training is slow"))
    box, room = tip.bounding_box(), page.evaluate("document.documentElement.clientWidth")
    assert 0 <= box["x"] and box["x"] + box["width"] <= room
    assert abs(box["y"] - word.bounding_box()["y"]) < 300
    page.keyboard.press("Escape")
    expect(tip).to_have_count(0)
    word.hover()
    expect(tip).to_be_visible()
    tip.hover()
    expect(tip).to_be_visible()
    page.mouse.move(1, 1)
    expect(tip).to_have_count(0)
    word.click()
    page.wait_for_url(re.compile(r"glossary\.html#term-Learning-rate"))
    assert page.log.problems == []
