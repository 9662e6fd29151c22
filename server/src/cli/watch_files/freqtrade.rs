//! The trades of freqtrade, out of the database that it goes on writing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use stateloft_core::json::Document;
use stateloft_core::model::{StateKey, Timestamp};

use super::How;
use super::found::Place;
use super::known::{Known, Says};
use super::mark::{Mark, Read, Trouble};
use super::outbox::{Change, Origin, Outbox};
use super::rows::{column, document, integer};
use super::run::Looked;
use crate::cli::say::remark;
use crate::store::sqlite::{Cell, ForeignDatabase, ForeignRow, Unreadable};

/// Trades that are read at once: for so many the database is open.
const PAGE: u32 = 200;
const TRADE: &str = "freqtrade_trade";
const CUSTOM: &str = "trade_custom_data";
/// Custom data that belongs to no trade has this in place of one's id, and becomes a state of this type and name.
const NO_TRADE: i64 = 0;
const GLOBAL: (&str, &str) = ("strategy", "freqtrade/custom_data");

/// The database that is watched.
pub(super) struct Trades {
    database: PathBuf,
    source: Arc<str>,
    prefix: String,
    delete: bool,
    patience: Duration,
    known: Known,
    read: Option<Read<Marks>>,
    trouble: Option<Trouble>,
    /// Trades that were there before.
    missing: BTreeMap<StateKey, Trouble>,
    /// What cannot be a state, and why.
    left: BTreeSet<String>,
}

/// The marks of the file and of its log.
type Marks = (Mark, Option<Mark>);

/// Some trades as states, and the id of the last of them; nothing of it when there are no more.
struct Page {
    states: Vec<Result<(StateKey, Document), String>>,
    next: Option<i64>,
}

impl Trades {
    pub(super) fn new(database: PathBuf, how: &How) -> Self {
        let name = database.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Self {
            database,
            source: name.into(),
            prefix: how.prefix.clone(),
            delete: how.delete,
            patience: how.patience,
            known: Known::default(),
            read: None,
            trouble: None,
            missing: BTreeMap::new(),
            left: BTreeSet::new(),
        }
    }

    pub(super) fn places(&self) -> Vec<Place> {
        vec![Place::of(self.database.parent().unwrap_or(Path::new("")), false)]
    }

    /// Reads all trades, unless nothing can have changed, and puts those that have into the outbox.
    pub(super) async fn look(&mut self, outbox: &Outbox) -> Looked {
        let Ok(marks) = marks(&self.database) else {
            // A database that is away for good is nothing that trades vanish from.
            return Looked { there: 0, unfinished: false, left: self.read.is_some() };
        };
        let looked = Looked { there: 1, ..Looked::default() };
        if self.read.as_ref().is_some_and(|read| read.is_all_of(&marks)) {
            return Looked { left: !self.left.is_empty(), ..looked };
        }
        match self.read_all(&marks, outbox).await {
            Ok(there) => {
                self.trouble = None;
                self.miss(&there, outbox).await;
                let before = self.read.take().filter(|_| self.missing.is_empty());
                // What was written since the marks were taken leaves others.
                self.read = Some(Read::note(before, marks));
                Looked { left: !self.left.is_empty(), ..looked }
            }
            Err(why) => {
                let mut trouble = Trouble::goes_on(self.trouble);
                if trouble.is_to_be_said(self.patience) {
                    remark!("stateloft: {} cannot be read: {why}; it is looked at again", self.source);
                }
                self.trouble = Some(trouble);
                Looked { unfinished: trouble.may_pass(), left: true, ..looked }
            }
        }
    }

    /// Puts what is new into the outbox; which trades there are.
    async fn read_all(&mut self, marks: &Marks, outbox: &Outbox) -> Result<BTreeSet<StateKey>, Unreadable> {
        let (mut there, mut left) = (BTreeSet::new(), BTreeSet::new());
        let written = marks.1.as_ref().map_or(marks.0.written(), |log| log.written().max(marks.0.written()));
        let mut next = Some(i64::MIN);
        while let Some(from) = next {
            // While it waits for room in the outbox, the database is not open.
            let page = page(&self.database, &self.prefix, from).await?;
            for state in page.states {
                match state {
                    Ok((key, data)) => {
                        self.hand_over(&key, data, written, outbox).await;
                        there.insert(key);
                    }
                    Err(why) => drop(left.insert(why)),
                }
            }
            next = page.next;
        }
        for line in left.difference(&self.left) {
            remark!("stateloft: left alone: {}: {line}", self.source);
        }
        self.left = left;
        Ok(there)
    }

    async fn hand_over(&mut self, key: &StateKey, data: Document, written: Timestamp, outbox: &Outbox) {
        if let Says::Changed(change) = self.known.says(&self.source, written, key, data) {
            outbox.put(change).await;
        }
    }

