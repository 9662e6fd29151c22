"""The older library's schema of a position, to try data before it is saved. What is saved the server judges, by its own."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from ..errors import StateloftError

__all__ = ["PositionSchema", "ValidationError"]


class ValidationError(StateloftError, ValueError):
    """Data breaks a schema; ``errors`` says of each member what is wrong with it."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name} {wrong}" for name, wrong in errors.items()))
        self.errors = errors


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _direction(value: Any) -> bool:
    return isinstance(value, str) and value in ("long", "short")


def _time(value: Any) -> bool:
    if isinstance(value, str):
        try:
            dt.datetime.fromisoformat(value[:-1] + "+00:00" if value.endswith("Z") else value)
        except ValueError:
            return False
        return len(value) > len("2026-01-01")
    return isinstance(value, dt.datetime)


def _positive(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return False
    return math.isfinite(value) and value > 0


_Rule = tuple[Callable[[Any], bool], str]

_REQUIRED: dict[str, _Rule] = {
    "symbol1": (_text, "must be a text"),
    "symbol2": (_text, "must be a text"),
    "direction": (_direction, "must be long or short"),
    "entry_time": (_time, "must be a time"),
    "quantity": (_positive, "must be a number above 0"),
    "entry_price": (_positive, "must be a number above 0"),
}
_OPTIONAL: dict[str, _Rule] = {
    "stop_loss": (_positive, "must be a number above 0"),
    "take_profit": (_positive, "must be a number above 0"),
}


class PositionSchema(dict[str, Any]):
    """A position of a pair: a dict of its members, which are attributes, too. Members of your own are kept.

    Raises:
        ValidationError: something is missing or wrong; names everything that is.
    """

    def __init__(self, **members: Any) -> None:
        errors = {name: "is missing" for name in _REQUIRED if name not in members}
        for name, (holds, wrong) in {**_REQUIRED, **_OPTIONAL}.items():
            if name in members and not (name in _OPTIONAL and members[name] is None) and not holds(members[name]):
                errors[name] = f"{wrong}, not {members[name]!r}"
        if errors:
            raise ValidationError(errors)
        super().__init__(members)

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None
