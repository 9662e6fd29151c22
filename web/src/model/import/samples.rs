//! Made up, for the tests beside it.

use stateloft_core::api::{FileSummary, ImportSource, Shape, VersionView};
use stateloft_core::hash::ContentHash;
use stateloft_core::model::{StateKey, Verdict, Violation};

use super::found::{Found, Item};

/// A position of the file `a.json` whose content has a hash of this byte.
pub(super) fn item(id: &str, hash: u8) -> Item {
    let key = StateKey::new("position", id).unwrap();
    let pointer = format!("/active_positions/{id}");
    Item {
        state_type: key.state_type,
        state_id: key.state_id,
        content_hash: ContentHash::from_bytes([hash; 32]),
        paths: 18,
        saved_at: None,
        said_at: None,
        name: format!("a.json#{pointer}"),
        source: ImportSource { file: "a.json".into(), line: None, pointer, members: Vec::new() },
        verdict: Verdict::Valid,
        flags: Vec::new(),
        order_unknown: false,
    }
}

/// The same in another file.
pub(super) fn in_file(file: &str, item: Item) -> Item {
    let name = format!("{file}#{}", item.source.pointer);
    Item { name, source: ImportSource { file: file.into(), ..item.source }, ..item }
}

/// The same, breaking this many rules.
pub(super) fn broken(item: Item, count: usize) -> Item {
    let violation =
        Violation { pointer: "/side".into(), code: "enum".into(), message: "must be long or short".into() };
    Item { verdict: Verdict::Invalid { violations: vec![violation; count] }, ..item }
}

/// Files with these items.
pub(super) fn found(items: Vec<Item>) -> Found {
    let mut files: Vec<FileSummary> = Vec::new();
    for item in &items {
        let name = &item.source.file;
        match files.iter_mut().find(|file| file.name == *name) {
            Some(file) => file.items += 1,
            None => files.push(file(name, 1)),
        }
    }
    Found { hash: "plan".into(), files, items, quarantine: vec![], records: vec![], errors: vec![] }
}

/// A file of 1,200 bytes.
pub(super) fn file(name: &str, items: u64) -> FileSummary {
    FileSummary {
        name: name.to_owned(),
        bytes: 1_200,
        sha256: String::new(),
        shapes: vec![Shape::TypedState],
        documents: 1,
        items,
        quarantined: 0,
        damaged: false,
    }
}

/// A version of a position.
pub(super) fn version(id: &str, number: u64, hash: u8, at: &str) -> VersionView {
    let (hash, zeros) = (ContentHash::from_bytes([hash; 32]), "0".repeat(64));
    serde_json::from_str(&format!(
        r#"{{"state_id":"{id}","state_type":"position","seq":9,"version":{number},"version_id":"x",
        "operation":"update","timestamp":"{at}","user_id":"pairs-fx-1","description":"",
        "content_hash":"{hash}","chain_hash":"{zeros}","verdict":{{"status":"valid"}},
        "change":{{"added":0,"changed":0,"removed":0}},"size":2}}"#
    ))
    .unwrap()
}
