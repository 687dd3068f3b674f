r"""The formulas of the pages, from the pages' own sources: found, parsed by a small grammar, and evaluated in a world.

The notation is the book's: in w^k_{ij} the superscript is a layer, in O_{kj} both numbers are indices, dO, dZ, dW are one symbol, and
\partial is read with the two names beside it. Nothing here knows what a symbol is worth: that is the world's matter (tests/scalar.py).
"""

import itertools
import json
import re
import tomllib
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from lark import Lark, Token, Tree
from lark.exceptions import LarkError
from scalar import sigma, size, slope, tanh

ROOT = Path(__file__).resolve().parents[1]
LISTING = Path(__file__).with_name("equations.txt")

# ---- the formulas of a page


@dataclass
class Formula:
    source: str
    displayed: bool
    place: str  # page, number on it

    @property
    def line(self):
        return re.sub(r"\s+", " ", self.source).strip()


def pages():
    """{name: path} of every page that can hold a formula."""
    paths = sorted(ROOT.glob("chapters/*.ipynb")) + sorted(ROOT.glob("book/*.ipynb")) + sorted(ROOT.glob("book/*.md"))
    return {path.relative_to(ROOT).as_posix(): path for path in paths}


def prose(path):
    """What the reader reads of a page: its Markdown outside code, the captions of its figures, and what its predictions say, as formulas."""
    if path.suffix == ".md":
        texts = [path.read_text(encoding="utf-8")]
    else:
        texts = []
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "markdown":
                texts.append("".join(cell["source"]))
            else:
                texts.append(cell["metadata"].get("mystnb", {}).get("figure", {}).get("caption", ""))
                texts += [f"${equation}$" for sentence in sentences("".join(cell["source"])) for equation in equations_in(sentence)]
    text = "\n\n".join(texts)
    text = re.sub(r"^```\{math\}(.*?)^```", r"$$\1$$", text, flags=re.S | re.M)
    text = re.sub(r"^```(?!\{(?!code))\S.*?^```", "", text, flags=re.S | re.M)  # code, but not what a directive such as {glossary} holds
    return re.sub(r"`[^`\n]+`", "", text)


def sentences(code):
    """The questions and the whys of the predictions of a code cell: the book's own are named in it, as predict("4.path-left-out")."""
    for name in re.findall(r'^predict\("(\d)\.([\w-]+)"\)', code, re.M):
        (path,) = ROOT.glob(f"src/mlp/questions/{name[0]}-*.toml")
        asked = tomllib.loads(path.read_text(encoding="utf-8"))[name[1]]
        yield from (asked["question"], asked["why"])


RELATION = re.compile(r"=|\\approx")


def formulas(text, page=""):
    """The displayed formulas of a text, and the inline ones with an equals sign."""
    found = []
    for match in re.finditer(r"\$\$(.+?)\$\$|\$([^$]+?)\$", text, re.S):
        if match[1] or RELATION.search(match[2]):
            found.append(Formula(match[1] or match[2], bool(match[1]), f"{page} {len(found) + 1}"))
    return found


# ---- the formulas of a plain sentence, as views and predictions write them: w²₃₁ = 0.6, ∂L/∂w¹₁₁, 2(ŷ − y) · w

SUPERSCRIPTS, SUBSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻ᵀ", "₀₁₂₃₄₅₆₇₈₉,"
LATIN = str.maketrans(SUPERSCRIPTS + SUBSCRIPTS, "0123456789-T" + "0123456789,")
GREEK = {"σ": r"\sigma ", "η": r"\eta ", "λ": r"\lambda ", "ŷ": r"\hat y", "∂": r"\partial ", "¼": r"\frac14", "½": r"\frac12"}
OPERATORS = {"·": r"\cdot ", "×": r"\cdot ", "÷": "/", "≈": r"\approx ", "−": "-", "+": "+", "/": "/", "=": "="}
LETTER = "[A-Za-zŷσηλ]"
PIECE = re.compile(rf"(?P<word>(?!(?:d[OZW]|wx)(?!{LETTER})){LETTER}{{2,}})|(?P<thing>(?:√?\d+(?:\.\d+)?|d[OZW]|wx|{LETTER}|[∂¼½])′?[{SUPERSCRIPTS}]*(?:[₀-₉]+(?:,[₀-₉]+)?[{SUPERSCRIPTS}]*)?)|"
                   rf"(?P<sign>[·×÷≈−+/=])|(?P<open>\()|(?P<close>\)[{SUPERSCRIPTS}]*)|(?P<other>\S)")


