"""While the server is away nothing is lost, and when it is back everything arrives once and in order."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import stateloft
from stateloft._journal import Entry, Journal
from stateloft._saver import saver_for
from stateloft._states import _STATES
from stateloft.testing import Server


def opened(server: Server, journal: Path, called: str = "counters/x", **options: Any) -> stateloft.State:
    """The state as a program that starts now sees it."""
    _STATES.pop((server.url, called), None)
    return stateloft.state(called, client=server.client(author="bot"), journal=str(journal), **options)


def hold(state: stateloft.State) -> None:
    """Nothing is replayed before the test asks for it, so that another program is certainly first."""
    state._saver._retry_at = time.monotonic() + 3600


def numbers(server: Server, called: str = "x") -> list[int]:
    return [each.data["n"] for each in server.client().history("counters", called)][::-1]


def test_saves_while_the_server_is_away_arrive_in_order_each_as_a_version(server: Server, tmp_path: Path) -> None:
    state = opened(server, tmp_path, default={"n": 0}, interval=60)
    state.save()
    server.kill()
    for number in range(1, 6):
        state["n"] = number
        assert isinstance(state.save(f"step {number}"), stateloft.Journaled)
    assert state.version is None and not state.unsaved
    assert not stateloft.flush(0)
    server.start()
    assert stateloft.flush(30)
    assert numbers(server) == [0, 1, 2, 3, 4, 5]
    assert next(server.client().history("counters", "x")).reason == "step 5"
    state["n"] = 6
    saved = state.save()
    assert isinstance(saved, stateloft.Version) and saved.version == 7
    assert list(tmp_path.glob("*/*.journal")) == []


def test_a_save_whose_answer_was_lost_goes_to_the_journal_under_its_own_key_and_is_done_once(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stateloft import _replay, _state

    keys: list[str] = []

    def lost(*arguments: Any) -> Any:
        keys.append(arguments[-1])
        _replay.save_text(*arguments)
        raise stateloft.OutcomeUnknown("the answer was lost")

    state = opened(server, tmp_path, default={"n": 0}, interval=60)
    state.save()
    monkeypatch.setattr(_state, "save_text", lost)
    monkeypatch.setattr(state._saver, "keep", state._saver.journal.append)
    state["n"] = 1
    made = state.save()
    assert isinstance(made, stateloft.Journaled) and [each.key for each in state._saver.journal.waiting] == keys == [made.key]
    monkeypatch.undo()
    state["n"] = 2
    state.save()
    assert stateloft.flush(30)
    assert numbers(server) == [0, 1, 2]


BOT = """
import sys, stateloft
called, server, steps = sys.argv[1:4]
state = stateloft.state(called, default={"n": 0}, client=stateloft.Client(server), interval=60)
print("open", state["n"], flush=True)
for _ in range(int(steps)):
    state["n"] += 1
    state.save(f"step {state['n']}")
    print("saved", state["n"], flush=True)
