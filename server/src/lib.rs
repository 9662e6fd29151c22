//! The Statehouse server: `cli -> http -> service -> store, events -> core`.

pub mod config;
pub mod events;
pub mod service;
pub mod store;
