"""What a program for Linux needs of the machine it runs on, read from the program itself."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path

__all__ = ["NotPortable", "platform_tag"]

_MACHINES = {62: "x86_64", 183: "aarch64"}
_EVERYWHERE = re.compile(r"(libc|libm|libdl|librt|libpthread|libgcc_s)\.so\.\d+|ld-linux[-\w]*\.so\.\d+")
"""Libraries that every Linux with this glibc has (PEP 600)."""

_DYNAMIC, _NEEDED, _STRTAB, _VERNEED, _VERNEEDNUM = 2, 1, 5, 0x6FFFFFFE, 0x6FFFFFFF
_LOAD = 1


class NotPortable(Exception):
    """The program would not start on other machines."""


def platform_tag(program: Path) -> str:
    """The platform of a wheel with this program: ``manylinux_2_34_x86_64`` needs a glibc of 2.34 or newer.

    Raises:
        NotPortable: it is none for Linux, or it needs libraries that not every machine has.
    """
    elf = _Elf(program.read_bytes())
    others = [name for name in elf.libraries() if not _EVERYWHERE.fullmatch(name)]
    if others:
        raise NotPortable(f"{program} needs {', '.join(others)}, which not every machine has")
    needed = [tuple(map(int, found.groups())) for found in map(_GLIBC.fullmatch, elf.versions()) if found]
    if not needed:
        raise NotPortable(f"{program} says of no glibc that it needs it")
    major, minor = max(needed)
    return f"manylinux_{major}_{minor}_{elf.machine}"


_GLIBC = re.compile(r"GLIBC_(\d+)\.(\d+)(?:\.\d+)?")


class _Elf:
    """A 64-bit little-endian program."""

    def __init__(self, raw: bytes) -> None:
        if raw[:6] != b"\x7fELF\x02\x01":
            raise NotPortable("it is no 64-bit program for Linux")
        self._raw = raw
        number = self._at("H", 18)[0]
        if number not in _MACHINES:
            raise NotPortable(f"nothing is known of machines of kind {number}")
        self.machine = _MACHINES[number]
        offset, size, count = self._at("Q", 32)[0], *self._at("HH", 54)
        self._segments = [self._at("IIQQQQ", offset + size * index) for index in range(count)]
        self._entries = list(self._dynamic())
        self._strings = self._place(self._entry(_STRTAB, 0))

    def libraries(self) -> list[str]:
        """The libraries that it is linked with."""
        return [self._string(value) for tag, value in self._entries if tag == _NEEDED]

    def versions(self) -> list[str]:
        """The versions that it needs of their symbols."""
        found: list[str] = []
        place = self._place(self._entry(_VERNEED, 0))
        for _ in range(self._entry(_VERNEEDNUM, 0)):
            _, count, _, first, following = self._at("HHIII", place)
            each = place + first
            for _ in range(count):
                _, _, _, name, further = self._at("IHHII", each)
                found.append(self._string(name))
                each += further
            place += following
        return found

    def _dynamic(self) -> Iterator[tuple[int, int]]:
        for kind, _, offset, _, _, size in self._segments:
            if kind == _DYNAMIC:
                for place in range(offset, offset + size, 16):
                    tag, value = self._at("QQ", place)
                    if tag == 0:
                        return
                    yield tag, value

    def _entry(self, tag: int, default: int) -> int:
        return next((value for each, value in self._entries if each == tag), default)

    def _place(self, address: int) -> int:
        """Where in the file that is what will be at this address."""
        for kind, _, offset, start, _, size in self._segments:
            if kind == _LOAD and start <= address < start + size:
                return int(offset + address - start)
        return 0

    def _string(self, offset: int) -> str:
        start = self._strings + offset
        return self._raw[start : self._raw.index(b"\0", start)].decode("ascii")

    def _at(self, form: str, place: int) -> tuple[int, ...]:
        return struct.unpack_from("<" + form, self._raw, place)
