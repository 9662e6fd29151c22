//! Checking what is stored against its hashes and counters.

use std::collections::{HashMap, HashSet};

use statehouse_core::api::VerifyReport;
use statehouse_core::commit::Tip;
use statehouse_core::hash::{ChainHash, ContentHash, Link};
use statehouse_core::model::{Operation, Seq, StateKey, Version, VersionNumber};

use super::{Result, StateStore, StoreError};

/// Versions checked in one step of [`verify_all`].
const STEP: usize = 1_000;

/// The first thing found wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Everything up to here is as it should be.
    pub verified_to: Seq,
    /// What is wrong with the next version.
    pub text: String,
}

/// Checks at most `limit` versions after a seq: the chain of hashes, the hash of each document, that no seq and no
/// version number is missing, and that recorded times grow.
pub async fn verify_stretch(store: &dyn StateStore, after: Seq, limit: usize) -> Result<VerifyReport> {
    let tip = store.tip().await?;
    let report = |verified_to, fault: Option<String>| VerifyReport {
        ok: fault.is_none(),
        after,
        verified_to,
        seq: tip.seq,
        fault,
    };
    let mut walk = match Walk::start(store, after).await? {
        Ok(walk) => walk,
        Err(fault) => return Ok(report(after, Some(fault))),
    };
    let versions = match store.after(after, limit).await {
        Ok(versions) => versions,
        // Damage that keeps versions from being read is what is looked for here, not a failure to look.
        Err(StoreError::Damaged(text)) => return Ok(report(after, Some(text))),
        Err(error) => return Err(error),
    };
    walk.numbers = store.standing(&keys_of(&versions), after).await?;
    for version in &versions {
        if let Some(fault) = walk.check(version) {
            let fault = format!("seq {}: {fault}", walk.last.seq.next());
            return Ok(report(walk.last.seq, Some(fault)));
        }
    }
    let fault = if versions.is_empty() && walk.last.seq < tip.seq {
        Some(format!("the log ends at seq {}, but the store's counter says {}", walk.last.seq, tip.seq))
    } else if walk.last.seq == tip.seq && walk.last.chain_hash != tip.chain_hash {
        Some(format!("seq {}: the store's counter has another chain hash than the last version", tip.seq))
    } else {
        None
    };
    Ok(report(walk.last.seq, fault))
}

/// Checks everything from the start to the tip in steps, and says after each how far it is (verified, tip).
///
/// # Errors
/// The store failed. A fault in what is stored is the answer, not an error.
pub async fn verify_all(
    store: &dyn StateStore,
    mut progress: impl FnMut(Seq, Seq) + Send,
) -> Result<std::result::Result<Seq, Fault>> {
    let mut after = Seq::ZERO;
    loop {
        let report = verify_stretch(store, after, STEP).await?;
        if let Some(text) = report.fault {
            return Ok(Err(Fault { verified_to: report.verified_to, text }));
        }
        after = report.verified_to;
        progress(after, report.seq);
        if after >= report.seq {
            return Ok(Ok(after));
        }
    }
}

/// The states of these versions, each once.
fn keys_of(versions: &[Version]) -> Vec<StateKey> {
    let keys: HashSet<&StateKey> = versions.iter().map(|version| &version.key).collect();
    keys.into_iter().cloned().collect()
}

/// Where the walk along the chain is.
struct Walk {
    last: Tip,
    /// Of each state the number of its last version, and whether it is live.
    numbers: HashMap<StateKey, (VersionNumber, bool)>,
}

impl Walk {
    async fn start(store: &dyn StateStore, after: Seq) -> Result<std::result::Result<Self, String>> {
        let last = match after {
            Seq::ZERO => Tip::START,
            after => match store.by_seq(after).await? {
                Some(v) => Tip { seq: v.seq, chain_hash: v.chain_hash, recorded_at: v.recorded_at },
                None => return Ok(Err(format!("seq {after}: there is no such version"))),
            },
        };
        Ok(Ok(Self { last, numbers: HashMap::new() }))
    }

    /// Checks the next version and steps onto it, or says what is wrong.
    fn check(&mut self, version: &Version) -> Option<String> {
        let (number, live) = self.numbers.get(&version.key).copied().unwrap_or((VersionNumber::ZERO, false));
        let fault = self.fault(version, number, live);
        if fault.is_none() {
            self.numbers.insert(version.key.clone(), (version.version, !version.is_deleted()));
            self.last =
                Tip { seq: version.seq, chain_hash: version.chain_hash, recorded_at: version.recorded_at };
        }
        fault
    }

    fn fault(&self, version: &Version, number: VersionNumber, live: bool) -> Option<String> {
        let key = &version.key;
        if version.seq != self.last.seq.next() {
            return Some(format!("it is missing; the next one there is {}", version.seq));
        }
        if version.version != number.next() {
            return Some(format!("{key} has version {} after version {number}", version.version));
        }
        if version.recorded_at <= self.last.recorded_at && self.last.seq > Seq::ZERO {
            return Some(format!("{key} was recorded before the version that it follows"));
        }
        if version.data.as_ref().map(ContentHash::of) != version.content_hash {
            return Some(format!("the data of {key} version {} is not what was stored", version.version));
        }
        let operation_fits = match version.operation {
            Operation::Create => !live && version.data.is_some(),
            Operation::Update => live && version.data.is_some(),
            Operation::Delete => live && version.data.is_none(),
            Operation::Restore => version.data.is_some(),
        };
        if !operation_fits {
            let operation = version.operation;
            return Some(format!("{key} version {} cannot be a {operation}", version.version));
        }
        (chain_hash(&self.last.chain_hash, version) != version.chain_hash)
            .then(|| format!("the chain hash of {key} version {} does not fit", version.version))
    }
}

/// The chain hash that a version must have after this one.
pub(crate) fn chain_hash(before: &ChainHash, version: &Version) -> ChainHash {
    before.followed_by(&Link {
        seq: version.seq,
        key: &version.key,
        version: version.version,
        operation: version.operation,
        content_hash: version.content_hash.as_ref(),
        recorded_at: version.recorded_at,
        author: version.author.as_deref(),
        description: version.description.as_deref(),
        batch_id: version.batch_id.as_deref(),
        verdict: &version.verdict,
    })
}
