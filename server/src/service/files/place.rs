//! Which versions of states an import writes, in which order, and where each stands in the older system's history.

use std::collections::{BTreeSet, HashMap, HashSet};

use stateloft_core::api::{ImportItem, ImportPlan, Standing};
use stateloft_core::commit::{Change, Expectation};
use stateloft_core::hash::ContentHash;
use stateloft_core::model::{Imported, StateKey, Timestamp, VersionNumber};

use super::ImportOrder;
use super::stand::Stood;
use crate::service::{Result, Service, ServiceError};

/// A version that an import writes.
pub(super) struct Planned {
    pub(super) key: StateKey,
    pub(super) change: Change,
    pub(super) description: String,
    pub(super) expectation: Expectation,
    /// The place in the older system's history, where that can be kept.
    pub(super) imported: Option<Imported>,
}

impl Service {
    /// The versions of states that are written, of each state in the order of the files: what is new and not left, what is chosen,
    /// and what goes into the history only, with the head once more behind it.
    pub(super) fn plan_states(
        found: &ImportPlan,
        stood: &Stood,
        order: &ImportOrder,
    ) -> Result<Vec<Planned>> {
        let chosen = Chosen::of(found, stood, order)?;
        let mut places: HashMap<StateKey, Place> = HashMap::new();
        let mut planned = Vec::with_capacity(chosen.items.len() + chosen.kept.len());
        for item in chosen.items {
            let key = item.key();
            let place = places
                .entry(key.clone())
                .or_insert_with(|| Place::of(stood, &key, chosen.kept.contains(&key)));
            planned.push(place.plan(key, item));
        }
        planned.extend(chosen.kept.into_iter().map(keep));
        Ok(planned)
    }
}

/// Behind what goes into a state's history: what the state holds by then, also if a program saves it meanwhile.
fn keep(key: StateKey) -> Planned {
    let description = "What an import brought is history only: this is what the state held".to_owned();
    Planned { key, change: Change::Keep, description, expectation: Expectation::Any, imported: None }
}

/// What is written.
struct Chosen<'a> {
    items: Vec<&'a ImportItem>,
    /// States of which the head is written once more behind them.
    kept: BTreeSet<StateKey>,
}

impl<'a> Chosen<'a> {
    fn of(found: &'a ImportPlan, stood: &Stood, order: &ImportOrder) -> Result<Self> {
        let chosen: HashSet<&str> = order.choose.iter().map(String::as_str).collect();
        let left: HashSet<&str> = order.leave.iter().map(String::as_str).collect();
        let history: HashMap<&str, usize> =
            order.history_only.iter().enumerate().map(|(nth, source)| (source.as_str(), nth)).collect();
        let (mut past, mut heads) = (Vec::new(), Vec::new());
        for (item, standing) in found.items.iter().zip(&stood.standings) {
            let source = item.source.to_string();
            let is_chosen = chosen.contains(source.as_str());
            match (standing.status, history.get(source.as_str())) {
                (_, Some(nth)) if is_chosen => {
                    return Err(refused(
                        *nth,
                        "contradiction",
                        format!("{source} is chosen, too: one or the other"),
                    ));
                }
                (Standing::New | Standing::Unordered, Some(nth)) => {
                    let text = format!("{source}: the store never had this state, so it has no head to keep");
                    return Err(refused(*nth, "no_head", text));
                }
                (Standing::Different, Some(_)) => past.push(item),
                (Standing::New, None) if !left.contains(source.as_str()) => heads.push(item),
                (Standing::Different | Standing::Unordered, None) if is_chosen => heads.push(item),
                (Standing::Unchanged, _) | (_, None) => {}
            }
        }
        // What becomes the head is behind what is history only, and then the old one need not be kept.
        let replaced: HashSet<StateKey> = heads.iter().map(|item| item.key()).collect();
        let kept = past.iter().map(|item| item.key()).filter(|key| !replaced.contains(key)).collect();
        past.extend(heads);
        Ok(Self { items: past, kept })
    }
}

fn refused(nth: usize, code: &str, text: String) -> ServiceError {
    ServiceError::body(&format!("/history_only/{nth}"), code, text)
}

/// How far the versions of one state are planned.
struct Place {
    head: VersionNumber,
    /// Whether something is planned of the state: within a batch the first write speaks for the others.
    begun: bool,
    /// Whether the head, whatever it is by then, comes back behind what is planned.
    kept: bool,
    last: Last,
}

/// What the last version of a state says of the older system's time.
#[derive(Clone, Copy)]
enum Last {
    /// There is none.
    Nothing,
    /// It was saved there then.
    Imported(Timestamp),
    /// It comes from elsewhere, or says no time: what is older must not come after it as if it had been there before.
    Other,
}

impl Place {
    fn of(stood: &Stood, key: &StateKey, kept: bool) -> Self {
        let there = stood.of(key);
        let head = there.map_or(VersionNumber::ZERO, |there| there.known.head);
        let last = match there.and_then(|there| there.imported_until) {
            _ if head == VersionNumber::ZERO => Last::Nothing,
            Some(until) => Last::Imported(until),
            None => Last::Other,
        };
        Self { head, begun: false, kept, last }
    }

    fn plan(&mut self, key: StateKey, item: &ImportItem) -> Planned {
        let fits = |saved_at: &Timestamp| match self.last {
            Last::Nothing => true,
            Last::Imported(until) => until <= *saved_at,
            Last::Other => false,
        };
        let saved_at = item.saved_at.filter(fits);
        self.last = saved_at.map_or(Last::Other, Last::Imported);
        let version_id = || format!("file:{}", ContentHash::of(&item.data));
        let imported = saved_at.map(|saved_at| Imported { saved_at, version_id: version_id() });
        // What was saved there before is behind what is known to be older still.
        let may_move = self.kept && imported.is_none();
        let expectation =
            if self.begun || may_move { Expectation::Any } else { Expectation::Version(self.head) };
        self.begun = true;
        Planned { key, change: recorded(item), description: described(item), expectation, imported }
    }
}

/// The words of the item, and where and when it was.
fn described(item: &ImportItem) -> String {
    let time = item.said_at.as_deref().map_or_else(String::new, |time| format!(", saved {time}"));
    format!("{} [{}{time}]", item.description, item.source)
}

fn recorded(item: &ImportItem) -> Change {
    Change::Record { data: item.data.clone(), restored: false }
}
