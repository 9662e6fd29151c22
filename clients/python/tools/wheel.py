"""Packs the client and the server's program into one wheel: ``cargo xtask wheel`` runs it.

The program is a script of the wheel, so pip puts it beside Python as it is, and what one types is the server itself. The same
input gives the same bytes. Standard input is ``pyproject.toml`` as JSON, which only newer Pythons read themselves.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from elf import platform_tag

_PACKAGE = Path(__file__).resolve().parents[1]
_NAME = "stateloft"


def main() -> None:
    """Writes the wheel and prints its path."""
    arguments = argparse.ArgumentParser(description="Packs the client and the server's program into one wheel.")
    arguments.add_argument("--binary", type=Path, required=True, help="the server's program")
    arguments.add_argument("--license", type=Path, required=True, help="the text of the licence")
    arguments.add_argument("--third-party", type=Path, required=True, help="what is compiled into the program, with licences")
    arguments.add_argument("--out", type=Path, required=True, help="the folder for the wheel")
    arguments.add_argument("--level", type=int, default=9, help="how hard it is packed, 0 to 9")
    given = arguments.parse_args()
    binary: Path = given.binary.resolve()
    project = json.load(sys.stdin)["project"]
    said = subprocess.run([binary, "--version"], check=True, capture_output=True, text=True).stdout.split()
    if said[:2] != [_NAME, project["version"]]:  # a released one says its commit as well
        sys.exit(f"the program is {' '.join(said)}, the client {project['version']}: they go together")
    tag = f"py3-none-{platform_tag(binary)}"
    licenses = {"LICENSE": given.license, "THIRD-PARTY.txt": given.third_party}
    print(write(project, binary, licenses, tag, given.out, given.level))


def write(project: dict[str, Any], binary: Path, licenses: Mapping[str, Path], tag: str, out: Path, level: int) -> Path:
    """Writes the wheel of these parts, and returns its path."""
    stem = f"{_NAME}-{project['version']}"
    information = f"{stem}.dist-info"
    members = dict(_sources())
    members[f"{stem}.data/scripts/{_NAME}"] = binary.read_bytes()
    for name, path in licenses.items():
        members[f"{information}/licenses/{name}"] = path.read_bytes()
    members[f"{information}/METADATA"] = _metadata(project, licenses).encode("utf-8")
    about = f"Wheel-Version: 1.0\nGenerator: {_NAME}\nRoot-Is-Purelib: false\nTag: {tag}\n"
    members[f"{information}/WHEEL"] = about.encode()
    record = "".join(f"{name},sha256={_digest(data)},{len(data)}\n" for name, data in members.items())
    members[f"{information}/RECORD"] = f"{record}{information}/RECORD,,\n".encode()
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{stem}-{tag}.whl"
    fresh = path.with_suffix(".new")
    with zipfile.ZipFile(fresh, "w") as wheel:
        for name, data in members.items():
            wheel.writestr(_entry(name), data, zipfile.ZIP_DEFLATED, level)
    return fresh.replace(path)


def _sources() -> Iterator[tuple[str, bytes]]:
    root = _PACKAGE / "src"
    for path in sorted((root / _NAME).rglob("*")):
        if path.suffix == ".py" or path.name == "py.typed":
            yield path.relative_to(root).as_posix(), path.read_bytes()


def _metadata(project: dict[str, Any], licenses: Iterable[str]) -> str:
    lines = [
        "Metadata-Version: 2.4",
        f"Name: {project['name']}",
        f"Version: {project['version']}",
        f"Summary: {project['description']}",
        f"License-Expression: {project['license']['text']}",
        *(f"License-File: {each}" for each in licenses),
        f"Keywords: {','.join(project['keywords'])}",
        *(f"Classifier: {each}" for each in project["classifiers"]),
        f"Requires-Python: {project['requires-python']}",
        *(f"Requires-Dist: {each}" for each in project["dependencies"]),
        "Description-Content-Type: text/markdown",
    ]
    description = (_PACKAGE / str(project["readme"])).read_text("utf-8")
    return "\n".join(lines) + "\n\n" + description


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)  # of 1980: a time would make every wheel another one
    entry.create_system = 3
    entry.external_attr = (0o100755 if "/scripts/" in name else 0o100644) << 16
    return entry


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode("ascii")


if __name__ == "__main__":
    main()
