//! Whether a file is whole, in words.

use stateloft_core::model::Seq;

use super::{Ended, Summary};
use crate::model::hidden::told;
use crate::model::number;

/// How sure one can be of what is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// All of it is as it was written.
    Whole,
    /// What is shown is, and something is missing.
    Part,
}

/// What was found when every line was held against its hashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// How sure one can be.
    pub trust: Trust,
    /// In a few words, for a chip.
    pub brief: String,
    /// What was found, in a sentence.
    pub head: String,
    /// What follows from it.
    pub rest: String,
}

impl Summary {
    /// What was found when it was read.
    #[must_use]
    pub fn found(&self) -> Found {
        match self.end {
            Ended::Whole if self.damaged > 0 => self.not_all_given(),
            Ended::Whole => self.whole(),
            Ended::Faulty => self.faulty(),
            Ended::Open | Ended::TooLarge => Found {
                trust: Trust::Part,
                brief: "larger than is held here".to_owned(),
                head: "It is larger than a page of the browser can hold.".to_owned(),
                rest: format!("{} Take it in with `stateloft import` to see the rest.", self.what_is_whole()),
            },
        }
    }

    fn whole(&self) -> Found {
        let versions = number::counted(self.versions, "version", "versions");
        let chain = match self.header.as_ref() {
            Some(header) if header.is_complete() && header.from <= Seq(1) => {
                "The chain of hashes goes from the beginning of the log to its end, without a gap.".to_owned()
            }
            Some(header) if header.is_complete() => format!(
                "The chain of hashes goes on from seq {} without a gap; what was before is not in the file.",
                number::count(header.from.0)
            ),
            _ => "Each version follows from the chain hash that its line names; what is left out cannot be checked here."
                .to_owned(),
        };
        Found {
            trust: Trust::Whole,
            brief: "whole".to_owned(),
            head: format!("{versions}, as written."),
            rest: format!("Every line has its sum, every document its hash. {chain}"),
        }
    }

    fn not_all_given(&self) -> Found {
        let count = number::counted(self.damaged, "version", "versions");
        let first = self.first_damaged.first().map_or_else(String::new, |first| {
            format!("The first is seq {}: {}. ", number::count(first.seq.0), told(&first.reason))
        });
        Found {
            trust: Trust::Part,
            brief: format!("{count} missing"),
            head: format!("The store could not give {count} as written."),
            rest: format!("{first}Everything else is whole, and what those were is not known."),
        }
    }

    fn faulty(&self) -> Found {
        let line = number::count(self.line.unwrap_or_default());
        let wrong = self.wrong.as_deref().unwrap_or("it cannot be read");
        Found {
            trust: Trust::Part,
            brief: format!("damaged in line {line}"),
            head: format!("Line {line}: {}.", told(wrong)),
            rest: self.what_is_whole(),
        }
    }

    fn what_is_whole(&self) -> String {
        match (self.versions, self.moments) {
            (versions, Some((_, last))) if versions > 0 => format!(
                "What is before it is whole and shown: {}, up to seq {}. What came later is not known.",
                number::counted(versions, "version", "versions"),
                number::count(last.0)
            ),
            _ => "Nothing before it can be shown.".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use stateloft_core::bundle::DamagedLine;

    use super::super::tests::summary;
    use super::*;

    #[test]
    fn whole_is_said_only_of_what_has_its_last_line_and_every_version() {
        let found = summary(Ended::Whole).found();
        assert_eq!((found.trust, found.head.as_str()), (Trust::Whole, "1,234 versions, as written."));
        assert!(found.rest.contains("from the beginning of the log to its end"), "{}", found.rest);

        let mut later = summary(Ended::Whole);
        later.header.as_mut().unwrap().from = Seq(500);
        assert!(later.found().rest.contains("goes on from seq 500 without a gap"));
        let mut some = summary(Ended::Whole);
        some.header.as_mut().unwrap().history = false;
        assert!(some.found().rest.contains("what is left out cannot be checked"));

        let mut missing = summary(Ended::Whole);
        missing.damaged = 2;
        missing.first_damaged = vec![DamagedLine { seq: Seq(5), reason: "content hash".into() }];
        let found = missing.found();
        assert_eq!((found.trust, found.brief.as_str()), (Trust::Part, "2 versions missing"));
        assert!(found.rest.starts_with("The first is seq 5: content hash. "), "{}", found.rest);

        let mut cut = summary(Ended::Faulty);
        (cut.line, cut.wrong) = (Some(7), Some("the bundle ends here".into()));
        (cut.versions, cut.moments) = (5, Some((Seq(1), Seq(5))));
        let found = cut.found();
        assert_eq!((found.trust, found.head.as_str()), (Trust::Part, "Line 7: the bundle ends here."));
        assert!(found.rest.contains("whole and shown: 5 versions, up to seq 5"), "{}", found.rest);
        (cut.versions, cut.moments) = (0, None);
        assert_eq!(cut.found().rest, "Nothing before it can be shown.");
        let large = summary(Ended::TooLarge).found();
        assert_eq!(large.trust, Trust::Part);
        assert!(large.rest.contains("stateloft import"), "{}", large.rest);
    }
}
