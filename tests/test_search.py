"""Search as one types: what a reader may look for, and the section that must come first; over http, from disk, by keyboard, on a phone."""

import gzip
import json
import re

import pytest
from playwright.sync_api import expect
from support import PHONE, WIDE

# What is typed, and how the address of the first section found goes on after the site's.
WANTED = {
    "learning rate": "chapters/02", "sigmoid derivative": "chapters/03-chain-rule.html#where-comes-from", "vanishing": "chapters/03|book/where-to-go-next.html#deeper", "dead relu": "chapters/05",
    "regularisation": "chapters/02", "regularization": "chapters/02", "batch size": "chapters/07", "step size": "chapters/02", "weight decay": "chapters/02", "lasso": "chapters/02", "sparse": "chapters/02",
    "w231": "chapters/0[134]", "w2_31": "chapters/0[134]", "w^2_{31}": "chapters/0[134]", "w²₃₁": "chapters/0[134]", "w_{31}^2": "chapters/0[134]", "O21": "chapters/0[34]", "O_{21}": "chapters/0[34]", "dZ": "chapters/05", "dW": "chapters/05",
    "w^k_{ij}": "chapters/01", "chain rule": "chapters/03-chain-rule.html$", "why add": "chapters/04-multi-path-derivatives.html#why-they-add", "two paths": "chapters/04", "diamond": "chapters/04", "multi path": "chapters/04",
    "sharing": "chapters/04", "finite difference": "chapters/05", "gradient check": "chapters/0[2357]", "epoch": "chapters/06", "five epochs": "chapters/06", "when to stop": "chapters/0[26]", "noise floor": "chapters/06",
    "held out": "chapters/06", "overfitting": "chapters/06|book/where", "shuffled order": "chapters/06", "full batch": "chapters/07", "mini-batch": "chapters/07", "short last batch": "chapters/07", "sum or mean": "chapters/02",
    "bias": "chapters/01", "squared loss": "chapters/02", "squared_loss": "chapters/02", "old weights": "chapters/05", "equal weights": "chapters/05", "symmetry": "chapters/05", "tanh": "chapters/05", "random numbers": "chapters/05",
    "softmax": "book/where-to-go-next.html", "adam": "book/where-to-go-next.html#adam", "momentum": "book/where-to-go-next.html#momentum", "pytorch": "book/where-to-go-next.html", "dropout": "book/where-to-go-next.html",
    "cross-entropy": "book/where-to-go-next.html", "glossary": "book/glossary.html", "matrix": "book/warm-up.html", "parabola": "chapters/02", "heaviness": "chapters/02", "hidden layer": "chapters/0[15]", "eta": "chapters/0[27]",
    "exploding": "chapters/03", "elementwise": "chapters/05", "initialization": "book/glossary", "initialisation": "book/glossary", "optimization problem": "chapters/02", "regularizr": "chapters/02",
}  # fmt: skip


def opened(page, where):
    page.goto(where)
    page.keyboard.press("Control+k")
    return page.get_by_role("searchbox").locator("visible=true")


def where(site, html, scheme):
    return f"{site}/book/index.html" if scheme == "http" else (html / "book" / "index.html").as_uri()


@pytest.mark.parametrize("scheme", ["http", "disk"])
def test_what_is_looked_for_comes_first(site, html, new_page, scheme):
    page = new_page(WIDE, "light")
    field, root = opened(page, where(site, html, scheme)), where(site, html, scheme).removesuffix("book/index.html")
    hits = page.get_by_role("list", name="Sections found").get_by_role("link")
    wrong = {}
    for typed, right in WANTED.items() if scheme == "http" else list(WANTED.items())[:6]:
        field.fill("")
        expect(hits).to_have_count(0)
        field.fill(typed)
        expect(page.locator(".search-said")).to_contain_text("section")
        first = hits.first.get_attribute("href").removeprefix(root) if hits.count() else "nothing"
        if not re.match(right, first):
            wrong[typed] = first
    assert wrong == {}
    assert page.log.problems == []
    page.context.close()


def test_nothing_is_loaded_before_it_is_used_and_little_then(site, html, new_page):
    page = new_page(WIDE, "light")
    page.goto(f"{site}/book/index.html")
    assert not [url for url in page.log.requests if "search-index" in url or "minisearch" in url]
    assert len(gzip.compress((html / "_static" / "search-index.js").read_bytes())) < 60_000
    page.context.close()


@pytest.mark.parametrize("viewport, theme", [(WIDE, "light"), (PHONE, "dark")])
def test_by_keyboard_to_the_section(site, html, new_page, viewport, theme):
    page = new_page(viewport, theme)
    field = opened(page, f"{site}/chapters/07-batches.html")
    field.fill("why add")
    hits = page.get_by_role("list", name="Sections found").get_by_role("link")
    expect(hits.first).to_contain_text("Why they add")
    box = hits.first.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= viewport[0], "nothing is cut off"
    page.keyboard.press("ArrowDown")
    expect(hits.first).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(field).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("04-multi-path-derivatives.html#why-they-add"))
    expect(page.get_by_role("heading", name="Why they add")).to_be_in_viewport()
    page.context.close()


def test_a_word_that_is_nowhere_and_a_mistyped_one(site, new_page):
    page = new_page(WIDE, "dark")
    field = opened(page, f"{site}/book/index.html")
    field.fill("zebra")
    expect(page.get_by_text("No section; Enter looks through the whole text.")).to_be_visible()
    field.fill("backpropogation")
    expect(page.get_by_role("list", name="Sections found").get_by_role("link").first).to_contain_text("Backpropagation")
    page.context.close()


def test_every_entry_leads_somewhere(html):
    text = (html / "_static" / "search-index.js").read_text(encoding="utf-8")
    entries = json.loads(text.removeprefix("window.mlpSearchIndex = ").rstrip().removesuffix(";"))
    assert len(entries) > 200
    pages = {}
    for entry in entries:
        path, _, anchor = entry["to"].partition("#")
        body = pages.setdefault(path, (html / path).read_text(encoding="utf-8"))
        assert not anchor or f'id="{anchor}"' in body, entry["to"]
        assert not re.search(r"[\\{}]|\$", entry["title"] + entry["says"]), f"raw TeX in {entry}"


def test_no_answer_of_a_prediction_is_in_the_index(html):
    text = (html / "_static" / "search-index.js").read_text(encoding="utf-8")
    asked = re.findall(r'"question":"([^"]{20,60})', "".join((page.read_text(encoding="utf-8") for page in (html / "chapters").glob("*.html"))))
    assert len(asked) > 30 and not [question for question in asked if question in text], "a question stands with its answer in what is folded"
