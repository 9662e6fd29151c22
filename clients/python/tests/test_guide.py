"""The guides are run as they are read: files are written where they show them, commands are typed one after the other."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import venv
from pathlib import Path

import guides
import pytest

WHEEL = os.environ.get("STATELOFT_WHEEL")

# Every guide, and the blocks of it that no test runs: whoever adds one says so here.
ALL: dict[str, list[str]] = {
    "conflicts": [],
    "deploy": ["# by hand: as root, on a machine with systemd", "# by hand: with podman, or docker"],
    "move-from-files": [],
    "outage": ["# by hand: on the machine in trouble"],
    "python-bot": [],
    "restore-at-three": [],
    "runs": [],
    "sidecar": [],
}

# And those that another test types: it is named, and names the guide.
ELSEWHERE = {"validate-in-your-page": "tests/guide.mjs"}

installed_wheel = pytest.mark.skipif(WHEEL is None, reason="STATELOFT_WHEEL names no wheel; `cargo xtask test` makes one")


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the wheel is installed: `stateloft` and a `python` that knows it."""
    home = tmp_path_factory.mktemp("installed") / "env"
    venv.create(home, with_pip=True)
    pip = [str(home / "bin" / "pip"), "install", "--disable-pip-version-check", "--no-index", str(WHEEL)]
    subprocess.run(pip, check=True, stdout=subprocess.DEVNULL)
    return home / "bin"


def free_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def test_every_guide_is_run_or_says_what_of_it_is_not() -> None:
    assert {path.stem for path in guides.FOLDER.glob("*.md")} == set(ALL) | set(ELSEWHERE)
    for name, test in ELSEWHERE.items():
        assert f"docs/guides/{name}.md" in (guides.ROOT / test).read_text("utf-8")
    for name, by_hand in ALL.items():
        assert guides.read((guides.FOLDER / f"{name}.md").read_text("utf-8")).by_hand == by_hand, name


class Ports:
    """The guides' ports may be in use here, so each means another one."""

    def __init__(self, text: str) -> None:
        self._free = {port: free_port() for port in re.findall(r"(?:127\.0\.0\.1|localhost):(\d{4})\b", text)}
        self.of_the_server = self._free.get("8000") or free_port()

    def moved(self, text: str) -> str:
        return re.sub("|".join(rf"\b{port}\b" for port in self._free) or "$^", lambda port: self._free[port[0]], text)


def run(script: str, here: Path, environment: dict[str, str]) -> tuple[int | None, str]:
    """How it ended, and what it said beside its steps; nothing that it started is left."""
    shell = subprocess.Popen(
        ["bash", "-c", script],
        cwd=here,
        env=environment,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        said, _ = shell.communicate(timeout=600)
    except subprocess.TimeoutExpired:
        said = "it does not end"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(shell.pid, signal.SIGKILL)
    return shell.poll(), said


@installed_wheel
@pytest.mark.parametrize("name", ALL)
def test_every_line_of_a_guide_works_from_the_first_to_the_last(name: str, programs: Path, tmp_path: Path) -> None:
    assert WHEEL is not None
    here, out = tmp_path / "here", tmp_path / "out"
    (here / "deploy").mkdir(parents=True)
    out.mkdir()
    shutil.copy(WHEEL, here)
    text = (guides.FOLDER / f"{name}.md").read_text("utf-8")
    ports = Ports(text)
    for file in guides.DEPLOY.iterdir():
        (here / "deploy" / file.name).write_text(ports.moved(file.read_text("utf-8")), "utf-8")
    guide = guides.read(ports.moved(text))
    environment = {
        "PATH": f"{programs}:{os.environ['PATH']}:/usr/sbin",
        "HOME": str(here),
        "TRADING_STATE_API_PORT": ports.of_the_server,
        "STATELOFT_SERVER": f"http://127.0.0.1:{ports.of_the_server}",
    }
    code, said = run(guide.script(out), here, environment)
    ran = [path.read_text("utf-8") if (path := out / str(n)).exists() else None for n in range(len(guide.steps))]
    last = max((n for n, printed in enumerate(ran) if printed is not None), default=0)
    assert code == 0, f"{said}\n{guide.steps[last].commands}\n{ran[last]}"
    for step, printed in zip(guide.steps, ran):
        assert printed is not None
        if step.prints is not None and guides.differs(step.prints, printed):
            pytest.fail(f"{step.commands}prints\n{printed}and the guide says\n{step.prints}")


def test_what_a_guide_says_is_printed_must_be_printed() -> None:
    says = "saved as version 2, ...\n...\ndone\n"
    assert not guides.differs(says, "saved as version 2, seq 7\nsomething\nmore\ndone\n")
    assert not guides.differs(says, "saved as version 2, seq 7\ndone\n")
    others = ("saved as version 3, seq 7\ndone\n", "saved as version 2, seq 7\n", "saved as version 2, \ndone\nmore\n", "")
    for printed in others:
        assert guides.differs(says, printed), printed


def test_a_block_that_would_not_be_run_is_no_guide() -> None:
    for text in ("```json\n{}\n```\n", "```sh\ntrue\n", "```\ntrue\n```\n", "```text\nout of nothing\n```\n"):
        with pytest.raises(AssertionError):
            guides.read(text)
    guide = guides.read("```sh\n# by hand: elsewhere\nreboot\n```\n\n```sh\ntrue\n```\n")
    assert (guide.by_hand, [step.commands for step in guide.steps]) == (["# by hand: elsewhere"], ["true\n"])
