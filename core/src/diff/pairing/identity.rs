//! Elements by the identity that the schema names. Those that have none, or share it, are paired among themselves, and
//! stand in nobody's way.
use super::names::{ByHash, by_hash, name_hash};
use super::{Anywhere, Label, Pairing, unnamed};
use crate::diff::matching::Partners;
use crate::diff::sequence::Budget;
use crate::json::{Kind, Node};

/// In place of a position: no element, or several.
const NONE: usize = usize::MAX;
const SEVERAL: usize = usize::MAX - 1;
/// In place of a name: the element has none. One in 2^64 real names is taken for this.
const NAMELESS: u64 = 0;

/// The element of each side that has a name.
#[derive(Clone, Copy)]
struct Places([usize; 2]);

/// Pairs the elements that `identity` names. Nothing if it names none.
pub(super) fn pair<'a>(
    old: &[Node<'a>],
    new: &[Node<'a>],
    identity: &'a str,
    budget: &mut Budget,
) -> Option<Pairing<'a>> {
    let names = [names(old, identity), names(new, identity)];
    if names.iter().flatten().all(|name| *name == NAMELESS) {
        return None;
    }
    let places = places(&names);
    let mut of_new: Vec<Option<usize>> = vec![None; new.len()];
    let mut nameless = [Vec::new(), Vec::new()];
    for (at, name) in names[1].iter().enumerate() {
        match places.get(name).map(|places| places.0) {
            Some([old, new]) if old < SEVERAL && new < SEVERAL => of_new[at] = Some(old),
            Some([NONE, new]) if new < SEVERAL => {}
            _ => nameless[1].push(at),
        }
    }
    let alone = |name: &u64| places.get(name).is_some_and(|places| places.0.iter().all(|at| *at != SEVERAL));
    nameless[0] = (0..old.len()).filter(|at| !alone(&names[0][*at])).collect();
    let by_place = among_nameless(&mut of_new, [old, new], &names, &nameless, budget);
    let partners = Partners::new(old.len(), of_new);
    Some(Pairing::Anywhere(Anywhere { partners, by_place, label: Label::Identity(identity), nameless }))
}

fn names(elements: &[Node<'_>], identity: &str) -> Vec<u64> {
    let name = |element: &Node<'_>| {
        let name = element.get(identity).filter(|name| matches!(name.kind(), Kind::String | Kind::Number));
        name.map_or(NAMELESS, name_hash)
    };
    elements.iter().map(name).collect()
}

fn places(names: &[Vec<u64>; 2]) -> ByHash<Places> {
    let mut places: ByHash<Places> = by_hash(names[0].len());
    places.insert(NAMELESS, Places([SEVERAL, SEVERAL]));
    for (side, names) in names.iter().enumerate() {
        for (at, name) in names.iter().enumerate() {
            let place = &mut places.entry(*name).or_insert(Places([NONE, NONE])).0[side];
            *place = if *place == NONE { at } else { SEVERAL };
        }
    }
    places
}

/// Pairs those that have no name of their own with others that share theirs. Answers which of the new ones were paired by
/// place.
fn among_nameless(
    of_new: &mut [Option<usize>],
    sides: [&[Node<'_>]; 2],
    names: &[Vec<u64>; 2],
    nameless: &[Vec<usize>; 2],
    budget: &mut Budget,
) -> Vec<usize> {
    let mut by_place = Vec::new();
    let mut groups: ByHash<[Vec<usize>; 2]> = ByHash::default();
    for (side, positions) in nameless.iter().enumerate() {
        for at in positions {
            groups.entry(names[side][*at]).or_default()[side].push(*at);
        }
    }
    for [olds, news] in groups.into_values() {
        if olds.is_empty() || news.is_empty() {
            continue;
        }
        let nodes = |side: usize, at: &[usize]| at.iter().map(|at| sides[side][*at]).collect::<Vec<_>>();
        let (old, new) = (nodes(0, &olds), nodes(1, &news));
        for (partner, placed, at) in unnamed(&old, &new, false, budget).pairs(old.len(), new.len()) {
            of_new[news[at]] = Some(olds[partner]);
            if placed {
                by_place.push(news[at]);
            }
        }
    }
    by_place.sort_unstable();
    by_place
}
