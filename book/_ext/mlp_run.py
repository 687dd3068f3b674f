"""Run buttons: a cell tagged ``run`` can be edited and run on its page, by Python in a worker of the page.

Only where ``make pyodide`` has fetched that Python: it becomes part of the site (``_static/pyodide``), and a page with such cells gets
``run.js``, which loads nothing before a button is pressed. What a cell takes from the page's earlier cells goes with it: those of their
statements that bind the names it uses, and nothing that draws.
"""

import ast
import dis
import json
import re
import shutil
import sys
from pathlib import Path
from types import CodeType

from sphinx.application import Sphinx
from sphinx.config import Config

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import alone  # noqa: E402
import pyodide  # noqa: E402

CHANGE = {"add", "append", "clear", "extend", "insert", "pop", "remove", "reverse", "setdefault", "sort", "update"}  # methods that change what they are called on
BAR = """
<div class="run-bar">
<button type="button" class="run-go" disabled>Run</button>
<button type="button" class="run-reset" disabled>Reset</button>
<span class="run-status" role="status">You can change this code and run it here.</span>
</div>"""
CELL = re.compile(r'<div class="cell (?:tag_[\w-]+ )*tag_run .*?</pre></div>\s*</div>\s*</div>', re.S)


def loaded(code: CodeType) -> set[str]:
    """The names that code takes from around it: those that it has not given a value before."""
    names, given = set(), set()
    for step in dis.get_instructions(code):
        if step.opname == "STORE_NAME":
            given.add(step.argval)
        elif step.opname in ("LOAD_NAME", "LOAD_GLOBAL") and step.argval not in given:
            names.add(step.argval)
    return names.union(*(loaded(part) for part in code.co_consts if isinstance(part, CodeType))) - (given - names)


def bound(statement: ast.stmt) -> tuple[set[str], set[str]]:
    """The names that a statement gives a value, and those whose value it changes."""
    gives = {step.argval for step in dis.get_instructions(compile(ast.Module([statement], []), "", "exec")) if step.opname == "STORE_NAME"}
    changes = set()
    for part in ast.walk(statement):
        if isinstance(part, ast.Subscript | ast.Attribute) and isinstance(part.ctx, ast.Store):
            target = part.value
        elif isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr in CHANGE:
            target = part.func.value
        else:
            continue
        while isinstance(target, ast.Subscript | ast.Attribute | ast.Call):
            target = target.func if isinstance(target, ast.Call) else target.value
        changes |= {target.id} if isinstance(target, ast.Name) else set()
    return gives, changes


def setup_of(code: str, earlier: list[str]) -> str:
    """What of the earlier cells a cell needs before it."""
    needed, taken = loaded(compile(code, "", "exec")), []
    for statement in reversed([statement for cell in earlier for statement in ast.parse(cell).body]):
        gives, changes = bound(statement)
        if not needed & (gives | changes):
            continue
        if isinstance(statement, ast.Import | ast.ImportFrom):
            statement.names = [name for name in statement.names if (name.asname or name.name) in needed]
        if not isinstance(statement, ast.If | ast.Try):
            needed -= gives
        needed |= loaded(compile(ast.Module([statement], []), "", "exec"))
        taken.append(ast.unparse(statement))
    return "\n".join(reversed(taken))


def runnable(notebook: Path) -> list[tuple[dict, str]]:
    """The cells of a notebook that can be run on the page, each with what it needs before it."""
    found, earlier = [], []
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        tags, code = cell["metadata"].get("tags", []), "".join(cell["source"])
        if cell["cell_type"] == "code" and "remove-cell" not in tags:
            if "run" in tags:
                found.append((cell, setup_of(code, earlier)))
            earlier.append(code)
    return found


def set_up(app: Sphinx, config: Config) -> None:
    config.mlp_run = pyodide.FOLDER.name if pyodide.FOLDER.is_dir() else ""


def add_bars(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    if not app.config.mlp_run or pagename not in app.env.all_docs:
        return
    source = Path(app.env.doc2path(pagename))
    setups = [setup for _, setup in runnable(source)] if source.suffix == ".ipynb" else []
    if setups:
        body = CELL.sub(lambda cell: cell[0] + BAR, context["body"])
        given = json.dumps(setups).replace("</", r"<\/")
        script = context["pathto"]("_static/run.js", resource=True)
        context["body"] = f'{body}<script type="application/json" id="run-setups">{given}</script>\n<script defer src="{script}"></script>\n'


def offer_python(app: Sphinx, exception: Exception | None) -> None:
    """Python and the licences of its parts, and what has the package's name."""
    if exception or app.builder.name != "html":
        return
    target = Path(app.outdir, "_static", "pyodide")
    if not app.config.mlp_run:
        shutil.rmtree(target, ignore_errors=True)
        return
    target.mkdir(exist_ok=True)
    for file in [*pyodide.FOLDER.iterdir(), ROOT / "LICENSE"]:
        copy = target / file.name
        if not copy.exists() or copy.stat().st_mtime_ns != file.stat().st_mtime_ns:
            shutil.copy2(file, copy)
    (target / "wheel.json").write_text(json.dumps(alone.build_wheel(target.parent).name))


def setup(app: Sphinx) -> dict:
    app.add_config_value("mlp_run", "", "html")  # a change rewrites every page
    app.connect("config-inited", set_up)
    app.connect("html-page-context", add_bars, priority=910)  # after mlp_site
    app.connect("build-finished", offer_python)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
