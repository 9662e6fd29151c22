"""The states that a program has: opened by name, and saved when it ends."""

from __future__ import annotations

import atexit
import logging
import os
import signal
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any, Optional

from ._journal import LIMIT
from ._saver import saver_for, savers
from ._state import OnConflict, State
from .client import Client

__all__ = ["flush", "state"]

_LOG = logging.getLogger("stateloft")

_EXIT_LIMIT = 5.0
"""Seconds that the end of a program waits for a lock of its own threads."""

_STATES: weakref.WeakValueDictionary[tuple[str, str], State] = weakref.WeakValueDictionary()
"""Those that the program has, or that are not safe yet: one that has a state for each order must not grow by all there ever were."""
_DEFAULT: list[Client] = []
_AT_END: list[Callable[[], None]] = []
_lock = threading.Lock()


def state(
    name: str,
    default: Optional[Mapping[str, Any]] = None,
    *,
    client: Optional[Client] = None,
    on_conflict: OnConflict = "raise",
    interval: float = 1.0,
    journal: Optional[str] = None,
    journal_limit: int = LIMIT,
    known_absent: bool = False,
) -> State:
    """A dict that survives::

        counters = stateloft.state("counters/btc-grid", default={"losses_today": 0})
        counters["losses_today"] += 1        # saved within a second, at exit, on SIGTERM
        counters.save("stop hit")            # durable before it returns

    Args:
        name: ``TYPE/ID``; everything behind the first ``/`` is the id.
        default: what it is where there is none yet.
        client: else one of the environment's server.
        on_conflict: what to do when another program saved it meanwhile. ``raise`` writes nothing and says so at the next
            :meth:`State.save`; ``reload`` takes the other's; ``merge`` joins both, and is ``raise`` where both changed the
            same value.
        interval: seconds from a change to its save, at most.
        journal: the folder of the journal; else ``STATELOFT_JOURNAL``, else the user's state folder.
        journal_limit: bytes that may wait there.
        known_absent: it is known that there is none: while the server is away it is begun all the same. If there is one after
            all its first write is a conflict.

    Raises:
        Unavailable: the server is away, and the journal does not have the state: what it is is not known.
    """
    state_type, slash, state_id = name.partition("/")
    if not (state_type and slash and state_id):
        raise ValueError(f"{name!r} is no name of a state: TYPE/ID is meant")
    with _lock:
        if client is None:
            if not _DEFAULT:
                _DEFAULT.append(Client())
            client = _DEFAULT[0]
        # What a run writes is its own: one that follows it in the same program does not go on with its dict.
        whose = client.server if client.fence is None else f"{client.server} {client.fence.run_id}", name
        known = _STATES.get(whose)
        if known is None:
            saver = saver_for(client, journal, journal_limit)
            known = State(client, state_type, state_id, default or {}, on_conflict, interval, saver, known_absent)
            _STATES[whose] = known
            _watch_signals()
        return known


def flush(timeout: float = 10.0) -> bool:
    """Saves every state now, and waits until the server has everything that waits in journals.

    ``False`` after ``timeout`` seconds: what is not there yet is durable on this disk.

    Raises:
        StateloftError: a state cannot be saved.
    """
    deadline = time.monotonic() + timeout
    return all([each.flush(max(0.0, deadline - time.monotonic())) for each in savers()])


def _save_all() -> None:
    """Makes every change durable, at the server or on this disk."""
    for callback in list(_AT_END):
        callback()
    for saver in savers():
        for each in saver.states():
            try:
                if not each.push(patience=_EXIT_LIMIT):
                    _LOG.critical("%s was not saved at the end of the program: it is locked", each.name)
            except Exception as error:
                _LOG.critical("%s was not saved at the end of the program: %s", each.name, error)


def _on_sigterm(number: int, frame: Optional[FrameType]) -> None:
    _save_all()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTERM)


def is_our_handler(handler: Any) -> bool:
    """Whether this handler of SIGTERM is the one that saves and ends the program."""
    return handler is _on_sigterm


def at_end(callback: Callable[[], None]) -> None:
    """Called when the program ends, before states are saved; it raises nothing."""
    _AT_END.append(callback)
    _watch_signals()


def not_at_end(callback: Callable[[], None]) -> None:
    """Not any more."""
    _AT_END[:] = [each for each in _AT_END if each != callback]


def _watch_signals() -> None:
    """SIGTERM ends a Python program without its exit handlers. Programs with a handler of their own keep it."""
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _on_sigterm)


def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)
atexit.register(_save_all)
