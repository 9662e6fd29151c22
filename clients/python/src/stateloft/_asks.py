"""A run that is asked to ask its broker: an operator wants a newer list than there is, and only the program can get it."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from ._fence import Fence
from ._handshake import EVERY
from ._lease import Lease, now
from ._models import moment
from .errors import StateloftError

__all__ = ["BrokerAsks", "ReconcileAsk", "ReconcileHandler"]

_LOG = logging.getLogger("stateloft")

_AGAIN, _AGAIN_LIMIT = 1.0, 60.0
"""Seconds after which a program that failed is asked again, doubled each time: its broker counts calls."""


@dataclass(frozen=True)
class ReconcileAsk:
    """What an operator asks of a run: to ask its broker, and to report."""

    ask: str
    """Its id."""
    asked_at: dt.datetime
    """When, by the server's clock."""
    reason: Optional[str]
    """Why."""
    author: Optional[str]
    """Who asks."""
    answer: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> ReconcileAsk:
        """Reads one as the API shows it."""
        asked_at = moment(answer["asked_at"])
        assert asked_at is not None
        return cls(answer["ask"], asked_at, answer.get("reason"), answer.get("user_id"), answer)


ReconcileHandler = Callable[[ReconcileAsk], object]


class BrokerAsks:
    """Answers what is asked of one run about its broker, in the thread for its handlers."""

    def __init__(self, fence: Fence, lease: Lease) -> None:
        self._fence, self._lease = fence, lease
        self._callback: Optional[ReconcileHandler] = None
        self._open: Optional[tuple[ReconcileAsk, dt.datetime]] = None
        """What is asked and not answered yet, as far as was heard, and when that was, by the server's clock."""
        self._taken: set[str] = set()
        """Handed to the program."""
        self._unanswered: set[str] = set()
        """Asked before the program said how it answers."""
        self._not_before, self._wait = 0.0, _AGAIN
        self._lock = threading.Lock()
        lease.on_answer(self._heard)

    def answer(self, callback: ReconcileHandler) -> None:
        """From now on the run answers, by this."""
        self._callback = callback
        self._lease.renew_every(EVERY)

    def answered_by(self, as_of: dt.datetime) -> Optional[str]:
        """The ask that a report answers whose broker was asked then: whoever makes it, in whichever thread."""
        with self._lock:
            return self._open[0].ask if self._open is not None and as_of >= self._open[1] else None

    def over(self, ask: str) -> None:
        """It is answered, or not asked any more."""
        with self._lock:
            if self._open is not None and self._open[0].ask == ask:
                self._open = None

    def _heard(self, renewal: Mapping[str, Any]) -> None:
        said = renewal.get("ask_reconcile")
        with self._lock:
            if said is None:
                self._open = None
                return
            ask = ReconcileAsk.of(said)
            if self._open is None or self._open[0].ask != ask.ask:
                self._open = ask, self._lease.server_time()
            known = self._unanswered if self._callback is None else self._taken
            if ask.ask in known or (self._callback is not None and now() < self._not_before):
                return
            known.add(ask.ask)
        if self._callback is None:
            _LOG.error("%s is asked to ask its broker, and the program has no on_reconcile", self._fence.run_id)
            return
        self._lease.soon(lambda: self._do(ask))

    def _do(self, ask: ReconcileAsk) -> None:
        assert self._callback is not None
        try:
            self._callback(ask)
        except Exception as error:
            its_own = not isinstance(error, StateloftError)  # the program's own: it wants to know where
            said = "%s did not answer what asks it to ask its broker: %s"
            _LOG.error(said, self._fence.run_id, error, exc_info=its_own)
            with self._lock:
                self._taken.discard(ask.ask)  # it is asked again
                self._not_before, self._wait = now() + self._wait, min(2 * self._wait, _AGAIN_LIMIT)
            return
        with self._lock:
            self._not_before, self._wait = 0.0, _AGAIN
            reported = self._open is None or self._open[0].ask != ask.ask
        if not reported:
            _LOG.warning("%s: on_reconcile has reported nothing; the operator waits for run.reconcile(...)", self._fence.run_id)
