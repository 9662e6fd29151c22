//! How counts of a difference are written: values first, then what only looks different, then noise.

use stateloft_core::diff::Counts;

use super::change::Glyph;
use super::number;

/// The kinds that are counted, and how many of each.
#[must_use]
pub fn kinds(counts: &Counts) -> [(Glyph, u32); 5] {
    [
        (Glyph::Added, counts.added),
        (Glyph::Changed, counts.changed),
        (Glyph::Removed, counts.removed),
        (Glyph::Spelled, counts.spelling),
        (Glyph::Ordered, counts.reordered),
    ]
}

/// Whether a kind is shown even where there is none of it.
#[must_use]
pub fn always(glyph: Glyph) -> bool {
    !matches!(glyph, Glyph::Spelled | Glyph::Ordered)
}

/// In words, for who cannot see the signs.
#[must_use]
pub fn words(counts: &Counts) -> String {
    let shown = kinds(counts).into_iter().filter(|(glyph, count)| *count > 0 || always(*glyph));
    let mut words: Vec<String> = shown.map(|(glyph, count)| format!("{count} {}", glyph.word())).collect();
    if counts.volatile > 0 {
        words.push(number::counted(counts.volatile.into(), "volatile path", "volatile paths"));
    }
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_looks_different_is_said_where_there_is_any() {
        let counts = Counts { added: 2, removed: 6, ..Counts::default() };
        assert_eq!(words(&counts), "2 added, 0 changed, 6 removed");
        let counts = Counts { spelling: 15, reordered: 1, volatile: 2, ..Counts::default() };
        assert_eq!(words(&counts), "0 added, 0 changed, 0 removed, 15 spelling, 1 order, 2 volatile paths");
    }
}
