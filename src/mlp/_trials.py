"""Functions that a caller hands in are tried on a small probe when the object that holds them is made.

One that does not keep its part, such as an activation that returns its values and leaves `out` as it was, would give
wrong numbers later without a word. It raises a TypeError or ValueError here, which names it, what was expected and what came.
"""

import numpy as np

from . import _checks

Z = np.array([[-2.0, -0.5, 0.25], [0.75, 1.0, 3.0]])  # sums, or weights: small and large, of both signs
Y = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])  # targets, such as classes have
YHAT = np.array([[0.75, 0.25], [0.5, 0.5], [0.125, 0.875]])  # predictions that have a logarithm, as 1 - yhat has


def fills(name, function, letter, z, *, onto_itself):
    """What `function(z, out)` writes: finite numbers into all of out and nothing else, each from its entry of z alone, and
    with `onto_itself` the same where out is z."""
    expected = f"{name} must be a function of {letter} and out that writes into out, entry by entry"

    def written(z, out):
        before = z.copy()
        result = _called(expected, function, z, out=out)
        bad = ~np.isfinite(out)
        if bad.any():
            instead = isinstance(result, np.ndarray) and result is not out
            raise ValueError(f"{expected}, but out is {out[bad][0]} where {letter} = {before[bad][0]:g}{'; it returned its values instead' * instead}")
        if out is not z:
            _unchanged(expected, letter, before, z)
        return out

    out = written(z.copy(), np.full_like(z, np.nan))
    _entry_by_entry(expected, letter, z, out, lambda one: written(one, np.full_like(one, np.nan)))
    if onto_itself:
        here = z.copy()
        _same(expected, out, written(here, here), f"it writes other values where out is {letter} itself, as in training")
    return out


def returns(name, function, given, shape, *, entry_by_entry=False):
    """What `function` returns for the arguments `given`, by name: finite real numbers of this shape, where () is one number."""
    letters = " and ".join(", ".join(given).rsplit(", ", 1))
    expected = f"{name} must be a function of {letters} that returns {f'a finite array of shape {shape}' if shape else 'one finite number'}"
    mine = {letter: np.copy(value) if isinstance(value, np.ndarray) else value for letter, value in given.items()}
    result = _called(expected, function, *mine.values())
    for letter in given:
        if isinstance(given[letter], np.ndarray):
            _unchanged(expected, letter, given[letter], mine[letter])
    array = np.array(result) if isinstance(result, (np.ndarray, np.generic) + (() if shape else (int, float))) else None
    if array is None:
        raise TypeError(f"{expected}, but {_checks.shown(result)} came")
    if array.shape != shape:
        raise ValueError(f"{expected}, but {f'an array of shape {array.shape}' if array.ndim else _checks.shown(result)} came")
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{expected}, but {f'entries of type {array.dtype}' if shape else _checks.shown(result)} came")
    if not np.isfinite(array).all():
        raise ValueError(f"{expected}, but {array[~np.isfinite(array)][0]} came")
    if entry_by_entry:
        [(letter, z)] = given.items()
        _entry_by_entry(f"{expected}, entry by entry", letter, z, array, lambda one: _called(expected, function, one))
    return array


def draws(name, function):
    """`function(n_in, n_out, rng)` returns a finite matrix of that shape, and the same one for the same seed."""
    first, again = (returns(name, function, {"n_in": 3, "n_out": 2, "rng": np.random.default_rng(7)}, (3, 2)) for _ in range(2))
    _same(f"{name} must be a function of n_in, n_out and rng that draws from rng alone", first, again, "the same seed gave two matrices")


def _called(expected, function, *arguments, **named):
    if not callable(function):
        raise TypeError(f"{expected}, but {_checks.shown(function)} came")
    try:
        with np.errstate(all="ignore"):
            return function(*arguments, **named)
    except Exception as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{expected}, but it raised {type(error).__name__}: {' '.join(str(error).split())[:150]}") from error


def _unchanged(expected, letter, before, after):
    if not np.array_equal(before, after):
        raise ValueError(f"{expected}, but it changed {letter}")


def _entry_by_entry(expected, letter, z, out, function):
    for at in np.ndindex(z.shape):
        alone = np.ravel(function(z[at].reshape(1, 1)))[0]
        _same(expected, out[at], alone, f"{letter} = {z[at]:g} gives {out[at]:g} among others and {alone:g} alone")


def _same(expected, one, other, difference):
    if not np.allclose(one, other, rtol=1e-9, atol=1e-12):
        raise ValueError(f"{expected}, but {difference}")
