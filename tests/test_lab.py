"""The notebooks in a real JupyterLab with a real kernel, as `make lab` and Binder open them: the views are alive there too."""

import json
import os
import re
import socket
import subprocess
import sys
import urllib.request
from time import sleep

import pytest
from playwright.sync_api import expect
from support import ROOT, WIDE

from mlp import data, trace

CHAPTER_5 = json.loads((ROOT / "chapters" / "05-backpropagation.ipynb").read_text(encoding="utf-8"))["cells"]
BENCH = next("".join(cell["source"]) for cell in CHAPTER_5 if "ipywidgets.jslink" in "".join(cell["source"]))

# After the front page's own cells: chapter 5's bench beside a slider, a prediction, and what the kernel knows of the ledger.
MORE = [
    "from mlp import backprop, data, step\nfrom mlp.widgets import OneUpdate\nnet, x, y = data.running_example()",
    BENCH,
    'from mlp.widgets import predict\npredict("What is 6 times 7?", answer=42, why="Seven sixes.")',
    """print("the kernel is at", ledger.choice, ledger.index)
bench.eta = 0.4
once = step(net, backprop(net, [x], [y]), bench.eta)
print("the bench is off by", max(abs(bench.net.W[k] - once.W[k]).max() for k in net.layers))""",
]


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture
def lab(tmp_path, browser):  # without a browser there is nothing to start a server for
    """The address of a JupyterLab that serves a copy of the front page's notebook, with two more cells."""
    notebook = json.loads((ROOT / "book" / "index.ipynb").read_text(encoding="utf-8"))
    for n, source in enumerate(MORE):
        notebook["cells"].append({"cell_type": "code", "id": f"more-{n}", "metadata": {}, "execution_count": None, "outputs": [], "source": source})
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "index.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    own = {name: str(tmp_path / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR",
                                                   "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")}
    address = f"http://127.0.0.1:{free_port()}"
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--ServerApp.root_dir={tmp_path / 'work'}",
         f"--ServerApp.port={address.rpartition(':')[2]}", "--IdentityProvider.token=", "--ServerApp.password="],
        env=os.environ | own, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        for _ in range(120):
            try:
                urllib.request.urlopen(f"{address}/api", timeout=5).close()
                break
            except OSError:
                assert server.poll() is None, "JupyterLab did not start"
                sleep(1)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=60)


def test_views_are_alive_in_jupyterlab(lab, new_page):
    page = new_page(WIDE, "light")
    page.goto(f"{lab}/lab/tree/index.ipynb")
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    card = page.get_by_role("region", name="Path ledger")
    card.scroll_into_view_if_needed()
    frames = trace.path_ledger(*data.running_example())["scenes"]
    status = card.get_by_role("status")
    expect(status).to_have_text(frames["w1_1_1"]["frames"][-1]["status"])  # it begins where the kernel put it
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
    assert [url for url in page.log.requests if not url.startswith((lab, "data:", "blob:", "ws:"))] == []
    page.context.close()