    /// Takes note of trades that are not there any more. While freqtrade makes its tables anew they are empty for a moment.
    async fn miss(&mut self, there: &BTreeSet<StateKey>, outbox: &Outbox) {
        let gone: Vec<StateKey> = self.known.of(&self.source).difference(there).cloned().collect();
        self.missing.retain(|key, _| !there.contains(key));
        for key in gone {
            let mut missing = Trouble::goes_on(self.missing.get(&key).copied());
            if !missing.is_to_be_said(self.patience) {
                self.missing.insert(key, missing);
                continue;
            }
            self.missing.remove(&key);
            self.known.gone(&key);
            if self.delete {
                let origin = Origin { source: Arc::clone(&self.source), written: None };
                outbox.put(Change { key, data: None, origin }).await;
            } else {
                remark!(
                    "stateloft: {key} is gone from {}; it stays as it was (--delete deletes it)",
                    self.source
                );
            }
        }
    }
}

fn marks(database: &Path) -> std::io::Result<Marks> {
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    Ok((Mark::of(database)?, Mark::of(Path::new(&log)).ok()))
}

/// Reads some trades from this id on, with all that belongs to them, as they are at one moment.
async fn page(path: &Path, prefix: &str, from: i64) -> Result<Page, Unreadable> {
    let mut database = ForeignDatabase::open(path).await?;
    let found = rows(&mut database, from).await;
    database.close().await;
    let (trades, orders, custom) = found?;
    let last = trades.last().and_then(|trade| integer(trade, "id"));
    let is_last = trades.len() < PAGE as usize;
    let next = last.filter(|_| !is_last).and_then(|last| last.checked_add(1));
    let (orders, mut custom) = (by_trade(orders.as_deref()), by_trade(custom.as_deref()));
    let global = custom.as_mut().and_then(|custom| custom.remove(&NO_TRADE));
    let mut states: Vec<_> =
        trades.iter().map(|trade| state(trade, prefix, orders.as_ref(), custom.as_ref())).collect();
    if let Some(rows) = global {
        let key =
            StateKey::new(GLOBAL.0, &format!("{prefix}{}", GLOBAL.1)).map_err(|error| error.to_string());
        states.push(key.and_then(|key| Ok((key, document(&ForeignRow::new(), &[("custom_data", rows)])?))));
    }
    Ok(Page { states, next })
}

/// Rows of a table, where there is such a table.
type Rows = Option<Vec<ForeignRow>>;

async fn rows(
    database: &mut ForeignDatabase,
    from: i64,
) -> Result<(Vec<ForeignRow>, Rows, Rows), Unreadable> {
    database.begin().await?;
    let trades = database.rows("trades", "id", from..=i64::MAX, PAGE).await?;
    let trades =
        trades.ok_or_else(|| Unreadable("it has no table trades with ids, as freqtrade has".to_owned()))?;
    let ids = |trade: Option<&ForeignRow>| trade.and_then(|trade| integer(trade, "id"));
    let (first, last) = (ids(trades.first()), ids(trades.last()));
    // The first page has what belongs to no trade, too.
    let first = if from == i64::MIN { Some(NO_TRADE.min(first.unwrap_or(NO_TRADE))) } else { first };
    let range = first.unwrap_or(NO_TRADE)..=last.unwrap_or(NO_TRADE);
    let orders = database.rows("orders", "ft_trade_id", range.clone(), u32::MAX).await?;
    let custom = database.rows(CUSTOM, "ft_trade_id", range, u32::MAX).await?;
    database.end().await?;
    Ok((trades, orders, custom))
}

/// Rows by the trade that they belong to; nothing where there is no such table.
type ByTrade<'r> = BTreeMap<i64, Vec<&'r ForeignRow>>;

fn by_trade(rows: Option<&[ForeignRow]>) -> Option<ByTrade<'_>> {
    let mut by_trade = ByTrade::new();
    for row in rows? {
        by_trade.entry(integer(row, "ft_trade_id").unwrap_or(NO_TRADE)).or_default().push(row);
    }
    Some(by_trade)
}

fn state(
    trade: &ForeignRow,
    prefix: &str,
    orders: Option<&ByTrade<'_>>,
    custom: Option<&ByTrade<'_>>,
) -> Result<(StateKey, Document), String> {
    let id = integer(trade, "id").ok_or("a trade has no id")?;
    let pair = match column(trade, "pair") {
        Some(Cell::Text(pair)) => pair.as_str(),
        _ => "trade",
    };
    let name = format!("{prefix}{pair}/{id}");
    let told = |error: &dyn std::fmt::Display| format!("trade {id}: {error}");
    let key = StateKey::new(TRADE, &name).map_err(|error| told(&error))?;
    let lists: Vec<_> = [("orders", orders), ("custom_data", custom)]
        .into_iter()
        .filter_map(|(name, rows)| Some((name, rows?.get(&id).cloned().unwrap_or_default())))
        .collect();
    Ok((key, document(trade, &lists).map_err(|error| told(&error))?))
}
