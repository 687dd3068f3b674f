"""What the book remembers on the reader's own device, and that it works where a browser refuses to keep anything."""

import json
import re

import pytest
from playwright.sync_api import expect
from support import HTML, PHONE, address

CHAPTER, DESK, FRONT = "chapters/04-multi-path-derivatives.html", "book/how-to-read.html", "book/index.html"
REFUSED = """for (const name of ["localStorage", "sessionStorage"])
  Object.defineProperty(window, name, { configurable: true, get() { throw new DOMException("Access is denied for this document.", "SecurityError"); } });"""
KEPT = "Object.fromEntries(Object.keys(localStorage).filter(key => key.startsWith('every-path/')).map(key => [key, JSON.parse(localStorage[key])]))"


def complaints(page):
    """What went wrong, less what a page that is left no longer loads."""
    return [problem for problem in page.log.problems if "ERR_ABORTED" not in problem]


def spec(page, number):
    """The answer of the page's prediction of that number, from its source: on the page it is nowhere before the reader has answered."""
    file = HTML / re.sub(r"^\w+://(127[^/]*|/.*_build/html)/", "", page.url.split("#")[0])
    found = [json.loads(text)["spec"] for text in re.findall(r'data-panels="" data-lives=""><script type="application/json">(.*?)</script>', file.read_text(encoding="utf-8"))]
    return found[number]


def answer(page, number, given=None):
    form, asked = page.locator("form.mlp-prediction").nth(number), spec(page, number)
    given = str(asked["answer"]) if given is None else given
    form.get_by_label(given, exact=True).check() if asked["choices"] else form.get_by_label("Your answer").fill(given)
    form.get_by_role("button", name="Check").click()
    return form


def fields(page):
    return [number for number in range(page.locator("form.mlp-prediction").count()) if not spec(page, number)["choices"]]


def test_a_reader_comes_back(site, new_page):
    page = new_page()
    page.goto(address(site, CHAPTER))
    total = page.locator("form.mlp-prediction").count() + page.locator(".tick").count()
    right, later, shown, *rest = fields(page)
    answer(page, right)
    answer(page, later, "12345")
    answer(page, later)
    answer(page, shown, "54321").get_by_role("button", name="Show answer").click()
    page.get_by_role("checkbox", name="Exercise 2 done").check()
    ledger = page.get_by_role("region", name="Path ledger").first
    ledger.get_by_role("button", name="Last step").click()
    left = ledger.get_attribute("data-state")
    page.locator("#exercises").scroll_into_view_if_needed()
    page.mouse.wheel(0, 300)
    page.evaluate("() => new Promise(done => { const look = () => 'every-path/1/last' in localStorage ? done() : requestAnimationFrame(look); look(); })")
    how = [kept[0] for kept in page.evaluate(KEPT)["every-path/1/chapters/04-multi-path-derivatives"]["answers"].values()]
    assert how == ["right", "later", "shown"]

    page.goto(address(site, FRONT))  # another page tells of it
    mark = page.locator(".bd-sidebar-primary a", has_text="Multi-path derivatives")
    expect(mark).to_have_text(f"4 Multi-path derivatives, 4 of {total} done")
    expect(page.locator(".bd-sidebar-primary .mark")).to_have_count(1)
    page.locator("p.continue a").click()
    page.wait_for_url(re.compile("04-multi-path-derivatives.html#"))

    page.goto(address(site, CHAPTER))  # and the chapter is as it was left
    expect(page.locator("p.continue a")).to_have_count(1)
    forms = page.locator("form.mlp-prediction")
    for number, given, words in [(right, None, "Yes, "), (later, None, "Yes, "), (shown, "54321", "You have had the answer shown")]:
        expect(forms.nth(number).get_by_label("Your answer")).to_have_value(given or str(spec(page, number)["answer"]))
        expect(forms.nth(number).get_by_role("status")).to_contain_text(words)
    assert str(spec(page, shown)["why"]) not in forms.nth(shown).inner_text()
    if rest:
        expect(forms.nth(rest[0]).get_by_role("status")).to_have_text("")
    expect(page.get_by_role("checkbox", name="Exercise 2 done")).to_be_checked()
    assert page.get_by_role("region", name="Path ledger").first.get_attribute("data-state") == left
    assert complaints(page) == []
    page.context.close()


