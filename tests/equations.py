r"""The listing of all formulas, tests/equations.txt, and what it says of each: in which setting it holds, or why it is not read.

    python tests/equations.py               takes up formulas that are new, and drops those that are gone
    python tests/equations.py mutants       makes every mutant of every formula, and says how many are found

In the listing, formulas stand in the order of their pages, one a line. Before them
    ## page                      a page
    [setting; w=1.25]            the setting (tests/settings.py) of what follows, and values of its own
    let \eta=0.1                 a formula that gives a root its value for what follows under the same header
    is weights: n_0n_1+\dots     an expression without =, and what the text says it is
    unread (reason): \min L      a formula that is not evaluated
"""

import difflib
import re
import sys
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from formulas import LISTING, Context, Undefined, Wrong, altered, evaluated, failures, formulas, name_of, pages, parsed, prose, tidied
from lark import Token, Tree
from lark.exceptions import LarkError
from settings import SETTINGS


@dataclass(frozen=True)
class Entry:
    """A line of the listing: the formula, and how it is to be read. given: {name: value} of the header and of the lets so far."""

    page: str
    formula: str
    setting: str = ""
    given: tuple = ()
    reason: str = ""
    name: str = ""
    let: bool = False


def assigned(formula):
    r"""(name, value) of a formula such as \eta=0.1 or \lambda=0.5\cdot392=196: its last side is the value."""
    statement = parsed(tidied(formula)).children[0]
    sides = [child for child in statement.children if isinstance(child, Tree)]
    factor = next(sides[0].find_data("factor"))
    name, _ = name_of(Tree("symbol", [next(factor.scan_values(lambda t: t.type == "NAME")), *factor.children[1:]]), Context({}))
    return name, evaluated(sides[-1], Context({}))


def listed(text=None):
    """The entries of the listing."""
    entries, page, setting, given = [], "", "", {}
    for line in (LISTING.read_text(encoding="utf-8") if text is None else text).splitlines():
        if line.startswith("## "):
            page, setting, given = line[3:], "", {}
        elif line.startswith("[") and line.endswith("]"):
            setting, *values = (part.strip() for part in line[1:-1].split(";"))
            given = dict(map(assigned, values))
        elif line:
            kind = re.match(r"let (?P<let>.*)|is (?P<name>[^:]*): (?P<said>.*)|unread \((?P<reason>[^)]*)\): (?P<unread>.*)", line)
            parts = kind.groupdict() if kind else {}
            formula = parts.get("let") or parts.get("said") or parts.get("unread") or line
            if parts.get("let"):
                given = {**given, **dict([assigned(formula)])}
            entries.append(Entry(page, formula, setting, tuple(given.items()), parts.get("reason") or "", parts.get("name") or "", bool(parts.get("let"))))
    return entries


@lru_cache
def found():
    """{page: its formulas, in order}, from the pages."""
    every = {page: formulas(prose(path), page) for page, path in pages().items()}
    return {page: some for page, some in every.items() if some}


@lru_cache(1000)
def setting_of(name, given):
    return SETTINGS[name]().given(dict(given))


def failures_of(source, entry, tidy=True):
    """Why a formula, as its page has it, does not hold as its entry reads it: [reason, ...]."""
    if entry.reason:
        return []
    if entry.setting not in SETTINGS:
        return [f"no setting {entry.setting!r}: name one in a header above it in equations.txt"]
    try:
        return failures(tidied(source) if tidy else source, setting_of(entry.setting, entry.given), entry.name)
    except (LarkError, Undefined, Wrong, ArithmeticError, TypeError, ValueError, IndexError, AttributeError) as error:
        return [f"{type(error).__name__}: {str(error).splitlines()[0]}"]


# ---- mutants of the pages


def mutants(text):
    """Every mutant of a tidied formula: [(kind, text)]. Each sign turned, and each side's; each index moved or exchanged; each factor
    replaced by 1, each denominator too; sum and mean exchanged; O and Z exchanged, and dO and dZ."""
    tree, made = parsed(text), []

    def put(kind, start, end, new):
        made.append((kind, text[:start] + new + text[end:]))

    for token in tree.scan_values(lambda t: t.type in ("SIGN", "BIG", "NAME", "SUB", "SUP")):
        at, end = token.start_pos, token.end_pos
        if token.type == "SIGN":
            put("sign", at, end, "-" if token == "+" else "+")
        elif token.type == "BIG":
            put("sum", at, end, "\\mean ")
        elif token.type == "NAME" and token in ("O", "Z", "dO", "dZ"):
            put("O and Z", at, end, token.translate(str.maketrans("OZ", "ZO")))
        elif token.type in ("SUB", "SUP"):
            made += [("index", text[: at + 2] + new + text[end - 1 :]) for new in moved_indices(token[2:-1], token.type == "SUP")]
    for statement in tree.children:
        sides = [child for child in statement.children if isinstance(child, Tree)]
        whole = [side.children[0] for side in sides if len(sides) == 2 and "0" in (text[other.meta.start_pos : other.meta.end_pos] for other in sides)]
        for part in statement.find_data("sum"):  # not a whole side beside 0
            if not any(part is side for side in whole) and not (isinstance(part.children[0], Token) and part.children[0].type == "SIGN"):
                put("sign", part.meta.start_pos, part.meta.start_pos, "-")
    for product in [*tree.find_data("product"), *tree.find_data("part")]:
        factors = [child for child in product.children if isinstance(child, Tree)]
        if len(factors) > 1:
            for factor in factors:
                put("factor", factor.meta.start_pos, factor.meta.end_pos, "(1)")
    for fraction in tree.find_data("frac"):
        for part in fraction.children:
            put("factor", part.meta.start_pos, part.meta.end_pos, "1")
    return [(kind, mutant) for kind, mutant in dict.fromkeys(made) if mutant not in (text, text.replace("(1)", "1"))]


