"""What a run found when it began: what the run before it left."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Optional

from ._checkpoints import Checkpoint
from ._models import moment
from .client import Client
from .errors import LeftUnknown, NotFound, StateloftError

__all__ = ["Left", "LeftBehind", "LeftState", "Outcome"]

_LOG = logging.getLogger("stateloft")

_FIRST = 100
"""States that are named with what was left."""

_LOOK_BACK = 64
"""Runs before that are looked at for the last one that wrote something, as the server does."""

Outcome = Literal["fresh", "resumed", "after_crash"]
"""``fresh``: the instance never ran. ``resumed``: the run before ended by itself. ``after_crash``: it did not."""


@dataclass(frozen=True)
class LeftState:
    """A state that the run before wrote."""

    state_type: str
    state_id: str
    version: int
    """The last version that it wrote."""
    seq: int
    """Its place in the store's log."""
    head_version: int
    """The state's last version now."""
    live: bool
    """Whether it is there now, and not deleted."""
    changed_since: bool
    """Whether something else has written it since."""

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> LeftState:
        """Reads one as the API shows it."""
        return cls(
            answer["state_type"],
            answer["state_id"],
            answer["version"],
            answer["seq"],
            answer["head_version"],
            answer["live"],
            answer["changed_since"],
        )


@dataclass(frozen=True)
class Left:
    """What the run before has left."""

    run_id: str
    status: str
    """How it ended: ``completed``, ``stopped``, ``crashed`` or ``replaced``."""
    ended_at: Optional[dt.datetime]
    last_renewal: Optional[dt.datetime]
    """When it was heard last; ``None`` where that is not known."""
    states: Sequence[LeftState]
    """The first hundred states that it wrote; ``more``: there are others."""
    more: bool
    open_positions: Optional[int]
    """``None`` where the server could not count them: unknown, and not none."""
    pending_orders: Optional[int]
    """Orders that may still be filled; ``None`` where that is not known."""
    changed_since: Optional[int]
    """How many of the states something else has written since; ``None`` where that is not known."""
    checkpoint: Optional[Checkpoint]
    """The last one that it took; ``None`` where it took none, and where ``checkpoint_unknown``."""
    run: Mapping[str, Any]
    """The run itself, as the API shows it."""
    answer: Mapping[str, Any] = field(repr=False, compare=False)
    checkpoint_unknown: bool = False
    """What the server keeps of its last checkpoint is damaged: that it took none is not said."""

    @property
    def unknown(self) -> bool:
        """Whether something of it could not be counted or read, and is ``None``: unknown, and not nothing."""
        return self.checkpoint_unknown or None in (self.open_positions, self.pending_orders, self.changed_since)

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Left:
        """Reads it as the API shows it."""
        run = answer["run"]
        return cls(
            run["run_id"],
            run["status"],
            moment(run.get("ended_at")),
            moment(run.get("last_renewal")),
            tuple(LeftState.of(each) for each in answer["states"]),
            answer["more"],
            answer.get("open_positions"),
            answer.get("pending_orders"),
            answer.get("changed_since"),
            None if answer.get("checkpoint") is None else Checkpoint.of(answer["checkpoint"]),
            run,
            answer,
            bool(answer.get("checkpoint_unknown")),
        )


class LeftBehind:
    """What a run found when it began, read again where the server could not say it with its answer."""

    def __init__(self, client: Client, answer: Mapping[str, Any]) -> None:
        self._client = client
        self._previous: Optional[str] = answer["run"].get("previous")
        said = answer.get("left")
        self._left: Optional[Left] = None if said is None else Left.of(said)
        self._lock = threading.Lock()
        self.unknown = bool(answer.get("left_unknown"))
        """Whether it is not known yet."""

    def look(self) -> None:
        """Reads it where it is not known, and says in the log where it cannot be."""
        try:
            self.known()
        except LeftUnknown as error:
            _LOG.error("%s", error)

    def known(self) -> Optional[Left]:
        """It; ``None`` for the first run. ``LeftUnknown`` if it cannot be read."""
        with self._lock:
            if self.unknown:
                try:
                    self._left = None if self._previous is None else self._read(self._previous)
                except StateloftError as error:
                    raise self._not_known(error) from error
                self.unknown = False
            return self._left

    def names(self) -> Iterator[tuple[str, str]]:
        """Types and ids of all states that the run before wrote. ``LeftUnknown`` if they cannot be read.

        Less is needed for it than for :meth:`known`: nothing is counted, and no checkpoint is read.
        """
        left = None if self.unknown else self._left
        if left is not None and not left.more:
            yield from ((each.state_type, each.state_id) for each in left.states)
            return
        if left is None and (not self.unknown or self._previous is None):
            return
        try:
            whose = self._last_that_wrote(str(self._previous)) if left is None else left.run_id
            for each in self._client.pages(f"/runs/{whose}/states", {}, "states"):
                yield each["state_type"], each["state_id"]
        except StateloftError as error:
            raise self._not_known(error) from error

    def _read(self, previous: str) -> Left:
        whose = self._last_that_wrote(previous)
        view = self._get(f"/runs/{whose}")
        page = self._get(f"/runs/{whose}/states", limit=_FIRST)
        more = page.get("next_cursor") is not None
        left: dict[str, Any] = {
            **{name: view[name] for name in ("run", "open_positions", "pending_orders") if name in view},
            **({"checkpoint": view["last_checkpoint"]} if view.get("last_checkpoint") is not None else {}),
            "checkpoint_unknown": view.get("checkpoint_unknown", False),
            "states": page["states"],
            "more": more,
            "changed_since": None if more else sum(1 for each in page["states"] if each["changed_since"]),
        }
        return Left.of(left)

    def _last_that_wrote(self, previous: str) -> str:
        """The run before, or where that wrote nothing the last one before it that did; the first of them if none did."""
        whose, _, epoch = previous.rpartition(".")
        for before in range(int(epoch), max(0, int(epoch) - _LOOK_BACK), -1):  # epochs have no gaps
            try:
                if self._get(f"/runs/{whose}.{before}/states", limit=1)["states"]:
                    return f"{whose}.{before}"
            except NotFound:  # its session was deleted
                continue
        return previous

    def _get(self, path: str, **query: int) -> Any:
        return self._client.decoded(self._client.transport.request("GET", path, query))

    def _not_known(self, error: StateloftError) -> LeftUnknown:
        said = (
            f"what {self._previous} has left is not known: {error}. It is read again each time it is asked for; until then "
            "open nothing new, and ask the broker what there is"
        )
        return LeftUnknown(said, error.problem)
