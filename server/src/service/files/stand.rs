//! What a store holds of the states that files speak of.

use std::collections::{HashMap, HashSet};

use stateloft_core::api::{ImportItem, ImportPlan, ImportStanding};
use stateloft_core::commit::HeadMoved;
use stateloft_core::hash::ContentHash;
use stateloft_core::import::{Known, standings};
use stateloft_core::model::{Imported, Seq, StateKey, Timestamp};

use crate::service::Result;
use crate::store::{Cursor, HistoryQuery, OriginFilter, StateStore, StoreError};

/// Versions of a history that are read at once.
const PAGE: usize = 1_000;

/// What is known of the states of a plan.
pub(super) struct Stood {
    pub(super) standings: Vec<ImportStanding>,
    states: HashMap<StateKey, There>,
    /// What is looked for of each.
    wanted: HashMap<StateKey, HashSet<ContentHash>>,
}

/// What there is of one state.
#[derive(Default)]
pub(super) struct There {
    pub(super) known: Known,
    /// The head's place in the store; 0 if the state never existed.
    pub(super) seq: Seq,
    /// When it was saved last, if only imports have written it: only behind that may an older time be written.
    pub(super) imported_until: Option<Timestamp>,
}

impl Stood {
    /// Reads what there is of each state of the plan.
    pub(super) async fn look(store: &dyn StateStore, found: &ImportPlan) -> Result<Self> {
        let mut wanted: HashMap<StateKey, HashSet<ContentHash>> = HashMap::new();
        for item in &found.items {
            wanted.entry(item.key()).or_default().insert(ContentHash::of(&item.data));
        }
        let mut states = HashMap::with_capacity(wanted.len());
        for (key, hashes) in &wanted {
            states.insert(key.clone(), There::of(store, key, hashes).await?);
        }
        let mut stood = Self { standings: Vec::new(), states, wanted };
        stood.stand(found);
        Ok(stood)
    }

    /// Reads these states once more; of what is not of the plan nothing.
    pub(super) async fn look_again(
        &mut self,
        store: &dyn StateStore,
        found: &ImportPlan,
        moved: &[HeadMoved],
    ) -> Result<()> {
        for HeadMoved { key, .. } in moved {
            if let Some(hashes) = self.wanted.get(key) {
                self.states.insert(key.clone(), There::of(store, key, hashes).await?);
            }
        }
        self.stand(found);
        Ok(())
    }

    fn stand(&mut self, found: &ImportPlan) {
        self.standings = standings(found, |key| self.states.get(key).map(|there| &there.known));
    }

    /// What there is of a state of the plan.
    pub(super) fn of(&self, key: &StateKey) -> Option<&There> {
        self.states.get(key)
    }

    /// The states of these items of which the head is later than `seq`.
    pub(super) fn moved_since(&self, seq: Seq, found: &ImportPlan, sources: &[String]) -> Vec<StateKey> {
        let sources: HashSet<&str> = sources.iter().map(String::as_str).collect();
        if sources.is_empty() {
            return Vec::new();
        }
        let named = found.items.iter().filter(|item| sources.contains(item.source.to_string().as_str()));
        let moved =
            named.map(ImportItem::key).filter(|key| self.of(key).is_some_and(|there| there.seq > seq));
        moved.collect()
    }
}

impl There {
    /// The head of a state and, if that does not have all that is looked for, its history.
    pub(super) async fn of(
        store: &dyn StateStore,
        key: &StateKey,
        hashes: &HashSet<ContentHash>,
    ) -> Result<Self> {
        let Some(head) = store.head(key).await? else { return Ok(Self::default()) };
        let head = StoreError::unless_damaged(head)?;
        let imported_until =
            head.batch_id.as_deref().and_then(Imported::of).map(|imported| imported.saved_at);
        let mut known = Known { head: head.version, hash: head.content_hash, earlier: HashMap::new() };
        let missing = |known: &Known| {
            let found =
                |hash: &ContentHash| known.hash.as_ref() == Some(hash) || known.earlier.contains_key(hash);
            hashes.iter().any(|hash| !found(hash))
        };
        let mut cursor: Option<Cursor> = None;
        while missing(&known) {
            let query = HistoryQuery {
                key: key.clone(),
                from: None,
                to: None,
                origin: OriginFilter::default(),
                limit: PAGE,
                cursor: cursor.take(),
                with_data: false,
            };
            let page = store.history(&query).await?;
            for row in page.rows {
                if let Some(hash) = row.version.content_hash.filter(|hash| hashes.contains(hash)) {
                    known.earlier.entry(hash).or_insert(row.version.version);
                }
            }
            match page.next {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
        Ok(Self { known, seq: head.seq, imported_until })
    }
}
