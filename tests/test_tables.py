"""Tables: what they say is what came, rounded, in HTML and in text alike; and a table that cannot be is refused in words."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest
import strategies  # noqa: F401  (its profile of hypothesis)
from hypothesis import given
from hypothesis import strategies as st

from mlp import data, l2, table, weight_table


class Read(HTMLParser):
    """A table as a browser sees it: its caption, and its cells as (tag, scope, style, text)."""

    def __init__(self, html):
        super().__init__()
        self.caption, self.rows, self.into = None, [], None
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        if tag == "tr":
            self.rows.append([])
        if tag in ("th", "td", "caption"):
            self.into = [tag, dict(attributes).get("scope"), dict(attributes).get("style") or "", ""]

    def handle_data(self, text):
        if self.into:
            self.into[3] += text

    def handle_endtag(self, tag):
        if tag == "caption":
            self.caption = self.into[3]
        elif tag in ("th", "td"):
            self.rows[-1].append(self.into)
        if tag in ("th", "td", "caption"):
            self.into = None

    def texts(self):
        return [[cell[3].strip() for cell in row] for row in self.rows]


def read(shown):
    return Read(shown._repr_html_())


def number(text):
    return float(text.replace("−", "-").replace(",", ""))


CELLS = st.one_of(st.none(), st.booleans(), st.integers(-(10**6), 10**6), st.floats(-1e6, 1e6),
                  st.text(st.characters(blacklist_categories=("Cc", "Cs", "Zs", "Zl", "Zp", "Cf", "Mn")), max_size=8),
                  st.lists(st.integers(0, 99), max_size=3))  # fmt: skip


@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.tuples(*[CELLS] * n), min_size=1, max_size=5)), st.integers(0, 6), st.booleans())
def test_the_page_and_the_text_hold_what_came(rows, digits, tint):
    headings = [f"heading {n}" for n in range(len(rows[0]))]
    shown = table(rows, headings, digits, tint=tint)
    page = read(shown)
    assert page.texts()[0] == headings and page.caption is None
    assert [[cell[:2] for cell in row] for row in page.rows] == [[["th", "col"]] * len(headings)] + [
        [["th", "row"]] + [["td", None]] * (len(headings) - 1)] * len(rows)  # fmt: skip
    for values, texts in zip(rows, page.texts()[1:]):
        for column, (value, text) in enumerate(zip(values, texts)):
            if value is None or isinstance(value, (bool, str)):
                assert text == {None: "", True: "yes", False: "no"}.get(value, value)
            elif isinstance(value, list):
                assert text == ", ".join(map(str, value))
            elif isinstance(value, int) or column == 0:
                assert number(text) == value
            else:
                assert abs(number(text) - value) <= 0.5000001 * 10.0**-digits and len(text.partition(".")[2]) == digits
    lines = repr(shown).split("\n")
    assert ["".join(line.split()) for line in lines] == ["".join("".join(row).split()) for row in page.texts()]
    assert not any(line != line.rstrip() for line in lines)
    assert eval(repr(table([[1]], ["a"]).rows)) == ((1,),) and shown == table(iter(rows), tuple(headings), digits, tint=tint)


def test_points_stand_under_points():
    shown = table([(0.1, 1, -13133.945), (0.00001, 20, 2.0), ("mean", None, -0.0001)], ["η", "m", "L"], 2)
    assert repr(shown).split("\n") == ["      η    m            L", "0.1        1   −13,133.94", "0.00001   20         2.00", "   mean              0.00"]
    cells = [row[0][3] for row in read(shown).rows[1:]]
    assert cells == ["0.1" + 4 * "\u2007", "0.00001", "mean"]  # spaces as wide as digits
    assert [row[0][3] for row in read(table([(1, "a"), (0.25, "b")], ["x", "y"])).rows[1:]] == ["1\u2008\u2007\u2007", "0.25"]


def test_what_is_printed():
    def cell(value, digits=None):
        return read(table([("", value)], ["name", "value"], digits)).texts()[1][1]

    assert [cell(9999), cell(10600), cell(-220500000), cell(np.int8(-3))] == ["9999", "10,600", "−220,500,000", "−3"]
    assert [cell(1e-5), cell(-0.5), cell(2.0), cell(np.float64(30639.17), 1)] == ["0.00001", "−0.5", "2", "30,639.2"]
    assert [cell(-0.04, 1), cell(0.25, 0), cell(float("inf"), 2), cell(float("nan"), 2)] == ["0.0", "0", "inf", "nan"]
    assert [cell(np.bool_(True)), cell(l2(0.1)), cell((4, 3, 2, 1)), cell(np.array([[0.5, -1.0], [2, 3]]), 1)] == [
        "yes", "l2(0.1)", "4, 3, 2, 1", "0.5, −1.0, 2.0, 3.0"]  # fmt: skip
    assert cell("a  b\n<i>&amp;") == "a b <i>&amp;"
    per_column = table([(0.5, 0.25, 0.125)], ["a", "b", "c"], [2, 1, None])
    assert read(per_column).texts()[1] == ["0.50", "0.2", "0.125"]


def test_words_stand_left_and_numbers_right():
    cells = read(table([("a", 1, "x", True), ("b", None, "y", False)], ["name", "number", "word", "so"])).rows
    assert all([("left" in cell[2]) for cell in row] == [True, False, True, True] for row in cells)
    assert 'style="text-align: right' in table([(1,)], ["n"])._repr_html_()


def test_a_tint_tells_sign_and_size():
    values = [(9.5, 2.0, -4.0), (2, 0.0, 1.0), (3, float("nan"), 7)]
    styles = [[cell[2] for cell in row] for row in read(table(values, ["name", "a", "b"], 1, tint=True)).rows[1:]]
    colors = [re.findall(r"rgb\((\d+ \d+ \d+) / ([\d.]+)\)", style) for row in styles for style in row]
    blue, orange = "0 114 178", "204 102 0"
    assert colors == [[], [(blue, "0.15")], [(orange, "0.30")], [], [], [(blue, "0.07")], [], [], []]
    assert "rgb" not in table(values, ["name", "a", "b"], 1)._repr_html_()


def test_the_caption_is_said_first_and_nothing_is_markup():
    shown = table([("<b>", 1.0)], ["a & b", "<i>"], 1, caption="L < 1 & more")
    assert read(shown).caption == "L < 1 & more" and read(shown).texts() == [["a & b", "<i>"], ["<b>", "1.0"]]
    assert repr(shown).split("\n") == ["L < 1 & more", "a & b   <i>", "<b>     1.0"]
    assert not re.search("<(b|i)>", shown._repr_html_())


def test_weights_stand_from_their_unit_to_theirs():
    net = data.running_example()[0]
    shown = read(weight_table(net.W, 2)).texts()
    assert shown[0] == ["layer, from", "to 1", "to 2", "to 3"]
    for k in net.layers:
        for i in range(1, net.sizes[k - 1] + 1):
            (row,) = [row for row in shown if row[0] == f"{k}, {i}"]
            assert [number(text) for text in row[1:] if text] == [round(net.w(k, i, j), 2) for j in range(1, net.sizes[k] + 1)]
    assert len(shown) == 1 + sum(net.sizes[:-1])
    assert repr(weight_table({k: net.W[k] for k in (3, 1, 2)}, 2)) == repr(weight_table(net.W, 2))
    assert weight_table(net.W)._repr_html_().count("rgb(") == 20


def test_a_table_keeps_what_it_was_given():
    row = np.array([1.0, 2.0])
    shown = table([row], ["a", "b"], 1)
    before = repr(shown)
    row[1] = 7
    assert repr(shown) == before and shown.rows == ((1.0, 2.0),)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (([(1, 2), (3,)], ["a", "b"]), ValueError, "rows must have 2 entries each, one for each heading, but row 2 has 1"),
        (([(1, 2)], ["a"]), ValueError, "rows must have 1 entries each"),
        (([], ["a"]), ValueError, "rows is empty; a table has at least one row"),
        (([1, 2], ["a"]), TypeError, "each of the rows must be a list, but 1 came"),
        ((["ab"], ["a", "b"]), TypeError, "each of the rows must be a list, but 'ab' came"),
        ((7, ["a"]), TypeError, "rows must be a list, but 7 came"),
        (([(1,)], "a"), TypeError, "headings must be a list, but 'a' came"),
        (([(1,)], [2]), TypeError, "each of the headings must be a string, but 2 came"),
        (([(1,)], [" "]), ValueError, "headings must each say something, but [''] came"),
        (([(1, 2)], ["a", "b"], [1]), ValueError, "digits must be one number, or one for each of the 2 columns, but 1 came"),
        (([(1, 2)], ["a", "b"], -1), ValueError, "digits must be at least 0, but -1 came"),
        (([(1, 2)], ["a", "b"], 1.5), TypeError, "digits must be a list, but 1.5 came"),
        (([(1, 2)], ["a", "b"], [1, "2"]), TypeError, "digits must be an integer, but '2' came"),
    ],
)
def test_what_cannot_be_a_table_is_refused(arguments, error, words):
    with pytest.raises(error, match=re.escape(words)):
        table(*arguments)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: table([(1,)], ["a"], tint=1), TypeError, "tint must be True or False, but 1 came"),
        (lambda: table([(1,)], ["a"], caption=None), TypeError, "caption must be a string, but None came"),
        (lambda: weight_table({2: [1.0]}), ValueError, "W[2] must be 2-D, a row for each unit of layer 1, but its shape is (1,)"),
        (lambda: weight_table({0: [[1.0]]}), ValueError, "layer must be at least 1"),
        (lambda: weight_table([[1.0]]), TypeError, "W must be {layer: matrix}, but [[1.0]] came"),
        (lambda: weight_table({}), ValueError, "rows is empty"),
    ],
)
def test_what_cannot_be_shown_is_refused(call, error, words):
    with pytest.raises(error, match=re.escape(words)):
        call()
