//! What two lists of texts, or of hashes, have in common, in order: Myers' algorithm with bounded work.
use std::ops::Range;

use crate::json::{fingerprint, same_bytes};

/// A stretch where two lists differ; what lies between stretches is equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Gap {
    pub(super) old: Range<usize>,
    pub(super) new: Range<usize>,
}

/// What stands for an element of a list.
pub(super) trait Token: Copy {
    fn same(self, other: Self) -> bool;
    /// Equal for equal ones.
    fn print(self) -> u32;
}

/// Its text.
impl Token for &[u8] {
    #[inline]
    fn same(self, other: Self) -> bool {
        same_bytes(self, other)
    }

    #[inline]
    fn print(self) -> u32 {
        fingerprint(self)
    }
}

impl Token for char {
    #[inline]
    fn same(self, other: Self) -> bool {
        self == other
    }

    #[inline]
    fn print(self) -> u32 {
        // Neighbours in the alphabet must not be neighbours in a table of bits.
        u32::from(self).wrapping_mul(0x9e37_79b1)
    }
}

/// A hash of its value.
impl Token for u64 {
    #[inline]
    fn same(self, other: Self) -> bool {
        self == other
    }

    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "any half of it will do")]
    fn print(self) -> u32 {
        self as u32
    }
}

/// How much looking for common elements one whole comparison may cost, in steps of the inner loops.
/// When it is used up, lists are still compared correctly, but without looking for what moved.
#[derive(Debug)]
pub(super) struct Budget(u32);

impl Default for Budget {
    fn default() -> Self {
        Self(4_000_000)
    }
}

impl Budget {
    pub(super) fn of(steps: u32) -> Self {
        Self(steps)
    }

    /// Takes so many steps, if there are as many left.
    pub(super) fn spend(&mut self, steps: usize) -> Option<()> {
        self.0 = self.0.checked_sub(u32::try_from(steps).unwrap_or(u32::MAX))?;
        Some(())
    }
}

/// More insertions and deletions than this in one list are not looked for.
const MAX_EDITS: usize = 1000;
/// After this many it is worth counting whether there is enough in common to go on.
const FIRST_EDITS: usize = 8;

/// The stretches where `old` and `new` differ, in order.
pub(super) fn gaps<T: Token>(old: &[T], new: &[T], budget: &mut Budget) -> Vec<Gap> {
    let head = old.iter().zip(new).take_while(|(old, new)| old.same(**new)).count();
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let tail =
        old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(old, new)| old.same(**new)).count();
    let (a, b) = (&old_rest[..old_rest.len() - tail], &new_rest[..new_rest.len() - tail]);
    let whole = Gap { old: head..head + a.len(), new: head..head + b.len() };
    if a.is_empty() || b.is_empty() {
        return if a.is_empty() && b.is_empty() { Vec::new() } else { vec![whole] };
    }
    if a.len() != b.len() {
        let most = (a.len() + b.len()).min(MAX_EDITS);
        return common(a, b, most, budget).map_or_else(|| vec![whole.clone()], |runs| between(&runs, &whole));
    }
    let (in_place, gaps) = in_place(a, b, head);
    match most_edits(in_place, a.len()).and_then(|most| common(a, b, most, budget)) {
        Some(runs) => between(&runs, &whole),
        None => gaps,
    }
}

/// How many elements of two lists of equal length are equal in place, and the stretches of those that are not.
fn in_place<T: Token>(a: &[T], b: &[T], start: usize) -> (usize, Vec<Gap>) {
    let (mut equal, mut gaps, mut open) = (0, Vec::new(), start);
    for (at, (a, b)) in (start..).zip(a.iter().zip(b)) {
        if a.same(*b) {
            if open < at {
                gaps.push(Gap { old: open..at, new: open..at });
            }
            open = at + 1;
            equal += 1;
        }
    }
    if open < start + a.len() {
        gaps.push(Gap { old: open..start + a.len(), new: open..start + a.len() });
    }
    (equal, gaps)
}

/// How many edits are worth looking for in two lists of equal length. They are compared place by place, unless they
/// share more at other places, and at least a quarter: then a window slid.
fn most_edits(in_place: usize, len: usize) -> Option<usize> {
    let shared = (in_place + 1).max(len.div_ceil(4));
    (in_place * 2 < len).then(|| (2 * (len - shared)).min(MAX_EDITS))
}

/// Elements that are equal in both lists: from `old` and `new` on, `len` of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    old: usize,
    new: usize,
    len: usize,
}

fn between(runs: &[Run], whole: &Gap) -> Vec<Gap> {
    let (mut old, mut new) = (whole.old.start, whole.new.start);
    let mut gaps = Vec::new();
    let end = Run { old: whole.old.len(), new: whole.new.len(), len: 0 };
    for run in runs.iter().chain([&end]) {
        let (old_end, new_end) = (whole.old.start + run.old, whole.new.start + run.new);
        if old < old_end || new < new_end {
            gaps.push(Gap { old: old..old_end, new: new..new_end });
        }
        (old, new) = (old_end + run.len, new_end + run.len);
    }
    gaps
}

