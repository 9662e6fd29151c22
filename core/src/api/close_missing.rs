//! What a batch closes besides what it writes.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::model::StateType;

/// States of which all that the batch does not name are deleted: one scope, or a list of them where types have prefixes of
/// their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum CloseMissing {
    /// One.
    One(CloseScope),
    /// A list; at least one.
    Many(Vec<CloseScope>),
}

/// Types, and how ids start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CloseScope {
    /// Only these types; at least one.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>, min_items = 1))]
    pub types: Vec<StateType>,
    /// Only ids that start with this; all ids of the types where it is absent or empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
}

impl CloseMissing {
    /// Each scope, and the pointer to it in the request's body.
    pub fn scopes(&self) -> impl Iterator<Item = (String, &CloseScope)> {
        let (one, many) = match self {
            Self::One(scope) => (Some(scope), [].as_slice()),
            Self::Many(scopes) => (None, scopes.as_slice()),
        };
        let one = one.map(|scope| ("/close_missing".to_owned(), scope));
        let many = many.iter().enumerate();
        one.into_iter().chain(many.map(|(nth, scope)| (format!("/close_missing/{nth}"), scope)))
    }
}

// By hand, so that what is wrong inside of one is said as it is: an untagged enum only says that nothing fits.
impl<'de> Deserialize<'de> for CloseMissing {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrMany)
    }
}

struct OneOrMany;

impl<'de> Visitor<'de> for OneOrMany {
    type Value = CloseMissing;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with types and prefix, or a list of such")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        CloseScope::deserialize(MapAccessDeserializer::new(map)).map(CloseMissing::One)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(seq)).map(CloseMissing::Many)
    }
}