def equations_in(sentence):
    """The equations of a plain sentence, in LaTeX. Two things are multiplied side by side only where no space parts them."""
    found, run, last = [], [], None

    def ended():
        text = "".join(run)
        for bracket in [at for at, c in enumerate(text) if c == "("][::-1]:  # one that never closes, or has an equation in it, is the prose's
            depth, close = 0, len(text)
            for at in range(bracket, len(text)):
                depth += {"(": 1, ")": -1}.get(text[at], 0)
                if not depth:
                    close = at
                    break
            if close == len(text) or "=" in text[bracket:close]:
                found.extend(equations_in(text[bracket + 1 : close]))
                text = text[:bracket] + text[close + 1 :]
        text = text.strip().strip("=≈·×÷/ ").removesuffix("−").removesuffix("+").strip()
        if re.search("[^=≈]+[=≈]", text):
            found.append(latex(text))
        run.clear()

    sentence = re.sub(r"(?<=\d) times (?=\d)", " · ", sentence)
    for piece in PIECE.finditer(sentence):
        kind, space = piece.lastgroup, sentence[: piece.start()][-1:].isspace()
        opens, closed = kind in ("thing", "open"), last in ("thing", "close")
        if kind in ("word", "other") or opens and closed and space or kind == "close" and "".join(run).count("(") <= "".join(run).count(")"):
            ended()
        if kind in ("thing", "sign", "open") or kind == "close" and run:
            run += [" " * (space and bool(run)), piece[0]]
        last = kind
    ended()
    return found


def latex(text):
    text = re.sub(r"([·×÷/]\s*)([+−])(\d[\d.]*)", r"\1(\2\3)", text)
    text = re.sub(rf"[{SUPERSCRIPTS}]+", lambda m: f"^{{{m[0].translate(LATIN)}}}", re.sub(r"[₀-₉]+(?:,[₀-₉]+)?", lambda m: f"_{{{m[0].translate(LATIN)}}}", text))
    text = re.sub(r"√(\d+)", r"\\sqrt{\1}", text.replace("′", "'"))
    text = re.sub(r"\s+", " ", "".join({**GREEK, **OPERATORS}.get(c, c) for c in text)).strip()
    return text.replace(" '", "'")


# ---- the grammar

GRAMMAR = r"""
start: statement (";" statement)*
statement: side (REL side)*
side: sum ("," (sum | DOTS))*
sum: SIGN? product (SIGN (product | DOTS))*
product: part (OP part | SLASH part)*
part: factor+
factor: atom script*
?atom: NUMBER -> number
     | NAME -> name
     | TEXT -> text
     | "(" sum ("," sum)* ")" -> group
     | "[" sum "]" -> group
     | "[" sum ">" sum "]" -> above
     | "\\{" sum "\\}" -> group
     | "\\lvert" sum "\\rvert" -> size
     | "\\frac" "{" sum "}" "{" sum "}" -> frac
     | "\\frac" "{" "\\partial" symbol "}" "{" "\\partial" symbol "}" -> derivative
     | "\\partial" symbol SLASH "\\partial" symbol -> derivative
     | "\\sqrt" "{" sum "}" -> root
     | "\\log" factor -> log
     | BIG script* product -> big
     | "\\underbrace" "{" sum "}" SUB -> underbrace
     | "\\begin{pmatrix}" row ("\\\\" row)* "\\end{pmatrix}" -> matrix
row: sum ("&" sum)*
symbol: NAME script*
script: SUB | SUP
REL: "=" | "\\approx" | "<" | "\\in"
SIGN: "+" | "-"
OP: "\\cdot" | "\\ast" | "\\times" | "\\odot"
SLASH: "/"
DOTS: "\\dots"
BIG: "\\sum" | "\\mean"
TEXT: /\\text\{[^{}]*\}/
NUMBER: /\d+(\.\d+)?/
NAME: /(\\hat\{[a-zA-Z]\}|\\(mathbf|boldsymbol|mathbb)\{\\?[A-Za-z]+\}|\\(sigma|eta|lambda|varepsilon|beta|delta|phi|tanh|ell|nabla|Delta)(?![a-zA-Z])|d[OZW]|[A-Za-z])'?/
SUB: /_\{([^{}]|\{([^{}]|\{[^{}]*\})*\})*\}/
SUP: /\^\{([^{}]|\{([^{}]|\{[^{}]*\})*\})*\}/
%ignore /\s+/
"""
PARSER = Lark(GRAMMAR, parser="lalr", propagate_positions=True, maybe_placeholders=False)


