//! What names a state: its type and its id.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};

/// The longest state id, in bytes of UTF-8.
pub const STATE_ID_MAX_BYTES: usize = 512;
const STATE_TYPE_MAX_BYTES: usize = 64;

/// Why a text cannot name a state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The state type is empty, too long or has a character outside `[a-z0-9_]`.
    #[error("state_type must be 1 to 64 of a-z, 0-9 and _, starting with a letter; got {0:?}")]
    Type(String),
    /// The state id is empty.
    #[error("state_id must not be empty")]
    EmptyId,
    /// The state id is too long; the number is its length in bytes.
    #[error("state_id is {0} bytes long, more than 512")]
    LongId(usize),
    /// The state id has a control character at this byte offset.
    #[error("state_id has a control character at byte {0}")]
    ControlInId(usize),
}

/// The kind of a state: `[a-z][a-z0-9_]{0,63}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct StateType(Arc<str>);

impl StateType {
    /// The types that come with a meaning of their own.
    pub const BUILT_IN: [&'static str; 12] = [
        "position",
        "pair_state",
        "portfolio",
        "strategy",
        "configuration",
        "market_data",
        "order",
        "quarantine",
        "freqtrade_trade",
        "ccxt_position",
        "alpaca_position",
        "oanda_position",
    ];

    /// A name in this program that is one.
    pub(super) fn known(name: &'static str) -> Self {
        Self(name.into())
    }

    /// Checks and takes a type name.
    pub fn new(text: &str) -> Result<Self, KeyError> {
        let mut bytes = text.bytes();
        let starts_well = bytes.next().is_some_and(|b| b.is_ascii_lowercase());
        let goes_on_well = bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if starts_well && goes_on_well && text.len() <= STATE_TYPE_MAX_BYTES {
            Ok(Self(text.into()))
        } else {
            Err(KeyError::Type(text.chars().take(80).collect()))
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name of a state within its type: 1 to 512 bytes of UTF-8 without control characters.
///
/// `/`, spaces and accents are legal: real programs name states after pairs such as `FDX.US-UPS.US`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct StateId(Arc<str>);

impl StateId {
    /// Checks and takes an id.
    pub fn new(text: &str) -> Result<Self, KeyError> {
        if text.is_empty() {
            return Err(KeyError::EmptyId);
        }
        if text.len() > STATE_ID_MAX_BYTES {
            return Err(KeyError::LongId(text.len()));
        }
        match text.char_indices().find(|(_, c)| c.is_control()) {
            Some((at, _)) => Err(KeyError::ControlInId(at)),
            None => Ok(Self(text.into())),
        }
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The identity of a state. The same id under two types names two states.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StateKey {
    /// The kind of state.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state_type: StateType,
    /// The name within the kind.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state_id: StateId,
}

impl StateKey {
    /// Checks both parts and makes a key.
    pub fn new(state_type: &str, state_id: &str) -> Result<Self, KeyError> {
        Ok(Self { state_type: StateType::new(state_type)?, state_id: StateId::new(state_id)? })
    }
}

impl fmt::Display for StateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.state_type.0, self.state_id.0)
    }
}

macro_rules! text_conversions {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = KeyError;
            fn try_from(text: String) -> Result<Self, KeyError> {
                Self::new(&text)
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0.as_ref().into()
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}
text_conversions!(StateType);
text_conversions!(StateId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_lower_case_words() {
        for good in ["position", "pair_state", "a", "a0_"] {
            assert!(StateType::new(good).is_ok(), "{good}");
        }
        let long = "a".repeat(65);
        for bad in ["", "Position", "0a", "_a", "a-b", "a b", "é", long.as_str()] {
            assert!(StateType::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn ids_may_hold_slashes_spaces_and_accents() {
        for good in ["EURUSD/GBPUSD", "x/y z-é", " ", "..", "a?b#c%2F", "名前"] {
            assert!(StateId::new(good).is_ok(), "{good}");
        }
        assert!(StateId::new(&"é".repeat(256)).is_ok());
        assert_eq!(StateId::new(&"é".repeat(257)), Err(KeyError::LongId(514)));
        assert_eq!(StateId::new(""), Err(KeyError::EmptyId));
        assert_eq!(StateId::new("a\nb"), Err(KeyError::ControlInId(1)));
        assert_eq!(StateId::new("ab\u{85}"), Err(KeyError::ControlInId(2)));
    }
}
