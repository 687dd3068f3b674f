"""Run buttons: a cell and what it needs, what a page loads and when, and a reader who runs, edits, errs and stops, beside the package itself."""

import hashlib
import json
import os
import re
import sys
import tarfile
from html import unescape

import pytest
from chapters import CHAPTERS, WARM_UP
from playwright.sync_api import expect
from support import HTML, PHONE, ROOT, WIDE, address

sys.path[:0] = [str(ROOT / "book" / "_ext"), str(ROOT / "book" / "_static"), str(ROOT / "tools")]
import mlp_run  # noqa: E402
import pyodide  # noqa: E402
import run  # noqa: E402

from mlp import MLP, data, train  # noqa: E402

NOTEBOOKS = [WARM_UP, *sorted(CHAPTERS.glob("*.ipynb"))]
CELLS = {f"{notebook.stem}:{cell['id']}": (cell, setup) for notebook in NOTEBOOKS for cell, setup in mlp_run.runnable(notebook)}
LOSS = "chapters/02-loss-and-regularizers.html"  # its first such cell has η and numbers of steps


def stored(cell) -> str:
    """What a cell has shown, as its page has it: text or a table."""
    return "".join("".join(output.get("text") or output["data"].get("text/html") or output["data"]["text/plain"]) for output in cell["outputs"])


# A cell by itself ------------------------------------------------------------------------------------------------


def test_each_chapter_has_one_to_three_cells_to_run():
    assert [notebook.name for notebook in NOTEBOOKS if not 1 <= len(mlp_run.runnable(notebook)) <= 3] == []


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_after_what_it_needs_gives_what_the_page_shows(name):
    cell, setup = CELLS[name]
    code, said = "".join(cell["source"]), []
    run.run(setup, code, lambda kind, text: said.append((kind, text)))
    assert "".join(text for _, text in said) == stored(cell)
    imported = re.findall(r"^(?:import|from) (\S+)", f"{setup}\n{code}", re.M)
    assert set(imported) <= {"numpy", "mlp"} and "plots" not in setup


EARLIER = ["import numpy as np\nfrom mlp import MLP, plots, table", "a = 1\nrows = []\nfor i in range(3):\n    rows.append(a)\nprint(rows)", "b = {}\nb[1] = np.ones(2)\na = 5"]


@pytest.mark.parametrize("code, setup", [
    ("print(b)", "import numpy as np\nb = {}\nb[1] = np.ones(2)"),
    ("rows", "a = 1\nrows = []\nfor i in range(3):\n    rows.append(a)"),
    ("a = 2\ntable([(a,)], ['a'])", "from mlp import table"),
    ("def f(c):\n    return a + c\nf(1)", "a = 5"),
    ("[a for a in range(3)]", ""),
])  # fmt: skip
def test_what_a_cell_needs_of_the_cells_before_it(code, setup):
    assert mlp_run.setup_of(code, EARLIER) == setup


def outcome(code):
    said = []
    run.run("", code, lambda kind, text: said.append((kind, text)))
    return said


def test_a_run_is_shown_as_a_notebook_shows_it():
    assert outcome("1 + 1") == [("text", "2")]
    assert outcome("x = 1") == outcome("None") == outcome("") == []
    kind, text = outcome("def f():\n    return 1 / 0\n\nf()")[-1]
    assert kind == "error" and text.startswith('Traceback (most recent call last):\n  File "this cell", line 4, in <module>\n    f()\n')
    assert text.endswith("ZeroDivisionError: division by zero\n")
    assert outcome("print(1")[-1][1].endswith("SyntaxError: '(' was never closed\n")


# Python's files --------------------------------------------------------------------------------------------------


@pytest.fixture
def release(tmp_path, monkeypatch):
    """A release of Pyodide that holds one small file, and its sum."""
    name = "numpy-of-some-version.whl"
    (tmp_path / "pyodide").mkdir()
    (tmp_path / "pyodide" / name).write_bytes(b"a wheel")
    with tarfile.open(tmp_path / "release.tar.bz2", "w:bz2") as archive:
        archive.add(tmp_path / "pyodide", "pyodide")
    monkeypatch.setattr(pyodide, "WHEELS", tmp_path / "none")
    monkeypatch.setattr(pyodide, "RELEASE", (tmp_path / "release.tar.bz2").as_uri())
    return name, hashlib.sha256(b"a wheel").hexdigest()


