//! What two arrays have of elements without an equal partner, and what their parts have in common.
use std::borrow::Cow;

use super::Rest;
use super::names::{ByHash, by_hash, name_hash};
use crate::diff::sequence::Budget;
use crate::json::{Key, Kind, Node, mixed};

/// Members that are tried.
const TRIED: usize = 16;
/// Elements that are looked at, of each sort, before all are.
const SAMPLE: usize = 32;
/// In place of an old position: a new element has it.
const TAKEN: usize = usize::MAX;

/// What may tell an element from others.
#[derive(Debug, Clone, Copy)]
pub(in crate::diff) enum Part<'a> {
    /// A member of an object.
    Member(Key<'a>),
    /// The first element of an array, as in rows of a table.
    First,
}

impl Part<'_> {
    /// The value, if the element has it and it is plain.
    #[inline]
    pub(super) fn of<'n>(&self, element: Node<'n>) -> Option<Node<'n>> {
        let value = match self {
            Self::Member(key) => element.members().find(|member| member.key.same(*key))?.value,
            Self::First => element.elements().next()?,
        };
        is_plain(value).then_some(value)
    }

    pub(super) fn name(&self) -> Cow<'_, str> {
        match self {
            Self::Member(key) => key.decoded(),
            Self::First => "0".into(),
        }
    }

    /// Whether it says itself that it names things.
    pub(super) fn is_id(&self) -> bool {
        let name = self.name();
        matches!(&*name, "id" | "ID" | "uuid" | "key") || name.ends_with("_id") || name.ends_with("Id")
    }
}

fn is_plain(value: Node<'_>) -> bool {
    !matches!(value.kind(), Kind::Null | Kind::Array | Kind::Object)
}

/// Both sides. Neither rest is empty.
pub(super) struct Sides<'s, 'a> {
    old: &'s [Node<'a>],
    new: &'s [Node<'a>],
    rest: &'s Rest,
    /// Whether the rests stand opposite each other.
    level: bool,
}

