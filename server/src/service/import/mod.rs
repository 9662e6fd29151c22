//! The history of an older system's store, taken over: every row becomes a version, in the order of its time.
//!
//! Nothing is kept between runs but the versions themselves, each of which says which row it was (`Imported` of the core). A run walks through the rows and, state by state, through the versions that are there: what is there
//! is passed, what is missing behind them is written, and what could only be written in a wrong place is not. So an
//! import can be interrupted and repeated at will, and two of them at once cannot write anything twice.

mod marks;
mod place;
mod row;

use std::collections::{HashMap, HashSet};

use stateloft_core::commit::{Change, Expectation, Write};
use stateloft_core::json::Document;
use stateloft_core::model::{Seq, StateKey, Verdict};

use self::marks::Mark;
use self::place::{Place, Standing};
use self::row::{Row, What};
use super::signature::Signature;
use super::{Result, Service};
use crate::store::OlderRows;

/// Rows that are written at once, at most.
const BATCH_ROWS: usize = 500;
/// Bytes of data that are written at once, about.
const BATCH_BYTES: usize = 8 << 20;
/// States whose places are remembered; when there are more they are looked up again.
const PLACES: usize = 100_000;

/// What became of the rows so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportCounts {
    /// Rows read.
    pub read: u64,
    /// Rows that became versions; with a dry run those that would.
    pub imported: u64,
    /// Versions that they became: a row that deletes and carries data becomes two.
    pub versions: u64,
    /// Rows that are there from an earlier run.
    pub there: u64,
    /// Rows that became snapshots; with a dry run those that would.
    pub snapshots: u64,
    /// Rows that delete what did not exist: they change nothing.
    pub nothing: u64,
    /// Rows that cannot be read.
    pub unreadable: u64,
    /// Rows that could only be written in a wrong place.
    pub left_out: u64,
}

impl ImportCounts {
    /// Whether every row is in the store, or changes nothing.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.unreadable == 0 && self.left_out == 0
    }
}

/// Hears how an import goes.
pub trait ImportWitness: Send {
    /// A row that does not get in, and why.
    fn row_left(&mut self, row: &str, why: &str);
    /// Some rows further, of about so many.
    fn progress(&mut self, counts: &ImportCounts, total: u64);
}

impl Service {
    /// Takes over every row that is not there yet; with `dry_run` only says what would be written. What cannot be taken
    /// over is told to the witness and does not stop the others. States are judged by today's rules, but none is refused
    /// for breaking them: the history is what it was.
    ///
    /// # Errors
    /// One of the stores failed, or somebody else wrote to one of the states at the same moment. What was written before
    /// stays, and the import can be repeated.
    pub async fn import(
        &self,
        rows: &mut dyn OlderRows,
        dry_run: bool,
        witness: &mut dyn ImportWitness,
    ) -> Result<ImportCounts> {
        let total = rows.total();
        let mut import = Import::new(self, dry_run);
        while let Some(row) = rows.next().await? {
            import.counts.read += 1;
            let name = row.to_string();
            match Row::read(row) {
                Ok(row) => import.take(row, &name, witness).await?,
                Err(why) => {
                    import.counts.unreadable += 1;
                    witness.row_left(&name, &why);
                }
            }
            if import.is_full() {
                import.flush().await?;
                witness.progress(&import.counts, total);
            }
        }
        import.flush().await?;
        Ok(import.counts)
    }
}

struct Import<'a> {
    service: &'a Service,
    dry_run: bool,
    counts: ImportCounts,
    places: HashMap<StateKey, Place>,
    planned: Vec<Planned>,
    /// The end of what has been imported of the rows so far, in this run or an earlier one.
    last: Seq,
    /// States of which something is planned.
    touched: HashSet<StateKey>,
    bytes: usize,
    /// Rows since the last flush, so that progress is heard of where nothing is written.
    rows: usize,
}

struct Planned {
    key: StateKey,
    change: Change,
    expectation: Expectation,
    who: Signature,
}

impl<'a> Import<'a> {
    fn new(service: &'a Service, dry_run: bool) -> Self {
        Self {
            service,
            dry_run,
            counts: ImportCounts::default(),
            places: HashMap::new(),
            planned: Vec::new(),
            last: Seq::ZERO,
            touched: HashSet::new(),
            bytes: 0,
            rows: 0,
        }
    }

