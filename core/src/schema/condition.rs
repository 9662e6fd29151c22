//! When a branch of a schema is chosen.
//!
//! What a schema says in a branch (`then`, `else`, one of `anyOf`) counts only where the branch was chosen, as annotations
//! do in JSON Schema 2020-12. Which one it was, is asked here and not of the validator, because the console's shell reads
//! notices without one. So only the keywords that branches of ours are told apart by are known; a branch that needs
//! another one is an error of the schema, found when it is read.

use std::cmp::Ordering;

use serde::de::Error as _;
use serde_json::{Error, Map, Value};

use super::TimeText;
use crate::json::number::same_value;
use crate::json::{Decimal, Kind, Node};
use crate::tagged::meant;

/// What a value must be like.
#[derive(Debug, Clone)]
pub(super) enum Condition {
    Always(bool),
    All(Vec<Condition>),
    Any(Vec<Condition>),
    One(Vec<Condition>),
    Not(Box<Condition>),
    /// The second where the first holds, else the third.
    Either(Box<[Condition; 3]>),
    Required(Vec<Box<str>>),
    /// The words of `type`.
    Type(Vec<Box<str>>),
    Equals(Vec<Value>),
    Member(Box<str>, Box<Condition>),
    Elements(Box<Condition>),
    /// Every member is so.
    Members(Box<Condition>),
    /// There are so many members or more.
    MembersAtLeast(usize),
    /// How the number stands to this one.
    Bound(Box<str>, fn(Ordering) -> bool),
    Time,
}

impl Condition {
    /// Reads the condition that a schema is.
    ///
    /// # Errors
    /// When it needs a keyword that is not known here, or refers to itself or out of `root`.
    pub(super) fn of(root: &Value, schema: &Value) -> Result<Self, Error> {
        Reader { root, open: Vec::new() }.read(schema)
    }

    /// The condition that an object has this member.
    pub(super) fn has(name: &str) -> Self {
        Self::All(vec![Self::Type(vec!["object".into()]), Self::Required(vec![name.into()])])
    }

    /// Whether it holds for a value.
    pub(super) fn holds(&self, node: Node<'_>) -> bool {
        let (node, _) = meant(node);
        match self {
            Self::Always(always) => *always,
            Self::All(all) => all.iter().all(|one| one.holds(node)),
            Self::Any(any) => any.iter().any(|one| one.holds(node)),
            Self::One(one) => one.iter().filter(|one| one.holds(node)).take(2).count() == 1,
            Self::Not(other) => !other.holds(node),
            Self::Either(parts) => parts[if parts[0].holds(node) { 1 } else { 2 }].holds(node),
            Self::Required(names) => {
                node.kind() != Kind::Object || names.iter().all(|name| node.get(name).is_some())
            }
            Self::Type(words) => words.iter().any(|word| is_of_type(node, word)),
            Self::Equals(values) => values.iter().any(|value| equal(node, value)),
            Self::Member(name, other) => node.get(name).is_none_or(|member| other.holds(member)),
            Self::Elements(other) => node.elements().all(|element| other.holds(element)),
            Self::Members(other) => node.members().all(|member| other.holds(member.value)),
            Self::MembersAtLeast(least) => node.kind() != Kind::Object || node.len() >= *least,
            Self::Bound(limit, holds) => match (node.as_decimal(), Decimal::parse(limit)) {
                (Some(number), Some(limit)) => holds(number.cmp(&limit)),
                _ => true,
            },
            Self::Time => node.as_str().is_none_or(|text| TimeText::of(&text).is_some()),
        }
    }
}

struct Reader<'a> {
    root: &'a Value,
    open: Vec<&'a str>,
}

impl<'a> Reader<'a> {
    fn read(&mut self, schema: &'a Value) -> Result<Condition, Error> {
        let schema = match schema {
            Value::Bool(always) => return Ok(Condition::Always(*always)),
            Value::Object(schema) => schema,
            _ => return Err(Error::custom("a schema is an object, true or false")),
        };
        let mut all = Vec::new();
        for (keyword, value) in schema {
            if let Some(condition) = self.keyword(keyword, value, schema)? {
                all.push(condition);
            }
        }
        Ok(Condition::All(all))
    }

