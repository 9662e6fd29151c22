"""Several writes in one commit."""

from __future__ import annotations

import uuid
from types import TracebackType
from typing import TYPE_CHECKING, Any, Optional, Union

from ._models import Pending, Version

if TYPE_CHECKING:
    from .client import Client

__all__ = ["Batch"]


class Batch:
    """Writes that are collected in a ``with`` block and sent when it ends: all or none.

    Data is turned into text when it is handed over, so what is changed in it afterwards is not in the batch.
    """

    def __init__(self, client: Client, origin: dict[str, Optional[str]], key: Optional[str]) -> None:
        self._client = client
        self._origin = {**origin, "correlation_id": origin.get("correlation_id") or uuid.uuid4().hex}
        self._key = key or uuid.uuid4().hex
        self._items: list[str] = []
        self.versions: tuple[Version, ...] = ()
        """What was written, in the order of the writes; empty until the block has ended."""
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

    def commit(self) -> Union[tuple[Version, ...], Pending]:
        """Sends the writes; the end of the block does it. An empty batch is nothing to send.

        Raises:
            Conflict: names every state that moved; nothing was written.
            Unavailable, OutcomeUnknown, ValidationFailed, Refused: as for a save.
        """
        if not self._items:
            return ()
        head = {name: value for name, value in self._origin.items() if value is not None}
        body = self._client.codec.text(head)[:-1] + ',"items":[' + ",".join(self._items) + "]}"
        answer = self._client.send("/batch", body, self._key)
        self._items = []
        if "results" not in answer:
            self.pending = Pending.of(answer)
            return self.pending
        self.versions = tuple(Version.of(each) for each in answer["results"])
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
