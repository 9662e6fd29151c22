"""A bot that is killed at random moments of a compressed trading day: each start says the truth about what it found.

`pytest --long tests/test_trading_day.py` kills it twenty times; else it is a few.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from trading_bot import CAPITAL, Broker, lines

import stateloft
from stateloft.testing import Server

PREFIX = "day/"


class Start:
    """One start of the bot."""

    def __init__(self, server: Server, folder: Path, seed: int) -> None:
        self.errors = folder / f"errors-{seed}"
        with self.errors.open("w") as errors:
            self.process = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("trading_bot.py")), server.url, str(folder), str(seed)],
                env={**os.environ, "STATELOFT_JOURNAL": str(folder / "journal")},
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        self.found: dict[str, Any] = json.loads(self.line())

    def line(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.errors.read_text()
        return line

    def end(self, how: int) -> int:
        self.process.send_signal(how)
        self.process.communicate(timeout=120)
        return self.process.returncode


def lots_of(client: stateloft.Client) -> list[dict[str, Any]]:
    return [lot for each in client.list("position", prefix=PREFIX) for lot in each.data["lots"]]


def held(client: stateloft.Client, before: dict[str, Any] | None, start: Start, kill: int) -> None:
    """What a start says of what it found is what the store had, and what had happened."""
    found = start.found
    assert found["run"] == f"day.main.{kill + 1}"
    if before is None:
        assert (found["outcome"], found["left"], found["resume"], found["lots"]) == ("fresh", [], [], [])
    else:
        assert (found["outcome"], found["left"]) == ("after_crash", [before["run"], "crashed"])
        assert found["lots"] == before["lots"], "what it resumes is what there was"
        assert found["resume"] == before["states"]


def now(client: stateloft.Client, run: str, before: dict[str, Any] | None) -> dict[str, Any]:
    """What is there once the run is known to be gone, so that nothing of it is under way any more. Of one that was killed
    before it wrote anything nothing was left: what the one before it left still is.
    """
    deadline = time.monotonic() + 120
    while client.decoded(client.transport.request("GET", f"/runs/{run}"))["live"]:
        assert time.monotonic() < deadline, "its lease does not end"
        time.sleep(0.05)
    states = [*client.list(["position", "order"], prefix=PREFIX, data=False)]
    names = {f"{each.state_type}/{each.state_id}" for each in states}
    wrote = client.decoded(client.transport.request("GET", f"/runs/{run}/states", {"limit": 1000}))["states"]
    if not wrote and before is not None:
        return before
    names.update(f"{each['state_type']}/{each['state_id']}" for each in wrote if each["live"])
    lots = sorted(f"{lot['id']}:{lot['quantity']}:{lot['status']}" for lot in lots_of(client))
    return {"run": run, "lots": lots, "states": sorted(names)}


def test_a_bot_that_is_killed_all_day_says_the_truth_at_each_start_and_loses_or_doubles_no_lot(
    server: Server, tmp_path: Path, long: bool
) -> None:
    client, chance = server.client(), random.Random(16)
    for name in ("log", "broker"):
        (tmp_path / name).touch()
    before: dict[str, Any] | None = None
    kills = 20 if long else 3
    for kill in range(kills):
        start = Start(server, tmp_path, seed=1600 + kill)
        held(client, before, start, kill)
        for _ in range(chance.randrange(0, 12)):
            start.line()
        time.sleep(chance.random() * 0.05)  # so that it is not always right behind a step
        assert start.end(signal.SIGKILL) == -signal.SIGKILL
        before = now(client, start.found["run"], before)
    last = Start(server, tmp_path, seed=1)
    held(client, before, last, kills)
    for _ in range(5):
        last.line()
    assert last.end(signal.SIGTERM) == 0
    agrees(client, tmp_path, f"day.main.{kills + 1}")


def agrees(client: stateloft.Client, folder: Path, run: str) -> None:
    """The store, the broker's books and the bot's own log say the same."""
    fills = Broker(folder / "broker").fills()
    lots = lots_of(client)
    assert len({lot["id"] for lot in lots}) == len(lots), "no lot is there twice"
    opened = {fill["client_order_id"]: Decimal(fill["quantity"]) for fill in fills if "closes" not in fill}
    bought: dict[str, Decimal] = {}
    for lot in lots:
        whole = str(lot.get("part_of") or lot["id"])
        bought[whole] = bought.get(whole, Decimal(0)) + lot["quantity"]
    assert bought == opened, "each fill is one lot, with all of it, and there is no other"
    exits = {fill["client_order_id"]: fill for fill in fills if "closes" in fill}
    closed = {lot["exit_order"]: lot for lot in lots if lot["status"] == "closed"}
    assert closed.keys() == exits.keys()
    entries = {fill["client_order_id"]: fill for fill in fills}
    won = Decimal(0)
    for order, lot in closed.items():
        entry, exit_ = entries[exits[order]["closes"]], exits[order]
        gained = (Decimal(exit_["price"]) - Decimal(entry["price"])) * Decimal(exit_["quantity"])
        gained = gained if entry["side"] == "buy" else -gained
        assert (lot["pnl"], lot["quantity"]) == (gained, Decimal(exit_["quantity"]))
        won += gained
    versions = [each.data for each in client.history("portfolio", f"{PREFIX}equity")][::-1]
    curve = [(str(data["realised"]), data["trades"]) for data in versions if data["trades"]]
    logged = [(each["equity"], each["trades"]) for each in lines(folder / "log") if "equity" in each]
    assert [each for each, _ in itertools.groupby(logged)] == curve, "the curve is the bot's own log"
    assert Decimal(curve[-1][0]) == won
    session = client.decoded(client.transport.request("GET", f"/runs/{run}"))["run"]
    assert session["status"] == "stopped" and Decimal(str(session["final_value"])) == CAPITAL + won
