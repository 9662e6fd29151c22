"""Writes that wait on this machine's disk while the server is away.

A folder for each server, a file for each process. A line is a record and its checksum; it is synced before anybody is told. A
file is locked by the process that writes it; the next one takes over the files of those that have ended. A line that was cut
at the end of a file was never acknowledged. Any other bad line is damage: the file is kept aside as ``damaged-...`` after
everything whole in it was taken over, and that is said in the log.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
import threading
import time
import uuid
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Optional, Union

from ._settings import codec_for
from .errors import JournalFull

__all__ = ["Entry", "Journal", "Origin", "SetAside", "folder_for"]

_LOG = logging.getLogger("stateloft")

LIMIT = 64 << 20
"""Bytes that wait at most, unless said otherwise."""


Origin = dict[str, Union[str, int, None]]
"""Author, reason, run, epoch and causes of a write, as the API names them."""


@dataclass(frozen=True)
class Entry:
    """One save that waits."""

    key: str
    """Its idempotency key."""
    state_type: str
    state_id: str
    head: Origin
    """Author, reason and origin, as the API names them."""
    data: str
    """The exact text."""
    base: Optional[int]
    """The version that it was made from; ``None``: what the entry before it of the same state becomes."""
    base_data: Optional[str]
    """The text of that version, by which a conflict is merged."""
    on_conflict: str
    accepted_at: float
    """Seconds since 1970, by this machine's clock."""

    @property
    def size(self) -> int:
        """Bytes, about."""
        return len(self.data) + len(self.base_data or "")

    @property
    def state(self) -> tuple[str, str]:
        """Type and id."""
        return self.state_type, self.state_id


@dataclass(frozen=True)
class SetAside:
    """A write that was acknowledged while the server was away, and that could not be made: it is in a file of its own."""

    path: Path
    """The file, ``conflict-KEY.json``; ``seen-KEY.json`` once the program has looked."""
    key: str
    """The idempotency key of the write."""
    state_type: str
    state_id: str
    data: Any
    """What it would have written."""
    why: str
    """Why it was not made."""
    run_id: Optional[str]
    """The run that wrote it."""


def folder_for(server: str, configured: Optional[str] = None) -> Path:
    """Where the journal of a server is: below the argument, else ``STATELOFT_JOURNAL``, else the user's state folder."""
    state = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    root = configured or os.environ.get("STATELOFT_JOURNAL") or os.path.join(state, "stateloft", "journal")
    return Path(root) / hashlib.sha256(server.encode()).hexdigest()[:16]


