//! The Statehouse console.
fn main() {}
