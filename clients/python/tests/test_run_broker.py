"""Lots, orders and what the broker says of them: nothing is lost, doubled, rounded, or closed because nobody answered."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import stateloft
from stateloft import _lots
from stateloft.testing import Server

D = Decimal


@pytest.fixture
def run(client: stateloft.Client, tmp_path: Path) -> Iterator[stateloft.Run]:
    with stateloft.run(f"bot-{uuid.uuid4().hex[:12]}", client=client, journal=str(tmp_path)) as begun:
        yield begun


def stored(run: stateloft.Run, symbol: str) -> stateloft.Version:
    found = run.client.read("position", f"{run.program}/{symbol}")
    assert isinstance(found, stateloft.Version)
    return found


# -- lots ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "quantity", "entry", "exit_", "pnl"),
    [
        ("long", "0.75", "100.10", "100.30", "0.1500"),
        ("buy", "3", "0.00001234", "0.00002234", "0.00003000"),
        ("short", "0.5", "62000.5", "62100.25", "-49.875"),
        ("DOWN", "2", "0", "5", "-10"),
        ("UP", "1e-8", "123456789012345678.5", "123456789012345679.5", "1E-8"),
        ("long", "100", "12.5", "0", "-1250.0"),
    ],
)
def test_a_lot_is_exact_from_its_entry_to_its_profit(
    run: stateloft.Run, side: str, quantity: str, entry: str, exit_: str, pnl: str
) -> None:
    symbol = "SPXW  261218C05000000"  # an option's name is as long as it is
    run.positions.open(symbol, 17, side=side, quantity=D(quantity), price=D(entry), stop_loss=D("0.0"))
    (held,) = run.positions.held(symbol)
    assert (held.quantity, held.entry_price, held.stop_loss) == (D(quantity), D(entry), D("0.0"))
    closed = run.positions.close(symbol, 17, price=D(exit_), why="take_profit_hit", order="o-2")
    assert (closed.pnl, closed.exit_price, closed.exit_reason, closed.is_open) == (D(pnl), D(exit_), "take_profit_hit", False)
    version = stored(run, symbol)
    assert version.valid and version.run_id == run.run_id
    (kept,) = version.data["lots"]
    assert (kept["pnl"], kept["quantity"], kept["exit_order"]) == (D(pnl), D(quantity), "o-2")
    assert run.positions.held() == [] and [lot.id for lot in run.positions.lots()] == ["17"]


def test_two_lots_of_a_symbol_are_two_and_the_one_that_is_meant_is_closed(run: stateloft.Run) -> None:
    for lot, quantity in (("a", "1"), ("b", "2")):
        run.positions.open("AAPL", lot, side="long", quantity=D(quantity), price=D("100"))
    run.positions.close("AAPL", "b", price=D("101"), why="manual")
    assert [(lot.id, lot.is_open) for lot in run.positions.lots("AAPL")] == [("a", True), ("b", False)]
    run.positions.adjust("AAPL", "a", stop_loss="99.5")
    assert run.positions.lot("AAPL", "a").stop_loss == D("99.5")
    for lot_ in ("b", "c"):
        with pytest.raises(stateloft.NoSuchLot):
            run.positions.adjust("AAPL", lot_, stop_loss=1)


def test_what_a_broker_says_twice_counts_once(run: stateloft.Run) -> None:
    for _ in range(2):
        run.positions.open("AAPL", "a", side="long", quantity="1.0", price="100")
    for _ in range(2):
        run.positions.close("AAPL", "a", quantity="0.4", price="101", order="x-1")
    run.positions.open("AAPL", "a", side="long", quantity="1.0", price="100")
    for _ in range(2):
        run.positions.close("AAPL", "a", price="102", order="x-2", why="stop_loss_hit")
    assert [(lot.id, lot.quantity, lot.pnl) for lot in run.positions.lots("AAPL")] == [
        ("a.1", D("0.4"), D("0.4")),
        ("a", D("0.6"), D("1.2")),
    ]
    assert stored(run, "AAPL").version == 3
    with pytest.raises(ValueError, match="another one"):
        run.positions.open("AAPL", "a", side="short", quantity="1.0", price="100")
    with pytest.raises(stateloft.NoSuchLot, match="stop_loss_hit"):
        run.positions.close("AAPL", "a", price="103", order="x-3")


@pytest.mark.parametrize("quantity", ["0", "-1", "1.1"])
def test_more_than_there_is_or_nothing_cannot_be_closed_and_nothing_is_written(run: stateloft.Run, quantity: str) -> None:
    run.positions.open("AAPL", "a", side="long", quantity="1", price="100")
    with pytest.raises(ValueError, match="cannot be closed"):
        run.positions.close("AAPL", "a", quantity=quantity)
    assert stored(run, "AAPL").version == 1 and run.positions.lot("AAPL", "a").quantity == 1


@pytest.mark.parametrize("wrong", [{"quantity": 0}, {"quantity": "-1"}, {"quantity": "much"}, {"quantity": D("nan")}, {"side": "flat"}])
def test_a_lot_that_makes_no_sense_is_refused(run: stateloft.Run, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        run.positions.open("AAPL", "a", **{"side": "long", "quantity": 1, **wrong})
    assert run.positions.lots() == []


def test_a_price_that_nobody_knows_is_not_made_up_into_a_profit(run: stateloft.Run) -> None:
    run.positions.open("AAPL", "a", side="long", quantity=1, price=100)
    lot = run.positions.close("AAPL", "a", why="recovered_closed")
    assert (lot.exit_price, lot.pnl, lot.exit_reason) == (None, None, "recovered_closed")
    run.positions.open("AAPL", "b", side="long", quantity=1)
    assert run.positions.close("AAPL", "b", price=5, pnl="-0.25").pnl == D("-0.25"), "what the broker says of it counts"


def test_parts_are_the_whole_whatever_is_closed_in_which_order(run: stateloft.Run) -> None:
    chance = random.Random(16)
    run.positions.open("X", "a", side="short", quantity="10", price="7")
    left, gained = D(10), D(0)
    while left:
        part = min(left, D(chance.randrange(1, 3000)) / 1000)
        price = D(chance.randrange(1, 20000)) / 1000
        run.positions.close("X", "a", quantity=part, price=price, order=str(left))
        left, gained = left - part, gained + (7 - price) * part
    lots = run.positions.lots("X")
    assert sum(lot.quantity for lot in lots) == 10 and not any(lot.is_open for lot in lots)
    assert sum((lot.pnl for lot in lots if lot.pnl is not None), D(0)) == gained
    assert len({lot.id for lot in lots}) == len(lots)


def test_the_last_closed_lots_are_kept_and_no_id_comes_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_lots, "KEPT_CLOSED", 3)
    position: dict[str, Any] = {"symbol": "X"}
    _lots.opened(position, {"id": "a", "side": "long", "quantity": D(100), "entry_price": D(1), "status": "open"})
    seen: set[str] = set()
    for number in range(10):
        _lots.closed(position, "a", D(1), {"exit_price": D(2), "exit_reason": "manual", "exit_order": str(number)})
        closed = [lot.id for lot in _lots.lots_in(position) if not lot.is_open]
        assert len(closed) == min(3, number + 1) and closed[-1] not in seen
        seen.update(closed)
    assert _lots.lots_in(position)[-1].quantity == 90


def test_a_lot_that_is_averaged_is_still_the_one_that_was_opened(run: stateloft.Run) -> None:
    run.positions.open("AAPL", "a", side="long", quantity="1", price="100")
    run.positions.adjust("AAPL", "a", quantity="1.5", entry_price="101")
    assert run.positions.open("AAPL", "a", side="long", quantity="1", price="100").quantity == D("1.5")


@pytest.mark.parametrize("changes", [{"id": "b"}, {"status": "closed"}, {"part_of": "b"}, {"quantity": 0}, {"quantity": None}])
def test_a_lot_cannot_be_adjusted_into_another_one_or_into_none(run: stateloft.Run, changes: dict[str, Any]) -> None:
    for lot in ("a", "b"):
        run.positions.open("AAPL", lot, side="long", quantity="1", price="100")
    with pytest.raises(ValueError):
        run.positions.adjust("AAPL", "a", **changes)
    assert stored(run, "AAPL").version == 2 and [lot.id for lot in run.positions.held()] == ["a", "b"]


def test_a_lot_that_was_written_by_others_is_read_by_their_words(run: stateloft.Run, client: stateloft.Client) -> None:
    theirs = {"symbol": "TSLA", "direction": "DOWN", "lots": [{"id": 7, "qty": "0.5", "entry_price": "10"}]}
    client.save("position", f"{run.program}/TSLA", theirs, author="ops")
    run.positions.reload()
    (lot,) = run.positions.held()
    assert (lot.id, lot.side, lot.quantity, lot.symbol) == ("7", "short", D("0.5"), "TSLA")
    assert run.positions.close("TSLA", 7, price=9).pnl == D("0.5")


def test_what_somebody_does_by_hand_stays_and_the_bots_change_is_made_to_that(
    run: stateloft.Run, client: stateloft.Client
) -> None:
    for lot in ("a", "b"):
        run.positions.open("AAPL", lot, side="long", quantity=1, price=100)
    there = stored(run, "AAPL")
    lots = [{**each, "status": "closed", "exit_reason": "manual"} if each["id"] == "a" else each for each in there.data["lots"]]
    client.save("position", there.state_id, {**there.data, "lots": lots}, author="ops")
    run.positions.open("AAPL", "c", side="long", quantity=1, price=101)
    assert [(lot.id, lot.is_open) for lot in run.positions.lots("AAPL")] == [("a", False), ("b", True), ("c", True)]
    client.save("position", there.state_id, {**stored(run, "AAPL").data, "note": "seen"}, author="ops")
    with pytest.raises(stateloft.NoSuchLot, match="manual"):
        run.positions.close("AAPL", "a", price=102)
    assert stored(run, "AAPL").data["note"] == "seen"


def test_a_fill_while_the_server_is_away_is_kept_on_this_disk_and_arrives(server: Server, tmp_path: Path) -> None:
    run = stateloft.run("bot", client=server.client(), journal=str(tmp_path))
    run.positions.open("AAPL", "a", side="long", quantity=1, price=100)
    server.kill()
    run.positions.open("AAPL", "b", side="long", quantity="0.5", price=101)
    run.positions.close("AAPL", "a", price=102, why="take_profit_hit")
    run.positions.open("NEW", "c", side="short", quantity="2", price=5)  # of which there was nothing when the run began
    assert [(lot.id, lot.is_open) for lot in run.positions.lots()] == [("a", False), ("b", True), ("c", True)]
    server.start()
    assert stateloft.flush(60)
    lots = stored(run, "AAPL").data["lots"]
    assert [(lot["id"], lot["status"]) for lot in lots] == [("a", "closed"), ("b", "open")]
    assert stored(run, "NEW").version == 1
    run.end()


def test_the_rest_of_a_lot_is_closed_by_the_order_that_closed_a_part_of_it(run: stateloft.Run) -> None:
    run.positions.open("K", "k", side="long", quantity="4", price="1")
    run.positions.close("K", "k", quantity="1", price="2", why="manual", order="o-5")
    for _ in range(2):
        assert not run.positions.close("K", "k", price="2", why="manual", order="o-5").is_open
    assert [(lot.id, lot.quantity, lot.is_open) for lot in run.positions.lots("K")] == [("k.1", 1, False), ("k", 3, False)]


def test_fills_of_one_order_that_are_alike_are_told_apart_by_their_own_ids(run: stateloft.Run) -> None:
    run.positions.open("H", "h", side="long", quantity="10", price="1", fill="t-0")
    for fill in ("t-1", "t-2", "t-1"):
        run.positions.close("H", "h", quantity="3", price="2", why="manual", order="o-1", fill=fill)
    assert [(lot.quantity, lot.is_open) for lot in run.positions.lots("H")] == [(3, False), (3, False), (4, True)]
    with pytest.raises(ValueError, match="another exit"):
        run.positions.close("H", "h", quantity="2", price="2", why="manual", order="o-1", fill="t-1")
    for _ in range(2):
        run.positions.close("H", "h", price="2", why="manual", order="o-1", fill="t-3")
    assert run.positions.held("H") == [] and stored(run, "H").valid
    run.positions.open("H", "h", side="long", quantity="10", price="1", fill="t-0")
    with pytest.raises(ValueError, match="another one"):
        run.positions.open("H", "h", side="long", quantity="10", price="1", fill="t-9")


def test_what_is_left_of_a_lot_is_exact_however_many_digits_it_has(run: stateloft.Run) -> None:
    whole, part = D("98765432109123456789012345678.123456789012345678"), D("0.000000000000000001")
    run.positions.open("PEPE", "L", side="long", quantity=whole, price="0.00001234")
    run.positions.close("PEPE", "L", quantity=part, price="0.00001234", order="x")
    assert [str(lot.quantity) for lot in run.positions.lots("PEPE")] == [
        "1E-18",
        "98765432109123456789012345678.123456789012345677",
    ]


def test_a_part_never_gets_the_id_of_another_lot(run: stateloft.Run) -> None:
    for lot_id, quantity in (("grid", "3"), ("grid.1", "5"), ("grid.3", "5")):
        run.positions.open("G", lot_id, side="long", quantity=quantity, price="1")
    for order in ("tp1", "tp2"):
        run.positions.close("G", "grid", quantity="1", price="2", order=order)
    assert [(lot.id, lot.quantity) for lot in run.positions.lots("G")] == [
        ("grid.2", 1),
        ("grid.4", 1),
        ("grid", 1),
        ("grid.1", 5),
        ("grid.3", 5),
    ]
    assert run.positions.close("G", "grid.1", price="2").quantity == 5, "the one that was opened by that name"


def test_a_reason_that_is_no_word_is_refused_with_those_that_are(run: stateloft.Run) -> None:
    run.positions.open("AAPL", "a", side="long", quantity="1", price="100")
    with pytest.raises(ValueError, match="'foo' is no reason.*stop_loss_hit, take_profit_hit.*unknown"):
        run.positions.close("AAPL", "a", price=1, why="foo")  # type: ignore[arg-type]
    assert run.positions.lot("AAPL", "a").is_open


# -- orders ----------------------------------------------------------------------------------------------------------------


def test_an_order_keeps_the_brokers_word_whatever_it_is(run: stateloft.Run) -> None:
    sent = run.orders.sending("c-1", symbol="AAPL", side="buy", quantity="10", order_type="limit", limit_price="0.00001234")
    assert "status" not in sent, "that is the broker's to say"
    for status in ("pending_new", "partially_filled", "held", "a word of next year"):
        run.orders.said({"id": "b-1", "client_order_id": "c-1", "status": status, "filled_qty": "2.5", "qty": "10"})
        order = run.orders["c-1"]
        assert (order["status"], order["filled_quantity"], order["broker_order_id"]) == (status, D("2.5"), "b-1")
    assert run.orders["c-1"]["limit_price"] == D("0.00001234")
    run.orders.said({"id": "77", "clientOrderId": "c-2", "status": "open", "amount": 0.1, "filled": 0, "price": 5, "type": "limit"})
    assert (run.orders["c-2"]["quantity"], run.orders["c-2"]["filled_quantity"]) == (D("0.1"), 0)
    legs = [{"id": "l-1", "status": "new", "type": "stop", "stop_price": "9"}, {"id": "l-2", "status": "held", "limit_price": "11"}]
    run.orders.said({"id": "b-3", "status": "filled", "legs": legs})
    assert [(leg["broker_order_id"], leg["status"]) for leg in run.orders["b-3"]["legs"]] == [("l-1", "new"), ("l-2", "held")]
    assert sorted(run.orders.all()) == ["b-3", "c-1", "c-2"] and "c-9" not in run.orders
    with pytest.raises(ValueError, match="no order"):
        run.orders.said({"status": "filled"})
    with pytest.raises(KeyError):
        run.orders["c-9"]


def test_an_answer_that_is_faster_than_the_program_is_not_written_over(run: stateloft.Run) -> None:
    run.orders.said({"id": "b-1", "client_order_id": "c-1", "status": "filled", "filled_qty": "1", "qty": "2"})
    run.orders.sending("c-1", symbol="AAPL", side="buy", quantity="1")
    order = run.orders["c-1"]
    assert (order["status"], order["symbol"], order["quantity"]) == ("filled", "AAPL", 2)


def known_orders(run: stateloft.Run) -> dict[str, Any]:
    """The orders that the store has, by their ids, with the status of each."""
    found = run.client.list("order", prefix=f"{run.program}/")
    return {str(each.state_id).partition("/")[2]: each.data.get("status") for each in found}


def test_an_answer_that_names_only_the_brokers_id_is_of_the_order_that_has_it(
    client: stateloft.Client, tmp_path: Path
) -> None:
    program = f"bot-{uuid.uuid4().hex[:12]}"
    with stateloft.run(program, client=client, journal=str(tmp_path)) as run:
        run.orders.sending("c-1", symbol="A", side="buy", quantity="1")
        run.orders.said({"clientOrderId": "c-1", "id": "b-1", "status": "open"})
        said = run.orders.said({"clientOrderId": None, "id": "b-1", "status": "partial"})
        assert (said["client_order_id"], said["status"]) == ("c-1", "partial")
    with stateloft.run(program, client=client, journal=str(tmp_path)) as run:
        run.orders.said({"id": "b-1", "status": "closed", "filled": "1"})
    assert known_orders(run) == {"c-1": "closed"}, "also in a run that has not sent it"


def test_an_order_that_was_heard_of_by_the_brokers_id_first_stays_one(run: stateloft.Run) -> None:
    run.orders.said({"id": "b-1", "status": "new"})
    run.orders.said({"id": "b-1", "client_order_id": "c-1", "status": "open"})
    run.orders.sending("c-1", symbol="A", side="buy", quantity="1")
    run.orders.said({"client_order_id": "c-1", "status": "filled"})
    assert known_orders(run) == {"b-1": "filled"}
    assert "c-1" in run.orders and run.orders["c-1"] == run.orders["b-1"] and run.orders["c-1"]["symbol"] == "A"


def test_an_order_that_was_begun_by_each_of_its_ids_becomes_one(run: stateloft.Run) -> None:
    run.orders.sending("c-1", symbol="A", side="buy", quantity="1")
    run.orders.said({"id": "b-1", "status": "partial", "filled": "0.5"})
    run.orders.said({"id": "b-1", "client_order_id": "c-1", "status": "filled"})
    assert known_orders(run) == {"c-1": "filled"} and sorted(run.orders.all()) == ["c-1"]
    assert run.orders["c-1"]["filled_quantity"] == D("0.5")
    run.orders.said({"id": "b-1", "status": "closed"})
    run.orders.said({"id": "b-1", "client_order_id": "c-2", "status": "new"})
    assert known_orders(run) == {"c-1": "closed", "c-2": "new"}, "what the program names otherwise is another order"


# -- the broker ------------------------------------------------------------------------------------------------------------


class Broker:
    """One with the behaviours that hurt."""

    def __init__(self, *positions: dict[str, Any]) -> None:
        self.positions, self.fails = list(positions), False

    def list_positions(self) -> list[dict[str, Any]]:
        if self.fails:
            raise TimeoutError("the broker did not answer")
        return self.positions


def at_alpaca(symbol: str, qty: str, price: str, side: str = "long") -> dict[str, Any]:
    return {"asset_id": "x", "symbol": symbol, "qty": qty, "side": side, "avg_entry_price": price}


def test_a_broker_that_does_not_answer_closes_nothing_and_halts_until_one_agrees(run: stateloft.Run) -> None:
    run.positions.open("AAPL", "a", side="long", quantity="0.75", price="100.10")
    broker = Broker(at_alpaca("AAPL", "0.75", "100.10"))
    report = run.reconcile(fetch=broker.list_positions)
    assert report.agrees and not run.halted and report.counts["matched"] == 1
    broker.fails = True
    report = run.reconcile(fetch=broker.list_positions)
    assert not report.agrees and run.halted
    assert report.failure is not None and "TimeoutError: the broker did not answer" in report.failure
    assert [(row.verdict, row.because) for row in report.rows] == [("unknown", "no_answer")]
    with run.asking_broker() as asked:
        raise ConnectionError("reset")
    assert run.reconcile(asked).differing()[0].verdict == "unknown"
    report = run.reconcile(None, as_of=run.server_time())
    assert not report.agrees and report.failure is None, "null is an answer that says nothing"
    (lot,) = run.positions.held()
    assert lot.is_open and stored(run, "AAPL").version == 1
    broker.fails = False
    assert run.reconcile(fetch=broker.list_positions, policy="ignore").agrees and run.halted, "only the policy halt looks"
    assert run.reconcile(fetch=broker.list_positions).agrees and not run.halted


@pytest.mark.parametrize("answer", [{}, {"code": 429, "message": "slow down"}, "busy", 7, iter(())])
def test_an_answer_that_is_no_list_is_a_failure_and_halts(run: stateloft.Run, answer: Any) -> None:
    run.positions.open("AAPL", "a", side="long", quantity="1", price="10")
    report = run.reconcile(fetch=lambda: answer)
    assert not report.agrees and run.halted
    assert report.failure is not None and report.failure.startswith("the answer is no list of positions: ")
    assert [(row.verdict, row.because) for row in report.rows] == [("unknown", "no_answer")]
    assert stored(run, "AAPL").version == 1
    with pytest.raises(stateloft.Refused):
        run.reconcile([], as_of=run.server_time(), shape="nobody's")  # type: ignore[arg-type]


def test_differences_are_exact_and_a_side_is_one(run: stateloft.Run) -> None:
    for symbol, side, quantity in (("AAPL", "long", "100"), ("MSFT", "long", "0.75"), ("TSLA", "short", "2")):
        run.positions.open(symbol, symbol, side=side, quantity=quantity, price="10")
    listed = [at_alpaca("AAPL", "-1", "10", "short"), at_alpaca("MSFT", "0.5", "10"), at_alpaca("NVDA", "3", "7")]
    report = run.reconcile(listed, as_of=run.server_time(), shape="alpaca")
    by_symbol = {row.symbol: row for row in report.rows}
    assert {symbol: row.verdict for symbol, row in by_symbol.items()} == {
        "AAPL": "quantity_mismatch",
        "MSFT": "quantity_mismatch",
        "NVDA": "missing_here",
        "TSLA": "missing_there",
    }
    apart = by_symbol["MSFT"].quantity
    assert apart is not None and (apart.ours, apart.theirs, apart.delta) == (D("0.75"), D("0.5"), D("-0.25"))
    assert report.rows[0].verdict == "quantity_mismatch" and run.halted
    partial = run.reconcile(listed[1:2], as_of=run.server_time(), partial=True)
    assert {row.symbol: row.because for row in partial.rows if row.verdict == "unknown"} == {
        "AAPL": "partial_list",
        "MSFT": "partial_list",
        "TSLA": "partial_list",
    }
    tolerant = run.reconcile(listed[1:2], as_of=run.server_time(), tolerance={"quantity": D("0.25")})
    assert {row.symbol: row.verdict for row in tolerant.rows}["MSFT"] == "matched"


def test_a_list_that_is_older_than_a_fill_says_nothing_of_it(run: stateloft.Run) -> None:
    with run.asking_broker() as asked:
        asked.positions = []
        run.positions.open("AAPL", "a", side="long", quantity=1, price=100)
    assert [(row.verdict, row.because) for row in run.reconcile(asked).rows] == [("unknown", "changed_since")]


def test_when_the_broker_was_asked_and_what_it_said_must_be_said(run: stateloft.Run) -> None:
    with pytest.raises(ValueError, match="when was the broker asked"):
        run.reconcile([])
    with pytest.raises(ValueError, match="what did the broker say"):
        run.reconcile(as_of=run.server_time())
    with run.asking_broker() as asked:
        pass
    with pytest.raises(ValueError, match="what did the broker say"):
        run.reconcile(asked)


def test_the_servers_time_is_never_ahead_whatever_this_machines_clock_shows(
    run: stateloft.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    estimated = run.server_time()
    saved = run.save("note", run.program, {"n": 1})
    assert isinstance(saved, stateloft.Version)
    assert estimated <= saved.recorded_at
    assert saved.recorded_at - run.server_time() < dt.timedelta(seconds=30)


# -- reading ---------------------------------------------------------------------------------------------------------------


def written(run: stateloft.Run) -> list[str]:
    """What the store has of the run's positions and orders, and of which kind the last version of each is."""
    found = [
        each
        for state_type in ("position", "order")
        for each in run.client.list(state_type, prefix=f"{run.program}/", data=False, deleted="include")
    ]
    return [f"{each.state_type} {each.state_id} {getattr(each, 'operation', '')}" for each in found]


