//! The importer: it ends, it says the same twice, and whatever was in the file is in its plan.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a case that does not hold panics")]

use std::collections::BTreeMap;

use stateloft_core::api::{ImportOptions, ImportPlan, QuarantineCode, Quarantined};
use stateloft_core::import::{File, plan};
use stateloft_core::json::{Document, Kind, Node};
use stateloft_core::model::StateType;

/// Values without members, as they are spelled, and how often.
type Scalars = BTreeMap<String, u64>;

/// Ways to take a file; a way beyond them is one of them again.
pub const WAYS: u8 = 5;

fn options(way: u8) -> ImportOptions {
    let chosen = |each: Option<&str>, id_from: Option<&str>| ImportOptions {
        state_type: StateType::new("position").ok(),
        each: each.map(str::to_owned),
        id_from: id_from.map(str::to_owned),
        ..ImportOptions::default()
    };
    match way % WAYS {
        0 => ImportOptions::default(),
        1 => ImportOptions { assume_tz: Some("-04:30".into()), ..ImportOptions::default() },
        2 => chosen(None, None),
        3 => chosen(Some("/positions"), Some("/id")),
        _ => chosen(Some("/active_positions"), Some("key")),
    }
}

/// Holds the importer against a file of these bytes.
pub fn holds(way: u8, bytes: &[u8]) {
    let options = options(way);
    let file = || [File { name: "state.json", bytes }];
    let found = plan(&file(), &options).unwrap();
    assert_eq!(found.hash, plan(&file(), &options).unwrap().hash, "twice the same");
    for error in &found.errors {
        assert!(error.byte <= bytes.len() as u64 && error.line >= 1 && error.column >= 1, "{error:?}");
        assert!(found.files[0].damaged, "{error:?}");
    }
    if let Some(was_in) = was_in(bytes, &found) {
        assert_eq!(held(&found), was_in);
    }
}

/// The values of what could be read of a file; `None` where that cannot be said from outside.
fn was_in(bytes: &[u8], found: &ImportPlan) -> Option<Scalars> {
    let body = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut all = Scalars::new();
    if !is_by_line(found) {
        if found.errors.is_empty() {
            count(read(std::str::from_utf8(body).unwrap())?.root(), &mut all);
        }
        return Some(all);
    }
    for (nth, line) in (1..).zip(body.split(|byte| *byte == b'\n')) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let aside = found.quarantine.iter().find(|held| is_no_json(held) && held.source.line == Some(nth));
        match aside {
            Some(held) => {
                assert!(found.errors.iter().any(|error| error.line == nth), "line {nth} is no error");
                assert!(is_of(held, line), "line {nth} is not kept as it was");
            }
            None if line.iter().all(u8::is_ascii_whitespace) => {}
            None => count(read(std::str::from_utf8(line).unwrap())?.root(), &mut all),
        }
    }
    Some(all)
}

fn is_by_line(found: &ImportPlan) -> bool {
    let items = found.items.iter().flat_map(|item| std::iter::once(&item.source).chain(&item.also));
    let held = found.quarantine.iter().map(|held| &held.source);
    let records = found.records.iter().map(|record| &record.source);
    items.chain(held).chain(records).any(|source| source.line.is_some())
}

fn is_no_json(held: &Quarantined) -> bool {
    held.code == QuarantineCode::NotJson
}

fn is_of(held: &Quarantined, bytes: &[u8]) -> bool {
    match &held.text {
        Some(text) => text.as_bytes() == bytes,
        // What is no text is kept in Base64: four characters for three bytes.
        None => held.base64.as_ref().is_some_and(|text| text.len() == bytes.len().div_ceil(3) * 4),
    }
}

/// The values of everything that a plan holds; what stands in it once for several places counts for each.
fn held(found: &ImportPlan) -> Scalars {
    let mut all = Scalars::new();
    for item in &found.items {
        for _ in 0..=item.also.len() {
            count(item.data.root(), &mut all);
        }
    }
    let values = found.records.iter().filter_map(|record| record.value.as_ref());
    values.for_each(|value| count(value.root(), &mut all));
    for aside in found.quarantine.iter().filter(|held| !is_no_json(held)) {
        let document = read(aside.text.as_ref().unwrap());
        count(document.unwrap().root(), &mut all);
    }
    all
}

fn count(node: Node<'_>, all: &mut Scalars) {
    match node.kind() {
        Kind::Object => node.members().for_each(|member| count(member.value, all)),
        Kind::Array => node.elements().for_each(|element| count(element, all)),
        _ => *all.entry(node.text().to_owned()).or_default() += 1,
    }
}

/// A document of Python's, by way of the importer: as the one state of a file. `None` where it cannot be put into another, as it is
/// as deep as a document may be.
fn read(text: &str) -> Option<Document> {
    let wrapped = format!("{{\"w\":{text}}}");
    let one = ImportOptions { state_type: StateType::new("x").ok(), ..ImportOptions::default() };
    let found = plan(&[File { name: "f", bytes: wrapped.as_bytes() }], &one).unwrap();
    Some(found.items.first()?.data.root().get("w")?.to_document())
}
