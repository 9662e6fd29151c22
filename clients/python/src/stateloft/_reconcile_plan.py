"""What is done about what a broker's list says: planned, looked at, applied in one commit, or not at all."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

from ._choices import Choice
from ._models import Change, Version
from ._narrow import is_list, is_mapping
from ._reconcile import Policy, Report, Row
from ._restore import terms
from .client import Client
from .errors import ReconcileOutdated, Refused

__all__ = ["Planned", "Question", "ReconcilePlan", "Reconciled"]

_ATTEMPTS = 5
"""How often a plan is asked for again when rows move in between."""


@dataclass(frozen=True)
class Planned:
    """What a plan would write to one state."""

    state_type: str
    state_id: str
    version: Optional[int]
    """The one that was looked at; ``None``: the state is new."""
    changes: Sequence[Change]
    """What changes of it; all the rest keeps every byte."""
    data: Any
    """What a state gets that is new."""
    answer: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Planned:
        """Reads it as the API shows it."""
        changes = tuple(Change.of(each) for each in answer.get("changes") or ())
        return cls(answer["state_type"], answer["state_id"], answer.get("version"), changes, answer.get("data"), answer)


@dataclass(frozen=True)
class Reconciled:
    """A plan that was applied."""

    plan_hash: str
    before: str
    """The moment right before it: the target of a restore of these states, which takes it back."""
    versions: Sequence[Version]
    """What was written: the states, the record of the broker's list, and what is kept of drift."""
    answer: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Reconciled:
        """Reads it as the API shows it."""
        versions = tuple(Version.of(each) for each in answer["versions"])
        return cls(answer["plan"], answer["before"], versions, answer)


@dataclass(frozen=True)
class ReconcilePlan:
    """What choices would write, bound by its hash: what was looked at is what is applied, or nothing is."""

    plan_hash: str
    report: Report
    """How both sides stand, with what is chosen of each row."""
    choices: Sequence[Choice]
    """All that is chosen, by the program or by the policy."""
    writes: Sequence[Planned]
    answer: Mapping[str, Any] = field(repr=False, compare=False)
    _question: Question = field(repr=False, compare=False)

    def apply(
        self,
        reason: str,
        *,
        author: Optional[str] = None,
        wait: Optional[int] = None,
        without_word: Optional[tuple[str, str]] = None,
        idempotency_key: Optional[str] = None,
    ) -> Reconciled:
        """Writes the plan in one commit, with the broker's list. The run's positions are read again.

        This run is not asked first, as it knows; other live runs that hold some of what is written are.
        If every row that differed was chosen of, the run is not :attr:`~stateloft.Run.halted` by the report any more.

        Args:
            wait: how many seconds the word of other runs is waited for; 10 unless said.
            without_word: ``(reason, by)``: an operator's word that it is written though one gave none.

        Raises:
            Conflict: another run gave no word (``no_word``); nothing was written.
            ReconcileOutdated: a chosen row moved (``moved``); nothing was written, and ``rest`` is the plan of the other
                choices.
            LeaseLost, RunPaused: the run may not write; nothing was written.
            Unavailable: nothing was written.
            OutcomeUnknown: it may have been written or not; with the same ``idempotency_key`` it is done once.
            Refused: nothing is chosen, or no reason is said.
        """
        return self._question.apply(self, reason, author, terms(wait, without_word), idempotency_key)


