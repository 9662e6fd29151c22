"""The calls of an older library for sessions, and where it lost or falsified state: what holds here instead."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import stateloft
from stateloft.compat.sessions import PositionReconciler, StateManager

D = Decimal
ENTRY = dt.datetime(2026, 11, 27, 14, 30, tzinfo=dt.timezone.utc)


@pytest.fixture
def manager(client: stateloft.Client, tmp_path: Path) -> Iterator[Callable[..., StateManager]]:
    """Managers of one program of the test's own; what is live at the end ends."""
    program, made = f"gambler-{uuid.uuid4().hex[:12]}", list[StateManager]()

    def make(**options: Any) -> StateManager:
        made.append(StateManager(program=program, client=client, journal=str(tmp_path), **options))
        return made[-1]

    yield make
    for each in made:
        if each.run is not None and not each.run.lost.is_set():
            each.end_session()


def listed(symbol: str, qty: str, side: str = "long", price: str = "150.00") -> dict[str, Any]:
    return {"symbol": symbol, "side": side, "qty": qty, "avg_entry_price": price}


def crashed(manager: StateManager) -> str:
    """It is gone in the middle of its work."""
    assert manager.run is not None and manager.session_id is not None
    session = manager.session_id
    manager.end_session(status="crashed")
    return session


def test_the_older_calls_do_what_they_did(manager: Callable[..., StateManager]) -> None:
    state = manager()
    assert state.get_session_stats() == {} and state.get_open_positions() == []
    with pytest.raises(ValueError, match="No active session"):
        state.save_position("AAPL", ENTRY, 1.0, 1, "LONG", "buy")
    session_id = state.create_session(["AAPL", "MSFT"], 100000.0, {"stop_loss_pct": 2.0})
    first = state.save_position("AAPL", ENTRY, 150.50, 100, "LONG", "buy", 147.49, 156.52, "order-1")
    second = state.save_position("MSFT", ENTRY, 380.25, 50, "LONG", "buy", entry_order_id="order-2")
    assert isinstance(first, int) and first != second
    assert state.log_order("alpaca-1", "AAPL", "market", "buy", 100, "filled", position_id=first) == 1
    assert [each.symbol for each in state.get_open_positions()] == ["AAPL", "MSFT"]
    state.update_position("AAPL", exit_time=ENTRY + dt.timedelta(hours=30), exit_price=155.0, exit_reason="take_profit", status="closed")
    assert state.get_position_by_symbol("AAPL") is None
    found = state.get_position_by_symbol("MSFT")
    assert found is not None and (found.id, found.qty, found.order_id, found.status) == (second, 50, "order-2", "open")
    stats = state.get_session_stats()
    assert (stats["session_id"], stats["open_positions"], stats["closed_positions"]) == (session_id, 1, 1)
    assert (stats["total_pnl"], stats["open_symbols"]) == (450.0, ["MSFT"])
    state.update_position("TSLA", exit_price=1)
    state.end_session(final_capital=100450.0)
    ended = state.client.decoded(state.client.transport.request("GET", f"/runs/{session_id}"))["run"]
    assert (ended["status"], Decimal(str(ended["pnl"]))) == ("stopped", 450)


def test_a_broker_that_does_not_answer_closes_nothing_however_it_is_passed(manager: Callable[..., StateManager]) -> None:  # D-090
    state = manager()
    state.create_session(["AAPL"], 1)
    state.save_position("AAPL", ENTRY, 150, 100, "LONG", "buy")
    reconciler = PositionReconciler(state)
    assert state.run is not None
    with state.run.asking_broker() as asked:
        raise TimeoutError("no answer")
    for failed in ([], None, asked):
        summary = reconciler.full_recovery(failed)
        assert (summary["closed_orphaned"], summary["unknown"], state.run.halted) == (0, 1, True), failed
    assert len(state.get_open_positions()) == 1
    flat = PositionReconciler(state, empty_is_flat=True).full_recovery([], current_prices={"AAPL": 151.0})
    assert flat["closed_orphaned"] == 1 and state.get_open_positions() == []


