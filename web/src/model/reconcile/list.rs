//! A broker's list as somebody gives it: read by core, its shape recognised and named, and how it is to be read.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use stateloft_core::api::{BrokerShape, ReconcileOptions, Tolerance, Unread};
use stateloft_core::json::{Diagnosis, Document, Limits};
use stateloft_core::model::Timestamp;
use stateloft_core::reconcile::reconcile;

use crate::model::number;

/// The most bytes of a list: the server keeps it with what is written, and keeps no more.
pub const LIST_MAX: usize = 8 << 20;

/// The shapes, in the order in which they are offered.
pub const SHAPES: [BrokerShape; 6] = [
    BrokerShape::Plain,
    BrokerShape::Ccxt,
    BrokerShape::Alpaca,
    BrokerShape::Oanda,
    BrokerShape::Freqtrade,
    BrokerShape::Mt5,
];

/// What people call a shape.
#[must_use]
pub fn shape_words(shape: BrokerShape) -> &'static str {
    match shape {
        BrokerShape::Plain => "plain",
        BrokerShape::Ccxt => "ccxt",
        BrokerShape::Alpaca => "Alpaca",
        BrokerShape::Oanda => "OANDA",
        BrokerShape::Freqtrade => "freqtrade",
        BrokerShape::Mt5 => "MT5",
    }
}

/// Where a list comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Nobody has given one: there is no word of the broker's.
    Nobody,
    /// A file, or a paste.
    Given(String),
    /// It was kept with what was written last.
    Kept,
    /// The run's program gave it when it was asked.
    Answered,
}

/// What the server is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The list; absent where the call failed, or nobody has given one.
    pub list: Option<Document>,
    /// How it is to be read.
    pub options: ReconcileOptions,
    /// Where it comes from.
    pub source: Source,
}

impl Asked {
    /// Without a list: what is here, of which the broker has said nothing.
    #[must_use]
    pub fn nobody(now: Timestamp) -> Self {
        let failure = Some("no list of the broker's was given".to_owned());
        Self { list: None, options: ReconcileOptions { failure, ..bare(now) }, source: Source::Nobody }
    }
}

fn bare(as_of: Timestamp) -> ReconcileOptions {
    ReconcileOptions {
        as_of,
        shape: None,
        failure: None,
        partial: false,
        tolerance: Tolerance::default(),
        symbols: BTreeMap::new(),
    }
}

/// What a record of a reconcile keeps of what was asked.
#[derive(Deserialize)]
struct Kept {
    options: ReconcileOptions,
    #[serde(default)]
    list: Option<Document>,
    /// Nothing is written without a choice: a list that is kept without one is what a run answered.
    #[serde(default)]
    choices: Vec<IgnoredAny>,
}

/// What was asked when something was written last; `None` where the record says nothing of it.
#[must_use]
pub fn kept(record: &Document) -> Option<Asked> {
    let Kept { options, list, choices } = record.to().ok()?;
    let source = if choices.is_empty() { Source::Answered } else { Source::Kept };
    (list.is_some() || options.failure.is_some()).then_some(Asked { list, options, source })
}

/// How the moment of a list is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Was {
    /// It is not: the moment at which it was given.
    #[default]
    Now,
    /// When its file was written.
    File,
    /// Somebody typed it.
    Typed,
}

impl Was {
    /// What is said of it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Now => {
                "Now, as nothing else says it. Set it to when the broker was asked: every fill before it counts as known to the broker."
            }
            Self::File => "When the file was written. Every fill before it counts as known to the broker.",
            Self::Typed => "As typed. Every fill before it counts as known to the broker.",
        }
    }
}

/// What is filled in beside a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListForm {
    /// When the broker was asked, with its zone.
    pub as_of: String,
    /// How that is known.
    pub was: Was,
    /// In whose words; recognised where it is not said.
    pub shape: Option<BrokerShape>,
    /// It is not whole.
    pub partial: bool,
    /// The call failed: there is no list.
    pub failed: bool,
    /// With these words.
    pub failure: String,
    /// How far apart quantities may be.
    pub quantity: String,
    /// How far apart prices may be.
    pub price: String,
    /// The broker's names of symbols and ours, `EUR/USD = EURUSD`, one a line.
    pub symbols: String,
}

