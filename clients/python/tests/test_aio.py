"""The twin for asyncio does the same, and the loop goes on meanwhile."""

from __future__ import annotations

import asyncio
import uuid
from decimal import Decimal
from pathlib import Path

import pytest

import stateloft
from stateloft import aio
from stateloft.testing import Server


def test_everything_is_awaited(shared: Server) -> None:
    mine = uuid.uuid4().hex

    async def main() -> None:
        async with aio.Client(shared.url, author="loop") as client:
            data = {"qty": Decimal("1.20")}
            saving = client.save("book", mine, data, if_version=0)
            await saving
            data["qty"] = Decimal(9)
            assert await client.get("book", mine) == {"qty": Decimal("1.20")}
            assert await client.get("book", "nobody", None) is None
            async with client.batch("both") as batch:
                batch.save("book", mine, {"qty": 2})
                batch.save("book", mine + "b", {"qty": 3})
            with pytest.raises(stateloft.Conflict):
                await client.save("book", mine, {}, if_version=1)
            assert [each.version async for each in client.history("book", mine)] == [2, 1]
            assert {each.state_id async for each in client.list("book", prefix=mine)} == {mine, mine + "b"}
            assert (await client.diff("book", mine, 1, 2)).counts["changed"] >= 1
            plan = await client.restore_plan(batch.versions[0].seq - 1, states=[("book", mine)])
            done = await client.apply(plan, "back")
            assert (await client.read("book", mine)).data == {"qty": Decimal("1.20")}
            await client.undo(done)
            await client.delete("book", mine)
            await client.undelete("book", mine)
            assert (await client.at("book", mine, batch.versions[0].seq)).data == {"qty": 2}
            assert await client.raw("book", mine) == '{"qty":2}'

    asyncio.run(main())


def test_the_loop_goes_on_and_requests_run_side_by_side(shared: Server) -> None:
    mine = uuid.uuid4().hex

    async def main() -> None:
        async with aio.Client(shared.url) as client:
            await asyncio.gather(*(client.save("book", f"{mine}{number}", {"n": number}) for number in range(40)))
            assert len([each async for each in client.list("book", prefix=mine)]) == 40

    asyncio.run(main())


def test_a_watch_hands_over_each_version_and_can_be_left(shared: Server) -> None:
    async def main() -> list[int]:
        async with aio.Client(shared.url) as client:
            start = await client.seq()
            events = client.watch("states:aio", after=start)
            for number in range(3):
                await client.save("aio", "x", {"n": number})
            seen = []
            async for event in events:
                assert isinstance(event, stateloft.Version)
                seen.append(event.data["n"])
                if len(seen) == 3:
                    break
            await events.aclose()  # type: ignore[attr-defined]
            return seen

    assert asyncio.run(main()) == [0, 1, 2]


def test_a_surviving_dict_is_opened_saved_and_flushed_in_a_loop(shared: Server, tmp_path: Path) -> None:
    mine = uuid.uuid4().hex

    async def main() -> None:
        made = await aio.state(f"counters/{mine}", {"n": 0}, client=shared.client(), journal=str(tmp_path), interval=60)
        made["n"] += 1
        saved = await aio.save(made, "from a loop")
        assert isinstance(saved, stateloft.Version) and saved.data is not None
        made["n"] += 1
        assert await aio.flush()

    asyncio.run(main())
    assert shared.client().get("counters", mine) == {"n": 2}


def test_a_run_is_awaited_and_ends_as_its_block_does(shared: Server, tmp_path: Path) -> None:
    program = f"loop-{uuid.uuid4().hex[:12]}"
    client = stateloft.Client(shared.url, author="loop")

    async def main() -> str:
        async with aio.run(program, client=client, journal=str(tmp_path)) as run:
            assert run.outcome == "fresh" and run.held
            with run.caused_by("order-1"):
                saved = await run.save("note", program, {"n": Decimal("1.20")})
            assert isinstance(saved, stateloft.Version)
            assert (saved.run_id, client.read("note", program).causation_id) == (run.run_id, "order-1")  # type: ignore[union-attr]
            await run.do(run.positions.open, "AAPL", "a", side="long", quantity=1, price=100)
            counters = await run.state("counters", program, {"n": 0}, interval=3600)
            counters["n"] = 1

            async def listed() -> None:
                with run.asking_broker() as asked:
                    await asyncio.sleep(0)
                    raise TimeoutError("no answer")
                report = await run.reconcile(asked)
                assert report.failure is not None and run.halted

            await listed()
            assert sorted(await run.resume()) == []
            with pytest.raises(stateloft.HeldBy):
                async with aio.run(program, client=client):
                    raise AssertionError("one is live")
            task = asyncio.current_task()
            assert task is not None
            asyncio.get_running_loop().call_later(0.05, task.cancel)
            await asyncio.sleep(60)
        return "unreachable"

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(main())
    assert client.get("counters", program) == {"n": 1}
    ended = client.decoded(client.transport.request("GET", f"/runs/{program}.main.1"))["run"]
    assert ended["status"] == "stopped"
