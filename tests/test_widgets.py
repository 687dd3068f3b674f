"""The views as Python objects: what they emit in Jupyter and while the site is built, and what they refuse."""

import base64
import json
import re
from pathlib import Path

import numpy as np
import pytest

from mlp import data, plots, trace, widgets
from mlp.widgets import Diamond, PathLedger, predict

NET, X, Y = data.running_example()
WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture
def ledger():
    return PathLedger(NET, X, Y)


@pytest.fixture
def on_page(monkeypatch):
    monkeypatch.setenv("MLP_STATIC_PAGE", "1")


def test_in_jupyter_it_is_a_widget_with_a_line_and_a_picture(ledger):
    bundle, _ = ledger._repr_mimebundle_()
    assert set(bundle) == {"text/plain", WIDGET, "image/png"}
    assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG")
    assert bundle["text/plain"].startswith("Path ledger (7 steps).")
    assert len(bundle["image/png"]) < 120_000


def test_on_the_page_it_is_html_that_carries_its_data(ledger, on_page):
    bundle = ledger._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    page = bundle["text/html"]
    (carried,) = re.findall(r'<script type="application/json">(.*?)</script>', page, re.S)
    assert json.loads(carried) == {"spec": trace.path_ledger(NET, X, Y), "choice": "w1_1_1", "index": 0}
    assert re.search(r'<img class="mlp-still" alt="Path ledger\. The 4-3-2-1 network[^"]{200,}" src="data:image/png;base64,', page)
    assert "http://" not in page and "https://" not in page


def test_text_cannot_end_the_script(on_page):
    page = predict("Is </script><b> text?", "yes", choices=["yes", "no"])._repr_mimebundle_()["text/html"]
    assert page.count("</script>") == 1 and "<b>" not in page


def test_frames_follow_the_choice(ledger):
    assert ledger.frames == ledger.spec["scenes"]["w1_1_1"]["frames"] and len(ledger.frames) == 7
    ledger.index = 6
    ledger.choice = "w2_3_1"
    assert len(ledger.frames) == 5 and ledger.index == 4, "the index stays inside"


@pytest.mark.parametrize("index", [-1, 7])
def test_index_outside(ledger, index):
    with pytest.raises(ValueError, match=f"index must be from 0 to 6, but {index} came"):
        ledger.index = index


@pytest.mark.filterwarnings("error")
def test_predict_takes_any_real_number():
    assert predict("?", np.float32(0.5)).spec["answer"] == 0.5


def test_choice_of_another_kind(ledger):
    for bad in ([], None, 5):
        with pytest.raises(ValueError, match="choice must be one of w1_1_1, "):
            ledger.choice = bad


def test_index_of_another_kind(ledger):
    for bad in ("a", 1.5, None, True):
        with pytest.raises(TypeError, match=f"index must be an integer, but {bad!r} came"):
            ledger.index = bad


def test_choices_that_are_no_list():
    for bad in (5, "yes or no"):
        with pytest.raises(TypeError, match="choices must be a list of texts"):
            predict("?", "yes", choices=bad)


def test_unknown_choice(ledger):
    with pytest.raises(ValueError, match="choice must be one of w1_1_1, .*but 'w9' came"):
        ledger.choice = "w9"


def test_the_ledger_checks_its_point():
    with pytest.raises(ValueError, match="x has 3 entries, but this network takes 4"):
        PathLedger(NET, X[:3], Y)


@pytest.mark.parametrize("answer, error", [("4", TypeError), (None, TypeError), (10**400, TypeError), (np.float32("inf"), TypeError), (True, TypeError), (float("nan"), TypeError)])
def test_predict_wants_a_number(answer, error):
    with pytest.raises(error, match="answer must be a finite number"):
        predict("?", answer)


@pytest.mark.parametrize("answer, choices", [("c", ["a", "b"]), ("a", ["a"]), ("a", ["a", "a"])])
def test_predict_wants_one_of_the_choices(answer, choices):
    with pytest.raises(ValueError, match="answer must be one of at least two different choices"):
        predict("?", answer, choices=choices)


@pytest.mark.parametrize("answer, tol, shown", [(4, None, "4"), (0.08853, 0.0001, "0.0885"), (-12, None, "−12"), (0.5, 0.001, "0.5"), (100, None, "100"), (-0.001, None, "0")])
def test_how_an_answer_is_shown(answer, tol, shown):
    assert predict("?", answer, tol=tol).spec["shown"] == shown


def test_predict_wants_a_positive_tolerance():
    with pytest.raises(ValueError, match="tol must be a positive finite number, but 0 came"):
        predict("?", 1.0, tol=0)


def test_pictures_are_the_same_every_time():
    for spec, choice in ((Diamond().spec, "x2"), (trace.path_ledger(NET, X, Y), "w1_1_1+factored")):
        assert plots.still(spec, choice) == plots.still(spec, choice)


def test_the_script_asks_nobody_and_computes_nothing():
    """No address, no request, no import: it works from disk; the only names from Math are for placing things."""
    script = (Path(widgets.__file__).parent / "views.js").read_text(encoding="utf-8")
    assert set(re.findall(r"https?://[^\"' ]+", script)) == {"http://www.w3.org/2000/svg", "http://www.w3.org/1998/Math/MathML"}
    assert not re.search(r"\b(fetch|import|XMLHttpRequest|eval|innerHTML)\b", script)
    assert not re.search(r"Math\.(exp|tanh|log|sqrt)", script)
    assert not re.search(r"\bid[:=]", script), "classes, never ids"
