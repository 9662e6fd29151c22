"""Orders of a run at its broker: one state each, with the status as the broker said it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Optional
from uuid import UUID

from ._book import Book
from ._exact import Exact, decimal
from ._lots import name_of
from ._narrow import is_mapping
from .errors import OutcomeUnknown, Unavailable

__all__ = ["Orders"]

_LOG = logging.getLogger("stateloft")

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

_REMEMBERED = 1000
"""Orders of runs before that are found by the broker's id."""

_NUMBERS = frozenset({"quantity", "filled_quantity", "filled_price", "limit_price", "stop_price"})


class Orders:
    """The orders that a run has sent; ``run.orders``. Durable as positions are.

    Say that an order is sent *before* it is: a program that is killed in between knows then what to ask the broker for.
    """

    def __init__(self, book: Book) -> None:
        self.book = book
        self._ids = _Ids()
        self._asked = False
        """Whether the server was asked for those that were there before."""

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
        """An order is about to be sent. It has no status yet: that is the broker's word.

        Raises:
            ValueError: it has no name.
        """
        order = {
            "client_order_id": name_of(client_order_id, "the order"),
            "symbol": symbol,
            "side": _word(side),
            "order_type": _word(order_type),
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

        with self.book.lock:
            name = self._name(str(client_order_id))
            self.book.change(name, reason or f"{_word(side)} {quantity} {symbol} is sent", edit, {}, is_new=True)
            self._ids.add(name, said)
        return self[client_order_id]

    def said(self, answer: Any, *, reason: Optional[str] = None, **more: Any) -> dict[str, Any]:
        """What the broker says of an order, in its own words or in CCXT's: the status is kept as it came.

        An order is found by ``client_order_id`` (``clientOrderId``) and by the broker's ``id``, whichever of them the answer
        names and whichever was said before. Where two were begun by that, they become the one of the ``client_order_id``.

        Args:
            answer: a dict, or what a library makes of one (a model, a dataclass, a named tuple).

        Raises:
            ValueError: it names no order.
            TypeError: it is nothing that can be read.
        """
        order = _ours(_members(answer), more)
        ours, theirs = (_text(order.get(member)) for member in ("client_order_id", "broker_order_id"))
        if ours is None and theirs is None:
            raise ValueError("the answer names no order: client_order_id, or the broker's id, is meant")
        with self.book.lock:
            first = None if ours is None else self._known(ours)
            second = None if theirs is None else self._ids.of_broker(theirs)
            if first is None and second is None and theirs is not None:
                self._ask()
                first = None if ours is None else self._ids.of_client(ours)
                second = self._ids.of_broker(theirs)
            found = {} if second is None else self.book.read(second)
            if ours is not None and _text(found.get("client_order_id")) not in (None, ours):
                second = None  # the program knows it as another one
            name = first or second or ours or theirs
            assert name is not None
            twin = second if second not in (None, name) else None
            more_of_it = {} if twin is None else found

            def edit(data: dict[str, Any]) -> None:
                data.update({**more_of_it, **order})

            self.book.change(name, reason or f"{order.get('status', 'no status')}", edit, {})
            if twin is None or self._is_gone(twin, name):
                self._ids.add(name, order)
        return self.book.read(name)

    def __getitem__(self, client_order_id: object) -> dict[str, Any]:
        """An order by its id. ``KeyError`` if there is none."""
        found = self.book.read(self._name(str(client_order_id)))
        if not found:
            raise KeyError(client_order_id)
        return found

    def __contains__(self, client_order_id: object) -> bool:
        return bool(self.book.read(self._name(str(client_order_id))))

    def all(self) -> dict[str, dict[str, Any]]:
        """The orders that this run has sent or heard of, by their ids; the last thousand of them at least."""
        return {name: self.book.read(name) for name in self.book.opened()}

    def reload(self) -> None:
        """Reads all of them again, such as after a restore."""
        self.forget_ids()
        self.book.reload()

    def forget_ids(self) -> None:
        """Which orders there are is asked for again."""
        with self.book.lock:
            self._ids, self._asked = _Ids(), False

    def _is_gone(self, twin: str, name: str) -> bool:
        """Deletes what an order was begun as a second time; while the server is away the next answer tries it again."""
        try:
            self.book.delete(twin, f"it is the order {name}")
        except (Unavailable, OutcomeUnknown) as error:
            _LOG.warning("the order %s is still there as %s, too: %s", name, twin, error)
            return False
        return True

    def _name(self, client_order_id: str) -> str:
        """Under which name it is kept: its own, unless it was heard of by the broker's id first."""
        with self.book.lock:
            return self._ids.of_client(client_order_id) or client_order_id

    def _known(self, client_order_id: str) -> Optional[str]:
        found = self._ids.of_client(client_order_id)
        return found or (client_order_id if self.book.read(client_order_id) else None)

    def _ask(self) -> None:
        """Learns the ids of the orders that there are, once. While the server is away, those of this run are known."""
        if self._asked:
            return
        try:
            for name, order in self.book.latest(_REMEMBERED):
                self._ids.add(name, order, over=False)
            self._asked = True
        except Unavailable as error:
            _LOG.warning("orders of runs before are not known by the broker's ids yet: %s", error)


class _Ids:
    """Under which name an order is kept, by either of its ids. The latest ones: it must not grow by all that there ever were."""

    def __init__(self) -> None:
        self._by: dict[tuple[str, str], str] = {}

    def of_client(self, said: str) -> Optional[str]:
        """By the program's id."""
        return self._by.get(("client_order_id", said))

    def of_broker(self, said: str) -> Optional[str]:
        """By the broker's."""
        return self._by.get(("broker_order_id", said))

    def add(self, name: str, order: Mapping[str, Any], over: bool = True) -> None:
        """An order, by what it says of itself; what is known already stays unless that is ``over``."""
        for member in ("client_order_id", "broker_order_id"):
            said = _text(order.get(member))
            if said is not None and (over or (member, said) not in self._by):
                self._by[member, said] = name
        while len(self._by) > 4 * _REMEMBERED:
            del self._by[next(iter(self._by))]


def _text(said: object) -> Optional[str]:
    return None if said in (None, "") else str(said)


def _ours(answer: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """In our words; what we have no word for is left to the caller, in ``more``."""
    order: dict[str, Any] = {}
    for ours, theirs in _WORDS.items():
        value = next((answer[word] for word in theirs if answer.get(word) is not None), None)
        if value is not None:
            order[ours] = decimal(value) if ours in _NUMBERS else _word(value)
    legs: Optional[Sequence[Any]] = answer.get("legs")
    if legs:
        order["legs"] = [_ours(_members(leg), {}) for leg in legs]
    return {**order, **more}


def _members(answer: Any) -> Mapping[str, Any]:
    """An answer as a dict: some libraries make objects of it."""
    if is_mapping(answer):
        return answer
    if hasattr(answer, "model_dump"):  # pydantic, such as alpaca-py
        return dict(answer.model_dump())
    if hasattr(answer, "_asdict"):  # a named tuple, such as MetaTrader5's
        return dict(answer._asdict())
    if dataclasses.is_dataclass(answer) and not isinstance(answer, type):
        return dataclasses.asdict(answer)
    raise TypeError(f"a {type(answer).__name__} is no answer of a broker that can be read: a dict of it is meant")


def _word(value: Any) -> Any:
    """The broker's word itself, where a library has made something of it."""
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, UUID) else value
