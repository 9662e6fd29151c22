//! Says whether data keeps the rules of its type, and if not, which ones it breaks, where, and in plain words.
//!
//! The schema's own keywords are held by the `jsonschema` crate, which walks the document's tape directly, so that
//! numbers are compared as they are spelled and never pass through `f64`; rules between members by [`crate::schema`].

mod bounds;
mod compiled;
mod effort;
mod instance;
mod message;
mod places;

use std::rc::Rc;

use crate::json::{Document, Pointer};
use crate::model::{Mode, Verdict, Violation};
use crate::schema::{Found, MOST_FINDINGS, Steps, broken_rules};

pub use effort::{Effort, TooMuch};
use instance::{Budget, Instance};
use places::places;

/// What the rules of the type say of the data. Not checked in mode off, where the type has no schema, and where there is more
/// in the data than [`Effort::ORDINARY`] goes through.
///
/// Every broken rule is listed, in the order of the document; after [`MOST_FINDINGS`] of them one last violation,
/// with the code `more`, says that there are more. Warn and strict say the same: whether invalid data is stored is
/// for the caller to decide by the mode.
#[must_use]
pub fn validate(state_type: &str, document: &Document, mode: Mode) -> Verdict {
    validate_within(state_type, document, mode, Effort::ORDINARY).unwrap_or(Verdict::NotChecked)
}

/// The same, as far as an effort goes.
///
/// # Errors
/// When there is more in the data than that: then nothing is known of it.
pub fn validate_within(
    state_type: &str,
    document: &Document,
    mode: Mode,
    effort: Effort,
) -> Result<Verdict, TooMuch> {
    if mode == Mode::Off {
        return Ok(Verdict::NotChecked);
    }
    let Some(validator) = compiled::validator(state_type) else { return Ok(Verdict::NotChecked) };
    let steps = Rc::new(Steps::of(effort.steps));
    let mut found = broken_rules(state_type, document, &steps);
    let all = Budget::of(usize::MAX, &steps);
    let is_valid = validator.is_valid(Instance::new(document.root(), &all));
    if !is_valid && !steps.are_spent() {
        found.extend(broken_keywords(validator, document, &steps));
    }
    if steps.are_spent() {
        return Err(TooMuch);
    }
    Ok(if found.is_empty() { Verdict::Valid } else { Verdict::Invalid { violations: listed(found) } })
}

fn broken_keywords(validator: &compiled::Validator, document: &Document, steps: &Rc<Steps>) -> Vec<Found> {
    // A document of 16 MiB can break a rule at every second byte; the budget stops the walk when enough is known.
    let budget = Budget::of(MOST_FINDINGS + 1, steps);
    let errors = validator.iter_errors(Instance::new(document.root(), &budget));
    let errors: Vec<_> = errors.take(MOST_FINDINGS + 1).collect();
    let pointer = |error: &jsonschema::ValidationError<'_>| {
        Pointer::parse(error.instance_path().as_str()).unwrap_or_default()
    };
    let pointers: Vec<Pointer> = errors.iter().map(pointer).collect();
    let places = places(document.root(), &pointers, steps);
    let explained = errors.iter().zip(places).map(|(error, (node, pointer))| {
        let (code, message) = message::explain(error, node);
        Found { index: node.index(), violation: Violation { pointer: pointer.into(), code, message } }
    });
    explained.collect()
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