impl ListForm {
    /// Begins with how the list before was read, at another moment.
    #[must_use]
    pub fn after(options: Option<&ReconcileOptions>, now: Timestamp) -> Self {
        let mut form = Self { as_of: now.to_string(), ..Self::default() };
        if let Some(options) = options {
            form.quantity = options.tolerance.quantity.clone().unwrap_or_default();
            form.price = options.tolerance.price.clone().unwrap_or_default();
            let names = options.symbols.iter().map(|(theirs, ours)| format!("{theirs} = {ours}"));
            form.symbols = names.collect::<Vec<_>>().join("\n");
        }
        form
    }

    /// How the list is to be read.
    ///
    /// # Errors
    /// Which field is wrong, and what it must be.
    pub fn options(&self) -> Result<ReconcileOptions, String> {
        let as_of = Timestamp::parse(self.as_of.trim()).map_err(|_| {
            "Taken at: write the time with its zone, such as 2026-11-29T09:45:58Z.".to_owned()
        })?;
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let failure = match (self.failed, given(&self.failure)) {
            (true, None) => return Err("Say what the call failed with.".to_owned()),
            (failed, words) => words.filter(|_| failed),
        };
        Ok(ReconcileOptions {
            shape: self.shape.filter(|_| !self.failed),
            failure,
            partial: self.partial && !self.failed,
            tolerance: Tolerance { quantity: given(&self.quantity), price: given(&self.price) },
            symbols: symbols(&self.symbols)?,
            ..bare(as_of)
        })
    }
}

fn symbols(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut all = BTreeMap::new();
    for (nth, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let pair = line.split_once('=').map(|(theirs, ours)| (theirs.trim(), ours.trim()));
        let Some((theirs, ours)) = pair.filter(|(theirs, ours)| !theirs.is_empty() && !ours.is_empty())
        else {
            return Err(format!("Symbols, line {nth}: write the broker\u{2019}s name, =, and ours."));
        };
        all.insert(theirs.to_owned(), ours.to_owned());
    }
    Ok(all)
}

/// Reads the text of a list.
///
/// # Errors
/// What is wrong with it, by line and column.
pub fn read_list(text: &[u8]) -> Result<Document, String> {
    if text.len() > LIST_MAX {
        let (size, most) = (number::bytes(text.len() as u64), number::bytes(LIST_MAX as u64));
        return Err(format!(
            "{size} are more than the {most} that are kept with what is written. Give the part that it is about, and say that it is not whole."
        ));
    }
    Document::parse_bytes(text, &Limits::default()).map_err(|error| Diagnosis::of(error, text).in_one_line())
}

/// What a list is, before anything is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// In whose words.
    pub shape: Option<BrokerShape>,
    /// How many positions it has that are not flat.
    pub open: u64,
    /// What of it is not understood.
    pub unread: Vec<Unread>,
}

impl Look {
    /// `MT5, 4 open positions, 1 part not understood`
    #[must_use]
    pub fn words(&self) -> String {
        let shape = self.shape.map_or("no list at all (null): nobody knows", shape_words);
        let open = match (self.shape, self.open) {
            (None, _) => String::new(),
            (Some(_), 0) => ", no open position: it says that everything is flat".to_owned(),
            (Some(_), open) => format!(", {}", number::counted(open, "open position", "open positions")),
        };
        let unread = match self.unread.len() as u64 {
            0 => String::new(),
            unread => format!(", {} not understood", number::counted(unread, "part", "parts")),
        };
        format!("{shape}{open}{unread}")
    }
}

