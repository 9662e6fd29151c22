"""What programs with a database-backed state manager do, call by call: only their import line is another one."""

from __future__ import annotations

import asyncio
import logging
import unittest
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from stateloft.compat import (
    CacheConfig,
    DatabaseConfig,
    PositionSchema,
    ServerSetting,
    StateManagementConfig,
    StateMigrator,
    TradingStateManager,
    UnifiedStateManager,
    ValidationError,
    create_backward_compatible_manager,
    create_enhanced_trading_state_manager,
    get_state_manager,
    migrate_legacy_system,
    validate_migration,
)
from stateloft.testing import Server

logger = logging.getLogger(__name__)


@pytest.fixture(autouse=True)
def _environment(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    from stateloft.compat import _unified

    monkeypatch.setenv("STATELOFT_SERVER", server.url)
    monkeypatch.chdir(tmp_path)
    yield
    for each in _unified._SHARED:
        each.shutdown()
    _unified._SHARED.clear()


positions = {"EURUSD": {"direction": "long", "quantity": 100000}}
pair_states = {"EURUSD": {"position": "long", "cooldown": 0}}


def test_the_old_way_goes_over_into_the_new_one() -> None:
    state_manager: Any = TradingStateManager("state.json")
    before = {"GBPUSD": {"direction": "short", "entry_time": datetime(2025, 7, 20, 8), "tags": {"a"}}}
    assert state_manager.save_trading_state(before, {"GBPUSD": {"cooldown": 3}}, {"portfolio_peak_value": 5})

    state_manager = create_backward_compatible_manager("state.json")
    taken_over = state_manager.load_trading_state()
    assert taken_over["active_positions"] == before, "times and sets are what they were"
    assert (taken_over["pair_states"], taken_over["portfolio_peak_value"]) == ({"GBPUSD": {"cooldown": 3}}, 5)

    success = state_manager.save_trading_state(positions, pair_states)
    loaded_state = state_manager.load_trading_state()
    assert success and loaded_state["active_positions"] == positions and loaded_state["pair_states"] == pair_states
    state_manager.shutdown()
    seq = state_manager.client.seq()

    again = create_backward_compatible_manager("state.json")
    assert again.initialized and again.client.seq() == seq, "what was closed since is not opened again by the file"
    assert again.get_all_positions() == positions
    again.shutdown()


def test_everything_at_once_in_a_with_block() -> None:
    TradingStateManager("old_state.json").save_trading_state(positions, pair_states)
    with UnifiedStateManager(auto_migrate=True, legacy_state_path="old_state.json") as manager:
        success = manager.save_trading_state(
            active_positions=positions, pair_states=pair_states, portfolio_data={"total_value": 50000}, user_id="trader_1"
        )
        assert success
        manager.create_snapshot("End of day snapshot")
        status = manager.get_system_status()
        assert (status["active_positions"], status["database_type"], status["initialized"]) == (1, "sqlite", True)
        history = manager.get_state_history(state_type="position", limit=50)
        assert [each["state_id"] for each in history] == ["position_EURUSD"]


def test_the_server_answers_for_the_managers_api() -> None:
    async def main() -> None:
        manager = UnifiedStateManager()
        manager.initialize()
        assert await manager.start_api_server()
        manager.shutdown()

    asyncio.run(main())
    manager = UnifiedStateManager()
    manager.initialize()
    assert manager.start_api_server_sync()
    manager.shutdown()


def test_a_file_and_a_folder_are_migrated_by_one_call() -> None:
    TradingStateManager("trading_state.json").save_trading_state(positions, pair_states)
    success = migrate_legacy_system("trading_state.json")
    assert success
    Path("state_backups").mkdir()
    TradingStateManager("state_backups/a.json").save_trading_state({"GBPUSD": {"direction": "short"}}, {})
    Path("state_backups/b.json").write_text('{"active_positions": {"XAU-XAG": {"direction": "LONG"}}, "pair_states": {}}')
    success = migrate_legacy_system("./state_backups/")
    assert success
    manager = UnifiedStateManager()
    assert set(manager.get_all_positions()) == {"EURUSD", "GBPUSD", "XAU-XAG"}
    manager.shutdown()


def test_a_migration_by_hand_reports_what_it_took_over() -> None:
    Path("old_state.json").write_text('{"active_positions": {"A-B": {"direction": "long"}}, "pair_states": {"A-B": {}}}')
    with pytest.warns(ServerSetting, match="INFLUXDB_URL"):
        target_manager = create_enhanced_trading_state_manager(
            database_type="influxdb",
            database_config={
                "url": "http://localhost:8086",
                "token": "your-token",
                "org": "trading-org",
                "bucket": "trading-states",
            },
        )
    migrator = StateMigrator("old_state.json", target_manager)
    success = migrator.migrate_trading_state(backup_original=True)
    report = migrator.get_migration_report()
    assert success and f"{report['successful_items']}/{report['total_items']}" == "2/2"
    assert len(list(Path.cwd().glob("old_state.json.backup.*"))) == 1
    assert "your-token" not in repr(target_manager.config) and "your-token" not in str(target_manager.get_system_status())
    target_manager.shutdown()


def test_a_trading_system_saves_loads_and_names_the_end_of_its_day() -> None:
    class TradingSystem:
        def __init__(self) -> None:
            self.state_manager = get_state_manager(auto_migrate=True, legacy_state_path="state.json")
            self.state_manager.initialize()

        def save_current_state(self) -> bool:
            return self.state_manager.save_trading_state(
                active_positions=positions,
                pair_states=pair_states,
                portfolio_data={"total_value": 50000},
                user_id="trading_system",
            )

        def load_previous_state(self) -> Any:
            return self.state_manager.load_trading_state()

        def create_end_of_day_snapshot(self) -> bool:
            return self.state_manager.create_snapshot(f"End of day snapshot - {datetime.now().strftime('%Y-%m-%d')}")

    system = TradingSystem()
    assert system.load_previous_state() is None, "there is no file, and nothing on the server"
    assert system.save_current_state() and system.create_end_of_day_snapshot()
    assert system.load_previous_state()["total_value"] == 50000
    assert TradingSystem().state_manager is system.state_manager


def test_a_trade_is_a_version_of_its_position() -> None:
    state_manager = get_state_manager()
    trade_data = {"pair": "EURUSD", "price": 1.0985, "entry_time": datetime(2025, 7, 20, 8)}
    mine = dict(trade_data)
    state_manager.save_position(
        pair=trade_data["pair"], position_data=trade_data, user_id="influxdb_integration", description="Trade executed"
    )
    assert trade_data == mine, "the caller's dict is the caller's"  # D-046
    assert state_manager.load_position("EURUSD") == mine
    (entry,) = state_manager.get_state_history(state_type="position", limit=10)
    assert (entry["user_id"], entry["description"]) == ("influxdb_integration", "Trade executed")


def test_health_and_analytics_say_what_is_there() -> None:
    manager = get_state_manager()
    manager.save_trading_state(positions, pair_states)
    health_ok = manager.health_check()
    status = manager.get_system_status()
    assert f"{health_ok} {status['active_positions']} {status['database_type']}" == "True 1 sqlite"
    history = manager.get_state_history(state_type="position", limit=1000)
    for entry in history:
        assert isinstance(entry["timestamp"], datetime) and entry["description"]
    assert len(history) == len(manager.get_all_positions()) == 1


def test_a_position_is_tried_against_its_schema() -> None:
    position = PositionSchema(
        symbol1="EUR", symbol2="USD", direction="long", entry_time=datetime.now(), quantity=100000, entry_price=1.0985
    )
    manager = get_state_manager()
    assert position.quantity == 100000 and manager.save_position("EURUSD", position)
    assert manager.load_position("EURUSD") == dict(position)
    with pytest.raises(ValidationError) as caught:
        PositionSchema(symbol1="", direction="up", entry_time="soon", quantity=True, entry_price=float("inf"), stop_loss=0)
    wrong = {"symbol1", "symbol2", "direction", "entry_time", "quantity", "entry_price", "stop_loss"}
    assert set(caught.value.errors) == wrong


def test_the_key_is_sent_and_other_settings_say_where_they_belong(server: Server) -> None:
    server.stop()
    server._environment = {"TRADING_STATE_API_KEY": "your-secure-api-key"}
    server.start()
    manager = UnifiedStateManager()
    assert manager.health_check() is False
    with pytest.warns(ServerSetting, match="TRADING_STATE_API_KEY"):
        manager.config.api.api_key = "your-secure-api-key"
    assert manager.health_check() is True
    with pytest.warns(ServerSetting, match="TRADING_STATE_API_CORS_ORIGINS"):
        manager.config.api.cors_origins = ["https://your-trading-dashboard.com"]
    with pytest.warns(ServerSetting, match="TRADING_STATE_CACHE_ENABLED"):
        manager.config.cache.enabled = True
    with pytest.warns(ServerSetting, match="TRADING_STATE_CACHE_TTL"):
        manager.config.cache.ttl_seconds = 600
    with pytest.raises(AttributeError, match="tll_seconds"):
        manager.config.cache.tll_seconds = 600  # type: ignore[attr-defined]
    with pytest.raises(AttributeError, match="one by one"):
        manager.config.cache = CacheConfig(enabled=True)
    assert manager.get_system_status()["status"] == "healthy"
    assert manager.config.database.get_connection_config() == {}
    manager.shutdown()


def test_a_production_configuration_says_of_each_setting_where_it_belongs() -> None:
    config = StateManagementConfig(
        database=DatabaseConfig(database_type="postgresql", connection_timeout=60, retry_attempts=5),
        cache=CacheConfig(enabled=True, ttl_seconds=600, max_size=10000),
        enable_file_fallback=False,
        backup_retention_days=30,
    )
    with pytest.warns(ServerSetting) as said:
        manager = UnifiedStateManager(config)
    text = "\n".join(str(each.message) for each in said)
    for name in ("DB_TYPE", "CONNECTION_TIMEOUT", "RETRY_ATTEMPTS", "CACHE_TTL", "CACHE_MAX_SIZE", "ENABLE_FILE_FALLBACK"):
        assert f"TRADING_STATE_{name} " in text
    assert "backup_retention_days has no effect" in text
    assert manager.config.database.get_connection_config()["database_type"] == "postgresql"
    assert manager.get_system_status()["database_type"] == "sqlite", "what is true, not what was wished"
    manager.shutdown()


def test_a_kind_of_database_or_a_setting_that_nobody_knows_is_refused() -> None:  # D-057
    with pytest.raises(ValueError, match="oracle"):
        create_enhanced_trading_state_manager(database_type="oracle")
    with pytest.raises(ValueError, match="oracle"):
        DatabaseConfig().database_type = "oracle"
    with pytest.raises(ValueError, match="tokn"):
        create_enhanced_trading_state_manager("influxdb", {"tokn": "x"})


def test_the_options_of_the_other_constructor_are_taken() -> None:  # D-057
    with pytest.warns(ServerSetting, match="ENABLE_VALIDATION"):
        state_manager = UnifiedStateManager(auto_migrate=True, enable_validation=True, file_fallback=True)
    assert state_manager.initialize()
    status = state_manager.get_system_status()
    restored = state_manager.get_all_positions()
    assert status["database_connected"] and f"Restored {len(restored)} positions" == "Restored 0 positions"
    state_manager.shutdown()


def test_a_migration_is_proved_and_each_issue_named() -> None:
    TradingStateManager("old_state.json").save_trading_state(positions, {"EURUSD": {"at": datetime(2026, 1, 1)}})
    manager = get_state_manager()
    result = validate_migration("old_state.json", manager.enhanced_manager)
    assert (result["valid"], result["issues"]) == (False, ["position position_EURUSD: new", "pair_state pair_EURUSD: new"])
    assert migrate_legacy_system("old_state.json")
    result = validate_migration("old_state.json", manager.enhanced_manager)
    assert (result["valid"], result["issues"], result["pair_count_target"]) == (True, [], 1)


def test_the_unit_test_of_an_older_program_passes() -> None:
    class TestStateManager(unittest.TestCase):
        def setUp(self) -> None:
            self.manager = UnifiedStateManager()
            self.manager.initialize()

        def test_save_and_load_state(self) -> None:
            positions = {"EURUSD": {"direction": "long"}}
            pair_states = {"EURUSD": {"position": "long"}}
            success = self.manager.save_trading_state(positions, pair_states)
            self.assertTrue(success)
            loaded = self.manager.load_trading_state()
            self.assertIsNotNone(loaded)
            self.assertEqual(loaded["active_positions"], positions)  # type: ignore[index]

        def tearDown(self) -> None:
            self.manager.shutdown()

    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(TestStateManager).run(result)
    assert result.testsRun == 1 and result.wasSuccessful(), result.errors
