"""The guides of docs/guides, as they are read: blocks are files, commands, and what the commands print.

- ```` ```sh ```` is typed into one shell, block after block. One that begins with a comment `# by hand` is for a machine
  that a test does not have; it is only collected.
- ```` ```python bot.py ```` (any language with a name) is a file of that name.
- ```` ```text ```` is what the commands right before it print: `...` is anything, and as a line of its own any lines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "docs" / "guides"
DEPLOY = ROOT / "deploy"
BY_HAND = "# by hand"
FENCE = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass
class Step:
    """Commands, and what they print if the guide says so."""

    commands: str
    prints: str | None = None


@dataclass
class Guide:
    """What a guide has to be run."""

    steps: list[Step] = field(default_factory=list)
    by_hand: list[str] = field(default_factory=list)

    def script(self, out: Path) -> str:
        """All of it for one shell. What step N prints is in the file N of the folder, its errors with it."""
        lines = ["set -euo pipefail", "trap 'jobs -p | xargs -r kill 2> /dev/null' EXIT"]
        for number, step in enumerate(self.steps):
            lines.append(f"{{\n{step.commands}}} > '{out / str(number)}' 2>&1")
        return "\n".join(lines)


def read(text: str) -> Guide:
    """The blocks of a guide in their order."""
    assert text.count("\n```") + text.startswith("```") == 2 * len(FENCE.findall(text)), "a block without a language or an end"
    guide = Guide()
    asked = False  # whether the block before was commands, so that the next may say what they print
    for language, name, block in FENCE.findall(text):
        if name:
            folder = f"mkdir -p '{Path(name).parent}'\n"
            guide.steps.append(Step(f"{folder}cat > '{name}' <<'END_OF_FILE'\n{block}END_OF_FILE\n"))
        elif language == "sh" and block.startswith(BY_HAND):
            guide.by_hand.append(block.splitlines()[0])
        elif language == "sh":
            guide.steps.append(Step(block))
        else:
            assert language == "text" and asked, f"nothing prints this, and it has no name:\n{block}"
            guide.steps[-1].prints = block
        asked = language == "sh" and not name and not block.startswith(BY_HAND)
    return guide


def pattern(prints: str) -> re.Pattern[str]:
    """What the output must be, all of it."""
    lines = []
    for line in prints.splitlines():
        wanted = r"\.\.\."
        lines.append(r"(?:.*\n)*" if line.strip() == "..." else re.escape(line.rstrip()).replace(wanted, ".*") + r"[ \t]*\n")
    return re.compile("".join(lines))


def differs(prints: str, printed: str) -> bool:
    """Whether that is not what was printed."""
    return pattern(prints).fullmatch(printed if printed.endswith("\n") else printed + "\n") is None
