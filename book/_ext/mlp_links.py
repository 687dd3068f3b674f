"""Mentions become links while the site is built, so that a source says "chapter 3", "exercise 4", "N6.1" or *Where σ′ comes from* and no address.

The first bold use of a glossary's word on a page leads to its entry and carries its definition, which site.js shows on hover and focus.
Exercises (``exercise-4``), equations with a tag (``eq-N6.1``) and figures with a caption (``fig-2``; "Figure 3.2" in chapter 3) have anchors.
"""

from __future__ import annotations

import re
from collections import Counter
from html import escape

from docutils import nodes
from docutils.utils import new_document
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

GLOSSARY = "book/glossary"
MENTION = re.compile(
    r"(?P<exercise>\b[Ee]xercise\s(?P<number>\d+)(?:\sof\schapter\s(?P<of>\d))?)"
    r"|(?P<several>\b[Cc]hapters\s(?P<list>\d(?:(?:,\s|\sand\s|,\sand\s|\sto\s|\sor\s)\d)*))"
    r"|(?P<one>(?<!its )\b[Cc]hapter\s(?P<chapter>\d))"
    r"|(?P<equation>\bN\d+\.\d+[a-z]?)"
)
LINKED = (nodes.reference, nodes.title, nodes.literal, nodes.literal_block, nodes.math, nodes.math_block, nodes.raw, nodes.term)
TAG = re.compile(r"\\tag\{(N[\d.]+[a-z]?)\}")


def number_of(docname: str) -> int | None:
    """The number of a chapter."""
    found = re.match(r"chapters/0*(\d+)-", docname)
    return found and int(found[1])


def numbered_exercises(document: nodes.document):
    """(number, paragraph) of each exercise."""
    for section in document.findall(nodes.section):
        if "exercises" in section["ids"]:
            for paragraph in section.findall(nodes.paragraph):
                first = next((child for child in paragraph if child.astext()), None)
                if isinstance(first, nodes.strong) and (found := re.fullmatch(r"(\d+)\.", first.astext())):
                    yield found[1], paragraph


def tags(document: nodes.document):
    """(tag, formula) of each equation that the notes number."""
    for formula in document.findall(nodes.math_block):
        for tag in TAG.findall(formula.astext()):
            yield tag, formula


def word(text: str) -> str:
    """A glossary's word as it is looked up: the mark after it and a plural's end do not count."""
    return re.sub(r"(?<=[a-rt-z])s$", "", text.lower().strip(" .:,?"))


class Targets:
    """What can be led to: (docname, anchor) of all that mentions name, and the glossary."""

    def __init__(self, env):
        self.chapters, self.exercises, self.equations, self.sections, self.terms = {}, {}, {}, {}, {}
        titles = Counter()
        names = [name for name in env.toctree_includes.get(env.config.root_doc, ()) if name in env.all_docs]
        for name in names:
            document = env.get_doctree(name)
            if number_of(name):
                self.chapters[number_of(name)] = name
            self.exercises |= {(name, number): (name, f"exercise-{number}") for number, _ in numbered_exercises(document)}
            for tag, _ in tags(document):
                self.equations[name, tag] = (name, f"eq-{tag}")
                self.equations.setdefault(tag, (name, f"eq-{tag}"))
            for section in document.findall(nodes.section):
                title, top = section.next_node(nodes.title).astext(), section.parent is document
                titles[title] += 1
                self.sections[title] = self.sections[name, title] = (name, "" if top else section["ids"][0])
            if name == GLOSSARY:
                for term in document.findall(nodes.term):
                    says = next(node for node in term.parent.findall(nodes.definition)).next_node(nodes.paragraph)
                    self.terms[word(term.astext())] = (term["ids"][0], says)
        for title, times in titles.items():
            if times > 1:
                del self.sections[title]


def targets(app: Sphinx) -> Targets:
    if not hasattr(app, "mlp_targets"):
        app.mlp_targets = Targets(app.env)
    return app.mlp_targets