def tidied(source):
    """One spelling for what LaTeX writes in several: braces around every argument, no spacing, no sizes of brackets."""
    text = re.sub(r"\\tag\{[^}]*\}|\\(left|right|bigl|bigr|displaystyle)(?![a-zA-Z])|\\begin\{aligned\}|\\end\{aligned\}", "", source)
    if "aligned" in source:
        text = text.replace("&", "").replace("\\\\", " ")
    text = re.sub(r"^\s*\\text\{([^{}]*): \}", r"\\text{\1}=", re.sub(r"\\text\{ [^{}]*\}", "", text))
    text = re.sub(r",?\s*\\q?quad(?![a-zA-Z])", " ; ", text).replace("{,}", "")
    text = re.sub(r"\\[,;! ]|~", " ", re.sub(r"\\[dt]frac", r"\\frac", text))
    argument = r"\s*(\{|\\[a-zA-Z]+|[^\s{\\])"

    def braced(text, at):
        """text with the argument at `at` in braces, and where it ends."""
        match = re.compile(argument).match(text, at)
        if match[1] != "{":
            text = f"{text[:at]}{{{match[1]}}}{text[match.end():]}"
            return text, at + len(match[1]) + 2
        depth = 0
        for end in range(match.end() - 1, len(text)):
            depth += {"{": 1, "}": -1}.get(text[end], 0) if text[end - 1] != "\\" else 0
            if not depth:
                return text[:at] + text[match.end() - 1 :], end + 1 - (match.end() - 1 - at)
        raise LarkError(f"a brace is not closed: {source}")

    for command, arguments in ((r"\\hat|\\mathbf|\\boldsymbol|\\mathbb", 1), (r"[_^]", 1), (r"\\sqrt", 1), (r"\\frac", 2)):
        at = 0
        while match := re.compile(f"({command})(?![a-zA-Z])" if command[0] == "\\" else command).search(text, at):
            end = at = match.end()
            for _ in range(arguments):
                text, end = braced(text, end)
    text = re.sub(r"\|([^|]*)\|", r"\\lvert \1\\rvert ", text)
    return text.strip().rstrip(".,;").strip()


@lru_cache(100_000)
def parsed(text):
    """The tree of a tidied text; raises LarkError where the grammar does not fit."""
    return PARSER.parse(text)


# ---- evaluation


class Undefined(Exception):
    """A formula asks for what the world does not have."""


class Wrong(Exception):
    """A formula contradicts itself."""


LAYERED = frozenset({"w", "W", "b", "dW"})  # letters whose superscript is a layer, w's only beside a subscript; with "w^" always
COUNTS = "nh"  # letters that number nothing: n_{k-1} units, h neurons
WORDS = {"new", "old", "in", "out"}
INDEX = re.compile(r"([A-Za-z](?:_\{?[A-Za-z]\}?)?|\d)\s*(?:([+-])\s*(\d+))?|(\*|\([A-Z0-9](?:-1)?\))")


def letter(token):
    """A name as the worlds spell it: ŷ, σ, η."""
    plain = re.sub(r"\\(mathbf|boldsymbol|mathbb)\{(.*?)\}", r"\2", str(token))
    plain = re.sub(r"\\hat\{(.)\}", "\\1\u0302", plain).replace("y\u0302", "ŷ")
    greek = {"sigma": "σ", "eta": "η", "lambda": "λ", "varepsilon": "ε", "beta": "β", "delta": "δ", "phi": "φ"}
    return re.sub(r"\\([a-zA-Z]+)", lambda match: greek.get(match[1], match[1]), plain)


def indices(content):
    """The indices in a sub- or superscript: [(letter or number, what is added)], or a word."""
    content = content.strip()
    if content in WORDS:
        return [content]
    found = []
    for part in content.split(",") if "," in content else [content]:
        if "," in content and part.strip().isdigit():
            found.append((int(part), 0))
            continue
        rest = INDEX.sub("", part).strip()
        if rest:
            raise Undefined(f"index {content}")
        for match in INDEX.finditer(part):
            base = match[1] or match[4]
            found.append((int(base) if base.isdigit() else base, int(f"{match[2]}{match[3]}") if match[2] else 0))
    return found


