"""Old code that returns its state is saved by time, on events, by hand and at the end."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import uuid
from pathlib import Path
from typing import Any

import pytest

import stateloft
from stateloft._autosave import seconds
from stateloft.testing import Server


def test_it_is_saved_on_its_events_and_by_hand_and_is_still_the_function(shared: Server, tmp_path: Path) -> None:
    mine, positions = uuid.uuid4().hex, {"EURUSD": {"qty": 1}}
    client = shared.client()

    @stateloft.autosave(name=f"strategy/{mine}", every=None, on=("fill",), client=client, journal=str(tmp_path))
    def everything() -> dict[str, Any]:
        """All of it."""
        return {"positions": positions}

    assert everything() == {"positions": positions} and everything.__doc__ == "All of it."
    assert everything.event("tick") is None and client.get("strategy", mine, None) is None
    everything.event("fill")
    positions["GBPUSD"] = {"qty": 2}
    everything.save("by hand")
    del positions["EURUSD"]
    everything.event("fill", "closed")
    kept = [(each.reason, list(each.data["positions"])) for each in client.history("strategy", mine)]
    assert kept == [("closed", ["GBPUSD"]), ("by hand", ["EURUSD", "GBPUSD"]), ("fill", ["EURUSD"])]
    assert everything() == {"positions": {"GBPUSD": {"qty": 2}}} and type(positions) is dict
    everything.stop()


def test_it_is_saved_by_time_even_after_it_failed_once(shared: Server, tmp_path: Path) -> None:
    mine, calls, saved = uuid.uuid4().hex, [0], threading.Event()
    client = shared.client()

    @stateloft.autosave(name=f"strategy/{mine}", every=0.05, client=client, journal=str(tmp_path))
    def everything() -> dict[str, Any]:
        calls[0] += 1
        if calls[0] == 1:
            raise KeyError("not yet")
        if calls[0] > 3:
            saved.set()
        return {"calls": calls[0]}

    assert saved.wait(15)
    everything.stop()
    assert client.get("strategy", mine)["calls"] >= 2


@pytest.mark.parametrize("ending", ["", "import os, signal, time; os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)"])
def test_it_is_saved_at_the_end_of_the_program(ending: str, shared: Server, tmp_path: Path) -> None:
    mine = uuid.uuid4().hex
    code = f"""
import stateloft
@stateloft.autosave(name="strategy/{mine}", every="1h", client=stateloft.Client("{shared.url}"))
def everything(): return {{"n": 7}}
{ending}
"""
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "STATELOFT_JOURNAL": str(tmp_path)})
    found = shared.client().read("strategy", mine)
    assert isinstance(found, stateloft.Version) and (found.data, found.reason) == ({"n": 7}, "shutdown")


def test_intervals_are_said_with_their_unit() -> None:
    assert [seconds(each) for each in ("30s", "5m", "every 1.5 h", 2)] == [30, 300, 5400, 2]
    for wrong in ("5", "5 days", "", "-1s", 0, -1):
        with pytest.raises(ValueError):
            seconds(wrong)


def test_what_is_no_dict_is_refused(shared: Server) -> None:
    @stateloft.autosave(name="strategy/x", every=None, client=shared.client())
    def wrong() -> Any:
        return [1]

    with pytest.raises(stateloft.NotKept, match="a dict, not a list"):
        wrong.save()
    wrong.stop()
