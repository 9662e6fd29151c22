"""Whatever is killed, and when: what was acknowledged is there, nothing is there twice, and the order is kept.

A bot saves in every way that the client has (`killed_bot.py`) while it, the server, or both are killed with SIGKILL, and are
started again. `pytest --long tests/test_kill.py` does that for some minutes.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from killed_bot import acknowledged

import stateloft
from stateloft.testing import Server


class Running:
    """The bot's process and what it says."""

    def __init__(self, server: Server, folder: Path, seed: int) -> None:
        self.errors = folder / f"errors-{seed}"
        with self.errors.open("w") as errors:
            self.process = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("killed_bot.py")), server.url, str(folder / "notes"), str(seed)],
                env={**os.environ, "STATELOFT_JOURNAL": str(folder / "journal")},
                text=True,
                stdout=subprocess.PIPE,
                stderr=errors,
            )

    def says(self, lines: int) -> None:
        """Waits until it has noted so much more."""
        assert self.process.stdout is not None
        for _ in range(lines):
            assert self.process.stdout.readline(), self.errors.read_text()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()
        assert self.process.returncode == -9, self.errors.read_text()


def kills(server: Server, folder: Path, seed: int, rounds: int) -> None:
    """Rounds of kills. The bot has ended after them, and nothing of it is under way at the server any more."""
    chance = random.Random(seed)
    (folder / "notes").touch()
    bot = Running(server, folder, seed)
    bot.says(1)
    for round_ in range(1, rounds + 1):
        bot.says(chance.randrange(1, 60))
        time.sleep(chance.random() * 0.02)  # so that it is not always right behind a note
        victims = chance.choice((("bot",), ("server",), ("bot", "server"), ("server", "bot")))
        for victim in victims:
            (server if victim == "server" else bot).kill()
        if victims == ("server",):
            bot.says(chance.randrange(0, 30))  # what it says now is in its journal
        starts = [*victims]
        chance.shuffle(starts)
        for start in starts:
            if start == "server":
                server.start()
            else:
                bot = Running(server, folder, seed + round_)
    bot.says(1)
    bot.kill()
    server.restart()  # what it had asked for right before is done by then, or never


def numbers(client: stateloft.Client, state_type: str, state_id: str) -> list[int]:
    return [each.data["n"] for each in client.history(state_type, state_id)][::-1]


def is_whole(client: stateloft.Client, folder: Path) -> None:
    """What was noted is there, each once and in order."""
    said = acknowledged(folder / "notes")
    assert all(said.values()), "every way of saving was tried"
    for kind in ("saved", "queued"):
        kept = numbers(client, "kept", kind)
        assert set(said[kind]) <= set(kept), f"{kind} {sorted(set(said[kind]) - set(kept))} was acknowledged and is lost"
        assert kept == sorted(set(kept)), f"{kind} is there twice, or in another order"
    saved = numbers(client, "kept", "saved")
    assert saved == list(range(saved[0], saved[-1] + 1)), "each save that was asked for is a version of its own"
    left, right = numbers(client, "kept", "left"), numbers(client, "kept", "right")
    assert left == right == list(range(1, len(left) + 1)) and left[-1] >= said["batch"][-1]
    fills = {each.state_id: each.version for each in client.list("fill") if isinstance(each, stateloft.Version)}
    assert fills == {str(number): 1 for number in range(1, len(fills) + 1)} and len(fills) >= said["fill"][-1]
    assert list(folder.glob("journal/*/conflict-*")) == list(folder.glob("journal/*/damaged-*")) == []


@pytest.fixture
def seeds(long: bool) -> Iterator[range]:
    yield range(1500, 1530) if long else range(1500, 1502)


def test_kills_of_a_bot_of_the_server_and_of_both_lose_nothing_repeat_nothing_and_keep_the_order(
    seeds: range, tmp_path: Path
) -> None:
    for seed in seeds:
        folder = tmp_path / str(seed)
        folder.mkdir()
        with stateloft.testing.server() as server:
            kills(server, folder, seed, rounds=8)
            client = server.client()
            # The next program takes over what waits in the journal.
            state = stateloft.state("kept/saved", client=client, journal=str(folder / "journal"))
            assert stateloft.flush(60)
            is_whole(client, folder)
            assert state["n"] == numbers(client, "kept", "saved")[-1]
