//! What the bytes of a file are: states, or why they are none.

use std::collections::BTreeMap;

use stateloft_core::api::{ImportOptions, ImportPlan};
use stateloft_core::import::{File, NoState, document_of, plan};
use stateloft_core::json::Document;
use stateloft_core::model::{StateId, StateKey, StateType};

use super::found::{VNPY_DATA, VNPY_SETTING};

/// How files are understood.
#[derive(Debug)]
pub(super) enum Reading {
    /// As an import understands them.
    Import(ImportOptions),
    /// As vn.py writes them: an object with a member for each strategy.
    Vnpy,
    /// Each file that is JSON is a state of this type, by its whole name.
    Lean(StateType),
}

/// What a file holds.
#[derive(Debug, Default)]
pub(super) struct Understood {
    /// Its states.
    pub(super) states: BTreeMap<StateKey, Document>,
    /// What of it is none, and why.
    pub(super) left: Vec<String>,
}

/// Why nothing is made of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is not whole, or not yet.
    NotWhole(String),
    /// It is something else.
    NotOurs(String),
}

impl Reading {
    /// Whether a file that begins so can be one of those that are watched.
    pub(super) fn may_begin_with(&self, bytes: &[u8]) -> bool {
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
        !matches!(self, Self::Lean(_)) || text.is_empty() || text.starts_with(b"{")
    }

    /// What a file holds. Of a state of which it holds several versions only the last one counts: it is what the file says now.
    pub(super) fn of(&self, name: &str, bytes: &[u8], prefix: &str) -> Result<Understood, Unread> {
        let (options, app) = match self {
            Self::Import(options) => (options.clone(), String::new()),
            Self::Vnpy => vnpy(name),
            Self::Lean(state_type) => return object(state_type, name, bytes, prefix),
        };
        let found = plan(&[File { name, bytes }], &options);
        let found = found.map_err(|error| Unread::NotOurs(error.to_string()))?;
        if let Some(error) = found.errors.first() {
            return Err(Unread::NotWhole(error.message.clone()));
        }
        Ok(taken(found, &format!("{prefix}{app}")))
    }
}

fn taken(found: ImportPlan, prefix: &str) -> Understood {
    let mut understood = Understood::default();
    for held in found.quarantine {
        understood.left.push(format!("{}: {}", held.source, held.reason));
    }
    for item in found.items {
        let (source, unordered) = (&item.source, item.order_unknown);
        if unordered {
            let key = item.key();
            understood
                .left
                .push(format!("{source}: {key} is there more than once, and nothing says which is newer"));
            continue;
        }
        match prefixed(item.key(), prefix) {
            Ok(key) => drop(understood.states.insert(key, item.data)),
            Err(why) => understood.left.push(format!("{source}: {why}")),
        }
    }
    understood
}

/// The state with this before its id.
pub(super) fn prefixed(key: StateKey, prefix: &str) -> Result<StateKey, String> {
    if prefix.is_empty() {
        return Ok(key);
    }
    let state_id = StateId::new(&format!("{prefix}{}", key.state_id)).map_err(|error| error.to_string())?;
    Ok(StateKey { state_id, ..key })
}

/// What a file of vn.py's holds a strategy, and of which of its apps: `cta_strategy/`.
fn vnpy(name: &str) -> (ImportOptions, String) {
    let file = name.rsplit('/').next().unwrap_or(name);
    let (state_type, app) = match (file.strip_suffix(VNPY_DATA), file.strip_suffix(VNPY_SETTING)) {
        (Some(app), _) => ("strategy", app),
        (None, app) => ("configuration", app.unwrap_or(file)),
    };
    let each = Some(String::new());
    let options =
        ImportOptions { state_type: StateType::new(state_type).ok(), each, ..ImportOptions::default() };
    (options, format!("{app}_strategy/"))
}

