"""What can go wrong, as one closed hierarchy.

Every exception of this package is a :class:`StateloftError`, and every one says in :attr:`~StateloftError.written` what is
known of the write it belongs to: ``False`` means that certainly nothing was written, ``None`` that it may have been or not.

``StateloftError``
    ``NotKept``            a value that cannot be kept exactly; nothing was sent
    ``Refused``            the request is wrong: parameters, data, key
        ``Unauthorized``, ``ValidationFailed``
    ``NotFound``           there is no such state, version, snapshot or restore
        ``Deleted``        there was one
    ``Conflict``           somebody else was there first
        ``PlanOutdated``   a restore's plan; carries a fresh one
            ``ReconcileOutdated``  that of a reconcile; carries what is left of it
    ``HeldBy``             another run of the instance is live
    ``LeaseLost``          the run does not hold its lease any more
    ``LeftUnknown``        what the run before has left cannot be read
    ``RunPaused``          the run paused for a restore and has not read again yet
    ``Unavailable``        nobody, or no store, answered
        ``JournalFull``    and the journal on this disk holds as much as it may
    ``OutcomeUnknown``     sent, and not answered: read before you write again
    ``Damaged``            what is stored is not what was written, or an answer is not what was asked for
    ``CannotReplay``       the log does not have what was read before
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Optional

from ._models import Holder

if TYPE_CHECKING:
    from ._reconcile_plan import ReconcilePlan

__all__ = [
    "CannotReplay",
    "Conflict",
    "Damaged",
    "Deleted",
    "HeldBy",
    "JournalFull",
    "LeaseLost",
    "LeftUnknown",
    "NotFound",
    "NotKept",
    "OutcomeUnknown",
    "PlanOutdated",
    "Problem",
    "ReconcileOutdated",
    "Refused",
    "RunPaused",
    "StateloftError",
    "Unauthorized",
    "Unavailable",
    "ValidationFailed",
]


@dataclass(frozen=True)
class Problem:
    """A problem document (RFC 9457) as the server sent it."""

    status: int
    code: str
    title: str
    detail: str
    pointer: Optional[str]
    """Where in the body it is wrong, as a JSON pointer."""
    hint: Optional[str]
    """What to do, where it is known what people mean who send that."""
    document: Mapping[str, Any]
    """All members, such as ``conflicts``, ``plan`` or ``errors``."""

    @classmethod
    def of(cls, status: int, document: Mapping[str, Any]) -> Problem:
        """Reads a problem document; what it lacks is filled from the status alone."""
        title = str(document.get("title") or f"HTTP status {status}")
        pointer, hint = document.get("pointer"), document.get("hint")
        return cls(
            status=status,
            code=str(document.get("code") or f"http_{status}"),
            title=title,
            detail=str(document.get("detail") or title),
            pointer=None if pointer is None else str(pointer),
            hint=None if hint is None else str(hint),
            document=document,
        )

    def sentence(self) -> str:
        """Detail, each error with its place, and the hint, for people."""
        parts = [self.detail]
        errors: Sequence[Mapping[str, Any]] = self.document.get("errors") or ()
        parts += [f"{each.get('pointer') or '/'}: {each.get('message')}" for each in errors]
        if self.hint:
            parts.append(self.hint)
        return "; ".join(parts)


class StateloftError(Exception):
    """Anything that this package raises."""

    written: Optional[bool] = False
    """``False``: nothing was written. ``None``: it is not known."""

    def __init__(self, message: str, problem: Optional[Problem] = None) -> None:
        super().__init__(message)
        self.problem = problem

    @property
    def code(self) -> Optional[str]:
        """The stable code of the problem document; ``None`` where no server said it."""
        return None if self.problem is None else self.problem.code

    @property
    def detail(self) -> str:
        """What is wrong, for people."""
        return str(self) if self.problem is None else self.problem.detail

    @property
    def pointer(self) -> Optional[str]:
        """Where it is wrong, as a JSON pointer."""
        return None if self.problem is None else self.problem.pointer

    @property
    def hint(self) -> Optional[str]:
        """What to do, where it is known."""
        return None if self.problem is None else self.problem.hint


class NotKept(StateloftError, ValueError):
    """A value that cannot be kept so that it comes back as it was. Nothing was sent."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self._segments: list[str] = []

    def below(self, key: object) -> NotKept:
        """The same error, seen from one level further up."""
        self._segments.append(str(key).replace("~", "~0").replace("/", "~1"))
        return self

    @property
    def pointer(self) -> str:
        """Where the value stands in the data, as a JSON pointer; empty for the data itself."""
        return "".join("/" + segment for segment in reversed(self._segments))

    def __str__(self) -> str:
        return f"{self.pointer or 'the data'}: {self.reason}"


class Refused(StateloftError):
    """The request is wrong, and stays so however often it is sent."""


class Unauthorized(Refused):
    """The API key is missing or wrong, or this origin may not write."""


class ValidationFailed(Refused):
    """The type is in mode strict and the data breaks its rules."""

    @property
    def violations(self) -> Sequence[Mapping[str, Any]]:
        """Each broken rule: ``pointer``, ``code``, ``message``."""
        return () if self.problem is None else self.problem.document.get("errors") or ()


class NotFound(StateloftError, LookupError):
    """There is no such thing."""


class Deleted(NotFound):
    """There was one; its history can still be read."""


