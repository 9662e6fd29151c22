//! Since when a state breaks its rules, by whom, and where it was last right.

use stateloft_core::api::VersionView;
use stateloft_core::model::Operation;

use super::number;

/// The versions in a row that break rules, up to the one that is looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Broken {
    /// The first of them.
    pub first: VersionView,
    /// How many.
    pub count: u64,
    /// The last version before them that is not a deletion and breaks no rule; `None` where there is none.
    pub before: Option<VersionView>,
}

impl Broken {
    /// From the version that is looked at; `None` if it breaks no rule.
    #[must_use]
    pub fn beginning_at(version: &VersionView) -> Option<Self> {
        version.verdict.is_invalid().then(|| Self { first: version.clone(), count: 1, before: None })
    }

    /// Takes in the next older version; true when nothing older matters any more.
    pub fn add(&mut self, older: &VersionView) -> bool {
        let unbroken = older.version.0 + 1 == self.first.version.0;
        match (older.verdict.is_invalid(), older.operation) {
            (true, _) if unbroken => {
                self.first = older.clone();
                self.count += 1;
                false
            }
            // A deletion, or an earlier time of broken rules: further back it was right.
            (true, _) | (false, Operation::Delete) => false,
            (false, _) => {
                self.before = Some(older.clone());
                true
            }
        }
    }

    /// `Invalid since v57, by pairs-fx-2, 3 versions.`
    #[must_use]
    pub fn sentence(&self) -> String {
        let author = self.first.user_id.as_deref().unwrap_or("no author");
        match self.count {
            1 => format!("Invalid since this version, v{}, by {author}.", self.first.version),
            count => format!(
                "Invalid since v{}, by {author}: {}.",
                self.first.version,
                number::counted(count, "version", "versions")
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;

    fn at(version: u64) -> Sample {
        Sample::at(version * 10, "2026-11-21T09:00:00Z").version(version)
    }

    /// Goes back from v9 through these, newest first.
    fn back(older: &[Sample]) -> (Broken, bool) {
        let mut broken = Broken::beginning_at(&at(9).invalid().by("bot").0).unwrap();
        let done = older.iter().any(|version| broken.add(&version.0));
        (broken, done)
    }

    #[test]
    fn the_one_that_broke_it_is_named_and_the_last_right_one_found() {
        let (broken, done) =
            back(&[at(8).invalid().by("bot"), at(7).invalid().by("deploy-46"), at(6), at(5)]);
        assert!(done);
        assert_eq!(broken.sentence(), "Invalid since v7, by deploy-46: 3 versions.");
        assert_eq!(broken.before.map(|version| version.version.0), Some(6));
        let (alone, _) = back(&[at(8)]);
        assert_eq!(alone.sentence(), "Invalid since this version, v9, by bot.");
    }

    #[test]
    fn a_deletion_in_between_is_nothing_to_go_back_to() {
        let (broken, done) = back(&[at(8).doing("delete"), at(7).invalid(), at(6)]);
        assert!(done);
        assert_eq!((broken.first.version.0, broken.before.map(|version| version.version.0)), (9, Some(6)));
    }

    #[test]
    fn what_was_never_right_has_nothing_before_it() {
        let (broken, done) = back(&[at(8).invalid(), at(7).invalid().doing("create")]);
        assert!(!done);
        assert_eq!((broken.first.version.0, broken.before), (7, None));
        assert!(Broken::beginning_at(&at(3).0).is_none(), "it breaks no rule");
    }
}
