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
from ._own import OwnFiles
from ._unified import UnifiedStateManager

__all__ = ["StateMigrator", "migrate_legacy_system", "validate_migration"]

_LOG = logging.getLogger("stateloft")


class StateMigrator:
    """Imports a file, or the files of a folder. An import that is repeated writes nothing twice.

    Files of older programs are one commit, by the server's import; those of ``TradingStateManager`` one each.
    """

    def __init__(self, source: str, target: Any = None, *, pattern: str = "*.json") -> None:
        self._source, self._pattern = Path(source), pattern
        self._client: Client = target.client if isinstance(target, UnifiedStateManager) else target or Client()
        self._report: dict[str, Any] = {}

    def migrate_trading_state(self, backup_original: bool = True) -> bool:
        """``True`` if everything in the files is in the store now, as what it is.

        What cannot be placed is kept in quarantine there, and is a failed item of the report.
        """
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
            own = OwnFiles(self._client, paths)
            files = _files([path for path in paths if path not in own.paths], self._source)
            preview = self._client.preview_import(files) if files else None
            self._note(own, preview, at)
            if self._report["errors"]:
                return False
            if backup_original:
                for path in paths:
                    shutil.copy2(path, path.with_name(f"{path.name}.backup.{at:%Y%m%d_%H%M%S}"))
            own.write()
            if preview is not None:
                self._client.apply_import(preview["plan"], files)
        except (StateloftError, OSError) as error:
            self._report["errors"].append(str(error))
            _LOG.error("%s was not imported: %s", self._source, error)
            return False
        return bool(self._report["failed_items"] == 0)

    def get_migration_report(self) -> dict[str, Any]:
        """Counts, an entry for each item, and what was wrong."""
        return self._report

    def _note(self, own: OwnFiles, preview: Any, at: dt.datetime) -> None:
        log = [_entry(each.key, each.standing, at) for each in own.found]
        if preview is not None:
            for item, standing in zip(preview["found"]["items"], preview["standings"]):
                log.append(_entry((item["state_type"], item["state_id"]), standing["status"], at))
            for place, reason in _quarantined(preview):
                _LOG.error("%s is in quarantine: %s", place, reason)
                log.append({**_entry(("quarantine", place), "quarantined", at), "reason": reason})
            self._report["errors"] = list(preview["found"].get("errors") or ())
        good = sum(each["status"] == "success" for each in log)
        self._report.update(
            total_items=len(log),
            successful_items=good,
            failed_items=len(log) - good,
            success_rate=good / len(log) if log else 0.0,
            migration_log=log,
        )


def migrate_legacy_system(source: str, *, client: Optional[Client] = None) -> bool:
    """Imports a file or a folder; ``False``, with the reason in the log, if something of it is not in the store."""
    if not Path(source).exists():
        _LOG.error("%s is not there", source)
        return False
    return StateMigrator(source, client).migrate_trading_state(backup_original=False)


def validate_migration(source: str, target: Any = None) -> dict[str, Any]:
    """Compares a file with the store value by value: ``valid``, counts, ``issues``, ``message``.

    Raises:
        Damaged: a file is not what was written.
        OSError: it cannot be read.
    """
    client: Client = target.client if isinstance(target, UnifiedStateManager) else target or Client()
    paths = _paths(Path(source), "*.json")
    own = OwnFiles(client, paths)
    found = [(each.key, each.standing) for each in own.found]
    issues: list[str] = []
    files = _files([path for path in paths if path not in own.paths], Path(source))
    if files:
        preview = client.preview_import(files)
        items = zip(preview["found"]["items"], preview["standings"])
        found += [((item["state_type"], item["state_id"]), standing["status"]) for item, standing in items]
        issues += [str(each) for each in preview["found"].get("errors") or ()]
        issues += [f"{place}: {reason}" for place, reason in _quarantined(preview)]
    issues += [f"{kind} {name}: {standing}" for (kind, name), standing in found if standing != "unchanged"]
    kinds = [kind for (kind, _), _ in found]
    there = [kind for (kind, _), standing in found if standing == "unchanged"]
    return {
        "valid": not issues,
        "position_count_source": kinds.count("position"),
        "position_count_target": there.count("position"),
        "pair_count_source": kinds.count("pair_state"),
        "pair_count_target": there.count("pair_state"),
        "issues": issues,
        "message": "everything in the source is in the store" if not issues else f"{len(issues)} issues",
    }


def _entry(key: tuple[str, str], standing: str, at: dt.datetime) -> dict[str, Any]:
    status = "success" if standing in ("new", "unchanged") else "failed"
    return {"type": key[0], "pair": key[1], "status": status, "standing": standing, "timestamp": at}


def _quarantined(preview: Any) -> list[tuple[str, str]]:
    """What cannot be placed: where it stands, and why."""
    return [(each["source"]["file"] + each["source"]["pointer"], each["reason"]) for each in preview["found"]["quarantine"]]


def _paths(source: Path, pattern: str) -> list[Path]:
    return sorted(source.rglob(pattern)) if source.is_dir() else [source]


def _files(paths: list[Path], source: Path) -> list[dict[str, str]]:
    root = source if source.is_dir() else source.parent
    return [
        {"name": path.relative_to(root).as_posix(), "base64": base64.b64encode(path.read_bytes()).decode("ascii")}
        for path in paths
    ]
