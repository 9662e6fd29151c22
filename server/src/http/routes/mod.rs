//! The routes, one file each (or one for a few that belong together).

pub(super) mod batch;
pub(super) mod breaker;
pub(super) mod checkpoints;
pub(super) mod clock;
pub(super) mod description;
pub(super) mod events;
pub(super) mod export;
pub(super) mod fallback;
pub(super) mod handshakes;
pub(super) mod health;
pub(super) mod history;
pub(super) mod import_bundle;
pub(super) mod imports;
pub(super) mod journal;
pub(super) mod metrics;
pub(super) mod overview;
pub(super) mod probes;
pub(super) mod reconcile;
pub(super) mod restores;
pub(super) mod run_restores;
pub(super) mod run_words;
pub(super) mod runs;
pub(super) mod snapshot_restore;
pub(super) mod snapshots;
pub(super) mod state_delete;
pub(super) mod state_diff;
pub(super) mod state_get;
pub(super) mod state_put;
pub(super) mod state_raw;
pub(super) mod state_save;
pub(super) mod state_undelete;
pub(super) mod states_list;
pub(super) mod status;
pub(super) mod verify;

/// Rows of a page when the request does not say.
const PAGE: usize = 50;

/// What a parameter means when it is left out: the request wants the data.
const fn yes() -> bool {
    true
}

const fn page() -> usize {
    PAGE
}
