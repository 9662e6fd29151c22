//! What a row is called: which it is, and what both sides said of it. Two looks at the same row, with a heartbeat in between, give the
//! same name; where a lot moved, the part behind the point is another.

use std::collections::HashMap;

use crate::api::{Held, ReconcileRow};
use crate::hash::RequestHash;

/// Digits of each part.
const DIGITS: usize = 16;

/// The names of rows, in order.
pub(super) fn names<'a>(rows: impl Iterator<Item = &'a ReconcileRow>) -> Vec<String> {
    let mut seen: HashMap<String, u32> = HashMap::new();
    rows.map(|row| {
        let mut which = which(row, 0);
        let times = seen.entry(which.clone()).or_default();
        *times += 1;
        if *times > 1 {
            which = self::which(row, *times);
        }
        format!("{which}.{}", looked(row))
    })
    .collect()
}

/// The part of a name that says which row it is; `None` where the text is no name.
pub(super) fn which_of(name: &str) -> Option<&str> {
    let (which, looked) = name.split_once('.')?;
    let is_part = |part: &str| part.len() == DIGITS && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_part(which) && is_part(looked)).then_some(which)
}

fn which(row: &ReconcileRow, times: u32) -> String {
    let places: Vec<_> = row
        .ours
        .iter()
        .map(|held| (&held.state_type, &held.state_id, row.ids.is_empty().then_some(&held.pointer)))
        .collect();
    hashed(&(&row.symbol, &row.ids, places, times))
}

fn looked(row: &ReconcileRow) -> String {
    let ours: Vec<_> = row.ours.iter().map(said_here).collect();
    let theirs: Vec<_> = row.theirs.iter().map(|held| (&held.quantity, &held.price)).collect();
    hashed(&(row.verdict, row.because, ours, theirs))
}

/// All but the version.
fn said_here(held: &Held) -> impl serde::Serialize {
    let Held { state_type, state_id, version: _, pointer, quantity, price } = held;
    (state_type, state_id, pointer, quantity, price)
}

fn hashed(said: &impl serde::Serialize) -> String {
    // Texts and numbers: writing them cannot fail.
    let said = serde_json::to_vec(said).unwrap_or_default();
    RequestHash::of(&[&said]).to_string()[..DIGITS].to_owned()
}