def test_from_disk_it_keeps_and_nothing_complains(site, new_page):
    """What is kept there is kept; on a busy machine the browser itself may not show it to the next page, so that is not asked."""
    page = new_page()
    page.goto(address(site, CHAPTER, "file"))
    answer(page, fields(page)[0])
    page.get_by_role("checkbox", name="Exercise 2 done").check()
    kept = page.evaluate(KEPT)["every-path/1/chapters/04-multi-path-derivatives"]
    assert [way for way, *_ in kept["answers"].values()] == ["right"] and len(kept["ticks"]) == 1
    for path in (FRONT, CHAPTER):
        page.goto(address(site, path, "file"))
    assert complaints(page) == []
    page.context.close()


def test_an_address_comes_before_the_memory(site, new_page):
    page = new_page()
    page.goto(f"{site}/{CHAPTER}")
    ledger = page.get_by_role("region", name="Path ledger").first
    ledger.get_by_role("button", name="Last step").click()
    there = ledger.get_attribute("data-state")
    page.goto("about:blank")
    page.goto(f"{site}/{CHAPTER}#path-ledger-w3_1_1-step1")
    expect(ledger).to_have_attribute("data-state", re.compile("w3_1_1"))
    assert ledger.get_attribute("data-state") != there
    page.context.close()


def test_what_does_not_fit_is_passed_over(site, new_page):
    """A record of another question, of another view, of a section that is gone, or no record at all: the page is as at first."""
    page = new_page()
    page.goto(f"{site}/{CHAPTER}")
    first = [form.inner_text() for form in page.locator("form.mlp-prediction").all()], page.locator(".mlp-card").first.get_attribute("data-state")
    for record in (
        {"answers": {"gone": ["right", "5"]}, "views": {"path-ledger": ["gone", "path-ledger-w1_1_1-step3", []]}, "place": ["gone", "Gone"], "ticks": {"gone": True}},
        {"answers": [3, None], "views": {"path-ledger": 7}, "place": "x", "count": [1]},
        "no record",
    ):
        page.evaluate("record => localStorage.setItem('every-path/1/chapters/04-multi-path-derivatives', JSON.stringify(record))", record)
        page.evaluate("localStorage.setItem('every-path/1/last', '{')")
        page.goto(f"{site}/{CHAPTER}")
        assert ([form.inner_text() for form in page.locator("form.mlp-prediction").all()], page.locator(".mlp-card").first.get_attribute("data-state")) == first
        assert page.locator("p.continue").count() == page.locator(".tick input:checked").count() == 0
    assert complaints(page) == []
    page.context.close()


