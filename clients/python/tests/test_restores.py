"""A restore under a live run: it makes way first, reads again afterwards, and nothing of it goes blindly on top."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import stateloft


@pytest.fixture
def program() -> str:
    return f"bot-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def run(client: stateloft.Client, program: str, tmp_path: Path) -> Iterator[stateloft.Run]:
    with stateloft.run(program, client=client, journal=str(tmp_path), lease=6) as begun:
        yield begun


def applied(client: stateloft.Client, program: str, target: int, **terms: Any) -> stateloft.Restore:
    """Applies a restore of the program's counters, as an operator does."""
    patient = stateloft.Client(client.server, timeout=120, author="ops")
    return patient.restore_plan(target, states=[("counters", program)]).apply("the numbers are wrong", **terms)


@pytest.fixture
def counters(run: stateloft.Run, program: str) -> stateloft.State:
    made = run.state("counters", program, {"n": 1}, interval=3600)
    made.save()
    return made


def test_a_run_makes_way_is_told_and_goes_on_with_what_was_restored(
    run: stateloft.Run, client: stateloft.Client, program: str, counters: stateloft.State
) -> None:
    first = client.seq()
    told: list[tuple[str, Any]] = []

    def pause(ask: stateloft.Ask) -> str:
        assert run.paused.is_set() and ask.reason == "the numbers are wrong"
        told.append((ask.kind, [*ask.states]))
        counters["n"] = 3  # what is under way is finished, and saved before the word is given
        return "1 order in flight"

    def reload(ask: stateloft.Ask) -> None:
        told.append((ask.kind, dict(counters)))

    run.on_restore(pause, reload)
    counters["n"] = 2
    counters.save()
    with pytest.raises(stateloft.Conflict):
        applied(client, program, first, wait=60)  # what it saved when it made way is not what was looked at
    deadline = time.monotonic() + 60
    while run.paused.is_set() or len(told) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert told == [("pause", [("counters", program)]), ("go_on", {"n": 3})]
    told.clear()
    answer = applied(client, program, first, wait=60)
    assert answer.answer["handshake"]["runs"][0]["note"] == "1 order in flight"
    while run.paused.is_set() or len(told) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert told == [("pause", [("counters", program)]), ("reload", {"n": 1})]
    counters["n"] += 10
    saved = counters.save()
    assert isinstance(saved, stateloft.Version) and client.get("counters", program) == {"n": 11}


def test_a_run_without_handlers_gives_no_word_and_nothing_is_restored_under_it(
    run: stateloft.Run, client: stateloft.Client, program: str, counters: stateloft.State
) -> None:
    first = client.seq()
    counters["n"] = 2
    counters.save()
    with pytest.raises(stateloft.Conflict) as refused:
        applied(client, program, first, wait=1)
    assert refused.value.code == "no_word"
    assert client.get("counters", program) == {"n": 2}
    counters["n"] = 3
    counters.save()


def test_an_operator_may_write_without_its_word_and_then_it_writes_nothing_until_it_has_read(
    run: stateloft.Run, client: stateloft.Client, program: str, counters: stateloft.State
) -> None:
    first = client.seq()
    counters["n"] = 2
    counters.save()
    applied(client, program, first, wait=1, without_word=("it hangs", "ops"))
    counters["n"] = 3
    with pytest.raises(stateloft.RunPaused):
        counters.save()
    with pytest.raises(stateloft.RunPaused):
        run.save("note", program, {})
    assert client.get("counters", program) == {"n": 1}
    run.on_restore()
    deadline = time.monotonic() + 60
    while dict(counters) != {"n": 1} or run.paused.is_set():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    counters["n"] = 4
    counters.save()


