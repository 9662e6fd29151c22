//! The two counters: one over the whole store, one in each state.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! counter {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub struct $name(pub u64);

        impl $name {
            /// Before the first one.
            pub const ZERO: Self = Self(0);

            /// The one after this.
            #[must_use]
            pub fn next(self) -> Self {
                Self(self.0.saturating_add(1))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

counter! {
    /// The place of a version in the whole store: 1, 2, 3, ... without gaps, in commit order. 0 is the empty store.
    Seq
}
counter! {
    /// The place of a version in its state: 1..n without gaps. 0 means that the state has no version yet.
    VersionNumber
}

/// The number that a text of digits spells: no sign, no space, nothing else.
#[must_use]
pub fn whole_number(text: &str) -> Option<u64> {
    // Rust's own reading takes a plus before the digits.
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}
