"""Positions of a run: one state a symbol, with its lots by their ids."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, Optional

from ._book import Book
from ._exact import Exact, decimal, is_long
from ._lots import ExitReason, Lot, NoSuchLot, adjusted, closed, lots_in, name_of, opened, time_of

__all__ = ["Positions"]

NOW: Any = object()


class Positions:
    """The lots that a run holds; ``run.positions``.

    Each call is durable when it returns: at the server, or, while that is away, in the journal on this disk. Called again with
    the same lot, or the same exit of an order, it changes nothing, so what a broker says twice counts once. What somebody
    else wrote meanwhile (a lot that was closed by hand in the console) stays, and the change is made to that.
    """

    def __init__(self, book: Book) -> None:
        self.book = book

    def open(
        self,
        symbol: str,
        lot_id: object,
        *,
        side: str,
        quantity: Exact,
        price: Exact = None,
        stop_loss: Exact = None,
        take_profit: Exact = None,
        time: Optional[dt.datetime] = NOW,
        fill: object = None,
        reason: Optional[str] = None,
        **more: Any,
    ) -> Lot:
        """A lot is held.

        Args:
            lot_id: its name, such as the order or the ticket that it came by. The same lot again changes nothing, so an order's
                id alone names one fill of it: where an order is filled in parts, each part is a lot of its own.
            side: ``long`` or ``short``, or a word for them (``buy``, ``UP``).
            quantity: how much, more than 0. No decimal is rounded, none is cut.
            time: when it was entered; now unless said, ``None``: nobody knows.
            fill: the broker's id of the trade. A lot of that id that came by another fill is another lot, and refused.
            more: what else is to be kept with it, such as ``order_id``.

        Raises:
            ValueError: there is another lot of that id, the lot or its symbol has no name, or a number or a time makes no
                sense.
        """
        much = decimal(quantity)
        if much <= 0:
            raise ValueError(f"a lot of {quantity}: more than 0 is meant, and `side` says which way")
        symbol = name_of(symbol, "the symbol")
        lot = {
            "id": name_of(lot_id, "the lot"),
            "side": "long" if is_long(side) else "short",
            "quantity": much,
            "entry_price": None if price is None else decimal(price),
            "entry_time": dt.datetime.now(dt.timezone.utc) if time is NOW else time_of(time, "entry_time"),
            "stop_loss": None if stop_loss is None else decimal(stop_loss),
            "take_profit": None if take_profit is None else decimal(take_profit),
            "status": "open",
            "entry_fill": None if fill is None else str(fill),
            **more,
        }
        self.book.change(symbol, reason or f"lot {lot_id} opened", lambda data: opened(data, lot), {"symbol": symbol})
        return self.lot(symbol, lot_id)

    def adjust(self, symbol: str, lot_id: object, *, reason: Optional[str] = None, **changes: Any) -> Lot:
        """Changes members of an open lot, such as ``stop_loss``. ``NoSuchLot`` if it is not open, ``ValueError`` for its id
        and status, which are not to be adjusted, and for a quantity that is not more than 0.
        """
        numbers = {"quantity", "entry_price", "stop_loss", "take_profit"}
        exact = {name: decimal(each) if name in numbers and each is not None else each for name, each in changes.items()}
        said = reason or f"lot {lot_id} adjusted"
        self.book.change(symbol, said, lambda data: adjusted(data, str(lot_id), exact), {"symbol": symbol})
        return self.lot(symbol, lot_id)

    def close(
        self,
        symbol: str,
        lot_id: object,
        *,
        price: Exact = None,
        why: ExitReason = "unknown",
        quantity: Exact = None,
        time: Optional[dt.datetime] = NOW,
        order: object = None,
        fill: object = None,
        pnl: Exact = None,
        reason: Optional[str] = None,
        **more: Any,
    ) -> Lot:
        """A lot, or so much of it, is not held any more.

        A part becomes a closed lot ``ID.1``, ``ID.2``... of its own (the next number that no lot has); the rest stays open
        under its id.

        Args:
            price: at what; 0 is a price. ``None``: not known, and then no profit is made up.
            why: ``stop_loss_hit``, ``take_profit_hit``, ``manual``, ``session_end``, ``recovered_closed``, ``bracket_closed`` or
                ``unknown``.
            quantity: how much of it; ``None``: all that is held of it.
            order: by which order. The same exit of it again (quantity, price, reason) changes nothing, so ``order`` alone names
                one fill: two fills of an order that are alike count once.
            fill: the broker's id of the trade, which tells fills of one order apart. The same one again changes nothing.
            pnl: what was won or lost, where the broker says it; else ``(price - entry) * quantity``, exactly, of a long lot.

        Raises:
            NoSuchLot: it is not there, or closed already.
            ValueError: it does not hold so much, ``why`` is no word that is known, or the fill was another exit of the lot.
        """
        exit_ = {
            "exit_time": dt.datetime.now(dt.timezone.utc) if time is NOW else time_of(time, "exit_time"),
            "exit_price": None if price is None else decimal(price),
            "exit_reason": why,
            "exit_order": None if order is None else str(order),
            "exit_fill": None if fill is None else str(fill),
            "pnl": None if pnl is None else decimal(pnl),
            **more,
        }
        part = None if quantity is None else decimal(quantity)
        said = reason or f"lot {lot_id} closed: {why}"
        self.book.change(symbol, said, lambda data: closed(data, str(lot_id), part, exit_), {"symbol": symbol})
        return self.lot(symbol, lot_id)

    def lots(self, symbol: Optional[str] = None) -> list[Lot]:
        """Every lot that is kept, of one symbol or of all, open or closed."""
        names = self.symbols() if symbol is None else [symbol]
        return [lot for name in names for lot in lots_in(self.book.read(name))]

    def held(self, symbol: Optional[str] = None) -> list[Lot]:
        """The lots that are open."""
        return [lot for lot in self.lots(symbol) if lot.is_open]

    def lot(self, symbol: str, lot_id: object) -> Lot:
        """One lot. ``NoSuchLot`` if it is not kept."""
        found = next((lot for lot in lots_in(self.book.read(symbol)) if lot.id == str(lot_id)), None)
        if found is None:
            raise NoSuchLot(f"{symbol} has no lot {lot_id}")
        return found

    def symbols(self) -> list[str]:
        """The symbols of which something is kept."""
        return self.book.names()

    def reload(self) -> None:
        """Reads all of them again, such as after a restore."""
        self.book.reload()

    def __iter__(self) -> Iterator[Lot]:
        return iter(self.held())