@dataclass
class Context:
    """What a formula is evaluated in: a world, what the index letters stand for, and by how much each printed number is shifted."""

    world: object
    bound: dict = field(default_factory=dict)
    shift: dict = field(default_factory=dict)
    layered: frozenset = LAYERED

    def number(self, index):
        if isinstance(index, str):
            return index
        base, added = index
        if isinstance(base, str):
            if base in self.bound:
                base = self.bound[base]
            elif base == "*" or base[0] == "(":
                return base
            elif re.sub(r"[{}]", "", base) in ("n_K",):
                base = self.world["n", self.world["K"]]
            elif (base,) in self.world and isinstance(self.world[base,], int):
                base = self.world[base,]
            elif not added:
                return base
            else:
                raise Undefined(f"index {base}")
        return base + added


def name_of(tree, context):
    """A symbol's name in the world, and the scripts that are no part of it."""
    base, scripts = letter(tree.children[0]), [script.children[0] for script in tree.children[1:]]
    above, below, rest = [], [], []
    layered = base in context.layered and (base != "w" or "w^" in context.layered or any(script.type == "SUB" for script in scripts))
    for script in scripts:
        content = script[2:-1].strip()
        if script.type == "SUB":
            below += [context.number(index) for index in indices(content)]
        elif content == "*" or layered and not above and content not in ("T", "\\top"):
            above += [context.number(index) for index in indices(content.replace("\\top", ""))]
            rest += [Token("SUP", "^{T}")] * ("\\top" in content)
        else:
            rest.append(script)
    return (base, *above, *below), rest


def look_up(name, context):
    try:
        return context.world[name]
    except KeyError as unknown:
        raise Undefined(" ".join(map(str, unknown.args[0] if unknown.args else name))) from unknown


def times(a, b):
    return a @ b if np.ndim(a) == np.ndim(b) > 0 else a * b


def transposed(value):
    return value.T if np.ndim(value) == 2 else value


def free_letters(tree, bound=frozenset()):
    """The index letters of a tree that no sum binds."""
    if isinstance(tree, Token):
        if tree.type not in ("SUB", "SUP"):
            return set()
        try:
            bases = {index[0] for index in indices(tree[2:-1]) if isinstance(index, tuple)}
        except Undefined:  # a power
            return set()
        return {base for base in bases if isinstance(base, str) and len(base) == 1 and base.islower()} - bound
    if tree.data == "big":
        counters = counted(tree)[0]
        if not counters:  # a bare sum runs over all the letters in it
            return set()
        return set().union(*(free_letters(child, bound | set(counters)) for child in tree.children[1:] if child.data != "script"))
    return set().union(*(free_letters(child, bound) for child in tree.children)) if tree.children else set()


def counted(tree):
    """The counters of a sum, and its limits: (letters, from, to, set)."""
    below = next((s.children[0][2:-1] for s in tree.children[1:] if s.data == "script" and s.children[0].type == "SUB"), "")
    above = next((s.children[0][2:-1] for s in tree.children[1:] if s.data == "script" and s.children[0].type == "SUP"), None)
    if "\\in" in below:
        counter, _, chosen = below.partition("\\in")
        return [counter.strip()], None, None, chosen.strip()
    if "=" in below:
        counter, _, start = below.partition("=")
        return [counter.strip()], start, above, None
    return [part.strip() for part in below.split(",") if part.strip()], None, None, None


MOST = 6


def span(world, most=MOST):
    """What an index without limits runs over, as far as there is something: from 1, or the world's `least`, to its `most`."""
    return range(world["least",] if ("least",) in world else 1, 1 + (world["most",] if ("most",) in world else most))


