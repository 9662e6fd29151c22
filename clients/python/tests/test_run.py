"""A run: one writer at a time, which knows that it is, says what it found, and ends as it ended."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import stateloft
from stateloft import _lease
from stateloft.testing import Server

LONG = 60.0


def until(holds: Callable[[], Any]) -> Any:
    """Waits for a state, however slow the machine is."""
    deadline = time.monotonic() + LONG
    while True:
        found = holds()
        if found:
            return found
        assert time.monotonic() < deadline, "it does not come to that"
        time.sleep(0.02)


@pytest.fixture
def program() -> str:
    return f"bot-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def begin(client: stateloft.Client, program: str, tmp_path: Path) -> Iterator[Callable[..., stateloft.Run]]:
    """Begins runs of the test's own program, and ends those that the test has not ended."""
    begun: list[stateloft.Run] = []

    def start(**options: Any) -> stateloft.Run:
        made = stateloft.run(program, client=client, journal=str(tmp_path / "journal"), **options)
        begun.append(made)
        return made

    yield start
    for each in begun:
        if not each.lost.is_set():
            each.end("stopped")


def seen(client: stateloft.Client, run_id: str) -> dict[str, Any]:
    """The run as the server shows it."""
    return dict(client.decoded(client.transport.request("GET", f"/runs/{run_id}")))


# -- what it finds, and how it ends --------------------------------------------------------------------------------------


def test_a_start_says_whether_it_is_the_first_goes_on_or_follows_a_crash_and_what_was_left(
    begin: Callable[..., stateloft.Run], client: stateloft.Client, program: str
) -> None:
    with begin(capital=Decimal("100000.10"), config={"grid": Decimal("0.5")}, code="abc", symbols=["BTCUSD"]) as run:
        assert (run.outcome, run.left, run.epoch) == ("fresh", None, 1)
        run.save("position", f"{program}/BTCUSD", {"symbol": "BTCUSD", "side": "long", "qty": 1})
        run.final_value = Decimal("100000.30")
    ended = seen(client, run.run_id)
    assert (ended["run"]["status"], ended["live"]) == ("completed", False)
    assert Decimal(str(ended["run"]["pnl"])) == Decimal("0.20"), "exact"
    with pytest.raises(ZeroDivisionError), begin() as run:
        assert run.outcome == "resumed" and run.left is not None
        assert (run.left.status, run.left.open_positions, run.left.changed_since) == ("completed", 1, 0)
        assert [(each.state_type, each.state_id, each.version) for each in run.left.states] == [
            ("position", f"{program}/BTCUSD", 1)
        ]
        client.save("position", f"{program}/BTCUSD", {"symbol": "BTCUSD", "side": "long", "qty": 2})
        run.save("note", program, {"n": 1})
        raise ZeroDivisionError("the strategy is wrong")
    crashed = seen(client, run.run_id)["run"]
    assert crashed["status"] == "crashed" and "ZeroDivisionError: the strategy is wrong" in str(crashed)
    with begin() as run:
        assert run.outcome == "after_crash" and run.left is not None and run.left.status == "crashed"
        assert [each.state_type for each in run.left.states] == ["note"]


@pytest.mark.parametrize(
    ("raised", "status", "reason"),
    [
        (KeyboardInterrupt(), "stopped", "KeyboardInterrupt"),
        (SystemExit(), "completed", None),
        (SystemExit(0), "completed", None),
        (SystemExit("no money"), "stopped", "exit no money"),
        (MemoryError("x" * 1000), "crashed", None),
        (ValueError("é" * 1000), "crashed", None),
    ],
)
def test_a_run_ends_as_its_block_does(
    begin: Callable[..., stateloft.Run],
    client: stateloft.Client,
    raised: BaseException,
    status: str,
    reason: str | None,
) -> None:
    with pytest.raises(type(raised)), begin() as run:
        raise raised
    ended = seen(client, run.run_id)["run"]
    assert ended["status"] == status
    assert reason is None or reason in str(ended)


def test_what_a_dict_holds_is_saved_before_the_run_ends_and_nothing_is_written_after(
    begin: Callable[..., stateloft.Run], client: stateloft.Client, program: str
) -> None:
    with begin() as run:
        counters = run.state("counters", program, {"n": 0}, interval=3600)
        counters["n"] = 7
    saved = client.read("counters", program)
    assert isinstance(saved, stateloft.Version) and (saved.data, saved.run_id) == ({"n": 7}, run.run_id)
    counters["n"] = 8
    with pytest.raises(stateloft.LeaseLost):
        counters.save()
    with pytest.raises(stateloft.LeaseLost):
        run.save("note", program, {})
    assert client.get("counters", program) == {"n": 7}
    with begin() as run:
        again = run.state("counters", program)
        assert again is not counters and again["n"] == 7


