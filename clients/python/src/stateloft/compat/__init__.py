"""The names that programs written for file-based and database state managers use.

``StateManager`` and ``TradingStateManager`` keep a file on this machine and need no server. ``UnifiedStateManager`` and the
functions beside it keep the same things on a Stateloft server. Only the import line of such a program changes::

    from stateloft.compat import TradingStateManager
"""

from __future__ import annotations

from ._files import StateManager, TradingStateManager
from ._migration import StateMigrator, migrate_legacy_system, validate_migration
from ._unified import UnifiedStateManager, create_backward_compatible_manager, get_state_manager

__all__ = [
    "StateManager",
    "StateMigrator",
    "TradingStateManager",
    "UnifiedStateManager",
    "create_backward_compatible_manager",
    "get_state_manager",
    "migrate_legacy_system",
    "validate_migration",
]