def evaluated(tree, context):
    """What a tree is worth; raises Undefined where the world has no such name."""
    if isinstance(tree, Token):
        raise Undefined(str(tree))
    children = tree.children
    match tree.data:
        case "number":
            return float(children[0]) + context.shift.get(children[0].start_pos, 0)
        case "text":
            return look_up((children[0][6:-1].strip(),), context)
        case "side":
            return evaluated(children[0], context) if len(children) == 1 else tuple(evaluated(child, context) for child in children)
        case "group":
            return evaluated(children[0], context) if len(children) == 1 else np.array([[evaluated(child, context) for child in children]])
        case "sum":
            return summed(children, context)
        case "product":
            value, operator = evaluated(children[0], context), None
            for child in children[1:]:
                if isinstance(child, Token):
                    operator = child
                elif operator == "/":
                    value = value / evaluated(child, context)
                elif operator in ("\\ast", "\\odot"):
                    value = value * evaluated(child, context)
                else:
                    value = times(value, evaluated(child, context))
            return value
        case "part":
            return juxtaposed(children, context)
        case "factor":
            return scripted(tree, context)
        case "frac":
            return evaluated(children[0], context) / evaluated(children[1], context)
        case "root":
            return np.sqrt(evaluated(children[0], context) + 0j)
        case "log":
            return np.log(evaluated(children[0], context) + 0j)
        case "size":
            return size(evaluated(children[0], context))
        case "above":
            return np.where(np.real(evaluated(children[0], context)) > np.real(evaluated(children[1], context)), 1.0, 0.0)
        case "underbrace":
            return evaluated(children[0], context)
        case "matrix":
            return np.array([[evaluated(entry, context) for entry in row.children] for row in children])
        case "derivative":
            return derivative(children[0], children[-1], context)
        case "big":
            return total(tree, context)
    raise Undefined(tree.data)


def summed(children, context):
    """Terms with their signs."""
    value, sign = None, 1
    for n, child in enumerate(children):
        if isinstance(child, Token) and child.type == "SIGN":
            sign = -1 if child == "-" else 1
        elif isinstance(child, Token):
            value = value + sign * between(children[n - 2], children[n + 2], context)
        else:
            term = evaluated(child, context)
            term = -term if sign < 0 else term
            value = term if value is None else value + term
    return value


INNER = re.compile(r"(?<=_\{)(?:[^{}]|\{[^{}]*\})*(?=\})")


def between(first, last, context):
    r"""The terms that the dots of `first + \dots + last` stand for: every index that differs goes from the first's to the last's."""

    def spots(tree):
        found = []
        for token in tree.scan_values(lambda t: t.type in ("SUB", "SUP")):
            inner = [match.span() for match in INNER.finditer(token)] if "_{" in token else [(2, len(token) - 1)]
            found += [(token.start_pos, span, [context.number(i) for i in indices(token[slice(*span)])]) for span in inner]
        return found

    ends = list(zip(spots(first), spots(last), strict=True))
    steps = {b - a for one, other in ends for a, b in zip(one[2], other[2], strict=True)} - {0}
    if len(steps) != 1:
        raise Undefined("dots")

    def moved(tree, by):
        children = []
        for child in tree.children:
            if isinstance(child, Token) and child.type in ("SUB", "SUP"):
                text = str(child)
                for (at, (start, end), here), (_, _, there) in reversed(ends):
                    if at == child.start_pos:
                        text = text[:start] + ",".join(str(a + by * (a != b)) for a, b in zip(here, there)) + text[end:]
                child = Token(child.type, text, start_pos=child.start_pos)
            children.append(moved(child, by) if isinstance(child, Tree) else child)
        return Tree(tree.data, children, tree.meta)

    return sum(evaluated(moved(first, by), context) for by in range(1, steps.pop()))


def juxtaposed(children, context):
    """Factors side by side: a function's name takes what follows as its argument, all else is multiplied."""
    value, n = None, 0
    while n < len(children):
        child, called = children[n], None
        if child.children[0].data in ("name", "text") and n + 1 < len(children) and children[n + 1].children[0].data in ("group", "above"):
            called = function_of(child, context)
        if called:
            argument = children[n + 1]
            inner = argument.children[0]
            given = [evaluated(part, context) for part in (inner.children if inner.data == "group" else [inner])]
            one, n = with_scripts(called(*given), argument.children[1:], context), n + 2
        else:
            one, n = evaluated(child, context), n + 1
        value = one if value is None else times(value, one)
    return value


KNOWN = {"σ()": np.vectorize(sigma, otypes=[complex]), "σ'()": np.vectorize(slope(sigma), otypes=[float]), "tanh()": tanh, "tanh'()": slope(tanh)}


