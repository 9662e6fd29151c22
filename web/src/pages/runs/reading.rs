//! What the page reads: the runs of a stretch of time, and, again and again, those that are live, for their leases.

use std::collections::HashMap;
use std::time::Duration;

use leptos::prelude::*;
use stateloft_core::api::{RunList, RunRow};
use stateloft_core::model::Timestamp;

use crate::api::{self, ApiError};
use crate::live::{Remote, live, remote};
use crate::model::address::Query;
use crate::model::inbox::Event;
use crate::model::runs::lease::Lease;
use crate::model::runs::window::Asked;
use crate::shell::Clock;

/// Runs that are read at most; the rest is said to be there.
const MOST: usize = 2_000;
const PAGE: &str = "1000";
/// Renewals make no events: leases are asked for so often.
const LEASES: Duration = Duration::from_secs(5);
/// Runs that begin and end together are read together.
const GATHER: Duration = Duration::from_millis(300);

/// Runs, and whether there are more of them than were read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Runs {
    /// Those that were read, the last changed first.
    pub(crate) rows: Vec<RunRow>,
    /// There are others.
    pub(crate) more: bool,
}

async fn read(query: Query) -> Result<Runs, ApiError> {
    let mut runs = Runs::default();
    let mut query = query.with("limit", Some(PAGE));
    loop {
        let page: RunList = api::get(&format!("/runs{query}")).await?;
        runs.rows.extend(page.runs);
        let Some(cursor) = page.next_cursor else { return Ok(runs) };
        if runs.rows.len() >= MOST {
            runs.more = true;
            return Ok(runs);
        }
        query = query.with("cursor", Some(&cursor));
    }
}

/// The runs that were there at some time of a stretch.
pub(super) fn of_stretch(asked: Memo<Asked>, clock: Clock) -> Remote<Runs> {
    let runs = remote(
        move || Some(asked.get()),
        move |asked: Asked| async move {
            let stretch = asked.stretch(clock.read());
            let query = Query::default().with("from", Some(&stretch.from.to_string()));
            // Until now is until the end: a run that began meanwhile is of it.
            let query = match asked {
                Asked::Between(_, to) => query.with("to", Some(&to.to_string())),
                Asked::Usual(_) | Asked::Last(_) => query,
            };
            read(query).await
        },
    );
    when_runs_change(move || runs.reload());
    runs
}

/// The runs that had not ended by then.
pub(crate) async fn within(from: Timestamp) -> Result<Runs, ApiError> {
    read(Query::default().with("from", Some(&from.to_string()))).await
}

/// Those that are live, asked again and again.
pub(crate) fn leases() -> Remote<Runs> {
    let query = Query::default().with("status", Some("active"));
    let leases = remote(move || Some(query.clone()), read);
    when_runs_change(move || leases.reload());
    let timer = set_interval_with_handle(move || leases.refresh(), LEASES);
    on_cleanup(move || {
        if let Ok(timer) = timer {
            timer.clear();
        }
    });
    leases
}

/// How a live run held its lease when that was asked last; nothing for one that is not live. What was asked before it began says
/// nothing of it.
pub(super) fn lease_of(leases: Remote<Runs>) -> impl Fn(&RunRow) -> Option<Lease> {
    let asked = leases.read_at.get();
    let failed = leases.fault.with(Option::is_some);
    let held: HashMap<String, Lease> = leases.value.with(|read| {
        let rows = read.iter().flat_map(|read| &read.rows);
        rows.filter_map(|row| Some((row.run.run_id.clone(), lease(row, asked?)))).collect()
    });
    move |row| {
        let known = held.get(&row.run.run_id).copied().filter(|_| !failed);
        row.live.then(|| known.unwrap_or(Lease::Unknown))
    }
}

/// How a row of a list says that its lease was when it was asked for.
pub(crate) fn lease(row: &RunRow, asked: Timestamp) -> Lease {
    Lease::of(row.holder.as_ref(), row.run.lease_seconds, asked)
}

/// Whether one of these is a version of a run.
fn tells_of_runs(events: &[Event]) -> bool {
    events.iter().any(|event| event.state_type.as_str() == "session")
}

/// Calls it soon after runs have begun or ended, as long as the present owner lives.
pub(crate) fn when_runs_change(then: impl Fn() + Copy + 'static) {
    let due = StoredValue::new(false);
    live().on_events(move |events| {
        if tells_of_runs(events) && !due.try_get_value().unwrap_or(true) {
            due.set_value(true);
            set_timeout(
                move || {
                    if due.try_set_value(false).is_none() {
                        then();
                    }
                },
                GATHER,
            );
        }
    });
}