fn object(state_type: &StateType, name: &str, bytes: &[u8], prefix: &str) -> Result<Understood, Unread> {
    let data = document_of(bytes).map_err(|why| match why {
        NoState::NotJson(_) | NoState::Several(0) => Unread::NotWhole(why.to_string()),
        NoState::Several(_) | NoState::NotAnObject(_) | NoState::TooLarge { .. } => {
            Unread::NotOurs(why.to_string())
        }
    })?;
    let key = StateId::new(&format!("{prefix}{name}"))
        .map(|state_id| StateKey { state_type: state_type.clone(), state_id })
        .map_err(|error| Unread::NotOurs(error.to_string()))?;
    Ok(Understood { states: BTreeMap::from([(key, data)]), left: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(reading: &Reading, name: &str, text: &str) -> Result<Vec<(String, String)>, Unread> {
        let understood = reading.of(name, text.as_bytes(), "a/")?;
        assert_eq!(understood.left, [""; 0]);
        Ok(understood.states.into_iter().map(|(key, data)| (key.to_string(), data.to_string())).collect())
    }

    fn lines(found: &[(&str, &str)]) -> Vec<(String, String)> {
        found.iter().map(|(key, data)| ((*key).to_owned(), (*data).to_owned())).collect()
    }

    #[test]
    fn each_strategy_of_vnpy_is_a_state_and_its_settings_another() {
        let data = r#"{"dbl 1": {"inited": true, "pos": -3}, "ma": {"fast_ma0": 101.25}}"#;
        assert_eq!(
            read(&Reading::Vnpy, "x/cta_strategy_data.json", data),
            Ok(lines(&[
                ("strategy a/cta_strategy/dbl 1", r#"{"inited":true,"pos":-3}"#),
                ("strategy a/cta_strategy/ma", r#"{"fast_ma0":101.25}"#),
            ]))
        );
        let setting = r#"{"ma": {"class_name": "Ma", "vt_symbol": "IF99.CFFEX", "setting": {"fast": 10}}}"#;
        let found = read(&Reading::Vnpy, "portfolio_strategy_setting.json", setting).unwrap();
        assert_eq!(found[0].0, "configuration a/portfolio_strategy/ma");
    }

    #[test]
    fn objects_of_lean_are_states_if_they_are_json_objects() {
        let lean = Reading::Lean(StateType::new("strategy").unwrap());
        let bom = "\u{feff}{\"a\": 1.10, \"b\": NaN}";
        let text = r#"{"a":1.10,"b":{"$stateloft":"float","value":"NaN"}}"#;
        assert_eq!(read(&lean, "deep/model.json", bom), Ok(lines(&[("strategy a/deep/model.json", text)])));
        assert!(matches!(read(&lean, "a", r#"{"cut": "#), Err(Unread::NotWhole(_))));
        assert!(matches!(read(&lean, "a", ""), Err(Unread::NotWhole(_))));
        assert!(
            lean.may_begin_with(b" {") && lean.may_begin_with(b"") && !lean.may_begin_with(b"time,close")
        );
        assert!(matches!(read(&lean, "a", "[1]"), Err(Unread::NotOurs(_))));
    }

    #[test]
    fn files_are_taken_apart_as_an_import_does() {
        let options = ImportOptions {
            state_type: StateType::new("position").ok(),
            each: Some("/positions".to_owned()),
            ..ImportOptions::default()
        };
        let text = r#"{"positions": {"A": {"qty": 1}, "B": {"qty": 2}}, "time": 1}"#;
        let found = read(&Reading::Import(options), "s.json", text);
        assert_eq!(found, Ok(lines(&[("position a/A", r#"{"qty":1}"#), ("position a/B", r#"{"qty":2}"#)])));
        let shapes = Reading::Import(ImportOptions::default());
        let unknown = shapes.of("s.json", b"{\"x\": 1}", "").unwrap();
        assert!(unknown.states.is_empty() && unknown.left[0].contains("no known shape"), "{unknown:?}");
        assert!(matches!(read(&shapes, "s.json", "{\"x\": "), Err(Unread::NotWhole(_))));
    }

    #[test]
    fn of_several_versions_of_a_state_in_a_file_the_last_one_counts_if_it_is_known_which_that_is() {
        let reading = |each: Option<&str>| {
            Reading::Import(ImportOptions {
                state_type: StateType::new("bot_memory").ok(),
                each: each.map(str::to_owned),
                id_from: Some("/id".to_owned()),
                ..ImportOptions::default()
            })
        };
        let lines_of_a_log = "{\"id\":\"a\",\"n\":1}\n{\"id\":\"a\",\"n\":2}\n";
        let found = read(&reading(None), "log.jsonl", lines_of_a_log);
        assert_eq!(found, Ok(lines(&[("bot_memory a/a", r#"{"id":"a","n":2}"#)])));
        let twice = br#"[{"id":"a","n":1},{"id":"a","n":2}]"#;
        let unknown = reading(Some("")).of("a.json", twice, "").unwrap();
        assert!(unknown.states.is_empty() && unknown.left.len() == 2, "{unknown:?}");
    }
}
