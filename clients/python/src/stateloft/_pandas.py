"""pandas' types as tagged values.

A column (and a flat index) is ``{"dtype", "values"}``: times as ISO 8601 to the nanosecond, what is missing as ``null`` in
types that have such a thing and as a tagged float NaN in floats, categories as ``{"dtype": "category", "categories",
"ordered", "values"}`` where values are positions. An index besides has a ``name``; a regular one says ``freq``; a range is
``{"range": [start, stop, step], "name"}``, several levels are ``{"levels": [...], "names"}``.
``series``: ``{"index", "name", "dtype", "values"}``. ``dataframe``: ``{"index", "columns", "data"}``, one column after another.
"""

from __future__ import annotations

import math
from importlib import import_module
from typing import Any, Optional

import numpy as np

from . import _numpy
from ._codec import Tagged, Writer
from ._narrow import is_subclass, kind_of

_pd: Any = import_module("pandas")  # its types come in a package of their own, which programs need not have


def find(kind: type) -> Optional[Writer]:
    """How a type of pandas is written."""
    if issubclass(kind, _pd.Series):
        return write_series
    if issubclass(kind, _pd.DataFrame):
        return write_frame
    if issubclass(kind, _pd.Index):
        return lambda value: Tagged("index", index_parts(value))
    if kind is type(_pd.NaT) or kind is type(_pd.NA):
        return lambda value: Tagged("missing", "NaT" if value is _pd.NaT else "NA")
    if issubclass(kind, _pd.Timestamp):
        return lambda value: Tagged("timestamp", column_parts(_pd.Series([value])))
    if issubclass(kind, _pd.Timedelta):
        return lambda value: Tagged("timedelta", column_parts(_pd.Series([value])))
    return None


def write_series(value: Any) -> Tagged:
    """A series with its index and name."""
    return Tagged("series", {"index": index_parts(value.index), "name": value.name, **column_parts(value)})


def read_series(value: Any) -> Any:
    """The series again."""
    return _pd.Series(column(value), index=read_index(value["index"]), name=value["name"])


def write_frame(value: Any) -> Tagged:
    """A frame: its index, its columns' names, and each column."""
    columns = [column_parts(value.iloc[:, position]) for position in range(value.shape[1])]
    return Tagged(
        "dataframe",
        {
            "index": index_parts(value.index),
            "columns": index_parts(value.columns),
            "data": columns,
        },
    )


def read_frame(value: Any) -> Any:
    """The frame again."""
    index = read_index(value["index"])
    columns = [_pd.Series(column(each), index=index) for each in value["data"]]
    frame = _pd.concat(columns, axis=1) if columns else _pd.DataFrame(index=index)
    frame.columns = read_index(value["columns"])
    return frame


def column_parts(value: Any) -> dict[str, Any]:
    """The type and the values of a series or a flat index."""
    dtype: Any = value.dtype
    if isinstance(dtype, _pd.CategoricalDtype):
        codes = value.codes if hasattr(value, "codes") else value.cat.codes
        categories = column_parts(_pd.Series(dtype.categories))
        return {
            "dtype": "category",
            "categories": categories,
            "ordered": bool(dtype.ordered),
            "values": [int(code) for code in codes],
        }
    if isinstance(dtype, _pd.DatetimeTZDtype) or dtype.kind in "mM":
        return {"dtype": str(dtype), "values": [None if each is _pd.NaT else _moment(each) for each in value]}
    of_numpy = is_subclass(kind_of(dtype), np.dtype)
    if of_numpy and dtype.kind != "O":
        return {"dtype": str(dtype), "values": _numpy.values_of(value.to_numpy())}
    if of_numpy:
        return {"dtype": "object", "values": [_object(each) for each in value]}
    is_missing = value.isna()
    values = value.tolist()
    missing = [bool(each) for each in is_missing]
    return {"dtype": str(dtype), "values": [None if gone else each for each, gone in zip(values, missing)]}


def _moment(value: Any) -> Any:
    return value.isoformat() if isinstance(value, _pd.Timestamp) else int(value.value)


def _object(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return _numpy.values_of(np.array([value]))[0]
    return value


def column(parts: Any) -> Any:
    """An array of pandas or numpy with a column's type and values."""
    dtype, values = parts["dtype"], parts["values"]
    if dtype == "category":
        categories = _pd.Index(column(parts["categories"]))
        return _pd.Categorical.from_codes(values, categories=categories, ordered=parts["ordered"])
    if dtype == "object":
        return _numpy.array_of(values, "O")
    if dtype.startswith("datetime64["):
        if "," in dtype:
            unit, zone = dtype[len("datetime64[") : -1].split(", ", 1)
            there = _pd.to_datetime(_pd.Series(values, dtype="object"), utc=True, format="ISO8601")
            return there.dt.tz_convert(zone).dt.as_unit(unit).array
        moments: Any = [np.datetime64("NaT" if each is None else each) for each in values]
        made: Any = np.array(moments, dtype=dtype)
        return made
    if dtype.startswith("timedelta64["):
        whole = [np.timedelta64("NaT" if each is None else each, "ns") for each in values]
        return np.array(whole, dtype="timedelta64[ns]").astype(dtype)
    return _pd.array(values, dtype=dtype) if _is_extension(dtype) else _numpy.array_of(values, dtype)


def _is_extension(dtype: str) -> bool:
    return not isinstance(_pd.api.types.pandas_dtype(dtype), np.dtype)


def index_parts(index: Any) -> dict[str, Any]:
    """An index: a range, several levels, or a flat one."""
    if isinstance(index, _pd.RangeIndex):
        return {"range": [index.start, index.stop, index.step], "name": index.name}
    if isinstance(index, _pd.MultiIndex):
        levels = [column_parts(index.get_level_values(level)) for level in range(index.nlevels)]
        return {"levels": levels, "names": list(index.names)}
    parts = {**column_parts(index), "name": index.name}
    frequency = getattr(index, "freqstr", None)
    return parts if frequency is None else {**parts, "freq": frequency}


def read_index(parts: Any) -> Any:
    """The index again."""
    if "range" in parts:
        return _pd.RangeIndex(*parts["range"], name=parts["name"])
    if "levels" in parts:
        return _pd.MultiIndex.from_arrays([column(each) for each in parts["levels"]], names=parts["names"])
    made = _pd.Index(column(parts), name=parts["name"])
    if made.dtype.kind == "O" and parts["dtype"] == "object":
        made = _pd.Index(column(parts), name=parts["name"], dtype="object")
    if "freq" in parts:
        made.freq = parts["freq"]
    return made


def read_timestamp(value: Any) -> Any:
    """One moment, to the nanosecond."""
    return _pd.Series(column(value)).iloc[0]


def read_timedelta(value: Any) -> Any:
    """One duration, to the nanosecond."""
    return _pd.Series(column(value)).iloc[0]


def read_missing(value: Any) -> Any:
    """What is not there, in pandas' words."""
    return {"NaT": _pd.NaT, "NA": _pd.NA}[value]
