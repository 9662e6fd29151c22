"""Where the server's program is: a wheel for this kind of machine brings it along."""

from __future__ import annotations

import os
import shutil
from importlib import metadata
from pathlib import Path
from typing import Optional

__all__ = ["program"]

_NAME = "stateloft"


def program(named: Optional[str] = None) -> str:
    """The server's program: the argument, else ``STATELOFT_BIN``, else the one that was installed with this package, else
    ``stateloft`` on the path.

    Raises:
        RuntimeError: there is none.
    """
    found = named or os.environ.get("STATELOFT_BIN") or _installed() or shutil.which(_NAME)
    if not found:
        raise RuntimeError(
            "there is no server here: install the wheel that brings it (cargo xtask wheel), put `stateloft` on the PATH, "
            "or its path into STATELOFT_BIN"
        )
    return found


def _installed() -> Optional[str]:
    """What the installer wrote down beside this package; nothing where the package is used without being installed."""
    package = Path(__file__).resolve().parent
    try:
        files = metadata.files(_NAME) or []
    except metadata.PackageNotFoundError:
        return None
    if not any(Path(str(each.locate())).resolve() == package / "__init__.py" for each in files):
        return None  # another one than this
    noted = [Path(str(each.locate())) for each in files if each.name == _NAME]
    # `pip install --target` moves the program after it was noted.
    return next((str(each.resolve()) for each in [*noted, package.parent / "bin" / _NAME] if os.access(each, os.X_OK)), None)
