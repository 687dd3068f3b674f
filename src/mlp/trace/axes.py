"""Axes for charts: ends, and ticks at round numbers."""

from math import ceil, floor, log10

from .digits import fixed


def axis(least, most, ticks=5, **more):
    """An axis from `least` to `most` with about so many ticks, at multiples of 1, 2 or 5 times a power of ten.

    >>> axis(-3.5, 1.8, 6)["ticks"]
    [[-3.0, '−3'], [-2.0, '−2'], [-1.0, '−1'], [0.0, '0'], [1.0, '1']]
    """
    rough = (most - least) / ticks
    power = 10.0 ** floor(log10(rough))
    step = next(size * power for size in (1, 2, 5, 10) if size * power >= rough * 0.999)
    decimals = max(0, -floor(log10(step) + 1e-9))
    at = [round(n * step, 12) for n in range(ceil(least / step - 1e-9), floor(most / step + 1e-9) + 1)]
    return {"least": float(least), "most": float(most), "ticks": [[value, fixed(value, decimals)] for value in at], **more}


def around(values, ticks=4, **more):
    """An axis around all of these values, with a little room at both ends.

    >>> axis = around([10.0, 20.0])
    >>> axis["least"] < 10 and axis["most"] > 20
    True
    """
    least, most = float(min(values)), float(max(values))
    room = 0.04 * ((most - least) or abs(most) or 1.0)
    return axis(least - room, most + room, ticks, **more)


def powers(least, most, **more):
    """A logarithmic axis from 10^least to 10^most.

    >>> powers(-1, 1)["ticks"]
    [[0.1, '0.1'], [1.0, '1'], [10.0, '10']]
    """
    return {"least": 10.0**least, "most": 10.0**most, "log": True, "ticks": [[10.0**n, fixed(10.0**n, max(0, -n))] for n in range(least, most + 1)], **more}
