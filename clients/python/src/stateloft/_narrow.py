"""What a value of an unknown type is, said so that type checkers know what is in it: anything."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import TypeGuard

__all__ = ["is_dict", "is_list", "is_mapping", "is_set", "is_subclass", "kind_of"]


def is_dict(value: object) -> TypeGuard[dict[Any, Any]]:
    """Whether it is a dict."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Whether it is a list."""
    return isinstance(value, list)


def is_mapping(value: object) -> TypeGuard[Mapping[Any, Any]]:
    """Whether it is a dict, or like one."""
    return isinstance(value, Mapping)


def is_set(value: object) -> TypeGuard[AbstractSet[Any]]:
    """Whether it is a set or a frozen one."""
    return isinstance(value, (set, frozenset))


def is_subclass(kind: type[Any], base: type[Any]) -> bool:
    """Whether a type is one of these; what is known of the type besides stays known."""
    return issubclass(kind, base)


def kind_of(value: object) -> type[Any]:
    """Its type."""
    return type(value)
