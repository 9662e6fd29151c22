//! Elements in the order of the arrays: what is equal in value, and what remains to be paired by place.
use super::super::matching::Partners;
use super::super::sequence::{Budget, Gap, gaps};
use super::Stretch;
use crate::json::{Node, plainly_spelled, value_hash};

/// Elements of each side that are looked at before all are.
const LOOKED_AT: usize = 256;

/// Cuts a gap by what is equal in value, such as `1` and `1.0`; what lies between is paired by place.
pub(super) fn by_value(
    old: &[Node<'_>],
    new: &[Node<'_>],
    gap: Gap,
    stretches: &mut Vec<Stretch>,
    budget: &mut Budget,
) {
    let (old_side, new_side) = (&old[gap.old.clone()], &new[gap.new.clone()]);
    let plain = old_side.iter().chain(new_side).all(|node| plainly_spelled(*node));
    if plain || !share(old_side, new_side) {
        stretches.push(Stretch { gap, by_place: true });
        return;
    }
    let hashes = |nodes: &[Node<'_>]| nodes.iter().map(|node| value_hash(*node)).collect::<Vec<_>>();
    let (old_start, new_start) = (gap.old.start, gap.new.start);
    let (mut old_at, mut new_at) = (old_start, new_start);
    let same = |old_at: usize, new_at: usize, len: usize, stretches: &mut Vec<Stretch>| {
        if len > 0 {
            let gap = Gap { old: old_at..old_at + len, new: new_at..new_at + len };
            stretches.push(Stretch { gap, by_place: false });
        }
    };
    for inner in gaps(&hashes(old_side), &hashes(new_side), budget) {
        let inner = Gap {
            old: old_start + inner.old.start..old_start + inner.old.end,
            new: new_start + inner.new.start..new_start + inner.new.end,
        };
        same(old_at, new_at, inner.old.start - old_at, stretches);
        (old_at, new_at) = (inner.old.end, inner.new.end);
        stretches.push(Stretch { gap: inner, by_place: true });
    }
    same(old_at, new_at, gap.old.end - old_at, stretches);
}

/// Whether the sides seem to have values in common: of many only the first are looked at.
fn share(old: &[Node<'_>], new: &[Node<'_>]) -> bool {
    let first = |side: &[Node<'_>]| -> Vec<u64> {
        side.iter().take(LOOKED_AT).map(|node| value_hash(*node)).collect()
    };
    let mut known = first(old);
    known.sort_unstable();
    first(new).iter().any(|hash| known.binary_search(hash).is_ok())
}

/// The stretches of these pairs (old and new position, by the new one), if none of them crosses another or leaves its
/// gap. What has no partner is a stretch with one side.
pub(super) fn in_order(gaps: &[Gap], pairs: &[(usize, usize)]) -> Option<Vec<Stretch>> {
    let mut stretches = Vec::with_capacity(pairs.len());
    let mut pairs = pairs.iter().copied().peekable();
    let mut push = |old: std::ops::Range<usize>, new: std::ops::Range<usize>| {
        if !old.is_empty() || !new.is_empty() {
            stretches.push(Stretch { gap: Gap { old, new }, by_place: false });
        }
    };
    for gap in gaps {
        let (mut old_at, mut new_at) = (gap.old.start, gap.new.start);
        while let Some((old, new)) = pairs.next_if(|(_, new)| *new < gap.new.end) {
            if old < old_at || old >= gap.old.end {
                return None;
            }
            push(old_at..old, new_at..new_at);
            push(old..old, new_at..new);
            push(old..old + 1, new..new + 1);
            (old_at, new_at) = (old + 1, new + 1);
        }
        push(old_at..gap.old.end, new_at..new_at);
        push(gap.old.end..gap.old.end, new_at..gap.new.end);
    }
    Some(stretches)
}

/// Everybody's partner: what is equal between the gaps, and these pairs.
pub(super) fn partners(old_len: usize, new_len: usize, gaps: &[Gap], pairs: &[(usize, usize)]) -> Partners {
    let mut of_new = vec![None; new_len];
    let (mut old_at, mut new_at) = (0, 0);
    let end = Gap { old: old_len..old_len, new: new_len..new_len };
    for gap in gaps.iter().chain([&end]) {
        for (partner, old) in of_new[new_at..gap.new.start].iter_mut().zip(old_at..) {
            *partner = Some(old);
        }
        (old_at, new_at) = (gap.old.end, gap.new.end);
    }
    for (old, new) in pairs {
        of_new[*new] = Some(*old);
    }
    Partners::new(old_len, of_new)
}
