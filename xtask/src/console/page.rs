//! What trunk makes of `index.html`, made here for who waits for a first start: compiling trunk takes longer than all it would do.
//!
//! Only what our page asks of trunk: style sheets, an icon and one program, each in an element of one line. Where trunk runs, for
//! what is shipped, its page is compared with this one, so the two cannot become different.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::{PAGE, files, split};
use crate::workspace::Workspace;

/// How an element begins that trunk replaces.
const ELEMENT: &str = "<link data-trunk ";

/// The page and the files it names.
#[derive(Debug, PartialEq, Eq)]
struct Page {
    html: String,
    /// Relative to the repository. Beside the page they have their plain names.
    files: Vec<PathBuf>,
}

/// Writes the page and the files it names into `stage`; the program is put there by others.
pub(super) fn write(workspace: &Workspace, stage: &Path) -> Result<()> {
    let page = page(workspace)?;
    for file in &page.files {
        let name = file.file_name().with_context(|| format!("{} names no file", file.display()))?;
        files::write(&stage.join(name), &files::read(&workspace.root.join(file))?)?;
    }
    files::write(&stage.join(PAGE), page.html.as_bytes())
}

/// Refuses a page of trunk's that is not the one that [`write`] gives.
pub(super) fn must_be_trunks(workspace: &Workspace, stage: &Path) -> Result<()> {
    let (ours, trunks) = (page(workspace)?.html, read(&stage.join(PAGE))?);
    let words = |html: &str| html.split_whitespace().collect::<Vec<_>>().join(" ");
    if words(&ours) != words(&trunks) {
        bail!(
            "trunk makes another page of {PAGE} than the quick build does (xtask/src/console/page.rs). Trunk's:\n{trunks}\nOurs:\n{ours}"
        );
    }
    Ok(())
}

fn page(workspace: &Workspace) -> Result<Page> {
    from(&read(&workspace.root.join(PAGE))?)
}

fn read(path: &Path) -> Result<String> {
    String::from_utf8(files::read(path)?).with_context(|| format!("{} is not UTF-8", path.display()))
}

fn from(index: &str) -> Result<Page> {
    let mut page = Page { html: String::with_capacity(index.len()), files: Vec::new() };
    let mut rest = index;
    while let Some((before, after)) = rest.split_once(ELEMENT) {
        let (element, behind) =
            after.split_once("/>").with_context(|| format!("`{ELEMENT}` is not closed by `/>`"))?;
        page.html.push_str(before);
        let (html, file) = replacement(element)?;
        page.html.push_str(&html);
        page.files.extend(file);
        rest = behind;
    }
    let (head, body) = rest.split_once("</head>").with_context(|| format!("{PAGE} has no </head>"))?;
    page.html.push_str(head);
    page.html.push_str(&preloads());
    page.html.push_str("</head>");
    page.html.push_str(body);
    Ok(page)
}

/// What stands in place of an element with these attributes, and the file it names.
fn replacement(attributes: &str) -> Result<(String, Option<PathBuf>)> {
    let file = |what: &str| -> Result<(String, PathBuf)> {
        let path = PathBuf::from(value(attributes, "href").with_context(|| format!("{what} has no href"))?);
        let name = path.file_name().and_then(|name| name.to_str());
        Ok((name.with_context(|| format!("{what} names no file"))?.to_owned(), path))
    };
    match value(attributes, "rel") {
        Some("css") => {
            let (name, path) = file("a style sheet")?;
            let disabled =
                if attributes.split_whitespace().any(|word| word == "disabled") { " disabled" } else { "" };
            Ok((format!(r#"<link rel="stylesheet" href="/{name}"{disabled}/>"#), Some(path)))
        }
        Some("icon") => {
            let (name, path) = file("the icon")?;
            Ok((format!(r#"<link rel="icon" href="/{name}"/>"#), Some(path)))
        }
        Some("rust") => Ok((start(), None)),
        other => bail!(
            "the quick build knows no {ELEMENT}rel={other:?}; xtask/src/console/page.rs says which it knows"
        ),
    }
}

/// The value of an attribute written as `name="value"`.
fn value<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    let start = format!("{name}=\"");
    let words = attributes.match_indices(&start);
    let mut whole =
        words.filter(|(at, _)| attributes[..*at].chars().next_back().is_none_or(char::is_whitespace));
    let (at, _) = whole.next()?;
    attributes[at + start.len()..].split('"').next()
}

/// The script that starts the program.
fn start() -> String {
    let name = split::NAME;
    format!(
        r#"
<script type="module">
import init from '/{name}.js';
const wasm = await init({{ module_or_path: '/{name}_bg.wasm' }});


dispatchEvent(new CustomEvent("TrunkApplicationStarted", {{detail: {{wasm}}}}));

</script>"#
    )
}

/// What the browser is asked to fetch while it still reads the page.
fn preloads() -> String {
    let name = split::NAME;
    format!(
        r#"<link rel="modulepreload" href="/{name}.js" crossorigin="anonymous"><link rel="preload" href="/{name}_bg.wasm" crossorigin="anonymous" as="fetch" type="application/wasm">"#
    )
}

#[cfg(test)]
mod tests {
    use super::from;

    #[test]
    fn elements_become_what_trunk_makes_of_them_and_the_rest_stays() {
        let index = concat!(
            "<head><title>t</title>\n<link data-trunk rel=\"icon\" href=\"a/i.svg\" type=\"image/svg+xml\" />\n",
            "<link data-trunk rel=\"css\" href=\"a/b.css\" />\n<link data-trunk rel=\"css\" href=\"c.css\" disabled />\n",
            "<link data-trunk rel=\"rust\" href=\"web/Cargo.toml\" />\n</head><body></body>"
        );
        let page = from(index).unwrap();
        assert_eq!(page.files, ["a/i.svg", "a/b.css", "c.css"].map(std::path::PathBuf::from));
        assert!(page.html.starts_with(
            "<head><title>t</title>\n<link rel=\"icon\" href=\"/i.svg\"/>\n<link rel=\"stylesheet\" href=\"/b.css\"/>\n\
             <link rel=\"stylesheet\" href=\"/c.css\" disabled/>\n"
        ));
        assert!(page.html.contains("import init from '/stateloft-web.js';"));
        assert!(page.html.ends_with("type=\"application/wasm\"></head><body></body>"), "{}", page.html);
    }

    #[test]
    fn what_only_trunk_knows_is_refused() {
        let error = from("<head><link data-trunk rel=\"scss\" href=\"a.scss\" /></head>").unwrap_err();
        assert!(error.to_string().contains("scss"));
        from("<head><link data-trunk rel=\"css\" href=\"a.css\"></head>").unwrap_err();
    }
}