def test_reading_what_there_is_not_writes_nothing(run: stateloft.Run) -> None:
    assert run.positions.held("XYZ") == [] and run.positions.lots("A/B") == [] and "x" not in run.orders
    with pytest.raises(stateloft.NoSuchLot):
        run.positions.close("NONE", "1", price=1)
    with pytest.raises(stateloft.NoSuchLot):
        run.positions.adjust("NONE", "1", stop_loss=1)
    run.positions.reload()
    run.checkpoint("after reading")
    assert run.positions.held("XYZ") == [] and run.positions.symbols() == []
    assert run.reconcile([], as_of=run.server_time()).agrees
    run.end()
    assert written(run) == []


def test_a_position_that_was_deleted_stays_so_when_it_is_read(client: stateloft.Client, tmp_path: Path) -> None:
    program = f"bot-{uuid.uuid4().hex[:12]}"
    with stateloft.run(program, client=client, journal=str(tmp_path)) as before:
        before.positions.open("AA", "1", side="long", quantity=1, price=1)
    client.delete("position", f"{program}/AA")
    with stateloft.run(program, client=client, journal=str(tmp_path)) as run:
        assert run.positions.held("AA") == [] and run.positions.symbols() == []
        run.checkpoint("after reading")
    assert written(run) == [f"position {program}/AA delete"]
    with stateloft.run(program, client=client, journal=str(tmp_path)) as run:
        run.positions.open("AA", "2", side="long", quantity=2, price=1)
    assert [lot["id"] for lot in stored(run, "AA").data["lots"]] == ["2"], "what is opened again is there again"


def test_a_change_that_cannot_be_kept_leaves_nothing_behind(run: stateloft.Run) -> None:
    run.positions.open("AA", "1", side="long", quantity=1, price=1)
    for symbol in ("AA", "BB"):
        with pytest.raises(stateloft.NotKept):
            run.positions.open(symbol, "2", side="long", quantity=1, price=1, what=object())
    assert [lot.id for lot in run.positions.lots("AA")] == ["1"] and run.positions.lots("BB") == []
    run.end()
    assert written(run) == [f"position {run.program}/AA create"]
