//! Which elements of two arrays belong together: by the identity that the schema names, else by a member (or two) that
//! tells them apart, else as a set, else in the order of their values; and where none of that says anything, by place.

mod identity;
mod names;
mod order;
mod sets;
mod sides;
mod telling;

use std::borrow::Cow;

use super::matching::Partners;
use super::sequence::{Budget, Gap, gaps};
use crate::json::{Kind, Node};
pub(super) use names::name_hash;
pub(super) use sides::Part;
use telling::Told;

/// A stretch of two arrays in which they differ, both sides from the same element on. What lies between stretches is
/// equal, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) gap: Gap,
    /// As many elements on both sides belong together one by one, for no better reason than where they stand.
    pub(super) by_place: bool,
}

/// Which elements belong together.
#[derive(Debug)]
pub(super) enum Pairing<'a> {
    /// Those that do stand in the same order on both sides.
    InOrder(Vec<Stretch>),
    /// They may stand anywhere.
    Anywhere(Anywhere<'a>),
}

#[derive(Debug)]
pub(super) struct Anywhere<'a> {
    pub(super) partners: Partners,
    /// The positions of new elements whose partner was found by place, rising.
    pub(super) by_place: Vec<usize>,
    pub(super) label: Label<'a>,
    /// The positions of elements that their identity does not name, because they have none or share it, rising.
    pub(super) nameless: [Vec<usize>; 2],
}

/// What stands for an element where only the order is told.
#[derive(Debug)]
pub(super) enum Label<'a> {
    /// Its identity, which also is its name.
    Identity(&'a str),
    /// The parts that tell it from others.
    Parts(Vec<Part<'a>>),
    /// All of it.
    Itself,
}

impl Label<'_> {
    /// What stands for `element`, as JSON text. Nothing where it lacks what would.
    pub(super) fn of<'n>(&self, element: Node<'n>) -> Option<Cow<'n, str>> {
        match self {
            Self::Identity(identity) => element.get(identity).map(|name| name.text().into()),
            Self::Parts(parts) if parts.len() == 1 => parts[0].of(element).map(|name| name.text().into()),
            Self::Parts(parts) => {
                let texts = parts.iter().filter_map(|part| part.of(element)).map(Node::text);
                Some(super::walk::list(texts).into())
            }
            Self::Itself => Some(element.text().into()),
        }
    }

    /// The member that it is, or the members.
    pub(super) fn member(&self) -> Option<String> {
        match self {
            Self::Identity(identity) => Some((*identity).to_owned()),
            Self::Parts(parts) => Some(parts.iter().map(Part::name).collect::<Vec<_>>().join(", ")),
            Self::Itself => None,
        }
    }
}

impl Pairing<'_> {
    /// Which elements belong together: the old position, whether that is by place, and the new position.
    fn pairs(&self, old_len: usize, new_len: usize) -> Vec<(usize, bool, usize)> {
        match self {
            Self::Anywhere(found) => {
                let pairs = found.partners.pairs();
                pairs.map(|(old, new)| (old, found.by_place.binary_search(&new).is_ok(), new)).collect()
            }
            Self::InOrder(stretches) => {
                let end = Gap { old: old_len..old_len, new: new_len..new_len };
                let end = Stretch { gap: end, by_place: false };
                let (mut pairs, mut old_at, mut new_at) = (Vec::with_capacity(new_len), 0, 0);
                for Stretch { gap: Gap { old, new }, by_place } in stretches.iter().chain([&end]) {
                    pairs.extend((old_at..old.start).zip(new_at..new.start).map(|(o, n)| (o, false, n)));
                    if old.len() == new.len() {
                        pairs.extend(old.clone().zip(new.clone()).map(|(o, n)| (o, *by_place, n)));
                    }
                    (old_at, new_at) = (old.end, new.end);
                }
                pairs
            }
        }
    }
}

/// The elements that have no equal partner, byte for byte, in the same order.
struct Rest {
    gaps: Vec<Gap>,
    old: Vec<usize>,
    new: Vec<usize>,
}

impl Rest {
    fn of(gaps: Vec<Gap>) -> Self {
        let old = gaps.iter().flat_map(|gap| gap.old.clone()).collect();
        let new = gaps.iter().flat_map(|gap| gap.new.clone()).collect();
        Self { gaps, old, new }
    }
}

/// Pairs the elements of two arrays. `identity`: the member that names them by the schema.
pub(super) fn pair<'a>(
    old: &[Node<'a>],
    new: &[Node<'a>],
    identity: Option<&'a str>,
    budget: &mut Budget,
) -> Pairing<'a> {
    let named = identity.and_then(|identity| identity::pair(old, new, identity, budget));
    named.unwrap_or_else(|| unnamed(old, new, true, budget))
}

/// Pairs elements that nothing names. `many`: they are many things as far as is known, so that a member which tells them
/// apart tells that one of them went and another came.
fn unnamed<'a>(old: &[Node<'a>], new: &[Node<'a>], many: bool, budget: &mut Budget) -> Pairing<'a> {
    let texts = |nodes: &[Node<'a>]| nodes.iter().map(|node| node.bytes()).collect::<Vec<_>>();
    let gaps = gaps(&texts(old), &texts(new), budget);
    let by_name = |gap| Stretch { gap, by_place: false };
    let both = |gap: &Gap| !gap.old.is_empty() && !gap.new.is_empty();
    if gaps.iter().all(|gap| gap.old.is_empty()) || gaps.iter().all(|gap| gap.new.is_empty()) {
        return Pairing::InOrder(gaps.into_iter().map(by_name).collect());
    }
    let rest = Rest::of(gaps);
    let found = match old[rest.old[0]].kind() {
        Kind::Object | Kind::Array => {
            let sides = sides::Sides::of(old, new, &rest);
            let mut candidates = telling::candidates(&sides);
            let told = telling::tell(&sides, &mut candidates, many, budget)
                .or_else(|| telling::tell_together(&sides, &mut candidates, budget));
            match told {
                Some(Told { pairs: None, .. }) => {
                    return Pairing::InOrder(rest.gaps.into_iter().map(by_name).collect());
                }
                Some(Told { pairs: Some(pairs), parts }) => Some((pairs, Label::Parts(parts))),
                None => None,
            }
        }
        _ => sets::pairs(old, new, &rest).map(|pairs| (pairs, Label::Itself)),
    };
    let Some((pairs, label)) = found else {
        let mut stretches = Vec::with_capacity(rest.gaps.len());
        for gap in rest.gaps {
            if both(&gap) {
                order::by_value(old, new, gap, &mut stretches, budget);
            } else {
                stretches.push(by_name(gap));
            }
        }
        return Pairing::InOrder(stretches);
    };
    match order::in_order(&rest.gaps, &pairs) {
        Some(stretches) => Pairing::InOrder(stretches),
        None => Pairing::Anywhere(Anywhere {
            partners: order::partners(old.len(), new.len(), &rest.gaps, &pairs),
            by_place: Vec::new(),
            label,
            nameless: Default::default(),
        }),
    }
}
