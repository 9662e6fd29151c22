"""What a run before has left and the server could not read is unknown, and never nothing."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import stateloft
from stateloft._left import LeftBehind
from stateloft.testing import Server


def damage(server: Server, run: str, there: str, instead: str, state_type: str = "session") -> None:
    """Changes what is stored of a run, as a disk does that lies."""
    server.stop()
    with sqlite3.connect(server.folder / "store.db") as store:
        query = "state_pk = (SELECT state_pk FROM states WHERE state_type = ? AND state_id = ?)"
        update = f"UPDATE versions SET data = replace(data, ?, ?) WHERE {query}"
        changed = store.execute(update, (there, instead, state_type, run))
        assert changed.rowcount == (2 if state_type == "session" else 1)
    store.close()
    server.start()


@pytest.fixture
def journal(tmp_path: Path) -> str:
    return str(tmp_path / "journal")


@pytest.fixture
def before(server: Server, journal: str) -> stateloft.Client:
    """A run that leaves a lot, a note and a checkpoint, and one behind it that writes nothing."""
    client = server.client(author="bot")
    with stateloft.run("bot", client=client, journal=journal) as run:
        run.positions.open("AAPL", "a", side="long", quantity="0.5", price="100")
        run.orders.said({"id": "b-1", "status": "open"})
        run.save("note", "elsewhere", {"n": 1})
        run.checkpoint("the last one")
    stateloft.run("bot", client=client, journal=journal).end()
    stateloft.run("bot", client=client, journal=journal).end()
    return client


def test_a_start_that_could_not_read_what_was_left_says_so_and_reads_it_once_it_can(
    server: Server, before: stateloft.Client, journal: str, caplog: pytest.LogCaptureFixture
) -> None:
    damage(server, "bot.main.2", '"program"', '"pragrom"')  # it stands between the run that wrote and the one that begins
    run = stateloft.run("bot", client=before, journal=journal)
    assert run.answer["left_unknown"] and run.left_unknown
    assert "what bot.main.3 has left is not known" in caplog.text, "it is said by itself"
    for ask in (lambda: run.left, run.resume):
        with pytest.raises(stateloft.LeftUnknown, match="damaged") as unknown:
            ask()
        assert "open nothing new" in str(unknown.value) and isinstance(unknown.value.__cause__, stateloft.Damaged)
    assert [(lot.symbol, lot.quantity) for lot in run.positions.held()] == [("AAPL", Decimal("0.5"))], "they are read by name"
    damage(server, "bot.main.2", '"pragrom"', '"program"')
    assert ("note", "elsewhere") in run.resume() and run.left_unknown
    left = run.left
    assert left is not None and not run.left_unknown and not left.unknown
    assert (left.run_id, left.status, left.open_positions, left.pending_orders, left.changed_since) == (
        "bot.main.1",
        "completed",
        1,
        1,
        0,
    )
    assert left.checkpoint is not None and left.checkpoint.name == "the last one"
    assert [each.state_type for each in left.states] == ["note", "order", "position"] and not left.more
    assert sorted(run.resume()) == [("note", "elsewhere"), ("order", "bot/b-1"), ("position", "bot/AAPL")]
    run.end()


def test_what_is_unknown_is_read_as_the_server_would_have_said_it(before: stateloft.Client, journal: str) -> None:
    run = stateloft.run("bot", client=before, journal=journal)
    before.save("note", "elsewhere", {"n": 2})
    unread: dict[str, Any] = {name: each for name, each in run.answer.items() if name != "left"}
    behind = LeftBehind(run.client, {**unread, "left_unknown": True})
    names = sorted(behind.names())
    assert names == [("note", "elsewhere"), ("order", "bot/b-1"), ("position", "bot/AAPL")] and behind.unknown
    left = behind.known()
    assert left is not None and run.left is not None and left.changed_since == 1
    assert [each.state_id for each in left.states] == [each.state_id for each in run.left.states]
    assert (left.run, left.checkpoint, left.more) == (run.left.run, run.left.checkpoint, False)
    assert LeftBehind(run.client, unread).known() is None, "the first run of all"
    run.end()


def test_what_is_too_much_to_be_counted_is_none_and_not_zero(server: Server, journal: str) -> None:
    client = server.client(author="bot", timeout=120)
    with stateloft.run("many", client=client, journal=journal) as run:
        for part in range(2):
            with run.batch() as batch:
                for number in range(5001):
                    batch.save("note", f"{part}-{number}", {"n": number})
        run.positions.open("AAPL", "a", side="long", quantity="0.5", price="100")
    run = stateloft.run("many", client=client, journal=journal)
    left = run.left
    assert left is not None and left.unknown and left.more and not run.left_unknown
    assert (left.open_positions, left.pending_orders, left.changed_since) == (None, None, None)
    names = list(run._left.names())
    assert len(names) == 10_003 and ("position", "many/AAPL") in names, "all of them, whatever was counted"
    run.end()


def test_a_last_checkpoint_that_is_damaged_is_unknown_and_the_rest_of_what_was_left_is_known(
    server: Server, before: stateloft.Client, journal: str
) -> None:
    damage(server, "bot.main.1", "the last one", "the lost one", "checkpoint")
    run = stateloft.run("bot", client=before, journal=journal)
    assert run.answer["left_unknown"] and "checkpoint" not in run.answer["left"]
    left = run.left
    assert left is not None and left.unknown and left.checkpoint_unknown and left.checkpoint is None
    assert (left.run_id, left.open_positions, left.pending_orders) == ("bot.main.1", 1, 1)
    assert sorted(run.resume()) == [("note", "elsewhere"), ("order", "bot/b-1"), ("position", "bot/AAPL")]
    run.end()
