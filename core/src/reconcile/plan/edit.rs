//! Editing a lot where it stands: only the members that are meant change, and every other byte stays.

use crate::book::Side;
use crate::book::words::{QUANTITIES, SIDES, decimal, side};
use crate::diff::{Change, ChangeKind, Diff, Place};
use crate::json::number::delta;
use crate::json::writer::quote;
use crate::json::{Decimal, Document, Kind, Node, Pointer};
use crate::tagged::meant;

/// Changes of one object.
pub(crate) struct Editor<'a> {
    object: Node<'a>,
    pointer: Pointer,
    /// Decimals are texts in it.
    texts: bool,
    changes: Vec<Change>,
}

impl<'a> Editor<'a> {
    /// Of the object at a pointer.
    pub(crate) fn at(document: &'a Document, pointer: Pointer) -> Option<Self> {
        Self::of(document.tape().get(&pointer)?, pointer)
    }

    /// Of an object, which stands at a pointer.
    pub(super) fn of(object: Node<'a>, pointer: Pointer) -> Option<Self> {
        if object.kind() != Kind::Object {
            return None;
        }
        let spelled = |name: &&str| object.get(name).map(|value| meant(value).0.kind());
        let texts = QUANTITIES.iter().find_map(spelled) == Some(Kind::String);
        Some(Self { object, pointer, texts, changes: Vec::new() })
    }

    pub(crate) fn into_changes(self) -> Vec<Change> {
        self.changes
    }

    pub(crate) fn object(&self) -> Node<'a> {
        self.object
    }

    /// Writes a decimal in place of the first of these members that says one, else as the first of them.
    pub(crate) fn decimal(&mut self, names: &[&str], number: &str) {
        let says =
            |name: &&&str| self.object.get(name).is_some_and(|value| decimal(meant(value).0).is_some());
        let Some(name) = names.iter().find(says).or(names.first()) else { return };
        let as_text = match self.object.get(name).map(|value| meant(value).0.kind()) {
            Some(Kind::String) => true,
            Some(Kind::Number) => false,
            _ => self.texts,
        };
        self.set(name, &if as_text { quote(number) } else { number.to_owned() });
    }

    /// Turns its own words for the side into that of another, in the same vocabulary; `None` where it has no such word of its own.
    pub(super) fn turn(&mut self, to: Side) -> Option<()> {
        let turned: Vec<()> = SIDES.iter().filter_map(|name| self.turn_word(name, to)).collect();
        (!turned.is_empty()).then_some(())
    }

    fn turn_word(&mut self, name: &str, to: Side) -> Option<()> {
        let value = meant(self.object.get(name)?).0;
        side(value)?;
        let word = word_like(&value.as_str()?, to)?;
        self.set(name, &quote(&word));
        Some(())
    }

    /// Gives a member a value, in place of the one that it has.
    pub(crate) fn set(&mut self, name: &str, text: &str) {
        let Some(old) = self.object.get(name) else {
            let at = u32::try_from(self.object.len()).ok();
            let place = Place { at, ..Place::default() };
            let change = changed(ChangeKind::Added, &self.pointer.join(name), None, Some(text));
            return self.changes.push(Change { place, ..change });
        };
        // A tagged value keeps its tag.
        let (inner, within) = meant(old);
        let pointer = within.iter().fold(self.pointer.join(name), |pointer, member| pointer.join(member));
        if inner.text() != text {
            self.changes.push(changed(ChangeKind::Changed, &pointer, Some(inner.text()), Some(text)));
        }
    }

    /// Takes members out, where they are.
    pub(crate) fn remove(&mut self, names: &[&str]) {
        for name in names {
            if let Some(old) = self.object.get(name) {
                let pointer = self.pointer.join(name);
                self.changes.push(changed(ChangeKind::Removed, &pointer, Some(old.text()), None));
            }
        }
    }
}

/// A change of one value.
pub(crate) fn changed(kind: ChangeKind, pointer: &Pointer, old: Option<&str>, new: Option<&str>) -> Change {
    let number = |text: Option<&str>| text.map(|text| text.trim_matches('"').to_owned());
    let (from, to) = (number(old), number(new));
    let decimals = from.as_deref().and_then(Decimal::parse).zip(to.as_deref().and_then(Decimal::parse));
    Change {
        kind,
        path: pointer.as_str().to_owned(),
        display: pointer.as_str().to_owned(),
        old: old.map(str::to_owned),
        new: new.map(str::to_owned),
        delta: decimals.and_then(|(from, to)| delta(from, to)),
        percent: None,
        unit: None,
        volatile: false,
        protected: None,
        by_place: false,
        splice: None,
        series: None,
        place: Place::default(),
    }
}

/// Changes as a difference, to be applied.
pub(crate) fn diff_of(changes: Vec<Change>) -> Diff {
    Diff { changes, ..Diff::default() }
}

/// The word for a side in the vocabulary and the case of another word for one.
pub(crate) fn word_like(word: &str, to: Side) -> Option<String> {
    let word = word.trim();
    let words = [("long", "short"), ("buy", "sell"), ("up", "down")];
    let (long, short) = words
        .into_iter()
        .find(|(long, short)| word.eq_ignore_ascii_case(long) || word.eq_ignore_ascii_case(short))?;
    Some(in_the_case_of(word, if to == Side::Long { long } else { short }))
}

fn in_the_case_of(word: &str, plain: &str) -> String {
    let mut letters = word.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if first.is_uppercase() && second.is_uppercase() => plain.to_uppercase(),
        (Some(first), _) if first.is_uppercase() => plain[..1].to_uppercase() + &plain[1..],
        _ => plain.to_owned(),
    }
}
