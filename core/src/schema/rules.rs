//! Rules between members of an object, which JSON Schema cannot say: the keyword `x-rules`.
//!
//! ```json
//! { "name": "initial_stop_loss_long", "when": { "/direction": ["long"] }, "check": { "at_most": ["/initial_stop_loss", "/entry_price"] } }
//! ```
//!
//! A rule says what can never be right; what is only unusual is a notice. So a stop is held against the entry only where the
//! document says that it is the one from the start: a stop that is trailed passes the entry every day.
//!
//! A rule belongs to the object whose schema holds it; its pointers start there. It is silent where a value that it
//! needs is absent or of another type: that is for the rest of the schema to say.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::json::Pointer;

/// One rule.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    /// Stable: a broken rule's code is `rule:<name>`.
    pub(super) name: Box<str>,
    /// The rule applies where each of these places holds one of these texts.
    #[serde(default)]
    pub(super) when: BTreeMap<Pointer, Vec<Box<str>>>,
    /// Worth knowing, but it does not make the data invalid.
    #[serde(default)]
    pub(super) notice: bool,
    /// What must be true.
    pub(super) check: Check,
    /// What to tell people, where the check alone does not say enough.
    #[serde(default)]
    pub(super) message: Option<Box<str>>,
}

/// What must be true; the pointers start at the object that the rule belongs to.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Check {
    /// The first number is the second or less.
    AtMost(Pointer, Pointer),
    /// The first number is the second or more.
    AtLeast(Pointer, Pointer),
    /// Both arrays are equally long.
    EqualLengths(Pointer, Pointer),
    /// No element of the array occurs twice.
    Distinct(Pointer),
    /// The value is not null.
    NotNull(Pointer),
    /// The number is not below zero.
    NotNegative(Pointer),
    /// One of them at least is there and not null.
    AnyOf(Vec<Pointer>),
}

impl Check {
    /// How many places are looked at.
    pub(super) fn places(&self) -> usize {
        match self {
            Self::AtMost(..) | Self::AtLeast(..) | Self::EqualLengths(..) => 2,
            Self::Distinct(_) | Self::NotNull(_) | Self::NotNegative(_) => 1,
            Self::AnyOf(places) => places.len(),
        }
    }
}
