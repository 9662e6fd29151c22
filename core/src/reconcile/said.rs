//! What binds a report: a hash over all that it says. It is fed with the few texts that a row is made of, and not with the row as
//! JSON, which is four times as long and would be most of the work of a long list.

use crate::api::{BrokerShape, Held, ReconcileOptions, ReconcileRow, Unread};
use crate::hash::RequestHash;

/// The hash. What follows from the rest, as differences and counts do, is not in it.
pub(super) fn hash(
    options: &ReconcileOptions,
    shape: Option<BrokerShape>,
    rows: &[ReconcileRow],
    unread: &[Unread],
) -> String {
    // Texts and numbers: writing them cannot fail.
    let head = serde_json::to_vec(&(options, shape, unread)).unwrap_or_default();
    let mut said = Said(Vec::with_capacity(rows.len() * 128));
    for row in rows {
        said.row(row);
    }
    RequestHash::of(&[b"stateloft-report-1", &head, &said.0]).to_string()
}

/// Texts one behind the other, each with its length before it, so that none runs into the next.
struct Said(Vec<u8>);

impl Said {
    fn row(&mut self, row: &ReconcileRow) {
        let ReconcileRow { verdict, because, symbol, ids, ours, theirs, quantity: _, price: _ } = row;
        self.0.extend([*verdict as u8, because.map_or(u8::MAX, |because| because as u8)]);
        self.text(symbol.as_deref());
        self.count(ids.len());
        for id in ids {
            self.text(Some(id));
        }
        for side in [ours, theirs] {
            self.count(side.len());
            for held in side {
                self.held(held);
            }
        }
    }

    fn held(&mut self, held: &Held) {
        let Held { state_type, state_id, version, pointer, quantity, price } = held;
        self.text(state_type.as_deref());
        self.text(state_id.as_deref());
        self.0.extend(version.unwrap_or(u64::MAX).to_le_bytes());
        self.text(Some(pointer));
        self.text(quantity.as_deref());
        self.text(price.as_deref());
    }

    fn text(&mut self, text: Option<&str>) {
        match text {
            None => self.count(usize::MAX),
            Some(text) => {
                self.count(text.len());
                self.0.extend_from_slice(text.as_bytes());
            }
        }
    }

    fn count(&mut self, count: usize) {
        self.0.extend(u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
    }
}
