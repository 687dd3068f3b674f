"""Mutation testing: `nice .venv/bin/python tools/mutate.py src/mlp/losses.py tests/test_losses.py ...` (`-k words` as in pytest; `--every 3` for a third of them).

A mutant is the file with one thing altered: an operator, a comparison, 0, 1 or 2, `and` and `or`, a condition, a returned value, a line
left out. The tests that are named should notice each; two at a time, in copies of the tree, with pytest stopped at the first failure, or
where it takes too long. Prints the mutants that nothing noticed, but for those that `tools/equivalent.txt` says mean the same (a line
of it: the file, the altered line as it then reads, and after a # the reason).
"""

import argparse
import ast
import contextlib
import io
import multiprocessing
import os
import re
import shutil
import signal
import sys
import tempfile
import time
import tokenize
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue

ROOT = Path(__file__).resolve().parents[1]
SWAPS = {
    "+": "-", "-": "+", "*": "/", "/": "*", "//": "*", "%": "*", "**": "*", "@": "*", "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==",
    "===": "!==", "!==": "===", "+=": "-=", "-=": "+=", "*=": "/=", "/=": "*=", "|=": "&=", "|": "&", "&": "|", "and": "or", "or": "and", "&&": "||",
    "||": "&&", "??": "&&", "not": "", "!": "", "is": "is not", "in": "not in", "True": "False", "False": "True", "true": "false", "false": "true",
    "<<": ">>", ">>": "<<", ">>>": "<<", "^": "|", "++": "--", "0": "1", "1": "0", "2": "3", "min": "max", "max": "min", "break": "continue", "continue": "break",
    "any": "all", "all": "any",
}  # fmt: skip
UNARY = {"", "(", "[", "{", ",", "=", ":", "?", "=>", "return", "in"}  # before a sign
JAVASCRIPT = re.compile(r"//.*|/\*[\s\S]*?\*/|\"[^\"\n]*\"|`(?:[^`\\]|\\.)*`|[A-Za-z_$][\w$]*|\d[\w.]*|>>>=?|[<>]{2}=?|[=!]==?|=>|\?\?=?|\?\.|&&|\|\||\+\+|--|\.\.\.|\*\*|[-+*/%|&^<>]=?|[?:;,(){}\[\].~]|!|=")


def swapped(text, tokens):
    """One token in place of another: (start, end, what stands there instead)."""
    for n, (token, start) in enumerate(tokens):
        before, after = tokens[n - 1][0] if n else "", tokens[n + 1][0] if n + 1 < len(tokens) else ""
        line = text[text.rfind("\n", 0, start) + 1 : start]
        unary = token in ("+", "-", "*", "**") and (before in UNARY or (before in SWAPS and not before.isalnum()))
        if token not in SWAPS or before == "." or (unary and token != "-") or (token == "/" and after in (",", ")")):
            continue  # no operator: a name behind a dot, a mark among the arguments
        if (token, after) in (("not", "in"), ("is", "not")) or (token == "in" and (before == "not" or re.search(r"\bfor\b", line))):
            continue  # a word of two, or of a loop
        yield start, start + len(token), "" if unary else SWAPS[token]


def python_mutants(text):
    lines, starts = text.splitlines(keepends=True), [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    skipped = []

    def span(node):
        ends = (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)
        return [starts[row - 1] + len(lines[row - 1].encode()[:column].decode()) for row, column in ends]

    for node in ast.walk(ast.parse(text)):
        notes = [*getattr(node, "decorator_list", []), getattr(node, "annotation", None), getattr(node, "returns", None)]
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) or isinstance(node, ast.Import | ast.ImportFrom):
            notes.append(node)
        skipped += [span(one) for one in notes if one]
        if isinstance(node, ast.Assign | ast.AugAssign | ast.Raise) or (isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant)):
            yield *span(node), "pass"
        if isinstance(node, ast.If | ast.While | ast.IfExp):
            start, end = span(node.test)
            yield start, end, f"(not ({text[start:end]}))"
        if isinstance(node, ast.Return) and node.value:
            yield *span(node.value), "None"
    tokens = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        start = starts[token.start[0] - 1] + token.start[1]
        if token.type in (tokenize.OP, tokenize.NAME, tokenize.NUMBER) and not any(a <= start < b for a, b in skipped):
            tokens.append((token.string, start))
    yield from swapped(text, tokens)