def test_resume_goes_on_where_the_last_session_was_with_its_entries_and_stops(manager: Callable[..., StateManager]) -> None:  # D-091
    assert manager().resume_session() is None
    state = manager()
    state.create_session(["AAPL"], D("100000.10"), {"stop_loss_pct": 2.0})
    state.save_position("AAPL", ENTRY, D("150.50"), 100, "LONG", "buy", stop_loss=D("147.49"))
    before = crashed(state)
    again = manager()
    session = again.resume_session()
    assert session is not None and session.resumed_from == before
    assert (session.symbols, session.initial_capital, session.parameters) == (("AAPL",), D("100000.10"), {"stop_loss_pct": 2.0})
    (position,) = again.get_open_positions()
    assert (position.entry_time, position.entry_price, position.stop_loss) == (ENTRY, D("150.50"), D("147.49"))
    assert position.session_id == before
    again.end_session()
    assert manager().resume_session(f"{again.program}.main.99") is None
    third = manager()
    assert third.resume_session(before) is not None and len(third.get_open_positions()) == 1


def test_a_start_leaves_the_sessions_of_others_alone(manager: Callable[..., StateManager]) -> None:  # D-092
    one, two = manager(instance=1), manager(instance=2)
    one.create_session(["AAPL"], 1)
    two.create_session(["AAPL"], 1)
    one.save_position("AAPL", ENTRY, 1, 1, "UP", "buy")
    assert one.run is not None and one.run.held and two.get_open_positions() == []
    with pytest.raises(stateloft.HeldBy):
        manager(instance=1).create_session(["AAPL"], 1)
    with pytest.raises(stateloft.HeldBy):
        manager(instance=1).resume_session()


@pytest.mark.parametrize("status", ["stopped", "completed", "crashed"])
def test_a_session_that_ends_has_ended_as_it_says(manager: Callable[..., StateManager], status: Any) -> None:  # D-093
    state = manager()
    session = state.create_session(["AAPL"], 1)
    state.end_session(2, status)
    state.end_session(3, "stopped")
    ended = state.client.decoded(state.client.transport.request("GET", f"/runs/{session}"))["run"]
    assert ended["status"] == status and ended["ended_at"] is not None


def test_an_order_keeps_every_status_and_part_that_the_broker_says(manager: Callable[..., StateManager]) -> None:  # D-095, D-100
    state = manager()
    state.create_session(["AAPL"], 1)
    state.log_order("a-1", "AAPL", "limit", "buy", 0.75, "new", client_order_id="c-1", limit_price=0.00001234)
    for status, filled in (("accepted", 0), ("partially_filled", 0.25), ("canceled", 0.25)):
        state.update_order_status("a-1", status, filled_qty=filled, filled_avg_price=0.0)
    state.update_order_status("never-seen", "held")
    assert state.run is not None
    order = state.run.orders["a-1"]
    assert (order["status"], order["filled_quantity"], order["filled_price"]) == ("canceled", D("0.25"), 0)
    assert (order["limit_price"], order["broker_client_order_id"]) == (D("0.00001234"), "c-1")
    assert state.run.orders["never-seen"]["status"] == "held"
    history = state.client.history("order", f"{state.program}/a-1")
    assert [each.data["status"] for each in history] == ["canceled", "partially_filled", "accepted", "new"]


@pytest.mark.parametrize(
    ("symbol", "price", "qty", "stop", "exit_", "pnl", "percent"),
    [
        ("SHIB", "0.00001234", "1000000", "0.0", "0.00001334", "1.00000000", "8.103728"),
        ("SPXW  261218C05000000", "1", "0.75", None, "20", "14.25", "1900.000000"),
        ("FREE", "0", "2", None, "3", "6", None),
    ],
)
def test_numbers_and_names_are_kept_as_they_are(
    manager: Callable[..., StateManager],
    symbol: str,
    price: str,
    qty: str,
    stop: str | None,
    exit_: str,
    pnl: str,
    percent: str | None,
) -> None:  # D-096
    state = manager()
    state.create_session([symbol], 1)
    state.save_position(symbol, ENTRY, D(price), D(qty), "UP", "buy", None if stop is None else D(stop))
    (held,) = state.get_open_positions()
    assert (held.symbol, held.entry_price, held.quantity) == (symbol, D(price), D(qty))
    assert held.stop_loss == (None if stop is None else D(stop)) and held.pnl_pct is None
    state.update_position(symbol, exit_price=D(exit_), exit_reason="fat finger", status="closed")
    assert state.run is not None
    (lot,) = state.run.positions.lots(symbol)
    closed = stateloft.compat.sessions.Position.of(lot)
    assert (closed.pnl, closed.pnl_pct) == (D(pnl), None if percent is None else D(percent))
    assert (closed.exit_reason, lot.data["exit_note"]) == ("unknown", "fat finger")


