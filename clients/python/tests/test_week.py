"""A bot that runs for a week does not grow: neither in memory, nor in threads, nor in open files.

The week is compressed: its saves, autosaves, batches, watches and restarts of the server come one after the other. Seven short days
run every time; `pytest --long tests/test_week.py -s` has as many saves as a week with one every ten seconds, and prints the sizes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stateloft.testing import Server

DAYS = 7


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the sizes of a process are read from /proc")
def test_a_week_of_a_bot_does_not_make_it_grow(server: Server, tmp_path: Path, long: bool) -> None:
    ticks = 8640 if long else 240
    environment = {**os.environ, "STATELOFT_JOURNAL": str(tmp_path / "journal")}
    command = [sys.executable, str(Path(__file__).with_name("week_bot.py")), server.url]
    sizes: list[dict[str, int]] = []
    with (tmp_path / "errors").open("w") as errors:
        bot = subprocess.Popen(command, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors)
    assert bot.stdin is not None and bot.stdout is not None
    with bot:
        for day in range(DAYS):
            for half in range(2):
                bot.stdin.write(f"{ticks // 2}\n")
                bot.stdin.flush()
                if day % 2 and half:  # in the middle of it
                    server.kill()
                    server.start()
                said = bot.stdout.readline()
                assert said, (tmp_path / "errors").read_text()
            sizes.append(json.loads(said))
            print(sizes[-1])
        bot.stdin.close()
        assert bot.wait(60) == 0, (tmp_path / "errors").read_text()
    middle, end = sizes[DAYS // 2], sizes[-1]
    assert end["saves"] == DAYS * (ticks // 2) * 2 and end["events"] > middle["events"] > 0
    saves = end["saves"] - middle["saves"]
    assert end["blocks"] - middle["blocks"] < saves / 4, "less than an object in four saves"
    assert end["resident"] - middle["resident"] < 6 << 20
    assert end["threads"] <= middle["threads"]
    assert end["files"] <= middle["files"] + 2, "a kept connection more or less"
