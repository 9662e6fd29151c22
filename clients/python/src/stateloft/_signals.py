"""SIGTERM and Ctrl+C while a run is live: they end it in good order, and what the program had for them still happens."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType
from typing import Any, Optional

from ._states import is_our_handler

__all__ = ["Signals"]


class Signals:
    """Listens to SIGTERM and SIGINT until :meth:`restore`.

    Only the main thread can; from another one, or where the program ignores a signal, nothing is changed.
    """

    def __init__(self) -> None:
        self.heard: Optional[str] = None
        """The name of the last one that came."""
        self._pid, self._over = os.getpid(), False
        self._before: dict[int, Any] = {}
        self._ours: dict[int, Any] = {}
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                self._listen(number)

    def _listen(self, number: signal.Signals) -> None:
        before = signal.getsignal(number)
        if before is None or before is signal.SIG_IGN:
            return
        ours = self._on_signal
        self._before[number], self._ours[number] = before, ours
        signal.signal(number, ours)

    def restore(self) -> None:
        """As it was before, unless the program has set another handler since."""
        self._over = True
        for number, before in self._before.items():
            try:
                if signal.getsignal(number) is self._ours[number]:
                    signal.signal(number, before)
            except ValueError:  # not the main thread: the handler stays, and hands on
                continue

    def _on_signal(self, number: int, frame: Optional[FrameType]) -> None:
        self.heard = signal.Signals(number).name
        before = self._before[number]
        is_ours = os.getpid() == self._pid and not self._over  # a child of the program is no run
        if callable(before) and not (is_ours and is_our_handler(before)):
            before(number, frame)
        elif not is_ours:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        else:
            raise SystemExit(0)  # the block ends, the run with it, and states are saved at the end of the program
