//! What the lots of a position are: documents, and what is read of each lot. Clients that read lots themselves run the same file, so that none of
//! them takes for open what another takes for closed. `BLESS=1` writes what is read now into the file.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot read its own vectors has failed")]

use std::borrow::Cow;
use std::path::Path;

use serde::{Deserialize, Serialize};
use stateloft_core::book::{Lot, lots};
use stateloft_core::json::{Document, Pointer};

const VECTORS: &str = include_str!("../../tests/vectors/book/lots.json");

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    document: String,
    lots: Vec<Read>,
}

/// What is read of a lot; null is what nobody knows.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    pointer: String,
    id: Option<String>,
    symbol: Option<String>,
    side: Option<String>,
    quantity: Option<String>,
    price: Option<String>,
    closed: bool,
    open: bool,
}

impl Read {
    fn of(lot: &Lot<'_>) -> Self {
        let holding = &lot.holding;
        Self {
            pointer: holding.pointer.clone(),
            id: own(lot.id.as_ref()),
            symbol: own(holding.symbol.as_ref()),
            side: holding.is_on().map(|side| side.word().to_owned()),
            quantity: own(holding.quantity.as_ref()),
            price: own(holding.price.as_ref()),
            closed: lot.closed,
            open: lot.is_open(),
        }
    }
}

fn own(text: Option<&Cow<'_, str>>) -> Option<String> {
    text.map(ToString::to_string)
}

fn cases() -> Vec<Case> {
    serde_json::from_str(VECTORS).unwrap()
}

#[test]
fn lots_are_read_as_the_vectors_say() {
    let mut cases = cases();
    if std::env::var_os("BLESS").is_some() {
        for case in &mut cases {
            case.lots = lots(&case.document.parse().unwrap()).iter().map(Read::of).collect();
        }
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/book/lots.json");
        return std::fs::write(path, serde_json::to_string_pretty(&cases).unwrap() + "\n").unwrap();
    }
    for case in cases {
        let document: Document = case.document.parse().unwrap();
        let read: Vec<Read> = lots(&document).iter().map(Read::of).collect();
        assert_eq!(read, case.lots, "{}", case.name);
    }
}

#[test]
fn a_pointer_leads_to_what_was_read() {
    for case in cases() {
        let document: Document = case.document.parse().unwrap();
        for lot in case.lots {
            assert!(document.tape().get(&Pointer::parse(&lot.pointer).unwrap()).is_some(), "{}", case.name);
        }
    }
}
