"""Whatever a reader's machine says of figures, profiles and kernels, a notebook gives the same outputs, and a figure that is not there is missed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT

PLOT = "from matplotlib import pyplot as plt\nplt.plot([1, 2])\nplt.show()"


def notebook(path: Path, source: str, **metadata) -> Path:
    cell = {"cell_type": "code", "id": "plot", "metadata": metadata, "execution_count": None, "outputs": [], "source": source}
    path.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


@pytest.fixture
def foreign(tmp_path):
    """The environment of somebody who has settings for everything."""
    home = tmp_path / "home"
    kernel, profile, config = home / "jupyter" / "kernels" / "python3", home / ".ipython" / "profile_default", home / ".config" / "matplotlib"
    for folder in (kernel, profile / "startup", config):
        folder.mkdir(parents=True)
    (kernel / "kernel.json").write_text(json.dumps({"argv": ["/bin/false"], "display_name": "Mine", "language": "python"}))
    (profile / "ipython_kernel_config.py").write_text('c.InlineBackend.figure_formats = {"jpeg"}\n')
    for startup in (profile / "startup" / "first.py", home / "startup.py"):
        startup.write_text('print("good morning")\n')
    (config / "matplotlibrc").write_text("figure.figsize: 2, 1\n")
    own = {"HOME": home, "XDG_CONFIG_HOME": home / ".config", "IPYTHONDIR": home / ".ipython", "MPLCONFIGDIR": config,
           "MATPLOTLIBRC": config / "matplotlibrc", "JUPYTER_PATH": home / "jupyter", "JUPYTER_DATA_DIR": home / "jupyter",
           "PYTHONSTARTUP": home / "startup.py", "MPLBACKEND": "Agg", "JUPYTER_PREFER_ENV_PATH": "0"}  # fmt: skip
    return os.environ | {name: str(value) for name, value in own.items()}


def run(*arguments, environment):
    return subprocess.run([sys.executable, *map(str, arguments)], cwd=ROOT, env=environment, capture_output=True, text=True)


def test_refresh_stores_the_same_figure_on_every_machine(foreign, tmp_path):
    texts = []
    for environment in (os.environ, foreign):
        path = notebook(tmp_path / "one.ipynb", PLOT)
        done = run("tools/refresh.py", path, environment=environment)
        assert done.returncode == 0, done.stderr[-3000:]
        texts.append(path.read_text())
    assert "image/png" in texts[0]
    assert texts[0] == texts[1]


def test_two_runs_draw_the_same_figure_for_the_site(tmp_path):
    """To the byte: no date, and no id that is drawn by lot."""
    path = notebook(tmp_path / "one.ipynb", PLOT.replace("plt.show()", "plt.plot([2, 1], 'o')\nplt.show()"))
    twice = "import pathlib, sys; sys.path.insert(0, 'tools'); import kernels, refresh; kernels.use_own('svg'); print(refresh.refreshed(pathlib.Path(sys.argv[1])))"
    first, second = (run("-c", twice, path, environment=os.environ) for _ in range(2))
    assert first.returncode == 0 and "image/svg+xml" in first.stdout and "clip-path" in first.stdout, first.stderr[-3000:]
    assert first.stdout == second.stdout and "dc:date" not in first.stdout


def test_a_stored_figure_is_compared_with_the_same_one_on_every_machine(foreign):
    done = run("-m", "pytest", "-q", "-p", "no:cacheprovider", "book/warm-up.ipynb", environment=foreign)
    assert done.returncode == 0, done.stdout[-3000:]


def test_refresh_misses_a_figure(tmp_path):
    path = notebook(tmp_path / "one.ipynb", PLOT.replace("plt.show()", "plt.close()"), mystnb={"figure": {"caption": "A line."}})
    before = path.read_text()
    done = run("tools/refresh.py", path, environment=os.environ)
    assert done.returncode == 1 and "one.ipynb: the cell plot should show a figure and shows none" in done.stderr
    assert path.read_text() == before, "nothing is stored"
