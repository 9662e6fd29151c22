//! Reads a schema for what it says of paths.

use std::collections::HashMap;

use serde::de::Error as _;
use serde_json::{Error, Map, Value};

use super::condition::Condition;
use super::paths::{Branches, Held, PathRules, Step};
use super::rules::Rule;

/// The meaning of every path a schema speaks of.
///
/// # Errors
/// When a keyword of ours is not spelled as it must be, a `$ref` leads out of the schema or nowhere, or a branch in which
/// there are rules is chosen by something that a [`Condition`] cannot be.
pub(super) fn collect(schema: &Value) -> Result<PathRules, Error> {
    let mut collector = Collector {
        root: schema,
        open: Vec::new(),
        branches: Vec::new(),
        known: HashMap::new(),
        rules: PathRules::default(),
    };
    collector.visit(0, schema)?;
    collector.rules.mark_checked();
    Ok(collector.rules)
}

struct Collector<'a> {
    root: &'a Value,
    /// References being followed: one that is met again inside itself is not followed twice.
    open: Vec<&'a str>,
    /// The branches that what is read now stands in.
    branches: Vec<Branch<'a>>,
    /// The numbers of the conditions that are known already.
    known: HashMap<(usize, Chosen<'a>), usize>,
    rules: PathRules,
}

/// A branch, and the place whose value decides whether it is chosen.
#[derive(Clone, Copy)]
struct Branch<'a> {
    place: usize,
    by: Chosen<'a>,
    holds: bool,
}

/// What decides.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Chosen<'a> {
    /// Whether the value is as this schema says.
    Schema(&'a Value),
    /// Whether there is a member of this name.
    Member(&'a str),
}

impl<'a> Collector<'a> {
    fn visit(&mut self, place: usize, schema: &'a Value) -> Result<(), Error> {
        let Some(schema) = schema.as_object() else { return Ok(()) };
        self.note(place, schema)?;
        for (keyword, value) in schema {
            match keyword.as_str() {
                "properties" => self.visit_members(place, value)?,
                "additionalProperties" => self.visit_step(place, &Step::AnyMember, value)?,
                "items" => self.visit_step(place, &Step::Element, value)?,
                "then" | "else" => {
                    // Without `if` they say nothing.
                    if let Some(condition) = schema.get("if") {
                        let holds = keyword == "then";
                        self.visit_branch(Branch { place, by: Chosen::Schema(condition), holds }, value)?;
                    }
                }
                "allOf" => {
                    for part in value.as_array().into_iter().flatten() {
                        self.visit(place, part)?;
                    }
                }
                "anyOf" | "oneOf" => {
                    for branch in value.as_array().into_iter().flatten() {
                        self.visit_branch(Branch { place, by: Chosen::Schema(branch), holds: true }, branch)?;
                    }
                }
                "dependentSchemas" => {
                    for (name, branch) in value.as_object().into_iter().flatten() {
                        self.visit_branch(Branch { place, by: Chosen::Member(name), holds: true }, branch)?;
                    }
                }
                "$ref" => self.follow(place, value)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Reads what is said where a branch is chosen.
    fn visit_branch(&mut self, branch: Branch<'a>, schema: &'a Value) -> Result<(), Error> {
        self.branches.push(branch);
        self.visit(branch.place, schema)?;
        self.branches.pop();
        Ok(())
    }

    /// The numbers of the conditions of all branches that what is read now stands in.
    fn branches(&mut self) -> Result<Branches, Error> {
        let mut numbers = Vec::with_capacity(self.branches.len());
        for Branch { place, by, holds } in self.branches.clone() {
            let known = self.known.get(&(place, by)).copied();
            let number = known.map_or_else(|| self.add(place, by), Ok)?;
            numbers.push((number, holds));
        }
        Ok(numbers.into())
    }

    fn add(&mut self, place: usize, by: Chosen<'a>) -> Result<usize, Error> {
        let condition = match by {
            Chosen::Schema(schema) => Condition::of(self.root, schema)?,
            Chosen::Member(name) => Condition::has(name),
        };
        let number = self.rules.add_condition(place, condition);
        self.known.insert((place, by), number);
        Ok(number)
    }

    fn visit_members(&mut self, place: usize, properties: &'a Value) -> Result<(), Error> {
        for (name, schema) in properties.as_object().into_iter().flatten() {
            self.visit_step(place, &Step::Member(name), schema)?;
        }
        Ok(())
    }

    fn visit_step(&mut self, place: usize, step: &Step<'_>, schema: &'a Value) -> Result<(), Error> {
        if !schema.is_object() {
            return Ok(());
        }
        let next = self.rules.step(place, step);
        self.visit(next, schema)
    }

    fn follow(&mut self, place: usize, reference: &'a Value) -> Result<(), Error> {
        let target = reference.as_str().unwrap_or_default();
        if self.open.contains(&target) {
            return Ok(());
        }
        let pointer = target.strip_prefix('#');
        let Some(schema) = pointer.and_then(|pointer| self.root.pointer(pointer)) else {
            return Err(Error::custom(format!("$ref {target:?} is not in this schema")));
        };
        self.open.push(target);
        self.visit(place, schema)?;
        self.open.pop();
        Ok(())
    }

    fn note(&mut self, place: usize, schema: &Map<String, Value>) -> Result<(), Error> {
        let text = |keyword: &str| match schema.get(keyword) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str().into())),
            Some(_) => Err(Error::custom(format!("{keyword} must be a text"))),
        };
        let switch = |keyword: &str| match schema.get(keyword) {
            None => Ok(false),
            Some(Value::Bool(on)) => Ok(*on),
            Some(_) => Err(Error::custom(format!("{keyword} must be true or false"))),
        };
        let rules: Vec<Rule> = match schema.get("x-rules") {
            None => Vec::new(),
            Some(rules) => serde_json::from_value(rules.clone())?,
        };
        let is_time = schema.get("format").is_some_and(|format| format == "x-time");
        // Only what is held against documents needs to know where it counts.
        let branches = if is_time || !rules.is_empty() { self.branches()? } else { Branches::default() };
        let known = self.rules.place_mut(place);
        known.identity = text("x-identity")?.or(known.identity.take());
        known.unit = text("x-unit")?.or(known.unit.take());
        known.protected = text("x-protected")?.or(known.protected.take());
        known.volatile |= switch("x-volatile")?;
        known.identifier |= switch("x-identifier")?;
        if is_time {
            known.times.push(branches.clone());
        }
        known.rules.extend(rules.into_iter().map(|rule| Held { rule, branches: branches.clone() }));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_schema_that_refers_to_itself_is_read_once() {
        let rules = collect(&json!({
            "properties": {"child": {"$ref": "#"}, "note": {"x-volatile": true}},
        }))
        .unwrap();
        assert!(rules.root().at("/child/note").is_volatile());
    }

    #[test]
    fn a_wrong_keyword_or_reference_is_an_error() {
        for wrong in [
            json!({"x-identity": 1}),
            json!({"x-volatile": "yes"}),
            json!({"x-rules": [{"name": "a", "check": {"beside": ["/a", "/b"]}}]}),
            json!({"$ref": "https://example.com/schema.json"}),
            json!({"$ref": "#/$defs/absent"}),
            json!({"anyOf": [{"patternProperties": {"a": {}}, "x-rules": [{"name": "a", "check": {"distinct": ""}}]}]}),
        ] {
            assert!(collect(&wrong).is_err(), "{wrong}");
        }
    }
}
