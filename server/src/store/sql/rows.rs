//! Rows as versions, each held against its hashes.

use std::sync::Arc;

use stateloft_core::api::VersionView;
use stateloft_core::hash::{ChainHash, ContentHash};
use stateloft_core::model::{Operation, Origin, Seq, StateKey, Timestamp, Version, VersionNumber};

use crate::heavy;
use crate::store::proof::{self, mark, only_named};
use crate::store::{Result, StoreError, chain_hash};

/// A row, whatever the engine. A column of another type than was written is damage.
pub(in crate::store) trait Row: Send + Sync {
    /// A text, or nothing.
    fn text(&self, index: usize) -> Result<Option<&str>>;
    /// An integer, or nothing.
    fn integer(&self, index: usize) -> Result<Option<i64>>;
    /// Bytes, or nothing.
    fn bytes(&self, index: usize) -> Result<Option<&[u8]>>;
}

impl<R> Row for R
where
    R: sqlx::Row,
    usize: sqlx::ColumnIndex<R>,
    i64: sqlx::Type<R::Database> + for<'r> sqlx::Decode<'r, R::Database>,
    for<'r> &'r str: sqlx::Type<R::Database> + sqlx::Decode<'r, R::Database>,
    for<'r> &'r [u8]: sqlx::Type<R::Database> + sqlx::Decode<'r, R::Database>,
{
    fn text(&self, index: usize) -> Result<Option<&str>> {
        self.try_get(index).map_err(of_another_type)
    }

    fn integer(&self, index: usize) -> Result<Option<i64>> {
        self.try_get(index).map_err(of_another_type)
    }

    fn bytes(&self, index: usize) -> Result<Option<&[u8]>> {
        self.try_get(index).map_err(of_another_type)
    }
}

#[allow(clippy::needless_pass_by_value, reason = "so that it fits map_err")]
fn of_another_type(error: sqlx::Error) -> StoreError {
    StoreError::Damaged(error.to_string())
}

/// The columns that [`view`] reads, of `states s` and `versions v`.
macro_rules! columns {
    () => {
        "s.state_type, s.state_id, v.seq, v.version, v.operation, v.content_hash, v.chain_hash, \
         v.recorded_at, v.author, v.description, v.batch_id, v.verdict, v.change, v.size, \
         (SELECT coalesce(o.run_id, '') || '\u{1f}' || coalesce(o.correlation_id, '') || '\u{1f}' || \
         coalesce(o.causation_id, '') FROM origins AS o WHERE o.seq = v.seq) AS origin"
    };
}
/// As [`columns`], and what a whole version needs besides: the data, and the hash that its own in the chain follows.
macro_rules! columns_with_data {
    () => {
        concat!(
            crate::store::sql::rows::columns!(),
            ", v.data, (SELECT p.chain_hash FROM versions AS p WHERE p.seq = v.seq - 1) AS before"
        )
    };
}
/// The same of versions that are read in the order of the log, from behind the seq `$1` on: all but the first follow a
/// version that is read, too.
macro_rules! columns_in_order {
    () => {
        concat!(
            crate::store::sql::rows::columns!(),
            ", v.data, CASE WHEN v.seq - 1 = $1 \
             THEN (SELECT p.chain_hash FROM versions AS p WHERE p.seq = v.seq - 1) END AS before"
        )
    };
}
/// The seq of the head of a state: of `s`, or of the state of which another table's row is.
macro_rules! head {
    () => {
        crate::store::sql::rows::head!("s")
    };
    ($table:literal) => {
        concat!("(SELECT max(w.seq) FROM versions AS w WHERE w.state_pk = ", $table, ".state_pk)")
    };
}
pub(in crate::store) use {columns, columns_in_order, columns_with_data, head};

/// Between the texts of an origin, which hold no control characters. An empty one is absent.
const SEPARATOR: char = '\u{1f}';
/// Where the data is, and the hash in the chain before.
const DATA: usize = 15;
const BEFORE: usize = 16;
/// Where a statement's own columns begin, behind those of [`columns_with_data`].
pub(in crate::store) const OWN: usize = 17;

