//! Holds a document against the rules of its type.

use std::cmp::Ordering;
use std::collections::HashSet;

use super::paths::{Branches, PathRules, Place, Within};
use super::rules::{Check, Rule};
use super::{RulesAt, Steps, TimeText, path_rules};
use crate::json::{Document, Kind, Node, Pointer};
use crate::model::Violation;
use crate::tagged::meant;

/// At most so many findings are listed for a document, so that a broken large one stays small to store and to read.
pub const MOST_FINDINGS: usize = 256;

/// A finding, and where in the document it belongs.
pub(crate) struct Found {
    /// The place on the tape, to put findings in the order of the document.
    pub(crate) index: u32,
    pub(crate) violation: Violation,
}

/// What is worth knowing of a document although it breaks no rule, in the order of the document: times without a
/// zone (`naive_time`), series with a repeated index, a position of null. At most [`MOST_FINDINGS`].
#[must_use]
pub fn notices(state_type: &str, document: &Document) -> Vec<Violation> {
    let found = find_by(path_rules(state_type), document, true, &Steps::unlimited());
    found.into_iter().map(|found| found.violation).collect()
}

/// The rules between members that the document breaks; not all of them when the steps are spent.
#[cfg(feature = "validate")]
pub(crate) fn broken_rules(state_type: &str, document: &Document, steps: &Steps) -> Vec<Found> {
    find_by(path_rules(state_type), document, false, steps)
}

fn find_by(rules: &PathRules, document: &Document, notices: bool, steps: &Steps) -> Vec<Found> {
    let chosen = vec![false; rules.conditions()];
    let mut walk = Walk { pointer: Pointer::root(), notices, chosen, steps, found: Vec::new() };
    walk.visit(rules.root(), document.root());
    walk.found.sort_by_key(|found| found.index);
    walk.found
}

struct Walk<'s> {
    pointer: Pointer,
    /// Look for what is worth knowing; else for what is wrong.
    notices: bool,
    /// How the conditions stand, by their numbers, at the values that the walk is in.
    chosen: Vec<bool>,
    steps: &'s Steps,
    found: Vec<Found>,
}

impl Walk<'_> {
    fn visit(&mut self, at: RulesAt<'_>, node: Node<'_>) {
        let Some(place) = at.place().filter(|_| !self.steps.are_spent()) else { return };
        let (node, way) = meant(node);
        self.steps.take(1);
        for (number, condition) in &place.conditions {
            // It looks at the value's own children, and seldom further.
            self.steps.take(node.len());
            self.chosen[*number] = condition.holds(node);
        }
        if self.notices && place.times.iter().any(|branches| self.is_chosen(branches)) {
            self.look_at_time(node);
        }
        let notices = self.notices;
        for held in place.rules.iter().filter(|held| held.rule.notice == notices) {
            if self.is_chosen(&held.branches) {
                self.hold(&held.rule, node);
            }
        }
        if !self.within(place).below {
            return;
        }
        for token in way {
            self.pointer.push(token);
        }
        self.visit_below(at, node);
        for _ in way {
            self.pointer.pop();
        }
    }

    fn visit_below(&mut self, at: RulesAt<'_>, node: Node<'_>) {
        for member in node.members() {
            self.steps.take(1);
            let name = member.key.decoded();
            let below = at.member(&name);
            if below.place().is_some_and(|place| self.within(place).any()) {
                self.pointer.push(&name);
                self.visit(below, member.value);
                self.pointer.pop();
            }
        }
        if at.element().place().is_some_and(|place| self.within(place).any()) {
            for (index, element) in node.elements().enumerate() {
                self.pointer.push_index(index);
                self.visit(at.element(), element);
                self.pointer.pop();
            }
        }
    }

    /// Whether every one of these branches was chosen.
    fn is_chosen(&self, branches: &Branches) -> bool {
        branches.iter().all(|(number, holds)| self.chosen[*number] == *holds)
    }

    /// Where there is something of what is looked for.
    fn within(&self, place: &Place) -> Within {
        if self.notices { place.notes } else { place.breaks }
    }

    fn look_at_time(&mut self, node: Node<'_>) {
        if node.as_str().is_some_and(|text| TimeText::of(&text) == Some(TimeText::Naive)) {
            let message = format!("{} has no time zone: which instant it is cannot be known", shown(node));
            self.report(node, &Pointer::root(), "naive_time".into(), message);
        }
    }

    fn hold(&mut self, rule: &Rule, node: Node<'_>) {
        self.steps.take((rule.when.len() + rule.check.places()) * node.len());
        let applies = rule.when.iter().all(|(pointer, texts)| {
            follow(node, pointer)
                .and_then(Node::as_str)
                .is_some_and(|text| texts.iter().any(|known| **known == *text))
        });
        if !applies {
            return;
        }
        if let Some((at, pointer, problem)) = problem(&rule.check, node) {
            let message = match &rule.message {
                Some(message) => message.to_string(),
                None => problem + &condition(rule, node),
            };
            self.report(at, pointer, format!("rule:{}", rule.name), message);
        }
    }

    fn report(&mut self, node: Node<'_>, below: &Pointer, code: String, message: String) {
        // One more than are listed shows that there are more.
        if self.found.len() < MOST_FINDINGS + usize::from(!self.notices) {
            let pointer = format!("{}{below}", self.pointer);
            self.found.push(Found { index: node.index(), violation: Violation { pointer, code, message } });
        }
    }
}

