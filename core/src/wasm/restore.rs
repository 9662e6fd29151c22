//! What a restore would write, worked out in the browser as by the server.

use serde::Serialize;

use super::Misuse;
use super::documents::read;
use super::inspect::mode_named;
use crate::api::{Effect, Plan, Selection, StateSelection};
use crate::diff::Diff;
use crate::json::Document;
use crate::model::{Verdict, VersionNumber};
use crate::restore::{Choice, Side, Writing, bound_hash, plan_state};
use crate::schema::path_rules;

/// What a restore does to one state.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RestoredState {
    /// What happens to the state.
    pub effect: Effect,
    /// The text that would be written; null if nothing is written or the state is deleted.
    pub text: Option<String>,
    /// What today's rules say of that text.
    pub verdict: Verdict,
    /// How many paths differ between now and the target.
    pub paths: u32,
    /// How many of them are written.
    pub selected: u32,
    /// From now to the target; null where one of them has no data.
    pub diff: Option<Diff>,
    /// For each change of the difference whether it is written.
    pub chosen: Vec<bool>,
    /// Whether the text is the target's, byte for byte.
    pub exact: bool,
    /// What a plan binds of the state; null if nothing is written.
    pub bound: Option<String>,
}

/// Works out what a restore does to one state: `now` and `target` are its data at both moments, `None` where it was
/// deleted or did not exist.
///
/// # Errors
/// A text is not a document, the mode is unknown, or the chosen changes make a document that is too large.
pub fn plan(
    state_type: &str,
    now: Option<&str>,
    target: Option<&str>,
    selection: &StateSelection,
    mode: &str,
) -> Result<RestoredState, Misuse> {
    let mode = mode_named(mode)?;
    let now = side(now.map(|text| read("now", text)).transpose()?);
    let target = side(target.map(|text| read("target", text)).transpose()?);
    let rules = path_rules(state_type);
    let planned = plan_state(&now, Some(&target), Choice::Ticked(selection), rules)
        .map_err(|error| Misuse::Argument("selection", error.to_string()))?;
    let (text, verdict) = match &planned.writing {
        Writing::Data(data) => {
            (Some(data.text().to_owned()), crate::validate::validate(state_type, data, mode))
        }
        Writing::Nothing | Writing::Tombstone => (None, Verdict::NotChecked),
    };
    let exact = match &planned.writing {
        Writing::Nothing => false,
        Writing::Data(data) => target.data.as_ref() == Some(data),
        Writing::Tombstone => true,
    };
    let bound = bound_hash(&now, &planned, &verdict, rules, false);
    Ok(RestoredState {
        effect: planned.effect,
        text,
        verdict,
        paths: planned.paths,
        selected: planned.selected,
        diff: planned.diff,
        chosen: planned.chosen,
        exact,
        bound,
    })
}

fn side(data: Option<Document>) -> Side {
    Side { version: VersionNumber::ZERO, content_hash: None, data, damaged: false }
}

/// The hash that binds a plan of the server under these ticks, from what it binds of each state (`bound`). Of a state whose
/// ticks are not those of the plan, `bound` must be what [`plan`] says of them.
#[must_use]
pub fn plan_hash(plan: &Plan, selection: &Selection) -> String {
    let bound = plan.states.iter().filter_map(|state| Some((&state.key, state.bound.as_deref()?)));
    crate::restore::plan_hash(plan.target_seq, &plan.scope, selection, plan.exact, bound)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::api::{PlanRequest, Scope};
    use crate::commit::{Change, Expectation, Tip, Write, decide};
    use crate::model::{ChangeSummary, Mode, Seq, StateKey, Timestamp, Version};
    use crate::restore::{Asked, Rules};

    /// Versions of four states: kept, changed, made and deleted after seq 3.
    fn moved() -> Vec<(Version, Option<Version>)> {
        let (mut tip, mut heads) = (Tip::START, HashMap::new());
        let mut save = |id: &str, data: Option<&str>| {
            let change = data.map_or(Change::Delete, |text| Change::Save(text.parse().unwrap()));
            let write = Write {
                key: StateKey::new("position", id).unwrap(),
                change,
                expectation: Expectation::Any,
                verdict: Verdict::NotChecked,
                author: None,
                description: None,
                batch_id: None,
                origin: None,
                foreseen: None,
                rebase: None,
            };
            let now = Timestamp::from_micros(1_000_000);
            let written = decide(&[write], &mut tip, &mut heads, now, &|_, _, _| ChangeSummary::default());
            written.unwrap().remove(0).version().clone()
        };
        let changed = save("x/y", Some(r#"{"quantity":1.0,"ticket1":7,"note":"a","last_price":1}"#));
        let deleted = save("gone", Some(r#"{"quantity":2}"#));
        let untouched = save("same", Some("{}"));
        save("same", Some(r#"{"a":1}"#));
        vec![
            (save("x/y", Some(r#"{"quantity":1.50,"ticket1":8,"last_price":2}"#)), Some(changed)),
            (save("gone", None), Some(deleted)),
            (save("new", Some(r#"{"quantity":3}"#)), None),
            (save("same", Some("{}")), Some(untouched)),
        ]
    }

    /// As a plan lists them.
    fn in_order() -> Vec<(Version, Option<Version>)> {
        let shown = server_plan(Selection::new());
        let mut moved = moved();
        moved.sort_by_key(|(now, _)| shown.states.iter().position(|state| state.key == now.key));
        moved
    }

    fn server_plan(selection: Selection) -> Plan {
        let asked = Asked {
            request: PlanRequest {
                target: "seq:3".parse().unwrap(),
                scope: Scope::default(),
                selection,
                exact: false,
            },
            everything: false,
            target_seq: Seq(3),
            target_time: None,
            seq: Seq(8),
            states_in_scope: 4,
        };
        let rules = Rules {
            paths: &|state_type| path_rules(state_type.as_str()),
            validate: &|key, data| crate::validate::validate(key.state_type.as_str(), data, Mode::Warn),
        };
        crate::restore::plan(asked, moved(), rules).unwrap().0
    }

    #[test]
    fn the_browser_works_out_the_servers_hash_for_other_ticks() {
        let shown = server_plan(Selection::new());
        assert_eq!(plan_hash(&shown, &Selection::new()), shown.plan);
        let one = |ticks: StateSelection| Selection::from([("position/x/y".to_owned(), ticks)]);
        let left = one(StateSelection { left: vec!["/note".to_owned()], ..StateSelection::default() });
        let unlocked =
            one(StateSelection { unlocked: vec!["/ticket1".to_owned()], ..StateSelection::default() });
        let skipped = one(StateSelection { skip: true, ..StateSelection::default() });
        let mut hashes = vec![shown.plan.clone()];
        for selection in [left, unlocked, skipped] {
            let of_server = server_plan(selection.clone()).plan;
            let mut ticked = shown.clone();
            for (state, (now, target)) in ticked.states.iter_mut().zip(in_order()) {
                let name = crate::restore::selection_key(&state.key);
                let text = |version: &Version| version.data.as_ref().map(|data| data.text().to_owned());
                let (now, target) = (text(&now), target.as_ref().and_then(text));
                let ticks = selection.get(&name).cloned().unwrap_or_default();
                let worked = plan("position", now.as_deref(), target.as_deref(), &ticks, "warn").unwrap();
                state.bound = worked.bound;
            }
            assert_eq!(plan_hash(&ticked, &selection), of_server, "{selection:?}");
            assert!(!hashes.contains(&of_server));
            hashes.push(of_server);
        }
    }
}
