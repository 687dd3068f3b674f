"""Execute every notebook and store its outputs, so that the same code gives the same file, byte for byte.

Kept out of the files: widget state, widget views (their ids change at every run), times of execution, what editors note
in cells. A cell tagged ``timing`` measures time: it runs, but keeps the output it has. Name notebooks to refresh only these.
"""

import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

import kernels

ROOT = Path(__file__).resolve().parents[1]
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {"name": "python", "file_extension": ".py", "mimetype": "text/x-python", "pygments_lexer": "ipython3"}
WIDGET = "application/vnd.jupyter.widget-view+json"
NOISE = ("ExecuteTime", "collapsed", "execution", "scrolled", "vscode")


def notebooks() -> list[Path]:
    return sorted([*ROOT.glob("book/*.ipynb"), *ROOT.glob("chapters/*.ipynb")])


def refreshed(path: Path) -> str:
    """The notebook's text after a run from top to bottom."""
    notebook = nbformat.read(path, as_version=4)
    stored = {cell.id: cell.outputs for cell in notebook.cells if "timing" in cell.metadata.get("tags", [])}
    notebook.metadata.pop("widgets", None)
    notebook.metadata |= {"kernelspec": KERNEL, "language_info": LANGUAGE}
    NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
    ).execute()
    notebook.metadata |= {"language_info": LANGUAGE}  # the kernel's own names its Python version
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        for key in NOISE:
            cell.metadata.pop(key, None)
        if cell.cell_type == "code":
            cell.outputs = stored.get(cell.id) or cell.outputs
            for output in cell.outputs:
                output.get("data", {}).pop(WIDGET, None)
            if kernels.should_show_a_figure(cell.metadata) and not any("image/png" in output.get("data", {}) for output in cell.outputs):
                sys.exit(f"{path.name}: the cell {cell.id} should show a figure and shows none")
    nbformat.validate(notebook)
    return nbformat.writes(notebook, version=nbformat.NO_CONVERT) + "\n"


def main(names: list[str]) -> None:
    kernels.use_own()
    os.environ.pop("MLP_STATIC_PAGE", None)  # stored outputs are a line of text and a picture
    for path in map(Path, names) if names else notebooks():
        print(f"{os.path.relpath(path, ROOT)} ... ", end="", flush=True)
        before, after = path.read_text(encoding="utf-8"), refreshed(path.resolve())
        if after != before:
            path.write_text(after, encoding="utf-8")
        print("unchanged" if after == before else "refreshed")


if __name__ == "__main__":
    main(sys.argv[1:])
