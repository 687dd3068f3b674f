"""Every notebook in a real JupyterLab with a real kernel, as `make lab` and Binder open it, and one in Notebook 7: formulas typeset, views alive, no error."""

import json
import os
import re
import shlex
import subprocess
import sys
import urllib.request
from pathlib import Path
from time import sleep

import pytest
from playwright.sync_api import expect
from support import ROOT, WIDE

from mlp import data, trace

NOTEBOOKS = sorted(path.relative_to(ROOT).as_posix() for folder in ("book", "chapters") for path in (ROOT / folder).glob("*.ipynb"))
CHAPTER_5 = json.loads((ROOT / "chapters" / "05-backpropagation.ipynb").read_text(encoding="utf-8"))["cells"]
BENCH = next("".join(cell["source"]) for cell in CHAPTER_5 if "ipywidgets.jslink" in "".join(cell["source"]))
# A notebook of its own: a ledger, chapter 5's bench beside a slider, a prediction, and what the kernel knows of the first two.
ASKED = "asked.ipynb"
CODE = [
    """from mlp import backprop, data, step
from mlp.widgets import OneUpdate, PathLedger, predict
net, x, y = data.running_example()
ledger = PathLedger(net, x, y)
ledger.index = 6
ledger""",
    BENCH,
    'predict("What is 6 times 7?", answer=42, why="Seven sixes.")',
    """print("the kernel is at", ledger.choice, ledger.index)
bench.eta = 0.4
once = step(net, backprop(net, [x], [y]), bench.eta)
print("the bench is off by", max(abs(bench.net.W[k] - once.W[k]).max() for k in net.layers))""",
]
TOKEN = "only-this-test"
SETTINGS = {"notebook-extension/tracker": {"windowingMode": "none"}}  # all cells are in the document, not only those in sight


def never_run(path):
    """A notebook as it is before it has run: then what is found in it comes from this run."""
    notebook = json.loads((ROOT / path).read_text(encoding="utf-8"))
    for one in notebook["cells"]:
        if one["cell_type"] == "code":
            one |= {"execution_count": None, "outputs": []}
    return notebook


def stored_views(path):
    """How many views a notebook has: predictions, steppers, and steppers in a box with other widgets."""
    outputs = [output for one in json.loads((ROOT / path).read_text(encoding="utf-8"))["cells"] for output in one.get("outputs", ())]
    texts = ["".join(output.get("data", {}).get("text/plain", "")) for output in outputs]
    return sum(text.startswith(("Predict: ", "VBox(")) or "Run this cell" in text for text in texts)


@pytest.fixture(scope="module")
def lab(tmp_path_factory, browser):  # without a browser there is nothing to start a server for
    """The address of a JupyterLab that is started as `make lab` starts it and serves copies of the notebooks."""
    tmp = tmp_path_factory.mktemp("lab")
    for path in NOTEBOOKS:
        (tmp / "work" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp / "work" / path).write_text(json.dumps(never_run(path)), encoding="utf-8")
    cells = [{"cell_type": "code", "id": f"cell-{n}", "metadata": {}, "execution_count": None, "outputs": [], "source": source} for n, source in enumerate(CODE)]
    (tmp / "work" / ASKED).write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    own = {name: str(tmp / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR",
                                              "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")}  # fmt: skip
    for name, values in SETTINGS.items():
        file = tmp / "JUPYTERLAB_SETTINGS_DIR" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(values))
    make = ["make", "-s", "-n", "-o", ".venv/installed", "lab", f"BIN={shlex.quote(str(Path(sys.executable).parent))}"]
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    command = subprocess.run(make, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout.strip()
    options = f"--no-browser --allow-root --ServerApp.port=0 --IdentityProvider.token={TOKEN} --LabApp.expose_app_in_browser=True --JupyterNotebookApp.expose_app_in_browser=True"
    server = subprocess.Popen(
        ["sh", "-c", f"exec {command} {options}"],
        env=os.environ | own, cwd=tmp / "work", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        address = None
        while not address:
            assert server.poll() is None, "JupyterLab did not start"
            for file in (tmp / "JUPYTER_RUNTIME_DIR").glob("jpserver-*.json"):
                try:
                    address = f"http://127.0.0.1:{json.loads(file.read_text())['port']}"
                    ask(address, "api/status")
                except (ValueError, OSError):  # half written, or not listening yet
                    address = None
            sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=60)


def ask(address, what, method="GET", **body):
    """What the server answers to a request of its own interface."""
    request = urllib.request.Request(f"{address}/{what}", method=method, headers={"Authorization": f"token {TOKEN}"},
                                     data=json.dumps(body).encode() if body else None)  # fmt: skip
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read() or "null")


