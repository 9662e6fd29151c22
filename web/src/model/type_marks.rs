//! Types that look like slips of the finger: few states, nobody's name, and almost the name of another one.

use stateloft_core::api::TypeCount;
use stateloft_core::model::{is_well_known, meant, well_known};

/// A type with more states than these is meant, however it is spelled.
const FEW: u64 = 3;

/// The type that was most likely meant by this one.
fn slip_of<'a>(kind: &TypeCount, all: &'a [TypeCount]) -> Option<&'a str> {
    let states = |kind: &TypeCount| kind.live + kind.deleted;
    if is_well_known(&kind.state_type) || states(kind) > FEW {
        return None;
    }
    let others =
        all.iter().filter(|other| states(other) > states(kind)).map(|other| other.state_type.as_str());
    meant(&kind.state_type, well_known().chain(others))
}

/// Every type, with the one that was most likely meant by it.
#[must_use]
pub fn marked(all: Vec<TypeCount>) -> Vec<(TypeCount, Option<String>)> {
    let slips: Vec<_> = all.iter().map(|kind| slip_of(kind, &all).map(str::to_owned)).collect();
    all.into_iter().zip(slips).collect()
}

#[cfg(test)]
mod tests {
    use stateloft_core::model::Mode;

    use super::*;

    fn kind(name: &str, live: u64) -> TypeCount {
        TypeCount { state_type: name.to_owned(), live, deleted: 0, invalid: 0, versions: 0, mode: Mode::Warn }
    }

    #[test]
    fn a_lone_state_of_a_type_almost_like_another_is_marked() {
        let all = [
            kind("position", 40),
            kind("positons", 1),
            kind("bot_memory", 12),
            kind("bot_memroy", 2),
            kind("risk_limits", 1),
            kind("stratgy", 4),
        ];
        let slips: Vec<_> = marked(all.to_vec()).into_iter().map(|(_, slip)| slip).collect();
        let slips: Vec<_> = slips.iter().map(Option::as_deref).collect();
        assert_eq!(slips, [None, Some("position"), None, Some("bot_memory"), None, None]);
    }
}
