//! Checking a stretch of the log against its hashes, without the server's word for it.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::Misuse;
use crate::api::Event;
use crate::hash::{ChainHash, ContentHash, Link};
use crate::model::{Operation, Seq, StateKey, VersionNumber};

/// What [`verify`] found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Whether nothing is wrong.
    pub ok: bool,
    /// How many versions were checked and found right.
    pub versions: usize,
    /// For how many of them the data was there, and has its hash.
    pub documents: usize,
    /// The last version that is right; absent if none is.
    pub verified_to: Option<Seq>,
    /// Its chain hash: the `previous` for what follows.
    pub chain_hash: String,
    /// What is wrong with the first version that is not right.
    pub fault: Option<String>,
}

/// Events as `GET /events` gives them.
#[derive(Deserialize)]
struct Page {
    events: Vec<Event>,
}

/// Reads a page of events, or a bare list of them.
fn read_events(text: &str) -> Result<Vec<Event>, Misuse> {
    let events = if text.trim_start().starts_with('[') {
        serde_json::from_str(text)
    } else {
        serde_json::from_str(text).map(|page: Page| page.events)
    };
    events.map_err(|error| Misuse::Argument("events", error.to_string()))
}

/// Checks versions that follow each other in the log, oldest first: that none is missing, that each document has its
/// content hash, and that each chain hash follows from the one before. `previous` is the chain hash right before the
/// first of them; empty for the start of the log.
///
/// # Errors
/// The text is not such a list, or `previous` is not a hash.
pub fn verify(events: &str, previous: &str) -> Result<Verified, Misuse> {
    let events = read_events(events)?;
    let previous = match previous {
        "" => ChainHash::START,
        text => text.parse().map_err(|error| Misuse::Argument("previous", format!("{error}")))?,
    };
    let mut walk = Walk { chain_hash: previous, seq: None, documents: 0, versions: HashMap::new() };
    if previous == ChainHash::START {
        walk.seq = Some(Seq::ZERO);
    }
    let mut right = 0;
    let mut fault = None;
    for event in &events {
        if let Some(text) = walk.step(event) {
            fault = Some(format!("seq {}: {text}", event.version.seq));
            break;
        }
        right += 1;
    }
    Ok(Verified {
        ok: fault.is_none(),
        versions: right,
        documents: walk.documents,
        verified_to: walk.seq.filter(|_| right > 0),
        chain_hash: walk.chain_hash.to_string(),
        fault,
    })
}

struct Walk {
    chain_hash: ChainHash,
    seq: Option<Seq>,
    documents: usize,
    versions: HashMap<StateKey, VersionNumber>,
}

impl Walk {
    /// Steps onto the next version, or says what is wrong with it.
    fn step(&mut self, event: &Event) -> Option<String> {
        let version = &event.version;
        let key = StateKey { state_type: version.state_type.clone(), state_id: version.state_id.clone() };
        if let Some(expected) = self.seq.map(Seq::next).filter(|expected| *expected != version.seq) {
            return Some(format!("seq {expected} was expected"));
        }
        let before = self.versions.get(&key).copied();
        if let Some(expected) = before.map(VersionNumber::next).filter(|number| *number != version.version) {
            return Some(format!("{key} has version {} where {expected} was expected", version.version));
        }
        if let Some(data) = &event.data
            && Some(ContentHash::of(data)) != version.content_hash
        {
            return Some(format!(
                "the data of {key} version {} does not have its content hash",
                version.version
            ));
        }
        if (version.operation == Operation::Delete) != version.content_hash.is_none() {
            return Some(format!("{key} version {} cannot be a {}", version.version, version.operation));
        }
        let chain_hash = self.chain_hash.followed_by(&Link {
            seq: version.seq,
            key: &key,
            version: version.version,
            operation: version.operation,
            content_hash: version.content_hash.as_ref(),
            recorded_at: version.timestamp,
            author: version.user_id.as_deref(),
            description: version.description.as_deref(),
            batch_id: version.batch_id.as_deref(),
            verdict: &version.verdict,
            origin: version.origin().as_deref(),
        });
        if chain_hash != version.chain_hash {
            return Some(format!("the chain hash of {key} version {} does not follow", version.version));
        }
        self.chain_hash = chain_hash;
        self.seq = Some(version.seq);
        self.documents += usize::from(event.data.is_some());
        self.versions.insert(key, version.version);
        None
    }
}
