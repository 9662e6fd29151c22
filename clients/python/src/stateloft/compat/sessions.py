"""Sessions, checkpoints and reconciliation by the calls of an older library, each session a run on a server::

    from stateloft.compat.sessions import PositionReconciler, StateManager
"""

from __future__ import annotations

from ._session_checkpoints import PositionCheckpoint, SessionCheckpointManager
from ._session_reconciler import PositionReconciler
from ._sessions import Position, StateManager, TradingSession

CheckpointManager = SessionCheckpointManager

__all__ = [
    "CheckpointManager",
    "Position",
    "PositionCheckpoint",
    "PositionReconciler",
    "SessionCheckpointManager",
    "StateManager",
    "TradingSession",
]
