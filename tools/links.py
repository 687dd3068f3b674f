"""Ask every address outside the book that its pages name whether it is still there: ``make links``."""

import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parents[1]
ADDRESS = re.compile(r"https?://[^\s<>\"'`)\]}\\]+[^\s<>\"'`)\]}\\.,;:]")


def pages() -> list[Path]:
    names = subprocess.run(["git", "ls-files", "*.md", "*.ipynb", "*.bib", "*.cff"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in names.splitlines()]


def text(page: Path) -> str:
    """What a page says: of a notebook its cells, without their outputs."""
    said = page.read_text(encoding="utf-8")
    return "\n".join("".join(cell["source"]) for cell in json.loads(said)["cells"]) if page.suffix == ".ipynb" else said


def addresses() -> dict[str, list[str]]:
    """{address: the pages that name it}."""
    found: dict[str, list[str]] = {}
    for page in pages():
        for address in dict.fromkeys(ADDRESS.findall(text(page))):
            if not re.match(r"https?://(127\.0\.0\.1|localhost)", address):
                found.setdefault(address, []).append(page.relative_to(ROOT).as_posix())
    return found


def trouble(address: str) -> str:
    """What is wrong with an address, or nothing. Who refuses a program (403, 429) is there."""
    try:
        with urlopen(Request(address, headers={"User-Agent": "Mozilla/5.0 (link check)"}), timeout=30):
            return ""
    except HTTPError as error:
        return "" if error.code in (403, 429) else f"answers {error.code}"
    except OSError as error:
        return f"does not answer: {error}"


if __name__ == "__main__":
    named = addresses()
    with ThreadPoolExecutor(8) as workers:
        found = {address: said for address, said in zip(named, workers.map(trouble, named)) if said}
    for address, said in found.items():
        print(f"{address} {said}; named in {', '.join(named[address])}")
    print(f"{len(named) - len(found)} of {len(named)} addresses are there.")
    sys.exit(bool(found))
