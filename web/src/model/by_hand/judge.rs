//! What was understood of each field, by the rules of the core, and the document that results.

use stateloft_core::book::Side;
use stateloft_core::book::by_hand::{
    Act, ByHand, Exit, Field, HeldLot, Level, NewLot, Position, Refusal, by_hand, plain_time, typed_decimal,
    typed_time,
};
use stateloft_core::json::number::{delta, percent, same_value};
use stateloft_core::json::{Decimal, Document};
use stateloft_core::model::Timestamp;

use super::words::{field_name, size_words};
use super::{Mode, REASONS, Typed};
use crate::model::age;

/// A price that is further than this from the last saved one is most likely a slip (percent).
const FAR: &str = "5";
/// What says that a price is not known, which is not the same as an empty field.
const UNKNOWN: &str = "unknown";

/// How a note is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// It was understood.
    Good,
    /// It looks wrong, and may be written.
    Warn,
    /// It cannot be right.
    Broken,
    /// Nothing was typed yet.
    Empty,
}

/// What is said under a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// How it is meant.
    pub tone: Tone,
    /// What was understood.
    pub words: String,
}

impl Note {
    fn new(tone: Tone, words: impl Into<String>) -> Self {
        Self { tone, words: words.into() }
    }
}

/// Why nothing can be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lack {
    /// The field that it is about.
    pub field: Option<Field>,
    /// For people, with the field's name.
    pub words: String,
    /// The shape is not understood: the form is of no use.
    pub shape: bool,
}

/// What is judged.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// What is to be said.
    pub mode: Mode,
    /// What was typed.
    pub typed: &'a Typed,
    /// The position as it is now.
    pub position: &'a Position,
    /// The lot that is chosen.
    pub lot: Option<&'a HeldLot>,
    /// The document as it is now.
    pub document: &'a Document,
    /// The present.
    pub now: Timestamp,
    /// Whether an order of the id that was typed is here; `None` while nobody knows.
    pub order_known: Option<bool>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// What is said under each field.
    pub notes: Vec<(Field, Note)>,
    /// What results.
    pub done: Result<ByHand, Lack>,
}

impl Judged {
    /// The note under a field.
    #[must_use]
    pub fn note(&self, field: Field) -> Option<&Note> {
        self.notes.iter().find(|(of, _)| *of == field).map(|(_, note)| note)
    }

    /// How many notes are of a tone.
    #[must_use]
    pub fn count(&self, tone: Tone) -> u64 {
        self.notes.iter().filter(|(_, note)| note.tone == tone).count() as u64
    }
}

/// Reads every field, and works out what results.
#[must_use]
pub fn judge(asked: Asked<'_>) -> Judged {
    let mut form = Form { asked, notes: Vec::new() };
    let act = form.act();
    let done = act.and_then(|act| {
        by_hand(asked.document, &act, asked.now).map_err(|refusal| match refusal {
            Refusal::Field { field, why } => {
                form.say(field, Tone::Broken, &why);
                form.lack(field, &why)
            }
            Refusal::Shape { .. } => Lack { field: None, words: refusal.to_string(), shape: true },
            Refusal::Nothing | Refusal::TooLarge => {
                Lack { field: None, words: refusal.to_string(), shape: false }
            }
        })
    });
    if let Ok(done) = &done {
        form.quantity_note(done);
    }
    Judged { notes: form.notes, done }
}

struct Form<'a> {
    asked: Asked<'a>,
    notes: Vec<(Field, Note)>,
}

