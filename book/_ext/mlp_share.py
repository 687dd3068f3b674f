"""How the book is met from outside: a description and a social card for each page, a sitemap, a page for what is not there, the chapters as
cards with an honest time to read, and a footer that says which edition this is and where to report a mistake.

What needs the site's address (canonical links, the card's picture, the sitemap, the report) appears where the repository is known.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tomllib
from datetime import datetime, timezone
from html import escape
from pathlib import Path
from urllib.parse import urlencode

from docutils import nodes
from mlp_search import said
from mlp_site import ROOT, repository
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

WORDS_A_MINUTE = 130  # with formulas and tables; the same as on the page for teachers


# Cards of the front page ------------------------------------------------------------------------------------------


def reading_time(source: Path) -> str:
    """The minutes that a notebook's text takes, to the next five."""
    cells = json.loads(source.read_text(encoding="utf-8"))["cells"]
    words = sum(len("".join(cell["source"]).split()) for cell in cells if cell["cell_type"] == "markdown")
    return f"About {5 * max(1, round(words / WORDS_A_MINUTE / 5))} minutes to read"


LAYERS = [[(12, 10 + 14 * n) for n in range(4)], [(40, 17 + 14 * n) for n in range(3)], [(68, 24 + 14 * n) for n in range(2)], [(92, 31)]]


def line(points, colour="soft", dashes="", width=1) -> str:
    dash = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<path d="M{" L".join(f"{x:g} {y:g}" for x, y in points)}" fill="none" stroke="var(--{colour})" stroke-width="{width}"{dash}/>'


def dots(points, size=4, colour="ink", fill="ground") -> str:
    return "".join(f'<circle cx="{x:g}" cy="{y:g}" r="{size}" fill="var(--{fill})" stroke="var(--{colour})" stroke-width="1.5"/>' for x, y in points)


def network(*more: str) -> str:
    edges = "".join(line([a, b], "faint" if more else "soft") for left, right in zip(LAYERS, LAYERS[1:]) for a in left for b in right)
    return edges + "".join(more) + "".join(map(dots, LAYERS))


def picture(chapter: int) -> str:
    """What a chapter is about: a network, a bowl, a chain, a diamond, the way back, epochs, batches."""
    bowl = [(10 + 4 * n, 54 - 0.44 * (n - 10) ** 2) for n in range(21)]
    chain, diamond = [(10 + 26 * n, 31) for n in range(4)], [(14, 31), (50, 11), (50, 51), (86, 31)]
    walk = [bowl[n] for n in (1, 4, 6, 8, 9, 10)]
    epochs = [(6 + 4 * n, 52 - 42 * 0.82**n + (3 if n % 3 else -3) * 0.9**n) for n in range(23)]
    groups = [[(14 + 8 * x + 26 * g, 15 + 8 * y) for x in range(3) for y in range(5)] for g in range(3)]
    drawings = {
        1: network(),
        2: line(bowl) + line(walk, "orange", "3 2", 1.5) + dots(walk[:-1], 2.5, "orange") + dots(walk[-1:], 4, "orange"),
        3: line(chain) + dots(chain, 7) + line([(12, 14), (86, 14), (81, 10)], "blue", "", 1.5) + line([(86, 14), (81, 18)], "blue", "", 1.5),
        4: line([diamond[0], diamond[1], diamond[3]], "blue", "", 2.5) + line([diamond[0], diamond[2], diamond[3]], "orange", "5 3", 2.5) + dots(diamond, 6),
        5: network(line([LAYERS[3][0], LAYERS[2][0], LAYERS[1][1], LAYERS[0][2]], "orange", "", 2.5), line([LAYERS[2][0], LAYERS[1][0]], "orange", "", 2.5), line([LAYERS[3][0], LAYERS[2][1]], "orange", "", 2.5)),
        6: line([(4, 4), (4, 57), (97, 57)]) + line(epochs, "blue", "", 2),
        7: "".join(dots(group, 2.5, colour, colour) for group, colour in zip(groups, ("blue", "orange", "green"))),
    }
    return f'<svg class="sketch" viewBox="0 0 104 62" width="104" height="62" aria-hidden="true">{drawings[chapter]}</svg>'


class Cards(SphinxPostTransform):
    """The front page's table of chapters, one card a row."""

    default_priority = 350  # links are resolved, formulas not yet bound to their marks
    formats = ("html",)

    def run(self, **kwargs) -> None:
        if self.env.docname != self.app.config.root_doc:
            return
        for table in [table for section in self.document.findall(nodes.section) if "the-chapters" in section["ids"] for table in section.findall(nodes.table)]:
            cards = nodes.bullet_list(classes=["chapter-cards"])
            for row in next(iter(table.findall(nodes.tbody))):
                number, link, question = (next(iter(entry.findall(nodes.paragraph))) for entry in row)
                reference = next(iter(link.findall(nodes.reference)))
                name = next(name for name in self.env.all_docs if reference["refuri"].endswith(self.app.builder.get_target_uri(name)) and name != self.env.docname)
                reference.insert(0, nodes.Text(f"{number.astext()} "))
                cards += nodes.list_item("", nodes.raw("", picture(int(number.astext())), format="html"), nodes.paragraph("", "", reference, classes=["card-title"]), question,
                                         nodes.paragraph("", reading_time(ROOT / f"{name}.ipynb"), classes=["card-time"]))  # fmt: skip
            table.replace_self(cards)


