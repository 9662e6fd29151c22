"""Several writes in one commit."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Optional, Union

from ._journal import Origin
from ._models import Pending, Version

if TYPE_CHECKING:
    from .client import Client

__all__ = ["Batch", "CloseMissing"]

CloseMissing = Union[str, Sequence[str], Mapping[str, Optional[str]]]
"""States of which what a batch does not name is closed: a type, several, or types with how the ids in them start (``None``: all)."""

_UNSAID: Any = object()


class Batch:
    """Writes that are collected in a ``with`` block and sent when it ends: all or none.

    Data is turned into text when it is handed over, so what is changed in it afterwards is not in the batch.
    """

    def __init__(
        self,
        client: Client,
        origin: Origin,
        key: Optional[str],
        close_missing: Optional[CloseMissing] = None,
    ) -> None:
        self._client = client
        self._origin: Origin = {**origin, "correlation_id": origin.get("correlation_id") or uuid.uuid4().hex}
        self._key = key or uuid.uuid4().hex
        self._items: list[str] = []
        self._close = None if close_missing is None else _scopes(close_missing)
        self._sent = False
        self.versions: tuple[Version, ...] = ()
        """What was written, in the order of the writes; empty until the block has ended."""
        self.closed: tuple[Version, ...] = ()
        """The deletes of what ``close_missing`` closed, by type and id."""
        self.pending: Optional[Pending] = None
        """Where the server's journal holds the batch until its store is back."""

    @property
    def correlation_id(self) -> str:
        """What all its versions carry, so that they are found together."""
        return str(self._origin["correlation_id"])

    def save(self, state_type: str, state_id: str, data: Any, *, if_version: Optional[int] = None) -> None:
        """One state is to be this."""
        self._items.append(self._client.body(self._head("save", state_type, state_id, if_version), data))

    def delete(self, state_type: str, state_id: str, *, if_version: Optional[int] = None) -> None:
        """One state is to be deleted."""
        self._items.append(self._client.codec.text(self._head("delete", state_type, state_id, if_version)))

    def check(
        self,
        state_type: str,
        state_id: str,
        *,
        version: Optional[int] = None,
        content_hash: Optional[str] = None,
        exists: Optional[bool] = None,
        pointer: Optional[str] = None,
        equals: Any = _UNSAID,
    ) -> None:
        """Nothing of the batch is written unless this is true of a state when the batch comes, before it writes.

        Exactly one of ``version`` (0: there never was one), ``content_hash``, ``exists``, or ``pointer`` with ``equals`` or ``exists``.
        Values are compared as values: ``1.0`` is ``1``.

        What is checked counts as named: ``close_missing`` leaves it alone.
        """
        said = {"version": version, "content_hash": content_hash, "exists": exists, "pointer": pointer}
        head: dict[str, Any] = {"op": "check", "state_type": state_type, "state_id": state_id}
        head.update({name: value for name, value in said.items() if value is not None})
        if equals is not _UNSAID:
            head["equals"] = equals
        self._items.append(self._client.codec.text(head))

    def commit(self) -> Union[tuple[Version, ...], Pending]:
        """Sends the writes; the end of the block does it. An empty batch that closes nothing is nothing to send.

        Raises:
            Conflict: names every state that moved (``conflicts``) and every check that does not hold (``checks``); nothing was
                written.
            Unavailable, OutcomeUnknown, ValidationFailed, Refused: as for a save.
        """
        if not self._items and (self._close is None or self._sent):
            return self.versions if self.pending is None else self.pending
        head: dict[str, Any] = {name: value for name, value in self._origin.items() if value is not None}
        if self._close is not None:
            head["close_missing"] = self._close
        body = self._client.codec.text(head)[:-1] + ',"items":[' + ",".join(self._items) + "]}"
        answer = self._client.send("/batch", body, self._key)
        self._items, self._sent = [], True
        if "results" not in answer:
            self.pending = Pending.of(answer)
            return self.pending
        self.versions = tuple(Version.of(each) for each in answer["results"])
        self.closed = tuple(Version.of(each) for each in answer.get("closed") or ())
        return self.versions

    def __enter__(self) -> Batch:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        if kind is None:
            self.commit()

    def __len__(self) -> int:
        return len(self._items)

    @staticmethod
    def _head(op: str, state_type: str, state_id: str, if_version: Optional[int]) -> dict[str, Any]:
        head: dict[str, Any] = {"op": op, "state_type": state_type, "state_id": state_id}
        return head if if_version is None else {**head, "expected_version": if_version}


def _scopes(close: CloseMissing) -> list[dict[str, Any]]:
    """As the server takes it."""
    if isinstance(close, str):
        close = [close]
    if isinstance(close, Mapping):
        scopes = [{"types": [kind], "prefix": prefix} for kind, prefix in close.items()]
        return [{name: value for name, value in scope.items() if value is not None} for scope in scopes]
    return [{"types": list(close)}]