def test_a_wheel_is_taken_from_the_folder_or_the_release_and_only_with_its_sum(release, tmp_path, monkeypatch):
    name, total = release
    assert pyodide.wheel(name, total) == b"a wheel"
    with pytest.raises(ValueError, match="not the file"):
        pyodide.wheel("another.whl", total)
    monkeypatch.setattr(pyodide, "WHEELS", tmp_path)
    (tmp_path / name).write_bytes(b"a wheel")
    monkeypatch.setattr(pyodide, "RELEASE", "nowhere:")
    assert pyodide.wheel(name, total) == b"a wheel"
    (tmp_path / name).write_bytes(b"another wheel")
    with pytest.raises(ValueError, match="not the file"):
        pyodide.wheel(name, total)


def test_a_core_with_another_sum_is_not_taken(tmp_path, monkeypatch):
    monkeypatch.setattr(pyodide, "npm", lambda command, **options: (tmp_path / "pyodide.tgz").write_bytes(b"something else"))
    with pytest.raises(ValueError, match="not the package"):
        pyodide.core(tmp_path)


def test_pages_have_the_button_if_and_only_if_python_was_fetched(html):
    there = pyodide.FOLDER.is_dir()
    assert there or not (os.environ.get("CI") == "true" and pyodide.WHEELS.is_dir()), "all of it can be had here: .ci/run fetches it"
    assert (html / "_static" / "pyodide").is_dir() == there
    for notebook in NOTEBOOKS:
        page = (html / notebook.relative_to(ROOT)).with_suffix(".html").read_text(encoding="utf-8")
        assert page.count('class="run-bar"') == (len(mlp_run.runnable(notebook)) if there else 0)
        assert ("_static/run.js" in page) == there


# On the page -----------------------------------------------------------------------------------------------------

pytestmark = pytest.mark.xdist_group("run")
needs_python = pytest.mark.skipif(not pyodide.FOLDER.is_dir(), reason="the site has no Run buttons: make pyodide was not called")


class Reader:
    """A reader at the first cell of a page that can be run."""

    def __init__(self, page):
        self.page = page
        self.bar = page.locator(".run-bar").first
        self.cell = self.bar.locator("..")
        self.code, self.go, self.status = self.cell.locator("pre").first, self.bar.locator(".run-go"), self.bar.get_by_role("status")
        self.result = self.cell.locator(".run-result")

    def wait(self, act):
        """Does something that runs the cell, and waits until that has ended."""
        before = int(self.bar.get_attribute("data-ended") or 0)
        act()
        expect(self.bar).to_have_attribute("data-ended", str(before + 1))

    def table(self):
        return [row.split("\t") for row in self.result.locator("tbody").inner_text().replace("−", "-").splitlines()]


@pytest.fixture(scope="module")
def reader(site, new_page):
    """At the second chapter, where nothing was pressed."""
    page = new_page(WIDE)
    page.goto(address(site, LOSS))
    expect(page.locator(".run-go").first).to_be_enabled()
    yield Reader(page)
    page.context.close()