"""


def bot(server: Server, journal: Path, steps: int) -> subprocess.Popen[str]:
    environment = {**os.environ, "STATELOFT_JOURNAL": str(journal)}
    command = [sys.executable, "-c", BOT, "counters/x", server.url, str(steps)]
    return subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_kills_of_the_bot_and_of_the_server_lose_nothing_that_was_acknowledged_and_repeat_nothing(
    server: Server, tmp_path: Path
) -> None:
    opened(server, tmp_path / "first", default={"n": 0}).save()
    chance, acknowledged = random.Random(15), 0
    for round_ in range(8):
        process = bot(server, tmp_path / "journal", 200)
        assert process.stdout is not None and process.stderr is not None
        first = process.stdout.readline().split()
        assert first[:1] == ["open"], process.stderr.read()
        assert int(first[1]) >= acknowledged, "what was acknowledged is there when the program starts again"
        for _ in range(chance.randrange(1, 60)):
            acknowledged = int(process.stdout.readline().split()[1])
        if round_ % 2:
            server.kill()
            for _ in range(chance.randrange(1, 30)):
                acknowledged = int(process.stdout.readline().split()[1])
        process.kill()
        rest = process.communicate()[0].split()
        acknowledged = max([acknowledged, *map(int, rest[1::2])])
        if round_ % 2:
            server.start()
    state = opened(server, tmp_path / "journal")
    assert stateloft.flush(30)
    assert state["n"] >= acknowledged
    assert numbers(server) == list(range(state["n"] + 1)), "each once, in order, without a gap"


def test_a_program_that_starts_while_the_server_is_away_goes_on_where_it_was(server: Server, tmp_path: Path) -> None:
    state = opened(server, tmp_path, default={"n": 0})
    state.save()
    server.kill()
    folder = tmp_path / "own"
    server.start()
    bot(server, folder, 1).communicate()
    server.kill()
    _leave_behind(server, folder, 1, {"n": 41})
    process = bot(server, folder, 1)
    said, errors = process.communicate()
    assert said.split() == ["open", "41", "saved", "42"], errors
    server.start()
    process = bot(server, folder, 0)
    assert process.communicate()[0].split() == ["open", "42"]
    assert numbers(server) == [0, 1, 41, 42]


def _leave_behind(server: Server, folder: Path, base: int, data: dict[str, int]) -> None:
    """The journal of a process that has ended."""
    from stateloft._journal import folder_for

    journal = Journal(folder_for(server.url, str(folder)))
    journal.append(entry("left-behind", base + 1, data["n"]))
    journal.after_fork()  # lets go of the file, as the end of a process does


def entry(key: str, base: Any, number: int, on_conflict: str = "raise") -> Entry:
    return Entry(key, "counters", "x", {"user_id": "bot"}, f'{{"n":{number}}}', base, None, on_conflict, time.time())


def test_what_another_program_saved_meanwhile_is_not_overwritten_and_mine_is_kept_aside(server: Server, tmp_path: Path) -> None:
    state = opened(server, tmp_path, default={"n": 0}, interval=60)
    state.save()
    server.kill()
    state["n"] = 1
    state.save()
    state["n"] = 2
    state.save()
    hold(state)
    server.start()
    server.client().save("counters", "x", {"n": 77})
    for _ in range(2):
        with pytest.raises(stateloft.Conflict):
            stateloft.flush(30)
            state.save()
    assert numbers(server) == [0, 77]
    assert sorted(
        '"n": 1' in each.read_text() or '{\\"n\\":1}' in each.read_text() for each in tmp_path.glob("*/conflict-*.json")
    ) == [False, True]
    state["n"] = 3
    with pytest.raises(stateloft.Conflict):
        state.save()
    state.reload()
    assert state == {"n": 77}
    state["n"] += 1
    state.save()
    assert numbers(server) == [0, 77, 78]


def test_what_another_program_saved_meanwhile_is_merged_write_by_write(server: Server, tmp_path: Path) -> None:
    state = opened(server, tmp_path, default={"n": 0, "theirs": 0}, on_conflict="merge", interval=60)
    state.save()
    server.kill()
    for number in (1, 2):
        state["n"] = number
        state.save()
    hold(state)
    server.start()
    server.client().save("counters", "x", {"n": 0, "theirs": 5})
    assert stateloft.flush(30)
    kept = [each.data for each in server.client().history("counters", "x")][::-1]
    assert kept == [{"n": 0, "theirs": 0}, {"n": 0, "theirs": 5}, {"n": 1, "theirs": 5}, {"n": 2, "theirs": 5}]
    state["n"] = 3
    state.save()
    assert server.client().get("counters", "x") == {"n": 3, "theirs": 5} == state


def test_a_full_journal_says_so_and_keeps_what_it_has(server: Server, tmp_path: Path) -> None:
    state = opened(server, tmp_path, default={"n": 0}, interval=60, journal_limit=200)
    state.save()
    server.kill()
    state["n"] = 1
    state.save()
    state["text"] = "x" * 300
    with pytest.raises(stateloft.JournalFull) as full:
        state.save()
    assert full.value.written is False and state.unsaved
    del state["text"]
    state["n"] = 2
    state.save()
    server.start()
    assert stateloft.flush(30)
    assert numbers(server) == [0, 1, 2]


def test_a_key_that_is_wrong_today_sets_nothing_aside(tmp_path: Path) -> None:
    key = "0123456789abcdef-right"
    with stateloft.testing.server(environment={"TRADING_STATE_API_KEY": key}) as server:
        client = server.client(key=key)
        state = stateloft.state("counters/x", {"n": 0}, client=client, journal=str(tmp_path), interval=60)
        state.save()
        server.kill()
        state["n"] = 1
        state.save()
        hold(state)
        server.start()
        state._saver.client = server.client(key="0123456789abcdef-wrong")
        state._saver.replay._client = state._saver.client
        assert not state._saver.drain() and len(state._saver.journal.waiting) == 1
        state._saver.replay._client = client
        assert stateloft.flush(30)
        assert [each.data["n"] for each in client.history("counters", "x")] == [1, 0]
        assert list(tmp_path.glob("*/conflict-*")) == []


def test_what_the_server_refuses_is_kept_aside_and_said(tmp_path: Path) -> None:
    with stateloft.testing.server() as server:
        entry_ = replace(entry("k", 0, 1), state_type="Not A Type")
        state = opened(server, tmp_path, default={"n": 0}, interval=60)
        state._saver.journal.append(entry_)
        assert state._saver.drain()
        (kept,) = tmp_path.glob("*/conflict-k.json")
        assert "/state_type" in json.loads(kept.read_text())["why"]


def test_a_journal_that_cannot_be_used_is_said_at_once(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(stateloft.Refused, match="cannot be used"):
        opened(server, tmp_path / "file")


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("[0-9]*.journal"))


def left(folder: Path) -> Path:
    journal = Journal(folder)
    for number in (1, 2, 3):
        journal.append(entry(f"k{number}", None if number > 1 else 4, number))
    journal.after_fork()
    return files(folder)[0]


def test_a_cut_end_was_never_acknowledged_and_the_rest_is_taken_over(tmp_path: Path) -> None:
    path = left(tmp_path)
    raw = path.read_bytes()
    for cut in range(1, 200, 13):
        path.write_bytes(raw[:-cut])
        journal = Journal(tmp_path)
        assert [each.key for each in journal.waiting] == ["k1", "k2"]
        journal.after_fork()


def test_damage_in_the_middle_is_kept_aside_and_what_is_whole_is_replayed(tmp_path: Path) -> None:
    path = left(tmp_path)
    raw = bytearray(path.read_bytes())
    raw[raw.index(b'{\\"n\\":2}') + 3] ^= 1
    path.write_bytes(raw)
    for _ in range(2):  # and it stays so for the process after the next
        journal = Journal(tmp_path)
        assert [each.key for each in journal.waiting] == ["k1", "k3"]
        journal.after_fork()
    assert [each.name for each in tmp_path.glob("damaged-*")] == [f"damaged-{path.name}"]


def test_a_living_process_keeps_its_file(tmp_path: Path) -> None:
    mine = Journal(tmp_path)
    mine.append(entry("k1", 1, 1))
    assert not Journal(tmp_path).waiting


def test_what_was_done_is_not_done_again_and_the_next_follows_it(tmp_path: Path) -> None:
    left(tmp_path)
    second = Journal(tmp_path)
    second.done(second.waiting[0], 5)
    second.after_fork()
    third = Journal(tmp_path)
    assert [(each.key, each.base) for each in third.waiting] == [("k2", 5), ("k3", None)]
    third.done(third.waiting[0], 7, as_it_is=False)
    assert Journal(tmp_path).waiting == type(third.waiting)()
    third.after_fork()
    fourth = Journal(tmp_path)
    assert [(each.key, each.base, each.base_data) for each in fourth.waiting] == [("k3", 6, '{"n":2}')]
    fourth.done(fourth.waiting[0], 8)
    assert files(tmp_path) == []


def test_a_write_that_arrived_so_long_ago_that_its_key_is_forgotten_is_not_a_conflict_with_itself(
    client: stateloft.Client, tmp_path: Path
) -> None:
    mine = uuid.uuid4().hex
    client.save("counters", mine, {"n": 1})
    client.save("counters", mine, {"n": 2})
    saver = saver_for(client, str(tmp_path), 1 << 20)
    for key, text in (("arrived", '{"n":2}'), ("another", '{"n":7}')):
        saver.journal.append(Entry(key, "counters", mine, {}, text, 1, None, "raise", 0.0))
    assert saver.drain()
    assert [each.data["n"] for each in client.history("counters", mine)] == [2, 1]
    assert [path.name for path in saver.journal.folder.glob("conflict-*")] == ["conflict-another.json"], "which is one"
