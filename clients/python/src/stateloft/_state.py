"""A dict that survives: it is saved when it changes, when the program ends, and whatever the server does."""

from __future__ import annotations

import copy
import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import AbstractContextManager
from typing import Any, Literal, NamedTuple, Optional, Union

from ._journal import Entry, Origin
from ._merge import merged
from ._models import Diff, Pending, Version
from ._narrow import is_dict, is_mapping
from ._replay import head_of, save_text
from ._saver import Saver
from ._tracked import Owner, TrackedDict, TrackedList
from .client import Client, Moment
from .errors import Conflict, LeaseLost, OutcomeUnknown, Refused, RunPaused, StateloftError, Unavailable

__all__ = ["Journaled", "OnConflict", "State"]

_LOG = logging.getLogger("stateloft")

OnConflict = Literal["raise", "reload", "merge"]


class Journaled:
    """What :meth:`State.save` answers while the server is away: it is durable on this disk, and has no version yet."""

    def __init__(self, key: str) -> None:
        self.key = key
        """The idempotency key under which it will be sent."""

    def __repr__(self) -> str:
        return f"Journaled({self.key!r})"


class _Cut(NamedTuple):
    """A save on its way: its key, author and reason, the text, and the version that it was made from."""

    key: str
    head: Origin
    text: str
    base: Optional[int]


