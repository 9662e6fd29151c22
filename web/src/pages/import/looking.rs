//! What the store holds of the states that files speak of.

use std::cell::Cell;
use std::collections::BTreeMap;

use futures::stream::{self, StreamExt, TryStreamExt};
use stateloft_core::api::{History, VersionView};
use stateloft_core::hash::ContentHash;
use stateloft_core::import::kept;
use stateloft_core::model::{Seq, StateKey, StateType};

use crate::api::{self, ApiError};
use crate::model::address::Query;
use crate::model::import::{Found, Held, Look, wanted};
use crate::parts::or_none;

/// Of so many states of a type each is asked for; of more all of the type are listed.
const FEW: usize = 64;
/// Requests under way at a time.
const AT_ONCE: usize = 6;
/// Versions of a history that are read first, and then.
const FIRST: u32 = 20;
const PAGE: u32 = 1_000;

type Wanted = Vec<(StateKey, Vec<ContentHash>)>;

/// Looks; `progress` hears of how many states of how many.
pub(super) async fn look(found: &Found, progress: impl Fn(u64, u64)) -> Result<Look, ApiError> {
    let mut types: BTreeMap<StateType, Wanted> = BTreeMap::new();
    let mut all = 0;
    for (key, hashes) in wanted(found) {
        types.entry(key.state_type.clone()).or_default().push((key, hashes));
        all += 1;
    }
    let done = Cell::new(0);
    let looked = || {
        done.set(done.get() + 1);
        progress(done.get(), all);
    };
    progress(0, all);
    let mut look = Look { seq: tip().await?, ..Look::default() };
    for (state_type, wanted) in types {
        let heads = if wanted.len() > FEW { Some(heads(&state_type, &wanted).await?) } else { None };
        let each = wanted.into_iter().map(|(key, hashes)| {
            let head = Head::of(heads.as_ref(), &key);
            let looked = &looked;
            async move {
                let stored = stored(&key, head, &hashes).await?;
                looked();
                Ok::<_, ApiError>(stored.map(|stored| (key, stored)))
            }
        });
        let all: Vec<_> = stream::iter(each).buffer_unordered(AT_ONCE).try_collect().await?;
        look.states.extend(all.into_iter().flatten());
    }
    Ok(look)
}

/// The last version of the store. While only what was known is listed there is none: then nothing is taken for looked at.
async fn tip() -> Result<Seq, ApiError> {
    let query = Query::default().with("state_type", Some(kept::QUARANTINE)).with("limit", Some("1"));
    Ok(api::states(&query).await?.seq.unwrap_or_default())
}

/// What is known of a state's head before it is asked for.
enum Head {
    /// Nothing.
    Unknown,
    /// There is no such state.
    None,
    /// This is it.
    Is(Box<VersionView>),
}

impl Head {
    fn of(heads: Option<&BTreeMap<StateKey, VersionView>>, key: &StateKey) -> Self {
        match heads.map(|heads| heads.get(key)) {
            None => Self::Unknown,
            Some(None) => Self::None,
            Some(Some(head)) => Self::Is(Box::new(head.clone())),
        }
    }
}

/// One state, as far as it has to be known.
async fn stored(key: &StateKey, head: Head, wanted: &[ContentHash]) -> Result<Option<Held>, ApiError> {
    match head {
        Head::None => return Ok(None),
        Head::Is(head) => {
            let stored = Held::new(*head);
            if !stored.lacks(wanted) {
                return Ok(Some(stored));
            }
        }
        Head::Unknown => {}
    }
    let mut stored: Option<Held> = None;
    let mut cursor = None;
    let mut limit = FIRST;
    loop {
        let query = Query::default()
            .with("limit", Some(&limit.to_string()))
            .with("data", Some("false"))
            .with("cursor", cursor.as_deref());
        let Some(page) = or_none(api::get_of::<History>(key, "/history", &query).await)? else {
            return Ok(None);
        };
        for row in page.versions {
            stored.get_or_insert_with(|| Held::new(row.version.clone())).see(&row.version, wanted);
        }
        cursor = page.next_cursor;
        limit = PAGE;
        if cursor.is_none() || stored.as_ref().is_none_or(|stored| !stored.lacks(wanted)) {
            return Ok(stored);
        }
    }
}

/// The heads of the wanted states of a type, deleted ones too.
async fn heads(state_type: &StateType, wanted: &Wanted) -> Result<BTreeMap<StateKey, VersionView>, ApiError> {
    let mut heads = BTreeMap::new();
    let mut query = Query::default()
        .with("state_type", Some(state_type.as_str()))
        .with("deleted", Some("include"))
        .with("sort", Some("id"))
        .with("limit", Some(&PAGE.to_string()));
    loop {
        let page = api::states(&query).await?;
        for row in page.states {
            let version = row.version;
            let key = StateKey { state_type: version.state_type.clone(), state_id: version.state_id.clone() };
            if wanted.binary_search_by(|(known, _)| known.cmp(&key)).is_ok() {
                heads.insert(key, version);
            }
        }
        match page.next_cursor {
            Some(cursor) => query = query.with("cursor", Some(&cursor)),
            None => return Ok(heads),
        }
    }
}
