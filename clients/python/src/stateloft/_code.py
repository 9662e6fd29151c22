"""Of which code a program is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Optional

__all__ = ["git"]

_PATIENCE = 10.0


def git(folder: Optional[str] = None) -> Optional[str]:
    """The commit that the program runs from, with ``-dirty`` behind it if files that git knows were changed since.

    ``None`` where that is not known: there is no git, or no repository. The folder is the program's own unless one is named.
    """
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    where = Path(folder) if folder is not None else Path(main).resolve().parent if main else Path.cwd()
    commit = _said(where, "rev-parse", "HEAD")
    if not commit:
        return None
    changed = _said(where, "status", "--porcelain", "--untracked-files=no")
    # Where git cannot say, it is not clean.
    return commit if changed == "" else f"{commit}-dirty"


def _said(where: Path, *command: str) -> Optional[str]:
    try:
        done = subprocess.run(
            ["git", *command],
            cwd=where,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
