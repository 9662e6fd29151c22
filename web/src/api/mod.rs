//! The HTTP API, typed. Answers are read from text with serde, never with the browser's own reader, so that every
//! number keeps its spelling. A request whose future is dropped is aborted.

mod calls;
mod client;
mod error;
mod key;

pub(crate) use calls::*;
pub(crate) use client::{get, js_text, send};
pub(crate) use error::ApiError;
pub(crate) use key::{key, set_key};
