"""The files in deploy/: they name what there is, and what reads them takes them. nginx is tried by the guide itself."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import guides
import pytest

UNIT = (guides.DEPLOY / "stateloft.service").read_text("utf-8")
CONTAINER = (guides.DEPLOY / "Containerfile").read_text("utf-8")
README = (guides.ROOT / "README.md").read_text("utf-8")
SETTING = re.compile(r"\bTRADING_STATE_[A-Z_]+\b")


def run(*command: str) -> tuple[int, str]:
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


def systemd() -> int:
    """Its version; 0 where there is none."""
    said = re.match(r"systemd (\d+)", run("systemd-analyze", "--version")[1]) if shutil.which("systemd-analyze") else None
    return int(said[1]) if said else 0


def test_every_setting_in_the_files_is_one_of_the_programs() -> None:
    known = set(SETTING.findall(README))
    for file in guides.DEPLOY.iterdir():
        assert set(SETTING.findall(file.read_text("utf-8"))) <= known, file.name


def test_the_service_has_as_much_memory_as_the_settings_let_the_server_take() -> None:
    """Requests and what waits in the journal may take the limit each, caches 250 MiB."""
    named = re.search(r"^\| `TRADING_STATE_MEMORY_LIMIT` \| `memory_limit` \| `(\d+)` \| MiB", README, re.MULTILINE)
    high, most = re.search(r"^MemoryHigh=(\d+)M$", UNIT, re.MULTILINE), re.search(r"^MemoryMax=(\d+)G$", UNIT, re.MULTILINE)
    assert named and high and most
    assert 2 * int(named[1]) + 250 < int(high[1]) < 1024 * int(most[1])


@pytest.mark.skipif(systemd() < 250, reason="there is no systemd-analyze of 250 or newer on this machine")
def test_systemd_takes_the_unit_and_finds_little_exposed(tmp_path: Path) -> None:
    unit = tmp_path / "stateloft.service"
    unit.write_text(UNIT.replace("/usr/local/bin/stateloft", "/bin/true"), "utf-8")
    assert run("systemd-analyze", "verify", str(unit)) == (0, "")
    code, looked = run("systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=20", str(unit))
    assert code == 0, looked


@pytest.mark.skipif("STATELOFT_BIN" not in os.environ, reason="STATELOFT_BIN names no program")
def test_the_containers_health_check_and_command_are_ones_that_the_program_has() -> None:
    lines = CONTAINER.splitlines()
    words = {line.split(" ")[0]: line[line.index("[") :] for line in lines if re.match(r"(HEALTHCHECK|ENTRYPOINT|CMD) ", line)}
    check, entry, serve = (json.loads(words[name]) for name in ("HEALTHCHECK", "ENTRYPOINT", "CMD"))
    assert entry == ["stateloft"]
    for command in (check[1:], serve):
        code, helped = run(os.environ["STATELOFT_BIN"], *command, "--help")
        assert code == 0 and all(word in helped for word in command[1:]), helped
