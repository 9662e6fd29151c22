//! Whether what is being written about is still what was looked at.

use stateloft_core::book::by_hand::HeldLot;

use super::Mode;

/// Something of a lot that is not what it was: what it is, as it was looked at and as it is now. Absent is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The lot, where it has a name.
    pub lot: Option<String>,
    /// What of it.
    pub what: &'static str,
    /// As it was looked at.
    pub looked: Option<String>,
    /// As it is now.
    pub now: Option<String>,
}

/// What moved of these lots that a mode is about. A price that a program writes beside them moves nothing.
#[must_use]
pub fn moved(mode: Mode, looked: &[HeldLot], now: &[HeldLot]) -> Vec<Moved> {
    if mode == Mode::Add {
        return Vec::new();
    }
    let mut found = Vec::new();
    for old in looked {
        let Some(new) = now.iter().find(|lot| lot.id == old.id) else {
            found.push(Moved { lot: old.id.clone(), what: "open", looked: old.quantity.clone(), now: None });
            continue;
        };
        let pairs: [(&'static str, &Option<String>, &Option<String>); 2] = match mode {
            Mode::Adjust => [("stop", &old.stop, &new.stop), ("target", &old.target, &new.target)],
            _ => [
                ("quantity", &old.quantity, &new.quantity),
                ("entry price", &old.entry_price, &new.entry_price),
            ],
        };
        let row = |(what, old, now): (&'static str, &Option<String>, &Option<String>),
                   lot: &Option<String>| {
            (old != now).then(|| Moved { lot: lot.clone(), what, looked: old.clone(), now: now.clone() })
        };
        found.extend(pairs.into_iter().filter_map(|pair| row(pair, &old.id)));
    }
    if mode == Mode::All {
        let new = now.iter().filter(|lot| looked.iter().all(|old| old.id != lot.id));
        found.extend(new.map(|lot| Moved {
            lot: lot.id.clone(),
            what: "open",
            looked: None,
            now: lot.quantity.clone(),
        }));
    }
    found
}