@pytest.fixture
def opened(lab, new_page):
    """`opened(path)`: the page on which that notebook has run from top to bottom. Its kernel ends with the test."""
    made = []

    def open_one(path, app="lab"):
        # The kernel first, or JupyterLab would ask for one.
        session = ask(lab, "api/sessions", "POST", path=path, name=path, type="notebook", kernel={"name": "python3"})
        page = new_page(WIDE, "light")
        made.append((session["id"], page))
        page.add_locator_handler(page.locator("dialog.jp-Dialog"), lambda dialog: dialog.locator("button.jp-mod-accept").click())
        place = f"lab/workspaces/{session['id']}/tree" if app == "lab" else "notebooks"
        page.goto(f"{lab}/{place}/{path}?token={TOKEN}")
        expect(page.locator(".jp-Toolbar-kernelName")).to_have_text("Python 3 (ipykernel)")
        page.wait_for_function("() => window.jupyterapp?.shell.currentWidget?.sessionContext.session?.kernel?.status === 'idle'")
        if app == "notebook":
            page.log.problems.clear()  # what Notebook 7 throws while it opens, an empty notebook too, is its own
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        page.wait_for_function(f"() => {CELLS}.every(one => one.model.type !== 'code' || one.model.executionCount && one.model.executionState !== 'running')",
                               timeout=600_000)  # fmt: skip
        page.wait_for_function(f"() => {CELLS}.every(one => one.model.type !== 'markdown' || one.node.querySelector('.jp-RenderedMarkdown')?.childElementCount)")
        return page

    yield open_one
    for session, page in made:
        page.context.close()
        ask(lab, f"api/sessions/{session}", "DELETE")


CELLS = "window.jupyterapp.shell.currentWidget.content.widgets"
UNFOLD = f"""() => {CELLS}.filter(one => one.model.type === "markdown").map(one => {{
    one.node.querySelectorAll("details").forEach(folded => {{ folded.open = true }});
    const text = one.node.querySelector(".jp-RenderedMarkdown").cloneNode(true);
    text.querySelectorAll("mjx-container, code").forEach(part => part.remove());
    return [one.node.querySelectorAll("details").length, one.node.querySelectorAll("mjx-container").length, text.textContent];
}})"""
VIEW = "application/vnd.jupyter.widget-view+json"
OUTPUTS = f"""() => {CELLS}.filter(one => one.model.type === "code").map(one => {{
    const outputs = one.model.outputs.toJSON(), live = ".mlp-card:not(.refused), form.mlp-prediction";
    return [outputs.filter(output => output.data?.["{VIEW}"]).length, one.node.querySelectorAll(live).length,
        outputs.filter(output => output.output_type === "error" || output.name === "stderr").map(output => output.text ?? output.evalue)];
}})"""


def formulas(source):
    """How many formulas a cell has: between dollars, outside code."""
    return len(re.findall(r"\$\$.*?\$\$|\$[^$]+\$", re.sub(r"```.*?```|`[^`]*`", "", source, flags=re.S), re.S))


@pytest.mark.parametrize("path, app", [*((path, "lab") for path in NOTEBOOKS), ("chapters/04-multi-path-derivatives.ipynb", "notebook")])
def test_a_notebook_runs(path, app, opened, lab):
    page = opened(path, app)
    notebook = never_run(path)["cells"]
    sources = ["".join(one["source"]) for one in notebook if one["cell_type"] == "markdown"]
    expected = [(source.count("<details>"), formulas(source)) for source in sources]
    page.wait_for_function("count => document.querySelectorAll('mjx-container').length === count", arg=sum(count for _, count in expected))
    found = page.evaluate(UNFOLD)
    assert [tuple(one[:2]) for one in found] == expected
    raw = [re.findall(r"\$.*|\\[a-zA-Z]+.*", text) for _, _, text in found]
    assert [words for words in raw if words] == [], "TeX that is not typeset"
    assert page.locator("mjx-merror").count() == 0

    page.wait_for_function(f"() => ({OUTPUTS})().every(([views, live]) => views === live)")
    outputs = page.evaluate(OUTPUTS)
    assert sum(views for views, _, _ in outputs) == stored_views(path)
    assert [problem for _, _, problems in outputs for problem in problems] == []
    assert [problem for problem in page.log.problems if problem.startswith("exception")] == []
    assert page.locator(".Toastify__toast").all_inner_texts() == [], "no news"
    assert [url for url in page.log.requests if not url.startswith((lab, "data:", "blob:", "ws:"))] == []


def test_a_view_and_the_kernel_know_of_each_other(opened):
    page = opened(ASKED)
    card = page.get_by_role("region", name="Path ledger")
    card.scroll_into_view_if_needed()
    frames = trace.path_ledger(*data.running_example())["scenes"]
    status = card.get_by_role("status")
    expect(status).to_have_text(frames["w1_1_1"]["frames"][6]["status"])  # it begins where the kernel put it
    card.get_by_role("combobox", name="weight").select_option("w1_4_3")
    card.get_by_role("button", name="Previous step").click()
    expect(status).to_have_text(frames["w1_4_3"]["frames"][-2]["status"])

    form = page.get_by_role("form", name="What is 6 times 7?")
    form.get_by_label("Your answer").fill("42")
    form.get_by_role("button", name="Check").click()
    expect(form.get_by_role("status")).to_have_text("Yes, 42. Seven sixes.")

    bench = page.get_by_role("region", name="One update")
    expect(bench.locator(".range", has_text="η").locator(".value")).to_have_text("0.4")  # set in the kernel
    expect(page.locator(".widget-readout")).to_have_text("0.398")  # and a slider that is linked to it follows, to its nearest place
    bench.get_by_role("button", name="Update", exact=True).click()
    page.get_by_text("w²₃₁ is now 0.5540").wait_for()  # the kernel's own words

    page.locator(".jp-CodeCell").last.locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")
    page.get_by_text("the kernel is at w1_4_3 5").wait_for()
    page.get_by_text(re.compile(r"the bench is off by (0\.0|\d(\.\d+)?e-1[67])\b")).wait_for()
