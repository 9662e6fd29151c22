//! A file of the Python client's state managers: a first line that says what is needed to trust the rest, and the data, in which
//! values stand as the client tags them.

use sha2::{Digest as _, Sha256};

use super::super::draft::Draft;
use super::super::said::Said;
use super::{kind_of, pairs, portfolio, positions, state};
use crate::api::{QuarantineCode, RecordCode, Shape};
use crate::hash::ContentHash;
use crate::json::{Kind, Node, Pointer};
use crate::tagged::tagged;

/// What the file is known by; its value is the version of the format.
const MARK: &str = "stateloft_file";
const VERSION: &str = "1";
const CHECKSUM: &str = "sha256";
const SAVED_AT: &str = "saved_at";
const DATA: &str = "data";
/// The client writes it into the data as well, in words that only say again when it was saved.
const LAST_SAVE: &str = "last_save_time";

pub(super) fn is_one(root: Node<'_>) -> bool {
    root.get(MARK).is_some() && root.get(CHECKSUM).is_some()
}

/// Why nothing in the file can be believed, if it cannot: its data is not what was written, or of a version that is not known.
pub(super) fn fault(root: Node<'_>) -> Option<(QuarantineCode, String)> {
    let version = root.get(MARK)?.text();
    if version != VERSION {
        let reason = format!("the file is of version {version} of its format, and {VERSION} is known here");
        return Some((QuarantineCode::UnknownShape, reason));
    }
    let said = root.get(CHECKSUM).and_then(Node::as_str).unwrap_or_default();
    // The checksum is of the text without white space, which is how both write it.
    let hash = |data: Node<'_>| ContentHash::from_bytes(Sha256::digest(data.text().as_bytes()).into());
    let found = root.get(DATA).map(|data| hash(data).to_string());
    if found.as_deref() == Some(&*said) {
        return None;
    }
    let reason = "the checksum is of other data: the file is not what was written. Take the generation before it, FILE.1";
    Some((QuarantineCode::Damaged, reason.to_owned()))
}

pub(super) fn take(draft: &mut Draft<'_>, root: Node<'_>) -> Shape {
    let known = |data: Node<'_>| is_empty(data) || tagged(data).is_none() && state::is_one(data);
    if !root.get(DATA).is_some_and(known) {
        // All of it: it says how its values are to be read.
        let reason = "what the program keeps in its file has no known shape: name a type, and where in /data its states stand";
        draft.quarantine(&Pointer::root(), root, QuarantineCode::UnknownShape, reason);
        return Shape::StateloftFile;
    }
    let said = Said::first([root.get(SAVED_AT)], draft.rules);
    for member in root.members() {
        let key = member.key.decoded();
        let (at, value) = (Pointer::root().join(&key), member.value);
        match key.as_ref() {
            DATA => data(draft, value, &at, &said),
            SAVED_AT => draft.record(&at, RecordCode::Time, "when the file was saved", Some(value)),
            "summary" => draft.record(&at, RecordCode::Summary, "a summary of the data", Some(value)),
            CHECKSUM => {
                draft.record(
                    &at,
                    RecordCode::Beside,
                    "the checksum of the data, which is right",
                    Some(value),
                );
            }
            _ => draft.record(&at, RecordCode::Beside, "beside the data", Some(value)),
        }
    }
    Shape::StateloftFile
}

fn is_empty(data: Node<'_>) -> bool {
    kind_of(data) == Kind::Object && data.is_empty()
}

fn data(draft: &mut Draft<'_>, data: Node<'_>, at: &Pointer, said: &Said) {
    if is_empty(data) {
        return draft.record(at, RecordCode::Empty, "the program had no state", Some(data));
    }
    let named = |key: &str| data.get(key).map(|found| (found, at.join(key)));
    if let Some((found, place)) = named(state::POSITIONS)
        && are_named(draft, found, &place)
    {
        positions::by_pair(draft, found, &place, said, data.get(state::PAIRS));
    }
    if let Some((found, place)) = named(state::PAIRS)
        && are_named(draft, found, &place)
    {
        pairs::take(draft, found, &place, said, false);
    }
    if let Some((time, place)) = named(LAST_SAVE) {
        draft.record(&place, RecordCode::Time, "when the program saved", Some(time));
    }
    portfolio::take(draft, data, at, said, &[state::POSITIONS, state::PAIRS, LAST_SAVE]);
}

/// Whether the members of an object are pairs. The client writes names that are no texts as a tagged list.
fn are_named(draft: &mut Draft<'_>, pairs: Node<'_>, at: &Pointer) -> bool {
    if tagged(pairs).is_none() {
        return true;
    }
    let reason = "its names are no texts, so they cannot be ids: save it with texts as keys";
    draft.quarantine(at, pairs, QuarantineCode::NoName, reason);
    false
}
