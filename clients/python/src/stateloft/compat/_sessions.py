"""Sessions with positions, orders and checkpoints, by the calls of an older library: each session is a run on a server."""

from __future__ import annotations

import datetime as dt
import uuid
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any, Literal, Optional, Union, cast, get_args

from .._begin import run as begin
from .._exact import decimal, total
from .._lots import ExitReason, Lot
from .._run import Run
from ..client import Client
from ..errors import NotFound, Refused, Unauthorized
from ._config import ServerSetting
from ._session_checkpoints import SessionCheckpointManager

__all__ = ["Position", "StateManager", "TradingSession"]

_REASONS: Mapping[str, ExitReason] = {"stop_loss": "stop_loss_hit", "take_profit": "take_profit_hit"}
_KNOWN = frozenset(get_args(ExitReason))


@dataclass(frozen=True)
class TradingSession:
    """A session, as a row of the older library."""

    session_id: str
    start_time: Optional[dt.datetime]
    status: str
    symbols: Sequence[str]
    initial_capital: Optional[Decimal]
    parameters: Mapping[str, Any]
    resumed_from: Optional[str]
    """The session that it goes on from; ``None`` for a first one."""


@dataclass(frozen=True)
class Position:
    """A lot, as a row of the older library."""

    id: int
    session_id: Optional[str]
    symbol: str
    direction: str
    side: str
    quantity: Decimal
    entry_price: Optional[Decimal]
    entry_time: Optional[dt.datetime]
    stop_loss: Optional[Decimal]
    take_profit: Optional[Decimal]
    entry_order_id: Optional[str]
    status: str
    exit_time: Optional[dt.datetime]
    exit_price: Optional[Decimal]
    exit_reason: Optional[str]
    pnl: Optional[Decimal]

    @property
    def qty(self) -> Decimal:
        """The quantity."""
        return self.quantity

    @property
    def order_id(self) -> Optional[str]:
        """The order that opened it."""
        return self.entry_order_id

    @property
    def pnl_pct(self) -> Optional[Decimal]:
        """Of what it cost, to six digits; ``None`` where that is not known, or nothing."""
        if self.pnl is None or not self.entry_price:
            return None
        with localcontext() as context:
            context.prec = 28
            return (self.pnl / (self.entry_price * self.quantity) * 100).quantize(Decimal("0.000001"))

    @classmethod
    def of(cls, lot: Lot) -> Position:
        """Reads a lot."""
        said = lot.data
        return cls(
            int(lot.id) if lot.id.isdecimal() else 0,
            said.get("session_id"),
            str(lot.symbol),
            str(said.get("direction") or ("LONG" if lot.side == "long" else "SHORT")),
            str(said.get("order_side") or ("buy" if lot.side == "long" else "sell")),
            lot.quantity,
            lot.entry_price,
            lot.entry_time,
            lot.stop_loss,
            lot.take_profit,
            said.get("order_id"),
            lot.status,
            lot.exit_time,
            lot.exit_price,
            lot.exit_reason,
            lot.pnl,
        )


