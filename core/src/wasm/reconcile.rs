//! A broker's list held against positions, in a page as by the server.

use serde::Deserialize;

use super::Misuse;
use super::documents::read;
use crate::api::{ReconcileOptions, ReconcileReport};
use crate::json::Document;
use crate::model::{StateId, StateKey, StateType, Timestamp, VersionNumber};
use crate::reconcile::OurState;

/// A version of ours, as the API gives it; its other members are not looked at.
#[derive(Deserialize)]
struct Ours {
    state_type: StateType,
    state_id: StateId,
    version: VersionNumber,
    timestamp: Timestamp,
    #[serde(default)]
    data: Option<Document>,
    #[serde(default)]
    then: Option<Document>,
}

/// A page of the API's list of states.
#[derive(Deserialize)]
struct Page {
    states: Vec<Ours>,
}

/// Says how a broker's list stands to positions. `ours` is the text of the API's list of states with their data, or of such an array;
/// each may have what it held when the broker was asked (`then`). `list` is the broker's answer as it came, `None` where the
/// call failed.
///
/// # Errors
/// A text is not what it must be, or the options say what cannot be.
pub fn reconcile(
    ours: &str,
    list: Option<&str>,
    options: &ReconcileOptions,
) -> Result<ReconcileReport, Misuse> {
    let list = list.map(|text| read("list", text)).transpose()?;
    let ours: Result<Vec<Ours>, _> = if ours.trim_start().starts_with('[') {
        serde_json::from_str(ours)
    } else {
        serde_json::from_str(ours).map(|page: Page| page.states)
    };
    let ours = ours.map_err(|error| Misuse::Argument("ours", error.to_string()))?;
    let keys: Vec<StateKey> = ours
        .iter()
        .map(|ours| StateKey { state_type: ours.state_type.clone(), state_id: ours.state_id.clone() })
        .collect();
    let states: Vec<OurState<'_>> = ours
        .iter()
        .zip(&keys)
        .map(|(ours, key)| OurState {
            key,
            version: ours.version,
            changed_at: ours.timestamp,
            data: ours.data.as_ref(),
            then: ours.then.as_ref(),
        })
        .collect();
    crate::reconcile::reconcile(&states, list.as_ref(), options).map_err(|error| {
        let argument = if error.pointer() == "/list" { "list" } else { "options" };
        Misuse::Argument(argument, error.to_string())
    })
}
