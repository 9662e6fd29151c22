"""A dict that survives: changes are saved, at the latest when the program ends, and conflicts are settled as asked."""

from __future__ import annotations

import copy
import dataclasses
import gc
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
import uuid
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Callable

import pytest

import stateloft
import stateloft._saver
from stateloft._states import _STATES
from stateloft.testing import Server


def name() -> str:
    return f"counters/{uuid.uuid4().hex[:8]}"


@pytest.fixture
def opened(shared: Server, tmp_path: Path) -> Iterator[Callable[..., stateloft.State]]:
    clients = []

    def open_(called: str, **options: Any) -> stateloft.State:
        client = shared.client(author="bot")
        clients.append(client)
        options.setdefault("journal", str(tmp_path / uuid.uuid4().hex))
        _STATES.pop((client.server, called), None)  # as a program that starts now sees it
        return stateloft.state(called, client=client, **options)

    yield open_
    for each in clients:
        each.close()


def until(what: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        found = what()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError("it did not happen")


def test_a_state_that_the_program_has_no_more_is_saved_and_then_forgotten(server: Server, tmp_path: Path) -> None:
    def there(called: str) -> list[str]:
        gc.collect()
        return [each for _, each in list(_STATES) if each.startswith(called)]

    client = server.client()
    options: dict[str, Any] = {"client": client, "journal": str(tmp_path), "interval": 0.05}
    for number in range(3):
        stateloft.state(f"order/{number}", {"qty": Decimal(number)}, **options)["placed"] = True
    until(lambda: not there("order/"))
    assert sorted(each.state_id for each in client.list("order")) == ["0", "1", "2"]
    nested = stateloft.state("kept/part", {"open": {}}, **options)["open"]
    until(lambda: client.get("kept", "part", None) is not None)
    nested["EURUSD"] = 2  # who has a part of it has it
    until(lambda: client.get("kept", "part") == {"open": {"EURUSD": 2}})
    server.kill()
    nested["EURUSD"] = 3
    del nested
    journal = next(iter(stateloft._saver.savers())).journal
    until(lambda: journal.waiting)
    assert there("kept/") == ["kept/part"], "it waits in the journal"
    server.start()
    assert stateloft.flush(30)
    until(lambda: not there("kept/"))
    assert client.get("kept", "part") == {"open": {"EURUSD": 3}}


def test_a_save_is_durable_before_it_returns_and_says_why(opened: Any, client: stateloft.Client) -> None:
    mine = name()
    state = opened(mine, default={"losses": 0, "peak": Decimal("0")}, interval=60)
    state["losses"] += 1
    saved = state.save("stop hit")
    assert (saved.version, saved.reason, saved.author) == (1, "stop hit", "bot")
    assert client.get(*mine.split("/")) == {"losses": 1, "peak": Decimal("0")}
    assert state.save() == saved and not state.unsaved
    again = opened(mine, default={"losses": 99})
    assert again == {"losses": 1, "peak": Decimal("0")} and again.version == 1


def test_every_way_to_change_something_nested_is_noticed(opened: Any, client: stateloft.Client) -> None:
    mine = name()
    state = opened(mine, default={"d": {"x": {"y": 1}}, "l": [{"a": 1}, [2]], "s": {1}}, interval=60)
    state.save()
    changes: list[Callable[[], Any]] = [
        lambda: state["d"]["x"].__setitem__("y", 2),
        lambda: state["d"].update(z={"n": []}),
        lambda: state["d"]["z"]["n"].append({"deep": 1}),
        lambda: state["d"]["z"]["n"][0].update(deep=2),
        lambda: state["l"][0].pop("a"),
        lambda: state["l"][1].extend([3, 4]),
        lambda: state["l"][1].sort(reverse=True),
        lambda: state["l"].__delitem__(0),
        lambda: state["s"].add(2),
        lambda: state["s"].discard(1),
        lambda: state["d"].setdefault("new", {"k": 1}),
        lambda: state["l"].insert(0, {"q": 1}),
        lambda: state["l"].__setitem__(slice(0, 1), [7, 8]),
        lambda: state["d"].clear(),
        lambda: state.pop("l"),
        lambda: state.setdefault("m", []).append(1),
        lambda: state["s"].__ior__({9}),
        lambda: state["m"].__iadd__([5]),
        lambda: state["m"].__imul__(2),
    ]
    for number, change in enumerate(changes):
        change()
        assert state.unsaved, number
        state.save()
        assert client.get(*mine.split("/")) == state.copy(), number


def test_changes_are_saved_in_the_background_several_as_one(opened: Any, client: stateloft.Client) -> None:
    mine = name()
    state = opened(mine, interval=0.3)
    for number in range(100):
        state["n"] = number
    until(lambda: client.get(*mine.split("/"), None) == {"n": 99})
    until(lambda: not state.unsaved)
    assert len(list(client.history(*mine.split("/")))) == 1


def test_an_object_that_changes_without_telling_is_looked_at(opened: Any, client: stateloft.Client) -> None:
    mine = name()
    state = opened(mine, interval=0.05)
    state["trade"] = Trade(1)
    until(lambda: client.get(*mine.split("/"), None) == {"trade": Trade(1)})
    state["trade"].qty = 2
    until(lambda: client.get(*mine.split("/")) == {"trade": Trade(2)})


@dataclasses.dataclass
class Trade:
    qty: int


def test_copies_are_ordinary_and_no_longer_tracked(opened: Any) -> None:
    state = opened(name(), default={"a": {"b": [1, {2}]}}, interval=60)
    for made in (state.copy()["a"], copy.deepcopy(state["a"]), pickle.loads(pickle.dumps(state["a"]))):
        assert made == {"b": [1, {2}]} and type(made) is dict
    assert isinstance(state["a"], dict) and isinstance(state["a"]["b"], list)


def test_what_cannot_be_kept_is_refused_with_its_path_and_the_rest_goes_on(opened: Any, client: stateloft.Client) -> None:
    mine = name()
    state = opened(mine, default={"n": 1}, interval=60)
    state.save()
    state["bad"] = {"deep": [float("nan")]}
    with pytest.raises(stateloft.NotKept) as refused:
        state.save()
    assert refused.value.pointer == "/bad/deep/0"
    del state["bad"]
    state["n"] = 2
    state.save()
    assert client.get(*mine.split("/")) == {"n": 2}


def test_a_conflict_is_raised_until_it_is_read_again(opened: Any, client: stateloft.Client) -> None:
    mine = name()
    state = opened(mine, default={"n": 1}, interval=60)
    state.save()
    client.save(*mine.split("/"), {"n": 50})
    state["n"] = 2
    for _ in range(2):
        with pytest.raises(stateloft.Conflict):
            state.save()
    assert client.get(*mine.split("/")) == {"n": 50}
    state.reload()
    assert state == {"n": 50}
    state["n"] += 1
    assert state.save().version == 3


def test_a_conflict_in_the_background_is_raised_by_the_next_save(opened: Any, client: stateloft.Client) -> None:
    mine = name()
    state = opened(mine, default={"n": 1}, interval=0.01)
    state.save()
    client.save(*mine.split("/"), {"n": 50})
    state["n"] = 2
    until(lambda: state._error is not None)
    with pytest.raises(stateloft.Conflict):
        state.save()
    assert client.get(*mine.split("/")) == {"n": 50}


def test_a_conflict_is_merged_and_references_stay_alive(opened: Any, client: stateloft.Client) -> None:
    mine = name()
    state = opened(mine, default={"mine": {"a": 1}, "theirs": {"b": 1}, "gone": 1}, on_conflict="merge", interval=60)
    state.save()
    inner = state["theirs"]
    client.save(*mine.split("/"), {"mine": {"a": 1}, "theirs": {"b": Decimal("2.50"), "c": [1]}})
    state["mine"]["a"] = 2
    state.save()
    expected = {"mine": {"a": 2}, "theirs": {"b": Decimal("2.50"), "c": [1]}}
    assert state == expected == client.get(*mine.split("/"))
    inner["c"].append(2)
    state.save()
    assert client.get(*mine.split("/"))["theirs"]["c"] == [1, 2]
    client.save(*mine.split("/"), {"mine": {"a": 7}, "theirs": {}})
    state["mine"]["a"] = 8
    with pytest.raises(stateloft.Conflict) as both:
        state.save()
    assert both.value.paths == ("/mine/a",)


def test_a_conflict_may_take_the_others(opened: Any, client: stateloft.Client) -> None:
    mine = name()
    state = opened(mine, default={"n": 1}, on_conflict="reload", interval=60)
    state.save()
    client.save(*mine.split("/"), {"n": 50})
    state["n"] = 2
    state.save()
    assert state == {"n": 50} == client.get(*mine.split("/"))
    state["n"] += 1
    state.save()
    assert client.get(*mine.split("/")) == {"n": 51}


def test_threads_change_one_state_together(opened: Any, client: stateloft.Client) -> None:
    mine = name()
    state = opened(mine, default={"total": 0, "by": {}}, interval=0.01)

    def work(number: int) -> None:
        for step in range(200):
            with state.lock:
                state["total"] += 1
            state["by"].setdefault(str(number), []).append(step)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    state.save()
    kept = client.get(*mine.split("/"))
    assert kept["total"] == 1200 and all(kept["by"][str(number)] == list(range(200)) for number in range(6))


BOT = """
import os, signal, sys, time, stateloft
state = stateloft.state(sys.argv[1], default={"n": 0}, client=stateloft.Client(sys.argv[2]), interval=60)
state["n"] += 1
"""


def run(code: str, called: str, server: Server, journal: Path, **options: Any) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "STATELOFT_JOURNAL": str(journal)}
    return subprocess.run(
        [sys.executable, "-c", BOT + code, called, server.url], env=environment, text=True, capture_output=True, **options
    )


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        ("", 0),
        ("sys.exit(3)", 3),
        ("1 / 0", 1),
        ("os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)", -signal.SIGTERM),
        ("with state.lock: os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)", -signal.SIGTERM),
        ("signal.signal(signal.SIGTERM, lambda *_: sys.exit(7)); os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)", 7),
        # Whoever is started in the background of a shell has it ignored.
        (
            "signal.signal(signal.SIGINT, signal.default_int_handler); os.kill(os.getpid(), signal.SIGINT); time.sleep(60)",
            -signal.SIGINT,
        ),
    ],
)
def test_however_a_program_ends_its_changes_are_saved(
    ending: str, code: int, shared: Server, client: stateloft.Client, tmp_path: Path
) -> None:
    mine = name()
    for expected in (1, 2):
        ended = run(ending, mine, shared, tmp_path)
        assert ended.returncode == code, ended.stderr
        assert client.get(*mine.split("/")) == {"n": expected}