fn follow<'a>(node: Node<'a>, pointer: &Pointer) -> Option<Node<'a>> {
    pointer.tokens().try_fold(meant(node).0, |node, token| node.child(&token).map(|child| meant(child).0))
}

/// The value that breaks the check, its place, and what is wrong with it.
fn problem<'a, 'c>(check: &'c Check, node: Node<'a>) -> Option<(Node<'a>, &'c Pointer, String)> {
    match check {
        Check::AtMost(a, b) => compare(node, (a, b), "at most", Ordering::is_le),
        Check::AtLeast(a, b) => compare(node, (a, b), "at least", Ordering::is_ge),
        Check::EqualLengths(a, b) => equal_lengths(node, a, b),
        Check::Distinct(pointer) => repeated(node, pointer),
        Check::NotNull(pointer) => {
            let value = follow(node, pointer).filter(|value| value.is_null())?;
            Some((value, pointer, "must not be null".to_owned()))
        }
        Check::NotNegative(pointer) => {
            let value = follow(node, pointer)?;
            let below = value.as_decimal().is_some_and(|number| number.is_negative() && !number.is_zero());
            below.then(|| (value, pointer, format!("{} is below 0", shown(value))))
        }
        Check::AnyOf(pointers) => {
            static HERE: Pointer = Pointer::root();
            let there = |pointer| follow(node, pointer).is_some_and(|value| !value.is_null());
            let lacks_all = node.kind() == Kind::Object && !pointers.iter().any(there);
            lacks_all.then(|| (node, &HERE, format!("one of {} must be there", names(pointers))))
        }
    }
}

fn names(pointers: &[Pointer]) -> String {
    pointers.iter().map(name_of).collect::<Vec<_>>().join(", ")
}

