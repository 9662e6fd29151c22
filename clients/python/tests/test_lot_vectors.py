"""Lots are read here as the server reads them: the vectors that its own tests run."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any, Optional

import pytest

from stateloft._kinds import codec
from stateloft._lots import Lot, lots_in

VECTORS = Path(__file__).parents[3] / "tests" / "vectors" / "book" / "lots.json"
CASES = json.loads(VECTORS.read_text("utf-8"))


def _listed(case: dict[str, Any]) -> list[dict[str, Any]]:
    """Positions of a run are states with a list of lots; other forms are not its own."""
    return [lot for lot in case["lots"] if lot["pointer"].startswith("/lots/")]


def _number(text: Optional[str]) -> Optional[Decimal]:
    return None if text is None else Decimal(text)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_lots_are_read_as_the_vectors_say(case: dict[str, Any]) -> None:
    position = codec().value(case["document"])
    expected = _listed(case)
    data = position["lots"] if expected else []
    assert len(data) == len(expected)
    for lot, said in zip(data, expected):
        if said["side"] is None or said["quantity"] is None:
            with pytest.raises(ValueError, match="does not say"):
                Lot.of(position, lot)
            continue
        read = Lot.of(position, lot)
        assert (read.id, read.symbol, read.side) == (said["id"] or "", said["symbol"], said["side"])
        assert (read.quantity, read.entry_price) == (_number(said["quantity"]), _number(said["price"]))
        assert (read.status == "closed", read.is_open) == (said["closed"], said["open"])


def test_some_of_the_vectors_are_of_positions_as_a_run_has_them() -> None:
    listed = [case for case in CASES if _listed(case)]
    assert len(listed) > 10
    whole = [case for case in listed if all(lot["side"] and lot["quantity"] for lot in case["lots"])]
    for case in whole:
        assert len(lots_in(codec().value(case["document"]))) == len(case["lots"])
