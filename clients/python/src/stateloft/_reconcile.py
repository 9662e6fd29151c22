"""What the broker says, held against what is kept: a report, which has changed nothing. What is done about it is a plan's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, Optional

from ._choices import Choice, RowChoice, adopted, closed, kept, split
from ._exact import Exact, decimal
from ._lots import ExitReason
from ._models import moment
from ._settings import codec_for

if TYPE_CHECKING:
    from ._reconcile_plan import Question, ReconcilePlan

__all__ = ["Apart", "Asked", "Policy", "Report", "Row", "Shape", "Verdict", "asking", "request_of"]

Policy = Literal["halt", "adopt", "ignore"]
"""``halt``: the run opens nothing new until a report agrees, and goes on minding what is open. ``adopt``: so, too, and the
report's plan has theirs chosen, where that needs no word of a person. ``ignore``: it goes on."""

Shape = Literal["plain", "ccxt", "alpaca", "oanda", "freqtrade", "mt5"]

Verdict = Literal["quantity_mismatch", "missing_here", "missing_there", "unknown", "price_mismatch", "matched"]

UNSAID: Any = object()

_FAILURE_LIMIT = 500
"""Characters of what a broker's call failed with."""


class Asked:
    """A question to the broker: when it was asked, and what came of it."""

    def __init__(self, as_of: dt.datetime) -> None:
        self.as_of = as_of
        """When, by the server's clock, or a little before."""
        self.positions: Any = UNSAID
        """The broker's list as it came; ``None`` is an answer that says nothing."""
        self.failure: Optional[str] = None
        """What the call failed with. Then nothing is known, which is something else than an empty list."""
        self.partial = False
        """Whether the list is not whole, such as the pages before one that failed."""

    @property
    def whole(self) -> bool:
        """Whether there is a list, and all of it."""
        return self.failure is None and self.positions is not None and self.positions is not UNSAID and not self.partial

    def failed(self, why: str) -> Asked:
        """The same question, to which there was no answer that can be read."""
        made = Asked(self.as_of)
        made.failure = why
        return made


@contextmanager
def asking(as_of: dt.datetime) -> Generator[Asked, None, None]:
    """A question to the broker; an exception of it becomes its failure, and goes no further."""
    asked = Asked(as_of)
    try:
        yield asked
    except Exception as error:
        asked.failure = f"{type(error).__name__}: {error}"


def request_of(
    asked: Asked,
    scope: Mapping[str, Any],
    shape: Optional[Shape],
    tolerance: Optional[Mapping[str, Exact]],
    symbols: Optional[Mapping[str, str]],
) -> str:
    """The body of the request. The list is sent as it came; decimals and times in it as plain numbers and texts.

    Raises:
        ValueError: there is neither a list nor a failure, or when the broker was asked has no zone.
    """
    if asked.positions is UNSAID and asked.failure is None:
        raise ValueError("what did the broker say? `positions` is its list, and `failure` what a call failed with")
    if asked.as_of.tzinfo is None:
        raise ValueError(f"as_of {asked.as_of} has no zone: run.server_time() before the call is meant")
    options: dict[str, Any] = {
        "as_of": asked.as_of,
        "shape": shape,
        "failure": None if asked.failure is None else asked.failure[:_FAILURE_LIMIT],
        "partial": asked.partial or None,
        "tolerance": None if tolerance is None else {name: str(decimal(each)) for name, each in tolerance.items()},
        "symbols": None if symbols is None else dict(symbols),
    }
    body: dict[str, Any] = {"scope": scope, "options": {name: each for name, each in options.items() if each is not None}}
    if asked.failure is None:
        body["list"] = asked.positions
    return codec_for("plain").text(body)


@dataclass(frozen=True)
class Apart:
    """Two numbers that should be equal."""

    ours: Decimal
    theirs: Decimal
    delta: Optional[Decimal]
    """The broker's less ours."""

    @classmethod
    def of(cls, answer: Optional[Mapping[str, Any]]) -> Optional[Apart]:
        """Reads them as the API shows them."""
        if answer is None:
            return None
        delta = answer.get("delta")
        return cls(decimal(answer["ours"]), decimal(answer["theirs"]), None if delta is None else decimal(delta))


