"""What the server answers, as Python sees it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

__all__ = ["Change", "Diff", "Holder", "Pending", "Snapshot", "Version", "moment"]


def moment(text: Optional[str]) -> Optional[dt.datetime]:
    """A time of the server, in UTC, to the microsecond."""
    return None if text is None else dt.datetime.fromisoformat(text.replace("Z", "+00:00"))


@dataclass(frozen=True)
class Version:
    """One version of a state. It never changes."""

    state_type: str
    state_id: str
    seq: int
    """Its place in the whole store's log, from 1 on, without gaps."""
    version: int
    """Its place in the state's history, from 1 on, without gaps."""
    version_id: str
    operation: str
    """``create``, ``update``, ``delete`` or ``restore``."""
    recorded_at: dt.datetime
    """When the store recorded it (UTC)."""
    author: Optional[str]
    reason: Optional[str]
    content_hash: Optional[str]
    """SHA-256 of the exact text of the data; ``None`` for a delete."""
    chain_hash: Optional[str]
    valid: Optional[bool]
    """What the type's rules say of it; ``None``: not checked."""
    violations: Sequence[Mapping[str, Any]]
    data: Any = None
    """The data; ``None`` for a delete, and where it was not asked for."""
    unchanged: bool = False
    """A save of what was there already: no version was made, this is the one that stands."""
    damaged: bool = False
    """What is stored is not what was written; there is no data."""
    run_id: Optional[str] = None
    correlation_id: Optional[str] = None
    causation_id: Optional[str] = None
    batch_id: Optional[str] = None
    saved_at: Optional[dt.datetime] = None
    """When an older system saved it, where it was imported."""
    notices: Sequence[Mapping[str, Any]] = ()
    answer: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False, compare=False)
    """Everything that the server said of it."""

    @property
    def deleted(self) -> bool:
        """Whether this version is a tombstone."""
        return self.operation == "delete"

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Version:
        """Reads a version as the API shows it."""
        verdict: Mapping[str, Any] = answer.get("verdict") or {}
        recorded = moment(answer["timestamp"])
        assert recorded is not None
        return cls(
            state_type=answer["state_type"],
            state_id=answer["state_id"],
            seq=answer["seq"],
            version=answer["version"],
            version_id=answer["version_id"],
            operation=answer["operation"],
            recorded_at=recorded,
            author=answer.get("user_id"),
            reason=answer.get("description"),
            content_hash=answer.get("content_hash"),
            chain_hash=answer.get("chain_hash"),
            valid={"valid": True, "invalid": False}.get(verdict.get("status", "")),
            violations=verdict.get("violations") or (),
            data=answer.get("data"),
            unchanged=bool(answer.get("unchanged", False)),
            damaged=bool(answer.get("damaged", False)),
            run_id=answer.get("run_id"),
            correlation_id=answer.get("correlation_id"),
            causation_id=answer.get("causation_id"),
            batch_id=answer.get("batch_id"),
            saved_at=moment(answer.get("saved_at")),
            notices=answer.get("notices") or (),
            answer=answer,
        )


@dataclass(frozen=True)
class Pending:
    """A write that is durable and has no version yet: the server's store is away, and its journal has it."""

    pending_id: str
    """The version that it becomes carries this as ``batch_id``."""
    accepted_at: dt.datetime
    state_type: Optional[str] = None
    state_id: Optional[str] = None
    data: Any = None
    """When it was read: what the state is once it is written."""
    answer: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False, compare=False)

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Pending:
        """Reads a write that waits as the API shows it."""
        accepted = moment(answer["accepted_at"])
        assert accepted is not None
        return cls(answer["pending_id"], accepted, answer.get("state_type"), answer.get("state_id"), answer.get("data"), answer)


@dataclass(frozen=True)
class Change:
    """One place at which two versions differ."""

    kind: str
    """``added``, ``changed``, ``removed``, and others that the API names."""
    path: str
    """A JSON pointer."""
    old: Any
    """The value there was, as JSON text."""
    new: Any
    delta: Optional[str]
    """By how much a number changed, exactly."""
    percent: Optional[str]
    answer: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False, compare=False)

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Change:
        """Reads a change as the API shows it."""
        old, new, delta, percent = (answer.get(name) for name in ("old", "new", "delta", "percent"))
        return cls(answer["kind"], answer["path"], old, new, delta, percent, answer)


@dataclass(frozen=True)
class Diff:
    """What changed from one version to another."""

    before: Optional[Version]
    """``None``: compared with nothing."""
    after: Version
    changes: Sequence[Change]
    counts: Mapping[str, int]
    answer: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False, compare=False)

    def __bool__(self) -> bool:
        return bool(self.changes)

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Diff:
        """Reads a difference as the API shows it."""
        diff = answer["diff"]
        changes = [Change.of(each) for each in diff["changes"]]
        before = answer.get("from")
        return cls(None if before is None else Version.of(before), Version.of(answer["to"]), changes, diff["counts"], answer)


@dataclass(frozen=True)
class Snapshot:
    """A name for a place in the log."""

    snapshot_id: str
    seq: int
    author: Optional[str]
    reason: Optional[str]
    created_at: Optional[dt.datetime]
    answer: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False, compare=False)

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Snapshot:
        """Reads a snapshot as the API shows it."""
        return cls(
            answer["snapshot_id"],
            answer["seq"],
            answer.get("user_id"),
            answer.get("description"),
            moment(answer.get("timestamp") or answer.get("created_at")),
            answer,
        )


@dataclass(frozen=True)
class Holder:
    """Who holds the lease of an instance."""

    run_id: str
    host: Optional[str]
    pid: Optional[int]
    since: Optional[dt.datetime]
    until: Optional[dt.datetime]
    """Until when, unless it renews, by the server's clock."""
    last_renewal: Optional[dt.datetime]

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Holder:
        """Reads a holder as the API shows it."""
        times = (moment(answer.get(name)) for name in ("since", "until", "last_renewal"))
        return cls(str(answer.get("run_id", "")), answer.get("host"), answer.get("pid"), *times)
