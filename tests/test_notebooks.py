"""What nbval does not see: that there are outputs to compare, and that the notebooks stay small and readable."""

import json
import re
import statistics
import sys
import tomllib

import pytest
from nbconvert import MarkdownExporter
from support import ROOT

sys.path.insert(0, str(ROOT / "tools"))
import refresh  # noqa: E402

from mlp.widgets import predict  # noqa: E402

QUESTIONS = ROOT / "src" / "mlp" / "questions"
NOTEBOOKS = refresh.notebooks()
#: Every cell whose output is a measurement of time, and hence not compared: notebook, cell id.
TIMING_CELLS: set[tuple[str, str]] = {("07-batches", "batch-43"), ("07-batches", "batch-44")}

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path, kind):
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == kind]


def code(path):
    return cells(path, "code")


def source(cell) -> str:
    return "".join(cell["source"])


def test_there_are_notebooks():
    assert NOTEBOOKS


@each_notebook
def test_it_begins_with_how_to_bring_it_to_life(path):
    """Where it is opened as a notebook; the page is alive by itself and leaves this cell out."""
    first = json.loads(path.read_text(encoding="utf-8"))["cells"][0]
    assert "Run all its cells first" in source(first) and first["metadata"]["tags"] == ["remove-cell"]


@each_notebook
def test_outputs_are_stored(path):
    """A notebook without outputs would pass nbval with nothing compared."""
    assert [cell["execution_count"] for cell in code(path)] == list(range(1, len(code(path)) + 1)), "make refresh"
    assert any(cell["outputs"] for cell in code(path))
    for cell in code(path):
        last = source(cell).strip().splitlines()[-1]
        if last.startswith("print("):
            assert cell["outputs"], f"prints, but has no stored output: {last}"


@each_notebook
def test_outputs_are_clean(path):
    assert "widgets" not in json.loads(path.read_text(encoding="utf-8"))["metadata"]
    for cell in code(path):
        for output in cell["outputs"]:
            assert output["output_type"] != "error", source(cell)
            assert output.get("name") != "stderr", source(cell)
            data = output.get("data", {"text/plain": output.get("text", "")})
            assert refresh.WIDGET not in data, "make refresh"
            assert not re.search(r" at 0x[0-9a-f]{6,}>", "".join(data.get("text/plain", ""))), "an address differs in every run"


@each_notebook
def test_cells_are_short(path):
    lengths = [len(source(cell).strip().splitlines()) for cell in code(path)]
    assert max(lengths) <= 15
    assert statistics.median(lengths) <= 6


@each_notebook
def test_pictures_have_real_alternatives(path):
    """matplotlib knows none: it stands in the cell's metadata, where the site finds it."""
    for cell in code(path):
        if any("image/png" in output.get("data", {}) for output in cell["outputs"]):
            about = cell["metadata"].get("mystnb", {}).get("image", {}).get("alt", "")
            plain = "".join("".join(o.get("data", {}).get("text/plain", "")) for o in cell["outputs"])
            if plain.startswith("<Figure") or not plain:
                assert len(about.split()) >= 5, f"no alt text: {source(cell)}"


@each_notebook
def test_file_is_small(path):
    assert path.stat().st_size < 600_000


def test_cells_that_measure_time_are_the_listed_ones():
    found = {
        (path.stem, cell["id"]) for path in NOTEBOOKS for cell in code(path) if "timing" in cell["metadata"].get("tags", [])
    }
    assert found == TIMING_CELLS
    skipping = ("nbval-skip", "nbval-ignore-output", "nbval-raises-exception", "raises-exception")
    others = [(path.stem, cell["id"]) for path in NOTEBOOKS for cell in code(path)
              if set(cell["metadata"].get("tags", [])) & set(skipping) or "NBVAL_" in source(cell)]  # fmt: skip
    assert others == [], "only 'timing' keeps an output from being compared"


def test_refreshing_an_unchanged_notebook_changes_no_byte():
    """The two smallest: they have views and pictures among their outputs."""
    for path in sorted(NOTEBOOKS, key=lambda path: path.stat().st_size)[:2]:
        assert refresh.refreshed(path) == path.read_text(encoding="utf-8")


@each_notebook
def test_no_viewer_shows_an_answer_before_the_reader_has_committed(path):
    """VS Code, GitHub, nbviewer, Colab and nbconvert show every cell and its stored outputs: a question in them is a name and a text."""
    shown = MarkdownExporter().from_filename(str(path))[0]
    for cell in [cell for cell in code(path) if "predict(" in source(cell)]:
        prediction = predict(*re.fullmatch(r'predict\("([\w.-]+)"\)', source(cell)).groups())
        spec, output = prediction.spec, "".join("".join(one["data"]["text/plain"]) for one in cell["outputs"])
        assert "remove-input" in cell["metadata"]["tags"] and output == repr(prediction) and spec["question"] in shown
        assert not spec["why"] or spec["why"] not in shown
    assert "answer=" not in shown


def test_every_question_is_asked_once_and_in_the_order_of_its_file():
    for path in sorted(QUESTIONS.glob("*.toml")):
        number, _, stem = path.stem.partition("-")
        (notebook,) = [one for one in NOTEBOOKS if one.stem in (f"0{number}-{stem}", stem)]
        asked = [f'predict("{number}.{name}")' for name in tomllib.loads(path.read_text(encoding="utf-8"))]
        assert asked == [source(cell) for cell in code(notebook) if source(cell).startswith("predict(")]
