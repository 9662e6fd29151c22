//! The address of a restore plan: target, scope and ticks, so that a plan can be sent to somebody else.

use stateloft_core::api::{Moment, Scope, Selection, StateSelection};
use stateloft_core::model::{StateKey, StateType};
use stateloft_core::restore::selection_key;

use super::address::{Page, Query, decode, encode_segment};
use super::misread::misread;

/// Ticks beyond this many stay out of the address: browsers and proxies cut what is too long.
const TICKS: usize = 60;

/// What is asked of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Where to go back to; `None` until it is chosen.
    pub target: Option<Moment>,
    /// Which states.
    pub scope: Scope,
    /// Byte for byte.
    pub exact: bool,
}

/// Reads target and scope. An address that cannot be read as a whole has no target: a scope without the part that cannot be
/// read would be another one, and often everything.
#[must_use]
pub fn ask(query: &Query) -> Ask {
    let whole = misread(&Page::Restore, query).is_empty();
    Ask {
        target: query.get("target").filter(|_| whole).and_then(|text| text.parse().ok()),
        scope: Scope {
            states: query.all("state").filter_map(state_named).collect(),
            types: query.all("type").filter_map(|name| StateType::new(name).ok()).collect(),
            prefix: query.get("prefix").map(str::to_owned),
        },
        exact: query.get("exact") == Some("1"),
    }
}

/// The state that `<type>/<id>` names.
#[must_use]
pub fn state_named(name: &str) -> Option<StateKey> {
    let (state_type, state_id) = name.split_once('/')?;
    StateKey::new(state_type, state_id).ok()
}

/// The query that asks for this, without ticks.
#[must_use]
pub fn query(ask: &Ask) -> Query {
    let mut query = Query::default()
        .with("target", ask.target.as_ref().map(ToString::to_string).as_deref())
        .with("prefix", ask.scope.prefix.as_deref())
        .with("exact", ask.exact.then_some("1"));
    for name in &ask.scope.types {
        query = query.and("type", name.as_str());
    }
    for key in &ask.scope.states {
        query = query.and("state", &selection_key(key));
    }
    query
}

/// The ticks in an address: `skip=<state>`, `left=<state> <path>`, `unlock=<state> <path>`, the state encoded so that it
/// holds no space.
#[must_use]
pub fn ticks(query: &Query) -> Selection {
    let mut selection = Selection::new();
    for name in query.all("skip") {
        entry(&mut selection, name).skip = true;
    }
    for (name, path) in query.all("left").filter_map(|text| text.split_once(' ')) {
        entry(&mut selection, name).left.push(path.to_owned());
    }
    for (name, path) in query.all("unlock").filter_map(|text| text.split_once(' ')) {
        entry(&mut selection, name).unlocked.push(path.to_owned());
    }
    for ticks in selection.values_mut() {
        for paths in [&mut ticks.left, &mut ticks.unlocked] {
            paths.sort();
            paths.dedup();
        }
    }
    selection.retain(|name, _| state_named(name).is_some());
    selection
}

fn entry<'s>(selection: &'s mut Selection, encoded: &str) -> &'s mut StateSelection {
    selection.entry(decode(encoded)).or_default()
}

/// The query with these ticks, unless they are too many for an address.
#[must_use]
pub fn with_ticks(ask: &Ask, selection: &Selection) -> Query {
    let plain = query(ask);
    let count: usize = selection.values().map(|ticks| 1 + ticks.left.len() + ticks.unlocked.len()).sum();
    if count > TICKS {
        return plain;
    }
    selection.iter().fold(plain, |query, (name, ticks)| {
        let name = encode_segment(name);
        let query = if ticks.skip { query.and("skip", &name) } else { query };
        let query = ticks.left.iter().fold(query, |query, path| query.and("left", &format!("{name} {path}")));
        ticks.unlocked.iter().fold(query, |query, path| query.and("unlock", &format!("{name} {path}")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_survives_its_address() {
        let asked = Ask {
            target: Some("snapshot:eod 1/é".parse().unwrap()),
            scope: Scope {
                states: vec![StateKey::new("position", "A/B c&d").unwrap()],
                types: vec![StateType::new("position").unwrap(), StateType::new("pair_state").unwrap()],
                prefix: Some("EUR USD/".into()),
            },
            exact: true,
        };
        let mut selection = Selection::new();
        let ticks_of = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>();
        selection.insert(
            "position/A/B c&d".into(),
            StateSelection {
                skip: false,
                left: ticks_of(&["/a b", "/x~1y"]),
                unlocked: ticks_of(&["/ticket1"]),
            },
        );
        selection.insert("pair_state/é x".into(), StateSelection { skip: true, ..StateSelection::default() });
        let read = Query::parse(&with_ticks(&asked, &selection).to_string());
        assert_eq!(ask(&read), asked);
        assert_eq!(ticks(&read), selection);
    }

    #[test]
    fn too_many_ticks_stay_out_of_the_address() {
        let asked = Ask { target: None, scope: Scope::default(), exact: false };
        let skip = StateSelection { skip: true, ..StateSelection::default() };
        let selection: Selection = (0..100).map(|n| (format!("position/{n}"), skip.clone())).collect();
        assert_eq!(with_ticks(&asked, &selection).to_string(), "");
    }

    #[test]
    fn an_address_that_cannot_be_read_plans_nothing() {
        for query in [
            "?target=now",
            "?target=yesterday",
            "?target=seq:9&state=nothing",
            "?target=seq:9&states=position/A",
            "?target=seq:9&type=Position",
            "?target=seq:9&left=position/A",
        ] {
            assert_eq!(ask(&Query::parse(query)).target, None, "{query}");
        }
        assert!(ask(&Query::parse("?target=seq:9&state=position/A")).target.is_some());
    }
}
