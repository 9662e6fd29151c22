"""Requests over HTTP/1.1, with connections that are kept.

What is certain of a request decides what may be done when it fails. Until it was sent nothing was written. Once it was, and no
answer came, nobody knows: it is sent once more under the same idempotency key, which the server does once, and if that
fails, too, it is an :class:`~stateloft.errors.OutcomeUnknown`.
"""

from __future__ import annotations

import copy
import http.client
import json
import os
import ssl
import threading
import time
import urllib.parse
import weakref
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Optional, Union

from ._narrow import is_dict
from .errors import OutcomeUnknown, Problem, Refused, StateloftError, Unavailable, raised

__all__ = ["Answer", "Transport"]

_IDLE_LIMIT = 45.0
"""Seconds after which a kept connection is not used again; the server closes it after 60."""

_KEPT = 16
"""Connections that are kept at most."""


Query = Mapping[str, Union[str, int, bool, None]]


@dataclass(frozen=True)
class Answer:
    """What the server said: status, headers in small letters, and the body as text."""

    status: int
    headers: Mapping[str, str]
    text: str


@dataclass
class _Headers:
    """What every request says; one for all connections that are made of a transport."""

    all: dict[str, str]


@dataclass
class _Kept:
    connection: http.client.HTTPConnection
    since: float


