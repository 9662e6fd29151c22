//! What is asked of a start, checked.

use stateloft_core::api::{RunOutcome, RunStatus, Session, StartRun, TakeOver};
use stateloft_core::hash::ContentHash;
use stateloft_core::json::{Document, Kind};
use stateloft_core::model::{RunId, RunName, Timestamp};

use super::super::{Result, ServiceError};

/// The lease of a run that does not say how long.
const LEASE_SECONDS: u64 = 30;
/// The longest.
const LEASE_MAX_SECONDS: u64 = 86_400;
/// The longest text, in bytes.
const TEXT_MAX_BYTES: usize = 256;
/// The most symbols.
const SYMBOLS_MAX: usize = 1_000;
/// The largest settings, and the most of whatever else is kept with a run, in bytes.
const DOCUMENT_MAX_BYTES: usize = 256 << 10;
/// The longest number, in bytes.
const NUMBER_MAX_BYTES: usize = 128;

/// Refuses what cannot be meant.
pub(super) fn check(request: &StartRun) -> Result<()> {
    if request.lease_seconds.is_some_and(|seconds| !(1..=LEASE_MAX_SECONDS).contains(&seconds)) {
        let message = format!("a lease is 1 to {LEASE_MAX_SECONDS} seconds long");
        return Err(ServiceError::body("/lease_seconds", "range", message));
    }
    for (place, text) in
        [("/code", &request.code), ("/host", &request.host), ("/strategy", &request.strategy)]
    {
        if let Some(text) = text {
            check_text(place, text)?;
        }
    }
    if request.symbols.len() > SYMBOLS_MAX {
        let message =
            format!("a run names at most {SYMBOLS_MAX} symbols, this one {}", request.symbols.len());
        return Err(ServiceError::body("/symbols", "max_items", message));
    }
    for (nth, symbol) in request.symbols.iter().enumerate() {
        check_text(&format!("/symbols/{nth}"), symbol)?;
    }
    for (place, document) in [("/config", &request.config), ("/metadata", &request.metadata)] {
        let Some(document) = document else { continue };
        if document.root().kind() != Kind::Object {
            return Err(ServiceError::body(place, "type", "it must be an object"));
        }
        if document.len() > DOCUMENT_MAX_BYTES {
            let message = format!(
                "it is {} bytes long, more than {DOCUMENT_MAX_BYTES}: keep it as a state of type configuration, and name that here",
                document.len()
            );
            return Err(ServiceError::body(place, "max_length", message));
        }
    }
    check_seconds("/interval_seconds", request.interval_seconds.as_ref())?;
    check_seconds("/planned_seconds", request.planned_seconds.as_ref())?;
    check_number("/capital", request.capital.as_ref())?;
    if let Some(TakeOver { reason, by }) = &request.take_over {
        must_say("/take_over/reason", reason)?;
        must_say("/take_over/by", by)?;
        check_text("/take_over/by", by)?;
    }
    Ok(())
}

/// Refuses what is no number, or one that nobody can mean.
pub(super) fn check_number(place: &str, number: Option<&Document>) -> Result<()> {
    match number {
        Some(number) if number.root().kind() != Kind::Number => {
            Err(ServiceError::body(place, "type", "it must be a number, not the text of one"))
        }
        Some(number) if number.len() > NUMBER_MAX_BYTES => {
            let message = format!("it has more than {NUMBER_MAX_BYTES} characters");
            Err(ServiceError::body(place, "max_length", message))
        }
        _ => Ok(()),
    }
}

/// Refuses what is no length of time.
fn check_seconds(place: &str, number: Option<&Document>) -> Result<()> {
    check_number(place, number)?;
    match number.and_then(|number| number.root().as_decimal()) {
        Some(seconds) if seconds.is_negative() => Err(ServiceError::body(
            place,
            "minimum",
            "a length of time is not below 0: say how many seconds are meant",
        )),
        _ => Ok(()),
    }
}

/// Refuses a text that says nothing.
pub(in crate::service) fn must_say(place: &str, text: &str) -> Result<()> {
    if text.trim().is_empty() {
        return Err(ServiceError::body(
            place,
            "min_length",
            "it must not be empty: it is kept, and read by whoever asks why",
        ));
    }
    Ok(())
}

pub(super) fn check_text(place: &str, text: &str) -> Result<()> {
    if text.len() > TEXT_MAX_BYTES {
        let message = format!("it is {} bytes long, more than {TEXT_MAX_BYTES}", text.len());
        return Err(ServiceError::body(place, "max_length", message));
    }
    if text.chars().any(char::is_control) {
        return Err(ServiceError::body(place, "control_character", "it holds a control character"));
    }
    Ok(())
}

/// The instance that is meant.
pub(super) fn instance(request: &StartRun) -> Result<RunName> {
    let main = || RunName::new("main").map_err(|error| ServiceError::Internal(error.to_string()));
    request.instance.clone().map_or_else(main, Ok)
}

/// The session of the run that begins.
pub(super) fn session(
    request: &StartRun,
    id: &RunId,
    outcome: RunOutcome,
    previous: Option<String>,
    now: Timestamp,
) -> Session {
    Session {
        run_id: id.to_string(),
        program: id.program().clone(),
        instance: id.instance().clone(),
        epoch: id.epoch(),
        status: RunStatus::Active,
        outcome,
        previous,
        started_at: now,
        lease_seconds: request.lease_seconds.unwrap_or(LEASE_SECONDS),
        code: request.code.clone(),
        config_hash: request.config.as_ref().map(ContentHash::of),
        config: request.config.clone(),
        host: request.host.clone(),
        pid: request.pid,
        symbols: request.symbols.clone(),
        strategy: request.strategy.clone(),
        interval_seconds: request.interval_seconds.clone(),
        planned_seconds: request.planned_seconds.clone(),
        capital: request.capital.clone(),
        metadata: request.metadata.clone(),
        ended_at: None,
        last_renewal: None,
        servers_were_away: false,
        final_value: None,
        pnl: None,
        reason: None,
        replaced_by: None,
    }
}