# The head, the footer and what stands beside the pages ---------------------------------------------------------------


def edition() -> str:
    """The version, and the day of SOURCE_DATE_EPOCH or else of the last commit: never the clock, so that a build can be repeated."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    seconds = os.environ.get("SOURCE_DATE_EPOCH")
    if not seconds:
        try:
            seconds = subprocess.run(["git", "-C", str(ROOT), "log", "-1", "--format=%ct"], capture_output=True, text=True, check=True).stdout.strip()
        except (OSError, subprocess.CalledProcessError):
            seconds = ""
    day = datetime.fromtimestamp(int(seconds), timezone.utc) if seconds else None
    return f"Version {version}" + (f", {day.day} {day:%B %Y}" if day else "")


def describe(doctree: nodes.document) -> str:
    """A page's first sentences, for who meets its link."""
    first = next((said(one) for one in doctree.findall(nodes.paragraph) if len(one.astext()) > 60), "")
    first = re.sub(r"^The question of this \w+: (\w)", lambda found: found[1].upper(), first)
    return first if len(first) <= 200 else first[:199].rsplit(" ", 1)[0] + " …"


def introduce_page(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    home, name = app.config.html_baseurl, repository()
    title = context.get("pagetitle") or pagename.capitalize()  # the search has none
    icon = f'\n<link rel="apple-touch-icon" href="{context["pathto"]("_static/touch-icon.png", 1)}"/>'
    meta = {"og:type": "article", "og:site_name": app.config.html_title, "og:title": title}
    description = describe(doctree) if doctree else ""
    if description:
        meta["og:description"] = description
    if home:
        meta |= {"og:url": context.get("pageurl") or home, "og:image": f"{home}_static/card.png", "og:image:alt": "A small neural network with two paths to its output", "twitter:card": "summary_large_image"}
    tags = "".join(f'\n<meta property="{key}" content="{escape(value)}"/>' for key, value in meta.items())
    if description:
        tags += f'\n<meta name="description" content="{escape(description)}"/>'
    context["metatags"] = (context.get("metatags") or "") + tags + icon
    context["edition"] = edition()
    if name and home:
        query = {"template": "mistake.yml", "title": f"Mistake in: {title}", "where": context.get("pageurl") or home}
        context["report"] = f"https://github.com/{name}/issues/new?{urlencode(query)}"


MISSING = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8"/><meta name="viewport" content="width=device-width, initial-scale=1"/><meta name="robots" content="noindex"/>
<title>No such page: {title}</title>
<style>
  :root {{ color-scheme: light dark; }}
  body {{ max-width: 36rem; margin: 4rem auto; padding: 0 1rem; font: 1.0625rem/1.65 system-ui, sans-serif; }}
</style>
<main>
<h1>There is no such page</h1>
<p>The address may have a slip in it, or the page has moved. The book is here:</p>
<ul>
<li><a href="{home}book/index.html">Every Path, from the beginning</a></li>
{pages}
<li><a href="{home}search.html">Search the book</a></li>
</ul>
</main>
</html>
"""


def write_beside(app: Sphinx, exception: Exception | None) -> None:
    """404.html, whose links have to work wherever it is shown, and the sitemap."""
    if exception or app.builder.name != "html":
        return
    home, outdir = app.config.html_baseurl, Path(app.outdir)
    root = app.config.root_doc
    listed = [root, *app.env.toctree_includes.get(root, ())]
    pages = "\n".join(f'<li><a href="{home}{app.builder.get_target_uri(name)}">{escape(said(app.env.titles[name]))}</a></li>' for name in listed if name.startswith("chapters/"))
    (outdir / "404.html").write_text(MISSING.format(title=app.config.html_title, home=home, pages=pages), encoding="utf-8")
    sitemap = outdir / "sitemap.xml"
    sitemap.unlink(missing_ok=True)
    if home:
        places = "".join(f"<url><loc>{home}{app.builder.get_target_uri(name)}</loc></url>\n" for name in listed)
        sitemap.write_text(f'<?xml version="1.0" encoding="utf-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{places}</urlset>\n', encoding="utf-8")


def setup(app: Sphinx) -> dict:
    app.add_post_transform(Cards)
    app.connect("html-page-context", introduce_page, priority=950)  # after mlp_site has made the plain title
    app.connect("build-finished", write_beside, priority=900)  # after stale pages are dropped
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
