"""Joins the modules that a view needs into one script, and their styles: neither anywidget nor a page opened from disk can resolve an import."""

import re
from functools import cache
from importlib import resources

FOLDER, STYLES = (resources.files("mlp") / "widgets" / kind for kind in ("js", "css"))
IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w-]+)\.js";\n', re.M)
COMMENT = re.compile(r"^[ \t]*(?://.*|/\*\*(?:(?!\*/)[\s\S])*\*/[ \t]*)\n", re.M)
ASIDE = re.compile(r"^[ \t]+|/\*\* @\w+ (?:(?!\*/).)*\*/ ?|[ \t]+// [^\n\"'`]*$", re.M)  # indentation, types, and comments behind code
NAME = re.compile(r"^(?:export )?(?:async )?(?:function\*?|const|let|class) (\w+)", re.M)


@cache
def joined(*modules, end=None):
    """The text of these modules and of all they import, each once and after what it imports, with imports, exports, indentation and
    comments taken away, and where `end` follows, what it does not need: a third of what a page would carry. Raises ValueError where
    two of them define one name."""
    texts = {}

    def add(module):
        if module in texts:
            return
        text = (FOLDER / f"{module}.js").read_text(encoding="utf-8")
        texts[module] = None  # on its way
        for needed in IMPORT.findall(text):
            add(needed)
        del texts[module]
        texts[module] = re.sub(r"^export ", "", COMMENT.sub("", IMPORT.sub("", text)), flags=re.M)

    for module in modules:
        add(module)
    names = {}
    for module, text in texts.items():
        for name in NAME.findall(text):
            if name in names:
                raise ValueError(f"{module}.js defines {name}, and so does {names[name]}.js")
            names[name] = module
    text = "\n".join(texts.values())
    return ASIDE.sub("", text if end is None else needed(text, end))


def camel(name):
    """The name of a module as one in JavaScript: epoch-tape is epochTape."""
    return re.sub(r"-(\w)", lambda found: found[1].upper(), name)


def script(panels, lives=(), *, questions=False, page=False):
    """The script of views with these panels and live modules, or of predictions, for a page or for Jupyter."""
    modules = [*(["card"] if panels else []), *panels, *lives, *(["prediction"] if questions else []), *(["page"] if page else [])]
    stepper = ""
    if panels:
        builders = ", ".join(f"{panel}: {panel}Panel" for panel in panels)
        made = ", ".join(f'"{live}": {camel(live)}' for live in lives)
        stepper = f"stepper(host, {{ {builders} }}, {{ {made} }})"
    body = f'host.model.get("spec").kind === "prediction" ? prediction(host) : {stepper}' if questions and panels else stepper or "prediction(host)"
    end = f"mountPage(document, (host) => {body});" if page else f"export default {{ render: (host) => {body} }};"
    return f"{joined(*modules, end=end)}\n{end}\n"


def needed(text, end):
    """The parts of a joined text, functions and constants, that its end needs, and that these need."""
    parts = re.split(r"^(?=(?:async )?(?:function|const|let|class)\b)", text, flags=re.M)
    names, waiting, kept = [NAME.match(part) for part in parts], [end], {n for n, part in enumerate(parts) if not NAME.match(part)}
    while waiting:
        words = set(re.findall(r"[\w$]+", waiting.pop()))
        for n, name in enumerate(names):
            if n not in kept and name[1] in words:
                kept.add(n)
                waiting.append(parts[n])
    return "".join(parts[n] for n in sorted(kept)).rstrip("\n")


@cache
def style(panels, lives=()):
    """The style of views with these panels and live modules: the card's, then that of each that has a file in `css`, without comments."""
    files = [STYLES / f"{name}.css" for name in ("card", *panels, *lives)]
    return re.sub(r"\s*\n\s*", "\n", re.sub(r"/\*.*?\*/", "", "".join(file.read_text(encoding="utf-8") for file in files if file.exists()), flags=re.S)).strip() + "\n"