# -- one at a time ---------------------------------------------------------------------------------------------------------


def test_another_start_is_told_who_is_live_where_and_until_when_and_may_wait(
    begin: Callable[..., stateloft.Run], program: str
) -> None:
    first = begin(host="box-7", pid=4711, lease=2)
    with pytest.raises(stateloft.HeldBy) as held:
        begin()
    error = held.value
    assert (error.who, error.host, error.pid, error.written) == (first.run_id, "box-7", 4711, False)
    assert error.since is not None and error.until is not None and error.since < error.until
    begin(instance="other").end()
    ending = threading.Timer(0.3, first.end)
    ending.start()
    second = begin(wait=LONG)
    assert (second.outcome, second.epoch) == ("resumed", 2)
    ending.join()


def test_who_is_replaced_hears_it_and_writes_nothing_any_more(
    begin: Callable[..., stateloft.Run], client: stateloft.Client, program: str
) -> None:
    told: list[tuple[str, str]] = []
    first = begin(lease=3)
    first.on_lost(lambda state, why: told.append((state, why)))
    counters = first.state("counters", program, {"n": 1})
    counters.save()
    second = begin(take_over=("box-7 is gone", "ops"))
    assert second.outcome == "after_crash" and second.left is not None and second.left.status == "replaced"
    until(lambda: told)
    assert first.lost.is_set() and (first.lease, first.held) == ("lost", False)
    assert told[0][0] == "lost" and second.run_id in told[0][1]
    counters["n"] = 2
    for write in (
        lambda: first.save("note", program, {}),
        lambda: first.delete("counters", program),
        lambda: first.batch().save("note", program, {}) or first.batch().commit() or first.client.undelete("counters", program),
        counters.save,
        first.end,
    ):
        with pytest.raises(stateloft.LeaseLost):
            write()
    assert client.get("counters", program) == {"n": 1}
    with pytest.raises(stateloft.NotFound):
        client.read("note", program)


def test_a_write_that_is_refused_tells_the_run_before_its_next_renewal_would(
    begin: Callable[..., stateloft.Run], program: str
) -> None:
    first = begin(lease=3600)
    second = begin(take_over=("by hand", "ops"))
    assert first.held, "it has not heard of it"
    with pytest.raises(stateloft.LeaseLost) as lost, first.batch("fill") as batch:
        batch.save("note", program, {})
    assert first.lost.is_set()
    assert lost.value.holder is not None and lost.value.holder.run_id == second.run_id
    late: list[str] = []
    first.on_lost(lambda state, why: late.append(state))
    until(lambda: late == ["lost"])


def test_a_lease_is_renewed_for_as_long_as_the_run_is_live_whatever_its_handlers_do(
    begin: Callable[..., stateloft.Run], client: stateloft.Client
) -> None:
    run = begin(lease=1)
    run._lease.soon(lambda: time.sleep(LONG))  # a handler that hangs
    run._lease.on_answer(lambda answer: answer["not there"])  # and what a newer server may bring
    began = seen(client, run.run_id)["run"]["started_at"]

    def renewed() -> float:
        last = seen(client, run.run_id)["holder"].get("last_renewal")
        return 0.0 if last is None else (stateloft._models.moment(last) - stateloft._models.moment(began)).total_seconds()

    until(lambda: renewed() > 2.5)
    assert not run.lost.is_set()


# -- what its writes say ---------------------------------------------------------------------------------------------------


def test_every_write_carries_the_run_and_what_caused_it(
    begin: Callable[..., stateloft.Run], client: stateloft.Client, program: str
) -> None:
    run = begin()
    counters = run.state("counters", program, {"n": 0})
    with run.caused_by("order-17"):
        saved = run.save("note", program, {"n": 1})
        with run.batch("fill") as batch:
            batch.save("fills", program, {"n": 1})
        counters["n"] = 1
        kept = counters.save()
        with run.caused_by(18):
            deleted = run.delete("note", program)
        elsewhere: list[Any] = []
        thread = threading.Thread(target=lambda: elsewhere.append(run.save("other", program, {})))
        thread.start()
        thread.join()
    back = run.client.undelete("note", program)
    versions = [saved, *batch.versions, kept, deleted, elsewhere[0], back]
    assert [each.run_id for each in versions] == [run.run_id] * 6
    causes = [client.read(each.state_type, each.state_id, version=each.version).causation_id for each in versions]
    assert causes == ["order-17", "order-17", "order-17", "18", None, None]


