"""Following the log over server-sent events: each version once, in order, across every break."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Optional, Union

from ._codec import Codec
from ._models import Version
from ._transport import Query, Transport
from .errors import CannotReplay, Problem, Unauthorized, Unavailable

__all__ = ["DamagedEvent", "Event", "Watcher", "watch"]

_SILENCE = 60.0
"""Seconds after which a stream that says nothing at all is taken for broken; the server says something far more often."""

_FIRST_WAIT, _LONGEST_WAIT = 0.2, 10.0


@dataclass(frozen=True)
class DamagedEvent:
    """A version that cannot be read; the log goes on behind it."""

    seq: int
    reason: str


Event = Union[Version, DamagedEvent]


def watch(
    transport: Transport,
    codec: Codec,
    topic: str,
    after: Optional[int],
    data: bool,
    name: Optional[str],
    stopped: Optional[threading.Event] = None,
) -> Iterator[Event]:
    """Events for ever, or until ``stopped``; see :meth:`stateloft.Client.watch`."""
    stopped = stopped or threading.Event()
    if after is None:  # from now on, whatever happens to the first connection
        after = int(codec.value(transport.request("GET", "/events", {"before": 0, "limit": 1, "data": False}).text)["seq"])
    wait = _FIRST_WAIT
    while not stopped.is_set():
        try:
            for kind, text in _messages(transport, topic, after, data, name):
                wait = _FIRST_WAIT
                if stopped.is_set():
                    return
                event, after = _event(kind, codec.value(text), after)
                if event is not None:
                    yield event
        except Unauthorized:
            raise
        except Unavailable as error:
            wait = max(wait, error.retry_after or 0.0)
        if stopped.wait(wait):
            return
        wait = min(wait * 2, _LONGEST_WAIT)


def _event(kind: str, said: Any, after: int) -> tuple[Optional[Event], int]:
    """What a message means, and the seq from which to go on."""
    if kind == "state_update":
        version = Version.of(said)
        return version, version.seq
    if kind == "damaged":
        return DamagedEvent(said["seq"], said["reason"]), max(after, said["seq"])
    if kind == "caught_up":
        return None, max(after, said["seq"])
    if kind == "cannot_replay":
        document = {"code": kind, "detail": f"the log does not go on after seq {after}: {said.get('reason')}", **said}
        problem = Problem.of(410, document)
        raise CannotReplay(problem.detail, problem)
    return None, after


def _messages(transport: Transport, topic: str, after: int, data: bool, name: Optional[str]) -> Iterator[tuple[str, str]]:
    query: Query = {"topic": topic, "after": after, "data": data, "client": name}
    with transport.stream("/events", query, {"Accept": "text/event-stream"}, _SILENCE) as line:
        kind, texts = "message", list[str]()
        while True:
            raw = line()
            if not raw.endswith(b"\n"):
                return  # closed, perhaps in the middle of a line
            said = raw.rstrip(b"\r\n").decode("utf-8")
            if said:
                field, _, value = said.partition(":")
                value = value[1:] if value.startswith(" ") else value
                if field == "event":
                    kind = value
                elif field == "data":
                    texts.append(value)
            else:
                if texts:
                    yield kind, "\n".join(texts)
                kind, texts = "message", []


class Watcher:
    """A thread that hands each event to a callback, until :meth:`stop`.

    An exception of the callback, or of the watch, ends it and is raised by :meth:`stop` and :meth:`join`.
    """

    def __init__(self, events: Callable[[threading.Event], Iterator[Event]], callback: Callable[[Event], None]) -> None:
        self._stopped = threading.Event()
        self._error: Optional[BaseException] = None
        self._events, self._callback = events, callback
        self._thread = threading.Thread(target=self._run, name="stateloft-watch", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            for event in self._events(self._stopped):
                self._callback(event)
        except BaseException as error:
            self._error = error

    def join(self, timeout: Optional[float] = None) -> None:
        """Waits for its end, at most ``timeout`` seconds."""
        self._thread.join(timeout)
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """No callback begins after this; the thread ends when the server says something next, and is not waited for."""
        self._stopped.set()
        if self._error is not None:
            raise self._error
