//! Reading states, their versions and their differences.

use stateloft_core::api::{
    DeletedFilter, DiffView, History, Moment, PendingFilter, Sort, StaleFilter, StateRows, ValidityFilter,
    VersionView,
};
use stateloft_core::model::{
    Seq, SnapshotId, StateId, StateKey, StateType, Timestamp, Version, VersionId, VersionNumber,
};
use stateloft_core::search::Needle;

use super::waiting::stored_only;
use super::{Result, Service, ServiceError, weight};
use crate::store::{Cursor, HistoryQuery, ListQuery, OriginFilter, StoreError};

/// The most rows of one page.
pub const PAGE_MAX: usize = 1000;

/// Which version of a state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Which {
    /// The last one.
    #[default]
    Head,
    /// The one of this number.
    Number(VersionNumber),
    /// The one of this public id.
    Id(String),
    /// The last one at a moment.
    At(Moment),
}

/// Which states to list: `GET /states`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ListRequest {
    /// Only these types; empty means all.
    pub types: Vec<StateType>,
    /// Only ids that start with this.
    pub prefix: Option<String>,
    /// Only states whose id, type or data contains this text.
    pub text: Option<String>,
    /// Only this verdict.
    pub validity: Option<ValidityFilter>,
    /// Live, deleted, or both.
    pub deleted: DeletedFilter,
    /// Only states changed after this moment.
    pub changed_since: Option<Moment>,
    /// Only states last written by one of these.
    pub authors: Vec<String>,
    /// As they were at this moment.
    pub at: Option<Moment>,
    /// The order.
    pub sort: Sort,
    /// At most this many, 1 to 1000.
    pub limit: usize,
    /// From the page before.
    pub cursor: Option<String>,
    /// Whether rows carry their data.
    pub with_data: bool,
    /// Whether what waits in the fallback journal is listed.
    pub pending: PendingFilter,
    /// Whether what is remembered is listed while the store is away.
    pub stale: StaleFilter,
}

/// Which versions of a state to list: `GET /states/{state_id}/history`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryRequest {
    /// The state.
    pub key: StateKey,
    /// There since then or later: recorded, or saved in the older system.
    pub from: Option<Timestamp>,
    /// There by then.
    pub to: Option<Timestamp>,
    /// Only from there.
    pub origin: OriginFilter,
    /// At most this many, 1 to 1000.
    pub limit: usize,
    /// From the page before.
    pub cursor: Option<String>,
    /// Whether rows carry their data.
    pub with_data: bool,
}

impl ListRequest {
    /// What a store is asked, with the moments as the seqs that they mean.
    pub(super) fn query(self, at: Option<Seq>, changed_since: Option<Seq>) -> Result<ListQuery> {
        Ok(ListQuery {
            types: self.types,
            prefix: self.prefix.filter(|prefix| !prefix.is_empty()),
            text: self.text.as_deref().filter(|text| !text.is_empty()).map(Needle::new),
            validity: self.validity,
            deleted: self.deleted,
            changed_since,
            authors: self.authors,
            at,
            sort: self.sort,
            limit: page_size(self.limit)?,
            cursor: self.cursor.map(Cursor),
            with_data: self.with_data,
        })
    }
}

impl Service {
    /// The key of an id where the type may be left out, as old clients do: then the id must exist under one type only.
    pub async fn key_of(&self, state_type: Option<StateType>, state_id: StateId) -> Result<StateKey> {
        if let Some(state_type) = state_type {
            return Ok(StateKey { state_type, state_id });
        }
        let mut types = self.store.types_of(&state_id).await?;
        match (types.pop(), types.is_empty()) {
            (Some(state_type), true) => Ok(StateKey { state_type, state_id }),
            (Some(last), false) => {
                types.push(last);
                Err(ServiceError::SeveralTypes { id: state_id, types })
            }
            (None, _) => Err(ServiceError::IdNotFound(state_id)),
        }
    }

