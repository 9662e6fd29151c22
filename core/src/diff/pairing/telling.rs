//! The member by which elements are told apart where the schema names none: one that all have, that is distinct on
//! both sides, and that says of some that they are on both.
use std::cmp::Reverse;

use super::sides::{Part, Sides};
use crate::diff::sequence::Budget;
use crate::json::{Decimal, Kind, Node};

/// What tells elements apart, and which therefore belong together: old and new position, by the new one; or without any
/// list, those that stand opposite each other.
#[derive(Debug)]
pub(super) struct Told<'a> {
    pub(super) parts: Vec<Part<'a>>,
    pub(super) pairs: Option<Vec<(usize, usize)>>,
}

/// A part that may tell.
pub(super) struct Candidate<'a> {
    part: Part<'a>,
    weight: usize,
    /// Whether the sides have any of it in common, once that was looked at.
    shared: Option<bool>,
}

/// Parts that are tried together with others.
const TRIED: usize = 8;
/// Pairs of parts of which all elements are looked at.
const COUNTED: usize = 6;

/// The parts that the first element offers, those that say most first.
pub(super) fn candidates<'a>(sides: &Sides<'_, 'a>) -> Vec<Candidate<'a>> {
    let parts = sides.parts().map(|(part, value)| Candidate {
        part,
        weight: weight(sides, part, value),
        shared: None,
    });
    let mut candidates: Vec<_> = parts.collect();
    candidates.sort_by_key(|candidate| Reverse(candidate.weight));
    candidates
}

/// Finds the part that tells best.
pub(super) fn tell<'a>(
    sides: &Sides<'_, 'a>,
    candidates: &mut [Candidate<'a>],
    many: bool,
    budget: &mut Budget,
) -> Option<Told<'a>> {
    let mut best: Option<(usize, Told<'a>)> = None;
    for Candidate { part, weight, shared } in candidates {
        if best.as_ref().is_some_and(|(score, _)| *score >= *weight * sides.most()) {
            break;
        }
        let parts = [*part];
        if !sides.may_tell(&parts) {
            continue;
        }
        let pairs = if sides.agree_in_place(&parts) {
            None
        } else if *shared.insert(sides.share(*part)) {
            let Some(pairs) = sides.pairs(&parts, budget) else { continue };
            Some(pairs)
        } else {
            Some(Vec::new())
        };
        let count = pairs.as_ref().map_or(sides.most(), Vec::len);
        let score = *weight * count;
        // What is equal on both sides is evidence, too, that the member tells.
        let evident = count > 0 || (many && sides.has_equal());
        if evident && best.as_ref().is_none_or(|(other, _)| score > *other) {
            best = Some((score, Told { parts: parts.to_vec(), pairs }));
        }
    }
    best.map(|(_, told)| told)
}

/// Finds two parts that tell together, such as a symbol and a side. Two measures are soon distinct together, so what is
/// equal on both sides is no evidence here: some elements must have become others.
pub(super) fn tell_together<'a>(
    sides: &Sides<'_, 'a>,
    candidates: &mut [Candidate<'a>],
    budget: &mut Budget,
) -> Option<Told<'a>> {
    let tried = candidates.len().min(TRIED);
    let mut telling = Vec::new();
    for second in 1..tried {
        for first in 0..second {
            if sides.may_tell(&[candidates[first].part, candidates[second].part]) {
                telling.push((candidates[first].weight + candidates[second].weight, first, second));
            }
        }
    }
    telling.sort_by_key(|(weight, ..)| Reverse(*weight));
    let mut best: Option<(usize, Told<'a>)> = None;
    for (weight, first, second) in telling.into_iter().take(COUNTED) {
        let mut shared = |at: usize| {
            let Candidate { part, shared, .. } = &mut candidates[at];
            *shared.get_or_insert_with(|| sides.share(*part))
        };
        if !shared(first) || !shared(second) {
            continue;
        }
        let parts = [candidates[first].part, candidates[second].part];
        let Some(pairs) = sides.pairs(&parts, budget) else { continue };
        let score = weight * pairs.len();
        if !pairs.is_empty() && best.as_ref().is_none_or(|(other, _)| score > *other) {
            best = Some((score, Told { parts: parts.to_vec(), pairs: Some(pairs) }));
        }
    }
    best.map(|(_, told)| told)
}

/// How much a part is worth for telling, by what the first element has there: names and times more than numbers, which
/// may be measures; what only numbers the places, nothing.
fn weight(sides: &Sides<'_, '_>, part: Part<'_>, value: Node<'_>) -> usize {
    match value.kind() {
        _ if part.is_id() => 8,
        Kind::String if value.as_str().is_some_and(|text| Decimal::parse(&text).is_none()) => 2,
        Kind::Number if sides.numbers_places(part) => 0,
        Kind::Number | Kind::String => 1,
        _ => 0,
    }
}
