//! What all files come to.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::File;
use super::draft::Found;
use super::order;
use super::packed::Packed;
use super::python::Piece;
use crate::api::{
    FileError, FileSummary, ImportItem, ImportPlan, ImportRecord, ImportSource, QuarantineCode, Quarantined,
    Shape,
};
use crate::hash::ContentHash;
use crate::json::Diagnosis;

/// Parts larger than this do not fit into quarantine: they stay in their file, which counts as damaged.
const HELD_MAX_BYTES: usize = 2 << 20;

#[derive(Default)]
struct Counts {
    shapes: Vec<Shape>,
    documents: u64,
    quarantined: u64,
    damaged: bool,
}

/// The plan as far as it is known.
#[derive(Default)]
pub(super) struct Report {
    files: BTreeMap<String, Counts>,
    items: Vec<ImportItem>,
    quarantine: Vec<Quarantined>,
    records: Vec<ImportRecord>,
    errors: Vec<FileError>,
}

impl Report {
    fn file(&mut self, name: &str) -> &mut Counts {
        self.files.entry(name.to_owned()).or_default()
    }

    pub(super) fn shape(&mut self, name: &str, shape: Shape) {
        let file = self.file(name);
        file.documents += 1;
        if !file.shapes.contains(&shape) {
            file.shapes.push(shape);
        }
    }

    /// What a document came to.
    pub(super) fn take(&mut self, name: &str, shape: Shape, found: Found) {
        self.shape(name, shape);
        self.items.extend(found.items);
        self.records.extend(found.records);
        for (source, code, reason, text) in found.quarantine {
            self.quarantine(source, code, &reason, text.as_bytes());
        }
    }

    /// Keeps the bytes of what cannot be placed.
    pub(super) fn quarantine(
        &mut self,
        source: ImportSource,
        code: QuarantineCode,
        reason: &str,
        bytes: &[u8],
    ) {
        if bytes.len() > HELD_MAX_BYTES {
            self.errors.push(too_large(&source, reason, bytes.len()));
            self.file(&source.file).damaged = true;
            return;
        }
        self.file(&source.file).quarantined += 1;
        // U+0000 is in no document, so what holds it is kept as bytes.
        let text = std::str::from_utf8(bytes).ok().filter(|text| !text.contains('\0')).map(str::to_owned);
        let base64 = text.is_none().then(|| STANDARD.encode(bytes));
        self.quarantine.push(Quarantined { source, code, reason: reason.to_owned(), text, base64 });
    }

    /// A file, or a line, that cannot be read.
    pub(super) fn damaged(&mut self, name: &str, piece: &Piece<'_>, diagnosis: &Diagnosis) {
        let line = piece.line.map_or(diagnosis.line as u64, |line| line + diagnosis.line as u64 - 1);
        let byte = (piece.start + diagnosis.error().offset()) as u64;
        self.errors.push(FileError {
            file: name.to_owned(),
            line,
            column: diagnosis.column as u64,
            byte,
            pointer: diagnosis.pointer.clone(),
            code: diagnosis.error().code().to_owned(),
            message: diagnosis.told_of(line, byte),
            near: diagnosis.near.clone(),
            hint: diagnosis.hint.map(str::to_owned),
        });
        self.file(name).damaged = true;
    }

    /// A file that is no text because it was packed or encrypted.
    pub(super) fn unreadable(&mut self, name: &str, packed: Packed) {
        self.errors.push(FileError {
            file: name.to_owned(),
            line: 1,
            column: 1,
            byte: 0,
            pointer: None,
            code: packed.code.to_owned(),
            message: packed.message.to_owned(),
            near: String::new(),
            hint: Some(packed.hint.to_owned()),
        });
        self.file(name).damaged = true;
    }

    pub(super) fn finish(self, files: &[File<'_>]) -> ImportPlan {
        let Self { files: mut counts, items, quarantine, mut records, errors } = self;
        let items = order::ordered(items, &mut records);
        let mut from: BTreeMap<&str, u64> = BTreeMap::new();
        for item in &items {
            *from.entry(&item.source.file).or_default() += 1;
        }
        let summaries = files.iter().map(|file| {
            let counts = counts.remove(file.name).unwrap_or_default();
            FileSummary {
                name: file.name.to_owned(),
                bytes: file.bytes.len() as u64,
                sha256: ContentHash::from_bytes(Sha256::digest(file.bytes).into()).to_string(),
                shapes: counts.shapes,
                documents: counts.documents,
                items: from.get(file.name).copied().unwrap_or_default(),
                quarantined: counts.quarantined,
                damaged: counts.damaged,
            }
        });
        let files = summaries.collect();
        ImportPlan { hash: String::new(), files, items, quarantine, records, errors }
    }
}

fn too_large(source: &ImportSource, reason: &str, bytes: usize) -> FileError {
    FileError {
        file: source.file.clone(),
        line: source.line.unwrap_or(1),
        column: 1,
        byte: 0,
        pointer: Some(source.pointer.clone()),
        code: "too_large".to_owned(),
        message: format!("{reason}; with {bytes} bytes it is too large for quarantine and stays in the file"),
        near: String::new(),
        hint: Some("say what its states are: a type, and the pointer to them".to_owned()),
    }
}
