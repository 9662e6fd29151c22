//! Looking into a bundle that is held: its states, their history and any version, as of any seq that it can show.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Opened;
use super::opened::Held;
use crate::api::VersionView;
use crate::model::{Seq, StateId, StateKey, StateType, Version, VersionNumber};
use crate::search::Needle;

/// Which states are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AskedStates {
    /// As of this seq; the last one that there is where it is absent.
    pub at: Option<Seq>,
    /// With this in type, id, author, reason or data.
    pub q: Option<String>,
    /// Only this type.
    pub state_type: Option<StateType>,
    /// Also those that were deleted.
    pub deleted: bool,
    /// By type and id; else those that changed last come first.
    pub by_id: bool,
}

/// Which state is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedState {
    /// Its type.
    pub state_type: StateType,
    /// Its id.
    pub state_id: StateId,
    /// As of this seq.
    #[serde(default)]
    pub at: Option<Seq>,
    /// The version with this number; else the last one.
    #[serde(default)]
    pub number: Option<VersionNumber>,
    /// The last one before this number.
    #[serde(default)]
    pub before: Option<VersionNumber>,
}

/// A state at a moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StateThen {
    /// Its last version then.
    pub version: VersionView,
    /// How many versions of it there are up to it.
    pub versions: usize,
}

/// A moment that a bundle cannot show.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("seq {at} cannot be shown: {words}")]
pub struct OutOfReach {
    at: Seq,
    words: String,
}

impl Opened {
    /// The places of the last versions, of the states that are asked for, in their order.
    ///
    /// # Errors
    /// The bundle cannot show that moment.
    pub fn find(&self, asked: &AskedStates) -> Result<Vec<usize>, OutOfReach> {
        let at = self.within(asked.at)?;
        let needle = asked.q.as_deref().filter(|q| !q.is_empty()).map(Needle::new);
        let wanted = |held: &Held| asked.state_type.as_ref().is_none_or(|only| *only == held.key.state_type);
        let last = |held: &Held| self.up_to(held, at).last().copied();
        let shown = |place: &usize| {
            let version = &self.versions[*place];
            (asked.deleted || !version.is_deleted()) && needle.as_ref().is_none_or(|q| says(version, q))
        };
        let states = self.states.iter().filter(|held| wanted(held));
        let mut found: Vec<usize> = states.filter_map(last).filter(shown).collect();
        if asked.by_id {
            found.sort_by(|a, b| self.versions[*a].key.cmp(&self.versions[*b].key));
        } else {
            found.sort_unstable_by(|a, b| b.cmp(a));
        }
        Ok(found)
    }

    /// States whose last versions stand at these places.
    pub fn at_places<'a>(&'a self, places: &'a [usize]) -> impl Iterator<Item = StateThen> + 'a {
        places.iter().map(|place| {
            let version = &self.versions[*place];
            let before = |held: &Held| held.versions.partition_point(|other| other <= place);
            let versions = self.held(&version.key).map_or(0, before);
            StateThen { version: VersionView::of(version), versions }
        })
    }

    /// The types of its states, by name.
    #[must_use]
    pub fn types(&self) -> Vec<&str> {
        let types = self.states.iter().map(|held| held.key.state_type.as_str());
        types.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// A state's versions, newest first, as places.
    ///
    /// # Errors
    /// The bundle cannot show that moment.
    pub fn history(&self, asked: &AskedState) -> Result<Vec<usize>, OutOfReach> {
        let at = self.within(asked.at)?;
        let held = self.held(&key(asked));
        Ok(held.map(|held| self.up_to(held, at).iter().rev().copied().collect()).unwrap_or_default())
    }

    /// One version of a state, if the bundle has it. A number counts whatever the moment.
    ///
    /// # Errors
    /// The bundle cannot show that moment.
    pub fn version(&self, asked: &AskedState) -> Result<Option<&Version>, OutOfReach> {
        let Some(held) = self.held(&key(asked)) else { return Ok(None) };
        let all = &held.versions[..];
        let number = |place: &usize| self.versions[*place].version;
        let place = match (asked.number, asked.before) {
            (Some(wanted), _) => all.iter().find(|place| number(place) == wanted),
            (None, Some(before)) => all.iter().rev().find(|place| number(place) < before),
            (None, None) => self.up_to(held, self.within(asked.at)?).last(),
        };
        Ok(place.map(|place| &self.versions[*place]))
    }

    /// The version with this seq, if the bundle has it.
    #[must_use]
    pub fn at_seq(&self, seq: Seq) -> Option<&Version> {
        let place = self.versions.binary_search_by_key(&seq, |version| version.seq).ok()?;
        Some(&self.versions[place])
    }

    fn up_to<'a>(&self, held: &'a Held, at: Seq) -> &'a [usize] {
        &held.versions[..held.versions.partition_point(|place| self.versions[*place].seq <= at)]
    }

    fn within(&self, at: Option<Seq>) -> Result<Seq, OutOfReach> {
        let moments = self.moments();
        let last = moments.map_or(Seq::ZERO, |(_, last)| last);
        let Some(at) = at else { return Ok(last) };
        let words = match (moments, self.header()) {
            (Some((first, last)), _) if first <= at && at <= last => return Ok(at),
            (_, Some(header)) if !header.history => {
                format!("the bundle has of each state only the last version, as of seq {last}")
            }
            (Some((first, last)), _) => format!("the bundle has seq {first} to {last}"),
            (None, _) => "the bundle has no versions".to_owned(),
        };
        Err(OutOfReach { at, words })
    }
}

fn key(asked: &AskedState) -> StateKey {
    StateKey { state_type: asked.state_type.clone(), state_id: asked.state_id.clone() }
}

fn says(version: &Version, q: &Needle) -> bool {
    let texts = [version.author.as_deref(), version.description.as_deref()];
    q.is_in(&version.key.to_string())
        || texts.into_iter().flatten().any(|text| q.is_in(text))
        || version.data.as_ref().is_some_and(|data| q.is_in_document(data.text()))
}
