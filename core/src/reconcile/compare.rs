//! What a group says: the verdict and the numbers.

use std::borrow::Cow;

use super::lot::{OurLot, held};
use super::pairing::{Group, groups, names};
use super::{Sides, unknown};
use crate::api::{Agreement, Apart, Because, Held, ReconcileOptions, ReconcileRow};
use crate::book::{Holding, Sided};
use crate::json::Decimal;
use crate::json::number::{delta, sum};

type Said = (Agreement, Option<Because>);
/// A number of ours and the broker's.
type Two<'a> = (Cow<'a, str>, Cow<'a, str>);

/// A row, and what it is made of.
#[derive(Debug)]
pub(super) struct Row<'a> {
    sides: &'a Sides<'a>,
    pub(super) verdict: Agreement,
    pub(super) because: Option<Because>,
    pub(super) ids: Vec<&'a str>,
    /// The quantities, where both are known.
    pub(super) quantity: Option<Two<'a>>,
    /// The prices, where one lot stands against one position.
    price: Option<Two<'a>>,
    group: Group,
    /// How many of our lots count, the first ones: those that are open, or where none is those that were closed.
    counted: usize,
}

impl<'a> Row<'a> {
    pub(super) fn ours(&self) -> impl ExactSizeIterator<Item = &'a OurLot<'a>> {
        let sides = self.sides;
        self.group.ours[..self.counted].iter().map(|lot| &sides.ours[*lot])
    }

    pub(super) fn theirs(&self) -> impl ExactSizeIterator<Item = &'a Holding<'a>> {
        let sides = self.sides;
        self.group.theirs.iter().map(|held| sides.there(*held))
    }

    /// Our lot, where it is one.
    pub(super) fn our_one(&self) -> Option<&'a OurLot<'a>> {
        let mut ours = self.ours();
        ours.next().filter(|_| ours.len() == 0)
    }

    /// The position of the broker's, where it is one.
    pub(super) fn their_one(&self) -> Option<&'a Holding<'a>> {
        let mut theirs = self.theirs();
        theirs.next().filter(|_| theirs.len() == 0)
    }

    /// What it is of, where one of them says it.
    pub(super) fn symbol(&self) -> Option<&'a str> {
        let mut holdings = self.ours().map(|lot| &lot.holding).chain(self.theirs());
        holdings.find_map(|holding| holding.symbol.as_deref())
    }

    /// The worst first, then by name.
    pub(super) fn place(&self) -> (Agreement, Option<&'a str>, &[&'a str], Option<&'a str>) {
        let first = self.ours().next().map(|lot| &lot.holding).or_else(|| self.theirs().next());
        (self.verdict, self.symbol(), &self.ids, first.map(|held| held.pointer.as_str()))
    }

    /// What its place begins with, as a number: few rows have to be compared beyond it.
    fn prefix(&self) -> u64 {
        let mut bytes = [0; 8];
        bytes[0] = self.verdict as u8;
        let symbol = self.symbol().unwrap_or_default().as_bytes();
        for (byte, of_symbol) in bytes[1..].iter_mut().zip(symbol) {
            *byte = *of_symbol;
        }
        u64::from_be_bytes(bytes)
    }

    pub(super) fn into_group(self) -> Group {
        self.group
    }

    /// The row as it is given out.
    pub(super) fn said(&self) -> ReconcileRow {
        let apart = |two: &Two<'_>| apart(&two.0, &two.1);
        ReconcileRow {
            verdict: self.verdict,
            because: self.because,
            symbol: self.symbol().map(str::to_owned),
            ids: self.ids.iter().map(|id| (*id).to_owned()).collect(),
            ours: self.ours().map(OurLot::held).collect::<Vec<Held>>(),
            theirs: self.theirs().map(held).collect(),
            quantity: self.quantity.as_ref().map(apart),
            price: self.price.as_ref().map(apart),
        }
    }
}