/// A longest common subsequence as runs, or nothing if there is none or finding it costs too much.
///
/// Diagonals (old position minus new) are counted from `middle`, so that none is negative.
fn common<T: Token>(a: &[T], b: &[T], max_edits: usize, budget: &mut Budget) -> Option<Vec<Run>> {
    let middle = max_edits + 1;
    // The furthest old position reached on each diagonal, and how that stood after every round.
    let mut furthest = vec![0; 2 * middle + 1];
    let mut rounds: Vec<Vec<usize>> = Vec::new();
    for edits in 0..=max_edits {
        if edits == FIRST_EDITS && fewest_edits(a, b) > max_edits {
            return None;
        }
        for diagonal in (middle - edits..=middle + edits).step_by(2) {
            let (_, old) = step(&furthest, (diagonal, 0), (middle - edits, middle + edits));
            let new = old + middle - diagonal;
            let old_rest = a.get(old..).unwrap_or_default();
            let new_rest = b.get(new..).unwrap_or_default();
            let same = old_rest.iter().zip(new_rest).take_while(|(a, b)| a.same(**b)).count();
            budget.spend(same + 1)?;
            furthest[diagonal] = old + same;
            if old + same >= a.len() && new + same >= b.len() {
                return Some(walk_back(&rounds, a.len(), b.len(), middle));
            }
        }
        rounds.push(furthest[middle - edits..=middle + edits].to_vec());
    }
    None
}

/// How a path comes to `diagonal` in the round from diagonal `first` to `last`: from which diagonal, and to which
/// old position. `furthest` lists the positions of the round before, from diagonal `offset` on.
fn step(
    furthest: &[usize],
    (diagonal, offset): (usize, usize),
    (first, last): (usize, usize),
) -> (usize, usize) {
    let reached = |diagonal: usize| furthest[diagonal - offset];
    let inserting = diagonal == first || (diagonal != last && reached(diagonal - 1) < reached(diagonal + 1));
    if inserting { (diagonal + 1, reached(diagonal + 1)) } else { (diagonal - 1, reached(diagonal - 1) + 1) }
}

/// From the end to the start along the path that the rounds found.
fn walk_back(rounds: &[Vec<usize>], old_len: usize, new_len: usize, middle: usize) -> Vec<Run> {
    let (mut old, mut new) = (old_len, new_len);
    let mut runs = Vec::new();
    let mut note = |old: usize, new: usize, len: usize| {
        if len > 0 {
            runs.push(Run { old, new, len });
        }
    };
    for (edits, round) in rounds.iter().enumerate().map(|(at, round)| (at + 1, round)).rev() {
        let diagonal = old + middle - new;
        // The earlier round's list starts one diagonal after this round's first.
        let offset = middle - edits + 1;
        let (from, start) = step(round, (diagonal, offset), (middle - edits, middle + edits));
        note(start, start + middle - diagonal, old - start);
        old = round[from - offset];
        new = old + middle - from;
    }
    note(0, 0, old);
    runs.reverse();
    runs
}

/// A lower bound of the edits: elements that the other list surely does not have. Looked up by a bit each, so some
/// that are not there seem to be; that makes the bound lower, never wrong.
fn fewest_edits<T: Token>(a: &[T], b: &[T]) -> usize {
    let slots = (a.len() * 16).next_power_of_two();
    let mut bits = vec![0_u64; slots.div_ceil(64)];
    let slot = |element: &T| element.print() as usize & (slots - 1);
    for element in a {
        bits[slot(element) / 64] |= 1 << (slot(element) % 64);
    }
    let shared = b.iter().filter(|element| bits[slot(element) / 64] >> (slot(element) % 64) & 1 == 1).count();
    if shared == 0 { usize::MAX } else { a.len() + b.len() - 2 * shared.min(a.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gaps_of(old: &'static str, new: &'static str) -> Vec<Gap> {
        let letters = |text: &'static str| text.as_bytes().chunks(1).collect::<Vec<_>>();
        gaps(&letters(old), &letters(new), &mut Budget::default())
    }

    fn gap(old: Range<usize>, new: Range<usize>) -> Gap {
        Gap { old, new }
    }

    #[test]
    fn what_differs_is_found() {
        assert_eq!(gaps_of("abc", "abc"), []);
        assert_eq!(gaps_of("", "ab"), [gap(0..0, 0..2)]);
        assert_eq!(gaps_of("abcdef", "bcdefg"), [gap(0..1, 0..0), gap(6..6, 5..6)]);
        assert_eq!(gaps_of("abcdef", "abXdef"), [gap(2..3, 2..3)]);
        assert_eq!(gaps_of("abcdefgh", "aXcdefgYh"), [gap(1..2, 1..2), gap(7..7, 7..8)]);
        assert_eq!(gaps_of("abc", "xyz"), [gap(0..3, 0..3)]);
        assert_eq!(gaps_of("aaab", "aab"), [gap(2..3, 2..2)]);
    }

    #[test]
    fn equal_lengths_are_compared_in_place_unless_a_window_slid() {
        let places = [gap(1..2, 1..2), gap(3..4, 3..4), gap(5..6, 5..6), gap(7..8, 7..8)];
        assert_eq!(gaps_of("a1b2c3d4", "a5b6c7d8"), places);
        assert_eq!(gaps_of("1234", "2345"), [gap(0..1, 0..0), gap(4..4, 3..4)]);
    }

    #[test]
    fn two_long_lists_with_nothing_in_common_cost_little() {
        let numbers: Vec<String> = (0..100_000).map(|number| number.to_string()).collect();
        let (old, new): (Vec<&[u8]>, Vec<&[u8]>) = (
            numbers[..50_000].iter().map(String::as_bytes).collect(),
            numbers[50_000..].iter().map(String::as_bytes).collect(),
        );
        let mut budget = Budget::default();
        assert_eq!(gaps(&old, &new, &mut budget), [gap(0..50_000, 0..50_000)]);
        assert!(budget.0 > 3_900_000);
    }

    #[test]
    fn a_spent_budget_gives_one_coarse_answer() {
        let (old, new): ([&[u8]; 4], [&[u8]; 4]) = ([b"a", b"b", b"c", b"d"], [b"b", b"c", b"d", b"e"]);
        assert_eq!(gaps(&old, &new, &mut Budget(3)), [gap(0..4, 0..4)]);
    }
}