@dataclass(frozen=True)
class Row:
    """One position, as both sides have it."""

    verdict: Verdict
    because: Optional[str]
    """Why, where the numbers do not say it, such as ``flat``, ``not_listed``, ``no_answer``, ``changed_since``."""
    symbol: Optional[str]
    ids: Sequence[str]
    ours: Sequence[Mapping[str, Any]]
    theirs: Sequence[Mapping[str, Any]]
    quantity: Optional[Apart]
    price: Optional[Apart]
    name: str
    """Which it is and, behind the point, what both sides said of it."""
    choices: Sequence[RowChoice]
    """What may be done about it; nothing of what is unknown, and nothing of what agrees."""
    chosen: Optional[RowChoice]
    """What is chosen, by the program or by its policy."""
    since: Optional[dt.datetime]
    """Since when it differs, as far as that was recorded."""
    answer: Mapping[str, Any] = field(repr=False, compare=False)

    def adopt(self, *, time: Optional[dt.datetime] = None, lot_id: object = None, state_id: Optional[str] = None) -> Choice:
        """What the broker says is to be written here.

        Args:
            time: of a lot that is new here: since when it is held; nobody knows unless it is said.
            lot_id: of a lot that is new here: what it is called, else the broker's id.
            state_id: of a lot that is new here: which state gets it, else that of its symbol.
        """
        return adopted(self.name, time=time, lot_id=lot_id, state_id=state_id)

    def keep(self) -> Choice:
        """It was looked at, and ours stays as it is: while both sides say the same it does not halt this run any more."""
        return kept(self.name)

    def close(
        self, why: ExitReason, *, price: Exact = None, time: Optional[dt.datetime] = None, pnl: Exact = None
    ) -> Choice:
        """What is open here is to be closed. Nothing is made up: price, time or profit that nobody says are absent.

        Raises:
            ValueError: the time has no zone, or ``why`` is no word that is known.
        """
        return closed(self.name, why, price=price, time=time, pnl=pnl)

    def split(self, shares: Mapping[str, Exact]) -> Choice:
        """What the broker has is to be shared over several lots, by their ids: over all of ours, of which each gets so much,
        or over new ones. Together they must be what the broker has, exactly.
        """
        return split(self.name, shares)

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Row:
        """Reads a row as the API shows it."""
        return cls(
            answer["verdict"],
            answer.get("because"),
            answer.get("symbol"),
            tuple(answer["ids"]),
            tuple(answer["ours"]),
            tuple(answer["theirs"]),
            Apart.of(answer.get("quantity")),
            Apart.of(answer.get("price")),
            answer["row"],
            tuple(answer["choices"]),
            answer.get("chosen"),
            moment(answer.get("since")),
            answer,
        )


@dataclass(frozen=True)
class Report:
    """What a broker's list says of the positions here. It has changed nothing."""

    as_of: dt.datetime
    failure: Optional[str]
    """What the call to the broker failed with; then every row is ``unknown``."""
    counts: Mapping[str, int]
    rows: Sequence[Row]
    """The worst first."""
    unread: Sequence[Mapping[str, Any]]
    """What of the list is not understood."""
    whole: bool
    """Whether the broker gave a list, and all of it: else it may hold what no row shows."""
    answer: Mapping[str, Any] = field(repr=False, compare=False)
    _question: Question = field(repr=False, compare=False)

    @property
    def agrees(self) -> bool:
        """Whether the broker gave a whole list, all of it is understood, and both sides have the same."""
        return self.is_settled(())

    def is_settled(self, rows: Iterable[str]) -> bool:
        """Whether it agrees but for these rows, by their names, at which somebody has looked."""
        looked_at = set(rows)
        return self.whole and not self.unread and all(row.name in looked_at for row in self.differing())

    def differing(self) -> list[Row]:
        """The rows that are not matched."""
        return [row for row in self.rows if row.verdict != "matched"]

    def plan(self, choices: Iterable[Choice] = ()) -> ReconcilePlan:
        """What these choices would write, and what the report's policy chooses of the other rows. It writes nothing; its
        ``apply(reason)`` writes exactly that, or nothing::

            plan = report.plan([row.adopt() for row in report.differing() if row.verdict == "quantity_mismatch"])
            plan.writes, plan.apply("partly filled while we were away")

        Raises:
            ReconcileOutdated: a row is not what was looked at any more.
            Refused: something cannot be chosen, such as anything of a row that is unknown.
        """
        return self._question.plan(self, list(choices))

    @classmethod
    def of(cls, answer: Mapping[str, Any], question: Question, whole: bool) -> Report:
        """Reads a report as the API shows it."""
        as_of = moment(answer["as_of"])
        assert as_of is not None
        rows = tuple(Row.of(each) for each in answer["rows"])
        return cls(as_of, answer.get("failure"), answer["counts"], rows, tuple(answer["unread"]), whole, answer, question)
