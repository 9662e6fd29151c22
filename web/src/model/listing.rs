//! A list of states, limited by filters, kept up to date by events.

use stateloft_core::api::{StateList, StateSummary, VersionView};
use stateloft_core::model::{Operation, Seq, StateKey, Timestamp};
use stateloft_core::search::Needle;

use super::address::Query;
use super::inbox::Event;
use super::still::Which;

/// What a list is limited to, as the address of the States page says it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Text in id, type or data.
    pub text: Option<String>,
    /// Any of these types; all if empty.
    pub types: Vec<String>,
    /// `valid`, `invalid` or `not_checked`.
    pub validity: Option<String>,
    /// `only` or `include`; live states otherwise.
    pub deleted: Option<String>,
    /// Changed after this time.
    pub since: Option<Timestamp>,
    /// Last changed by this author.
    pub author: Option<String>,
    /// By type and id instead of by last change.
    pub by_id: bool,
}

/// Whether a version belongs into a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fits {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// Only the store can say: the text may be in the data.
    Unknown,
}

impl Filter {
    /// Reads an address.
    #[must_use]
    pub fn of(query: &Query) -> Self {
        let value = |name| query.get(name).map(str::to_owned);
        Self {
            text: value("q"),
            types: query
                .get("type")
                .map(|types| types.split(',').map(str::to_owned).collect())
                .unwrap_or_default(),
            validity: value("validity"),
            deleted: value("deleted"),
            since: query.get("since").and_then(|text| Timestamp::parse(text).ok()),
            author: value("author"),
            by_id: query.get("sort") == Some("id"),
        }
    }

    /// The query of `GET /states`.
    #[must_use]
    pub fn to_api(&self) -> Query {
        let types = self.types.join(",");
        let since = self.since.map(|time| time.to_string());
        Query::default()
            .with("q", self.text.as_deref())
            .with("state_type", Some(&types))
            .with("validity", self.validity.as_deref())
            .with("deleted", self.deleted.as_deref())
            .with("changed_since", since.as_deref())
            .with("author", self.author.as_deref())
            .with("sort", self.by_id.then_some("id"))
    }

    /// Whether anything is limited.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.count() > 0
    }

    /// How many filters are on.
    #[must_use]
    pub fn count(&self) -> u64 {
        [
            self.text.is_some(),
            !self.types.is_empty(),
            self.validity.is_some(),
            self.deleted.is_some(),
            self.since.is_some(),
            self.author.is_some(),
        ]
        .into_iter()
        .map(u64::from)
        .sum()
    }

    /// The filters in words: `type position, invalid`.
    #[must_use]
    pub fn words(&self) -> String {
        let mut words = Vec::new();
        if let Some(text) = &self.text {
            words.push(format!("\u{201c}{text}\u{201d}"));
        }
        if !self.types.is_empty() {
            words.push(format!("type {}", self.types.join(" or ")));
        }
        if let Some(validity) = &self.validity {
            words.push(validity.replace('_', " "));
        }
        match self.deleted.as_deref() {
            Some("only") => words.push("deleted".to_owned()),
            Some(_) => words.push("live or deleted".to_owned()),
            None => {}
        }
        if let Some(since) = self.since {
            words.push(format!("changed since {}", super::age::to_second(since)));
        }
        if let Some(author) = &self.author {
            words.push(format!("by {author}"));
        }
        words.join(", ")
    }

    /// Whether a head belongs into the list.
    #[must_use]
    pub fn fits(&self, version: &VersionView) -> Fits {
        let gone = version.operation == Operation::Delete;
        let deleted_fits = match self.deleted.as_deref() {
            Some("only") => gone,
            Some("include") => true,
            _ => !gone,
        };
        let verdict = match &version.verdict {
            stateloft_core::model::Verdict::Valid => "valid",
            stateloft_core::model::Verdict::Invalid { .. } => "invalid",
            stateloft_core::model::Verdict::NotChecked => "not_checked",
        };
        let certain = deleted_fits
            && (self.types.is_empty() || self.types.iter().any(|name| name == version.state_type.as_str()))
            && self.validity.as_deref().is_none_or(|wanted| wanted == verdict)
            && self.since.is_none_or(|since| version.timestamp > since)
            && self.author.as_deref().is_none_or(|author| version.user_id.as_deref() == Some(author));
        match &self.text {
            _ if !certain => Fits::No,
            None => Fits::Yes,
            Some(text) => {
                let needle = Needle::new(text);
                let named =
                    needle.is_in(version.state_id.as_str()) || needle.is_in(version.state_type.as_str());
                if named { Fits::Yes } else { Fits::Unknown }
            }
        }
    }
}

