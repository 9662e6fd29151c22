//! Two documents: what changed, and applying it.

use super::Misuse;
use super::documents::read;
use crate::apply::apply_selected;
use crate::diff::{Diff, Row};
use crate::schema::path_rules;

/// What is different in `new`.
///
/// # Errors
/// One of the texts is not a document.
pub fn diff(state_type: &str, old: &str, new: &str) -> Result<Diff, Misuse> {
    let (old, new) = (read("old", old)?, read("new", new)?);
    Ok(crate::diff::diff(&old, &new, path_rules(state_type)))
}

/// The difference as JSON Patch (RFC 6902), as JSON text: its values are spelled as in `new`.
///
/// # Errors
/// One of the texts is not a document.
pub fn json_patch(state_type: &str, old: &str, new: &str) -> Result<String, Misuse> {
    Ok(crate::diff::json_patch(&diff(state_type, old, new)?))
}

/// Both documents as lines beside each other. With `context`, so many equal lines stay around every difference and
/// the others are folded.
///
/// # Errors
/// One of the texts is not a document.
pub fn side_by_side(
    state_type: &str,
    old: &str,
    new: &str,
    context: Option<usize>,
) -> Result<Vec<Row>, Misuse> {
    let (old, new) = (read("old", old)?, read("new", new)?);
    Ok(crate::diff::side_by_side(&old, &new, path_rules(state_type), context))
}

/// The text of `old` with a difference applied: all of it, or the changes at these places of its list.
///
/// # Errors
/// The text is not a document, the difference was not made from it, or it has no such change.
pub fn apply(old: &str, diff: &Diff, chosen: Option<&[usize]>) -> Result<String, Misuse> {
    let document = read("old", old)?;
    let mut wanted = vec![chosen.is_none(); diff.changes.len()];
    for place in chosen.into_iter().flatten() {
        let Some(wanted) = wanted.get_mut(*place) else {
            let message = format!("there is no change {place}; the difference has {}", diff.changes.len());
            return Err(Misuse::Argument("chosen", message));
        };
        *wanted = true;
    }
    let mut wanted = wanted.into_iter();
    let result = apply_selected(&document, diff, |_| wanted.next() == Some(true));
    Ok(result.map_err(|error| Misuse::Argument("diff", error.to_string()))?.text().to_owned())
}
