"""What is to be done about a row of a reconcile's report: said by the program, written only when a plan of it is applied."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Optional

from ._exact import Exact, decimal
from ._lots import ExitReason, exit_reason

__all__ = ["Choice", "RowChoice", "adopted", "closed", "kept", "split"]

RowChoice = Literal["adopt_theirs", "keep_ours", "close", "split"]


@dataclass(frozen=True)
class Choice:
    """A choice of one row; :class:`stateloft.Row` makes it: ``row.adopt()``, ``keep()``, ``close(...)``, ``split(...)``."""

    row: str
    """The row's name: which it is, and what both sides said of it."""
    choice: RowChoice
    said: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What the choice says besides, as the API has it."""
    shares: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of a split: how much of it each lot gets, by the lots' ids."""

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Choice:
        """Reads one as the API shows it: its shares name their lots as the API does."""
        said = {name: each for name, each in answer.items() if name not in ("row", "choice")}
        return cls(answer["row"], answer["choice"], said)

    def text(self) -> dict[str, Any]:
        """As the API takes it; the shares of a split are named by whoever knows where the lots stand."""
        return {"row": self.row, "choice": self.choice, **self.said}


def adopted(row: str, *, time: Optional[dt.datetime], lot_id: object, state_id: Optional[str]) -> Choice:
    """The broker's is written."""
    called = None if lot_id is None else str(lot_id)
    return Choice(row, "adopt_theirs", _said(time=_moment(time), id=called, state_id=state_id))


def kept(row: str) -> Choice:
    """It was looked at, and ours stays."""
    return Choice(row, "keep_ours")


def closed(row: str, why: ExitReason, *, price: Exact, time: Optional[dt.datetime], pnl: Exact) -> Choice:
    """What is open here is closed."""
    return Choice(row, "close", _said(reason=exit_reason(why), price=_number(price), time=_moment(time), pnl=_number(pnl)))


def split(row: str, shares: Mapping[str, Exact]) -> Choice:
    """What the broker has is shared over several lots."""
    return Choice(row, "split", shares={str(lot): _much(much) for lot, much in shares.items()})


def _much(number: Exact) -> str:
    found = _number(number)
    if found is None or found.startswith("-"):
        raise ValueError(f"a share of {number}: 0 or more is meant, the side is the broker's")
    return found


def _number(number: Exact) -> Optional[str]:
    return None if number is None else format(decimal(number), "f")


def _moment(time: Optional[dt.datetime]) -> Optional[str]:
    if time is None:
        return None
    if time.tzinfo is None:
        raise ValueError(f"{time} has no zone; use datetime.now(timezone.utc), for example, or None where nobody knows")
    return time.astimezone(dt.timezone.utc).isoformat().replace("+00:00", "Z")


def _said(**members: Optional[str]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
