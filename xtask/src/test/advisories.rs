//! Known faults of dependencies: those that `xtask/advisories.toml` lists, compared with `Cargo.lock` without a network.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use semver::{Version, VersionReq};
use serde::Deserialize;

use crate::progress;

#[derive(Debug, Deserialize)]
struct Known {
    as_of: String,
    advisory: Vec<Advisory>,
}

#[derive(Debug, Deserialize)]
struct Advisory {
    id: String,
    package: String,
    what: String,
    patched: Vec<VersionReq>,
}

#[derive(Debug, Deserialize)]
struct Lock {
    package: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    version: Version,
    /// Absent for our own.
    source: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Rules {
    advisories: Exceptions,
}

#[derive(Debug, Deserialize)]
struct Exceptions {
    ignore: Vec<Exception>,
}

#[derive(Debug, Deserialize)]
struct Exception {
    id: String,
}

/// Fails when a dependency has a known fault that `deny.toml` does not except, or when it excepts one that nothing has any
/// more. Returns how old the list is.
pub(super) fn check(root: &Path) -> Result<String> {
    let read = |name: &str| {
        std::fs::read_to_string(root.join(name))
            .with_context(|| format!("reading {}", root.join(name).display()))
    };
    let known: Known = toml::from_str(&read("xtask/advisories.toml")?).context("xtask/advisories.toml")?;
    let lock: Lock = toml::from_str(&read("Cargo.lock")?).context("Cargo.lock")?;
    let rules: Rules = toml::from_str(&read("deny.toml")?).context("deny.toml")?;
    let excepted: Vec<&str> = rules.advisories.ignore.iter().map(|exception| exception.id.as_str()).collect();
    let found = found(&known.advisory, &lock.package);
    let bad: Vec<String> = found
        .iter()
        .filter(|(advisory, _)| !excepted.contains(&advisory.id.as_str()))
        .map(|(advisory, package)| {
            format!("{} {}: {} ({})", package.name, package.version, advisory.what, advisory.id)
        })
        .collect();
    if !bad.is_empty() {
        bail!("dependencies with known faults:\n{}", bad.join("\n"));
    }
    let of_nothing: Vec<&str> =
        excepted.into_iter().filter(|id| !found.iter().any(|(advisory, _)| advisory.id == *id)).collect();
    if !of_nothing.is_empty() {
        bail!(
            "deny.toml excepts what nothing has, or xtask/advisories.toml does not list: {}",
            of_nothing.join(", ")
        );
    }
    progress::note(&format!("{} known faults compared with Cargo.lock", known.advisory.len()));
    Ok(known.as_of)
}

/// The faults that packages have.
fn found<'a>(known: &'a [Advisory], packages: &'a [Package]) -> Vec<(&'a Advisory, &'a Package)> {
    let has = |advisory: &Advisory, package: &Package| {
        package.source.is_some()
            && package.name == advisory.package
            && !advisory.patched.iter().any(|patched| patched.matches(&package.version))
    };
    known
        .iter()
        .flat_map(|advisory| {
            packages.iter().filter(|package| has(advisory, package)).map(move |p| (advisory, p))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Known, Lock, check, found};

    const LOCK: &str = r#"
[[package]]
name = "h2"
version = "0.3.27"
source = "registry"

[[package]]
name = "h2"
version = "0.4.16"
source = "registry"

[[package]]
name = "paste"
version = "1.0.15"
source = "registry"

[[package]]
name = "slab"
version = "0.4.10"
"#;
    const KNOWN: &str = r#"
as_of = "2026-11-29"

[[advisory]]
id = "A"
package = "h2"
what = "grows"
patched = [">= 0.3.30, < 0.4.0", ">= 0.4.16"]

[[advisory]]
id = "B"
package = "paste"
what = "is not maintained"
patched = []

[[advisory]]
id = "C"
package = "slab"
what = "is our own"
patched = []
"#;

    #[test]
    fn versions_that_no_range_mends_are_found() {
        let (known, lock): (Known, Lock) = (toml::from_str(KNOWN).unwrap(), toml::from_str(LOCK).unwrap());
        let found: Vec<_> = found(&known.advisory, &lock.package)
            .into_iter()
            .map(|(advisory, package)| (advisory.id.as_str(), package.version.to_string()))
            .collect();
        assert_eq!(found, [("A", "0.3.27".to_owned()), ("B", "1.0.15".to_owned())]);
    }

    #[test]
    fn this_project_has_none_but_those_it_excepts() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        check(root).unwrap();
    }
}
