//! What an import finds in a store, and what it would therefore write.

use std::collections::HashMap;
use std::fmt;

use crate::api::{ImportCounts, ImportItem, ImportPlan, ImportStanding, Standing};
use crate::hash::{ContentHash, RequestHash};
use crate::model::{Seq, StateKey, VersionNumber};

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

/// How each item of a plan stands to a store, of which this is known. What is not known was never there.
#[must_use]
pub fn standings<'a>(
    plan: &ImportPlan,
    known: impl Fn(&StateKey) -> Option<&'a Known>,
) -> Vec<ImportStanding> {
    let nothing = Known::default();
    let standing = |item: &ImportItem| {
        let known = known(&item.key()).unwrap_or(&nothing);
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

/// What an import was when it was looked at: the name of its plan, `<hash>-<seq>`.
///
/// The hash binds the files, the options, and of which items the store had the state at all. It does not bind heads: beside a
/// program that saves, each look would be out of date before anybody had read it, also where its state is left alone. What is
/// written over a head is told by the seq instead: it was looked at if the head is not later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookedAt {
    hash: String,
    /// The last version that the look has seen for certain.
    pub seq: Seq,
}

impl LookedAt {
    /// A look at a store after `seq`, by the plan's hash and how its items stood.
    #[must_use]
    pub fn new(plan: &str, standings: &[ImportStanding], seq: Seq) -> Self {
        let is_there = |standing: &ImportStanding| match standing.status {
            Standing::New | Standing::Unordered => 0,
            Standing::Unchanged | Standing::Different => 1,
        };
        let there: Vec<u8> = standings.iter().map(is_there).collect();
        Self { hash: RequestHash::of(&[plan.as_bytes(), &there]).to_string(), seq }
    }

    /// Reads the name of a plan; `None` if it is none.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let (hash, seq) = name.rsplit_once('-')?;
        Some(Self { hash: hash.to_owned(), seq: Seq(seq.parse().ok()?) })
    }

    /// Whether these files stand so still, as far as nothing of them is written over a head.
    #[must_use]
    pub fn is_of(&self, plan: &str, standings: &[ImportStanding]) -> bool {
        *self == Self::new(plan, standings, self.seq)
    }
}

impl fmt::Display for LookedAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.hash, self.seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stands(statuses: &[(Standing, u64)]) -> Vec<ImportStanding> {
        let of =
            |&(status, head)| ImportStanding { status, version: (head > 0).then_some(VersionNumber(head)) };
        statuses.iter().map(of).collect()
    }

    #[test]
    fn a_plan_stays_what_it_is_while_a_program_saves_and_not_when_a_state_comes_to_be() {
        let seen = stands(&[(Standing::Different, 7), (Standing::New, 0), (Standing::Unordered, 0)]);
        let name = LookedAt::new("files", &seen, Seq(40)).to_string();
        let read = LookedAt::parse(&name).unwrap();
        assert_eq!(read.seq, Seq(40));
        assert!(read.is_of("files", &seen));
        let later = stands(&[(Standing::Different, 900), (Standing::New, 0), (Standing::Unordered, 0)]);
        assert!(read.is_of("files", &later), "a head that moved");
        let held = stands(&[(Standing::Unchanged, 8), (Standing::New, 0), (Standing::Unordered, 0)]);
        assert!(read.is_of("files", &held), "the program saved just that");
        let came = stands(&[(Standing::Different, 7), (Standing::Different, 1), (Standing::Unordered, 0)]);
        assert!(!read.is_of("files", &came), "a new one is there now");
        assert!(!read.is_of("other files", &seen));
    }

    #[test]
    fn what_is_no_name_of_a_plan_is_not_read_as_one() {
        for name in ["", "x", "abc", "abc-", "abc-1.5", "abc-99999999999999999999"] {
            assert_eq!(LookedAt::parse(name), None, "{name}");
        }
    }
}