/// What a version is apart from its data, as it is shown. What cannot be read of it makes it a damaged one.
///
/// # Errors
/// [`StoreError::DamagedVersion`] when not even its name can be read.
pub(in crate::store) fn view(row: &impl Row) -> Result<VersionView> {
    let version = parts(row)?;
    let size = version.damaged.is_none().then(|| number(row, 13)).and_then(Result::ok);
    let size = size.and_then(|size| usize::try_from(size).ok());
    Ok(VersionView { size: size.unwrap_or_default(), ..VersionView::of(&version) })
}

/// A version as its row says it is, and what that must be held against.
#[derive(Debug)]
pub(in crate::store) struct Found {
    /// Its data is what its content hash says, or it is damaged.
    version: Version,
    /// The hash in the chain that it follows, where that version is there.
    before: Option<ChainHash>,
    /// Its own hash does not follow that one: either of them is wrong, or something else of it.
    doubtful: bool,
}

impl Found {
    /// Which one.
    pub(super) fn seq(&self) -> Seq {
        self.version.seq
    }

    /// Holds it against the version before it, unless its row said which hash it follows.
    pub(super) fn follow(&mut self, last: &Self) {
        if self.before.is_none() && last.version.seq.next() == self.version.seq {
            self.before = Some(last.version.chain_hash);
            self.doubtful = chain_hash(&last.version.chain_hash, &self.version) != self.version.chain_hash;
        }
    }

    /// Bytes of data.
    pub(super) fn size(&self) -> usize {
        self.version.size()
    }

    /// Whether the version before must be looked at to know which of the two is wrong.
    pub(super) fn is_doubtful(&self) -> bool {
        self.doubtful && self.version.damaged.is_none()
    }

    /// The version. In doubt it is damaged unless its hash follows the one that `before`, the version before it, should
    /// have: then that one's hash is what is wrong.
    pub(super) fn settled(self, before: Option<&Self>) -> Version {
        let Self { mut version, doubtful, .. } = self;
        if doubtful && version.damaged.is_none() {
            let should = before.and_then(|found| Some(chain_hash(&found.before?, &found.version)));
            if should.is_none_or(|should| chain_hash(&should, &version) != version.chain_hash) {
                mark(&mut version, "its chain hash does not fit what is stored of it");
            }
        }
        version
    }
}

/// A whole version, held against its hashes.
///
/// # Errors
/// [`StoreError::DamagedVersion`] when not even its name can be read.
pub(in crate::store) fn found(row: &impl Row) -> Result<Found> {
    let mut version = parts(row)?;
    if version.damaged.is_none()
        && let Err(what) = fill(&mut version, row)
    {
        mark(&mut version, what);
    }
    let before = match version.seq {
        Seq(1) => Some(ChainHash::START),
        _ => hash(row, BEFORE).ok().flatten().map(ChainHash::from_bytes),
    };
    let doubtful = before.is_some_and(|before| chain_hash(&before, &version) != version.chain_hash);
    Ok(Found { version, before, doubtful })
}

/// Puts the data into a version, if it is what was written.
fn fill(version: &mut Version, row: &impl Row) -> std::result::Result<(), &'static str> {
    let size = number(row, 13).ok();
    // Already to see that a long text is one takes a while.
    heavy::work(size.and_then(|size| usize::try_from(size).ok()).unwrap_or_default(), || {
        let Ok(text) = row.text(DATA) else { return Err("its data cannot be read") };
        proof::fill(version, text, size)
    })
}

/// Everything but the data.
fn parts(row: &impl Row) -> Result<Version> {
    let seq = Seq(number(row, 2)?);
    let nameless = |_| StoreError::no_version(seq, "its name cannot be read");
    let key = key(row).map_err(nameless)?;
    let number = VersionNumber(number(row, 3).map_err(nameless)?);
    let mut version = only_named(seq, key, number);
    if let Err(column) = read_parts(&mut version, row) {
        mark(&mut version, &format!("its {column} cannot be read"));
    }
    Ok(version)
}

