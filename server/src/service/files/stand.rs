//! What a store holds of the states that files speak of.

use std::collections::{HashMap, HashSet};

use stateloft_core::api::{ImportPlan, ImportStanding};
use stateloft_core::hash::ContentHash;
use stateloft_core::import::{Known, standings};
use stateloft_core::model::{Imported, StateKey, Timestamp};

use crate::service::Result;
use crate::store::{Cursor, HistoryQuery, OriginFilter, StateStore, StoreError};

/// Versions of a history that are read at once.
const PAGE: usize = 1_000;

/// What is known of the states of a plan.
pub(super) struct Stood {
    pub(super) standings: Vec<ImportStanding>,
    pub(super) known: HashMap<StateKey, Known>,
    /// States that only imports have written, with when the last was saved: only behind those may an older time be written.
    pub(super) imported_until: HashMap<StateKey, Timestamp>,
}

/// Reads what there is of each state of the plan.
pub(super) async fn stand(store: &dyn StateStore, found: &ImportPlan) -> Result<Stood> {
    let mut wanted: HashMap<StateKey, HashSet<ContentHash>> = HashMap::new();
    for item in &found.items {
        wanted.entry(item.key()).or_default().insert(ContentHash::of(&item.data));
    }
    let (mut known, mut imported_until) = (HashMap::new(), HashMap::new());
    for (key, hashes) in wanted {
        let (state, until) = one(store, &key, &hashes).await?;
        imported_until.extend(until.map(|until| (key.clone(), until)));
        known.insert(key, state);
    }
    Ok(Stood { standings: standings(found, &known), known, imported_until })
}

/// What there is of one state: its head and, if that does not have all that is looked for, its history.
pub(super) async fn one(
    store: &dyn StateStore,
    key: &StateKey,
    hashes: &HashSet<ContentHash>,
) -> Result<(Known, Option<Timestamp>)> {
    let Some(head) = store.head(key).await? else { return Ok((Known::default(), None)) };
    let head = StoreError::unless_damaged(head)?;
    let until = head.batch_id.as_deref().and_then(Imported::of).map(|imported| imported.saved_at);
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
    Ok((known, until))
}
