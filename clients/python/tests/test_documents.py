"""What the documents point at is there: files, headings, and in llms.txt everything that somebody should read."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from urllib.parse import unquote

import guides
import pytest

FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\[[^\]]*\]\(([^()\s]+)\)")
LLMS = guides.ROOT / "llms.txt"


def documents() -> list[Path]:
    """Those that people read; what is built or fetched is not among them."""
    known = [guides.ROOT / name for name in ("README.md", "clients/python/README.md", "core/js/README.md")]
    return [*known, LLMS, *sorted((guides.ROOT / "docs").rglob("*.md"))]


def links(text: str) -> list[str]:
    return LINK.findall(CODE.sub("", FENCED.sub("", text)))


def anchors(text: str) -> set[str]:
    """The names of headings as a page shows them: small, without punctuation, with hyphens for spaces."""
    heads = re.findall(r"^#+ (.*)$", FENCED.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.strip().lower()).replace(" ", "-") for head in heads}


def broken(document: Path, text: str) -> list[str]:
    """The links of a document that lead nowhere."""
    wrong = []
    for link in links(text):
        path, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", path):  # elsewhere
            continue
        target = (document.parent / unquote(path)) if path else document
        if not target.exists() or guides.ROOT not in target.resolve().parents:
            wrong.append(link)
        elif anchor and anchor not in anchors(text if target == document else target.read_text("utf-8")):
            wrong.append(link)
    return wrong


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(guides.ROOT)))
def test_every_link_of_a_document_leads_somewhere(document: Path) -> None:
    assert broken(document, document.read_text("utf-8")) == []


def test_a_link_that_leads_nowhere_is_found() -> None:
    text = "[a](README.md) [b](README.md#backup-and-restore) [c](https://example.org/x) `[d](nowhere)`\n"
    text += "\n```sh\n[e](nowhere)\n```\n"
    assert broken(LLMS, text) == []
    wrong = ["REAME.md", "README.md#backup", "../secret.md", "docs/guides/none.md"]
    assert broken(LLMS, " ".join(f"[x]({link})" for link in wrong)) == wrong


def test_llms_txt_has_its_shape_and_names_every_document_and_guide() -> None:
    text = LLMS.read_text("utf-8")
    lines = text.splitlines()
    assert re.fullmatch(r"# \w+", lines[0]) and lines[1] == "" and lines[2].startswith("> ")
    assert [line for line in lines if line.startswith("# ")] == lines[:1]
    sections = text.split("\n## ")[1:]
    assert sections[-1].startswith("Optional\n")
    for section in sections:
        entries = [line for line in section.splitlines()[1:] if line]
        assert entries and all(re.fullmatch(r"- \[[^\]]+\]\([^()\s]+\): .+", entry) for entry in entries), section
    named = {(guides.ROOT / link).resolve() for link in links(text)}
    assert {path.resolve() for path in documents() if path != LLMS} <= named


def test_every_guide_is_linked_from_the_readme() -> None:
    named = links((guides.ROOT / "README.md").read_text("utf-8"))
    assert {f"docs/guides/{path.name}" for path in guides.FOLDER.glob("*.md")} <= set(named)


def test_no_document_of_the_repository_is_left_out() -> None:
    tracked = subprocess.run(["git", "ls-files", "*.md"], cwd=guides.ROOT, text=True, stdout=subprocess.PIPE)
    if tracked.returncode == 0:
        assert {guides.ROOT / name for name in tracked.stdout.split()} <= set(documents())
