//! How what the files hold stands to what the store holds.

use std::collections::{BTreeMap, HashMap};

use stateloft_core::api::{ImportStanding, Standing, VersionView};
use stateloft_core::hash::ContentHash;
use stateloft_core::import::{Known, LookedAt, kept};
use stateloft_core::model::{Seq, StateKey, Timestamp, VersionNumber};

use super::found::{Found, Item};

/// The states that the files speak of, quarantine included, with the hashes that are looked for in their histories.
#[must_use]
pub fn wanted(found: &Found) -> BTreeMap<StateKey, Vec<ContentHash>> {
    let mut wanted: BTreeMap<StateKey, Vec<ContentHash>> = BTreeMap::new();
    for item in &found.items {
        wanted.entry(item.key()).or_default().push(item.content_hash);
    }
    for (key, hash) in found.quarantine.iter().filter_map(quarantined) {
        wanted.entry(key).or_default().push(hash);
    }
    wanted
}

/// Something in quarantine as the state that it would be.
pub(super) fn quarantined(held: &stateloft_core::api::Quarantined) -> Option<(StateKey, ContentHash)> {
    let (key, data) = kept::quarantined(held).ok()?;
    Some((key, ContentHash::of(&data)))
}

/// What the store holds of one state.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// Its last version.
    pub head: VersionView,
    /// Earlier versions that have what was looked for.
    earlier: HashMap<ContentHash, VersionNumber>,
}

impl Held {
    /// With nothing known but the head.
    #[must_use]
    pub fn new(head: VersionView) -> Self {
        Self { head, earlier: HashMap::new() }
    }

    /// Takes in an earlier version; the newest comes first.
    pub fn see(&mut self, version: &VersionView, wanted: &[ContentHash]) {
        if let Some(hash) = version.content_hash.filter(|hash| wanted.contains(hash)) {
            self.earlier.entry(hash).or_insert(version.version);
        }
    }

    /// Whether its history has to be looked at for these.
    #[must_use]
    pub fn lacks(&self, wanted: &[ContentHash]) -> bool {
        wanted
            .iter()
            .any(|hash| self.head.content_hash.as_ref() != Some(hash) && !self.earlier.contains_key(hash))
    }

    fn known(&self) -> Known {
        Known { head: self.head.version, hash: self.head.content_hash, earlier: self.earlier.clone() }
    }
}

/// How old something is beside what the store holds in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// The store holds nothing in its place.
    Alone,
    /// It was saved later than the head.
    Newer,
    /// It was saved before the head.
    Older,
    /// Nothing says it.
    Unknown,
}

/// How one thing stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Stood {
    /// As the server says it.
    pub standing: ImportStanding,
    /// How old it is.
    pub age: Age,
}

/// A look at the store.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Look {
    /// The last version of the store before it began.
    pub seq: Seq,
    /// What it holds, of the states that it has.
    pub states: HashMap<StateKey, Held>,
}

impl Look {
    /// How the items stand, in their order.
    #[must_use]
    pub fn items(&self, found: &Found) -> Vec<Stood> {
        found.items.iter().map(|item| self.item(item)).collect()
    }

    fn item(&self, item: &Item) -> Stood {
        let held = self.states.get(&item.key());
        let known = held.map(Held::known).unwrap_or_default();
        let standing = known.standing(&item.content_hash, item.order_unknown);
        let age = match held {
            Some(held) if standing.status == Standing::Different => age(item, held.head.effective_at()),
            _ => Age::Alone,
        };
        Stood { standing, age }
    }

    /// How what cannot be placed stands: whether the store holds it, or settled it, already.
    #[must_use]
    pub fn quarantine(&self, found: &Found) -> Vec<Standing> {
        let one = |held| {
            let (key, hash) = quarantined(held)?;
            let known = self.states.get(&key).map(Held::known).unwrap_or_default();
            Some(known.standing(&hash, false).status)
        };
        found.quarantine.iter().map(|held| one(held).unwrap_or(Standing::New)).collect()
    }

    /// The name of the plan that was looked at, as the server gives it.
    #[must_use]
    pub fn plan(&self, found: &Found) -> String {
        let standings: Vec<ImportStanding> =
            self.items(found).into_iter().map(|stood| stood.standing).collect();
        LookedAt::new(&found.hash, &standings, self.seq).to_string()
    }
}