    /// One version of a state, in one read, so that data and version always belong together. A state that is deleted
    /// (now, or at the moment asked for) is an error that carries the tombstone; a tombstone asked for by its own
    /// number or id is returned.
    pub async fn get(&self, key: &StateKey, which: &Which) -> Result<Version> {
        let version = match which {
            Which::Head | Which::At(Moment::Now) => self.store.head(key).await?,
            Which::At(Moment::Time(time)) => self.store.then(key, *time).await?,
            Which::At(moment) => {
                let seq = self.seq_of(moment).await?;
                self.store.as_of(key, seq).await?
            }
            Which::Number(number) => return self.version(key, *number).await,
            Which::Id(id) => return self.version_by_id(key, id).await,
        };
        match version.map(StoreError::unless_damaged).transpose()? {
            None => Err(self.not_there(key, which)),
            Some(tombstone) if tombstone.is_deleted() => Err(ServiceError::StateDeleted(Box::new(tombstone))),
            Some(version) => Ok(version),
        }
    }

    /// Why there is no version. By a time, recorded times that are ahead of the clock may be the reason.
    fn not_there(&self, key: &StateKey, which: &Which) -> ServiceError {
        match (which, self.times_ahead()) {
            (Which::At(Moment::Time(time)), Some(last)) => {
                ServiceError::NotRecordedThen { key: key.clone(), time: *time, last }
            }
            _ => ServiceError::StateNotFound(key.clone()),
        }
    }

    async fn version(&self, key: &StateKey, number: VersionNumber) -> Result<Version> {
        match self.store.version(key, number).await? {
            Some(version) => Ok(StoreError::unless_damaged(version)?),
            None => match self.store.head(key).await? {
                // Numbers have no gaps.
                Some(head) if number > VersionNumber::ZERO && number <= head.version => {
                    let head = head.version;
                    let text = format!("{key} has no version {number}, though it is at version {head}");
                    Err(StoreError::Damaged(text).into())
                }
                _ => Err(self.no_such_version(key, &number.to_string()).await?),
            },
        }
    }

    async fn version_by_id(&self, key: &StateKey, id: &str) -> Result<Version> {
        let found = match VersionId::seq_of(id) {
            Some(seq) => self.store.by_seq(seq).await?,
            None => None,
        };
        // A version id of another state is not this state's version, though it exists.
        // One that is damaged may have had that id.
        let is_meant = |version: &Version| version.damaged.is_some() || version.version_id().as_str() == id;
        match found.filter(|version| version.key == *key && is_meant(version)) {
            Some(version) => Ok(StoreError::unless_damaged(version)?),
            None => Err(self.no_such_version(key, id).await?),
        }
    }

    async fn no_such_version(&self, key: &StateKey, wanted: &str) -> Result<ServiceError> {
        Ok(match self.store.head(key).await? {
            None => ServiceError::StateNotFound(key.clone()),
            Some(_) => {
                ServiceError::VersionNotFound { key: key.clone(), wanted: wanted.chars().take(80).collect() }
            }
        })
    }

    /// The seq that a moment means.
    pub async fn seq_of(&self, moment: &Moment) -> Result<Seq> {
        match moment {
            Moment::Now => Ok(self.store.tip().await?.seq),
            Moment::Seq(seq) => {
                let tip = self.store.tip().await?.seq;
                if *seq <= tip {
                    return Ok(*seq);
                }
                Err(ServiceError::Parameter(format!("seq {seq} has not been written yet; the last is {tip}")))
            }
            Moment::Time(time) => self.seq_then(*time).await,
            Moment::Snapshot(id) => self.snapshot_seq(id).await,
        }
    }

    /// The seq up to which everything is what there was at a time, and nothing behind it is. What was imported counts as of
    /// when the older system saved it, so it must lie together with what is as old.
    async fn seq_then(&self, time: Timestamp) -> Result<Seq> {
        let recorded = self.store.seq_at(time).await?;
        let imports = self.store.imports(recorded, time).await?;
        if imports.count == 0 {
            return Ok(recorded);
        }
        // Seqs have no gaps: then all behind `recorded` up to there was imported and is as old.
        if recorded.0 + imports.count == imports.last.0 {
            return Ok(imports.last);
        }
        Err(ServiceError::MixedMoment { time, recorded, imports })
    }

    async fn snapshot_seq(&self, id: &SnapshotId) -> Result<Seq> {
        let snapshot = self.store.snapshot(id).await?;
        snapshot.map(|found| found.seq).ok_or_else(|| ServiceError::SnapshotNotFound(id.clone()))
    }

