"""A run: one start of one program, which holds the lease of its instance for as long as it is live."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from decimal import Decimal
from types import TracebackType
from typing import Any, Literal, Optional, Union

from ._autosave import seconds
from ._batch import Batch, CloseMissing
from ._exact import Exact, number
from ._fence import Fence
from ._left import Left, Outcome
from ._lease import Lease, LeaseState, now
from ._models import Pending, Version
from ._saver import saver_for
from ._signals import Signals
from ._state import State, state
from .client import Client
from .errors import HeldBy, LeaseLost, OutcomeUnknown, Refused, StateloftError, Unavailable

__all__ = ["EndedAs", "Run", "run"]

_LOG = logging.getLogger("stateloft")

EndedAs = Literal["completed", "stopped"]

_TEXT_LIMIT = 250
"""Bytes of a reason, which the server takes 256 of."""

_HELD_WAIT = 0.25
"""Seconds between two attempts to begin while another run is live."""


class Run:
    """A run that has begun; :func:`stateloft.run` makes one. Safe to share between threads.

    As a context manager it ends the run with its block: ``completed`` at its end; ``stopped`` by SIGTERM, Ctrl+C, a task that
    was cancelled, or ``sys.exit`` with a code other than 0; ``crashed`` by an exception, with its words. In a forked child
    it goes on writing for the run, and neither renews nor ends it.
    """

    def __init__(self, client: Client, answer: Mapping[str, Any], since: float, journal: Optional[str] = None) -> None:
        self.run_id: str = answer["run_id"]
        """``PROGRAM.INSTANCE.EPOCH``; every write of the run carries it."""
        self.epoch: int = answer["epoch"]
        """The how manieth start of the instance it is, from 1 on."""
        self.outcome: Outcome = answer["outcome"]
        self.seq: int = answer["seq"]
        """The end of the store's log when it had begun."""
        self.left: Optional[Left] = None if answer.get("left") is None else Left.of(answer["left"])
        """What the run before has left; ``None`` for the first one."""
        self.program: str = answer["run"]["program"]
        self.instance: str = answer["run"]["instance"]
        self.final_value: Exact = None
        """What the run's assets are worth in the end; set it before the block ends. Decimals are kept exactly."""
        self.answer = answer
        """All that the server said when it began."""
        self._fence = Fence(self.run_id, self.epoch)
        self.client = client.of_run(self._fence)
        """A client whose writes carry the run."""
        self._journal, self._pid = journal, os.getpid()
        self._lease = Lease(client.transport, self._fence, answer["lease"], since)
        self._signals: Optional[Signals] = None
        self._states: list[State] = []
        self._ending = threading.RLock()
        self._ended = False
        self._lease.start()

    # -- the lease -------------------------------------------------------------------------------------------------

    @property
    def lost(self) -> threading.Event:
        """Set when the server has said that the lease is lost: another run is live, or may be. Stop trading."""
        return self._lease.lost

    @property
    def lease(self) -> LeaseState:
        """``held``; ``not known`` when its time is over and the server has not been heard; ``lost``."""
        return self._lease.state

    @property
    def held(self) -> bool:
        """Whether the run certainly holds its lease, so that no other one is live. Costs a look at a clock."""
        return self._lease.state == "held"

    def on_lost(self, callback: Callable[[LeaseState, str], None]) -> None:
        """``callback(state, why)`` when the lease is ``lost``, or when that is ``not known``, in a thread of its own."""
        self._lease.on_lost(callback)

    def server_time(self) -> dt.datetime:
        """The server's time, or a little before it: never after it. What this machine's clock shows does not matter."""
        return self._lease.server_time()

    # -- writing ---------------------------------------------------------------------------------------------------

    def state(self, state_type: str, state_id: str, default: Optional[Mapping[str, Any]] = None, **options: Any) -> State:
        """A dict that survives, see :func:`stateloft.state`; each of its versions carries the run.

        What its journal holds when the lease is lost is not written: it is set aside there, and said in the log.
        """
        made = state(f"{state_type}/{state_id}", default, client=self.client, **{**self._where(), **options})
        with self._ending:
            if made not in self._states:
                self._states.append(made)
        return made

    def save(self, state_type: str, state_id: str, data: Any, **options: Any) -> Union[Version, Pending]:
        """See :meth:`Client.save`. Raises ``LeaseLost`` where the run does not hold its lease any more."""
        return self.client.save(state_type, state_id, data, **options)

    def delete(self, state_type: str, state_id: str, **options: Any) -> Union[Version, Pending]:
        """See :meth:`Client.delete`."""
        return self.client.delete(state_type, state_id, **options)

    def batch(self, reason: Optional[str] = None, *, close_missing: Optional[CloseMissing] = None, **options: Any) -> Batch:
        """See :meth:`Client.batch`."""
        return self.client.batch(reason, close_missing=close_missing, **options)

    def caused_by(self, cause: object) -> AbstractContextManager[None]:
        """What is written inside carries this as its ``causation_id``, such as the order that it follows from.

        It counts for the thread, or the task, that is inside; a dict's save in the background is not.
        """
        return self._fence.caused_by(str(cause))

    # -- the end ---------------------------------------------------------------------------------------------------

    def end(
        self,
        status: EndedAs = "completed",
        *,
        final_value: Exact = None,
        reason: Optional[str] = None,
        timeout: float = 10.0,
    ) -> None:
        """Ends the run, after what its dicts hold and its journal keeps has arrived. The block of a ``with`` does it.

        Raises:
            Unavailable, OutcomeUnknown: the server could not be told within ``timeout`` seconds. The lease runs out then, and
                the run counts as crashed.
            LeaseLost: it was ended already, by whoever took it.
        """
        value = number(self.final_value if final_value is None else final_value)
        body = {"status": status, "final_value": value, "reason": _cut(reason), "user_id": self.client.author}
        self._end(f"/runs/{self.run_id}/end", body, timeout)

    def crash(self, reason: str, *, timeout: float = 10.0) -> None:
        """Ends the run as crashed: the program is at its end, and not in good order. Raises as :meth:`end`."""
        body = {"reason": _cut(reason) or "no reason was said", "user_id": self.client.author}
        self._end(f"/runs/{self.run_id}/mark-crashed", body, timeout)

    def _end(self, path: str, body: Mapping[str, Any], timeout: float) -> None:
        with self._ending:
            if self._ended or os.getpid() != self._pid:
                return
            self._ended = True
            deadline = time.monotonic() + timeout
            failed = self._settle(timeout)
            said = self.client.codec.text({name: value for name, value in body.items() if value is not None})
            key = uuid.uuid4().hex
            try:
                _until(deadline, lambda: self.client.send(path, said, key))
            finally:
                self._lease.stop()
                self._fence.close(LeaseLost(f"{self.run_id} has ended; nothing is written for it any more"))
                if self._signals is not None:
                    self._signals.restore()
            if failed is not None:
                raise failed

    def _settle(self, timeout: float) -> Optional[StateloftError]:
        """Saves what its dicts hold, and waits for what its journals keep; what could not be saved is the answer."""
        failed: Optional[StateloftError] = None
        for each in self._states:
            try:
                each.push(patience=timeout)
            except StateloftError as error:
                _LOG.critical("%s was not saved at the end of the run: %s", each.name, error)
                failed = error
        try:
            for saver in {id(each): each for each in (one.saver for one in self._states)}.values():
                if saver.journal.waiting:
                    saver.flush(timeout)
        except StateloftError as error:
            failed = failed or error
        return failed

    def __enter__(self) -> Run:
        self._signals = Signals()
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        try:
            self._end_by(error)
        except StateloftError as failure:
            if error is None:
                raise
            _LOG.error("the end of %s could not be written: %s", self.run_id, failure)

    def _end_by(self, error: Optional[BaseException]) -> None:
        heard = None if self._signals is None else self._signals.heard
        if self.lost.is_set():
            self._give_up()
            if error is None:
                self._fence.check()
        elif error is None or _is_stop(error):
            stopped = heard is not None or not (error is None or _is_clean_exit(error))
            why = heard or (_word_of(error) if stopped else None)
            self.end("stopped" if stopped else "completed", reason=why)
        else:
            self.crash(f"{type(error).__name__}: {error}")

    def _give_up(self) -> None:
        """There is nothing to end any more."""
        with self._ending:
            self._ended = True
            self._lease.stop()
            if self._signals is not None:
                self._signals.restore()

    # -- the rest --------------------------------------------------------------------------------------------------

    def _where(self) -> dict[str, Any]:
        return {} if self._journal is None else {"journal": self._journal}

    def __repr__(self) -> str:
        return f"Run({self.run_id!r}, {self.outcome}, lease {self.lease})"


