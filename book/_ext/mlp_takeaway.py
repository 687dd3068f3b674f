"""The whole book as a PDF and as a zip, in the download menu of each page: those that ``make pdf`` and ``make zip`` have made of these very sources."""

import shutil
import sys
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import takeaway  # noqa: E402

SAID = {"pdf": ("book, .pdf", "The whole book as a PDF", "fas fa-file-pdf"), "zip": ("book, .zip", "The whole book, to read from your disk", "fas fa-download")}


def set_up(app: Sphinx, config: Config) -> None:
    place = takeaway.folder()
    config.mlp_takeaway = {kind: str(place / name) for kind, name in takeaway.NAMES.items() if (place / name).exists()}


def add_links(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    for group in context.get("header_buttons", []):
        if group.get("label") == "download-buttons":
            for kind in app.config.mlp_takeaway:
                text, tooltip, icon = SAID[kind]
                url = context["pathto"](f"_static/{takeaway.NAMES[kind]}", resource=True)
                group["buttons"].append({"type": "link", "url": url, "text": text, "tooltip": tooltip, "icon": icon, "label": f"download-book-{kind}"})


def offer(app: Sphinx, exception: Exception | None) -> None:
    if exception or app.builder.name != "html":
        return
    for kind, name in takeaway.NAMES.items():
        target = Path(app.outdir, "_static", name)
        if kind in app.config.mlp_takeaway:
            shutil.copy2(app.config.mlp_takeaway[kind], target)
        else:
            target.unlink(missing_ok=True)


def setup(app: Sphinx) -> dict:
    app.add_config_value("mlp_takeaway", {}, "html")  # a change rewrites every page
    app.connect("config-inited", set_up)
    app.connect("html-page-context", add_links, priority=910)  # after mlp_site
    app.connect("build-finished", offer)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
