"""A restore: planned, looked at, applied, undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Optional

from ._models import Version

if TYPE_CHECKING:
    from .client import Client

__all__ = ["Plan", "Planned", "Restore", "Selection"]

Selection = Mapping[str, Mapping[str, Any]]
"""By ``TYPE/ID``: ``{"left": [pointers]}``, ``{"skip": True}``, ``{"unlocked": [pointers]}``."""


@dataclass(frozen=True)
class Planned:
    """What a restore would do with one state."""

    state_type: str
    state_id: str
    effect: str
    """``changed``, ``recreated``, ``deleted``, ``equal`` or ``damaged``."""
    exact: bool
    """Whether the result is the target byte for byte."""
    valid: Optional[bool]
    """What today's rules say of the result; ``None``: not checked."""
    answer: Mapping[str, Any] = field(repr=False, compare=False)


@dataclass(frozen=True)
class Plan:
    """What a restore would write, bound by its hash: what was looked at is what is applied, or nothing is."""

    plan_hash: str
    target: str
    target_seq: int
    seq: int
    """The store's last seq when the plan was made."""
    counts: Mapping[str, int]
    states: Sequence[Planned]
    answer: Mapping[str, Any] = field(repr=False, compare=False)
    _request: Mapping[str, Any] = field(repr=False, compare=False)
    _client: Client = field(repr=False, compare=False)

    @classmethod
    def make(cls, client: Client, request: Mapping[str, Any]) -> Plan:
        """Asks the server for the plan of a request."""
        answer = client.plan(client.codec.text(dict(request)))
        states = [_planned(each) for each in answer["states"]]
        return cls(
            answer["plan"],
            answer["target"],
            answer["target_seq"],
            answer["seq"],
            answer["counts"],
            states,
            answer,
            request,
            client,
        )

    def apply(
        self,
        reason: str,
        *,
        author: Optional[str] = None,
        accept_violations: bool = False,
        wait: Optional[int] = None,
        without_word: Optional[tuple[str, str]] = None,
        idempotency_key: Optional[str] = None,
    ) -> Restore:
        """Writes the plan in one commit, after taking a snapshot, and after the live runs that hold it have made way.

        Args:
            wait: how many seconds their word is waited for; 10 unless said.
            without_word: ``(reason, by)``: an operator's word that it is written though one gave none.

        Raises:
            Conflict: a run gave no word (``no_word``); nothing was written.
            PlanOutdated: something that it would write has moved; nothing was written.
            Refused: results break rules, and ``accept_violations`` was not said; nothing was written.
        """
        body = {
            **self._request,
            "seq": self.seq,
            "reason": reason,
            "user_id": author or self._client.author,
            "run_id": self._client.run_id,
            "accept_violations": accept_violations or None,
            "handshake": terms(wait, without_word),
        }
        text = self._client.codec.text({name: value for name, value in body.items() if value is not None})
        return Restore.of(self._client.send(f"/restores/{self.plan_hash}/apply", text, idempotency_key), self._client)


@dataclass(frozen=True)
class Restore:
    """A restore that was applied."""

    restore_id: str
    reason: Optional[str]
    counts: Mapping[str, int]
    snapshot_before: str
    """The snapshot that was taken first."""
    versions: Sequence[Version]
    answer: Mapping[str, Any] = field(repr=False, compare=False)
    _client: Client = field(repr=False, compare=False)

    @classmethod
    def of(cls, answer: Mapping[str, Any], client: Client) -> Restore:
        """Reads a restore as the API shows it."""
        versions = [Version.of(each) for each in answer.get("versions") or ()]
        return cls(
            answer["restore_id"],
            answer.get("reason"),
            answer["counts"],
            answer["snapshot_before"],
            versions,
            answer,
            client,
        )

    def undo(self, reason: Optional[str] = None, *, author: Optional[str] = None) -> Restore:
        """Takes back what it wrote, where that is still there."""
        return self._client.undo(self, reason, author=author)


def terms(wait: Optional[int], without_word: Optional[tuple[str, str]]) -> Optional[dict[str, Any]]:
    """How live runs are asked, as the API takes it."""
    word = None if without_word is None else {"reason": without_word[0], "by": without_word[1]}
    return {name: each for name, each in (("wait_seconds", wait), ("without_word", word)) if each is not None} or None


def _planned(answer: Mapping[str, Any]) -> Planned:
    verdict: Mapping[str, Any] = answer.get("verdict") or {}
    return Planned(
        answer["state_type"],
        answer["state_id"],
        answer["effect"],
        bool(answer.get("exact", False)),
        {"valid": True, "invalid": False}.get(verdict.get("status", "")),
        answer,
    )
