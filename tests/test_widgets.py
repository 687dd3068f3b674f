"""The views as Python objects: what they emit in Jupyter and while the site is built, and what they refuse."""

import base64
import gzip
import json
import re
import sys
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from node import Node

from mlp import MLP, data, plots, trace
from mlp.widgets import Diamond, PathLedger, predict
from mlp.widgets.script import FOLDER, IMPORT, joined, script

NET, X, Y = data.running_example()
LAST = trace.path_ledger(NET, X, Y)["scenes"]["w1_1_1"]["frames"][6]["status"]  # the check: on paper nothing can be turned
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
    assert bundle["text/plain"].startswith("Path ledger (8 steps).")
    assert len(bundle["image/png"]) < 120_000


def test_on_the_page_it_is_html_that_carries_its_data(ledger, on_page):
    bundle = ledger._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    page = bundle["text/html"]
    (carried,) = re.findall(r'<script type="application/json">(.*?)</script>', page, re.S)
    spec = json.loads(json.dumps(trace.path_ledger(NET, X, Y)))
    assert json.loads(carried) == {"spec": spec, "index": 0, **spec["traits"]} and spec["traits"]["choice"] == "w1_1_1"
    alt, picture = re.search(r'<noscript><img class="mlp-still" alt="([^"]*)" src="data:image/svg\+xml,([^"]*)"></noscript>', page).groups()
    assert alt.startswith("Path ledger. The 4-3-2-1 network and its loss. Step 1 of 8.") and LAST in alt
    drawn = ElementTree.fromstring(unquote(picture))
    assert drawn.tag == "{http://www.w3.org/2000/svg}svg" and "path 2:  1.7218 × −0.6" in "".join(drawn.itertext()), "text is text"
    assert len(gzip.compress(picture.encode())) < 7000


def test_text_cannot_end_the_script(on_page):
    page = predict("Is </script><b> text?", "yes", choices=["yes", "no"])._repr_mimebundle_()["text/html"]
    assert page.count("</script>") == 1 and "<b>" not in page


def test_frames_follow_the_choice(ledger):
    assert ledger.frames == ledger.spec["scenes"]["w1_1_1"]["frames"] and len(ledger.frames) == 8
    ledger.index = 6
    ledger.choice = "w2_3_1"
    assert len(ledger.frames) == 5 and ledger.index == 4, "the index stays inside"


@pytest.mark.parametrize("index", [-1, 8])
def test_index_outside(ledger, index):
    with pytest.raises(ValueError, match=f"index must be from 0 to 7, but {index} came"):
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


@pytest.mark.parametrize("answer, tol, shown", [(4, None, "4"), (0.08853, 0.0001, "0.0885"), (-12, None, "−12"), (0.5, 0.001, "0.5"), (100, None, "100"), (-0.001, None, "−0.001"), (0, None, "0"),
                                                (0.04, None, "0.04"), (0.0123, None, "0.012"), (-1.2e-15, None, "−1.2·10⁻¹⁵"), (0.004, 0.01, "0")])
def test_how_an_answer_is_shown(answer, tol, shown):
    assert predict("?", answer, tol=tol).spec["shown"] == shown


@pytest.fixture(scope="module")
def ask():
    node = Node(FOLDER / "ask.js")
    yield node
    node.close()


@pytest.mark.parametrize("typed, meant", [
    ("0.25", 0.25), ("-.5", -0.5), ("−0,5", -0.5), ("3/4", 0.75), ("½", 0.5), ("3½", 3.5), ("−2 ¾", -2.75), ("1⁄4", 0.25), ("50%", 0.5), ("50 %", 50), ("1,960.5", 1960.5),
    ("1'960.5", 1960.5), ("1’960", 1960), ("1.960,5", 1960.5), ("1 960,5", 1960.5), ("1\u202f960", 1960), ("1,960", 1960), ("1,960", 1.96), ("1.2·10⁻³", 0.0012), ("−1.2 × 10^-3", -0.0012), ("1.2*10**3", 1200),
    ("2.5e-4", 0.00025), ("12,345,678.9", 12345678.9)])  # fmt: skip
