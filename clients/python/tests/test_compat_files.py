"""States in files, by the older names: whole or not at all, and what is damaged is never taken for nothing."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import multiprocessing
import os
import subprocess
import sys
import threading
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import stateloft
from stateloft.compat import StateManager, TradingStateManager


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def prices() -> Any:
    return pd.Series([1.0, np.nan, 1.5], index=pd.date_range("2026-01-01", periods=3, tz="UTC"), name="close")


def test_a_bare_file_name_works_and_everything_comes_back_as_what_it_was() -> None:  # D-041, D-043, D-044
    manager = StateManager("state.json")
    state = {
        "key": "value",
        "timestamp": datetime(2026, 11, 21, 6),
        "looks": "2026-11-21T06:00:00",
        "s": {1, 2},
        "frame": pd.DataFrame({"a": [1, 2]}),
        "n": np.int64(3),
        "d": Decimal("1.20"),
        "nested": {"price": prices()},
    }
    assert manager.save_state(state) is True
    loaded = StateManager("state.json").load_state()
    assert loaded is not None
    pd.testing.assert_frame_equal(loaded.pop("frame"), state.pop("frame"))
    pd.testing.assert_series_equal(loaded["nested"].pop("price"), state["nested"].pop("price"))  # type: ignore[attr-defined]
    assert loaded == state and type(loaded["looks"]) is str and type(loaded["n"]) is np.int64


def test_a_value_that_cannot_be_kept_leaves_the_file_as_it_was() -> None:  # D-040, D-046
    manager = StateManager("state.json")
    manager.save_state({"n": 1})
    before = Path("state.json").read_bytes()
    mine = {"n": 2, "entry": {"bad": object()}}
    assert manager.save_state(mine) is False
    assert Path("state.json").read_bytes() == before and manager.load_state() == {"n": 1}
    assert list(mine) == ["n", "entry"]


def test_generations_are_kept_and_a_damaged_file_falls_back_to_the_one_before() -> None:  # D-040, D-045
    manager = StateManager("deep/state.json", generations=2)
    for number in range(4):
        manager.save_state({"n": number})
    assert sorted(path.name for path in Path("deep").iterdir()) == [
        "state.json",
        "state.json.1",
        "state.json.2",
        "state.json.lock",
    ]
    path = Path("deep/state.json")
    path.write_bytes(path.read_bytes().replace(b'{"n":3}', b'{"n":8}'))
    assert manager.load_state() == {"n": 2}
    path.write_bytes(path.read_bytes()[:40])
    assert manager.load_state() == {"n": 2}
    for each in Path("deep").glob("state.json.[12]"):
        each.write_bytes(b"{")
    with pytest.raises(stateloft.Damaged):
        manager.load_state()
    assert StateManager("other.json").load_state() is None


def test_the_file_is_one_json_document_and_may_be_packed() -> None:
    StateManager("a.json").save_state({"n": Decimal("1.20")})
    document = json.loads(Path("a.json").read_text())
    assert document["data"] == {"n": {"$stateloft": "decimal", "value": 1.2}}
    packed = StateManager("b.json", compress=True)
    packed.save_state({"n": 1})
    assert packed.load_state() == {"n": 1} and gzip.decompress(Path("b.json").read_bytes())


def test_information_and_removal() -> None:
    manager = StateManager("state.json")
    assert manager.get_state_info()["exists"] is False and not manager.state_exists() and not manager.delete_state()
    manager.save_state({})
    info = manager.get_state_info()
    assert info["exists"] and info["size"] > 0 and info["modified_time"].tzinfo is dt.timezone.utc
    assert manager.delete_state() and not manager.state_exists()


def test_files_of_older_programs_are_read_as_they_are() -> None:
    Path("state.json").write_text('{\n  "active_positions": {"A-B": {"entry_time": "2025-07-20T08:00:00", "z": NaN}}\n}')
    state = TradingStateManager("state.json").load_trading_state()
    assert state is not None and state["pair_states"] == {}
    assert state["active_positions"]["A-B"]["entry_time"] == "2025-07-20T08:00:00"


def test_own_serializers_are_all_asked() -> None:
    class MyCustomClass:
        def __init__(self, data: int) -> None:
            self.data = data

        def to_dict(self) -> dict[str, int]:
            return {"data": self.data}

        @classmethod
        def from_dict(cls, data: dict[str, int]) -> MyCustomClass:
            return cls(data["data"])

    def custom_serializer(obj: Any) -> Any:
        if isinstance(obj, MyCustomClass):
            return {"type": "MyCustomClass", "data": obj.to_dict()}
        return obj

    def custom_deserializer(obj: Any) -> Any:
        if isinstance(obj, dict) and obj.get("type") == "MyCustomClass":
            return MyCustomClass.from_dict(obj["data"])
        return obj

    state_manager = StateManager("state.json")
    state_manager.register_serializer("other", lambda obj: obj)
    state_manager.register_serializer("custom", custom_serializer)
    state_manager.register_deserializer("custom", custom_deserializer)
    assert state_manager.save_state({"deep": [MyCustomClass(7)], "at": datetime(2026, 1, 1)})
    loaded = state_manager.load_state()
    assert loaded is not None and loaded["deep"][0].data == 7 and loaded["at"] == datetime(2026, 1, 1)
    assert state_manager.save_state({"x": object()}) is False


def test_a_trading_state_keeps_every_field_of_its_pairs() -> None:  # D-030, D-042
    lock = threading.Lock()
    manager = TradingStateManager("state.json", lock)
    positions = {"EURUSD-GBPUSD": {"direction": "long", "entry_time": datetime(2026, 1, 1), "symbol1": "EURUSD"}}
    pairs = {"EURUSD-GBPUSD": {"position": "long", "z_score": 1.5, "mine": {"x": 1}, "price1": prices()}}
    assert manager.save_trading_state(positions, pairs, {"portfolio_peak_value": 100000, "suspended_pairs": ["A"]})
    state = manager.load_trading_state()
    assert state is not None and state["active_positions"] == positions
    assert state["pair_states"]["EURUSD-GBPUSD"]["mine"] == {"x": 1}
    assert state.get("portfolio_peak_value") == 100000
    pd.testing.assert_series_equal(state["pair_states"]["EURUSD-GBPUSD"]["price1"], prices())


def test_a_portfolio_may_not_stand_in_for_positions() -> None:  # D-035
    manager = TradingStateManager("state.json")
    assert manager.save_trading_state({}, {}, {"active_positions": {}}) is False
    assert not manager.state_exists()
    assert manager.get_portfolio_summary() == {"exists": False}


def test_the_summary_does_not_read_the_data() -> None:
    manager = TradingStateManager("state.json")
    manager.save_trading_state({"A-B": {"direction": "long", "qty": 1}}, {"A-B": {}}, {"portfolio_peak_value": 5})
    path = Path("state.json")
    path.write_bytes(path.read_bytes().partition(b"\n")[0] + b"\n")  # nothing behind the first line
    summary = manager.get_portfolio_summary()
    assert (summary["exists"], summary["active_positions_count"], summary["pair_states_count"]) == (True, 1, 1)
    assert summary["portfolio_peak_value"] == 5 and summary["suspended_pairs"] is None
    assert summary["positions_summary"] == {"A-B": {"direction": "long", "entry_time": None, "symbol1": None, "symbol2": None}}
    assert summary["last_save_time"].tzinfo is not None


def _count(number: int) -> None:
    manager = StateManager("shared.json")
    for step in range(30):
        assert manager.save_state({"who": number, "step": step, "fill": "x" * 5000})


def test_two_processes_never_tear_a_file() -> None:  # D-045
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_count, args=(number,)) for number in range(2)]
    for each in processes:
        each.start()
    reader = StateManager("shared.json")
    while any(each.is_alive() for each in processes):
        found = reader.load_state()
        assert found is None or len(found["fill"]) == 5000
    for each in processes:
        each.join()
        assert each.exitcode == 0


def test_a_kill_in_the_middle_of_saves_leaves_a_whole_file() -> None:
    code = (
        "import sys; from stateloft.compat import StateManager\n"
        "m = StateManager('killed.json'); n = 0\n"
        "while True:\n n += 1; m.save_state({'n': n, 'fill': 'x' * 200000}); print(n, flush=True)\n"
    )
    for wait in (1, 3, 8):
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=os.getcwd())
        assert process.stdout is not None
        said = [int(process.stdout.readline()) for _ in range(wait)][-1]
        process.kill()
        said = max([said, *map(int, process.communicate()[0].split())])
        found = StateManager("killed.json").load_state()
        assert found is not None and found["n"] in (said, said + 1) and len(found["fill"]) == 200000
