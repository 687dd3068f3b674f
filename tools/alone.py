"""A notebook by itself, as Colab or a reader's download has it: in an empty folder, with the package from a wheel.

``python tools/alone.py`` (``make alone``) makes an environment with Colab's versions, runs every notebook in it, and compares what is
printed with what is stored.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest import mock

import nbformat
from flit_core.wheel import make_wheel_in
from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
COLAB = ["IPython==7.34.0", "ipykernel==6.17.1", "ipywidgets==7.7.1", "numpy==2.0.2"]  # and Python 3.12
REQUIREMENT = "mlp-textbook[widgets]"  # as the notebooks' second cell asks for it


def build_wheel(folder: Path) -> Path:
    """The package's wheel, the same to the byte for the same files."""
    with mock.patch.dict(os.environ, {"SOURCE_DATE_EPOCH": os.environ.get("SOURCE_DATE_EPOCH", "315532800")}):  # 1980, the first year that a zip knows
        return make_wheel_in(ROOT / "pyproject.toml", folder).file


def with_requirement(notebook: str, requirement: str) -> str:
    """A notebook's text whose second cell installs the package from elsewhere."""
    assert REQUIREMENT in notebook, "the notebook's second cell installs the package"
    return notebook.replace(REQUIREMENT, requirement, 1)


def differences(path: Path, folder: Path, python: str = sys.executable, **environment: str) -> list[str]:
    """Runs a copy of a notebook in an empty folder; what is printed otherwise than stored, or does not run."""
    before = nbformat.read(path, as_version=4)
    notebook = nbformat.from_dict(before)
    spec = folder / "kernels" / "alone"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text(json.dumps({"argv": [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"], "display_name": "alone",
                                                  "language": "python", "env": {"PYDEVD_DISABLE_FILE_VALIDATION": "1", "MPLCONFIGDIR": str(folder / "matplotlib"), "IPYTHONDIR": str(folder / "ipython"), **environment}}))
    manager = KernelManager(kernel_name="alone", kernel_spec_manager=KernelSpecManager(kernel_dirs=[str(folder / "kernels")]))
    (folder / "empty").mkdir()
    stored = [said(cell) for cell in before.cells]
    try:
        NotebookClient(notebook, km=manager, timeout=600, resources={"metadata": {"path": str(folder / "empty")}}, coalesce_streams=True).execute()
    finally:
        manager.shutdown_kernel(now=True)
    return [f"{path.name}, {cell.id}: {now!r} for {was!r}" for cell, was, now in zip(notebook.cells, stored, map(said, notebook.cells))
            if now != was and not (now.endswith("…") and was.startswith(now[:-1])) and "timing" not in cell.metadata.get("tags", [])]  # ipywidgets 7 shortens


def said(cell) -> str:
    """What a code cell has printed or shown as text, without the sizes of figures."""
    if cell.cell_type != "code":
        return ""
    texts = [output.get("text", "") or output.get("data", {}).get("text/plain", "") for output in cell.outputs if output.get("name") != "stderr"]
    return "".join(text for text in texts if not text.startswith("<Figure"))


def main() -> None:
    import refresh

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        subprocess.run([os.environ.get("COLAB_PYTHON", "python3.12"), "-m", "venv", folder / "colab"], check=True)
        python = str(folder / "colab" / "bin" / "python")
        wheel = build_wheel(folder)
        subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", f"{wheel}[widgets]", *COLAB], check=True)
        failed = []
        for number, path in enumerate(refresh.notebooks()):
            found = differences(path, folder / str(number), python)
            print(f"{path.name}: as stored" if not found else "\n".join(found), flush=True)
            failed += found
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
