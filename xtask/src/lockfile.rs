//! The version of a dependency that `Cargo.lock` pins.

use std::path::Path;

use anyhow::{Context as _, Result};

/// The version of `package` in the `Cargo.lock` of the repository at `root`.
pub(crate) fn locked_version(root: &Path, package: &str) -> Result<String> {
    let path = root.join("Cargo.lock");
    let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    find(&text, package)
        .map(str::to_owned)
        .with_context(|| format!("Cargo.lock names no package `{package}`"))
}

/// Cargo writes each `[[package]]` as `name = "..."` followed by `version = "..."`.
fn find<'a>(lockfile: &'a str, package: &str) -> Option<&'a str> {
    let mut lines = lockfile.lines();
    lines.find(|line| quoted(line, "name") == Some(package))?;
    lines.next().and_then(|line| quoted(line, "version"))
}

fn quoted<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    line.strip_prefix(key)?.strip_prefix(" = \"")?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::find;

    const LOCKFILE: &str = r#"
version = 4

[[package]]
name = "wasm-bindgen-futures"
version = "0.4.80"
dependencies = [
 "wasm-bindgen",
]

[[package]]
name = "wasm-bindgen"
version = "0.2.130"
source = "registry+https://github.com/rust-lang/crates.io-index"
"#;

    #[test]
    fn the_exact_package_is_found_though_others_share_its_prefix() {
        assert_eq!(find(LOCKFILE, "wasm-bindgen"), Some("0.2.130"));
        assert_eq!(find(LOCKFILE, "wasm-bindgen-futures"), Some("0.4.80"));
    }

    #[test]
    fn an_absent_package_is_no_version() {
        assert_eq!(find(LOCKFILE, "wasm"), None);
        assert_eq!(find("", "wasm-bindgen"), None);
    }
}
