"""A cell's figure, and a view's picture for paper and for where no script runs, become part of their page, in its colours and letters.

Lines, text and ground are variables of site.css, one for each of `plots.COLOURS`, so that they follow light and dark; text stays text, in the page's
font, and a formula's letters are KaTeX's; ids are the figure's own, a cloud of dots is one path. A colour that is not in the palette stays as it is.
"""

from __future__ import annotations

import re
from html import escape, unescape
from itertools import groupby
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

from mlp.plots import COLOURS

VARIABLES = {light: f"var(--{name})" for name, (light, _) in COLOURS.items()} | {"#000000": "var(--ink)"}
SYMBOLS = {"sigma": "σ", "eta": "η", "lambda": "λ", "Delta": "Δ", "partial": "∂", "sqrt": "√", "mathdefault": "", ",": "\u2009", "=": " = ", "-": "−", "'": "′"}
SLANTED = {*"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZσηλ"}
MANY = 100  # dots: as elements of their own they would be the most of a page's


def formula(text: str) -> str:
    """The spans of a label with TeX between dollars: letters slanted, what is raised or lowered smaller, one after the other.

    >>> formula("$w^2$, summed")
    '<tspan class="letter">w</tspan><tspan class="sub" dy="-.35em">2</tspan><tspan dy=".28em">, summed</tspan>'
    """
    parts = []  # (words, kind, level in ems of the label's letters)
    for n, part in enumerate(re.split(r"(?<!\\)\$", text)):
        if n % 2 == 0:
            parts += [(part, "", 0)] * bool(part)
            continue
        for mark, letter, name, rest in re.findall(r"([_^](?:\{[^}]*\}|.))|([A-Za-z])|\\([A-Za-z]+|.)\s*|\s*([^\sA-Za-z\\{}^_])\s*", part):
            symbol = SYMBOLS.get(name or rest, name or rest)
            parts.append((mark[1:].strip("{}").replace("-", "−"), "sub", -0.28 if mark[0] == "^" else 0.2) if mark else (letter or symbol, "letter" if (letter or symbol) in SLANTED else "", 0))
    spans, level = [], 0
    for (kind, at), group in groupby(parts, lambda part: part[1:]):
        dy = (at - level) / (0.8 if kind == "sub" else 1)
        attributes = (f' class="{kind}"' if kind else "") + (f' dy="{dy:.2f}em"'.replace("0.", ".") if dy else "")
        spans.append(f"<tspan{attributes}>{escape(''.join(words for words, *_ in group))}</tspan>")
        level = at
    return "".join(spans)


