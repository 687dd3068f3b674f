"""Every formula of the pages, from their own sources: listed in equations.txt, true in its setting, and false when it is changed."""

import json
import tomllib

import numpy as np
import pytest
from equations import failures_of, found, listed, mutants, setting_of, tried
from formulas import ROOT, Context, Wrong, equations_in, evaluated, formulas, pages, parsed, prose, sentences, tidied
from scalar import World, gradient, running, sweep, weights_of

from mlp import backprop, data, forward

PAGES = list(found())


def entries(page):
    return [entry for entry in listed() if entry.page == page]


@pytest.mark.parametrize("page", PAGES)
def test_every_formula_is_listed_and_none_is_gone(page):
    assert [formula.line for formula in found()[page]] == [entry.formula for entry in entries(page)], "`python tests/equations.py` takes it up"


def test_no_page_is_gone():
    assert {entry.page for entry in listed()} == set(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_every_formula_holds(page):
    wrong = {f"{formula.place}: {formula.line}": failures_of(formula.source, entry) for formula, entry in zip(found()[page], entries(page))}
    assert {place: reasons for place, reasons in wrong.items() if reasons} == {}


def test_hardly_any_is_unread():
    unread = [entry for entry in listed() if entry.reason]
    assert len(unread) <= len(listed()) / 10


# Changed, and still true: what is 0 has neighbours that are 0, too, at w = 1 both points' losses are 1, and where η is 1 it is 1.
TRUE_AS_WELL = {
    r"\partial L/\partial w^{1}_{21}=0", "Z_{2}=0", "O_{3}=0", "O_{1}=0", "W^{2}=0", "W^{3}=0", "W^{1}=0", "L_{1}=(0-1)^{2}=1", "1-2(1)=-1",
}


@pytest.mark.parametrize("page", PAGES)
def test_every_mutant_is_found(page):
    """Every sign turned, every index moved, every factor dropped, sum for mean, O for Z: whatever alters the value turns red."""
    missed = []
    for formula, entry in zip(found()[page], entries(page)):
        text = tidied(formula.source)
        missed += [mutant for kind, mutant in ([] if entry.reason else mutants(text)) if tried(text, kind, mutant, entry) == "missed"]
    assert {mutant.replace(" ", "") for mutant in missed} <= {text.replace(" ", "") for text in TRUE_AS_WELL}


@pytest.mark.parametrize("page", PAGES)
def test_only_roots_are_given_values(page):
    """A `let`, or a value in a header, must not say what a world computes."""
    for setting, given in {(entry.setting, entry.given) for entry in entries(page)}:
        for name, _ in given:
            sources = [source for source in setting_of(setting, ()).pages[0].sources if not callable(source)]
            assert any(isinstance(source.get(name), (int, float)) for source in sources), f"{name} in [{setting}]"


def value(text, **names):
    return evaluated(parsed(tidied(text)).children[0].children[0], Context(World(names)))


def test_the_notation_is_the_books():
    """A superscript is a layer beside a subscript, and a power without; letters stand side by side for a product, d and ∂ for neither."""
    twin = World({("w", 2, 1, 1): 3.0, "w": 5.0, ("O", 1, 12): 7.0, ("O", 1, 1): 2.0})
    for text, worth in [("w^2_{11}", 3), ("w_{11}^2", 3), ("(w^2_{11})^2", 9), ("w^2", 25), (r"O_{1,12}\,w", 35), ("2w^2_{11}w", 30), (r"\frac12w", 2.5), (r"-w/\frac1w", -25)]:
        assert evaluated(parsed(tidied(text)).children[0].children[0], Context(twin)) == worth, text
    assert value(r"\frac{\partial L}{\partial u}\cdot u", u=3.0, L=lambda t: t["u"] ** 2) == pytest.approx(18)
    assert value(r"\sum_{i=1}^{3}i^2+1") == 15 and value(r"\mean_{i=1}^{3}i^2") == pytest.approx(14 / 3)
    with pytest.raises(Wrong):
        value(r"\left[\frac{\partial L}{\partial u}\right]_{v_{old}}", u=3.0, v=1.0, L=lambda t: t["u"] ** 2, **{"v old": 1.0})


def test_what_a_reader_sees_is_searched(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("$a=1$ and `$b=2$` and $c$\n\n```python\nd = '$e=3$'\n```\n\n```{math}\nf=4\n```\n\n```{glossary}\nword\n  $g=5$\n```\n\n$$h$$\n", encoding="utf-8")
    assert [(formula.line, formula.displayed) for formula in formulas(prose(page))] == [("a=1", False), ("f=4", True), ("g=5", False), ("h", True)]


def test_every_prediction_is_read():
    """All that the book asks, in the files of its questions."""
    asked = [sentence for path in pages().values() if path.suffix == ".ipynb" for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
             if cell["cell_type"] == "code" for sentence in sentences("".join(cell["source"]))]
    files = [tomllib.loads(path.read_text(encoding="utf-8")) for path in (ROOT / "src" / "mlp" / "questions").glob("*.toml")]
    assert sorted(asked) == sorted(question[part] for file in files for question in file.values() for part in ("question", "why"))


def test_the_formulas_of_a_sentence():
    for sentence, equations in [
        ("Step 6 of 7: ∂L/∂w¹₁₂ = (−0.01669) + (−0.03271) = −0.04940.", [r"\partial L/\partial w^{1}_{12} = (-0.01669) + (-0.03271) = -0.04940"]),
        ("Z₁₁ = 0.2·(−0.5) = −0.1, and O₁₁ = σ(−0.1).", [r"Z_{11} = 0.2\cdot (-0.5) = -0.1", r"O_{11} = \sigma (-0.1)"]),
        ("dW³ = O₂ᵀ · dZ₃ is not 0 (two decimals).", [r"dW^{3} = O_{2}^{T} \cdot dZ_{3}"]),
        ("ŷ (w = 3) is wx, and +0.1 / +0.2 = ½.", ["w = 3", r"+0.1 / (+0.2) = \frac12"]),
        ("From 2 to 3, 4 times 2 = 8: so 3² is no 8. Ann = Bob?", [r"4 \cdot 2 = 8"]),
    ]:
        assert equations_in(sentence) == equations, sentence


def test_numbers_are_true_within_their_rounding():
    for text, holds in [("2/3=0.67", True), ("2/3=0.66", False), (r"0.1623\cdot2=0.325", True), (r"0.1623\cdot2=0.33", False), (r"0.8\cdot\frac14=0.2", True), (r"1\cdot\frac14=0.2", False)]:
        (entry,) = listed(f"## page\n[numbers]\n{text}")
        assert (failures_of(text, entry) == []) is holds, text


def test_the_scalar_twin_is_mlp():
    net, x, y = data.running_example()
    twin, grad, O = running(net, x, y), backprop(net, [x], [y]), forward(net, [x]).O
    assert twin["O", 3, 1] == pytest.approx(O[3][0, 0], rel=1e-12)
    assert sweep(net.W, x, y)[0] == pytest.approx(twin["L"], rel=1e-12)
    for k, dW in sweep(net.W, x, y)[1].items():
        assert dW == pytest.approx(np.array(gradient(twin)[k]), rel=1e-12)
    for name in weights_of(net):
        _, k, i, j = name
        assert twin.d("L", name) == twin[("dW", k, i, j)] == pytest.approx(grad.W[k][i - 1, j - 1], rel=1e-12)
    assert twin.d("L", ("O", 2, 1)) == pytest.approx(sum(twin.d("L", ("Z", 3, j)) * net.w(3, 1, j) for j in (1,)), rel=1e-12)
    held = twin.with_({("O", 1, 1): np.float64(0.5)})
    assert held["Z", 1, 1] == twin["Z", 1, 1] and held["Z", 2, 1] != twin["Z", 2, 1], "what is held still moves nothing before it"
