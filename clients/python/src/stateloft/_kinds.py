"""The kinds of tagged values: what the standard library's types are kept as.

===============  ==========================================================================================
``decimal``      the number, by its spelling
``datetime``     ISO 8601; with a zone of the time zone database an object of ``at`` and ``zone``
``date``         ``time``: ISO 8601
``duration``     a :class:`datetime.timedelta`, in seconds, exact
``bytes``        base64
``tuple``        ``set``, ``frozenset``: an array; sets in the order of their texts
``map``          a dict with keys that are no texts: an array of pairs
``float``        NaN and the infinities, inside arrays and series (elsewhere they are refused)
``uuid``         the text
``enum``         ``type`` and ``name``
``dataclass``    ``namedtuple``, ``model`` (pydantic): ``type`` and ``fields``
``numpy``        ``ndarray``, ``series``, ``dataframe``, ``index``, ``timestamp``, ``timedelta``, ``missing``: see
                 :mod:`stateloft._numpy` and :mod:`stateloft._pandas`
===============  ==========================================================================================

Types are named ``module:Name``. Reading looks them up among the modules that the program has loaded and never imports one,
runs no constructor and calls nothing: data is data. Where the type is not there the value stays a :class:`Tagged`.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import enum
import sys
import uuid
from decimal import Decimal
from typing import Any, Optional

from ._codec import Codec, Reader, Tagged, Writer
from ._narrow import is_subclass, kind_of
from ._numbers import Number
from .errors import NotKept

__all__ = ["codec", "plain_codec"]


def _write_decimal(value: Decimal) -> Tagged:
    return Tagged("decimal", _number(value))


def _number(value: Decimal) -> Number:
    if not value.is_finite():
        raise NotKept(f"Decimal({str(value)!r}) is no number that JSON can say")
    return Number(value)


def _read_decimal(value: Any) -> Decimal:
    if isinstance(value, bool):
        raise ValueError("not a number")
    return Decimal(getattr(value, "spelling", None) or str(value))


def _write_datetime(value: dt.datetime) -> Tagged:
    zone = getattr(value.tzinfo, "key", None)  # zoneinfo.ZoneInfo
    text = value.isoformat()
    return Tagged("datetime", text if zone is None else {"at": text, "zone": zone})


def _read_datetime(value: Any) -> dt.datetime:
    if isinstance(value, str):
        # Python before 3.11 does not know Z.
        return dt.datetime.fromisoformat(value[:-1] + "+00:00" if value.endswith("Z") else value)
    import zoneinfo

    at = dt.datetime.fromisoformat(value["at"])
    there = at.replace(tzinfo=zoneinfo.ZoneInfo(value["zone"]))
    if there.utcoffset() != at.utcoffset():  # the second time that a clock shows this hour
        there = there.replace(fold=1)
    if there.utcoffset() != at.utcoffset():
        raise ValueError("the zone has another offset here")
    return there


_MICROSECOND = dt.timedelta(microseconds=1)


def _write_duration(value: dt.timedelta) -> Tagged:
    whole, rest = divmod(abs(value) // _MICROSECOND, 1_000_000)
    sign = "-" if value < dt.timedelta(0) else ""
    return Tagged("duration", Number(f"{sign}{whole}.{rest:06}" if rest else f"{sign}{whole}"))


def _read_duration(value: Any) -> dt.timedelta:
    return int(_read_decimal(value).scaleb(6)) * _MICROSECOND


_SIMPLE: dict[type, Writer] = {
    Decimal: _write_decimal,
    dt.datetime: _write_datetime,
    dt.date: lambda value: Tagged("date", value.isoformat()),
    dt.time: lambda value: Tagged("time", value.isoformat()),
    dt.timedelta: _write_duration,
    bytes: lambda value: Tagged("bytes", base64.b64encode(value).decode("ascii")),
    tuple: lambda value: Tagged("tuple", list(value)),
    set: lambda value: Tagged("set", value),
    frozenset: lambda value: Tagged("frozenset", value),
    uuid.UUID: lambda value: Tagged("uuid", str(value)),
}


def _find_simple(kind: type) -> Optional[Writer]:
    return _SIMPLE.get(kind)


def _name(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


def _loaded(name: str) -> type:
    module, _, path = name.partition(":")
    found: Any = sys.modules[module]
    for part in path.split("."):
        found = getattr(found, part)
    if not isinstance(found, type):
        raise TypeError(f"{name} is no type")
    return found


def _is_model(kind: type) -> bool:
    pydantic = sys.modules.get("pydantic")
    return pydantic is not None and issubclass(kind, pydantic.BaseModel) and hasattr(kind, "model_construct")


def _find_structured(kind: type[Any]) -> Optional[Writer]:
    """Enums, dataclasses, named tuples, pydantic models; sets of ours and others by their base."""
    if is_subclass(kind, enum.Enum):
        return lambda value: Tagged("enum", {"type": _name(kind), "name": value.name or _flags(value)})
    if dataclasses.is_dataclass(kind):
        names = [field.name for field in dataclasses.fields(kind)]
        return lambda value: _structured("dataclass", kind, {name: getattr(value, name) for name in names})
    if is_subclass(kind, tuple) and hasattr(kind, "_fields"):
        return lambda value: _structured("namedtuple", kind, value._asdict())
    if _is_model(kind):
        return lambda value: _structured("model", kind, {**value.__dict__, **(value.__pydantic_extra__ or {})})
    if is_subclass(kind, set):
        return _SIMPLE[set]
    return None


def _flags(value: Any) -> str:
    """A combination of flags, which has no name of its own before Python 3.11."""
    kind: type[enum.Flag] = kind_of(value)
    return "|".join(str(each.name) for each in kind if each.value and each in value)


def _structured(tag: str, kind: type, fields: dict[str, Any]) -> Tagged:
    return Tagged(tag, {"type": _name(kind), "fields": fields})


def _read_enum(value: Any) -> enum.Enum:
    kind = _loaded(value["type"])
    if not issubclass(kind, enum.Enum):
        raise TypeError("no enum")
    names = value["name"]
    try:
        return kind[names]
    except KeyError:  # a combination of flags
        if not issubclass(kind, enum.Flag):
            raise
        whole = kind(0)
        for name in filter(None, str(names).split("|")):
            whole |= kind[name]
        return whole


def _read_dataclass(value: Any) -> Any:
    kind = _loaded(value["type"])
    if not dataclasses.is_dataclass(kind):
        raise TypeError("no dataclass")
    fields: dict[str, Any] = value["fields"]
    if set(fields) != {field.name for field in dataclasses.fields(kind)}:
        raise TypeError("the dataclass has other fields by now")
    made = object.__new__(kind)
    for name, each in fields.items():
        object.__setattr__(made, name, each)
    return made


def _read_namedtuple(value: Any) -> Any:
    kind: Any = _loaded(value["type"])
    if not is_subclass(kind, tuple) or tuple(value["fields"]) != getattr(kind, "_fields", None):
        raise TypeError("no such named tuple")
    made: Any = tuple.__new__(kind, tuple(value["fields"].values()))  # pyright: ignore[reportUnknownMemberType]
    return made


def _read_model(value: Any) -> Any:
    kind: Any = _loaded(value["type"])
    if not _is_model(kind):
        raise TypeError("no model")
    fields: dict[str, Any] = value["fields"]
    known = {name: each for name, each in fields.items() if name in kind.model_fields}
    if len(known) < len(kind.model_fields):
        raise TypeError("the model has other fields by now")
    made = kind.model_construct()
    object.__setattr__(made, "__dict__", known)
    object.__setattr__(made, "__pydantic_fields_set__", set(fields))
    if len(fields) > len(known):
        object.__setattr__(made, "__pydantic_extra__", {k: v for k, v in fields.items() if k not in known})
    return made


def _find_foreign(kind: type) -> Optional[Writer]:
    """numpy's and pandas' types, without importing either before a program has."""
    root = kind.__module__.partition(".")[0]
    if root == "numpy":
        from . import _numpy

        return _numpy.find(kind)
    if root == "pandas":
        from . import _pandas

        return _pandas.find(kind)
    return None


def _lazily(module: str, name: str) -> Reader:
    def reader(value: Any) -> Any:
        from importlib import import_module

        return getattr(import_module(f"stateloft.{module}"), name)(value)

    return reader


_READERS: dict[str, Reader] = {
    "float": lambda value: {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}[value],
    "decimal": _read_decimal,
    "datetime": _read_datetime,
    "date": dt.date.fromisoformat,
    "time": dt.time.fromisoformat,
    "duration": _read_duration,
    "bytes": lambda value: base64.b64decode(value, validate=True),
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
    "map": dict,
    "uuid": uuid.UUID,
    "enum": _read_enum,
    "dataclass": _read_dataclass,
    "namedtuple": _read_namedtuple,
    "model": _read_model,
    "numpy": _lazily("_numpy", "read_scalar"),
    "ndarray": _lazily("_numpy", "read_array"),
    "series": _lazily("_pandas", "read_series"),
    "dataframe": _lazily("_pandas", "read_frame"),
    "index": _lazily("_pandas", "read_index"),
    "timestamp": _lazily("_pandas", "read_timestamp"),
    "timedelta": _lazily("_pandas", "read_timedelta"),
    "missing": _lazily("_pandas", "read_missing"),
}


def _without_tag(value: Any) -> Any:
    """For schemas and other programs: the value as JSON would say it, without what it was."""
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, (dt.datetime, dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, enum.Enum):
        return value.value
    if is_subclass(kind_of(value), tuple) and not hasattr(value, "_fields"):
        return list(value)
    if isinstance(value, uuid.UUID):
        return str(value)
    return None


def _find_plain(kind: type[Any]) -> Optional[Writer]:
    if kind in (Decimal, dt.datetime, dt.date, dt.time, tuple, uuid.UUID) or is_subclass(kind, enum.Enum):
        return _without_tag
    structured = _find_structured(kind)
    if structured is not None and not is_subclass(kind, set):
        return lambda value: structured(value).value["fields"]
    return None


def codec() -> Codec:
    """Values come back as what they were."""
    return Codec([_find_simple, _find_structured, _find_foreign], _READERS)


def plain_codec() -> Codec:
    """Decimals, times, enums, tuples, dataclasses and models are written as JSON's own values, as schemas want them.

    They come back as numbers, texts, lists and dicts. Everything else is as with :func:`codec`.
    """
    return Codec([_find_plain, _find_simple, _find_structured, _find_foreign], _READERS)
