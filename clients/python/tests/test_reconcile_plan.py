"""What differs from the broker is written as somebody chose it, in one commit, or not at all."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
import uuid
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import stateloft
from stateloft import aio
from stateloft.testing import Server

D = Decimal


@pytest.fixture
def run(client: stateloft.Client, tmp_path: Path) -> Iterator[stateloft.Run]:
    with stateloft.run(f"bot-{uuid.uuid4().hex[:12]}", client=client, journal=str(tmp_path)) as begun:
        yield begun


def listed(symbol: str, quantity: str, price: str | None = None, side: str = "long", **more: Any) -> dict[str, Any]:
    return {"symbol": symbol, "side": side, "quantity": quantity, "entry_price": price, **more}


def reported(run: stateloft.Run, *positions: dict[str, Any], **options: Any) -> stateloft.Report:
    with run.asking_broker() as asked:
        asked.positions = list(positions)
    return run.reconcile(asked, shape="plain", **options)


def row_of(report: stateloft.Report, symbol: str) -> stateloft.Row:
    (row,) = (each for each in report.rows if each.symbol == symbol)
    return row


def versions(run: stateloft.Run, symbol: str) -> int:
    return len(list(run.client.history("position", f"{run.program}/{symbol}")))


@pytest.fixture
def differing(run: stateloft.Run) -> list[dict[str, Any]]:
    """What the broker lists: less of one, nothing of another, one that nobody knows here, and one that agrees."""
    for symbol, quantity in (("AAPL", "100"), ("MSFT", "0.75"), ("TSLA", "2")):
        run.positions.open(symbol, f"l-{symbol}", side="long", quantity=quantity, price="10")
    return [listed("AAPL", "60", "10"), listed("NVDA", "3", "7.5", "short"), listed("TSLA", "2", "10")]


def test_what_is_chosen_is_planned_written_in_one_commit_and_in_the_programs_memory(
    run: stateloft.Run, client: stateloft.Client, differing: list[dict[str, Any]]
) -> None:
    report = reported(run, *differing)
    assert run.halted and [(row.verdict, row.choices) for row in report.rows] == [
        ("quantity_mismatch", ("adopt_theirs", "keep_ours", "close")),
        ("missing_here", ("adopt_theirs", "keep_ours", "split")),
        ("missing_there", ("keep_ours", "close")),
        ("matched", ()),
    ]
    before = client.seq()
    at = dt.datetime(2026, 11, 29, 9, 40, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    plan = report.plan(
        [
            row_of(report, "AAPL").adopt(),
            row_of(report, "NVDA").adopt(lot_id="n-1", time=at),
            row_of(report, "MSFT").close("stop_loss_hit", price=D("9.50"), time=at, pnl="-0.375"),
        ]
    )
    assert client.seq() == before, "a plan writes nothing"
    assert [(each.state_id.rpartition("/")[2], each.version) for each in plan.writes] == [
        ("AAPL", 1),
        ("MSFT", 1),
        ("NVDA", None),
    ]
    assert [(each.path, each.delta) for each in plan.writes[0].changes] == [("/lots/0/quantity/value", "-40")]
    done = plan.apply("partly filled while we were away", idempotency_key="k" + run.program)
    assert plan.apply("partly filled while we were away", idempotency_key="k" + run.program) == done, "done once"
    assert {(each.run_id, each.batch_id, each.author) for each in done.versions} == {
        (run.run_id, done.versions[0].batch_id, client.author)
    }
    lots = {lot.symbol: lot for lot in run.positions.lots()}
    assert (lots["AAPL"].quantity, lots["AAPL"].is_open, lots["AAPL"].id) == (60, True, "l-AAPL")
    closed = lots["MSFT"]
    assert (closed.is_open, closed.exit_reason, closed.exit_price, closed.pnl) == (False, "stop_loss_hit", D("9.50"), D("-0.375"))
    assert closed.exit_time == at, "by its instant"
    new = lots["NVDA"]
    assert (new.id, new.side, new.quantity, new.entry_price, new.entry_time) == ("n-1", "short", 3, D("7.5"), at)
    assert not run.halted, "everything that differed was settled"
    assert reported(run, *differing).agrees
    run.positions.close("AAPL", "l-AAPL", quantity=10, price=11)
    assert versions(run, "AAPL") == 3, "the program goes on with what was written"
    undo = client.restore_plan(done.before, states=[("position", f"{run.program}/MSFT")])
    assert [each.effect for each in undo.states] == ["changed"]


def test_the_policy_adopt_chooses_what_needs_no_word_of_a_person_and_nothing_of_what_is_unknown(
    run: stateloft.Run, differing: list[dict[str, Any]]
) -> None:
    report = reported(run, *differing, policy="adopt")
    assert run.halted and [(row.symbol, row.chosen) for row in report.rows] == [
        ("AAPL", "adopt_theirs"),
        ("NVDA", "adopt_theirs"),
        ("MSFT", "close"),
        ("TSLA", None),
    ]
    assert versions(run, "AAPL") == 1, "it writes nothing by itself"
    report.plan().apply("by policy")
    held = {lot.symbol: (lot.quantity, lot.exit_reason) for lot in run.positions.lots()}
    assert held == {"AAPL": (60, None), "MSFT": (D("0.75"), "recovered_closed"), "NVDA": (3, None), "TSLA": (2, None)}
    assert not run.halted


def test_a_program_that_adopts_waits_for_no_word_of_its_own_and_for_that_of_another_run(
    run: stateloft.Run, client: stateloft.Client, tmp_path: Path
) -> None:
    run.on_restore()
    run.positions.open("AAPL", "a", side="long", quantity="5", price="10")
    done = reported(run, listed("AAPL", "4", "10"), policy="adopt").plan().apply("by policy")
    assert "handshake" not in done.answer and [lot.quantity for lot in run.positions.lots()] == [4]
    other = stateloft.Client(client.server, author="other")
    with stateloft.run(f"other-{uuid.uuid4().hex[:12]}", client=other, journal=str(tmp_path / "other")) as theirs:
        reloaded = threading.Event()
        theirs.on_restore(reload=lambda ask: reloaded.set())
        leg = theirs.state("pair_leg", f"{run.program}-x", {"symbol": "MSFT", "side": "long", "quantity": 5}, interval=3600)
        leg.save()
        scope = {"types": ["pair_leg"], "prefix": f"{run.program}-"}
        plan = reported(run, listed("MSFT", "4"), scope=scope, policy="adopt").plan()
        assert [each["run_id"] for each in plan.answer["held_by"]] == [theirs.run_id]
        done = plan.apply("as the broker says", wait=20)
        assert [each["run_id"] for each in done.answer["handshake"]["runs"]] == [theirs.run_id]
        assert reloaded.wait(60) and leg["quantity"] == 4, "it has read what was written"


def no_answer() -> list[dict[str, Any]]:
    raise TimeoutError("the broker did not answer")


@pytest.mark.parametrize("how", ["it failed", "null", "no list", "partial"])
def test_a_broker_that_does_not_answer_has_nothing_chosen_by_anybody_and_nothing_closed(run: stateloft.Run, how: str) -> None:
    run.positions.open("AAPL", "a", side="long", quantity="1", price="10")
    report = {
        "it failed": lambda: run.reconcile(fetch=no_answer, policy="adopt"),
        "null": lambda: run.reconcile(None, as_of=run.server_time(), policy="adopt"),
        "no list": lambda: run.reconcile(fetch=lambda: {"code": 429}, policy="adopt"),
        "partial": lambda: run.reconcile([], as_of=run.server_time(), partial=True, policy="adopt"),
    }[how]()
    assert (how == "it failed") == (report.failure == "TimeoutError: the broker did not answer")
    (row,) = report.rows
    assert (row.verdict, row.choices, row.chosen, report.plan().choices, report.plan().writes) == ("unknown", (), None, (), ())
    with pytest.raises(stateloft.Refused):
        report.plan().apply("nothing is chosen")
    for choice in (row.adopt(), row.keep(), row.close("unknown"), row.split({"a": 1, "b": 0})):
        with pytest.raises(stateloft.Refused):
            report.plan([choice])
    assert run.positions.lot("AAPL", "a").is_open and versions(run, "AAPL") == 1 and run.halted


@pytest.mark.parametrize("said", [{"positions": None}, {"positions": [], "partial": True}, {"failure": "busy"}])
def test_a_broker_that_said_nothing_of_what_it_has_does_not_agree_with_nothing(run: stateloft.Run, said: dict[str, Any]) -> None:
    report = run.reconcile(as_of=run.server_time(), **said)
    assert report.rows == () and not report.agrees and run.halted
    assert run.reconcile([], as_of=run.server_time()).agrees and not run.halted


def test_what_moved_is_not_written_and_the_other_choices_are_kept(run: stateloft.Run, differing: list[dict[str, Any]]) -> None:
    report = reported(run, *differing)
    plan = report.plan([row_of(report, "AAPL").adopt(), row_of(report, "MSFT").close("manual")])
    run.positions.adjust("MSFT", "l-MSFT", stop_loss="9")  # a stop does not make it stale
    run.positions.close("AAPL", "l-AAPL", quantity="40", price="11")  # a fill does
    with pytest.raises(stateloft.ReconcileOutdated) as outdated:
        plan.apply("as the broker says")
    error = outdated.value
    assert error.written is False and isinstance(error, stateloft.PlanOutdated)
    (moved,) = error.moved
    assert moved["row"] == row_of(report, "AAPL").name and moved["now"]["because"] == "changed_since"
    assert error.rest is not None and [each.row for each in error.rest.choices] == [row_of(report, "MSFT").name]
    assert run.positions.lot("MSFT", "l-MSFT").is_open
    with pytest.raises(stateloft.ReconcileOutdated):
        report.plan([row_of(report, "AAPL").adopt()])
    error.rest.apply("what is left of it")
    lots = {lot.id: lot for lot in run.positions.lots()}
    assert (lots["l-AAPL"].quantity, lots["l-AAPL.1"].quantity) == (60, 40)
    assert (lots["l-MSFT"].is_open, lots["l-MSFT"].stop_loss, lots["l-MSFT"].pnl) == (False, 9, None)
    assert run.halted, "a row was not settled"


def test_what_was_kept_halts_no_more_until_one_of_both_sides_says_something_else(
    run: stateloft.Run, differing: list[dict[str, Any]]
) -> None:
    report = reported(run, *differing, record=True)
    report.plan([row.keep() for row in report.differing()]).apply("the broker books them tomorrow")
    assert not run.halted and versions(run, "AAPL") == 1
    report = reported(run, *differing)
    assert not report.agrees and not run.halted
    differing[0] = listed("AAPL", "50", "10")
    assert not reported(run, *differing).agrees and run.halted


def test_since_when_it_differs_is_kept_where_that_is_asked(run: stateloft.Run, differing: list[dict[str, Any]]) -> None:
    assert row_of(reported(run, *differing), "AAPL").since is None
    first = reported(run, *differing, record=True)
    assert row_of(reported(run, *differing), "AAPL").since == first.as_of
    open_ = run.client.decoded(run.client.transport.request("GET", f"/runs/{run.run_id}/drifts"))["open"]
    assert sorted(each["symbol"] for each in open_) == ["AAPL", "MSFT", "NVDA"]


def test_what_a_broker_nets_is_shared_over_the_lots_and_adds_up(run: stateloft.Run) -> None:
    for lot, quantity in (("a", "1"), ("b", "2.5")):
        run.positions.open("X/Y", lot, side="short", quantity=quantity, price="10")
    at_broker = [listed("X/Y", "3", None, "short"), listed("NEW", "0.3", "5")]
    report = reported(run, *at_broker)
    row, new = row_of(report, "X/Y"), row_of(report, "NEW")
    for wrong in ({"a": "1"}, {"a": "1", "b": "1.5"}, {"a": "1", "b": "2", "c": "0"}, {"a": "1", "c": "2"}):
        with pytest.raises(stateloft.Refused):
            report.plan([row.split(wrong)])
    with pytest.raises(ValueError, match="0 or more"):
        row.split({"a": "-1", "b": "4"})
    report.plan([row.split({"a": 0.75, "b": D("2.25")}), new.split({"n-1": "0.1", "n-2": "0.2"})]).apply("netted")
    assert [(lot.id, lot.side, lot.quantity) for lot in run.positions.held()] == [
        ("n-1", "long", D("0.1")),
        ("n-2", "long", D("0.2")),
        ("a", "short", D("0.75")),
        ("b", "short", D("2.25")),
    ]
    assert reported(run, *at_broker).agrees


def test_what_makes_no_sense_is_said_before_anything_is_sent(run: stateloft.Run, differing: list[dict[str, Any]]) -> None:
    report = reported(run, *differing)
    row = row_of(report, "AAPL")
    with pytest.raises(ValueError, match="has no zone"):
        row.close("manual", time=dt.datetime(2026, 11, 29))
    with pytest.raises(ValueError, match="'sold' is no reason"):
        row.close("sold")  # type: ignore[arg-type]
    with pytest.raises(stateloft.NotKept):
        row.close("manual", price="much")
    with pytest.raises(ValueError, match="has no zone"):
        run.reconcile([], as_of=dt.datetime(2026, 11, 29))
    with pytest.raises(stateloft.Refused):
        report.plan([row.keep()]).apply("  ")


def test_what_a_program_holds_of_another_scope_is_read_again_too(run: stateloft.Run) -> None:
    pair = run.state("pair_leg", f"{run.program}-x", {"symbol": "AAPL", "side": "long", "quantity": 5}, interval=3600)
    pair.save()
    scope = {"types": ["pair_leg"], "prefix": f"{run.program}-"}
    report = reported(run, listed("AAPL", "4"), scope=scope, policy="adopt")
    report.plan().apply("as the broker says")
    assert pair["quantity"] == 4 and run.positions.symbols() == []
    pair["note"] = "goes on"
    assert isinstance(pair.save(), stateloft.Version)


def test_a_run_that_has_lost_its_lease_applies_nothing(client: stateloft.Client, tmp_path: Path) -> None:
    program = f"bot-{uuid.uuid4().hex[:12]}"
    run = stateloft.run(program, client=client, journal=str(tmp_path))
    run.positions.open("AAPL", "a", side="long", quantity="1", price="10")
    plan = reported(run, policy="adopt").plan()
    assert [each.choice for each in plan.choices] == ["close"]
    stateloft.run(program, client=client, take_over=("it hangs", "ops"), journal=str(tmp_path)).end()
    with pytest.raises(stateloft.LeaseLost):
        plan.apply("too late")
    assert run.lost.is_set() and versions(run, "AAPL") == 1


def test_what_the_server_does_not_have_yet_is_held_against_no_list(server: Server, tmp_path: Path) -> None:
    run = stateloft.run("bot", client=server.client(), journal=str(tmp_path))
    run.positions.open("AAPL", "a", side="long", quantity="1", price="10")
    server.kill()
    run.positions.open("AAPL", "b", side="long", quantity="2", price="10")
    with pytest.raises(stateloft.Unavailable):
        run.reconcile([listed("AAPL", "1")], as_of=run.server_time(), policy="ignore")
    assert not run.halted
    with pytest.raises(stateloft.Unavailable):
        run.reconcile([listed("AAPL", "1")], as_of=run.server_time())
    assert run.halted, "a report that could not be made does not agree"
    asked = run.server_time()
    server.start()
    report = run.reconcile([listed("AAPL", "1")], as_of=asked)
    assert [row.because for row in report.rows] == ["changed_since"], "the list is older than what came from the journal"
    server.kill()
    run.positions.adjust("AAPL", "b", quantity="3")
    server.start()
    # At once, while the saver still leaves a server alone that was away.
    report = reported(run, listed("AAPL", "4"))
    assert report.agrees and versions(run, "AAPL") == 3
    run.end()


def test_what_was_written_is_read_before_it_is_used_where_it_could_not_be_read_at_once(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = stateloft.run("bot", client=server.client(), journal=str(tmp_path))
    run.positions.open("AAPL", "a", side="long", quantity="1", price="10")
    plan = reported(run, listed("AAPL", "3", "10"), policy="adopt").plan()
    send = run.client.send

    def and_is_away(*arguments: Any) -> Any:
        answer = send(*arguments)
        server.kill()
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(run.client, "send", and_is_away)
        plan.apply("as the broker says")
    with pytest.raises(stateloft.Unavailable):
        run.positions.lots()  # what is held is not known, and not what it was
    server.start()
    assert [lot.quantity for lot in run.positions.lots()] == [3]
    run.end()


def test_a_plan_is_awaited_and_an_exchange_for_asyncio_is_asked_in_the_loop(shared: Server, tmp_path: Path) -> None:
    program = f"loop-{uuid.uuid4().hex[:12]}"
    client = stateloft.Client(shared.url, author="loop")

    async def fetched() -> list[dict[str, Any]]:
        await asyncio.sleep(0)
        return [listed("AAPL", "2", "10")]

    async def fails() -> list[dict[str, Any]]:
        await asyncio.sleep(0)
        return no_answer()

    async def main() -> None:
        async with aio.run(program, client=client, journal=str(tmp_path)) as run:
            await run.do(run.positions.open, "AAPL", "a", side="long", quantity=1, price=10)
            for fetch in (fails, lambda: fails(), no_answer):
                report = await run.reconcile(fetch=fetch)
                assert report.failure == "TimeoutError: the broker did not answer" and run.halted
            report = await run.reconcile(fetch=fetched)
            plan = await run.plan(report, [report.rows[0].adopt()])
            done = await run.apply(plan, "as the broker says", author="ada")
            assert done.versions[0].author == "ada" and not run.halted
            (lot,) = await run.do(run.positions.held)
            assert lot.quantity == 2

    asyncio.run(main())