def run(
    program: str,
    instance: Optional[str] = None,
    *,
    lease: Union[str, float] = "30s",
    code: Optional[str] = None,
    config: Optional[Mapping[str, Any]] = None,
    symbols: Sequence[str] = (),
    strategy: Optional[str] = None,
    interval: Union[str, float, None] = None,
    planned: Union[str, float, None] = None,
    capital: Exact = None,
    metadata: Optional[Mapping[str, Any]] = None,
    host: Optional[str] = None,
    pid: Optional[int] = None,
    wait: Union[str, float, None] = None,
    take_over: Optional[tuple[str, str]] = None,
    client: Optional[Client] = None,
    journal: Optional[str] = None,
) -> Run:
    """Begins a run of a program::

        with stateloft.run("btc-grid", lease="30s", code=stateloft.git(), config=settings) as run:
            if run.outcome == "after_crash":
                look_at(run.left)
            while run.held:
                ...

    Args:
        program: its name, 1 to 48 of ``A-Z a-z 0-9 _ -``.
        instance: which of those that run side by side; ``main`` if none is named. One run of it is live at a time.
        lease: ``"30s"`` or seconds, 1 to 86400: how long after its last sign of life another start has to wait.
        code: of which code it is; :func:`stateloft.git` knows.
        config: its settings, kept exactly, so that two runs can be compared.
        interval, planned: how often it looks at the market, and how long it means to run: ``"30s"`` or seconds.
        capital: what it begins with; with ``run.final_value`` the run's profit is exact.
        host, pid: this machine and process unless said otherwise.
        wait: how long to wait for a run that is live to end or to lose its lease: ``"60s"`` or seconds.
        take_over: ``(reason, by)``: an operator's word that the run that is live is replaced. It may still be trading.
        client: else one of the environment's server, which writes as the program.
        journal: the folder of the journal of its dicts, see :func:`stateloft.state`.

    Raises:
        HeldBy: another run of the instance is live.
        Refused: a name or a setting cannot be taken.
        Unavailable: the server, or its store, is away: what the run before left is not known.
    """
    client = client or Client(author=program)
    begin = {
        "program": program,
        "instance": instance,
        "lease_seconds": _whole(seconds(lease)),
        "code": code,
        "config": config,
        "host": host or socket.gethostname(),
        "pid": pid or os.getpid(),
        "symbols": list(symbols) or None,
        "strategy": strategy,
        "interval_seconds": None if interval is None else seconds(interval),
        "planned_seconds": None if planned is None else seconds(planned),
        "capital": number(capital),
        "metadata": metadata,
        "take_over": None if take_over is None else {"reason": take_over[0], "by": take_over[1]},
        "user_id": client.author,
    }
    body = client.codec.text({name: value for name, value in begin.items() if value is not None})
    deadline = time.monotonic() + (0.0 if wait is None else seconds(wait))
    while True:
        since = now()
        try:
            answer = client.send("/runs", body)
        except HeldBy:
            if time.monotonic() >= deadline:
                raise
            time.sleep(_HELD_WAIT)
        else:
            return Run(client, answer, since, journal)


def _whole(length: float) -> int:
    if length != int(length):
        raise Refused(f"a lease of {length} seconds: whole seconds are meant, 1 to 86400")
    return int(length)


def _is_stop(error: BaseException) -> bool:
    """Whether it is somebody's wish that the program ends, and nothing that went wrong."""
    return isinstance(error, (KeyboardInterrupt, SystemExit, GeneratorExit, asyncio.CancelledError))


def _is_clean_exit(error: BaseException) -> bool:
    return isinstance(error, SystemExit) and error.code in (None, 0)


def _word_of(error: Optional[BaseException]) -> str:
    return f"exit {error.code}" if isinstance(error, SystemExit) else type(error).__name__


def _until(deadline: float, call: Callable[[], Any]) -> Any:
    """Tries until the server answers, or the time is over."""
    while True:
        try:
            return call()
        except (Unavailable, OutcomeUnknown):
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.2)


def _cut(text: Optional[str]) -> Optional[str]:
    """A reason that is not too long for the server."""
    return None if text is None else text.encode("utf-8", "replace")[:_TEXT_LIMIT].decode("utf-8", "ignore")
