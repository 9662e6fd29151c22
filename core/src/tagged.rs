//! Values that JSON has no word for, written so that they come back as what they were.
//!
//! A tagged value is an object of exactly two members, in this order: `{"$stateloft":"float","value":"NaN"}`. The first names
//! the kind, the second holds the value as JSON can say it. Kinds in use: `float` (`NaN`, `Infinity`, `-Infinity`); clients
//! may use others (`decimal`, `datetime`, `date`, `set`, `tuple`, `bytes`, `series`, `dataframe`), and whoever does not know a
//! kind keeps it as it is.
//!
//! Data of users' own cannot be taken for one: where their own key is `$stateloft`, or that with more `$` before it, it is
//! written with one `$` more, which whoever reads takes away again.

use std::borrow::Cow;

use crate::json::{Kind, Node};

/// The key that marks a tagged value.
pub const KEY: &str = "$stateloft";

/// The second member's key.
const VALUE: &str = "value";

/// A number that is not finite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotFinite {
    /// Not a number.
    NaN,
    /// Above all numbers.
    Infinity,
    /// Below all numbers.
    NegativeInfinity,
}

impl NotFinite {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::NaN, Self::Infinity, Self::NegativeInfinity];

    /// The bare word that Python and JavaScript write.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NaN => "NaN",
            Self::Infinity => "Infinity",
            Self::NegativeInfinity => "-Infinity",
        }
    }

    /// The tagged value.
    #[must_use]
    pub const fn tagged(self) -> &'static str {
        match self {
            Self::NaN => r#"{"$stateloft":"float","value":"NaN"}"#,
            Self::Infinity => r#"{"$stateloft":"float","value":"Infinity"}"#,
            Self::NegativeInfinity => r#"{"$stateloft":"float","value":"-Infinity"}"#,
        }
    }

    /// The number that a tagged value stands for; `None` for everything else.
    #[must_use]
    pub fn of(node: Node<'_>) -> Option<Self> {
        // A quick look first: most values are numbers.
        let value = tagged(node)?.filter("float")?.as_str()?;
        Self::ALL.into_iter().find(|number| number.word() == value)
    }
}

/// A tagged value: its kind and what it holds.
#[derive(Debug, Clone)]
pub struct Tagged<'a> {
    /// Such as `float`.
    pub kind: Cow<'a, str>,
    /// The value as JSON says it.
    pub value: Node<'a>,
}

impl<'a> Tagged<'a> {
    /// The value, if it is of this kind.
    fn filter(self, kind: &str) -> Option<Node<'a>> {
        (self.kind == kind).then_some(self.value)
    }
}

/// A node as a tagged value, if it is one.
#[must_use]
pub fn tagged(node: Node<'_>) -> Option<Tagged<'_>> {
    if node.kind() != Kind::Object || node.len() != 2 {
        return None;
    }
    let mut members = node.members();
    let (tag, value) = (members.next()?, members.next()?);
    if !tag.key.is(KEY) || !value.key.is(VALUE) {
        return None;
    }
    Some(Tagged { kind: tag.value.as_str()?, value: value.value })
}

/// What the rules of a type are held against: the value that a program had, in JSON's own words. A `decimal` is its number, a
/// `datetime` its text, a `tuple` or `set` its array, a `dataclass` the object of its fields. Everything else is what it is, values
/// that are not finite too: no rule of ours admits them. With it comes the way there from the tagged value, member by member.
#[must_use]
pub fn meant(node: Node<'_>) -> (Node<'_>, &'static [&'static str]) {
    let Some(Tagged { kind, value }) = tagged(node) else { return (node, &[]) };
    let found = match (&*kind, value.kind()) {
        ("decimal", Kind::Number)
        | ("datetime" | "date" | "time" | "uuid", Kind::String)
        | ("tuple" | "set" | "frozenset", Kind::Array) => Some((value, &[VALUE][..])),
        ("datetime", _) => value.get("at").map(|at| (at, &[VALUE, "at"][..])),
        ("enum", _) => value.get("name").map(|name| (name, &[VALUE, "name"][..])),
        ("dataclass" | "namedtuple" | "model", _) => {
            value.get("fields").map(|fields| (fields, &[VALUE, "fields"][..]))
        }
        ("numpy", _) => value.get("value").map(|value| (value, &[VALUE, "value"][..])),
        _ => None,
    };
    found.unwrap_or((node, &[]))
}

/// Whether a user's key must be written with one `$` more: `$stateloft`, `$$stateloft` and so on.
#[must_use]
pub fn is_reserved(key: &str) -> bool {
    key.strip_suffix(KEY).is_some_and(|before| before.bytes().all(|byte| byte == b'$'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Document;

    #[test]
    fn every_number_that_is_not_finite_is_known_again_and_nothing_else_is() {
        for number in NotFinite::ALL {
            let document: Document = number.tagged().parse().unwrap();
            assert_eq!(NotFinite::of(document.root()), Some(number));
        }
        for other in [
            r#"{"$stateloft":"float","value":"nan"}"#,
            r#"{"$stateloft":"float","value":1}"#,
            r#"{"$stateloft":"decimal","value":"NaN"}"#,
            r#"{"value":"NaN","$stateloft":"float"}"#,
            r#"{"$stateloft":"float","value":"NaN","more":1}"#,
            r#"{"$$stateloft":"float","value":"NaN"}"#,
            r#""NaN""#,
        ] {
            let document: Document = other.parse().unwrap();
            assert_eq!(NotFinite::of(document.root()), None, "{other}");
        }
    }

    #[test]
    fn only_keys_like_the_tag_are_reserved() {
        assert!(is_reserved("$stateloft") && is_reserved("$$$stateloft"));
        assert!(!is_reserved("stateloft") && !is_reserved("$ref") && !is_reserved("a$stateloft"));
    }
}