/// Zones lie between twelve hours behind and fourteen ahead of UTC.
const BEHIND: i64 = 12 * 3_600_000_000;
const AHEAD: i64 = 14 * 3_600_000_000;

/// A time without a zone is an instant of a day and two hours, whatever the zone: where that is wholly before or behind the
/// head, nothing has to be guessed.
fn age(item: &Item, head: Timestamp) -> Age {
    if let Some(saved_at) = item.saved_at {
        return if saved_at > head { Age::Newer } else { Age::Older };
    }
    let naive = item.said_at.as_deref().map(|text| format!("{}Z", text.trim().replacen(' ', "T", 1)));
    match naive.and_then(|text| Timestamp::parse(&text).ok()) {
        Some(at) if at.micros() + BEHIND < head.micros() => Age::Older,
        Some(at) if at.micros() - AHEAD > head.micros() => Age::Newer,
        _ => Age::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{found, item, version};
    use super::*;

    fn look(held: Vec<Held>) -> Look {
        let key = |held: &Held| StateKey {
            state_type: held.head.state_type.clone(),
            state_id: held.head.state_id.clone(),
        };
        Look { seq: Seq(9), states: held.into_iter().map(|held| (key(&held), held)).collect() }
    }

    #[test]
    fn items_stand_as_the_server_says_and_give_its_plan() {
        let found = found(vec![item("A", 1), item("B", 2), item("C", 3), item("D", 4)]);
        let mut moved_on = Held::new(version("C", 3, 9, "2026-01-01T00:00:00Z"));
        moved_on.see(&version("C", 1, 3, "2025-01-01T00:00:00Z"), &[ContentHash::from_bytes([3; 32])]);
        let look = look(vec![
            Held::new(version("B", 5, 2, "2026-01-01T00:00:00Z")),
            moved_on,
            Held::new(version("D", 7, 8, "2026-01-01T00:00:00Z")),
        ]);
        let stood = look.items(&found);
        let said: Vec<_> =
            stood.iter().map(|stood| (stood.standing.status, stood.standing.version.map(|v| v.0))).collect();
        assert_eq!(
            said,
            [
                (Standing::New, None),
                (Standing::Unchanged, Some(5)),
                (Standing::Unchanged, Some(1)),
                (Standing::Different, Some(7))
            ]
        );
        let standings: Vec<_> = stood.into_iter().map(|stood| stood.standing).collect();
        assert_eq!(look.plan(&found), LookedAt::new("plan", &standings, Seq(9)).to_string());
        assert_ne!(look.plan(&found), Look::default().plan(&found));
    }

    #[test]
    fn a_history_is_looked_at_only_for_what_the_head_does_not_have() {
        let (one, other) = (ContentHash::from_bytes([1; 32]), ContentHash::from_bytes([2; 32]));
        let mut held = Held::new(version("A", 2, 1, "2026-01-01T00:00:00Z"));
        assert!(!held.lacks(&[one]) && held.lacks(&[one, other]));
        held.see(&version("A", 1, 2, "2026-01-01T00:00:00Z"), &[one, other]);
        assert!(!held.lacks(&[one, other]));
    }

    #[test]
    fn what_is_older_is_known_without_guessing_a_zone() {
        let head = Timestamp::parse("2025-07-14T12:00:00Z").unwrap();
        let of = |said: Option<&str>, saved: Option<&str>| {
            let saved_at = saved.map(|text| Timestamp::parse(text).unwrap());
            let item = Item { said_at: said.map(str::to_owned), saved_at, ..item("A", 1) };
            age(&item, head)
        };
        assert_eq!(of(None, Some("2025-07-14T11:59:59Z")), Age::Older);
        assert_eq!(of(None, Some("2025-07-14T12:00:01Z")), Age::Newer);
        assert_eq!(of(None, None), Age::Unknown);
        // At 11:00 it is before noon in London and behind it in New York.
        assert_eq!(of(Some("2025-07-14T11:00:00"), None), Age::Unknown);
        assert_eq!(of(Some("2025-07-13 23:59:59"), None), Age::Older, "even in the last zone");
        assert_eq!(of(Some("2025-07-14T00:00:00"), None), Age::Unknown);
        assert_eq!(of(Some("2025-07-15T02:00:01.5"), None), Age::Newer, "even in the first zone");
        assert_eq!(of(Some("yesterday"), None), Age::Unknown);
    }
}
