"""Three documents to one: what I changed and what they changed since the base, member by member."""

from __future__ import annotations

import json
from typing import Any

from ._narrow import is_dict, is_list
from ._text import read
from .errors import Conflict

__all__ = ["merged"]

_ABSENT: Any = object()


def merged(base: str, mine: str, theirs: str) -> str:
    """The text of both changes together, numbers as they are spelled.

    Objects are merged member by member; everything else is one value. What both changed alike is no conflict.

    Raises:
        Conflict: both changed the same value; ``paths`` says where.
    """
    paths: list[str] = []
    both = _merge(_tree(base), _tree(mine), _tree(theirs), "", paths)
    if paths:
        raise Conflict("both sides changed " + ", ".join(paths), paths=paths)
    return _text(both)


def _merge(base: Any, mine: Any, theirs: Any, path: str, paths: list[str]) -> Any:
    if mine == theirs or theirs == base:
        return mine
    if mine == base:
        return theirs
    if not (is_dict(base) and is_dict(mine) and is_dict(theirs)):
        paths.append(path or "the whole document")
        return mine
    result: dict[str, Any] = {}
    for key in [*theirs, *(key for key in mine if key not in theirs)]:
        place = f"{path}/{json.loads(key).replace('~', '~0').replace('/', '~1')}"
        value = _merge(base.get(key, _ABSENT), mine.get(key, _ABSENT), theirs.get(key, _ABSENT), place, paths)
        if value is not _ABSENT:
            result[key] = value
    return result


def _tree(text: str) -> Any:
    """Objects as dicts by the JSON text of their keys, everything else as its own text."""
    value = read(text, _Members)
    return _of(value)


class _Members(list[Any]):
    """The members of an object, told apart from an array."""


def _of(value: Any) -> Any:
    if isinstance(value, _Members):
        tree = {json.dumps(key, ensure_ascii=False): _of(each) for key, each in value}
        # A tagged value is one value: half of a decimal is none.
        return _text(tree) if list(tree)[:1] == ['"$stateloft"'] else tree
    if is_list(value):
        return "[" + ",".join(_text(_of(each)) for each in value) + "]"
    if isinstance(value, (str, bool, int)) or value is None:
        return json.dumps(value, ensure_ascii=False)
    return getattr(value, "spelling", None) or repr(value)


def _text(tree: Any) -> str:
    if is_dict(tree):
        return "{" + ",".join(f"{key}:{_text(each)}" for key, each in tree.items()) + "}"
    return str(tree)
