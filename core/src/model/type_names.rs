//! Names of types: which ones everybody knows, and which one a slip of the finger meant.

use super::StateType;

/// Further types that Stateloft's own documents speak of, without a shape of their own.
const SPOKEN_OF: [&str; 9] =
    ["session", "checkpoint", "schema", "audit", "pause", "handshake", "reconcile", "reconcile_ask", "drift"];

/// Whether a type needs no introduction.
#[must_use]
pub fn is_well_known(name: &str) -> bool {
    StateType::BUILT_IN.contains(&name) || SPOKEN_OF.contains(&name)
}

/// The types that need no introduction.
pub fn well_known<'a>() -> impl Iterator<Item = &'a str> {
    StateType::BUILT_IN.into_iter().chain(SPOKEN_OF)
}

/// The known name that was most likely meant, if one is so near that a slip explains the difference: one letter in four added,
/// left out, changed or swapped.
pub fn meant<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .filter(|known| *known != name)
        .map(|known| (strsim::damerau_levenshtein(name, known), known))
        .filter(|(distance, known)| *distance <= known.len() / 4)
        .min()
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_understood_and_another_word_is_left_alone() {
        for (slip, known) in [
            ("positons", "position"),
            ("positions", "position"),
            ("Position", "position"),
            ("stratgey", "strategy"),
            ("portfolios", "portfolio"),
            ("marketdata", "market_data"),
            ("ordre", "order"),
        ] {
            // An adjacent swap is one slip.
            assert_eq!(meant(slip, well_known()), Some(known), "{slip}");
        }
        for other in ["bot_memory", "positioning_model", "risk", "orders_archive", "sess", "p", "position"] {
            assert_eq!(meant(other, well_known()), None, "{other}");
        }
    }
}
