"""Ctrl+C, a handler of a signal, a kill in the middle of a save: what was cut off is finished, and nothing is written over."""

from __future__ import annotations

import http.client
import os
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import stateloft
from stateloft import _journal, _states
from stateloft._journal import Entry, Journal
from stateloft.testing import Server

LONG = 60.0


@pytest.fixture
def run(client: stateloft.Client, tmp_path: Path) -> Iterator[stateloft.Run]:
    with stateloft.run(f"bot-{uuid.uuid4().hex[:12]}", client=client, journal=str(tmp_path)) as begun:
        yield begun


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Has Ctrl+C come right before the next answer is read: the server has done what was asked, and nobody knows."""
    answers = http.client.HTTPConnection.getresponse

    def arm() -> None:
        def getresponse(connection: http.client.HTTPConnection) -> Any:
            monkeypatch.setattr(http.client.HTTPConnection, "getresponse", answers)
            answers(connection).read()
            raise KeyboardInterrupt

        monkeypatch.setattr(http.client.HTTPConnection, "getresponse", getresponse)

    return arm


def test_a_save_that_ctrl_c_cut_off_is_finished_by_the_next_and_conflicts_with_nobody(
    run: stateloft.Run, client: stateloft.Client, interrupted: Callable[[], None]
) -> None:
    counters = run.state("counters", run.program, {"n": 0}, interval=3600)
    counters.save()
    counters["n"] = 1
    interrupted()
    with pytest.raises(KeyboardInterrupt):
        counters.save("the first")
    counters["n"] = 2
    saved = counters.save("the second")
    assert isinstance(saved, stateloft.Version) and saved.version == 3
    interrupted()
    counters["n"] = 3
    with pytest.raises(KeyboardInterrupt):
        counters.save("the third")
    counters.save("the same again")
    interrupted()
    with pytest.raises(KeyboardInterrupt):
        run.positions.open("AAPL", "a", side="long", quantity=1, price=1, time=None)
    run.positions.open("AAPL", "a", side="long", quantity=1, price=1, time=None)
    run.positions.open("AAPL", "b", side="long", quantity=1, price=1, time=None)
    found = [(each.data["n"], each.reason) for each in client.history("counters", run.program)]
    assert found == [(3, "the third"), (2, "the second"), (1, "the first"), (0, None)]
    assert [lot.id for lot in run.positions.held()] == ["a", "b"]
    assert len(list(client.history("position", f"{run.program}/AAPL"))) == 2


def test_a_save_that_ctrl_c_cut_off_goes_first_into_the_journal_when_the_server_is_away(
    server: Server, tmp_path: Path, interrupted: Callable[[], None]
) -> None:
    counters = _states.state("counters/bot", {"n": 0}, client=server.client(), journal=str(tmp_path), interval=3600)
    counters.save()
    counters["n"] = 1
    interrupted()
    with pytest.raises(KeyboardInterrupt):
        counters.save("the first")
    server.kill()
    counters["n"] = 2
    assert isinstance(counters.save("the second"), stateloft.Journaled)
    server.start()
    assert stateloft.flush(LONG)
    assert [(each.data["n"], each.reason) for each in server.client().history("counters", "bot")] == [
        (2, "the second"),
        (1, "the first"),
        (0, None),
    ]
    assert list(tmp_path.glob("*/conflict-*")) == []


@pytest.mark.parametrize("when", ["in the edit", "before the answer"])
def test_what_a_signal_handler_does_to_a_position_in_the_middle_of_a_change_is_not_written_over(
    run: stateloft.Run, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    run.positions.open("AAPL", "a", side="long", quantity=1, price=1)
    answers, handled = http.client.HTTPConnection.getresponse, list[str]()

    def handler() -> None:
        """As one for SIGTERM that closes what is open, in the thread that is interrupted."""
        if not handled:
            handled.append("a")
            run.positions.close("AAPL", "a", price=2, why="session_end")

    def getresponse(connection: http.client.HTTPConnection) -> Any:
        response = answers(connection)
        if threading.current_thread() is threading.main_thread():
            handler()
        return response

    def edit(data: dict[str, Any]) -> None:
        data["note"] = "changed"
        handler()

    if when == "in the edit":
        run.positions.book.change("AAPL", None, edit, {})
    else:
        with monkeypatch.context() as patch:
            patch.setattr(http.client.HTTPConnection, "getresponse", getresponse)
            run.positions.book.change("AAPL", None, lambda data: data.update(note="changed"), {})
    assert handled == ["a"] and run.positions.held() == []
    assert run.positions.book.state("AAPL").version == 3, "the handler's, whichever answer came last"
    run.positions.open("AAPL", "b", side="long", quantity=1, price=1)
    run.end()
    found = run.client.get("position", f"{run.program}/AAPL")
    assert [(lot["id"], lot["status"]) for lot in found["lots"]] == [("a", "closed"), ("b", "open")] and found["note"] == "changed"


def test_a_change_that_never_comes_to_its_end_is_not_taken_for_made(run: stateloft.Run) -> None:
    book = run.positions.book

    def edit(data: dict[str, Any]) -> None:
        data["note"] = "changed"
        book.state("AAPL")["beside"] = book.state("AAPL").edits

    with pytest.raises(stateloft.Conflict, match="was not made"):
        book.change("AAPL", None, edit, {})
    assert "note" not in book.read("AAPL")


def test_a_line_that_ctrl_c_cut_off_is_not_in_the_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path)
    journal.append(entry("1", "first"))

    def cut(handle: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", cut)
        with pytest.raises(KeyboardInterrupt):
            journal.append(entry("2", "cut"))
    journal.append(entry("3", "second"))
    journal.after_fork()  # as a process that ends lets go of them
    assert [each.data for each in Journal(tmp_path).waiting] == ["first", "second"]


def entry(key: str, data: str) -> Entry:
    return Entry(key, "note", "x", {}, data, None, None, "raise", 0.0)


def test_the_journals_of_processes_are_replayed_in_their_order_whatever_the_clock_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([2_000_000_000 * 10**9, 1_000_000_000 * 10**9, 900_000_000 * 10**9])
    monkeypatch.setattr(_journal.time, "time_ns", lambda: next(clock))
    for data in ("first", "second", "third"):
        journal = Journal(tmp_path)
        journal.append(entry(data, data))
        journal.after_fork()
    assert [each.data for each in Journal(tmp_path).waiting] == ["first", "second", "third"]
