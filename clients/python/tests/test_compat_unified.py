"""The older library's manager on a real server: one commit, nothing that comes back by itself, nothing that is invented."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import stateloft
from stateloft.compat import (
    StateMigrator,
    UnifiedStateManager,
    create_backward_compatible_manager,
    get_state_manager,
    migrate_legacy_system,
    validate_migration,
)
from stateloft.testing import Server


@pytest.fixture(autouse=True)
def _environment(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from stateloft.compat import _unified

    monkeypatch.setenv("STATELOFT_SERVER", server.url)
    monkeypatch.chdir(tmp_path)
    _unified._SHARED.clear()


POSITIONS = {"EURUSD": {"direction": "long", "quantity": 100000}}
PAIRS = {"EURUSD": {"position": "long", "cooldown": 0}}
LEGACY = {
    "active_positions": {"AAA-BBB": {"symbol1": "AAA", "symbol2": "BBB", "direction": "LONG", "entry_price": 1.50}},
    "pair_states": {"AAA-BBB": {"position": "long", "cooldown": 0, "z_score": 1.25, "mine": [1]}},
    "portfolio_peak_value": 100.5,
    "last_save_time": "2025-07-20T09:00:00",
}


def test_the_drop_in_replacement() -> None:
    state_manager = create_backward_compatible_manager("state.json")
    success = state_manager.save_trading_state(POSITIONS, PAIRS)
    loaded_state = state_manager.load_trading_state()
    assert success and loaded_state is not None
    assert loaded_state["active_positions"] == POSITIONS and loaded_state["pair_states"] == PAIRS
    state_manager.shutdown()


def test_the_full_set_of_calls() -> None:
    Path("old_state.json").write_text(json.dumps(LEGACY))
    with UnifiedStateManager(auto_migrate=True, legacy_state_path="old_state.json") as manager:
        assert manager.load_position("AAA-BBB") == LEGACY["active_positions"]["AAA-BBB"]  # type: ignore[index]
        success = manager.save_trading_state(
            active_positions=POSITIONS, pair_states=PAIRS, portfolio_data={"total_value": 50000}, user_id="trader_1"
        )
        assert success and manager.create_snapshot("End of day snapshot")
        status = manager.get_system_status()
        assert (status["active_positions"], status["database_connected"], status["status"]) == (1, True, "healthy")
        history = manager.get_state_history(state_type="position", limit=50)
        assert [(each["state_id"], each["operation"], each["user_id"]) for each in history][:2] == [
            ("position_AAA-BBB", "delete", "trader_1"),
            ("position_EURUSD", "create", "trader_1"),
        ]
        assert manager.get_portfolio_summary()["total_value"] == 50000
        assert {each.reason for each in manager.client.snapshots()} == {"End of day snapshot"}


def test_one_save_is_one_commit_and_what_is_closed_stays_closed() -> None:  # D-027, D-028, D-031
    manager = UnifiedStateManager()
    manager.save_trading_state({**POSITIONS, "GBPUSD": {"direction": "short"}}, PAIRS, {"total_value": 1})
    before = manager.client.seq()
    assert manager.save_trading_state(POSITIONS, PAIRS, {"total_value": 2})
    versions = list(manager.client.log(limit=manager.client.seq() - before))
    assert len({each.batch_id for each in versions}) == 1
    assert {each.state_id for each in versions} == {"position_GBPUSD", "portfolio_main"}, "what is equal makes no version"
    assert manager.get_all_positions() == POSITIONS and manager.load_position("GBPUSD") is None
    again = UnifiedStateManager()
    assert again.load_trading_state()["active_positions"] == POSITIONS  # type: ignore[index]
    again.shutdown()
    manager.shutdown()


def test_full_saves_of_two_programs_at_once_each_leave_one_whole_book() -> None:  # D-025, D-028
    manager = UnifiedStateManager()
    books = [{f"{each}{n}": {"direction": "long", "quantity": n} for n in range(each)} for each in range(1, 5)]
    manager.client.save("position", "of another program", {"direction": "long"})

    def save(book: dict[str, Any]) -> bool:
        own = UnifiedStateManager()
        saved = all(own.save_trading_state(book, {}, {"total_value": len(book)}) for _ in range(5))
        own.shutdown()
        return saved

    with ThreadPoolExecutor(len(books)) as threads:
        assert all(threads.map(save, books)), "nobody is refused because somebody else saves"
    loaded = manager.load_trading_state()
    assert loaded is not None and loaded["active_positions"] in books
    assert loaded["total_value"] == len(loaded["active_positions"]), "of one save, and not of several"
    assert manager.client.get("position", "of another program") == {"direction": "long"}
    manager.shutdown()


def test_a_flat_book_is_loaded_with_its_portfolio() -> None:  # D-032
    manager = UnifiedStateManager()
    assert manager.load_trading_state() is None and manager.get_portfolio_summary()["exists"] is False
    manager.save_trading_state({}, {}, {"total_value": 5})
    loaded = manager.load_trading_state()
    assert loaded is not None and (loaded["active_positions"], loaded["total_value"]) == ({}, 5)
    for _ in range(3):  # D-033: it does not grow by itself
        manager.save_trading_state({}, {}, manager.client.get("portfolio", "portfolio_main"))
    assert manager.client.read("portfolio", "portfolio_main").version == 1  # type: ignore[union-attr]
    manager.shutdown()


def test_a_portfolio_cannot_overwrite_positions() -> None:  # D-035
    manager = UnifiedStateManager()
    manager.save_trading_state(POSITIONS, {}, {"active_positions": {}, "pair_states": "x"})
    loaded = manager.load_trading_state()
    assert loaded is not None and loaded["active_positions"] == POSITIONS and loaded["pair_states"] == {}
    manager.shutdown()


def test_pair_states_with_prices_and_real_times_are_kept() -> None:  # D-030, D-046
    manager = UnifiedStateManager()
    series = pd.Series([1.0, 2.5], index=pd.date_range("2026-01-01", periods=2))
    trade = {"entry_time": datetime(2026, 1, 1, 9), "qty": 1}
    assert manager.save_position("A-B", trade, user_id="u", description="Trade executed")
    assert manager.save_trading_state({"A-B": trade}, {"A-B": {"price1": series, "by_time": {datetime(2026, 1, 1): 1}}})
    loaded = manager.load_trading_state()
    assert loaded is not None and loaded["active_positions"]["A-B"] == trade
    pd.testing.assert_series_equal(loaded["pair_states"]["A-B"]["price1"], series)
    assert manager.save_position("A-B", {"bad": object()}) is False
    manager.shutdown()


def test_it_works_inside_a_running_loop() -> None:  # D-034
    async def main() -> Any:
        manager = UnifiedStateManager()
        manager.initialize()
        assert await manager.start_api_server()
        assert manager.save_trading_state(POSITIONS, PAIRS)
        loaded = manager.load_trading_state()
        manager.shutdown()
        return loaded

    assert asyncio.run(main())["active_positions"] == POSITIONS


def test_options_that_come_later_and_are_others_are_not_passed_over() -> None:  # D-057
    shared = get_state_manager(auto_migrate=True, legacy_state_path="state.json")
    assert get_state_manager() is shared is get_state_manager(auto_migrate=True)
    with pytest.raises(ValueError, match="other options"):
        get_state_manager(auto_migrate=False)
    shared.shutdown()


def test_a_server_that_is_away_is_never_an_empty_book(server: Server) -> None:
    manager = UnifiedStateManager()
    manager.save_trading_state(POSITIONS, PAIRS)
    server.kill()
    with pytest.raises(stateloft.Unavailable):
        manager.load_trading_state()
    assert manager.save_trading_state({}, {}) is False and manager.health_check() is False
    status = manager.get_system_status()
    assert (status["status"], status["active_positions"]) == ("unavailable", None) and status["status_error"]
    server.start()
    assert manager.get_all_positions() == POSITIONS
    manager.shutdown()


def test_a_file_is_imported_once_and_proved_value_by_value() -> None:
    Path("old_state.json").write_text(json.dumps(LEGACY))
    manager = UnifiedStateManager()
    assert validate_migration("old_state.json", manager.enhanced_manager)["valid"] is False
    migrator = StateMigrator("old_state.json", manager)
    assert migrator.migrate_trading_state(backup_original=True)
    report = migrator.get_migration_report()
    assert (report["successful_items"], report["total_items"], report["success_rate"]) == (3, 3, 1.0)
    assert len(list(Path.cwd().glob("old_state.json.backup.*"))) == 1
    result = validate_migration("old_state.json", manager.enhanced_manager)
    assert (result["valid"], result["issues"], result["position_count_target"]) == (True, [], 1)
    seq = manager.client.seq()
    assert migrate_legacy_system("old_state.json") and manager.client.seq() == seq
    manager.save_position("AAA-BBB", {"direction": "short"})
    assert validate_migration("old_state.json", manager)["valid"] is True, "what was there is in the history"
    manager.shutdown()


def test_what_cannot_be_read_is_a_failure_and_stays_where_it_is() -> None:  # D-050
    Path("broken.json").write_text('{"active_positions": {')
    assert migrate_legacy_system("broken.json") is False and migrate_legacy_system("nowhere.json") is False
    assert Path("broken.json").exists()
    manager = UnifiedStateManager(auto_migrate=True, legacy_state_path="broken.json")
    assert manager.initialize() is False
    manager.shutdown()


def test_a_folder_is_imported_as_one() -> None:
    Path("state_backups").mkdir()
    Path("state_backups/a.json").write_text(json.dumps(LEGACY))
    manager = UnifiedStateManager()
    report = manager.batch_migrate_directory("./state_backups/")
    assert report["failed_items"] == 0 and report["total_items"] == 3
    assert migrate_legacy_system("./state_backups/")
    manager.shutdown()
