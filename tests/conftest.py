"""What tests share: the built site, served and from disk, a browser, and a view's twin.

``make test`` builds ``_build/html`` first. Browser tests use Chromium; without it they skip, and under ``CI=true`` they fail.
"""

import os
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from chromium import CHROMIUM, served  # tools, on the path by the conftest.py above
from support import HTML, WIDE, site_pages
from twins import Twin

FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


@pytest.fixture(scope="session")
def html() -> Path:
    """The folder of the built site."""
    if not (HTML / "book" / "index.html").exists():
        pytest.fail("the site is not built: run 'make book' first ('make test' does)", pytrace=False)
    return HTML


@pytest.fixture(scope="session")
def site(html) -> str:
    """The address of the built site, served on loopback."""
    with served(html) as address:
        yield address


@pytest.fixture(scope="session")
def browser():
    """One headless Chromium for the whole run."""
    if not CHROMIUM:
        reason = "no Chromium on this machine: install Debian's 'chromium', or name one in the variable CHROMIUM"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


PATIENCE = 60_000  # milliseconds; a busy machine may stand still for a while


@dataclass
class Log:
    """What a page did that a reader does not see."""

    requests: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)  # console errors and warnings, exceptions, failed requests

    def clear(self):
        self.requests.clear()
        self.problems.clear()


@pytest.fixture(scope="session")
def new_page(browser):
    """A factory: ``page = new_page(PHONE, "dark")``; the page's log is ``page.log``. Call ``page.context.close()`` when done.

    ``new_page(viewport=WIDE, theme="light", **context_options)``; options go to Playwright's ``new_context``, so that
    ``java_script_enabled=False`` or ``reduced_motion="reduce"`` work. ``stored=False``: a reader's very first visit.
    A page's own policy lets nobody turn text into a script: wait with ``expect``, not with ``wait_for_function``.
    """
    from playwright.sync_api import expect

    expect.set_options(timeout=PATIENCE)
    contexts = []

    def make(viewport=WIDE, theme="light", stored=True, **options):
        width, height = viewport
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme, **options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        if stored and options.get("java_script_enabled", True):
            context.add_init_script(
                f"try {{ localStorage.setItem('mode', '{theme}'); localStorage.setItem('theme', '{theme}') }} catch {{}}"
            )
        page = context.new_page()
        page.log = log = Log()
        page.on("request", lambda request: log.requests.append(request.url))
        page.on("requestfailed", lambda request: log.problems.append(f"request failed: {request.url} {request.failure}"))
        page.on("response", lambda answer: answer.status >= 400 and log.problems.append(f"{answer.status}: {answer.url}"))
        page.on("pageerror", lambda error: log.problems.append(f"exception: {error}"))
        page.on(
            "console",
            lambda message: message.type in ("error", "warning")
            and log.problems.append(f"console {message.type}: {message.text}"),
        )
        return page

    yield make
    for context in contexts:
        context.close()


FORGET = "try { for (const key of Object.keys(localStorage)) if (key.startsWith('every-path/')) localStorage.removeItem(key) } catch {}"


@pytest.fixture(scope="session")
def pages(new_page):
    """``pages(WIDE, "dark")``: a page with that window and theme, made once and used again, its log and the book's memory emptied."""
    made = {}

    def get(viewport, theme):
        if (viewport, theme) not in made:
            made[viewport, theme] = new_page(viewport, theme)
            made[viewport, theme].context.add_init_script(FORGET)
        page = made[viewport, theme]
        page.goto("about:blank")  # what the last test left on its way is given up here, not in this test
        page.log.clear()
        return page

    return get


@pytest.fixture(scope="module")
def twin(request):
    """The page's maker of the frames of the view that a test module is about, its SPEC."""
    with closing(Twin(request.module.SPEC)) as twin:
        yield twin


def pytest_generate_tests(metafunc):
    """A test that takes ``page_path`` runs for every page of the built site."""
    if "page_path" in metafunc.fixturenames:
        metafunc.parametrize("page_path", site_pages() or ["book/index.html"])
