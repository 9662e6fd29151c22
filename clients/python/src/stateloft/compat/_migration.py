"""Taking over the files of an older system, through the server's own import: it says what a file holds, and writes it once."""

from __future__ import annotations

import base64
import datetime as dt
import logging
import shutil
from pathlib import Path
from typing import Any, Optional

from ..client import Client
from ..errors import StateloftError
from ._unified import UnifiedStateManager

__all__ = ["StateMigrator", "migrate_legacy_system", "validate_migration"]

_LOG = logging.getLogger("stateloft")


class StateMigrator:
    """Imports a file, or the files of a folder, as one commit. An import that is repeated writes nothing twice."""

    def __init__(self, source: str, target: Any = None, *, pattern: str = "*.json") -> None:
        self._source, self._pattern = Path(source), pattern
        self._client: Client = target.client if isinstance(target, UnifiedStateManager) else target or Client()
        self._report: dict[str, Any] = {}

    def migrate_trading_state(self, backup_original: bool = True) -> bool:
        """``True`` if everything in the files is in the store now. What cannot be placed is kept in quarantine there."""
        at = dt.datetime.now(dt.timezone.utc)
        self._report = {
            "total_items": 0,
            "successful_items": 0,
            "failed_items": 0,
            "success_rate": 0.0,
            "migration_log": [],
            "source_file": str(self._source),
            "migration_time": at,
            "errors": [],
        }
        try:
            paths = _paths(self._source, self._pattern)
            preview = self._client.preview_import(_files(paths, self._source))
            self._note(preview, at)
            if preview["found"].get("errors"):
                return False
            if backup_original:
                for path in paths:
                    shutil.copy2(path, path.with_name(f"{path.name}.backup.{at:%Y%m%d_%H%M%S}"))
            self._client.apply_import(preview["plan"], _files(paths, self._source))
        except (StateloftError, OSError) as error:
            self._report["errors"].append(str(error))
            _LOG.error("%s was not imported: %s", self._source, error)
            return False
        return bool(self._report["failed_items"] == 0)

    def get_migration_report(self) -> dict[str, Any]:
        """Counts, an entry for each item, and what was wrong."""
        return self._report

    def _note(self, preview: Any, at: dt.datetime) -> None:
        standings = [each["status"] for each in preview["standings"]]
        good = [each in ("new", "unchanged") for each in standings]
        self._report.update(
            total_items=len(good),
            successful_items=sum(good),
            failed_items=len(good) - sum(good),
            success_rate=sum(good) / len(good) if good else 0.0,
            errors=list(preview["found"].get("errors") or ()),
            migration_log=[
                {
                    "type": item["state_type"],
                    "pair": item["state_id"],
                    "status": "success" if fine else "failed",
                    "standing": standing,
                    "timestamp": at,
                }
                for item, standing, fine in zip(preview["found"]["items"], standings, good)
            ],
        )


def migrate_legacy_system(source: str, *, client: Optional[Client] = None) -> bool:
    """Imports a file or a folder; ``False``, with the reason in the log, if something of it is not in the store."""
    if not Path(source).exists():
        _LOG.error("%s is not there", source)
        return False
    return StateMigrator(source, client).migrate_trading_state(backup_original=False)


def validate_migration(source: str, target: Any = None) -> dict[str, Any]:
    """Compares a file with the store value by value: ``valid``, counts, ``issues``, ``message``."""
    client: Client = target.client if isinstance(target, UnifiedStateManager) else target or Client()
    path = Path(source)
    preview = client.preview_import(_files(_paths(path, "*.json"), path))
    items, issues = preview["found"]["items"], [str(each) for each in preview["found"].get("errors") or ()]
    for item, standing in zip(items, preview["standings"]):
        if standing["status"] != "unchanged":
            issues.append(f"{item['state_type']} {item['state_id']}: {standing['status']}")
    kinds = [item["state_type"] for item in items]
    there = [item["state_type"] for item, each in zip(items, preview["standings"]) if each["status"] == "unchanged"]
    return {
        "valid": not issues,
        "position_count_source": kinds.count("position"),
        "position_count_target": there.count("position"),
        "pair_count_source": kinds.count("pair_state"),
        "pair_count_target": there.count("pair_state"),
        "issues": issues,
        "message": "everything in the source is in the store" if not issues else f"{len(issues)} issues",
    }


def _paths(source: Path, pattern: str) -> list[Path]:
    return sorted(source.rglob(pattern)) if source.is_dir() else [source]


def _files(paths: list[Path], source: Path) -> list[dict[str, str]]:
    root = source if source.is_dir() else source.parent
    return [
        {"name": path.relative_to(root).as_posix(), "base64": base64.b64encode(path.read_bytes()).decode("ascii")}
        for path in paths
    ]
