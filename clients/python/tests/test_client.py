"""The client against a real server: what is saved is there, and what fails says what is known."""

from __future__ import annotations

import datetime as dt
import hashlib
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest

import stateloft
from stateloft._transport import Transport
from stateloft.testing import Server


def name() -> str:
    return f"t/{uuid.uuid4().hex[:8]} é"


def test_what_is_saved_is_read_with_its_author_and_reason(client: stateloft.Client) -> None:
    mine, data = name(), {"qty": Decimal("1.20"), "big": 12345678901234567890, "legs": [{"a": 0.1}]}
    saved = client.save("book", mine, data, reason="opened", correlation_id="order-7", run_id="r1")
    assert isinstance(saved, stateloft.Version)
    assert (saved.version, saved.operation, saved.author, saved.reason) == (1, "create", "tests", "opened")
    assert (saved.correlation_id, saved.run_id, saved.recorded_at.tzinfo) == ("order-7", "r1", dt.timezone.utc)
    assert client.get("book", mine) == data and type(client.get("book", mine)["qty"]) is Decimal
    text = client.raw("book", mine)
    assert hashlib.sha256(text.encode()).hexdigest() == saved.content_hash
    assert client.save("book", mine, data).unchanged  # type: ignore[union-attr]


def test_a_version_that_was_seen_guards_a_save(client: stateloft.Client) -> None:
    mine = name()
    client.save("book", mine, {"n": 1}, if_version=0)
    client.save("book", mine, {"n": 2}, if_version=1)
    with pytest.raises(stateloft.Conflict) as refused:
        client.save("book", mine, {"n": 3}, if_version=1)
    assert refused.value.code == "version_conflict" and refused.value.written is False
    assert refused.value.conflicts[0]["head"]["version"] == 2
    with pytest.raises(stateloft.Conflict):
        client.save("book", mine, {"n": 3}, create=True)
    assert client.get("book", mine) == {"n": 2}


def test_the_same_key_writes_once(client: stateloft.Client) -> None:
    mine, key = name(), uuid.uuid4().hex
    first = client.save("book", mine, {"n": 1}, idempotency_key=key)
    client.save("book", mine, {"n": 2})
    again = client.save("book", mine, {"n": 1}, idempotency_key=key)
    assert again.version == first.version == 1  # type: ignore[union-attr]
    with pytest.raises(stateloft.Refused) as refused:
        client.save("book", mine, {"n": 9}, idempotency_key=key)
    assert refused.value.code == "idempotency_key_reused"
    assert client.get("book", mine) == {"n": 2}


def test_the_past_is_read_by_version_by_time_and_as_a_difference(client: stateloft.Client) -> None:
    mine = name()
    first = client.save("book", mine, {"stop": 1.0832})
    client.save("book", mine, {"stop": 1.0851}, reason="trail")
    assert isinstance(first, stateloft.Version)
    assert client.get("book", mine, version=1) == {"stop": 1.0832}
    assert client.at("book", mine, first.recorded_at).version == client.at("book", mine, first.seq).version == 1
    diff = client.diff("book", mine)
    assert [(each.path, each.old, each.new, each.delta) for each in diff.changes] == [("/stop", "1.0832", "1.0851", "+0.0019")]
    assert client.diff("book", mine, 0, 1).before is None
    assert [each.version for each in client.history("book", mine)] == [2, 1]
    assert [each.reason for each in client.history("book", mine, limit=1, data=False)] == ["trail"]
    with pytest.raises(ValueError, match="no zone"):
        client.at("book", mine, dt.datetime(2026, 1, 1))


def test_a_long_history_is_read_to_its_end(client: stateloft.Client) -> None:
    mine = name()
    for number in range(405):
        client.save("book", mine, {"n": number})
    assert [each.data["n"] for each in client.history("book", mine)] == list(range(404, -1, -1))
    assert len(list(client.history("book", mine, limit=201))) == 201


