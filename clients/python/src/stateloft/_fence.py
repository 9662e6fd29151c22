"""Which run writes: its number goes with each write, so that the server refuses what it writes after it has lost its lease."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Optional

from .errors import LeaseLost

__all__ = ["Fence"]

_CAUSES: ContextVar[tuple[tuple[str, str], ...]] = ContextVar("stateloft_causes", default=())
"""By run, what caused the writes that are made now, by this thread or task; the last one counts."""


class Fence:
    """A run's id and epoch, and whether it may still write as far as is known here."""

    def __init__(self, run_id: str, epoch: int) -> None:
        self.run_id, self.epoch = run_id, epoch
        self._over: Optional[LeaseLost] = None
        self.on_lost: Optional[Callable[[LeaseLost], None]] = None
        """Who wants to know that the server has refused a write for it."""
        self.on_time: Optional[Callable[[dt.datetime], None]] = None
        """Who wants to know the server's time, as an answer says it."""
        self._ending = False
        self._meanwhile: Optional[LeaseLost] = None

    @property
    def over(self) -> Optional[LeaseLost]:
        """Why nothing can be written any more."""
        return self._over

    def close(self, why: LeaseLost) -> None:
        """From now on nothing is written; what was said first stays."""
        if self._over is None:
            self._over = why

    def lose(self, why: LeaseLost) -> None:
        """The server has said that the lease is lost."""
        if self._ending:
            self._meanwhile = why
            return
        first = self._over is None
        self.close(why)
        if first and self.on_lost is not None:
            self.on_lost(why)

    @contextmanager
    def ending(self) -> Generator[None, None, None]:
        """The server is told inside that the run ends. A renewal that meets an end that has arrived is told that there is no
        lease any more, and that is no loss. Where the end has not arrived, it is one, and said then.
        """
        self._ending = True
        try:
            yield
        except BaseException:
            self._ending = False
            if self._meanwhile is not None:
                self.lose(self._meanwhile)
            raise

    def answered(self, written_at: dt.datetime) -> None:
        """The server has answered a write that it made then."""
        if self.on_time is not None:
            self.on_time(written_at)

    def check(self) -> None:
        """Raises ``LeaseLost`` where it is known that the server would."""
        if self._over is not None:
            raise LeaseLost(str(self._over), self._over.problem)

    @property
    def cause(self) -> Optional[str]:
        """What caused what is written now."""
        return next((cause for run_id, cause in reversed(_CAUSES.get()) if run_id == self.run_id), None)

    @contextmanager
    def caused_by(self, cause: str) -> Generator[None, None, None]:
        """Writes of this run that are made inside carry it as their ``causation_id``."""
        before = _CAUSES.set((*_CAUSES.get(), (self.run_id, cause)))
        try:
            yield
        finally:
            _CAUSES.reset(before)
