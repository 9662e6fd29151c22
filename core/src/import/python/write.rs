//! A document as Python would have written it.

use crate::json::{Document, Kind, Node};
use crate::tagged::{NotFinite, is_reserved};

/// The text with each tagged number as the bare word that it came as, and keys that look like the tag as their owner wrote
/// them: what Python's `json.loads` reads. It is JSON only if there was no such number.
#[must_use]
pub fn written_back(document: &Document) -> String {
    let mut out = String::with_capacity(document.len());
    if document.text().contains("stateloft") || document.text().contains("\\u") {
        write(document.root(), &mut out);
    } else {
        out.push_str(document.text());
    }
    out
}

fn write(node: Node<'_>, out: &mut String) {
    if let Some(number) = NotFinite::of(node) {
        out.push_str(number.word());
        return;
    }
    match node.kind() {
        Kind::Object => {
            out.push('{');
            for (at, member) in node.members().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                out.push_str(&own_key(member.key.text(), &member.key.decoded()));
                out.push(':');
                write(member.value, out);
            }
            out.push('}');
        }
        Kind::Array => {
            out.push('[');
            for (at, element) in node.elements().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(element, out);
            }
            out.push(']');
        }
        _ => out.push_str(node.text()),
    }
}

/// A key as its owner wrote it: the `$` that was put first is taken away.
fn own_key(spelled: &str, key: &str) -> String {
    match spelled.strip_prefix("\"$") {
        Some(rest) if key.starts_with("$$") && is_reserved(key) => format!("\"{rest}"),
        _ => spelled.to_owned(),
    }
}
