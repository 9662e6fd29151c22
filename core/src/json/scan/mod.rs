//! The strict reader: one pass over the text that checks it, removes white space and writes the tape.
mod keys;
mod scalar;
mod string;

use super::document::Limits;
use super::error::{JsonError, JsonErrorKind};
use super::tape::Entry;
use keys::OpenKeys;

/// What is wrong and where, kept small because it travels through every return on the hot path.
/// `offset` is in the text as given; for [`JsonErrorKind::DuplicateKey`] it is the key's entry.
struct Fault {
    kind: JsonErrorKind,
    offset: usize,
}

type Step = Result<(), Fault>;

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    /// The next byte to read.
    at: usize,
    /// The compact text, up to `copied`; stays empty while no white space has been met.
    compact: String,
    copied: usize,
    /// Bytes of white space met so far: what lies between places in the two texts.
    removed: usize,
    entries: Vec<Entry>,
    open_keys: OpenKeys,
    depth_left: usize,
    /// Keys, arrays and objects with something inside: all entries that are not leaves.
    inner: u32,
}

/// What reading a text gives.
pub(super) struct Index {
    /// The text without white space.
    pub(super) text: String,
    pub(super) entries: Vec<Entry>,
    /// How many scalars and empty containers there are.
    pub(super) leaves: u32,
}

/// Checks `text` and returns it without white space, with its tape.
pub(super) fn scan(text: &str, limits: &Limits) -> Result<Index, JsonError> {
    let max_bytes = limits.max_bytes.min(i32::MAX as usize);
    if text.len() > max_bytes {
        let detail = format!("({} bytes; at most {max_bytes} are accepted)", text.len());
        return Err(JsonError::with_detail(JsonErrorKind::TooLarge, max_bytes, detail));
    }
    let mut scanner = Scanner {
        text,
        bytes: text.as_bytes(),
        at: 0,
        compact: String::new(),
        copied: 0,
        removed: 0,
        entries: Vec::with_capacity(expected_entries(text)),
        open_keys: OpenKeys::default(),
        depth_left: limits.max_depth,
        inner: 0,
    };
    match scanner.document() {
        Ok(()) => {
            let text = scanner.finish();
            let leaves = as_u32(scanner.entries.len()) - scanner.inner;
            let mut entries = scanner.entries;
            if entries.len() >= LARGE {
                entries.shrink_to_fit();
            }
            Ok(Index { text, entries, leaves })
        }
        Err(fault) => Err(scanner.explain(&fault, limits)),
    }
}

/// Texts of so many bytes are counted before they are read, and indexes of so many entries keep no spare room: a vector
/// that grows by doubling would hold up to three times what is needed.
const LARGE: usize = 64 << 10;

fn expected_entries(text: &str) -> usize {
    if text.len() < LARGE { text.len() / 12 + 1 } else { entries_at_most(text.as_bytes()) }
}

/// How many values and keys a text has at most: each but the first stands behind one of these. Those within strings are
/// counted, too.
pub(super) fn entries_at_most(text: &[u8]) -> usize {
    let before_a_value = |byte: &&u8| matches!(**byte, b',' | b':' | b'[' | b'{');
    // Counted in short stretches, each in a byte, so that the machine counts many at a time.
    let short = text.chunks(255).map(|stretch| {
        let count = stretch.iter().filter(before_a_value).fold(0_u8, |count, _| count.wrapping_add(1));
        usize::from(count)
    });
    short.sum::<usize>() + 1
}

