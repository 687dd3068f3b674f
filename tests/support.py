"""Names that tests import; the fixtures are in conftest.py."""

import re
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HTML = ROOT / "_build" / "html"
WIDE, PHONE = (1280, 800), (360, 640)


def site_pages(html: Path = HTML) -> list[str]:
    """Every page of the built site that has something to read: not the front door, which only leads to the book."""
    pages = sorted(page.relative_to(html).as_posix() for page in html.rglob("*.html"))
    skipped = ("_static/", "_sources/", "index.html")
    return [page for page in pages if not page.startswith(skipped)]


SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


def number(text: str) -> Decimal:
    """A number as a view shows it: with a true minus, in parentheses, with a power of ten."""
    mantissa, _, power = text.strip("()").replace("−", "-").partition("·10")
    return Decimal(mantissa + (f"e{power.translate(SUPERSCRIPTS)}" if power else ""))


def decimals(text: str) -> int:
    return -number(text).as_tuple().exponent