/// The row of a group that [`Row::into_group`] gave of the same sides.
pub(super) fn row_again<'a>(
    sides: &'a Sides<'a>,
    group: Group,
    options: &ReconcileOptions,
) -> Option<Row<'a>> {
    if sides.shape.is_none() {
        return Some(of_unanswered(sides, group));
    }
    row(sides, group, sides.is_whole(options), options)
}

/// All rows, the worst first.
pub(super) fn rows<'a>(sides: &'a Sides<'a>, options: &ReconcileOptions) -> Vec<Row<'a>> {
    let whole = sides.is_whole(options);
    let rows: Vec<Row<'a>> = if sides.shape.is_none() {
        unanswered(sides).collect()
    } else {
        groups(sides).into_iter().filter_map(|group| row(sides, group, whole, options)).collect()
    };
    let mut places: Vec<(u64, usize)> = rows.iter().map(Row::prefix).zip(0..).collect();
    places.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| rows[a.1].place().cmp(&rows[b.1].place())));
    let mut rows: Vec<Option<Row<'a>>> = rows.into_iter().map(Some).collect();
    places.into_iter().filter_map(|(_, nth)| rows[nth].take()).collect()
}

/// The rows where no list came: everything that is open here is unknown.
fn unanswered<'a>(sides: &'a Sides<'a>) -> impl Iterator<Item = Row<'a>> {
    let open = sides.ours.iter().enumerate().filter(|(_, lot)| lot.is_open());
    open.map(|(lot, _)| of_unanswered(sides, Group { ours: vec![lot], ..Group::default() }))
}

fn of_unanswered<'a>(sides: &'a Sides<'a>, group: Group) -> Row<'a> {
    let (verdict, because) = unknown(Because::NoAnswer);
    let ids = names(sides, &group);
    Row { sides, verdict, because, ids, quantity: None, price: None, counted: group.ours.len(), group }
}

/// The row of a group; `None` where neither side has anything.
fn row<'a>(
    sides: &'a Sides<'a>,
    mut group: Group,
    whole: bool,
    options: &ReconcileOptions,
) -> Option<Row<'a>> {
    let is_open = |lot: &usize| sides.ours[*lot].is_open();
    // The names are those of all, also of a closed lot beside an open one.
    let ids = names(sides, &group);
    group.ours.sort_by_key(|lot| !is_open(lot));
    let open = group.ours.iter().filter(|lot| is_open(lot)).count();
    let counted = if open == 0 { group.ours.len() } else { open };
    let Judged { said: (verdict, because), quantity, price } =
        judged(sides, &group, counted, whole, options)?;
    Some(Row { sides, verdict, because, ids, quantity, price, group, counted })
}

/// What is said of a group.
struct Judged<'a> {
    said: Said,
    quantity: Option<Two<'a>>,
    price: Option<Two<'a>>,
}

impl Judged<'_> {
    fn of(said: Said) -> Self {
        Self { said, quantity: None, price: None }
    }
}

fn judged<'a>(
    sides: &'a Sides<'a>,
    group: &Group,
    counted: usize,
    whole: bool,
    options: &ReconcileOptions,
) -> Option<Judged<'a>> {
    let ours = || group.ours[..counted].iter().map(|lot| &sides.ours[*lot]);
    let theirs = || group.theirs.iter().map(|held| sides.there(*held));
    let changed = || ours().any(|lot| lot.changed);
    let is_open = ours().any(OurLot::is_open);
    let judged = match () {
        () if !is_open && theirs().all(Holding::is_flat) => return None,
        () if group.theirs.is_empty() => Judged::of(only_here(ours(), whole, changed())),
        () if group.twice => Judged::of(unknown(Because::NamedTwice)),
        () if !is_open => Judged::of(only_there(theirs(), ours().len() > 0, changed())),
        () if changed() => Judged::of(unknown(Because::ChangedSince)),
        () => both(sides, group, &group.ours[..counted], whole, options),
    };
    Some(judged)
}

fn only_there<'a>(mut theirs: impl Iterator<Item = &'a Holding<'a>>, was_here: bool, changed: bool) -> Said {
    match () {
        () if theirs.any(|held| held.signed().is_none()) => unknown(Because::NotSaid),
        () if changed => unknown(Because::ChangedSince),
        () => (Agreement::MissingHere, was_here.then_some(Because::ClosedHere)),
    }
}