class State(MutableMapping[str, Any]):
    """The data of one state as a dict; :func:`stateloft.state` makes one.

    Changes, however deep, are saved by a background thread within ``interval`` seconds, several as one. :meth:`save` is for
    what must be durable before the program goes on. While the server is away both go to a journal on this machine's disk.
    What a background save could not do is raised by the next :meth:`save` or :func:`flush`.
    """

    def __init__(
        self,
        client: Client,
        state_type: str,
        state_id: str,
        default: Mapping[str, Any],
        on_conflict: OnConflict,
        interval: float,
        saver: Saver,
        known_absent: bool = False,
    ) -> None:
        self._client, self._saver = client, saver
        self.state_type, self.state_id = state_type, state_id
        self.on_conflict, self.interval = on_conflict, interval
        self._owner = _Owner(lambda: saver.soon(self))
        self._sending = threading.RLock()
        self._error: Optional[StateloftError] = None
        self._last: Union[Version, Journaled, Pending, None] = None
        self._base: Optional[int] = None
        self._cut: Optional[_Cut] = None
        """The last save, if it was interrupted."""
        self._root = TrackedDict({}, self._owner)
        self._text = ""
        self._saved_edits = 0
        self._looked = time.monotonic()
        saver.add(self)
        self._open(default, known_absent)

    # -- what it is ------------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """``TYPE/ID``."""
        return f"{self.state_type}/{self.state_id}"

    @property
    def saver(self) -> Saver:
        """What saves it in the background."""
        return self._saver

    @property
    def version(self) -> Optional[int]:
        """The version that this was read or saved as last; ``None`` while a write of it waits in the journal."""
        return self._base

    @property
    def edits(self) -> int:
        """How often it was changed here; what is worked out from a copy holds while this is the same."""
        return self._owner.edits

    @property
    def unsaved(self) -> bool:
        """Whether there are changes that are not durable yet."""
        return self._owner.edits != self._saved_edits

    def __getitem__(self, key: str) -> Any:
        return self._root[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._root[key] = value

    def __delitem__(self, key: str) -> None:
        del self._root[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._root)

    def __len__(self) -> int:
        return len(self._root)

    def __repr__(self) -> str:
        return f"State({self.name!r}, {dict(self._root)!r})"

    def __eq__(self, other: object) -> bool:
        return self is other or (is_mapping(other) and dict(self._root) == dict(other))

    def __hash__(self) -> int:
        return id(self)

    @property
    def lock(self) -> AbstractContextManager[Any]:
        """Held, nothing is saved and no other thread changes it: for changes that belong together."""
        return self._owner.lock

    def copy(self) -> dict[str, Any]:
        """A deep copy as an ordinary dict, of one moment."""
        with self._owner.lock:
            return {key: copy.deepcopy(value) for key, value in self._root.items()}

    # -- saving ----------------------------------------------------------------------------------------------------

    def save(self, reason: Optional[str] = None) -> Union[Version, Journaled, Pending]:
        """Makes what it is now durable, and says as what.

        Raises:
            NotKept: something in it cannot be kept.
            Conflict: another program saved it meanwhile, and ``on_conflict`` does not settle that.
            JournalFull: the server is away and the journal holds as much as it may.
            Refused: the server does not take it, such as by rules of a strict type.
        """
        with self._sending:
            error, self._error = self._error, None
            if isinstance(error, Conflict):
                raise error
            self.push(reason, asked=True)
            assert self._last is not None
            return self._last

    def replace(self, data: Mapping[str, Any], reason: Optional[str] = None) -> Union[Version, Journaled, Pending]:
        """Makes it hold exactly this, durably; raises as :meth:`save`."""
        with self._sending:
            with self._owner.lock:
                _become(self._root, copy.deepcopy(dict(data)))
            return self.save(reason)

    def reload(self) -> None:
        """Reads it again from the server; changes that were not saved are dropped, and so are remembered errors."""
        with self._sending:
            if not self._saver.drain():
                raise Unavailable(f"{self.name}: writes of this program still wait in the journal")
            self._error = None
            self._take(*head_of(self._client, self.state_type, self.state_id))

    def read_again(self) -> None:
        """Reads it again if somebody else has written it: changes that were not saved are dropped then, and that is said.
        Where nobody has, they stay, and are saved.
        """
        with self._sending:
            if not self._saver.drain():
                raise Unavailable(f"{self.name}: writes of this program still wait in the journal")
            self._catch_up()
            self._error = None
            version, text = head_of(self._client, self.state_type, self.state_id)
            if self._cut is None and self._base == (0 if version is None else version.version):
                if self.unsaved:
                    self._saver.soon(self)
                return
            if self.unsaved:
                said = "%s was written by somebody else: what this program changed of it and had not saved is dropped"
                _LOG.warning(said, self.name)
            self._take(version, text)

    def history(self, limit: Optional[int] = None) -> Iterator[Version]:
        """Its versions, newest first."""
        return self._client.history(self.state_type, self.state_id, limit=limit)

    def at(self, moment: Moment) -> Version:
        """As it was at a moment."""
        return self._client.at(self.state_type, self.state_id, moment)

    def diff(self, before: Optional[Moment] = None, after: Optional[Moment] = None) -> Diff:
        """What changed between two versions or moments; by default by the last version."""
        return self._client.diff(self.state_type, self.state_id, before, after)

    # -- for the saver ---------------------------------------------------------------------------------------------

    @property
    def next_look(self) -> Optional[float]:
        """When to look whether an object in it changed without telling; ``None`` if there is no such object."""
        return self._looked + self.interval if self._owner.opaque else None

    def is_due_for_a_look(self, now: float) -> bool:
        """Whether it is time for that."""
        at = self.next_look
        return at is not None and at <= now

    def remember(self, error: StateloftError) -> None:
        """Keeps what went wrong in the background for the next call of the program."""
        if self._error is None or type(self._error) is not type(error):
            _LOG.error("%s was not saved: %s", self.name, error)
        self._error = error

    def push(self, reason: Optional[str] = None, patience: float = -1, *, asked: bool = False) -> bool:
        """Makes what it is now durable, if it is not yet. Where there is none, an empty one is written only if the program has
        ``asked`` for it: a dict that was only read begins nothing, and brings nothing back that was deleted.

        ``False``: somebody held its lock for longer than ``patience`` seconds. Who saves in the background must not wait for
        that without end: it may be a thread that a signal has interrupted, whose handler waits for us.
        """
        with self._sending:
            found = self._now(patience)
            self._looked = time.monotonic()
            refused = self._saver.replay.refused.pop((self.state_type, self.state_id), None)
            if refused is not None:
                self._after_refusal(refused)
                found = self._now(patience)
            if found is None:
                return False
            edits, text = found
            if text != self._kept() or (asked and not self._text):
                if isinstance(self._error, Conflict):
                    raise self._error
                self._write(text, reason)
            self._saved_edits = edits
            return True

    def durable(self) -> tuple[str, Optional[int]]:
        """The text that it was saved as last, and as which version; ``None`` while that is not known."""
        with self._sending:
            return self._kept(), self._base

    def forget(self, data: Mapping[str, Any]) -> None:
        """Becomes what it was before a change that could not be saved. What is durable is not touched."""
        with self._sending, self._owner.lock:
            _become(self._root, copy.deepcopy(dict(data)))
            if self._client.codec.document(self._root) == self._kept():
                self._saved_edits = self._owner.edits

    def is_safe(self) -> bool:
        """Whether nothing is lost if the program has it no more: it is at the server, and what is in it says when it changes."""
        if self.unsaved or self._owner.opaque or not self._sending.acquire(blocking=False):
            return False
        try:
            name = self.state_type, self.state_id
            if self._saver.journal.of(*name) or name in self._saver.replay.refused:
                return False
            self._catch_up()
            return not self.unsaved
        finally:
            self._sending.release()

    def after_fork(self) -> None:
        """In a child: what the parent changed, the parent saves."""
        self._sending = threading.RLock()
        self._owner.lock = threading.RLock()
        self._saved_edits = self._owner.edits
        self._error = None

    def _open(self, default: Mapping[str, Any], known_absent: bool) -> None:
        self._saver.drain()
        name = self.state_type, self.state_id
        if isinstance(self._saver.replay.refused.get(name), LeaseLost):
            del self._saver.replay.refused[name]  # of a run before: this one reads now what is there
        waiting = self._saver.journal.of(*name)
        if waiting:
            self._become_text(waiting[-1].data)
            self._text, self._last = waiting[-1].data, Journaled(waiting[-1].key)
            self._saved_edits = self._owner.edits
            return
        try:
            version, text = head_of(self._client, self.state_type, self.state_id)
        except Unavailable:
            if not known_absent:
                raise
            version, text = None, None  # its first write says that there must be none
        self._take(version, text)
        if text is None:
            self._text = ""
            self._root.update(copy.deepcopy(dict(default)))

    def _kept(self) -> str:
        """The text that it was saved as last; what there is not holds nothing."""
        return self._text or "{}"

    def _take(self, version: Optional[Version], text: Optional[str]) -> None:
        """Becomes what the server has; empty if that is deleted, or nothing."""
        with self._owner.lock:
            self._become_text(text or "{}")
            self._base, self._cut = 0 if version is None else version.version, None
            self._last, self._text = version, "" if version is None else self._client.codec.document(self._root)
            self._saved_edits = self._owner.edits

    def _become_text(self, text: str) -> None:
        value = self._client.codec.value(text)
        if not is_dict(value):
            raise TypeError(f"{self.name} is a {type(value).__name__}, which is no dict that can be changed")
        with self._owner.lock:
            _become(self._root, value)

    def _now(self, patience: float) -> Optional[tuple[int, str]]:
        if not self._owner.lock.acquire(timeout=patience):
            return None
        try:
            return self._owner.edits, self._client.codec.document(self._root)
        finally:
            self._owner.lock.release()

    def _write(self, text: str, reason: Optional[str]) -> None:
        key = uuid.uuid4().hex
        head = self._client.origin(reason)
        if self._client.fence is not None:
            self._client.fence.check()
        journal = self._saver.journal
        if journal.waiting and not self._saver.away:
            self._saver.drain()
        self._catch_up()
        if self._cut is not None:
            self._finish(self._cut)
            if text == self._kept():  # it had arrived
                return
        if self._saver.away or journal.of(self.state_type, self.state_id):
            self._keep(key, head, text)
            return
        try:
            self._send(_Cut(key, head, text, self._base))
        except Conflict as error:
            self._settle(error, text, reason)

    def _send(self, save: _Cut) -> None:
        """Sends a save. Interrupted, such as by Ctrl+C, it is not known whether it arrived, and it is finished before the
        next one.
        """
        self._cut = save
        try:
            answer = save_text(self._client, self.state_type, self.state_id, save.head, save.text, save.base, save.key)
        except (Unavailable, OutcomeUnknown) as error:
            self._saver.failed(error)
            self._keep(save.key, save.head, save.text)
        except StateloftError:
            self._cut = None
            raise
        else:
            self._saved(answer, save.text)
        self._cut = None

    def _finish(self, save: _Cut) -> None:
        """Sends a save that was interrupted once more, under its own key: the server does it once."""
        if self._saver.away:
            self._keep(save.key, save.head, save.text)
            self._cut = None
            return
        try:
            self._send(save)
        except (LeaseLost, RunPaused):
            self._cut = save
            raise
        except (Conflict, Refused) as error:  # it never arrived, and what is saved next meets the same
            _LOG.warning("a save of %s that was interrupted was not made: %s", self.name, error)

    def _saved(self, answer: Any, text: str) -> None:
        if "version" in answer:
            saved = Version.of(answer)
            if self._client.fence is not None:
                self._client.fence.answered(saved.recorded_at)
            if self._base is not None and saved.version < self._base:
                return  # a handler of a signal has saved it once more while this was under way
            self._last, self._base = saved, saved.version
        else:
            self._last, self._base = Pending.of(answer), None
        self._text = text

    def _keep(self, key: str, head: Origin, text: str) -> None:
        journal = self._saver.journal
        with journal.lock:  # so that no replay ends between the look and the write
            first = not journal.of(self.state_type, self.state_id)
            self._catch_up()
            base = self._base if first else None
            base_data = self._text if first and self._text and self.on_conflict == "merge" else None
            self._saver.keep(
                Entry(key, self.state_type, self.state_id, head, text, base, base_data, self.on_conflict, time.time())
            )
        self._last, self._base, self._text = Journaled(key), None, text

    def _catch_up(self) -> None:
        """After a replay: the version that its last write became."""
        if self._base is not None or self._saver.journal.of(self.state_type, self.state_id):
            return
        reached = self._saver.replay.reached(self.state_type, self.state_id)
        if reached is not None:
            # After a merge there is more in it than is known here: a base that does not hold has the next save merged.
            self._base = reached[0] if reached[1] == self._text else reached[0] - 1

    def _after_refusal(self, error: StateloftError) -> None:
        """Writes of the journal were set aside."""
        if self.on_conflict == "reload" and isinstance(error, Conflict):
            _LOG.warning("%s is read again: %s", self.name, error)
            self._take(*head_of(self._client, self.state_type, self.state_id))
            return
        self._error, self._base = error, 0  # no version: nothing is written over what is there until it is read again
        raise error

    def _settle(self, error: Conflict, mine: str, reason: Optional[str]) -> None:
        """Another program saved it meanwhile."""
        if self.on_conflict == "raise":
            self._error = error
            raise error
        for _ in range(8):
            head, theirs = head_of(self._client, self.state_type, self.state_id)
            if self.on_conflict == "reload":
                _LOG.warning("%s is read again, changes of this program are dropped: %s", self.name, error)
                self._take(head, theirs)
                return
            if theirs is None or head is None:
                self._error = error
                raise error
            if self._merge(mine, theirs, head.version, reason):
                return
        raise error

    def _merge(self, mine: str, theirs: str, version: int, reason: Optional[str]) -> bool:
        """Writes both sides' changes; ``False`` if somebody was there first again."""
        both = merged(self._kept(), mine, theirs)
        head = self._client.origin(reason)
        try:
            answer = save_text(self._client, self.state_type, self.state_id, head, both, version, uuid.uuid4().hex)
        except Conflict:
            return False
        codec = self._client.codec
        with self._owner.lock:
            now = codec.document(self._root)
            self._become_text(both if now == mine else merged(mine, now, both))
            self._saved(answer, codec.document(self._root) if now == mine else both)
        return True


def _become(into: Any, value: Any) -> None:
    """Changes a tracked dict in place, so that what a program holds of it stays a part of it."""
    for key in [key for key in into if key not in value]:
        del into[key]
    for key, each in value.items():
        there = into.get(key)
        if isinstance(there, TrackedDict) and type(each) is dict:
            _become(there, each)
        elif isinstance(there, TrackedList) and type(each) is list:
            there[:] = each
        else:
            into[key] = each


class _Owner(Owner):
    def __init__(self, tell: Callable[[], None]) -> None:
        super().__init__()
        self._tell = tell

    def changed(self) -> None:
        self.edits += 1
        self._tell()
