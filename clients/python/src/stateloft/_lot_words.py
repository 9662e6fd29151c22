"""What a lot says, by the words that programs and brokers have for it: whether it is closed, on which side, how much, at what price.

The server, its console and its reports read lots by the same rules (`stateloft-core`, module `book`); the vectors in
`tests/vectors/book` say what they give, and hold both to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Optional, cast

from ._exact import decimal, is_long
from ._numbers import Number

__all__ = ["has_ended", "lot_name", "price", "quantity", "side"]

_QUANTITIES = ("quantity", "qty", "size", "amount", "contracts", "units", "shares", "volume", "lots", "contracts_held")
_PRICES = (
    "entry_price",
    "avg_entry_price",
    "average_price",
    "entryPrice",
    "averagePrice",
    "open_rate",
    "price_open",
)
_SIDES = ("side", "direction", "position_side", "positionSide")
_NAMES = (
    "ticket",
    "position_id",
    "positionId",
    "order_id",
    "orderId",
    "client_order_id",
    "clientOrderId",
    "trade_id",
    "broker_id",
    "identifier",
)
_ENDS = ("exit_time", "exit_reason", "closed_at", "close_date")
_UNCLEAR = "unclear"
"""A word for the side that nobody understands, or two that contradict each other."""


def has_ended(said: Mapping[str, Any]) -> bool:
    """Whether it says that it is closed: by its status, or by what only something that is closed has."""
    status = said.get("status")
    is_closed = isinstance(status, str) and status.strip().lower() == "closed"
    return is_closed or said.get("is_open") is False or any(_is_an_end(said.get(end)) for end in _ENDS)


def _is_an_end(value: Any) -> bool:
    """A place for an end that has not come holds nothing, a blank text, ``False``, or 0 as a time."""
    if value is None or isinstance(value, str):
        return bool(value and value.strip())
    return not (isinstance(value, (int, float, Decimal)) and value == 0)


def quantity(said: Mapping[str, Any]) -> Optional[Decimal]:
    """How much, with the sign that stands there; ``None`` if it does not say."""
    return _first_number(said, _QUANTITIES)


def price(said: Mapping[str, Any]) -> Optional[Decimal]:
    """At what it was entered; ``None`` if it does not say."""
    return _first_number(said, _PRICES)


def side(lot: Mapping[str, Any], position: Mapping[str, Any]) -> Optional[str]:
    """``long`` or ``short``; ``None`` where nobody knows. A word decides over the sign, the lot's over its position's.

    Without any word the sign of a total below zero says it, unless lots have signs of their own.
    """
    size = quantity(lot)
    word = _with_sign(_word(lot) or _with_sign(_word(position), quantity(position)), size)
    if word is None and size:
        word = "short" if size < 0 or _is_short_in_all(position) else "long"
    return None if word == _UNCLEAR else word


def _is_short_in_all(position: Mapping[str, Any]) -> bool:
    lots: object = position.get("lots")
    total = quantity(position)
    if not isinstance(lots, (list, tuple)) or total is None or total >= 0:
        return False
    each = cast("Iterable[object]", lots)
    sizes = (quantity(cast("Mapping[str, Any]", lot)) for lot in each if isinstance(lot, Mapping))
    return all((size or 0) >= 0 for size in sizes)


def _with_sign(word: Optional[str], size: Optional[Decimal]) -> Optional[str]:
    if word == "long" and size is not None and size < 0:
        return _UNCLEAR
    return word


def _word(said: Mapping[str, Any]) -> Optional[str]:
    words = {_meaning(said.get(member)) for member in _SIDES} - {None}
    return next(iter(words), None) if len(words) < 2 else _UNCLEAR


def _meaning(word: Any) -> Optional[str]:
    if word is None or (isinstance(word, str) and word.strip().lower() in ("both", "net")):
        return None
    try:
        return "long" if is_long(word) else "short"
    except (ValueError, AttributeError):
        return _UNCLEAR


def lot_name(lot: Mapping[str, Any]) -> str:
    """What it is called: its ``id``, else the first ticket, order or trade that it names; empty if nothing names it."""
    found = (lot.get("id"), *(lot.get(name) for name in _NAMES if str(lot.get(name)) != "0"))
    return next((str(each) for each in found if each is not None), "")


def _first_number(said: Mapping[str, Any], members: Iterable[str]) -> Optional[Decimal]:
    return next((found for found in (_number(said.get(member)) for member in members) if found is not None), None)


def _number(value: Any) -> Optional[Decimal]:
    """A number, also one in a text, spelled as in JSON but for a plus before it."""
    try:
        if isinstance(value, str):
            text = value.strip()
            return decimal(Number(text[1:] if text.startswith("+") else text))
        return decimal(value)
    except ValueError:  # what is no number says nothing
        return None
