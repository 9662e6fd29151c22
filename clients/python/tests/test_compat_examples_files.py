"""What programs with a state manager of files do, call by call: only their import line is another one."""

from __future__ import annotations

import threading
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from stateloft.compat import StateManager, TradingStateManager


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


POSITIONS = {"EURUSD-GBPUSD": {"direction": "long", "entry_time": datetime(2025, 7, 20, 8), "quantity": 0.1}}
PAIR_STATES = {"EURUSD-GBPUSD": {"position": "long", "cooldown": 3, "z_score": -1.25}}


def test_a_state_is_saved_loaded_and_informed_about(tmp_path: Path) -> None:
    state_manager = StateManager(str(tmp_path / "path" / "to" / "state.json"))
    state = {"key": "value", "timestamp": datetime.now()}
    success = state_manager.save_state(state)
    loaded_state = state_manager.load_state()
    info = state_manager.get_state_info()
    assert success is True and loaded_state == state
    assert info["exists"] and info["size"] == (tmp_path / "path" / "to" / "state.json").stat().st_size


def test_a_trading_state_is_saved_by_name_and_summed_up(tmp_path: Path) -> None:
    trading_state_manager = TradingStateManager(str(tmp_path / "trading_state.json"))
    success = trading_state_manager.save_trading_state(
        active_positions=POSITIONS, pair_states=PAIR_STATES, portfolio_data={"portfolio_peak_value": 100000}
    )
    loaded_state = trading_state_manager.load_trading_state()
    summary = trading_state_manager.get_portfolio_summary()
    assert success and loaded_state is not None and loaded_state["active_positions"] == POSITIONS
    assert summary["portfolio_peak_value"] == 100000
    assert summary["positions_summary"]["EURUSD-GBPUSD"]["entry_time"] == datetime(2025, 7, 20, 8)


def test_the_basic_usage_finds_everything_again_under_a_bare_name() -> None:  # D-041
    state_manager = TradingStateManager("trading_state.json")
    portfolio = {"portfolio_peak_value": 100000}
    assert not state_manager.state_exists()
    success = state_manager.save_trading_state(POSITIONS, PAIR_STATES, portfolio)
    assert success and state_manager.state_exists()
    state = state_manager.load_trading_state()
    assert state
    assert (state["active_positions"], state["pair_states"]) == (POSITIONS, PAIR_STATES)
    assert state.get("portfolio_peak_value") == 100000


def test_a_component_saves_under_its_own_lock_and_finds_its_state_at_the_next_start() -> None:
    class MyTradingComponent:
        def __init__(self, config: Any) -> None:
            self.config = config
            self._lock = threading.Lock()
            self.positions: dict[str, Any] = {}
            self.pair_states: dict[str, Any] = {}
            self.state_manager = TradingStateManager(config.state_file, self._lock)
            self.load_state()

        def get_portfolio_data(self) -> dict[str, Any]:
            return {"suspended_pairs": list({"EURUSD-GBPUSD"}), "portfolio_trading_suspended": False}

        def save_state(self) -> bool:
            return self.state_manager.save_trading_state(
                active_positions=self.positions, pair_states=self.pair_states, portfolio_data=self.get_portfolio_data()
            )

        def load_state(self) -> None:
            state = self.state_manager.load_trading_state()
            if state:
                self.positions = state["active_positions"]
                self.pair_states = state["pair_states"]

    config = SimpleNamespace(state_file="component.json")
    component = MyTradingComponent(config)
    assert component.positions == {}
    component.positions, component.pair_states = POSITIONS, PAIR_STATES
    assert component.save_state()
    again = MyTradingComponent(config)
    assert (again.positions, again.pair_states) == (POSITIONS, PAIR_STATES)
    assert again.state_manager.get_portfolio_summary()["suspended_pairs"] == ["EURUSD-GBPUSD"]


def test_prices_need_no_serialisation_by_hand() -> None:  # D-030, D-044
    prices = pd.Series([1.1, 1.2], index=pd.date_range("2026-01-01", periods=2, freq="min"))
    frame = pd.DataFrame({"bid": [1.0, 2.0]}, index=pd.Index(["a", "b"]))
    state_manager = TradingStateManager("state.json")
    positions = {"A-B": {"history": prices, "book": frame, "tags": {"x"}}}
    assert state_manager.save_trading_state(positions, {"A-B": {"price1": prices, "price2": prices}})
    state = state_manager.load_trading_state()
    assert state is not None
    pd.testing.assert_series_equal(state["active_positions"]["A-B"]["history"], prices)
    pd.testing.assert_frame_equal(state["active_positions"]["A-B"]["book"], frame)
    pd.testing.assert_series_equal(state["pair_states"]["A-B"]["price2"], prices)
    assert state["active_positions"]["A-B"]["tags"] == {"x"}


def test_a_serializer_that_is_registered_after_a_save_is_asked_too() -> None:  # D-044
    state_manager = StateManager("state.json")
    assert state_manager.save_state({"at": datetime(2026, 1, 1)})
    state_manager.register_serializer("year", lambda obj: {"year": obj.year} if isinstance(obj, datetime) else obj)
    assert state_manager.save_state({"at": datetime(2026, 1, 1)})
    assert state_manager.load_state() == {"at": {"year": 2026}}


def test_one_serializer_goes_on_with_what_another_made() -> None:  # D-044
    class Money:
        def __init__(self, cents: int) -> None:
            self.cents = cents

    class Account:
        def __init__(self, money: Money) -> None:
            self.money = money

    state_manager = StateManager("state.json")
    state_manager.register_serializer("account", lambda obj: obj.money if isinstance(obj, Account) else obj)
    state_manager.register_serializer("money", lambda obj: {"cents": obj.cents} if isinstance(obj, Money) else obj)
    assert state_manager.save_state({"mine": Account(Money(150)), "at": datetime(2026, 1, 1), "nested": [{"m": Money(1)}]})
    assert state_manager.load_state() == {"mine": {"cents": 150}, "at": datetime(2026, 1, 1), "nested": [{"m": {"cents": 1}}]}


def test_texts_that_look_like_times_stay_texts_at_any_depth() -> None:  # D-043
    state = {"note": "2026-01-01T00:00:00", "list": ["2026-01-01"], "deep": {"2026-01-01": {"at": "10:00:00"}}}
    state_manager = StateManager("state.json")
    state_manager.save_state(state)
    assert state_manager.load_state() == state


def test_a_pair_state_keeps_members_that_nobody_has_heard_of() -> None:  # D-042
    pair_states = {"A-B": {"z_score": 2.5, "spread": 0.01, "my_own": {"k": [1, None, True]}, "half_life": 12}}
    state_manager = TradingStateManager("state.json")
    state_manager.save_trading_state({}, pair_states)
    state = state_manager.load_trading_state()
    assert state is not None and state["pair_states"] == pair_states


def test_deserializers_see_files_of_older_programs_that_have_nan_in_them() -> None:
    Path("old.json").write_text('{"x": NaN, "mine": {"type": "C", "n": 1}}')
    state_manager = StateManager("old.json")
    state_manager.register_deserializer("c", lambda obj: obj["n"] if obj.get("type") == "C" else obj)
    state = state_manager.load_state()
    assert state is not None and state["mine"] == 1 and state["x"] != state["x"]