def function_of(factor, context):
    """The function that a name means before brackets, the world's or one everybody knows; or none."""
    if factor.children[0].data == "text":
        name = (factor.children[0].children[0][6:-1].strip(),)
    else:
        name, rest = name_of(Tree("symbol", [factor.children[0].children[0], *factor.children[1:]]), context)
        if rest:
            return None
    name = (f"{name[0]}()", *name[1:])
    if name in context.world:
        return context.world[name]
    known = KNOWN.get(name[0]) if len(name) == 1 else None
    if known is None:
        return None
    return lambda z: known(z) if np.ndim(z) else complex(known(z + 0j))


def with_scripts(value, scripts, context):
    """A value transposed, or to a power."""
    for script in scripts:
        token = script.children[0] if isinstance(script, Tree) else script
        kind, content = token.type, token[2:-1]
        if kind == "SUP" and content.strip() in ("T", "\\top"):
            value = transposed(value)
        elif kind == "SUP":
            inner = parsed(content).children[0].children[0]
            shift = {at - token.start_pos - 2: by for at, by in context.shift.items()}
            value = value ** evaluated(inner, Context(context.world, context.bound, shift, context.layered))
        else:
            raise Undefined(f"subscript {content}")
    return value


def scripted(tree, context):
    """A factor with its scripts: a symbol of the world, e, or a bracket with a power, with new or old, or [ ... ]_{w_{old}}."""
    head, scripts = tree.children[0], tree.children[1:]
    if head.data == "name":
        token = head.children[0]
        if letter(token) == "e" and not scripts and ("e",) not in context.world:
            return np.e
        if letter(token) == "e" and ("e",) not in context.world and scripts[0].children[0].type == "SUP":
            return with_scripts(np.e, scripts, context)
        name, rest = name_of(Tree("symbol", [token, *scripts]), context)
        if len(name) == 1 and name[0] in context.bound:
            return with_scripts(float(context.bound[name[0]]), rest, context)
        return with_scripts(look_up(name, context), rest, context)
    last = scripts[-1].children[0][2:-1] if scripts and scripts[-1].children[0].type == "SUB" else None
    if last in WORDS:  # (w^k_{ij})_{new}
        return look_up((*name_in(head, context), last), context)
    if last is not None:  # [ ... ]_{w_{old}}: taken before the update
        if "old" not in last:
            raise Undefined(f"subscript {last}")
        evaluated(parsed(last).children[0].children[0], context)  # that there is such a weight
        if any(name_of(d.children[-1], context)[0] != name_in(parsed(last), context) for d in head.find_data("derivative")):
            raise Wrong(f"not the weight of the derivative: {last}")
        return with_scripts(evaluated(head, context), scripts[:-1], context)
    return with_scripts(evaluated(head, context), scripts, context)


def name_in(tree, context):
    """The name of the one symbol in a tree, without new or old."""
    symbol = next(factor for factor in tree.find_data("factor") if factor.children[0].data == "name")
    name, _ = name_of(Tree("symbol", [symbol.children[0].children[0], *symbol.children[1:]]), context)
    return tuple(part for part in name if part not in WORDS)


def derivative(above, below, context):
    """By complex step; a matrix or a row of derivatives where the world has one."""
    (a, rest_a), (b, rest_b) = name_of(above, context), name_of(below, context)
    if rest_a or rest_b:
        raise Undefined("a power beside ∂")
    if ("∂", *b) in context.world and a == context.world["∂ of"]:
        return context.world[("∂", *b)]
    value_a, value_b = look_up(a, context), look_up(b, context)
    if np.ndim(value_b) or np.ndim(value_a):
        short = {"O": "dO", "Z": "dZ", "W": "dW"}.get(b[0])
        if a != ("L",) or short is None:
            raise Undefined("∂ of a row or by one")
        return look_up((short, *b[1:]), context)
    return context.world.d(a, b)


def total(tree, context):
    """A sum, or the mean that a mutant makes of it. Without limits its letters run as far as there is something."""
    counters, start, end, chosen = counted(tree)
    body, mean = tree.children[-1], tree.children[0] == "\\mean"

    def limit(text):
        return round(np.real(evaluated(parsed(text).children[0].children[0], context)))

    if chosen:
        ranges = [context.world[chosen,]]
    elif start is not None:
        ranges = [range(limit(start), limit(end) + 1)]
    elif not counters and not free_letters(body) - {*context.bound}:
        return (np.mean if mean else np.sum)(evaluated(body, context))
    else:
        counters = counters or sorted(free_letters(body) - {*context.bound})
        ranges = [span(context.world)] * len(counters)
    terms = []
    for values in itertools.product(*ranges):
        inside = Context(context.world, {**context.bound, **dict(zip(counters, values))}, context.shift, context.layered)
        try:
            terms.append(evaluated(body, inside))
        except Undefined:
            if chosen or start is not None or not terms:  # as far as it exists, but from the first on
                raise
    if not terms:
        raise Undefined("an empty sum")
    return sum(terms) / (len(terms) if mean else 1)


