"""Python's values are kept so that they come back as what they were."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import json
import subprocess
import sys
import uuid
import zoneinfo
from collections import namedtuple
from decimal import Decimal
from typing import Any, Optional

import numpy as np
import pandas as pd
import pydantic
import pytest

import stateloft
from stateloft import NotKept, Tagged
from stateloft._kinds import codec, plain_codec

CODEC = codec()
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")


class Side(enum.Enum):
    LONG = "long"
    SHORT = "short"


class Level(enum.IntEnum):
    HIGH = 3


class Flags(enum.Flag):
    A = 1
    B = 2


@dataclasses.dataclass(frozen=True)
class Leg:
    symbol: str
    qty: Decimal


@dataclasses.dataclass
class Position:
    side: Side
    legs: list[Leg]
    opened: dt.datetime
    note: Optional[str] = None
    seen: set[str] = dataclasses.field(default_factory=set, compare=True)


Quote = namedtuple("Quote", "bid ask")


class Order(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow")
    qty: Decimal
    side: Side = Side.LONG
    legs: list[Leg] = []


def back(value: Any) -> Any:
    text = CODEC.text({"v": value})
    json.loads(text)
    return CODEC.value(text)["v"]


@pytest.mark.parametrize(
    "value",
    [
        Decimal("1.20"),
        Decimal("-0.000"),
        Decimal("1E+9"),
        Decimal("123456789012345678901234567890.5"),
        dt.datetime(2026, 11, 21, 6, 12, 44, 123456),
        dt.datetime(2026, 11, 21, tzinfo=dt.timezone.utc),
        dt.datetime(2026, 11, 21, 6, tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=30))),
        dt.datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN),
        dt.datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=BERLIN),
        dt.date(2026, 2, 28),
        dt.time(23, 59, 1, 7),
        dt.timedelta(days=-3, microseconds=1),
        dt.timedelta(hours=6),
        Side.SHORT,
        Level.HIGH,
        Flags.A | Flags.B,
        Flags(0),
        b"\x00\xff",
        (1, (2, "x"), []),
        {3, 1, "a"},
        frozenset({(1, 2)}),
        {1: "a", (2, 3): {"b": None}},
        uuid.UUID(int=7),
        Quote(1.5, Decimal("1.60")),
        Position(Side.LONG, [Leg("EURUSD", Decimal("0.10"))], dt.datetime(2026, 1, 1), seen={"x"}),
        Order(qty=Decimal("2.50"), legs=[Leg("a", Decimal(1))], extra_of_mine=[Side.SHORT]),
        {"$stateloft": "decimal", "value": 1},
        {"$$stateloft": {"$stateloft": 1}},
        {"$stateloft": 1},
        {"stateloft": 1},
        Tagged("of-somebody-else", {"x": [1, Decimal("2.0")]}),
    ],
    ids=repr,
)
def test_a_value_comes_back_as_what_it_was(value: Any) -> None:
    again = back(value)
    assert again == value and type(again) is type(value)
    assert CODEC.text(again) == CODEC.text(value)
    assert repr(again) == repr(value) or isinstance(value, (set, frozenset))


@pytest.mark.parametrize(
    "value",
    [
        np.float64(0.1),
        np.float32(0.1),
        np.int64(-3),
        np.uint8(255),
        np.bool_(True),
        np.str_("é"),
        np.datetime64("2026-11-21T06:12:44.123456789"),
        np.timedelta64(5, "D"),
        pd.Timestamp("2026-11-21 06:12:44.123456789"),
        pd.Timestamp("2026-11-21 06:12", tz="Europe/Berlin"),
        pd.Timedelta("1 days 00:00:00.000000001"),
    ],
    ids=repr,
)
def test_a_scalar_of_numpy_or_pandas_comes_back_as_what_it_was(value: Any) -> None:
    again = back(value)
    assert again == value and type(again) is type(value)
    assert getattr(again, "dtype", None) == getattr(value, "dtype", None)


def test_missing_moments_stay_themselves() -> None:
    assert back(pd.NaT) is pd.NaT and back(pd.NA) is pd.NA


@pytest.mark.parametrize(
    "value",
    [
        np.arange(6, dtype="int16").reshape(2, 3),
        np.array([0.1, np.nan, np.inf, -np.inf]),
        np.array([]),
        np.array([[True], [False]]),
        np.array(["a", "bcd"]),
        np.array([b"x"]),
        np.zeros((0, 3), dtype="float32"),
        np.array(["2026-01-01", "NaT"], dtype="datetime64[s]"),
        np.array(1.5),
        np.array([1, Decimal("2.0"), None], dtype=object),
    ],
    ids=repr,
)
def test_an_array_comes_back_as_what_it_was(value: Any) -> None:
    again = back(value)
    assert again.dtype == value.dtype and again.shape == value.shape
    np.testing.assert_array_equal(again, value)


DAYS = pd.date_range("2026-03-28", periods=4, freq="D", tz="Europe/Berlin")


@pytest.mark.parametrize(
    "value",
    [
        pd.Series([1.0, np.nan, 3.5], name="close"),
        pd.Series([1, 2, 3, 4], index=DAYS),
        pd.Series([0.1, 0.2], index=pd.to_datetime(["2026-01-01 09:30", "2026-01-01 09:31"]), name="price"),
        pd.Series([1, None, 3], dtype="Int64"),
        pd.Series([True, None], dtype="boolean"),
        pd.Series(["a", None], dtype="string"),
        pd.Series(["a", "b"]),
        pd.Series(["b", "a", None], dtype="category"),
        pd.Series([Decimal("1.20"), None, "x"], dtype=object),
        pd.Series([], dtype="float64"),
        pd.Series(pd.to_timedelta(["1D", None, "3ns"])),
        pd.Series(DAYS),
        pd.Series([pd.Timestamp("2026-01-01"), pd.NaT]),
        pd.Series([1, 2], index=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["x", None])),
    ],
    ids=lambda value: f"{value.dtype}-{type(value.index).__name__}",
)
def test_a_series_comes_back_as_what_it_was(value: Any) -> None:
    again = back({"price1": value})["price1"]
    pd.testing.assert_series_equal(again, value, check_exact=True, check_freq=True)
    assert getattr(again.index, "freq", None) == getattr(value.index, "freq", None)


@pytest.mark.parametrize(
    "value",
    [
        pd.DataFrame({"open": [1.5, np.nan], "volume": [10, 20], "side": ["buy", "sell"]}, index=DAYS[:2]),
        pd.DataFrame(),
        pd.DataFrame({"a": []}),
        pd.DataFrame([[1, 2], [3, 4]], columns=["x", "x"]),
        pd.DataFrame({1: [1, 2], 2: pd.Series([1, None], dtype="Int8")}),
    ],
    ids=lambda value: f"{value.shape}",
)
def test_a_frame_comes_back_as_what_it_was(value: Any) -> None:
    pd.testing.assert_frame_equal(back(value), value, check_exact=True, check_freq=True)


def test_equal_sets_are_equal_texts() -> None:
    words = [f"w{number}" for number in range(50)]
    assert CODEC.text(set(words)) == CODEC.text(set(reversed(words)))


def test_the_form_is_the_one_that_the_api_describes() -> None:
    assert CODEC.text({"qty": Decimal("1.20")}) == '{"qty":{"$stateloft":"decimal","value":1.20}}'
    assert CODEC.value('{"$stateloft":"float","value":"-Infinity"}') == -np.inf
    assert CODEC.value('{"$stateloft":"datetime","value":"2026-11-21T06:12:44Z"}').tzinfo == dt.timezone.utc


@pytest.mark.parametrize(
    "text",
    [
        '{"$stateloft":"decimal","value":"not a number"}',
        '{"$stateloft":"decimal","value":true}',
        '{"$stateloft":"datetime","value":"yesterday"}',
        '{"$stateloft":"new-kind","value":[1.20]}',
        '{"$stateloft":"dataclass","value":{"type":"no.such.module:Position","fields":{"a":1}}}',
        '{"$stateloft":"enum","value":{"type":"subprocess:Popen","name":"x"}}',
        '{"$stateloft":"dataclass","value":{"type":"subprocess:Popen","fields":{}}}',
    ],
)
def test_what_cannot_be_made_again_is_kept_as_it_is(text: str) -> None:
    read = CODEC.value(text)
    assert isinstance(read, Tagged) and CODEC.text(read) == text


def test_reading_imports_no_module() -> None:
    code = (
        "import sys; from stateloft._kinds import codec\n"
        'codec().value(\'{"$stateloft":"enum","value":{"type":"xmlrpc.client:Fault","name":"x"}}\')\n'
        "assert 'xmlrpc' not in sys.modules and 'numpy' not in sys.modules and 'pydantic' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_bare_not_a_number_of_numpy_is_refused_and_one_in_a_series_is_kept() -> None:
    with pytest.raises(NotKept) as refused:
        CODEC.text({"z_score": np.float64("nan")})
    assert refused.value.pointer == "/z_score"


def test_texts_that_look_like_dates_stay_texts() -> None:
    assert back("2026-11-21T06:12:44") == "2026-11-21T06:12:44"


def test_plain_values_are_those_that_schemas_want() -> None:
    data = {"qty": Decimal("1.20"), "side": Side.LONG, "at": dt.datetime(2026, 1, 1), "legs": (Leg("a", Decimal(1)),)}
    assert plain_codec().text(data) == ('{"qty":1.20,"side":"long","at":"2026-01-01T00:00:00","legs":[{"symbol":"a","qty":1}]}')


def test_a_registered_type_comes_back_as_what_it_was() -> None:
    class Money:
        def __init__(self, amount: Decimal) -> None:
            self.amount = amount

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Money) and other.amount == self.amount

        __hash__ = None  # type: ignore[assignment]

    from stateloft._settings import codec_for

    stateloft.register_serializer("tests.money", Money, lambda money: money.amount, Money)
    shared = codec_for("tagged")
    assert shared.value(shared.text({"v": [Money(Decimal("1.20"))]}))["v"] == [Money(Decimal("1.20"))]
    with pytest.raises(ValueError, match="taken"):
        stateloft.register_serializer("decimal", Money, str, Money)
