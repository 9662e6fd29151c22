"""A run for asyncio: the same calls, awaited."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Optional, TypeVar, Union

from ._asks import ReconcileAsk
from ._begin import run as begin_blocking
from ._checkpoints import Checkpoint, Kept
from ._choices import Choice
from ._models import Pending, Version
from ._reconcile import UNSAID, Report
from ._reconcile_plan import Reconciled, ReconcilePlan
from ._run import Run as Blocking
from ._state import State

__all__ = ["Run", "run"]

T = TypeVar("T")


class Run:
    """Like :class:`stateloft.Run`; :func:`stateloft.aio.run` makes one. ``blocking`` is that run, for what never waits.

    ``held``, ``lease``, ``lost``, ``halted``, ``set_aside``, ``looked_at``, ``outcome``, ``left``, ``caused_by``,
    ``asking_broker``, ``on_lost`` and ``on_restore`` are its own (``left`` asks the server only where it is not known yet,
    ``asking_broker`` delivers what waits in the journal), and of ``positions`` and ``orders`` every call goes through
    :meth:`do`::

        await run.do(run.blocking.positions.open, "BTCUSD", "17", side="long", quantity="0.5", price="62000.5")
    """

    def __init__(self, blocking: Blocking, threads: ThreadPoolExecutor) -> None:
        self.blocking, self._threads = blocking, threads

    async def do(self, call: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """A call that waits, in a thread; what :meth:`stateloft.Run.caused_by` says here counts there."""
        from contextvars import copy_context

        job = functools.partial(copy_context().run, functools.partial(call, *arguments, **named))
        return await asyncio.get_running_loop().run_in_executor(self._threads, job)

    async def save(self, state_type: str, state_id: str, data: Any, **options: Any) -> Union[Version, Pending]:
        """See :meth:`stateloft.Run.save`. The data is turned into text before this first waits."""
        codec = self.blocking.client.codec
        return await self.do(self.blocking.save, state_type, state_id, codec.value(codec.document(data)), **options)

    async def delete(self, state_type: str, state_id: str, **options: Any) -> Union[Version, Pending]:
        """See :meth:`stateloft.Run.delete`."""
        return await self.do(self.blocking.delete, state_type, state_id, **options)

    async def state(self, state_type: str, state_id: str, default: Optional[dict[str, Any]] = None, **options: Any) -> State:
        """See :meth:`stateloft.Run.state`. Reading and changing it never waits."""
        return await self.do(self.blocking.state, state_type, state_id, default, **options)

    async def reconcile(
        self, positions: Any = UNSAID, *, fetch: Optional[Callable[[], Any]] = None, **options: Any
    ) -> Report:
        """See :meth:`stateloft.Run.reconcile`. ``fetch`` may be a coroutine's function, such as that of an exchange for
        asyncio; any other is called in a thread.
        """
        if fetch is not None:
            with await self.do(self.blocking.asking_broker) as positions:
                said = fetch() if inspect.iscoroutinefunction(fetch) else await self.do(fetch)
                positions.positions = await said if inspect.isawaitable(said) else said
        return await self.do(self.blocking.reconcile, positions, **options)

    def on_reconcile(self, callback: Callable[[ReconcileAsk], object]) -> None:
        """See :meth:`stateloft.Run.on_reconcile`. A coroutine's function is awaited in the loop of this call::

        run.on_reconcile(answer)  # async def answer(ask): await run.reconcile(fetch=exchange.fetch_positions)
        """
        if not inspect.iscoroutinefunction(callback):
            self.blocking.on_reconcile(callback)
            return
        loop = asyncio.get_running_loop()
        self.blocking.on_reconcile(lambda ask: asyncio.run_coroutine_threadsafe(callback(ask), loop).result())

    async def plan(self, report: Report, choices: Iterable[Choice] = ()) -> ReconcilePlan:
        """See :meth:`stateloft.Report.plan`."""
        return await self.do(report.plan, choices)

    async def apply(self, plan: ReconcilePlan, reason: str, **options: Any) -> Reconciled:
        """See :meth:`stateloft.ReconcilePlan.apply`."""
        return await self.do(plan.apply, reason, **options)

    async def resume(self) -> dict[tuple[str, str], Version]:
        """See :meth:`stateloft.Run.resume`."""
        return await self.do(self.blocking.resume)

    async def checkpoint(self, name: Optional[str] = None, *states: Kept, **options: Any) -> Union[Checkpoint, Pending]:
        """See :meth:`stateloft.Run.checkpoint`."""
        return await self.do(self.blocking.checkpoint, name, *states, **options)

    async def end(self, *arguments: Any, **options: Any) -> None:
        """See :meth:`stateloft.Run.end`."""
        await self.do(self.blocking.end, *arguments, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.blocking, name)


class Beginning:
    """A run that begins with its block, and ends with it as a blocking one does."""

    def __init__(self, begin: Callable[[], Blocking], threads: int) -> None:
        self._begin = begin
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="stateloft-run-aio")
        self._run: Optional[Run] = None

    async def __aenter__(self) -> Run:
        blocking = await asyncio.get_running_loop().run_in_executor(self._threads, self._begin)
        self._run = Run(blocking.__enter__(), self._threads)  # here, where signals can be listened to
        return self._run

    async def __aexit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        assert self._run is not None
        blocking = self._run.blocking
        try:
            await self._run.do(blocking.__exit__, kind, error, trace)
        finally:
            blocking.leave_signals()
            self._threads.shutdown(wait=False)


def run(program: str, instance: Optional[str] = None, *, threads: int = 8, **options: Any) -> Beginning:
    """See :func:`stateloft.run`; the options are the same::

    async with stateloft.aio.run("btc-grid", lease="30s") as run:
        await run.save("note", "btc-grid", {"seen": 17})
    """
    return Beginning(functools.partial(begin_blocking, program, instance, **options), threads)
