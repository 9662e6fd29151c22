"""Saving for code that was written without it: a function that returns its state, saved when it is time."""

from __future__ import annotations

import datetime as dt
import functools
import logging
import re
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Generic, Optional, TypeVar, Union

from ._models import Pending, Version
from ._narrow import is_dict
from ._state import Journaled, OnConflict, State
from ._states import at_end, not_at_end, state
from .client import Client
from .errors import NotKept, StateloftError

__all__ = ["Autosave", "autosave"]

_LOG = logging.getLogger("stateloft")
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}

F = TypeVar("F", bound=Callable[[], Any])


def seconds(every: Union[str, float, dt.timedelta]) -> float:
    """``"30s"``, ``"5m"``, ``"1h"``, a number of seconds or a :class:`datetime.timedelta`."""
    if isinstance(every, dt.timedelta):
        every = every.total_seconds()
    if isinstance(every, str):
        found = re.fullmatch(r"\s*(?:every\s+)?([0-9]+(?:\.[0-9]+)?)\s*([smh])\s*", every)
        if found is None:
            raise ValueError(f'{every!r} is no interval: "30s", "5m" and "1h" are')
        return float(found[1]) * _UNITS[found[2]]
    if every <= 0:
        raise ValueError("an interval is more than 0 seconds")
    return float(every)


class Autosave(Generic[F]):
    """A function that returns a state as a dict, and what saves it; called, it is that function."""

    def __init__(self, function: F, open_state: Callable[[], State], every: Optional[float], on: Sequence[str]) -> None:
        functools.update_wrapper(self, function)
        self._function, self._open, self._every, self._on = function, open_state, every, frozenset(on)
        self._lock = threading.RLock()
        self._state: Optional[State] = None
        self._stopped = threading.Event()
        if every is not None:
            threading.Thread(target=self._run, name="stateloft-autosave", daemon=True).start()
        at_end(self._at_exit)

    def __call__(self) -> Any:
        return self._function()

    @property
    def state(self) -> State:
        """What it is saved as."""
        with self._lock:
            if self._state is None:
                self._state = self._open()
            return self._state

    def save(self, reason: Optional[str] = None) -> Union[Version, Journaled, Pending]:
        """Asks the function and makes what it returns durable; raises as :meth:`State.save`."""
        data = self._function()
        if not is_dict(data):
            raise NotKept(f"an autosaved function returns a dict, not a {type(data).__name__}")
        with self._lock:
            return self.state.replace(data, reason)

    def event(self, name: str, reason: Optional[str] = None) -> Union[Version, Journaled, Pending, None]:
        """Something happened, such as ``fill``: saved if it is one of those in ``on``, else nothing is done."""
        return self.save(reason or name) if name in self._on else None

    def stop(self) -> None:
        """No more saves by themselves."""
        self._stopped.set()
        not_at_end(self._at_exit)

    def _run(self) -> None:
        assert self._every is not None
        due = time.monotonic() + self._every
        while not self._stopped.wait(max(0.0, due - time.monotonic())):
            self._quietly("periodic")
            due = time.monotonic() + self._every

    def _at_exit(self) -> None:
        self._quietly("shutdown")

    def _quietly(self, reason: str) -> None:
        try:
            self.save(reason)
        except StateloftError as error:
            _LOG.error("%s was not saved: %s", getattr(self, "__name__", "the function"), error)
        except Exception:
            _LOG.exception("%s could not be asked for what to save", getattr(self, "__name__", "the function"))


def autosave(
    *,
    name: str,
    every: Union[str, float, None] = "5m",
    on: Sequence[str] = (),
    client: Optional[Client] = None,
    on_conflict: OnConflict = "raise",
    journal: Optional[str] = None,
) -> Callable[[F], Autosave[F]]:
    """Saves what a function returns: every now and then, at the end of the program, on events, and by hand::

        @stateloft.autosave(name="strategy/btc-grid", every="5m", on=("fill", "exit"))
        def everything():
            return {"positions": bot.positions, "cooldowns": bot.cooldowns}

        everything.event("fill")        # durable before it returns
        everything.save("by hand")

    Args:
        name: ``TYPE/ID`` of the state.
        every: ``"30s"``, ``"5m"``, ``"1h"`` or seconds; ``None``: not by time.
        on: the events that save.
    """
    interval = None if every is None else seconds(every)

    def decorate(function: F) -> Autosave[F]:
        def open_state() -> State:
            return state(name, client=client, on_conflict=on_conflict, interval=86_400.0, journal=journal)

        return Autosave(function, open_state, interval, on)

    return decorate
