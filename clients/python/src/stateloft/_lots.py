"""Lots of a position, as data: opened, adjusted, closed whole or in part. Nothing here knows a server."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import Any, Literal, Optional, get_args

from ._exact import decimal, less, profit
from ._lot_words import has_ended, lot_name
from ._lot_words import price as price_of
from ._lot_words import quantity as quantity_of
from ._lot_words import side as side_of
from ._models import moment

__all__ = [
    "KEPT_CLOSED",
    "ExitReason",
    "Lot",
    "NoSuchLot",
    "adjusted",
    "closed",
    "exit_reason",
    "lots_in",
    "name_of",
    "opened",
    "time_of",
]

ExitReason = Literal[
    "stop_loss_hit", "take_profit_hit", "manual", "session_end", "recovered_closed", "bracket_closed", "unknown"
]

KEPT_CLOSED = 1000
"""Closed lots that a position keeps; the ones before them are in its history."""


def name_of(said: object, what: str) -> str:
    """What something is called, as a text. ``ValueError`` where it is nothing: all that have no name would be the same one."""
    if said is None or said == "" or said != said:
        raise ValueError(f"{what} {said!r} is no name: that of the broker is meant, or one of the program's own")
    return str(said)


def time_of(said: Any, what: str) -> Optional[dt.datetime]:
    """When something was. ``ValueError`` for what is no datetime: how a text or a number is meant is not guessed."""
    if said is None or (isinstance(said, dt.datetime) and said == said):
        return said
    raise ValueError(f"{what} {said!r} is no time: a datetime with its zone is meant, and None where nobody knows")


def exit_reason(word: str) -> str:
    """The word, if it is one for why a lot was closed. ``ValueError`` otherwise."""
    if word not in get_args(ExitReason):
        raise ValueError(f"{word!r} is no reason of an exit: one of {', '.join(get_args(ExitReason))} is meant")
    return word


class NoSuchLot(LookupError):
    """There is no such lot, or not any more."""


@dataclass(frozen=True)
class Lot:
    """A lot, open or closed. Numbers are exact decimals; ``None`` is what nobody said, which is not 0."""

    id: str
    symbol: Optional[str]
    side: str
    quantity: Decimal
    entry_price: Optional[Decimal]
    entry_time: Optional[dt.datetime]
    """``None`` also where it is written so that no time can be read from it; :attr:`data` has it as it is."""
    stop_loss: Optional[Decimal]
    take_profit: Optional[Decimal]
    status: str
    """``open`` or ``closed``."""
    exit_time: Optional[dt.datetime]
    exit_price: Optional[Decimal]
    exit_reason: Optional[str]
    pnl: Optional[Decimal]
    """What it won or lost; ``None`` while it is open, or where a price is not known."""
    data: Mapping[str, Any] = field(repr=False, compare=False)
    """All that is kept of it."""

    @property
    def is_open(self) -> bool:
        """Whether it is held."""
        return self.status != "closed" and self.quantity != 0

    @classmethod
    def of(cls, position: Mapping[str, Any], data: Mapping[str, Any]) -> Lot:
        """Reads a lot as it is kept; what it does not say of symbol and side its position says."""
        return cls(
            lot_name(data),
            data.get("symbol") or position.get("symbol"),
            _side(data, position),
            _quantity(data),
            price_of(data),
            _time(data.get("entry_time")),
            _maybe(data.get("stop_loss")),
            _maybe(data.get("take_profit")),
            "closed" if _is_closed(data, position) else "open",
            _time(data.get("exit_time")),
            _maybe(data.get("exit_price")),
            data.get("exit_reason"),
            _maybe(data.get("pnl")),
            dict(data),
        )


def lots_in(position: Mapping[str, Any]) -> list[Lot]:
    """The lots of a position, in their order."""
    return [Lot.of(position, each) for each in position.get("lots") or ()]


def opened(position: dict[str, Any], lot: Mapping[str, Any]) -> None:
    """Adds a lot. The same one again changes nothing; another one of that id, or of another fill, is refused."""
    lots = position.setdefault("lots", [])
    there = next((each for each in lots if lot_name(each) == lot["id"]), None)
    if there is None:
        lots.append(_said(lot))
        return
    other_fill = None not in (lot.get("entry_fill"), there.get("entry_fill")) and there["entry_fill"] != lot["entry_fill"]
    if other_fill or _entry(there) != _entry(lot):
        raise ValueError(f"there is a lot {lot['id']} already, and it is another one")


def _entry(lot: Mapping[str, Any]) -> tuple[Optional[str], Decimal, Optional[Decimal]]:
    """How it was entered, whatever was closed of it since."""
    quantity, price = lot.get("opened_quantity", _quantity(lot)), lot.get("opened_price", price_of(lot))
    return side_of(lot, {}), decimal(quantity), _maybe(price)


def adjusted(position: dict[str, Any], lot_id: str, changes: Mapping[str, Any]) -> None:
    """Changes members of a lot that is open, such as its stop."""
    lot = _open_lot(position, lot_id)
    fixed = sorted({"id", "status", "part_of"} & set(changes))
    if fixed:
        raise ValueError(f"{', '.join(fixed)} of lot {lot_id} cannot be adjusted: it is that lot, and close() closes it")
    if "quantity" in changes and (changes["quantity"] is None or changes["quantity"] <= 0):
        raise ValueError(f"lot {lot_id} of {changes['quantity']}: more than 0 is meant, and close() closes it")
    if "quantity" in changes:
        lot.setdefault("opened_quantity", _quantity(lot))
    if "entry_price" in changes and "entry_price" in lot:
        lot.setdefault("opened_price", lot["entry_price"])
    lot.update(changes)


def closed(position: dict[str, Any], lot_id: str, quantity: Optional[Decimal], exit_: Mapping[str, Any]) -> None:
    """Closes a lot, or so much of it: that becomes a closed lot of its own, and the rest stays open.

    Closed once more in the very same way it stays as it is.
    """
    exit_reason(exit_["exit_reason"])
    if _is_done(position, lot_id, quantity, exit_):
        return
    lot = _open_lot(position, lot_id)
    held = _quantity(lot)
    part = held if quantity is None else quantity
    if not 0 < part <= held:
        raise ValueError(f"{part} of lot {lot_id} cannot be closed: it holds {held}")
    if part == held:
        lot.update(_exit(position, lot, part, exit_))
    else:
        lots = position["lots"]
        closed_part = {**lot, "id": _next_part(lots, lot_id), "part_of": lot_id, "quantity": part}
        closed_part.pop("opened_quantity", None)
        lot.setdefault("opened_quantity", held)
        lot["quantity"] = less(held, part)
        place = next(place for place, each in enumerate(lots) if each is lot)
        lots.insert(place, {**closed_part, **_exit(position, closed_part, part, exit_)})
    _forget_old(position)


def _next_part(lots: Sequence[Mapping[str, Any]], lot_id: str) -> str:
    """The id of the next part that is closed of a lot: behind the last one, as the first ones may be in the history alone, and
    one that no lot has, as a program may have opened one by such a name.
    """
    parts = (lot_name(each)[len(lot_id) + 1 :] for each in lots if str(each.get("part_of")) == lot_id)
    last = max((int(part) for part in parts if part.isdecimal()), default=0)
    taken = {lot_name(each) for each in lots}
    return next(each for each in (f"{lot_id}.{number}" for number in count(last + 1)) if each not in taken)


def _exit(
    position: Mapping[str, Any], lot: Mapping[str, Any], quantity: Decimal, exit_: Mapping[str, Any]
) -> dict[str, Any]:
    made = _said({"status": "closed", **exit_})
    entry, price = price_of(lot), exit_.get("exit_price")
    if "pnl" not in made and entry is not None and price is not None:
        made["pnl"] = profit(_side(lot, position), quantity, entry, decimal(price))
    return made


def _is_done(position: Mapping[str, Any], lot_id: str, quantity: Optional[Decimal], exit_: Mapping[str, Any]) -> bool:
    """Whether an exit of that order is there already: it is reported once, however often the broker says it."""
    order, fill = exit_.get("exit_order"), exit_.get("exit_fill")
    for each in position.get("lots") or ():
        whole = lot_name(each) == lot_id
        if _is_closed(each, position) and (whole or str(each.get("part_of")) == lot_id):
            same = each.get("exit_price") == exit_.get("exit_price") and each.get("exit_reason") == exit_.get("exit_reason")
            # Who names no quantity means all that is held: a part that was closed before is not that.
            of_quantity = whole if quantity is None else _quantity(each) == quantity
            again = each.get("exit_order") == order and same and of_quantity
            if fill is None and again and (whole or order is not None):
                return True
            if fill is not None and each.get("exit_fill") == fill:
                if not again:
                    raise ValueError(f"the fill {fill} of lot {lot_id} is kept already, and it is another exit")
                return True
    return False


def _open_lot(position: Mapping[str, Any], lot_id: str) -> dict[str, Any]:
    found: Optional[dict[str, Any]] = next(
        (each for each in position.get("lots") or () if lot_name(each) == lot_id), None
    )
    if found is None:
        raise NoSuchLot(f"{position.get('symbol')} has no lot {lot_id}")
    if _is_closed(found, position):
        raise NoSuchLot(f"lot {lot_id} of {position.get('symbol')} is closed already, for {found.get('exit_reason')}")
    return found


def _forget_old(position: dict[str, Any]) -> None:
    done = [each for each in position["lots"] if _is_closed(each, position)]
    for each in done[: max(0, len(done) - KEPT_CLOSED)]:
        position["lots"].remove(each)


def _is_closed(lot: Mapping[str, Any], position: Mapping[str, Any]) -> bool:
    return has_ended(lot) or has_ended(position)


def _side(lot: Mapping[str, Any], position: Mapping[str, Any]) -> str:
    """Which side; a lot of which nobody knows it is no lot that can be counted with."""
    found = side_of(lot, position)
    if found is None:
        raise ValueError(f"lot {lot_name(lot)} does not say whether it is long or short")
    return found


def _quantity(lot: Mapping[str, Any]) -> Decimal:
    """How much; a lot that does not say it is no lot that can be counted with."""
    found = quantity_of(lot)
    if found is None:
        raise ValueError(f"lot {lot_name(lot)} does not say how much it is")
    return found


def _said(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _time(value: Any) -> Optional[dt.datetime]:
    """A time; the console, and a plan that was applied, write it as a text. ``None`` where it is none that can be read."""
    if not isinstance(value, str):
        return value if isinstance(value, dt.datetime) else None
    try:
        return moment(value)
    except ValueError:
        return None


def _maybe(value: Any) -> Optional[Decimal]:
    return None if value is None else decimal(value)
