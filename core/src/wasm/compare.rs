//! Two documents: what changed, and applying it.

use super::Misuse;
use super::documents::read;
use crate::diff::Diff;
use crate::schema::path_rules;

/// What is different in `new`.
///
/// # Errors
/// One of the texts is not a document.
pub fn diff(state_type: &str, old: &str, new: &str) -> Result<Diff, Misuse> {
    let (old, new) = (read("old", old)?, read("new", new)?);
    Ok(crate::diff::diff(&old, &new, path_rules(state_type)))
}

/// The text of `old` with a difference applied: all of it, or the changes at these places of its list.
///
/// # Errors
/// The text is not a document, the difference was not made from it, or it has no such change.
pub fn apply(old: &str, mut diff: Diff, chosen: Option<&[usize]>) -> Result<String, Misuse> {
    let document = read("old", old)?;
    if let Some(chosen) = chosen {
        let count = diff.changes.len();
        if let Some(beyond) = chosen.iter().find(|place| **place >= count) {
            let message = format!("there is no change {beyond}; the difference has {count}");
            return Err(Misuse::Argument("chosen", message));
        }
        let mut place = 0..count;
        diff.changes.retain(|_| place.next().is_some_and(|place| chosen.contains(&place)));
    }
    let result = crate::apply::apply(&document, &diff);
    Ok(result.map_err(|error| Misuse::Argument("diff", error.to_string()))?.text().to_owned())
}
