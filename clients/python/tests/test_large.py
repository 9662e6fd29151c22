"""A large document goes through the client like a small one, and one that is over the limit loses nothing.

It has 2 MB in every run, and 10 MB with ``--long``; ``-s`` shows what that took.
"""

from __future__ import annotations

import queue
import time
import tracemalloc
from decimal import Decimal
from pathlib import Path
from typing import Any, Callable

import pytest

import stateloft
from stateloft.testing import Server

MB = 1_000_000
LIMIT = 16 << 20


def large(size: int) -> dict[str, Any]:
    """So many bytes, of all kinds of values."""
    row = {"price": 1.08325, "qty": Decimal("0.10"), "text": 'é "quoted" \u20ac', "flags": [True, None, -0.0, 1e22], "id": 2**63}
    rows = {f"row {number}": {**row, "n": number} for number in range(size // 165)}
    return {"rows": rows, "pad": ["x" * 1000] * 100}


@pytest.fixture
def size(long: bool) -> int:
    return (10 if long else 2) * MB


Measured = Callable[[str, Callable[[], Any]], Any]


@pytest.fixture
def measured(long: bool, size: int) -> Measured:
    """Calls, and prints how long it took (``pytest -s``); with ``--long``, where that may take its time, what memory it took."""

    def call_(what: str, call: Callable[[], Any]) -> Any:
        if long:
            tracemalloc.start()
        start = time.perf_counter()
        found = call()
        taken = time.perf_counter() - start
        most = tracemalloc.get_traced_memory()[1] if long else 0
        tracemalloc.stop()
        print(f"{what:>10}: {taken:6.2f} s" + (f", {most / MB:6.1f} MB" if long else ""))
        assert most < 20 * size
        return found

    return call_


def test_a_large_document_is_saved_read_compared_and_watched(server: Server, measured: Measured, size: int) -> None:
    client = server.client(timeout=600)
    document = large(size)
    assert size < len(client.codec.document(document).encode()) < 1.2 * size
    seen: queue.Queue[stateloft.Event] = queue.Queue()
    watcher = client.on_change(seen.put, "states:book")
    first = measured("save", lambda: client.save("book", "large", document))
    assert first.version == 1
    assert measured("get", lambda: client.get("book", "large")) == document
    document["rows"]["row 7"]["price"] = 2.5
    document["rows"]["row 8"]["qty"] = Decimal("0.11")
    client.save("book", "large", document, if_version=1)
    changes = {each.path: (each.old, each.new) for each in measured("diff", lambda: client.diff("book", "large")).changes}
    assert changes["/rows/row 7/price"] == ("1.08325", "2.5") and len(changes) == 2
    history = measured("history", lambda: list(client.history("book", "large")))
    assert [each.version for each in history] == [2, 1] and history[0].data == document
    events = [measured("watch", lambda: seen.get(timeout=600)) for _ in range(2)]
    assert [each.version for each in events] == [1, 2] and events[1].data == document
    watcher.stop()


def test_a_large_state_waits_in_the_journal_for_the_server(
    server: Server, tmp_path: Path, measured: Measured, size: int
) -> None:
    client = server.client(timeout=600)
    state = stateloft.state("kept/large", large(size), client=client, journal=str(tmp_path), interval=60)
    measured("save", lambda: state.save("first"))
    server.kill()
    state["rows"]["row 1"]["n"] = -1
    assert isinstance(measured("journal", lambda: state.save("away")), stateloft.Journaled)
    server.start()
    assert measured("flush", lambda: stateloft.flush(600))
    assert client.get("kept", "large") == state.copy()


def test_one_over_the_limit_is_refused_with_why_and_loses_nothing(server: Server, tmp_path: Path) -> None:
    client = server.client(timeout=600)
    small = {"n": 1}
    client.save("book", "x", small)
    over = {"text": "x" * (LIMIT + 1)}
    with pytest.raises(stateloft.Refused, match="16 MiB|16777216|16,777,216") as refused:
        client.save("book", "x", over)
    assert refused.value.written is False and refused.value.code == "body_too_large"
    with pytest.raises(stateloft.Refused) as refused, client.batch() as batch:
        batch.save("book", "y", {"n": 1})
        batch.save("book", "x", over)
    assert refused.value.written is False
    assert client.get("book", "x") == small and client.get("book", "y", None) is None
    state = stateloft.state("kept/x", {"n": 0}, client=client, journal=str(tmp_path), interval=60)
    state.save()
    state["text"] = over["text"]
    state["n"] = 1
    for _ in range(2):
        with pytest.raises(stateloft.Refused) as refused:
            state.save()
        assert refused.value.code == "body_too_large" and state.unsaved and state["n"] == 1
    del state["text"]  # the program goes on with what it has
    saved = state.save()
    assert isinstance(saved, stateloft.Version) and client.get("kept", "x") == {"n": 1}
    assert list(tmp_path.glob("*/*.json")) == []