def test_a_delete_is_a_version_and_can_be_taken_back(client: stateloft.Client) -> None:
    mine = name()
    client.save("book", mine, {"n": 1})
    gone = client.delete("book", mine, reason="closed", if_version=1)
    assert isinstance(gone, stateloft.Version) and gone.deleted and gone.version == 2
    with pytest.raises(stateloft.Deleted):
        client.get("book", mine)
    assert client.get("book", mine, None) is None
    with pytest.raises(stateloft.NotFound):
        client.get("book", name())
    client.undelete("book", mine)
    assert client.get("book", mine) == {"n": 1}


def test_lists_filter_and_show_data(client: stateloft.Client) -> None:
    mine = name()
    client.save("book", mine + "1", {"n": 1})
    client.save("strategy", mine + "2", {"n": 2})
    assert {each.state_id: each.data for each in client.list(["book", "strategy"], prefix=mine)} == {
        mine + "1": {"n": 1},
        mine + "2": {"n": 2},
    }
    assert list(client.list("book", prefix="nobody has this")) == []


def test_a_batch_is_written_whole_or_not_at_all(client: stateloft.Client) -> None:
    a, b = name(), name()
    with client.batch("entry filled") as batch:
        batch.save("book", a, {"n": 1}, if_version=0)
        batch.save("book", b, {"n": 1})
    assert [each.seq for each in batch.versions] == [batch.versions[0].seq, batch.versions[0].seq + 1]
    assert {each.correlation_id for each in batch.versions} == {batch.correlation_id}
    with pytest.raises(stateloft.Conflict), client.batch() as batch:
        batch.save("book", a, {"n": 2})
        batch.delete("book", b, if_version=7)
    with pytest.raises(ZeroDivisionError), client.batch() as batch:
        batch.save("book", a, {"n": 3})
        _ = 1 / 0
    assert client.get("book", a) == client.get("book", b) == {"n": 1}
    with client.batch() as batch:
        pass
    assert batch.versions == ()


def test_a_batch_closes_what_it_does_not_name_and_says_what(client: stateloft.Client) -> None:
    mine, kind = name(), "k" + uuid.uuid4().hex[:12]
    for each in ("a", "b", "c"):
        client.save(kind, mine + each, {"n": 1})
        client.save("book", mine + each, {"n": 1})
    with client.batch("full save", close_missing={kind: None, "book": mine + "b"}) as batch:
        batch.save(kind, mine + "b", {"n": Decimal("2.50")})
        batch.check(kind, mine + "c", pointer="/n", equals=1.0)
    assert [(each.state_type, each.state_id) for each in batch.closed] == [("book", mine + "b"), (kind, mine + "a")]
    assert {each.operation for each in batch.closed} == {"delete"}
    assert {each.reason for each in (*batch.closed, *batch.versions)} == {"full save"}
    assert {each.correlation_id for each in batch.closed} == {batch.correlation_id}
    with client.batch(close_missing=kind) as batch:
        pass
    assert (batch.versions, len(batch.closed)) == ((), 2), "a batch of no writes closes all"
    assert batch.commit() == () and len(batch.closed) == 2, "it is sent once"
    assert list(client.list(kind)) == [] and client.get("book", mine + "a") == {"n": 1}
    with pytest.raises(stateloft.Refused), client.batch(close_missing=[]):
        pass


