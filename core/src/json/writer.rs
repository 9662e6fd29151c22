//! Writing JSON text: strings, and documents laid out over lines.
use super::node::Node;
use super::tape::Kind;

/// Writes `characters` as a JSON string, escaping only what must be.
pub fn quote_into(out: &mut String, characters: &str) {
    out.push('"');
    for character in characters.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if (control as u32) < 0x20 => {
                let code = control as u32;
                out.push_str("\\u00");
                out.extend([code >> 4, code & 0xf].map(|digit| char::from_digit(digit, 16).unwrap_or('0')));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

/// `characters` as a JSON string.
#[must_use]
pub fn quote(characters: &str) -> String {
    let mut out = String::with_capacity(characters.len() + 2);
    quote_into(&mut out, characters);
    out
}

/// The document over lines, two spaces a level, every spelling kept; empty containers stay on one line.
#[must_use]
pub fn pretty(node: Node<'_>) -> String {
    let mut out = String::with_capacity(node.text().len() * 3 / 2);
    pretty_into(&mut out, node, 0);
    out
}

fn pretty_into(out: &mut String, node: Node<'_>, level: usize) {
    if node.is_empty() {
        out.push_str(node.text());
        return;
    }
    let object = node.kind() == Kind::Object;
    out.push(if object { '{' } else { '[' });
    let mut first = true;
    let mut next_line = |out: &mut String| {
        if !std::mem::take(&mut first) {
            out.push(',');
        }
        new_line(out, level + 1);
    };
    for member in node.members() {
        next_line(out);
        out.push_str(member.key.text());
        out.push_str(": ");
        pretty_into(out, member.value, level + 1);
    }
    for element in node.elements() {
        next_line(out);
        pretty_into(out, element, level + 1);
    }
    new_line(out, level);
    out.push(if object { '}' } else { ']' });
}

fn new_line(out: &mut String, level: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", level));
}
