//! What of an import is no state of its programs: kept as states of types of its own, so that it can be listed, seen and
//! settled, with history.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::api::{ImportOptions, ImportPlan, ImportRecord, ImportSource, Quarantined};
use crate::hash::RequestHash;
use crate::json::Document;
use crate::model::{STATE_ID_MAX_BYTES, StateKey};

use serde::{Deserialize, Serialize};

/// The type of what could not be placed.
pub const QUARANTINE: &str = "quarantine";
/// The type of the records of imports.
pub const RECORD: &str = "audit";

/// Bytes of the values of a record that are kept with it; others are only named.
const VALUES_MAX_BYTES: usize = 4 << 20;

/// Something in quarantine as a state.
///
/// # Errors
/// It cannot be written as JSON.
pub fn quarantined(held: &Quarantined) -> Result<(StateKey, Document), serde_json::Error> {
    #[derive(Serialize)]
    struct Data<'a> {
        code: crate::api::QuarantineCode,
        reason: &'a str,
        source: &'a ImportSource,
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        base64: Option<&'a str>,
    }
    let Quarantined { source, code, reason, text, base64 } = held;
    let data = Data { code: *code, reason, source, text: text.as_deref(), base64: base64.as_deref() };
    Ok((key(QUARANTINE, &source.to_string())?, Document::from_serialize(&data)?))
}

/// The bytes that a state in quarantine holds.
///
/// # Errors
/// It holds none: it is not as an import wrote it.
pub fn bytes_of(data: &Document) -> Result<Vec<u8>, serde_json::Error> {
    #[derive(Deserialize)]
    struct Held {
        text: Option<String>,
        base64: Option<String>,
    }
    let Held { text, base64 } = data.to()?;
    match (text, base64) {
        (Some(text), _) => Ok(text.into_bytes()),
        (None, Some(base64)) => STANDARD.decode(base64).map_err(serde::de::Error::custom),
        (None, None) => Err(serde::de::Error::custom("there is neither text nor base64")),
    }
}

/// What an import was: its files, what was in them besides states, and what could not be read. The same files with the same
/// options have the same record.
///
/// # Errors
/// It cannot be written as JSON.
pub fn record(plan: &ImportPlan, options: &ImportOptions) -> Result<(StateKey, Document), serde_json::Error> {
    #[derive(Serialize)]
    struct Data<'a> {
        kind: &'static str,
        plan: &'a str,
        options: &'a ImportOptions,
        items: u64,
        quarantined: u64,
        files: &'a [crate::api::FileSummary],
        records: Vec<ImportRecord>,
        errors: &'a [crate::api::FileError],
    }
    let mut room = VALUES_MAX_BYTES;
    let data = Data {
        kind: "import",
        plan: &plan.hash,
        options,
        items: plan.items.len() as u64,
        quarantined: plan.quarantine.len() as u64,
        files: &plan.files,
        records: plan.records.iter().map(|record| within(record, &mut room)).collect(),
        errors: &plan.errors,
    };
    let name = format!("import_{}", plan.hash.get(..16).unwrap_or(&plan.hash));
    Ok((key(RECORD, &name)?, Document::from_serialize(&data)?))
}

/// A record with its value, if there is room; it says where it stands in any case.
fn within(record: &ImportRecord, room: &mut usize) -> ImportRecord {
    let bytes = record.value.as_ref().map_or(0, Document::len);
    let value = record.value.clone().filter(|_| bytes <= *room);
    let message = match (&record.value, &value) {
        (Some(_), None) => format!("{} ({bytes} bytes, which stay in the file)", record.message),
        _ => record.message.clone(),
    };
    *room = room.saturating_sub(bytes);
    ImportRecord { source: record.source.clone(), code: record.code, message, value }
}

/// A name as an id: without control characters, and where it is too long with a hash in place of its end.
fn key(state_type: &str, name: &str) -> Result<StateKey, serde_json::Error> {
    const HASH: usize = 16;
    let plain: String =
        name.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect();
    let id = if plain.len() <= STATE_ID_MAX_BYTES && plain == name && !name.is_empty() {
        plain
    } else {
        let hash = RequestHash::of(&[name.as_bytes()]).to_string();
        let most = STATE_ID_MAX_BYTES - HASH - 1;
        let end = plain.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= most).last();
        format!("{}~{}", &plain[..end.unwrap_or_default()], &hash[..HASH])
    };
    StateKey::new(state_type, &id).map_err(serde::ser::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_ids_whatever_they_hold() {
        let id = |name: &str| key(QUARANTINE, name).unwrap().state_id.to_string();
        assert_eq!(id("a/b.json#/x"), "a/b.json#/x");
        let (one, other) = (id(&"é".repeat(400)), id(&"é".repeat(401)));
        assert!(one.len() <= STATE_ID_MAX_BYTES && one != other);
        assert!(id("a\nb").starts_with("a\u{fffd}b~") && id("") != id("~"));
    }

    #[test]
    fn bytes_come_back_from_quarantine_as_they_went_in() {
        for (bytes, text) in [("{ \"a\": NaN }\r\n", true), ("\u{0}", false)] {
            let held = Quarantined {
                source: ImportSource {
                    file: "a".into(),
                    line: None,
                    pointer: String::new(),
                    members: vec![],
                },
                code: crate::api::QuarantineCode::NoName,
                reason: String::new(),
                text: text.then(|| bytes.to_owned()),
                base64: (!text).then(|| STANDARD.encode(bytes)),
            };
            assert_eq!(bytes_of(&quarantined(&held).unwrap().1).unwrap(), bytes.as_bytes());
        }
        let other = |text| bytes_of(&Document::parse(text, &crate::json::Limits::default()).unwrap());
        assert!(other("{}").is_err() && other(r#"{"base64":"?"}"#).is_err());
    }
}
