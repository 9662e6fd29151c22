"""Positions, pair states and a portfolio on a server, by the calls of an older library.

The states are ``position_PAIR``, ``pair_PAIR`` and ``portfolio_main``. A save of everything is one commit: what is not in it is
closed by the same commit, whoever wrote it.
"""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Optional, Union

from .._models import Version
from .._narrow import is_mapping
from ..client import Client
from ..errors import StateloftError
from ._config import DatabaseConfig, StateManagementConfig

__all__ = [
    "UnifiedStateManager",
    "create_backward_compatible_manager",
    "create_enhanced_trading_state_manager",
    "get_state_manager",
]

_LOG = logging.getLogger("stateloft")

_PREFIXES = {"position": "position_", "pair_state": "pair_"}
_PORTFOLIO = "portfolio_main"


class UnifiedStateManager:
    """The older library's manager, on a server.

    Args:
        config: settings of the older library; what of them is the server's says so by a :class:`ServerSetting`.
        auto_migrate, legacy_state_path: import that file (or folder) when it is initialised.
        enable_validation, file_fallback: settings of the server, too: it validates, and has a journal of its own.
        client: else one of the environment's server.
    """

    def __init__(
        self,
        config: Optional[StateManagementConfig] = None,
        auto_migrate: bool = False,
        legacy_state_path: Optional[str] = None,
        *,
        enable_validation: Optional[bool] = None,
        file_fallback: Optional[bool] = None,
        client: Optional[Client] = None,
    ) -> None:
        self.client = client or Client(author="trading_system")
        self.auto_migrate, self.legacy_state_path = auto_migrate, legacy_state_path
        self.initialized = False
        self.enhanced_manager = self
        self.config = StateManagementConfig() if config is None else config
        if enable_validation is not None:
            self.config.enable_validation = enable_validation
        if file_fallback is not None:
            self.config.enable_file_fallback = file_fallback
        self.config.api.send_key_with(self.client.use_key)
        self.config.in_use()

    def initialize(self) -> bool:
        """Asks the server, and imports the older file where that is wanted. ``False`` if the server does not answer."""
        if self.initialized:
            return True
        if not self.health_check():
            return False
        if self.auto_migrate and self.legacy_state_path and Path(self.legacy_state_path).exists():
            from ._migration import migrate_legacy_system

            if not migrate_legacy_system(self.legacy_state_path, client=self.client):
                return False
        self.initialized = True
        return True

    def save_trading_state(
        self,
        active_positions: Mapping[str, Any],
        pair_states: Mapping[str, Any],
        portfolio_data: Optional[Mapping[str, Any]] = None,
        user_id: Optional[str] = None,
    ) -> bool:
        """Everything in one commit; positions and pair states that are not in it are closed (deleted, with history)."""
        try:
            with self.client.batch("Save of the trading state", author=user_id, close_missing=_PREFIXES) as batch:
                for kind, states in (("position", active_positions), ("pair_state", pair_states)):
                    for pair, data in states.items():
                        batch.save(kind, _PREFIXES[kind] + pair, data)
                if portfolio_data is not None:
                    batch.save("portfolio", _PORTFOLIO, portfolio_data)
            return True
        except StateloftError as error:
            _LOG.error("the trading state was not saved: %s", error)
            return False

    def load_trading_state(self) -> Optional[dict[str, Any]]:
        """``active_positions``, ``pair_states``, ``last_update``, and the portfolio's members, all of one moment.

        ``None`` if nothing was ever saved. Raises ``Unavailable`` where the server does not answer: that is not "nothing".
        """
        heads = self._heads(data=True)
        if not heads:
            return None
        portfolio = heads.get(("portfolio", _PORTFOLIO))
        return {
            **({} if portfolio is None else portfolio.data),
            "active_positions": _named(heads, "position"),
            "pair_states": _named(heads, "pair_state"),
            "last_update": max(head.recorded_at for head in heads.values()),
        }

    get_latest_trading_state = load_trading_state

    def save_position(
        self, pair: str, position_data: Mapping[str, Any], user_id: Optional[str] = None, description: Optional[str] = None
    ) -> bool:
        """One position; durable when this is ``True``."""
        try:
            self.client.save("position", "position_" + pair, dict(position_data), author=user_id, reason=description)
            return True
        except StateloftError as error:
            _LOG.error("the position %s was not saved: %s", pair, error)
            return False

    def load_position(self, pair: str) -> Optional[dict[str, Any]]:
        """One open position; ``None`` if there is none."""
        found: Optional[dict[str, Any]] = self.client.get("position", "position_" + pair, None)
        return found

    def get_all_positions(self) -> dict[str, Any]:
        """Every open position by its pair."""
        return _named(self._heads(data=True), "position")

    def get_portfolio_summary(self) -> dict[str, Any]:
        """``exists``, counts, ``database_type``, ``last_update``, and the portfolio's members.

        Summaries that a program kept in its portfolio are left out, so that one which is kept there again does not grow.
        """
        heads = self._heads(data=True)
        portfolio = heads.get(("portfolio", _PORTFOLIO))
        return {
            **({} if portfolio is None else _without_summaries(portfolio.data)),
            "exists": bool(heads),
            "active_positions_count": len(_named(heads, "position")),
            "pair_states_count": len(_named(heads, "pair_state")),
            "database_type": self._engine(),
            "last_update": max((head.recorded_at for head in heads.values()), default=None),
        }

    def create_snapshot(self, description: Optional[str] = None) -> bool:
        """Names the present moment."""
        name = f"trading_snapshot_{dt.datetime.now(dt.timezone.utc):%Y%m%d_%H%M%S}_{uuid.uuid4().hex[:6]}"
        try:
            self.client.snapshot(name, reason=description)
            return True
        except StateloftError as error:
            _LOG.error("no snapshot was taken: %s", error)
            return False

    def get_state_history(self, state_type: Optional[str] = None, limit: int = 100) -> list[dict[str, Any]]:
        """The last versions of a type, or of all, newest first."""
        return [
            {
                "version_id": each.version_id,
                "state_id": each.state_id,
                "state_type": each.state_type,
                "operation": each.operation,
                "timestamp": each.recorded_at,
                "user_id": each.author,
                "description": each.reason,
                "data_size": each.answer.get("size", 0),
            }
            for each in self.client.log(state_type=state_type, limit=limit)
        ]

    def migrate_from_file(self, path: str) -> bool:
        """Imports a file of the older system."""
        from ._migration import migrate_legacy_system

        return migrate_legacy_system(path, client=self.client)

    def batch_migrate_directory(self, path: str, pattern: str = "*.json") -> dict[str, Any]:
        """Imports the files of a folder as one, and reports."""
        from ._migration import StateMigrator

        migrator = StateMigrator(path, self, pattern=pattern)
        migrator.migrate_trading_state(backup_original=False)
        return migrator.get_migration_report()

    def get_system_status(self) -> dict[str, Any]:
        """How it is; asks the server. Never raises."""
        status: dict[str, Any] = {
            "initialized": self.initialized,
            "database_type": None,
            "server": self.client.server,
            "timestamp": dt.datetime.now(dt.timezone.utc),
            "status": "unavailable",
            "database_connected": False,
            "active_positions": None,
            "pair_states": None,
            "last_update": None,
        }
        try:
            summary = self.get_portfolio_summary()
        except StateloftError as error:
            return {**status, "status_error": str(error)}
        return {
            **status,
            "status": "healthy",
            "database_connected": True,
            "database_type": summary["database_type"],
            "active_positions": summary["active_positions_count"],
            "pair_states": summary["pair_states_count"],
            "last_update": summary["last_update"],
        }

    def health_check(self) -> bool:
        """Whether the server and its store answer."""
        try:
            self.client.seq()
            return True
        except StateloftError as error:
            _LOG.error("the server does not answer: %s", error)
            return False

    def start_api_server_sync(self) -> bool:
        """The API is the server's own: says where, and whether it answers."""
        _LOG.info("the API is at %s/api/v1", self.client.server)
        return self.health_check()

    async def start_api_server(self) -> bool:
        """Like :meth:`start_api_server_sync`."""
        return self.start_api_server_sync()

    def shutdown(self) -> None:
        """Closes the connections."""
        self.client.close()
        self.initialized = False

    def __enter__(self) -> UnifiedStateManager:
        self.initialize()
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.shutdown()

    def _engine(self) -> str:
        """What the server keeps its versions in: ``sqlite``, ``postgresql`` or ``influxdb``."""
        return str(self.client.status()["store"]["kind"])

    def _heads(self, data: bool = False) -> dict[tuple[str, str], Version]:
        """The live states by type and id, all of one moment."""
        seq = self.client.seq()
        if seq == 0:
            return {}
        found = self.client.list(["position", "pair_state", "portfolio"], at=seq, data=data)
        return {
            (each.state_type, each.state_id): each
            for each in found
            if isinstance(each, Version)
            and (each.state_id == _PORTFOLIO or each.state_id.startswith(_PREFIXES.get(each.state_type, "\0")))
        }


