"""A restore that asks first: the run makes way, the restore is written, and the run reads again what it has. Or an operator's pause."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Optional

from ._fence import Fence
from ._lease import Lease
from ._models import moment
from .client import Client
from .errors import Conflict, NotFound, OutcomeUnknown, StateloftError, Unavailable

__all__ = ["Ask", "Handler", "Handshakes"]

_LOG = logging.getLogger("stateloft")

_NOTE_LIMIT = 250
"""Characters of what a program has the operator know."""

_AGAIN = 0.5
"""Seconds after which a word that was not answered is said again."""

_KINDS = frozenset({"pause", "reload", "go_on"})

EVERY = 2.0
"""Seconds between two renewals of a run that answers: a restore waits for ten, unless it is told otherwise."""


@dataclass(frozen=True)
class Ask:
    """What a restore, or an operator, asks of a run."""

    handshake: str
    kind: Literal["pause", "reload", "go_on"]
    """``pause``: finish what is under way. ``reload``: it is written. ``go_on``: nothing was written, or the operator lets it go."""
    states: Sequence[tuple[str, str]]
    """Types and ids that it writes of what the run holds; with ``more`` there are others. None where an operator asks."""
    more: int
    until: Optional[dt.datetime]
    """To pause: until when the word is waited for, by the server's clock."""
    seq: Optional[int]
    """To reload: what must have been read at least."""
    reason: Optional[str]
    """Why."""
    answer: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Ask:
        """Reads one as the API shows it."""
        states = tuple((each["state_type"], each["state_id"]) for each in answer.get("states") or ())
        return cls(
            answer["handshake"],
            answer["kind"],
            states,
            answer.get("more", 0),
            moment(answer.get("until")),
            answer.get("seq"),
            answer.get("reason"),
            answer,
        )


Handler = Callable[[Ask], Optional[str]]
"""What it returns is shown to the operator."""


class Handshakes:
    """Answers what is asked of one run, in the thread for its handlers."""

    def __init__(
        self, client: Client, fence: Fence, lease: Lease, save: Callable[[], None], read_again: Callable[[], None]
    ) -> None:
        self._client, self._fence, self._lease = client, fence, lease
        self._save, self._read_again = save, read_again
        self._pause: Optional[Handler] = None
        self._reload: Optional[Callable[[Ask], object]] = None
        self._seen: set[tuple[str, str]] = set()
        self._unanswered: set[tuple[str, str]] = set()
        """Asked before the program said how it answers."""
        self._lock = threading.Lock()
        lease.on_answer(self._heard)
        self.paused = threading.Event()
        """Set from before the program is asked to pause until it has read again."""

    def answer(self, pause: Optional[Handler], reload: Optional[Callable[[Ask], object]]) -> None:
        """From now on the run answers, by these."""
        self._pause, self._reload = pause or (lambda ask: None), reload
        self._lease.renew_every(EVERY)

    def _heard(self, answer: Mapping[str, Any]) -> None:
        for each in answer.get("asks") or ():
            if each.get("kind") in _KINDS:  # a later server may ask what this program knows nothing of
                self._soon(Ask.of(each))

    def _soon(self, ask: Ask) -> None:
        """It is said again until it is answered, and done once."""
        which = (ask.handshake, ask.kind)
        with self._lock:
            known = self._seen if self._pause is not None else self._unanswered
            if which in known:
                return
            known.add(which)
        if self._pause is None:
            _LOG.error("%s is asked to %s, and the program has no on_restore", self._fence.run_id, ask.kind)
            return
        self._lease.soon(lambda: self._do(ask))

    def _do(self, ask: Ask) -> None:
        try:
            self._make_way(ask) if ask.kind == "pause" else self._go_on(ask)
        except Exception as error:
            said = "%s did not answer what asks it to %s: %s"
            its_own = not isinstance(error, StateloftError)  # the program's own: it wants to know where
            _LOG.error(said, self._fence.run_id, ask.kind, error, exc_info=its_own)
            with self._lock:
                self._seen.discard((ask.handshake, ask.kind))  # it is asked again

    def _make_way(self, ask: Ask) -> None:
        self.paused.set()
        try:
            note = None if self._pause is None else self._pause(ask)
            self._save()
            answer = self._say(ask, "paused", {"note": None if note is None else note[:_NOTE_LIMIT]})
        except (Conflict, NotFound) as error:  # it is over without this run: nothing was written
            _LOG.warning("%s goes on: %s", self._fence.run_id, error)
            self.paused.clear()
            return
        except Exception:
            self.paused.clear()
            raise
        self._heard(answer)

    def _go_on(self, ask: Ask) -> None:
        self.paused.set()  # what is saved before it has said so is refused, also where it never heard that it was to pause
        seq = self._client.seq()
        self._read_again()
        if self._reload is not None:
            self._reload(ask)
        try:
            answer = self._say(ask, "reloaded", {"seq": max(seq, ask.seq or 0)})
        except (Conflict, NotFound) as error:
            _LOG.warning("%s goes on: %s", self._fence.run_id, error)
            self.paused.clear()
            return
        if not answer.get("paused"):  # else an operator has it paused until it is told to go on
            self.paused.clear()

    def _say(self, ask: Ask, word: str, members: Mapping[str, Any]) -> Mapping[str, Any]:
        """Says it until it is known what became of it. A word that was heard is not asked for again, so a run that does not
        know that it was would wait for ever, or go on under a restore; said twice it changes nothing.
        """
        said = {name: value for name, value in {"epoch": self._fence.epoch, **members}.items() if value is not None}
        path, body = f"/runs/{self._fence.run_id}/handshakes/{ask.handshake}/{word}", self._client.codec.text(said)
        unsure = False
        while True:
            try:
                answer: Mapping[str, Any] = self._client.decoded(self._client.transport.request("POST", path, body=body))
                return answer
            except (OutcomeUnknown, Unavailable) as error:
                unsure = unsure or isinstance(error, OutcomeUnknown)
                if not unsure or self._lease.lost.is_set() or self._lease.over.wait(_AGAIN):
                    raise