    fn keyword(
        &mut self,
        keyword: &str,
        value: &'a Value,
        schema: &'a Map<String, Value>,
    ) -> Result<Option<Condition>, Error> {
        let condition = match keyword {
            "allOf" => Condition::All(self.list(value)?),
            "anyOf" => Condition::Any(self.list(value)?),
            "oneOf" => Condition::One(self.list(value)?),
            "not" => Condition::Not(Box::new(self.read(value)?)),
            "if" => {
                let mut branch =
                    |name| schema.get(name).map_or(Ok(Condition::Always(true)), |part| self.read(part));
                let (then, otherwise) = (branch("then")?, branch("else")?);
                Condition::Either(Box::new([self.read(value)?, then, otherwise]))
            }
            "required" => Condition::Required(texts(value)?),
            "type" => Condition::Type(texts(value)?),
            "const" => Condition::Equals(vec![value.clone()]),
            "enum" => Condition::Equals(value.as_array().cloned().unwrap_or_default()),
            "properties" => {
                let members = value.as_object().into_iter().flatten();
                let member = |(name, schema): (&'a String, &'a Value)| -> Result<Condition, Error> {
                    Ok(Condition::Member(name.as_str().into(), Box::new(self.read(schema)?)))
                };
                Condition::All(members.map(member).collect::<Result<_, _>>()?)
            }
            "items" => Condition::Elements(Box::new(self.read(value)?)),
            // Beside those that `properties` names it would mean the others only.
            "additionalProperties" if !schema.contains_key("properties") => {
                Condition::Members(Box::new(self.read(value)?))
            }
            "minProperties" => {
                let least = value.as_u64().and_then(|least| usize::try_from(least).ok());
                Condition::MembersAtLeast(least.ok_or_else(|| Error::custom("minProperties is a count"))?)
            }
            "minimum" => bound(value, Ordering::is_ge),
            "maximum" => bound(value, Ordering::is_le),
            "exclusiveMinimum" => bound(value, Ordering::is_gt),
            "exclusiveMaximum" => bound(value, Ordering::is_lt),
            "format" if value == "x-time" => Condition::Time,
            "$ref" => self.follow(value)?,
            // `if` has read these, and what only describes is no condition.
            "then" | "else" | "title" | "description" | "$defs" | "$schema" | "default" | "examples" => {
                return Ok(None);
            }
            ours if ours.starts_with("x-") => return Ok(None),
            other => {
                return Err(Error::custom(format!(
                    "a branch with x-rules cannot be told by the keyword {other}"
                )));
            }
        };
        Ok(Some(condition))
    }

    fn list(&mut self, value: &'a Value) -> Result<Vec<Condition>, Error> {
        value.as_array().into_iter().flatten().map(|schema| self.read(schema)).collect()
    }

    fn follow(&mut self, reference: &'a Value) -> Result<Condition, Error> {
        let target = reference.as_str().unwrap_or_default();
        let schema = target.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
        match schema {
            Some(schema) if !self.open.contains(&target) => {
                self.open.push(target);
                let condition = self.read(schema)?;
                self.open.pop();
                Ok(condition)
            }
            _ => Err(Error::custom(format!("a branch with x-rules cannot be told by $ref {target:?}"))),
        }
    }
}

fn bound(limit: &Value, holds: fn(Ordering) -> bool) -> Condition {
    Condition::Bound(limit.to_string().into(), holds)
}

/// One text, or a list of them.
fn texts(value: &Value) -> Result<Vec<Box<str>>, Error> {
    let one = |value: &Value| value.as_str().map(Into::into);
    let texts = match value {
        Value::Array(list) => list.iter().map(one).collect(),
        value => one(value).map(|text| vec![text]),
    };
    texts.ok_or_else(|| Error::custom("texts are wanted"))
}

fn is_of_type(node: Node<'_>, word: &str) -> bool {
    match node.kind() {
        Kind::Null => word == "null",
        Kind::Bool => word == "boolean",
        Kind::Number => {
            word == "number" || (word == "integer" && node.as_decimal().is_some_and(Decimal::is_integer))
        }
        Kind::String => word == "string",
        Kind::Array => word == "array",
        Kind::Object => word == "object",
    }
}

/// Equal as JSON Schema means it: numbers by value, members in any order.
pub(crate) fn equal(node: Node<'_>, expected: &Value) -> bool {
    match expected {
        Value::Null => node.is_null(),
        Value::Bool(expected) => node.as_bool() == Some(*expected),
        Value::Number(expected) => {
            node.kind() == Kind::Number && same_value(node.text(), &expected.to_string())
        }
        Value::String(expected) => node.as_str().is_some_and(|text| text == *expected),
        Value::Array(expected) => {
            node.kind() == Kind::Array
                && node.len() == expected.len()
                && node.elements().zip(expected).all(|(node, expected)| equal(node, expected))
        }
        Value::Object(expected) => {
            node.kind() == Kind::Object
                && node.len() == expected.len()
                && expected.iter().all(|(name, value)| node.get(name).is_some_and(|node| equal(node, value)))
        }
    }
}
