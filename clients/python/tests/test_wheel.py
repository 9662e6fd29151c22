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
        (third_party,) = (each for each in names if each.endswith("licenses/THIRD-PARTY.txt"))
        said = wheel.read(third_party).decode("utf-8")
    for line in ("License-Expression: Apache-2.0", "Requires-Python: >=3.9", "Classifier: Typing :: Typed"):
        assert line in text.splitlines()
    assert "# stateloft for Python" in text
    assert [each for each in text.splitlines() if each.startswith("License-File")] == [
        "License-File: LICENSE",
        "License-File: THIRD-PARTY.txt",
    ]
    listed, *texts = said.split("-" * 80)
    crates = re.findall(r"^(.+ \S+): \S", listed, re.MULTILINE)
    assert len(crates) > 100 and {each.split()[0] for each in crates} >= {"axum", "leptos", "jsonschema", "serde", "sqlx"}
    for each in crates:
        assert any(f"\n{each}\n" in text.partition("\n\n")[0] + "\n" for text in texts), f"{each} has no licence"
    assert str(Path.home()) not in said


def test_the_same_parts_make_the_same_bytes(tmp_path: Path) -> None:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
    try:
        import wheel
    finally:
        sys.path.pop(0)
    project = {
        "name": "stateloft",
        "version": "1.2.3",
        "description": "d",
        "license": {"text": "Apache-2.0"},
        "keywords": ["a"],
        "classifiers": ["B", "A"],
        "requires-python": ">=3.9",
        "dependencies": [],
        "readme": "README.md",
    }
    made: list[bytes] = []
    for at in (1_000_000_000, 1_700_000_000):
        folder = tmp_path / str(at)
        folder.mkdir(mode=0o700 if made else 0o755)
        parts = {name: folder / name for name in ("program", "LICENSE", "THIRD-PARTY.txt")}
        for name, path in parts.items():
            path.write_bytes(name.encode() * 5000)
            os.utime(path, (at, at))
        licenses = {name: parts[name] for name in ("LICENSE", "THIRD-PARTY.txt")}
        made.append(wheel.write(project, parts["program"], licenses, "py3-none-any", folder, 9).read_bytes())
    assert made[0] == made[1]


def test_a_program_that_other_machines_could_not_start_is_not_packed(tmp_path: Path) -> None:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
    try:
        from elf import NotPortable, platform_tag
    finally:
        sys.path.pop(0)
    (tmp_path / "script").write_text("#!/bin/sh\n")
    with pytest.raises(NotPortable):
        platform_tag(tmp_path / "script")
