//! Making the script around the console's program smaller. `wasm-bindgen` writes it to be read, and gives what script and program share
//! long names that end with hashes, which no compression makes smaller.

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

/// How names begin that are nothing but what the script gives the program.
const GIVEN: &[u8] = b"__wbg_";

/// What takes the place of what: whole names where script and program share nothing but the name, of others their hashes. Each is as
/// long as what it replaces and says nothing but its number, in the order in which they appear.
fn plain_names(script: &str) -> HashMap<Vec<u8>, Vec<u8>> {
    let names = script.split(|c: char| !c.is_ascii() || !is_of_a_name(c as u8));
    let shared = names.filter(|name| name.contains("wbg") || name.contains("wasm_bindgen"));
    let mut plain = HashMap::new();
    for name in shared {
        let mut pieces = name.split('_').map(|piece| piece.strip_prefix('h').unwrap_or(piece));
        let number = plain.len();
        if name.as_bytes().starts_with(GIVEN)
            && pieces.clone().next_back().is_some_and(|last| is_hash(last.as_bytes()))
        {
            let short = format!("w{number:0width$}", width = name.len() - 1);
            plain.entry(name.as_bytes().to_vec()).or_insert(short.into_bytes());
        } else if let Some(hash) = pieces.find(|piece| is_hash(piece.as_bytes())) {
            plain.entry(hash.as_bytes().to_vec()).or_insert(format!("{number:0HASH$}").into_bytes());
        }
    }
    plain
}

fn is_of_a_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$')
}

fn is_hash(bytes: &[u8]) -> bool {
    bytes.len() == HASH && bytes.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// The same with every name and hash replaced. Lengths stay, so a program stays one.
fn renamed(bytes: &[u8], plain: &HashMap<Vec<u8>, Vec<u8>>) -> Vec<u8> {
    let mut renamed = bytes.to_vec();
    for at in 0..bytes.len() {
        let rest = &bytes[at..];
        let old = if rest.starts_with(GIVEN) {
            let end = rest.iter().position(|byte| !is_of_a_name(*byte)).unwrap_or(rest.len());
            &rest[..end]
        } else if at > 0 && matches!(bytes[at - 1], b'_' | b'h') && rest.len() >= HASH {
            &rest[..HASH]
        } else {
            continue;
        };
        if let Some(new) = plain.get(old) {
            renamed[at..at + old.len()].copy_from_slice(new);
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
        assert_eq!(script.len(), SCRIPT.len());
        for name in [
            " w0000000000000000000000000:",
            " w0000000000000000000000001:",
            "closure__h0000000000000002:",
            "other_aaaaaaaaaaaaaaaa:",
        ] {
            assert!(script.contains(name), "{name} in {script}");
        }
        let program = b"\0asm\x1a__wbg_get_fedcba9876543210\0\x05\x10fedcba9876543210__wbg_ptr";
        let expected = b"\0asm\x1aw0000000000000000000000001\0\x05\x10fedcba9876543210__wbg_ptr";
        assert_eq!(renamed(program, &plain), expected);
        assert_eq!(renamed(b"h", &plain), b"h");
    }

    #[test]
    fn comments_go_and_nothing_else() {
        let script = "/**\n * What it does.\n */\nexport class A {\n    // Why.\n    f() { return `a // b`; }\n\n    /* one */\n}\n";
        assert_eq!(without_comments(script), "export class A {\nf() { return `a // b`; }\n}\n");
    }
}
