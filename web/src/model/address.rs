//! Addresses of the console: which page, with which query. Ids travel in the query, so any id is safe.

use std::fmt::{self, Write as _};

use stateloft_core::model::StateKey;

/// The pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Page {
    /// `/`
    Overview,
    /// `/view/states`
    States,
    /// `/view/state`
    State,
    /// `/view/by-hand`: what was done with a position at the broker, said in words.
    ByHand,
    /// `/view/compare`
    Compare,
    /// `/view/activity`
    Activity,
    /// `/view/runs`
    Runs,
    /// `/view/run`
    Run,
    /// `/view/reconcile`: a run's positions beside its broker's.
    Reconcile,
    /// `/view/snapshots`
    Snapshots,
    /// `/view/restore`
    Restore,
    /// `/view/restore/ID`: the result of an applied restore.
    Restored(String),
    /// `/view/handshakes`: how live runs were asked before restores.
    Handshakes,
    /// `/view/handshake/ID`: how far one of them is.
    Handshake(String),
    /// `/view/import`: files that are imported, and what of them waits in quarantine.
    Import,
    /// `/view/opened`: a bundle that was opened as a file; nothing of it is sent.
    Opened,
    /// `/view/health`
    Health,
    /// No page has this address.
    Unknown,
}

impl Page {
    /// The page at a path.
    #[must_use]
    pub fn at(path: &str) -> Self {
        let path = path.trim_end_matches('/');
        match path {
            "" => Self::Overview,
            "/view/states" => Self::States,
            "/view/state" => Self::State,
            "/view/by-hand" => Self::ByHand,
            "/view/compare" => Self::Compare,
            "/view/activity" => Self::Activity,
            "/view/runs" => Self::Runs,
            "/view/run" => Self::Run,
            "/view/reconcile" => Self::Reconcile,
            "/view/snapshots" => Self::Snapshots,
            "/view/restore" => Self::Restore,
            "/view/import" => Self::Import,
            "/view/opened" => Self::Opened,
            "/view/health" => Self::Health,
            "/view/handshakes" => Self::Handshakes,
            _ => Self::of_one(path),
        }
    }

    /// The page of one thing that its path names.
    fn of_one(path: &str) -> Self {
        let named = |before: &str| {
            path.strip_prefix(before).filter(|id| !id.is_empty() && !id.contains('/')).map(decode)
        };
        match (named("/view/restore/"), named("/view/handshake/")) {
            (Some(id), _) => Self::Restored(id),
            (_, Some(id)) => Self::Handshake(id),
            _ => Self::Unknown,
        }
    }

    /// Its title.
    #[must_use]
    pub fn title(&self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::States => "States",
            Self::State => "State",
            Self::ByHand => "By hand",
            Self::Compare => "Compare",
            Self::Activity => "Activity",
            Self::Runs => "Runs",
            Self::Run => "Run",
            Self::Reconcile => "Reconcile",
            Self::Snapshots => "Snapshots",
            Self::Restore | Self::Restored(_) => "Restore",
            Self::Handshake(_) => "Handshake",
            Self::Handshakes => "Handshakes",
            Self::Import => "Import",
            Self::Opened => "Bundle file",
            Self::Health => "Health",
            Self::Unknown => "Not found",
        }
    }
}

/// A query string: names and values in order, decoded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query string, with or without its question mark.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let text = text.strip_prefix('?').unwrap_or(text);
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(&name.replace('+', " ")), decode(&value.replace('+', " ")))
        });
        Self(pairs.collect())
    }

    /// The first value of a name, unless it is empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.iter().find(|(have, value)| have == name && !value.is_empty());
        value.map(|(_, value)| value.as_str())
    }

    /// All names and values, in order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Every value of a name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(have, _)| have == name).map(|(_, value)| value.as_str())
    }

    /// The same query with this name set to one value, or without it.
    #[must_use]
    pub fn with(mut self, name: &str, value: Option<&str>) -> Self {
        let place = self.0.iter().position(|(have, _)| have == name);
        self.0.retain(|(have, _)| have != name);
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            let place = place.unwrap_or(self.0.len()).min(self.0.len());
            self.0.insert(place, (name.to_owned(), value.to_owned()));
        }
        self
    }

    /// This query and behind it another one.
    #[must_use]
    pub fn followed_by(mut self, other: &Self) -> Self {
        self.0.extend(other.0.iter().cloned());
        self
    }

    /// The same query with one more value of this name.
    #[must_use]
    pub fn and(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }
}

impl fmt::Display for Query {
    /// `?name=value&...`, or nothing when empty.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, value)) in self.0.iter().enumerate() {
            f.write_char(if at == 0 { '?' } else { '&' })?;
            f.write_str(&encode(name))?;
            f.write_char('=')?;
            f.write_str(&encode(value))?;
        }
        Ok(())
    }
}

/// Percent-encodes for a query value; `/`, `:` and `,` stay readable (they mean nothing there).
#[must_use]
pub fn encode(text: &str) -> String {
    encode_but(text, b"-_.~/:,")
}

/// Percent-encodes for one segment of a path.
#[must_use]
pub fn encode_segment(text: &str) -> String {
    encode_but(text, b"-_.~")
}

