//! What binds a report: a hash over all that it says. It is fed with the few texts that a row is made of, and not with the row as
//! JSON, which is four times as long and would be most of the work of a long list.

use super::Sides;
use super::compare::Row;
use super::lot::OurLot;
use crate::api::ReconcileOptions;
use crate::book::Holding;
use crate::hash::RequestHash;

/// The hash. What follows from the rest, as differences and counts do, is not in it.
pub(super) fn hash(sides: &Sides<'_>, rows: &[Row<'_>], options: &ReconcileOptions) -> String {
    // Texts and numbers: writing them cannot fail.
    let head = serde_json::to_vec(&(options, sides.shape, &sides.unread)).unwrap_or_default();
    let mut said = Said(Vec::with_capacity(rows.len() * 128));
    for row in rows {
        said.row(row);
    }
    RequestHash::of(&[b"stateloft-report-1", &head, &said.0]).to_string()
}

/// In place of a length: there is no text.
const NONE: u8 = 254;
/// In place of a length: it comes next, in eight bytes.
const LONG: u8 = 255;

/// Texts one behind the other, each with its length before it, so that none runs into the next.
struct Said(Vec<u8>);

impl Said {
    fn row(&mut self, row: &Row<'_>) {
        self.0.extend([row.verdict as u8, row.because.map_or(u8::MAX, |because| because as u8)]);
        self.text(row.symbol());
        self.count(row.ids.len());
        for id in &row.ids {
            self.text(Some(id));
        }
        self.count(row.ours().len());
        for OurLot { key, version, holding, .. } in row.ours() {
            self.text(Some(key.state_type.as_str()));
            self.text(Some(key.state_id.as_str()));
            self.0.extend(version.0.to_le_bytes());
            self.held(holding);
        }
        self.count(row.theirs().len());
        for holding in row.theirs() {
            self.held(holding);
        }
    }

    fn held(&mut self, holding: &Holding<'_>) {
        self.text(Some(&holding.pointer));
        self.text(holding.signed().as_deref());
        self.text(holding.price.as_deref());
    }

    fn text(&mut self, text: Option<&str>) {
        match text {
            None => self.0.push(NONE),
            Some(text) => {
                self.count(text.len());
                self.0.extend_from_slice(text.as_bytes());
            }
        }
    }

    /// Nearly all are short: those take one byte.
    fn count(&mut self, count: usize) {
        match u8::try_from(count) {
            Ok(short) if short < NONE => self.0.push(short),
            _ => {
                self.0.push(LONG);
                self.0.extend((count as u64).to_le_bytes());
            }
        }
    }
}
