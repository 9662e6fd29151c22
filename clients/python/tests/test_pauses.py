"""A run that is asked to pause: it hears it in time, trades nothing meanwhile, and loses nothing of its own when it goes on."""

from __future__ import annotations

import http.client
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import stateloft

LONG = 60.0


@pytest.fixture
def program() -> str:
    return f"bot-{uuid.uuid4().hex[:12]}"


def restored(client: stateloft.Client, program: str, target: int, wait: int) -> None:
    """Restores the program's counters, as an operator does."""
    patient = stateloft.Client(client.server, timeout=120, author="ops")
    patient.restore_plan(target, states=[("counters", program)]).apply("the numbers are wrong", wait=wait)


def until(holds: Callable[[], Any]) -> None:
    deadline = time.monotonic() + LONG
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def goes_on(run: stateloft.Run) -> None:
    until(lambda: not run.paused.is_set())


def test_what_a_program_changes_while_it_is_paused_is_dropped_only_where_something_else_was_written(
    client: stateloft.Client, program: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with stateloft.run(program, client=client, journal=str(tmp_path), lease=6) as run:
        counters = run.state("counters", program, {"n": 1}, interval=3600)
        counters.save()
        first = client.seq()
        counters["n"] = 2
        counters.save()
        other = run.state("other", program, {"n": 1}, interval=3600)
        other.save()
        reloaded = threading.Event()

        def pause(ask: stateloft.Ask) -> None:
            assert run.halted, "it opens nothing new"

        run.on_restore(pause, lambda ask: reloaded.set())
        run._handshakes._save = lambda: None  # what is under way is not finished in time
        counters["n"], other["n"] = 3, 3
        restored(client, program, first, wait=60)
        assert reloaded.wait(LONG)
        goes_on(run)
        assert (dict(counters), dict(other)) == ({"n": 1}, {"n": 3}) and not run.halted
        assert f"counters/{program} was written by somebody else" in caplog.text
    assert (client.get("counters", program), client.get("other", program)) == ({"n": 1}, {"n": 3})


def test_a_run_of_a_long_lease_hears_a_restore_in_the_time_that_one_waits(
    client: stateloft.Client, program: str, tmp_path: Path
) -> None:
    with stateloft.run(program, client=client, journal=str(tmp_path), lease=3600) as run:
        counters = run.state("counters", program, {"n": 1})
        counters.save()
        first = client.seq()
        counters["n"] = 2
        counters.save()
        run.on_restore()
        restored(client, program, first, wait=30)
        goes_on(run)
        assert dict(counters) == client.get("counters", program) == {"n": 1}


def test_a_program_that_could_not_make_way_is_asked_again_for_as_long_as_the_restore_waits(
    client: stateloft.Client, program: str, tmp_path: Path
) -> None:
    asked: list[str] = []

    def pause(ask: stateloft.Ask) -> None:
        asked.append(ask.handshake)
        if len(asked) == 1:
            raise TimeoutError("the broker does not cancel")

    with stateloft.run(program, client=client, journal=str(tmp_path), lease=6) as run:
        counters = run.state("counters", program, {"n": 1})
        counters.save()
        first = client.seq()
        counters["n"] = 2
        counters.save()
        run.on_restore(pause)
        restored(client, program, first, wait=60)
        goes_on(run)
        assert len(asked) == 2 and len(set(asked)) == 1 and dict(counters) == {"n": 1}


@pytest.mark.parametrize("word", ["paused", "reloaded"])
def test_a_word_of_which_the_answer_is_lost_is_said_until_it_is_known_to_be_heard(
    client: stateloft.Client, program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    asks, answers = http.client.HTTPConnection.request, http.client.HTTPConnection.getresponse
    lost, told = set[int](), list[str]()

    def request(connection: http.client.HTTPConnection, method: str, url: str, **more: Any) -> None:
        if url.endswith(f"/{word}") and not told:
            told.append(url)
            lost.add(id(connection))
        asks(connection, method, url, **more)

    def getresponse(connection: http.client.HTTPConnection) -> Any:
        response = answers(connection)
        if id(connection) in lost:
            lost.clear()
            response.read()
            raise ConnectionResetError("the line is cut")
        return response

    with stateloft.run(program, client=client, journal=str(tmp_path), lease=3600) as run:
        counters = run.state("counters", program, {"n": 1})
        counters.save()
        first = client.seq()
        counters["n"] = 2
        counters.save()
        run.on_restore()
        monkeypatch.setattr(http.client.HTTPConnection, "request", request)
        monkeypatch.setattr(http.client.HTTPConnection, "getresponse", getresponse)
        restored(client, program, first, wait=60)
        until(lambda: told and dict(counters) == {"n": 1})
        goes_on(run)
        counters["n"] = 5
        counters.save()


BOT = """
import sys, time, stateloft
with stateloft.run(sys.argv[2], client=stateloft.Client(sys.argv[1]), lease=6, journal=sys.argv[3]) as run:
    counters = run.state("counters", sys.argv[2], {"ticks": 0}, interval=0.05)
    run.on_restore(lambda ask: f"{counters['ticks']} ticks", lambda ask: print(ask.kind, flush=True))
    print("open", flush=True)
    while run.held:
        if not run.halted:
            counters["ticks"] += 1
            counters.save()
        time.sleep(0.02)
"""


def test_a_real_bot_stands_while_an_operator_has_it_paused_and_goes_on_or_ends_in_good_order(
    client: stateloft.Client, program: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", BOT, client.server, program, str(tmp_path)]
    bot = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert bot.stdout is not None and bot.stdout.readline() == "open\n"

    def shown(path: str) -> Any:
        return client.decoded(client.transport.request("GET", path))

    def paused() -> str:
        body = client.codec.text({"reason": "news at eight", "user_id": "ops"})
        asked = client.decoded(client.transport.request("POST", f"/runs/{program}.main.1/pause", body=body))
        until(lambda: shown(f"/handshakes/{asked['handshake']}")["status"] == "paused")
        return str(asked["handshake"])

    until(lambda: client.get("counters", program, {"ticks": 0})["ticks"] > 3)
    handshake = paused()
    stood = client.get("counters", program)["ticks"]
    assert shown(f"/handshakes/{handshake}")["runs"][0]["note"] == f"{stood} ticks", "what it had then is what is kept"
    renewed = shown(f"/runs/{program}.main.1")["holder"].get("last_renewal")
    until(lambda: shown(f"/runs/{program}.main.1")["holder"].get("last_renewal") != renewed)  # it lives, and trades nothing
    assert client.get("counters", program)["ticks"] == stood
    client.transport.request("POST", f"/handshakes/{handshake}/stop", body="{}")
    assert bot.stdout.readline() == "go_on\n"
    until(lambda: client.get("counters", program)["ticks"] > stood)
    paused()
    bot.terminate()
    bot.communicate(timeout=LONG)
    ended = shown(f"/runs/{program}.main.1")["run"]
    assert (ended["status"], ended["reason"], bot.returncode) == ("stopped", "SIGTERM", 0)