def test_export_forget_and_import(site, new_page, tmp_path):
    page = new_page()
    page.goto(f"{site}/{CHAPTER}")
    answer(page, fields(page)[0])
    page.get_by_role("checkbox", name="Exercise 1 done").check()
    page.goto(f"{site}/{DESK}")
    desk = page.locator(".memory")
    expect(desk).to_contain_text("Kept here: 1 prediction (1 right at the first try, 0 right later, 0 shown), 1 exercise ticked")
    before = page.evaluate(KEPT)
    with page.expect_download() as loading:
        desk.get_by_role("button", name="Export").click()
    file = tmp_path / "mine.json"
    loading.value.save_as(file)

    desk.get_by_role("button", name="Forget everything").click()
    desk.get_by_role("button", name="Keep it").click()
    assert page.evaluate(KEPT) == before
    desk.get_by_role("button", name="Forget everything").click()
    desk.get_by_role("button", name="Yes, forget everything").click()
    expect(desk).to_contain_text("Nothing is kept yet.")
    assert page.evaluate(KEPT) == {} and page.locator(".mark").count() == 0
    assert page.evaluate("localStorage.getItem('theme')") == "light", "only the book's memory goes"

    pick = desk.locator("input[type=file]")
    pick.set_input_files(file)
    expect(desk.get_by_role("status")).to_contain_text("Imported")
    expect(desk).to_contain_text("1 exercise ticked")
    assert page.evaluate(KEPT) == before and page.locator(".mark").count() == 1

    exported = json.loads(file.read_text())
    for text, words in (
        ("", "was not exported from this book"),
        ("{", "was not exported from this book"),
        ('{"cells": [], "nbformat": 4}', "was not exported from this book"),
        (json.dumps({**exported, "pages": [1]}), "was not exported from this book"),
        (json.dumps({**exported, "version": 2}), "does not understand"),
    ):
        (tmp_path / "bad.json").write_text(text)
        pick.set_input_files(tmp_path / "bad.json")
        expect(desk.get_by_role("status")).to_contain_text(words)
        expect(desk.get_by_role("status")).to_contain_text("nothing has changed")
        assert page.evaluate(KEPT) == before
    (tmp_path / "odd.json").write_text(json.dumps({**exported, "last": 3, "pages": {"../x": None, "chapters/01-mlp-notation": {"ticks": {"a": "<b>", "b": True}}}}))
    pick.set_input_files(tmp_path / "odd.json")
    expect(desk).to_contain_text("2 exercises ticked")
    assert {key: value for key, value in page.evaluate(KEPT).items() if key in before} == before, "what was here stays"
    assert complaints(page) == []
    page.context.close()


@pytest.mark.parametrize("where", ["http", "file"])
def test_where_storage_is_refused_everything_else_works(where, site, new_page):
    page = new_page(PHONE, stored=False)
    page.add_init_script(REFUSED)
    page.goto(address(site, CHAPTER, where))
    works(page, page)
    page.goto(address(site, DESK, where))
    expect(page.locator(".memory")).to_contain_text("This browser refuses to keep anything")
    assert complaints(page) == []
    page.context.close()


def test_in_the_frame_of_a_course_everything_works(site, new_page):
    page = new_page(PHONE, stored=False)
    page.set_content(f'<iframe sandbox="allow-scripts" src="{site}/{CHAPTER}" style="width: 340px; height: 600px"></iframe>')
    page.frame_locator("iframe").locator("form.mlp-prediction").first.wait_for()
    works(page, page.frames[1])
    # a frame without an origin of its own gets fonts only from servers that say so
    assert [problem for problem in complaints(page) if "woff2" not in problem and "ERR_FAILED" not in problem] == []
    page.context.close()


def works(page, frame):
    """Theme button, contents, search, a prediction, a stepper and a tick."""
    mode = frame.evaluate("document.documentElement.dataset.mode")
    frame.get_by_role("button", name="Color mode").click()
    assert frame.evaluate("document.documentElement.dataset.mode") != mode
    frame.get_by_role("button", name=re.compile("primary sidebar", re.I)).locator("visible=true").first.click()
    frame.locator("dialog[open]").get_by_role("link", name="Glossary").wait_for()
    page.keyboard.press("Escape")
    frame.get_by_role("button", name=re.compile("Search")).locator("visible=true").first.click()
    frame.get_by_role("searchbox").locator("visible=true").fill("sigmoid derivative")
    frame.locator(".search-hits a").first.wait_for()
    page.keyboard.press("Escape")
    form = frame.locator("form.mlp-prediction").first
    (form.get_by_role("radio").first.check if form.get_by_role("radio").count() else lambda: form.get_by_label("Your answer").fill("99"))()
    form.get_by_role("button", name="Check").click()
    expect(form.get_by_role("status")).not_to_have_text("")
    ledger = frame.get_by_role("region", name="Path ledger").first
    before = ledger.get_attribute("data-state")
    ledger.get_by_role("button", name="Last step").click()
    expect(ledger).not_to_have_attribute("data-state", before)
    frame.get_by_role("checkbox", name="Exercise 1 done").check()
