//! `stateloft check`: real figures, read from the store.

use std::process::ExitCode;
use std::sync::Arc;

use stateloft_core::api::{StateRow, StateSummary, Status, Stops, TypeCount, ValidityFilter};
use stateloft_core::model::Timestamp;

use super::say::answer;
use super::status::{known, print_alarms};
use super::{Done, INVALID_STATES, logging, open};
use crate::clock::SystemClock;
use crate::config::{Loaded, StoreConfig};
use crate::service::{ListRequest, Service};
use crate::store::Resilience;

/// Invalid states that are named; the others are counted.
const NAMED: usize = 20;
/// Broken rules that are named of each.
const RULES: usize = 3;

pub(super) async fn check(Loaded { config, warnings }: Loaded) -> Done {
    logging::start(config.log_level);
    let file = config.file.as_ref().map_or("no file".to_owned(), |file| file.display().to_string());
    answer!("Configuration   {file}, environment: understood");
    for warning in &warnings {
        answer!("  note: {warning}");
    }
    match &config.store {
        StoreConfig::Sqlite { path } => answer!("Store           sqlite, {}", path.display()),
        StoreConfig::Postgres(settings) => answer!("Store           postgresql, {settings}"),
        StoreConfig::Influx(options) => answer!("Store           influxdb, {options}"),
    }
    if let Some(mirror) = &config.mirror {
        let (types, fields) = mirror.fields.counts();
        answer!("Mirror          {fields} numbers of {types} types, to {}", mirror.bucket);
    }
    let store = open::store_to_read(&config).await?;
    let service =
        open::service(&config, store, Resilience::default(), None, Arc::new(SystemClock::default())).await?;
    let done = report(&service).await;
    service.shutdown().await;
    done
}

async fn report(service: &Service) -> Done {
    let words = |error: crate::service::ServiceError| error.to_string();
    let status = service.status().await.map_err(words)?;
    print_status(&status);
    if !status.store.up {
        return Err("the store does not answer".to_owned());
    }
    if let Some(alarm) = status.alarms.iter().find(|alarm| alarm.stops == Stops::Writes) {
        return Err(format!("{} ({}): {}", alarm.code.title(), alarm.code, alarm.detail));
    }
    let types = service.overview(3600, 1).await.map_err(words)?.types;
    for count in &types {
        let changed = last_change(service, &count.state_type).await?;
        print_type(count, changed.as_deref());
    }
    let invalid = invalid(service).await?;
    let total = status.states_invalid.unwrap_or_default();
    print_invalid(&invalid, total);
    Ok(if total == 0 { ExitCode::SUCCESS } else { ExitCode::from(INVALID_STATES) })
}

fn print_status(status: &Status) {
    print_alarms(status);
    let size = status.store.size_bytes.map_or("size unknown".to_owned(), bytes);
    answer!("Status          {}", if status.store.up { "connected" } else { "does not answer" });
    answer!("Engine          {}, {size}", status.store.engine);
    answer!("Versions        {}", known(status.seq.map(|seq| seq.0)));
    let (live, deleted) = (known(status.states_live), known(status.states_deleted));
    answer!("States          {live} live, {deleted} deleted");
    answer!("Snapshots       {}", known(status.snapshots));
}

fn print_type(count: &TypeCount, changed: Option<&str>) {
    let changed = changed.map_or("no live state".to_owned(), |age| format!("last changed {age} ago"));
    answer!(
        "  {:<16}{} live, {} deleted, {} invalid; {changed}",
        count.state_type,
        count.live,
        count.deleted,
        count.invalid
    );
}

fn print_invalid(states: &[StateSummary], total: u64) {
    if total == 0 {
        answer!("Broken rules    none");
        return;
    }
    answer!("Broken rules    in {total} live {}", if total == 1 { "state" } else { "states" });
    for StateSummary { version, .. } in states {
        answer!("  {} {} v{}", version.state_type, version.state_id, version.version);
        for violation in version.verdict.violations().iter().take(RULES) {
            answer!("    {}: {}", violation.pointer, violation.message);
        }
    }
    let more = total.saturating_sub(states.len() as u64);
    if more > 0 {
        answer!("  ... and {more} more");
    }
}

async fn invalid(service: &Service) -> Result<Vec<StateSummary>, String> {
    let request =
        ListRequest { validity: Some(ValidityFilter::Invalid), limit: NAMED, ..ListRequest::default() };
    let list = service.list(request).await.map_err(|error| error.to_string())?;
    Ok(list.states.into_iter().filter_map(StateRow::stored).collect())
}

/// How long ago a state of the type changed last.
async fn last_change(service: &Service, state_type: &str) -> Result<Option<String>, String> {
    let types = vec![stateloft_core::model::StateType::new(state_type).map_err(|error| error.to_string())?];
    let request = ListRequest { types, limit: 1, ..ListRequest::default() };
    let list = service.list(request).await.map_err(|error| error.to_string())?;
    let newest = list.states.into_iter().find_map(StateRow::stored);
    Ok(newest.map(|state| age(state.version.timestamp, service.now())))
}

pub(super) fn age(then: Timestamp, now: Timestamp) -> String {
    let seconds = (now.micros() - then.micros()).max(0) / 1_000_000;
    span(seconds.unsigned_abs())
}

/// So many seconds, in words.
pub(super) fn span(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

pub(super) fn bytes(size: u64) -> String {
    match size {
        0..1_024 => format!("{size} bytes"),
        1_024..1_048_576 => format!("{} KiB", size / 1_024),
        _ => format!("{} MiB", size / 1_048_576),
    }
}
