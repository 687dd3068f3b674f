"""The whole book to take away, made of the built site: ``python tools/takeaway.py pdf`` (Chromium prints it, with contents and page numbers)
and ``zip`` (the site, for reading from disk).

What is made lies in ``_build/takeaway`` under the state of the sources; the next build of that state puts it into the site's download menu
(``book/_ext/mlp_takeaway.py``).
"""

import re
import shutil
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))
from mlp_site import digest  # noqa: E402

from chromium import CHROMIUM, served  # noqa: E402

HTML = ROOT / "_build" / "html"
NAMES = {"pdf": "every-path.pdf", "zip": "every-path.zip"}
LEFT_OUT = re.compile(rf"_static/(?:pyodide/|{NAMES['pdf']}|{NAMES['zip']})|\.buildinfo|objects\.inv")  # from disk no page starts Python


def folder() -> Path:
    """Where the files lie that were made of what the book is made of now."""
    return ROOT / "_build" / "takeaway" / digest(ROOT / "_toc.yml", ROOT / "_config.yml", ROOT / "book", ROOT / "chapters", ROOT / "src" / "mlp")


def listed() -> list[str]:
    """The site's pages, in the book's order."""
    return [f"{page}.html" for page in re.findall(r"(?:root|file): (\S+)", (ROOT / "_toc.yml").read_text(encoding="utf-8"))]


# As pages to print -----------------------------------------------------------------------------------------------

# One page of all: ids get the number of their page, links lead to where that page now stands, solutions are open, what only draws a
# picture is gone, and the answers to a page's predictions stand at its end.
ASSEMBLE = r"""async names => {
  const pages = names.map(name => new URL("../" + name, location.href)), styles = new Set(), entries = [], parts = [];
  for (const [n, url] of pages.entries()) {
    const from = new DOMParser().parseFromString(await (await fetch(url)).text(), "text/html");
    const article = from.querySelector("article.bd-article"), answers = [];
    for (const style of from.body.querySelectorAll("style")) styles.add(style.textContent);
    for (const gone of article.querySelectorAll("script, style, details.hide, .headerlink, .run-bar")) gone.remove();
    for (const still of article.querySelectorAll("noscript")) still.replaceWith(...still.childNodes);
    for (const asked of article.querySelectorAll("details.mlp-still")) {
      const question = from.createElement("p"), answer = from.createElement("li");
      question.className = "asked";
      question.innerHTML = `<b>Prediction ${answers.length + 1}.</b> ${asked.querySelector("summary").innerHTML}`;
      answer.innerHTML = asked.querySelector("p").innerHTML;
      asked.replaceWith(question);
      answers.push(answer);
    }
    if (answers.length) {
      const list = from.createElement("ol"), section = article.querySelector("section") ?? article;
      list.append(...answers);
      section.insertAdjacentHTML("beforeend", '<section id="answers"><h2>Answers to the predictions</h2></section>');
      section.lastElementChild.append(list);
    }
    for (const folded of article.querySelectorAll("details")) folded.open = true;
    for (const element of article.querySelectorAll("*"))
      for (const { name, value } of [...element.attributes]) {
        if (name === "id" || name === "name") element.setAttribute(name, `p${n}-${value}`);
        else if (name.startsWith("aria-") && /(by|controls)$/.test(name)) element.setAttribute(name, value.replace(/\S+/g, `p${n}-$&`));
        else if (value.includes("url(#")) element.setAttribute(name, value.replaceAll("url(#", `url(#p${n}-`));
        else if (name === "src") element.setAttribute(name, new URL(value, url));
        else if (/^(xlink:)?href$/.test(name)) {
          const to = new URL(value, url), at = pages.findIndex(page => page.pathname === to.pathname);
          if (at >= 0) element.setAttribute(name, `#p${at}-${decodeURIComponent(to.hash.slice(1)) || "top"}`);
          else if (to.origin === location.origin && element.localName === "a") element.removeAttribute(name);
        }
      }
    article.querySelectorAll("h1, h2").forEach(heading => {
      entries.push([heading.localName, `c${entries.length}`, heading.innerHTML.replace(/ id="[^"]*"/g, "")]);
      heading.insertAdjacentHTML("afterbegin", `<a id="c${entries.length - 1}"></a>`);
    });
    parts.push(`<article class="bd-article" id="p${n}-top">${article.innerHTML}</article>`);
  }
  const contents = entries.map(([level, to, text]) => `<p class="in-${level}"><a href="#${to}">${text}</a><span data-to="${to}">000</span></p>`).join("");
  document.documentElement.dataset.theme = document.documentElement.dataset.mode = "light";
  document.body.innerHTML = `<div class="bd-main"><div class="bd-content"><div class="bd-article-container">
    <article class="bd-article" id="contents"><h1>${document.title.split(" — ").at(-1)}</h1><h2>Contents</h2>${contents}</article>${parts.join("")}</div></div></div>`;
  const style = new CSSStyleSheet();
  style.replaceSync([...styles, `
    html, body { height: auto !important; overflow: visible !important; font-size: 13.5px; }
    :is(.bd-main, .bd-content, .bd-article-container) { display: block !important; max-width: none !important; width: auto !important; padding: 0 !important; margin: 0 !important; overflow: visible !important; }
    .bd-article { padding: 0 !important; break-before: page; }
    .bd-article > section { max-width: none; }
    #contents { break-before: auto; }
    #contents p { display: flex; justify-content: space-between; margin: 0; line-height: 1.5; }
    #contents p.in-h1 { margin-top: .5rem; font-weight: 650; }
    #contents p.in-h2 { padding-left: 1.2rem; }
    #contents a { color: inherit; text-decoration: none; }
    .bd-article h1 { display: block !important; margin-top: 0; }
    h1, h2, h3, h4 { break-after: avoid; }
    .cell_input, pre, figure, tr, img, svg, .mlp-still, div.math, .asked { break-inside: avoid; }
    div.mlp-still > svg { max-width: 100%; height: auto; }
    .asked { padding: .5rem .8rem; border: 1px solid var(--pst-color-border); border-radius: .5rem; }
    .bd-article details > summary { list-style: none; }
    .bd-article * { background-attachment: scroll !important; }
    .bd-article :is(.pst-scrollable-table-container, pre, div.broad, span.math.wide, div.math > .katex-display) { background: none !important; overflow: visible !important; }`].join("\n"));
  document.adoptedStyleSheets.push(style);
  await document.fonts.ready;
  await Promise.all([...document.images].map(image => image.decode().catch(() => {})));
}"""
FILL = "numbers => { for (const to of document.querySelectorAll('[data-to]')) to.textContent = numbers[to.dataset.to] ?? '' }"
PAPER = {
    "format": "A4", "print_background": True, "tagged": True, "outline": True, "display_header_footer": True,
    "margin": {"top": "18mm", "bottom": "20mm", "left": "20mm", "right": "20mm"}, "header_template": "<span></span>",
    "footer_template": '<div style="width: 100%; text-align: center; font: 8px sans-serif"><span class="pageNumber"></span></div>',
}  # fmt: skip