def test_a_batch_is_written_only_if_what_it_checks_is_true(client: stateloft.Client) -> None:
    a, b, gone = name(), name(), name()
    data = {"stop": 1.084, "qty": Decimal("1.20"), "note": None}
    saved = client.save("book", a, data)
    client.save("book", gone, {})
    client.delete("book", gone)
    with pytest.raises(stateloft.Conflict) as refused, client.batch(close_missing="book") as batch:
        batch.check("book", a, version=1)
        batch.check("book", a, version=2)
        batch.check("book", a, pointer="/stop", equals=1.085)
        batch.check("book", a, pointer="/note", exists=False)
        batch.check("book", gone, exists=True)
        batch.save("book", b, {"n": 1})
    assert refused.value.code == "check_failed" and refused.value.written is False
    assert [each["item"] for each in refused.value.checks] == ["/items/1", "/items/2", "/items/3", "/items/4"]
    assert refused.value.checks[1]["found"] == 1.084 and refused.value.checks[0]["head"]["version"] == 1
    assert client.get("book", b, None) is None and client.get("book", a) == data
    with client.batch() as batch:
        batch.check("book", a, content_hash=saved.content_hash)  # type: ignore[union-attr]
        batch.check("book", a, pointer="/stop", equals=1.0840)
        batch.check("book", a, pointer="/qty", equals=Decimal("1.2"))
        batch.check("book", a, pointer="/note", equals=None)
        batch.check("book", a, pointer="/limit", exists=False)
        batch.check("book", gone, exists=False)
        batch.check("book", b, version=0)
        batch.save("book", b, {"n": 1})
    assert [each.state_id for each in batch.versions] == [b] and batch.closed == ()


def test_a_restore_writes_what_the_plan_showed_and_can_be_undone(client: stateloft.Client) -> None:
    a, b, before = name(), name(), f"before-{uuid.uuid4().hex}"
    client.save("book", a, {"n": 1})
    client.snapshot(before, reason="all well")
    assert before in [each.snapshot_id for each in client.snapshots()]
    client.save("book", a, {"n": 2})
    client.save("book", b, {"n": 9})
    plan = client.restore_plan(f"snapshot:{before}", states=[("book", a), ("book", b)])
    assert {(each.state_id, each.effect) for each in plan.states} == {(a, "changed"), (b, "deleted")}
    done = plan.apply("bad deploy")
    assert client.get("book", a) == {"n": 1} and client.get("book", b, None) is None
    assert {each.reason for each in done.versions} == {"bad deploy"}
    done.undo("it was right")
    assert client.get("book", a) == {"n": 2} and client.get("book", b) == {"n": 9}
    stale = client.restore_plan(f"snapshot:{before}", states=[("book", a)])
    client.save("book", a, {"n": 3})
    with pytest.raises(stateloft.PlanOutdated) as outdated:
        stale.apply("too late")
    assert outdated.value.moved and outdated.value.plan["plan"] != stale.plan_hash
    assert client.get("book", a) == {"n": 3}
    client.forget_snapshot(before)


def test_what_breaks_rules_says_so_and_is_stored(client: stateloft.Client) -> None:
    saved = client.save("portfolio", name(), {"total_value": "much"})
    assert isinstance(saved, stateloft.Version)
    assert saved.valid is False and "/total_value" in [each["pointer"] for each in saved.violations]


def test_plain_values_keep_a_typed_position_valid(shared: Server) -> None:
    data = {
        "symbol1": "EURUSD",
        "symbol2": "GBPUSD",
        "direction": "long",
        "quantity": Decimal("1.20"),
        "entry_price": Decimal("1.0874"),
        "entry_time": dt.datetime(2026, 11, 21, 6, tzinfo=dt.timezone.utc),
    }
    with shared.client(values="plain") as client:
        saved = client.save("position", name(), data)
    assert isinstance(saved, stateloft.Version) and saved.valid is True
    assert saved.data["quantity"] == 1.2


def test_refusals_carry_the_whole_problem(client: stateloft.Client) -> None:
    with pytest.raises(stateloft.Refused) as refused:
        client.save("Not A Type", "x", {})
    problem = refused.value.problem
    assert problem is not None and problem.status == 422 and problem.code == "invalid_body"
    assert "/state_type" in str(refused.value) and problem.document["errors"]


def test_a_wrong_key_is_told_apart(tmp_path: object) -> None:
    key = "0123456789abcdef-right"
    with stateloft.testing.server(environment={"TRADING_STATE_API_KEY": key}) as server:
        assert server.client(key=key).get("book", "x", None) is None
        with pytest.raises(stateloft.Unauthorized):
            server.client(key="0123456789abcdef-wrong").get("book", "x", None)


