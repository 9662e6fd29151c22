//! The vectors under `tests/vectors/`: calls of the component with the exact text of what they give.
//!
//! The same cases run natively and in the browser. A result is compared as JSON text, byte for byte.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The files, by name.
pub(crate) const FILES: [(&str, &str); 11] = [
    ("apply.json", include_str!("../../../tests/vectors/apply.json")),
    ("check.json", include_str!("../../../tests/vectors/check.json")),
    ("diff.json", include_str!("../../../tests/vectors/diff.json")),
    ("import_preview.json", include_str!("../../../tests/vectors/import_preview.json")),
    ("json_patch.json", include_str!("../../../tests/vectors/json_patch.json")),
    ("outline.json", include_str!("../../../tests/vectors/outline.json")),
    ("plan.json", include_str!("../../../tests/vectors/plan.json")),
    ("reconcile.json", include_str!("../../../tests/vectors/reconcile.json")),
    ("side_by_side.json", include_str!("../../../tests/vectors/side_by_side.json")),
    ("validate.json", include_str!("../../../tests/vectors/validate.json")),
    ("verify.json", include_str!("../../../tests/vectors/verify.json")),
];

/// One call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// What it shows.
    pub(crate) name: String,
    /// The function.
    pub(crate) call: String,
    /// Its arguments: texts (documents are JSON text), numbers, or plain data.
    pub(crate) args: Vec<Value>,
    /// What comes of it.
    #[serde(flatten)]
    pub(crate) outcome: Outcome,
}

/// What comes of a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// This, as JSON text.
    Result(String),
    /// It throws an error with this message.
    Throws(String),
}

/// The cases of a file.
pub(crate) fn read(name: &str, text: &str) -> Vec<Case> {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Calls every case and says how the outcomes differ from what is written down.
pub(crate) fn differences(call: impl Fn(&Case) -> Outcome) -> Vec<String> {
    let mut differences = Vec::new();
    for (file, text) in FILES {
        for case in read(file, text) {
            let outcome = call(&case);
            if outcome != case.outcome {
                differences.push(format!(
                    "{file}, {}:\n  expected {:?}\n  got      {outcome:?}",
                    case.name, case.outcome
                ));
            }
        }
    }
    differences
}
