r"""Every number that a page prints outside its checked formulas, by its place, and how it is computed: tests/numbers.txt.

    python tests/numerals.py                takes up numbers that are new, and drops those that are gone
    python tests/numerals.py show PAGE      each number in its sentence, with what computes it
    python tests/numerals.py mutants        changes every number in every way, and says how many of the changes are found

In the listing, numbers stand in the order of their page, a line a paragraph, and `;` between them; the text around them is free.
    ## page                      a page
    # heading                    a section of it
    name = 0.1                   a setting, for the rest of the page
    part(1, 1, 1); 2; "31"; N9.3  a number each: Python, in the names of the page's test, its notebook and help_for below.
                                 By itself stands only what is below ten, a pair of indices, and a reference to the notes.
"""

import ast
import importlib
import math
import re
import sys
import tomllib
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace

import mlp
import numpy as np
from chapters import cells, run, said, table
from equations import listed as equations_listed
from formulas import RELATION, ROOT, pages

LISTING = Path(__file__).with_name("numbers.txt")
WORDS = dict(zip("three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(), range(3, 20)))
WORDS |= dict(zip("twenty thirty forty fifty sixty seventy eighty ninety".split(), range(20, 100, 10)))
RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
POWER = r"10(?:\^\{?[-−]?\d+\}?|[⁻⁰¹²³⁴-⁹]+)"
TOKEN = re.compile(
    rf"(?P<note>\bN\d+(?:\.\d+[a-z]?)?\b)|(?P<shape>(?<![\w.-])\d+(?:-\d+)+(?![\w.]))|(?P<half>[½¼])|(?:(?P<word>\b(?:{'|'.join(WORDS)})\b)|"
    rf"(?P<number>(?:(?<![\w)}}\]])(?P<sign>[-−+]))?(?<![\w.])(?:(?P<power>(?:(?P<times>\d+(?:\.\d+)?)\s*(?:\\cdot|·)\s*)?{POWER})|(?P<plain>\d+(?:,\d{{3}})*(?:\.\d+)?)(?P<e>e[-+]\d+)?)))(?P<unit>\s(?:hundred|thousand|million)\b)?",
    re.I,
)
UNITS = {"hundred": 100, "thousand": 1000, "million": 10**6}


@dataclass
class Number:
    """A number as printed: its text, its value, half the step of its last digit, and where it stands in its section's text."""

    text: str
    value: object
    slack: float
    start: int
    end: int

    def is_worth(self, value):
        if isinstance(self.value, str | tuple):
            return type(value) is type(self.value) and value == self.value
        if isinstance(value, str):
            return value == self.text
        if self.value == 0 and self.text[0] in "-−+":
            return False
        value = np.asarray(value)
        if value.size != 1 or value.dtype.kind not in "iufb":
            return False
        return bool(abs(value.item() - self.value) <= self.slack * (1 + 1e-9) + 1e-12 * abs(self.value))


def numbers(text):
    """The numbers of a text, in order."""
    found = []
    for match in TOKEN.finditer(text):
        slack = 0.0
        if match["note"] or match["shape"]:
            value = match["note"] or tuple(map(int, match["shape"].split("-")))
        elif match["half"]:
            value = {"½": 0.5, "¼": 0.25}[match[0]]
        elif match["word"]:
            scale = UNITS.get((match["unit"] or "").strip().lower())
            value, slack = WORDS[match["word"].lower()] * (scale or 1), scale / 2 if scale else 0.0
        else:
            if match["power"]:
                exponent = int(re.search(r"10[\^{]*([-−\d⁻⁰¹²³⁴-⁹]+)\}?$", match["power"])[1].translate(RAISED).replace("−", "-"))
                digits, scale = match["times"] or "1", 10.0**exponent
            else:
                digits, scale = match["plain"].replace(",", ""), UNITS.get((match["unit"] or "").strip().lower(), float(f"1{match['e'] or ''}"))
            value = float(digits) * scale * (-1 if match["sign"] in ("-", "−") else 1)
            slack = 0.5 * 10.0 ** -len(digits.partition(".")[2]) * scale if match["times"] or not match["power"] else 0
        found.append(Number(match[0], value, slack, *match.span()))
    return found


# ---- the text of a page


def sources(path):
    """A page's text in the order of the reader: Markdown, captions, alt texts, and what its predictions ask, offer and explain."""
    if path.suffix == ".md":
        return [path.read_text(encoding="utf-8")]
    texts = []
    for cell in cells(path):
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown" and "remove-cell" not in cell["metadata"].get("tags", []):
            texts.append(source)
        elif asked := re.match(r'predict\("(\d)\.([\w-]+)"\)', source):
            (file,) = ROOT.glob(f"src/mlp/questions/{asked[1]}-*.toml")
            question = tomllib.loads(file.read_text(encoding="utf-8"))[asked[2]]
            texts.append("\n\n".join([question["question"], " / ".join(question.get("choices", [])), question["why"]]))
        elif shown := cell["metadata"].get("mystnb"):
            texts.append(f"{shown.get('image', {}).get('alt', '')}\n\n{shown.get('figure', {}).get('caption', '')}")
    return texts


def plain(text, unread=()):
    """A text without what is checked elsewhere, or is no number: formulas with a relation, code but for its comments, indices, addresses, tags of HTML."""
    text = re.sub(r"^```\{math\}(.*?)^```", r"$$\1$$", text, flags=re.S | re.M)
    text = re.sub(r"^```(?!\{(?!code))(\S*).*?\n(.*?)^```", lambda m: "\n".join(re.findall(r"(?:^|  )#.*", m[2], re.M)).replace("#", ""), text, flags=re.S | re.M)

    def formula(match):
        source = match[1] or match[2]
        if (match[1] or RELATION.search(source)) and re.sub(r"\s+", " ", source).strip() not in unread:
            return " "
        source = re.sub(r"(?<!\d)(?:[_^](?:\{[^{}]*\}|\\[a-z]+|[A-Za-z0-9]))+", "", source)
        source = re.sub(r"(\d)-(?=\d)", r"\1 - ", source.replace(r"\frac12", " ½ "))  # a difference, no shape
        return re.sub(r"\\[a-z]+", lambda m: r"\cdot " if m[0] == r"\cdot" else " ", source)

    text = re.sub(r"\$\$(.+?)\$\$|\$([^$]+?)\$", formula, text, flags=re.S)
    text = re.sub(r"subscript (\d)(\d)\b", r"subscript \1 \2", text)
    text = re.sub(r"^\(.*\)=$|^\*\*\d+\.\*\*|^\d+\. |^:(?!alt)\w+:.*$", "", text, flags=re.M)
    return re.sub(r"\]\([^)]*\)", "]", re.sub(r"</?[a-z][^<>]*>", "", text))


def cut(texts, page):
    """[(heading, text)] of a page's texts, in order."""
    unread = {entry.formula for entry in equations_listed() if entry.page == page and entry.reason}
    made = [("", [])]
    for source in texts:
        if page.endswith("bibliography.md"):  # a work's years and pages are its own
            source = re.sub("^- .*? — ", "", source, flags=re.M)
        source = re.sub(r"^```(?!\{(?!code))\S.*?^```", lambda m: m[0].replace("\n#", "\n  #"), source, flags=re.S | re.M)  # a comment is no heading
        for part in re.split(r"^(#{1,4} .*)$", source, flags=re.M):
            if re.match("#{1,4} ", part):
                made.append((re.sub(r"^#+ ", "", part).strip(), []))
            made[-1][1].append(plain(part, unread))
    return [(heading, "\n\n".join(parts)) for heading, parts in made if numbers("\n\n".join(parts))]


@lru_cache
def sections(page):
    return cut(sources(pages()[page]), page)


# ---- the listing


def listed(text=None):
    """{page: [(heading, [expression, ...])]}; a setting is an expression "name = ..."."""
    found, page = {}, None
    for line in (LISTING.read_text(encoding="utf-8") if text is None else text).splitlines():
        if line.startswith("## "):
            page = found.setdefault(line[3:], [("", [])])
        elif line.startswith("#"):
            page.append((line[2:], []))
        elif line:
            page[-1][1].extend(part.strip() for part in line.split(";"))
    return found


SETTING = re.compile(r"(\w+) = ")
ALONE = re.compile(r"\d|N\d+(\.\d+[a-z]?)?|½|¼")  # what may stand by itself


class Page:
    """A page's numbers and what computes them; `names` are those of its test."""

    def __init__(self, page, names):
        self.page = page
        path = pages()[page]
        notebook = run(path)[0] if path.suffix == ".ipynb" else {}
        self.names = {**help_for(path), **notebook, **names}
        self.listed = listed().get(page, [("", [])])
        self.evaluated(self.listed[0][1])

    def value(self, expression):
        if re.match(r"N\d", expression):
            return expression
        return {"½": 0.5, "¼": 0.25}[expression] if expression in "½¼" else eval(expression, self.names)  # noqa: S307

    def rows(self):
        """[(heading, text, numbers, expressions, values)], the settings carried out."""
        wanted = dict(self.listed)
        for heading, text in sections(self.page):
            yield heading, text, numbers(text), *self.evaluated(wanted.get(heading, []))

    def evaluated(self, expressions):
        """The expressions that are no settings, and what they are worth; the settings carried out."""
        kept, values = [], []
        for expression in expressions:
            setting = SETTING.match(expression)
            try:
                value = self.value(expression[setting.end() :] if setting else expression)
            except Exception as error:  # noqa: BLE001 - whatever it is, the reader of the report is told
                value = f"{type(error).__name__}: {error}"
            if setting:
                self.names[setting[1]] = value
            else:
                kept.append(expression)
                values.append(value)
        return kept, values

    def wrong(self):
        """What the page prints and nothing computes, or something computes otherwise: [sentence, ...]."""
        found = [f"{self.page}: no section {heading!r}" for heading, some in self.listed if some and heading and heading not in dict(sections(self.page))]
        for heading, text, printed, expressions, values in self.rows():
            for number, n in aligned(printed, values):
                where = "" if number is None else re.sub(r"\s+", " ", text[max(0, number.start - 40) : number.end + 30])
                if number is None:
                    found.append(f"{self.page}, {heading}: {expressions[n]} = {values[n]} stands nowhere")
                elif n is None:
                    found.append(f"{self.page}, {heading}: {number.text} in '…{where}…' is not listed")
                elif not number.is_worth(values[n]):
                    found.append(f"{self.page}, {heading}: {number.text} in '…{where}…', but {expressions[n]} = {values[n]}")
        return found


def holds(page, names):
    """Fails where a page prints a number that its listing does not compute, in the names of the page's test."""
    if wrong := Page(page, names).wrong():
        raise AssertionError("\n".join(wrong))


def aligned(printed, values):
    """Numbers beside the values that compute them: [(number or None, index or None)]. Where they are as many, in order."""
    if len(printed) == len(values):
        return [(number, n) for n, number in enumerate(printed)]
    length = np.zeros((len(printed) + 1, len(values) + 1), dtype=int)  # the longest common part
    same = [[number.is_worth(value) for value in values] for number in printed]
    for a in range(len(printed) - 1, -1, -1):
        for b in range(len(values) - 1, -1, -1):
            length[a, b] = length[a + 1, b + 1] + 1 if same[a][b] else max(length[a + 1, b], length[a, b + 1])
    pairs, a, b = [], 0, 0
    while a < len(printed) or b < len(values):
        if a < len(printed) and b < len(values) and same[a][b]:
            pairs.append((printed[a], b))
            a, b = a + 1, b + 1
        elif b == len(values) or a < len(printed) and length[a + 1, b] >= length[a, b + 1]:
            pairs.append((printed[a], None))
            a += 1
        else:
            pairs.append((None, b))
            b += 1
    return pairs


# ---- what expressions may use everywhere


def figures(function):
    """Values computed together and only once: `@figures def diamond(): …; return locals()` is read as diamond.h."""

    class Lazy:
        @lru_cache
        def all(self):
            return SimpleNamespace(**function())

        def __getattr__(self, name):
            if name.startswith("__"):
                raise AttributeError(name)
            return getattr(self.all(), name)

    return Lazy()


def about(said, worth, within):
    """What is said, if it is right within so much: the author chose a round number."""
    assert abs(said - worth) <= within, f"{said} is said, {worth} it is"
    return said


def literal(node):
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


def help_for(path):
    """HELP, for a page: shown("cell", 3) is the third number that a cell prints, shown("cell", "row", "column") one in its table,
    code("cell", "eta") the literal that its code gives an argument, a name or a loop, or a function as its arguments."""

    def cell(name):
        (one,) = [one for one in cells(path) if one["id"] == name]
        return one

    def shown(name, row, column=None):
        if column is None:
            return numbers(said(cell(name)))[row - 1].value
        headings, *rows = table(cell(name))
        (line,) = [line for line in rows if line[0] == str(row)]
        return numbers(line[headings.index(column)])[0].value

    def code(name, of, which=0):
        tree = ast.parse("".join(cell(name)["source"]))
        given = []
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword) and node.arg == of or isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == of:
                given.append(literal(node.value))
            elif isinstance(node, ast.For | ast.comprehension) and ast.unparse(node.target) == of:
                given.append(literal(node.iter))
            elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(of):
                given.append(tuple(map(literal, node.args)))
        return [one for one in given if one is not None and one != ()][which]

    return {**vars(mlp), "about": about, "mlp": mlp, "shown": shown, "code": code, "np": np, "math": math, "net": mlp.data.running_example()[0], "cars": mlp.data.auto_mpg()}


# ---- the command

HOMES = {f"chapters/{path.name}": f"test_chapter_{path.name[:2]}" for path in pages().values() if path.parent.name == "chapters"}
HOMES |= {"book/warm-up.ipynb": "test_warm_up", "book/where-to-go-next.md": "test_next", "book/notation-translator.md": "test_next"}


def page_of(name):
    return Page(name, vars(importlib.import_module(HOMES.get(name, "test_numbers"))))


def taken_up(number):
    """What the listing says of a new number: itself where it may stand alone, and else what has to be replaced."""
    if isinstance(number.value, str):
        return number.value
    small = isinstance(number.value, float | int) and number.value == int(number.value) and abs(number.value) < 10 and "." not in number.text
    return f"{number.value:.0f}" if small and number.text[-1].isalnum() else f"?{number.text}"


def take_up():
    """Writes the listing anew: what is gone goes, and what is new comes at its place, one below ten by itself and any other with a question mark."""
    lines = ["\n".join(preamble.splitlines()) for preamble in [LISTING.read_text(encoding="utf-8").partition("## ")[0]] if preamble]
    for name in pages():
        if not sections(name):
            continue
        page = page_of(name)
        wanted = dict(page.listed)
        lines += [f"## {name}", *(["; ".join(wanted[""])] if wanted.get("") else [])]
        for heading, text, printed, _, values in page.rows():
            ends = [match.end() for match in re.finditer(r"\n\s*\n", text)]
            old = iter(wanted.get(heading, []))
            lines.append(f"# {heading}")
            line, paragraph = [], 0
            for number, n in aligned(printed, values):
                if number is not None and sum(end <= number.start for end in ends) != paragraph and line:
                    lines.append("; ".join(line))
                    line = []
                if n is not None:
                    kept = []
                    while not kept or SETTING.match(kept[-1]):
                        kept.append(next(old))
                    if number is None:
                        print(f"gone from {name}, {heading}: {kept.pop()}")
                    line += kept
                else:
                    line.append(taken_up(number))
                    print(f"new in {name}, {heading}: {line[-1]}")
                if number is not None:
                    paragraph = sum(end <= number.start for end in ends)
            lines += ["; ".join(line), ""]
    LISTING.write_text("\n".join(lines), encoding="utf-8")


def show(name):
    for heading, text, printed, expressions, values in page_of(name).rows():
        print(f"# {heading}")
        for number, n in aligned(printed, values):
            if number is not None:
                where = re.sub(r"\s+", " ", text[max(0, number.start - 40) : number.start] + f"[{number.text}]" + text[number.end : number.end + 25])
                print(f"  {where:95} {'' if n is None else expressions[n]}")


DIGITS = re.compile(r"(?<![\w/])(?:[-−+](?=\d))?\d+(?:,\d{3})*(?:\.\d+)?(?!\w)")


FREE_OF = r"\]\([^)]*\)|</?[a-z][^<>]*>|^\(.*\)=$|^```(?!\{(?!code)).*?^```|^\*\*\d+\.|^\d+\. |(?<![\d\s])(?:[_^](?:\{[^{}]*\}|\w))+|^- [^\n]*? — "


def mutants(name):
    """(kind, numbers, texts): the page's texts with a number changed, or with two neighbours exchanged. Formulas with a relation are the business of
    equations.py; indices are no numbers."""
    texts = sources(pages()[name])
    for t, text in enumerate(texts):
        free = re.sub(r"\$\$.+?\$\$|\$[^$]+?\$|`[^`\n]+`", lambda m: " " * len(m[0]) if "$" in m[0] and (m[0][1] == "$" or RELATION.search(m[0])) else m[0], text, flags=re.S)
        free = re.sub(FREE_OF, lambda m: " " * len(m[0]), free, flags=re.S | re.M)
        found = list(DIGITS.finditer(free))

        def put(*changes, text=text, t=t):
            for match, new in sorted(changes, key=lambda change: -change[0].start()):
                text = text[: match.start()] + new + text[match.end() :]
            return [*texts[:t], text, *texts[t + 1 :]]

        for match in found:
            sign, digits = re.match(r"([-−+]?)(.*)", match[0]).groups()
            last = int(digits[-1])
            for other in {(last + 1) % 10, (last - 1) % 10}:
                yield "digit", match[0], put((match, f"{sign}{digits[:-1]}{other}"))
            yield "sign", match[0], put((match, digits if sign in ("-", "−") else f"−{digits}"))
        for one, other in zip(found, found[1:]):
            if one[0] != other[0]:
                yield "exchange", f"{one[0]} and {other[0]}", put((one, other[0]), (other, one[0]))


def score(name):
    """{(kind, found): how many} and the mutants that nothing notices."""
    page = page_of(name)
    rows = {heading: values for heading, _, _, _, values in page.rows()}
    made, missed = Counter(), []
    for kind, place, texts in mutants(name):
        changed = cut(texts, name)
        same = [heading for heading, _ in changed] == [heading for heading, _ in sections(name)]
        right = same and all(len(found := numbers(text)) == len(rows[heading]) and all(map(Number.is_worth, found, rows[heading])) for heading, text in changed)
        made[kind, not right] += 1
        if right:
            missed.append((kind, place))
    return made, missed


if __name__ == "__main__":
    command, names = sys.argv[1:2], sys.argv[2:] or [name for name in pages() if sections(name)]
    if command == ["show"]:
        for name in names:
            show(name)
    elif command == ["mutants"]:
        every = Counter()
        for name in names:
            made, missed = score(name)
            every += made
            print(name, *(f"{kind}: {made[kind, True]} of {made[kind, True] + made[kind, False]}," for kind in ("digit", "sign", "exchange")), "missed:", *(f"{kind} {place};" for kind, place in missed))
        print("all:", *(f"{kind}: {every[kind, True]} of {every[kind, True] + every[kind, False]}" for kind in ("digit", "sign", "exchange")))
    else:
        take_up()
