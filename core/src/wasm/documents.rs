//! The documents that calls are about: read once, kept for the next call.

use std::cell::RefCell;
use std::collections::VecDeque;

use crate::json::{Diagnosis, Document};

/// How many documents are kept.
const KEPT: usize = 4;
/// What a handle starts with; no JSON text does.
const HANDLE: &str = "document:";

/// A call that cannot mean anything. What may go wrong with data is a result, not a misuse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misuse {
    /// A text that must be a document is none; `check` says so without an error.
    #[error("{0} is not a JSON document: {1}")]
    NotADocument(&'static str, Box<Diagnosis>),
    /// The document behind a handle is no longer kept.
    #[error("the document {0} is no longer kept: give its text again")]
    Forgotten(String),
    /// An argument that is not what it must be.
    #[error("{0} is wrong: {1}")]
    Argument(&'static str, String),
}

#[derive(Default)]
struct Kept {
    last: u64,
    /// The one used last comes last.
    documents: VecDeque<(u64, Document)>,
}

thread_local! {
    static KEPT_DOCUMENTS: RefCell<Kept> = RefCell::default();
}

/// The document that `given` stands for: a text, or the handle of a document that is kept.
///
/// # Errors
/// It is neither; `name` is how the argument is called.
pub(super) fn read(name: &'static str, given: &str) -> Result<Document, Misuse> {
    KEPT_DOCUMENTS.with_borrow_mut(|kept| kept.read(name, given).map(|(_, document)| document))
}

/// The same, with the document's handle.
///
/// # Errors
/// As [`read`].
pub(super) fn read_with_handle(name: &'static str, given: &str) -> Result<(String, Document), Misuse> {
    KEPT_DOCUMENTS.with_borrow_mut(|kept| {
        kept.read(name, given).map(|(number, document)| (format!("{HANDLE}{number}"), document))
    })
}

impl Kept {
    fn read(&mut self, name: &'static str, given: &str) -> Result<(u64, Document), Misuse> {
        if let Some(number) = given.strip_prefix(HANDLE) {
            let found = number.parse().ok().and_then(|number: u64| self.touch(|known, _| known == number));
            return found.ok_or_else(|| Misuse::Forgotten(given.to_owned()));
        }
        if let Some(found) = self.touch(|_, document| document.text() == given) {
            return Ok(found);
        }
        let refused = |error| Misuse::NotADocument(name, Diagnosis::of(error, given.as_bytes()).into());
        let document: Document = given.parse().map_err(refused)?;
        self.last += 1;
        self.documents.push_back((self.last, document.clone()));
        if self.documents.len() > KEPT {
            self.documents.pop_front();
        }
        Ok((self.last, document))
    }

    /// A kept document, which becomes the one used last.
    fn touch(&mut self, is_it: impl Fn(u64, &Document) -> bool) -> Option<(u64, Document)> {
        let at = self.documents.iter().position(|(number, document)| is_it(*number, document))?;
        let found = self.documents.remove(at)?;
        self.documents.push_back(found.clone());
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_document_is_read_once_and_the_oldest_is_forgotten() {
        let mut kept = Kept::default();
        let (first, document) = kept.read("document", "[1]").unwrap();
        assert_eq!(kept.read("document", "[1]").unwrap().0, first, "the same text is the same document");
        assert_eq!(kept.read("document", &format!("document:{first}")).unwrap().1, document);
        for other in ["[2]", "[3]", "[4]"] {
            kept.read("document", other).unwrap();
        }
        kept.read("document", &format!("document:{first}")).unwrap();
        kept.read("document", "[5]").unwrap();
        assert!(kept.read("document", &format!("document:{first}")).is_ok(), "it was used again");
        let forgotten = Misuse::Forgotten("document:2".to_owned());
        assert_eq!(kept.read("document", "document:2"), Err(forgotten));
        for wrong in ["document:", "document:x", "document:-1"] {
            assert!(matches!(kept.read("document", wrong), Err(Misuse::Forgotten(_))), "{wrong}");
        }
        assert!(matches!(kept.read("a", "[1,]"), Err(Misuse::NotADocument("a", _))));
    }
}