/// What events did to a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moved {
    /// Rows that were not in the list before.
    pub arrived: u64,
    /// Only the store can say whether everything is right: read again.
    pub unsure: bool,
}

/// A list as far as it has been read.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    /// Heads, in the list's order.
    pub rows: Vec<Event>,
    /// How many match in all.
    pub total: u64,
    /// Where the next page starts.
    pub next_cursor: Option<String>,
    /// True as of this seq.
    pub seq: Seq,
    /// The store is away, and the rows are what the server remembers: they were so at this time or later.
    pub stale_since: Option<Timestamp>,
}

impl Listing {
    /// From the first page.
    #[must_use]
    pub fn of(page: StateList) -> Self {
        let rows = page.states.into_iter().map(event).collect();
        Self {
            rows,
            total: page.total,
            next_cursor: page.next_cursor,
            // What is remembered follows no events: it is read again when the store is back.
            seq: page.seq.unwrap_or(Seq(u64::MAX)),
            stale_since: page.stale_since,
        }
    }

    /// Puts the next page behind; rows that live updates moved here before are not repeated.
    pub fn extend(&mut self, page: StateList) {
        let known: std::collections::HashSet<_> =
            self.rows.iter().map(|row| (row.state_type.clone(), row.state_id.clone())).collect();
        let fresh = page.states.into_iter().map(event);
        self.rows
            .extend(fresh.filter(|row| !known.contains(&(row.state_type.clone(), row.state_id.clone()))));
        self.total = page.total;
        self.next_cursor = page.next_cursor;
    }

    /// Brings one event in.
    pub fn take(&mut self, filter: &Filter, event: &Event) -> Moved {
        self.seq = self.seq.max(event.seq);
        let at = self.rows.iter().position(|row| same(row, event));
        match (filter.fits(event), at) {
            (Fits::No, None) => Moved::default(),
            (Fits::No, Some(at)) => {
                self.rows.remove(at);
                self.total = self.total.saturating_sub(1);
                Moved::default()
            }
            (Fits::Unknown, at) => {
                // A row that is shown keeps up; whether it still belongs here, the store knows.
                if let Some(at) = at {
                    self.put(filter, Some(at), event);
                }
                Moved { arrived: 0, unsure: true }
            }
            (Fits::Yes, at) => {
                self.put(filter, at, event);
                // A row further down than what has been read is counted already.
                let restored = event.operation == Operation::Restore;
                let beyond = at.is_none()
                    && self.next_cursor.is_some()
                    && (restored || event.operation == Operation::Update);
                let arrived = u64::from(at.is_none());
                if !beyond {
                    self.total += arrived;
                }
                Moved { arrived, unsure: beyond && (restored || filter.is_any()) }
            }
        }
    }

    /// The state of which an event makes a row new, if it does: it belongs into the list, or its row is there.
    #[must_use]
    pub fn makes_new(&self, filter: &Filter, event: &Event) -> Option<Which> {
        let there = || self.rows.iter().any(|row| same(row, event));
        (filter.fits(event) != Fits::No || there()).then(|| {
            Which::State(StateKey { state_type: event.state_type.clone(), state_id: event.state_id.clone() })
        })
    }

    fn put(&mut self, filter: &Filter, at: Option<usize>, event: &Event) {
        if !filter.by_id {
            if let Some(at) = at {
                self.rows.remove(at);
            }
            self.rows.insert(0, event.clone());
            return;
        }
        if let Some(at) = at {
            self.rows[at] = event.clone();
            return;
        }
        let place = self.rows.partition_point(|row| order(row) < order(event));
        // Behind the last row, only when no more pages follow.
        if place < self.rows.len() || self.next_cursor.is_none() {
            self.rows.insert(place, event.clone());
        }
    }
}

fn event(summary: StateSummary) -> Event {
    std::sync::Arc::new(summary.version)
}

fn same(a: &VersionView, b: &VersionView) -> bool {
    a.state_id == b.state_id && a.state_type == b.state_type
}

