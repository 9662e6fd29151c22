//! Making the script around the console's program smaller. `wasm-bindgen` writes it to be read, and ends the names that script and
//! program share with hashes, which no compression makes smaller.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::files;

/// The length of a hash in a name, in hexadecimal digits.
const HASH: usize = 16;

/// Rewrites the script and every part of the program that shares names with it.
pub(super) fn shrink(parts: &Path, script: &str) -> Result<()> {
    let path = parts.join(script);
    let text = String::from_utf8(files::read(&path)?).with_context(|| format!("{script} is not UTF-8"))?;
    let plain = plain_names(&text);
    for name in files::files_below(parts)? {
        let path = parts.join(&name);
        let extension = name.extension().and_then(|extension| extension.to_str());
        if let Some("wasm" | "js") = extension {
            files::write(&path, &renamed(&files::read(&path)?, &plain))?;
        }
    }
    let text = String::from_utf8(files::read(&path)?).with_context(|| format!("{script} is not UTF-8"))?;
    files::write(&path, without_comments(&text).as_bytes())
}

/// A number of the same length for each hash in the names of what script and program share, in the order in which they appear.
fn plain_names(script: &str) -> HashMap<Vec<u8>, Vec<u8>> {
    let is_of_a_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
    let names = script.split(|c: char| !is_of_a_name(c));
    let shared = names.filter(|name| name.contains("wbg") || name.contains("wasm_bindgen"));
    let mut plain = HashMap::new();
    for piece in shared.flat_map(|name| name.split('_')) {
        let piece = piece.strip_prefix('h').unwrap_or(piece);
        if is_hash(piece.as_bytes()) {
            let number = format!("{:0HASH$}", plain.len()).into_bytes();
            plain.entry(piece.as_bytes().to_vec()).or_insert(number);
        }
    }
    plain
}

fn is_hash(bytes: &[u8]) -> bool {
    bytes.len() == HASH && bytes.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// The same with every hash replaced. Lengths stay, so a program stays one.
fn renamed(bytes: &[u8], plain: &HashMap<Vec<u8>, Vec<u8>>) -> Vec<u8> {
    let mut renamed = bytes.to_vec();
    let begins = |at: usize| at > 0 && matches!(bytes[at - 1], b'_' | b'h');
    for at in (0..bytes.len().saturating_sub(HASH - 1)).filter(|at| begins(*at)) {
        let piece = &bytes[at..at + HASH];
        if let Some(number) = is_hash(piece).then(|| plain.get(piece)).flatten() {
            renamed[at..at + HASH].copy_from_slice(number);
        }
    }
    renamed
}

/// A script without its comments, each of which has lines of its own, and without what its lines are moved in by.
fn without_comments(script: &str) -> String {
    let mut kept = String::with_capacity(script.len());
    let mut in_comment = false;
    for line in script.lines().map(str::trim) {
        in_comment |= line.starts_with("/*");
        if !in_comment && !line.is_empty() && !line.starts_with("//") {
            kept.push_str(line);
            kept.push('\n');
        }
        in_comment &= !line.ends_with("*/");
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::{plain_names, renamed, without_comments};

    const SCRIPT: &str =
        "imports = {\n    __wbg_get_0123456789abcdef: function() {},\n    __wbg_get_fedcba9876543210: 1,\n
        wasm_bindgen__closure__h00ff00ff00ff00ff: 2, other_aaaaaaaaaaaaaaaa: 3 }";

    #[test]
    fn shared_names_stay_different_and_as_long_everywhere() {
        let plain = plain_names(SCRIPT);
        assert_eq!(plain.len(), 3, "{plain:?}");
        let script = String::from_utf8(renamed(SCRIPT.as_bytes(), &plain)).unwrap();
        for name in [
            "__wbg_get_0000000000000000:",
            "__wbg_get_0000000000000001:",
            "closure__h0000000000000002:",
            "other_aaaaaaaaaaaaaaaa:",
        ] {
            assert!(script.contains(name), "{name} in {script}");
        }
        let program = b"\0asm\x1a__wbg_get_fedcba9876543210\0\x05\x10fedcba9876543210";
        let expected = b"\0asm\x1a__wbg_get_0000000000000001\0\x05\x10fedcba9876543210";
        assert_eq!(renamed(program, &plain), expected);
        assert_eq!(renamed(b"h", &plain), b"h");
    }

    #[test]
    fn comments_go_and_nothing_else() {
        let script = "/**\n * What it does.\n */\nexport class A {\n    // Why.\n    f() { return `a // b`; }\n\n    /* one */\n}\n";
        assert_eq!(without_comments(script), "export class A {\nf() { return `a // b`; }\n}\n");
    }
}
