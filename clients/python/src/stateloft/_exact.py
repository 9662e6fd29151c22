"""Decimals that stay what they are: quantities, prices, profits."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Context, Decimal, Inexact, InvalidOperation, localcontext
from enum import Enum
from numbers import Real
from typing import Any, Optional, Union

from ._numbers import Number
from .errors import NotKept

__all__ = ["Exact", "decimal", "less", "number", "profit", "total"]

Exact = Union[Decimal, int, float, str, None]
"""A number as programs have it. A float counts as its shortest spelling, a text as the number that it spells."""

_EXACT = Context(prec=1000, traps=[Inexact, InvalidOperation])


def decimal(value: Any) -> Decimal:
    """The exact number. ``NotKept`` if it is none."""
    if isinstance(value, Decimal):
        found = value
    elif isinstance(value, bool) or not isinstance(value, (Real, str)):  # numpy's numbers are Real, too
        raise NotKept(f"{value!r} is no number")
    else:
        try:
            found = Decimal(getattr(value, "spelling", None) or str(value).strip())
        except InvalidOperation:
            raise NotKept(f"{value!r} is no number") from None
    if not found.is_finite():
        raise NotKept(f"{value!r} is no number that JSON can say; None is what nobody knows")
    return found if type(found) is Decimal else Decimal(str(found))


def number(value: Exact) -> Optional[Number]:
    """As a bare JSON number, by its spelling."""
    return None if value is None else Number(decimal(value))


def less(held: Decimal, part: Decimal) -> Decimal:
    """What is left, exactly, also where it has more digits than Python's decimals keep by themselves."""
    with localcontext(_EXACT):
        return held - part


def total(numbers: Iterable[Decimal]) -> Decimal:
    """Their sum, exactly."""
    with localcontext(_EXACT):
        return sum(numbers, Decimal(0))


def profit(side: str, quantity: Decimal, entry: Decimal, exit_price: Decimal) -> Decimal:
    """What a lot won or lost, exactly: ``(exit - entry) * quantity``, the other way round for a short one."""
    with localcontext(_EXACT):
        gained = exit_price - entry if is_long(side) else entry - exit_price
        return gained * quantity


def is_long(side: Union[str, Enum]) -> bool:
    """Which side a word means. ``ValueError`` if none."""
    said: Any = side.value if isinstance(side, Enum) else side
    word = said.strip().lower() if isinstance(said, str) else said
    if word in ("long", "buy", "up"):
        return True
    if word in ("short", "sell", "down"):
        return False
    raise ValueError(f"{side!r} is no side: long or short is meant")
