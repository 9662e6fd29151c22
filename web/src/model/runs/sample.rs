//! Runs for tests.

use stateloft_core::api::{RunHolder, RunOutcome, RunRow, RunStatus, Session};
use stateloft_core::hash::ContentHash;
use stateloft_core::json::Document;
use stateloft_core::model::{RunId, Timestamp};

use crate::model::sample::Sample;

/// A time of 21 November.
pub(super) fn at(clock: &str) -> Timestamp {
    Timestamp::parse(&format!("2026-11-21T{clock}Z")).unwrap()
}

/// A holder.
pub(super) fn holder(until: Option<&str>, renewed: Option<&str>) -> RunHolder {
    RunHolder {
        run_id: "grid.main.1".into(),
        host: Some("box-7".into()),
        pid: Some(4711),
        since: at("08:00:00"),
        until: until.map(at),
        last_renewal: renewed.map(at),
    }
}

/// A run; completed where it has ended, else live.
pub(super) fn row(id: &str, started: &str, ended: Option<&str>) -> RunRow {
    let known: RunId = id.parse().unwrap();
    let status = if ended.is_some() { RunStatus::Completed } else { RunStatus::Active };
    let previous = (known.epoch() > 1)
        .then(|| format!("{}.{}.{}", known.program(), known.instance(), known.epoch() - 1));
    let run = Session {
        run_id: id.into(),
        program: known.program().clone(),
        instance: known.instance().clone(),
        epoch: known.epoch(),
        status,
        outcome: if previous.is_some() { RunOutcome::Resumed } else { RunOutcome::Fresh },
        previous,
        started_at: at(started),
        lease_seconds: 30,
        code: Some("8e41c0d77".into()),
        config: None,
        config_hash: None,
        host: None,
        pid: None,
        symbols: Vec::new(),
        strategy: None,
        interval_seconds: None,
        planned_seconds: None,
        capital: None,
        metadata: None,
        ended_at: ended.map(at),
        last_renewal: None,
        servers_were_away: false,
        final_value: None,
        pnl: None,
        reason: None,
        replaced_by: None,
    };
    let version = Sample::at(1, "2026-11-21T08:00:00Z").of("session", id).0;
    RunRow { run, live: ended.is_none(), holder: None, version }
}

/// The same, ended as this.
pub(super) fn ended(mut row: RunRow, status: RunStatus) -> RunRow {
    row.run.status = status;
    row
}

/// The same with these settings.
pub(super) fn with_config(mut row: RunRow, config: &str) -> RunRow {
    let config: Document = config.parse().unwrap();
    row.run.config_hash = Some(ContentHash::of(&config));
    row.run.config = Some(config);
    row
}
