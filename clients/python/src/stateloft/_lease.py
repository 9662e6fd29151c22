"""The lease of a run: renewed three times in its length by a thread, and told to the program when it is not held any more.

Its time is counted from before a request was sent, by a clock that nobody sets and that goes on while the machine sleeps. So
:attr:`Lease.held` errs on one side only: the server's count began later.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal, Optional

from ._fence import Fence
from ._models import moment
from ._transport import Transport
from .errors import LeaseLost, NotFound, StateloftError

__all__ = ["Lease", "LeaseState", "now"]

_LOG = logging.getLogger("stateloft")

LeaseState = Literal["held", "not known", "lost"]
"""``not known``: its time is over, and the server has not been heard. It may have ended the run, or be away itself."""

_SOON = 0.2
"""Seconds after which a renewal that was not answered is tried again, at the soonest."""


def now() -> float:
    """Seconds, by a clock that goes on while the machine sleeps where the system has one."""
    # On Linux the monotonic clock stands still while the machine sleeps; the server's does not.
    return time.clock_gettime(_BOOT) if _BOOT is not None else time.monotonic()


_BOOT: Optional[int] = getattr(time, "CLOCK_BOOTTIME", None)


_SET_BACK = dt.timedelta(seconds=1)


class Lease:
    """A lease that was given: ``seconds`` from ``since`` on.

    Two threads: one renews and does nothing else, so that no handler of the program can make it late; the other watches the
    clock and calls the program's handlers.
    """

    def __init__(self, transport: Transport, fence: Fence, answer: Mapping[str, Any], since: float) -> None:
        self._fence = fence
        fence.on_lost = self._lose
        self.seconds = float(answer["seconds"])
        self._transport = transport.with_timeout(min(transport.timeout, max(1.0, self.seconds / 3)))
        self.lost = threading.Event()
        """Set when the server has said that the run does not hold its lease any more."""
        self.over = threading.Event()
        """Set when the run has ended here."""
        self._sooner = threading.Event()
        self._every = self.seconds / 3
        self._jobs: queue.SimpleQueue[Optional[Callable[[], None]]] = queue.SimpleQueue()
        self._on_lost: list[Callable[[LeaseState, str], None]] = []
        self._on_answer: list[Callable[[Mapping[str, Any]], None]] = []
        self._why = "the server has not been heard"
        self._told_of_doubt = False
        self._clock = dt.datetime.min.replace(tzinfo=dt.timezone.utc), now()
        self._take(answer, since)
        fence.on_time = self.heard_at

    def start(self) -> None:
        """Renews from now on."""
        for name, target in (("stateloft-lease", self._renew), ("stateloft-run", self._watch)):
            threading.Thread(target=target, name=name, daemon=True).start()

    def stop(self) -> None:
        """Renews no more and calls no handler any more; waits for neither thread."""
        self.over.set()
        self._sooner.set()
        self._jobs.put(None)

    # -- what is known ---------------------------------------------------------------------------------------------

    @property
    def state(self) -> LeaseState:
        """Whether the run may trade, by the clock: it needs no thread to become true."""
        if self.lost.is_set():
            return "lost"
        return "held" if now() < self._until else "not known"

    def server_time(self) -> dt.datetime:
        """The server's time now, or a little before it: never after it, and never before that of a write that was answered."""
        then, heard = self._clock
        return then + dt.timedelta(seconds=now() - heard)

    def heard_at(self, time: dt.datetime) -> None:
        """The server's time was this when it answered. An answer that was under way for longer says less, and is passed over;
        one that is far behind says that the server's clock was set back.
        """
        if not dt.timedelta(0) <= self.server_time() - time < _SET_BACK:
            self._clock = time, now()

    def on_lost(self, callback: Callable[[LeaseState, str], None]) -> None:
        """``callback(state, why)`` when the lease is ``lost``, or when its time is over and that is ``not known``."""
        self._on_lost.append(callback)
        if self.lost.is_set():
            self.soon(lambda: callback("lost", self._why))

    def on_answer(self, callback: Callable[[Mapping[str, Any]], None]) -> None:
        """``callback(answer)`` with each renewal that is answered, in the thread that renews: it must be quick."""
        self._on_answer.append(callback)

    def renew_every(self, interval: float) -> None:
        """At least so often, so that what a renewal brings is heard in time."""
        self._every = min(self.seconds / 3, interval)
        self._sooner.set()

    def soon(self, job: Callable[[], None]) -> None:
        """Has the thread for handlers do it."""
        self._jobs.put(job)

    def _lose(self, error: LeaseLost) -> None:
        self._why = str(error)
        self.lost.set()
        _LOG.critical("%s has lost its lease: %s", self._fence.run_id, error)
        self._tell("lost")

    # -- the thread that renews ------------------------------------------------------------------------------------

    def _renew(self) -> None:
        try:
            self._renew_until_it_is_over()
        finally:
            self._transport.close()  # its own connections: nobody uses them any more

    def _renew_until_it_is_over(self) -> None:
        wait = self._every
        while not self._rested(wait):
            sent = now()
            try:
                answer = self._ask()
                self._take(answer["lease"], sent)
            except (LeaseLost, NotFound) as error:
                if isinstance(error, LeaseLost) or error.code == "run_not_found":
                    self._fence.lose(error if isinstance(error, LeaseLost) else LeaseLost(str(error), error.problem))
                    return
                self._why, wait = str(error), self._retry()
            except StateloftError as error:
                self._why, wait = str(error), self._retry()
                _LOG.warning("the lease of %s was not renewed: %s", self._fence.run_id, error)
            except Exception as error:  # whatever it is, the next renewal is tried
                self._why, wait = f"{type(error).__name__}: {error}", self._retry()
                _LOG.exception("the lease of %s was not renewed", self._fence.run_id)
            else:
                self._hand_on(answer)
                wait = self._every

    def _hand_on(self, answer: Mapping[str, Any]) -> None:
        """Tells of what a renewal brought. Something in it that nobody understands keeps no lease from being renewed."""
        for callback in self._on_answer:
            try:
                callback(answer)
            except Exception:
                _LOG.exception("what the renewal of %s brought was not understood", self._fence.run_id)

    def _rested(self, wait: float) -> bool:
        """Whether it is over; else it is time for the next one."""
        if self._sooner.wait(wait):
            self._sooner.clear()
        return self.over.is_set() or self.lost.is_set()

    def _ask(self) -> Any:
        from ._settings import codec_for

        body = f'{{"epoch":{self._fence.epoch}}}'
        return codec_for("tagged").value(self._transport.request("POST", f"/runs/{self._fence.run_id}/renew", body=body).text)

    def _retry(self) -> float:
        return max(_SOON, self.seconds / 12)

    def _take(self, answer: Mapping[str, Any], since: float) -> None:
        self.seconds = float(answer["seconds"])
        until = moment(answer["until"])
        assert until is not None
        self.heard_at(until - dt.timedelta(seconds=self.seconds))
        self._until = since + self.seconds
        if self._told_of_doubt:
            self._told_of_doubt = False
            _LOG.warning("%s holds its lease again", self._fence.run_id)

    # -- the thread for handlers -----------------------------------------------------------------------------------

    def _watch(self) -> None:
        while not self.over.is_set():
            try:
                job = self._jobs.get(timeout=self._rest())
            except queue.Empty:
                job = None
            if self.over.is_set():
                return
            if job is not None:
                self._quietly(job)
            if self.state == "not known" and not self._told_of_doubt:
                self._told_of_doubt = True
                _LOG.critical("it is not known whether %s still holds its lease: %s", self._fence.run_id, self._why)
                self._tell("not known")

    def _rest(self) -> Optional[float]:
        """Until the lease's time is over; what a machine that slept wakes up to is looked at soon."""
        if self.lost.is_set():
            return None
        return min(self.seconds, max(0.01, self._until - now()))

    def _tell(self, state: LeaseState) -> None:
        for callback in self._on_lost:
            self.soon(lambda callback=callback: callback(state, self._why))  # type: ignore[misc]

    @staticmethod
    def _quietly(job: Callable[[], None]) -> None:
        try:
            job()
        except SystemExit:  # in this thread it would end nothing but the thread, and nobody would be told anything any more
            _LOG.critical("a handler of the run ends the program, as SIGTERM does")
            os.kill(os.getpid(), signal.SIGTERM)
        except Exception:
            _LOG.exception("a handler of the run failed")
