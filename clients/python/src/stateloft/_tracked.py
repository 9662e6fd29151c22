"""Dicts, lists and sets that tell their owner when they change, however deep they are nested.

They are real dicts, lists and sets. What is put into one is copied, so that everything inside is tracked as well; what was put
in and is changed elsewhere afterwards does not change the state. Each change happens under the owner's lock, so that no text
is made of a half-made change.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from functools import wraps
from typing import Any
from uuid import UUID

from ._narrow import kind_of

__all__ = ["Owner", "TrackedDict", "TrackedList", "TrackedSet", "tracked"]

_TIMES = (dt.date, dt.time, dt.timedelta)
_PLAIN = (str, int, float, bool, type(None), bytes, tuple, frozenset, Decimal, UUID, Enum, *_TIMES)
"""Types whose values do not change."""


class Owner:
    """Who is told of changes."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.edits: int = 0
        """How often something changed."""
        self.opaque = False
        """Whether there is something in it that can change without telling: an object that is no dict, list or set."""

    def changed(self) -> None:
        """Something was changed; called with the lock held."""
        self.edits += 1


def tracked(value: Any, owner: Owner) -> Any:
    """The value, with tracked copies of the dicts, lists and sets in it."""
    kind = kind_of(value)
    if kind is dict or isinstance(value, TrackedDict):
        return TrackedDict(value, owner)
    if kind is list or isinstance(value, TrackedList):
        return TrackedList(value, owner)
    if kind is set or isinstance(value, TrackedSet):
        return TrackedSet(value, owner)
    if not issubclass(kind, _PLAIN):
        owner.opaque = True
    return value


def _changing(base: type, *names: str) -> Callable[[type], type]:
    """Wraps methods that change a container, so that they hold the lock and tell the owner."""

    def wrapped(name: str) -> Any:
        original = getattr(base, name)

        @wraps(original)
        def method(self: Any, *arguments: Any, **named: Any) -> Any:
            owner: Owner = self._owner
            with owner.lock:
                try:
                    return original(self, *arguments, **named)
                finally:
                    owner.changed()

        return method

    def decorate(kind: type) -> type:
        for name in names:
            setattr(kind, name, wrapped(name))
        return kind

    return decorate


@_changing(dict, "__delitem__", "clear", "pop", "popitem")
class TrackedDict(dict[Any, Any]):
    """A dict that tells its owner of changes."""

    __slots__ = ("_owner",)

    def __init__(self, members: dict[Any, Any], owner: Owner) -> None:
        self._owner = owner
        super().__init__({key: tracked(value, owner) for key, value in members.items()})

    def __setitem__(self, key: Any, value: Any) -> None:
        with self._owner.lock:
            super().__setitem__(key, tracked(value, self._owner))
            self._owner.changed()

    def setdefault(self, key: Any, default: Any = None) -> Any:
        with self._owner.lock:
            if key not in self:
                self[key] = default
            return self[key]

    def update(self, *others: Any, **named: Any) -> None:
        with self._owner.lock:
            for key, value in dict(*others, **named).items():
                self[key] = value

    def __ior__(self, other: Any) -> Any:  # type: ignore[misc]
        self.update(other)
        return self

    def __reduce_ex__(self, protocol: Any) -> Any:
        return dict, (dict(self),)

    def __deepcopy__(self, memo: Any) -> Any:
        from copy import deepcopy

        return {key: deepcopy(value, memo) for key, value in self.items()}


@_changing(list, "__delitem__", "clear", "pop", "remove", "reverse", "sort", "__imul__")
class TrackedList(list[Any]):
    """A list that tells its owner of changes."""

    __slots__ = ("_owner",)

    def __init__(self, elements: list[Any], owner: Owner) -> None:
        self._owner = owner
        super().__init__([tracked(each, owner) for each in elements])

    def __setitem__(self, place: Any, value: Any) -> None:
        with self._owner.lock:
            if kind_of(place) is slice:
                super().__setitem__(place, [tracked(each, self._owner) for each in value])
            else:
                super().__setitem__(place, tracked(value, self._owner))
            self._owner.changed()

    def append(self, value: Any) -> None:
        with self._owner.lock:
            super().append(tracked(value, self._owner))
            self._owner.changed()

    def insert(self, place: Any, value: Any) -> None:
        with self._owner.lock:
            super().insert(place, tracked(value, self._owner))
            self._owner.changed()

    def extend(self, values: Any) -> None:
        with self._owner.lock:
            super().extend([tracked(each, self._owner) for each in values])
            self._owner.changed()

    def __iadd__(self, values: Any) -> Any:  # type: ignore[misc]
        self.extend(values)
        return self

    def __reduce_ex__(self, protocol: Any) -> Any:
        return list, (list(self),)

    def __deepcopy__(self, memo: Any) -> Any:
        from copy import deepcopy

        return [deepcopy(each, memo) for each in self]


@_changing(
    set,
    "add",
    "clear",
    "discard",
    "pop",
    "remove",
    "update",
    "difference_update",
    "intersection_update",
    "symmetric_difference_update",
    "__iand__",
    "__ior__",
    "__isub__",
    "__ixor__",
)
class TrackedSet(set[Any]):
    """A set that tells its owner of changes."""

    def __init__(self, elements: Any, owner: Owner) -> None:
        self._owner = owner
        super().__init__(elements)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return set, (list(self),)

    def __deepcopy__(self, memo: Any) -> Any:
        return set(self)
