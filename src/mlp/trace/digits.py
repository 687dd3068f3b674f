"""Numbers as text. Every number that a view shows is printed here, with enough digits that the printed factors multiply
to the printed products, and those add to the printed sum.

Inside this module numbers are written as Python reads them; `display` turns one into what a reader sees.
"""

from functools import reduce
from itertools import combinations
from math import floor, inf, log10, prod
from operator import add
from sys import float_info

from .symbols import SUP

MOST_DIGITS = 17  # a float has no more
LARGE = 1e6  # from here on a number beside others is written with a power of ten


def display(number):
    """A number's text as a reader sees it: a true minus, and a power of ten in place of Python's e.

    >>> display("-0.25"), display("+1.2e-22")
    ('−0.25', '+1.2·10⁻²²')
    """
    mantissa, _, exponent = number.partition("e")
    return mantissa.replace("-", "−") + (f"·10{str(int(exponent)).translate(SUP)}" if exponent else "")


def term(number):
    """A shown number as it stands behind an operator: without its plus, in parentheses if it is negative.

    >>> term("+0.8"), term("−0.6")
    ('0.8', '(−0.6)')
    """
    return f"({number})" if number.startswith("−") else number.removeprefix("+")


def short(value):
    """A number that somebody chose, as written: no sign, no more digits than it needs (at most 4 decimals)."""
    return display(f"{round(float(value), 4) + 0.0:g}")  # + 0.0: no "-0"


def fixed(value, decimals):
    """A number with so many decimals and no plus; zero has no minus either.

    >>> fixed(-1.2853, 2), fixed(-0.001, 2), fixed(2, 1)
    ('−1.29', '0.00', '2.0')
    """
    return display(signed(value, decimals)).removeprefix("+")


def signed(value, decimals):
    """A number with its sign and a fixed number of decimals; zero is +0 even when it was approached from below. More than
    12 decimals are written with a power of ten.

    >>> signed(-0.00001, 3), signed(0.061141, 5), signed(-1.23456e-22, 25)
    ('+0.000', '+0.06114', '-1.235e-22')
    """
    rounded = round(float(value), decimals) + 0.0
    if decimals <= 12 or rounded == 0:
        return f"{rounded:+.{min(decimals, 12)}f}"
    return f"{rounded:+.{max(0, decimals + floor(log10(abs(rounded))))}e}"


def significant(value, digits):
    """A number with its sign and `digits` significant digits, without the zeros at its end.

    >>> significant(0.8, 5), significant(1.7219383, 5), significant(-0.0998712, 3)
    ('+0.8', '+1.7219', '-0.0999')
    """
    return f"{value + 0.0:+.{digits}g}"


def figures(value, digits):
    """The same as a reader sees it, without a plus.

    >>> figures(-1.7219383, 3), figures(1234567, 3)
    ('−1.72', '1.23·10⁶')
    """
    return display(significant(value, digits)).removeprefix("+")


def plainly(value, decimals, text=fixed):
    """A number with so many decimals, with or without its plus (`text`), or four digits and a power of ten where it is large.

    >>> plainly(12.345, 2), plainly(12.345, 2, signed), plainly(-1234567.8, 2)
    ('12.35', '+12.35', '−1.235·10⁶')
    """
    return figures(value, 4) if abs(value) >= LARGE else display(text(value, decimals))


def decimals_of(text):
    """How many decimals a printed number has, its power of ten counted in."""
    mantissa, _, exponent = text.partition("e")
    return len(mantissa.partition(".")[2]) - int(exponent or 0)


def power_of(size):
    """The power of ten of a size, and -1, as of tenths, where it has none.

    >>> power_of(231.6), power_of(0.25), power_of(0.0)
    (2, -1, -1)
    """
    return floor(log10(size)) if 0 < size < inf else -1


def added(values):
    """The sum of floats from left to right, as the page's script adds them: from Python 3.12 on, sum() makes up for what is rounded on the way.

    >>> added([1e16, 1.0, -1e16])
    0.0
    """
    return reduce(add, values, 0.0)


def decimals_for(values):
    """How many decimals show four digits of the largest of the values."""
    largest = max(map(abs, values))
    return 4 if largest == 0 else max(3 - floor(log10(largest)), 1)


