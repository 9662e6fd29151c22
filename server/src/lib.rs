//! The Stateloft server: `cli -> http -> service -> store, events -> core`.
// They panic when nobody reads on: `cli::say` writes what the program says.
#![warn(clippy::print_stdout, clippy::print_stderr)]
#![cfg_attr(not(feature = "network"), allow(dead_code, reason = "some of it is for stores over the network"))]

pub mod alarms;
pub mod budget;
pub mod cli;
pub mod clock;
pub mod config;
pub mod events;
mod heavy;
pub mod http;
mod ids;
pub mod mirror;
mod repeats;
pub mod service;
pub mod store;