def numbers(pdf: bytes) -> dict[str, int]:
    """The page of each place that a link of the contents leads to, as Chromium writes it."""
    objects = {number: text for number, text in re.findall(rb"(?<![0-9])(\d+) 0 obj\n(.*?)endobj", re.sub(rb"stream\r?\n.*?endstream", b"", pdf, flags=re.S), re.S)}

    def leaves(number: bytes) -> list[bytes]:
        kids = re.search(rb"/Kids\s*\[(.*?)\]", objects[number], re.S)
        return [leaf for kid in re.findall(rb"(\d+) 0 R", kids[1]) for leaf in leaves(kid)] if kids else [number]

    (root,) = {re.search(rb"/Pages (\d+) 0 R", text)[1] for text in objects.values() if b"/Type /Catalog" in text}
    order = {leaf: number for number, leaf in enumerate(leaves(root), start=1)}
    return {name.decode(): order[page] for text in objects.values() for name, page in re.findall(rb"[/(](c\d+)\)?\s*\[(\d+) 0 R", text)}


def print_pages(page, site: str, names: list[str]) -> bytes:
    """Pages of the site as one PDF: once to see on which page what comes to stand, and again with these numbers."""
    page.goto(f"{site}/book/index.html")
    page.evaluate(ASSEMBLE, names)
    found = numbers(page.pdf(**PAPER))
    page.evaluate(FILL, found)
    pdf = page.pdf(**PAPER)
    if not found or numbers(pdf) != found:
        raise RuntimeError("the numbers of the contents are not those of the pages")
    return pdf


def make_pdf(target: Path) -> None:
    from playwright.sync_api import sync_playwright

    if not CHROMIUM:
        sys.exit("The PDF needs Chromium: install Debian's 'chromium', or name one in the variable CHROMIUM.")
    with sync_playwright() as playwright, served(HTML) as site:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.set_default_timeout(0)
        target.write_bytes(print_pages(page, site, listed()))
        browser.close()


# As files to unpack ----------------------------------------------------------------------------------------------


def make_zip(target: Path, html: Path = HTML) -> None:
    """The site, without what only a server can give and without links to these files."""
    link = re.compile(rf'<li><a href="[^"]*_static/(?:{NAMES["pdf"]}|{NAMES["zip"]})".*?</li>', re.S)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for file in sorted(html.rglob("*")):
            name = file.relative_to(html).as_posix()
            if file.is_file() and not LEFT_OUT.match(name):
                data = file.read_bytes()
                if file.suffix == ".html":
                    data = link.sub("", data.decode()).encode()
                archive.writestr(zipfile.ZipInfo(f"every-path/{name}"), data, zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    place = folder()
    for old in place.parent.glob("*"):
        if old != place:
            shutil.rmtree(old)
    place.mkdir(parents=True, exist_ok=True)
    for kind in sys.argv[1:]:
        half = place / f"unfinished.{kind}"
        {"pdf": make_pdf, "zip": make_zip}[kind](half)
        made = half.rename(place / NAMES[kind])
        print(f"{made.relative_to(ROOT)}, {made.stat().st_size / 1e6:.1f} MB; the next make book links it.")