fn compare<'a, 'c>(
    node: Node<'a>,
    (first, second): (&'c Pointer, &Pointer),
    word: &str,
    holds: fn(Ordering) -> bool,
) -> Option<(Node<'a>, &'c Pointer, String)> {
    let (a, b) = (follow(node, first)?, follow(node, second)?);
    if holds(a.as_decimal()?.cmp(&b.as_decimal()?)) {
        return None;
    }
    Some((a, first, format!("{} must be {word} {} {}", shown(a), name_of(second), shown(b))))
}

fn equal_lengths<'a, 'c>(
    node: Node<'a>,
    first: &'c Pointer,
    second: &'c Pointer,
) -> Option<(Node<'a>, &'c Pointer, String)> {
    let array = |pointer| follow(node, pointer).filter(|value| value.kind() == Kind::Array);
    let (a, b) = (array(first)?, array(second)?);
    if a.len() == b.len() {
        return None;
    }
    let (first_name, second_name) = (name_of(first), name_of(second));
    let message = format!(
        "{second_name} must be as long as {first_name}: {first_name} has {}, {second_name} has {}",
        a.len(),
        b.len()
    );
    Some((b, second, message))
}

fn repeated<'a, 'c>(node: Node<'a>, pointer: &'c Pointer) -> Option<(Node<'a>, &'c Pointer, String)> {
    let array = follow(node, pointer)?;
    let mut seen = HashSet::with_capacity(array.len());
    let twice = array.elements().find(|element| !seen.insert(element.text()))?;
    Some((array, pointer, format!("{} occurs more than once", shown(twice))))
}

fn name_of(pointer: &Pointer) -> String {
    pointer.tokens().next_back().unwrap_or_default().into_owned()
}

/// Why the rule applies: ` (short)`.
fn condition(rule: &Rule, node: Node<'_>) -> String {
    let texts: Vec<_> = rule
        .when
        .keys()
        .filter_map(|pointer| follow(node, pointer)?.as_str().map(|text| text.to_lowercase()))
        .collect();
    if texts.is_empty() { String::new() } else { format!(" ({})", texts.join(", ")) }
}

/// A value as people are shown it: as spelled, cut after 80 characters; of an array or object only the kind.
pub(crate) fn shown(node: Node<'_>) -> String {
    const MOST: usize = 80;
    match node.kind() {
        Kind::Array => "an array".to_owned(),
        Kind::Object => "an object".to_owned(),
        _ => match node.text().char_indices().nth(MOST) {
            Some((cut, _)) => format!("{}…", &node.text()[..cut]),
            None => node.text().to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noticed(state_type: &str, text: &str) -> Vec<(String, String, String)> {
        let found = notices(state_type, &text.parse().unwrap());
        found.into_iter().map(|v| (v.pointer, v.code, v.message)).collect()
    }

    #[test]
    fn a_naive_time_is_flagged_and_not_guessed() {
        let found =
            noticed("position", r#"{"entry_time":"2025-04-01 00:00:00","note":"2025-04-01 00:00:00"}"#);
        let message = "\"2025-04-01 00:00:00\" has no time zone: which instant it is cannot be known";
        assert_eq!(found, [("/entry_time".to_owned(), "naive_time".to_owned(), message.to_owned())]);
        assert!(noticed("position", r#"{"entry_time":"2025-04-01 00:00:00Z"}"#).is_empty());
        assert!(noticed("position", r#"{"entry_time":null}"#).is_empty());
    }

    #[test]
    fn a_null_position_and_a_repeated_index_are_noticed() {
        let found = noticed(
            "pair_state",
            r#"{"position":null,"price1":{"index":["a","b","a"],"values":[1,2,3]},"price2":{"index":["a","b"]}}"#,
        );
        let brief: Vec<_> =
            found.iter().map(|(pointer, code, _)| (pointer.as_str(), code.as_str())).collect();
        assert_eq!(brief, [("/position", "rule:position_null"), ("/price1/index", "rule:distinct_index")]);
        assert_eq!(found[1].2, "\"a\" occurs more than once");
    }

    #[test]
    fn long_values_are_cut_at_a_character() {
        let document: Document = format!("\"{}\"", "é".repeat(200)).parse().unwrap();
        assert_eq!(shown(document.root()), format!("\"{}…", "é".repeat(79)));
    }

    /// What a schema finds broken in a document: the names of its rules, in order.
    fn broken(schema: &serde_json::Value, text: &str) -> Vec<String> {
        let rules = super::super::collect::collect(schema).unwrap();
        let found = find_by(&rules, &text.parse().unwrap(), false, &Steps::unlimited());
        found.into_iter().map(|found| found.violation.code.replace("rule:", "")).collect()
    }

    fn named(name: &str) -> serde_json::Value {
        serde_json::json!([{"name": name, "check": {"equal_lengths": ["/a", "/b"]}}])
    }

    const BOTH: &str = r#""a":[1],"b":[]"#;

    fn with(kind: &str) -> String {
        format!(r#"{{"kind":{kind},{BOTH}}}"#)
    }

    #[test]
    fn a_rule_in_a_branch_counts_where_the_branch_was_chosen() {
        let is =
            |kind: &str| serde_json::json!({"properties": {"kind": {"const": kind}}, "required": ["kind"]});
        let branch = |kind: &str, name: &str| serde_json::json!({"properties": {"kind": {"const": kind}}, "required": ["kind"], "x-rules": named(name)});
        let conditional = serde_json::json!({
            "if": is("x"), "then": {"x-rules": named("then")}, "else": {"x-rules": named("else")},
        });
        let any =
            serde_json::json!({"anyOf": [branch("x", "x"), branch("y", "y"), {"x-rules": named("any")}]});
        let one = serde_json::json!({"oneOf": [branch("x", "x"), branch("y", "y")]});
        let all = serde_json::json!({"allOf": [{"x-rules": named("all")}, conditional]});
        let dependent = serde_json::json!({"dependentSchemas": {"kind": {"x-rules": named("kind")}, "z": {"x-rules": named("z")}}});
        let never = serde_json::json!({
            "not": {"required": ["z"], "x-rules": named("not")},
            "if": {"required": ["kind"], "x-rules": named("if")},
            "then": true,
        });
        for (schema, x, y) in [
            (&conditional, vec!["then"], vec!["else"]),
            (&any, vec!["x", "any"], vec!["y", "any"]),
            (&one, vec!["x"], vec!["y"]),
            (&all, vec!["all", "then"], vec!["all", "else"]),
            (&dependent, vec!["kind"], vec!["kind"]),
            (&never, vec![], vec![]),
        ] {
            assert_eq!(broken(schema, &with("\"x\"")), x, "{schema}");
            assert_eq!(broken(schema, &with("\"y\"")), y, "{schema}");
        }
        let orphans =
            serde_json::json!({"then": {"x-rules": named("then")}, "else": {"x-rules": named("else")}});
        assert!(broken(&orphans, &with("1")).is_empty(), "without `if` they say nothing");
    }

    #[test]
    fn branches_are_chosen_by_each_element_and_by_what_stands_around_it() {
        let schema = serde_json::json!({
            "if": {"required": ["strict"]},
            "then": {"properties": {"rows": {"items": {"$ref": "#/$defs/row"}}}},
            "$defs": {"row": {
                "anyOf": [
                    {"properties": {"n": {"type": "integer", "minimum": 0}}, "required": ["n"], "x-rules": named("number")},
                    {"properties": {"n": {"type": "string"}}, "x-rules": named("text")},
                ],
            }},
        });
        let rows = format!(
            r#"[{{"n":1.0,{BOTH}}},{{"n":"1",{BOTH}}},{{"n":-1,{BOTH}}},{{"n":1.5,{BOTH}}},{{{BOTH}}}]"#
        );
        assert_eq!(
            broken(&schema, &format!(r#"{{"strict":null,"rows":{rows}}}"#)),
            ["number", "text", "text"]
        );
        assert!(broken(&schema, &format!(r#"{{"rows":{rows}}}"#)).is_empty());
    }
}
