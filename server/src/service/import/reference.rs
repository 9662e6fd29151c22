//! Where an imported version remembers the row that it was.
//!
//! The row's time and version id stand in the version's batch id, exactly and first of all for programs
//! (`import:2024-03-05T06:07:08.000009Z:<version id>`); a version of an import is one that has such a batch id. The
//! description says the same to people, behind the words that were there.

use statehouse_core::model::Timestamp;

const MARK: &str = "import:";
/// Bytes of a time such as `2024-03-05T06:07:08.000009Z`: those of the years 1 to 9999 are all as long.
const TIME: usize = 27;

/// A row's place in the history of the older store: by time, then by version id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Reference {
    /// When the older system saved it.
    pub(super) time: Timestamp,
    /// What the older system named it.
    pub(super) version_id: String,
}

impl Reference {
    /// The batch id of the versions that the row becomes.
    pub(super) fn batch_id(&self) -> String {
        format!("{MARK}{}:{}", self.time, self.version_id)
    }

    /// The reference that a batch id holds; `None` when it is not one of an import.
    pub(super) fn of(batch_id: Option<&str>) -> Option<Self> {
        let rest = batch_id?.strip_prefix(MARK)?;
        let (time, rest) = rest.split_at_checked(TIME)?;
        let time = Timestamp::parse(time).ok()?;
        Some(Self { time, version_id: rest.strip_prefix(':')?.to_owned() })
    }

    /// The description of the versions that the row becomes.
    pub(super) fn description(&self, operation: &str, original: Option<&str>) -> String {
        let note = format!("[imported: {operation} of {}, version {}]", self.time, self.version_id);
        match original {
            Some(original) if !original.is_empty() => format!("{original} {note}"),
            _ => note,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_found_again_whatever_the_id() {
        for id in ["position_a_update_2024-03-05T06:07:08.000009", "", "a:b import:é]", "import:"] {
            for micros in [-62_135_596_800_000_000, 0, 1_709_618_828_000_009, 253_402_300_799_999_999] {
                let time = Timestamp::from_micros(micros);
                let reference = Reference { time, version_id: id.into() };
                assert_eq!(Reference::of(Some(&reference.batch_id())), Some(reference));
            }
        }
    }

    #[test]
    fn other_batch_ids_are_not_references() {
        for other in ["", "0192-7f", "import:", "import:yesterday, when all my troubles seemed", "import:é"]
        {
            assert_eq!(Reference::of(Some(other)), None, "{other}");
        }
        assert_eq!(Reference::of(None), None);
    }
}
