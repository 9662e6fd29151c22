//! `minimum`, `maximum` and their exclusive forms, by the number as it is spelled: 30 digits are 30 digits, and
//! `1e400` is a large number and not infinity.

use std::cmp::Ordering;

use jsonschema::{Keyword, ValidationError, ValidationOptions};
use serde_json::{Map, Value};

use super::instance::{Instance, TapeJson};
use crate::json::{Decimal, Node};

type Holds = fn(Ordering) -> bool;

const BOUNDS: [(&str, Holds); 4] = [
    ("minimum", Ordering::is_ge),
    ("maximum", Ordering::is_le),
    ("exclusiveMinimum", Ordering::is_gt),
    ("exclusiveMaximum", Ordering::is_lt),
];

/// Replaces the validator's own bounds by exact ones.
pub(super) fn exact<R>(options: ValidationOptions<'_, R, TapeJson>) -> ValidationOptions<'_, R, TapeJson> {
    BOUNDS.into_iter().fold(options, |options, (name, holds)| {
        options.with_keyword(name, move |_: &Map<String, Value>, limit: &Value, _| bound(limit, holds))
    })
}

fn bound<'a>(
    limit: &Value,
    holds: Holds,
) -> Result<Box<dyn for<'i> Keyword<'i, TapeJson>>, ValidationError<'a>> {
    match limit {
        Value::Number(limit) => Ok(Box::new(Bound { limit: limit.to_string(), holds })),
        _ => Err(ValidationError::custom("a bound must be a number")),
    }
}

/// One bound; its error's message is the limit, for [`super::message`] to put into words.
struct Bound {
    limit: String,
    holds: Holds,
}

impl<'i> Keyword<'i, TapeJson> for Bound {
    fn validate(&self, instance: Instance<'i>) -> Result<(), ValidationError<'i>> {
        if self.is_valid(instance) { Ok(()) } else { Err(ValidationError::custom(self.limit.clone())) }
    }

    fn is_valid(&self, instance: Instance<'i>) -> bool {
        match (instance.node().and_then(Node::as_decimal), Decimal::parse(&self.limit)) {
            (Some(number), Some(limit)) => (self.holds)(number.cmp(&limit)),
            _ => true,
        }
    }
}
