"""Checkpoints of a run: states written together, and the moment named, so that one can go back to it."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional, Union

from ._fence import Fence
from ._models import Pending, moment
from ._state import State
from .client import Client
from .errors import StateloftError

__all__ = ["Checkpoint", "CheckpointStatistics", "Checkpoints", "Kept"]

_LOG = logging.getLogger("stateloft")

Kept = Union[State, tuple[str, str, Any]]
"""A state for a checkpoint: a dict that survives, or type, id and data."""

_BY_THEMSELVES = 2000
"""Dicts that go into a checkpoint without being named; with more only the moment is named."""

_COUNTED = ("position", "order")


@dataclass(frozen=True)
class Checkpoint:
    """A moment of a run. Its ``seq`` goes wherever a moment does: ``client.at``, a comparison, ``client.restore_plan``."""

    number: int
    """The how manieth of its run it is, from 1 on."""
    name: Optional[str]
    seq: int
    taken_at: Optional[dt.datetime]
    pinned: bool
    """Whether it stays in the list, however many come after it."""
    states: int
    """How many states were saved with it."""
    open_positions: Optional[int]
    """How many of them are positions that hold something; ``None`` where no states were saved."""
    pending_orders: Optional[int]
    answer: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Checkpoint:
        """Reads one as the API shows it."""
        return cls(
            answer["number"],
            answer.get("name"),
            answer["seq"],
            moment(answer.get("taken_at")),
            bool(answer.get("pinned")),
            answer["states"],
            answer.get("open_positions"),
            answer.get("pending_orders"),
            answer,
        )


@dataclass(frozen=True)
class CheckpointStatistics:
    """The checkpoints of a run in numbers."""

    count: int
    first: Optional[dt.datetime]
    last: Optional[dt.datetime]
    span_seconds: Optional[float]
    average_interval_seconds: Optional[float]
    """``None`` for less than two."""

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> CheckpointStatistics:
        """Reads them as the API shows them."""
        return cls(
            answer["count"],
            moment(answer.get("first")),
            moment(answer.get("last")),
            answer.get("span_seconds"),
            answer.get("average_interval_seconds"),
        )


class Checkpoints:
    """Takes and lists the checkpoints of one run."""

    def __init__(
        self, client: Client, fence: Fence, over: threading.Event, dicts: Callable[[], Sequence[State]]
    ) -> None:
        self._client, self._fence, self._over, self._dicts = client, fence, over, dicts
        self._path = f"/runs/{fence.run_id}/checkpoints"

    def take(
        self, name: Optional[str], states: Sequence[Kept], reason: Optional[str], pinned: bool
    ) -> Union[Checkpoint, Pending]:
        """One commit: what the states hold, and the moment."""
        dicts = self._dicts()
        for each in dicts:
            each.push()
        chosen: Sequence[Kept] = states or self._of_themselves(dicts)
        origin = self._client.origin(reason)
        head = {"epoch": self._fence.epoch, "name": name, "reason": reason, "pinned": pinned or None}
        head.update({each: origin[each] for each in ("user_id", "causation_id")})
        said = self._client.codec.text({member: value for member, value in head.items() if value is not None})
        items = ",".join(self._item(each) for each in chosen)
        answer = self._client.send(self._path, said[:-1] + f',"states":[{items}]}}', uuid.uuid4().hex)
        return Checkpoint.of(answer["checkpoint"]) if "checkpoint" in answer else Pending.of(answer)

    def all(self) -> Iterator[Checkpoint]:
        """Those that are kept, newest first."""
        cursor: Optional[str] = None
        while True:
            page = self._page({"cursor": cursor})
            yield from (Checkpoint.of(each) for each in page["checkpoints"])
            cursor = page.get("next_cursor")
            if cursor is None:
                return

    def statistics(self) -> CheckpointStatistics:
        """All that were taken, in numbers."""
        return CheckpointStatistics.of(self._page({"limit": 1})["statistics"])

    def every(self, interval: float, collect: Optional[Callable[[], Sequence[Kept]]]) -> None:
        """Takes one every so many seconds, in a thread of its own, until the run is over."""
        threading.Thread(target=self._run, args=(interval, collect), name="stateloft-checkpoint", daemon=True).start()

    def _run(self, interval: float, collect: Optional[Callable[[], Sequence[Kept]]]) -> None:
        while not self._over.wait(interval) and self._fence.over is None:
            more: Sequence[Kept] = ()
            try:
                more = () if collect is None else collect()
            except Exception:  # such as a broker that does not answer: the rest is kept all the same
                _LOG.exception("a checkpoint of %s is taken without what could not be collected", self._fence.run_id)
            try:
                self.take("every", [*self._of_themselves(self._dicts()), *more], None, False)
            except StateloftError as error:
                if not self._over.is_set():
                    _LOG.error("no checkpoint of %s was taken: %s", self._fence.run_id, error)
            except Exception:
                _LOG.exception("no checkpoint of %s was taken", self._fence.run_id)

    @staticmethod
    def _of_themselves(dicts: Sequence[State]) -> Sequence[State]:
        counted = [each for each in dicts if each.state_type in _COUNTED and len(each)]
        return counted if len(counted) <= _BY_THEMSELVES else ()

    def _item(self, state: Kept) -> str:
        if isinstance(state, State):
            text, base = state.durable()
            head = {"state_type": state.state_type, "state_id": state.state_id, "expected_version": base}
        else:
            head = {"state_type": state[0], "state_id": state[1]}
            text = self._client.codec.document(state[2])
        said = self._client.codec.text({name: value for name, value in head.items() if value is not None})
        return said[:-1] + ',"data":' + text + "}"

    def _page(self, query: Mapping[str, Union[str, int, bool, None]]) -> Any:
        return self._client.decoded(self._client.transport.request("GET", self._path, query))
