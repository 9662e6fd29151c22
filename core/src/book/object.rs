//! The members of an object that have a meaning here, found in one walk over it. Positions come by the ten thousand, and to ask an
//! object for each of the words by itself is to walk over it forty times.

use super::words::{ENDS, IDS, PRICES, QUANTITIES, SIDES, SYMBOLS};
use crate::json::{Key, Node};
use crate::tagged::meant;

/// Words that stand for something by themselves.
const OTHERS: [&str; 6] = ["id", "status", "is_open", "exit_price", "symbol1", "volume1"];

const LISTS: [&[&str]; 7] = [&IDS, &SYMBOLS, &SIDES, &QUANTITIES, &PRICES, &ENDS, &OTHERS];

const COUNT: usize = {
    let (mut count, mut list) = (0, 0);
    while list < LISTS.len() {
        count += LISTS[list].len();
        list += 1;
    }
    count
};

/// All of them, list by list.
const ALL: [&str; COUNT] = {
    let mut all = [""; COUNT];
    let (mut at, mut list) = (0, 0);
    while list < LISTS.len() {
        let mut nth = 0;
        while nth < LISTS[list].len() {
            all[at] = LISTS[list][nth];
            at += 1;
            nth += 1;
        }
        list += 1;
    }
    all
};

/// One more than the longest of them.
const LENGTHS: usize = 16;
/// How many of one length there may be.
const ALIKE: usize = 8;

/// The places of words in [`ALL`], by their length: few are of one, so a key is held against few.
const BY_LENGTH: [([u8; ALIKE], usize); LENGTHS] = {
    let mut by_length = [([0; ALIKE], 0); LENGTHS];
    let mut at = 0;
    while at < COUNT {
        let (places, count) = &mut by_length[ALL[at].len()];
        #[allow(clippy::cast_possible_truncation, reason = "there are some forty")]
        {
            places[*count] = at as u8;
        }
        *count += 1;
        at += 1;
    }
    by_length
};

const fn is_same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    a.len() == b.len() && at == a.len()
}

/// Words that mean the same, the first of which counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words {
    from: usize,
    to: usize,
}

impl Words {
    pub(super) const IDS: Self = Self::of(&IDS);
    pub(super) const SYMBOLS: Self = Self::of(&SYMBOLS);
    pub(super) const SIDES: Self = Self::of(&SIDES);
    pub(super) const QUANTITIES: Self = Self::of(&QUANTITIES);
    pub(super) const PRICES: Self = Self::of(&PRICES);
    pub(super) const ENDS: Self = Self::of(&ENDS);
    pub(super) const ID: Self = Self::of(&["id"]);
    pub(super) const STATUS: Self = Self::of(&["status"]);
    pub(super) const IS_OPEN: Self = Self::of(&["is_open"]);
    pub(super) const EXIT_PRICE: Self = Self::of(&["exit_price"]);
    pub(super) const FIRST_SYMBOL: Self = Self::of(&["symbol1"]);
    pub(super) const FIRST_VOLUME: Self = Self::of(&["volume1"]);
    pub(super) const LOTS: Self = Self::of(&["lots"]);

    /// Where they stand. Names that are not among all do not compile.
    const fn of(names: &[&str]) -> Self {
        let mut from = 0;
        while !is_same(ALL[from], names[0]) {
            from += 1;
        }
        let mut nth = 0;
        while nth < names.len() {
            assert!(is_same(ALL[from + nth], names[nth]), "these words are one list");
            nth += 1;
        }
        Self { from, to: from + names.len() }
    }
}

/// An object, looked through.
#[derive(Clone, Copy)]
pub(super) struct Object<'a> {
    node: Node<'a>,
    /// Where the value of each word stands on the tape; 0, where no member's value can stand, for one that is not there.
    found: [u32; COUNT],
}

impl<'a> Object<'a> {
    pub(super) fn of(node: Node<'a>) -> Self {
        let mut found = [0; COUNT];
        for member in node.members() {
            let at = place(member.key).map(|at| &mut found[at]).filter(|at| **at == 0);
            if let Some(at) = at {
                *at = member.value.index();
            }
        }
        Self { node, found }
    }

    pub(super) fn node(&self) -> Node<'a> {
        self.node
    }

    /// The values of those that are there, in the order of the words, as they stand.
    fn values(&self, words: Words) -> impl Iterator<Item = Node<'a>> {
        let Self { node, found } = self;
        found[words.from..words.to].iter().filter(|at| **at != 0).filter_map(|at| node.beside(*at))
    }

    /// The values of those that say something. Tagged values are seen through.
    pub(super) fn all(&self, words: Words) -> impl Iterator<Item = Node<'a>> {
        self.values(words).map(|value| meant(value).0).filter(|value| !value.is_null())
    }

    /// The value of one word, as it stands.
    pub(super) fn value(&self, word: Words) -> Option<Node<'a>> {
        self.values(word).next()
    }

    /// The first that says something that can be read so.
    pub(super) fn first<T>(&self, words: Words, read: impl Fn(Node<'a>) -> Option<T>) -> Option<T> {
        self.all(words).find_map(read)
    }
}

/// Which of the words a key is.
fn place(key: Key<'_>) -> Option<usize> {
    let (places, count) = BY_LENGTH.get(key.len())?;
    places[..*count].iter().map(|at| usize::from(*at)).find(|at| key.is(ALL[*at]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Document;

    #[test]
    fn every_word_is_found_and_what_is_no_word_is_none() {
        let text: Vec<String> =
            ALL.iter().enumerate().map(|(nth, word)| format!("\"{word}\":{nth}")).collect();
        let document: Document =
            format!("{{\"other\":true,{},\"symbolic\":1}}", text.join(",")).parse().unwrap();
        let object = Object::of(document.root());
        for (nth, word) in ALL.iter().enumerate() {
            let value = object.value(Words { from: nth, to: nth + 1 }).unwrap();
            assert_eq!(value.text(), nth.to_string(), "{word}");
        }
        let none: Document = r#"{"other":1,"statu":2,"statuss":3,"":4}"#.parse().unwrap();
        assert!(
            (0..COUNT).all(|nth| Object::of(none.root()).value(Words { from: nth, to: nth + 1 }).is_none())
        );
    }

    #[test]
    fn a_word_that_is_spelled_with_escapes_is_the_same_word() {
        let document: Document = r#"{"\u0073tatus":"closed","symbo\u006c":"A"}"#.parse().unwrap();
        let object = Object::of(document.root());
        assert_eq!(object.value(Words::STATUS).and_then(Node::as_str).as_deref(), Some("closed"));
        assert_eq!(object.value(Words::SYMBOLS).and_then(Node::as_str).as_deref(), Some("A"));
    }
}
