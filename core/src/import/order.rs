//! Items of the same state: which is the older version, and which is the same again.

use std::collections::HashMap;

use crate::api::{ImportItem, ImportRecord, RecordCode};
use crate::model::Timestamp;

/// Flags of one item after which none are taken over from its duplicates.
const FLAGS: usize = 100;

/// Items by state, the versions of each from old to new. What says the same as another is kept once.
pub(super) fn ordered(mut items: Vec<ImportItem>, records: &mut Vec<ImportRecord>) -> Vec<ImportItem> {
    items.sort_by(|a, b| place(a).cmp(&place(b)));
    let mut ordered: Vec<ImportItem> = Vec::with_capacity(items.len());
    for group in items.chunk_by(|a, b| a.state_type == b.state_type && a.state_id == b.state_id) {
        ordered.append(&mut versions(group, records));
    }
    ordered
}

/// The versions of one state.
fn versions(group: &[ImportItem], records: &mut Vec<ImportRecord>) -> Vec<ImportItem> {
    let known = group.windows(2).all(|pair| follows(&pair[0], &pair[1]));
    let mut distinct: Vec<ImportItem> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for item in group {
        let last = distinct.len().checked_sub(1);
        // Where the order is known, a value that comes back is a version of its own.
        let same = places.get(item.data.text()).copied().filter(|at| !known || Some(*at) == last);
        if let Some(at) = same {
            take_in(&mut distinct[at], item, records);
        } else {
            places.insert(item.data.text(), distinct.len());
            distinct.push(item.clone());
        }
    }
    let unknown = !known && distinct.len() > 1;
    for item in &mut distinct {
        item.order_unknown = unknown;
    }
    distinct
}

/// Notes that the same stands elsewhere, too.
fn take_in(earlier: &mut ImportItem, item: &ImportItem, records: &mut Vec<ImportRecord>) {
    records.push(duplicate(item, earlier));
    earlier.also.push(item.source.clone());
    if item.flags != earlier.flags && earlier.flags.len() < FLAGS {
        let more = item.flags.iter().filter(|flag| !earlier.flags.contains(flag)).cloned();
        let more: Vec<_> = more.collect();
        earlier.flags.extend(more);
    }
}

type Place<'a> = (&'a str, &'a str, Option<Timestamp>, &'a str, Option<u64>);

/// What comes first has no instant, so that equal ones stand together.
fn place(item: &ImportItem) -> Place<'_> {
    let ImportItem { state_type, state_id, saved_at, source, .. } = item;
    (state_type.as_str(), state_id.as_str(), *saved_at, &source.file, source.line)
}

/// Whether the second is known to be as old as the first, or newer.
fn follows(first: &ImportItem, second: &ImportItem) -> bool {
    let later = first.saved_at.zip(second.saved_at).is_some_and(|(first, second)| first < second);
    let same_moment = first.saved_at == second.saved_at;
    let lines = first.source.file == second.source.file
        && first.source.line.zip(second.source.line).is_some_and(|(first, second)| first < second);
    later || same_moment && (lines || first.data == second.data)
}

fn duplicate(item: &ImportItem, earlier: &ImportItem) -> ImportRecord {
    ImportRecord {
        source: item.source.clone(),
        code: RecordCode::Duplicate,
        message: format!("the same as {}", earlier.source),
        value: None,
    }
}