def test_nobody_there_means_that_nothing_was_written() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    client = stateloft.Client(f"http://127.0.0.1:{port}")
    for call in (lambda: client.save("book", "x", {}), lambda: client.get("book", "x", None)):
        with pytest.raises(stateloft.Unavailable) as refused:
            call()
        assert refused.value.written is False and refused.value.problem is None


@contextmanager
def listener(answers: list[bytes]) -> Iterator[tuple[str, list[bytes]]]:
    """Something that takes requests and answers each with what it was given; empty: hangs up."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            for answer in answers:
                connection, _ = listening.accept()
                with connection:
                    heard.append(connection.recv(65536))
                    connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", heard
        thread.join(5)


def test_a_write_that_is_not_answered_is_sent_once_more_under_its_key_and_then_not_known() -> None:
    with listener([b"", b""]) as (url, heard), pytest.raises(stateloft.OutcomeUnknown) as unknown:
        stateloft.Client(url).save("book", "x", {"n": 1})
    assert unknown.value.written is None
    keys = [next(line for line in each.split(b"\r\n") if line.startswith(b"Idempotency-Key")) for each in heard]
    assert len(keys) == 2 and keys[0] == keys[1]


def test_a_write_that_has_no_key_is_sent_once() -> None:
    with listener([b"", b""]) as (url, heard):
        with pytest.raises(stateloft.OutcomeUnknown):
            Transport(url, None, 5.0, None).request("POST", "/a", body="{}")
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as another:
            another.sendall(b"another")
    assert [each.split(b" ")[0] for each in heard] == [b"POST", b"another"] and b"Idempotency-Key" not in heard[0]


def test_a_half_answer_is_no_answer() -> None:
    half = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"version":1'
    with listener([half, half]) as (url, _), pytest.raises(stateloft.OutcomeUnknown):
        stateloft.Client(url).save("book", "x", {"n": 1})


def test_a_read_that_is_not_answered_is_unavailable_and_never_not_found() -> None:
    with listener([b"", b""]) as (url, _), pytest.raises(stateloft.Unavailable):
        stateloft.Client(url).get("book", "x", None)


def test_an_error_of_a_proxy_says_nothing_of_a_write() -> None:
    gateway = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>"
    with listener([gateway]) as (url, _), pytest.raises(stateloft.OutcomeUnknown, match="502"):
        stateloft.Client(url).save("book", "x", {"n": 1})


def test_an_answer_about_another_state_is_an_error(client: stateloft.Client) -> None:
    mine = name()
    client.save("book", mine, {"n": 1})
    body = client._transport.request("GET", "/states/-", {"state_type": "book", "state_id": mine}).text.encode()
    bent = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    with listener([bent]) as (url, _), pytest.raises(stateloft.Damaged, match="answered book"):
        stateloft.Client(url).get("book", "another")


def test_connections_are_kept_and_outlive_a_restart_of_the_server(server: Server) -> None:
    client = server.client()
    for number in range(3):
        client.save("book", "x", {"n": number})
    assert len(client._transport._kept) == 1
    server.restart()
    assert client.get("book", "x") == {"n": 2}
    client.save("book", "x", {"n": 3})
    server.restart()
    saved = client.save("book", "x", {"n": 4})
    assert isinstance(saved, stateloft.Version) and saved.version == 5


@pytest.mark.parametrize("writes", [False, True])
def test_all_kept_connections_of_a_server_that_was_restarted_are_given_up_at_once(server: Server, writes: bool) -> None:
    client = server.client()
    client.save("book", "x", {"n": 1})
    taken = [client.transport._take() for _ in range(4)]
    for each in taken:
        client.transport._keep(each)
    server.restart()
    if writes:
        assert isinstance(client.save("book", "x", {"n": 2}), stateloft.Version)
    else:
        assert client.get("book", "x") == {"n": 1}


def test_a_client_is_shared_by_threads(client: stateloft.Client) -> None:
    mine = name()

    def work(number: int) -> None:
        for step in range(20):
            client.save("book", f"{mine}{number}", {"n": step})

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert [each.version for each in client.list("book", prefix=mine)] == [20] * 8  # type: ignore[union-attr]
