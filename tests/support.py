"""Names that tests import; the fixtures are in conftest.py."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HTML = ROOT / "_build" / "html"
WIDE, PHONE = (1280, 800), (360, 640)


def site_pages(html: Path = HTML) -> list[str]:
    """Every page of the built site that has something to read: not the front door, which only leads to the book."""
    pages = sorted(page.relative_to(html).as_posix() for page in html.rglob("*.html"))
    skipped = ("_static/", "_sources/", "index.html")
    return [page for page in pages if not page.startswith(skipped)]
