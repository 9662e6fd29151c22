//! How one value became another, where they are not looked into.
use super::duration;
use super::types::ChangeKind;
use crate::json::number::{self, Difference};
use crate::json::{Kind, Node};

/// What is to be said of two different values at one path.
pub(super) struct Comparison {
    pub(super) kind: ChangeKind,
    pub(super) delta: Option<String>,
    pub(super) percent: Option<String>,
}

/// Compares two values whose texts differ. `identifier`: a difference of numbers means nothing.
pub(super) fn compare(old: Node<'_>, new: Node<'_>, identifier: bool) -> Comparison {
    let plain = |kind| Comparison { kind, delta: None, percent: None };
    match (old.kind(), new.kind()) {
        (Kind::Number, Kind::Number) => {
            let (Some(a), Some(b)) = (old.as_decimal(), new.as_decimal()) else {
                return plain(ChangeKind::Changed);
            };
            match number::compare(a, b) {
                None => plain(ChangeKind::Spelling),
                Some(_) if identifier => plain(ChangeKind::Changed),
                Some(Difference { delta, percent }) => {
                    Comparison { kind: ChangeKind::Changed, delta, percent }
                }
            }
        }
        (Kind::String, Kind::String) => {
            let (Some(a), Some(b)) = (old.as_str(), new.as_str()) else { return plain(ChangeKind::Changed) };
            if a == b || duration::same_clock(&a, &b) {
                return plain(ChangeKind::Spelling);
            }
            Comparison { kind: ChangeKind::Changed, delta: duration::between(&a, &b), percent: None }
        }
        _ => plain(ChangeKind::Changed),
    }
}
