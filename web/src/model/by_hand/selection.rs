//! What of a document is written: the paths that were changed by hand, and no other, whatever a program does to those meanwhile.

use stateloft_core::api::StateSelection;
use stateloft_core::book::by_hand::Position;
use stateloft_core::diff::Diff;
use stateloft_core::json::{Document, Node, Pointer};

/// The selection of a restore to the document: everything is left alone that is the same in it as in the one before, and what was
/// typed is written where it is protected, too.
#[must_use]
pub fn selection(before: &Document, position: &Position, diff: &Diff) -> StateSelection {
    let touched = |path: &str| {
        let within = |place: &str| {
            place.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        diff.changes.iter().any(|change| within(&change.path) || within(&change.display))
    };
    let mut left = members(before.root(), "", |path| position.has_lots && path == "/lots", touched);
    // Closed lots do not move; of those that are open each is named by its id, as their places may shift.
    for lot in position.lots.iter().filter(|_| position.has_lots) {
        let (Some(id), Ok(pointer)) = (&lot.id, Pointer::parse(&lot.path)) else { continue };
        let shown = format!("/lots/[{id}]");
        let Some(node) = before.tape().get(&pointer).filter(|_| lot.fixed.is_none()) else { continue };
        let new = diff.changes.iter().any(|change| change.display == shown);
        if new {
            continue;
        }
        if touched(&shown) {
            left.extend(members(node, &shown, |path| path.ends_with("/id"), touched));
        } else {
            left.push(shown);
        }
    }
    let protected = diff.changes.iter().filter(|change| change.protected.is_some() && !change.volatile);
    let mut unlocked: Vec<String> = protected.map(|change| change.path.clone()).collect();
    left.sort();
    unlocked.sort();
    StateSelection { skip: false, left, unlocked }
}

/// The members of an object that nothing was changed in.
fn members(
    object: Node<'_>,
    path: &str,
    but: impl Fn(&str) -> bool,
    touched: impl Fn(&str) -> bool,
) -> Vec<String> {
    let of = |member: stateloft_core::json::Member<'_>| {
        format!("{path}{}", Pointer::root().join(&member.key.decoded()).as_str())
    };
    object.members().map(of).filter(|path| !but(path) && !touched(path)).collect()
}

/// The paths that are noise by the rules of the type, of the difference between a document and an empty one: they are left to the
/// program.
#[must_use]
pub fn noise(from_nothing: &Diff) -> Vec<String> {
    from_nothing
        .changes
        .iter()
        .filter(|change| change.volatile)
        .map(|change| change.display.clone())
        .collect()
}
