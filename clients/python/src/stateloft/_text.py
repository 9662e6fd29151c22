"""JSON text, exactly: writing what the server's strict reader takes, and reading without rounding.

Writing knows only plain values (:data:`Plain`); what else there is turns into those in :mod:`stateloft._codec` first.
"""

from __future__ import annotations

import json
import math
from json import encoder as _encoder
from typing import Any, Callable, Optional

from ._numbers import Float, Number, read_fraction, read_integer
from .errors import NotKept

__all__ = ["DEPTH", "float_text", "integer_text", "number_text", "read", "string_text"]

DEPTH = 96
"""How deep arrays and objects may be nested; the server refuses more."""

_INTEGER_END = 10**4000
"""Kept, for it takes longer to work out than a small state to write."""

_quoted: Callable[[str], str] = _encoder.encode_basestring


def string_text(text: str) -> str:
    """A text between quotes. Lone surrogates and U+0000 are no text that can be kept."""
    if "\0" in text:
        raise NotKept("a text with U+0000")
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise NotKept("a text with a lone surrogate, which is no character") from None
    return _quoted(text)


def float_text(number: float) -> str:
    """The shortest spelling that is this float, or the one that it was read from."""
    if isinstance(number, Float):
        return number.spelling
    if not math.isfinite(number):
        raise NotKept(f"{number} is no number that JSON can say; save None, or leave it out")
    return float.__repr__(number)


def integer_text(number: int) -> str:
    """All digits, however many. (Python's limit on digits is for texts of strangers, not for numbers that are there.)"""
    if -_INTEGER_END < number < _INTEGER_END:
        return int.__repr__(number)
    raise NotKept("an integer of more than 4,000 digits")


def number_text(number: Number) -> str:
    """The spelling that it was made from."""
    return number.spelling


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")


def read(text: str, pairs: Optional[Callable[[list[tuple[str, Any]]], Any]] = None) -> Any:
    """Reads JSON text without rounding; ``pairs`` makes something of each object's members."""
    return json.loads(
        text,
        parse_float=read_fraction,
        parse_int=read_integer,
        parse_constant=_no_constant,
        object_pairs_hook=pairs,
    )
