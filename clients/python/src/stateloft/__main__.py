"""``python -m stateloft ARGUMENT...`` becomes the server's program, with its signals and its exit code."""

from __future__ import annotations

import os
import sys

from ._program import program


def main() -> None:
    """Never returns."""
    try:
        there = program()
    except RuntimeError as error:
        sys.exit(f"stateloft: {error}")
    os.execv(there, [there, *sys.argv[1:]])


if __name__ == "__main__":
    main()
