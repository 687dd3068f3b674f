"""Build the book into ``_build/html``: ``jupyter-book build . -W -n --keep-going``, three seconds sooner, and never half.

jsonschema checks optional formats with ``rfc3987_syntax`` where it is installed (JupyterLab brings it), and importing
that compiles 39 grammars; no check made here uses them.
"""

import shutil
import sys
from pathlib import Path

sys.modules["rfc3987_syntax"] = None  # "not installed", as far as jsonschema can tell

from filelock import FileLock, Timeout  # noqa: E402
from jupyter_book.cli.main import main  # noqa: E402

import pyodide  # noqa: E402

root = Path(__file__).resolve().parents[1]
unfinished = root / "_build" / "unfinished"  # there while a build runs, and after one that was killed
unfinished.parent.mkdir(exist_ok=True)
lock = FileLock(root / "_build" / ".lock")
try:
    lock.acquire(blocking=False)
except Timeout:
    sys.exit("Another build is running in this folder: wait until it has ended.")
if unfinished.exists():  # Sphinx takes pages for written that are not, and a stored run may be half stored
    print("The last build was cut off: everything is made anew.")
    for left in (".doctrees", ".jupyter_cache", "html", "jupyter_execute"):
        shutil.rmtree(root / "_build" / left, ignore_errors=True)
unfinished.touch()
if not pyodide.FOLDER.is_dir():
    print("The pages get no Run buttons: the Python for them is not here (make pyodide fetches it).")
try:
    main(["build", str(root), "-W", "-n", "--keep-going", *sys.argv[1:]], standalone_mode=False)
except BaseException as error:
    # Sphinx would take the pages of a failed build for good ones: make the next build read them all again.
    (root / "_build" / ".doctrees" / "environment.pickle").unlink(missing_ok=True)
    if isinstance(error, SystemExit | KeyboardInterrupt):
        raise
    sys.exit(f"The book was not built: {error}")
finally:
    unfinished.unlink(missing_ok=True)
