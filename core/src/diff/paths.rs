//! The path walked, as three texts that grow and shrink together.
use crate::json::pointer::escape_into;

/// Where a walk over two documents stands.
#[derive(Debug, Default)]
pub(super) struct Paths {
    /// RFC 6901 pointer into the new document.
    pub(super) new: String,
    /// RFC 6901 pointer into the old document.
    pub(super) old: String,
    /// For people.
    pub(super) display: String,
}

/// Where to come back to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark(usize, usize, usize);

impl Paths {
    /// Steps down to a member of an object.
    pub(super) fn member(&mut self, key: &str) -> Mark {
        let mark = self.mark();
        for path in [&mut self.new, &mut self.old, &mut self.display] {
            path.push('/');
            escape_into(path, key);
        }
        mark
    }

    /// Steps down to an element of an array, at its two positions; `name` is its identity if it has one.
    pub(super) fn element(&mut self, old: usize, new: usize, name: Option<&str>) -> Mark {
        let mark = self.mark();
        for (path, position) in [(&mut self.old, old), (&mut self.new, new)] {
            path.push('/');
            push_number(path, position);
        }
        self.display.push('/');
        match name {
            Some(name) => self.display.extend(["[", name, "]"]),
            None => push_number(&mut self.display, new),
        }
        mark
    }

    /// Steps back up.
    pub(super) fn back(&mut self, mark: Mark) {
        self.new.truncate(mark.0);
        self.old.truncate(mark.1);
        self.display.truncate(mark.2);
    }

    /// The place in the old document, where it is not the one in the new.
    pub(super) fn from(&self) -> Option<String> {
        (self.old != self.new).then(|| self.old.clone())
    }

    fn mark(&self) -> Mark {
        Mark(self.new.len(), self.old.len(), self.display.len())
    }
}

/// Much quicker than formatting, and paths are made of numbers.
fn push_number(out: &mut String, mut number: usize) {
    let mut digits = [b'0'; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend(digits[start..].iter().map(|digit| char::from(*digit)));
}