/// Looks at a list without asking anybody.
///
/// # Errors
/// It is in nobody's words, or how it is to be read is wrong.
pub fn look(list: &Document, options: &ReconcileOptions) -> Result<Look, String> {
    let report = reconcile(&[], Some(list), options).map_err(|error| error.to_string())?;
    let open = report.rows.iter().map(|row| row.theirs.len() as u64).sum();
    Ok(Look { shape: report.shape, open, unread: report.unread })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> ListForm {
        ListForm::after(None, Timestamp::from_micros(1_000_000))
    }

    fn looked(text: &str) -> Look {
        look(&read_list(text.as_bytes()).unwrap(), &form().options().unwrap()).unwrap()
    }

    #[test]
    fn each_brokers_words_are_recognised_and_named() {
        for (text, words) in [
            (r#"[{"symbol":"EURUSD","side":"long","quantity":0.4}]"#, "plain, 1 open position"),
            (
                r#"[{"symbol":"BTC/USDT","contracts":2,"side":"long","entryPrice":1,"info":{}}]"#,
                "ccxt, 1 open position",
            ),
            (r#"[{"asset_id":"x","symbol":"AAPL","qty":"5","side":"long"}]"#, "Alpaca, 1 open position"),
            (
                r#"{"positions":[{"instrument":"EUR_USD","long":{"units":"100","averagePrice":"1.1"},"short":{"units":"0"}}]}"#,
                "OANDA, 1 open position",
            ),
            (
                r#"[{"trade_id":1,"pair":"BTC/USDT","amount":2,"open_rate":1,"is_short":false}]"#,
                "freqtrade, 1 open position",
            ),
            (
                r#"[{"ticket":1,"symbol":"EURUSD","type":0,"volume":0.3,"price_open":1.088},7]"#,
                "MT5, 1 open position, 1 part not understood",
            ),
        ] {
            assert_eq!(looked(text).words(), words);
        }
    }

    #[test]
    fn an_empty_list_says_flat_and_null_says_nothing() {
        assert_eq!(looked("[]").words(), "plain, no open position: it says that everything is flat");
        assert_eq!(looked("null").words(), "no list at all (null): nobody knows");
        let list = read_list(b"7").unwrap();
        assert!(look(&list, &form().options().unwrap()).unwrap_err().contains("none of a known shape"));
    }

    #[test]
    fn what_cannot_be_read_is_said_by_line_and_column() {
        let error = read_list(b"[\n  {\"ticket\": 1,}\n]").unwrap_err();
        assert!(error.contains("line 2, column"), "{error}");
        let large = vec![b' '; LIST_MAX + 1];
        assert!(read_list(&large).unwrap_err().contains("not whole"));
    }

    #[test]
    fn how_it_is_read_is_checked_field_by_field() {
        let options = ListForm {
            price: "0.00005".into(),
            symbols: "EUR/USD = EURUSD\n\nXAU=GOLD".into(),
            failure: "ignored".into(),
            ..form()
        }
        .options()
        .unwrap();
        assert_eq!(options.tolerance.price.as_deref(), Some("0.00005"));
        assert_eq!((options.failure, options.symbols["XAU"].as_str()), (None, "GOLD"));
        assert!(
            ListForm { as_of: "yesterday".into(), ..form() }.options().unwrap_err().starts_with("Taken at")
        );
        assert!(
            ListForm { symbols: "a = b\nEURUSD".into(), ..form() }.options().unwrap_err().contains("line 2")
        );
        assert!(ListForm { failed: true, ..form() }.options().is_err());
        let failed =
            ListForm { failed: true, failure: "time-out".into(), partial: true, ..form() }.options().unwrap();
        assert_eq!((failed.failure.as_deref(), failed.partial), (Some("time-out"), false));
    }

    #[test]
    fn a_record_gives_back_what_was_asked_and_numbers_keep_their_spelling() {
        let record: Document = r#"{"plan":"p","options":{"as_of":"2026-11-29T09:45:58Z"},"list":[{"ticket":1,"volume":0.30}],"rows":[],"choices":[{"row":"r","choice":"keep_ours"}]}"#.parse().unwrap();
        let asked = kept(&record).unwrap();
        assert_eq!(asked.list.unwrap().text(), r#"[{"ticket":1,"volume":0.30}]"#);
        assert_eq!(asked.source, Source::Kept);
        let answered: Document =
            r#"{"options":{"as_of":"2026-11-29T09:45:58Z"},"list":[],"choices":[]}"#.parse().unwrap();
        assert_eq!(kept(&answered).unwrap().source, Source::Answered, "nothing was written with it");
        let nothing: Document = r#"{"options":{"as_of":"2026-11-29T09:45:58Z"}}"#.parse().unwrap();
        assert_eq!(kept(&nothing), None);
    }
}
