"""Serializers in the older style: functions that change what they know and return everything else as it is."""

from __future__ import annotations

from typing import Any, Callable, Optional

from .._codec import Codec, Writer
from .._kinds import codec
from .._narrow import is_dict, is_list
from ..errors import NotKept

__all__ = ["SerializersCodec"]


class SerializersCodec:
    """Values to text and back, with a program's own serializers first."""

    def __init__(self) -> None:
        self.serializers: dict[str, Callable[[Any], Any]] = {}
        self.deserializers: dict[str, Callable[[Any], Any]] = {}
        self._ordinary = codec()
        self._codec = Codec([self._find, *self._ordinary.finders], self._ordinary.readers)

    def register(self, name: str, serializer: Callable[[Any], Any]) -> None:
        """One more serializer; also for types that were written before."""
        self.serializers[name] = serializer
        self._codec = Codec([self._find, *self._ordinary.finders], self._ordinary.readers)

    def text(self, data: Any) -> str:
        """The data of a file as JSON text. Raises ``NotKept``."""
        return self._codec.document(data)

    def value(self, text: str) -> Any:
        """What it was made of; every deserializer sees every dict, innermost first."""
        return self.again(self._codec.value(text))

    def _find(self, kind: type) -> Optional[Writer]:
        ordinary = next(filter(None, (find(kind) for find in self._ordinary.finders)), None)
        if not self.serializers:
            return ordinary

        def write(value: Any) -> Any:
            changed = value
            for serializer in self.serializers.values():
                changed = serializer(changed)
            if changed is not value:
                return changed
            if ordinary is None:
                raise NotKept(f"no serializer knows a {kind.__module__}.{kind.__qualname__}")
            return ordinary(value)

        return write

    def again(self, value: Any) -> Any:
        """The value with every dict as the deserializers make it."""
        if is_dict(value):
            value = {key: self.again(each) for key, each in value.items()}
            for deserializer in self.deserializers.values():
                value = deserializer(value)
        elif is_list(value):
            value = [self.again(each) for each in value]
        return value