def test_a_fork_saves_its_own_changes_and_leaves_its_parents_to_it(
    shared: Server, client: stateloft.Client, tmp_path: Path
) -> None:
    mine = name()
    code = """
state.save()
child = stateloft.state(sys.argv[1] + "-child", client=state._client, interval=60)
if os.fork() == 0:
    child["of"] = "the child"
    child.save()
    state["n"] = 100           # from the same version as the parent's change: one of them is too late
    sys.exit(0)
os.wait()
"""
    ended = run(code, mine, shared, tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert client.get("counters", mine.split("/")[1] + "-child") == {"of": "the child"}
    assert client.get(*mine.split("/")) == {"n": 100}


def test_a_name_must_say_type_and_id() -> None:
    for wrong in ("counters", "/x", "counters/", ""):
        with pytest.raises(ValueError, match="TYPE/ID"):
            stateloft.state(wrong)


def test_nothing_is_invented_while_the_server_is_away(tmp_path: Path) -> None:
    with pytest.raises(stateloft.Unavailable):
        stateloft.state(name(), default={"n": 0}, client=stateloft.Client("http://127.0.0.1:9"), journal=str(tmp_path))


def test_a_program_that_runs_for_long_does_not_grow(opened: Any) -> None:
    state = opened(name(), default={"n": 0, "by": {}}, on_conflict="merge", interval=60)

    def run(steps: int) -> None:
        for number in range(steps):
            state["n"] += 1
            state["by"] = {str(each): [number] for each in range(20)}
            state.save("tick")

    run(300)
    tracemalloc.start()
    try:
        run(300)
        first = tracemalloc.get_traced_memory()[0]
        run(900)
        assert tracemalloc.get_traced_memory()[0] - first < 100_000, "bytes more after three times as many saves"
    finally:
        tracemalloc.stop()


def test_an_empty_dict_that_was_only_opened_is_not_there_until_it_is_saved(client: stateloft.Client) -> None:
    name = f"notes/{uuid.uuid4().hex}"
    state = stateloft.state(name, client=client, interval=0.01)
    stateloft.flush()
    with pytest.raises(stateloft.NotFound):
        client.read(*name.split("/"))
    saved = state.save()
    assert isinstance(saved, stateloft.Version) and (saved.version, client.get(*name.split("/"))) == (1, {})
