//! Our states as the API lists them. The whole list is read as one document, and a state's data is a part of it: they come by the ten
//! thousand.

use std::fmt::Display;

use super::Misuse;
use crate::json::{Diagnosis, Document, Kind, Limits, Node};
use crate::model::{StateId, StateKey, StateType, Timestamp, VersionNumber};
use crate::reconcile::OurState;

/// The largest whole number that JavaScript's numbers all count up to.
const COUNTED: u64 = (1 << 53) - 1;
/// A list of states stands in three levels of its own around their data.
const AROUND: usize = 3;
/// What a page may hand over at once.
const MAX_BYTES: usize = 1 << 30;

/// A version of ours. Its other members are not looked at.
pub(super) struct Ours<'a> {
    key: StateKey,
    version: VersionNumber,
    changed_at: Timestamp,
    data: Option<Node<'a>>,
    then: Option<Node<'a>>,
}

impl Ours<'_> {
    pub(super) fn state(&self) -> OurState<'_> {
        let Self { key, version, changed_at, data, then } = self;
        OurState { key, version: *version, changed_at: *changed_at, data: *data, then: *then }
    }
}

/// A text that may be large: the API's list of states, the array in it, or a broker's list.
///
/// # Errors
/// It is no JSON.
pub(super) fn read(name: &'static str, text: &str) -> Result<Document, Misuse> {
    let usual = Limits::default();
    let limits = Limits { max_bytes: MAX_BYTES, max_depth: usual.max_depth + AROUND };
    let refused = |error| Misuse::NotADocument(name, Diagnosis::of(error, text.as_bytes()).into());
    Document::parse(text, &limits).map_err(refused)
}

/// The states in it.
///
/// # Errors
/// It is no such list, or one of them does not say what it must.
pub(super) fn all(document: &Document) -> Result<Vec<Ours<'_>>, Misuse> {
    let root = document.root();
    let (list, place) = match root.kind() {
        Kind::Object => (root.get("states"), "/states"),
        _ => (Some(root), ""),
    };
    let list = list.filter(|list| list.kind() == Kind::Array);
    let list =
        list.ok_or_else(|| wrong("", "it must be an array of states, or an object with one in states"))?;
    let mut all: Vec<Ours<'_>> = Vec::with_capacity(list.len());
    for (nth, node) in list.elements().enumerate() {
        let before = all.last().map(|ours| &ours.key.state_type);
        let ours =
            one(node, before).map_err(|(member, why)| wrong(&format!("{place}/{nth}{member}"), &why))?;
        all.push(ours);
    }
    Ok(all)
}

/// Which member is wrong, and why.
type Wrong = (&'static str, String);

fn one<'a>(node: Node<'a>, before: Option<&StateType>) -> Result<Ours<'a>, Wrong> {
    if node.kind() != Kind::Object {
        return Err(("", "it must be a state: an object".to_owned()));
    }
    let (mut state_type, mut state_id, mut version, mut changed_at) = (None, None, None, None);
    let (mut data, mut then) = (None, None);
    for member in node.members() {
        let at = match &*member.key.decoded() {
            "state_type" => &mut state_type,
            "state_id" => &mut state_id,
            "version" => &mut version,
            "timestamp" => &mut changed_at,
            "data" => &mut data,
            "then" => &mut then,
            _ => continue,
        };
        *at = Some(member.value);
    }
    let text = |node: Option<Node<'a>>, member| {
        node.and_then(Node::as_str).ok_or_else(|| (member, "a text is wanted here".to_owned()))
    };
    let named = text(state_type, "/state_type")?;
    let state_type = match before {
        Some(before) if before.as_str() == named => before.clone(),
        _ => StateType::new(&named).map_err(said("/state_type"))?,
    };
    let state_id = StateId::new(&text(state_id, "/state_id")?).map_err(said("/state_id"))?;
    let changed_at = Timestamp::parse(&text(changed_at, "/timestamp")?).map_err(said("/timestamp"))?;
    Ok(Ours {
        key: StateKey { state_type, state_id },
        version: counted(version)?,
        changed_at,
        data: data.filter(|data| !data.is_null()),
        then: then.filter(|then| !then.is_null()),
    })
}

fn counted(node: Option<Node<'_>>) -> Result<VersionNumber, Wrong> {
    let number = node.filter(|node| node.kind() == Kind::Number).and_then(|node| node.text().parse().ok());
    match number {
        Some(number) if number <= COUNTED => Ok(VersionNumber(number)),
        Some(number) => {
            Err(("/version", format!("the version {number} is beyond what JavaScript counts exactly")))
        }
        None => Err(("/version", "a version is wanted here: a whole number".to_owned())),
    }
}

fn said<E: Display>(member: &'static str) -> impl Fn(E) -> Wrong {
    move |error| (member, error.to_string())
}

fn wrong(place: &str, why: &str) -> Misuse {
    let text = if place.is_empty() { why.to_owned() } else { format!("{place}: {why}") };
    Misuse::Argument("ours", text)
}
