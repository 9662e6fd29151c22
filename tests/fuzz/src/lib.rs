//! What must hold whatever bytes are given. A case that does not hold panics, which is how a fuzzer sees it.

pub mod import;