# ---- whether a formula holds


@dataclass
class Setting:
    """What a formula is read in: the world of the page's own numbers, and worlds at random for what holds in general.

    vary: what stays random there though the page has given it a number; wide: more random worlds, of other sizes, for formulas whose
    indices are all letters.
    """

    page: object  # or a list of worlds, one of which is meant
    others: list = field(default_factory=list)
    wide: list = field(default_factory=list)
    vary: frozenset = frozenset()
    layered: frozenset = LAYERED

    @property
    def pages(self):
        return self.page if isinstance(self.page, list) else [self.page]

    def given(self, values):
        fixed = {name: value for name, value in values.items() if name[0] not in self.vary}
        pages = [page.with_(values) for page in self.pages]
        return Setting(pages if isinstance(self.page, list) else pages[0], [w.with_(fixed) for w in self.others], [w.with_(fixed) for w in self.wide], self.vary, self.layered)


def numeric(tree):
    """Whether a side is made of numbers alone, functions of numbers included."""
    names = [t for t in tree.scan_values(lambda t: t.type in ("NAME", "TEXT"))] + [t for t in tree.scan_values(lambda t: t.type in ("SUB",))]
    return all(letter(t) in ("σ", "tanh", "e") for t in names)


def printed(tree):
    """The numbers of a side that stand for an interval: [(where, half a unit of the last digit)].

    A number on its own has been rounded if it has two digits, and so have the entries of a matrix. In a product or sum one with three
    decimals or more has been, too; one with fewer is meant as it stands.
    """
    numbers = list(tree.scan_values(lambda t: t.type == "NUMBER"))
    alone = len([token for token in tree.scan_values(lambda t: t.type != "SIGN")]) == 1 and not any(tree.find_pred(lambda t: t.data in ("frac", "root")))
    entries = any(tree.find_data("matrix"))
    found = []
    for token in numbers:
        decimals, digits = len(token.partition(".")[2]), token.replace(".", "").lstrip("0")
        if decimals >= 3 or decimals and (entries or alone and len(digits) > 1):
            found.append((token.start_pos, 0.5 * 10.0**-decimals))
    return found


def worth(tree, context):
    """A side's value, and by how much its printed numbers leave it open."""
    value = evaluated(tree, context)
    slack = 0.0
    for at, half in printed(tree):
        moved = evaluated(tree, Context(context.world, context.bound, {**context.shift, at: half}, context.layered))
        slack = slack + abs(np.asarray(moved) - np.asarray(value))
    return value, slack


def near(a, b, relation, loose=1e-8):
    """Whether two worths agree: numbers and arrays within their slack, functions at some places."""
    (x, dx), (y, dy) = a, b
    if callable(x) or callable(y):
        zs = np.array([-1.3, -0.2, 0.4, 1.7])
        if callable(x) and callable(y):
            return all(abs(complex(np.squeeze(x(z))) - complex(np.squeeze(y(z)))) < loose for z in zs)
        raise Undefined("a function and a number")
    x, y = np.squeeze(np.asarray(x, dtype=complex)), np.squeeze(np.asarray(y, dtype=complex))
    if relation == "<":
        return bool(np.all(x.real < y.real))
    if x.shape != y.shape and x.shape and y.shape:
        return False
    return bool(np.all(abs(x - y) <= dx * 1.000001 + dy * 1.000001 + loose * np.maximum(1, abs(x))))


def ranges_of(statements):
    """{letter: its values} of the statements such as i=1,2,3, and the other statements."""
    ranges, rest = {}, []
    for statement in statements:
        sides = [child for child in statement.children if isinstance(child, Tree)]
        tokens, values = list(sides[0].scan_values(lambda t: True)), sides[-1].children
        if len(sides) == 2 and [token.type for token in tokens] == ["NAME"] and len(values) > 1 and all(isinstance(v, Tree) and numeric(v) for v in values):
            ranges[letter(tokens[0])] = [round(evaluated(value, Context({}))) for value in values]
        else:
            rest.append(statement)
    return ranges, rest


