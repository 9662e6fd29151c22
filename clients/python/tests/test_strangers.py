"""What a program does that was written by somebody who has read nothing: it is understood, or refused in words, and costs no
lot."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import os
import signal
import subprocess
import sys
import threading
import uuid
from collections import namedtuple
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import stateloft
from stateloft.testing import Server

LONG = 60.0


class Side(enum.Enum):
    BUY = "buy"


class Status(enum.Enum):
    PARTIAL = "partially_filled"


@pytest.fixture
def run(client: stateloft.Client, tmp_path: Path) -> Iterator[stateloft.Run]:
    with stateloft.run(f"bot-{uuid.uuid4().hex[:12]}", client=client, journal=str(tmp_path)) as begun:
        yield begun


# -- what it hands over ----------------------------------------------------------------------------------------------------


def test_numbers_of_numpy_and_rows_of_pandas_are_the_numbers_that_they_show(run: stateloft.Run) -> None:
    numpy, pandas = pytest.importorskip("numpy"), pytest.importorskip("pandas")
    frame = pandas.DataFrame({"symbol": ["BTC", "ETH"], "qty": [0.1, 2.0], "price": [62000.5, float("nan")], "id": [17, 18]})
    for _, row in frame.iloc[:1].iterrows():
        lot = run.positions.open(row.symbol, row.id, side=Side.BUY, quantity=row.qty, price=row.price)
        assert (lot.symbol, lot.id, lot.side) == ("BTC", "17", "long")
        assert (lot.quantity, lot.entry_price) == (Decimal("0.1"), Decimal("62000.5"))
    row = frame.iloc[1]
    with pytest.raises(stateloft.NotKept, match="None is what nobody knows"):
        run.positions.open(row.symbol, row.id, side="buy", quantity=row.qty, price=row.price)
    lot = run.positions.open(numpy.str_("X"), numpy.int64(3), side="sell", quantity=numpy.int64(5), price=numpy.float32(0.1))
    assert (lot.quantity, lot.entry_price, type(lot.symbol)) == (5, Decimal("0.1"), str)
    assert run.orders.sending("c-1", symbol="X", side=Side.BUY, quantity=numpy.int32(4))["side"] == "buy"
    assert run.reconcile(
        [
            {"symbol": "X", "side": "short", "quantity": numpy.int64(5)},
            {"symbol": "BTC", "side": "long", "quantity": numpy.float64(0.1)},
        ],
        as_of=run.server_time(),
    ).agrees


@pytest.mark.parametrize("name", [None, "", float("nan")])
def test_what_has_no_name_is_refused_so_that_two_of_them_are_not_one(run: stateloft.Run, name: Any) -> None:
    with pytest.raises(ValueError, match="is no name"):
        run.positions.open("AAPL", name, side="long", quantity=1)
    with pytest.raises(ValueError, match="is no name"):
        run.positions.open(name, "1", side="long", quantity=1)
    with pytest.raises(ValueError, match="is no name"):
        run.orders.sending(name, symbol="AAPL", side="buy", quantity=1)
    assert run.positions.symbols() == [] and run.orders.all() == {}


@pytest.mark.parametrize("time", ["2026-11-29 10:00", 1764000000.0, 1764000000000])
def test_a_time_that_is_no_datetime_is_not_guessed(run: stateloft.Run, time: Any) -> None:
    with pytest.raises(ValueError, match="is no time"):
        run.positions.open("AAPL", "1", side="long", quantity=1, time=time)
    run.positions.open("AAPL", "1", side="long", quantity=1, time=None)
    with pytest.raises(ValueError, match="is no time"):
        run.positions.close("AAPL", "1", time=time)
    assert run.positions.lot("AAPL", "1").is_open


@pytest.mark.parametrize("side", [1, -1, None, "flat"])
def test_a_side_that_is_no_word_for_one_is_refused(run: stateloft.Run, side: Any) -> None:
    with pytest.raises(ValueError, match="is no side"):
        run.positions.open("AAPL", "1", side=side, quantity=1)


def test_times_that_others_wrote_as_texts_are_times(run: stateloft.Run, client: stateloft.Client) -> None:
    times = {"entry_time": "2026-11-29T09:40:00.500000Z", "exit_time": "some day"}
    lots = [{"id": "a", "side": "long", "quantity": "1", "status": "closed", **times}]
    client.save("position", f"{run.program}/AAPL", {"symbol": "AAPL", "lots": lots})
    (lot,) = run.positions.lots("AAPL")
    assert lot.entry_time == dt.datetime(2026, 11, 29, 9, 40, 0, 500000, dt.timezone.utc)
    assert lot.exit_time is None and lot.data["exit_time"] == "some day", "what cannot be read is not made up"


@dataclasses.dataclass
class Said:
    id: uuid.UUID
    client_order_id: str
    status: Status
    filled_qty: str


Ticket = namedtuple("Ticket", ["id", "client_order_id", "status", "filled"])


def test_an_answer_that_a_library_made_an_object_of_is_read_and_says_the_brokers_own_words(run: stateloft.Run) -> None:
    mine = uuid.uuid4()
    order = run.orders.said(Said(mine, "c-1", Status.PARTIAL, "0.5"))
    assert (order["broker_order_id"], order["status"]) == (str(mine), "partially_filled")
    assert order["filled_quantity"] == Decimal("0.5")
    assert run.orders.said(Ticket(7, "c-2", "open", 0))["broker_order_id"] == 7
    pydantic = pytest.importorskip("pydantic")
    model = pydantic.create_model("Order", id=(uuid.UUID, ...), client_order_id=(str, ...), status=(Status, ...))
    assert run.orders.said(model(id=mine, client_order_id="c-1", status="partially_filled"))["status"] == "partially_filled"
    with pytest.raises(TypeError, match="a object is no answer"):
        run.orders.said(object())
    session = run.client.decoded(run.client.transport.request("GET", f"/runs/{run.run_id}"))
    assert session["pending_orders"] == 2, "the server reads it, too"


def test_a_lease_and_an_interval_may_be_a_timedelta(client: stateloft.Client, tmp_path: Path) -> None:
    program = f"bot-{uuid.uuid4().hex[:12]}"
    times = {"lease": dt.timedelta(minutes=1), "planned": dt.timedelta(hours=8)}
    run = stateloft.run(program, client=client, journal=str(tmp_path), **times)
    assert (run.answer["lease"]["seconds"], run.answer["run"]["planned_seconds"]) == (60, 28800)
    run.end()


# -- a server that is away -------------------------------------------------------------------------------------------------


def test_a_program_that_is_started_before_its_server_may_wait_for_it(server: Server, tmp_path: Path) -> None:
    client = server.client()
    server.stop()
    with pytest.raises(stateloft.Unavailable):
        stateloft.run("bot", client=client, journal=str(tmp_path))
    starting = threading.Timer(0.5, server.start)
    starting.start()
    run = stateloft.run("bot", client=client, journal=str(tmp_path), wait=LONG)
    starting.join()
    assert (run.run_id, run.held) == ("bot.main.1", True)
    run.end()


# -- threads and processes -------------------------------------------------------------------------------------------------


def test_threads_that_open_lots_of_one_symbol_at_once_lose_none(run: stateloft.Run) -> None:
    def opens(number: int) -> None:
        run.positions.open("AAPL", number, side="long", quantity=1, price=1)

    threads = [threading.Thread(target=opens, args=(number,)) for number in range(16)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(int(lot.id) for lot in run.positions.held("AAPL")) == list(range(16))


def test_a_child_that_is_forked_while_another_thread_writes_does_not_hang(run: stateloft.Run, client: stateloft.Client) -> None:
    run.positions.open("AAPL", "a", side="long", quantity=1)
    inside, go_on = threading.Event(), threading.Event()

    def holds() -> None:
        with run.positions.book.lock, run.orders.book.lock, run._ending:
            inside.set()
            go_on.wait(LONG)

    thread = threading.Thread(target=holds)
    thread.start()
    inside.wait(LONG)
    child = os.fork()
    if child == 0:
        try:
            signal.alarm(int(LONG))
            run.positions.open("AAPL", "b", side="long", quantity=1)
            run.orders.sending("c-1", symbol="AAPL", side="buy", quantity=1)
            run.state("counters", run.program, {"n": 1}).save()
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    go_on.set()
    thread.join()
    assert client.get("counters", run.program) == {"n": 1}
    run.positions.reload()
    assert [lot.id for lot in run.positions.held()] == ["a", "b"]


BOT = """
import sys, time, stateloft
client = stateloft.Client(sys.argv[1])
with stateloft.run(sys.argv[2], client=client, lease=3, journal=sys.argv[3]) as run:
    run.on_lost(lambda state, why: sys.exit("lost"))
    with stateloft.run(sys.argv[2], "other", client=client, lease=3, journal=sys.argv[3]) as other:
        counters = other.state("counters", sys.argv[2], {"n": 1}, interval=3600)
        print("open", flush=True)
        time.sleep(600)
