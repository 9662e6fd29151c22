//! How strictly each type is validated.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{Mode, StateType};

/// The mode of every type: one for all, and exceptions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Modes {
    /// For types that are not named below.
    #[serde(default)]
    pub default: Mode,
    /// For these types.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub types: BTreeMap<StateType, Mode>,
}

impl Modes {
    /// The same mode for every type.
    #[must_use]
    pub fn all(mode: Mode) -> Self {
        Self { default: mode, types: BTreeMap::new() }
    }

    /// The mode of a type.
    #[must_use]
    pub fn mode(&self, state_type: &StateType) -> Mode {
        self.types.get(state_type).copied().unwrap_or(self.default)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_type_has_its_own_mode_and_others_warn() {
        let modes: Modes = serde_json::from_str(r#"{"types":{"position":"strict"}}"#).unwrap();
        assert_eq!(modes.mode(&StateType::new("position").unwrap()), Mode::Strict);
        assert_eq!(modes.mode(&StateType::new("portfolio").unwrap()), Mode::Warn);
        assert_eq!(Modes::all(Mode::Off).mode(&StateType::new("position").unwrap()), Mode::Off);
    }
}