class Transport:
    """Connections to one server. Safe to use from several threads, and after a fork.

    Args:
        server: ``http://HOST:PORT``, ``https://HOST``, or with a path where a proxy puts it.
        key: the API key.
        timeout: seconds that connecting, and every wait for the server, may take.
        context: how ``https`` is checked; the system's certificates by default.
    """

    def __init__(self, server: str, key: Optional[str], timeout: float, context: Optional[ssl.SSLContext] = None) -> None:
        parts = urllib.parse.urlsplit(server)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Refused(f"{server!r} is no server: http://HOST:PORT or https://HOST is meant")
        if parts.query or parts.fragment or parts.username:
            raise Refused(f"{server!r}: a server has no query, fragment or user; the key goes into `key`")
        self.server = server.rstrip("/")
        self.timeout = timeout
        self._host, self._port, self._secure = parts.hostname, parts.port, parts.scheme == "https"
        self._base = parts.path.rstrip("/") + "/api/v1"
        self._context = context or (ssl.create_default_context() if self._secure else None)
        self._headers = _Headers({"Accept": "application/json", "User-Agent": "stateloft-python"})
        self.use_key(key)
        self._open_pool()

    def with_timeout(self, timeout: float) -> Transport:
        """Connections of their own to the same server, by the same key, that wait so long."""
        made = copy.copy(self)
        made.timeout = timeout
        made._open_pool()
        return made

    def _open_pool(self) -> None:
        self._lock = threading.RLock()  # a signal handler may save while its own thread holds it
        self._kept: list[_Kept] = []
        _TRANSPORTS.add(self)

    def use_key(self, key: Optional[str]) -> None:
        """The key of the requests from now on."""
        headers = {name: value for name, value in self._headers.all.items() if name != "Authorization"}
        if key and key.strip():
            headers["Authorization"] = f"Bearer {key.strip()}"
        self._headers.all = headers

    def request(
        self,
        method: str,
        path: str,
        query: Optional[Query] = None,
        body: Optional[str] = None,
        headers: Optional[Mapping[str, str]] = None,
    ) -> Answer:
        """Sends one request and reads its answer.

        One with an ``Idempotency-Key``, or one that only reads, is sent once more if its answer does not come.

        Raises:
            StateloftError: the one that the answer, or its absence, means.
        """
        writes = method not in ("GET", "HEAD") and path not in ("/restores", "/imports")
        again = not writes or "Idempotency-Key" in (headers or {})
        target = self._target(path, query)
        data = None if body is None else body.encode("utf-8")
        sent = {**self._headers.all, **(headers or {})}
        if data is not None:
            sent["Content-Type"] = "application/json"
        for last in (False, True) if again else (True,):
            try:
                return self._once(method, target, data, sent, writes)
            except OutcomeUnknown as error:
                if last or error.problem is not None:
                    raise
            except _Unanswered as error:
                if last:
                    raise Unavailable(str(error)) from error.__cause__
        raise AssertionError("unreachable")

    def _once(self, method: str, target: str, data: Optional[bytes], headers: Mapping[str, str], writes: bool) -> Answer:
        connection = self._take()
        try:
            connection.request(method, target, body=data, headers=dict(headers))
            response = connection.getresponse()
            raw = response.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            self.close()  # after a restart of the server the others are broken, too, and the next attempt would get one of them
            said = f"{self.server} did not answer {method} {target.partition('?')[0]}: {error or type(error).__name__}"
            if writes:
                raise OutcomeUnknown(said + "; it may have been written or not") from error
            raise _Unanswered(said) from error
        except BaseException:
            connection.close()
            raise
        if response.will_close:
            connection.close()
        else:
            self._keep(connection)
        answered = {name.lower(): value for name, value in response.getheaders()}
        text = raw.decode("utf-8", "replace")
        if response.status >= 400:
            raise problem_of(response.status, answered, text, writes)
        if response.status >= 300:
            raise Refused(f"{self.server} answered {response.status} {answered.get('location', '')}: no redirect is followed")
        return Answer(response.status, answered, text)

    @contextmanager
    def stream(
        self, path: str, query: Query, headers: Mapping[str, str], timeout: float
    ) -> Generator[Callable[[], bytes], None, None]:
        """Opens a stream; gives a function that reads its next line, empty at the end.

        ``timeout`` is how long the server may be silent, in seconds. Leaving the block closes the connection.
        """
        connection = self._connect(timeout)
        try:
            connection.request("GET", self._target(path, query), headers={**self._headers.all, **headers})
            response = connection.getresponse()
            if response.status != 200:
                answered = {name.lower(): value for name, value in response.getheaders()}
                raise problem_of(response.status, answered, response.read().decode("utf-8", "replace"), False)
            yield response.readline
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable(f"the stream of {self.server} broke: {error or type(error).__name__}") from error
        finally:
            connection.close()

    def close(self) -> None:
        """Closes the connections that nobody uses; the transport can be used again."""
        with self._lock:
            kept, self._kept = self._kept, []
        for each in kept:
            each.connection.close()

    def after_fork(self) -> None:
        """In a child: the sockets are its parent's, and nobody holds the lock."""
        self._lock = threading.RLock()
        for each in self._kept:
            each.connection.close()
        self._kept = []

    def __del__(self) -> None:
        for each in getattr(self, "_kept", ()):
            each.connection.close()

    def _target(self, path: str, query: Optional[Query]) -> str:
        said = {
            name: str(value).lower() if isinstance(value, bool) else str(value)
            for name, value in (query or {}).items()
            if value is not None
        }
        encoded = urllib.parse.urlencode(said, quote_via=urllib.parse.quote, safe="", errors="strict")
        return self._base + path + ("?" + encoded if encoded else "")

    def _take(self) -> http.client.HTTPConnection:
        with self._lock:
            while self._kept:
                kept = self._kept.pop()
                if time.monotonic() - kept.since < _IDLE_LIMIT:
                    return kept.connection
                kept.connection.close()
        return self._connect(self.timeout)

    def _keep(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            if len(self._kept) < _KEPT:
                self._kept.append(_Kept(connection, time.monotonic()))
                return
        connection.close()

    def _connect(self, timeout: float) -> http.client.HTTPConnection:
        connection: http.client.HTTPConnection
        if self._secure:
            connection = http.client.HTTPSConnection(self._host, self._port, timeout=timeout, context=self._context)
        else:
            connection = http.client.HTTPConnection(self._host, self._port, timeout=timeout)
        try:
            connection.connect()
        except OSError as error:
            connection.close()
            raise Unavailable(f"{self.server} cannot be reached: {error}; nothing was written") from error
        return connection


_TRANSPORTS: weakref.WeakSet[Transport] = weakref.WeakSet()


def _after_fork() -> None:
    for each in list(_TRANSPORTS):
        each.after_fork()


os.register_at_fork(after_in_child=_after_fork)


class _Unanswered(Exception):
    """A read that was not answered."""


def problem_of(status: int, headers: Mapping[str, str], text: str, writes: bool) -> StateloftError:
    """The exception for an answer that is an error, whoever made it."""
    try:
        document: Any = json.loads(text)
    except ValueError:
        document = None
    if not is_dict(document):
        said = " ".join(text.split())[:200] or "nothing"
        document = {"detail": f"HTTP status {status}, and said {said}"}
    try:
        wait: Optional[float] = float(headers.get("retry-after", ""))
    except ValueError:
        wait = None
    return raised(Problem.of(status, document), wait, writes)
