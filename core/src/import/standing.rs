//! What an import finds in a store, and what it would therefore write.

use std::collections::HashMap;
use std::hash::BuildHasher;

use crate::api::{ImportCounts, ImportPlan, ImportStanding, Standing};
use crate::hash::{ContentHash, RequestHash};
use crate::model::{StateKey, VersionNumber};

/// What a store holds of one state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// The last version; 0 if the state never existed.
    pub head: VersionNumber,
    /// The hash of its data; `None` for a tombstone, and where there is none.
    pub hash: Option<ContentHash>,
    /// Earlier versions by what they hold.
    pub earlier: HashMap<ContentHash, VersionNumber>,
}

impl Known {
    /// How a version that the files hold stands to it, by the hash of its data.
    #[must_use]
    pub fn standing(&self, hash: &ContentHash, order_unknown: bool) -> ImportStanding {
        let of = |status, version| ImportStanding { status, version };
        if self.hash.as_ref() == Some(hash) {
            return of(Standing::Unchanged, Some(self.head));
        }
        if let Some(version) = self.earlier.get(hash) {
            return of(Standing::Unchanged, Some(*version));
        }
        match self.head {
            VersionNumber::ZERO if order_unknown => of(Standing::Unordered, None),
            VersionNumber::ZERO => of(Standing::New, None),
            head => of(Standing::Different, Some(head)),
        }
    }
}

/// How each item of a plan stands to a store. What is not `known` was never there.
#[must_use]
pub fn standings<S: BuildHasher>(
    plan: &ImportPlan,
    known: &HashMap<StateKey, Known, S>,
) -> Vec<ImportStanding> {
    let nothing = Known::default();
    let standing = |item: &crate::api::ImportItem| {
        let known = known.get(&item.key()).unwrap_or(&nothing);
        known.standing(&ContentHash::of(&item.data), item.order_unknown)
    };
    plan.items.iter().map(standing).collect()
}

/// Counts them.
#[must_use]
pub fn counts(plan: &ImportPlan, standings: &[ImportStanding]) -> ImportCounts {
    let count = |status| standings.iter().filter(|standing| standing.status == status).count() as u64;
    ImportCounts {
        new: count(Standing::New),
        unchanged: count(Standing::Unchanged),
        different: count(Standing::Different),
        unordered: count(Standing::Unordered),
        invalid: plan.items.iter().filter(|item| item.verdict.is_invalid()).count() as u64,
        quarantined: plan.quarantine.len() as u64,
        damaged_files: plan.files.iter().filter(|file| file.damaged).count() as u64,
    }
}

/// Binds what was found (the plan's hash) and how it stands to the store.
#[must_use]
pub fn bound(plan: &str, standings: &[ImportStanding]) -> String {
    // Words and numbers: writing them cannot fail.
    let standings = serde_json::to_vec(standings).unwrap_or_default();
    RequestHash::of(&[plan.as_bytes(), &standings]).to_string()
}
