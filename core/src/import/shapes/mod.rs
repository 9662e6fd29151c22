//! What a document is, by what is in it. One file a recogniser; each passes what it takes to the draft.

mod backup;
mod broker;
mod chosen;
mod fallback;
mod pairs;
mod portfolio;
mod positions;
mod sessions;
mod state;
mod stateloft_file;
mod tables;

use super::draft::Draft;
use crate::api::{QuarantineCode, RecordCode, Shape};
use crate::json::{Kind, Node, Pointer};
use crate::tagged::NotFinite;

/// A recogniser: whether a document is its kind, and how it is taken apart.
struct Recogniser {
    is_it: fn(Node<'_>) -> bool,
    take: fn(&mut Draft<'_>, Node<'_>) -> Shape,
}

/// The first that knows a document has it: those that ask for more come first.
const RECOGNISERS: [Recogniser; 7] = [
    Recogniser { is_it: stateloft_file::is_one, take: stateloft_file::take },
    Recogniser { is_it: backup::is_one, take: backup::take },
    Recogniser { is_it: broker::is_one, take: broker::take },
    Recogniser { is_it: sessions::is_one, take: sessions::take },
    Recogniser { is_it: state::is_one, take: state::take },
    Recogniser { is_it: tables::is_one, take: tables::take },
    Recogniser { is_it: fallback::is_one, take: fallback::take },
];

/// Takes a document apart.
pub(super) fn recognise(draft: &mut Draft<'_>, root: Node<'_>) -> Shape {
    // Before anything else: whatever is asked for, damaged data is taken for no state.
    if stateloft_file::is_one(root)
        && let Some((code, reason)) = stateloft_file::fault(root)
    {
        draft.quarantine(&Pointer::root(), root, code, &reason);
        return Shape::StateloftFile;
    }
    if let Some(chosen) = &draft.rules.chosen {
        return chosen::take(draft, chosen, root);
    }
    if matches!(kind_of(root), Kind::Object | Kind::Array) && root.is_empty() {
        draft.record(&Pointer::root(), RecordCode::Empty, "nothing is in it", Some(root));
        return Shape::Empty;
    }
    if let Some(recogniser) = RECOGNISERS.iter().find(|recogniser| (recogniser.is_it)(root)) {
        return (recogniser.take)(draft, root);
    }
    let reason = "the document has no known shape: name a type, and where its states stand, to take it in";
    draft.quarantine(&Pointer::root(), root, QuarantineCode::UnknownShape, reason);
    Shape::Unknown
}

/// What a value is to whoever wrote it: a number that is not finite is kept as an object, and is a number all the same.
fn kind_of(node: Node<'_>) -> Kind {
    if NotFinite::of(node).is_some() { Kind::Number } else { node.kind() }
}

/// Whether an object has a member of this kind.
fn has(node: Node<'_>, key: &str, kind: Kind) -> bool {
    node.get(key).is_some_and(|value| kind_of(value) == kind)
}
