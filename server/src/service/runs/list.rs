//! Reading runs.

use std::collections::HashMap;

use stateloft_core::api::{
    DeletedFilter, RunList, RunRow, RunState, RunStates, RunStatus, RunView, Sort, StateSummary, VersionView,
};
use stateloft_core::commit::Fence;
use stateloft_core::model::{RunId, RunName, StateKey, StateType, Timestamp};
use stateloft_core::search::Needle;

use super::super::read::page_size;
use super::super::{Result, Service, ServiceError};
use super::known::{Known, holder_of, run_id};
use super::wrote::{Work, now};
use crate::store::{Cursor, LeaseLook, ListQuery};

/// Pages of the store that one page of runs is looked for in.
const LOOKED_THROUGH: usize = 20;

/// Which runs to list: `GET /runs`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunsRequest {
    /// Only these.
    pub status: Option<RunStatus>,
    /// Only of this program.
    pub program: Option<RunName>,
    /// Only of this instance.
    pub instance: Option<RunName>,
    /// Only those that had not ended by then.
    pub from: Option<Timestamp>,
    /// Only those that had begun by then.
    pub to: Option<Timestamp>,
    /// At most this many, 1 to 1000.
    pub limit: usize,
    /// From the page before.
    pub cursor: Option<String>,
}

impl RunsRequest {
    fn has(&self, row: &RunRow) -> bool {
        let run = &row.run;
        self.status.is_none_or(|status| run.status == status)
            && self.program.as_ref().is_none_or(|program| run.program == *program)
            && self.instance.as_ref().is_none_or(|instance| run.instance == *instance)
            && self.from.is_none_or(|from| run.ended_at.is_none_or(|ended| ended >= from))
            && self.to.is_none_or(|to| run.started_at <= to)
    }

    /// Whether a session was written last before the time from which on runs are wanted, and so all behind it in the list were.
    fn is_behind(&self, last: &StateSummary) -> bool {
        self.from.is_some_and(|from| last.version.timestamp < from)
    }

    /// What the store is asked: it passes over most of what is not meant.
    fn query(&self) -> Result<ListQuery> {
        let prefix = self.program.as_ref().map(|program| RunId::prefix(program, self.instance.as_ref()));
        let text = self.status.map(of_status);
        let session = StateType::new("session").map_err(|error| ServiceError::Internal(error.to_string()))?;
        Ok(ListQuery {
            types: vec![session],
            prefix,
            text,
            deleted: DeletedFilter::Exclude,
            sort: Sort::Changed,
            limit: page_size(self.limit)?,
            cursor: self.cursor.clone().map(Cursor),
            with_data: true,
            ..ListQuery::default()
        })
    }
}

/// As sessions of that status are written; what else has these words is passed over by who reads them.
fn of_status(status: RunStatus) -> Needle {
    Needle::new(&format!("\"status\":\"{}\"", status.as_str()))
}

impl Service {
    /// Runs, the last changed first. A page may have few rows, or none, and still be followed by another.
    pub async fn runs(&self, request: &RunsRequest) -> Result<RunList> {
        let mut list = self.sessions(request).await?;
        self.tell_leases(&mut list.runs).await;
        Ok(list)
    }

    /// Says of those that are live how they hold their leases: one look for all of them.
    async fn tell_leases(&self, runs: &mut [RunRow]) {
        if !runs.iter().any(|row| row.live) {
            return;
        }
        let looks = self.store.look_at_leases().await.unwrap_or_default();
        let looks: HashMap<&str, &LeaseLook> =
            looks.iter().map(|look| (look.run_id.as_str(), look)).collect();
        let now = self.now();
        for row in runs.iter_mut().filter(|row| row.live) {
            row.holder = Some(holder_of(&row.run, looks.get(row.run.run_id.as_str()).copied(), now));
        }
    }