@pytest.mark.parametrize("at", [dt.datetime(2026, 11, 28, 9, 30), dt.datetime(2026, 11, 28, 9, 30, tzinfo=dt.timezone.utc)])
def test_a_close_with_a_time_of_either_kind_closes(manager: Callable[..., StateManager], at: dt.datetime) -> None:  # D-097
    state = manager()
    state.create_session(["AAPL"], 1)
    state.save_position("AAPL", ENTRY, 100, 3, "DOWN", "sell")
    state.update_position("AAPL", exit_time=at, exit_price=90, exit_reason="stop_loss_hit", status="closed")
    assert state.run is not None
    (lot,) = state.run.positions.lots("AAPL")
    assert (lot.is_open, lot.exit_time, lot.exit_price, lot.exit_reason, lot.pnl) == (False, at, 90, "stop_loss_hit", 30)


def test_two_lots_of_a_symbol_stay_two_and_none_is_closed_by_chance(manager: Callable[..., StateManager]) -> None:  # D-098
    state = manager()
    state.create_session(["AAPL"], 1)
    first, second = (state.save_position("AAPL", ENTRY, price, 1, "LONG", "buy") for price in (100, 110))
    with pytest.raises(ValueError, match=f"{first}, {second}"):
        state.update_position("AAPL", exit_price=120, status="closed")
    state.update_position("AAPL", exit_price=120, status="closed", position_id=second)
    assert [each.id for each in state.get_open_positions()] == [first]


def test_a_quantity_or_a_side_that_differs_is_no_match_and_what_is_taken_over_is_exact(
    manager: Callable[..., StateManager],
) -> None:  # D-099
    state = manager()
    state.create_session(["AAPL"], 1)
    state.save_position("AAPL", ENTRY, 150, 100, "LONG", "buy")
    state.save_position("TSLA", ENTRY, 250, 75, "LONG", "buy")
    state.save_position("MSFT", ENTRY, 150, 50, "LONG", "buy")
    broker = [listed("AAPL", "-1", "short"), listed("NVDA", "0.123456789", price="875.50"), listed("MSFT", "50")]
    before = [dict(each) for each in broker]
    reconciler = PositionReconciler(state)
    new, orphaned, matched = reconciler.reconcile(broker, verbose=True)
    assert [each["symbol"] for each in new] == ["NVDA"]
    assert [each.symbol for each in orphaned] == ["TSLA"]
    assert [(theirs["symbol"], ours.symbol) for theirs, ours in matched] == [("MSFT", "MSFT")]
    assert [row.symbol for row in reconciler.mismatched] == ["AAPL"]
    summary = reconciler.full_recovery(broker, current_prices={"TSLA": 255.0})
    assert (summary["matched"], summary["imported_from_alpaca"], summary["closed_orphaned"], summary["mismatched"]) == (1, 1, 1, 1)
    assert broker == before, "the caller's list is the caller's"
    taken = state.get_position_by_symbol("NVDA")
    assert taken is not None and (taken.quantity, taken.entry_price, taken.entry_time) == (D("0.123456789"), D("875.50"), None)
    assert state.run is not None
    (closed,) = state.run.positions.lots("TSLA")
    assert (closed.exit_reason, closed.exit_price, closed.pnl) == ("recovered_closed", 255, 375)


def test_an_orphan_without_a_known_price_gets_none(manager: Callable[..., StateManager]) -> None:  # D-090
    state = manager()
    state.create_session(["AAPL"], 1)
    state.save_position("AAPL", ENTRY, 150, 100, "LONG", "buy")
    state.save_position("MSFT", ENTRY, 150, 1, "LONG", "buy")
    PositionReconciler(state).full_recovery([listed("MSFT", "1")])
    assert state.run is not None
    (lot,) = state.run.positions.lots("AAPL")
    assert (lot.is_open, lot.exit_price, lot.pnl) == (False, None, None)


def test_a_session_of_no_name_is_none_and_a_lot_of_any_name_is_closed_by_its_symbol(
    manager: Callable[..., StateManager],
) -> None:
    state = manager()
    assert state.resume_session("xx") is None and state.run is None
    state.create_session(["AAPL"])
    assert state.run is not None
    state.run.positions.open("AAPL", "grid", side="long", quantity=1, price=100)
    state.update_position("AAPL", exit_price=101, position_id=7)
    state.update_position("NONE", exit_price=101)
    assert [each.symbol for each in state.get_open_positions()] == ["AAPL"]
    state.update_position("AAPL", exit_price=101)
    assert state.get_open_positions() == [] and state.run.positions.symbols() == ["AAPL"]