fn order(version: &VersionView) -> (&str, &str) {
    (version.state_type.as_str(), version.state_id.as_str())
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;

    const NOW: &str = "2026-11-21T09:46:11Z";

    fn listing(rows: &[(&str, u64)], next: Option<&str>) -> Listing {
        let rows: Vec<Event> =
            rows.iter().map(|(id, seq)| Sample::at(*seq, NOW).of("position", id).event()).collect();
        Listing {
            total: rows.len() as u64,
            rows,
            next_cursor: next.map(str::to_owned),
            seq: Seq(10),
            stale_since: None,
        }
    }

    fn ids(listing: &Listing) -> Vec<&str> {
        listing.rows.iter().map(|row| row.state_id.as_str()).collect()
    }

    #[test]
    fn an_address_and_the_api_say_the_same() {
        let query = Query::parse(
            "?q=a%20b&type=position,portfolio&validity=invalid&since=2026-11-21T09:00:00Z&sort=id",
        );
        let filter = Filter::of(&query);
        assert_eq!(
            filter.to_api().to_string(),
            "?q=a%20b&state_type=position,portfolio&validity=invalid&changed_since=2026-11-21T09:00:00.000000Z&sort=id"
        );
        assert_eq!(filter.count(), 4);
        assert_eq!(
            filter.words(),
            "\u{201c}a b\u{201d}, type position or portfolio, invalid, changed since 2026-11-21 09:00:00 UTC"
        );
        assert!(!Filter::of(&Query::parse("?sort=id")).is_any(), "an order limits nothing");
    }

    #[test]
    fn a_change_moves_its_row_to_the_top() {
        let mut list = listing(&[("A", 10), ("B", 9)], None);
        let moved =
            list.take(&Filter::default(), &Sample::at(11, NOW).of("position", "B").version(2).event());
        assert_eq!(moved, Moved::default());
        assert_eq!((ids(&list), list.total, list.seq), (vec!["B", "A"], 2, Seq(11)));
    }

    #[test]
    fn a_new_state_is_counted_and_a_deleted_one_leaves() {
        let mut list = listing(&[("A", 10)], None);
        let created = Sample::at(11, NOW).of("position", "C").doing("create").event();
        assert_eq!(list.take(&Filter::default(), &created).arrived, 1);
        assert_eq!((ids(&list), list.total), (vec!["C", "A"], 2));
        let deleted = Sample::at(12, NOW).of("position", "A").doing("delete").event();
        list.take(&Filter::default(), &deleted);
        assert_eq!((ids(&list), list.total), (vec!["C"], 1));
        let only = Filter { deleted: Some("only".into()), ..Filter::default() };
        assert_eq!(only.fits(&deleted), Fits::Yes);
        assert_eq!(only.fits(&created), Fits::No);
    }

    #[test]
    fn a_row_from_further_down_is_not_counted_twice() {
        let mut list = listing(&[("A", 10)], Some("next"));
        list.total = 50;
        let far = Sample::at(11, NOW).of("position", "Z").version(7).event();
        assert_eq!(list.take(&Filter::default(), &far).arrived, 1);
        assert_eq!((ids(&list), list.total), (vec!["Z", "A"], 50));
    }

    #[test]
    fn what_makes_a_row_new_is_what_would_show_in_the_list() {
        let list = listing(&[("A", 10), ("B", 9)], None);
        let filter = Filter { types: vec!["position".into()], ..Filter::default() };
        let new = |sample: Sample| list.makes_new(&filter, &sample.event()).is_some();
        assert!(new(Sample::at(11, NOW).of("position", "A").version(2)), "its row changes");
        assert!(new(Sample::at(11, NOW).of("position", "B").doing("delete")), "its row goes");
        assert!(new(Sample::at(11, NOW).of("position", "C").doing("create")), "its row comes");
        assert!(!new(Sample::at(11, NOW).of("strategy", "C")), "another type");
        assert!(!new(Sample::at(11, NOW).of("position", "D").doing("delete")), "it was never shown");
    }

    #[test]
    fn a_list_by_id_keeps_its_order() {
        let mut list = listing(&[("A", 10), ("C", 9)], None);
        let filter = Filter { by_id: true, ..Filter::default() };
        list.take(&filter, &Sample::at(11, NOW).of("position", "C").version(2).event());
        list.take(&filter, &Sample::at(12, NOW).of("position", "B").event());
        assert_eq!(ids(&list), ["A", "B", "C"]);
        assert_eq!(list.rows[2].seq, Seq(11));
    }

    #[test]
    fn text_that_may_be_in_the_data_is_left_to_the_store() {
        let filter = Filter { text: Some("EUR".into()), ..Filter::default() };
        assert_eq!(filter.fits(&Sample::at(1, NOW).of("position", "eurusd").0), Fits::Yes);
        assert_eq!(filter.fits(&Sample::at(1, NOW).of("position", "gbp").0), Fits::Unknown);
        let invalid = Filter { validity: Some("invalid".into()), ..Filter::default() };
        assert_eq!(invalid.fits(&Sample::at(1, NOW).0), Fits::No);
        assert_eq!(invalid.fits(&Sample::at(1, NOW).invalid().0), Fits::Yes);
    }
}