impl<'s, 'a> Sides<'s, 'a> {
    pub(super) fn of(old: &'s [Node<'a>], new: &'s [Node<'a>], rest: &'s Rest) -> Self {
        let level = rest.gaps.iter().all(|gap| gap.old.len() == gap.new.len());
        Self { old, new, rest, level }
    }

    /// As many can belong together.
    pub(super) fn most(&self) -> usize {
        self.rest.old.len().min(self.rest.new.len())
    }

    /// Whether some elements are equal on both sides.
    pub(super) fn has_equal(&self) -> bool {
        self.rest.old.len() < self.old.len()
    }

    /// What the first element offers, with its values. A member that is all there is tells nothing but itself.
    pub(super) fn parts(&self) -> impl Iterator<Item = (Part<'a>, Node<'a>)> {
        let element = self.old[self.rest.old[0]];
        let members = element.members().map(|member| (Part::Member(member.key), member.value));
        let parts = members.chain(element.elements().take(1).map(|first| (Part::First, first)));
        parts.filter(move |(_, value)| element.len() > 1 && is_plain(*value)).take(TRIED)
    }

    /// Whether the numbers there only count the elements.
    pub(super) fn numbers_places(&self, part: Part<'_>) -> bool {
        let counts = |from: usize| {
            let side = move |(elements, rest): (&'s [Node<'a>], &'s [usize])| {
                rest.iter().take(SAMPLE).all(move |at| {
                    let value = part.of(elements[*at]);
                    value.is_some_and(|value| value.text().parse() == Ok(at + from))
                })
            };
            side((self.old, &self.rest.old)) && side((self.new, &self.rest.new))
        };
        counts(0) || counts(1)
    }

    /// Whether some elements of both sides all have these parts, and no two of one side share them.
    pub(super) fn may_tell(&self, parts: &[Part<'_>]) -> bool {
        let first = matches!(parts, [Part::First]);
        (!first || rising(self.old, &self.rest.old) && rising(self.new, &self.rest.new))
            && tells(self.old, &self.rest.old, parts)
            && tells(self.new, &self.rest.new, parts)
    }

    /// Whether all that stand opposite each other have the parts in common: then it makes no difference whether some
    /// others share them.
    pub(super) fn agree_in_place(&self, parts: &[Part<'_>]) -> bool {
        let agree = |old: Node<'_>, new: Node<'_>| {
            parts.iter().all(|part| match (part.of(old), part.of(new)) {
                (Some(old), Some(new)) => old.same_text(new) || name_hash(old) == name_hash(new),
                _ => false,
            })
        };
        let mut rows = self.rest.old.iter().zip(&self.rest.new);
        self.level && rows.all(|(old, new)| agree(self.old[*old], self.new[*new]))
    }

    /// Whether the sides seem to have any of this part in common: of a long side some are looked at, all over it.
    pub(super) fn share(&self, part: Part<'_>) -> bool {
        let hash = |node: Node<'_>| part.of(node).map(name_hash);
        let some = self.rest.new.iter().step_by(self.rest.new.len().div_ceil(2 * SAMPLE));
        let mut known: Vec<u64> = some.filter_map(|at| hash(self.new[*at])).collect();
        known.sort_unstable();
        // Most of the others are told from all of these by a bit.
        let bit = |hash: u64| ((hash >> 6) as usize % 64, 1_u64 << (hash % 64));
        let mut bits = [0; 64];
        for (word, bit) in known.iter().map(|hash| bit(*hash)) {
            bits[word] |= bit;
        }
        let mut others = self.rest.old.iter().filter_map(|at| hash(self.old[*at]));
        others.any(|hash| {
            let (word, bit) = bit(hash);
            bits[word] & bit != 0 && known.binary_search(&hash).is_ok()
        })
    }

    /// The elements that have these parts in common. Nothing if one lacks them, or two of one side share them.
    pub(super) fn pairs(&self, parts: &[Part<'_>], budget: &mut Budget) -> Option<Vec<(usize, usize)>> {
        let rest = self.rest;
        budget.spend(rest.old.len() + rest.new.len())?;
        let mut places: ByHash<usize> = by_hash(rest.old.len());
        for at in &rest.old {
            if places.insert(hash(self.old[*at], parts)?, *at).is_some() {
                return None;
            }
        }
        let mut pairs = Vec::new();
        for at in &rest.new {
            match places.insert(hash(self.new[*at], parts)?, TAKEN) {
                Some(TAKEN) => return None,
                Some(old) => pairs.push((old, *at)),
                None => {}
            }
        }
        Some(pairs)
    }
}

/// A hash of the parts of an element, if it has them all.
#[inline]
fn hash(element: Node<'_>, parts: &[Part<'_>]) -> Option<u64> {
    parts.iter().try_fold(0, |hash, part| Some(mixed(hash, name_hash(part.of(element)?))))
}

/// Whether some elements all have these parts, and no two share them: some of those without an equal partner, and some
/// with one.
fn tells(elements: &[Node<'_>], rest: &[usize], parts: &[Part<'_>]) -> bool {
    let mut left = rest.iter().copied().peekable();
    let equal = (0..elements.len()).filter(|at| left.next_if_eq(at).is_none()).take(SAMPLE);
    let mut seen = [0_u64; 2 * SAMPLE];
    rest.iter().take(SAMPLE).copied().chain(equal).enumerate().all(|(count, at)| {
        let Some(hash) = hash(elements[at], parts) else { return false };
        seen[count] = hash;
        !seen[..count].contains(&hash)
    })
}

/// Whether rows begin with whole numbers or texts that rise: an axis, and not one of many columns.
fn rising(elements: &[Node<'_>], rest: &[usize]) -> bool {
    let firsts = rest.iter().map(|at| Part::First.of(elements[*at]));
    let rises = |old: Node<'_>, new: Node<'_>| match (old.as_decimal(), new.as_decimal()) {
        (Some(old), Some(new)) => old < new && old.is_integer() && new.is_integer(),
        (None, None) => old.kind() == Kind::String && new.kind() == Kind::String && old.text() < new.text(),
        _ => false,
    };
    firsts.clone().zip(firsts.skip(1)).all(|pair| matches!(pair, (Some(old), Some(new)) if rises(old, new)))
}
