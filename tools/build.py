"""Build the book into ``_build/html``: ``jupyter-book build . -W -n --keep-going``, three seconds sooner.

jsonschema checks optional formats with ``rfc3987_syntax`` where it is installed (JupyterLab brings it), and importing
that compiles 39 grammars; no check made here uses them.
"""

import sys
from pathlib import Path

sys.modules["rfc3987_syntax"] = None  # "not installed", as far as jsonschema can tell

from jupyter_book.cli.main import main  # noqa: E402

root = Path(__file__).resolve().parents[1]
try:
    main(["build", str(root), "-W", "-n", "--keep-going", *sys.argv[1:]], standalone_mode=False)
except BaseException as error:
    # Sphinx would take the pages of a failed build for good ones: make the next build read them all again.
    (root / "_build" / ".doctrees" / "environment.pickle").unlink(missing_ok=True)
    if isinstance(error, SystemExit | KeyboardInterrupt):
        raise
    sys.exit(f"The book was not built: {error}")
