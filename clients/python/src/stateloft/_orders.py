"""Orders of a run at its broker: one state each, with the status as the broker said it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Optional

from ._book import Book
from ._exact import Exact, decimal

__all__ = ["Orders"]

_WORDS: Mapping[str, tuple[str, ...]] = {
    "client_order_id": ("client_order_id", "clientOrderId"),
    "broker_order_id": ("broker_order_id", "id", "order_id"),
    "symbol": ("symbol",),
    "side": ("side",),
    "order_type": ("order_type", "type"),
    "quantity": ("quantity", "qty", "amount"),
    "filled_quantity": ("filled_quantity", "filled_qty", "filled"),
    "filled_price": ("filled_price", "filled_avg_price", "average"),
    "limit_price": ("limit_price", "price"),
    "stop_price": ("stop_price", "stopPrice", "triggerPrice"),
    "status": ("status",),
    "parent_id": ("parent_id",),
    "submitted_at": ("submitted_at", "datetime"),
    "updated_at": ("updated_at", "lastUpdateTimestamp"),
}
"""Our words, and those of Alpaca and CCXT for the same."""

_NUMBERS = frozenset({"quantity", "filled_quantity", "filled_price", "limit_price", "stop_price"})


class Orders:
    """The orders that a run has sent; ``run.orders``. Durable as positions are.

    Say that an order is sent *before* it is: a program that is killed in between knows then what to ask the broker for.
    """

    def __init__(self, book: Book) -> None:
        self.book = book

    def sending(
        self,
        client_order_id: object,
        *,
        symbol: str,
        side: str,
        quantity: Exact,
        order_type: str = "market",
        limit_price: Exact = None,
        stop_price: Exact = None,
        parent_id: object = None,
        reason: Optional[str] = None,
        **more: Any,
    ) -> dict[str, Any]:
        """An order is about to be sent. It has no status yet: that is the broker's word."""
        order = {
            "client_order_id": str(client_order_id),
            "symbol": symbol,
            "side": side,
            "order_type": order_type,
            "quantity": decimal(quantity),
            "limit_price": None if limit_price is None else decimal(limit_price),
            "stop_price": None if stop_price is None else decimal(stop_price),
            "parent_id": None if parent_id is None else str(parent_id),
            "submitted_at": dt.datetime.now(dt.timezone.utc),
            **more,
        }
        said = {name: value for name, value in order.items() if value is not None}

        def edit(data: dict[str, Any]) -> None:
            for name, value in said.items():  # what the broker has said since stays
                data.setdefault(name, value)

        self.book.change(str(client_order_id), reason or f"{side} {quantity} {symbol} is sent", edit, {}, is_new=True)
        return self[client_order_id]

    def said(self, answer: Mapping[str, Any], *, reason: Optional[str] = None, **more: Any) -> dict[str, Any]:
        """What the broker says of an order, in its own words or in CCXT's: the status is kept as it came.

        An order is found by ``client_order_id`` (``clientOrderId``), else by the broker's ``id``.

        Raises:
            ValueError: it names no order.
        """
        order = _ours(answer, more)
        name = order.get("client_order_id") or order.get("broker_order_id")
        if not name:
            raise ValueError("the answer names no order: client_order_id, or the broker's id, is meant")

        def edit(data: dict[str, Any]) -> None:
            data.update(order)

        self.book.change(str(name), reason or f"{order.get('status', 'no status')}", edit, {})
        return self[name]

    def __getitem__(self, client_order_id: object) -> dict[str, Any]:
        """An order by its id. ``KeyError`` if there is none."""
        found = self.book.read(str(client_order_id))
        if not found:
            raise KeyError(client_order_id)
        return found

    def __contains__(self, client_order_id: object) -> bool:
        return bool(self.book.read(str(client_order_id)))

    def all(self) -> dict[str, dict[str, Any]]:
        """The orders that this run has sent or heard of, by their ids; the last thousand of them at least."""
        return {name: self.book.read(name) for name in self.book.opened()}

    def reload(self) -> None:
        """Reads all of them again, such as after a restore."""
        self.book.reload()


def _ours(answer: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """In our words; what we have no word for is left to the caller, in ``more``."""
    order: dict[str, Any] = {}
    for ours, theirs in _WORDS.items():
        value = next((answer[word] for word in theirs if answer.get(word) is not None), None)
        if value is not None:
            order[ours] = decimal(value) if ours in _NUMBERS else value
    legs: Optional[Sequence[Mapping[str, Any]]] = answer.get("legs")
    if legs:
        order["legs"] = [_ours(leg, {}) for leg in legs]
    return {**order, **more}
