"""A program that holds the lease of its instance: it writes, it learns when it may not any more, and it ends."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import os
import threading
import time
import uuid
import weakref
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Literal, Optional, TypeVar, Union

from ._batch import Batch, CloseMissing
from ._exact import Exact, number
from ._fence import Fence
from ._lease import Lease, LeaseState
from ._left import Left, LeftBehind, Outcome
from ._models import Pending, Version
from ._signals import Signals
from ._state import State
from ._states import state
from .client import Client
from .errors import LeaseLost, OutcomeUnknown, StateloftError, Unavailable

__all__ = ["EndedAs", "Live"]

_LOG = logging.getLogger("stateloft")

EndedAs = Literal["completed", "stopped"]

L = TypeVar("L", bound="Live")

_TEXT_LIMIT = 250
"""Bytes of a reason, which the server takes 256 of."""


class Live:
    """The lease of a run, its writes and its end; see :class:`stateloft.Run`."""

    def __init__(self, client: Client, answer: Mapping[str, Any], since: float, journal: Optional[str] = None) -> None:
        self.run_id: str = answer["run_id"]
        """``PROGRAM.INSTANCE.EPOCH``; every write of the run carries it."""
        self.epoch: int = answer["epoch"]
        """The how manieth start of the instance it is, from 1 on."""
        self.outcome: Outcome = answer["outcome"]
        self.seq: int = answer["seq"]
        """The end of the store's log when it had begun."""
        self.program: str = answer["run"]["program"]
        self.instance: str = answer["run"]["instance"]
        self.final_value: Exact = None
        """What the run's assets are worth in the end; set it before the block ends. Decimals are kept exactly."""
        self.answer = answer
        """All that the server said when it began."""
        self._fence = Fence(self.run_id, self.epoch)
        self.client = client.of_run(self._fence)
        """A client whose writes carry the run."""
        self._left = LeftBehind(self.client, answer)
        self._journal, self._pid = journal, os.getpid()
        self._lease = Lease(client.transport, self._fence, answer["lease"], since)
        self._signals: Optional[Signals] = None
        self._states: weakref.WeakSet[State] = weakref.WeakSet()
        self._ending = threading.RLock()
        self._ended = False
        _RUNS.add(self)
        self._lease.start()
        self._left.look()

    @property
    def left(self) -> Optional[Left]:
        """What the run before has left; ``None`` for the first one.

        Raises:
            LeftUnknown: it can be read neither by the server, when the run began, nor now. It is tried again each time.
        """
        return self._left.known()

    @property
    def left_unknown(self) -> bool:
        """Whether it is not known what the run before has left, which is something else than nothing."""
        return self._left.unknown

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
        """``callback(state, why)`` when the lease is ``lost``, or when that is ``not known``, in a thread of its own.

        ``sys.exit`` in it ends the program as SIGTERM does.
        """
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
            self._states.add(made)
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
                with self._fence.ending():
                    _until(deadline, lambda: self.client.send(path, said, key))
            finally:
                self._lease.stop()
                self._fence.close(LeaseLost(f"{self.run_id} has ended; nothing is written for it any more"))
                self.leave_signals()
            if failed is not None:
                raise failed

    def _settle(self, timeout: float) -> Optional[StateloftError]:
        """Saves what its dicts hold, and waits for what its journals keep; what could not be saved is the answer."""
        failed: Optional[StateloftError] = None
        for each in self._dicts():
            try:
                each.push(patience=timeout)
            except StateloftError as error:
                _LOG.critical("%s was not saved at the end of the run: %s", each.name, error)
                failed = error
            except Exception as error:  # a serializer of the program's own
                _LOG.critical("%s was not saved at the end of the run", each.name, exc_info=True)
                failed = StateloftError(f"{each.name}: {type(error).__name__}: {error}")
        deadline = time.monotonic() + timeout
        for saver in {id(each): each for each in (one.saver for one in self._dicts())}.values():
            while saver.journal.waiting and not saver.drain() and time.monotonic() < deadline:
                time.sleep(0.1)
        return failed

    def __enter__(self: L) -> L:
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
            self.leave_signals()

    def leave_signals(self) -> None:
        """SIGTERM and Ctrl+C are the program's own again; only the main thread can put its handlers back."""
        if self._signals is not None:
            self._signals.restore()

    def after_fork(self) -> None:
        """In a child: a thread of the parent may have held the lock, which is not here."""
        self._ending = threading.RLock()

    # -- the rest --------------------------------------------------------------------------------------------------

    def _dicts(self) -> list[State]:
        with self._ending:
            return list(self._states)

    def _where(self) -> dict[str, Any]:
        return {} if self._journal is None else {"journal": self._journal}

    def __repr__(self) -> str:
        return f"Run({self.run_id!r}, {self.outcome}, lease {self.lease})"


_RUNS: weakref.WeakSet[Live] = weakref.WeakSet()


def _after_fork() -> None:
    for each in list(_RUNS):
        each.after_fork()


os.register_at_fork(after_in_child=_after_fork)


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
