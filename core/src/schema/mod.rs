//! What is known of each state type: its schema, its mode, and what its paths mean.
//!
//! Schemas are JSON Schema 2020-12 with a few keywords more, which a plain validator passes over:
//!
//! - `x-identity`: the member that names the elements of an array, such as `symbol`;
//! - `x-volatile`: noise, hidden in differences unless asked for;
//! - `x-protected`: not restored unless unlocked; the text says why;
//! - `x-identifier`: a number that names something, so that its difference means nothing;
//! - `x-unit`: the unit, for people;
//! - `x-rules`: rules between members, such as: a long's first stop is below its entry (`rules.rs`); those of a branch count
//!   where the branch was chosen (`condition.rs`), and those in `if` and `not` never;
//! - the format `x-time`: an RFC 3339 time, or one without a zone (noted, see [`TimeText`]);
//! - the formats `x-decimal`: a number as a text, which keeps every digit; and `x-direction`: a word for a side of the market.
//!
//! Nothing here needs the validator, so the console's shell uses it as it is.

mod builtin;
mod check;
mod collect;
mod condition;
#[cfg(feature = "validate")]
mod direction;
mod modes;
mod paths;
mod rules;
mod steps;
mod time;

pub use builtin::{path_rules, schema_text};
#[cfg(feature = "validate")]
pub(crate) use check::{Found, broken_rules, shown};
pub use check::{MOST_FINDINGS, notices};
#[cfg(feature = "validate")]
pub(crate) use condition::equal;
#[cfg(feature = "validate")]
pub(crate) use direction::{DIRECTIONS, is_direction};
pub use modes::Modes;
pub use paths::{PathRules, RulesAt};
pub(crate) use steps::Steps;
pub use time::TimeText;
