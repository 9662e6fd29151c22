"""What the broker says, held against what is kept: a report, and what follows from it for a run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, Optional

from ._exact import Exact, decimal
from ._models import moment
from ._settings import codec_for

__all__ = ["Apart", "Asked", "Policy", "Report", "Row", "Shape", "Verdict", "asking", "request_of"]

Policy = Literal["halt", "ignore"]
"""``halt``: the run opens nothing new until a report agrees, and goes on minding what is open. ``ignore``: it goes on."""

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
        ValueError: there is neither a list nor a failure.
    """
    if asked.positions is UNSAID and asked.failure is None:
        raise ValueError("what did the broker say? `positions` is its list, and `failure` what a call failed with")
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
    answer: Mapping[str, Any] = field(repr=False, compare=False)

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
    answer: Mapping[str, Any] = field(repr=False, compare=False)

    @property
    def agrees(self) -> bool:
        """Whether the broker answered, all of its answer is understood, and both sides have the same."""
        return self.failure is None and not self.unread and all(row.verdict == "matched" for row in self.rows)

    def differing(self) -> list[Row]:
        """The rows that are not matched."""
        return [row for row in self.rows if row.verdict != "matched"]

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Report:
        """Reads a report as the API shows it."""
        as_of = moment(answer["as_of"])
        assert as_of is not None
        rows = tuple(Row.of(each) for each in answer["rows"])
        return cls(as_of, answer.get("failure"), answer["counts"], rows, tuple(answer["unread"]), answer)