impl Form<'_> {
    fn say(&mut self, field: Field, tone: Tone, words: &str) {
        self.notes.retain(|(of, _)| *of != field);
        self.notes.push((field, Note::new(tone, words)));
    }

    fn lack(&self, field: Field, why: &str) -> Lack {
        Lack {
            field: Some(field),
            words: format!("{}: {why}", field_name(self.asked.mode, field)),
            shape: false,
        }
    }

    /// What was typed of a field, or why that is none; what is broken is said under it.
    fn read<T>(
        &mut self,
        field: Field,
        read: impl Fn(&mut Self, &str) -> Result<T, String>,
    ) -> Result<T, Lack> {
        let text = self.asked.typed.get(field).unwrap_or_default().trim().to_owned();
        read(self, &text).map_err(|why| {
            let tone = if text.is_empty() { Tone::Empty } else { Tone::Broken };
            self.say(field, tone, &why);
            self.lack(field, &why)
        })
    }

    /// Every field is read, so that each has its note; the first that is wrong is said on the button.
    fn act(&mut self) -> Result<Act, Lack> {
        match self.asked.mode {
            Mode::Close => {
                let (quantity, exit) = (self.closed(), self.exit());
                let lot = self.chosen()?;
                Ok(Act::Close { lot: lot.id.clone(), quantity: quantity?, exit: exit? })
            }
            Mode::All => self.exit().map(Act::CloseAll),
            Mode::Adjust => {
                if self.asked.position.has_lots {
                    self.chosen()?;
                }
                let old = match self.asked.lot {
                    Some(lot) => (lot.stop.clone(), lot.target.clone()),
                    None => (self.asked.position.stop.clone(), self.asked.position.target.clone()),
                };
                let (stop, target) =
                    (self.level(Field::Stop, old.0.as_deref()), self.level(Field::Target, old.1.as_deref()));
                let lot = self.asked.lot.and_then(|lot| lot.id.clone());
                Ok(Act::Adjust { lot, stop: stop?, target: target? })
            }
            Mode::Add => self.added(),
        }
    }

    fn chosen(&self) -> Result<&HeldLot, Lack> {
        let none = || Lack { field: Some(Field::Lot), words: "Choose a lot.".to_owned(), shape: false };
        self.asked.lot.ok_or_else(none)
    }

    fn closed(&mut self) -> Result<String, Lack> {
        // Nothing typed is the whole lot, which the field shows.
        let whole = self.asked.lot.and_then(|lot| lot.quantity.clone());
        if let (None, Some(whole)) = (self.asked.typed.get(Field::Quantity), whole) {
            return Ok(whole);
        }
        self.read(Field::Quantity, |_, text| typed_decimal(text))
    }

    fn exit(&mut self) -> Result<Exit, Lack> {
        let price = self.price(Field::ExitPrice);
        let time = self.time(Field::ExitTime);
        let order = self.order();
        let reason = REASONS.get(self.asked.typed.reason).map_or(REASONS[0].0, |(reason, _)| *reason);
        Ok(Exit { price: price?, time: time?, reason, order: order? })
    }

    fn price(&mut self, field: Field) -> Result<Option<String>, Lack> {
        self.read(field, |form, text| {
            if text.eq_ignore_ascii_case(UNKNOWN) {
                form.say(field, Tone::Warn, "no data: what it brought stays unknown");
                return Ok(None);
            }
            let price = typed_decimal(text).map_err(|why| {
                if text.is_empty() {
                    "type a decimal; 0 is legal, and \"unknown\" says that nobody knows".to_owned()
                } else {
                    why
                }
            })?;
            let (tone, words) = form.beside_saved(&price);
            form.say(field, tone, &words);
            Ok(Some(price))
        })
    }

    /// How far a price is from the last one that was saved.
    fn beside_saved(&self, price: &str) -> (Tone, String) {
        let Some(saved) = &self.asked.position.price else {
            return (Tone::Good, "no price was saved to hold it against: no data".to_owned());
        };
        let (Some(old), Some(new)) = (Decimal::parse(&saved.value), Decimal::parse(price)) else {
            return (Tone::Good, String::new());
        };
        let by = delta(old, new).unwrap_or_default();
        match percent(old, new) {
            Some(share) => {
                let size = Decimal::parse(share.trim_start_matches(['+', '-']));
                let far = size.zip(Decimal::parse(FAR)).is_some_and(|(size, far)| size > far);
                let tone = if far { Tone::Warn } else { Tone::Good };
                (tone, format!("{by}, {share} % from the last saved price"))
            }
            None => (Tone::Good, format!("{by} from the last saved price")),
        }
    }

    fn time(&mut self, field: Field) -> Result<Timestamp, Lack> {
        self.read(field, |form, text| {
            let now = form.asked.now;
            let time = typed_time(text, now)?;
            let ago = age::ago(time, now);
            let entered = form
                .asked
                .lot
                .filter(|_| form.asked.mode == Mode::Close)
                .and_then(|lot| lot.entry_time.as_deref());
            let order = match entered.map(Timestamp::parse) {
                Some(Ok(entered)) if entered <= time => "; after the entry",
                Some(Ok(_)) => "; before the entry",
                Some(Err(_)) => "; the entry has no zone to hold it against",
                None => "",
            };
            form.say(field, Tone::Good, &format!("{}, {ago}{order}", plain_time(time)));
            Ok(time)
        })
    }

    fn order(&mut self) -> Result<Option<String>, Lack> {
        self.read(Field::Order, |form, text| {
            let (tone, words) = match (text, form.asked.order_known) {
                ("", _) => return Ok(None),
                (_, Some(true)) => (Tone::Good, "an order here has this id"),
                (_, Some(false)) => {
                    (Tone::Warn, "no order here has this id; kept as typed, until the broker names it")
                }
                (_, None) => (Tone::Good, "kept as typed"),
            };
            form.say(Field::Order, tone, words);
            Ok(Some(text.to_owned()))
        })
    }

    /// A stop or target that there may be: left as it is, moved, or taken away.
    fn level(&mut self, field: Field, old: Option<&str>) -> Result<Option<Level>, Lack> {
        if self.asked.typed.get(field).is_none() {
            return Ok(None);
        }
        self.read(field, |form, text| {
            if text.is_empty() {
                if old.is_some() {
                    form.say(field, Tone::Warn, "taken away");
                }
                return Ok(old.map(|_| Level::Nowhere));
            }
            let price = typed_decimal(text)?;
            if old == Some(price.as_str()) {
                return Ok(None);
            }
            form.level_note(field, &price, old);
            Ok(Some(Level::At(price)))
        })
    }

    fn level_note(&mut self, field: Field, price: &str, old: Option<&str>) {
        let (mut tone, mut words) = self.beside_saved(price);
        if let Some(by) = old.and_then(|old| delta(Decimal::parse(old)?, Decimal::parse(price)?)) {
            words = format!("{by} from {}; {words}", old.unwrap_or_default());
        }
        let side = match self.asked.mode {
            Mode::Add if self.asked.typed.short => Some(Side::Short),
            Mode::Add => Some(Side::Long),
            _ => self.asked.lot.and_then(|lot| lot.side),
        };
        let saved = self.asked.position.price.as_ref().and_then(|saved| Decimal::parse(&saved.value));
        if let (Some(side), Some(saved), Some(level)) = (side, saved, Decimal::parse(price)) {
            let below = (side == Side::Long) == (field == Field::Stop);
            if if below { level > saved } else { level < saved } {
                tone = Tone::Warn;
                words.push_str("; it would be hit at once at that price");
            }
        }
        self.say(field, tone, &words);
    }

    fn added(&mut self) -> Result<Act, Lack> {
        let id = self.read(Field::Id, |_, text| {
            if text.is_empty() {
                Err("what the broker calls it, or you do".to_owned())
            } else {
                Ok(text.to_owned())
            }
        });
        let quantity = self.read(Field::Quantity, |_, text| typed_decimal(text));
        let entry_price = self.price(Field::EntryPrice);
        let entry_time = self.time(Field::EntryTime);
        let mut level = |field| {
            self.read(field, |form, text| {
                if text.is_empty() {
                    return Ok(None);
                }
                let price = typed_decimal(text)?;
                form.level_note(field, &price, None);
                Ok(Some(price))
            })
        };
        let (stop, target) = (level(Field::Stop), level(Field::Target));
        let side = if self.asked.typed.short { Side::Short } else { Side::Long };
        Ok(Act::Add(NewLot {
            id: id?,
            side,
            quantity: quantity?,
            entry_price: entry_price?,
            entry_time: entry_time?,
            stop: stop?,
            target: target?,
        }))
    }

    /// `the whole lot; 0.20 stay in 2 lots`.
    fn quantity_note(&mut self, done: &ByHand) {
        if !self.asked.mode.fields().contains(&Field::Quantity) {
            return;
        }
        let left = done
            .left
            .as_ref()
            .map_or_else(String::new, |(left, lots)| size_words(self.asked.position, left, *lots));
        let words = match (self.asked.mode, self.asked.lot, done.sums.first()) {
            (Mode::Close, Some(lot), Some(sum)) => {
                let whole = lot.quantity.as_deref().is_some_and(|held| same_value(held, &sum.quantity));
                format!("{}{left}", if whole { "the whole lot" } else { "a part of it" })
            }
            _ => left.trim_start_matches("; ").to_owned(),
        };
        self.say(Field::Quantity, Tone::Good, &words);
    }
}
