"""Names that tests import; the fixtures are in conftest.py."""

from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HTML = ROOT / "_build" / "html"
WIDE, PHONE = (1280, 800), (360, 640)


def site_pages(html: Path = HTML) -> list[str]:
    """Every page of the built site that has something to read: not the two that only lead to the book."""
    pages = sorted(page.relative_to(html).as_posix() for page in html.rglob("*.html"))
    skipped = ("_static/", "_sources/", "index.html", "404.html")
    return [page for page in pages if not page.startswith(skipped)]


def address(site: str, page: str, scheme: str = "http") -> str:
    """Where a page of the site is, served or on disk."""
    return f"{site}/{page}" if scheme == "http" else (HTML / page).as_uri()


def walk(shown: str) -> str:
    """JavaScript that clicks Next until it is disabled: what `shown` sees of the card at each step. What a click changes is drawn before the next task."""
    return f"""async card => {{
      const shown = {shown}, next = card.querySelector('button[aria-label="Next step"]'), seen = [shown(card)];
      while (!next.disabled) {{ next.click(); await Promise.resolve(); seen.push(shown(card)); }}
      return seen;
    }}"""


def cut(parts: str, box: str = "td") -> str:
    """JavaScript that finds which of some parts of a card stick out of it, or what is written in them out of its own box: a number could be cut, and nothing
    would scroll to it."""
    return f"""card => {{
      const inside = (part, whole) => part.left >= whole.left - 0.5 && part.right <= whole.right + 0.5;
      const ink = element => {{ const range = document.createRange(); range.selectNodeContents(element); return range.getBoundingClientRect(); }};
      const whole = card.getBoundingClientRect();
      const fits = part => inside(part.getBoundingClientRect(), whole) && (!ink(part).width || inside(ink(part), (part.closest('{box}') ?? card).getBoundingClientRect()));
      return [...card.querySelectorAll('{parts}')].filter(part => part.checkVisibility() && !fits(part)).map(part => part.outerHTML.slice(0, 200));
    }}"""


SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


def number(text: str) -> Decimal:
    """A number as a view shows it: with a true minus, in parentheses, with a power of ten."""
    mantissa, _, power = text.strip("()").replace("−", "-").partition("·10")
    return Decimal(mantissa + (f"e{power.translate(SUPERSCRIPTS)}" if power else ""))


def decimals(text: str) -> int:
    return -number(text).as_tuple().exponent
