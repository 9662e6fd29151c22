"""Sending what waits in a journal: in order, each once, onto what it was made from."""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING, Any, Optional

from ._journal import Entry, Journal, Origin
from ._merge import merged
from ._models import Version
from .errors import Conflict, LeaseLost, NotFound, OutcomeUnknown, Refused, StateloftError, Unauthorized

if TYPE_CHECKING:
    from .client import Client

__all__ = ["Replay", "head_of", "save_text"]

_LOG = logging.getLogger("stateloft")


def save_text(
    client: Client, state_type: str, state_id: str, head: Origin, data: str, base: Optional[int], key: str
) -> Any:
    """Sends a save of a text that was made already."""
    members = {"state_type": state_type, "state_id": state_id, **head, "expected_version": base}
    said = client.codec.text({name: value for name, value in members.items() if value is not None})
    return client.send("/states", said[:-1] + ',"data":' + data + "}", key)


def head_of(client: Client, state_type: str, state_id: str) -> tuple[Optional[Version], Optional[str]]:
    """The last version of a state, if there ever was one, and its exact text unless it is deleted."""
    try:
        version = next(client.history(state_type, state_id, limit=1, data=False))
    except NotFound as error:
        if error.code != "state_not_found":  # such as an address that is no server of ours
            raise
        return None, None
    text = None if version.deleted else client.raw(state_type, state_id, version=version.version)
    return version, text


class Replay:
    """Where each state is, as far as this replay has brought it."""

    def __init__(self, client: Client, journal: Journal) -> None:
        self._client, self._journal = client, journal
        self._reached: dict[tuple[str, str], tuple[int, str, str]] = {}
        """By state: the version, what an entry wanted, and what was written for it (another text after a merge)."""
        self.refused: dict[tuple[str, str], StateloftError] = {}
        """States of which writes were set aside, and why."""
        self.set_aside = 0
        """How many were."""

    def step(self) -> bool:
        """Sends the oldest entry; ``False`` if none waits.

        Raises:
            StateloftError: it still waits.
        """
        with self._journal.lock:
            if not self._journal.waiting:
                return False
            entry = self._journal.waiting[0]
        state = entry.state
        if state in self.refused and entry.base is None:
            self._aside(entry, self.refused[state])
            return True
        try:
            self._send(entry)
        except StateloftError as error:
            if not _is_final(error):
                raise
            self._aside(entry, error)
        return True

    def reached(self, state_type: str, state_id: str) -> Optional[tuple[int, str]]:
        """The version and the text that the last write of a state became; said once."""
        found = self._reached.pop((state_type, state_id), None)
        return None if found is None else (found[0], found[2])

    def _send(self, entry: Entry) -> None:
        state = entry.state
        before = self._reached.get(state)
        base, data = entry.base, entry.data
        if base is None and before is not None:
            base = before[0]
            if before[1] != before[2]:  # what the entry before became was merged, so this one is, too
                data = merged(before[1], data, before[2])
        try:
            version = self._write(entry, data, base)
        except Conflict:
            version, data = self._after_conflict(entry, data, base, before)
        self._reached[state] = (version, entry.data, data)
        self._journal.done(entry, version, data == entry.data)

    def _write(self, entry: Entry, data: str, base: Optional[int], key: Optional[str] = None) -> int:
        answer = save_text(self._client, entry.state_type, entry.state_id, entry.head, data, base, key or entry.key)
        if "version" not in answer:
            # The server's own journal has it: what it becomes is known when its store is back.
            raise OutcomeUnknown("the server's store is away; its journal has the write")
        return Version.of(answer).version

    def _after_conflict(
        self, entry: Entry, data: str, base: Optional[int], before: Optional[tuple[int, str, str]]
    ) -> tuple[int, str]:
        head, theirs = head_of(self._client, entry.state_type, entry.state_id)
        version = 0 if head is None else head.version
        if base is not None and version == base + 1 and theirs == data:
            return version, data  # it had arrived, so long ago that its key is forgotten
        base_data = before[1] if before is not None else entry.base_data
        if entry.on_conflict != "merge" or theirs is None or base_data is None:
            raise Conflict(f"{entry.state_type} {entry.state_id}: another program saved version {version} meanwhile")
        both = merged(base_data, entry.data, theirs)
        # Another text is another request; its key follows from both, so that it is one, too, however often it is sent.
        key = hashlib.sha256(f"{entry.key} {version} {both}".encode()).hexdigest()[:32]
        return self._write(entry, both, version, key), both

    def _aside(self, entry: Entry, error: StateloftError) -> None:
        path = self._journal.set_aside(entry, str(error))
        self.refused[entry.state] = error
        self.set_aside += 1
        _LOG.error("a write of %s %s was not made and is kept in %s: %s", entry.state_type, entry.state_id, path, error)


def _is_final(error: StateloftError) -> bool:
    """Whether the server itself said of this very write that it will never be made.

    A key that is wrong today, or a proxy that answers in the server's place, says nothing of the write.
    """
    if isinstance(error, (Conflict, LeaseLost)):
        return True
    by_the_server = error.code is not None and not error.code.startswith("http_")
    return isinstance(error, Refused) and not isinstance(error, Unauthorized) and by_the_server
