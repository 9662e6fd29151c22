//! How much work is put into what the console is made of.

/// For whom the console and the component are built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finish {
    /// For somebody who waits for `cargo xtask run`: the same program, built in a fraction of the time, larger to download
    /// from the same machine.
    Quick,
    /// What is shipped, tested and measured: as small as it gets.
    Shipped,
}

impl Finish {
    /// Cargo's profile for the console's program.
    pub(crate) fn console_profile(self) -> &'static str {
        match self {
            Self::Quick => QUICK_PROFILE,
            Self::Shipped => "wasm-release",
        }
    }

    /// Cargo's profile for the component. The quick ones share one, so that what both are made of is compiled once.
    pub(crate) fn component_profile(self) -> &'static str {
        match self {
            Self::Quick => QUICK_PROFILE,
            Self::Shipped => "component-release",
        }
    }

    /// Core's features for a program of the console. What both quick ones are made of is compiled once only if its features are the
    /// same in both.
    pub(crate) fn core_features(self) -> &'static [&'static str] {
        match self {
            Self::Quick => &["alike"],
            Self::Shipped => &[],
        }
    }

    /// Brotli's level: the best takes seconds for each of the large files, a low one hardly any time.
    pub(crate) fn brotli_quality(self) -> u32 {
        match self {
            Self::Quick => 1,
            Self::Shipped => 11,
        }
    }

    /// Whether what was built with this finish will do where `wanted` is asked for.
    pub(crate) fn serves(self, wanted: Self) -> bool {
        self == wanted || self == Self::Shipped
    }
}

/// One profile for the server and the console: the compiler's plug-ins that both use are compiled once.
pub(crate) const QUICK_PROFILE: &str = "quick";

#[cfg(test)]
mod tests {
    use super::Finish::{Quick, Shipped};

    #[test]
    fn what_is_shipped_serves_everybody_and_what_is_quick_only_who_waits() {
        assert!(Shipped.serves(Shipped) && Shipped.serves(Quick) && Quick.serves(Quick));
        assert!(!Quick.serves(Shipped));
    }
}