def _named(heads: Mapping[tuple[str, str], Version], kind: str) -> dict[str, Any]:
    prefix = _PREFIXES[kind]
    return {name[len(prefix) :]: head.data for (of, name), head in heads.items() if of == kind}


_SUMMARY = {"exists", "active_positions_count", "pair_states_count", "database_type", "last_update"}


def _without_summaries(value: Any) -> Any:
    """The value without dicts in it that are summaries."""
    if is_mapping(value):
        return {name: _without_summaries(each) for name, each in value.items() if not _is_summary(each)}
    return value


def _is_summary(value: Any) -> bool:
    return is_mapping(value) and value.keys() >= _SUMMARY


_SHARED: list[UnifiedStateManager] = []


def get_state_manager(config: Optional[StateManagementConfig] = None, **options: Any) -> UnifiedStateManager:
    """One manager for the program. Options that differ from those of the first call are an error, not passed over."""
    if not _SHARED:
        _SHARED.append(UnifiedStateManager(config, **options))
    elif config is not None or options:
        made = _SHARED[0]
        known = {
            "auto_migrate": made.auto_migrate,
            "legacy_state_path": made.legacy_state_path,
            "enable_validation": made.config.enable_validation,
            "file_fallback": made.config.enable_file_fallback,
            "client": made.client,
        }
        if config is not None or any(known.get(name) != value for name, value in options.items()):
            raise ValueError("the manager was made with other options before")
    return _SHARED[0]


def create_backward_compatible_manager(
    state_file: Union[str, None] = None, *, client: Optional[Client] = None
) -> UnifiedStateManager:
    """A manager that takes over ``state_file`` if it is there."""
    manager = UnifiedStateManager(auto_migrate=state_file is not None, legacy_state_path=state_file, client=client)
    manager.initialize()
    return manager


def create_enhanced_trading_state_manager(
    database_type: str = "influxdb", database_config: Optional[Mapping[str, Any]] = None, *, client: Optional[Client] = None
) -> UnifiedStateManager:
    """A manager on the environment's server, whose database is its own: what is said of one here says where it belongs.

    Raises:
        ValueError: there is no such kind of database, or no such setting of it.
    """
    database = DatabaseConfig.of(database_type, database_config or {})
    return UnifiedStateManager(StateManagementConfig(database=database), client=client)
