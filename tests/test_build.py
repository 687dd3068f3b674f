"""When the site's notebooks are executed and its pages written, on a small copy of the tree."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support import ROOT

NOTEBOOK = """\
import sys, os, pathlib; sys.path.insert(0, "../src")
with open(os.environ.get("RUNS", os.devnull), "a") as runs: runs.write("{name} ")
import mlp; print("the constant is", mlp.CONSTANT)"""


def write_notebook(path: Path, *lines: str, **metadata) -> None:
    cell = {"cell_type": "code", "id": "only", "metadata": metadata, "execution_count": None, "outputs": []}
    title = {"cell_type": "markdown", "id": "title", "metadata": {}, "source": f"# {path.stem}"}
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    source = "\n".join([NOTEBOOK.format(name=path.stem), *lines])
    cells = [title, cell | {"source": source}]
    path.write_text(json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}))


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """The site's own configuration and extension, with two notebooks and a package of one constant."""
    tree = tmp_path_factory.mktemp("tree")
    for name in ("_config.yml", "requirements.lock", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree / name)
    for name in ("book/_ext", "book/_static", "book/_templates", "tools"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tree / "_toc.yml").write_text("format: jb-book\nroot: book/index\nchapters:\n- file: book/one\n- file: book/two\n")
    (tree / "book" / "index.md").write_text("# A book\n\nText.\n")
    for name in ("one", "two"):
        write_notebook(tree / "book" / f"{name}.ipynb")
    (tree / "src" / "mlp").mkdir(parents=True)
    (tree / "src" / "mlp" / "__init__.py").write_text("CONSTANT = 41\n")
    return tree


def try_to_build(tree: Path, **environment: str) -> tuple[int, str]:
    """Build, and tell how that ended and what it said."""
    runs = tree / "runs.txt"
    runs.write_text("")
    command, environment = [sys.executable, str(tree / "tools" / "build.py")], os.environ | {"RUNS": str(runs)} | environment
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def build(tree: Path, **environment: str) -> set[str]:
    """Build, and tell which notebooks were executed."""
    code, said = try_to_build(tree, **environment)
    assert code == 0, said[-3000:]
    return set((tree / "runs.txt").read_text().split())


def test_only_what_changed_is_executed(tree):
    page = tree / "_build" / "html" / "book" / "two.html"
    assert build(tree) == {"one", "two"}
    assert "the constant is 41" in page.read_text()
    written = page.stat().st_mtime_ns
    assert build(tree) == set()
    assert page.stat().st_mtime_ns == written, "nothing changed: no page is written again"

    with (tree / "book" / "_static" / "site.css").open("a") as style:
        style.write("/* changed */\n")
    assert build(tree) == set()
    assert (tree / "_build" / "html" / "_static" / "site.css").read_text().endswith("/* changed */\n"), "an edited style arrives"

    write_notebook(tree / "book" / "one.ipynb", "print('changed')")
    assert build(tree) == {"one"}, "a changed notebook, and no other"

    (tree / "src" / "mlp" / "__init__.py").write_text("CONSTANT = 42\n")
    assert build(tree) == {"one", "two"}, "the package changed: everything"
    assert "the constant is 42" in page.read_text()

    with (tree / "requirements.lock").open("a") as lock:
        lock.write("# changed\n")
    assert build(tree) == {"one", "two"}, "the lock changed: everything"
    assert len(list((tree / "_build" / ".jupyter_cache").iterdir())) == 1, "older caches are dropped"

    (tree / "_toc.yml").write_text("format: jb-book\nroot: book/index\nchapters:\n- file: book/one\n")
    (tree / "book" / "two.ipynb").unlink()
    assert build(tree) == set()
    assert not page.exists(), "a page whose source is gone goes with it"


