//! Versions to test with.

use std::sync::Arc;

use stateloft_core::api::VersionView;

use super::inbox::Event;

/// A version to change for a test.
pub(crate) struct Sample(pub(crate) VersionView);

impl Sample {
    /// Version 1 of `position A`, at this seq and time.
    pub(crate) fn at(seq: u64, time: &str) -> Self {
        let text = format!(
            r#"{{"state_id":"A","state_type":"position","seq":{seq},"version":1,"version_id":"x","operation":"update",
            "timestamp":"{time}","user_id":"bot","description":null,"content_hash":null,"chain_hash":"{}",
            "verdict":{{"status":"valid"}},"change":{{"added":0,"changed":1,"removed":0}},"size":2}}"#,
            "0".repeat(64)
        );
        Self(serde_json::from_str(&text).unwrap())
    }

    /// Of this state.
    pub(crate) fn of(mut self, state_type: &str, id: &str) -> Self {
        let key = stateloft_core::model::StateKey::new(state_type, id).unwrap();
        (self.0.state_type, self.0.state_id) = (key.state_type, key.state_id);
        self
    }

    /// With this version number.
    pub(crate) fn version(mut self, number: u64) -> Self {
        self.0.version = stateloft_core::model::VersionNumber(number);
        self
    }

    /// By this author.
    pub(crate) fn by(mut self, author: &str) -> Self {
        self.0.user_id = Some(author.into());
        self
    }

    /// By this operation.
    pub(crate) fn doing(mut self, operation: &str) -> Self {
        self.0.operation = stateloft_core::model::Operation::from_name(operation).unwrap();
        self
    }

    /// With this first change: path, old, new.
    pub(crate) fn changing(mut self, path: &str, old: &str, new: &str) -> Self {
        let first = stateloft_core::model::FirstChange {
            path: path.into(),
            old: Some(old.into()),
            new: Some(new.into()),
            delta: None,
            note: None,
        };
        self.0.change.first = Some(std::sync::Arc::new(first));
        self
    }

    /// Breaking a rule.
    pub(crate) fn invalid(mut self) -> Self {
        let violation = stateloft_core::model::Violation {
            pointer: "/stop_loss".into(),
            code: "rule".into(),
            message: "must be below".into(),
        };
        self.0.verdict = stateloft_core::model::Verdict::Invalid { violations: vec![violation] };
        self
    }

    /// Imported, of what an older system saved then.
    pub(crate) fn saved(mut self, time: &str) -> Self {
        self.0.saved_at = Some(stateloft_core::model::Timestamp::parse(time).unwrap());
        self
    }

    /// As an event.
    pub(crate) fn event(self) -> Event {
        Arc::new(self.0)
    }
}