def drawn(svg: str, alt: str, key: str, kind: str = "figure") -> str:
    """A figure that matplotlib has drawn, as it stands on the page; `key` begins its ids, `kind` are its classes."""
    parser = ElementTree.XMLParser(target=ElementTree.TreeBuilder(insert_comments=True))
    root = ElementTree.fromstring(svg.encode(), parser)
    used = dict.fromkeys(re.findall(r'(?:url\(|href=")#([\w-]+)', svg))
    ids = {old: f"{key}-{n}" for n, old in enumerate(used)}
    shapes = {element.get("id"): element for element in root.iter() if element.get("id") in used}
    tag = lambda element: element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""  # noqa: E731
    short = lambda text: re.sub(r"\s*([MLCQZz])\s*", r"\1", re.sub(r"-?\d+\.\d+", lambda found: f"{float(found[0]):.1f}".removesuffix(".0"), text.strip()))  # noqa: E731

    def look(element, **more):
        """The attributes that are kept, their colours as variables."""
        style = {**dict(re.findall(r"([\w-]+): ([^;]+)", element.get("style", ""))), **more}
        if "Mono" in style.pop("font-family", ""):  # code and columns of numbers
            style |= {"font-family": "var(--pst-font-family-monospace)", "white-space": "pre"}
        style |= {"fill": element.get("fill")} if element.get("fill") else {}
        kept = {"style": ";".join(f"{name}:{VARIABLES.get(value, value)}" for name, value in style.items())}
        for name in ("x", "y", "width", "height", "d", "transform", "clip-path", "patternUnits", "patternTransform"):
            kept[name] = short(element.get(name, ""))
        if kept["transform"].startswith("rotate(-0 "):
            kept["transform"] = ""
        kept["d"] = re.sub(r"[ML][-\d. ]+(?:L[-\d. ]+)+", lambda lines: lines[0][0] + lines[0][1:].replace("L", " "), kept["d"])
        kept["d"] = re.sub(r"M(\S+) (\S+) \1 ([-\d.]+)(?=M|$)", r"M\1 \2V\3", kept["d"])  # the bars of a tape
        kept["id"] = ids.get(element.get("id"), "")
        kept["href"] = next(("#" + ids[value[1:]] for name, value in element.items() if name.endswith("href")), "")
        kept["clip-path"] = re.sub(r"#([\w-]+)", lambda found: "#" + ids[found[1]], kept["clip-path"])
        kept["style"] = re.sub(r"url\(#([\w-]+)\)", lambda found: f"url(#{ids[found[1]]})", kept["style"])
        return "".join(f' {name}="{value}"' for name, value in kept.items() if value)

    def several(uses):
        """Equal marks side by side: their look stands once, and many dots are one path."""
        shape = shapes[next(value for name, value in uses[0].items() if name.endswith("href"))[1:]]
        places = [(round(float(use.get("x")), 1), round(float(use.get("y")), 1)) for use in uses]
        if len(uses) > MANY and "C" in shape.get("d"):
            size = 2 * max(map(float, re.findall(r"[\d.]+", shape.get("d"))))
            style = re.sub(r"fill: ([^;]+)", rf"fill: none; stroke: \1; stroke-linecap: round; stroke-width: {size:.1f}", uses[0].get("style").partition("; stroke:")[0])
            style = style.replace("fill-opacity", "stroke-opacity")
            moves = "".join(f"m{x - x0:.1f} {y - y0:.1f}h0" for (x0, y0), (x, y) in zip([(0, 0), *places], places)).replace(".0", "")
            return f'<path{look(ElementTree.Element("path", style=style))} d="{moves}"/>'
        first = ElementTree.Element("g", style=uses[0].get("style"))
        href = re.search(r' href="[^"]*"', look(uses[0]))[0]
        return f"<g{look(first)}>" + "".join(f'<use{href} x="{x:g}" y="{y:g}"/>' for x, y in places) + "</g>"

    def inside(element):
        out, said = [], ""
        for kind, group in groupby(element, lambda child: (tag(child), child.get("style")) if tag(child) == "use" else id(child)):
            children = list(group)
            child = children[0]
            if not tag(child):
                said = child.text.strip()
            elif tag(child) == "use":
                out.append(several(children))
            elif said:  # matplotlib has set this formula letter by letter
                size = max(re.findall(r"font-size: ([\d.]+)px", ElementTree.tostring(child, "unicode")), key=float)
                ends = max(float(span.get("x")) for span in child.iter() if tag(span) == "tspan") + 0.6 * float(size)
                alone = {} if " " in said else {"text-anchor": "middle"}
                place = f'<text x="{ends / 2:.1f}"' if alone else "<text"
                out.append(place + look(ElementTree.Element("text", child.attrib), **{"font-size": f"{size}px"}, **alone) + f">{formula(said)}</text>")
                said = ""
            elif tag(child) == "text":
                out.append(f"<text{look(child)}>{escape(child.text or '')}</text>")
            elif tag(child) not in ("metadata", "style") and child.get("id") != "patch_1":  # the ground is the page's
                within, kept = inside(child), look(child)
                if tag(child) in ("g", "defs") and not kept:
                    out.append(f"<defs>{within}</defs>" if tag(child) == "defs" and within else within)
                else:
                    out.append(f"<{tag(child)}{kept}>{within}</{tag(child)}>" if within else f"<{tag(child)}{kept}/>")
        return "".join(out)

    width, height = (float(root.get(name).removesuffix("pt")) for name in ("width", "height"))
    size = f'width="{width * 4 / 3:.0f}" height="{height * 4 / 3:.0f}" viewBox="{short(root.get("viewBox"))}"'
    return f'<svg class="{kind}" role="img" aria-label="{escape(alt)}" {size}>{inside(root)}</svg>'


class Figures(SphinxPostTransform):
    """Puts the drawing in the place of the picture's address. A broad one gets a box of its own, in which a phone can scroll it."""

    default_priority = 400
    formats = ("html",)

    def run(self, **kwargs) -> None:
        for n, image in enumerate(list(self.document.findall(nodes.image)), start=1):
            if image["uri"].endswith(".svg"):
                svg = drawn(Path(self.app.srcdir, image["uri"]).read_text(encoding="utf-8"), image.get("alt", ""), f"figure-{n}")
                box = '<div class="broad">{}</div>' if "broad" in image.get("classes", []) else "{}"
                image.replace_self(nodes.raw("", box.format(svg), format="html"))


def draw_stills(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Puts the drawings of a page's views in the place of the addresses that hold them."""
    still = re.compile(r'<img class="mlp-still" alt="([^"]*)" src="data:image/svg\+xml,([^"]*)">')
    parts = still.split(context.get("body") or "")
    for n in range(1, len(parts), 3):
        svg = drawn(unquote(parts[n + 1]), unescape(parts[n]), f"still-{n // 3 + 1}", "still figure")
        parts[n : n + 2] = [f'<div class="mlp-still broad">{svg}</div>', ""]
    context["body"] = "".join(parts)


def drop_stale_pictures(app: Sphinx, exception: Exception | None) -> None:
    """Remove pictures that no page shows: Sphinx leaves those of earlier builds."""
    if exception or app.builder.name != "html":
        return
    outdir = Path(app.outdir)
    shown = {name for page in outdir.rglob("*.html") for name in re.findall(r'_images/([^"]+)"', page.read_text(encoding="utf-8"))}
    for picture in (outdir / "_images").glob("*"):
        if picture.name not in shown:
            picture.unlink()


def setup(app: Sphinx) -> dict:
    app.add_post_transform(Figures)
    app.connect("html-page-context", draw_stills)
    app.connect("build-finished", drop_stale_pictures)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