fn only_here<'a>(mut ours: impl Iterator<Item = &'a OurLot<'a>>, whole: bool, changed: bool) -> Said {
    match () {
        () if ours.any(|lot| lot.holding.symbol.is_none() && lot.holding.ids.is_empty()) => {
            unknown(Because::NotSaidHere)
        }
        () if !whole => unknown(Because::PartialList),
        () if changed => unknown(Because::ChangedSince),
        () => (Agreement::MissingThere, Some(Because::NotListed)),
    }
}

/// Both have it.
fn both<'a>(
    sides: &'a Sides<'a>,
    group: &Group,
    open: &[usize],
    whole: bool,
    options: &ReconcileOptions,
) -> Judged<'a> {
    let ours = || open.iter().map(|lot| sides.here(*lot));
    let theirs = || group.theirs.iter().map(|held| sides.there(*held));
    let sizes_only = ours().any(|holding| holding.side == Sided::SizeOnly);
    if sizes_only && (ours().len() > 1 || theirs().len() > 1) {
        return Judged::of(unknown(Because::NotSaidHere));
    }
    let Some(here) = total(ours(), sizes_only) else {
        return Judged::of(unknown(Because::NotSaidHere));
    };
    let Some(there) = total(theirs(), sizes_only) else {
        return Judged::of(unknown(Because::NotSaid));
    };
    let price = match (open, group.theirs.as_slice()) {
        ([lot], [held]) => sides.here(*lot).price.as_deref().zip(sides.there(*held).price.as_deref()),
        _ => None,
    };
    let is_within = |here: &str, there: &str, tolerance: &Option<String>| {
        here == there || within(&apart(here, there), tolerance.as_deref())
    };
    let equal = is_within(&here, &there, &options.tolerance.quantity);
    let said = match () {
        () if theirs().all(Holding::is_flat) => (Agreement::MissingThere, Some(Because::Flat)),
        // Of a symbol that is not netted the rest may be on the page that did not come.
        () if !equal && !whole && !group.by_ids => unknown(Because::PartialList),
        () if !equal => (Agreement::QuantityMismatch, None),
        () if price.is_some_and(|(here, there)| !is_within(here, there, &options.tolerance.price)) => {
            (Agreement::PriceMismatch, None)
        }
        () => (Agreement::Matched, None),
    };
    let price = price.map(|(here, there)| (Cow::Borrowed(here), Cow::Borrowed(there)));
    Judged { said, quantity: Some((here, there)), price }
}

/// What they hold together; `None` if one of them does not say it.
pub(super) fn total<'a>(
    holdings: impl Iterator<Item = &'a Holding<'a>>,
    sizes_only: bool,
) -> Option<Cow<'a, str>> {
    let mut total: Option<Cow<'a, str>> = None;
    for holding in holdings {
        let quantity = holding.signed()?;
        let quantity = match quantity.strip_prefix('-').filter(|_| sizes_only) {
            Some(size) => Cow::Owned(size.to_owned()),
            None => quantity,
        };
        total = Some(match total {
            None => quantity,
            Some(before) => sum(Decimal::parse(&before)?, Decimal::parse(&quantity)?)?.into(),
        });
    }
    total
}

pub(super) fn apart(ours: &str, theirs: &str) -> Apart {
    let delta =
        Decimal::parse(ours).zip(Decimal::parse(theirs)).and_then(|(ours, theirs)| delta(ours, theirs));
    Apart { ours: ours.to_owned(), theirs: theirs.to_owned(), delta }
}

/// Whether two numbers agree.
pub(super) fn within(apart: &Apart, tolerance: Option<&str>) -> bool {
    let Some(delta) = apart.delta.as_deref() else { return false };
    let size = delta.trim_start_matches(['+', '-']);
    let tolerance = tolerance.and_then(Decimal::parse).or_else(|| Decimal::parse("0"));
    Decimal::parse(size).zip(tolerance).is_some_and(|(size, tolerance)| size <= tolerance)
}
