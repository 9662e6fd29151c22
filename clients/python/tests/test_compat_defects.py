"""Where older state managers lost or falsified state: what holds here instead."""

from __future__ import annotations

import asyncio
import gc
import gzip
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from stateloft.compat import (
    StateManager,
    StateMigrator,
    TradingStateManager,
    UnifiedStateManager,
    migrate_legacy_system,
    validate_migration,
)
from stateloft.errors import Damaged
from stateloft.testing import Server

POSITIONS = {"EURUSD": {"direction": "long", "quantity": 100000}}


@pytest.fixture
def manager(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[UnifiedStateManager]:
    monkeypatch.setenv("STATELOFT_SERVER", server.url)
    monkeypatch.chdir(tmp_path)
    made = UnifiedStateManager()
    yield made
    made.shutdown()


def test_a_portfolio_that_keeps_the_summary_before_does_not_grow(manager: UnifiedStateManager) -> None:  # D-033
    sizes = []
    for number in range(12):
        summary = manager.get_portfolio_summary()
        metadata = {"session": number % 2, "portfolio_summary": summary}
        assert manager.save_trading_state(POSITIONS, {}, {"total_value": 50000, "metadata": metadata})
        sizes.append(len(manager.client.raw("portfolio", "portfolio_main")))
    assert max(sizes[2:]) - min(sizes[2:]) < 8, sizes
    loaded = manager.load_trading_state()
    assert loaded is not None and loaded["metadata"]["portfolio_summary"]["total_value"] == 50000
    assert loaded["metadata"]["portfolio_summary"]["metadata"] == {"session": 0}


def test_a_summary_says_what_is_there_whatever_the_portfolio_says(manager: UnifiedStateManager) -> None:  # D-035
    assert manager.get_portfolio_summary()["exists"] is False and manager.get_portfolio_summary()["last_update"] is None
    taken = {"exists": False, "active_positions_count": 7, "last_update": "never", "total_value": 1}
    manager.save_trading_state(POSITIONS, {}, taken)
    summary, again = manager.get_portfolio_summary(), manager.get_portfolio_summary()
    assert (summary["exists"], summary["active_positions_count"], summary["total_value"]) == (True, 1, 1)
    written = manager.client.read("portfolio", "portfolio_main").recorded_at  # type: ignore[union-attr]
    assert summary["last_update"] == again["last_update"] == written, "the time of the last write, not of the question"


def test_one_manager_works_in_any_loop_and_ends_none(manager: UnifiedStateManager) -> None:  # D-034
    async def save(number: int) -> bool:
        done = await asyncio.to_thread(manager.save_position, f"P{number}", {"n": number})
        return done and manager.save_position(f"Q{number}", {"n": number})

    for number in range(2):  # the loops of two programs, one after the other
        assert asyncio.run(save(number))

    async def leave() -> str:
        other: Any = UnifiedStateManager()
        other.save_position("R", {})
        del other
        gc.collect()
        await asyncio.sleep(0)
        return "the loop goes on"

    assert asyncio.run(leave()) == "the loop goes on"
    assert set(manager.get_all_positions()) == {"P0", "P1", "Q0", "Q1", "R"}


def test_texts_that_look_like_times_stay_texts_on_the_server(manager: UnifiedStateManager) -> None:  # D-043
    position = {"note": "2026-01-01T00:00:00", "at": datetime(2026, 1, 1), "deep": [{"day": "2026-01-01"}]}
    assert manager.save_position("A-B", position)
    loaded = manager.load_position("A-B")
    assert loaded == position and type(loaded["note"]) is str


def test_a_save_that_fails_leaves_every_position_of_before(manager: UnifiedStateManager) -> None:  # D-040, D-046
    trades = {f"P{number}": {"entry_time": datetime(2026, 1, 1, number)} for number in range(5)}
    assert manager.save_trading_state(trades, {})
    assert manager.save_position("P9", {"entry_time": datetime(2026, 1, 1), "bad": object()}) is False
    assert manager.save_trading_state({**trades, "P9": {"bad": float("nan")}}, {}) is False
    assert manager.get_all_positions() == trades


def test_a_bare_file_name_can_be_migrated(manager: UnifiedStateManager) -> None:  # D-041
    Path("old_state.json").write_text('{"active_positions": {"A-B": {"direction": "long"}}}')
    assert StateMigrator("old_state.json", manager).migrate_trading_state()


def test_a_file_of_which_nothing_is_known_is_no_success(manager: UnifiedStateManager) -> None:
    Path("strange.json").write_text('{"something": {"else": [1]}}')
    migrator = StateMigrator("strange.json", manager)
    assert migrator.migrate_trading_state() is False
    report = migrator.get_migration_report()
    assert (report["total_items"], report["failed_items"], report["success_rate"]) == (1, 1, 0.0)
    assert report["migration_log"][0]["standing"] == "quarantined"
    assert validate_migration("strange.json", manager)["valid"] is False


def test_a_damaged_file_of_ours_is_migrated_neither_whole_nor_in_part(manager: UnifiedStateManager) -> None:  # D-045
    files = TradingStateManager("a.json")
    files.save_trading_state({"A": {"n": 1}, "B": {"n": 2}}, {})
    Path("a.json").write_bytes(Path("a.json").read_bytes().replace(b'"n":2', b'"n":3'))
    TradingStateManager("b.json", compress=True).save_trading_state({"A": {"n": 1}}, {})
    Path("b.json").write_bytes(Path("b.json").read_bytes()[:60])
    for name in ("a.json", "b.json"):
        assert migrate_legacy_system(name) is False
        with pytest.raises(Damaged):
            validate_migration(name, manager)
    assert manager.client.seq() == 0


def test_what_the_store_has_is_not_overwritten_by_a_file(manager: UnifiedStateManager) -> None:
    manager.save_position("A", {"n": "newer"})
    TradingStateManager("a.json", compress=True).save_trading_state({"A": {"n": 1}, "B": {"n": 2}}, {}, {"peak": 5})
    migrator = StateMigrator("a.json", manager)
    assert migrator.migrate_trading_state() is False
    assert manager.get_all_positions() == {"A": {"n": "newer"}, "B": {"n": 2}}
    assert [each["standing"] for each in migrator.get_migration_report()["migration_log"]] == ["different", "new", "new"]


def test_files_of_a_folder_become_one_history_and_what_was_closed_stays_closed(manager: UnifiedStateManager) -> None:
    later, earlier = TradingStateManager("backups/1.json"), TradingStateManager("backups/2.json")
    earlier.save_trading_state({"A": {"n": 1}, "B": {"n": 1}}, {})
    later.save_trading_state({"A": {"n": 2}}, {})
    for _ in range(2):
        assert migrate_legacy_system("backups")
        assert manager.get_all_positions() == {"A": {"n": 2}}
        assert [each.data for each in manager.client.history("position", "position_A")] == [{"n": 2}, {"n": 1}]


def test_a_damaged_file_is_not_an_absent_one(tmp_path: Path) -> None:  # D-045
    path = tmp_path / "state.json"
    manager = StateManager(path, generations=0, compress=True)
    assert manager.load_state() is None
    manager.save_state({"n": 1})
    raw = gzip.decompress(path.read_bytes())
    for bad in (raw[:-3], raw.replace(b'{"n":1}', b'{"n":2}'), b""):
        path.write_bytes(gzip.compress(bad))
        with pytest.raises(Damaged):
            manager.load_state()
