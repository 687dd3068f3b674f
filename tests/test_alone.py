"""A notebook by itself: in an empty folder, with the package from the wheel that the site offers (`make alone` tries Colab's versions)."""

import hashlib
import json
import os
import re
import subprocess
import sys
import zipfile

import pytest
from support import HTML, ROOT

sys.path.insert(0, str(ROOT / "tools"))
import alone  # noqa: E402
import refresh  # noqa: E402


@pytest.fixture(scope="module")
def wheel(html):
    (file,) = (HTML / "_static").glob("*.whl")
    return file


def test_the_sites_wheel_is_the_package_whole(wheel):
    with zipfile.ZipFile(wheel) as packed:
        there = {name: packed.read(name) for name in packed.namelist() if not re.search(r"\.dist-info/", name)}
        (metadata,) = [packed.read(name).decode() for name in packed.namelist() if name.endswith("METADATA")]
    files = [path for path in (ROOT / "src").rglob("*") if path.is_file() and "__pycache__" not in path.parts and ".egg-info" not in str(path)]
    assert there == {path.relative_to(ROOT / "src").as_posix(): path.read_bytes() for path in files}
    assert "Provides-Extra: widgets" in metadata and re.search(r'Requires-Dist: anywidget ?; extra == "widgets"', metadata)


def test_it_is_the_same_to_the_byte_each_time(wheel, tmp_path):
    before = dict(os.environ)
    assert hashlib.sha256(alone.build_wheel(tmp_path).read_bytes()).digest() == hashlib.sha256(wheel.read_bytes()).digest()
    assert os.environ == before, "the date of the wheel is not that of the pages"


@pytest.mark.parametrize("path", [path for path in refresh.notebooks() if path.stem in ("warm-up", "04-multi-path-derivatives")], ids=lambda path: path.stem)
def test_a_notebook_in_an_empty_folder_runs(path, wheel, tmp_path):
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(tmp_path / "installed")
    environment = {"PYTHONPATH": str(tmp_path / "installed")}
    where = subprocess.run([sys.executable, "-c", "import mlp; print(mlp.__file__)"], env=os.environ | environment, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert where.stdout.startswith(str(tmp_path / "installed")), "not the package of this folder"
    assert alone.differences(path, tmp_path / "run", **environment) == []


SECOND = {path: json.loads(path.read_text(encoding="utf-8"))["cells"][1] for path in refresh.notebooks()}


def test_every_notebook_has_the_cell_that_fetches_the_package():
    assert len({json.dumps(cell) for cell in SECOND.values()}) == 1
    (cell, *_) = SECOND.values()
    assert cell["metadata"]["tags"] == ["remove-cell"] and alone.REQUIREMENT in "".join(cell["source"])


@pytest.mark.parametrize("package, colab, there, asked", [
    (alone.REQUIREMENT, False, True, None), (alone.REQUIREMENT, True, True, None), ("x @ https://y", False, True, None),
    (alone.REQUIREMENT, False, False, None),  # on somebody's own machine, and the site is not known: nothing from an index
    (alone.REQUIREMENT, True, False, "install -q 'mlp-textbook[widgets]'"), ("x @ https://y", False, False, "install -q 'x @ https://y'"),
])  # fmt: skip
def test_when_it_does(package, colab, there, asked, monkeypatch):
    import importlib.util

    (cell, *_) = SECOND.values()
    code = alone.with_requirement("".join(cell["source"]), package)
    done = []
    if colab:
        monkeypatch.setitem(sys.modules, "google.colab", None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object() if there else None)
    shell = type("Shell", (), {"run_line_magic": lambda self, magic, line: done.append((magic, line))})
    exec(code, {"get_ipython": shell})
    assert done == ([("pip", asked)] if asked else [])
