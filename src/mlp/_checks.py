"""The public door: every argument is checked here, once, where the user calls.

Each function returns what the caller gave in the one form the package works with (float64 arrays,
plain ints and floats), or raises a ValueError or TypeError that names the parameter, what was
expected and what came. Nothing a caller owns is changed.
"""

import math
import numbers

import numpy as np

LARGEST = 2**31 - 1  # more points, or more units in a layer, than any memory holds


def shown(value):
    """What came, for a message: its repr, or its type alone where that would fill the screen."""
    try:
        text = repr(value)
    except ValueError:  # Python writes out no integer of more than 4300 digits
        text = ""
    return text if 0 < len(text) <= 200 and "\n" not in text else f"a value of type {type(value).__name__}"


def real_array(name, value, *, infinite=False):
    """`value` as a float64 array of real numbers; a copy wherever the caller's memory is not already that."""
    if value is None or isinstance(value, (str, bytes)):
        raise TypeError(f"{name} must be an array of real numbers, but {shown(value)} came")
    if _masked(value):
        raise ValueError(f"{name} has masked entries; fill or drop them first")
    try:
        array = np.asarray(value)
    except OverflowError:
        raise ValueError(f"{name} must be finite, but has an integer too large for float64") from None
    except Exception as error:  # whatever the caller's own __array__ raises
        if isinstance(error, ValueError) and isinstance(value, (list, tuple)):
            raise ValueError(f"{name} must be a rectangular array, but its rows have different lengths") from None
        raise TypeError(f"{name} must be an array of real numbers, but a value of type {type(value).__name__} came, "
                        "which NumPy cannot read") from error
    if array.dtype.kind == "O" and array.ndim == 0:
        raise TypeError(f"{name} must be an array of real numbers, but a value of type {type(value).__name__} came")
    if array.dtype.kind == "O":  # columns of several kinds, as a data frame has them
        array = _of_several_kinds(name, array)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold real numbers, but its entries are of type {array.dtype}")
    with np.errstate(all="ignore"):
        array = np.require(array, np.float64, "CA")  # in rows and aligned, so that the same values give the same bits
    bad = np.isnan(array) if infinite else ~np.isfinite(array)
    if bad.any():
        where = tuple(int(i) for i in np.argwhere(bad)[0])
        place = f" at index {where[0] if len(where) == 1 else where}" if where else ""
        raise ValueError(f"{name} must be {'numbers' if infinite else 'finite'}, but has {array[where]}{place}")
    return array


def _of_several_kinds(name, array):
    """An array of Python's objects as float64, where each of them is a real number or a truth value."""
    for where, entry in np.ndenumerate(array):
        if not isinstance(entry, (numbers.Real, np.bool_)):
            cure = "fill or drop what is missing" if entry is None or type(entry).__name__ in ("NAType", "NaTType") else "turn it into a number"
            raise TypeError(f"{name} must hold real numbers, but has {shown(entry)} at index {where[0] if len(where) == 1 else where}; {cure} first")
    try:
        return array.astype(np.float64)
    except OverflowError:
        raise ValueError(f"{name} must be finite, but has an integer too large for float64") from None


def _masked(value, depth=0):
    """Whether `value`, or anything in a list, hides entries behind a mask. (NumPy refuses lists deeper than 64.)"""
    if isinstance(value, (list, tuple)):
        return depth < 64 and any(_masked(item, depth + 1) for item in value)
    return isinstance(value, np.ma.MaskedArray) and bool(np.ma.is_masked(value))


def inputs(X, columns, name="X"):
    """`X` as float64 of shape (n, columns) with n >= 1."""
    X = real_array(name, X)
    if X.ndim != 2:
        raise ValueError(f"{name} must be 2-D, (points, {columns}), but its shape is {X.shape}")
    if X.shape[1] != columns:
        raise ValueError(f"{name} has {X.shape[1]} columns, but this network takes {columns}")
    if X.shape[0] == 0:
        raise ValueError(f"{name} has no rows; at least one point is needed")
    return X


