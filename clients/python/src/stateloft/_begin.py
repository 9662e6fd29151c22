"""How a run begins."""

from __future__ import annotations

import datetime as dt
import os
import socket
import time
from collections.abc import Mapping, Sequence
from typing import Any, Optional, Union

from ._autosave import seconds
from ._exact import Exact, number
from ._journal import LIMIT
from ._lease import now
from ._run import Run
from ._saver import saver_for
from .client import Client
from .errors import HeldBy, Refused, Unavailable

__all__ = ["run"]

_HELD_WAIT = 0.25
"""Seconds between two attempts to begin while another run is live, or the server away."""


def run(
    program: str,
    instance: Optional[str] = None,
    *,
    lease: Union[str, float, dt.timedelta] = "30s",
    code: Optional[str] = None,
    config: Optional[Mapping[str, Any]] = None,
    symbols: Sequence[str] = (),
    strategy: Optional[str] = None,
    interval: Union[str, float, dt.timedelta, None] = None,
    planned: Union[str, float, dt.timedelta, None] = None,
    capital: Exact = None,
    metadata: Optional[Mapping[str, Any]] = None,
    host: Optional[str] = None,
    pid: Optional[int] = None,
    wait: Union[str, float, dt.timedelta, None] = None,
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
        wait: how long to wait for a run that is live to end or to lose its lease, and for a server that is away: ``"60s"`` or
            seconds.
        take_over: ``(reason, by)``: an operator's word that the run that is live is replaced. It may still be trading.
        client: else one of the environment's server, which writes as the program.
        journal: the folder of the journal of its dicts, see :func:`stateloft.state`.

    What a process of this machine has acknowledged while the server was away, and not delivered before it ended, is sent before
    the run begins: its own run most likely still holds its lease, and is ended by this start. What comes too late for that is
    named by :attr:`Run.set_aside`, and halts the run until the program has looked.

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
    saver = saver_for(client, journal, LIMIT)
    while True:
        saver.deliver()  # each time: the one that is live may be killed while this waits for it
        since = now()
        try:
            answer = client.send("/runs", body)
        except (HeldBy, Unavailable):  # of which nothing was begun: an answer that got lost may have been one's own run
            if time.monotonic() >= deadline:
                raise
            time.sleep(_HELD_WAIT)
        else:
            return Run(client, answer, since, journal)


def _whole(length: float) -> int:
    if length != int(length):
        raise Refused(f"a lease of {length} seconds: whole seconds are meant, 1 to 86400")
    return int(length)
