//! What an import wrote, as its versions say it.

use std::collections::BTreeSet;

use stateloft_core::api::VersionView;
use stateloft_core::import::kept;
use stateloft_core::model::{Operation, Seq};

use crate::model::number;

/// What became of an import.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// The versions of states.
    pub states: Vec<VersionView>,
    /// What it put in quarantine.
    pub held: Vec<VersionView>,
    /// The store's first and last seq of it.
    pub range: (Seq, Seq),
}

impl Written {
    /// From all versions of one import, in any order; `None` of none.
    #[must_use]
    pub fn of(mut versions: Vec<VersionView>) -> Option<Self> {
        versions.sort_by_key(|version| version.seq);
        let range = (versions.first()?.seq, versions.last()?.seq);
        let is = |version: &VersionView, name: &str| version.state_type.as_str() == name;
        versions.retain(|version| !is(version, kept::RECORD));
        let (held, states) = versions.into_iter().partition(|version| is(version, kept::QUARANTINE));
        Some(Self { states, held, range })
    }

    /// The seq that an undo goes back to.
    #[must_use]
    pub fn before(&self) -> Seq {
        Seq(self.range.0.0.saturating_sub(1))
    }

    /// `46 versions written: 46 new, 0 changed; 2 to quarantine`. Of a state that got something into its history only, the last
    /// version is what it was before.
    #[must_use]
    pub fn sentence(&self) -> String {
        let is_kept =
            |version: &&VersionView| matches!(version.operation, Operation::Restore | Operation::Delete);
        let name = |version: &VersionView| (version.state_type.clone(), version.state_id.clone());
        let kept: BTreeSet<_> = self.states.iter().filter(is_kept).map(name).collect();
        let heads = self.states.iter().filter(|version| !kept.contains(&name(version)));
        let (new, changed): (Vec<_>, Vec<_>) =
            heads.partition(|version| version.operation == Operation::Create);
        let history = match kept.len() as u64 {
            0 => String::new(),
            kept => format!(", {} in history only", number::count(kept)),
        };
        let held = match self.held.len() as u64 {
            0 => String::new(),
            held => format!("; {} to quarantine", number::count(held)),
        };
        format!(
            "{} written: {} new, {} changed{history}{held}",
            number::counted(self.states.len() as u64, "version", "versions"),
            number::count(new.len() as u64),
            number::count(changed.len() as u64)
        )
    }
}

/// Pieces of a file that is read, in bytes: from, and up to.
pub fn pieces(size: u64, piece: u64) -> impl Iterator<Item = (u64, u64)> {
    (0..size.div_ceil(piece)).map(move |nth| (nth * piece, size.min((nth + 1) * piece)))
}

#[cfg(test)]
mod tests {
    use super::super::samples::version;
    use super::*;

    #[test]
    fn an_import_says_what_it_wrote_and_where_an_undo_goes() {
        let at = |seq: u64, state_type: &str, operation| VersionView {
            seq: Seq(seq),
            state_type: stateloft_core::model::StateType::new(state_type).unwrap(),
            operation,
            ..version("A", 1, 1, "2026-01-01T00:00:00Z")
        };
        let written = Written::of(vec![
            at(9, "audit", Operation::Create),
            at(8, "quarantine", Operation::Create),
            at(6, "position", Operation::Create),
            at(7, "position", Operation::Update),
        ]);
        let written = written.unwrap();
        assert_eq!(written.sentence(), "2 versions written: 1 new, 1 changed; 1 to quarantine");
        assert_eq!((written.before(), written.range.1), (Seq(5), Seq(9)));
        let other = |seq, operation| VersionView {
            seq: Seq(seq),
            operation,
            ..version("B", 1, 1, "2026-01-01T00:00:00Z")
        };
        let kept = Written::of(vec![
            at(6, "position", Operation::Update),
            other(7, Operation::Create),
            other(8, Operation::Delete),
        ]);
        assert_eq!(kept.unwrap().sentence(), "3 versions written: 0 new, 1 changed, 1 in history only");
        assert_eq!(Written::of(vec![]), None);
    }

    #[test]
    fn a_file_is_read_in_pieces_to_its_last_byte() {
        assert_eq!(pieces(10, 4).collect::<Vec<_>>(), [(0, 4), (4, 8), (8, 10)]);
        assert_eq!(pieces(8, 4).count(), 2);
        assert_eq!(pieces(0, 4).count(), 0);
    }
}