def targets(y, n, width):
    """`y` as float64 of shape (n, width); (n,) is accepted where width is 1."""
    y = real_array("y", y)
    if y.shape == (n, width):
        return y
    if width == 1 and y.shape == (n,):
        return y.reshape(n, 1)
    expected = f"({n}, {width})" + (f" or ({n},)" if width == 1 else "")
    raise ValueError(f"y must have shape {expected}, one row for each row of X, but its shape is {y.shape}")


def point(x, y, net):
    """One point as a batch of one: x (n_0,) and y a number or (n_K,) become (1, n_0) and (1, n_K)."""
    x = real_array("x", x)
    if x.ndim != 1:
        raise ValueError(f"x must be one point, of shape ({net.sizes[0]},), but its shape is {x.shape}")
    if x.shape[0] != net.sizes[0]:
        raise ValueError(f"x has {x.shape[0]} entries, but this network takes {net.sizes[0]}")
    y = real_array("y", y)
    width = net.sizes[-1]
    if not (y.shape == (width,) or (width == 1 and y.shape == ())):
        expected = "one number" if width == 1 else f"of shape ({width},)"
        raise ValueError(f"y must be {expected}, the target of one point, but its shape is {y.shape}")
    return x.reshape(1, -1), y.reshape(1, width)


def integer(name, value, least, most=None):
    """`value` as an int that is at least `least`, and at most `most` where that is given."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be an integer, but {shown(value)} came")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, but {shown(value)} came")
    if most is not None and value > most:
        raise ValueError(f"{name} must be at most {most}, but {shown(value)} came")
    return int(value)


def matrix(rows, n, columns, m):
    """Refuses a matrix of n rows and m columns that no memory holds."""
    if n * m > LARGEST:
        raise ValueError(f"{rows} times {columns} must be at most {LARGEST}, but {n} times {m} came")


def boolean(name, value):
    """`value` if it is True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False, but {shown(value)} came")
    return bool(value)


def number(name, value, *, zero):
    """`value` as a finite float, positive, or not negative where `zero` is allowed."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a real number, but {shown(value)} came")
    try:
        number = float(value)
    except OverflowError:  # an int or a Fraction can be too large for a float
        number = math.inf
    if not math.isfinite(number) or number < 0 or (number == 0 and not zero):
        expected = "a finite number, 0 or more" if zero else "a positive finite number"
        raise ValueError(f"{name} must be {expected}, but {shown(value)} came")
    return number


def index(name, value, most, what):
    """`value` as an int from 1 to `most`, the book's way of counting layers and units."""
    value = integer(name, value, 1)
    if value > most:
        raise ValueError(f"{name} must be from 1 to {most}, {what}, but {shown(value)} came")
    return value


def weight(net, k, i, j):
    """The layer and units (k, i, j) of a weight of `net`, 1-based as the notes write them."""
    k = index("k", k, len(net.layers), "the layers of this network")
    i = index("i", i, net.sizes[k - 1], f"the units of layer {k - 1}")
    j = index("j", j, net.sizes[k], f"the units of layer {k}")
    return k, i, j


def generator(rng, *, optional):
    """`rng` if it is a numpy.random.Generator (or None, where that means: in order)."""
    if isinstance(rng, np.random.Generator) or (optional and rng is None):
        return rng
    expected = "a numpy.random.Generator" + (" or None" if optional else "")
    raise TypeError(f"rng must be {expected}, such as np.random.default_rng(7), but {shown(rng)} came")


def one_of(name, value, kind, examples):
    """`value` if it is one of ours: an instance of `kind`."""
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be {examples}, but {shown(value)} came")
    return value


def finite_result(what, *arrays):
    """Raises FloatingPointError where finite arguments led out of the finite numbers."""
    if not all(np.isfinite(a).all() for a in arrays):
        raise FloatingPointError(f"{what} left the finite numbers: the weights or the data are too large")
