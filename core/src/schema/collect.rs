//! Reads a schema for what it says of paths.

use serde::de::Error as _;
use serde_json::{Error, Map, Value};

use super::paths::{PathRules, Step};
use super::rules::Rule;

/// The meaning of every path a schema speaks of.
///
/// # Errors
/// When a keyword of ours is not spelled as it must be, or a `$ref` leads out of the schema or nowhere.
pub(super) fn collect(schema: &Value) -> Result<PathRules, Error> {
    let mut collector = Collector { root: schema, open: Vec::new(), rules: PathRules::default() };
    collector.visit(0, schema)?;
    collector.rules.mark_checked();
    Ok(collector.rules)
}

struct Collector<'a> {
    root: &'a Value,
    /// References being followed: one that is met again inside itself is not followed twice.
    open: Vec<&'a str>,
    rules: PathRules,
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
                "then" | "else" => self.visit(place, value)?,
                "allOf" | "anyOf" | "oneOf" => {
                    for branch in value.as_array().into_iter().flatten() {
                        self.visit(place, branch)?;
                    }
                }
                "$ref" => self.follow(place, value)?,
                _ => {}
            }
        }
        Ok(())
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
        let known = self.rules.place_mut(place);
        known.identity = text("x-identity")?.or(known.identity.take());
        known.unit = text("x-unit")?.or(known.unit.take());
        known.protected = text("x-protected")?.or(known.protected.take());
        known.volatile |= switch("x-volatile")?;
        known.identifier |= switch("x-identifier")?;
        known.time |= schema.get("format").is_some_and(|format| format == "x-time");
        known.rules.extend(rules);
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
        ] {
            assert!(collect(&wrong).is_err(), "{wrong}");
        }
    }
}
