"""The whole book to take away: as pages to print, in small, and as files to unpack; and the download menu, which has only what was made."""

import re
import sys
import zipfile
from urllib.parse import unquote

import pytest
from chapters import run
from support import ROOT, site_pages

sys.path.insert(0, str(ROOT / "tools"))
import takeaway  # noqa: E402

PAGES = ["book/how-to-read.html", "book/warm-up.html"]


def test_pages_to_print_have_contents_with_numbers_and_the_answers_at_the_end(site, new_page):
    page = new_page()
    numbers = takeaway.numbers(takeaway.print_pages(page, site, PAGES))
    of = {path: page.locator(f"#p{n}-top") for n, path in enumerate(PAGES)}
    lines = page.locator("#contents > p").all_inner_texts()
    titles = [title.strip() for article in of.values() for title in article.locator("h1, h2").all_inner_texts()]
    assert len(titles) > 12 and [line.split("\n")[0].strip() for line in lines] == titles
    assert [int(line.split("\n")[-1]) for line in lines] == [numbers[f"c{n}"] for n in range(len(lines))]
    assert [numbers[f"c{n}"] for n in range(len(lines))] == sorted(numbers.values()) and numbers["c0"] == 2

    asked, answers = page.locator(".asked").all_inner_texts(), page.locator("#p1-answers li").all_inner_texts()
    specs = run("warm-up")[1]
    assert [text.partition(". ")[2] for text in asked] == [spec["question"] for spec in specs]
    assert all(answer.endswith(spec["why"]) for answer, spec in zip(answers, specs, strict=True))
    assert page.locator("body :is(details:not([open]), details.hide, noscript, .headerlink, .run-bar)").count() == 0
    ids = page.evaluate("[...document.querySelectorAll('#contents [id], [id^=p0-], [id^=p1-]')].map(element => element.id)")
    assert len(ids) == len(set(ids))
    lost = page.evaluate("""[...document.querySelectorAll('a[href^="#p0-"], a[href^="#p1-"], a[href^="#c"]')].map(link => link.getAttribute("href"))
        .filter(to => !document.getElementById(to.slice(1)))""")
    assert page.locator("#contents > p").first.evaluate("line => getComputedStyle(line).display") == "flex", "the print's own style counts"
    assert lost == [] and page.evaluate("[...document.images].filter(image => !image.naturalWidth).length") == 0
    page.context.close()


@pytest.fixture(scope="module")
def unpacked(html, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unpacked")
    takeaway.make_zip(folder / "book.zip", html)
    with zipfile.ZipFile(folder / "book.zip") as archive:
        archive.extractall(folder)
    return folder / "every-path"


def test_what_is_unpacked_is_the_whole_site_and_every_file_that_it_asks_for_is_there(html, unpacked):
    assert site_pages(unpacked) == site_pages(html)
    missing = []
    for path in site_pages(unpacked):
        page = unpacked / path
        for link in re.findall(r'<(?:a|link|script|img)\b[^>]*? (?:href|src)="([^"#?:]+)["#?]', page.read_text(encoding="utf-8")):
            if not (page.parent / unquote(link)).exists():
                missing.append(f"{path}: {link}")
    assert missing == []
    assert (unpacked / "index.html").exists() and not (unpacked / "_static" / "pyodide").exists()


def test_what_is_unpacked_opens_without_a_complaint(unpacked, new_page):
    page = new_page()
    page.goto((unpacked / "chapters" / "03-chain-rule.html").as_uri())
    page.get_by_role("button", name="Next step").first.wait_for()
    assert page.log.problems == []
    page.context.close()


def test_the_menu_offers_what_was_made_of_this_book_and_nothing_else(html):
    made = [name for name in takeaway.NAMES.values() if (takeaway.folder() / name).exists()]
    for path in site_pages(html):
        page = (html / path).read_text(encoding="utf-8")
        if "dropdown-download-buttons" in page:
            assert [name for name in takeaway.NAMES.values() if f"_static/{name}" in page] == made, path
    assert [name for name in takeaway.NAMES.values() if (html / "_static" / name).exists()] == made
