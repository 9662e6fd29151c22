//! Lists of names whose order carries no meaning, such as a program's set of symbols, written in any order.
use super::Rest;
use super::names::{ByHash, Hashes, name_hash};
use crate::json::{Kind, Node};

/// A whole number of fewer digits measures something more often than it names it.
const DIGITS: usize = 5;

/// The elements that only changed places, as old and new position, by the new one. Nothing if these are no names, or
/// have little in common.
pub(super) fn pairs(old: &[Node<'_>], new: &[Node<'_>], rest: &Rest) -> Option<Vec<(usize, usize)>> {
    let mut sides = rest.old.iter().map(|at| old[*at]).chain(rest.new.iter().map(|at| new[*at]));
    if !sides.all(is_name) {
        return None;
    }
    let mut places: ByHash<Vec<usize>> = ByHash::default();
    for at in rest.old.iter().rev() {
        places.entry(name_hash(old[*at])).or_default().push(*at);
    }
    let mut pairs = Vec::new();
    for at in &rest.new {
        if let Some(old) = places.get_mut(&name_hash(new[*at])).and_then(Vec::pop) {
            pairs.push((old, *at));
        }
    }
    // What repeats is a sequence rather than a set, unless nothing but the order changed.
    let texts = || rest.old.iter().all(|at| old[*at].kind() == Kind::String);
    let same = pairs.len() == rest.old.len() && pairs.len() == rest.new.len() && texts();
    let much = || pairs.len() * 2 >= rest.old.len().min(rest.new.len());
    let set = !pairs.is_empty() && (same || (much() && distinct(old) && distinct(new)));
    set.then_some(pairs)
}

fn is_name(node: Node<'_>) -> bool {
    match node.kind() {
        Kind::String => true,
        Kind::Number => node.text().len() >= DIGITS && node.bytes().iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

fn distinct(elements: &[Node<'_>]) -> bool {
    let mut seen = Hashes::default();
    elements.iter().all(|element| seen.insert(name_hash(*element)))
}