/// Reads column after column, or says which one cannot be read.
fn read_parts(version: &mut Version, row: &impl Row) -> std::result::Result<(), &'static str> {
    let operation = text(row, 4).ok().and_then(Operation::from_name);
    version.operation = operation.ok_or("operation")?;
    version.chain_hash = chain_hash_of(row, 6).map_err(|_| "hash in the chain")?;
    version.recorded_at = time(row, 7).map_err(|_| "time")?;
    version.content_hash = hash(row, 5).map_err(|_| "content hash")?.map(ContentHash::from_bytes);
    version.author = optional_text(row, 8).map_err(|_| "author")?;
    version.description = optional_text(row, 9).map_err(|_| "description")?;
    version.batch_id = optional_text(row, 10).map_err(|_| "batch")?;
    version.origin = origin(row).map_err(|_| "origin")?;
    let verdict = text(row, 11).ok().and_then(|text| serde_json::from_str(text).ok());
    version.verdict = verdict.ok_or("verdict")?;
    let change = text(row, 12).ok().and_then(|text| serde_json::from_str(text).ok());
    version.change = change.ok_or("summary of changes")?;
    Ok(())
}

fn origin(row: &impl Row) -> Result<Option<Arc<Origin>>> {
    let Some(texts) = row.text(14)? else { return Ok(None) };
    let mut texts = texts.split(SEPARATOR).map(|text| (!text.is_empty()).then(|| text.into()));
    let mut next = || texts.next().flatten();
    Ok(Origin { run_id: next(), correlation_id: next(), causation_id: next() }.shared())
}

fn key(row: &impl Row) -> Result<StateKey> {
    let (state_type, state_id) = (text(row, 0)?, text(row, 1)?);
    StateKey::new(state_type, state_id)
        .map_err(|_| StoreError::Damaged(format!("a state is named {state_type:?} {state_id:?}")))
}

/// A text.
pub(in crate::store) fn text(row: &impl Row, index: usize) -> Result<&str> {
    row.text(index)?.ok_or_else(|| missing(index))
}

/// A text or nothing.
pub(in crate::store) fn optional_text(row: &impl Row, index: usize) -> Result<Option<Arc<str>>> {
    Ok(row.text(index)?.map(Into::into))
}

/// A number of any sign.
pub(in crate::store) fn integer(row: &impl Row, index: usize) -> Result<i64> {
    row.integer(index)?.ok_or_else(|| missing(index))
}

/// A counter.
pub(in crate::store) fn number(row: &impl Row, index: usize) -> Result<u64> {
    let found = integer(row, index)?;
    u64::try_from(found).map_err(|_| StoreError::Damaged(format!("a counter is {found}")))
}

/// A time.
pub(in crate::store) fn time(row: &impl Row, index: usize) -> Result<Timestamp> {
    integer(row, index).map(Timestamp::from_micros)
}

fn hash(row: &impl Row, index: usize) -> Result<Option<[u8; 32]>> {
    let Some(bytes) = row.bytes(index)? else { return Ok(None) };
    bytes.try_into().map(Some).map_err(|_| StoreError::Damaged("a hash is not 32 bytes long".into()))
}

/// A chain hash.
pub(in crate::store) fn chain_hash_of(row: &impl Row, index: usize) -> Result<ChainHash> {
    let found = hash(row, index)?;
    found.map(ChainHash::from_bytes).ok_or_else(|| StoreError::Damaged("a chain hash is missing".into()))
}

fn missing(index: usize) -> StoreError {
    StoreError::Damaged(format!("column {index} of a row is empty"))
}

/// A counter for SQL; what is larger than any stored counter stays so.
pub(in crate::store) fn sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
