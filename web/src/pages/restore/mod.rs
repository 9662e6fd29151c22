//! Restore: planned, looked at, applied, undone.

#![allow(
    clippy::large_types_passed_by_value,
    reason = "a planning is a bundle of handles, made to be copied"
)]

mod apply;
mod aside;
mod banner;
mod change_line;
mod detail;
mod difference;
mod earlier;
mod exchange;
mod items;
mod left;
mod list;
mod looking;
mod page;
mod planning;
mod result;
mod scope;
mod sending;
mod sent;
mod since;
mod state_row;
mod target;
mod undo;
mod written;

pub(crate) use apply::Holding;
pub(crate) use detail::{mode_name, mode_of};
pub(crate) use page::Restore;
pub(crate) use result::Restored;
pub(crate) use sending::Sending;
pub(crate) use sent::{order_of, reconciling, remember};
pub(crate) use written::place_of;
