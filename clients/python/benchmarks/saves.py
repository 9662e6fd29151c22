"""What a save costs the thread of a bot that makes it: rows for docs/BENCHMARKS.md.

Run by ``cargo xtask bench --only python``; it takes the server's program from ``STATELOFT_BIN``. A change of the dict is what a
tick pays: a thread of the client saves it. A durable save waits for the disk of the server, and its CPU is what is left over for
nobody else in the program meanwhile.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import stateloft
import stateloft.testing

_POSITION: dict[str, Any] = {
    "symbol1": "EURUSD",
    "symbol2": "GBPUSD",
    "direction": "long",
    "entry_price": 1.0874,
    "entry_time": "2026-11-21T06:12:44Z",
    "stop_loss": 1.0832,
    "take_profit": 1.0951,
    "legs": [{"symbol": "EURUSD", "quantity": 1.2, "price": 1.0874}, {"symbol": "GBPUSD", "quantity": -1.0, "price": 1.2651}],
    "pnl": {"realised": 0.0, "unrealised": 12.5},
}

_TICK = 0.001
"""Seconds between two ticks: the client's own thread works in between and meanwhile, as in a program."""


def _measured(change: Callable[[int], None], times: int) -> tuple[list[float], float]:
    """Microseconds that each took, and of CPU of this thread each took on average."""
    took: list[float] = []
    cpu = 0
    for n in range(times):
        time.sleep(_TICK)
        cpu_before, before = time.thread_time_ns(), time.perf_counter_ns()
        change(n)
        after, cpu_after = time.perf_counter_ns(), time.thread_time_ns()
        took.append((after - before) / 1000)
        cpu += cpu_after - cpu_before
    return took, cpu / 1000 / times


def _rows(what: str, took: list[float], cpu: float) -> None:
    slow = statistics.quantiles(took, n=100)[98]
    for which, figure in (("median", statistics.median(took)), ("99 of 100", slow), ("CPU of the calling thread, mean", cpu)):
        print(f"| {what}, {which} | {figure:.{0 if figure >= 100 else 2}f} µs |  |")


def main() -> None:
    """Prints the rows."""
    with stateloft.testing.server() as server, server.client(author="bench") as client:
        journal = str(server.folder / "journal")
        state = stateloft.state("position/bench", default=_POSITION, client=client, interval=0.05, journal=journal)

        def change(n: int) -> None:
            state["pnl"]["unrealised"] = 12.5 + n

        def save(n: int) -> None:
            state["pnl"]["realised"] = 0.5 + n
            state.save("fill")

        save(-1)
        _rows("Python: a change of a small position's dict, saved in the background", *_measured(change, 3000))
        _rows("Python: a change of a small position and its durable save", *_measured(save, 1000))
        stateloft.flush()


if __name__ == "__main__":
    main()