# -- when the server is away -----------------------------------------------------------------------------------------------


def test_a_server_that_is_away_is_no_lost_lease_and_after_its_time_it_is_not_known(server: Server, tmp_path: Path) -> None:
    client = server.client()
    told: list[str] = []
    run = stateloft.run("bot", client=client, lease=2, journal=str(tmp_path))
    run.on_lost(lambda state, why: told.append(state))
    counters = run.state("counters", "bot", {"n": 0})
    counters.save()
    server.kill()
    assert run.held
    counters["n"] = 1
    assert isinstance(counters.save(), stateloft.Journaled), "no tick waits for the server"
    until(lambda: told)
    assert told == ["not known"] and run.lease == "not known" and not run.held and not run.lost.is_set()
    server.start()
    until(lambda: run.held)
    assert not run.lost.is_set(), "while no server was there, no lease ran out"
    assert stateloft.flush(LONG)
    found = client.read("counters", "bot")
    assert isinstance(found, stateloft.Version) and (found.data, found.run_id) == ({"n": 1}, run.run_id)
    run.end()
    assert seen(client, run.run_id)["run"]["status"] == "completed"


BOT_THAT_JOURNALS = """
import sys, time, stateloft
run = stateloft.run("bot", client=stateloft.Client(sys.argv[1]), lease="600s", journal=sys.argv[2])
counters = run.state("counters", "bot", {"n": 0}, on_conflict=sys.argv[3])
counters.save()
print("open", flush=True)
sys.stdin.readline()
counters["n"] = 1
print(type(counters.save()).__name__, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("on_conflict", ["raise", "merge", "reload"])
def test_what_waited_in_the_journal_of_a_run_that_lost_its_lease_is_kept_aside_and_not_written(
    server: Server, tmp_path: Path, on_conflict: str, caplog: pytest.LogCaptureFixture
) -> None:
    client = server.client()
    bot = subprocess.Popen(
        [sys.executable, "-c", BOT_THAT_JOURNALS, server.url, str(tmp_path), on_conflict],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert bot.stdin is not None and bot.stdout is not None
    assert bot.stdout.readline() == "open\n"
    server.kill()
    bot.stdin.write("\n")
    bot.stdin.flush()
    assert bot.stdout.readline() == "Journaled\n"
    bot.kill()
    bot.communicate()
    server.start()
    # From another machine, which does not have the journal: what waits there comes too late.
    elsewhere = str(tmp_path / "elsewhere")
    stateloft.run("bot", client=client, take_over=("it was killed", "ops"), journal=elsewhere).end()
    run = stateloft.run("bot", client=client, journal=str(tmp_path))
    counters = run.state("counters", "bot")
    assert dict(counters) == {"n": 0}
    (aside,) = tmp_path.glob("*/conflict-*.json")
    assert '\\"n\\":1' in aside.read_text() and "replaced" in aside.read_text()
    assert str(aside) in caplog.text, "it is said where it is kept"
    counters["n"] = 5
    counters.save()
    assert [each.data for each in client.history("counters", "bot")] == [{"n": 5}, {"n": 0}]
    run.end()


# -- processes -------------------------------------------------------------------------------------------------------------

BOT = """
import os, signal, sys, threading, time, stateloft
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has what runs in its background ignore it
{before}
with stateloft.run("{program}", client=stateloft.Client("{server}"), lease={lease}, journal="{journal}") as run:
    counters = run.state("counters", "{program}", {{"n": 0}}, interval=3600)
    counters["n"] += 1
    {body}