class Conflict(StateloftError):
    """Somebody else was there first. Nothing was written."""

    def __init__(self, message: str, problem: Optional[Problem] = None, paths: Sequence[str] = ()) -> None:
        super().__init__(message, problem)
        self.paths = tuple(paths)
        """Where both sides changed the same value, if a merge was tried: JSON pointers."""

    @property
    def conflicts(self) -> Sequence[Mapping[str, Any]]:
        """Each state that moved: ``state_type``, ``state_id``, ``expected_version``, ``head``."""
        return () if self.problem is None else self.problem.document.get("conflicts") or ()

    @property
    def checks(self) -> Sequence[Mapping[str, Any]]:
        """Each check of a batch that does not hold: ``item``, ``state_type``, ``state_id``, ``message``, ``head``, ``found``."""
        return () if self.problem is None else self.problem.document.get("checks") or ()


class PlanOutdated(Conflict):
    """Something that a restore's plan writes has moved. ``plan`` is a fresh one, ``moved`` what moved."""

    @property
    def plan(self) -> Mapping[str, Any]:
        """The fresh plan, as the API shows it."""
        return {} if self.problem is None else self.problem.document.get("plan") or {}

    @property
    def moved(self) -> Sequence[Mapping[str, Any]]:
        """Per state what was looked at and what is there now."""
        return () if self.problem is None else self.problem.document.get("moved") or ()


class ReconcileOutdated(PlanOutdated):
    """A row of a reconcile's plan is not what was looked at any more. Nothing was written."""

    rest: Optional[ReconcilePlan] = None
    """The plan with the choices of those rows that have not moved, to be looked at and applied as it is; ``None`` if none is
    left."""

    @property
    def plan(self) -> Mapping[str, Any]:
        """The hash of that plan and its choices, as the API shows them."""
        found: Mapping[str, Any] = {} if self.problem is None else self.problem.document.get("reconcile") or {}
        return found

    @property
    def moved(self) -> Sequence[Mapping[str, Any]]:
        """Each row that moved: ``row``, its name as it was looked at, and ``now``, as the API shows it; without that it is no
        more.
        """
        return self.plan.get("moved") or ()


class HeldBy(StateloftError):
    """Another run of the instance is live: ``who``, ``host``, ``pid``, ``since``, and ``until`` when at least."""

    @property
    def holder(self) -> Holder:
        """Who."""
        return Holder.of({} if self.problem is None else self.problem.document.get("holder") or {})

    @property
    def who(self) -> str:
        """Its run id."""
        return self.holder.run_id

    @property
    def host(self) -> Optional[str]:
        """On which machine."""
        return self.holder.host

    @property
    def pid(self) -> Optional[int]:
        """Its process there."""
        return self.holder.pid

    @property
    def since(self) -> Optional[dt.datetime]:
        """Since when."""
        return self.holder.since

    @property
    def until(self) -> Optional[dt.datetime]:
        """Until when, unless it renews."""
        return self.holder.until


class LeaseLost(StateloftError):
    """The run does not hold its lease any more: stop trading. Nothing was written, and nothing of this run will be."""

    @property
    def holder(self) -> Optional[Holder]:
        """The run that is live instead, where that is known."""
        found = None if self.problem is None else self.problem.document.get("holder")
        return None if found is None else Holder.of(found)


class LeftUnknown(StateloftError):
    """What the run before has left cannot be read, which is something else than nothing. Open nothing new; each call reads it
    again.
    """


class RunPaused(StateloftError):
    """A restore had the run pause, and the program has not said yet that it read again. Nothing was written."""


class Unavailable(StateloftError):
    """No server, or no store behind it. Of a write certainly nothing is stored."""

    retry_after: Optional[float] = None
    """Seconds after which the server asks to try again."""


class JournalFull(Unavailable):
    """The server is away, and the journal on this disk holds as many bytes as it may."""


class OutcomeUnknown(StateloftError):
    """It was sent and not answered: it may be stored or not. Read before you write again."""

    written = None


class Damaged(StateloftError):
    """What is stored is not what was written, or the answer is of something else than was asked for."""


class CannotReplay(StateloftError):
    """The log does not have what was read before: it has lost its end, or is another one."""


def raised(problem: Problem, retry_after: Optional[float], writes: bool) -> StateloftError:
    """The exception that a problem document is."""
    message = problem.sentence()
    status, code = problem.status, problem.code
    if code == "outcome_unknown":
        return OutcomeUnknown(message, problem)
    if code == "damaged":
        return Damaged(message, problem)
    if code == "validation_failed":
        return ValidationFailed(message, problem)
    if code == "plan_outdated" and "reconcile" in problem.document:
        return ReconcileOutdated(message, problem)
    if code == "plan_outdated":
        return PlanOutdated(message, problem)
    if code == "cannot_replay":
        return CannotReplay(message, problem)
    if code == "run_held":
        return HeldBy(message, problem)
    if code == "lease_lost":
        return LeaseLost(message, problem)
    if code == "run_paused":
        return RunPaused(message, problem)
    if status in (401, 403):
        return Unauthorized(message, problem)
    if status == 410:
        return Deleted(message, problem)
    if status == 404:
        return NotFound(message, problem)
    if status in (409, 412):
        return Conflict(message, problem)
    if status in (429, 503) or (status >= 500 and not writes):
        unavailable = Unavailable(message, problem)
        unavailable.retry_after = retry_after
        return unavailable
    # A proxy that answers 502 or 504, or a fault of the server's own: nobody says what became of a write.
    return OutcomeUnknown(message, problem) if status >= 500 else Refused(message, problem)
