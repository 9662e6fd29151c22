"""What a bot has acknowledged while the server was away is there at its next start, or it is said that it is not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from decimal import Decimal
from pathlib import Path

import pytest

import stateloft
from stateloft.testing import Server

BOT = """
import sys, stateloft
server, journal = sys.argv[1:]
run = stateloft.run("bot", lease="6s", client=stateloft.Client(server, author="bot"), journal=journal)
run.positions.open("AA", "1", side="long", quantity="1", price="1")
print("live", flush=True)
input()
run.positions.open("AA", "2", side="long", quantity="0.20", price="1")
run.positions.open("BB", "3", side="long", quantity="3", price="1")
print("acknowledged", flush=True)
input()
"""


def acknowledged(server: Server, journal: Path) -> subprocess.Popen[str]:
    """A bot that lives, with two lots of which the server, which is killed, knows nothing."""
    command = [sys.executable, "-c", BOT, server.url, str(journal)]
    process = subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None and process.stdout is not None
    assert process.stdout.readline() == "live\n"
    server.kill()
    process.stdin.write("\n")
    process.stdin.flush()
    assert process.stdout.readline() == "acknowledged\n"
    return process


def killed(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


@pytest.mark.parametrize("waits", [False, True], ids=["before it starts again", "while the next start waits"])
def test_lots_that_a_killed_bot_acknowledged_while_the_server_was_away_are_in_the_next_run(
    server: Server, tmp_path: Path, waits: bool
) -> None:
    process = acknowledged(server, tmp_path)
    if waits:
        os.kill(process.pid, signal.SIGSTOP)  # it hangs, so that it does not deliver them itself
        threading.Timer(1.0, killed, [process]).start()
    else:
        killed(process)
    server.start()
    with stateloft.run("bot", client=server.client(), journal=str(tmp_path), wait="60s") as run:
        assert [(lot.symbol, lot.id) for lot in run.positions.held()] == [("AA", "1"), ("AA", "2"), ("BB", "3")]
        assert run.left is not None and run.left.open_positions == 2
        assert (run.set_aside, run.halted) == ((), False)


def test_lots_that_come_too_late_are_said_and_halt_every_start_until_the_program_has_looked(
    server: Server, tmp_path: Path
) -> None:
    killed(acknowledged(server, tmp_path / "bot"))
    server.start()
    # From another machine, which does not have the journal.
    stateloft.run("bot", client=server.client(), journal=str(tmp_path / "other"), take_over=("it is gone", "ops")).end()
    for _ in range(2):
        with stateloft.run("bot", client=server.client(), journal=str(tmp_path / "bot")) as run:
            assert [(lot.symbol, lot.id) for lot in run.positions.held()] == [("AA", "1")]
            assert run.reconcile([{"symbol": "AA", "side": "long", "quantity": "1"}], as_of=run.server_time()).agrees
            assert run.halted, "a report that agrees says nothing of what was not written"
            assert [(each.state_id, each.run_id) for each in run.set_aside] == [("bot/AA", "bot.main.1"), ("bot/BB", "bot.main.1")]
            assert run.set_aside[1].data["lots"][0]["quantity"] == Decimal(3)
    with stateloft.run("other", client=server.client(), journal=str(tmp_path / "bot")) as other:
        assert (other.set_aside, other.halted) == ((), False), "it is another program's"
    with stateloft.run("bot", client=server.client(), journal=str(tmp_path / "bot")) as run:
        run.looked_at(run.set_aside)
        assert (run.set_aside, run.halted) == ((), False)
    with stateloft.run("bot", client=server.client(), journal=str(tmp_path / "bot")) as run:
        assert (run.set_aside, run.halted) == ((), False)
    assert len(list((tmp_path / "bot").glob("*/seen-*.json"))) == 2, "they are kept"
