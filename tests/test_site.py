"""The built site: its files, and every page of it in a browser, at two widths, light and dark, over http and from disk."""

import gzip
import io
import os
import re
import subprocess
import sys
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qs, unquote, urldefrag, urlsplit

import pytest
from filelock import FileLock
from PIL import Image
from playwright.sync_api import expect
from sphinx.errors import ExtensionError
from support import PHONE, ROOT, WIDE, address, site_pages

sys.path.insert(0, str(ROOT / "book" / "_ext"))
import mlp_share  # noqa: E402
import mlp_site  # noqa: E402

THEMES = "light", "dark"
NO_PICTURES = re.compile(r"\.(png|jpe?g|gif|webp|svg)$")


class Page(HTMLParser):
    """What the static checks need of a page: its targets, links, images, and the text a reader sees outside code."""

    def __init__(self, path: Path):
        super().__init__()
        self.ids, self.links, self.loads, self.images, self.text = set(), [], [], [], []
        self.formulas = 0
        self.hidden = []  # open elements whose text is not prose
        self.feed(path.read_text(encoding="utf-8"))

    VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.ids |= {attrs[name] for name in ("id", "name") if attrs.get(name)}
        classes = (attrs.get("class") or "").split()
        self.formulas += "katex" in classes
        if tag == "a" and attrs.get("href"):
            self.links.append(attrs["href"])
        elif tag in ("img", "script", "iframe", "source", "video", "audio") and attrs.get("src"):
            self.loads.append(attrs["src"])
        elif tag == "link" and set((attrs.get("rel") or "").split()) & {"stylesheet", "icon", "preload", "modulepreload"}:
            self.loads.append(attrs["href"])
        if tag == "img":
            self.images.append(attrs)
        if tag not in self.VOID and (self.hidden or tag in ("script", "style", "pre", "code") or "katex" in classes):
            self.hidden.append(tag)

    def handle_endtag(self, tag):
        if self.hidden and tag in self.hidden:
            while self.hidden.pop() != tag:
                pass

    def handle_data(self, data):
        if not self.hidden:
            self.text.append(data)


