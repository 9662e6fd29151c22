//! Series of points, whose window may have moved on: `{type, index, values, name}`.
use super::pairing::name_hash;
use crate::json::{Kind, Node};

/// Two states of a series with a stretch in common.
pub(super) struct Moved<'a> {
    pub(super) old_index: Vec<Node<'a>>,
    pub(super) new_index: Vec<Node<'a>>,
    pub(super) old_values: Vec<Node<'a>>,
    pub(super) new_values: Vec<Node<'a>>,
    /// Where the common stretch starts in the old series,
    pub(super) old_start: usize,
    /// in the new one,
    pub(super) new_start: usize,
    /// and its length.
    pub(super) len: usize,
    /// Whether a point of it is spelled differently.
    pub(super) respelled: bool,
}

impl Moved<'_> {
    pub(super) fn old_end(&self) -> usize {
        self.old_start + self.len
    }

    /// Whether both have the same points.
    pub(super) fn stands_still(&self) -> bool {
        self.len == self.old_index.len() && self.len == self.new_index.len()
    }

    pub(super) fn new_end(&self) -> usize {
        self.new_start + self.len
    }
}

/// Whether both are series, and what became of the one is the other, moved on or with the same points. In the common
/// stretch of one that moved most values must be equal too; the few that are not (the last candle, often) are changes of
/// their own.
pub(super) fn moved<'a>(old: Node<'a>, new: Node<'a>) -> Option<Moved<'a>> {
    let (old_index, old_values) = points(old)?;
    let (new_index, new_values) = points(new)?;
    let (old_start, new_start) = overlap(&old_index, &new_index)?;
    let mut respelled = false;
    let shared = old_index[old_start..].iter().zip(&new_index[new_start..]).take_while(|(old, new)| {
        let same_text = old.same_text(**new);
        let same = same_text || same_name(**old, **new);
        respelled |= same && !same_text;
        same
    });
    let len = shared.count();
    let pairs = old_values[old_start..].iter().zip(&new_values[new_start..]).take(len);
    let other = pairs.filter(|(old, new)| !old.same_text(**new)).count();
    let many = other > len / 4 + 1;
    let moved = Moved { old_index, new_index, old_values, new_values, old_start, new_start, len, respelled };
    (!many || moved.stands_still()).then_some(moved)
}

type Points<'a> = (Vec<Node<'a>>, Vec<Node<'a>>);

fn points(node: Node<'_>) -> Option<Points<'_>> {
    let (mut index, mut values) = (None, None);
    for member in node.members() {
        if member.key.is("index") {
            index = Some(member.value);
        } else if member.key.is("values") {
            values = Some(member.value);
        } else if member.key.is("type") && member.value.as_str().as_deref() != Some("series") {
            return None;
        }
    }
    let (index, values) = (index?, values?);
    let arrays = index.kind() == Kind::Array && values.kind() == Kind::Array;
    (arrays && index.len() == values.len()).then(|| (index.elements().collect(), values.elements().collect()))
}

/// Where the two indexes start to run together: at the head of one of them.
fn overlap(old: &[Node<'_>], new: &[Node<'_>]) -> Option<(usize, usize)> {
    let (first_old, first_new) = (old.first()?, new.first()?);
    // Mostly they are spelled alike, and then nothing need be read.
    let by = |same: fn(Node<'_>, Node<'_>) -> bool| {
        let in_old = old.iter().position(|point| same(*point, *first_new)).map(|at| (at, 0));
        in_old.or_else(|| new.iter().position(|point| same(*point, *first_old)).map(|at| (0, at)))
    };
    by(same_text).or_else(|| by(same_name))
}

fn same_text(old: Node<'_>, new: Node<'_>) -> bool {
    old.same_text(new)
}

/// Whether both are the same point, however they spell it.
fn same_name(old: Node<'_>, new: Node<'_>) -> bool {
    name_hash(old) == name_hash(new)
}
