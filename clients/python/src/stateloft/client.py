"""The client: everything that the API does with states, in Python's values."""

from __future__ import annotations

import copy
import datetime as dt
import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Optional, Union

from ._batch import Batch, CloseMissing
from ._codec import Codec
from ._fence import Fence
from ._journal import Origin
from ._models import Diff, Pending, Snapshot, Version
from ._restore import Plan, Restore, Selection
from ._settings import Values, codec_for, context_of, key_or_configured, server_or_configured
from ._transport import Answer, Query, Transport
from ._watch import Event, Watcher, watch
from .errors import Damaged, LeaseLost, NotFound

__all__ = ["Client", "Moment"]

Moment = Union[str, int, dt.datetime]
"""A point of the past: a datetime with its zone, a text (time, ``seq:N``, ``snapshot:NAME``, ``now``), or a seq."""

Saved = Union[Version, Pending]
"""A version, or a write that the server's journal holds until its store is back."""

_REQUIRED: Any = object()
_PAGE = 200


def moment_text(moment: Moment) -> str:
    """A moment as the API reads it. A time without a zone means nothing and is refused."""
    if isinstance(moment, dt.datetime):
        if moment.tzinfo is None:
            raise ValueError(f"{moment} has no zone; use datetime.now(timezone.utc), for example")
        return moment.astimezone(dt.timezone.utc).isoformat().replace("+00:00", "Z")
    return f"seq:{moment}" if isinstance(moment, int) else moment


