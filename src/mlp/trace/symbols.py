"""Symbols in the notes' notation: as [letter, subscript, superscript] for a drawing, as Unicode text, and as said aloud."""

SUB = str.maketrans("0123456789,", "₀₁₂₃₄₅₆₇₈₉,")
SUP = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def symbol(thing):
    """The symbol of ("L",), ("O", layer, unit), ("f'", layer, unit) or ("w", k, i, j), as [letter, sub, sup].

    >>> symbol(("w", 1, 2, 3)), symbol(("O", 0, 4)), symbol(("O", 2, 11))
    (['w', '23', '1'], ['x', '4', ''], ['O', '2,11', ''])
    """
    letter, *indices = thing
    superscript = str(indices.pop(0)) if letter == "w" else ""
    if letter == "O" and indices[0] == 0:
        letter, indices = "x", indices[1:]
    return [letter.replace("'", "′"), ("," if max(indices, default=0) > 9 else "").join(map(str, indices)), superscript]


def plain(thing):
    """A symbol as Unicode text, for sentences and lists.

    >>> plain(("w", 2, 3, 1)), plain(("f'", 2, 1))
    ('w²₃₁', 'f′₂₁')
    """
    return written(symbol(thing))


def written(symbol):
    """[letter, subscript, superscript] as Unicode text."""
    letter, sub, sup = symbol
    return letter + sup.translate(SUP) + sub.translate(SUB)


def spoken(thing):
    """A symbol as it is said aloud.

    >>> spoken(("w", 2, 3, 1)), spoken(("O", 2, 1)), spoken(("f'", 2, 1)), spoken(("O", 0, 4))
    ('weight, layer 2, from 3 to 1', 'O 2 1', 'f prime 2 1', 'x 4')
    """
    letter, *indices = thing
    if letter == "w":
        return "weight, layer {}, from {} to {}".format(*indices)
    if letter == "O" and indices[0] == 0:
        letter, indices = "x", indices[1:]
    return " ".join([letter.replace("'", " prime"), *map(str, indices)])
