//! Which lots of ours and which positions of the broker are the same.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::lot::OurLot;
use crate::book::{Holding, Side};

/// What belongs together.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) ours: Vec<OurLot>,
    pub(super) theirs: Vec<Holding>,
    /// The ids that both know.
    pub(super) ids: BTreeSet<String>,
    /// Two of one side are the same one, or cannot be told apart.
    pub(super) twice: bool,
}

/// By ids first; of the rest by symbols, where one side names no lots. Where both name lots and none is the same, they are
/// different ones: what is missing there and what is new there are two things, also of one symbol.
pub(super) fn groups(ours: Vec<OurLot>, theirs: Vec<Holding>) -> Vec<Group> {
    let (mut groups, ours, theirs) = by_ids(ours, theirs);
    let mut symbols: BTreeMap<Option<String>, (Vec<OurLot>, Vec<Holding>)> = BTreeMap::new();
    for lot in ours {
        symbols.entry(lot.holding.symbol.clone()).or_default().0.push(lot);
    }
    for held in theirs {
        symbols.entry(held.symbol.clone()).or_default().1.push(held);
    }
    for (symbol, (ours, theirs)) in symbols {
        let (open, closed): (Vec<_>, Vec<_>) = ours.into_iter().partition(OurLot::is_open);
        let nets = theirs.iter().all(|held| held.ids.is_empty())
            || open.iter().all(|lot| lot.holding.ids.is_empty());
        if symbol.is_some() && nets && !open.is_empty() && !theirs.is_empty() {
            groups.extend(by_sides(open, theirs));
        } else {
            groups.extend(open.into_iter().map(|lot| Group { ours: vec![lot], ..Group::default() }));
            groups.extend(theirs.into_iter().map(|held| Group { theirs: vec![held], ..Group::default() }));
        }
        // What was closed here and is not named there is as it should be.
        drop(closed);
    }
    groups
}

/// Those that share an id, directly or by others, and what is left.
fn by_ids(ours: Vec<OurLot>, theirs: Vec<Holding>) -> (Vec<Group>, Vec<OurLot>, Vec<Holding>) {
    let mut links = Links::new(ours.len() + theirs.len());
    let mut first: HashMap<&str, usize> = HashMap::new();
    let all = ours.iter().map(|lot| &lot.holding).chain(&theirs);
    for (nth, holding) in all.enumerate() {
        for id in &holding.ids {
            let other = *first.entry(id).or_insert(nth);
            links.join(other, nth);
        }
    }
    let mut groups: BTreeMap<usize, Group> = BTreeMap::new();
    let from = ours.len();
    for (nth, lot) in ours.into_iter().enumerate() {
        groups.entry(links.root(nth)).or_default().ours.push(lot);
    }
    for (nth, held) in theirs.into_iter().enumerate() {
        groups.entry(links.root(from + nth)).or_default().theirs.push(held);
    }
    let (mut paired, mut ours, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    for mut group in groups.into_values() {
        let listed_twice = group.ours.is_empty() && share_an_id(group.theirs.iter());
        if !listed_twice && (group.ours.is_empty() || group.theirs.is_empty()) {
            ours.extend(group.ours);
            theirs.extend(group.theirs);
            continue;
        }
        let open = || group.ours.iter().filter(|lot| lot.is_open()).map(|lot| &lot.holding);
        group.twice = share_an_id(open()) || share_an_id(group.theirs.iter());
        let ids = |holdings: &mut dyn Iterator<Item = &Holding>| -> BTreeSet<String> {
            holdings.flat_map(|holding| holding.ids.iter().cloned()).collect()
        };
        let here = ids(&mut group.ours.iter().map(|lot| &lot.holding));
        group.ids = ids(&mut group.theirs.iter()).intersection(&here).cloned().collect();
        paired.push(group);
    }
    (paired, ours, theirs)
}

fn share_an_id<'a>(holdings: impl Iterator<Item = &'a Holding>) -> bool {
    let mut seen = BTreeSet::new();
    holdings.flat_map(|holding| &holding.ids).any(|id| !seen.insert(id))
}

/// One symbol, netted: all of it, or each side by itself where the broker has both.
fn by_sides(ours: Vec<OurLot>, theirs: Vec<Holding>) -> Vec<Group> {
    // What may be either belongs to both sides, so nothing can be said of either.
    if ours.iter().any(|lot| lot.holding.is_unclear()) || theirs.iter().any(Holding::is_unclear) {
        return vec![Group { ours, theirs, ..Group::default() }];
    }
    let mut sides: BTreeSet<Option<Side>> = theirs.iter().map(Holding::is_on).collect();
    sides.remove(&None);
    let hedged = sides.len() > 1;
    let of = |holding: &Holding| if hedged { holding.is_on() } else { None };
    if hedged && ours.iter().any(|lot| of(&lot.holding).is_none()) {
        return vec![Group { ours, theirs, twice: true, ..Group::default() }];
    }
    let mut groups: BTreeMap<Option<Side>, Group> = BTreeMap::new();
    for lot in ours {
        groups.entry(of(&lot.holding)).or_default().ours.push(lot);
    }
    for held in theirs {
        groups.entry(of(&held)).or_default().theirs.push(held);
    }
    // Of two without a name nobody knows whether they are one, listed on two pages.
    let unnamed = |group: &Group| group.theirs.iter().filter(|held| held.ids.is_empty()).count();
    groups.into_values().map(|group| Group { twice: unnamed(&group) > 1, ..group }).collect()
}

/// Which things belong together, as a forest.
struct Links(Vec<usize>);

impl Links {
    fn new(things: usize) -> Self {
        Self((0..things).collect())
    }

    fn root(&mut self, mut thing: usize) -> usize {
        while self.0[thing] != thing {
            self.0[thing] = self.0[self.0[thing]];
            thing = self.0[thing];
        }
        thing
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }
}
