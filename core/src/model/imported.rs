//! Where an imported version says what it was in the older system.
//!
//! Its batch id holds when that system saved it and what it called it, exactly and first of all for programs
//! (`import:2024-03-05T06:07:08.000009Z:<version id>`). No client chooses a batch id: the server's own are UUIDs, so what has
//! this form is an import's, and the hash chain covers it.

use super::Timestamp;

const MARK: &str = "import:";
/// Bytes of a time such as `2024-03-05T06:07:08.000009Z`: those of the years 1 to 9999 are all as long.
const TIME: usize = 27;

/// A version's place in the history of the older system: by time, then by version id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Imported {
    /// When the older system saved it.
    pub saved_at: Timestamp,
    /// What the older system called it.
    pub version_id: String,
}

impl Imported {
    /// The batch id of versions that were this in the older system.
    #[must_use]
    pub fn batch_id(&self) -> String {
        format!("{MARK}{}:{}", self.saved_at, self.version_id)
    }

    /// What a batch id says; `None` when it is not one of an import.
    #[must_use]
    pub fn of(batch_id: &str) -> Option<Self> {
        let (saved_at, version_id) = parts(batch_id)?;
        Some(Self { saved_at, version_id: version_id.to_owned() })
    }
}

/// When an older system saved the versions of the batch with this id; `None` if they were not imported.
#[must_use]
pub fn saved_at(batch_id: &str) -> Option<Timestamp> {
    parts(batch_id).map(|(time, _)| time)
}

/// The time by which a version is found: when it was saved first. An older system whose clock was ahead cannot have saved
/// later than it was imported.
#[must_use]
pub fn effective_at(recorded_at: Timestamp, saved_at: Option<Timestamp>) -> Timestamp {
    saved_at.map_or(recorded_at, |saved| saved.min(recorded_at))
}

fn parts(batch_id: &str) -> Option<(Timestamp, &str)> {
    let rest = batch_id.strip_prefix(MARK)?;
    let (text, rest) = rest.split_at_checked(TIME)?;
    // Only the one spelling that is written: times are compared as texts where that is quicker.
    let time = Timestamp::parse(text).ok().filter(|time| time.to_string() == text)?;
    Some((time, rest.strip_prefix(':')?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_batch_id_says_is_found_again_whatever_the_id() {
        for id in ["position_a_update_2024-03-05T06:07:08.000009", "", "a:b import:é]", "import:"] {
            for micros in [-62_135_596_800_000_000, 0, 1_709_618_828_000_009, 253_402_300_799_999_999] {
                let saved = Timestamp::from_micros(micros);
                let imported = Imported { saved_at: saved, version_id: id.into() };
                assert_eq!(saved_at(&imported.batch_id()), Some(saved));
                assert_eq!(Imported::of(&imported.batch_id()), Some(imported));
            }
        }
    }

    #[test]
    fn other_batch_ids_say_nothing() {
        for other in [
            "",
            "01932f6e-7c5b-7abc-8000-000000000001",
            "import:",
            "import:yesterday, when all my troubles seemed",
            "import:é",
            "import:2024-03-05T06:07:08.000009Z",
            "Import:2024-03-05T06:07:08.000009Z:a",
            "reimport:2024-03-05T06:07:08.000009Z:a",
            "import:2024-13-05T06:07:08.000009Z:a",
            "import:2024-03-05T06:07:08.1+02:00:a",
            "import:2024-03-05t06:07:08.000009z:a",
            "import:2024-03-05 06:07:08.000009Z:a",
        ] {
            assert_eq!(saved_at(other), None, "{other}");
        }
    }

    #[test]
    fn nothing_was_saved_after_it_was_imported() {
        let (early, late) = (Timestamp::from_micros(5), Timestamp::from_micros(9));
        assert_eq!(effective_at(late, Some(early)), early);
        assert_eq!(effective_at(early, Some(late)), early);
        assert_eq!(effective_at(late, None), late);
    }
}
