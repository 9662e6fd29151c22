"""What the broker has, held against the positions of a session, by the calls of an older library."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Optional, Union

from .._lots import Lot
from .._reconcile import Asked, Report, Row
from ._sessions import Position, StateManager

__all__ = ["PositionReconciler"]

_LOG = logging.getLogger("stateloft")

Listed = Union[Sequence[Mapping[str, Any]], Asked, None]
"""The broker's list, or what ``run.asking_broker()`` gave, which knows a call that failed from an empty list."""


class PositionReconciler:
    """The older library's reconciler.

    A call that failed closes nothing, whatever it is passed as: ``None``, an :class:`stateloft.Asked`, or the empty list that
    older programs make of it. An empty list while positions are open is believed only with ``empty_is_flat=True``.
    """

    def __init__(self, state_manager: StateManager, *, empty_is_flat: bool = False) -> None:
        self.state_manager = state_manager
        self.empty_is_flat = empty_is_flat
        self.report: Optional[Report] = None
        """What was found last."""
        self.mismatched: list[Row] = []
        """What both sides have, of another quantity, side or price. Nothing is done about it."""
        self.unknown: list[Row] = []
        """What the broker does not say."""

    def reconcile(
        self, alpaca_positions: Listed, verbose: bool = False
    ) -> tuple[list[Mapping[str, Any]], list[Position], list[tuple[Mapping[str, Any], Position]]]:
        """``(new_alpaca, orphaned_local, matched)``: only there, only here, both the same. Nothing is written."""
        run = self.state_manager.run
        if run is None:
            raise ValueError("No active session")
        asked = alpaca_positions if isinstance(alpaca_positions, Asked) else Asked(run.server_time())
        if not isinstance(alpaca_positions, Asked):
            asked.positions = None if alpaca_positions is None else [dict(each) for each in alpaca_positions]
            asked.partial = not asked.positions and not self.empty_is_flat  # the empty list of a call that failed
        report = self.report = run.reconcile(asked, shape="alpaca")
        self.unknown = [row for row in report.rows if row.verdict == "unknown"]
        self.mismatched = [row for row in report.rows if row.verdict in ("quantity_mismatch", "price_mismatch")]
        prefix = run.positions.book.prefix
        lots = {
            (prefix + symbol, f"/lots/{place}"): lot
            for symbol in run.positions.symbols()
            for place, lot in enumerate(run.positions.lots(symbol))
        }
        new = [self._theirs(asked, row) for row in report.rows if row.verdict == "missing_here"]
        orphaned = [
            Position.of(lot) for row in report.rows if row.verdict == "missing_there" for lot in self._ours(row, lots)
        ]
        matched = [
            (self._theirs(asked, row), Position.of(lot))
            for row in report.rows
            if row.verdict == "matched"
            for lot in self._ours(row, lots)
        ]
        if verbose or self.unknown or self.mismatched:
            said = ", ".join(f"{count} {verdict}" for verdict, count in report.counts.items() if count)
            _LOG.log(logging.INFO if report.agrees else logging.WARNING, "reconciled: %s", said or "nothing")
        return new, orphaned, matched

    def import_alpaca_positions(self, new_alpaca: Sequence[Mapping[str, Any]]) -> int:
        """Takes over what only the broker has, exactly; since when it is held nobody knows, no stop is made up. How many."""
        run = self.state_manager.run
        if run is None:
            raise ValueError("No active session")
        for each in new_alpaca:
            quantity = Decimal(str(each["qty"]))
            run.positions.open(
                str(each["symbol"]),
                self.state_manager.next_id(),
                side=str(each.get("side") or ("long" if quantity > 0 else "short")),
                quantity=abs(quantity),
                price=each.get("avg_entry_price"),
                time=None,
                session_id=run.run_id,
                imported=True,
                reason="found at the broker",
            )
        return len(new_alpaca)

    def recover_orphaned_positions(
        self, orphaned: Sequence[Position], current_prices: Optional[Mapping[str, Union[float, Decimal]]] = None
    ) -> int:
        """Closes what only we have as ``recovered_closed``, at the price that is known, or none. How many."""
        run = self.state_manager.run
        if run is None:
            raise ValueError("No active session")
        for each in orphaned:
            price = (current_prices or {}).get(each.symbol)
            self.state_manager.close(run.positions.lot(each.symbol, each.id), None, price, "recovered_closed")
        return len(orphaned)

    def full_recovery(
        self,
        alpaca_positions: Listed,
        current_prices: Optional[Mapping[str, Union[float, Decimal]]] = None,
        import_new: bool = True,
        close_orphaned: bool = True,
    ) -> dict[str, int]:
        """All of it, in numbers. Where the broker did not answer nothing is written."""
        new, orphaned, matched = self.reconcile(alpaca_positions)
        assert self.report is not None
        rows = self.report.rows
        return {
            "total_alpaca_positions": sum(len(row.theirs) for row in rows),
            "total_local_positions": sum(len(row.ours) for row in rows),
            "matched": len(matched),
            "imported_from_alpaca": self.import_alpaca_positions(new) if import_new else 0,
            "closed_orphaned": self.recover_orphaned_positions(orphaned, current_prices) if close_orphaned else 0,
            "mismatched": len(self.mismatched),
            "unknown": len(self.unknown),
        }

    @staticmethod
    def _theirs(asked: Asked, row: Row) -> Mapping[str, Any]:
        found: Mapping[str, Any] = asked.positions[int(str(row.theirs[0]["pointer"]).rsplit("/", 1)[-1])]
        return found

    @staticmethod
    def _ours(row: Row, lots: Mapping[tuple[str, str], Lot]) -> list[Lot]:
        found = (lots.get((str(each["state_id"]), str(each["pointer"]))) for each in row.ours)
        return [lot for lot in found if lot is not None and lot.is_open]