class StateManager:
    """The older library's manager.

    Args:
        db_session: its database; the server is in its place.
        program, instance: whose sessions these are. One of an instance is live at a time, and those of others are left alone.
        options: of :func:`stateloft.run`, such as ``client``, ``lease``, ``wait``.
    """

    def __init__(
        self, db_session: object = None, *, program: str = "trading", instance: Union[str, int] = "main", **options: Any
    ) -> None:
        if db_session is not None:
            warnings.warn("the database of sessions is the server's: STATELOFT_SERVER", ServerSetting, stacklevel=2)
        self.program, self.instance = program, str(instance)
        self._options: dict[str, Any] = {"client": options.get("client") or Client(author=program), **options}
        self.run: Optional[Run] = None
        self.current_session: Optional[TradingSession] = None
        self.checkpoint_manager = SessionCheckpointManager(self)
        self._last_id: Optional[int] = None

    @property
    def client(self) -> Client:
        """Speaks to the server."""
        return cast(Client, self._options["client"])

    @property
    def session_id(self) -> Optional[str]:
        """The session that is live here."""
        return None if self.run is None else self.run.run_id

    # -- sessions --------------------------------------------------------------------------------------------------

    def create_session(
        self,
        symbols: Sequence[str],
        initial_capital: Union[float, Decimal, None] = None,
        parameters: Optional[Mapping[str, Any]] = None,
        *,
        duration_minutes: Optional[float] = None,
        scan_interval_seconds: Optional[float] = None,
    ) -> str:
        """Begins a session and gives its id. ``HeldBy`` if one of this instance is live elsewhere; no other is touched."""
        self.run = begin(
            self.program,
            self.instance,
            symbols=symbols,
            capital=initial_capital,
            config=parameters,
            planned=None if duration_minutes is None else duration_minutes * 60,
            interval=scan_interval_seconds,
            **self._options,
        )
        self.current_session = self._row(self.run.answer["run"])
        return self.run.run_id

    def resume_session(self, session_id: Optional[str] = None) -> Optional[TradingSession]:
        """Goes on from a session that has ended or crashed, the last one unless one is named: its positions, stops and orders
        are there as they were. ``None`` if there is no such session; ``HeldBy`` if it is live elsewhere.
        """
        before = self._session(session_id)
        if before is None:
            return None
        config: Optional[Mapping[str, Any]] = before.get("config")
        self.run = begin(
            self.program,
            before["instance"],
            symbols=before.get("symbols") or (),
            capital=before.get("capital"),
            config=config,
            **self._options,
        )
        self.current_session = self._row(self.run.answer["run"])
        return self.current_session

    def end_session(
        self,
        final_capital: Union[float, Decimal, None] = None,
        status: Literal["stopped", "completed", "crashed"] = "stopped",
    ) -> None:
        """Ends the session; nothing if there is none."""
        if self.run is None:
            return
        if status == "crashed":
            self.run.crash("the program said so")
        else:
            self.run.end(status, final_value=final_capital)

    def get_session_stats(self) -> dict[str, Any]:
        """``session_id``, ``active_positions`` (all that are open), ``closed_positions`` and ``total_pnl`` of this session."""
        if self.run is None:
            return {}
        held = self.get_open_positions()
        lots = self.run.positions.lots()
        closed = [lot for lot in lots if not lot.is_open and lot.data.get("exit_session") == self.session_id]
        symbols = [each.symbol for each in held]
        return {
            "session_id": self.session_id,
            "active_positions": len(held),
            "open_positions": len(held),
            "closed_positions": len(closed),
            "total_pnl": float(total(lot.pnl for lot in closed if lot.pnl is not None)),
            "active_symbols": symbols,
            "open_symbols": symbols,
        }

    # -- positions -------------------------------------------------------------------------------------------------

    def save_position(
        self,
        symbol: str,
        entry_time: Optional[dt.datetime],
        entry_price: Union[float, Decimal, None],
        quantity: Union[float, Decimal, None] = None,
        direction: Optional[str] = None,
        side: Optional[str] = None,
        stop_loss: Union[float, Decimal, None] = None,
        take_profit: Union[float, Decimal, None] = None,
        entry_order_id: Optional[str] = None,
        stop_loss_order_id: Optional[str] = None,
        take_profit_order_id: Optional[str] = None,
        *,
        qty: Union[float, Decimal, None] = None,
        order_id: Optional[str] = None,
    ) -> int:
        """A position is held, as a lot of its own, exactly; its id."""
        run = self._live()
        way = direction or side
        if way is None:
            raise ValueError(f"{symbol}: which way? direction or side is meant")
        number = self.next_id()
        run.positions.open(
            symbol,
            number,
            side=way,
            quantity=quantity if quantity is not None else qty,
            price=entry_price,
            stop_loss=stop_loss,
            take_profit=take_profit,
            time=entry_time,
            session_id=run.run_id,
            direction=direction,
            order_side=side,
            order_id=entry_order_id or order_id,
            stop_loss_order_id=stop_loss_order_id,
            take_profit_order_id=take_profit_order_id,
        )
        return number

    def update_position(
        self,
        symbol: str,
        exit_time: Optional[dt.datetime] = None,
        exit_price: Union[float, Decimal, None] = None,
        exit_reason: Optional[str] = None,
        status: Optional[str] = None,
        *,
        position_id: Optional[int] = None,
    ) -> None:
        """Closes the open position of a symbol; nothing if there is none.

        Raises:
            ValueError: there are several, and ``position_id`` does not say which.
        """
        if self.run is None:
            return
        held = [each for each in self.run.positions.held(symbol) if position_id is None or str(position_id) == each.id]
        if not held:
            return
        if len(held) > 1:
            ids = ", ".join(each.id for each in held)
            raise ValueError(f"{symbol} has the positions {ids}: position_id says which one is meant")
        if status not in (None, "closed") and exit_time is None and exit_price is None:
            return
        self.close(held[0], exit_time, exit_price, exit_reason)

    def close(
        self, lot: Lot, time: Optional[dt.datetime], price: Union[float, Decimal, None], reason: Optional[str]
    ) -> None:
        """Closes a lot. A reason that nobody else has a word for is kept beside ``unknown``."""
        run, symbol = self._live(), str(lot.symbol)
        word = _REASONS.get(reason or "", reason or "unknown")
        why = cast(ExitReason, word if word in _KNOWN else "unknown")
        note = None if word in _KNOWN else reason
        run.positions.close(symbol, lot.id, price=price, why=why, time=time, exit_session=run.run_id, exit_note=note)

    def get_open_positions(self) -> list[Position]:
        """Every position that is open, whichever session of the instance opened it."""
        return [] if self.run is None else [Position.of(lot) for lot in self.run.positions.held()]

    def get_position_by_symbol(self, symbol: str) -> Optional[Position]:
        """The open position of a symbol that was opened first."""
        held = [] if self.run is None else self.run.positions.held(symbol)
        return Position.of(held[0]) if held else None

    def next_id(self) -> int:
        """A number that no lot has had."""
        if self._last_id is None:
            known = (lot.id.partition(".")[0] for lot in self._live().positions.lots())
            self._last_id = max((int(each) for each in known if each.isdecimal()), default=0)
        self._last_id += 1
        return self._last_id

    # -- orders ----------------------------------------------------------------------------------------------------

    def log_order(
        self,
        alpaca_order_id: str,
        symbol: str,
        order_type: str,
        side: str,
        quantity: Union[float, Decimal],
        status: str,
        client_order_id: Optional[str] = None,
        limit_price: Union[float, Decimal, None] = None,
        stop_price: Union[float, Decimal, None] = None,
        position_id: Optional[int] = None,
        order_class: Optional[str] = None,
        time_in_force: Optional[str] = None,
        parent_order_id: Optional[str] = None,
    ) -> int:
        """Keeps an order, with its status as the broker says it; how many orders this session knows."""
        run = self._live()
        said = {
            "id": alpaca_order_id,
            "symbol": symbol,
            "order_type": order_type,
            "side": side,
            "quantity": quantity,
            "status": status,
            "limit_price": limit_price,
            "stop_price": stop_price,
            "parent_id": parent_order_id,
        }
        more: dict[str, Any] = {
            "broker_client_order_id": client_order_id or str(uuid.uuid4()),
            "position_id": position_id,
            "order_class": order_class,
            "time_in_force": time_in_force,
            "session_id": run.run_id,
            "submitted_at": dt.datetime.now(dt.timezone.utc),
        }
        run.orders.said(said, **{name: each for name, each in more.items() if each is not None})
        return len(run.orders.book.opened())

    def update_order_status(
        self,
        alpaca_order_id: str,
        status: str,
        filled_qty: Union[float, Decimal, None] = None,
        filled_avg_price: Union[float, Decimal, None] = None,
        filled_at: Optional[dt.datetime] = None,
        rejection_reason: Optional[str] = None,
    ) -> None:
        """What the broker says of an order now, whatever its word; what it said before is in the history."""
        said = {"id": alpaca_order_id, "status": status, "filled_qty": filled_qty, "filled_avg_price": filled_avg_price}
        more: dict[str, Any] = {"filled_at": filled_at, "rejection_reason": rejection_reason}
        self._live().orders.said(said, **{name: each for name, each in more.items() if each is not None})

    # -- checkpoints -----------------------------------------------------------------------------------------------

    def create_checkpoint(
        self, account_info: Optional[Mapping[str, Any]] = None, strategy_params: Optional[Mapping[str, Any]] = None
    ) -> int:
        """Keeps the positions, the orders and what is given, in one commit; its number. No broker has to answer for it."""
        return self.checkpoint_manager.create_checkpoint(self._live().run_id, account_info, strategy_params)

    def restore_from_latest_checkpoint(self) -> Optional[dict[str, Any]]:
        """What the last checkpoint of this session, or of the one that it goes on from, holds; ``None`` if there is none."""
        run = self._live()
        sessions = [run.run_id] + ([] if run.left is None else [run.left.run_id])
        found = (self.checkpoint_manager.get_latest_checkpoint(each) for each in sessions)
        last = next((each for each in found if each is not None), None)
        return None if last is None else self.checkpoint_manager.restore_from_checkpoint(last)

    def list_checkpoints(self, limit: int = 10) -> list[Any]:
        """The last checkpoints of this session, newest first."""
        return self.checkpoint_manager.list_checkpoints(self._live().run_id, limit)

    def get_checkpoint_stats(self) -> dict[str, Any]:
        """``total_checkpoints``, ``first_checkpoint``, ``last_checkpoint``, ``time_span_minutes``, ``avg_interval_seconds``."""
        return self.checkpoint_manager.get_checkpoint_stats(self._live().run_id)

    def cleanup_old_checkpoints(self, keep_count: int = 100, older_than_hours: Optional[float] = None) -> int:
        """How many checkpoints are behind those that are kept. None is ever deleted: the list passes over them."""
        return self.checkpoint_manager.cleanup_old_checkpoints(self._live().run_id, keep_count, older_than_hours)

    # -- the rest --------------------------------------------------------------------------------------------------

    def _live(self) -> Run:
        if self.run is None:
            raise ValueError("No active session")
        return self.run

    def _session(self, session_id: Optional[str]) -> Optional[Mapping[str, Any]]:
        if session_id is not None:
            try:
                return cast("Mapping[str, Any]", self._asked(f"/runs/{session_id}", {})["run"])
            except Unauthorized:
                raise
            except (NotFound, Refused):  # there is none of that name, also where it can be none's
                return None
        rows = self._asked("/runs", {"program": self.program, "instance": self.instance, "limit": 50})["runs"]
        return max((row["run"] for row in rows), key=lambda each: each["epoch"], default=None)

    def _asked(self, path: str, query: Mapping[str, Union[str, int, bool, None]]) -> Any:
        return self.client.decoded(self.client.transport.request("GET", path, query))

    def _row(self, session: Mapping[str, Any]) -> TradingSession:
        from .._models import moment

        capital, left = session.get("capital"), None if self.run is None else self.run.left
        return TradingSession(
            session["run_id"],
            moment(session.get("started_at")),
            session["status"],
            tuple(session.get("symbols") or ()),
            None if capital is None else decimal(capital),
            session.get("config") or {},
            None if left is None else left.run_id,
        )
