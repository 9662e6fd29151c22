//! Says whether data keeps the rules of its type, and if not, which ones it breaks, where, and in plain words.
//!
//! The schema's own keywords are held by the `jsonschema` crate, which walks the document's tape directly, so that
//! numbers are compared as they are spelled and never pass through `f64`; rules between members by [`crate::schema`].

mod bounds;
mod compiled;
mod instance;
mod message;

use crate::json::{Document, Pointer};
use crate::model::{Mode, Verdict, Violation};
use crate::schema::{Found, MOST_FINDINGS, broken_rules};

use instance::{Budget, Instance};

/// What the rules of the type say of the data. Not checked in mode off, and where the type has no schema.
///
/// Every broken rule is listed, in the order of the document; after [`MOST_FINDINGS`] of them one last violation,
/// with the code `more`, says that there are more. Warn and strict say the same: whether invalid data is stored is
/// for the caller to decide by the mode.
#[must_use]
pub fn validate(state_type: &str, document: &Document, mode: Mode) -> Verdict {
    if mode == Mode::Off {
        return Verdict::NotChecked;
    }
    let Some(validator) = compiled::validator(state_type) else { return Verdict::NotChecked };
    let unlimited = Budget::unlimited();
    let mut found = broken_rules(state_type, document);
    if !validator.is_valid(Instance::new(document.root(), &unlimited)) {
        found.extend(broken_keywords(validator, document));
    }
    if found.is_empty() { Verdict::Valid } else { Verdict::Invalid { violations: listed(found) } }
}

fn broken_keywords(validator: &compiled::Validator, document: &Document) -> Vec<Found> {
    // A document of 16 MiB can break a rule at every second byte; the budget stops the walk when enough is known.
    let budget = Budget::of(MOST_FINDINGS + 1);
    let errors = validator.iter_errors(Instance::new(document.root(), &budget));
    errors
        .take(MOST_FINDINGS + 1)
        .map(|error| {
            let pointer = Pointer::parse(error.instance_path().as_str()).unwrap_or_default();
            let node = document.tape().get(&pointer).unwrap_or(document.root());
            let (code, message) = message::explain(&error, node);
            Found { index: node.index(), violation: Violation { pointer: pointer.into(), code, message } }
        })
        .collect()
}

/// In the order of the document, each once, limited.
fn listed(mut found: Vec<Found>) -> Vec<Violation> {
    found.sort_by_key(|found| found.index);
    let mut violations: Vec<Violation> = Vec::with_capacity(found.len());
    for Found { violation, .. } in found {
        // Two branches of a schema may say the same of one place.
        let same_place = violations.iter().rev().take_while(|known| known.pointer == violation.pointer);
        if !same_place.into_iter().any(|known| *known == violation) {
            violations.push(violation);
        }
    }
    if violations.len() > MOST_FINDINGS {
        violations.truncate(MOST_FINDINGS);
        let message = format!("more rules are broken; the first {MOST_FINDINGS} found are listed");
        violations.push(Violation { pointer: String::new(), code: "more".to_owned(), message });
    }
    violations
}