"""


def bot(client: stateloft.Client, program: str, journal: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", BOT, client.server, program, str(journal)]
    process = subprocess.Popen(command, text=True, stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline() == "open\n"
    return process


def test_two_runs_of_a_process_both_end_when_it_is_told_to(client: stateloft.Client, tmp_path: Path) -> None:
    program = f"bot-{uuid.uuid4().hex[:12]}"
    process = bot(client, program, tmp_path)
    process.terminate()
    process.communicate(timeout=LONG)
    assert process.returncode == 0
    for instance in ("main", "other"):
        ended = client.decoded(client.transport.request("GET", f"/runs/{program}.{instance}.1"))["run"]
        assert (ended["status"], ended["reason"]) == ("stopped", "SIGTERM"), instance
    assert client.get("counters", program) == {"n": 1}


def test_a_handler_that_ends_the_program_ends_it_though_it_has_a_thread_of_its_own(
    client: stateloft.Client, tmp_path: Path
) -> None:
    program = f"bot-{uuid.uuid4().hex[:12]}"
    process = bot(client, program, tmp_path)
    stateloft.run(program, client=client, take_over=("it hangs", "ops"), journal=str(tmp_path / "elsewhere")).end()
    process.communicate(timeout=LONG)
    ended = client.decoded(client.transport.request("GET", f"/runs/{program}.other.1"))["run"]
    assert ended["status"] == "stopped", "the other run of the process ends in good order"
