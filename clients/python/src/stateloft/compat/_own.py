"""Taking over the files that ``TradingStateManager`` keeps: their values come back as what they were.

The server's import is for files of older programs, whose words are their own; here the client knows what each value is. As
there, nothing is written over what the store has already, and what was taken over once is found again in the history.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..client import Client
from ..errors import Damaged, NotFound
from ._files import data_in, header_in

__all__ = ["OwnFiles"]

_KINDS = {"active_positions": ("position", "position_"), "pair_states": ("pair_state", "pair_")}
_PORTFOLIO = ("portfolio", "portfolio_main")

_Key = tuple[str, str]


@dataclass(frozen=True)
class Found:
    """A state in a file, and how that stands to the store: ``new``, ``unchanged`` or ``different``."""

    key: _Key
    standing: str
    file: Path
    data: Mapping[str, Any]


class OwnFiles:
    """Those of some files that are of this kind, by the time at which they were saved. Each is the whole state of its moment.

    Raises:
        Damaged: one is not what was written.
    """

    def __init__(self, client: Client, paths: Sequence[Path]) -> None:
        self._client = client
        headers = {path: _header(path) for path in paths}
        self._saved_at = {path: str(header["saved_at"]) for path, header in headers.items() if header is not None}
        self.paths = sorted(self._saved_at, key=lambda path: self._saved_at[path])
        self.found = self._look()

    def write(self) -> None:
        """Writes what is new, one commit a file. What a later file does not have any more is closed."""
        open_ones: dict[_Key, int] = {}
        for path in self.paths:
            mine = {each.key: each.data for each in self.found if each.file == path and each.standing == "new"}
            with self._client.batch(f"Migration from {path.name}, saved at {self._saved_at[path]}") as batch:
                for key, data in mine.items():
                    batch.save(*key, data, if_version=open_ones.get(key, 0))
                for key in open_ones.keys() - mine.keys():
                    batch.delete(*key, if_version=open_ones[key])
            written = (each for each in batch.versions if not each.deleted)
            open_ones = {(each.state_type, each.state_id): each.version for each in written}

    def _look(self) -> list[Found]:
        found: list[Found] = []
        there: dict[_Key, set[str]] = {}
        for path in self.paths:
            for key, data in _states(self._client, path).items():
                if key not in there:
                    there[key] = self._hashes(key)
                digest = hashlib.sha256(self._client.codec.document(data).encode("utf-8")).hexdigest()
                standing = "unchanged" if digest in there[key] else "different" if there[key] else "new"
                found.append(Found(key, standing, path, data))
        return found

    def _hashes(self, key: _Key) -> set[str]:
        try:
            return {each.content_hash or "deleted" for each in self._client.history(*key, data=False)}
        except NotFound:
            return set()


def _header(path: Path) -> Any:
    try:
        header = header_in(path)
        return None if header is None else json.loads(header)
    except (ValueError, EOFError) as error:
        raise Damaged(f"{path} is not what was written: {error}") from error


def _states(client: Client, path: Path) -> dict[_Key, Mapping[str, Any]]:
    try:
        state = client.codec.value(data_in(path).decode("utf-8"))
    except (ValueError, EOFError) as error:
        raise Damaged(f"{path} is not what was written: {error}") from error
    states: dict[_Key, Mapping[str, Any]] = {}
    for member, (kind, prefix) in _KINDS.items():
        for pair, data in state.pop(member, {}).items():
            states[kind, prefix + pair] = data
    state.pop("last_save_time", None)
    if state:
        states[_PORTFOLIO] = state
    return states