def test_no_figure_is_lost(tree):
    (tree / "_toc.yml").write_text("format: jb-book\nroot: book/index\nchapters:\n- file: book/one\n")
    write_notebook(tree / "book" / "one.ipynb", "from matplotlib import pyplot as plt", "plt.plot([1, 2])",
                   "plt.close() if 'LOSE' in os.environ else plt.show()", mystnb={"image": {"alt": "A line that rises."}})  # fmt: skip
    for _ in range(2):  # the second finds no run without the figure to take up
        code, said = try_to_build(tree, LOSE="yes")
        assert code == 1 and re.search(r"one\.ipynb\S* WARNING: this cell should show a figure and shows none", said)
        assert (tree / "runs.txt").read_text() == "one "
    (tree / "matplotlibrc").write_text("axes.facecolor: red\n")
    stale = tree / "_build" / "html" / "_images" / "gone.svg"
    stale.parent.mkdir(exist_ok=True)
    stale.write_text("<svg/>")
    assert build(tree, MPLBACKEND="Agg", MATPLOTLIBRC=str(tree / "matplotlibrc")) == {"one"}
    [figure] = re.findall(r'<svg class="figure" role="img" aria-label="A line that rises.".*?</svg>', (tree / "_build" / "html" / "book" / "one.html").read_text())
    assert "<path" in figure and "#ff0000" not in figure
    assert not stale.exists(), "a picture that no page shows goes"


def test_what_a_killed_build_leaves_is_made_anew(tree):
    """Killed while it writes pages: Sphinx believes that all of them are written, and a run's outputs may be half stored."""
    (tree / "_toc.yml").write_text("format: jb-book\nroot: book/index\nchapters:\n- file: book/one\n- file: book/two\n")
    for name in ("one", "two"):
        write_notebook(tree / "book" / f"{name}.ipynb")
    (tree / "src" / "mlp" / "__init__.py").write_text("CONSTANT = 50\n")
    build(tree)
    (tree / "src" / "mlp" / "__init__.py").write_text("CONSTANT = 51\n")
    first, page, aside = (tree / "_build" / "html" / "book" / name for name in ("one.html", "two.html", "aside"))
    page.rename(aside)
    os.mkfifo(page)  # who writes into it waits for a reader who never comes
    command = [sys.executable, str(tree / "tools" / "build.py")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while "the constant is 51" not in first.read_text():
            assert process.poll() is None
            time.sleep(0.01)
        assert "Another build is running" in try_to_build(tree)[1], "and one at a time"
        process.kill()
    aside.rename(page)
    assert "the constant is 50" in page.read_text()
    for stored in (tree / "_build" / ".jupyter_cache").glob("*/executed/*/base.ipynb"):
        stored.unlink()
    assert build(tree) == {"one", "two"}
    assert "the constant is 51" in page.read_text()
    assert build(tree) == set()


LATE = """\
import socket, sys, time
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])  # the file is there ...
time.sleep(0.3)
server.listen()  # ... and only now does anybody listen
server.accept()
time.sleep(60)
"""


def katex_starts(monkeypatch, tmp_path, program, timeout):
    """The site's way to start KaTeX's server, with another program in Node's place; tells the process started."""
    sys.path.insert(0, str(ROOT / "book" / "_ext"))
    import mlp_site

    (tmp_path / "server.py").write_text(program)
    monkeypatch.setattr(mlp_site.katex.KaTeXServer, "build_command", lambda socket: [sys.executable, "server.py", str(socket)])
    started, real = [], subprocess.Popen
    monkeypatch.setattr(mlp_site.subprocess, "Popen", lambda *args, **kwargs: started.append(real(*args, **kwargs)) or started[-1])
    try:
        _, connection = mlp_site.start_server(tmp_path, timeout)
        connection.close()
        return started[0], None
    except mlp_site.katex.KaTeXError as error:
        return started[0], error


def test_katex_is_waited_for_until_it_listens(monkeypatch, tmp_path):
    process, error = katex_starts(monkeypatch, tmp_path, LATE, timeout=60)
    assert error is None and process.poll() is None
    process.kill()
    process.wait()


@pytest.mark.parametrize("program, timeout", [("raise SystemExit(1)", 60), ("import time; time.sleep(60)", 0.5)], ids=["ends", "never listens"])
def test_a_server_that_does_not_start_leaves_nothing_behind(monkeypatch, tmp_path, program, timeout):
    process, error = katex_starts(monkeypatch, tmp_path, program, timeout)
    assert "Node did not start KaTeX" in str(error) and process.poll() is not None


def test_without_python_for_its_pages_a_site_has_no_run_buttons_and_the_build_says_so(tree):
    write_notebook(tree / "book" / "one.ipynb", tags=["run"])
    code, said = try_to_build(tree)
    page = (tree / "_build" / "html" / "book" / "one.html").read_text()
    assert code == 0 and "The pages get no Run buttons" in said
    assert "tag_run" in page and "run-bar" not in page and not (tree / "_build" / "html" / "_static" / "pyodide").exists()