def test_what_a_reader_may_type(ask, typed, meant):
    assert any(abs(one - meant) <= 1e-15 * abs(meant) for one in ask("return readings(typed)", typed=typed))


@pytest.mark.parametrize("typed", ["", "three", "1/2/3", "3 3/5", "3(6)", "1/0", "1,96,0.5", "1.2.3", "10^", "--3", "e5"])
def test_what_is_no_number(ask, typed):
    assert ask("return readings(typed)", typed=typed) == []


@given(st.floats(-1e6, 1e6).filter(lambda value: value == 0 or abs(value) > 1e-200), st.none() | st.floats(1e-9, 10))
def test_the_shown_answer_typed_back_is_right_and_its_opposite_is_not(ask, answer, tol):
    spec = predict("?", answer, tol=tol).spec
    given = ask("return readings(typed)", typed=spec["shown"])
    assert any(abs(one - answer) <= spec["tol"] * (1 + 1e-9) for one in given), spec
    assert tol is not None or answer == 0 or abs(-2 * answer) > spec["tol"], "the wrong sign"


def test_choices_may_be_numbers_and_a_reason_may_be_none():
    spec = predict("How many?", 3, choices=[2, 3, 4], why=None).spec
    assert spec["answer"] == "3" and spec["choices"] == ["2", "3", "4"] and spec["why"] == ""
    assert predict("?", 1, why=None).spec["why"] == ""


def test_predict_asks_the_books_own_questions_by_name():
    spec = predict("3.signs").spec
    assert spec["answer"] == 3 and spec["question"].endswith("How many of the six derivatives are negative?")
    for unknown in ("3.nothing", "3", "signs", "9.signs", "", 3):
        with pytest.raises(ValueError, match="name one of the book's"):
            predict(unknown)


def test_predict_wants_a_positive_tolerance():
    with pytest.raises(ValueError, match="tol must be a positive finite number, but 0 came"):
        predict("?", 1.0, tol=0)


def test_pictures_are_the_same_every_time():
    for spec, choice in ((Diamond().spec, "x2"), (trace.path_ledger(NET, X, Y), "w1_1_1+factored")):
        scene = spec["scenes"][choice]
        for form in ("svg", "png"):
            assert plots.still(spec, scene["holds"], scene["frames"][4], form) == plots.still(spec, scene["holds"], scene["frames"][4], form)


def test_a_notebooks_picture_tells_nothing_before_its_question(ledger):
    first = ledger._picture()
    ledger.index = 6
    assert first != ledger._picture(), "the present step, not always the last"
    lines = plots._ledger_lines(ledger.spec["scenes"]["w1_1_1"]["holds"]["ledger"], ledger.frames[0]["shows"]["ledger"])
    assert lines == []


# Another network in place -------------------------------------------------------------------------------------------


def test_another_network_is_shown_in_place_and_choice_and_step_are_kept(ledger):
    ledger.choice, ledger.index = "w1_4_3+factored", 5
    ledger.show(MLP(W={k: 2 * NET.W[k] for k in NET.layers}), X, Y)
    assert (ledger.choice, ledger.index) == ("w1_4_3+factored", 5)
    assert "w¹₄₃ = 1" in ledger.frames[0]["status"]
    ledger.show(MLP(W={1: NET.W[1], 2: NET.W[2][:, :1], 3: NET.W[3][:1]}), X, Y)  # one path: no factored form, five steps
    assert (ledger.choice, ledger.index) == ("w1_4_3", 4)
    ledger.choice = "w2_3_1"
    ledger.show(MLP(W={1: [[1.0]]}), [1.0], 0.0)
    assert ledger.choice == "w1_1_1" and ledger.frames[ledger.index]
    with pytest.raises(ValueError, match="x has 3 entries"):
        ledger.show(NET, X[:3], Y)
    assert ledger.choice == "w1_1_1", "nothing is lost"


