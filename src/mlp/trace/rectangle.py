"""The rectangle f · g (chapter 4): both sides grow with x, and the area by a strip for each of them and a corner."""

from .digits import added, short
from .frames import asked, checked

NUDGES = [1, 0.5, 0.25, 0.1, 0.01]
SCALE, LEFT, TOP, RIGHT, HEIGHT = 19, 16, 26, 312, 204  # of the drawing, in px: of a unit, around it, and all of it


def rectangle():
    """The spec: f = x² and g = 3x at x = 2, and what f · g grows by for smaller and smaller Δx. Notes: N9, eq. N9.2."""
    frames = [_frame(n) for n in range(len(NUDGES))]
    first, last = frames[0], frames[-1]
    first["ask"] = asked("Halve Δx. What becomes of the corner?", "about a quarter", "Both its sides are about halved.", first["status"],
                         choices=["it stays", "about a half", "about a quarter"])
    last["ask"] = asked("What does the sum go to, as Δx goes to 0?", 36, "The strips go to 6 · 4 = 24 and 4 · 3 = 12, the corner to 0.", last["status"], shown="36", tol=0.005)
    return checked({
        "name": "rectangle", "title": "The rectangle h = f · g",
        "panels": {"boxes": {"name": "The rectangle h = f · g, grown", "width": RIGHT, "height": HEIGHT}},
        "choices": [], "scenes": {"x2": {"holds": {}, "frames": frames}},
    })


def _frame(n):
    step, x = NUDGES[n], 2
    f, g, df, dg = x * x, 3 * x, (x + step) ** 2 - x * x, 3 * step
    base, s = HEIGHT - 2, SCALE
    parts = {"strip of f": g * df, "strip of g": f * dg, "corner": df * dg}
    boxes = [[LEFT, base - s * g, s * f, s * g, "ink"], [LEFT + s * f, base - s * g, s * df, s * g, "path-1"],
             [LEFT, base - s * (g + dg), s * f, s * dg, "path-2"], [LEFT + s * f, base - s * (g + dg), s * df, s * dg, "soft"]]
    beside = LEFT + s * (f + df) + 8
    texts = [[LEFT + s * f / 2, base - s * g / 2, "f · g = 24", "ink", "middle"], [beside, base - s * g / 2, f"g · Δf = {short(g * df)}", "path-1", "start"],
             [LEFT, base - s * (g + dg) - 6, f"f · Δg = {short(f * dg)}", "path-2", "start"],
             [beside, base - s * (g + dg / 2) + 4, f"Δf · Δg = {short(df * dg)}", "soft", "start"]]
    by = [short(part / step) for part in parts.values()]
    said = ", ".join(f"{name} {short(part)}" for name, part in parts.items())
    status = (f"Step {n + 1} of {len(NUDGES)}. Δx = {short(step)}, so Δf = {short(df)} and Δg = {short(dg)}. The area grows by {short(g * df)} + {short(f * dg)} + {short(df * dg)}. "
              f"Divided by Δx: {' + '.join(by)} = {short(added(parts.values()) / step)}.")
    return {"status": status, "shows": {"boxes": {"boxes": _rounded(boxes), "texts": _rounded(texts), "said": said}}}


def _rounded(rows):
    """Rows of places, texts and colours, the places to a tenth of a pixel."""
    return [[value if isinstance(value, str) else round(float(value), 1) for value in row] for row in rows]