def javascript_mutants(text):
    tokens = [(found[0], found.start()) for found in JAVASCRIPT.finditer(text) if found[0][0] not in "\"'`" and found[0][:2] not in ("//", "/*")]
    yield from swapped(text, tokens)
    for n, (token, start) in enumerate(tokens[:-1]):
        if token in ("if", "while"):  # to the end of its parenthesis
            depths = [(one == "(") - (one == ")") for one, _ in tokens[n + 1 :]]
            first, last = tokens[n + 1][1], next(at for m, (_, at) in enumerate(tokens[n + 1 :], 1) if not sum(depths[:m]))
            yield first, last + 1, f"(!{text[first : last + 1]})"
        if token == "return" and tokens[n + 1][0] != ";":
            yield start, tokens[n + 1][1], "return undefined && "
    for found in re.finditer(r"^ *(?!return|const|let|import|export|throw|\}|//|\*|/\*|case)[A-Za-z(\[][^\n{}]*;", text, re.M):
        if not re.match(r" *(for|while|if|else|function)\b", found[0]):
            yield found.start(), found.end(), ";"


def mutants(path, text):
    """{the whole altered file: (number of the line, how the line reads)}, without those that are no program."""
    python, made = path.suffix == ".py", {}
    for start, end, new in (python_mutants if python else javascript_mutants)(text):
        whole = text[:start] + new + text[end:]
        row = text.count("\n", 0, start)
        with contextlib.suppress(SyntaxError):
            if python:
                compile(whole, path.name, "exec")
            made.setdefault(whole, (row + 1, whole.splitlines()[row].strip()))
    return made


def tested(folder, arguments, quiet=True):
    """In a process of its own: pytest's exit code."""
    os.setsid()
    os.chdir(folder)
    sys.path[:0] = [str(folder / "src"), str(folder / "tests")]
    os.environ["PYTHONPATH"] = str(folder / "src")
    sys.dont_write_bytecode = True
    if quiet:
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
    import pytest

    os._exit(int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "--no-header", "--tb=no", *arguments])))


def outcome(folder, arguments, patience, quiet=True):
    """'passed', 'failed' or 'late'."""
    process = multiprocessing.get_context("fork").Process(target=tested, args=(folder, arguments, quiet))
    process.start()
    process.join(patience)
    late = process.is_alive()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.join()
    return "late" if late else "passed" if process.exitcode == 0 else "failed"


def equivalent(file):
    """The altered lines of this file that mean the same."""
    known = (line.rpartition("  # ")[0].partition(": ") for line in (ROOT / "tools" / "equivalent.txt").read_text(encoding="utf-8").splitlines())
    return {line.strip() for name, _, line in known if name == file}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("tests", nargs="+")
    parser.add_argument("-k", default="")
    parser.add_argument("--every", type=int, default=1, help="3: each third mutant alone")
    options = parser.parse_args()
    path, text = ROOT / options.file, (ROOT / options.file).read_text(encoding="utf-8")
    known, made = equivalent(options.file), mutants(path, text)
    unlike = [one for one in made.items() if one[1][1] not in known]
    arguments = [*options.tests, *(["-k", options.k] if options.k else [])]
    import hypothesis, numpy, nbval.plugin, pytest  # noqa: E401, F401  what every child needs, loaded once

    with tempfile.TemporaryDirectory() as place:
        free = Queue()
        for n in range(2):
            copy = Path(place) / str(n)
            shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", ".venv", "_build", "__pycache__"))
            free.put(copy)
        folder, start = free.get(), time.monotonic()
        if outcome(folder, arguments, None, quiet=False) != "passed":
            sys.exit("The tests have to pass before anything is altered.")
        free.put(folder)
        patience = 10 + 2 * (time.monotonic() - start)

        def tried(one):
            whole, (row, line) = one
            folder = free.get()
            (folder / options.file).write_text(whole, encoding="utf-8")
            came = outcome(folder, arguments, patience)
            free.put(folder)
            if came == "passed":
                print(f"{options.file}:{row}: {line}", flush=True)
            return came

        with ThreadPoolExecutor(2) as pool:
            came = list(pool.map(tried, unlike[:: options.every]))
    noticed = len(came) - came.count("passed")
    print(f"{options.file}: {noticed} of {len(came)} mutants were noticed ({noticed / max(1, len(came)):.1%}), {came.count('late')} of them by taking too long; "
          f"{len(made) - len(unlike)} mean the same")  # fmt: skip


if __name__ == "__main__":
    main()