class Journal:
    """The writes of this process that wait, and those of processes that have ended. Safe for several threads."""

    def __init__(self, folder: Path, limit: int = LIMIT) -> None:
        self.folder, self.limit = folder, limit
        self.lock = threading.RLock()
        self.waiting: deque[Entry] = deque()
        self.size = 0
        """Bytes of the data that waits."""
        self._file: Optional[int] = None
        self._path: Optional[Path] = None
        self._adopted: list[tuple[int, Path]] = []
        os.makedirs(folder, mode=0o700, exist_ok=True)
        self.adopt()

    def append(self, entry: Entry) -> None:
        """Makes a write durable.

        Raises:
            JournalFull: it would be more than ``limit`` bytes; nothing was written.
        """
        with self.lock:
            if self.size + entry.size > self.limit:
                raise JournalFull(f"the journal in {self.folder} holds {self.size} bytes, and may hold {self.limit}")
            try:
                self._write({"save": asdict(entry)})
            except OSError as error:
                raise JournalFull(f"the journal in {self.folder} cannot be written: {error}") from error
            self.waiting.append(entry)
            self.size += entry.size

    def done(self, entry: Entry, version: Optional[int] = None, as_it_is: bool = True) -> None:
        """A write has arrived as this version (or was set aside: ``None``), as it was or merged with another's."""
        with self.lock:
            self.waiting.remove(entry)
            self.size -= entry.size
            if self.waiting:
                self._write({"done": entry.key, "version": version, "as_it_is": as_it_is})
            else:
                self._forget()

    def set_aside(self, entry: Entry, why: str) -> Path:
        """Keeps a write that may not be made in a file of its own, and forgets it otherwise."""
        path = self.folder / f"conflict-{entry.key}.json"
        text = json.dumps({"why": why, **asdict(entry)}, indent=1, ensure_ascii=False)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        self._sync_folder()
        self.done(entry)
        return path

    def aside(self, instance: str) -> list[SetAside]:
        """The writes of runs of ``PROGRAM.INSTANCE`` that were set aside, oldest first, and at which nobody has looked."""
        found: list[tuple[float, SetAside]] = []
        for path in self.folder.glob("conflict-*.json"):
            try:
                kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
                run_id = kept["head"].get("run_id")
                if run_id is None or str(run_id).rpartition(".")[0] != instance:
                    continue
                # Its numbers stay what they are: by the kinds that a program reads its states with.
                data = codec_for("tagged").value(kept["data"])
                named = kept["key"], kept["state_type"], kept["state_id"]
                found.append((kept["accepted_at"], SetAside(path, *named, data, kept["why"], run_id)))
            except FileNotFoundError:  # another process has looked meanwhile
                continue
            except (OSError, ValueError, LookupError) as error:
                _LOG.error("%s cannot be read: %s", path, error)
        return [each for _, each in sorted(found, key=lambda each: each[0])]

    def looked_at(self, found: Iterable[SetAside]) -> None:
        """They are not named any more; the files stay, as ``seen-KEY.json``."""
        for each in found:
            try:
                os.rename(each.path, each.path.with_name(f"seen-{each.key}.json"))
            except FileNotFoundError:  # it was done already
                continue
        self._sync_folder()

    def of(self, state_type: str, state_id: str) -> list[Entry]:
        """What waits of a state, oldest first."""
        with self.lock:
            return [each for each in self.waiting if each.state == (state_type, state_id)]

    def adopt(self) -> None:
        """Takes over what processes that have ended left behind."""
        with self.lock:
            found = [(*opened, path) for path in sorted(self.folder.glob("[0-9]*.journal")) for opened in self._opened(path)]
            entries: dict[str, Entry] = {}
            for _, records, _ in found:
                for record in records:
                    if record is not None and "save" in record:
                        entries[record["save"]["key"]] = Entry(**record["save"])
            for _, records, _ in found:  # a write of one file may have been done by the owner of a later one
                for record in records:
                    if record is not None and record.get("done") in entries:
                        _followed(entries, entries.pop(record["done"]), record)
            damaged = [path for _, records, path in found if None in records]
            if damaged:  # written anew, so that the damaged files can stand aside
                for entry in entries.values():
                    self._write({"save": asdict(entry)})
            for handle, _, path in found:
                if damaged:
                    self._put_aside(handle, path, path in damaged)
                else:
                    self._adopted.append((handle, path))
            self.waiting.extend(entries.values())
            self.size += sum(each.size for each in entries.values())
            if not self.waiting:
                self._forget()

    def after_fork(self) -> None:
        """In a child: the files stay its parent's. (Closing them here does not unlock them there.)"""
        for handle in [*(each for each, _ in self._adopted), *([] if self._file is None else [self._file])]:
            os.close(handle)
        self.lock = threading.RLock()
        self.waiting, self.size, self._file, self._path, self._adopted = deque(), 0, None, None, []

    def _opened(self, path: Path) -> Iterator[tuple[int, list[Optional[dict[str, Any]]]]]:
        """The file's handle and records, if no living process has it."""
        if path == self._path or any(path == other for _, other in self._adopted):
            return
        try:
            handle = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            return
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            return
        yield handle, list(_records(path.read_bytes()))

    @staticmethod
    def _put_aside(handle: int, path: Path, damaged: bool) -> None:
        if damaged:
            aside = path.with_name(f"damaged-{path.name}")
            _LOG.error("%s is damaged: what is whole in it is replayed, and it is kept as %s", path, aside)
            os.rename(path, aside)
        else:
            path.unlink()
        os.close(handle)

    def _write(self, record: dict[str, Any]) -> None:
        if self._file is None:
            self._path = self.folder / f"{self._next()}-{os.getpid()}-{uuid.uuid4().hex[:8]}.journal"
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._sync_folder()
        text = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
        line = hashlib.sha256(text).hexdigest()[:16].encode() + b" " + text + b"\n"
        start = os.lseek(self._file, 0, os.SEEK_END)
        try:
            written = 0
            while written < len(line):
                written += os.write(self._file, line[written:])
            os.fsync(self._file)
        except BaseException:  # also Ctrl+C: who calls is not told that it is durable
            os.ftruncate(self._file, start)  # half a line in the middle would be damage
            raise

    def _next(self) -> int:
        """What the next file is called, so that it comes behind those that there are: the clock may have been set back
        since.
        """
        there = (path.name.partition("-")[0] for path in self.folder.glob("[0-9]*.journal"))
        return max([time.time_ns(), *(int(each) + 1 for each in there if each.isdecimal())])

    def _forget(self) -> None:
        """Nothing waits: the files are not needed."""
        own = [] if self._file is None or self._path is None else [(self._file, self._path)]
        for handle, path in [*self._adopted, *own]:
            path.unlink()
            os.close(handle)
        self._adopted, self._file, self._path = [], None, None

    def _sync_folder(self) -> None:
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _records(raw: bytes) -> Iterator[Optional[dict[str, Any]]]:
    """Each record; ``None`` for one that is damaged. A last line that was cut is no record."""
    lines = raw.split(b"\n")
    for line in lines[:-1]:
        digest, _, text = line.partition(b" ")
        if hashlib.sha256(text).hexdigest()[:16].encode() == digest:
            record: dict[str, Any] = json.loads(text)
            yield record
        else:
            yield None


def _followed(entries: dict[str, Entry], done: Entry, record: dict[str, Any]) -> None:
    """The write that came next of the same state is made onto the version that this one became."""
    version = record.get("version")
    following = next((each for each in entries.values() if each.state == done.state and each.base is None), None)
    if version is None or following is None:
        return
    # After a merge the version has more in it than this program knew: a base that does not hold has it merged again.
    base = version if record.get("as_it_is") else version - 1
    entries[following.key] = replace(following, base=base, base_data=done.data)
