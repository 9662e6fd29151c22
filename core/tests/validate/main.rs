//! What the built-in rules say of real and of broken data.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot read its own text has failed")]

mod any_document;
mod effort;
mod lots;
mod noticed;
mod positions;
mod programs;
mod types;

use stateloft_core::json::Document;
use stateloft_core::model::{Mode, Verdict, Violation};
use stateloft_core::validate::validate;

fn verdict(state_type: &str, text: &str) -> Verdict {
    let document: Document = text.parse().unwrap_or_else(|error| panic!("{error}: {text}"));
    validate(state_type, &document, Mode::Warn)
}

/// The violations as lines: `pointer | code | message`.
fn broken(state_type: &str, text: &str) -> Vec<String> {
    let line = |v: &Violation| format!("{} | {} | {}", v.pointer, v.code, v.message);
    verdict(state_type, text).violations().iter().map(line).collect()
}

fn is_valid(state_type: &str, text: &str) {
    assert_eq!(broken(state_type, text), [""; 0], "{state_type} {text}");
    assert_eq!(verdict(state_type, text), Verdict::Valid);
}

const LONG: &str = r#"{"symbol1":"EURUSD","symbol2":"GBPUSD","direction":"long","entry_time":"2026-11-20T17:02:10Z",
    "quantity":0.80,"entry_price":1.0874,"stop_loss":1.0790,"take_profit":1.0931}"#;

/// [`LONG`] with one member's text replaced.
fn long_with(member: &str, value: &str) -> String {
    let document: Document = LONG.parse().unwrap();
    let mut members: Vec<String> = Vec::new();
    let mut replaced = false;
    for found in document.root().members() {
        let name = found.key.decoded();
        replaced |= name == member;
        let value = if name == member { value } else { found.value.text() };
        members.push(format!("\"{name}\":{value}"));
    }
    if !replaced {
        members.push(format!("\"{member}\":{value}"));
    }
    format!("{{{}}}", members.join(","))
}
