//! Import: files dropped, looked at, chosen, written in one commit, undone; and what could not be placed, settled.
//!
//! Nothing is sent until the button is pressed. Files are read and understood here, by the worker; the store is only asked what it
//! holds of the states that they name.

#![allow(
    clippy::large_types_passed_by_value,
    reason = "an importing is a bundle of handles, made to be copied"
)]

mod apply;
mod aside;
mod bundles;
mod chips;
mod details;
mod ground;
mod importing;
mod item_row;
mod lines;
mod list;
mod looking;
mod page;
mod quarantine;
mod reading;
mod rows;
mod sending;
mod settle;
mod taking;
mod undo;
mod waiting_row;
mod walk;
mod working;
mod written;

pub(crate) use page::Import;
