"""A real server for tests: on a free port, in a folder that is removed afterwards.

As a fixture of pytest::

    import pytest, stateloft.testing

    @pytest.fixture
    def server():
        with stateloft.testing.server() as running:
            yield running

    def test_my_bot(server):
        client = server.client()
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Optional

from ._program import program
from .client import Client

__all__ = ["Server", "program", "server"]

_START_LIMIT = 60.0
_LISTENS = re.compile(r"listens on (http://\S+)")


class Server:
    """A server's program and what it needs to be started again with the same store and address."""

    def __init__(self, program: str, folder: Path, environment: Mapping[str, str]) -> None:
        self._program, self._environment = program, environment
        self.folder = folder
        self.url = ""
        self._address = "127.0.0.1:0"
        self._process: Optional[subprocess.Popen[str]] = None
        self.said: list[str] = []
        """What it printed, line by line."""

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None, "the server does not run"
        return self._process.pid

    def client(self, **options: Any) -> Client:
        """A client of this server, with the options of :class:`stateloft.Client`."""
        return Client(self.url, **options)

    def start(self) -> None:
        """Starts it, and returns when it answers."""
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("TRADING_STATE_")},
            **self._environment,
        }
        self._process = subprocess.Popen(
            [self._program, "serve", "--db", str(self.folder / "store.db"), "--listen", self._address],
            cwd=self.folder,
            env=environment,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        listening = threading.Event()
        threading.Thread(target=self._read, args=(self._process, listening), daemon=True).start()
        deadline = time.monotonic() + _START_LIMIT
        while not listening.wait(0.05):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the server does not start:\n" + "\n".join(self.said))

    def _read(self, process: subprocess.Popen[str], listening: threading.Event) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                self.said.append(line.rstrip("\n"))
                found = _LISTENS.search(line)
                if found:
                    self.url = found.group(1)
                    self._address = self.url[len("http://") :]
                    listening.set()

    def kill(self) -> None:
        """Ends it at once, as a crash does (``kill -9``)."""
        self._end("kill")

    def stop(self) -> None:
        """Ends it in good order."""
        self._end("terminate")

    def _end(self, how: str) -> None:
        if self._process is not None:
            getattr(self._process, how)()
            self._process.wait(30)
            self._process = None

    def restart(self) -> None:
        """Stops it if it runs, and starts it again: the same store, the same address."""
        self.stop()
        self.start()


@contextmanager
def server(*, binary: Optional[str] = None, environment: Optional[Mapping[str, str]] = None) -> Generator[Server, None, None]:
    """A running server with an empty SQLite store of its own.

    Args:
        binary: the server's program; see :func:`program`.
        environment: settings, such as ``{"TRADING_STATE_API_KEY": "..."}``; those of this process are not handed on.
    """
    with tempfile.TemporaryDirectory(prefix="stateloft-") as folder:
        running = Server(program(binary), Path(folder), environment or {})
        running.start()
        try:
            yield running
        finally:
            running.stop()
