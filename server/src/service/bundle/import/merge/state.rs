//! How far the history of one state is the bundle's.
//!
//! The store's versions of a state and the bundle's are walked through side by side. Where the store's end, what the bundle goes
//! on with may be written, if the walk has met nothing that differs.

use stateloft_core::api::ConflictReason;
use stateloft_core::bundle::{holds_the_same, is_the_same};
use stateloft_core::hash::RequestHash;
use stateloft_core::model::{StateKey, Timestamp, Version, VersionNumber};

use crate::store::{Result, StateStore, StoreError};

/// A state in the memory of a merge: half of a hash of its name, which is as short for every name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Name([u8; 16]);

impl Name {
    pub(super) fn of(key: &StateKey) -> Self {
        let hash = RequestHash::of(&[key.state_type.as_str().as_bytes(), key.state_id.as_str().as_bytes()]);
        let mut half = [0; 16];
        half.copy_from_slice(&hash.as_bytes()[..16]);
        Self(half)
    }
}

/// What a merge remembers of a state.
#[derive(Debug, Clone, Copy)]
pub(super) struct State {
    standing: Standing,
    /// Whether the store never had it.
    pub(super) fresh: bool,
    /// Whether versions of it were written.
    pub(super) wrote: bool,
    /// Of one that is apart: whether the store's last version holds what the bundle's last so far does.
    pub(super) ends_alike: bool,
}

/// Where in the store's history the bundle's last version so far is.
#[derive(Debug, Clone, Copy)]
enum Standing {
    /// Nobody has looked.
    Unknown,
    /// The store never had the state.
    Absent,
    /// It is this version; others may follow.
    At(VersionNumber),
    /// It is the last one, and was saved then.
    Last { version: VersionNumber, saved_at: Timestamp, live: bool },
    /// Nowhere.
    Apart(ConflictReason),
}

/// What is to be done with a version of the bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The store has it. If it has it at the same place of the same log, that is `one_log`.
    There { one_log: bool },
    /// It is to be written behind this version.
    Write(VersionNumber),
    /// It deletes what is not there.
    Nothing,
    /// The state is not merged.
    Apart(ConflictReason),
}

impl State {
    pub(super) const NEW: Self =
        Self { standing: Standing::Unknown, fresh: false, wrote: false, ends_alike: false };

    /// Moves on to a version of the bundle, and says what is to be done with it.
    pub(super) async fn walk(&mut self, store: &dyn StateStore, theirs: &Version) -> Result<Step> {
        match self.step(store, theirs).await {
            Err(StoreError::DamagedVersion(_)) => Ok(self.apart(ConflictReason::Damaged)),
            other => other,
        }
    }

    /// Ends the walk.
    pub(super) fn apart(&mut self, reason: ConflictReason) -> Step {
        self.standing = Standing::Apart(reason);
        Step::Apart(reason)
    }

    /// Somebody has saved the state meanwhile: it is walked on from the version that was its last.
    pub(super) fn look_again_behind(&mut self, version: VersionNumber) {
        self.standing = match version {
            VersionNumber::ZERO => Standing::Unknown,
            version => Standing::At(version),
        };
    }

    pub(super) fn is_apart(&self) -> bool {
        matches!(self.standing, Standing::Apart(_))
    }

    async fn step(&mut self, store: &dyn StateStore, theirs: &Version) -> Result<Step> {
        if let Standing::Unknown = self.standing {
            self.fresh = store.head(&theirs.key).await?.is_none();
            self.standing =
                if self.fresh { Standing::Absent } else { Standing::Apart(ConflictReason::Unrelated) };
        }
        loop {
            match self.standing {
                Standing::Unknown | Standing::Absent if theirs.is_deleted() => return Ok(Step::Nothing),
                Standing::Unknown | Standing::Absent => return Ok(self.write(VersionNumber::ZERO, theirs)),
                Standing::At(version) => match store.version(&theirs.key, version.next()).await? {
                    Some(ours) if holds_the_same(&ours, theirs) => return Ok(self.at(&ours, theirs)),
                    Some(_) => return Ok(self.apart(ConflictReason::Diverged)),
                    None => self.standing = last(store, &theirs.key, version).await?,
                },
                Standing::Last { saved_at, .. } if theirs.effective_at() < saved_at => {
                    return Ok(self.apart(ConflictReason::LaterHere));
                }
                Standing::Last { live: false, .. } if theirs.is_deleted() => return Ok(Step::Nothing),
                Standing::Last { version, .. } => return Ok(self.write(version, theirs)),
                Standing::Apart(ConflictReason::Unrelated) => {
                    return Ok(match find(store, theirs).await? {
                        Some(ours) => self.at(&ours, theirs),
                        None => Step::Apart(ConflictReason::Unrelated),
                    });
                }
                Standing::Apart(reason) => return Ok(Step::Apart(reason)),
            }
        }
    }

    fn at(&mut self, ours: &Version, theirs: &Version) -> Step {
        self.standing = Standing::At(ours.version);
        Step::There { one_log: ours.seq == theirs.seq && ours.chain_hash == theirs.chain_hash }
    }

    fn write(&mut self, behind: VersionNumber, theirs: &Version) -> Step {
        let (saved_at, live) = (theirs.effective_at(), !theirs.is_deleted());
        self.standing = Standing::Last { version: behind.next(), saved_at, live };
        Step::Write(behind)
    }
}

/// How it stands where a version seems to be the last.
async fn last(store: &dyn StateStore, key: &StateKey, version: VersionNumber) -> Result<Standing> {
    Ok(match store.head(key).await?.map(StoreError::unless_damaged).transpose()? {
        Some(head) if head.version == version => {
            Standing::Last { version, saved_at: head.effective_at(), live: !head.is_deleted() }
        }
        // Another one has come meanwhile.
        Some(head) if head.version > version => Standing::At(version),
        // The store has lost its end.
        _ => Standing::Apart(ConflictReason::Diverged),
    })
}

/// The store's version that one of the bundle is, while none of the state has been found yet: the first one, where both begin
/// with the same; else the one that was brought from there, or is the same of the same log, which its time finds.
async fn find(store: &dyn StateStore, theirs: &Version) -> Result<Option<Version>> {
    const FIRST: VersionNumber = VersionNumber(1);
    let key = &theirs.key;
    if theirs.version == FIRST {
        let first = store.version(key, FIRST).await?;
        if let Some(first) = first.filter(|first| holds_the_same(first, theirs)) {
            return Ok(Some(first));
        }
    }
    let mut candidate = store.then(key, theirs.effective_at()).await?;
    while let Some(ours) = candidate {
        if is_the_same(&ours, theirs) {
            return Ok(Some(ours));
        }
        // Several may have been saved at the same time.
        if ours.version <= FIRST || ours.effective_at() != theirs.effective_at() {
            break;
        }
        candidate = store.version(key, VersionNumber(ours.version.0 - 1)).await?;
    }
    Ok(None)
}
