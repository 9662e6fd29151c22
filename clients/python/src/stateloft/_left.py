"""What a run found when it began: what the run before it left."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Optional

from ._checkpoints import Checkpoint
from ._models import moment

__all__ = ["Left", "LeftState", "Outcome"]

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
    """The last one that it took."""
    run: Mapping[str, Any]
    """The run itself, as the API shows it."""
    answer: Mapping[str, Any] = field(repr=False, compare=False)

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
        )
