//! What a batch looks at before it writes: how that is asked for, and what is said where it does not hold.

use stateloft_core::api::{BatchItem, FailedCheck, VersionView};
use stateloft_core::commit::{Check, CheckFailed, Condition, Expectation};
use stateloft_core::json::Node;
use stateloft_core::model::{StateKey, VersionNumber};

use super::error::head_text;
use super::{Result, ServiceError};
use crate::store::StoreError;

/// Values that are longer are not repeated in an answer.
const FOUND_MAX_BYTES: usize = 1 << 10;
/// So many checks that do not hold are told in words; `checks` has them all.
const TOLD: usize = 10;

/// The check that an item of a batch asks for.
pub(super) fn check_of(nth: usize, item: &BatchItem) -> Result<Check> {
    let wrong = |member: &str, code: &str, message: &str| {
        Err(ServiceError::body(&format!("/items/{nth}{member}"), code, message))
    };
    if item.data.is_some() {
        return wrong("/data", "unexpected", "a check takes no data: say the value with pointer and equals");
    }
    if item.expected_version.is_some() {
        return wrong("/expected_version", "unexpected", "a check says the version of the head as version");
    }
    let said = (item.version, item.content_hash, item.exists, item.pointer.clone(), item.equals.clone());
    let condition = match said {
        (Some(version), None, None, None, None) => {
            Condition::Head(Expectation::Version(VersionNumber(version)))
        }
        (None, Some(hash), None, None, None) => Condition::Content(hash),
        (None, None, Some(true), None, None) => Condition::Head(Expectation::Present),
        (None, None, Some(false), None, None) => Condition::Head(Expectation::Absent),
        (None, None, Some(exists), Some(pointer), None) => Condition::Has(pointer, exists),
        (None, None, None, Some(pointer), Some(value)) => Condition::Equals(pointer, value),
        (.., None, Some(_)) => return wrong("/pointer", "required", "equals needs a pointer to the value"),
        _ => {
            let one =
                "a check says exactly one of version, content_hash, exists, or pointer with equals or exists";
            return wrong("", "one_of", one);
        }
    };
    let key = StateKey { state_type: item.state_type.clone(), state_id: item.state_id.clone() };
    Ok(Check { item: nth, key, condition })
}

/// Refuses members of a check in an item that writes.
pub(super) fn writes_only(nth: usize, item: &BatchItem) -> Result<()> {
    let members = [
        ("version", item.version.is_some()),
        ("content_hash", item.content_hash.is_some()),
        ("exists", item.exists.is_some()),
        ("pointer", item.pointer.is_some()),
        ("equals", item.equals.is_some()),
    ];
    let Some((name, _)) = members.into_iter().find(|(_, there)| *there) else { return Ok(()) };
    let message = format!(
        "{name} belongs to a check, and this item writes: add an item with op check, or say expected_version"
    );
    Err(ServiceError::body(&format!("/items/{nth}/{name}"), "unexpected", message))
}

/// The error for checks that do not hold. Where a head is damaged nobody knows whether they do.
pub(super) fn not_holding(failed: Vec<CheckFailed>) -> ServiceError {
    let mut heads = failed.iter().filter_map(|failed| failed.head.as_ref());
    let damaged = heads.find(|head| head.damaged.is_some()).cloned();
    match damaged.map(StoreError::unless_damaged) {
        Some(Err(error)) => error.into(),
        _ => ServiceError::ChecksFailed(failed),
    }
}

/// What is wrong, in words.
pub(super) fn text(failed: &[CheckFailed]) -> String {
    let told: Vec<_> = failed.iter().take(TOLD).map(one).collect();
    let told = told.join("; ");
    match failed.len().saturating_sub(TOLD) {
        0 => told,
        more => format!("{told}; and {more} more"),
    }
}

/// A check that does not hold, as it is answered.
pub(super) fn described(failed: &CheckFailed) -> FailedCheck {
    let found = failed.check.found(failed.head.as_ref()).filter(|node| node.text().len() <= FOUND_MAX_BYTES);
    FailedCheck {
        item: format!("/items/{}", failed.check.item),
        state_type: failed.check.key.state_type.clone(),
        state_id: failed.check.key.state_id.clone(),
        message: one(failed),
        head: failed.head.as_ref().map(VersionView::of),
        found: found.map(Node::to_document),
    }
}

fn one(failed: &CheckFailed) -> String {
    let CheckFailed { check, head } = failed;
    let head_is = || head_text(head.as_ref());
    let (wanted, there) = match &check.condition {
        Condition::Head(Expectation::Version(version)) => {
            (format!("version {version} was expected"), head_is())
        }
        Condition::Head(Expectation::Absent) => ("it must not exist".to_owned(), head_is()),
        Condition::Head(_) => ("it must exist".to_owned(), head_is()),
        Condition::Content(hash) => (format!("data with the hash {hash} was expected"), head_is()),
        Condition::Has(pointer, true) => {
            (format!("a value at {:?} was expected", pointer.as_str()), value(failed))
        }
        Condition::Has(pointer, false) => {
            (format!("no value at {:?} was expected", pointer.as_str()), value(failed))
        }
        Condition::Equals(pointer, wanted) => {
            (format!("{} at {:?} was expected", shown(wanted.root()), pointer.as_str()), value(failed))
        }
    };
    format!("{}: {wanted}, but {there}", check.key)
}

fn value(failed: &CheckFailed) -> String {
    let live = failed.head.as_ref().filter(|head| !head.is_deleted());
    match (live, failed.check.found(live)) {
        (None, _) => head_text(failed.head.as_ref()),
        (Some(head), None) => format!("there is none in version {}", head.version),
        (Some(head), Some(found)) => format!("version {} has {} there", head.version, shown(found)),
    }
}

/// A value, or how long it is.
fn shown(node: Node<'_>) -> String {
    const SHORT: usize = 80;
    let text = node.text();
    if text.len() <= SHORT { text.to_owned() } else { format!("a value of {} bytes", text.len()) }
}
