"""The client for asyncio: the same calls, awaited.

The work is done by a few threads, so that the loop goes on meanwhile; the journal, the connections and what is known of
failures are the same as without asyncio::

    async with stateloft.aio.Client(author="my-bot") as client:
        await client.save("book", "EURUSD", {"qty": 2})
        async for event in client.watch("states:book"):
            ...

A call that is cancelled is not taken back: a save may have been written all the same, as with any request that was sent.
"""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Optional, TypeVar, Union

from ._aio_run import Run, run
from ._batch import Batch
from ._models import Diff, Pending, Snapshot, Version
from ._restore import Plan, Restore
from ._state import Journaled, State
from ._states import flush as flush_blocking
from ._states import state as open_blocking
from ._watch import Event, watch
from .client import Client as Blocking
from .client import Moment

__all__ = ["Client", "Run", "flush", "run", "save", "state"]

T = TypeVar("T")

_END: Any = object()


async def _elsewhere(executor: Optional[ThreadPoolExecutor], call: Callable[..., T], *arguments: Any, **named: Any) -> T:
    return await asyncio.get_running_loop().run_in_executor(executor, functools.partial(call, *arguments, **named))


class Client:
    """Like :class:`stateloft.Client`, with the same arguments; ``threads`` requests at most are under way at once."""

    def __init__(self, server: Optional[str] = None, *, threads: int = 8, **options: Any) -> None:
        self.blocking = Blocking(server, **options)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="stateloft-aio")

    async def save(self, state_type: str, state_id: str, data: Any, **options: Any) -> Version | Pending:
        """See :meth:`stateloft.Client.save`. The data is turned into text before this first waits."""
        codec = self.blocking.codec
        frozen = codec.value(codec.document(data))
        return await self._do(self.blocking.save, state_type, state_id, frozen, **options)

    async def delete(self, state_type: str, state_id: str, **options: Any) -> Version | Pending:
        """See :meth:`stateloft.Client.delete`."""
        return await self._do(self.blocking.delete, state_type, state_id, **options)

    async def undelete(self, state_type: str, state_id: str, **options: Any) -> Version | Pending:
        """See :meth:`stateloft.Client.undelete`."""
        return await self._do(self.blocking.undelete, state_type, state_id, **options)

    def batch(self, reason: Optional[str] = None, **options: Any) -> AsyncBatch:
        """See :meth:`stateloft.Client.batch`; ``async with``, and the writes in it are not awaited."""
        return AsyncBatch(self.blocking.batch(reason, **options), self._threads)

    async def get(self, state_type: str, state_id: str, *default: Any, **options: Any) -> Any:
        """See :meth:`stateloft.Client.get`."""
        return await self._do(self.blocking.get, state_type, state_id, *default, **options)

    async def read(self, state_type: str, state_id: str, **options: Any) -> Version | Pending:
        """See :meth:`stateloft.Client.read`."""
        return await self._do(self.blocking.read, state_type, state_id, **options)

    async def at(self, state_type: str, state_id: str, moment: Moment) -> Version:
        """See :meth:`stateloft.Client.at`."""
        return await self._do(self.blocking.at, state_type, state_id, moment)

    async def raw(self, state_type: str, state_id: str, **options: Any) -> str:
        """See :meth:`stateloft.Client.raw`."""
        return await self._do(self.blocking.raw, state_type, state_id, **options)

    def list(self, state_type: Union[str, Sequence[str], None] = None, **options: Any) -> AsyncIterator[Version | Pending]:
        """See :meth:`stateloft.Client.list`; ``async for``."""
        return self._each(self.blocking.list(state_type, **options))

    def history(self, state_type: str, state_id: str, **options: Any) -> AsyncIterator[Version]:
        """See :meth:`stateloft.Client.history`; ``async for``."""
        return self._each(self.blocking.history(state_type, state_id, **options))

    async def diff(
        self, state_type: str, state_id: str, before: Optional[Moment] = None, after: Optional[Moment] = None
    ) -> Diff:
        """See :meth:`stateloft.Client.diff`."""
        return await self._do(self.blocking.diff, state_type, state_id, before, after)

    async def snapshot(self, name: str, **options: Any) -> Snapshot:
        """See :meth:`stateloft.Client.snapshot`."""
        return await self._do(self.blocking.snapshot, name, **options)

    async def restore_plan(self, target: Moment, **options: Any) -> Plan:
        """See :meth:`stateloft.Client.restore_plan`; :meth:`apply` applies it."""
        return await self._do(self.blocking.restore_plan, target, **options)

    async def apply(self, plan: Plan, reason: str, **options: Any) -> Restore:
        """See :meth:`stateloft.Plan.apply`."""
        return await self._do(plan.apply, reason, **options)

    async def undo(self, restore: Union[str, Restore], reason: Optional[str] = None, **options: Any) -> Restore:
        """See :meth:`stateloft.Client.undo`."""
        return await self._do(self.blocking.undo, restore, reason, **options)

    async def seq(self) -> int:
        """See :meth:`stateloft.Client.seq`."""
        return await self._do(self.blocking.seq)

    async def status(self) -> dict[str, Any]:
        """See :meth:`stateloft.Client.status`."""
        return await self._do(self.blocking.status)

    async def watch(
        self, topic: str = "states", *, after: Optional[int] = None, data: bool = True, name: Optional[str] = None
    ) -> AsyncIterator[Event]:
        """See :meth:`stateloft.Client.watch`; ``async for``. It has a thread of its own."""
        stopped = threading.Event()
        if after is None:
            after = await self.seq()
        events = watch(self.blocking.transport, self.blocking.codec, topic, after, data, name, stopped)
        thread = ThreadPoolExecutor(1, thread_name_prefix="stateloft-watch")
        try:
            while True:
                event: Any = await _elsewhere(thread, next, events, _END)
                if event is _END:
                    return
                yield event
        finally:
            stopped.set()
            thread.shutdown(wait=False)

    async def close(self) -> None:
        """Closes the connections that are kept, and ends the threads."""
        self.blocking.close()
        self._threads.shutdown(wait=False)

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        await self.close()

    async def _do(self, call: Callable[..., T], *arguments: Any, **named: Any) -> T:
        return await _elsewhere(self._threads, call, *arguments, **named)

    async def _each(self, rows: Iterator[T]) -> AsyncIterator[T]:
        while True:
            row: Any = await self._do(next, rows, _END)
            if row is _END:
                return
            yield row


class AsyncBatch:
    """Several writes in an ``async with`` block, sent when it ends: all or none."""

    def __init__(self, batch: Batch, threads: ThreadPoolExecutor) -> None:
        self._batch, self._threads = batch, threads

    async def __aenter__(self) -> Batch:
        return self._batch

    async def __aexit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        if kind is None:
            await _elsewhere(self._threads, self._batch.commit)


async def state(name: str, default: Optional[dict[str, Any]] = None, **options: Any) -> State:
    """Opens a dict that survives, see :func:`stateloft.state`. Reading and changing it never waits."""
    return await _elsewhere(None, open_blocking, name, default, **options)


async def save(what: State, reason: Optional[str] = None) -> Union[Version, Journaled, Pending]:
    """:meth:`State.save`, awaited."""
    return await _elsewhere(None, what.save, reason)


async def flush(timeout: float = 10.0) -> bool:
    """See :func:`stateloft.flush`."""
    return await _elsewhere(None, flush_blocking, timeout)
