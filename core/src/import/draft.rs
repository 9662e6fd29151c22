//! What is found in one document, collected.

use std::ops::Range;

use super::flags::{self, Flags};
use super::python::Reading;
use super::rules::Rules;
use super::said::Said;
use crate::api::{ImportItem, ImportRecord, ImportSource, QuarantineCode, RecordCode};
use crate::json::{Document, Limits, Node, Pointer};
use crate::model::{Mode, StateKey};
use crate::validate::validate;

/// What a recogniser says of one document.
pub(super) struct Draft<'a> {
    file: &'a str,
    line: Option<u64>,
    pub(super) rules: &'a Rules,
    items: Vec<ImportItem>,
    quarantine: Vec<Held>,
    records: Vec<ImportRecord>,
}

/// Something for quarantine; its bytes are looked up when the document is through.
struct Held {
    source: ImportSource,
    code: QuarantineCode,
    reason: String,
    span: Range<usize>,
}

/// What one document came to.
pub(super) struct Found {
    pub(super) items: Vec<ImportItem>,
    pub(super) quarantine: Vec<(ImportSource, QuarantineCode, String, String)>,
    pub(super) records: Vec<ImportRecord>,
}

/// A state that was found.
pub(super) struct Placed<'s> {
    pub(super) state_type: &'s str,
    pub(super) state_id: String,
    pub(super) description: String,
    pub(super) said: &'s Said,
    pub(super) flags: Flags,
}

pub(super) fn source(file: &str, line: Option<u64>, pointer: impl Into<String>) -> ImportSource {
    ImportSource { file: file.to_owned(), line, pointer: pointer.into(), members: Vec::new() }
}

impl<'a> Draft<'a> {
    pub(super) fn new(file: &'a str, line: Option<u64>, rules: &'a Rules) -> Self {
        Self { file, line, rules, items: Vec::new(), quarantine: Vec::new(), records: Vec::new() }
    }

    /// The file's name without folders and without its ending.
    pub(super) fn stem(&self) -> &'a str {
        let name = self.file.rsplit(['/', '\\']).next().unwrap_or(self.file);
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    }

    /// The file's name without its ending.
    pub(super) fn path(&self) -> &'a str {
        let stem = self.stem();
        let folders = self.file.len() - self.file.rsplit(['/', '\\']).next().unwrap_or_default().len();
        &self.file[..folders + stem.len()]
    }

    pub(super) fn source(&self, pointer: &Pointer) -> ImportSource {
        source(self.file, self.line, pointer.as_str())
    }

    /// A value that is a state.
    pub(super) fn state(&mut self, state: Placed<'_>, at: &Pointer, node: Node<'_>) {
        let data = node.to_document();
        self.state_of(state, self.source(at), data, node);
    }

    /// A state made of members of a value; `within` is that value.
    pub(super) fn state_of(
        &mut self,
        state: Placed<'_>,
        source: ImportSource,
        data: Document,
        within: Node<'_>,
    ) {
        let Placed { state_type, state_id, description, said, flags } = state;
        let key = match StateKey::new(state_type, &state_id) {
            Ok(key) => key,
            Err(error) => {
                return self.hold(source, QuarantineCode::BadName, error.to_string(), within);
            }
        };
        if data.len() > Limits::default().max_bytes {
            let most = Limits::default().max_bytes;
            let reason = format!("{} bytes, more than a state may have ({most})", data.len());
            return self.hold(source, QuarantineCode::TooLarge, reason, within);
        }
        let verdict = validate(state_type, &data, Mode::Warn);
        let flags = flags::all(flags, &data, &key, said);
        self.items.push(ImportItem {
            state_type: key.state_type,
            state_id: key.state_id,
            data,
            description,
            saved_at: said.at,
            said_at: said.text.clone(),
            source,
            also: Vec::new(),
            verdict,
            flags,
            order_unknown: false,
        });
    }

    /// A value that cannot be placed.
    pub(super) fn quarantine(&mut self, at: &Pointer, node: Node<'_>, code: QuarantineCode, reason: &str) {
        self.hold(self.source(at), code, reason.to_owned(), node);
    }

    fn hold(&mut self, source: ImportSource, code: QuarantineCode, reason: String, node: Node<'_>) {
        self.quarantine.push(Held { source, code, reason, span: node.span() });
    }

    /// A value that carries no state.
    pub(super) fn record(&mut self, at: &Pointer, code: RecordCode, message: &str, value: Option<Node<'_>>) {
        let value = value.map(Node::to_document);
        self.records.push(ImportRecord { source: self.source(at), code, message: message.to_owned(), value });
    }

    /// Whether there is nothing of the document yet.
    pub(super) fn found_nothing(&self) -> bool {
        self.items.is_empty() && self.quarantine.is_empty() && self.records.is_empty()
    }

    /// The items found so far.
    pub(super) fn items(&mut self) -> &mut [ImportItem] {
        &mut self.items
    }

    pub(super) fn finish(self, reading: &Reading<'_>) -> Found {
        let spans: Vec<_> = self.quarantine.iter().map(|held| held.span.clone()).collect();
        let texts = reading.originals(&spans);
        let quarantine = self.quarantine.into_iter().zip(texts);
        Found {
            items: self.items,
            quarantine: quarantine
                .map(|(held, text)| (held.source, held.code, held.reason, text.to_owned()))
                .collect(),
            records: self.records,
        }
    }
}
