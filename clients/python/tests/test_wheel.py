"""The wheel as a stranger installs it: without a network, elsewhere, and the server is there."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

WHEEL = os.environ.get("STATELOFT_WHEEL")

pytestmark = pytest.mark.skipif(WHEEL is None, reason="STATELOFT_WHEEL names no wheel; `cargo xtask test` makes one")


class Installed:
    """A virtual environment with nothing but the wheel in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "elsewhere"
        self.folder.mkdir()
        self.programs = folder / "venv" / "bin"
        venv.create(folder / "venv", with_pip=True)
        self.run("pip", "install", "--disable-pip-version-check", "--no-index", str(WHEEL))

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of this process that could help."""
        return {"PATH": "/usr/bin:/bin", "HOME": str(self.folder)}

    def command(self, program: str, *arguments: str) -> list[str]:
        return [str(self.programs / program), *arguments]

    def run(self, program: str, *arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            self.command(program, *arguments), cwd=self.folder, env=self.environment, text=True, capture_output=True
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def serve(self, *command: str) -> tuple[subprocess.Popen[str], str]:
        """The server, and where it listens."""
        arguments = ["serve", "--db", str(self.folder / "store.db"), "--listen", "127.0.0.1:0"]
        process = subprocess.Popen(
            self.command(*command, *arguments), cwd=self.folder, env=self.environment, text=True, stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        for line in process.stdout:
            found = re.search(r"listens on (http://\S+)", line)
            if found:
                return process, found.group(1)
        raise AssertionError("the server does not start")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    yield Installed(tmp_path_factory.mktemp("wheel"))


@pytest.mark.parametrize("command", [("stateloft",), ("python", "-m", "stateloft")])
def test_the_server_is_what_one_types(installed: Installed, command: tuple[str, ...]) -> None:
    assert re.match(r"stateloft \d+\.\d+\.\d+\b", installed.run(*command, "--version"))
    installed.run(*command, "no-such-command", code=2)
    process, url = installed.serve(*command)
    code = f"""
import stateloft
with stateloft.Client({url!r}) as client:
    client.save("book", "EURUSD", {{"qty": 2}}, reason="opened")
    assert client.get("book", "EURUSD") == {{"qty": 2}}
"""
    installed.run("python", "-c", code)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0, "the signal is the server's, and so is how it ends"
    assert process.stdout is not None
    process.stdout.close()


def test_tests_of_a_program_find_the_server_of_the_wheel(installed: Installed) -> None:
    code = """
import stateloft.testing
print(stateloft.testing.program())
with stateloft.testing.server() as server, server.client() as client:
    print(client.save("book", "EURUSD", {"qty": 2}).version)
"""
    there = (installed.programs / "stateloft").resolve()
    assert installed.run("python", "-c", code).split() == [str(there), "1"]


def test_a_folder_of_packages_brings_its_server_too(installed: Installed) -> None:
    target = installed.folder / "vendored"
    installed.run("pip", "install", "--disable-pip-version-check", "--no-index", "--target", str(target), str(WHEEL))
    code = f"import sys; sys.path.insert(0, {str(target)!r}); import stateloft.testing; print(stateloft.testing.program())"
    assert installed.run("python", "-c", code).strip() == str(target / "bin" / "stateloft")


def test_sources_that_are_not_installed_name_no_program_of_another_installation(installed: Installed) -> None:
    sources = Path(__file__).resolve().parents[1] / "src"
    code = f"import sys; sys.path.insert(0, {str(sources)!r}); import stateloft.testing; stateloft.testing.program()"
    done = subprocess.run(
        installed.command("python", "-c", code), cwd=installed.folder, env=installed.environment, text=True, capture_output=True
    )
    assert done.returncode == 1 and "STATELOFT_BIN" in done.stderr


def test_the_wheel_says_what_it_is_and_nothing_of_where_it_was_made() -> None:
    assert WHEEL is not None
    assert re.fullmatch(r"stateloft-\d+\.\d+\.\d+-py3-none-manylinux_2_\d+_(x86_64|aarch64)\.whl", Path(WHEEL).name)
    with zipfile.ZipFile(WHEEL) as wheel:
        names = wheel.namelist()
        (metadata,) = (each for each in names if each.endswith(".dist-info/METADATA"))
        text = wheel.read(metadata).decode("utf-8")
        assert {each.date_time for each in wheel.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert not any("__pycache__" in each or each.startswith(("tests/", "tools/")) for each in names)
        assert "stateloft/py.typed" in names and any(each.endswith("licenses/LICENSE") for each in names)
    for line in ("License-Expression: Apache-2.0", "Requires-Python: >=3.9", "Classifier: Typing :: Typed"):
        assert line in text.splitlines()
    assert "# stateloft for Python" in text


def test_a_program_that_other_machines_could_not_start_is_not_packed(tmp_path: Path) -> None:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
    try:
        from elf import NotPortable, platform_tag
    finally:
        sys.path.pop(0)
    (tmp_path / "script").write_text("#!/bin/sh\n")
    with pytest.raises(NotPortable):
        platform_tag(tmp_path / "script")