class Question:
    """What a run asks about its broker's list: the same for the report, for a plan and for applying it."""

    def __init__(
        self,
        client: Client,
        epoch: int,
        body: str,
        whole: bool,
        policy: Policy,
        applied: Callable[[ReconcilePlan], None],
    ) -> None:
        self._client, self._epoch, self._policy, self._applied = client, epoch, policy, applied
        self._body, self._whole = body, whole
        """Scope, options and list as JSON text: what is applied is read from the same bytes as what was looked at."""

    def report(self, record: bool, answers: Optional[str] = None) -> Report:
        """How the list stands to what is kept, which answers what the run is asked, if it is asked that."""
        said: dict[str, Any] = {"record": True} if record else {}
        if answers is not None:
            said["answers"] = answers
        return Report.of(self._ask((), {**said, "epoch": self._epoch} if said else {}), self, self._whole)

    def plan(self, report: Report, choices: Sequence[Choice]) -> ReconcilePlan:
        """What choices would write."""
        if not choices:  # what the policy has chosen is in the report
            return self._made(report.answer)
        rows = {row.name: row for row in report.rows}
        said = [self._said(each, rows.get(each.row)) for each in choices]
        try:
            return self._made(self._ask(said, {}))
        except ReconcileOutdated as error:
            raise self._with_rest(error) from None

    def apply(
        self,
        plan: ReconcilePlan,
        reason: str,
        author: Optional[str],
        handshake: Optional[Mapping[str, Any]],
        key: Optional[str],
    ) -> Reconciled:
        """Writes a plan."""
        choices: Sequence[Mapping[str, Any]] = plan.answer["choices"]
        who = author or self._client.author
        run = {"run_id": self._client.run_id, "epoch": self._epoch}
        more = {**run, "reason": reason, "user_id": who, "choices": choices, "handshake": handshake}
        path = f"/reconciles/{plan.plan_hash}/apply"
        try:
            done = Reconciled.of(self._client.send(path, self._with(more), key or uuid.uuid4().hex))
        except ReconcileOutdated as error:
            raise self._with_rest(error) from None
        self._applied(plan)
        return done

    def _with_rest(self, error: ReconcileOutdated) -> ReconcileOutdated:
        """The error, with the plan of the choices that still hold; rows that move meanwhile are left out, too."""
        choices = error.plan.get("choices") or ()
        for _ in range(_ATTEMPTS if choices else 0):
            try:
                error.rest = self._made(self._ask(choices, {"policy": "halt"}))
                break
            except ReconcileOutdated as again:
                choices = again.plan.get("choices") or ()
                if not choices:
                    break
        return error

    def _made(self, answer: Mapping[str, Any]) -> ReconcilePlan:
        choices = tuple(Choice.of(each) for each in answer["choices"])
        writes = tuple(Planned.of(each) for each in answer["writes"])
        return ReconcilePlan(answer["plan"], Report.of(answer, self, self._whole), choices, writes, answer, self)

    def _ask(self, choices: Iterable[Mapping[str, Any]], more: Mapping[str, Any]) -> Any:
        body = self._with({"policy": self._policy, "choices": list(choices), **more})
        answer = self._client.transport.request("POST", f"/runs/{self._client.run_id}/reconcile", body=body)
        return self._client.decoded(answer)

    def _with(self, members: Mapping[str, Any]) -> str:
        said = self._client.codec.text({name: each for name, each in members.items() if each is not None})
        return self._body[:-1] + "," + said[1:]

    def _said(self, choice: Choice, row: Optional[Row]) -> Mapping[str, Any]:
        """A choice as the API takes it: where the lots of a split stand is looked up in the versions that the report is of."""
        if not choice.shares:
            return choice.text()
        if row is None or not row.ours:
            return {**choice.text(), "shares": [{"id": lot, "quantity": much} for lot, much in choice.shares.items()]}
        left, shares = dict(choice.shares), list[Mapping[str, Any]]()
        for each in row.ours:
            lot = self._lot_id(each)
            if lot not in left:
                raise Refused(f"{row.symbol}: a split says of each lot how much it gets, and of {lot} it does not")
            where = {name: each[name] for name in ("state_type", "state_id", "pointer")}
            shares.append({**where, "quantity": left.pop(lot)})
        if left:
            raise Refused(f"{row.symbol}: {', '.join(left)} is no lot of this row")
        return {**choice.text(), "shares": shares}

    def _lot_id(self, held: Mapping[str, Any]) -> str:
        """What a lot of ours is called: its own id, or that of its state where it is the only one."""
        found: Any = self._client.get(held["state_type"], held["state_id"], version=held["version"])
        for member in str(held["pointer"]).split("/")[1:]:
            found = found[int(member)] if is_list(found) else found[member.replace("~1", "/").replace("~0", "~")]
        said = found.get("id") if is_mapping(found) else None
        return str(held["state_id"] if said is None else said)
