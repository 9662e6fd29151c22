"""The guide is run as it is read: files are written where it shows them, commands are typed one after the other."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

WHEEL = os.environ.get("STATELOFT_WHEEL")
GUIDE = Path(__file__).resolve().parents[3] / "docs" / "guides" / "python-bot.md"


def script(guide: str) -> str:
    """The blocks of the guide as one script for a shell: one of Python is a file of the name behind the word."""
    parts = ["set -euo pipefail", "trap 'kill $(jobs -p)' EXIT"]
    for language, name, block in re.findall(r"^```(\w+) ?(\S*)\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL):
        assert language in ("sh", "python"), language
        parts.append(block if language == "sh" else f"cat > {name} <<'END_OF_FILE'\n{block}END_OF_FILE")
    return "\n".join(parts)


@pytest.mark.skipif(WHEEL is None, reason="STATELOFT_WHEEL names no wheel; `cargo xtask test` makes one")
def test_every_line_of_the_guide_works_from_the_first_to_the_last(tmp_path: Path) -> None:
    assert WHEEL is not None
    shutil.copy(WHEEL, tmp_path)
    with socket.socket() as free:  # the guide's port may be in use here
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "TRADING_STATE_API_PORT": port,
        "STATELOFT_SERVER": f"http://127.0.0.1:{port}",
    }
    done = subprocess.run(
        ["bash", "-c", script(GUIDE.read_text("utf-8"))],
        cwd=tmp_path,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
