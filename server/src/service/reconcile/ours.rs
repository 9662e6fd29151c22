//! Our states that count in a reconciliation, as they are and as they were when the broker was asked.

use std::collections::HashMap;

use stateloft_core::api::Scope;
use stateloft_core::json::Document;
use stateloft_core::model::{RunId, Seq, StateKey, StateType, Timestamp, Version};
use stateloft_core::reconcile::OurState;

use crate::budget::{self, Class};
use crate::service::named::Named;
use crate::service::{Result, Service, ServiceError};
use crate::store::StoreError;

/// The type of the states that hold positions, where the request names none.
const POSITION: &str = "position";
/// How far ahead of the server's clock a program's may be, in microseconds. A list that says it is newer than that may be any age.
const AHEAD_MICROS: i64 = 5_000_000;

/// Which states of a scope count.
#[derive(Debug, Clone, Copy)]
pub(super) enum Whose<'a> {
    /// All of them.
    Anybody,
    /// Those whose last version this run wrote.
    LastBy(&'a str),
    /// Those that a run of the same instance of the same program wrote last. Positions outlive the run that opened them, and what
    /// was written without a run, such as a restore, does not make them somebody else's.
    Instance(&'a RunId),
}

/// The states that count.
pub(super) struct Ours {
    heads: Vec<Version>,
    then: HashMap<StateKey, Document>,
}

impl Ours {
    pub(super) fn states(&self) -> Vec<OurState<'_>> {
        self.heads
            .iter()
            .map(|head| OurState {
                key: &head.key,
                version: head.version,
                changed_at: head.recorded_at,
                data: head.data.as_ref().map(Document::root),
                then: self.then.get(&head.key).map(Document::root),
            })
            .collect()
    }

    pub(super) fn bytes(&self) -> usize {
        self.heads.iter().map(Version::size).sum()
    }
}

impl Service {
    pub(super) async fn ours(&self, scope: Scope, as_of: Timestamp, whose: Whose<'_>) -> Result<Ours> {
        let scope = of_positions(scope)?;
        self.check_asked(as_of)?;
        // Before the states are read: what is later was changed since, too.
        let asked_at = self.store.seq_at(as_of).await?;
        let all = self.moved_since(Seq::ZERO, &scope).await?.into_iter();
        // What cannot be read is no position that is not there, nor does anybody know whose it is.
        let all = all.map(|(head, _)| StoreError::unless_damaged(head));
        let heads = self.counted(all.collect::<std::result::Result<_, _>>()?, whose).await?;
        let then = self.then(&heads, asked_at).await?;
        Ok(Ours { heads, then })
    }

    /// Refuses a time to come: every change here would count as known to the broker, and an old list would undo it.
    fn check_asked(&self, as_of: Timestamp) -> Result<()> {
        let now = self.now();
        if as_of.micros() <= now.micros().saturating_add(AHEAD_MICROS) {
            return Ok(());
        }
        let message = format!(
            "the broker cannot have been asked at {as_of}, as it is {now} here: say when the call was made, by the server's clock (the \
             Date of its last answer)"
        );
        Err(ServiceError::body("/options/as_of", "future", message))
    }

    /// Those of the heads that count.
    async fn counted(&self, heads: Vec<Version>, whose: Whose<'_>) -> Result<Vec<Version>> {
        let counts: Vec<bool> = match whose {
            Whose::Anybody => vec![true; heads.len()],
            Whose::LastBy(run) => heads.iter().map(|head| run_of(head) == Some(run)).collect(),
            Whose::Instance(id) => {
                let runs = self.last_runs(&heads).await?.into_iter();
                runs.map(|run| run.is_some_and(|run| is_instance(&run, id))).collect()
            }
        };
        Ok(heads.into_iter().zip(counts).filter_map(|(head, counts)| counts.then_some(head)).collect())
    }

    /// What the states held that were changed after a seq, if they held anything.
    async fn then(&self, heads: &[Version], seq: Seq) -> Result<HashMap<StateKey, Document>> {
        let later = heads.iter().filter(|head| head.seq > seq).map(|head| head.key.clone());
        let mut named = Named::new(later.collect());
        let mut then = HashMap::new();
        while let Some(page) = named.next(&*self.store, seq).await? {
            for target in page.into_iter().filter_map(|state| state.target) {
                let target = StoreError::unless_damaged(target)?;
                let Some(data) = target.data else { continue };
                budget::hold(Class::Work, data.weight_at_most()).await?;
                then.insert(target.key, data);
            }
        }
        Ok(then)
    }
}

/// The type of the states that hold positions.
pub(super) fn position() -> Result<StateType> {
    StateType::new(POSITION).map_err(|error| ServiceError::Internal(error.to_string()))
}

fn of_positions(scope: Scope) -> Result<Scope> {
    if !scope.states.is_empty() || !scope.types.is_empty() {
        return Ok(scope);
    }
    Ok(Scope { types: vec![position()?], ..scope })
}

pub(super) fn run_of(version: &Version) -> Option<&str> {
    version.origin.as_deref().and_then(|origin| origin.run_id.as_deref())
}

fn is_instance(run: &str, id: &RunId) -> bool {
    run.parse::<RunId>().is_ok_and(|run| (run.program(), run.instance()) == (id.program(), id.instance()))
}
