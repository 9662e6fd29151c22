//! The query of an address, in which names and values may be any text.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use stateloft_core::model::StateKey;

/// What stays as it is (RFC 3986, unreserved).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The query of an address.
#[derive(Debug, Clone, Default)]
pub(in crate::cli) struct Query(String);

impl Query {
    /// Names a state, where no proxy bends it.
    pub(in crate::cli) fn of(key: &StateKey) -> Self {
        Self::default().with("state_type", &key.state_type).with("state_id", &key.state_id)
    }

    /// With a parameter.
    pub(in crate::cli) fn with(self, name: &str, value: impl ToString) -> Self {
        self.and(name, Some(value))
    }

    /// With a parameter, if there is a value for it.
    pub(in crate::cli) fn and(mut self, name: &str, value: Option<impl ToString>) -> Self {
        if let Some(value) = value.map(|value| value.to_string()) {
            self.0.push(if self.0.is_empty() { '?' } else { '&' });
            self.0.push_str(name);
            self.0.push('=');
            self.0.extend(utf8_percent_encode(&value, ENCODED));
        }
        self
    }

    /// With the `?`; empty if there is no parameter.
    pub(in crate::cli) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text as a part of a path.
pub(in crate::cli) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_survives_in_a_query() {
        let key = StateKey::new("position", "a/b c+é?&=%2F#\"'").unwrap();
        let query = Query::of(&key).and("limit", Some(5)).and("at", None::<&str>);
        assert_eq!(
            query.as_str(),
            "?state_type=position&state_id=a%2Fb%20c%2B%C3%A9%3F%26%3D%252F%23%22%27&limit=5"
        );
    }
}
