//! Which types of states are known, and what happens to others.

use stateloft_core::model::StateType;

use super::given::Raw;
use super::read::Values;
use super::settings::{STATE_TYPES, UNKNOWN_TYPES};
use crate::service::{TypeNames, UnknownTypes};

impl Values {
    /// A type that has a mode of its own in `validation` is named by that.
    pub(super) fn types(&mut self, with_modes: impl Iterator<Item = StateType>) -> TypeNames {
        let unknown = match self.text(UNKNOWN_TYPES).map(|text| text.trim().to_ascii_lowercase()).as_deref() {
            None | Some("warn") => UnknownTypes::Warn,
            Some("accept") => UnknownTypes::Accept,
            Some("refuse") => UnknownTypes::Refuse,
            Some(text) => {
                self.wrong(UNKNOWN_TYPES, format!("{text:?} is not known"), "accept, warn or refuse");
                UnknownTypes::Warn
            }
        };
        let listed: Vec<String> = match self.given.values.get(STATE_TYPES) {
            None | Some((Raw::Map(_), _)) => Vec::new(),
            Some((Raw::List(list), _)) => list.clone(),
            Some((Raw::Text(text), _)) => text.split(',').map(str::to_owned).collect(),
        };
        let mut named: std::collections::BTreeSet<StateType> = with_modes.collect();
        for name in listed.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
            match StateType::new(name) {
                Ok(state_type) => {
                    named.insert(state_type);
                }
                Err(error) => {
                    self.wrong(
                        STATE_TYPES,
                        error.to_string(),
                        "types by commas, such as bot_memory,risk_limits",
                    );
                }
            }
        }
        TypeNames { unknown, named }
    }
}
