//! The HTTP API, typed. Answers are read from text with serde, never with the browser's own reader, so that every
//! number keeps its spelling. A request whose future is dropped is aborted.

mod calls;
mod client;
mod key;
mod named;

pub(crate) use crate::model::failure::ApiError;
pub(crate) use calls::*;
pub(crate) use client::{get, get_text, hear, send, send_as_it_is};
pub(crate) use key::{key, set_key};
pub(crate) use named::{forget_snapshot, get_of, raw_of, send_of, snapshot, state_path};