    async fn sessions(&self, request: &RunsRequest) -> Result<RunList> {
        let mut query = request.query()?;
        let mut runs = Vec::new();
        for _ in 0..LOOKED_THROUGH {
            let page = self.store.list(&query).await?;
            let behind = page.rows.last().is_some_and(|last| request.is_behind(last));
            runs.extend(page.rows.into_iter().filter_map(row).filter(|row| request.has(row)));
            query.cursor = page.next;
            if behind && request.status.is_some_and(|status| status != RunStatus::Active) {
                query.cursor = None;
            }
            // Whatever was written last before `from` had ended by then, unless it still runs: only those are looked for further on.
            let rest = request.limit.saturating_sub(runs.len());
            if behind && query.cursor.is_some() && query.text.is_none() && rest > 0 {
                query.text = Some(of_status(RunStatus::Active));
                query.limit = page_size(rest)?;
            } else if query.cursor.is_none() || !runs.is_empty() {
                return Ok(RunList { runs, seq: page.seq, next_cursor: query.cursor.map(|cursor| cursor.0) });
            }
        }
        let seq = self.events.last_seq();
        Ok(RunList { runs, seq, next_cursor: query.cursor.map(|cursor| cursor.0) })
    }

    /// One run, with what it wrote in numbers: `GET /runs/{run_id}`.
    pub async fn run_view(&self, id: &str) -> Result<RunView> {
        let id = run_id(id)?;
        let run = self.run(&id).await?;
        self.view_of(run).await
    }

    pub(super) async fn view_of(&self, run: Known) -> Result<RunView> {
        let Work { states, versions, more, open, .. } = self.work_of(&run, 0).await?;
        let last = self.last_checkpoint(&run.id).await?;
        let checkpoints = last.count();
        let (last_checkpoint, checkpoint_unknown) = last.known();
        let live = run.is_live();
        let look = if live { self.lease_of(&run).await.ok() } else { None };
        let holder = live.then(|| run.holder(look.as_ref(), self.now()));
        let version = VersionView::of(&run.head);
        let ask_reconcile = self.kept_reconcile_ask(&run.id).await?.value;
        Ok(RunView {
            run: run.session,
            live,
            holder,
            version,
            states,
            versions,
            more,
            open_positions: open.known().map(|open| open.positions),
            pending_orders: open.known().map(|open| open.orders),
            checkpoints,
            last_checkpoint,
            ask_reconcile,
            checkpoint_unknown,
        })
    }

    /// The states of which a run wrote versions: `GET /runs/{run_id}/states`.
    pub async fn run_states(&self, id: &str, limit: usize, cursor: Option<&str>) -> Result<RunStates> {
        let id = run_id(id)?;
        let run = self.run(&id).await?;
        let behind = cursor.map(behind).transpose()?;
        let (states, next_cursor) = self.states_of(&run, behind.as_ref(), page_size(limit)?).await?;
        Ok(RunStates { states, next_cursor })
    }

    /// A page of a run's states, and where the next one begins.
    pub(super) async fn states_of(
        &self,
        run: &Known,
        behind: Option<&StateKey>,
        limit: usize,
    ) -> Result<(Vec<RunState>, Option<String>)> {
        let since = self.begun_at(run.id.session()).await?;
        let mut wrote = self.store.written_by(run.id.as_str(), since, behind, limit + 1).await?;
        let more = wrote.len() > limit;
        wrote.truncate(limit);
        let keys: Vec<StateKey> = wrote.iter().map(|wrote| wrote.key.clone()).collect();
        let standing = self.store.standing(&keys, self.store.tip().await?.seq).await?;
        let next = keys.last().filter(|_| more).map(|key| format!("{}/{}", key.state_type, key.state_id));
        let states = wrote.into_iter().map(|wrote| now(wrote, &standing)).collect();
        Ok((states, next))
    }
}

/// The state behind which a page begins.
fn behind(cursor: &str) -> Result<StateKey> {
    let wrong = || ServiceError::Store(crate::store::StoreError::BadCursor);
    let (state_type, state_id) = cursor.split_once('/').ok_or_else(wrong)?;
    StateKey::new(state_type, state_id).map_err(|_| wrong())
}

/// The run of a session in a list.
fn row(summary: StateSummary) -> Option<RunRow> {
    let StateSummary { version, data } = summary;
    let id: RunId = version.state_id.as_str().parse().ok()?;
    let data = data?;
    let run: stateloft_core::api::Session = serde_json::from_str(data.text()).ok()?;
    let live = Fence::is_live(version.version, Some(&data));
    (run.run_id == id.as_str()).then_some(RunRow { run, live, holder: None, version })
}
