//! Checking what is stored against its hashes and counters.

use std::collections::{HashMap, HashSet};

use stateloft_core::api::{Unreadable, VerifyReport};
use stateloft_core::commit::Tip;
use stateloft_core::hash::{ChainHash, ContentHash};
use stateloft_core::model::{Seq, StateKey, Timestamp, Version, VersionNumber};

use super::{Result, StateStore, StoreError};
use crate::heavy;

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
/// version number is missing, and that recorded times grow. What is wrong is noted, and the check goes on behind it.
pub async fn verify_stretch(store: &dyn StateStore, after: Seq, limit: usize) -> Result<VerifyReport> {
    let tip = store.tip().await?;
    let mut faults = Vec::new();
    let mut fault = |seq: Seq, reason: String| faults.push(Unreadable { seq, reason });
    let mut walk = Walk::start(store, after).await?;
    match store.after(after, limit).await {
        Ok(_) if after > tip.seq => fault(after, "there is no such version".to_owned()),
        Ok(versions) => {
            walk.numbers = numbers(store, &versions, after).await?;
            // Hashing a page of documents takes a while, and whoever saves must not wait for it.
            let bytes = versions.iter().map(Version::size).sum();
            heavy::work(bytes, || {
                for version in &versions {
                    if let Some(reason) = walk.check(version) {
                        fault(version.seq, reason);
                    }
                }
            });
            if versions.is_empty() && walk.last < tip.seq {
                let (last, end) = (walk.last, tip.seq);
                fault(
                    last.next(),
                    format!("it is missing: the log ends at seq {last}, but the store's counter says {end}"),
                );
                walk.last = tip.seq;
            } else if walk.last == tip.seq && !walk.ends_with(&tip) {
                // The last version is as it should be: what is wrong stands behind it.
                let end = tip.seq;
                fault(
                    end.next(),
                    format!(
                        "the store's counter has another chain hash than the last version, which is {end}"
                    ),
                );
            }
        }
        // Damage that keeps a version from being read is what is looked for here, not a failure to look.
        Err(StoreError::DamagedVersion(damaged)) => {
            fault(damaged.seq, damaged.what.to_string());
            walk.last = damaged.seq;
        }
        Err(StoreError::Damaged(text)) => {
            fault(after.next(), text);
            walk.last = after.next();
        }
        Err(error) => return Err(error),
    }
    let first = faults.first();
    let whole = first.map_or(walk.last, |first| Seq(first.seq.0.saturating_sub(1)).max(after));
    Ok(VerifyReport {
        ok: faults.is_empty(),
        after,
        verified_to: whole,
        checked_to: walk.last,
        seq: tip.seq,
        fault: first.map(|first| format!("seq {}: {}", first.seq, first.reason)),
        faults,
    })
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

/// Of each state of these versions the number of its last version up to a seq, and whether it is live.
async fn numbers(store: &dyn StateStore, versions: &[Version], seq: Seq) -> Result<Numbers> {
    let keys: HashSet<&StateKey> = versions.iter().map(|version| &version.key).collect();
    let keys: Vec<StateKey> = keys.into_iter().cloned().collect();
    match store.standing(&keys, seq).await {
        Ok(numbers) => {
            let known = |key: StateKey| {
                let number = numbers.get(&key).copied().unwrap_or((VersionNumber::ZERO, false));
                (key, Some(number))
            };
            Ok(keys.into_iter().map(known).collect())
        }
        Err(StoreError::Damaged(_) | StoreError::DamagedVersion(_)) => {
            Ok(keys.into_iter().map(|key| (key, None)).collect())
        }
        Err(error) => Err(error),
    }
}

/// The number of a state's last version and whether it is live; nothing where damage hides that.
type Numbers = HashMap<StateKey, Option<(VersionNumber, bool)>>;

/// Where the walk along the chain is.
struct Walk {
    last: Seq,
    /// The hashes that the next version may follow: what is stored of the last one, and what should be. Empty where neither
    /// is known.
    follows: Vec<ChainHash>,
    recorded_at: Option<Timestamp>,
    numbers: Numbers,
}

impl Walk {
    async fn start(store: &dyn StateStore, after: Seq) -> Result<Self> {
        let mut walk = Self { last: after, follows: Vec::new(), recorded_at: None, numbers: HashMap::new() };
        if after == Seq::ZERO {
            walk.follows.push(Tip::START.chain_hash);
            return Ok(walk);
        }
        match store.by_seq(after).await {
            Ok(Some(version)) => {
                walk.follows.push(version.chain_hash);
                if let Ok(Some(before)) = store.by_seq(Seq(after.0 - 1)).await {
                    walk.follows.push(chain_hash(&before.chain_hash, &version));
                }
                walk.recorded_at = version.damaged.is_none().then_some(version.recorded_at);
            }
            Ok(None) | Err(StoreError::Damaged(_) | StoreError::DamagedVersion(_)) => {}
            Err(error) => return Err(error),
        }
        Ok(walk)
    }

    /// Whether the log ends here as the store's counter says.
    fn ends_with(&self, tip: &Tip) -> bool {
        self.follows.is_empty() || self.follows.contains(&tip.chain_hash)
    }

    /// Steps onto the next version, and says what is wrong with it.
    fn check(&mut self, version: &Version) -> Option<String> {
        let number = self.numbers.get(&version.key).copied().unwrap_or(Some((VersionNumber::ZERO, false)));
        let should: Vec<_> = self.follows.iter().map(|hash| chain_hash(hash, version)).collect();
        let fault = self.fault(version, number, &should);
        let whole = fault.is_none();
        self.numbers.insert(version.key.clone(), whole.then(|| (version.version, !version.is_deleted())));
        self.recorded_at = if whole { Some(version.recorded_at) } else { self.recorded_at };
        self.last = version.seq;
        self.follows = match (whole, version.chain_hash) {
            (true, hash) => vec![hash],
            // No version has this one: it could not be read.
            (false, ChainHash::START) => Vec::new(),
            (false, hash) => std::iter::once(hash).chain(should).collect(),
        };
        fault
    }

    fn fault(
        &self,
        version: &Version,
        number: Option<(VersionNumber, bool)>,
        should: &[ChainHash],
    ) -> Option<String> {
        let key = &version.key;
        if version.seq != self.last.next() {
            return Some(format!("what is before it is missing, from {} on", self.last.next()));
        }
        if let Some(what) = &version.damaged {
            return Some(format!("{key} version {}: {what}", version.version));
        }
        if let Some((number, _)) = number
            && version.version != number.next()
        {
            return Some(format!("{key} has version {} after version {number}", version.version));
        }
        if self.recorded_at.is_some_and(|last| version.recorded_at <= last) {
            return Some(format!("{key} was recorded before the version that it follows"));
        }
        if version.data.as_ref().map(ContentHash::of) != version.content_hash {
            return Some(format!("the data of {key} version {} is not what was stored", version.version));
        }
        let live = number.map(|(_, live)| live);
        if !version.operation.fits(live, version.data.is_some()) {
            let operation = version.operation;
            return Some(format!("{key} version {} cannot be a {operation}", version.version));
        }
        let fits = should.is_empty() || should.contains(&version.chain_hash);
        (!fits).then(|| format!("the chain hash of {key} version {} does not fit", version.version))
    }
}

/// The chain hash that a version must have after this one.
pub(crate) fn chain_hash(before: &ChainHash, version: &Version) -> ChainHash {
    before.followed_by(&version.link())
}
