"""Checkpoints of sessions, by the calls of an older library."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Optional

from .._checkpoints import Checkpoint, CheckpointStatistics
from .._lots import lots_in
from .._models import Pending
from ..errors import NotFound, Unavailable

if TYPE_CHECKING:
    from ._sessions import StateManager

__all__ = ["PositionCheckpoint", "SessionCheckpointManager"]

_ACCOUNT = "account"


@dataclass(frozen=True)
class PositionCheckpoint:
    """A checkpoint, as a row of the older library."""

    id: int
    session_id: str
    checkpoint_time: Optional[dt.datetime]
    active_positions_count: int
    """Lots that were open."""
    closed_trades_count: int
    positions: Sequence[Mapping[str, Any]]
    """Each lot, open or closed, with its ``symbol``: two of a symbol are two."""
    account_snapshot: Mapping[str, Any]
    strategy_params: Mapping[str, Any]

    @property
    def positions_snapshot(self) -> dict[str, Mapping[str, Any]]:
        """The open lots by their ids."""
        return {str(each["id"]): each for each in self.positions if each.get("status") != "closed"}


class SessionCheckpointManager:
    """The older library's manager of checkpoints."""

    def __init__(self, manager: StateManager) -> None:
        self._manager = manager

    def create_checkpoint(
        self,
        session_id: str,
        account_info: Optional[Mapping[str, Any]] = None,
        strategy_params: Optional[Mapping[str, Any]] = None,
    ) -> int:
        """Takes one of the session that is live here. ``ValueError`` for another session: it is not ours to write."""
        run = self._manager.run
        if run is None or run.run_id != session_id:
            raise ValueError(f"{session_id} is not the session of this program")
        account = {"account_info": dict(account_info or {}), "strategy_params": dict(strategy_params or {})}
        positions = [run.positions.book.state(name) for name in run.positions.symbols()]
        books = [*positions, *(run.orders.book.state(name) for name in run.orders.book.opened())]
        taken = run.checkpoint(None, *books, (_ACCOUNT, self._account(), account))
        if isinstance(taken, Pending):
            raise Unavailable("the store is away; the server's journal has the checkpoint, and it has no number yet")
        return taken.number

    def get_latest_checkpoint(self, session_id: str) -> Optional[PositionCheckpoint]:
        """The last one of a session; ``None`` if there is none."""
        return next(iter(self.list_checkpoints(session_id, 1)), None)

    def list_checkpoints(self, session_id: str, limit: int = 10) -> list[PositionCheckpoint]:
        """The last ones of a session, newest first."""
        page = self._page(session_id, {"limit": limit})
        return [self._row(session_id, Checkpoint.of(each)) for each in page["checkpoints"]]

    def restore_from_checkpoint(self, checkpoint: PositionCheckpoint) -> dict[str, Any]:
        """What it holds. What is stored now is not changed by it: positions are there already, as they were last."""
        return {
            "session_id": checkpoint.session_id,
            "checkpoint_time": checkpoint.checkpoint_time,
            "checkpoint_id": checkpoint.id,
            "positions": [dict(each) for each in checkpoint.positions if each.get("status") != "closed"],
            "account_info": dict(checkpoint.account_snapshot),
            "strategy_params": dict(checkpoint.strategy_params),
            "active_count": checkpoint.active_positions_count,
            "closed_count": checkpoint.closed_trades_count,
        }

    def get_checkpoint_stats(self, session_id: str) -> dict[str, Any]:
        """All of a session in numbers, over the gaps between them."""
        found = CheckpointStatistics.of(self._page(session_id, {"limit": 1})["statistics"])
        return {
            "total_checkpoints": found.count,
            "first_checkpoint": found.first,
            "last_checkpoint": found.last,
            "time_span_minutes": None if found.span_seconds is None else found.span_seconds / 60,
            "avg_interval_seconds": found.average_interval_seconds,
        }

    def cleanup_old_checkpoints(
        self, session_id: str, keep_count: int = 100, older_than_hours: Optional[float] = None
    ) -> int:
        """How many are passed over by a list that keeps so many, and those that are younger. None is deleted."""
        query = {"keep": keep_count, "older_than": None if older_than_hours is None else int(older_than_hours * 3600)}
        kept, cursor = 0, None
        while True:
            page = self._page(session_id, {**query, "limit": 1000, "cursor": cursor})
            kept, cursor = kept + len(page["checkpoints"]), page.get("next_cursor")
            if cursor is None:
                return int(page["statistics"]["count"]) - kept

    def _row(self, session_id: str, taken: Checkpoint) -> PositionCheckpoint:
        client, prefix = self._manager.client, self._prefix()
        positions = client.list("position", prefix=prefix, at=taken.seq)
        lots = [{**lot.data, "symbol": lot.symbol} for each in positions for lot in lots_in(each.data or {})]
        closed = sum(1 for each in lots if each.get("status") == "closed")
        try:
            account: Mapping[str, Any] = client.at(_ACCOUNT, self._account(), taken.seq).data
        except NotFound:
            account = {}
        return PositionCheckpoint(
            taken.number,
            session_id,
            taken.taken_at,
            len(lots) - closed,
            closed,
            lots,
            account.get("account_info") or {},
            account.get("strategy_params") or {},
        )

    def _prefix(self) -> str:
        program, instance = self._manager.program, self._manager.instance
        return f"{program}/" if instance == "main" else f"{program}.{instance}/"

    def _account(self) -> str:
        return self._prefix() + "account"

    def _page(self, session_id: str, query: Mapping[str, Any]) -> Any:
        client = self._manager.client
        return client.decoded(client.transport.request("GET", f"/runs/{session_id}/checkpoints", query))