class Client:
    """A server's states. Safe to share between threads and to use after a fork; :mod:`stateloft.aio` has the twin.

    Args:
        server: ``http://HOST:PORT`` or ``https://HOST``; else ``STATELOFT_SERVER``, else the one on this machine.
        key: the API key; else ``STATELOFT_KEY``, else ``TRADING_STATE_API_KEY``.
        author: who writes, kept with every version.
        run_id: which start of which program writes, kept with every version.
        timeout: seconds that connecting, and each wait for the server, may take.
        ca: a file of certificates (PEM) that an ``https`` server's may be signed by, besides the system's.
        values: ``tagged`` keeps decimals, times and the like so that they come back as they were; ``plain`` writes them
            as JSON's numbers and texts, as schemas and other programs want them.
    """

    def __init__(
        self,
        server: Optional[str] = None,
        *,
        key: Optional[str] = None,
        author: Optional[str] = None,
        run_id: Optional[str] = None,
        timeout: float = 10.0,
        ca: Optional[str] = None,
        values: Values = "tagged",
    ) -> None:
        self._transport = Transport(server_or_configured(server), key_or_configured(key), timeout, context_of(ca))
        self._codec = codec_for(values)
        self.author = author
        self.run_id = run_id
        self._fence: Optional[Fence] = None

    def of_run(self, fence: Fence) -> Client:
        """A client of the same connections for the writes of a run; :func:`stateloft.run` makes it."""
        made = copy.copy(self)
        made._fence, made.run_id = fence, fence.run_id
        return made

    def of_nobody(self) -> Client:
        """A client of the same connections that says of itself neither who it is nor for which run it writes."""
        made = copy.copy(self)
        made._fence = made.run_id = made.author = None
        return made

    @property
    def fence(self) -> Optional[Fence]:
        """The run that this client writes for, if it is one's."""
        return self._fence

    @property
    def server(self) -> str:
        """The server's address."""
        return self._transport.server

    @property
    def transport(self) -> Transport:
        """The connections, for what speaks to the server beside this client."""
        return self._transport

    def use_key(self, key: Optional[str]) -> None:
        """From the next request on this is the API key; ``None``: none."""
        self._transport.use_key(key)

    @property
    def codec(self) -> Codec:
        """How values are kept."""
        return self._codec

    # -- writing ---------------------------------------------------------------------------------------------------

    def save(
        self,
        state_type: str,
        state_id: str,
        data: Any,
        *,
        reason: Optional[str] = None,
        author: Optional[str] = None,
        if_version: Optional[int] = None,
        create: bool = False,
        run_id: Optional[str] = None,
        correlation_id: Optional[str] = None,
        causation_id: Optional[str] = None,
        idempotency_key: Optional[str] = None,
    ) -> Saved:
        """Saves a state. When it returns, the write is durable.

        Data equal to what is there makes no version: the answer is that one, ``unchanged``.

        Args:
            data: a dict, or what is kept as an object (a dataclass, a model).
            if_version: only if the state is at this version; 0 if there never was one.
            create: only if there is none, or it is deleted.
            idempotency_key: the same key and request within 24 hours are done once. Without it a new one is made.

        Raises:
            NotKept: something in the data cannot be kept exactly.
            Conflict: the state has moved on.
            ValidationFailed: the type is strict and the data breaks its rules.
            Unavailable: nothing was written.
            OutcomeUnknown: it may have been written or not.
        """
        head = {
            "state_type": state_type,
            "state_id": state_id,
            **self.origin(reason, author, run_id, correlation_id, causation_id),
            "expected_version": if_version,
            "operation": "create" if create else None,
        }
        body = self.body(head, data)
        return self._saved(self._write("POST", "/states", body=body, key=idempotency_key), state_type, state_id)

    def delete(
        self,
        state_type: str,
        state_id: str,
        *,
        reason: Optional[str] = None,
        author: Optional[str] = None,
        if_version: Optional[int] = None,
        run_id: Optional[str] = None,
        correlation_id: Optional[str] = None,
        causation_id: Optional[str] = None,
        idempotency_key: Optional[str] = None,
    ) -> Saved:
        """Deletes a state: a version like any other, its history stays. Raises as :meth:`save`, and ``NotFound``."""
        query = {
            **_of(state_type, state_id),
            **self.origin(reason, author, run_id, correlation_id, causation_id),
            "expected_version": if_version,
        }
        return self._saved(self._write("DELETE", "/states/-", query=query, key=idempotency_key), state_type, state_id)

    def undelete(
        self,
        state_type: str,
        state_id: str,
        *,
        reason: Optional[str] = None,
        author: Optional[str] = None,
        if_version: Optional[int] = None,
        idempotency_key: Optional[str] = None,
    ) -> Saved:
        """Brings a deleted state back as it was. ``Conflict`` if it is not deleted."""
        head = {**self.origin(reason, author, None, None, None), "expected_version": if_version}
        body = self.codec.text(_said(head))
        answer = self._write("POST", "/states/-/undelete", query=_of(state_type, state_id), body=body, key=idempotency_key)
        return self._saved(answer, state_type, state_id)

    def batch(
        self,
        reason: Optional[str] = None,
        *,
        author: Optional[str] = None,
        run_id: Optional[str] = None,
        correlation_id: Optional[str] = None,
        causation_id: Optional[str] = None,
        idempotency_key: Optional[str] = None,
        close_missing: Optional[CloseMissing] = None,
    ) -> Batch:
        """Several writes, all or none::

            with client.batch("entry filled") as batch:
                batch.save("position", "EURUSD", position)
                batch.delete("order", "17")
                batch.check("session", "btc-grid", version=7)

        They are sent when the block ends, in one commit; not at all if it ends with an exception.

        Args:
            close_missing: living states of these types that the batch does not name are deleted in the same commit: a type,
                several, or a dict of types with how ids start (``{"position": "bot/"}``; ``None``: all). ``batch.closed`` says
                which. With it a batch of no writes closes all of them.
        """
        origin = self.origin(reason, author, run_id, correlation_id, causation_id)
        return Batch(self, origin, idempotency_key, close_missing)

    # -- reading ---------------------------------------------------------------------------------------------------

    def get(self, state_type: str, state_id: str, default: Any = _REQUIRED, *, version: Optional[int] = None) -> Any:
        """The data of a state, or of one of its versions.

        Raises:
            NotFound: there is none (``Deleted``: any more), and no ``default`` was given. Never because a store does
                not answer: that is ``Unavailable``.
        """
        try:
            return self.read(state_type, state_id, version=version).data
        except NotFound:
            if default is _REQUIRED:
                raise
            return default

    def read(
        self, state_type: str, state_id: str, *, version: Optional[int] = None, at: Optional[Moment] = None
    ) -> Version | Pending:
        """A state with its version, author, time and verdict; :class:`Pending` while its last write waits."""
        query = {**_of(state_type, state_id), "version": version, "at": None if at is None else moment_text(at)}
        return self._saved(self._transport.request("GET", "/states/-", query), state_type, state_id)

    def at(self, state_type: str, state_id: str, moment: Moment) -> Version:
        """The state as it was at a moment. ``NotFound`` if it was not there."""
        found = self.read(state_type, state_id, at=moment)
        assert isinstance(found, Version)
        return found

    def raw(self, state_type: str, state_id: str, *, version: Optional[int] = None) -> str:
        """The exact text of the data; its SHA-256 is the version's ``content_hash``."""
        return self._transport.request("GET", "/states/-/raw", {**_of(state_type, state_id), "version": version}).text

    def list(
        self,
        state_type: Union[str, Sequence[str], None] = None,
        *,
        prefix: Optional[str] = None,
        q: Optional[str] = None,
        validity: Optional[str] = None,
        deleted: Optional[str] = None,
        changed_since: Optional[Moment] = None,
        author: Optional[str] = None,
        at: Optional[Moment] = None,
        sort: Optional[str] = None,
        data: bool = True,
    ) -> Iterator[Version | Pending]:
        """States, read page by page as they are asked for.

        A list is everything that matches or an error: while the server's store is away it is ``Unavailable``.
        """
        types = state_type if state_type is None or isinstance(state_type, str) else ",".join(state_type)
        query = {
            "state_type": types,
            "prefix": prefix,
            "q": q,
            "validity": validity,
            "deleted": deleted,
            "author": author,
            "changed_since": None if changed_since is None else moment_text(changed_since),
            "at": None if at is None else moment_text(at),
            "sort": sort,
            "data": data,
            "stale": "refuse",
        }
        return (_read(each) for each in self.pages("/states", query, "states"))

    def history(
        self,
        state_type: str,
        state_id: str,
        *,
        limit: Optional[int] = None,
        start: Optional[dt.datetime] = None,
        end: Optional[dt.datetime] = None,
        run_id: Optional[str] = None,
        correlation_id: Optional[str] = None,
        data: bool = True,
    ) -> Iterator[Version]:
        """The versions of a state, newest first, read page by page as they are asked for; at most ``limit``."""
        query = {
            **_of(state_type, state_id),
            "run_id": run_id,
            "correlation_id": correlation_id,
            "data": data,
            "start_time": None if start is None else moment_text(start),
            "end_time": None if end is None else moment_text(end),
        }
        return (Version.of(each) for each in self.pages("/states/-/history", query, "versions", limit))

    def diff(self, state_type: str, state_id: str, before: Optional[Moment] = None, after: Optional[Moment] = None) -> Diff:
        """What changed between two versions (numbers) or moments; by default what the last version changed.

        ``before=0`` compares with nothing.
        """
        query = {**_of(state_type, state_id), "from": _side(before), "to": _side(after)}
        return Diff.of(self.decoded(self._transport.request("GET", "/states/-/diff", query)))

    # -- going back ------------------------------------------------------------------------------------------------

    def snapshot(
        self,
        name: str,
        *,
        seq: Optional[int] = None,
        reason: Optional[str] = None,
        author: Optional[str] = None,
        idempotency_key: Optional[str] = None,
    ) -> Snapshot:
        """Names the present moment, or that of a seq. ``Conflict`` if the name is taken."""
        body = self.codec.text(
            _said({"snapshot_id": name, "seq": seq, "description": reason, "user_id": author or self.author})
        )
        return Snapshot.of(self.decoded(self._write("POST", "/snapshots", body=body, key=idempotency_key)))

    def snapshots(self) -> Iterator[Snapshot]:
        """All snapshots, newest first."""
        return (Snapshot.of(each) for each in self.pages("/snapshots", {}, "snapshots"))

    def forget_snapshot(self, name: str) -> None:
        """Forgets the name; every version stays."""
        self._write("DELETE", "/snapshots/-", query={"snapshot_id": name})

    def restore_plan(
        self,
        target: Moment,
        *,
        states: Sequence[tuple[str, str]] = (),
        types: Sequence[str] = (),
        prefix: Optional[str] = None,
        selection: Optional[Selection] = None,
        exact: bool = False,
    ) -> Plan:
        """What a restore to a moment would write; writes nothing. ``plan.apply(reason)`` writes exactly that.

        Args:
            states: only these, each a type and an id. ``types``, ``prefix``: only those.
            selection: which parts to leave out or to take in, as the API has it.
            exact: byte for byte, noise and what is protected, too.
        """
        scope = _said(
            {
                "states": [{"state_type": each[0], "state_id": each[1]} for each in states] or None,
                "types": list(types) or None,
                "prefix": prefix,
            }
        )
        request = {
            "target": moment_text(target),
            "scope": scope or None,
            "selection": selection,
            "exact": exact or None,
        }
        return Plan.make(self, _said(request))

    def undo(self, restore: Union[str, Restore], reason: Optional[str] = None, *, author: Optional[str] = None) -> Restore:
        """Takes back what a restore wrote, where it is still there."""
        name = restore if isinstance(restore, str) else restore.restore_id
        body = self.codec.text(_said({"reason": reason, "user_id": author or self.author}))
        return Restore.of(self.decoded(self._write("POST", f"/restores/{name}/undo", body=body)), self)

    # -- following -------------------------------------------------------------------------------------------------

    def watch(
        self, topic: str = "states", *, after: Optional[int] = None, data: bool = True, name: Optional[str] = None
    ) -> Iterator[Event]:
        """Versions as they are written, each once and in order, for ever; it resumes by itself when the server was away.

        Args:
            topic: ``states`` (all), ``states:TYPE`` or ``state:ID``.
            after: begin with everything after this seq; without it with what is written from now on.
            name: what the session is called among the server's listeners.

        Raises:
            CannotReplay: the log does not have what was read before.
        """
        return watch(self._transport, self._codec, topic, after, data, name)

    def on_change(
        self,
        callback: Callable[[Event], None],
        topic: str = "states",
        *,
        after: Optional[int] = None,
        data: bool = True,
        name: Optional[str] = None,
    ) -> Watcher:
        """Like :meth:`watch`, in a thread of its own that hands each event to ``callback``."""
        start = self.seq() if after is None else after
        return Watcher(lambda stopped: watch(self._transport, self._codec, topic, start, data, name, stopped), callback)

    def log(
        self, *, state_type: Optional[str] = None, author: Optional[str] = None, limit: int = 100, data: bool = False
    ) -> Iterator[Version]:
        """The last versions of the whole store, or of one type or author, newest first; at most ``limit``."""
        before, left = 0, limit
        while left > 0:
            query = {
                "before": before,
                "limit": min(left, _PAGE),
                "data": data,
                "state_type": state_type,
                "author": author,
            }
            page = self.decoded(self._transport.request("GET", "/events", query))
            yield from (Version.of(each) for each in page["events"])
            left -= len(page["events"])
            before = int(page["next_after"])
            if before <= 1:
                return

    def preview_import(self, files: Sequence[Mapping[str, str]], options: Optional[Mapping[str, Any]] = None) -> Any:
        """What files of older programs hold and how that stands to the store, as the API has it; writes nothing.

        ``files`` are ``name`` and ``text`` (or ``base64``).
        """
        body = json.dumps({"files": list(files), "options": dict(options or {})})
        return self.decoded(self._transport.request("POST", "/imports", body=body))

    def apply_import(
        self,
        plan: str,
        files: Sequence[Mapping[str, str]],
        options: Optional[Mapping[str, Any]] = None,
        *,
        choose: Sequence[str] = (),
        leave: Sequence[str] = (),
        author: Optional[str] = None,
    ) -> Any:
        """Writes what the preview of this plan showed, in one commit. ``PlanOutdated`` if it would be something else."""
        body: dict[str, Any] = {"files": list(files), "options": dict(options or {}), "user_id": author or self.author}
        body.update({name: list(each) for name, each in (("choose", choose), ("leave", leave)) if each})
        return self.decoded(self._write("POST", f"/imports/{plan}/apply", body=json.dumps(_said(body))))

    def seq(self) -> int:
        """The seq of the store's last version; 0 if there is none."""
        page = self.decoded(self._transport.request("GET", "/events", {"before": 0, "limit": 1, "data": False}))
        return int(page["seq"])

    def status(self) -> dict[str, Any]:
        """How the server and its store are, as the API has it."""
        found: dict[str, Any] = self.decoded(self._transport.request("GET", "/status"))
        return found

    # -- the rest --------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Closes the connections that are kept."""
        self._transport.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self.server!r})"

    def body(self, members: dict[str, Any], data: Any) -> str:
        """A body whose last member is data that is kept exactly."""
        return self.codec.text(_said(members))[:-1] + ',"data":' + self.codec.document(data) + "}"

    def send(self, path: str, body: str, key: Optional[str] = None) -> Any:
        """Sends a write whose body is made already; its answer with Python's values."""
        return self.decoded(self._write("POST", path, body=body, key=key))

    def plan(self, body: str) -> Any:
        """Asks for a restore's plan."""
        return self.decoded(self._transport.request("POST", "/restores", body=body))

    def origin(
        self,
        reason: Optional[str] = None,
        author: Optional[str] = None,
        run_id: Optional[str] = None,
        correlation_id: Optional[str] = None,
        causation_id: Optional[str] = None,
    ) -> Origin:
        """Who writes, why, and for what, as the API names it."""
        fence = None if self._fence is None or (run_id or self.run_id) != self._fence.run_id else self._fence
        return {
            "user_id": author or self.author,
            "description": reason,
            "run_id": run_id or self.run_id,
            "epoch": None if fence is None else fence.epoch,
            "correlation_id": correlation_id,
            "causation_id": causation_id or (None if fence is None else fence.cause),
        }

    def _write(
        self,
        method: str,
        path: str,
        *,
        query: Optional[Query] = None,
        body: Optional[str] = None,
        key: Optional[str] = None,
    ) -> Answer:
        if self._fence is not None:
            self._fence.check()
        headers = {"Idempotency-Key": key or uuid.uuid4().hex}
        try:
            return self._transport.request(method, path, query, body, headers)
        except LeaseLost as error:
            if self._fence is not None:
                self._fence.lose(error)
            raise

    def decoded(self, answer: Answer) -> Any:
        """An answer with Python's values."""
        try:
            return self.codec.value(answer.text)
        except ValueError as error:
            raise Damaged(f"{self.server} did not answer JSON: {error}") from error

    def _saved(self, answer: Answer, state_type: str, state_id: str) -> Saved:
        found = self.decoded(answer)
        saved = _read(found["version"] if "version" in found and isinstance(found["version"], dict) else found)
        if isinstance(saved, Pending) and saved.state_id is None:
            return saved
        if (saved.state_type, saved.state_id) != (state_type, state_id):
            # A proxy may bend an address, and what comes then is another state.
            raise Damaged(f"asked for {state_type} {state_id!r}, answered {saved.state_type} {saved.state_id!r}")
        if self._fence is not None and isinstance(saved, Version):
            self._fence.answered(saved.recorded_at)
        return saved

    def pages(self, path: str, query: Query, member: str, limit: Optional[int] = None) -> Iterator[Any]:
        """The rows of a list, page by page."""
        cursor: Optional[str] = None
        left = limit
        while left is None or left > 0:
            size = _PAGE if left is None else min(left, _PAGE)
            page = self.decoded(self._transport.request("GET", path, {**query, "limit": size, "cursor": cursor}))
            yield from page[member]
            cursor = page.get("next_cursor")
            if left is not None:
                left -= len(page[member])
            if cursor is None:
                return


def _of(state_type: str, state_id: str) -> dict[str, Union[str, int, bool, None]]:
    return {"state_type": state_type, "state_id": state_id}


def _said(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _side(side: Optional[Moment]) -> Optional[str]:
    # Here a number is a version's, as on the command line.
    return None if side is None else str(side) if isinstance(side, int) else moment_text(side)


def _read(answer: Any) -> Saved:
    pending = "version" not in answer and "pending_id" in answer
    return Pending.of(answer) if pending else Version.of(answer)
