"""Following the log: every version once, in order, across every break."""

from __future__ import annotations

import itertools
import threading

import pytest

import stateloft
from stateloft.testing import Server


def test_versions_come_once_and_in_order_across_restarts_of_the_server(server: Server) -> None:
    client, writer = server.client(), server.client()
    writer.save("book", "before", {})
    events = client.watch(after=0)
    assert next(events).seq == 1
    seen = []
    for round_ in range(3):
        for number in range(5):
            writer.save("book", "x", {"n": round_ * 5 + number})
        seen += [each.data["n"] for each in itertools.islice(events, 4)]  # type: ignore[union-attr]
        server.kill()
        server.start()
        seen += [next(events).data["n"]]  # type: ignore[union-attr]
    assert seen == list(range(15))


def test_a_topic_shows_only_its_own(client: stateloft.Client) -> None:
    events = client.watch("states:watched", after=client.seq())
    client.save("book", "other", {})
    client.save("watched", "mine", {"n": 1})
    first = next(events)
    assert isinstance(first, stateloft.Version) and (first.state_id, first.data) == ("mine", {"n": 1})


def test_a_log_that_does_not_have_what_was_read_is_an_error(client: stateloft.Client) -> None:
    with pytest.raises(stateloft.CannotReplay):
        next(client.watch(after=client.seq() + 1000))


def test_a_callback_hears_each_version_until_it_is_stopped(client: stateloft.Client) -> None:
    heard: list[int] = []
    enough = threading.Event()

    def callback(event: stateloft.Event) -> None:
        heard.append(event.seq)
        if len(heard) == 3:
            enough.set()

    start = client.seq()
    watcher = client.on_change(callback, "states:called", after=start)
    for number in range(3):
        client.save("called", "x", {"n": number})
    assert enough.wait(10)
    watcher.stop()
    assert heard == [start + 1, start + 2, start + 3]


def test_an_exception_of_a_callback_is_not_lost(client: stateloft.Client) -> None:
    start = client.seq()
    client.save("called", "y", {"n": start})
    watcher = client.on_change(lambda event: 1 / 0, "states:called", after=start)  # type: ignore[arg-type, return-value]
    with pytest.raises(ZeroDivisionError):
        watcher.join(10)