    /// States as they are, or were. While the store is away, and unless that is refused, those that are remembered.
    pub async fn list(&self, request: ListRequest) -> Result<StateRows> {
        let remembered = (request.stale == StaleFilter::Allow).then(|| request.clone());
        let rows = match (self.list_stored(request).await, remembered) {
            (Err(ServiceError::Store(outage)), Some(request)) if outage.is_outage() => {
                self.list_remembered(request, outage)?
            }
            (rows, _) => rows?,
        };
        weight::hold_list(&rows.states).await?;
        Ok(rows)
    }

    async fn list_stored(&self, request: ListRequest) -> Result<StateRows> {
        let (pending, at_moment) = (request.pending, request.at.clone());
        if pending == PendingFilter::Only && request.changed_since.is_some() {
            return Err(ServiceError::Parameter(
                "changed_since asks for versions: it cannot go with pending=only".into(),
            ));
        }
        let at = match &request.at {
            None | Some(Moment::Now) => None,
            Some(moment) => Some(self.seq_of(moment).await?),
        };
        let changed_since = match &request.changed_since {
            None => None,
            // Whoever asks wants what is new in this store, so what was imported since is, however old.
            Some(Moment::Time(time)) => Some(self.store.seq_at(*time).await?),
            Some(moment) => Some(self.seq_of(moment).await?),
        };
        let query = request.query(at, changed_since)?;
        let fallback = self.settings.resilience.fallback.as_deref();
        // What was, is stored.
        Ok(match fallback.filter(|_| matches!(at_moment, None | Some(Moment::Now))) {
            waiting if pending == PendingFilter::Only => Self::list_pending(waiting, &query)?,
            Some(fallback) if pending == PendingFilter::Include => {
                self.list_with_pending(fallback, &query).await?
            }
            _ => stored_only(self.store.list(&query).await?),
        })
    }

    /// The versions of a state, newest first. A state that never existed is an error, not an empty history.
    pub async fn history(&self, request: HistoryRequest) -> Result<History> {
        let query = HistoryQuery {
            key: request.key,
            from: request.from,
            to: request.to,
            origin: request.origin,
            limit: page_size(request.limit)?,
            cursor: request.cursor.map(Cursor),
            with_data: request.with_data,
        };
        let page = self.store.history(&query).await?;
        let pending = self.waiting_for(&query.key, query.with_data);
        if page.rows.is_empty() && pending.is_empty() && self.store.head(&query.key).await?.is_none() {
            return Err(ServiceError::StateNotFound(query.key));
        }
        weight::hold_rows(&page.rows).await?;
        let next_cursor = page.next.map(|cursor| cursor.0);
        Ok(History { total_count: page.total, versions: page.rows, pending, next_cursor })
    }

    /// What changed between two versions of a state. Without `from` it is the version before `to`. A tombstone, and what
    /// is before the first version (number 0), count as no document.
    pub async fn diff(&self, key: &StateKey, from: Option<&Which>, to: &Which) -> Result<DiffView> {
        let to = self.side(key, to).await.map_err(|error| self.named_later(error))?;
        let from = match from {
            Some(Which::Number(VersionNumber::ZERO)) => None,
            Some(from) => Some(self.side(key, from).await?),
            None if to.version == VersionNumber(1) => None,
            None => Some(self.version(key, VersionNumber(to.version.0 - 1)).await?),
        };
        let diff = super::rules::difference(from.as_ref(), &to).await?;
        Ok(DiffView { from: from.as_ref().map(VersionView::of), to: VersionView::of(&to), diff })
    }

    /// A version as one side of a comparison: a deleted state has a side, its tombstone.
    async fn side(&self, key: &StateKey, which: &Which) -> Result<Version> {
        match self.get(key, which).await {
            Err(ServiceError::StateDeleted(tombstone)) => Ok(*tombstone),
            other => other,
        }
    }
}

/// Checks a page's size.
pub(super) fn page_size(limit: usize) -> Result<usize> {
    if (1..=PAGE_MAX).contains(&limit) {
        return Ok(limit);
    }
    Err(ServiceError::Parameter(format!("limit must be 1 to {PAGE_MAX}, not {limit}")))
}
