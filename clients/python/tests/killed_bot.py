"""The bot that `test_kill.py` kills: it saves in every way that the client has, until it is killed.

What it was told is durable it notes in a file, and goes on when the note is synced. So whatever the moment at which it is
killed, the file says at least nothing that it was not told.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import stateloft

T = TypeVar("T")

KINDS = ("saved", "queued", "batch", "fill")


def acknowledged(notes: Path) -> dict[str, list[int]]:
    """By kind the numbers that were noted, in their order. A last line that was cut is no note."""
    found: dict[str, list[int]] = {kind: [] for kind in KINDS}
    for line in notes.read_text().split("\n")[:-1]:
        kind, number = line.split()
        found[kind].append(int(number))
    return found


class Bot:
    def __init__(self, client: stateloft.Client, notes: Path) -> None:
        self.client = client
        before = acknowledged(notes)
        self.batches, self.fills = (max(before[kind], default=0) for kind in ("batch", "fill"))
        self.notes = os.open(notes, os.O_WRONLY | os.O_APPEND)
        self.saved = until_there(lambda: stateloft.state("kept/saved", {"n": 0}, client=client, interval=3600))
        self.queued = until_there(lambda: stateloft.state("kept/queued", {"n": 0}, client=client, interval=0.01))
        for state, kind in ((self.saved, "saved"), (self.queued, "queued")):
            assert state["n"] >= max(before[kind], default=0), f"{kind} was {before[kind][-1]} and is {state['n']}"

    def note(self, kind: str, number: int) -> None:
        os.write(self.notes, f"{kind} {number}\n".encode())
        os.fsync(self.notes)
        print(kind, number, flush=True)

    def save(self) -> None:
        """Durable before it returns, at the server or in the journal."""
        self.saved["n"] += 1
        self.saved.save(f"step {self.saved['n']}")
        self.note("saved", self.saved["n"])

    def queue(self) -> None:
        """Saved by the thread in the background, some time."""
        self.queued["n"] += 1
        if not self.queued.unsaved:
            self.note("queued", self.queued["n"])

    def flush(self) -> None:
        """When it says so, the server has everything."""
        if stateloft.flush(0.05):
            self.note("queued", self.queued["n"])

    def batch(self) -> None:
        """All or none, and once: the one after the last that was noted is sent under the key that it had before the kill."""
        number = self.batches + 1
        try:
            with self.client.batch(idempotency_key=f"batch-{number}", correlation_id=f"batch-{number}") as batch:
                batch.check("kept", "left", **({"pointer": "/n", "equals": number - 1} if number > 1 else {"exists": False}))
                batch.save("kept", "left", {"n": number})
                batch.save("kept", "right", {"n": number})
        except (stateloft.Unavailable, stateloft.OutcomeUnknown):
            return
        self.batches = number
        self.note("batch", number)

    def fill(self) -> None:
        """A state of its own, which must not be there yet."""
        number = self.fills + 1
        try:
            self.client.save("fill", str(number), {"n": number}, create=True, idempotency_key=f"fill-{number}")
        except (stateloft.Unavailable, stateloft.OutcomeUnknown):
            return
        self.fills = number
        self.note("fill", number)


def until_there(call: Callable[[], T]) -> T:
    """A bot may be started before its server."""
    while True:
        try:
            return call()
        except (stateloft.Unavailable, stateloft.OutcomeUnknown):
            time.sleep(0.01)


def main(server: str, notes: str, seed: str) -> None:
    bot = Bot(stateloft.Client(server, author="bot"), Path(notes))
    print("open 0", flush=True)
    chance = random.Random(int(seed))
    while True:
        chance.choice((bot.save, bot.save, bot.queue, bot.queue, bot.queue, bot.flush, bot.batch, bot.fill))()


if __name__ == "__main__":
    main(*sys.argv[1:])
