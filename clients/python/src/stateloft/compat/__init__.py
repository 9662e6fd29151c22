"""The names that programs written for file-based and database state managers use.

``StateManager`` and ``TradingStateManager`` keep a file on this machine and need no server. ``UnifiedStateManager`` and the
functions beside it keep the same things on a Stateloft server. Only the import line of such a program changes::

    from stateloft.compat import TradingStateManager
"""

from __future__ import annotations

from ._config import APIConfig, CacheConfig, DatabaseConfig, ServerSetting, StateManagementConfig
from ._files import StateManager, TradingStateManager
from ._migration import StateMigrator, migrate_legacy_system, validate_migration
from ._schemas import PositionSchema, ValidationError
from ._unified import (
    UnifiedStateManager,
    create_backward_compatible_manager,
    create_enhanced_trading_state_manager,
    get_state_manager,
)

__all__ = [
    "APIConfig",
    "CacheConfig",
    "DatabaseConfig",
    "PositionSchema",
    "ServerSetting",
    "StateManagementConfig",
    "StateManager",
    "StateMigrator",
    "TradingStateManager",
    "UnifiedStateManager",
    "ValidationError",
    "create_backward_compatible_manager",
    "create_enhanced_trading_state_manager",
    "get_state_manager",
    "migrate_legacy_system",
    "validate_migration",
]