fn encode_but(text: &str, plain: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || plain.contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Undoes percent-encoding; what is not a valid escape stays as it is.
#[must_use]
pub fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = (bytes[at] == b'%')
            .then(|| bytes.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok()))
            .flatten()
            .filter(|hex| hex.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        out.push(escaped.unwrap_or(bytes[at]));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The address of a state.
#[must_use]
pub fn state(key: &StateKey) -> String {
    format!("/view/state{}", key_query(key))
}

/// The address of one version of a state, compared with the one before it.
#[must_use]
pub fn version(key: &StateKey, number: u64) -> String {
    let mut query = key_query(key);
    if number > 1 {
        query = query.with("a", Some(&(number - 1).to_string()));
    }
    format!("/view/state{}", query.with("b", Some(&number.to_string())))
}

/// The address of a comparison of two versions.
#[must_use]
pub fn compare(key: &StateKey, a: u64, b: u64) -> String {
    let query = key_query(key).with("a", Some(&a.to_string())).with("b", Some(&b.to_string()));
    format!("/view/compare{query}")
}

/// The address at which it is said what was done with a position, or with a lot of it.
#[must_use]
pub fn by_hand(key: &StateKey, lot: Option<&str>) -> String {
    format!("/view/by-hand{}", key_query(key).with("lot", lot))
}

/// The address of a run.
#[must_use]
pub fn run(id: &str) -> String {
    format!("/view/run{}", Query::default().with("id", Some(id)))
}

/// The address of what became of a restore.
#[must_use]
pub fn restored(id: &str) -> String {
    format!("/view/restore/{}", encode_segment(id))
}

/// The address of a handshake.
#[must_use]
pub fn handshake(id: &str) -> String {
    format!("/view/handshake/{}", encode_segment(id))
}

/// The address of the board that holds a run's positions against its broker's.
#[must_use]
pub fn reconcile(id: &str) -> String {
    format!("/view/reconcile{}", Query::default().with("id", Some(id)))
}

/// The address of a run that shows what it found otherwise than this other one had left it.
#[must_use]
pub fn runs_compared(left: &str, found: &str) -> String {
    format!("/view/run{}", Query::default().with("id", Some(found)).with("with", Some(left)))
}

/// The address of the states of one type.
#[must_use]
pub fn states_of(state_type: &str) -> String {
    format!("/view/states{}", Query::default().with("type", Some(state_type)))
}

/// The address of the activity at a version.
#[must_use]
pub fn activity_at(seq: u64) -> String {
    format!("/view/activity?sel={seq}")
}

/// The address of the plan of a restore of these states.
#[must_use]
pub fn restore_of<'a>(states: impl IntoIterator<Item = &'a StateKey>) -> String {
    let query = states.into_iter().fold(Query::default(), |query, key| {
        query.and("state", &format!("{}/{}", key.state_type, key.state_id))
    });
    format!("/view/restore{query}")
}

fn key_query(key: &StateKey) -> Query {
    Query::default().with("type", Some(key.state_type.as_str())).with("id", Some(key.state_id.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_id_survives_an_address() {
        for id in ["EURUSD/GBPUSD", "x/y z-é", "a?b#c%2F", "a+b&c=d", "%", "%zz", "名前", "..", "a%20b"] {
            let key = StateKey::new("position", id).unwrap();
            let address = state(&key);
            assert!(address.is_ascii() && !address.contains([' ', '#', '+']), "{address}");
            let query = Query::parse(address.split_once('?').unwrap().1);
            assert_eq!(query.get("id"), Some(id));
            assert_eq!(query.get("type"), Some("position"));
            assert_eq!(decode(&encode_segment(id)), id);
        }
        assert_eq!(encode_segment("a/b"), "a%2Fb");
    }

    #[test]
    fn a_query_keeps_its_order_and_drops_what_is_empty() {
        let query = Query::parse("?q=a%20b&type=position&sort=id");
        assert_eq!(
            query.clone().with("type", Some("portfolio")).to_string(),
            "?q=a%20b&type=portfolio&sort=id"
        );
        assert_eq!(query.clone().with("type", None).to_string(), "?q=a%20b&sort=id");
        assert_eq!(query.with("q", Some("")).to_string(), "?type=position&sort=id");
        assert_eq!(Query::default().to_string(), "");
        assert_eq!(Query::parse("a=1+2").get("a"), Some("1 2"));
    }

    #[test]
    fn every_page_has_its_path() {
        let cases = [
            ("/", Page::Overview),
            ("", Page::Overview),
            ("/view/states", Page::States),
            ("/view/states/", Page::States),
            ("/view/restore/", Page::Restore),
            ("/view/import", Page::Import),
            ("/view/runs/", Page::Runs),
            ("/view/run", Page::Run),
            ("/view/reconcile", Page::Reconcile),
            ("/view/by-hand", Page::ByHand),
            ("/view/opened", Page::Opened),
            ("/view/restore/a%20b", Page::Restored("a b".into())),
            ("/view/restore/a/b", Page::Unknown),
            ("/view/nothing", Page::Unknown),
        ];
        for (path, page) in cases {
            assert_eq!(Page::at(path), page, "{path}");
        }
    }

    #[test]
    fn a_plan_names_each_state() {
        let keys = [StateKey::new("position", "A/B").unwrap(), StateKey::new("pair_state", "é").unwrap()];
        let address = restore_of(&keys);
        assert_eq!(address, "/view/restore?state=position/A/B&state=pair_state/%C3%A9");
        let query = Query::parse(address.split_once('?').unwrap().1);
        assert_eq!(query.all("state").collect::<Vec<_>>(), ["position/A/B", "pair_state/é"]);
    }
}
