//! Which lots of ours and which positions of the broker are the same.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Sides;
use crate::book::{Holding, Side};

/// What belongs together, by its places among the lots of ours and the positions of the broker.
#[derive(Debug, Clone, Default)]
pub(super) struct Group {
    pub(super) ours: Vec<usize>,
    pub(super) theirs: Vec<usize>,
    /// Both know it by ids.
    pub(super) by_ids: bool,
    /// Two of one side are the same one, or cannot be told apart.
    pub(super) twice: bool,
}

/// By ids first; of the rest by symbols, where one side names no lots. Where both name lots and none is the same, they are
/// different ones: what is missing there and what is new there are two things, also of one symbol.
pub(super) fn groups(sides: &Sides<'_>) -> Vec<Group> {
    let (mut groups, ours, theirs) = by_ids(sides);
    let mut symbols: BTreeMap<Option<&str>, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for lot in ours {
        symbols.entry(sides.here(lot).symbol.as_deref()).or_default().0.push(lot);
    }
    for held in theirs {
        symbols.entry(sides.there(held).symbol.as_deref()).or_default().1.push(held);
    }
    for (symbol, (ours, theirs)) in symbols {
        // What was closed here and is not named there is as it should be.
        let open: Vec<usize> = ours.into_iter().filter(|lot| sides.ours[*lot].is_open()).collect();
        let nets = theirs.iter().all(|held| sides.there(*held).ids.is_empty())
            || open.iter().all(|lot| sides.here(*lot).ids.is_empty());
        if symbol.is_some() && nets && !open.is_empty() && !theirs.is_empty() {
            groups.extend(by_sides(sides, open, theirs));
        } else {
            groups.extend(open.into_iter().map(|lot| Group { ours: vec![lot], ..Group::default() }));
            groups.extend(theirs.into_iter().map(|held| Group { theirs: vec![held], ..Group::default() }));
        }
    }
    groups
}

/// Those that share an id, directly or by others, and what is left.
fn by_ids(sides: &Sides<'_>) -> (Vec<Group>, Vec<usize>, Vec<usize>) {
    let from = sides.ours.len();
    let count = from + sides.theirs.len();
    let mut links = Links::new(count);
    let mut first: HashMap<&str, usize> = HashMap::with_capacity(count);
    for nth in 0..count {
        let holding = if nth < from { sides.here(nth) } else { sides.there(nth - from) };
        for id in holding.ids.iter() {
            let other = *first.entry(id).or_insert(nth);
            links.join(other, nth);
        }
    }
    drop(first);
    // The root of a group is the first of its members, so the groups come in the order of those.
    let mut places = vec![usize::MAX; count];
    let mut all: Vec<Group> = Vec::with_capacity(from);
    for nth in 0..count {
        let root = links.root(nth);
        if places[root] == usize::MAX {
            places[root] = all.len();
            all.push(Group::default());
        }
        let group = &mut all[places[root]];
        if nth < from { group.ours.push(nth) } else { group.theirs.push(nth - from) }
    }
    let (mut paired, mut ours, mut theirs) = (Vec::with_capacity(all.len()), Vec::new(), Vec::new());
    for mut group in all {
        let alike_there = share_an_id(group.theirs.iter().map(|held| sides.there(*held)));
        if !(alike_there && group.ours.is_empty()) && (group.ours.is_empty() || group.theirs.is_empty()) {
            ours.extend(group.ours);
            theirs.extend(group.theirs);
            continue;
        }
        let open = group.ours.iter().filter(|lot| sides.ours[**lot].is_open());
        group.twice = alike_there || share_an_id(open.map(|lot| sides.here(*lot)));
        group.by_ids = !group.ours.is_empty();
        paired.push(group);
    }
    (paired, ours, theirs)
}

fn share_an_id<'a>(mut holdings: impl Iterator<Item = &'a Holding<'a>>) -> bool {
    let (Some(one), Some(other)) = (holdings.next(), holdings.next()) else { return false };
    let mut seen = BTreeSet::new();
    [one, other].into_iter().chain(holdings).flat_map(|holding| holding.ids.iter()).any(|id| !seen.insert(id))
}

/// The names of a group: those that both sides know, else all, each once and in order.
pub(super) fn names<'a>(sides: &'a Sides<'_>, group: &Group) -> Vec<&'a str> {
    let here = || group.ours.iter().flat_map(|lot| sides.here(*lot).ids.iter());
    let there = || group.theirs.iter().flat_map(|held| sides.there(*held).ids.iter());
    let mut names: Vec<&str> = match (group.by_ids, group.ours.as_slice()) {
        (false, _) => here().chain(there()).collect(),
        (true, [_]) => there().filter(|id| here().any(|ours| ours == *id)).collect(),
        (true, _) => {
            let ours: BTreeSet<&str> = here().collect();
            there().filter(|id| ours.contains(id)).collect()
        }
    };
    names.sort_unstable();
    names.dedup();
    names
}

/// One symbol, netted: all of it, or each side by itself where the broker has both.
fn by_sides(sides: &Sides<'_>, ours: Vec<usize>, theirs: Vec<usize>) -> Vec<Group> {
    // What may be either belongs to both sides, so nothing can be said of either.
    let unclear = ours.iter().any(|lot| sides.here(*lot).is_unclear())
        || theirs.iter().any(|held| sides.there(*held).is_unclear());
    if unclear {
        return vec![Group { ours, theirs, ..Group::default() }];
    }
    let mut said: BTreeSet<Option<Side>> = theirs.iter().map(|held| sides.there(*held).is_on()).collect();
    said.remove(&None);
    let hedged = said.len() > 1;
    let of = |holding: &Holding<'_>| if hedged { holding.is_on() } else { None };
    if hedged && ours.iter().any(|lot| of(sides.here(*lot)).is_none()) {
        return vec![Group { ours, theirs, twice: true, ..Group::default() }];
    }
    let mut groups: BTreeMap<Option<Side>, Group> = BTreeMap::new();
    for lot in ours {
        groups.entry(of(sides.here(lot))).or_default().ours.push(lot);
    }
    for held in theirs {
        groups.entry(of(sides.there(held))).or_default().theirs.push(held);
    }
    // Of two without a name nobody knows whether they are one, listed on two pages.
    let unnamed =
        |group: &Group| group.theirs.iter().filter(|held| sides.there(**held).ids.is_empty()).count();
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
