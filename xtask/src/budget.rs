//! What browsers download must stay small: the console's first download, and the component, which others load as well.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::console::{COMPRESSED_SUFFIX, PAGE, files, is_component, is_later};
use crate::progress;
use crate::workspace::Workspace;

/// How large something may be, and where that is said.
#[derive(Debug, Clone, Copy)]
struct Budget {
    what: &'static str,
    /// The file with the limit.
    file: &'static str,
    /// Its member.
    key: &'static str,
}

const CONSOLE: Budget = Budget {
    what: "the console's first download",
    file: "web/size-budget.json",
    key: "first_download_brotli_bytes",
};

const COMPONENT: Budget =
    Budget { what: "the component", file: "core/js/size-budget.json", key: "component_brotli_bytes" };

/// Adds up what a browser fetches, compressed, and compares it with the limits.
///
/// Before the console stands that is all of `dist/` except the component and the pages' parts and styles, which are loaded when
/// they are first needed.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let dist = workspace.dist();
    let page = String::from_utf8_lossy(&files::read(&dist.join(PAGE))?).into_owned();
    let all = files::files_below(&dist)?;
    CONSOLE.check(workspace, first_download(all.clone(), &page))?;
    COMPONENT.check(workspace, component(all))
}

impl Budget {
    fn check(self, workspace: &Workspace, files: Vec<PathBuf>) -> Result<()> {
        let dist = workspace.dist();
        let mut downloads = Vec::new();
        for name in files {
            let path = dist.join(&name);
            let length =
                std::fs::metadata(&path).with_context(|| format!("looking at {}", path.display()))?.len();
            downloads.push((name, length));
        }
        if downloads.is_empty() {
            bail!("{} holds no compressed files: build the console first", workspace.shown(&dist));
        }
        let limit = self.limit(&String::from_utf8_lossy(&files::read(&workspace.root.join(self.file))?))?;
        self.judge(&downloads, limit)
    }

    fn limit(self, text: &str) -> Result<u64> {
        let Self { file, key, .. } = self;
        let json: Value = serde_json::from_str(text).with_context(|| format!("{file} is not JSON"))?;
        json[key].as_u64().with_context(|| format!("{file} has no whole number `{key}`"))
    }

    fn judge(self, downloads: &[(PathBuf, u64)], limit: u64) -> Result<()> {
        let total = downloads.iter().map(|(_, length)| length).sum();
        for (name, length) in downloads {
            progress::answer(&format!("{:>9}  {}", progress::grouped(*length), name.display()))?;
        }
        let (all, most) = (progress::grouped(total), progress::grouped(limit));
        progress::answer(&format!("{all:>9}  in all, {}; the limit is {most}", self.what))?;
        if total > limit {
            bail!(
                "{} is {} bytes over its limit of {} (in {})",
                self.what,
                progress::grouped(total - limit),
                progress::grouped(limit),
                self.file
            );
        }
        Ok(())
    }
}

fn is_compressed(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == COMPRESSED_SUFFIX)
}

/// The compressed forms of the component's files.
fn component(files: Vec<PathBuf>) -> Vec<PathBuf> {
    files.into_iter().filter(|file| is_compressed(file) && is_component(file)).collect()
}

/// The compressed forms of the files that the page loads at once.
fn first_download(files: Vec<PathBuf>, page: &str) -> Vec<PathBuf> {
    let later = |file: &PathBuf| is_component(file) || is_later(file) || is_disabled(page, file);
    files.into_iter().filter(|file| is_compressed(file) && !later(file)).collect()
}

/// Whether the page names a style sheet and does not let the browser fetch it yet (`web/src/pages/styles.rs`).
fn is_disabled(page: &str, compressed: &Path) -> bool {
    let address = format!("\"/{}\"", compressed.with_extension("").display());
    let mut tags = page.split('<').filter_map(|tag| tag.split('>').next());
    tags.any(|tag| {
        tag.contains(&address)
            && tag.split([' ', '\n', '/']).any(|word| word == "disabled" || word.starts_with("disabled="))
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{COMPONENT, CONSOLE, component, first_download};

    #[test]
    fn what_comes_later_and_uncompressed_files_do_not_count() {
        let page = r#"<link rel="stylesheet" href="/style-ab.css"/><p id="disabled"></p>
            <link rel="stylesheet" href="/state-ab.css" disabled/><link disabled="" href="/states-ab.css">"#;
        let first = ["app-ab/stateloft-web.js.br", "index.html.br", "style-ab.css.br"];
        let other = [
            "component-ab/worker.js.br",
            "app-ab/split_states.wasm.br",
            "app-ab/chunk_5.wasm.br",
            "index.html",
            "state-ab.css.br",
            "states-ab.css.br",
        ];
        let files: Vec<PathBuf> = first.into_iter().chain(other).map(PathBuf::from).collect();
        assert_eq!(component(files.clone()), ["component-ab/worker.js.br"].map(PathBuf::from));
        assert_eq!(first_download(files, page), first.map(PathBuf::from));
    }

    #[test]
    fn the_sum_may_reach_but_not_pass_the_limit() {
        let downloads = [(PathBuf::from("a"), 100), (PathBuf::from("b"), 200)];
        assert!(CONSOLE.judge(&downloads, 300).is_ok());
        let error = COMPONENT.judge(&downloads, 299).unwrap_err().to_string();
        assert!(error.contains("the component is 1 bytes over its limit of 299"), "{error}");
    }

    #[test]
    fn a_limit_file_without_a_number_is_an_error() {
        assert_eq!(CONSOLE.limit(r#"{"first_download_brotli_bytes": 300000}"#).unwrap(), 300_000);
        assert!(CONSOLE.limit("{}").is_err());
        assert!(COMPONENT.limit("not json").is_err());
    }
}
