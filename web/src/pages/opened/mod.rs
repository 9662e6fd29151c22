//! A bundle as a file: opened in the browser, nothing of it sent; its states, history, any two versions, as of any seq.

#![allow(clippy::large_types_passed_by_value, reason = "a view is a bundle of handles, made to be copied")]

mod banner;
mod file;
mod ground;
mod list;
mod look;
mod moment;
mod page;
mod paged;
mod rail;
mod row;
mod state;

pub(crate) use file::open_file;
pub(crate) use page::Opened;
