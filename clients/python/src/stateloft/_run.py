"""A run: one start of one program, with what it holds, what its broker says, and ways back."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Optional, Union

from ._asks import BrokerAsks, ReconcileHandler
from ._autosave import seconds
from ._book import Book
from ._checkpoints import Checkpoint, Checkpoints, CheckpointStatistics, Kept
from ._exact import Exact
from ._handshake import Ask, Handler, Handshakes
from ._journal import LIMIT, SetAside
from ._live import Live
from ._models import Pending, Version
from ._orders import Orders
from ._positions import Positions
from ._reconcile import UNSAID, Asked, Policy, Report, Shape, asking, request_of
from ._reconcile_plan import Question, ReconcilePlan
from ._saver import saver_for
from .client import Client
from .errors import NotFound, NotKept, Refused, StateloftError, Unavailable

__all__ = ["Run"]

_LOG = logging.getLogger("stateloft")

_ORDERS = 1000
"""Orders that a program keeps in memory, and that a run gets back at most beside those of the run before."""


class Run(Live):
    """A run that has begun; :func:`stateloft.run` makes one. Safe to share between threads.

    As a context manager it ends the run with its block: ``completed`` at its end; ``stopped`` by SIGTERM, Ctrl+C, a task that
    was cancelled, or ``sys.exit`` with a code other than 0; ``crashed`` by an exception, with its words. In a forked child
    it goes on writing for the run, and neither renews nor ends it.
    """

    def __init__(self, client: Client, answer: Mapping[str, Any], since: float, journal: Optional[str] = None) -> None:
        super().__init__(client, answer, since, journal)
        self._halted = False
        self._looked_at: set[str] = set()
        """Rows of reports that the program has kept as they are, by their names."""
        self._saver = saver_for(client, journal, LIMIT)
        self._set_aside: tuple[int, list[SetAside]] = (-1, [])
        self._checkpoints = Checkpoints(self.client, self._fence, self._lease.over, self._dicts)
        self._handshakes = Handshakes(self.client, self._fence, self._lease, self._save_dicts, self._read_again)
        self._asks = BrokerAsks(self._fence, self._lease)
        whose = self.program if self.instance == "main" else f"{self.program}.{self.instance}"
        self.positions = Positions(Book(self.client, self.state, "position", f"{whose}/"))
        """Its lots: states ``position``, ``PROGRAM/SYMBOL`` (``PROGRAM.INSTANCE/SYMBOL`` of another instance than ``main``)."""
        self.orders = Orders(Book(self.client, self.state, "order", f"{whose}/", keep=_ORDERS))
        """Its orders: states ``order``, ``PROGRAM/CLIENT_ORDER_ID``."""
        try:
            self.positions.book.learn()
        except StateloftError as error:  # the run has begun: they are asked for again when they are needed
            _LOG.warning("the positions of %s are not known yet: %s", self.run_id, error)

    # -- the broker ------------------------------------------------------------------------------------------------

    @property
    def halted(self) -> bool:
        """Open nothing new, go on minding what is open: the last report under the policy ``halt`` or ``adopt`` did not agree,
        or could not be made, there is something :attr:`set_aside` at which the program has not looked, or the run is
        :attr:`paused`.
        """
        return self._halted or self.paused.is_set() or bool(self.set_aside)

    @property
    def set_aside(self) -> Sequence[SetAside]:
        """What runs of this instance have acknowledged on this machine while the server was away, and what could not be made,
        oldest first: the lease was another's by then, or somebody else had written the state. None of it is in
        :attr:`positions` or :attr:`orders`. It is named at every start until :meth:`looked_at` says that it was dealt with.
        """
        counted, found = self._set_aside
        now = self._saver.replay.set_aside
        if counted != now:  # the folder is read only when there may be more in it: a look must cost nothing
            found = self._saver.journal.aside(f"{self.program}.{self.instance}")
            self._set_aside = now, found
        return tuple(found)

    def looked_at(self, found: Sequence[SetAside]) -> None:
        """The program has dealt with these of :attr:`set_aside`, such as by writing again what still holds: they are named no
        more and do not halt. The files stay beside the journal, as ``seen-KEY.json``.
        """
        self._saver.journal.looked_at(found)
        self._set_aside = -1, []

    def asking_broker(self) -> AbstractContextManager[Asked]:
        """The broker is asked inside; what it raises becomes the failure of the question, and goes no further::

            with run.asking_broker() as asked:
                asked.positions = api.list_positions()
            report = run.reconcile(asked)

        What waits in the journal is delivered first, as what is written after the question is newer than its answer.
        """
        self._saver.drain()
        return asking(self.server_time())

    def reconcile(
        self,
        positions: Any = UNSAID,
        *,
        fetch: Optional[Callable[[], Any]] = None,
        as_of: Optional[dt.datetime] = None,
        failure: Optional[str] = None,
        partial: bool = False,
        shape: Optional[Shape] = None,
        tolerance: Optional[Mapping[str, Exact]] = None,
        symbols: Optional[Mapping[str, str]] = None,
        scope: Optional[Mapping[str, Any]] = None,
        policy: Policy = "halt",
        record: bool = False,
    ) -> Report:
        """How the broker's positions stand to the lots of this run. It writes nothing, and closes nothing: that does a plan
        of the report, ``report.plan(choices).apply(reason)``.

        Args:
            positions: what :meth:`asking_broker` gave, or the broker's list as it came, with ``as_of``.
            fetch: asks the broker instead; what it raises is the failure of the call, and so is an answer that is no list, such
                as an error that came as one.
            as_of: when the broker was asked, taken before the call: :meth:`server_time`.
            failure: what the call failed with. A call that failed is never an empty list.
            partial: the list is not whole.
            shape: in whose words the list is; recognised unless said.
            tolerance: ``quantity`` and ``price`` that do not count as different.
            symbols: our names by the broker's.
            scope: other states than those of :attr:`positions`, as the API has it.
            policy: what follows from what differs, see :data:`stateloft.Policy`. With ``adopt`` theirs is chosen in
                ``report.plan()``; of what is unknown nothing is, by no policy.
            record: the server keeps since when what differs.

        Raises:
            ValueError: it is not said when the broker was asked, in which zone, or neither list nor failure is there.
            Unavailable: the server is away, or does not have yet what waits in the journal here, and without that it would
                hold the broker's list against what was.
        """
        if fetch is not None:
            with self.asking_broker() as asked:
                asked.positions = fetch()
        elif isinstance(positions, Asked):
            asked = positions
        elif as_of is not None:
            asked = Asked(as_of)
            asked.positions, asked.failure, asked.partial = positions, failure, partial
        else:
            raise ValueError("when was the broker asked? as_of=run.server_time() before the call says it, or asking_broker()")
        ours = scope or {"types": ["position"], "prefix": self.positions.book.prefix}

        def held_against(said: Asked) -> Report:
            body = request_of(said, ours, shape, tolerance, symbols)
            question = Question(self.client, self.epoch, body, said.whole, policy, self._reconciled)
            return self._reported(question, record, self._asks.answered_by(said.as_of))

        settled = False
        try:
            report = self._report(asked, held_against)
            settled = report.is_settled(self._looked_at)
        finally:
            if policy != "ignore":
                self._halted = not settled  # also where there is no report
        return report

    def _report(self, asked: Asked, held_against: Callable[[Asked], Report]) -> Report:
        if not self._saver.drain():
            raise Unavailable(f"{self.run_id}: writes still wait in the journal: the server does not know yet what is held here")
        try:
            return held_against(asked)
        except (NotKept, Refused) as error:
            if asked.failure is not None or asked.positions is UNSAID:
                raise
            # Such as a broker's error that came as an answer: nothing is known then. If it is something else in the request
            # that is wrong, it is refused again.
            return held_against(asked.failed(f"the answer is no list of positions: {error}"))

    def _reported(self, question: Question, record: bool, answers: Optional[str]) -> Report:
        if answers is None:
            return question.report(record)
        try:
            report = question.report(record, answers)
        except Refused as error:
            errors = () if error.problem is None else error.problem.document.get("errors") or ()
            if "/answers" not in (each.get("pointer") for each in errors):
                raise
            report = question.report(record)  # it is not asked that any more
        self._asks.over(answers)
        return report

    def _reconciled(self, plan: ReconcilePlan) -> None:
        """A plan was applied: what it wrote is read again, and what was looked at halts no more."""
        self._looked_at.update(each.row for each in plan.choices if each.choice == "keep_ours")
        written = {(each.state_type, each.state_id) for each in plan.writes}
        self.positions.book.read_again(name for kind, name in written if kind == self.positions.book.state_type)
        for each in self._dicts():  # of another scope than its positions
            if (each.state_type, each.state_id) in written and not self.positions.book.has(each):
                try:
                    each.read_again()
                except StateloftError as error:  # its next save conflicts with what was written
                    _LOG.warning("%s was written, and could not be read again: %s", each.name, error)
        if plan.report.is_settled(each.row for each in plan.choices):
            self._halted = False

    def on_reconcile(self, callback: ReconcileHandler) -> None:
        """From now on an operator who asks for a newer list of the broker's is answered: ``callback(ask)`` asks the broker, and
        reports what it says, or that it does not answer::

            run.on_reconcile(lambda ask: run.reconcile(fetch=api.list_positions))

        It is called in the thread for handlers. A failure of the broker's call is an answer, too; where the callback itself
        raises, it is logged and called again later. Any report of this run about a broker that was asked after the operator
        answers: a run without this stays asked until it reports by itself.
        """
        self._asks.answer(callback)

    # -- going back ------------------------------------------------------------------------------------------------

    def checkpoint(
        self, name: Optional[str] = None, *states: Kept, reason: Optional[str] = None, pinned: bool = False
    ) -> Union[Checkpoint, Pending]:
        """Saves states together and names the moment, in one commit.

        Args:
            states: dicts of the run, or ``(type, id, data)``; without any the dicts of its positions and orders. Whatever
                else the run's dicts hold is saved before.
            pinned: it stays in the list, however many come after it.
        """
        return self._checkpoints.take(name, states, reason, pinned)

    def checkpoint_every(
        self, interval: Union[str, float] = "30s", collect: Optional[Callable[[], Sequence[Kept]]] = None
    ) -> None:
        """A checkpoint every so often (``"30s"`` or seconds), in a thread of its own, until the run ends.

        ``collect`` gives what else belongs into each, such as the account. What it raises is logged, and costs no checkpoint.
        """
        self._checkpoints.every(seconds(interval), collect)

    def checkpoints(self) -> Iterator[Checkpoint]:
        """Its checkpoints, newest first."""
        return self._checkpoints.all()

    def checkpoint_statistics(self) -> CheckpointStatistics:
        """Its checkpoints in numbers."""
        return self._checkpoints.statistics()

    def resume(self) -> dict[tuple[str, str], Version]:
        """What there is to go on with, by type and id, as it was when this run began.

        That is each state that the run before wrote and that is still there, also where somebody else has changed it since, and
        every position of the program and its last thousand orders, whichever run wrote them. What was deleted is not in it;
        what is damaged is there, ``damaged`` and without data.

        Raises:
            LeftUnknown: what the run before wrote cannot be read.
        """
        found: dict[tuple[str, str], Version] = {}
        for there in (self.positions.book.at(self.seq), self.orders.book.at(self.seq, _ORDERS)):
            found.update({(each.state_type, each.state_id): each for each in there})
        for name in self._left.names():
            if name not in found:
                try:
                    found[name] = self.client.at(*name, self.seq)
                except NotFound:
                    continue
        return found

    # -- restores --------------------------------------------------------------------------------------------------

    def on_restore(
        self, pause: Optional[Handler] = None, reload: Optional[Callable[[Ask], object]] = None
    ) -> None:
        """From now on a restore that would write what this run holds is answered, and an operator who has it pause.

        Args:
            pause: finish what is under way, and return. What the dicts hold is saved then, and the server is told; a text
                that is returned is shown to the operator. Raised is no word: nothing is restored, and the run goes on.
            reload: the run's dicts have been read again; read what else the program holds. Also called if nothing was
                restored after all, or an operator lets the run go (``ask.kind`` is ``go_on``).

        Both are called in the thread for handlers. In between writes raise ``RunPaused``, and :attr:`paused` is set. A run
        without this gives no word, so nothing is restored under it unless an operator says so.
        """
        self._handshakes.answer(pause, reload)

    @property
    def paused(self) -> threading.Event:
        """Set while a restore, or an operator, has the run pause."""
        return self._handshakes.paused

    def _save_dicts(self) -> None:
        for each in self._dicts():
            each.push()

    def _read_again(self) -> None:
        self.positions.book.forget_names()
        self.orders.forget_ids()
        for each in self._dicts():
            each.read_again()