class Mentions(SphinxPostTransform):
    default_priority = 300  # before formulas are bound to the marks beside them
    formats = ("html",)

    def run(self, **kwargs) -> None:
        self.here, self.known = self.env.docname, targets(self.app)
        self.set_anchors()
        self.link_terms()
        for emphasis in list(self.document.findall(nodes.emphasis)):
            if not self.is_linked(emphasis) and (to := self.known.sections.get((self.here, emphasis.astext())) or self.known.sections.get(emphasis.astext())):
                self.wrap(emphasis, to)
        for text in list(self.document.findall(nodes.Text)):
            if MENTION.search(text) and not self.is_linked(text):
                text.parent.replace(text, list(self.parts(text.astext())))

    def is_linked(self, node: nodes.Node) -> bool:
        while node.parent is not None:
            node = node.parent
            if isinstance(node, LINKED):
                return True
        return False

    def link(self, to: tuple[str, str], *children: nodes.Node, **attributes) -> nodes.reference:
        name, anchor = to
        address = f"#{anchor}" if name == self.here else self.app.builder.get_relative_uri(self.here, name) + (f"#{anchor}" if anchor else "")
        return nodes.reference("", "", *children, refuri=address, internal=True, **attributes)

    def wrap(self, node: nodes.Node, to: tuple[str, str], **attributes) -> None:
        link = self.link(to, **attributes)
        node.replace_self(link)
        link += node

    def set_anchors(self) -> None:
        for number, paragraph in numbered_exercises(self.document):
            paragraph["ids"].append(f"exercise-{number}")
        seen = set()
        for tag, formula in tags(self.document):
            if tag not in seen:
                formula["ids"].append(f"eq-{tag}")
            seen.add(tag)
        chapter = number_of(self.here)
        captions = [caption for caption in self.document.findall(nodes.caption) if isinstance(caption.parent, nodes.figure)]
        for n, caption in enumerate(captions, start=1):
            caption.parent["ids"].append(f"fig-{n}")
            name = f"Figure {chapter}.{n}" if chapter else f"Figure {n}"
            caption.insert(0, [self.link((self.here, f"fig-{n}"), nodes.Text(name), classes=["figure-number"]), nodes.Text(" ")])

    def link_terms(self) -> None:
        used = {GLOSSARY} if self.here == GLOSSARY else set()
        for strong in list(self.document.findall(nodes.strong)):
            name = word(strong.astext())
            if self.here != GLOSSARY and name in self.known.terms and name not in used and not self.is_linked(strong):
                used.add(name)
                self.wrap(strong, (GLOSSARY, self.known.terms[name][0]), classes=["glossary-word"])

    def parts(self, text: str):
        end = 0
        for found in MENTION.finditer(text):
            spans = []  # what of it is linked, and where to
            if found["exercise"]:
                name = self.known.chapters.get(int(found["of"])) if found["of"] else self.here
                spans = [(found.start(), found.end(), self.known.exercises.get((name, found["number"])))]
            elif found["several"]:
                start = found.start("list")
                spans = [(start + one.start(), start + one.end(), self.chapter(one[0])) for one in re.finditer(r"\d", found["list"])]
            elif found["one"]:
                spans = [(found.start(), found.end(), self.chapter(found["chapter"]))]
            else:
                spans = [(found.start(), found.end(), self.known.equations.get((self.here, found["equation"])) or self.known.equations.get(found["equation"]))]
            for first, last, to in spans:
                if to:
                    if text[end:first]:
                        yield nodes.Text(text[end:first])
                    yield self.link(to, nodes.Text(text[first:last]))
                    end = last
        if text[end:]:
            yield nodes.Text(text[end:])

    def chapter(self, number: str) -> tuple[str, str] | None:
        name = self.known.chapters.get(int(number))
        return (name, "") if name and name != self.here else None


def define_words(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Gives each word that leads to the glossary its definition."""
    if not doctree:
        return
    known = {anchor: says for anchor, says in targets(app).terms.values()}
    made = app.__dict__.setdefault("mlp_definitions", {})

    def define(found: re.Match) -> str:
        anchor = found[2]
        if anchor not in made:
            paragraph = known[anchor].deepcopy()
            for reference in list(paragraph.findall(lambda node: isinstance(node, nodes.reference) or node.tagname == "pending_xref")):
                reference.replace_self(reference.children)
            document = new_document("")
            document += paragraph
            html = app.builder.render_partial(document)["fragment"]
            made[anchor] = re.sub(r"^.*?<p>|</p>.*$", "", html, flags=re.S).strip()
        return f'{found[1]} data-says="{escape(made[anchor])}">'

    context["body"] = re.sub(r'(<a class="glossary-word[^"]*" href="[^"#]*#(term-[^"]*)")>', define, context["body"])


def setup(app: Sphinx) -> dict:
    app.add_post_transform(Mentions)
    app.connect("html-page-context", define_words)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
