//! A broken keyword in plain words, with the value as the document spells it.

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Broken};
use serde_json::Value;

use crate::json::{ENCODED_TWICE, Kind, Node, is_encoded_twice};
use crate::schema::{DIRECTIONS, shown};

/// The stable code and the message of an error at `node`.
pub(super) fn explain(error: &ValidationError<'_>, node: Node<'_>) -> (String, String) {
    let value = shown(node);
    let words = match error.kind() {
        Broken::Required { property: Value::String(name) } => format!("{name} is missing"),
        Broken::Type { kind } => wrong_type(node, &types(kind)),
        Broken::Enum { options } => format!("{value} must be one of {}", choices(options)),
        Broken::Constant { expected_value } => format!("{value} must be {expected_value}"),
        Broken::Custom { keyword, message: limit } => return bound(keyword, &value, limit),
        Broken::Format { format } if format == "x-time" => {
            format!("{value} is not a time such as 2026-11-21T09:46:11Z")
        }
        Broken::Format { format } if format == "x-decimal" => {
            format!("{value} is not a number such as 12.50")
        }
        Broken::Format { format } if format == "x-direction" => {
            format!("{value} must be one of {}, in either case", DIRECTIONS.join(", "))
        }
        Broken::Format { format } => format!("{value} is not a valid {format}"),
        Broken::MinLength { limit: 1 } => "must not be empty".to_owned(),
        Broken::MinLength { limit } => format!("{value} must have {limit} characters or more"),
        Broken::MaxLength { limit } => format!("{value} must have {limit} characters or fewer"),
        Broken::MinItems { limit } => format!("{} elements; {limit} or more are wanted", node.len()),
        Broken::MaxItems { limit } => format!("{} elements; {limit} or fewer are wanted", node.len()),
        Broken::Pattern { pattern } => format!("{value} must match {pattern}"),
        other => format!("{value} breaks the rule {}", other.keyword()),
    };
    (code(error.kind().keyword()), words)
}

fn bound(keyword: &str, value: &str, limit: &str) -> (String, String) {
    let words = match keyword {
        "minimum" => format!("{value} must be {limit} or more"),
        "maximum" => format!("{value} must be {limit} or less"),
        "exclusiveMinimum" => format!("{value} must be above {limit}"),
        _ => format!("{value} must be below {limit}"),
    };
    (code(keyword), words)
}

/// `exclusiveMinimum` as a code: `exclusive_minimum`.
fn code(keyword: &str) -> String {
    let mut code = String::with_capacity(keyword.len() + 2);
    for character in keyword.chars() {
        if character.is_ascii_uppercase() {
            code.push('_');
        }
        code.push(character.to_ascii_lowercase());
    }
    code
}

fn wrong_type(node: Node<'_>, wanted: &str) -> String {
    match node.kind() {
        Kind::Number => format!("{} must be {wanted}", shown(node)),
        Kind::String if is_encoded_twice(node) => format!("must be {wanted}; {ENCODED_TWICE}"),
        Kind::Bool | Kind::String => {
            format!("{} must be {wanted}, not {}", shown(node), a(node.kind().name()))
        }
        Kind::Null | Kind::Array | Kind::Object => format!("must be {wanted}, not {}", a(node.kind().name())),
    }
}

fn types(kind: &TypeKind) -> String {
    let mut names: Vec<_> = match kind {
        TypeKind::Single(one) => vec![a(one.as_str())],
        TypeKind::Multiple(several) => several.iter().map(|one| a(one.as_str())).collect(),
    };
    names.sort_by_key(|name| name == "null");
    names.join(" or ")
}

fn a(type_name: &str) -> String {
    match type_name {
        "null" => "null".to_owned(),
        "string" => "a text".to_owned(),
        "integer" => "a whole number".to_owned(),
        "array" | "object" => format!("an {type_name}"),
        _ => format!("a {type_name}"),
    }
}

fn choices(options: &Value) -> String {
    let texts: Vec<_> = options.as_array().into_iter().flatten().map(Value::to_string).collect();
    texts.join(", ")
}
