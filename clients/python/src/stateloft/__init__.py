"""The state of trading programs: every version, exactly as it was saved, and a way back.

>>> import stateloft
>>> client = stateloft.Client(author="my-bot")                                # doctest: +SKIP
>>> client.save("position", "EURUSD", {"qty": 2, "stop_loss": 1.0832})        # doctest: +SKIP
"""

from __future__ import annotations

from typing import Any, Callable, TypeVar

from ._asks import ReconcileAsk
from ._autosave import Autosave, autosave
from ._batch import Batch
from ._begin import run
from ._checkpoints import Checkpoint, CheckpointStatistics, Kept
from ._choices import Choice
from ._code import git
from ._codec import Tagged
from ._handshake import Ask
from ._journal import SetAside
from ._lease import LeaseState
from ._left import Left, LeftState, Outcome
from ._lots import Lot, NoSuchLot
from ._models import Change, Diff, Holder, Pending, Snapshot, Version
from ._numbers import Number
from ._orders import Orders
from ._positions import Positions
from ._reconcile import Asked, Policy, Report, Row
from ._reconcile_plan import Reconciled, ReconcilePlan
from ._restore import Plan, Planned, Restore
from ._run import Run
from ._settings import register_everywhere
from ._state import Journaled, OnConflict, State
from ._states import flush, state
from ._watch import DamagedEvent, Event, Watcher
from .client import Client, Moment
from .errors import (
    CannotReplay,
    Conflict,
    Damaged,
    Deleted,
    HeldBy,
    JournalFull,
    LeaseLost,
    LeftUnknown,
    NotFound,
    NotKept,
    OutcomeUnknown,
    PlanOutdated,
    Problem,
    ReconcileOutdated,
    Refused,
    RunPaused,
    StateloftError,
    Unauthorized,
    Unavailable,
    ValidationFailed,
)

__version__ = "0.1.0"

T = TypeVar("T")


def register_serializer(kind: str, of: type[T], write: Callable[[T], Any], read: Callable[[Any], T]) -> None:
    """Values of the type ``of`` are kept as tagged values of the kind ``kind``, everywhere in this program.

    ``write`` turns one into anything that can be kept, ``read`` makes it again from that. A kind is registered once.
    """
    register_everywhere(kind, of, write, read)


__all__ = [
    "Ask",
    "Asked",
    "Autosave",
    "Batch",
    "CannotReplay",
    "Change",
    "Checkpoint",
    "CheckpointStatistics",
    "Choice",
    "Client",
    "Conflict",
    "Damaged",
    "DamagedEvent",
    "Deleted",
    "Diff",
    "Event",
    "HeldBy",
    "Holder",
    "JournalFull",
    "Journaled",
    "Kept",
    "LeaseLost",
    "LeaseState",
    "Left",
    "LeftState",
    "LeftUnknown",
    "Lot",
    "Moment",
    "NoSuchLot",
    "NotFound",
    "NotKept",
    "Number",
    "OnConflict",
    "Orders",
    "Outcome",
    "OutcomeUnknown",
    "Pending",
    "Plan",
    "PlanOutdated",
    "Planned",
    "Policy",
    "Positions",
    "Problem",
    "ReconcileAsk",
    "ReconcileOutdated",
    "ReconcilePlan",
    "Reconciled",
    "Refused",
    "Report",
    "Restore",
    "Row",
    "Run",
    "RunPaused",
    "SetAside",
    "Snapshot",
    "State",
    "StateloftError",
    "Tagged",
    "Unauthorized",
    "Unavailable",
    "ValidationFailed",
    "Version",
    "Watcher",
    "__version__",
    "autosave",
    "flush",
    "git",
    "register_serializer",
    "run",
    "state",
]
