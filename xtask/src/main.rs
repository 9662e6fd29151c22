//! Everything that sets up, builds, tests and measures this repository.
fn main() {}
