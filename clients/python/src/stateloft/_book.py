"""States of a run that are changed by functions: durable when the call returns, onto what somebody else wrote meanwhile."""

from __future__ import annotations

import logging
import os
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Optional, Protocol, Union

from ._models import Pending, Version
from ._narrow import is_mapping
from ._state import State
from .client import Client
from .errors import Conflict, OutcomeUnknown, Unavailable

__all__ = ["Book", "Opener"]

_LOG = logging.getLogger("stateloft")

_ATTEMPTS = 8
_BY_HAND = 86_400.0
"""Nothing of a book is saved before its call says so."""


class Opener(Protocol):
    """How a run opens one of its dicts."""

    def __call__(
        self, state_type: str, state_id: str, default: Optional[Mapping[str, Any]] = None, **options: Any
    ) -> State:
        """See :meth:`stateloft.Run.state`."""
        ...


class Book:
    """The states of one type whose ids start alike; ``keep``: how many of them stay in memory once they are safe."""

    def __init__(
        self, client: Client, opener: Opener, state_type: str, prefix: str, keep: Optional[int] = None
    ) -> None:
        self._client, self._opener, self._keep = client, opener, keep
        self.state_type, self.prefix = state_type, prefix
        self._open: dict[str, State] = {}
        self._known: Optional[dict[str, bool]] = None
        """Which there were when the server was asked, and whether they were living."""
        self.lock = threading.RLock()
        """Held while they are changed, which waits for the server."""
        _BOOKS.add(self)
        self._stale: set[str] = set()
        """Names of those that the server has written, and that could not be read again yet."""

    def learn(self) -> None:
        """Asks the server which there are. What is not among them can be begun while it is away."""
        found = self._client.list(self.state_type, prefix=self.prefix, data=False, deleted="include")
        known = {each.state_id[len(self.prefix) :]: not _is_deleted(each) for each in found if each.state_id is not None}
        with self.lock:
            self._known = known

    def names(self) -> list[str]:
        """The names of those that there are, without the prefix, as this program knows it."""
        with self.lock:
            self._up_to_date()
        if self._known is None:
            self.learn()
        with self.lock:
            known = self._known or {}
            there = {name for name, living in known.items() if living and name not in self._open}
            return sorted(there | {name for name, each in self._open.items() if len(each)})

    def opened(self) -> list[str]:
        """The names of those that this program has read or written, and that are not empty."""
        with self.lock:
            return sorted(name for name, each in self._open.items() if len(each))

    def at(self, seq: int, limit: Optional[int] = None) -> list[Version]:
        """Those that there were then, the last changed first."""
        found = self._client.list(self.state_type, prefix=self.prefix, at=seq, sort="changed")
        return [each for each in islice(found, limit) if isinstance(each, Version)]

    def latest(self, limit: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Those that there are at the server now, with their names, the last changed first."""
        for each in islice(self._client.list(self.state_type, prefix=self.prefix, sort="changed"), limit):
            if each.state_id is not None and is_mapping(each.data):
                yield each.state_id[len(self.prefix) :], each.data

    def delete(self, name: str, reason: str) -> None:
        """It is not there any more. ``Unavailable`` while the server is away: a journal keeps no deletions."""
        with self.lock:
            state = self.state(name)
            if state.saver.drain():
                self._client.delete(self.state_type, self.prefix + name, reason=reason)
            state.reload()

    def read(self, name: str) -> dict[str, Any]:
        """What is kept under a name now, as this program knows it; empty if there is nothing."""
        return self.state(name).copy()

    def change(
        self,
        name: str,
        reason: Optional[str],
        edit: Callable[[dict[str, Any]], None],
        default: Mapping[str, Any],
        *,
        is_new: bool = False,
    ) -> None:
        """Changes it and makes that durable; what somebody else wrote meanwhile is kept, and the change is made to that.

        ``is_new``: there is none of that name as far as is known, so that it can be begun while the server is away.
        """
        with self.lock:
            state = self.state(name, is_new=is_new)
            for attempt in range(_ATTEMPTS):
                edits, before = state.edits, state.copy()
                changed = state.copy() or dict(default)
                edit(changed)
                if state.edits != edits:  # by a handler of a signal, which no lock keeps out of its own thread
                    continue
                try:
                    state.replace(changed, reason)
                    return
                except Conflict:
                    state.forget(before)  # whether or not it can be read again: what was not kept is not there
                    state.reload()
                    if attempt == _ATTEMPTS - 1:
                        raise
                except Exception:  # also what a serializer of the program's own raises
                    state.forget(before)
                    raise
            raise Conflict(f"{state.name} changes all the time in this program itself: {reason or 'the change'} was not made")

    def reload(self) -> None:
        """Reads everything again, such as after a restore."""
        with self.lock:
            self.forget_names()
            for state in self._open.values():
                state.reload()
            self._stale.clear()

    def read_again(self, ids: Iterable[str]) -> None:
        """These were written by the server. While that is away they are read before anything of the book is used next."""
        with self.lock:
            self.forget_names()
            self._stale.update(each[len(self.prefix) :] for each in ids if each.startswith(self.prefix))
            try:
                self._up_to_date()
            except (Unavailable, OutcomeUnknown) as error:
                _LOG.warning("what was written of %s... is read before it is used: %s", self.prefix, error)

    def forget_names(self) -> None:
        """Which there are is asked for again."""
        with self.lock:
            self._known = None

    def state(self, name: str, *, is_new: bool = False) -> State:
        """The dict that is kept under a name."""
        with self.lock:
            self._up_to_date()
            if name not in self._open:
                absent = is_new or (self._known is not None and name not in self._known)
                named = self.state_type, self.prefix + name
                self._open[name] = self._opener(*named, {}, interval=_BY_HAND, known_absent=absent)
                self._let_go(name)
            return self._open[name]

    def _up_to_date(self) -> None:
        for name in list(self._stale):
            if name in self._open:
                self._open[name].reload()
            self._stale.discard(name)

    def has(self, state: State) -> bool:
        """Whether it is one of these."""
        return state.state_type == self.state_type and state.state_id.startswith(self.prefix)

    def _let_go(self, latest: str) -> None:
        """A program that has one for each order must not grow by all that there ever were."""
        for name in list(self._open) if self._keep is not None and len(self._open) > self._keep else ():
            if name != latest and self._open[name].is_safe():
                del self._open[name]
                return


_BOOKS: weakref.WeakSet[Book] = weakref.WeakSet()


def _after_fork() -> None:
    for each in list(_BOOKS):
        each.lock = threading.RLock()  # a thread of the parent may have held it, which is not here


os.register_at_fork(after_in_child=_after_fork)


def _is_deleted(state: Union[Version, Pending]) -> bool:
    return isinstance(state, Version) and state.deleted
