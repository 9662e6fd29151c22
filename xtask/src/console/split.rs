//! Cutting the console's program into the part that every visit needs and one part for each group of pages.
//!
//! The crate marks where to cut (`web/src/pages/lazy.rs`). `wasm-split` moves what only those places need out of the
//! compiled program, before `wasm-bindgen` writes the script around what stays. The parts and the scripts name each
//! other, so they share one folder named by the content of all.

use std::ffi::OsStr;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail};

use super::{PAGE, files, glue, names};
use crate::bindgen;
use crate::workspace::Workspace;

/// The name of the program, as cargo compiles it.
pub(super) const NAME: &str = "stateloft-web";

/// How the folder's name begins.
const FOLDER: &str = "app-";

/// How the names of parts begin that are fetched when a page wants them.
const LATER: [&str; 2] = ["split_", "chunk_"];

/// Puts the parts of what was `compiled` into `stage`, in place of the whole program where trunk put that there.
pub(super) fn program(workspace: &Workspace, compiled: &Path, stage: &Path) -> Result<()> {
    let parts = stage.join("app");
    files::empty_dir(&parts)?;
    let main = workspace.scratch().join(format!("{NAME}.wasm"));
    cut(&files::read(compiled)?, &main, &parts)?;

    let mut bindgen = bindgen::for_pages()?;
    bindgen.typescript(false).keep_lld_exports(true).demangle(false);
    bindgen::write(&mut bindgen, &main, &parts)?;
    without_names(&parts)?;
    glue::shrink(&parts, &format!("{NAME}.js"))?;

    let names = files::files_below(&parts)?;
    let contents = names
        .iter()
        .map(|name| Ok((name.clone(), files::read(&parts.join(name))?)))
        .collect::<Result<Vec<_>>>()?;
    let folder = format!("{FOLDER}{}", names::content_hash(&contents));
    std::fs::rename(&parts, stage.join(&folder)).with_context(|| format!("naming {folder}"))?;
    point_to(&folder, stage)
}

fn cut(program: &[u8], main: &Path, parts: &Path) -> Result<()> {
    let script = format!("./{NAME}.js");
    let mut options = wasm_split_cli_support::Options::new(program);
    options.output_dir = parts;
    options.main_out_path = main;
    options.main_module = &script;
    let result =
        wasm_split_cli_support::transform(options).map_err(|error| anyhow!("splitting: {error:#}"))?;
    if result.split_modules.is_empty() {
        bail!(
            "nothing was split off: the program was compiled without its relocations or marks no place to cut"
        );
    }
    Ok(())
}

/// Removes the functions' names from the parts; `wasm-bindgen` has done it for the rest.
fn without_names(parts: &Path) -> Result<()> {
    for name in files::files_below(parts)?.iter().filter(|name| is_later(name)) {
        let path = parts.join(name);
        let stripped = without_custom_sections(&files::read(&path)?)
            .with_context(|| format!("{} is not WebAssembly", name.display()))?;
        files::write(&path, &stripped)?;
    }
    Ok(())
}

/// A module without its custom sections, which do not change what it does
/// (WebAssembly core specification, 5.5.2 and 5.5.3).
fn without_custom_sections(module: &[u8]) -> Option<Vec<u8>> {
    const HEADER: usize = 8;
    const CUSTOM: u8 = 0;
    let mut kept = module.get(..HEADER)?.to_vec();
    let mut at = HEADER;
    while at < module.len() {
        let (length, width) = leb128(module.get(at + 1..)?)?;
        let end = at.checked_add(1 + width)?.checked_add(length)?;
        let section = module.get(at..end)?;
        if section.first() != Some(&CUSTOM) {
            kept.extend_from_slice(section);
        }
        at = end;
    }
    Some(kept)
}

/// An unsigned number of at most 32 bits, and how many bytes it takes.
fn leb128(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut value = 0_u64;
    for (index, byte) in bytes.iter().take(5).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((usize::try_from(value).ok()?, index + 1));
        }
    }
    None
}

/// Makes the page load the program from its folder.
fn point_to(folder: &str, stage: &Path) -> Result<()> {
    let page = stage.join(PAGE);
    let mut html = String::from_utf8(files::read(&page)?).with_context(|| format!("{PAGE} is not UTF-8"))?;
    for name in [format!("{NAME}.js"), format!("{NAME}_bg.wasm")] {
        let address = format!("/{name}");
        if !html.contains(&address) {
            bail!("{PAGE} does not load {address}");
        }
        html = html.replace(&address, &format!("/{folder}{address}"));
        let whole = stage.join(&name);
        if whole.exists() {
            std::fs::remove_file(&whole).with_context(|| format!("removing the whole {name}"))?;
        }
    }
    files::write(&page, html.as_bytes())
}

/// Whether a path inside `dist/` is a part of the program.
pub(super) fn is_part(relative: &Path) -> bool {
    relative.components().next().is_some_and(|first| first.as_os_str().to_string_lossy().starts_with(FOLDER))
}

/// Whether a file is a part that is fetched when a page wants it.
pub(crate) fn is_later(relative: &Path) -> bool {
    let name = relative.file_name().map(OsStr::to_string_lossy).unwrap_or_default();
    LATER.iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::{leb128, without_custom_sections};

    #[test]
    fn custom_sections_go_and_others_stay() {
        let header = [0, b'a', b's', b'm', 1, 0, 0, 0];
        let (types, names) = ([1, 2, 7, 7], [0, 3, 1, b'n', 9]);
        let module = [&header[..], &names, &types, &names].concat();
        assert_eq!(without_custom_sections(&module).unwrap(), [&header[..], &types].concat());
        assert!(without_custom_sections(&module[..module.len() - 1]).is_none(), "cut short");
    }

    #[test]
    fn numbers_are_read_as_the_specification_writes_them() {
        assert_eq!(leb128(&[0xe5, 0x8e, 0x26]), Some((624_485, 3)));
        assert_eq!(leb128(&[0x80]), None);
    }
}
