"""Which server, and how values are kept: arguments first, then the environment, as on the command line."""

from __future__ import annotations

import os
import ssl
from typing import Literal, Optional

from ._codec import Codec
from ._kinds import codec, plain_codec

DEFAULT_SERVER = "http://127.0.0.1:8000"

Values = Literal["tagged", "plain"]

_CODECS: dict[str, Codec] = {"tagged": codec(), "plain": plain_codec()}


def server_or_configured(server: Optional[str]) -> str:
    """The server that is meant: the argument, else ``STATELOFT_SERVER``, else the one on this machine."""
    return server or os.environ.get("STATELOFT_SERVER") or DEFAULT_SERVER


def key_or_configured(key: Optional[str]) -> Optional[str]:
    """The API key: the argument, else ``STATELOFT_KEY``, else ``TRADING_STATE_API_KEY``."""
    return key or os.environ.get("STATELOFT_KEY") or os.environ.get("TRADING_STATE_API_KEY")


def context_of(ca: Optional[str]) -> Optional[ssl.SSLContext]:
    """How ``https`` is checked: by the system's certificates, and those in the file ``ca`` besides."""
    if ca is None:
        return None
    context = ssl.create_default_context()
    context.load_verify_locations(cafile=ca)
    return context


def codec_for(values: Values) -> Codec:
    """The shared codec of this form."""
    return _CODECS[values]


def register_everywhere(kind: str, of: type, write: object, read: object) -> None:
    """Registers a kind with both forms."""
    for each in _CODECS.values():
        each.register(kind, of, write, read)  # type: ignore[arg-type]
