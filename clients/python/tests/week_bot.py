"""The bot of `test_week.py`: one that runs for days, and at the end of each says how much it has become.

A day is what standard input asks for; it is worked off as fast as the server takes it.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import threading
import time
from decimal import Decimal
from typing import Any

import stateloft


class Bot:
    def __init__(self, server: str) -> None:
        self.client = client = stateloft.Client(server, author="bot")
        self.saves = self.events = 0
        self.counters = stateloft.state("counters/grid", {"n": 0, "prices": []}, client=client, interval=0.05)
        self.autosaved = stateloft.autosave(name="strategy/grid", every=0.2, on=("fill",), client=client)(self.everything)
        self.watcher = client.on_change(self.seen, "states:book", name="week")

    def everything(self) -> dict[str, Any]:
        return {"cooldowns": {str(number): self.saves + number for number in range(50)}}

    def seen(self, event: stateloft.Event) -> None:
        self.events += 1

    def tick(self) -> None:
        """A change that is saved some time, and every tenth durably."""
        self.saves += 1
        with self.counters.lock:
            self.counters["n"] = self.saves
            self.counters["prices"] = [self.saves + each / 8 for each in range(400)]
        if self.saves % 10 == 0:
            self.counters.save(f"step {self.saves}")

    def order(self) -> None:
        """An order has a state of its own, and then the bot has no more to do with it."""
        order = stateloft.state(f"order/{self.saves}", {"qty": Decimal(1), "why": "x" * 2000}, client=self.client, interval=0.05)
        order["qty"] += self.saves
        order.save("placed")

    def book(self) -> None:
        with self.client.batch("filled", close_missing={"book": "grid/"}) as batch:
            for name in ("a", "b", str(self.saves)):
                batch.save("book", f"grid/{name}", {"n": self.saves, "why": "x" * 2000})
        assert self.client.get("book", "grid/a")["n"] == self.saves
        assert len(list(self.client.history("book", "grid/a", limit=20))) >= 1
        self.client.diff("book", "grid/a", 0)
        self.autosaved.event("fill")

    def day(self, ticks: int) -> None:
        for _ in range(ticks):
            self.tick()
            if self.saves % 5 == 0:
                when_there(self.order)
            if self.saves % 25 == 0:
                when_there(self.book)

    def size(self) -> dict[str, int]:
        assert stateloft.flush(60)
        gc.collect()
        with open("/proc/self/statm") as file:
            pages = int(file.read().split()[1])
        return {
            "saves": self.saves,
            "events": self.events,
            "blocks": sys.getallocatedblocks(),
            "resident": pages * os.sysconf("SC_PAGE_SIZE"),
            "threads": threading.active_count(),
            "files": len(os.listdir("/proc/self/fd")),
        }


def when_there(call: Any) -> None:
    """The server may be away."""
    while True:
        try:
            return call()
        except (stateloft.Unavailable, stateloft.OutcomeUnknown):
            time.sleep(0.05)


def main(server: str) -> None:
    bot = Bot(server)
    for ticks in sys.stdin:
        bot.day(int(ticks))
        print(json.dumps(bot.size()), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
