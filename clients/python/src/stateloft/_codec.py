"""Python values to JSON text and back, so that they come back as what they were.

What JSON has a word for is written as it is. Anything else becomes a *tagged value*, an object of exactly two members:
``{"$stateloft": "decimal", "value": 1.20}``. Which kinds there are is said in :mod:`stateloft._kinds`. A kind that nobody
here knows is read as a :class:`Tagged` and written again exactly as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Optional

from ._narrow import is_dict, is_list, is_set
from ._numbers import Number
from ._text import DEPTH, float_text, integer_text, number_text, read, string_text
from .errors import NotKept

__all__ = ["KEY", "Codec", "Tagged", "is_reserved"]

KEY = "$stateloft"
_VALUE = "value"


@dataclass(frozen=True)
class Tagged:
    """A tagged value of a kind that is not known here (or whose type is not loaded). It is written again as it was."""

    kind: str
    value: Any


Writer = Callable[[Any], Any]
"""From a value to a :class:`Tagged`, or to a value that JSON has a word for."""

Reader = Callable[[Any], Any]
"""From what stood in a tagged value to the value. Whatever it raises leaves the :class:`Tagged` as it is."""

Finder = Callable[[type], Optional[Writer]]
"""How values of a type are written, if this finder knows."""


def is_reserved(key: str) -> bool:
    """Whether a user's key must be written with one ``$`` more: ``$stateloft``, ``$$stateloft`` and so on."""
    return key.endswith(KEY) and not key[: -len(KEY)].strip("$")


class Codec:
    """Writes and reads values. One is shared by all clients unless a program makes its own.

    Args:
        finders: asked in order for how the values of a type are written; what they say is remembered by type.
        readers: what is made of each kind.
    """

    def __init__(self, finders: list[Finder], readers: Mapping[str, Reader]) -> None:
        self.finders = finders
        self.readers = dict(readers)
        self._writers: dict[type, Writer] = {}

    def register(self, kind: str, of: type, write: Writer, read: Reader) -> None:
        """Values of the type ``of`` (and of its subclasses) are kept as the kind ``kind``.

        ``write`` turns one into anything that can be kept, ``read`` makes it again. A kind is registered once; ours cannot be
        replaced.
        """
        if kind in self.readers:
            raise ValueError(f"the kind {kind!r} is taken")
        self.readers[kind] = read
        self._writers.clear()

        def find(candidate: type) -> Optional[Writer]:
            return (lambda value: Tagged(kind, write(value))) if issubclass(candidate, of) else None

        self.finders.insert(0, find)

    def text(self, value: Any) -> str:
        """The value as compact JSON text.

        Raises:
            NotKept: with the pointer to what cannot be kept.
        """
        parts: list[str] = []
        self._write(value, parts.append, 0)
        return "".join(parts)

    def document(self, data: Any) -> str:
        """Like :meth:`text`, for the data of a state, which is an object at the top."""
        text = self.text(data)
        if not text.startswith("{"):
            raise NotKept(f"the data of a state is an object (a dict), not a {type(data).__name__}")
        return text

    def value(self, text: str) -> Any:
        """What :meth:`text` was made of.

        Raises:
            ValueError: the text is not JSON.
        """
        return read(text, self._object)

    def _object(self, members: list[tuple[str, Any]]) -> Any:
        if len(members) == 2 and members[0][0] == KEY and members[1][0] == _VALUE:
            kind, value = members[0][1], members[1][1]
            if isinstance(kind, str):
                return self._read(kind, value)
        return {key[1:] if key.endswith(KEY) and key != KEY and is_reserved(key) else key: value for key, value in members}

    def _read(self, kind: str, value: Any) -> Any:
        reader = self.readers.get(kind)
        if reader is None:
            return Tagged(kind, value)
        try:
            return reader(value)
        except Exception:  # whatever it is, the value must not be lost for it
            return Tagged(kind, value)

    def _write(self, value: Any, out: Callable[[str], None], depth: int) -> None:
        kind: type[Any] = type(value)  # pyright: ignore[reportUnknownVariableType]
        if kind is str:
            out(string_text(value))
        elif kind is float:
            out(float_text(value))
        elif kind is int:
            out(integer_text(value))
        elif value is None:
            out("null")
        elif kind is bool:
            out("true" if value else "false")
        elif kind is dict:
            self._write_object(value, out, depth)
        elif kind is list:
            self._write_array(value, out, depth)
        elif kind is Tagged:
            self._write_tagged(value, out, depth)
        elif kind is Number:
            out(number_text(value))
        else:
            self._write_other(value, kind, out, depth)

    def _write_other(self, value: Any, kind: type, out: Callable[[str], None], depth: int) -> None:
        writer = self._writers.get(kind)
        if writer is None:
            writer = next(filter(None, (find(kind) for find in self.finders)), None)
            if writer is not None:
                self._writers[kind] = writer
        if writer is not None:
            if depth > DEPTH:
                raise NotKept(f"nested more than {DEPTH} deep, or within itself")
            # A writer may give a value that is again none of JSON's; one step down, so that it must come to an end.
            self._write(writer(value), out, depth + 1)
        elif is_dict(value):
            self._write_object(value, out, depth)
        elif is_list(value):
            self._write_array(value, out, depth)
        elif isinstance(value, str):
            out(string_text(str.__str__(value)))
        elif isinstance(value, float):
            out(float_text(value))
        elif isinstance(value, int):
            out(integer_text(value))
        else:
            raise NotKept(f"a {kind.__module__}.{kind.__qualname__} is not known how to be kept; register_serializer says how")

    def _write_object(self, members: dict[Any, Any], out: Callable[[str], None], depth: int) -> None:
        if depth >= DEPTH:
            raise NotKept(f"nested more than {DEPTH} deep, or within itself")
        if not all(isinstance(key, str) for key in members):
            pairs = [[key, value] for key, value in members.items()]
            self._write_tagged(Tagged("map", pairs), out, depth)
            return
        before = "{"
        for key, value in members.items():
            try:
                out(before + string_text("$" + key if is_reserved(key) else key) + ":")
                self._write(value, out, depth + 1)
            except NotKept as error:
                raise error.below(key) from None
            before = ","
        out("}" if members else "{}")

    def _write_array(self, elements: list[Any], out: Callable[[str], None], depth: int) -> None:
        if depth >= DEPTH:
            raise NotKept(f"nested more than {DEPTH} deep, or within itself")
        before = "["
        for index, value in enumerate(elements):
            out(before)
            try:
                self._write(value, out, depth + 1)
            except NotKept as error:
                raise error.below(index) from None
            before = ","
        out("]" if elements else "[]")

    def _write_tagged(self, tagged: Tagged, out: Callable[[str], None], depth: int) -> None:
        if depth >= DEPTH:
            raise NotKept(f"nested more than {DEPTH} deep, or within itself")
        out(f'{{"{KEY}":{string_text(tagged.kind)},"{_VALUE}":')
        value = tagged.value
        if is_set(value):  # in an order of its own, so that equal sets are equal texts
            texts = sorted(self._element(each, depth + 2) for each in value)
            out("[" + ",".join(texts) + "]")
        else:
            self._write(value, out, depth + 1)
        out("}")

    def _element(self, value: Any, depth: int) -> str:
        parts: list[str] = []
        self._write(value, parts.append, depth)
        return "".join(parts)
