//! View models: what the pages show, without a browser.

pub mod activity;
pub mod address;
pub mod age;
pub mod change;
pub mod changes;
pub mod chart;
pub mod day;
pub mod feed;
pub mod health;
pub mod hello;
pub mod history;
pub mod inbox;
pub mod incident;
pub mod jobs;
pub mod lines;
pub mod link;
pub mod listing;
pub mod number;
pub mod path_history;
pub mod pick;
pub mod plan_address;
pub mod position;
pub mod quiet;
pub mod restore;
#[cfg(test)]
pub(crate) mod sample;
pub mod scale;
pub mod search;
pub mod selection;
pub mod spark;
pub mod strip;
pub mod text;
pub mod tint;
pub mod tree;
pub mod window;
