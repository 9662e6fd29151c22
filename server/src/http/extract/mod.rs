//! What handlers take out of requests. Every refusal is a problem document.

mod body;
pub(crate) mod decode;
mod header;
mod known;
pub(crate) mod once;
mod origin;
mod path;
mod pieces;
mod query;
mod time;

pub(crate) use body::{Json, OptionalJson};
pub(crate) use header::tokens;
pub(crate) use once::Once;
pub(crate) use origin::origin;
pub(crate) use path::{PathText, PathTexts, state_id, state_key, state_type};
pub(crate) use pieces::{Pieces, throw_away};
pub(crate) use query::{Params, list, names};
pub(crate) use time::{moment, time, time_or_naive};
