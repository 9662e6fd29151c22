//! The validators of the built-in types, made when first needed.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::bounds::exact;
use super::instance::TapeJson;
use crate::json::Decimal;
use crate::model::StateType;
use crate::schema::{TimeText, is_direction, schema_text};

pub(super) type Validator = jsonschema::Validator<TapeJson>;

static VALIDATORS: LazyLock<BTreeMap<&str, Validator>> = LazyLock::new(|| {
    let built_in = StateType::BUILT_IN.into_iter();
    // A schema that cannot be compiled would check nothing; a test compiles every one.
    built_in.filter_map(|name| Some((name, compile(schema_text(name)?).ok()?))).collect()
});

/// The validator of a type; `None` if it has no schema.
pub(super) fn validator(state_type: &str) -> Option<&'static Validator> {
    VALIDATORS.get(state_type)
}

fn compile(text: &str) -> Result<Validator, String> {
    let schema = serde_json::from_str(text).map_err(|error| error.to_string())?;
    exact(jsonschema::options_for::<TapeJson>())
        .with_draft(jsonschema::Draft::Draft202012)
        .with_format("x-time", |text: &str| TimeText::of(text).is_some())
        .with_format("x-decimal", |text: &str| Decimal::parse(text).is_some())
        .with_format("x-direction", is_direction)
        .should_validate_formats(true)
        .build(&schema)
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_schema_compiles() {
        for name in StateType::BUILT_IN {
            compile(schema_text(name).unwrap()).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(validator(name).is_some());
        }
    }

    #[test]
    fn a_schema_elsewhere_is_never_fetched() {
        assert!(compile(r#"{"$ref":"https://example.com/schema.json"}"#).is_err());
        assert!(compile(r#"{"$ref":"file:///etc/hostname"}"#).is_err());
    }
}
