"""A state in a file: written whole or not at all, with the generations before it beside it.

The first line says what is needed to trust and to sum up the rest: the checksum of the data, when it was saved, and a
summary. A save writes a new file, syncs it and renames it, so a crash leaves the old or the new one. ``FILE.1`` is the
generation before, ``FILE.2`` the one before that. Files of older programs, plain JSON, are read as they are.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import gzip
import hashlib
import json
import logging
import os
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Optional, Union

from .._narrow import is_dict, is_mapping
from ..errors import Damaged, NotKept
from ._serializers import SerializersCodec

__all__ = ["StateManager", "TradingStateManager", "data_in", "header_in"]

_LOG = logging.getLogger("stateloft")

_HEADER = '{"stateloft_file":1,"sha256":'


class StateManager:
    """A dict in a file.

    Args:
        state_file: where; its folder is made.
        lock: held during every call, to share one with the program.
        generations: how many files before the present one are kept.
        compress: gzip.
    """

    def __init__(
        self,
        state_file: Union[str, os.PathLike[str]],
        lock: Optional[AbstractContextManager[Any]] = None,
        *,
        generations: int = 3,
        compress: bool = False,
    ) -> None:
        self.path = Path(state_file).absolute()
        self.state_file = str(state_file)
        self._lock: AbstractContextManager[Any] = nullcontext() if lock is None else lock
        self._generations, self._compress = generations, compress
        self._codec = SerializersCodec()

    def save_state(self, state: Mapping[str, Any]) -> bool:
        """Keeps the dict. ``False``, with the reason in the log, if that cannot be: the file is then as it was."""
        try:
            with self._lock, self._alone():
                self._write(dict(state), self.summary_of(state))
            return True
        except (NotKept, OSError) as error:
            _LOG.error("%s was not saved: %s", self.path, error)
            return False

    def load_state(self) -> Optional[dict[str, Any]]:
        """What was saved last; ``None`` if there is no file.

        A damaged file is said in the log, and the newest whole generation is read in its place.

        Raises:
            Damaged: there are files, and none of them is whole.
        """
        with self._lock, self._alone():
            for path in self._files():
                try:
                    return self._read(path)
                except (ValueError, EOFError, OSError) as error:
                    _LOG.error("%s is damaged (%s); the generation before it is read", path, error)
            if self._files():
                raise Damaged(f"{self.path}: neither it nor a generation before it is whole")
            return None

    def state_exists(self) -> bool:
        """Whether there is a file."""
        return self.path.is_file()

    def delete_state(self) -> bool:
        """Removes the file; the generations before it stay. ``False`` if there is none."""
        with self._lock, self._alone():
            if not self.path.is_file():
                return False
            self._turn()
            _sync(self.path.parent)
            return True

    def get_state_info(self) -> dict[str, Any]:
        """``exists``, ``size`` (bytes), ``modified_time`` and ``created_time`` (UTC); without a file ``None``."""
        if not self.path.is_file():
            return {"exists": False, "size": None, "modified_time": None, "created_time": None}
        found = self.path.stat()
        return {
            "exists": True,
            "size": found.st_size,
            "modified_time": dt.datetime.fromtimestamp(found.st_mtime, dt.timezone.utc),
            "created_time": dt.datetime.fromtimestamp(found.st_ctime, dt.timezone.utc),
        }

    def register_serializer(self, name: str, serializer: Callable[[Any], Any]) -> None:
        """A function that turns objects it knows into values that can be kept, and returns others as they are."""
        self._codec.register(name, serializer)

    def register_deserializer(self, name: str, deserializer: Callable[[Any], Any]) -> None:
        """A function that turns dicts it knows into objects, and returns others as they are."""
        self._codec.deserializers[name] = deserializer

    def summary_of(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """What the first line of the file says of the data; nothing here."""
        return {}

    def summary(self) -> Optional[dict[str, Any]]:
        """The summary, without reading the data; ``None`` if there is no file, or one that has none."""
        if not self.path.is_file():
            return None
        header = header_in(self.path)
        if header is None:
            return None
        found: dict[str, Any] = self._codec.value(header)["summary"]
        return found

    def _write(self, state: dict[str, Any], summary: dict[str, Any]) -> None:
        data = self._codec.text(state)
        digest = hashlib.sha256(data.encode("utf-8")).hexdigest()
        now = dt.datetime.now(dt.timezone.utc).isoformat()
        header = f'{_HEADER}"{digest}","saved_at":"{now}","summary":{self._codec.text(summary)},\n'
        raw = (header + f'"data":{data}}}\n').encode("utf-8")
        fresh = self.path.with_name(self.path.name + ".new")
        with open(fresh, "wb") as file:
            file.write(gzip.compress(raw, mtime=0) if self._compress else raw)
            file.flush()
            os.fsync(file.fileno())
        self._turn(keep=True)
        os.replace(fresh, self.path)
        _sync(self.path.parent)

    def _read(self, path: Path) -> dict[str, Any]:
        text = data_in(path).decode("utf-8")
        try:
            value = self._codec.value(text)
        except ValueError:
            if "NaN" not in text and "Infinity" not in text:
                raise
            value = self._codec.again(json.loads(text))  # as older programs write them; the strict reader refuses that
        if not is_dict(value):
            raise ValueError("it holds no object")
        return value

    def _generation(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")

    def _files(self) -> list[Path]:
        every = [self.path, *(self._generation(number) for number in range(1, self._generations + 1))]
        return [path for path in every if path.is_file()]

    def _turn(self, keep: bool = False) -> None:
        """Moves each generation one further. With ``keep`` the present file stays until it is replaced."""
        for number in range(self._generations, 1, -1):
            if self._generation(number - 1).is_file():
                os.replace(self._generation(number - 1), self._generation(number))
        if self.path.is_file() and self._generations:
            if keep:
                os.link(self.path, self._generation(1)) if not self._generation(1).exists() else None
            else:
                os.replace(self.path, self._generation(1))
        elif not keep:
            self.path.unlink()

    @contextmanager
    def _alone(self) -> Generator[None, None, None]:
        """No other process or thread is at the file meanwhile."""
        os.makedirs(self.path.parent, exist_ok=True)
        handle = os.open(self.path.with_name(self.path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


class TradingStateManager(StateManager):
    """Positions, pair states and a portfolio in a file."""

    def save_trading_state(
        self,
        active_positions: Mapping[str, Any],
        pair_states: Mapping[str, Any],
        portfolio_data: Optional[Mapping[str, Any]] = None,
    ) -> bool:
        """Keeps all three as one; the portfolio's members stand beside the others, and may not be named like them."""
        portfolio = dict(portfolio_data or {})
        taken = {"active_positions", "pair_states", "last_save_time"} & set(portfolio)
        if taken:
            _LOG.error("%s was not saved: the portfolio may not have members named %s", self.path, sorted(taken))
            return False
        return self.save_state(
            {
                "active_positions": dict(active_positions),
                "pair_states": dict(pair_states),
                **portfolio,
                "last_save_time": dt.datetime.now(dt.timezone.utc),
            }
        )

    def load_trading_state(self) -> Optional[dict[str, Any]]:
        """``active_positions``, ``pair_states``, ``last_save_time`` and the portfolio's members; ``None`` without a file."""
        state = self.load_state()
        if state is not None:
            state.setdefault("active_positions", {})
            state.setdefault("pair_states", {})
        return state

    def get_portfolio_summary(self) -> dict[str, Any]:
        """Counts, peak and suspensions, and of each position what it is, without reading prices."""
        summary = self.summary()
        if summary is None:
            state = self.load_state()
            if state is None:
                return {"exists": False}
            summary = self.summary_of(state)
        return {"exists": True, **summary}

    def summary_of(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """What the first line of the file says."""
        positions: Mapping[str, Any] = state.get("active_positions") or {}
        shown = ("direction", "entry_time", "symbol1", "symbol2")
        return {
            "active_positions_count": len(positions),
            "pair_states_count": len(state.get("pair_states") or {}),
            "last_save_time": state.get("last_save_time"),
            "portfolio_peak_value": state.get("portfolio_peak_value"),
            "portfolio_trading_suspended": state.get("portfolio_trading_suspended"),
            "suspended_pairs": state.get("suspended_pairs"),
            "positions_summary": {
                pair: {name: position.get(name) for name in shown}
                for pair, position in positions.items()
                if is_mapping(position)
            },
        }


def header_in(path: Path) -> Optional[str]:
    """What the first line of a file says, as JSON; ``None`` for a file of an older program."""
    with _open(path) as file:
        line: bytes = file.readline()
    return line.decode("utf-8").rstrip().rstrip(",") + "}" if line.startswith(_HEADER.encode()) else None


def data_in(path: Path) -> bytes:
    """The state in a file, as JSON; of a file of an older program all of it.

    Raises:
        ValueError: it is not what was written.
    """
    with _open(path) as file:
        raw: bytes = file.read()
    if not raw.startswith(_HEADER.encode()):
        return raw
    header, _, rest = raw.partition(b"\n")
    said = json.loads(header.rstrip(b",") + b"}")
    data = rest.rstrip(b"\n")[len(b'"data":') : -1]
    if hashlib.sha256(data).hexdigest() != said["sha256"]:
        raise ValueError("the checksum is another one")
    return data


@contextmanager
def _open(path: Path) -> Generator[Any, None, None]:
    with open(path, "rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        if packed:
            with gzip.open(file) as inside:
                yield inside
        else:
            yield file


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