def assignments(pair, ranges, world):
    """What the free index letters of two sides may stand for: [{letter: number}], and the letters."""
    letters = sorted(x for x in free_letters(pair) if x in ranges or x not in COUNTS and not ((x,) in world and isinstance(world[x,], int)))
    every = span(world, MOST - 1)
    return [dict(zip(letters, values)) for values in itertools.product(*(ranges.get(x, every) for x in letters))], letters


def in_general(statement):
    """Whether all indices of a statement are letters, so that it speaks of a network of any size."""
    scripts = [token[2:-1] for token in statement.scan_values(lambda t: t.type == "SUB" or t.type == "SUP")]
    return not any(re.fullmatch(r"[\d,]*[1-9][\d,]*|[1-9][a-z]|[a-z]?[1-9]", part.strip()) for part in scripts)


def failures(text, setting, name=None):
    """Why a formula does not hold in its setting, or none: [reason, ...]. `name`: what an expression without = is said to be."""
    tree = parsed(text)
    ranges, statements = ranges_of(tree.children)
    if not statements:
        return ["only a range"]
    reasons = []
    for statement in statements:
        tries = [list(broken(statement, ranges, page, setting, name)) for page in setting.pages]
        reasons += min(tries, key=len)
    return reasons


def broken(statement, ranges, page, setting, name):
    """Why a statement does not hold, the first reason of each pair of neighbouring sides."""
    sides = [child for child in statement.children if isinstance(child, Tree)]
    relations = [str(child) for child in statement.children if isinstance(child, Token)]
    pairs = [(sides[n], sides[n + 1], relation) for n, relation in enumerate(relations)]
    pairs += [(brace.children[0], parsed(brace.children[1][2:-1]).children[0].children[0], "=") for brace in statement.find_data("underbrace")]
    if len(sides) == 1 and name:
        pairs.append((sides[0], parsed(tidied(name)).children[0].children[0], "="))
    if not pairs:
        yield "nothing to compare"
    for left, right, relation in pairs:
        worlds = [page]
        if not (numeric(left) or numeric(right) or relation == "<"):
            worlds += [*setting.others, *(setting.wide if in_general(statement) and not ranges else [])]
        for world in worlds:
            reason = pair_broken(left, right, relation, ranges, world, setting.layered)
            if reason:
                yield reason
                break


def pair_broken(left, right, relation, ranges, world, layered):
    """Why two sides differ in a world, for some value of the index letters; or none."""
    values, unknown = {}, None
    choices, letters = assignments(Tree("pair", [left, right]), ranges, world)
    if letters and (numeric(left) or numeric(right)):
        return f"a number for every {' and '.join(letters)}"
    for bound in choices:
        context = Context(world, bound, {}, layered)
        try:
            a, b = worth(left, context), worth(right, context)
        except Undefined as missing:
            if ranges and letters:
                return f"{missing} is not there"
            unknown = missing
            continue
        if not near(a, b, relation):
            return f"{np.squeeze(np.real(a[0]))} {relation} {np.squeeze(np.real(b[0]))} {bound or ''}"
        for letter, value in bound.items() or [("", 0)]:
            values.setdefault(letter, set()).add(value)
    if not values:
        return f"undefined: {unknown}"
    alone = [letter for letter, some in values.items() if letter and len(some) < 2]
    return f"{' and '.join(alone)} can have one value only" if alone else None


def altered(text, mutant, setting):
    """Whether a mutant is worth something else than the formula, side by side, on the page or where all its symbols have other values."""
    shaken = [page.shaken(seed) for page in setting.pages for seed in (1, 2)]
    for world in [*setting.pages, *shaken]:
        for ours, theirs in zip(parsed(text).find_data("side"), parsed(mutant).find_data("side"), strict=True):
            choices, _ = assignments(Tree("pair", [ours, theirs]), {}, world)
            for bound in choices:
                worths = []
                for side in (ours, theirs):
                    try:
                        worths.append(evaluated(side, Context(world, bound, {}, setting.layered)))
                    except Undefined:
                        worths.append(None)
                if (worths[0] is None) != (worths[1] is None) or worths[0] is not None and not near((worths[0], 0), (worths[1], 0), "=", 1e-10):
                    return True
    return False
