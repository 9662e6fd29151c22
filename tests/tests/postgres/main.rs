//! What only PostgreSQL can do, and what can be done to it: several servers on one database, restarts, crashes, lost
//! connections, tables of others.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    unreachable_pub,
    reason = "a test has no outside, and fails by panicking"
)]

mod asks;
mod away;
mod closing;
mod damage;
mod faults;
mod handshakes;
mod harm;
mod importing;
mod in_doubt;
mod indexes;
mod leaving;
mod lost_end;
mod notices;
mod opening;
mod programs;
mod proxy;
mod read_only;
mod refused;
mod runs;
mod servers;
mod session_tables;
mod site;
mod writes_stopped;