def printed(forms, total, counted=None):
    """The texts of one sum of products, written in one or more forms: for each form (its results, its factors).

    A form is (products, outer): lists of numbers, and whether the first product multiplies the sum of the others. `counted` says
    of each of those that are added whether it is, all unless told. A factor has the same significant digits wherever it stands, four or, where that is not enough, as few more for as few factors
    as make every product, and the total, come out as printed. The results that are added share a number of decimals.
    Results end with the total.
    """
    values = list(dict.fromkeys(value for products, _ in forms for product in products for value in product))
    for digits in _digits(values):
        texts = {value: significant(value, digits.get(value, 4)) for value in values}
        found = [_results(products, outer, total, texts, counted) for products, outer in forms]
        if all(found):
            return [(results, [[texts[value] for value in product] for product in products]) for results, (products, _) in zip(found, forms)]
    raise ArithmeticError(f"no number of digits makes the printed parts of {total!r} add up to it as printed")


def _digits(values):
    """{value: its digits where they are more than four}, the fewest first: one factor, two, ... with five, then with six, ..."""
    yield {}
    for most in range(5, MOST_DIGITS + 1):
        longer = [value for value in values if significant(value, most) != significant(value, most - 1)]
        for some in range(1, len(longer) if len(longer) <= 6 else 3):
            yield from (dict.fromkeys(chosen, most) for chosen in combinations(longer, some))
        yield dict.fromkeys(values, most)


def _results(products, outer, total, texts, counted):
    """The printed products and total of one form that its factors, so printed, give, or None. Terms that nearly cancel have four digits all
    the same; more than two of them begin with three, and may have a decimal more than their sum."""
    exact = [prod(product) for product in products]
    parts = [exact[0] * own for own in exact[1:]] if outer else exact
    many = len(parts) > 2
    start = (min(decimals_for([total]), decimals_for(parts)) if total else decimals_for(parts)) - many
    shared, own = (decimals_for(exact[:1]), decimals_for(exact[1:])) if outer else (start, start)
    multiplied = [prod(float(texts[value]) for value in product) for product in products]
    for more, ahead in [(more - ahead, ahead) for more in range(12) for ahead in range(more + 1 if outer else 1 + (many and more > 0))]:
        places = start if outer else start + more  # of the total: a sum has as many as its terms
        starts = [shared + ahead, *[own + more] * (len(exact) - 1)] if outer else [start + more + ahead] * len(exact)
        if any(abs(value - other) > 1.01 * 10.0**-first for value, other, first in zip(exact, multiplied, starts)):
            continue  # more than a unit apart, and not printed alike
        results = [signed(value, first) for value, first in zip(exact, starts)]
        values = [float(text) for text in results]
        terms = [value for value, counts in zip(values[outer:], counted or [True] * len(parts)) if counts]
        summed = values[0] * added(terms) if outer else added(terms)
        if [signed(value, first) for value, first in zip(multiplied, starts)] == results and signed(summed, places) == signed(total, places):
            return [*results, signed(total, places)]
    return None


def two_factors(first, second, product):
    """Two numbers as texts that multiply to the printed product (with Python's signs and points)."""
    digits = len(product.lstrip("+-0.").replace(".", "").split("e")[0]) or 4  # beside a zero the other number still shows four
    half = 0.499 * 10.0 ** -decimals_of(product)  # nor a tie, which is rounded now up, now down
    for more, fewer in [(more - fewer, fewer) for more in range(2 * (MOST_DIGITS - digits) + 1) for fewer in range(more + 1)]:
        texts = [significant(value, digits + longer) for value, longer in ((first, more), (second, fewer))]
        if abs(prod(map(float, texts)) - float(product)) < half:
            return texts
    raise ArithmeticError(f"no number of digits makes {first!r} times {second!r} the printed {product}")


def agrees(value, total, size, noise):
    """Whether a witness's value is the total: to a millionth of itself, to what rounding leaves of terms of this size when
    they cancel, and to the witness's own noise."""
    return abs(value - total) <= 1e-6 * abs(total) + 1e-12 * size + noise


def noise_of_difference(loss, w=1.0):
    """How far rounding alone can move a central difference of a loss of this size by a weight w (`numerical_gradients`)."""
    return 8 * float_info.epsilon * abs(loss) / (1e-5 * max(1.0, abs(w)))


def decimals_above(noise, most):
    """How many decimals of a number are above its noise: at most `most`, at least none."""
    return most if noise == 0 else max(0, min(most, floor(-log10(noise))))
