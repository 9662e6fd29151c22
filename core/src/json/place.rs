//! Where in a document a byte of its text stands, though the text is read only up to there.
use super::decode::unescape;
use super::pointer::escape_into;

/// Pointers longer than this are not told: a key may be as long as a text.
const POINTER_MAX: usize = 1 << 10;

/// An array or object that is open.
enum Open {
    Array {
        index: usize,
    },
    /// The place of the key that was read last, quotes included, unless a comma came since.
    Object {
        key: Option<(usize, usize)>,
    },
}

/// What the reader was about when it came to a byte.
pub(super) struct Place<'a> {
    text: &'a [u8],
    open: Vec<Open>,
    /// Inside a text or a key.
    pub(super) in_text: bool,
    /// Behind a value that is whole, or behind a number's or a word's first characters.
    pub(super) after_value: bool,
    /// Behind a key's colon.
    after_colon: bool,
}

impl<'a> Place<'a> {
    /// The place of byte `end` of `text`, which is a document as far as that.
    pub(super) fn of(text: &'a [u8], end: usize) -> Self {
        let mut place =
            Self { text, open: Vec::new(), in_text: false, after_value: false, after_colon: false };
        let mut at = 0;
        while at < end {
            at = place.step(at, end);
        }
        place
    }

    /// Takes in what begins at `at`; returns where the next thing does.
    fn step(&mut self, at: usize, end: usize) -> usize {
        match self.text[at] {
            b'"' => return self.characters(at, end),
            b'[' => self.enter(Open::Array { index: 0 }),
            b'{' => self.enter(Open::Object { key: None }),
            b']' | b'}' => {
                self.open.pop();
                self.after_value = true;
            }
            b',' => {
                (self.after_value, self.after_colon) = (false, false);
                match self.open.last_mut() {
                    Some(Open::Array { index }) => *index += 1,
                    Some(Open::Object { key }) => *key = None,
                    None => {}
                }
            }
            b':' => self.after_colon = true,
            b' ' | b'\n' | b'\r' | b'\t' => {}
            _ => self.after_value = true,
        }
        at + 1
    }

    fn enter(&mut self, container: Open) {
        self.open.push(container);
        (self.after_value, self.after_colon) = (false, false);
    }

    fn characters(&mut self, start: usize, end: usize) -> usize {
        let Some(length) = length_of_text(&self.text[start..end]) else {
            self.in_text = true;
            return end;
        };
        match self.open.last_mut() {
            Some(Open::Object { key }) if key.is_none() => *key = Some((start, start + length)),
            _ => self.after_value = true,
        }
        start + length
    }

    /// Where a key must come next.
    pub(super) fn wants_key(&self) -> bool {
        !self.in_text && matches!(self.open.last(), Some(Open::Object { key: None }))
    }

    /// Where a colon must come next.
    pub(super) fn wants_colon(&self) -> bool {
        !self.in_text && !self.after_colon && matches!(self.open.last(), Some(Open::Object { key: Some(_) }))
    }

    /// Whether this is inside an array or object.
    pub(super) fn is_inside(&self) -> bool {
        !self.open.is_empty()
    }

    /// Leaves the element or member that was read last: the container is meant.
    pub(super) fn leave_last(&mut self) {
        self.open.pop();
    }

    /// The pointer of the value that is read here, or was read last; `None` when it is too long to be told.
    pub(super) fn pointer(&self) -> Option<String> {
        let mut pointer = String::new();
        for container in &self.open {
            match *container {
                Open::Array { index } => {
                    pointer.push('/');
                    pointer.push_str(&index.to_string());
                }
                Open::Object { key: Some((start, end)) } if end - start <= POINTER_MAX => {
                    let raw = std::str::from_utf8(&self.text[start + 1..end - 1]).ok()?;
                    pointer.push('/');
                    escape_into(&mut pointer, &unescape(raw));
                }
                Open::Object { key: Some(_) } => return None,
                Open::Object { key: None } => {}
            }
        }
        (pointer.len() <= POINTER_MAX).then_some(pointer)
    }
}

/// How long the text is that starts with the opening quote, with both quotes; `None` if it does not end here.
pub(super) fn length_of_text(bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}
