"""What the search as one types looks through: the book's sections, glossary entries and numbered equations, in one small script.

Each becomes {to, title, page, says, words}: its address, its heading, the page's, its first words, and what it is found by beside
those: bold terms, synonyms, and every symbol of its formulas in one spelling (w231, O21, dZ2), to which search.js brings what is typed.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

FIRST = 170  # characters of a section that are shown

SIGNS = {"partial": "∂", "eta": "η", "lambda": "λ", "sigma": "σ", "sum": "Σ", "cdot": "·", "cdots": "…", "dots": "…", "ldots": "…", "times": "×", "Delta": "Δ", "ne": "≠", "le": "≤",
         "ge": "≥", "approx": "≈", "to": "→", "pm": "±", "sqrt": "√", "prime": "′", "in": "∈", "infty": "∞", "tfrac": "", "lvert": "|", "rvert": "|", "odot": "⊙", "ast": "∗", "mathbb": "", "mathrm": "",
         "text": "", "operatorname": "", "left": "", "right": "", "big": "", "Big": "", "quad": " ", "qquad": " ", "displaystyle": "", "dfrac": "", "leftarrow": "←", "bar": "", "max": "max", "min": "min", "mu": "μ"}
LOW, HIGH = str.maketrans("0123456789+-ijknm", "₀₁₂₃₄₅₆₇₈₉₊₋ᵢⱼₖₙₘ"), str.maketrans("0123456789+-kTn", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ᵏᵀⁿ")
# What readers call things that the book calls otherwise; the first of each row is the book's.
SYNONYMS = (("learning rate", "step size, eta"), ("relu", "dead relu, dying relu, silent unit"), ("regularizer", "weight decay, penalty, ridge, lasso, sparse"), ("forward pass", "inference, forward propagation"), ("backward pass", "backward propagation"),
            ("bias", "intercept, offset"), ("squared loss", "mse, cost function, objective"), ("neuron", "node"), ("training", "fitting, optimization"), ("finite difference", "gradient check, numerical gradient"), ("sigmoid", "logistic function"),
            ("batch", "minibatch, mini-batch, sgd, stochastic gradient descent"), ("epoch", "pass"), ("overfitting", "generalization"), ("prediction", "output, yhat"), ("standardis", "normalization, scaling, z-score"),
            ("vanish", "vanishing gradient"), ("diamond", "multivariable chain rule, two paths"), ("all equal", "symmetry breaking"), ("long chain", "exploding gradient"),
            ("as matrices", "hadamard, elementwise product"))  # fmt: skip


def plain(latex: str) -> str:
    """A short formula as Unicode text, as good as that goes: w²₃₁, ∂L/∂w, ŷ."""
    text = re.sub(r"\\hat\s*\{?y\}?", "ŷ", latex)
    text = re.sub(r"_(?:\{([^{}]*)\}|(\w))", lambda found: (found[1] or found[2] or "").translate(LOW), text)
    text = re.sub(r"\^(?:\{([^{}]*)\}|(\w))", lambda found: (found[1] or found[2] or "").translate(HIGH), text)
    group = lambda part: f"({part})" if re.search(r"[+−-]", part[1:]) else part  # noqa: E731
    for _ in range(3):
        text = re.sub(r"\\[td]?frac\s*(?:\{([^{}]*)\}|(\d))\s*(?:\{([^{}]*)\}|(\d))", lambda found: f"{group(found[1] or found[2])}/{group(found[3] or found[4])}", text)
    text = re.sub(r"\\([A-Za-z]+)\s?", lambda found: SIGNS.get(found[1], ""), text)
    return re.sub(r"\s+", " ", re.sub(r"[{}\\&^]", "", text)).strip()


def symbols(latex: str) -> set[str]:
    """The symbols in a formula, each as letters and digits: w231, O21, f21, dZ2."""
    found = set()
    for letter, marks in re.findall(r"(\\?[A-Za-z]+)'?((?:[_^](?:\{[\w,+-]*\}|\w))+)", latex):
        high = "".join(re.findall(r"\^\{?([^\W_]*)", marks))
        low = "".join(re.findall(r"_\{?([^\W_]*)", marks))
        name = f"{letter.lstrip(chr(92))}{high}{low}"
        if re.fullmatch(r"[A-Za-z]{1,5}\d{1,3}|[a-zA-Z]{1,2}k?[kijm]{1,3}", name):
            found.add(name)
    return found | {f"d{letter}" for letter in re.findall(r"\bd([OZW])\b", latex)}


def said(node: nodes.Node) -> str:
    """The text of a paragraph or a heading, its formulas in Unicode."""
    parts = []

    def walk(one):
        if isinstance(one, nodes.math):
            parts.append(plain(one.astext()))
        elif isinstance(one, nodes.Text):
            parts.append(one.astext())
        elif not isinstance(one, nodes.math_block | nodes.system_message | nodes.raw):
            for child in one.children:
                walk(child)

    walk(node)
    return re.sub(r"\s+", " ", "".join(parts)).replace("\u200b", "").strip()


def own(section: nodes.section):
    """What stands in a section and not in one of its parts."""
    for child in section.children:
        if not isinstance(child, nodes.section | nodes.title):
            yield child
            yield from (below for below in child.findall() if below is not child)


SAID = {"σ": "sigmoid", "′": "derivative", "η": "eta", "λ": "lambda", "Σ": "sum"}


def entry(to: str, title: str, page: str, within: list[nodes.Node]) -> dict:
    paragraphs = [one for one in within if isinstance(one, nodes.paragraph)]
    text = " ".join(map(said, paragraphs))
    words = {term.astext().strip(" .:?") for term in within if isinstance(term, nodes.strong | nodes.term)}
    words |= {name for one in within if isinstance(one, nodes.math | nodes.math_block) for name in symbols(one.astext())}
    words |= set(re.findall(r"\b(?:[a-z_]+\.)?[a-z]+_[a-z_]+\b", " ".join(one.astext() for one in within if isinstance(one, nodes.literal))))
    words |= {name for sign, name in SAID.items() if sign in title}
    known = f"{title} {' '.join(words)}".lower()
    words |= {others for ours, others in SYNONYMS if ours in known}
    code = {name for one in within if isinstance(one, nodes.literal_block) for name in re.findall(r"\b[a-z]+_[a-z_]+\b", one.astext())}
    says = next((said(one) for one in paragraphs if len(one.astext()) > 25), "")
    says = says if len(says) <= FIRST else says[:FIRST].rsplit(" ", 1)[0] + " …"
    return {"to": to, "title": title, "page": page, "says": says, "words": " ".join(sorted(words)), "text": " ".join(sorted(set(re.findall(r"[a-zA-Z-]{4,}", text.lower())) | code))}


def entries(app: Sphinx):
    root = app.config.root_doc
    for name in [root, *app.env.toctree_includes.get(root, ())]:
        doctree, url = app.env.get_doctree(name), app.builder.get_target_uri(name)
        page = said(app.env.titles[name])
        for section in doctree.findall(nodes.section):
            top = section.parent is doctree
            to, inside = url if top else f"{url}#{section['ids'][0]}", list(own(section))
            yield entry(to, said(section.next_node(nodes.title)), "" if top else page, inside)
            for n, one in enumerate(inside):  # what is folded away under a title of its own
                fold = isinstance(one, nodes.raw) and "mlp-view" not in one.astext() and re.search(r"<summary>(?!Solution<)(.*?)</summary>", one.astext())
                if fold:
                    yield entry(to, fold[1], page, inside[n : n + 12])
        for term in doctree.findall(nodes.term):
            if term["ids"]:
                definition = [one for child in term.parent.children if isinstance(child, nodes.definition) for one in child.findall()]
                yield entry(f"{url}#{term['ids'][0]}", said(term), page, definition)


def write_index(app: Sphinx, exception: Exception | None) -> None:
    if exception or app.builder.name != "html":
        return
    text = json.dumps(list(entries(app)), ensure_ascii=False, separators=(",", ":"))
    Path(app.outdir, "_static", "search-index.js").write_text(f"window.mlpSearchIndex = {text};\n", encoding="utf-8")


def setup(app: Sphinx) -> dict:
    app.connect("build-finished", write_index)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
