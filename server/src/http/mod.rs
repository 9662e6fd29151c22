//! HTTP: routes, problem documents, entity tags, WebSocket and SSE sessions, the console's files, and the guards in
//! front of all of them.
//!
//! `axum` appears only here. A route is one file under [`routes`]; what it decides is in [`crate::service`].

mod app;
mod console;
mod described;
mod entity_tag;
mod extract;
mod failure;
mod guard;
mod link;
mod listen;
mod openapi;
mod options;
mod reply;
mod router;
mod routes;
mod sse;
mod subscriptions;
mod within;
mod ws;

pub use listen::{Listening, bind};
pub use openapi::document as openapi_document;
pub use options::{BODY_MAX, IMPORT_MAX, Limits, Options};
pub use within::Within;
