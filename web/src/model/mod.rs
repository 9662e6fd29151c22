//! View models: what the pages show, without a browser.

pub mod address;
pub mod age;
pub mod change;
pub mod day;
pub mod inbox;
pub mod link;
pub mod number;
pub mod spark;
pub mod strip;
pub mod text;
pub mod tint;
pub mod window;
