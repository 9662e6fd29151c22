"""Numbers and texts go to JSON and come back exactly, or are refused with their place."""

from __future__ import annotations

import copy
import json
import math
import pickle
import time
from decimal import Decimal

import pytest

from stateloft import NotKept, Number
from stateloft._kinds import codec

CODEC = codec()


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1.20}',
        '{"a":1e22}',
        '{"a":1E+5}',
        '{"a":-0.0}',
        '{"a":-0}',
        '{"a":0.1234567890123456789012345678901}',
        '{"a":1e400}',
        '{"a":' + "9" * 600 + "}",
        '{"a":[1.0,10,1e-7,1e-07]}',
        '{"b":1,"a":{"":null,"é":"\u2028"}}',
        '{"a":9007199254740993}',
        '{"a":"\\u0001\\"\\\\"}',
        '{"a":100000000000000000000.0}',
        "{}",
        '{"a":[],"b":{}}',
    ],
)
def test_what_is_read_is_written_again_byte_for_byte(text: str) -> None:
    assert CODEC.text(CODEC.value(text)) == text


def test_floats_are_written_by_their_shortest_spelling() -> None:
    assert CODEC.text([0.1, 1e22, 5e-324, 1.0, 2**53 + 0.0]) == "[0.1,1e+22,5e-324,1.0,9007199254740992.0]"


def test_a_number_that_remembers_its_spelling_computes_like_any_other() -> None:
    read = CODEC.value("[1.20,0.1234567890123456789012345678901]")
    assert read[0] == 1.2 and type(read[0] + 1) is float and isinstance(read[1], Decimal)
    for again in (copy.deepcopy(read), pickle.loads(pickle.dumps(read))):
        assert CODEC.text(again) == "[1.20,0.1234567890123456789012345678901]"
    assert json.dumps(read[0]) == "1.2"


def test_a_number_is_a_bare_number_by_its_spelling() -> None:
    assert CODEC.text({"qty": Number("1.20"), "big": Number("1E+3")}) == '{"qty":1.20,"big":1E+3}'
    for wrong in ("NaN", "1_000", "01", "+1", "1.", ".5", "", "1\n"):
        with pytest.raises(ValueError, match="not a JSON number"):
            Number(wrong)


@pytest.mark.parametrize(
    ("data", "pointer"),
    [
        ({"a": {"b/c": [1, math.nan]}}, "/a/b~1c/1"),
        ({"~": math.inf}, "/~0"),
        ({"a": Decimal("NaN")}, "/a"),
        ({"a": [0, {"x": "\ud800"}]}, "/a/1/x"),
        ({"a": "nul\0"}, "/a"),
        ({"k\0": 1}, "/k\0"),
        ({"a": object()}, "/a"),
        ({"a": (1, {"x": math.nan})}, "/a/1/x"),
        ({"a": 10**4001}, "/a"),
        ([], ""),
        ("text", ""),
    ],
)
def test_what_cannot_be_kept_is_refused_with_its_path(data: object, pointer: str) -> None:
    with pytest.raises(NotKept) as refused:
        CODEC.document(data)
    assert refused.value.pointer == pointer and refused.value.written is False
    assert str(refused.value).startswith(pointer or "the data")


def test_what_holds_itself_or_is_too_deep_is_refused() -> None:
    loop: dict[str, object] = {}
    loop["again"] = loop
    deep: object = 1
    for _ in range(97):
        deep = [deep]
    for value in (loop, {"a": deep}):
        with pytest.raises(NotKept, match="nested more than 96"):
            CODEC.document(value)


def test_constants_of_other_dialects_are_not_read() -> None:
    for text in ("NaN", "[Infinity]", "{'a':1}"):
        with pytest.raises(ValueError):
            CODEC.value(text)


def test_whole_numbers_are_written_about_as_fast_as_texts() -> None:
    numbers, texts = list(range(100_000)), ["x" * 5] * 100_000

    def taken(value: object) -> float:
        start = time.process_time()
        CODEC.text(value)
        return time.process_time() - start

    # Both in turn, so that what else the machine does counts for both; the best of a few, because it may not always.
    each = [(taken(numbers), taken(texts)) for _ in range(5)]
    assert min(number for number, _ in each) < 5 * min(text for _, text in each)
