//! View models: what the pages show, without a browser.

pub mod address;
pub mod age;
pub mod change;
pub mod day;
pub mod feed;
pub mod hello;
pub mod inbox;
pub mod link;
pub mod listing;
pub mod number;
pub mod position;
pub mod quiet;
#[cfg(test)]
pub(crate) mod sample;
pub mod selection;
pub mod spark;
pub mod strip;
pub mod text;
pub mod tint;
pub mod window;