def test_a_handler_that_fails_is_no_word(
    run: stateloft.Run, client: stateloft.Client, program: str, counters: stateloft.State
) -> None:
    first = client.seq()
    counters["n"] = 2
    counters.save()

    def pause(ask: stateloft.Ask) -> None:
        raise TimeoutError("the broker does not cancel")

    run.on_restore(pause)
    with pytest.raises(stateloft.Conflict) as refused:
        applied(client, program, first, wait=5)
    assert refused.value.code == "no_word" and not run.paused.is_set()
    counters["n"] = 3
    counters.save()
    assert client.get("counters", program) == {"n": 3}


def pause(client: stateloft.Client, run: stateloft.Run, **members: Any) -> Any:
    """Asks a run to pause, as an operator does."""
    said = client.codec.text({"reason": "news at eight", "user_id": "ops", **members})
    return client.decoded(client.transport.request("POST", f"/runs/{run.run_id}/pause", body=said))


def until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_an_operator_pauses_a_run_and_it_goes_on_when_it_is_let_go(
    run: stateloft.Run, client: stateloft.Client, program: str, counters: stateloft.State
) -> None:
    told: list[tuple[str, Any]] = []
    first = client.seq()

    def make_way(ask: stateloft.Ask) -> str:
        told.append((ask.kind, ask.reason))
        counters["n"] = 2
        return "flat"

    run.on_restore(make_way)  # without a handler for reloads it goes on all the same
    asked = pause(client, run)
    assert asked["status"] == "asking" and "plan" not in asked
    place = f"/handshakes/{asked['handshake']}"

    def shown() -> Any:
        return client.decoded(client.transport.request("GET", place))

    until(lambda: shown()["status"] == "paused")
    assert told == [("pause", "news at eight")] and shown()["runs"][0]["note"] == "flat"
    assert client.get("counters", program) == {"n": 2} and run.paused.is_set()
    counters["n"] = 3
    with pytest.raises(stateloft.RunPaused):
        counters.save()
    # A restore meanwhile goes by its word; it reads that, and stays paused.
    applied(client, program, first, wait=60)
    until(lambda: dict(counters) == {"n": 1})
    with pytest.raises(stateloft.RunPaused):
        run.save("note", program, {})
    assert run.paused.is_set()
    client.transport.request("POST", f"{place}/stop", body="{}")
    until(lambda: not run.paused.is_set())
    counters["n"] += 10
    counters.save()
    assert client.get("counters", program) == {"n": 11}


BOT = """
import sys, time, stateloft
with stateloft.run(sys.argv[2], client=stateloft.Client(sys.argv[1]), lease=3, journal=sys.argv[3]) as run:
    counters = run.state("counters", sys.argv[2], {"n": 1})
    counters.save()
    counters["n"] = 2
    counters.save()
    def pause(ask):
        print("pause", flush=True)
        if sys.argv[4] == "dies":
            time.sleep(600)
    run.on_restore(pause, lambda ask: print(ask.kind, dict(counters), flush=True))
    print("open", flush=True)
    while run.held:
        time.sleep(0.05)
"""


@pytest.mark.parametrize("how", ["answers", "dies"])
def test_a_real_bot_makes_way_and_one_that_dies_in_between_is_not_waited_for(
    client: stateloft.Client, program: str, tmp_path: Path, how: str
) -> None:
    bot = subprocess.Popen(
        [sys.executable, "-c", BOT, client.server, program, str(tmp_path), how], stdout=subprocess.PIPE, text=True
    )
    assert bot.stdout is not None and bot.stdout.readline() == "open\n"
    first = list(client.history("counters", program))[-1].seq
    answer: list[Any] = []
    restore = threading.Thread(target=lambda: answer.append(applied(client, program, first, wait=120)))
    restore.start()
    assert bot.stdout.readline() == "pause\n"
    if how == "dies":
        bot.kill()
        bot.communicate()
        restore.join()
        assert client.get("counters", program) == {"n": 1}, "a run that is gone holds nothing"
        assert answer[0].answer["handshake"]["runs"][0].get("ended_at") is not None
        return
    restore.join()
    assert bot.stdout.readline() == "reload {'n': 1}\n"
    bot.terminate()
    bot.communicate()
    assert bot.returncode == 0
