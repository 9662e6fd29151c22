//! What a person writes into a position by hand: a lot that was closed at the broker, a stop that was moved, a lot that was added.
//!
//! Pure and exact: the document, what was done and the time of now give the document that results, and nothing else in it changes. A
//! part that is closed becomes a lot of its own, `ID.1`, as the Python client has it (`clients/python/src/stateloft/_lots.py`). What is of a
//! shape that is not understood is refused by its path: half a change of a position is worse than none.

mod add;
mod close;
mod position;
mod sum;
#[cfg(test)]
mod tests;
mod typed;
mod whole;

pub use position::{HeldLot, Position, SavedPrice, position};
pub use sum::{Sum, with_sign};
pub use typed::{plain_time, typed_decimal, typed_time};

use crate::api::CloseReason;
use crate::apply::apply;
use crate::book::Side;
use crate::diff::Change;
use crate::json::Document;
use crate::json::Pointer;
use crate::model::Timestamp;
use crate::reconcile::{Editor, diff_of};
use position::Shape;

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// A lot is not held any more, or so much of it.
    Close {
        /// Which; `None` of a position without lots.
        lot: Option<String>,
        /// How much of it.
        quantity: String,
        /// How.
        exit: Exit,
    },
    /// Nothing of the position is held any more.
    CloseAll(Exit),
    /// Its stop and target are others.
    Adjust {
        /// Of which lot; `None`: the position's own.
        lot: Option<String>,
        /// The stop; `None` leaves it as it is.
        stop: Option<Level>,
        /// The target, likewise.
        target: Option<Level>,
    },
    /// One more lot is held.
    Add(NewLot),
}

/// How something was closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit {
    /// At which price; 0 is one. `None`: nobody knows, and then nothing is said of what it brought.
    pub price: Option<String>,
    /// When.
    pub time: Timestamp,
    /// Why.
    pub reason: CloseReason,
    /// What the broker calls the order that closed it.
    pub order: Option<String>,
}

/// What a stop or a target is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Level {
    /// This price.
    At(String),
    /// None at all.
    Nowhere,
}

/// A lot that is new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLot {
    /// What it is called; no other lot of the position is called so.
    pub id: String,
    /// On which side.
    pub side: Side,
    /// How much.
    pub quantity: String,
    /// At which price; `None`: nobody knows.
    pub entry_price: Option<String>,
    /// When.
    pub entry_time: Timestamp,
    /// Its stop.
    pub stop: Option<String>,
    /// Its target.
    pub target: Option<String>,
}

/// What a refusal is about that a person can type otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// Which lot.
    Lot,
    /// How much.
    Quantity,
    /// The exit's price.
    ExitPrice,
    /// The exit's time.
    ExitTime,
    /// The broker's order.
    Order,
    /// The stop.
    Stop,
    /// The target.
    Target,
    /// What a lot is called.
    Id,
    /// The entry's price.
    EntryPrice,
    /// The entry's time.
    EntryTime,
}

/// Nothing can be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Something was said that cannot be right.
    #[error("{why}")]
    Field {
        /// What.
        field: Field,
        /// Why, and what would be.
        why: String,
    },
    /// The document is of a shape that this does not know how to change.
    #[error("{}: {why}", named(.path))]
    Shape {
        /// Where.
        path: String,
        /// Why not.
        why: String,
    },
    /// Everything is so already.
    #[error("nothing changes: everything is so already")]
    Nothing,
    /// The result is too large for a document.
    #[error("the result is too large for one state")]
    TooLarge,
}

/// A path for people; the whole has none.
fn named(path: &str) -> &str {
    if path.is_empty() { "the document" } else { path }
}

impl Refusal {
    pub(super) fn field(field: Field, why: impl Into<String>) -> Self {
        Self::Field { field, why: why.into() }
    }

    pub(super) fn shape(path: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Shape { path: path.into(), why: why.into() }
    }
}

/// Something that depends on what changed, and is left as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stays {
    /// Where it stands.
    pub path: String,
    /// Why it is left.
    pub why: &'static str,
}

/// What results.
#[derive(Debug, Clone, PartialEq)]
pub struct ByHand {
    /// The document.
    pub data: Document,
    /// What each closed lot brought; empty where nothing was closed.
    pub sums: Vec<Sum>,
    /// All of that together; `None` where nothing was closed, or of one of them nobody knows.
    pub brought: Option<String>,
    /// How much of it is held afterwards, and in how many lots; `None` where that is not said.
    pub left: Option<(String, usize)>,
    /// What is left as it is though it depends on that.
    pub stays: Vec<Stays>,
}

/// Works out what a document becomes. `now` is when it is written: nothing can have been done later.
///
/// # Errors
/// [`Refusal`]
pub fn by_hand(document: &Document, act: &Act, now: Timestamp) -> Result<ByHand, Refusal> {
    let shape = Shape::of(document)?;
    let mut work = Work { shape, changes: Vec::new(), sums: Vec::new(), stays: Vec::new() };
    match act {
        Act::Close { lot, quantity, exit } => work.close(lot.as_deref(), quantity, exit, now)?,
        Act::CloseAll(exit) => work.close_all(exit, now)?,
        Act::Adjust { lot, stop, target } => work.adjust(lot.as_deref(), stop.as_ref(), target.as_ref())?,
        Act::Add(lot) => work.add(lot, now)?,
    }
    work.finish()
}

/// What is being worked out.
struct Work<'a> {
    shape: Shape<'a>,
    changes: Vec<Change>,
    sums: Vec<Sum>,
    stays: Vec<Stays>,
}

impl<'a> Work<'a> {
    /// Edits an object of the document.
    fn editor(&self, path: &str) -> Result<Editor<'a>, Refusal> {
        let pointer = Pointer::parse(path).ok();
        let editor = pointer.and_then(|pointer| Editor::at(self.shape.document, pointer));
        editor.ok_or_else(|| Refusal::shape(path, "is no object"))
    }

    fn adjust(
        &mut self,
        lot: Option<&str>,
        stop: Option<&Level>,
        target: Option<&Level>,
    ) -> Result<(), Refusal> {
        let path = match lot {
            Some(id) => self.shape.open(id)?.path.clone(),
            None => String::new(),
        };
        let mut edit = self.editor(&path)?;
        for (field, names, level) in
            [(Field::Stop, position::STOPS, stop), (Field::Target, position::TARGETS, target)]
        {
            match level {
                None => {}
                Some(Level::At(price)) => edit.decimal(&names, sum::checked(field, price)?),
                Some(Level::Nowhere) => {
                    let object = edit.object();
                    for name in names.iter().filter(|name| object.get(name).is_some()) {
                        edit.set(name, "null");
                    }
                }
            }
        }
        self.changes.extend(edit.into_changes());
        Ok(())
    }

    fn finish(self) -> Result<ByHand, Refusal> {
        let Self { shape, changes, sums, stays } = self;
        if changes.is_empty() {
            return Err(Refusal::Nothing);
        }
        let data = apply(shape.document, &diff_of(changes)).map_err(|_| Refusal::TooLarge)?;
        let left = Shape::of(&data).ok().and_then(|shape| shape.held());
        let brought = if sums.is_empty() { None } else { sum::total(&sums) };
        Ok(ByHand { data, sums, brought, left, stays })
    }
}
