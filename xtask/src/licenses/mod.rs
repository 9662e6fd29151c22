//! Which crates of others are in a program, and under which licences: the file that goes along with what is shipped.
//!
//! What is compiled in is asked of `cargo tree`, where each crate lies and what it says of its licence of `cargo metadata`. Its
//! licences are the files of its package. A few packages have none; there the standard text of the licence that they name stands in.

mod standard;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::console::files;
use crate::process;
use crate::tools::TARGET;
use crate::workspace::Workspace;

/// What the file is called, wherever it goes.
pub(crate) const NAME: &str = "THIRD-PARTY.txt";

/// Something that is compiled and shipped.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Program<'a> {
    /// The package of the workspace.
    pub(crate) package: &'a str,
    /// Its features beside the default ones.
    pub(crate) features: &'a str,
    /// What it is compiled for; this machine if it is not said.
    pub(crate) target: Option<&'a str>,
}

/// The component.
pub(crate) const COMPONENT: Program<'static> =
    Program { package: "stateloft-core", features: "wasm", target: Some(TARGET) };

/// A crate, and the texts of its licences.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Crate {
    name: String,
    version: String,
    /// As the package says it, such as `MIT OR Apache-2.0`.
    license: String,
    texts: Vec<String>,
}

/// The file for what these programs have in them.
///
/// # Errors
/// Of a crate no licence can be found.
pub(crate) fn of(workspace: &Workspace, programs: &[Program<'_>]) -> Result<String> {
    let mut crates = BTreeSet::from([standard_library()?]);
    for program in programs {
        let inside = compiled_in(workspace, *program)?;
        let packages = packages(workspace, *program)?;
        for (name, version) in inside {
            let package = packages.get(&(name.clone(), version.clone()));
            let package =
                package.with_context(|| format!("cargo metadata does not know {name} {version}"))?;
            if !package["source"].is_null() {
                crates.insert(read(package)?);
            }
        }
    }
    Ok(written(&crates))
}

/// Names and versions, as `cargo tree` has them; those that only run while it compiles are left out.
fn compiled_in(workspace: &Workspace, program: Program<'_>) -> Result<BTreeSet<(String, String)>> {
    let mut tree = workspace.cargo();
    tree.args(["tree", "--locked", "--prefix=none", "--edges=normal,no-proc-macro", "--format={p}"]);
    tree.args(["--package", program.package, "--features", program.features]);
    if let Some(target) = program.target {
        tree.args(["--target", target]);
    }
    let lines = process::output(&mut tree)?;
    let named = |line: &str| {
        let mut words = line.split_whitespace();
        Some((words.next()?.to_owned(), words.next()?.strip_prefix('v')?.to_owned()))
    };
    Ok(lines.lines().filter_map(named).collect())
}

/// What `cargo metadata` says of each package.
fn packages(workspace: &Workspace, program: Program<'_>) -> Result<BTreeMap<(String, String), Value>> {
    let mut metadata = workspace.cargo();
    metadata.args(["metadata", "--locked", "--format-version=1", "--all-features"]);
    if let Some(target) = program.target {
        metadata.args(["--filter-platform", target]);
    } else {
        metadata.args(["--filter-platform", &host()?]);
    }
    let mut metadata: Value = serde_json::from_str(&process::output(&mut metadata)?)?;
    let packages = metadata["packages"].as_array_mut().map(std::mem::take).unwrap_or_default();
    let text = |package: &Value, key: &str| package[key].as_str().unwrap_or_default().to_owned();
    Ok(packages.into_iter().map(|each| ((text(&each, "name"), text(&each, "version")), each)).collect())
}

/// The compiler's own platform and version.
fn rustc(word: &str) -> Result<String> {
    let said = process::output(std::process::Command::new("rustc").arg("-vV"))?;
    let found = said.lines().find_map(|line| line.strip_prefix(word)?.strip_prefix(": "));
    Ok(found.with_context(|| format!("rustc says no {word}"))?.to_owned())
}

fn host() -> Result<String> {
    rustc("host")
}

/// It is in every program, and no package.
fn standard_library() -> Result<Crate> {
    let license = "MIT OR Apache-2.0".to_owned();
    let name = "Rust's standard library".to_owned();
    let texts = standard::texts(&license, "the Rust project's contributors").context(name.clone())?;
    Ok(Crate { name, version: rustc("release")?, license, texts })
}

fn read(package: &Value) -> Result<Crate> {
    let text = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
    let (name, version, license) = (text("name"), text("version"), text("license"));
    let manifest = PathBuf::from(text("manifest_path"));
    let folder = manifest.parent().with_context(|| format!("{name} lies nowhere"))?;
    let named = package["license_file"].as_str().map(PathBuf::from);
    let found = files::files_below(folder)?;
    let paths = found.iter().filter(|path| is_license(path) || named.as_ref() == Some(path));
    let mut texts = Vec::new();
    for path in paths {
        let text = String::from_utf8_lossy(&files::read(&folder.join(path))?).replace("\r\n", "\n");
        let text = text.trim().to_owned();
        if !text.is_empty() && !texts.contains(&text) {
            texts.push(text);
        }
    }
    if texts.is_empty() {
        let authors = package["authors"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let authors: Vec<&str> = authors.collect();
        let authors = if authors.is_empty() { format!("the authors of {name}") } else { authors.join(", ") };
        texts = standard::texts(&license, &authors).with_context(|| {
            format!(
                "{name} {version} ({license:?}) has no text of a licence, and none of ours stands in for it"
            )
        })?;
    }
    Ok(Crate { name, version, license, texts })
}

/// Whether a file is the text of a licence by its name: `LICENSE-MIT`, `jemalloc/COPYING`, `license.md`, but no `license.rs`.
fn is_license(path: &Path) -> bool {
    const NAMES: [&str; 6] = ["license", "licence", "copying", "copyright", "notice", "unlicense"];
    const NO_TEXTS: [&str; 12] =
        ["rs", "c", "h", "py", "js", "json", "toml", "yml", "yaml", "html", "sh", "tera"];
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    NAMES.iter().any(|word| name.starts_with(word))
        && !extension.is_some_and(|extension| NO_TEXTS.contains(&extension))
}

/// First which crates there are, then each text once, with the crates that it is of.
fn written(crates: &BTreeSet<Crate>) -> String {
    let mut parts =
        vec!["Programs of others that are compiled into this one, and their licences.\n\n".to_owned()];
    let mut texts: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for each in crates {
        let license = if each.license.is_empty() { "see its text" } else { &each.license };
        parts.push(format!("{} {}: {license}\n", each.name, each.version));
        for text in &each.texts {
            texts.entry(text).or_default().push(format!("{} {}", each.name, each.version));
        }
    }
    let mut texts: Vec<_> = texts.into_iter().map(|(text, of)| (of, text)).collect();
    texts.sort();
    for (of, text) in texts {
        parts.push(format!("\n{}\n{}\n\n{text}\n", "-".repeat(80), of.join("\n")));
    }
    parts.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(folder: &Path, license: &str) -> Value {
        serde_json::json!({
            "name": "a", "version": "1.0.0", "license": license, "authors": ["x", "y"],
            "manifest_path": folder.join("Cargo.toml"), "license_file": null,
        })
    }

    #[test]
    fn a_packages_own_texts_are_taken_wherever_they_lie_and_each_once() {
        let folder = tempfile();
        for (name, text) in [
            ("LICENSE-MIT", "mine\r\n"),
            ("inner/COPYING", "theirs\n"),
            ("inner/LICENSE", "mine\n\n"),
            ("src/license.rs", "fn main() {}"),
            ("NOTICE", " \n"),
        ] {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let found = read(&package(&folder, "Zlib")).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(found.texts, ["mine", "theirs"]);
    }

    #[test]
    fn without_a_text_the_standard_one_stands_in_with_its_authors_and_else_nothing_is_shipped() {
        let folder = tempfile();
        std::fs::create_dir_all(&folder).unwrap();
        let texts = |license| read(&package(&folder, license)).map(|found| found.texts);
        assert!(texts("MIT").unwrap()[0].contains("Copyright (c) x, y\n"));
        assert!(texts("MIT/Apache-2.0").unwrap()[0].starts_with("Apache License"));
        for none in ["Zlib", "", "MIT AND Zlib"] {
            let error = format!("{:#}", texts(none).unwrap_err());
            assert!(error.contains("a 1.0.0") && error.contains("no text of a licence"), "{error}");
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn every_crate_is_listed_and_each_text_stands_once() {
        let of = |name: &str, texts: &[&str]| Crate {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            license: "MIT".to_owned(),
            texts: texts.iter().map(|text| (*text).to_owned()).collect(),
        };
        let text = written(&BTreeSet::from([of("b", &["same"]), of("a", &["same", "different"])]));
        assert!(text.contains("a 1.0.0: MIT\nb 1.0.0: MIT\n"), "{text}");
        assert!(text.contains("\na 1.0.0\nb 1.0.0\n\nsame\n"), "{text}");
        assert_eq!((text.matches("same").count(), text.matches("different").count()), (1, 1));
    }

    /// A folder of the test's own that is not there yet.
    fn tempfile() -> PathBuf {
        std::env::temp_dir().join(format!("stateloft-licenses-{}-{}", std::process::id(), fastrand::u64(..)))
    }
}
