//! Types that nobody has named: any word is one, and a mistyped word makes a state that nobody finds again.

use std::collections::{BTreeSet, HashMap};

use stateloft_core::api::{Notice, NoticeCode};
use stateloft_core::model::{StateKey, StateType, Version, VersionNumber, is_well_known, meant, well_known};

use super::{Result, Service, ServiceError};
use crate::store::TypeTotals;

/// What happens to a save that would begin a type that nobody has named.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum UnknownTypes {
    /// Nothing is said.
    Accept,
    /// It is stored, and the answer says that the type is new.
    #[default]
    Warn,
    /// It is refused.
    Refuse,
}

/// Which types are known besides those that everybody knows and those of which there are states.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TypeNames {
    /// What happens to others.
    pub unknown: UnknownTypes,
    /// Types that the operator has named.
    pub named: BTreeSet<StateType>,
}

impl TypeNames {
    fn is_named(&self, state_type: &StateType) -> bool {
        is_well_known(state_type.as_str()) || self.named.contains(state_type)
    }
}

impl Service {
    /// Refuses states that would begin a type which nobody has named, where that is so set. `place` says where in the body the
    /// type of the nth state stands.
    pub(super) async fn accept_types<'a>(
        &self,
        keys: impl Iterator<Item = &'a StateKey>,
        place: impl Fn(usize) -> String,
    ) -> Result<()> {
        self.accept_type_names(keys.map(|key| &key.state_type), place).await
    }

    /// As [`accept_types`](Self::accept_types), of types alone.
    pub(super) async fn accept_type_names<'a>(
        &self,
        types: impl Iterator<Item = &'a StateType>,
        place: impl Fn(usize) -> String,
    ) -> Result<()> {
        let names = &self.settings.types;
        if names.unknown != UnknownTypes::Refuse {
            return Ok(());
        }
        let unnamed: Vec<_> =
            types.enumerate().filter(|(_, state_type)| !names.is_named(state_type)).collect();
        if unnamed.is_empty() {
            return Ok(());
        }
        let totals = self.store.totals().await?;
        let stored: BTreeSet<&StateType> = totals.iter().map(|there| &there.state_type).collect();
        match unnamed.into_iter().find(|(_, state_type)| !stored.contains(state_type)) {
            None => Ok(()),
            Some((nth, state_type)) => Err(ServiceError::body(
                &place(nth),
                "unknown_type",
                format!(
                    "{}, and this server refuses types that nobody has named; nothing was written. Name it in \
                     TRADING_STATE_STATE_TYPES if it is meant",
                    self.said_of(state_type, &totals)
                ),
            )),
        }
    }

    /// What to say of versions that were just written, by type: of those that are the first of one that nobody has named.
    pub async fn notices<'a>(
        &self,
        written: impl Iterator<Item = &'a Version>,
    ) -> HashMap<StateType, Notice> {
        let names = &self.settings.types;
        let mut begun: HashMap<&StateType, u64> = HashMap::new();
        if names.unknown != UnknownTypes::Warn {
            return HashMap::new();
        }
        for version in written {
            let state_type = &version.key.state_type;
            if version.version == VersionNumber(1) && !names.is_named(state_type) {
                *begun.entry(state_type).or_default() += 1;
            }
        }
        if begun.is_empty() {
            return HashMap::new();
        }
        // Whoever saved has saved, whether or not the store can be counted now.
        let Ok(totals) = self.store.totals().await else { return HashMap::new() };
        let is_new = |state_type: &StateType, states: u64| {
            totals.iter().any(|there| there.state_type == *state_type && there.live + there.deleted == states)
        };
        let notice = |state_type: &StateType| {
            let said = self.said_of(state_type, &totals);
            let message = format!("{said}: no state had it before. It is stored all the same");
            (state_type.clone(), Notice { code: NoticeCode::NewStateType, message })
        };
        begun
            .into_iter()
            .filter(|(name, states)| is_new(name, *states))
            .map(|(name, _)| notice(name))
            .collect()
    }

    fn said_of(&self, state_type: &StateType, totals: &[TypeTotals]) -> String {
        let stored = totals.iter().map(|there| there.state_type.as_str());
        let named = self.settings.types.named.iter().map(StateType::as_str);
        match meant(state_type.as_str(), well_known().chain(named).chain(stored)) {
            Some(meant) => format!("{state_type} is a new type (is {meant} meant?)"),
            None => format!("{state_type} is a new type"),
        }
    }
}
