"""An operator asks a run for a newer list of its broker's: the program answers, on its own terms, or nobody does."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Optional

import pytest

import stateloft
from stateloft import _asks, aio
from stateloft.testing import Server

LONG = 60.0


@pytest.fixture
def program() -> str:
    return f"bot-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def run(client: stateloft.Client, program: str, tmp_path: Path) -> Iterator[stateloft.Run]:
    with stateloft.run(program, client=client, journal=str(tmp_path), lease=6) as begun:
        begun.positions.open("EURUSD", "17", side="long", quantity="1.5", price="1.0832")
        yield begun


def until(holds: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + LONG
    while True:
        found = holds()
        if found:
            return found
        assert time.monotonic() < deadline
        time.sleep(0.02)


def ask(client: stateloft.Client, program: str, reason: Optional[str] = None) -> Mapping[str, Any]:
    """As the console does."""
    body = client.codec.text({} if reason is None else {"reason": reason, "user_id": "ann"})
    answer = client.transport.request("POST", f"/runs/{program}.main.1/reconcile/ask", body=body)
    said: Mapping[str, Any] = client.decoded(answer)
    return said


def asked(client: stateloft.Client, program: str) -> Mapping[str, Any]:
    answer = client.transport.request("GET", f"/runs/{program}.main.1")
    said: Mapping[str, Any] = client.decoded(answer)["ask_reconcile"]
    return said


def answered(client: stateloft.Client, program: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = until(lambda: asked(client, program).get("answer"))
    return found


def test_the_program_asks_its_broker_in_its_thread_for_handlers_and_its_list_is_there(
    run: stateloft.Run, client: stateloft.Client, program: str
) -> None:
    heard: list[tuple[stateloft.ReconcileAsk, str]] = []
    reports: list[stateloft.Report] = []

    def answer(each: stateloft.ReconcileAsk) -> None:
        heard.append((each, threading.current_thread().name))
        broker = [{"symbol": "EURUSD", "side": "long", "quantity": "1.0", "ticket": "17"}]
        reports.append(run.reconcile(fetch=lambda: broker))

    run.on_reconcile(answer)
    begun = ask(client, program, "two rows are unknown")
    assert ask(client, program)["ask"] == begun["ask"], "it is asked once"
    came = answered(client, program)
    (said, thread) = heard[0]
    assert (said.ask, said.reason, said.author, thread) == (begun["ask"], "two rows are unknown", "ann", "stateloft-run")
    assert came["counts"]["quantity_mismatch"] == 1 and came["kept"] == 1
    assert reports[0].answer["answered"] == begun["ask"] and run.halted
    assert client.get("reconcile", f"{program}.main.1")["list"][0]["ticket"] == "17"
    # The next one is another.
    second = ask(client, program)
    until(lambda: len(heard) == 2)
    answered(client, program)
    assert heard[1][0].ask == second["ask"] != begun["ask"]


def test_a_broker_that_fails_is_an_answer_and_a_callback_that_fails_is_called_again(
    run: stateloft.Run, client: stateloft.Client, program: str, caplog: pytest.LogCaptureFixture
) -> None:
    calls: list[str] = []

    def fetch() -> Any:
        raise TimeoutError("the broker is silent")

    def answer(each: stateloft.ReconcileAsk) -> None:
        calls.append(each.ask)
        if len(calls) == 1:
            raise KeyError("a fault of the program's own")
        run.reconcile(fetch=fetch)

    run.on_reconcile(answer)
    ask(client, program)
    came = answered(client, program)
    assert "TimeoutError: the broker is silent" in came["failure"] and "kept" not in came
    assert len(calls) == 2 and len(set(calls)) == 1
    assert "did not answer what asks it to ask its broker" in caplog.text and "a fault of the program's own" in caplog.text


def test_without_a_callback_it_stays_asked_until_the_program_reports_by_itself(
    run: stateloft.Run, client: stateloft.Client, program: str, caplog: pytest.LogCaptureFixture
) -> None:
    old = run.server_time()
    ask(client, program)
    until(lambda: asked(client, program).get("heard_by") == "renewal")
    until(lambda: "no on_reconcile" in caplog.text)
    run.reconcile([], as_of=old)  # of before: it is not what was asked for
    assert "answer" not in asked(client, program)
    run.reconcile([], as_of=run.server_time())
    assert asked(client, program)["answer"]["counts"]["missing_there"] == 1
    # And one that reports nothing is said to.
    run.on_reconcile(lambda each: None)
    ask(client, program)
    until(lambda: "on_reconcile has reported nothing" in caplog.text)
    assert "answer" not in asked(client, program)


def test_a_paused_run_answers(run: stateloft.Run, client: stateloft.Client, program: str) -> None:
    run.on_restore()
    run.on_reconcile(lambda each: run.reconcile(fetch=lambda: []))
    body = client.codec.text({"reason": "a list is asked for", "wait_seconds": 60})
    client.transport.request("POST", f"/runs/{program}.main.1/pause", body=body)
    assert run.paused.wait(LONG)
    ask(client, program)
    assert answered(client, program)["counts"]["missing_there"] == 1
    assert run.paused.is_set()


def test_what_a_later_server_asks_that_this_program_does_not_know_is_passed_over(
    run: stateloft.Run, client: stateloft.Client
) -> None:
    read: list[stateloft.Ask] = []
    run.on_restore(reload=read.append)
    later = {"handshake": "h", "kind": "dance", "states": []}
    run._handshakes._heard({"asks": [later, {"kind": "sing"}]})
    done = threading.Event()
    run._lease.soon(done.set)
    assert done.wait(LONG) and read == [] and not run.paused.is_set()


def test_what_is_not_asked_any_more_is_no_fault_of_the_report(
    run: stateloft.Run, client: stateloft.Client, program: str
) -> None:
    stale = _asks.ReconcileAsk("gone", run.server_time(), None, None, {})
    run._asks._open = stale, run.server_time()
    report = run.reconcile(fetch=lambda: [])
    assert report.failure is None and "answered" not in report.answer
    assert run._asks._open is None


def test_an_asynchronous_program_answers_in_its_loop(shared: Server, program: str, tmp_path: Path) -> None:
    async def main() -> None:
        client = shared.client()
        async with aio.run(program, client=client, journal=str(tmp_path), lease=6) as run:
            loop = asyncio.get_running_loop()
            where: list[object] = []

            async def fetch() -> list[Any]:
                return []

            async def answer(each: stateloft.ReconcileAsk) -> None:
                where.append(asyncio.get_running_loop())
                await run.reconcile(fetch=fetch)

            run.on_reconcile(answer)
            await run.do(ask, client, program)
            came = await run.do(answered, client, program)
            assert where == [loop] and "failure" not in came

    asyncio.run(main())


BOT = """
import sys, time, stateloft
with stateloft.run(sys.argv[2], client=stateloft.Client(sys.argv[1]), lease=6, journal=sys.argv[3]) as run:
    run.on_reconcile(lambda ask: run.reconcile(fetch=lambda: []))
    print("open", flush=True)
    while run.held:
        time.sleep(0.05)
"""


def test_a_real_bot_answers_what_it_was_asked_before_its_server_was_killed(server: Server, program: str, tmp_path: Path) -> None:
    client = server.client()
    command = [sys.executable, "-c", BOT, client.server, program, str(tmp_path)]
    bot = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert bot.stdout is not None and bot.stdout.readline() == "open\n"
    begun = ask(client, program, "two rows are unknown")
    server.kill()
    server.start()
    client = server.client()
    came = answered(client, program)
    assert came["counts"]["unknown"] == 0 and asked(client, program)["ask"] == begun["ask"]
    bot.terminate()
    bot.communicate(timeout=LONG)
    assert bot.returncode == 0
