"""Numbers that remember how they were spelled.

``1.20``, ``1e22`` and a decimal of thirty digits are kept by the server exactly as they were written. Python's own types do
not remember spellings, so reading a state and saving it again would change numbers that nobody touched. These do.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Union

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\Z")


class Float(float):
    """A float that was read from another spelling than Python's own. What is computed with it are ordinary floats."""

    spelling: str
    __slots__ = ("spelling",)

    def __new__(cls, spelling: str) -> Float:
        self = super().__new__(cls, spelling)
        self.spelling = spelling
        return self

    def __reduce__(self) -> tuple[type[Float], tuple[str]]:
        return Float, (self.spelling,)


class Number(Decimal):
    """A decimal that is kept as a bare JSON number, by its spelling: ``Number("1.20")`` is saved as ``1.20``.

    A plain :class:`decimal.Decimal` is kept as a tagged value, so that it comes back as one. Where a schema wants a number,
    or other programs read it, use this. Numbers that no float can hold are read as this.
    """

    spelling: str
    __slots__ = ("spelling",)

    def __new__(cls, value: Union[str, int, Decimal]) -> Number:
        spelling = str(value)
        if not _NUMBER.match(spelling):
            raise ValueError(f"not a JSON number: {spelling!r}")
        self = super().__new__(cls, spelling)
        self.spelling = spelling
        return self

    def __reduce__(self) -> tuple[type[Number], tuple[str]]:
        return Number, (self.spelling,)


def read_fraction(spelling: str) -> float | Number:
    """A number with a fraction or an exponent: a float where that is the same number, else a :class:`Number`."""
    number = float(spelling)
    shortest = repr(number)
    if shortest == spelling:
        return number
    if math.isfinite(number) and Decimal(shortest) == Decimal(spelling):
        return Float(spelling)
    return Number(spelling)


def read_integer(spelling: str) -> int | Float | Number:
    """A whole number of any length; ``-0`` is not the integer 0."""
    if spelling == "-0":
        return Float(spelling)
    try:
        return int(spelling)
    except ValueError:  # Python's limit on the digits of an integer that is read
        return Number(spelling)