@pytest.fixture(scope="session")
def other(html, tmp_path_factory) -> Path:
    """The site built the other way: with a repository's address where the built one has none, else without."""
    folder = tmp_path_factory.mktemp("other")
    environment = os.environ | {"GITHUB_REPOSITORY": "" if mlp_site.repository() else "someone/every-path"}
    build = [sys.executable, str(ROOT / "tools" / "build.py"), "-q", "--path-output", str(folder)]
    with FileLock(ROOT / "_build" / ".other"):  # another worker's build goes first
        done = subprocess.run(build, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return folder / "_build" / "html"


@pytest.fixture(scope="session", params=["html", "other"])
def folder(request) -> Path:
    """The folder of the built site, and of the other one: in one of them a repository's address is known."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def parsed(folder) -> dict[str, Page]:
    """Every page of the site, read once."""
    return {path: Page(folder / path) for path in site_pages(folder)}


# Files -----------------------------------------------------------------------------------------------------------


def test_every_page_of_the_table_of_contents_is_there(folder):
    listed = re.findall(r"(?:root|file): (\S+)", (ROOT / "_toc.yml").read_text())
    assert listed and [page for page in listed if not (folder / f"{page}.html").exists()] == []


def test_a_notebook_of_the_site_or_the_other_one_installs_the_package_from_where_the_address_is_known(html, other):
    known, unknown = (other, html) if mlp_site.repository() is None else (html, other)
    (wheel,) = (known / "_static").glob("*.whl")
    owner, name = (mlp_site.repository() or "someone/every-path").split("/")
    for path in (known / "_sources").rglob("*.ipynb"):
        asked = f"mlp-textbook[widgets] @ https://{owner}.github.io/{name}/_static/{wheel.name}"
        source = (ROOT / path.relative_to(known / "_sources")).read_text(encoding="utf-8")
        assert path.read_text(encoding="utf-8") == source.replace("mlp-textbook[widgets]", asked, 1)
        assert (unknown / path.relative_to(known)).read_text(encoding="utf-8") == source


def test_every_local_link_leads_somewhere(folder, parsed):
    dead = []
    for path, page in parsed.items():
        for link in page.links + page.loads:
            target, fragment = urldefrag(link)
            if urlsplit(target).scheme or target.startswith("//"):
                continue
            file = (folder / path).parent / unquote(urlsplit(target).path) if urlsplit(target).path else folder / path
            if file.is_dir():
                file /= "index.html"
            name = file.resolve().relative_to(folder.resolve()).as_posix()
            if not file.exists():
                dead.append(f"{path}: {link}")
            elif fragment and name in parsed and unquote(fragment) not in parsed[name].ids:
                dead.append(f"{path}: {link} (no such place on that page)")
    assert dead == []


def test_no_page_loads_from_another_host(folder, parsed):
    outside = [f"{path}: {url}" for path, page in parsed.items() for url in page.loads if re.match(r"(https?:)?//", url)]
    for sheet in folder.glob("_static/**/*.css"):
        outside += [f"{sheet.name}: {url}" for url in re.findall(r"url\([\"']?((?:https?:)?//[^)]*)", sheet.read_text())]
        outside += [f"{sheet.name}: {url}" for url in re.findall(r"@import[^;]*//[^;]*", sheet.read_text())]
    assert outside == []


def test_formulas_are_typeset(parsed):
    """Where a page's source has a formula, its HTML has one, and no TeX is left in its prose."""
    raw = re.compile(r"\$[^$\n]+\$|\\(?:frac|partial|begin|sum|cdot|text)\b")
    left = {path: raw.findall("".join(page.text)) for path, page in parsed.items()}
    assert {path: found for path, found in left.items() if found} == {}
    for path, page in parsed.items():
        source = next(iter(ROOT.glob(path.removesuffix(".html") + ".*")), None)
        if source and re.search(r"\$[^$\n`]+\$|```\{math\}|\\\\begin", source.read_text(encoding="utf-8")):
            assert page.formulas, f"{path} has formulas in its source and none on the page"


def test_no_full_stop_is_doubled_or_lost(parsed):
    """Beside a formula a full stop is moved (mlp_site.KeepTogether): it must arrive once."""
    doubled = {path: re.findall(r".{,20}(?<!\.)\.\.(?!\.).{,5}", "".join(page.text)) for path, page in parsed.items()}
    assert {path: found for path, found in doubled.items() if found} == {}


def test_titles_and_search_index_have_no_broken_formula(folder, parsed):
    for path in parsed:
        title = re.search(r"<title>(.*?)</title>", (folder / path).read_text(encoding="utf-8"), re.S)[1]
        assert title.strip() and not re.search(r"[$\\<]", title), f"{path}: {title}"


def test_every_image_has_a_real_alternative(parsed):
    bad = []
    for path, page in parsed.items():
        for image in page.images:
            alt = image.get("alt")
            decoration = alt == "" and "logo__image" in (image.get("class") or "")
            if not decoration and (not alt or len(alt.split()) < 3 or re.search(r"\.(png|svg|jpe?g)$", alt)):
                bad.append(f"{path}: {alt!r} ({image['src'][:60]})")
    assert bad == []


def test_pages_carry_no_state_of_widgets(folder, parsed):
    """Nothing on a page reads it, and it was most of a chapter's bytes."""
    assert [path for path in parsed if "widget-state" in (folder / path).read_text(encoding="utf-8")] == []


def test_folds_are_called_what_they_show(folder, parsed):
    """The name that is heard is the one that is seen, and a picture follows."""
    fold = re.compile(r'<details class="admonition hide[^>]*>\s*<summary>(.*?)</summary>.*?</details>\s*(?:<div[^>]*>\s*)*<(\w+)', re.S)
    for path in parsed:
        text = (folder / path).read_text(encoding="utf-8")
        found = [(*re.findall(r">([^<>]+)</p>", name), after) for name, after in fold.findall(text)]
        assert found == [("Code of this picture", "Code of this picture", "figure")] * text.count('<details class="admonition hide'), path


def test_views_come_with_their_script_once(folder, parsed):
    for path in parsed:
        text = (folder / path).read_text(encoding="utf-8")
        assert text.count("\nmountPage(document, ") == ('class="mlp-view"' in text), path


def test_katex_style_is_of_the_version_that_typesets():
    from sphinxcontrib import katex

    style = (ROOT / "book" / "_static" / "katex" / "katex.min.css").read_text()
    assert f'content:"{katex.katex_version}"' in style, "put that version's katex.min.css and fonts into book/_static/katex"


@pytest.mark.parametrize(
    "remote, name",
    [
        ("https://github.com/someone/every-path.git", "someone/every-path"),
        ("git@github.com:someone/every-path.git", "someone/every-path"),
        ("ssh://git@github.com/someone/every-path", "someone/every-path"),
        ("https://gitlab.com/someone/every-path.git", None),
        ("/somewhere/on/disk", None),
    ],
)
def test_repository_address(remote, name, tmp_path, monkeypatch):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    subprocess.run(["git", "-C", tmp_path, "remote", "add", "origin", remote], check=True)
    monkeypatch.setattr(mlp_site, "ROOT", tmp_path)
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    assert mlp_site.repository() == name
    monkeypatch.setenv("GITHUB_REPOSITORY", "from/environment")
    assert mlp_site.repository() == "from/environment"
    monkeypatch.setenv("GITHUB_REPOSITORY", "")
    assert mlp_site.repository() is None
    monkeypatch.setenv("GITHUB_REPOSITORY", 'a/b"><script>')
    with pytest.raises(ExtensionError, match="must be owner/name"):
        mlp_site.repository()


def test_an_archive_inside_another_repository_has_no_address(tmp_path, monkeypatch):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    subprocess.run(["git", "-C", tmp_path, "remote", "add", "origin", "https://github.com/somebody/else"], check=True)
    (tmp_path / "book").mkdir()
    monkeypatch.setattr(mlp_site, "ROOT", tmp_path / "book")
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    assert mlp_site.repository() is None


def test_binder_button_needs_a_known_address(request, folder, parsed):
    name = mlp_site.repository()
    if request.node.callspec.params["folder"] == "other":
        name = None if name else "someone/every-path"
    buttons = [link for page in parsed.values() for link in page.links if "mybinder.org/v2/" in link]
    assert all(f"/gh/{name}/" in link for link in buttons) and bool(buttons) == bool(name)


def tags_of(page: str) -> dict[str, str]:
    return {name: unescape(value) for name, value in re.findall(r'<meta (?:property|name)="([^"]+)" content="([^"]*)"', page)}


def test_a_page_is_introduced_to_who_meets_its_link(request, folder, parsed):
    """Description and card everywhere; what needs an address, on the site that has one."""
    home = "" if (mlp_site.repository() is None) == (request.node.callspec.params["folder"] == "html") else "https://"
    for path in parsed:
        page = (folder / path).read_text(encoding="utf-8")
        tags, canonical = tags_of(page), re.findall(r'<link rel="canonical" href="([^"]*)"', page)
        assert tags["og:title"] and "<" not in tags["og:title"], path
        if path != "search.html":
            assert tags["description"] == tags["og:description"] and 40 <= len(tags["description"]) <= 200, path
        assert bool(home) == bool(canonical) == ("og:image" in tags) == ('class="report"' in page), path
        if home:
            site = canonical[0].removesuffix(path)
            assert canonical[0] == tags["og:url"] == site + path and (folder / tags["og:image"].removeprefix(site)).exists()
            report = parse_qs(urlsplit(unescape(re.search(r'class="report" href="([^"]*)"', page)[1])).query)
            assert report["where"] == canonical and tags["og:title"] in report["title"][0]
        assert re.search(r"Version \d+\.\d+\.\d+", page)
    assert (folder / "sitemap.xml").exists() == bool(home)
    if home:
        listed = re.findall(f"<loc>{site}(.*?)</loc>", (folder / "sitemap.xml").read_text())
        assert sorted(listed) == sorted(set(parsed) - {"search.html"})
    missing = (folder / "404.html").read_text(encoding="utf-8")
    links = re.findall(r'<a href="([^"]*)"', missing)
    assert len(links) == 9 and all((folder / link.removeprefix(site if home else "")).exists() for link in links)


def test_the_edition_is_that_of_the_sources(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert mlp_share.edition().endswith(", 2 January 1970")


def test_the_cards_of_the_chapters_tell_the_time_that_teachers_read(folder):
    front, teachers = ((folder / "book" / name).read_text(encoding="utf-8") for name in ("index.html", "for-teachers.html"))
    cards = re.findall(r'<li>.*?<svg.*?href="\.\./chapters/(0\d)[^"]*".*?About (\d+) minutes to read', front[front.index('class="chapter-cards') :], re.S)
    rows = re.findall(r'chapters/(0\d)[^"]*".*?</td>\s*<td><p>(\d+)</p>', teachers[teachers.index("<table") :], re.S)
    assert cards == rows and len(cards) == 7


@pytest.mark.parametrize("where", ["book/warm-up.html", "chapters/03-chain-rule.html"])
def test_a_report_names_page_and_section(where, request, other, html, new_page):
    known = other if mlp_site.repository() is None else html
    page = new_page()
    page.goto((known / where).as_uri() + "#summary" * where.startswith("chapters"))
    report = page.get_by_role("link", name="Report an error on this page")
    report.focus()
    assert re.search(rf"{where}#\w+$", parse_qs(urlsplit(report.get_attribute("href")).query)["where"][0])
    page.context.close()


# In a browser ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def axe():
    from axe_playwright_python.sync_playwright import Axe

    return Axe()


# What axe checks only if asked to: that what is seen of a name is part of what is heard.
RULES = {"resultTypes": ["violations"], "rules": {"label-content-name-mismatch": {"enabled": True}}}


def settle(page):
    """Wait until the page has its fonts, its views have drawn themselves and nothing on it is still fading in."""
    page.evaluate("document.fonts.ready.then(() => new Promise(requestAnimationFrame))")
    page.evaluate("Promise.allSettled(document.getAnimations().map(animation => animation.finished)).then(() => {})")


def check(page, axe, home):
    """An open page, all of it unfolded: nothing from elsewhere, nothing beside the page, no complaint, and axe content."""
    page.evaluate("document.querySelectorAll('article details').forEach(folded => { folded.open = true })")
    settle(page)
    assert [url for url in page.log.requests if not url.startswith((home, "data:", "blob:"))] == [], "asks another host"
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0, f"scrolls sideways by {overflow} px: {page.evaluate(WIDEST)}"
    assert page.log.problems == []
    page.evaluate("""() => {
      const rules = new CSSStyleSheet();
      rules.replaceSync(".bd-article * { background-image: none !important }");
      document.adoptedStyleSheets.push(rules);
    }""")  # axe measures no contrast on a shaded edge
    # On the phone without the inside of formulas, thousands of elements hidden from screen readers; wide, all of it.
    phone = page.viewport_size["width"] == PHONE[0]
    found = axe.run(page, context={"exclude": [[".katex-html"]]} if phone else None, options=RULES).response["violations"]
    assert [f"{rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]] == []


# Boxes that scroll sideways, and of how many layers of shading each is made that stay at its edges, and that move with what is in it.
SIDEWAYS = """() => [...document.querySelectorAll("body *")].filter(box => box.clientWidth && box.scrollWidth > box.clientWidth + 1)
    .map(box => [box, getComputedStyle(box)]).filter(([, style]) => /auto|scroll/.test(style.overflowX))
    .map(([box, style]) => [`${box.tagName}.${box.className} in ${box.parentElement.className}: ${box.textContent.slice(0, 60)}`,
        box.tabIndex, style.backgroundImage.split("gradient(").length - 1, style.backgroundAttachment])"""


def test_whatever_scrolls_sideways_on_a_page_says_so(page_path, site, pages):
    page = pages(PHONE, "light")
    page.goto(f"{site}/{page_path}")
    page.evaluate("document.querySelectorAll('article details').forEach(folded => { folded.open = true })")
    settle(page)
    assert [box for box in page.evaluate(SIDEWAYS) if box[1:] != [0, 4, "local, local, scroll, scroll"]] == []


BOXES = {
    "code": ("chapters/02-loss-and-regularizers.html", ".cell_input pre"),
    "result": ("chapters/07-batches.html", ".cell_output pre"),
    "results": ("chapters/02-loss-and-regularizers.html", ".pst-scrollable-table-container:has(.results td:nth-child(6))"),
    "listing": ("book/where-to-go-next.html", ".highlight-python pre"),
    "formula": ("chapters/05-backpropagation.html", ".katex-display"),
    "table": ("book/from-the-notes.html", ".pst-scrollable-table-container"),
    "picture": ("chapters/05-backpropagation.html", "div.broad"),
}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("kind", BOXES)
def test_a_box_is_shaded_where_it_goes_on_and_only_there(kind, theme, site, pages):
    path, selector = BOXES[kind]
    page = pages(PHONE, theme)
    page.goto(f"{site}/{path}")
    settle(page)
    boxes = page.locator(selector).locator("visible=true").all()
    box = next(box for box in boxes if box.evaluate("box => box.scrollWidth > box.clientWidth + 40"))

    def shaded(left):
        """Whether the left and the right edge differ from what is beside them, where nothing is drawn."""
        box.evaluate("(box, left) => { box.scrollLeft = left * box.scrollWidth }", left)
        picture = Image.open(io.BytesIO(box.screenshot())).convert("L")
        ground = [max(picture.crop((x, 0, x + 1, picture.height)).getcolors())[1] for x in range(picture.width)]
        return [abs(ground[edge] - ground[beside]) > 8 for edge, beside in ((1, 20), (-2, -20))]

    assert (shaded(0), shaded(0.2), shaded(1)) == ([False, True], [True, True], [True, False])


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_page(page_path, viewport, theme, site, pages, axe):
    page = pages(viewport, theme)
    page.goto(f"{site}/{page_path}")
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    check(page, axe, site)


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("path", ["book/notation.html", "book/warm-up.html", "search.html"])
def test_page_of_the_other_site(path, viewport, other, pages, axe):
    """One page of each kind, from disk: links to the repository, and to Binder where there is a notebook, or else none."""
    page = pages(viewport, "light")
    page.goto((other / path).as_uri())
    for button in page.get_by_role("button", name=re.compile("Launch|Source")).locator("visible=true").all():
        button.click()
    check(page, axe, "file:")


WIDEST = """() => [...document.querySelectorAll("body *")]
    .filter(element => element.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
    .slice(0, 5).map(element => `${element.tagName}.${element.className}`)"""


def test_page_from_disk(page_path, html, pages):
    """Unzipped and opened without a server: the same page, nothing missing."""
    page = pages(WIDE, "light")
    page.goto((html / page_path).as_uri())
    settle(page)
    assert [url for url in page.log.requests if not url.startswith(("file:", "data:", "blob:"))] == []
    assert page.log.problems == []
    if page.locator(".katex").count():
        assert page.evaluate("document.fonts.check('16px KaTeX_Main')")


def test_page_weight(page_path, site, html, pages):
    """All that a page loads, pictures aside: 470 KB gzip, 170 of them HTML, and 1.1 MB of script, style and font unpacked."""
    page = pages(WIDE, "light")
    page.goto(f"{site}/{page_path}")
    settle(page)
    packed = unpacked = 0
    own = len(gzip.compress((html / page_path).read_bytes()))
    for url in sorted({url.split("?")[0].split("#")[0] for url in page.log.requests if url.startswith(site)}):
        name = unquote(url.removeprefix(site + "/"))
        data = (html / name).read_bytes()
        if not NO_PICTURES.search(name):
            packed += len(gzip.compress(data))
            unpacked += 0 if name.endswith(".html") else len(data)
    page.log.clear()
    inlined = page.evaluate(
        "[...document.querySelectorAll('script:not([src]), style')].reduce((sum, e) => sum + e.textContent.length, 0)"
    )
    print(f"{page_path}: {packed / 1000:.0f} KB gzip, {own / 1000:.0f} KB of it HTML, {(unpacked + inlined) / 1000:.0f} KB unpacked")
    assert packed <= 470_000
    assert own <= 170_000
    assert unpacked + inlined <= 1_100_000


def test_weight_of_the_views(page_path, html):
    """All that a page carries for its views: 24 KB gzip of script, 5 of style, and 20 of data."""
    text = (html / page_path).read_text(encoding="utf-8")
    packed = lambda pattern, mark: len(gzip.compress("".join(part for part in re.findall(pattern, text, re.S) if mark in part).encode()))  # noqa: E731
    assert packed('<script type="module">(.*?)</script>', "mountPage") <= 24_000
    assert packed("<style>(.*?)</style>", ".mlp-card") <= 5_000
    assert packed('<script type="application/json">(.*?)</script>', '"spec"') <= 20_000


@pytest.mark.parametrize("where", ["http", "disk"])
def test_search_finds_a_word(where, site, html, new_page):
    page = new_page()
    start = f"{site}/book/index.html" if where == "http" else (html / "book" / "index.html").as_uri()
    page.goto(start)
    page.get_by_role("button", name=re.compile("Search")).locator("visible=true").first.click()
    page.get_by_role("searchbox").locator("visible=true").fill("kink")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"search\.html\?q=kink"))
    page.locator("#search-results li a").first.wait_for()
    if where == "http":
        page.locator("#search-results .context").first.wait_for()
        assert not re.search(r"\.ipynb|Contents", "".join(page.locator("#search-results .context").all_inner_texts()))
    page.get_by_role("link", name="5 Backpropagation").locator("visible=true").last.click()
    page.wait_for_url(re.compile("05-backpropagation"))
    settle(page)
    if where == "http":  # from disk a browser may keep from one page what another has stored
        marks = page.locator(".bd-article .highlighted")
        assert marks.count() > 1 and page.locator(".bd-sidebar-primary .highlighted").count() == 0
        assert page.evaluate("scrollY") > 1000 and 0 < marks.first.bounding_box()["y"] < 800, "the page begins where the word stands"
        assert page.evaluate("localStorage.getItem('sphinx_highlight_terms')") is None
    assert page.log.problems == []
    page.context.close()


def test_every_button_shows_an_icon_or_text(site, pages):
    """The theme's icons without its icon script: each icon that is shown has a drawing of its own."""
    for theme in THEMES:
        page = pages(WIDE, theme)
        page.goto(f"{site}/book/index.html")
        bare = page.evaluate(
            """() => [...document.querySelectorAll(".fa-solid, .fas, .fab, .fa-brands")].filter(icon => {
                const style = getComputedStyle(icon);
                return style.display !== "none" && !style.maskImage.startsWith("url(");
            }).map(icon => icon.className)"""
        )
        assert bare == []


INTRUDERS = """count => new Promise(done => {
  const refused = [];
  document.addEventListener("securitypolicyviolation", event => {
    refused.push(event.effectiveDirective);
    if (refused.length === count) done([refused.sort(), window.ran ?? false]);
  });
  const script = document.createElement("script"), style = document.createElement("style"), away = document.createElement("script");
  script.textContent = "window.ran = true";
  style.textContent = "body { display: none }";
  away.src = "https://elsewhere.example/script.js";
  document.body.append(script, style, away);
  document.body.insertAdjacentHTML("beforeend", '<b onclick="window.ran = true"></b><img alt="" src="https://elsewhere.example/image.png">');
  document.body.querySelector(":scope > b").click();
})"""


@pytest.mark.parametrize("path", ["chapters/04-multi-path-derivatives.html", "search.html"])
@pytest.mark.parametrize("scheme", ["http", "file"])
def test_a_page_runs_only_what_was_built_into_it(scheme, path, site, html, new_page):
    """Whoever gets markup into a page gets no script, no handler, no style and no other host into it."""
    page = new_page()
    page.goto(address(site, path, scheme))
    refused = ["img-src", "script-src-attr", "script-src-elem", "script-src-elem", *([] if path == "search.html" else ["style-src-elem"])]
    assert page.evaluate(INTRUDERS, len(refused)) == [refused, False]
    page.context.close()


@pytest.mark.parametrize("system", THEMES)
def test_a_first_visit(site, new_page, system):
    """Nothing stored yet: no complaint in the console, and light or dark as the system is."""
    page = new_page(theme=system, stored=False)
    page.goto(f"{site}/book/index.html")
    settle(page)
    assert page.evaluate("document.documentElement.dataset.theme") == system
    assert page.log.problems == []
    page.context.close()


def test_the_contents_of_a_phone_close_when_a_section_is_chosen(site, new_page):
    page = new_page(PHONE)
    page.goto(f"{site}/chapters/04-multi-path-derivatives.html")
    page.get_by_role("button", name=re.compile("secondary sidebar|Contents", re.I)).locator("visible=true").first.click()
    page.locator("dialog[open] a", has_text="All twelve").click()
    expect(page.locator("dialog[open]")).to_have_count(0)
    top = page.get_by_role("heading", name="All twelve").bounding_box()["y"]
    assert 0 <= top < 300
    page.context.close()


def test_print_is_whole_and_dark_on_white(site, new_page):
    page = new_page(theme="dark")
    page.goto(f"{site}/chapters/03-chain-rule.html")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    faint = "() => [...document.querySelectorAll('.bd-article details > *')].filter(e => getComputedStyle(e).opacity !== '1').length"
    assert page.evaluate(faint) == 0, "nothing is printed half faded in"
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.locator(".bd-article details[open]").count() == 0
    page.context.close()


def test_theme_button_changes_the_theme(site, new_page):
    page = new_page(theme="light")
    page.goto(f"{site}/book/index.html")
    before = page.evaluate("document.documentElement.dataset.mode")
    page.get_by_role("button", name="Color mode").click()
    assert page.evaluate("document.documentElement.dataset.mode") != before
    page.context.close()


def test_without_javascript_the_text_is_there(site, new_page):
    page = new_page(java_script_enabled=False)
    page.goto(f"{site}/book/index.html")
    assert page.locator("h1").locator("visible=true").count() == 1
    page.context.close()