print("behind", flush=True)
"""


def bot(client: stateloft.Client, program: str, journal: Path, body: str, before: str = "", lease: int = 600) -> Any:
    text = BOT.format(program=program, server=client.server, journal=journal, body=body, before=before, lease=lease)
    return subprocess.Popen([sys.executable, "-c", text], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def says(process: Any, line: str) -> None:
    assert process.stdout.readline() == line + "\n"


WAITS = 'print("open", flush=True); time.sleep(600)'


@pytest.mark.parametrize(
    ("number", "before", "body", "said", "code"),
    [
        (signal.SIGTERM, "", WAITS, "", 0),
        (signal.SIGINT, "", WAITS, "", -signal.SIGINT),
        (signal.SIGTERM, "signal.signal(signal.SIGTERM, lambda *_: print('mine', flush=True) or sys.exit(3))", WAITS, "mine\n", 3),
        (
            signal.SIGTERM,
            "told = threading.Event(); signal.signal(signal.SIGTERM, lambda *_: told.set())",
            'print("open", flush=True); told.wait()',
            "behind\n",
            0,
        ),
        (signal.SIGTERM, "stateloft.state('other/x', client=stateloft.Client('{server}'))", WAITS, "", 0),
    ],
)
def test_a_signal_ends_a_run_as_stopped_and_what_the_program_does_with_it_still_happens(
    client: stateloft.Client, program: str, tmp_path: Path, number: int, before: str, body: str, said: str, code: int
) -> None:
    process = bot(client, program, tmp_path, body, before.replace("{server}", client.server))
    says(process, "open")
    process.send_signal(number)
    rest, _ = process.communicate(timeout=LONG)
    ended = seen(client, f"{program}.main.1")["run"]
    assert ended["status"] == "stopped" and signal.Signals(number).name in str(ended)
    assert client.get("counters", program) == {"n": 1}, "what its dict held was saved"
    assert (rest, process.returncode) == (said, code)


def test_signals_are_as_they_were_when_the_run_is_over_and_no_thread_touches_them(
    begin: Callable[..., stateloft.Run],
) -> None:
    inherited = signal.signal(signal.SIGINT, signal.default_int_handler)
    before = [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)]
    with begin():
        assert signal.getsignal(signal.SIGINT) is not before[1]
    assert [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)] == before
    found: list[Any] = []

    def in_a_thread() -> None:
        with begin():
            found.append([signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)])

    thread = threading.Thread(target=in_a_thread)
    thread.start()
    thread.join()
    assert found == [before]
    signal.signal(signal.SIGINT, inherited)
    ignored = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with begin():
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, ignored)


def test_a_process_that_hung_while_its_successor_began_writes_nothing_when_it_wakes(
    client: stateloft.Client, program: str, tmp_path: Path
) -> None:
    writes = """
    print("open", flush=True); sys.stdin.readline()
    try:
        run.save("note", "{program}", {{"by": "the first"}})
    except stateloft.LeaseLost as lost:
        print("lost to", lost.holder.run_id, run.lost.is_set(), flush=True); raise
    """.format(program=program).replace("{{", "{").replace("}}", "}").strip()
    process = bot(client, program, tmp_path, writes, lease=1)
    says(process, "open")
    process.send_signal(signal.SIGSTOP)
    with stateloft.run(program, client=client, wait=LONG) as run:
        assert run.outcome == "after_crash" and run.left is not None and run.left.status == "crashed"
        run.save("note", program, {"by": "the second"})
        process.send_signal(signal.SIGCONT)
        rest, _ = process.communicate("\n", timeout=LONG)
    assert rest in (f"lost to {run.run_id} True\n", ""), rest
    assert process.returncode == 1
    assert [each.data for each in client.history("note", program)] == [{"by": "the second"}]


def test_a_child_writes_for_the_run_and_neither_renews_nor_ends_it(
    begin: Callable[..., stateloft.Run], client: stateloft.Client, program: str
) -> None:
    with begin() as run:
        child = os.fork()
        if child == 0:
            try:
                with run:
                    run.save("note", program, {"by": "the child"})
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        assert seen(client, run.run_id)["live"]
        ready, tell = os.pipe()
        stopped = os.fork()
        if stopped == 0:
            os.write(tell, b".")
            time.sleep(LONG)
            os._exit(0)
        assert os.read(ready, 1) == b"."
        os.close(ready)
        os.close(tell)
        os.kill(stopped, signal.SIGTERM)
        assert os.waitstatus_to_exitcode(os.waitpid(stopped, 0)[1]) == -signal.SIGTERM
        note = client.read("note", program)
        assert isinstance(note, stateloft.Version) and note.run_id == run.run_id
    assert seen(client, run.run_id)["run"]["status"] == "completed"


# -- of which code ---------------------------------------------------------------------------------------------------------


def test_the_code_is_the_commit_and_says_when_it_was_changed(tmp_path: Path) -> None:
    assert stateloft.git(str(tmp_path)) is None or "GIT_DIR" in os.environ
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@x", "-C", str(tmp_path)]
    (tmp_path / "bot.py").write_text("1")
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *command], check=True)
    commit = stateloft.git(str(tmp_path))
    assert commit is not None and len(commit) == 40
    (tmp_path / "notes").write_text("nothing of git's")
    assert stateloft.git(str(tmp_path)) == commit
    (tmp_path / "bot.py").write_text("2")
    assert stateloft.git(str(tmp_path)) == f"{commit}-dirty"
    assert stateloft.git(str(tmp_path / "nowhere")) is None


@pytest.mark.parametrize(
    "wrong", [{"lease": 0.5}, {"lease": 1.5}, {"lease": 86401}, {"capital": "much"}, {"capital": float("nan")}, {"instance": "a b"}]
)
def test_what_cannot_be_taken_is_refused_and_no_run_begins(
    begin: Callable[..., stateloft.Run], client: stateloft.Client, program: str, wrong: dict[str, Any]
) -> None:
    with pytest.raises((stateloft.Refused, stateloft.NotKept)):
        begin(**wrong)
    page = client.decoded(client.transport.request("GET", "/runs", {"program": program}))
    assert page["runs"] == []


@pytest.mark.parametrize("arrives", [True, False], ids=["the end arrives", "another took it"])
def test_a_renewal_that_meets_the_end_is_a_loss_only_where_the_end_has_not_arrived(
    begin: Callable[..., stateloft.Run], monkeypatch: pytest.MonkeyPatch, arrives: bool
) -> None:
    before = set(threading.enumerate())
    run, told = begin(), list[tuple[str, str]]()
    (renewing,) = (each for each in set(threading.enumerate()) - before if each.name == "stateloft-lease")
    run.on_lost(lambda state, why: told.append((state, why)))
    send = run.client.send

    def ends(*arguments: Any) -> Any:
        """The renewal is answered before the answer of the end is here."""
        answer = send(*arguments) if arrives else begin(take_over=("it hangs", "ops"))
        run._lease.renew_every(0.01)
        renewing.join(LONG)
        assert not renewing.is_alive()
        if not arrives:
            raise stateloft.Unavailable("the answer is lost")
        return answer

    monkeypatch.setattr(run.client, "send", ends)
    if arrives:
        run.end()
        assert not run.lost.is_set() and told == []
    else:
        with pytest.raises(stateloft.Unavailable):
            run.end(timeout=0)
        assert run.lost.is_set()


# -- whose time it is ------------------------------------------------------------------------------------------------------


def test_a_lease_counts_from_before_it_was_asked_for_however_late_the_answer_comes(
    begin: Callable[..., stateloft.Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    late = 0.0
    clock = _lease.now
    monkeypatch.setattr(_lease, "now", lambda: clock() + late)
    run = begin(lease=600)
    ask, answered = run._lease._ask, threading.Event()

    def slowly() -> Any:
        nonlocal late
        answer = ask()
        late += 500  # the answer is under way for so long
        answered.set()
        return answer

    monkeypatch.setattr(run._lease, "_ask", slowly)
    run._lease.renew_every(3600)
    assert answered.wait(LONG) and run.held
    late += 150
    until(lambda: run.lease == "not known")
    monkeypatch.setattr(run._lease, "_ask", ask)
    run._lease.renew_every(1)
    until(lambda: run.held)


def test_a_store_that_does_not_know_the_run_any_more_is_a_lost_lease(server: Server, tmp_path: Path) -> None:
    run = stateloft.run("bot", client=server.client(), lease=3, journal=str(tmp_path))
    told: list[str] = []
    run.on_lost(lambda state, why: told.append(state))
    server.stop()
    for file in server.folder.glob("store.db*"):  # such as a backup of yesterday in its place
        file.unlink()
    server.start()
    until(lambda: "lost" in told)
    assert run.lost.is_set() and not run.held
    with pytest.raises(stateloft.LeaseLost):
        run.save("note", "bot", {})


def test_the_servers_time_is_not_before_a_write_that_it_has_answered(begin: Callable[..., stateloft.Run], program: str) -> None:
    run = begin()
    counters = run.state("counters", program, {"n": 0})
    for number in range(200):
        counters["n"] = number
        saved = counters.save() if number % 2 else run.save("note", program, {"n": number})
        assert isinstance(saved, stateloft.Version) and saved.recorded_at <= run.server_time()
    for write in (lambda: run.save("note", program, {"n": "late"}), lambda: counters.replace({"n": "late"})):
        then, heard = run._lease._clock
        run._lease._clock = then - dt.timedelta(seconds=0.5), heard  # the answer of the renewal was under way for so long
        saved = write()
        assert isinstance(saved, stateloft.Version) and saved.recorded_at <= run.server_time()
    run._lease.renew_every(0.01)
    for number in range(200):
        saved = run.save("note", program, {"n": -number - 1})
        assert isinstance(saved, stateloft.Version) and saved.recorded_at <= run.server_time()
    ahead = run.server_time() + dt.timedelta(hours=1)
    run._lease.heard_at(ahead)
    until(lambda: run.server_time() < ahead)  # a clock that was set back is followed with the next renewal
