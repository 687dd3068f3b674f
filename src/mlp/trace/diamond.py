"""The diamond (chapter 4): the smallest graph of two paths."""

from math import sqrt

from .digits import noise_of_difference, short
from .frames import checked
from .ledger import Route, Step, Witness, scenes


def diamond():
    """The spec of the smallest network of two paths: f = x², g = 3x, h = f g, k = √(1 + h), at x = 1 and x = 2.

    Notes: N9, eq. N9.1, N9.2 and N9.2a.
    """
    options, made, values = [], {}, {}
    for x in (2, 1):
        f, g = x * x, 3 * x
        h, k = f * g, sqrt(1 + f * g)
        values[x] = {"x": x, "f": f, "g": g, "h": h, "k": k}
        local = {"fx": 2 * x, "gx": 3, "hf": g, "hg": f, "kh": 1 / (2 * k)}
        routes = [
            Route(tuple(Step([a, "", ""], [b, "", ""], local[a + b], a + b, f"∂{a} by ∂{b}") for a, b in (("k", "h"), ("h", via), (via, "x"))),
                  ("x", via, "h", "k"), f"x → {via} → h → k", f"through {via}")
            for via in ("f", "g")
        ]
        nudge = 1e-5
        difference = (sqrt(1 + 3 * (x + nudge) ** 3) - sqrt(1 + 3 * (x - nudge) ** 3)) / (2 * nudge)
        witnesses = [Witness("√(1 + 3x³) differentiated whole", 9 * x * x / (2 * k)), Witness("finite difference", difference, noise_of_difference(k))]
        opening = f"x = {x} goes into f and into g; both go into h, and h into k. In how many ways does a small change of x reach k?"
        options.append([f"x{x}", f"x = {x}", f"x is {x}"])
        here = {"values": {name: short(value) for name, value in values[x].items()},
                "labels": {edge: f"∂{edge[0]}/∂{edge[1]} = {short(value)}" for edge, value in local.items()}}
        made |= scenes(f"x{x}", "x", [["k", "", ""], ["x", "", ""]], routes, witnesses, opening, ({}, ["x"]), here)
    places = {"x": (0, 0, 1), "f": (1, 0, 2), "g": (1, 1, 2), "h": (2, 0, 1), "k": (3, 0, 1)}
    return checked({
        "name": "diamond",
        "title": "The diamond: f = x², g = 3x, h = fg, k = √(1 + h)",
        "panels": {
            "network": {
                "name": "The diamond: x goes into f and g, both go into h, h goes into k",
                "columns": [],
                "nodes": [{"id": n, "symbol": [n, "", ""], "value": short(values[2][n]), "column": c, "row": r, "rows": m}
                          for n, (c, r, m) in places.items()],
                "edges": [{"id": a + b, "from": b, "to": a, "choice": "", "symbol": [], "label": ""} for a, b in ("fx", "gx", "hf", "hg", "kh")],
            },
            "ledger": {},
        },
        "choices": [{"name": "x", "label": "start at", "options": options}, {"name": "factored", "label": "factored form"}],
        "scenes": made,
    })
