"""Checkpoints: what a run had at a moment, in one commit, and what the next one goes on from."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import stateloft
from stateloft.compat.sessions import StateManager
from stateloft.testing import Server

D = Decimal


@pytest.fixture
def program() -> str:
    return f"bot-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def begin(client: stateloft.Client, program: str, tmp_path: Path) -> Callable[[], stateloft.Run]:
    return lambda: stateloft.run(program, client=client, journal=str(tmp_path))


def until(holds: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 60
    while not (found := holds()):
        assert time.monotonic() < deadline, "it does not come to that"
        time.sleep(0.02)
    return found


def test_a_checkpoint_is_one_commit_of_what_the_run_has_and_a_moment_to_go_back_to(
    begin: Callable[[], stateloft.Run], client: stateloft.Client, program: str
) -> None:
    with begin() as run:
        run.positions.open("AAPL", "a", side="long", quantity="0.75", price="100.10")
        run.orders.sending("c-1", symbol="AAPL", side="buy", quantity=1)
        counters = run.state("counters", program, {"n": 0}, interval=3600)
        counters["n"] = 1
        taken = run.checkpoint("before the news", reason="the bank speaks")
        assert isinstance(taken, stateloft.Checkpoint)
        assert (taken.number, taken.name, taken.pinned, taken.open_positions, taken.pending_orders) == (
            1,
            "before the news",
            False,
            1,
            1,
        )
        assert client.get("counters", program) == {"n": 1}, "whatever the dicts hold is saved before"
        run.positions.close("AAPL", "a", price=101)
        counters["n"] = 2
        counters.save()
        account = (("account", program, {"cash": D("10.20")}),)
        second = run.checkpoint("after", counters, *account, pinned=True)
        assert isinstance(second, stateloft.Checkpoint) and (second.states, second.pinned) == (2, True)
        assert client.at("counters", program, taken.seq).data == {"n": 1}
        (lot,) = client.at("position", f"{program}/AAPL", taken.seq).data["lots"]
        assert lot["status"] == "open"
        kept = client.read("account", program)
        assert isinstance(kept, stateloft.Version) and (kept.data, kept.run_id) == ({"cash": D("10.20")}, run.run_id)
        assert [each.number for each in run.checkpoints()] == [2, 1]
        statistics = run.checkpoint_statistics()
        assert (statistics.count, statistics.span_seconds) == (2, statistics.average_interval_seconds)
        counters["n"] = 3
        counters.save()
    assert [each.version for each in client.history("counters", program)][0] == len(list(client.history("counters", program)))


def test_the_next_run_goes_on_from_what_the_last_one_left(
    begin: Callable[[], stateloft.Run], client: stateloft.Client, program: str
) -> None:
    with pytest.raises(ZeroDivisionError), begin() as run:
        assert run.resume() == {}
        run.positions.open("AAPL", "a", side="long", quantity="0.75", price="100.10", stop_loss="99.5")
        run.save("note", program, {"n": 1})
        run.save("gone", program, {"n": 1})
        run.delete("gone", program)
        run.checkpoint("last")
        raise ZeroDivisionError
    client.save("note", program, {"n": 2}, author="ops")
    with begin() as second:
        left = second.left
        assert left is not None and left.checkpoint is not None
        assert (left.checkpoint.name, left.open_positions, left.pending_orders, left.changed_since) == ("last", 1, 0, 1)
        client.save("note", program, {"n": 3}, author="ops")
        found = second.resume()
        assert sorted(found) == [("note", program), ("position", f"{program}/AAPL")]
        assert found["note", program].data == {"n": 2}, "as it was when the run began"
        (lot,) = second.positions.held()
        assert (lot.quantity, lot.stop_loss) == (D("0.75"), D("99.5"))
    with begin() as third:  # the second wrote nothing: what the first left is what it held
        assert third.left is not None and third.left.run_id == run.run_id
        assert sorted(third.resume()) == [("note", program), ("position", f"{program}/AAPL")]


def test_checkpoints_are_taken_by_time_whatever_cannot_be_collected(
    begin: Callable[[], stateloft.Run], program: str, caplog: pytest.LogCaptureFixture
) -> None:
    calls = []

    def account() -> list[stateloft.Kept]:
        calls.append(1)
        if len(calls) == 1:
            raise TimeoutError("the broker did not answer")
        return [("account", program, {"calls": len(calls)})]

    with begin() as run:
        run.positions.open("AAPL", "a", side="long", quantity=1, price=100)
        run.checkpoint_every(0.05, account)
        until(lambda: run.checkpoint_statistics().count >= 3)
        first = [*run.checkpoints()][-1]
        assert (first.states, first.open_positions) == (1, 1)
        assert "the broker did not answer" in caplog.text
    count = run.checkpoint_statistics().count
    assert run.client.get("account", program)["calls"] > 1
    assert run.checkpoint_statistics().count == count, "not any more once the run has ended"


def test_no_checkpoint_is_taken_for_a_run_that_lost_its_lease(
    begin: Callable[[], stateloft.Run], client: stateloft.Client, program: str, tmp_path: Path
) -> None:
    first = begin()
    with stateloft.run(program, client=client, take_over=("by hand", "ops")):
        with pytest.raises(stateloft.LeaseLost):
            first.checkpoint("late")
        assert first.lost.is_set()


def test_a_server_that_is_away_costs_one_checkpoint_and_not_the_next(server: Server, tmp_path: Path) -> None:
    with stateloft.run("bot", client=server.client(), journal=str(tmp_path)) as run:
        run.checkpoint_every(0.05)
        until(lambda: run.checkpoint_statistics().count)
        server.kill()
        with pytest.raises(stateloft.Unavailable):
            run.checkpoint("now")
        server.start()
        before = run.checkpoint_statistics().count
        until(lambda: run.checkpoint_statistics().count > before)


# -- by the calls of an older library ----------------------------------------------------------------------------------------


@pytest.fixture
def manager(client: stateloft.Client, program: str, tmp_path: Path) -> Iterator[Callable[[], StateManager]]:
    made: list[StateManager] = []

    def make() -> StateManager:
        made.append(StateManager(program=program, client=client, journal=str(tmp_path)))
        return made[-1]

    yield make
    for each in made:
        each.end_session()


def test_a_checkpoint_has_every_lot_the_account_and_the_parameters(manager: Callable[[], StateManager]) -> None:  # D-094, D-098
    state = manager()
    session = state.create_session(["AAPL"], 1)
    for price in (100, 110, 120):
        state.save_position("AAPL", None, price, D("0.5"), "UP", "buy")
    state.update_position("AAPL", exit_price=121, status="closed", position_id=3)
    state.log_order("a-1", "AAPL", "limit", "buy", 1, "partially_filled")
    assert state.create_checkpoint() == 1, "no account has to be asked for"
    assert state.create_checkpoint({"cash": 45000.0}, {"stop_loss_pct": 2.0}) == 2
    newest, oldest = state.list_checkpoints()
    assert (newest.active_positions_count, newest.closed_trades_count, len(newest.positions_snapshot)) == (2, 1, 2)
    assert newest.account_snapshot == {"cash": 45000.0} and oldest.account_snapshot == {}
    state.update_position("AAPL", exit_price=121, status="closed", position_id=1)
    restored = state.restore_from_latest_checkpoint()
    assert restored is not None
    assert (restored["session_id"], restored["checkpoint_id"], restored["active_count"]) == (session, 2, 2)
    assert [each["id"] for each in restored["positions"]] == ["1", "2"] and restored["account_info"] == {"cash": 45000.0}
    assert [each.id for each in state.get_open_positions()] == [2], "what is stored now stays as it is"
    with pytest.raises(ValueError, match="is not the session"):
        state.checkpoint_manager.create_checkpoint("other.main.1")


def test_a_session_that_goes_on_finds_the_checkpoint_of_the_one_before(manager: Callable[[], StateManager]) -> None:  # D-100
    state = manager()
    before = state.create_session(["AAPL"], 1)
    state.save_position("AAPL", None, 100, 1, "UP", "buy")
    state.create_checkpoint({"cash": 1})
    state.end_session(status="crashed")
    again = manager()
    again.resume_session()
    restored = again.restore_from_latest_checkpoint()
    assert restored is not None and (restored["session_id"], restored["account_info"]) == (before, {"cash": 1})
    assert len(again.get_open_positions()) == 1


def test_statistics_are_of_the_gaps_and_nothing_is_deleted_by_cleaning_up(manager: Callable[[], StateManager]) -> None:  # D-100, D-101
    state = manager()
    state.create_session(["AAPL"], 1)
    assert state.get_checkpoint_stats()["total_checkpoints"] == 0 and state.restore_from_latest_checkpoint() is None
    for _ in range(5):
        state.create_checkpoint()
    stats = state.get_checkpoint_stats()
    span = (stats["last_checkpoint"] - stats["first_checkpoint"]).total_seconds()
    assert stats["total_checkpoints"] == 5
    assert stats["time_span_minutes"] * 60 == pytest.approx(span)
    assert stats["avg_interval_seconds"] == pytest.approx(span / 4)
    assert state.cleanup_old_checkpoints(keep_count=2) == 3
    assert state.cleanup_old_checkpoints(keep_count=2, older_than_hours=24) == 0, "both must hold"
    assert state.get_checkpoint_stats()["total_checkpoints"] == 5
