"""Section 4 of LICENSE against the files themselves: what each font says of its licence, and that nothing foreign is left out."""

import re
import sys
from fnmatch import fnmatch

import pytest
from node import Node
from support import HTML, ROOT

sys.path.insert(0, str(ROOT / "tools"))
import pyodide  # noqa: E402

KATEX = ROOT / "book" / "_static" / "katex"
FONTS = sorted((KATEX / "fonts").glob("*.woff2"))
FOREIGN = re.findall(r"^(\S+/\S+\.\S+)  +\S", (ROOT / "LICENSE").read_text(encoding="utf-8").partition("4. WHAT OTHERS MADE")[2].partition("5. WHAT A SITE")[0], re.M)

# A woff2's tables are one Brotli stream, after a directory of numbers of varying length; the table of names is UTF-16 in there.
NAMES = """
const { readFileSync } = process.getBuiltinModule("fs"), { brotliDecompressSync } = process.getBuiltinModule("zlib");
const bytes = readFileSync(path);
let at = 48;
const number = () => { for (let n = 0; ; ) { const byte = bytes[at++]; n = n * 128 + (byte & 127); if (byte < 128) return n; } };
for (let table = 0; table < bytes.readUInt16BE(12); table += 1) {
  const flags = bytes[at++], kind = flags & 63, version = flags >> 6;
  if (kind === 63) at += 4;
  number();
  if ((kind === 10 || kind === 11) ? version !== 3 : version !== 0) number();
}
return brotliDecompressSync(bytes.subarray(at, at + bytes.readUInt32BE(20))).toString("latin1").replaceAll("\\0", "");
"""


@pytest.fixture(scope="module")
def node():
    node = Node()
    yield node
    node.close()


@pytest.mark.parametrize("font", FONTS, ids=lambda font: font.stem)
def test_a_font_is_under_the_licence_that_lies_beside_it(node, font):
    says, beside = node(NAMES, path=str(font)), (KATEX / "fonts" / "OFL.txt").read_text(encoding="utf-8")
    holders = set(re.findall(r"Copyright \(c\) \d{4}-\d{4},? (?:Design Science|Khan Academy)", says))
    assert len(holders) >= 2 and "SIL Open Font License, Version 1.1" in says
    for holder in holders:
        assert holder.replace(",", "") in beside.replace(",", "")
    assert "SIL OPEN FONT LICENSE" in beside and "Version 1.1 - 26 February 2007" in beside


def test_the_list_names_every_file_that_others_made_and_only_those():
    tracked = [file.relative_to(ROOT).as_posix() for folder in ("binder", "book", "chapters", "src", "tests", "tools") for file in (ROOT / folder).rglob("*.*")]
    assert FOREIGN and all(any(fnmatch(file, pattern) for file in tracked) for pattern in FOREIGN)
    likely = [file for file in tracked if re.search(r"\.(woff2?|ttf|otf|csv|wasm|whl|zip)$|\.min\.(js|css)$|book/_static/\w+/.*\.js$", file)]
    assert [file for file in likely if not any(fnmatch(file, pattern) for pattern in FOREIGN)] == []


def test_the_site_carries_the_licences(html):
    for file in (KATEX / "LICENSE", KATEX / "fonts" / "OFL.txt", KATEX.parent / "minisearch" / "LICENSE"):
        assert (HTML / "_static" / file.relative_to(KATEX.parent)).read_text(encoding="utf-8") == file.read_text(encoding="utf-8")


def test_the_list_of_what_run_buttons_bring_names_every_file_and_its_version():
    listed = (ROOT / "LICENSE").read_text(encoding="utf-8").partition("5. WHAT A SITE")[2]
    names = re.findall(r"[\w.*-]+\.(?:js|wasm|json|zip|whl)\b", listed)
    assert f"Pyodide {pyodide.VERSION}." in listed and f"pyodide/tree/{pyodide.VERSION}\n" in listed and set(pyodide.CORE) < set(names)
    carried = [file.name for file in (HTML / "_static" / "pyodide").glob("*") if file.name not in ("LICENSE", "wheel.json")]
    assert [file for file in carried if not any(fnmatch(file, name) for name in names)] == []
    assert not carried or (HTML / "_static" / "pyodide" / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
