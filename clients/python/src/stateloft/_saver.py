"""One thread a server: it saves states that changed, a moment after they did, and replays the journal."""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref
from typing import TYPE_CHECKING, Optional

from ._journal import Entry, Journal, folder_for
from ._replay import Replay
from .errors import JournalFull, Refused, StateloftError

if TYPE_CHECKING:
    from ._state import State
    from .client import Client

__all__ = ["Saver", "saver_for"]

_LOG = logging.getLogger("stateloft")

_FIRST_WAIT, _LONGEST_WAIT = 0.5, 15.0
"""Seconds between two attempts to reach a server that is away."""


class Saver:
    """Saves the states of one server in the background. The thread starts with the first state."""

    def __init__(self, client: Client, folder: Optional[str], limit: int) -> None:
        self.client = client.of_nobody()  # what waits in the journal is of many runs, and says of which
        self.journal = Journal(folder_for(client.server, folder), limit)
        self._states: weakref.WeakSet[State] = weakref.WeakSet()
        self._due: dict[int, float] = {}
        self._held: dict[int, State] = {}
        """States that are not safe yet: they stay, whether or not the program still has them."""
        self._start()

    def _start(self) -> None:
        self.replay = Replay(self.client, self.journal)
        self._replaying = threading.RLock()
        self._wake = threading.Condition()
        self._retry_at, self._wait = 0.0, _FIRST_WAIT
        self._thread: Optional[threading.Thread] = None

    @property
    def away(self) -> bool:
        """Whether the server was away a moment ago, so that it is not asked before the next attempt."""
        return time.monotonic() < self._retry_at

    def add(self, state: State) -> None:
        """A state that is to be saved from now on."""
        self._states.add(state)

    def states(self) -> list[State]:
        """All of them that are still used."""
        return list(self._states)

    def soon(self, state: State) -> None:
        """The state changed: it is saved within its interval."""
        if id(state) not in self._due:  # unlocked on purpose: a tick must not wait for anything here
            with self._wake:
                self._held[id(state)] = state
                self._due.setdefault(id(state), time.monotonic() + state.interval)
                self._ensure_thread()
                self._wake.notify()

    def keep(self, entry: Entry) -> None:
        """Writes to the journal, and has it replayed. Raises ``JournalFull``."""
        self.journal.append(entry)
        with self._wake:
            self._ensure_thread()
            self._wake.notify()

    def failed(self, error: Exception) -> None:
        """The server did not answer: it is left alone for a while."""
        if not self.away:
            # The text only: a handler may keep what it is given, and an exception holds on to the state.
            _LOG.warning("%s; writes go to %s until it is back", str(error), self.journal.folder)
        self._retry_at = time.monotonic() + self._wait
        self._wait = min(self._wait * 2, _LONGEST_WAIT)

    def drain(self) -> bool:
        """Replays what waits, as far as the server takes it; ``True`` if nothing waits any more."""
        with self._replaying:
            try:
                while self.replay.step():
                    pass
            except (StateloftError, OSError) as error:
                self.failed(error)
                return False
            self._retry_at, self._wait = 0.0, _FIRST_WAIT
            return True

    def deliver(self) -> bool:
        """Replays what waits here, and what processes that have ended since have left; ``True`` if nothing waits any more."""
        self.journal.adopt()
        return self.drain()

    def flush(self, timeout: float) -> bool:
        """Saves everything now and waits until the server has it, at most ``timeout`` seconds."""
        deadline = time.monotonic() + timeout
        while True:
            for state in self.states():
                state.push()
            if not self.journal.waiting or self.drain():
                return True
            left = min(deadline, self._retry_at) - time.monotonic()
            if time.monotonic() >= deadline:
                return False
            time.sleep(max(0.01, min(left, 0.25)))

    def after_fork(self) -> None:
        """In a child: nothing of the parent's is ours to save."""
        self.journal.after_fork()
        self._due, self._held = {}, {}
        self._start()
        for state in self.states():
            state.after_fork()

    def _ensure_thread(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="stateloft-saver", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait(self._pause())
                now = time.monotonic()
                due = {each for each, at in self._due.items() if at <= now}
                for each in due:
                    del self._due[each]
            if self.journal.waiting and not self.away:
                self.drain()
            self._look_after(due, now)

    def _look_after(self, due: set[int], now: float) -> None:
        for state in self.states():
            if id(state) in due or state.is_due_for_a_look(now):
                self._push(state)
        for state in list(self._held.values()):
            if state.is_safe():
                with self._wake:
                    if id(state) not in self._due:  # changed meanwhile
                        self._held.pop(id(state), None)

    def _pause(self) -> Optional[float]:
        times = list(self._due.values())
        times += [at for at in (state.next_look for state in self.states()) if at is not None]
        if self.journal.waiting:
            times.append(self._retry_at)
        return max(0.0, min(times) - time.monotonic()) + 0.001 if times else None

    def _push(self, state: State) -> None:
        try:
            if not state.push(patience=0.5):
                self.soon(state)
        except JournalFull as error:
            state.remember(error)
            self.soon(state)  # it stays in memory, and is tried again
        except StateloftError as error:
            state.remember(error)
        except Exception as error:  # a serializer of the program's own
            state.remember(StateloftError(f"{type(error).__name__}: {error}"))


_SAVERS: dict[tuple[str, str], Saver] = {}
_lock = threading.Lock()


def saver_for(client: Client, folder: Optional[str], limit: int) -> Saver:
    """The saver of this client's server, one a process and journal."""
    where = (client.server, str(folder_for(client.server, folder)))
    with _lock:
        if where not in _SAVERS:
            try:
                _SAVERS[where] = Saver(client, folder, limit)
            except OSError as error:
                raise Refused(f"the journal in {where[1]} cannot be used: {error}") from error
        return _SAVERS[where]


def savers() -> list[Saver]:
    """All that there are."""
    return list(_SAVERS.values())


def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()
    for each in savers():
        each.after_fork()


os.register_at_fork(after_in_child=_after_fork)
