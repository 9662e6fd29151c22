//! Documents of any kind, taken as the request says: one state each, or one for each member of what a pointer leads to.

use super::super::draft::{Draft, Placed};
use super::super::flags::Flags;
use super::super::rules::{Chosen, IdFrom};
use super::super::said::Said;
use super::kind_of;
use crate::api::{QuarantineCode, RecordCode, Shape};
use crate::json::{Kind, Node, Pointer};

pub(super) fn take(draft: &mut Draft<'_>, chosen: &Chosen, root: Node<'_>) -> Shape {
    let Some(each) = &chosen.each else {
        let name = draft.path().to_owned();
        one(draft, chosen, &name, root, &Pointer::root());
        return Shape::Chosen;
    };
    let mut at = Pointer::root();
    let mut node = root;
    for token in each.tokens() {
        let Some(child) = node.child(&token) else {
            let reason = format!("{each} leads nowhere in this document");
            draft.quarantine(&Pointer::root(), root, QuarantineCode::NothingThere, &reason);
            return Shape::Chosen;
        };
        (at, node) = (at.join(&token), child);
    }
    beside(draft, root, each);
    members(draft, chosen, node, &at);
    Shape::Chosen
}

fn members(draft: &mut Draft<'_>, chosen: &Chosen, node: Node<'_>, at: &Pointer) {
    match kind_of(node) {
        Kind::Object | Kind::Array if node.is_empty() => {
            draft.record(at, RecordCode::Empty, "nothing is in it", Some(node));
        }
        Kind::Object => {
            for member in node.members() {
                let key = member.key.decoded();
                one(draft, chosen, &key, member.value, &at.join(&key));
            }
        }
        Kind::Array => {
            for (index, element) in node.elements().enumerate() {
                let place = at.join(&index.to_string());
                if chosen.id_from == IdFrom::Key {
                    let reason = "elements of an array have no key: say where in them the id stands";
                    draft.quarantine(&place, element, QuarantineCode::NoName, reason);
                } else {
                    one(draft, chosen, "", element, &place);
                }
            }
        }
        _ => draft.quarantine(
            at,
            node,
            QuarantineCode::NotAnObject,
            "an object or array of states belongs here",
        ),
    }
}

fn one(draft: &mut Draft<'_>, chosen: &Chosen, key: &str, node: Node<'_>, at: &Pointer) {
    if kind_of(node) != Kind::Object {
        return draft.quarantine(at, node, QuarantineCode::NotAnObject, "a state is an object");
    }
    let state_id = match &chosen.id_from {
        IdFrom::Key => Some(key.to_owned()),
        IdFrom::Member(pointer) => named(node, pointer),
    };
    let Some(state_id) = state_id else {
        let reason = "where its id should stand is no text and no number";
        return draft.quarantine(at, node, QuarantineCode::NoName, reason);
    };
    let state = Placed {
        state_type: chosen.state_type.as_str(),
        description: format!("Imported from {}", draft.source(at)),
        state_id,
        said: &Said::default(),
        flags: Flags::default(),
    };
    draft.state(state, at, node);
}

fn named(node: Node<'_>, pointer: &Pointer) -> Option<String> {
    let found = pointer.tokens().try_fold(node, |node, token| node.child(&token))?;
    match found.kind() {
        Kind::String => found.as_str().map(std::borrow::Cow::into_owned),
        Kind::Number => Some(found.text().to_owned()),
        _ => None,
    }
}

/// What stands beside the way to the states.
fn beside(draft: &mut Draft<'_>, root: Node<'_>, each: &Pointer) {
    let (mut at, mut node) = (Pointer::root(), root);
    for token in each.tokens() {
        for (key, value) in children(node) {
            if key != token {
                draft.record(&at.join(&key), RecordCode::Beside, "beside the states", Some(value));
            }
        }
        let Some(child) = node.child(&token) else { return };
        (at, node) = (at.join(&token), child);
    }
}

fn children(node: Node<'_>) -> impl Iterator<Item = (String, Node<'_>)> {
    let members = node.members().map(|member| (member.key.decoded().into_owned(), member.value));
    members.chain(node.elements().enumerate().map(|(index, element)| (index.to_string(), element)))
}
