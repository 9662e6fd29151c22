//! Whether two values are the same, however they are spelled.
use std::borrow::Cow;

use super::duration;
use crate::json::{Kind, Node, number};

/// Whether a difference of the two would be none but of spelling and of the order of members: numbers are the same by their
/// decimal value (`1` and `1.0`), texts by their characters or as one time told on one clock (`Z` and `+00:00`), objects by their
/// members in any order, arrays by their elements in order. Text, number, `true` and `null` are never the same as each other.
#[must_use]
pub fn same_value(a: Node<'_>, b: Node<'_>) -> bool {
    if a.same_text(b) {
        return true;
    }
    match (a.kind(), b.kind()) {
        (Kind::Number, Kind::Number) => number::same_value(a.text(), b.text()),
        (Kind::String, Kind::String) => match (a.as_str(), b.as_str()) {
            (Some(a), Some(b)) => a == b || duration::same_clock(&a, &b),
            _ => false,
        },
        (Kind::Array, Kind::Array) => {
            a.len() == b.len() && a.elements().zip(b.elements()).all(|(a, b)| same_value(a, b))
        }
        (Kind::Object, Kind::Object) => a.len() == b.len() && same_members(a, b),
        _ => false,
    }
}

/// Side by side in the order of their keys, so that large objects take no longer than sorting them.
fn same_members(a: Node<'_>, b: Node<'_>) -> bool {
    sorted(a).into_iter().zip(sorted(b)).all(|((a, left), (b, right))| a == b && same_value(left, right))
}

fn sorted(node: Node<'_>) -> Vec<(Cow<'_, str>, Node<'_>)> {
    let mut members: Vec<_> = node.members().map(|member| (member.key.decoded(), member.value)).collect();
    members.sort_by(|a, b| a.0.cmp(&b.0));
    members
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Document;

    fn same(a: &str, b: &str) -> bool {
        let [a, b]: [Document; 2] = [a, b].map(|text| text.parse().unwrap());
        let (one, other) = (same_value(a.root(), b.root()), same_value(b.root(), a.root()));
        assert_eq!(one, other, "{a} {b}");
        one
    }

    #[test]
    fn what_is_only_spelled_differently_is_the_same() {
        for (a, b) in [
            ("1", "1.0"),
            ("1e2", "100.00"),
            ("-0.0", "0"),
            ("123456789012345678901234567890.10", "123456789012345678901234567890.1"),
            (r#""A/B""#, r#""\u0041\/B""#),
            (r#""2026-11-21T06:12:44Z""#, r#""2026-11-21T06:12:44+00:00""#),
            (r#"{"a":1,"b":[1,{"c":2.50}]}"#, r#"{"b":[1.0,{"c":2.5}],"a":1}"#),
            (r#"{"\u0061":null}"#, r#"{"a":null}"#),
        ] {
            assert!(same(a, b), "{a} {b}");
        }
    }

    #[test]
    fn what_is_another_value_is_not_the_same() {
        for (a, b) in [
            ("1", "1.0000000000000000000000000001"),
            ("9007199254740993", "9007199254740992"),
            ("1", r#""1""#),
            ("0", "false"),
            ("null", "{}"),
            ("[]", "{}"),
            ("[1,2]", "[2,1]"),
            ("[1]", "[1,1]"),
            (r#""a""#, r#""a ""#),
            (r#"{"a":1}"#, r#"{"b":1}"#),
            (r#"{"a":1}"#, r#"{"a":1,"b":1}"#),
            (r#"{"a":1,"b":2}"#, r#"{"a":2,"b":1}"#),
            (r#""2026-11-21T06:12:44Z""#, r#""2026-11-21T06:12:45Z""#),
        ] {
            assert!(!same(a, b), "{a} {b}");
        }
    }
}