def moved_indices(content, above):
    """The scripts with one index changed: numbers and letters up and down by one, i and j exchanged, what is added turned."""
    if content.strip() in ("T", "\\top", "new", "old", "in", "out", "*") or "=" in content or "\\in" in content:
        return []
    changed = []
    for match in re.finditer(r"(?<![a-zA-Z\\])([a-zA-Z])(?![a-zA-Z]{2})(?:([+-])(\d))?|(?<![+\-\d])\d", content):
        start, end = match.span()
        if match[1] is None:
            digit = int(match[0])
            new = [str(digit + 1)] + [str(digit - 1)] * (digit > 0)
        elif match[2]:
            new = [match[1], f"{match[1]}{'-' if match[2] == '+' else '+'}{match[3]}"]
        else:
            new = [{"i": "j", "j": "i", "k": "j"}.get(match[1], ""), f"{match[1]}-1" if not above or len(content) == 1 else ""]
        changed += [content[:start] + (f",{one}," if len(one) > 1 and len(content) > 1 else one) + content[end:] for one in new if one]
    return [re.sub(r",+", ",", one).strip(",") for one in changed]


def tried(text, kind, mutant, entry):
    """What becomes of a mutant: found, missed, or unaltered where it is worth the same whatever its symbols are worth."""
    if failures_of(mutant, entry, tidy=False):
        return "found"
    return "missed" if altered(text, mutant, setting_of(entry.setting, entry.given)) else "unaltered"


def every_mutant():
    """(entry, text, kind, mutant) of all formulas that are read, in the order of the pages."""
    for page, some in found().items():
        for formula, entry in zip(some, (entry for entry in listed() if entry.page == page)):
            if not entry.reason:
                text = tidied(formula.source)
                yield from ((entry, text, kind, mutant) for kind, mutant in mutants(text))


def score():
    made, missed = Counter(), []
    for entry, text, kind, mutant in every_mutant():
        outcome = tried(text, kind, mutant, entry)
        made[kind, outcome] += 1
        if outcome == "missed":
            missed.append((entry.page, kind, text, mutant))
    return made, missed


def take_up():
    """Writes the listing anew: what is gone goes, and what is new comes below the formula before it, to be read in the same setting."""
    old = [line for line in LISTING.read_text(encoding="utf-8").splitlines() if line]
    lines = []
    for page, some in found().items():
        start = old.index(f"## {page}") + 1 if f"## {page}" in old else len(old)
        end = next((n for n in range(start, len(old)) if old[n].startswith("## ")), len(old))
        block, entries = old[start:end], listed("\n".join([f"## {page}", *old[start:end]]))
        places = [n for n, line in enumerate(block) if not (line.startswith("[") and line.endswith("]"))]
        lines.append(f"## {page}")
        at = 0
        for kind, a, b, c, d in difflib.SequenceMatcher(None, [entry.formula for entry in entries], [formula.line for formula in some], autojunk=False).get_opcodes():
            for n in range(a, b):
                lines += block[at : places[n]]
                at = places[n] + 1
                if kind == "equal":
                    lines.append(block[places[n]])
                else:
                    print(f"gone from {page}: {block[places[n]]}")
            if kind != "equal":
                for formula in some[c:d]:
                    lines.append(formula.line)
                    print(f"new in {page}: {formula.line}")
        lines += [*block[at:], ""]
    LISTING.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:] == ["mutants"]:
        made, missed = score()
        for page, kind, text, mutant in missed:
            print(f"missed in {page}: {kind}: {text}  ->  {mutant}")
        for kind in dict.fromkeys(kind for kind, _ in made):
            print(f"{kind:8}", *(f"{made[kind, outcome]:5} {outcome}" for outcome in ("found", "missed", "unaltered")))
        print(f"{'all':8}", *(f"{sum(n for (_, o), n in made.items() if o == outcome):5} {outcome}" for outcome in ("found", "missed", "unaltered")))
    else:
        take_up()