@needs_python
def test_a_reader_runs_edits_errs_and_stops(reader, site):
    """One after the other on one page, as starting Python takes seconds."""
    page, log = reader.page, reader.page.log
    assert [url for url in log.requests if re.search("pyodide|run-worker|whl", url)] == [], "nothing before the press"
    height = reader.bar.bounding_box()["height"]
    original, book = reader.code.inner_text(), reader.cell.locator(".cell_output:not(.run-result) .table")
    reader.go.click()
    assert reader.bar.bounding_box()["height"] == height, "what the status says moves nothing"
    expect(reader.go).to_have_text("Stop")
    expect(reader.status).to_contain_text("Fetching Python")
    expect(reader.status).to_contain_text("Done in")
    assert reader.go.inner_text() == "Run"
    assert all(url.startswith(site) for url in log.requests) and any("numpy" in url for url in log.requests)
    assert reader.result.locator(".table").inner_text() == book.inner_text(), "the same code, the same numbers"

    loaded = len(log.requests)
    reader.code.fill(original.replace("[0.02, 0.1, 0.3, 0.9, 1.05]", "[0.27]").replace("[1, 2, 3, 10]", "[1, 2, 7, 10]"))
    reader.wait(lambda: reader.code.press("Shift+Enter"))
    cars = data.auto_mpg()
    line, heavy = MLP(W={1: [[0.5]]}), cars.Xs[:, [2]]
    own = [train(line, heavy, cars.ys, eta=0.27, epochs=steps, batch_size=392).net.w(1, 1, 1) for steps in (1, 2, 7, 10)]
    assert reader.table() == [["0.27", *(f"{w:.4f}" for w in own)]], "what was edited is what the package gives"
    assert len(log.requests) == loaded, "Python is there by now"

    reader.code.fill("w = 0.5")
    reader.code.press("Control+End")
    for line in ("for t in range(2):", "w = w / 2", "print(w)"):  # the indentation is kept, and one deeper after a colon
        page.keyboard.press("Enter")
        page.keyboard.type(line)
    assert reader.code.inner_text() == "w = 0.5\nfor t in range(2):\n    w = w / 2\n    print(w)"
    reader.wait(lambda: page.keyboard.press("Shift+Enter"))
    assert reader.result.locator("pre").inner_text() == "0.25\n0.125\n"

    reader.code.fill("print('so far')\ntrain(line, heavy, ys[:5], eta=0.1, epochs=1)")
    reader.wait(reader.go.click)
    error, whole = reader.result.locator(".run-error p").inner_text(), reader.result.locator(".run-error pre").inner_text()
    assert error.startswith("ValueError: ") and whole.startswith("Traceback (most recent call last):\n  File \"this cell\", line 2")
    assert whole.endswith(error) and reader.status.inner_text() == f"Stopped at an error: {error}"
    assert reader.result.locator(".stream").inner_text().strip() == "so far"

    reader.code.fill("print('for ever')\nwhile True:\n    pass")
    reader.go.click()
    expect(reader.status).to_have_text("Running …")
    reader.wait(reader.go.click)
    assert reader.status.inner_text() == "Stopped."
    reader.bar.get_by_role("button", name="Reset").click()
    assert reader.code.inner_text() == original and reader.result.count() == 0 and "You can change" in reader.status.inner_text()
    reader.wait(reader.go.click)
    assert reader.result.locator(".table").inner_text() == book.inner_text(), "after a stop Python starts again"
    assert log.problems == []


EVERY = """async given => {
  const worker = new Worker("../_static/run-worker.js"), results = {};
  for (const [name, message] of Object.entries(given)) {
    results[name] = await new Promise(done => {
      let said = "";
      worker.onmessage = ({ data: { kind, text } }) => {
        if (kind === "done" || kind === "failed") done(said + (kind === "failed" ? text : ""));
        else if (kind !== "status") said += text;
      };
      worker.postMessage(message);
    });
  }
  worker.terminate();
  return results;
}"""


@needs_python
def test_in_the_browser_every_cell_gives_what_its_page_shows(reader):
    given = {name: {"setup": setup, "code": "".join(cell["source"])} for name, (cell, setup) in CELLS.items()}
    assert reader.page.evaluate(EVERY, given) == {name: stored(cell) for name, (cell, _) in CELLS.items()}


@needs_python
def test_what_goes_with_a_cell_is_its_own(html):
    for notebook in NOTEBOOKS:
        page = (html / notebook.relative_to(ROOT)).with_suffix(".html").read_text(encoding="utf-8")
        setups = json.loads(re.search(r'id="run-setups">(.*?)</script>', page, re.S)[1])
        assert setups == [setup for _, setup in mlp_run.runnable(notebook)]
        codes = [unescape(re.sub("<[^>]+>", "", cell)).strip() for cell in re.findall(r"<pre>((?:(?!<pre>).)*?)</pre></div>\s*</div>\s*</div>\s*<div class=\"run-bar\"", page, re.S)]
        assert codes == ["".join(cell["source"]) for cell, _ in mlp_run.runnable(notebook)]


@needs_python
def test_from_disk_the_page_says_why_there_is_no_button(html, new_page):
    page = new_page(PHONE)
    page.goto(address("", LOSS, "file"))
    bars = page.locator(".run-bar")
    assert bars.count() == 2 and page.locator(".run-bar button").count() == 0
    assert all("from disk a browser starts no Python" in text for text in bars.all_inner_texts())
    assert page.log.problems == [] and page.locator("pre[contenteditable]").count() == 0
    page.context.close()


@needs_python
def test_on_a_phone_buttons_can_be_touched(site, new_page):
    page = new_page(PHONE, has_touch=True, is_mobile=True)
    page.goto(address(site, LOSS))
    for button in page.locator(".run-bar button").all():
        box = button.bounding_box()
        assert box["width"] >= 44 and box["height"] >= 44
    page.context.close()
