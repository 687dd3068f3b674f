"""What `make` does with .venv, in every state in which it may find one; the Python that it calls is a stand-in that notes what is asked of it."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from support import ROOT

PYTHON = """\
#!/bin/sh
echo "$*" >> calls
case "$*" in
  *"-m venv"*)
    case "$*" in *--clear*) rm -rf .venv;; esac
    mkdir -p .venv/bin && cp python .venv/bin/python
    if test -e no-pip; then touch .venv/no-pip; exit 1; fi;;
  *"-m pip"*)
    if test -e .venv/no-pip; then echo "No module named pip" >&2; exit 1; fi;;
esac
"""


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "a book, ünfolded"
    folder.mkdir()
    shutil.copy(ROOT / "Makefile", folder)
    for name in ("requirements.lock", "pyproject.toml"):
        (folder / name).touch()
    (folder / "python").write_text(PYTHON)
    (folder / "python").chmod(0o755)
    return folder


def make(folder: Path) -> tuple[int, str, list[str]]:
    """`make` until everything is installed: how that ended, what it said, and what Python was called for."""
    (folder / "calls").write_text("")
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    done = subprocess.run(["make", "PYTHON=./python", ".venv/installed"], cwd=folder, env=environment, capture_output=True, text=True)
    calls = (folder / "calls").read_text()
    return done.returncode, done.stdout + done.stderr, [name for line in calls.splitlines() for name in ("venv", "install") if f" {name} " in f" {line} "]


NEW, AGAIN = ["venv", "install", "install"], ["install", "install"]


def test_made_once_and_installed_again_when_the_lock_changed(folder):
    assert make(folder)[::2] == (0, NEW)
    assert make(folder)[::2] == (0, [])
    stamp = folder / ".venv" / "installed"
    os.utime(stamp, (0, 0))
    assert make(folder)[::2] == (0, AGAIN)
    assert make(folder)[::2] == (0, [])


def test_killed_while_things_were_installed(folder):
    make(folder)
    (folder / ".venv" / "installed").unlink()
    assert make(folder)[::2] == (0, AGAIN)


def test_killed_while_it_was_made(folder):
    make(folder)
    (folder / ".venv" / "installed").unlink()
    (folder / ".venv" / "no-pip").touch()
    assert make(folder)[::2] == (0, NEW), "made anew, not for ever 'No module named pip'"


def test_without_the_module_that_makes_it(folder):
    """Debian without python3-venv makes half of it and stops."""
    (folder / "no-pip").touch()
    for _ in range(2):
        code, said, _ = make(folder)
        assert code != 0 and "python3-venv" in said and "No module named pip" not in said
    (folder / "no-pip").unlink()
    assert make(folder)[::2] == (0, NEW)


def test_a_copied_or_moved_folder_gets_its_own(folder):
    make(folder)
    other = folder.parent / "copy"
    shutil.copytree(folder, other)
    assert make(other)[::2] == (0, NEW)
    assert make(other)[::2] == make(folder)[::2] == (0, [])
    moved = folder.rename(folder.parent / "moved")
    assert make(moved)[::2] == (0, NEW)


def pins(path):
    """{package==version: the hashes of its files} of a list of requirements."""
    entries = re.split(r"\n(?=\S)", (ROOT / path).read_text(encoding="utf-8"))
    return {entry.split()[0]: set(re.findall(r"--hash=(\S+)", entry)) for entry in entries if not entry.startswith("#")}


def test_every_package_is_pinned_with_its_hashes_and_binders_are_a_part_of_them():
    lock, binder = pins("requirements.lock"), pins("binder/requirements.txt")
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", pin) and hashes for pin, hashes in lock.items())
    assert binder.items() <= lock.items() and {"jupyterlab", "anywidget", "matplotlib", "numpy"} <= {pin.partition("==")[0] for pin in binder}
    assert not {"jupyter-book", "pytest"} & {pin.partition("==")[0] for pin in binder}
