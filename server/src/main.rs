//! The Statehouse server.
fn main() {}
