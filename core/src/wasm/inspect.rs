//! Looking at one document: is it one, does it keep its type's rules, what does it hold.

use serde::Serialize;

use super::Misuse;
use super::documents::{read, read_with_handle};
use crate::hash::ContentHash;
use crate::json::{Diagnosis, Document, JsonError, JsonErrorKind, Node, Pointer};
use crate::model::{Mode, Verdict, Violation};
use crate::schema::notices;

/// What [`check`] found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Checked {
    /// The text is a document.
    Document {
        /// Always true.
        ok: bool,
        /// The text without white space: what would be stored.
        text: String,
        /// SHA-256 of that text, in hexadecimal.
        content_hash: String,
    },
    /// It is not.
    Refused {
        /// Always false.
        ok: bool,
        /// What is wrong with it.
        error: TextError,
    },
}

/// Why a text is not a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TextError {
    /// Stable word.
    pub code: String,
    /// For people.
    pub message: String,
    /// Where, in bytes of UTF-8 from the start of the text.
    pub offset: usize,
    /// The line, from 1 on.
    pub line: usize,
    /// The column, in characters, from 1 on.
    pub column: usize,
    /// The value or member that was being read, or was read last, as an RFC 6901 pointer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// The words around.
    pub near: String,
    /// What to do, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<&'static str>,
}

impl TextError {
    fn of(error: JsonError, text: &str) -> Self {
        let diagnosis = Diagnosis::of(error, text.as_bytes());
        Self {
            code: diagnosis.error().code().to_owned(),
            message: diagnosis.to_string(),
            offset: diagnosis.error().offset(),
            line: diagnosis.line,
            column: diagnosis.column,
            pointer: diagnosis.pointer,
            near: diagnosis.near,
            hint: diagnosis.hint,
        }
    }
}

/// Reads a text strictly, as a save would. Half of a surrogate pair cannot come into Rust: where the text had its first one is
/// said besides.
#[must_use]
pub fn check(text: &str, lone_surrogate: Option<usize>) -> Checked {
    let half = lone_surrogate.map(|offset| JsonError::new(JsonErrorKind::LoneSurrogate, offset));
    let read = match (text.parse::<Document>(), half) {
        (Err(error), Some(half)) if error.offset() < half.offset() => Err(error),
        (_, Some(half)) => Err(half),
        (read, None) => read,
    };
    match read {
        Ok(document) => Checked::Document {
            ok: true,
            content_hash: ContentHash::of(&document).to_string(),
            text: document.text().to_owned(),
        },
        Err(error) => Checked::Refused { ok: false, error: TextError::of(error, text) },
    }
}

/// What [`validate`] found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Validated {
    /// The verdict, as the server would store it.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// What is worth knowing although it breaks no rule, such as times without a zone.
    pub notices: Vec<Violation>,
}

/// Holds a document against the rules of its type, as a save would.
///
/// # Errors
/// The text is not a document, or the mode is none of `off`, `warn`, `strict`.
pub fn validate(state_type: &str, document: &str, mode: &str) -> Result<Validated, Misuse> {
    let mode = mode_named(mode)?;
    let document = read("document", document)?;
    let verdict = crate::validate::validate(state_type, &document, mode);
    let notices = if mode == Mode::Off { Vec::new() } else { notices(state_type, &document) };
    Ok(Validated { verdict, notices })
}

/// The mode of that name.
pub(super) fn mode_named(name: &str) -> Result<Mode, Misuse> {
    match name {
        "off" => Ok(Mode::Off),
        "warn" => Ok(Mode::Warn),
        "strict" => Ok(Mode::Strict),
        other => Err(Misuse::Argument("mode", format!("{other:?} is none of \"off\", \"warn\", \"strict\""))),
    }
}

/// One page of a node's children.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outline {
    /// The document's handle, to be given in place of the text from now on.
    pub document: String,
    /// The node.
    pub node: Child,
    /// The first child listed.
    pub offset: usize,
    /// The children listed.
    pub children: Vec<Child>,
}

/// One value of a document, without what is inside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Child {
    /// The member's name or the element's index; empty for the whole document.
    pub key: String,
    /// Where it is, as an RFC 6901 pointer.
    pub pointer: String,
    /// `null`, `boolean`, `number`, `string`, `array` or `object`.
    pub kind: &'static str,
    /// How many members or elements are inside.
    pub count: usize,
    /// Bytes of its text.
    pub size: usize,
    /// Its text as spelled; of a child cut after 256 bytes or a little before; empty for an array or object.
    pub text: String,
}

/// Lists the children of a node, `limit` of them from `offset` on: what a folded tree shows of a document of any size.
///
/// # Errors
/// The text is not a document, the handle is of none that is kept, or the pointer leads nowhere.
pub fn outline(document: &str, pointer: &str, offset: usize, limit: usize) -> Result<Outline, Misuse> {
    let (handle, document) = read_with_handle("document", document)?;
    let at = Pointer::parse(pointer).map_err(|error| Misuse::Argument("pointer", error.to_string()))?;
    let Some(node) = document.tape().get(&at) else {
        return Err(Misuse::Argument("pointer", format!("nothing is at {pointer:?}")));
    };
    let key = at.tokens().next_back().unwrap_or_default().into_owned();
    let members = node.members().map(|member| (member.key.decoded().into_owned(), member.value));
    let elements = node.elements().enumerate().map(|(index, element)| (index.to_string(), element));
    let children = members.chain(elements).skip(offset).take(limit);
    let mut asked = child(key, at.clone(), node);
    if !asked.text.is_empty() {
        node.text().clone_into(&mut asked.text);
    }
    Ok(Outline {
        document: handle,
        node: asked,
        offset,
        children: children.map(|(key, node)| child(key.clone(), at.join(&key), node)).collect(),
    })
}

fn child(key: String, pointer: Pointer, node: Node<'_>) -> Child {
    let is_container = matches!(node.kind(), crate::json::Kind::Array | crate::json::Kind::Object);
    Child {
        key,
        pointer: pointer.into(),
        kind: node.kind().name(),
        count: node.len(),
        size: node.text().len(),
        text: if is_container { String::new() } else { preview(node.text()).to_owned() },
    }
}

fn preview(text: &str) -> &str {
    const MOST: usize = 256;
    &text[..text.floor_char_boundary(MOST)]
}