# The script ---------------------------------------------------------------------------------------------------------

COMPUTING = {"engine", "rng"}  # the only modules that compute; live views alone import them


def modules():
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.js"))}


def test_the_script_asks_nobody():
    """No address, no request: it works from disk."""
    for name, text in modules().items():
        assert set(re.findall(r"https?://[^\"' )]+", text)) <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1998/Math/MathML"}, name
        assert not re.search(r"\b(fetch|XMLHttpRequest|eval|innerHTML)\b|\bimport\(", text), name
        assert not re.search(r"\bid[:=]|setAttribute\(.id.", text), f"{name}: classes, never ids"


def test_only_the_engine_computes():
    for name, text in modules().items():
        if name not in COMPUTING:
            assert not re.search(r"Math\.(exp|tanh|log(?!10)|sqrt|random)", text), name  # an axis may be logarithmic
    plain = script(("network", "ledger"), questions=True, page=True)
    assert "permutation" not in plain, "a page without a live view carries no engine"


def test_a_page_carries_what_its_views_need():
    questions = script((), questions=True, page=True)
    assert "answerRow" in questions and "openCard" not in questions and "edgeAt" not in questions
    assert len(gzip.compress(questions.encode())) < 8000
    whole = script(("network", "ledger"), page=True)
    assert "openCard" in whole and "edgeAt" in whole and not IMPORT.search(whole) and not re.search(r"^export ", whole, re.M)
    assert len(gzip.compress(whole.encode())) < 24_000
    assert "export default" in script(("network", "ledger"))


def test_a_script_is_its_modules_without_their_comments():
    """Every line of code is there but for what the view does not need, and Node reads it all."""
    parts = ("network", "matrices", "code", "chart"), ("one-update",)
    whole, everything, code = script(*parts, page=True), joined("card", *parts[0], *parts[1], "page"), modules()
    for name in ("card", "network", "matrices", "chart", "engine", "digits", "live", "one-update"):
        bare = re.sub(r"/\*\*.*?\*/ ?", "", re.sub(r"^\s*//.*$| +// [^\n\"'`]*$", "", IMPORT.sub("", code[name]), flags=re.M), flags=re.S)
        lines = {line.strip().removeprefix("export ") for line in bare.splitlines() if "/*" not in line}
        assert lines <= {re.sub(r"/\*\*.*?\*/", "", line).strip() for line in everything.splitlines()} | {""}, name
    assert not re.search(r"^\s*//", whole, re.M)
    named = {name: set(re.findall(r"^(?:export )?(?:async )?(?:function|const|let|class) (\w+)", text, re.M)) for name, text in code.items()}
    dropped = {one for names in named.values() for one in names if re.search(rf"\bfunction {one}\(", everything) and not re.search(rf"\bfunction {one}\(", whole)}
    assert {"training", "slopesOfEach"} <= dropped and not dropped & set(re.findall(r"\w+", whole)), "what is left out is not needed"
    node = Node()
    assert node("new Function(text); return true", text=whole.replace("export default", "return")) is True
    node.close()


def test_a_name_defined_twice_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules["mlp.widgets.script"], "FOLDER", tmp_path)
    (tmp_path / "one.js").write_text('import { two } from "./two.js";\nexport function one() {}\nconst same = 1;\n')
    (tmp_path / "two.js").write_text("export const two = 2;\nlet same = 2;\n")
    joined.cache_clear()
    with pytest.raises(ValueError, match="one.js defines same, and so does two.js"):
        joined("one")
    (tmp_path / "two.js").write_text("export const two = 2;\n")
    joined.cache_clear()
    assert joined("one") == "const two = 2;\n\nfunction one() {}\nconst same = 1;\n", "what is imported comes first"
    joined.cache_clear()
