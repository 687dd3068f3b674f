"""Runs a reader's cell as a notebook does: in the page's worker (run-worker.js), and in the tests."""

import ast
import io
import linecache
import traceback
from contextlib import redirect_stderr, redirect_stdout

CELL = "this cell"  # its name in a traceback


class Printed(io.TextIOBase):
    def __init__(self, say):
        self.say = say

    def write(self, text):
        self.say("text", text)
        return len(text)


def run(setup, code, say):
    """Runs `code` after `setup`, in names of its own. What it prints, shows or raises goes to `say(kind, text)`, where kind is
    "text", "html" or "error"."""
    names = {"__name__": "__main__"}
    with redirect_stdout(io.StringIO()):
        exec(setup, names)
    linecache.cache[CELL] = len(code), None, code.splitlines(keepends=True), CELL
    printed = Printed(say)
    with redirect_stdout(printed), redirect_stderr(printed):
        try:
            tree = ast.parse(code, CELL)
            last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
            exec(compile(tree, CELL, "exec"), names)
            value = eval(compile(ast.Expression(last.value), CELL, "eval"), names) if last else None
            if hasattr(value, "_repr_html_"):
                say("html", value._repr_html_())
            elif value is not None:
                say("text", repr(value))
        except BaseException as error:
            say("error", "".join(traceback.format_exception(type(error), error, error.__traceback__.tb_next)))