    async fn take(&mut self, row: Row, name: &str, witness: &mut dyn ImportWitness) -> Result<()> {
        self.rows += 1;
        if let What::Marked { name: snapshot } = row.what {
            let mark =
                Mark { name: snapshot, row: row.reference, author: row.author, description: row.description };
            if let Some(why) = self.mark(mark).await? {
                self.left_out(name, &why, witness);
            }
            return Ok(());
        }
        let store = self.service.store.as_ref();
        let mut place = match self.places.remove(&row.key) {
            Some(place) => place,
            None => Place::find(store, &row.key, &row.reference).await?,
        };
        let standing = place.seek(store, &row.key, &row.reference).await?;
        let changes_nothing = match row.what {
            What::Deleted { data: None } => !place.is_live(),
            What::Kept { .. } | What::Deleted { .. } | What::Marked { .. } => false,
        };
        let key = row.key.clone();
        let why = match standing {
            Standing::There => {
                self.counts.there += 1;
                let both = matches!(row.what, What::Deleted { data: Some(_) });
                self.last = self.last.max(place.finish(store, &key, both).await?);
                None
            }
            Standing::Next | Standing::TooLate | Standing::Foreign if changes_nothing => {
                self.counts.nothing += 1;
                None
            }
            Standing::Next => {
                self.plan(row, &mut place);
                None
            }
            Standing::TooLate => {
                Some("later rows of this state are imported already; it would come after them")
            }
            Standing::Twice => Some("another row of this state has the same version_id and time"),
            Standing::Foreign => {
                Some("the state has versions that no import wrote; what is older must not come after them")
            }
        };
        if let Some(why) = why {
            self.left_out(name, why, witness);
        }
        self.places.insert(key, place);
        Ok(())
    }

    fn left_out(&mut self, name: &str, why: &str, witness: &mut dyn ImportWitness) {
        self.counts.left_out += 1;
        witness.row_left(name, why);
    }

    fn plan(&mut self, row: Row, place: &mut Place) {
        self.counts.imported += 1;
        self.bytes += row.size();
        let who = Signature {
            author: row.author.map(Into::into),
            description: Some(row.description.into()),
            batch_id: Some(row.reference.batch_id().into()),
            origin: None,
            fence: None,
        };
        let record = |data| Change::Record { data, restored: false };
        let changes = match row.what {
            What::Kept { data, restored } => vec![Change::Record { data, restored }],
            What::Deleted { data: None } => vec![Change::Delete],
            What::Marked { .. } => Vec::new(),
            What::Deleted { data: Some(data) } => vec![record(data), Change::Delete],
        };
        for change in changes {
            // Within a batch the first write of a state speaks for the others.
            let first = self.touched.insert(row.key.clone());
            let expectation = if first { Expectation::Version(place.passed()) } else { Expectation::Any };
            place.plan(&row.reference, change != Change::Delete);
            self.counts.versions += 1;
            self.planned.push(Planned { key: row.key.clone(), change, expectation, who: who.clone() });
        }
    }

    fn is_full(&self) -> bool {
        self.rows >= BATCH_ROWS || self.bytes >= BATCH_BYTES
    }

    /// Writes what is planned, all or nothing.
    async fn flush(&mut self) -> Result<()> {
        let planned = std::mem::take(&mut self.planned);
        self.touched.clear();
        (self.bytes, self.rows) = (0, 0);
        if !planned.is_empty() && !self.dry_run {
            let data =
                |planned: &Planned| Some((planned.key.clone(), Document::clone(planned.change.data()?)));
            let saved: Vec<_> = planned.iter().filter_map(data).collect();
            let mut verdicts = self.service.verdicts(&saved).into_iter();
            let writes: Vec<Write> = planned
                .into_iter()
                .map(|Planned { key, change, expectation, who }| {
                    let verdict = match change {
                        Change::Delete => Verdict::NotChecked,
                        _ => verdicts.next().unwrap_or_default(),
                    };
                    who.write(key, change, expectation, verdict)
                })
                .collect();
            let (outcomes, _) = self.service.commit(writes, None).await?;
            let written = outcomes.iter().map(|outcome| outcome.version().seq);
            self.last = written.fold(self.last, Seq::max);
        }
        // With a dry run the places are the only memory of what was planned.
        if self.places.len() > PLACES && !self.dry_run {
            self.places.clear();
        }
        Ok(())
    }
}
