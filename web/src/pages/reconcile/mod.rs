//! Reconcile: a run's positions beside what its broker lists, what is chosen of each row, and the commit that writes it.

#![allow(clippy::large_types_passed_by_value, reason = "a board is a bundle of handles, made to be copied")]

mod again;
mod apply;
mod aside;
mod asking;
mod board;
mod close;
mod detail;
mod drift;
mod given;
mod list;
mod page;
mod result;
mod row;
mod segments;
mod split;
mod told;
mod undo;

pub(crate) use page::Reconcile;