impl Scanner<'_> {
    fn document(&mut self) -> Step {
        if self.text.starts_with('\u{feff}') {
            return Err(Fault { kind: JsonErrorKind::ByteOrderMark, offset: 0 });
        }
        self.skip_white_space();
        if self.at == self.bytes.len() {
            return Err(self.fault(JsonErrorKind::Empty));
        }
        self.value()?;
        self.skip_white_space();
        if self.at < self.bytes.len() { Err(self.fault(JsonErrorKind::TrailingText)) } else { Ok(()) }
    }

    fn value(&mut self) -> Step {
        match self.peek() {
            b'"' => self.string(),
            b'{' => self.object(),
            b'[' => self.array(),
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.literal(b"true"),
            b'f' => self.literal(b"false"),
            b'n' => self.literal(b"null"),
            _ => Err(self.no_value()),
        }
    }

    fn array(&mut self) -> Step {
        let index = self.open()?;
        let mut len = 0;
        if self.peek_token() == b']' {
            self.close(index, len);
            return Ok(());
        }
        loop {
            self.value()?;
            len += 1;
            match self.peek_token() {
                b',' => self.comma(b']')?,
                b']' => {
                    self.close(index, len);
                    return Ok(());
                }
                _ => return Err(self.unexpected()),
            }
        }
    }

    fn object(&mut self) -> Step {
        let index = self.open()?;
        let mut len = 0;
        if self.peek_token() == b'}' {
            self.close(index, len);
            return Ok(());
        }
        let first_key = self.open_keys.len();
        loop {
            self.key()?;
            self.inner += 1;
            if self.peek_token() != b':' {
                return Err(self.unexpected());
            }
            self.at += 1;
            self.peek_token();
            self.value()?;
            len += 1;
            match self.peek_token() {
                b',' => self.comma(b'}')?,
                b'}' => {
                    self.refuse_duplicates(first_key)?;
                    self.close(index, len);
                    return Ok(());
                }
                _ => return Err(self.unexpected()),
            }
        }
    }

    fn open(&mut self) -> Result<usize, Fault> {
        let Some(depth_left) = self.depth_left.checked_sub(1) else {
            return Err(self.fault(JsonErrorKind::TooDeep));
        };
        self.depth_left = depth_left;
        let start = self.place();
        self.entries.push(Entry { start, end: start, next: 0, len: 0 });
        self.at += 1;
        Ok(self.entries.len() - 1)
    }

    fn close(&mut self, index: usize, len: u32) {
        self.at += 1;
        self.depth_left += 1;
        self.inner += u32::from(len > 0);
        let (end, next) = (self.place(), as_u32(self.entries.len()));
        let entry = &mut self.entries[index];
        *entry = Entry { start: entry.start, end, next, len };
    }

    fn comma(&mut self, closing: u8) -> Step {
        let comma = self.at;
        self.at += 1;
        if self.peek_token() == closing {
            return Err(Fault { kind: JsonErrorKind::TrailingComma, offset: comma });
        }
        Ok(())
    }

    /// The next byte, or 0 at the end of the text (where no byte of a value is 0).
    #[inline]
    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    /// The next byte that is not white space.
    #[inline]
    fn peek_token(&mut self) -> u8 {
        let byte = self.peek();
        if byte > b' ' {
            return byte;
        }
        self.skip_white_space();
        self.peek()
    }

    fn skip_white_space(&mut self) {
        let start = self.at;
        while matches!(self.peek(), b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
        }
        if self.at > start {
            self.compact.push_str(&self.text[self.copied..start]);
            self.copied = self.at;
            self.removed += self.at - start;
        }
    }

    fn finish(&mut self) -> String {
        let mut compact = std::mem::take(&mut self.compact);
        compact.push_str(&self.text[self.copied..]);
        compact
    }

    /// Where the next byte lies in the compact text.
    #[inline]
    fn place(&self) -> u32 {
        as_u32(self.at - self.removed)
    }

    fn push(&mut self, start: usize, len: u32) {
        let next = as_u32(self.entries.len() + 1);
        let start = as_u32(start - self.removed);
        self.entries.push(Entry { start, end: self.place(), next, len });
    }

    #[cold]
    fn fault(&self, kind: JsonErrorKind) -> Fault {
        let kind = if self.at < self.bytes.len() || kind == JsonErrorKind::Empty {
            kind
        } else {
            JsonErrorKind::UnexpectedEnd
        };
        Fault { kind, offset: self.at }
    }

    #[cold]
    fn unexpected(&self) -> Fault {
        let kind = if self.peek() == 0 { JsonErrorKind::Nul } else { JsonErrorKind::UnexpectedCharacter };
        self.fault(kind)
    }

    #[cold]
    fn no_value(&self) -> Fault {
        let rest = &self.bytes[self.at..];
        if rest.starts_with(b"NaN") || rest.starts_with(b"Infinity") {
            return self.fault(JsonErrorKind::NotFinite);
        }
        match rest.first() {
            Some(b'+' | b'.') => self.fault(JsonErrorKind::InvalidNumber),
            _ => self.unexpected(),
        }
    }

    #[cold]
    fn explain(&self, fault: &Fault, limits: &Limits) -> JsonError {
        let Fault { kind, offset } = *fault;
        match kind {
            JsonErrorKind::DuplicateKey => self.explain_duplicate(offset),
            JsonErrorKind::TooDeep => {
                let detail = format!("(more than {} levels)", limits.max_depth);
                JsonError::with_detail(kind, offset, detail)
            }
            JsonErrorKind::UnexpectedCharacter => match self.text[offset..].chars().next() {
                Some(found) => JsonError::with_detail(kind, offset, format!("{found:?}")),
                None => JsonError::new(kind, offset),
            },
            _ => JsonError::new(kind, offset),
        }
    }
}

/// Every text is under 2 GiB, so its places fit.
#[inline]
#[allow(clippy::cast_possible_truncation)]
fn as_u32(value: usize) -> u32 {
    value as u32
}
