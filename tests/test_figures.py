"""The figures of the pages: in the page's colours, light and dark, in letters that a phone's reader can read, and small."""

import io
import json
import re
import sys
from collections import Counter

import pytest
from PIL import Image
from support import PHONE, ROOT, WIDE, site_pages

from mlp import plots

sys.path.insert(0, str(ROOT / "book" / "_ext"))
import mlp_figures  # noqa: E402

NOTEBOOKS = sorted([*ROOT.glob("book/*.ipynb"), *ROOT.glob("chapters/*.ipynb")])
LEAST = 11  # CSS pixels: the height of letters
DRAWN = re.compile(r'<svg class="figure".*?</svg>', re.S)
STILL = re.compile(r'<noscript><div class="mlp-still broad">(<svg class="still figure".*?</svg>)</div></noscript>', re.S)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_cell_names_a_colour_by_its_code(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert [line for cell in cells if cell["cell_type"] == "code" for line in cell["source"] if re.search(r"[\"']#[0-9a-fA-F]{3,8}\b", line)] == []


def variables(css, selector):
    """The colours that a rule sets."""
    return dict(re.findall(r"--([\w-]+): (#\w{6})", css.split(selector + " {")[1].partition("}")[0]))


def test_the_palette_is_the_sites_and_the_views():
    site = (ROOT / "book" / "_static" / "site.css").read_text(encoding="utf-8")
    card = (ROOT / "src" / "mlp" / "widgets" / "css" / "card.css").read_text(encoding="utf-8")
    paths = {f"path-{n}": next(name for name, (light, _) in plots.COLOURS.items() if light == color) for n, (color, _) in enumerate(plots.PATHS, start=1)}
    shared = {"ink": "ink", "soft": "soft", "line": "faint", "accent": "blue", "back": "orange", "right": "green", "wrong": "red", **paths}
    for n, (theme, views) in enumerate([("html[data-theme]", ".mlp-card"), ('html[data-theme="dark"]', "body.vscode-dark .mlp-card")]):
        assert variables(site, f"{theme} svg.figure") == {name: both[n] for name, both in plots.COLOURS.items()}
        assert {name: variables(card, views)[name] for name in shared} == {name: plots.COLOURS[role][n] for name, role in shared.items()}
        assert plots.COLOURS["ground"][n] == variables(site, 'html[data-theme="dark"]' if n else 'html[data-theme="auto"]').get("pst-color-background", "#ffffff")


def test_figures_are_part_of_their_page_and_small(page_path, html):
    """All in the palette's variables, each with its size and what it shows, ids told apart; and no picture is left over."""
    text = (html / page_path).read_text(encoding="utf-8")
    stills = STILL.findall(text)
    assert len(stills) == len(re.findall('data-panels="[^"]', text)) and all(len(still.encode()) <= 40_000 for still in stills)
    figures = DRAWN.findall(text) + stills
    for figure in figures:
        assert len(figure.encode()) <= 100_000
        assert re.match(r'<svg class="(?:still )?figure" role="img" aria-label="[^"]{20,}" width="\d+" height="\d+" viewBox=', figure)
        assert re.findall(r"#[0-9a-f]{6}\b|rgb\(|<style|<image", figure) == []
        assert set(re.findall(r'(?:href="|url\()#([\w-]+)', figure)) <= set(re.findall(r' id="([^"]*)"', figure))
    ids = [name for figure in figures for name in re.findall(r' id="([^"]*)"', figure)]
    assert len(ids) == len(set(ids))
    assert [image for image in re.findall(r"<img [^>]*>", text) if "_images/" in image and not ('width="' in image and 'loading="lazy"' in image)] == []


def test_no_picture_is_left_over(html):
    shown = {name for page in html.rglob("*.html") for name in re.findall(r'_images/([^"]+)"', page.read_text(encoding="utf-8"))}
    assert {picture.name for picture in (html / "_images").glob("*")} == shown


# Of each figure: its texts with their size on the screen and their colour.
TEXTS = """figure => [...figure.querySelectorAll("text, tspan")].filter(text => [...text.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
    .map(text => {
        const {a, b} = text.getScreenCTM(), style = getComputedStyle(text);
        return [text.textContent, parseFloat(style.fontSize) * Math.hypot(a, b), style.fill.match(/[\\d.]+/g).map(Number)];
    })"""


def light(color):
    """The relative luminance of WCAG 2."""
    return sum(share * (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4) for share, c in zip((0.2126, 0.7152, 0.0722), (c / 255 for c in color[:3])))


def check_look(figure, ground):
    """Its ground is the page's, its letters can be read."""
    picture = Image.open(io.BytesIO(figure.screenshot())).convert("RGB")
    assert Counter(picture.get_flattened_data() if hasattr(picture, "get_flattened_data") else picture.getdata()).most_common(1)[0][0] == ground
    texts = figure.evaluate(TEXTS)
    assert len(texts) > 2 and [text for text in texts if text[1] < LEAST] == []
    dark, bright = zip(*(sorted((light(color), light(ground))) for *_, color in texts))
    assert min((b + 0.05) / (d + 0.05) for d, b in zip(dark, bright)) >= 4.5


def ground_of(page):
    return tuple(map(int, re.findall(r"\d+", page.evaluate("getComputedStyle(document.body).backgroundColor"))[:3]))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_a_figure_has_its_pages_ground_and_letters_that_can_be_read(page_path, viewport, theme, site, pages):
    page = pages(viewport, theme)
    page.goto(f"{site}/{page_path}")
    page.evaluate("document.fonts.ready.then(() => {})")
    figures = page.locator("svg.figure").all()
    assert len(figures) == len(DRAWN.findall(page.content()))
    for figure in figures:
        check_look(figure, ground_of(page))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_so_have_the_pictures_of_views_where_no_script_runs(viewport, theme, site, html, new_page):
    page = new_page(viewport, theme, java_script_enabled=False)
    seen = 0
    for path in site_pages():
        if not STILL.search((html / path).read_text(encoding="utf-8")):
            continue
        page.goto(f"{site}/{path}")
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        for still in page.locator("svg.still").all():
            check_look(still, ground_of(page))
            seen += 1
    page.context.close()
    assert seen >= 15


@pytest.mark.parametrize("tex, shown", [
    ("$w$", '<tspan class="letter">w</tspan>'),
    (r"$\eta=0.1$, said", '<tspan class="letter">η</tspan><tspan> = 0.1, said</tspan>'),
    ("$w^1_{11}$ on", '<tspan class="letter">w</tspan><tspan class="sub" dy="-.35em">1</tspan><tspan class="sub" dy=".60em">11</tspan><tspan dy="-.20em"> on</tspan>'),
    (r"$\mathdefault{10^{-3}}$", '<tspan>10</tspan><tspan class="sub" dy="-.35em">−3</tspan>'),
    (r"$\max|\Delta w| < 1$", '<tspan>max|Δ</tspan><tspan class="letter">w</tspan><tspan>|&lt;1</tspan>'),
])  # fmt: skip
def test_a_formula_becomes_letters(tex, shown):
    assert mlp_figures.formula(tex) == shown


def test_every_page_with_figures_was_looked_at():
    assert sum(bool(DRAWN.search((ROOT / "_build" / "html" / page).read_text(encoding="utf-8"))) for page in site_pages()) >= 8
