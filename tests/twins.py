"""A live view's two makers of frames, mlp.trace and its module in JavaScript, side by side."""

import json
from math import isclose

from node import JS, Node

from mlp.widgets.script import camel


class Twin:
    """The JavaScript that makes a spec's frames: `twin(state)` is its frame as the page would have it."""

    def __init__(self, spec):
        self.spec = json.loads(json.dumps(spec))
        self.node = Node(JS / f"{spec['live']['module']}.js")
        self.make = camel(spec["live"]["module"])

    def __call__(self, state):
        body = f"globalThis.view ??= {{}}; const view = globalThis.view[key] ??= {self.make}(spec, () => {{}}); return [view.last(state), view.frame(state)]"
        return self.node(body, spec=self.spec, key=id(self), state={**state, "answered": {}})

    def close(self):
        self.node.close()


def differences(ours, theirs, where=""):
    """Where two frames differ: any text, and numbers by more than a part in 10^9."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        names = {*ours, *theirs}
        return [one for name in sorted(names) for one in differences(ours.get(name), theirs.get(name), f"{where}.{name}")]
    if isinstance(ours, (list, tuple)) and isinstance(theirs, list):
        if len(ours) != len(theirs):
            return [f"{where}: {len(ours)} and {len(theirs)} entries"]
        return [one for n, pair in enumerate(zip(ours, theirs)) for one in differences(*pair, f"{where}[{n}]")]
    numbers = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in (ours, theirs))
    same = isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-9) if numbers else ours == theirs
    return [] if same else [f"{where}: {ours!r} and {theirs!r}"]
