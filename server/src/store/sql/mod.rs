//! Reading from a database that speaks SQL. What SQLite and PostgreSQL both understand is written here once; how they are
//! reached, and the few words in which they differ, each says in its own `reading.rs`. How they write is their own affair.

mod activity;
mod heads;
mod interrupt;
mod list;
mod living;
mod log;
mod moment;
mod newcomers;
mod points;
pub(super) mod proof;
mod receipts;
pub(super) mod rows;
mod scope;
mod search;
mod source;
mod statement;
mod times;

use std::ops::DerefMut;

use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};

use super::lanes::Lane;
use super::{PAGE_BYTES, Result};
#[cfg(feature = "network")]
pub(super) use heads::end;
pub(super) use heads::{kept_up, tip};
pub(super) use interrupt::Interrupt;
pub(super) use living::to_close;
pub(super) use moment::{Discard, Moment};
pub(super) use newcomers::passed;
pub(super) use points::{snapshot, snapshots_between};
pub(super) use receipts::receipts;
pub(super) use rows::Row;
pub(super) use statement::{Statement, Value, keys_json};

/// Words in which databases differ.
#[derive(Debug)]
pub(super) struct Dialect {
    /// An inner join whose left side is read first.
    pub(super) join: &'static str,
    /// The condition that a row of `states s` is live, and that it is not. Written as in the index of the deleted.
    pub(super) live: &'static str,
    pub(super) deleted: &'static str,
    /// What stands before a column, between it and a pattern of small letters, and behind, to compare with ASCII letters of
    /// either case, and no others.
    pub(super) like: [&'static str; 3],
    /// The condition that data has an escape.
    pub(super) escaped: &'static str,
    /// What stands around such a pattern for the condition that data is like it, or has an escape.
    pub(super) may_hold: [&'static str; 2],
    /// What gathers the seqs of `versions v` as JSON, and what stands behind its filter.
    pub(super) seqs: [&'static str; 2],
    /// What stands before and behind a parameter that is a JSON array, to make it a table `wanted (value, key)`.
    pub(super) json_table: [&'static str; 2],
    /// The condition that a row of `versions v` was imported, as far as its batch id's form says, and the time in it.
    pub(super) imported: [&'static str; 2],
    /// What stands behind `versions v` to read only what was imported.
    pub(super) by_import: &'static str,
    /// How a transaction begins that sees one moment.
    pub(super) begin: &'static str,
}

/// A connection to a database.
pub(super) trait Connection: Send + Sized {
    /// What it answers with.
    type Row: Row;
    /// How it speaks.
    const DIALECT: Dialect;

    /// Whether rows are fetched before they are asked for, so that large ones must be kept from being asked for at all.
    const READS_AHEAD: bool;

    /// Runs a statement that answers with rows.
    fn rows(&mut self, statement: Statement) -> BoxStream<'_, Result<Self::Row>>;

    /// Runs a command that takes no parameters.
    fn run(&mut self, command: &'static str) -> impl Future<Output = Result<()>> + Send;

    /// Makes what the connection does from now on end soon when what this gives is dropped before it is
    /// [finished](Interrupt::finish): the engine looks from time to time. Where an engine notices by itself that nobody
    /// waits any more, this does nothing.
    fn interruptible(&mut self) -> impl Future<Output = Result<Interrupt>> + Send {
        async { Ok(Interrupt::default()) }
    }

    /// All rows.
    fn all(&mut self, statement: Statement) -> impl Future<Output = Result<Vec<Self::Row>>> + Send {
        self.rows(statement).try_collect()
    }

    /// The first row, if there is one.
    fn first(&mut self, statement: Statement) -> impl Future<Output = Result<Option<Self::Row>>> + Send {
        async { Ok(self.all(statement).await?.into_iter().next()) }
    }

    /// What is made of the rows, until there are `limit` or their bytes fill a page, and whether there are more.
    fn page<T: Send>(
        &mut self,
        statement: Statement,
        limit: usize,
        read: impl Fn(&Self::Row) -> Result<(T, usize)> + Send,
    ) -> impl Future<Output = Result<(Vec<T>, bool)>> + Send {
        async move {
            let (statement, cut) = match statement.weighed().filter(|_| Self::READS_AHEAD) {
                Some(weighing) => {
                    let weighed = self.first(weighing).await?;
                    let count = |index| weighed.as_ref().map_or(Ok(0), |row| rows::number(row, index));
                    let (fits, all) = (count(0)?, count(1)?);
                    if fits < all { (statement.first_rows(fits), true) } else { (statement, false) }
                }
                None => (statement, false),
            };
            let mut found = self.rows(statement);
            let (mut page, mut bytes) = (Vec::new(), 0);
            while let Some(row) = found.next().await {
                let row = row?;
                if page.len() == limit || bytes > PAGE_BYTES {
                    return Ok((page, true));
                }
                let (item, size) = read(&row)?;
                bytes += size;
                page.push(item);
            }
            Ok((page, cut))
        }
    }
}

/// A store in such a database. It reads as [`heads`], [`log`] and [`points`] do.
pub(super) trait SqlStore: Send + Sync {
    /// A connection.
    type Connection: Connection;
    /// A connection that is lent for reading.
    type Reader: DerefMut<Target = Self::Connection> + Discard + Send;

    /// Lends a connection; what is read long does not get the last one.
    ///
    /// # Errors
    /// [`StoreError::Busy`](super::StoreError::Busy) when others keep all of them for too long.
    fn reader(&self, lane: Lane) -> impl Future<Output = Result<Self::Reader>> + Send;

    /// Does work that reads, for as long as the store is willing to wait.
    fn within<T: Send>(
        &self,
        work: impl Future<Output = Result<T>> + Send,
    ) -> impl Future<Output = Result<T>> + Send {
        work
    }
}
