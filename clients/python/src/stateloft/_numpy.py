"""numpy's scalars and arrays as tagged values.

``numpy``: ``{"dtype": "int64", "value": 3}``. ``ndarray``: ``{"dtype", "shape", "values"}``, the values flat, row by row.
Times and durations of numpy are whole numbers of their unit. NaN and the infinities are tagged floats.
"""

from __future__ import annotations

import math
from typing import Any, Optional

import numpy as np

from ._codec import Tagged, Writer
from .errors import NotKept

_NOT_FINITE = {math.inf: Tagged("float", "Infinity"), -math.inf: Tagged("float", "-Infinity")}


def find(kind: type) -> Optional[Writer]:
    """How a type of numpy is written."""
    if issubclass(kind, np.ndarray):
        return write_array
    if issubclass(kind, np.generic):
        return write_scalar
    return None


def write_scalar(value: Any) -> Tagged:
    """One number, text, truth value, time or duration of numpy."""
    flat: Any = np.asarray(value).reshape(1)  # pyright: ignore[reportUnknownMemberType]
    (plain,) = values_of(flat)
    if isinstance(plain, Tagged):
        raise NotKept(f"{value} is no number that JSON can say; save None, or leave it out")
    return Tagged("numpy", {"dtype": value.dtype.str, "value": plain})


def read_scalar(value: Any) -> Any:
    """The scalar again."""
    return array_of([value["value"]], value["dtype"])[0]


def write_array(value: Any) -> Tagged:
    """An array of any shape."""
    shape = list(value.shape)
    return Tagged("ndarray", {"dtype": value.dtype.str, "shape": shape, "values": values_of(value.reshape(-1))})


def read_array(value: Any) -> Any:
    """The array again, in rows."""
    return array_of(value["values"], value["dtype"]).reshape(value["shape"])


def values_of(flat: Any) -> list[Any]:
    """The elements of a flat array as values that can be kept."""
    kind = flat.dtype.kind
    if kind in "mM":
        return list(flat.view("int64").tolist())
    if kind == "f":
        if flat.dtype.itemsize > 8:
            raise NotKept(f"{flat.dtype} has more digits than a float")
        return [each if math.isfinite(each) else _not_finite(each) for each in flat.tolist()]
    if kind in "biuUO":
        return list(flat.tolist())
    if kind == "S":
        return list(flat.tolist())
    raise NotKept(f"arrays of {flat.dtype} are not known how to be kept")


def _not_finite(number: float) -> Tagged:
    return _NOT_FINITE.get(number) or Tagged("float", "NaN")


def array_of(values: list[Any], dtype: str) -> Any:
    """A flat array of these values."""
    kind = np.dtype(dtype)
    if kind.kind in "mM":
        whole: Any = np.array(values, dtype="int64")
        return whole.view(kind)
    if kind.kind == "O":
        made = np.empty(len(values), dtype=object)
        for index, each in enumerate(values):
            made[index] = each
        return made
    return np.array(values, dtype=kind)
