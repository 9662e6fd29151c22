//! Lots that are new here: what they say, and which state gets them. Nothing is made up: what the broker does not say is absent.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::choose::Refused;
use super::edit::changed;
use super::{PlanError, Reconciling};
use crate::api::{ChosenRow, PlannedWrite};
use crate::book::words::{QUANTITIES, SYMBOLS, first, name, said};
use crate::book::{Holding, Side};
use crate::diff::{Change, ChangeKind, Place};
use crate::json::writer::quote;
use crate::json::{Document, Kind, Node, Pointer};
use crate::model::{RunId, StateId, StateKey};
use crate::reconcile::OurState;
use crate::tagged::meant;

/// A lot of the broker's that becomes one of ours.
pub(super) struct NewLot<'a> {
    pub(super) held: &'a Holding<'a>,
    /// How much of it, without a sign.
    pub(super) size: String,
    /// What it is called, where somebody says so.
    pub(super) id: Option<String>,
    pub(super) chosen: &'a ChosenRow,
    pub(super) row: &'a str,
}

/// What is added, by state.
pub(super) struct Created<'a> {
    ours: &'a [OurState<'a>],
    asked: Reconciling<'a>,
    here: Places<'a>,
    /// To a state that has lots: how many, by its place.
    grown: BTreeMap<usize, u32>,
    /// States that there are not yet: their symbol, and their lots.
    begun: BTreeMap<StateKey, Begun>,
    /// What the lots are called that a state has or gets.
    called: HashMap<StateKey, HashSet<String>>,
}

/// Where states are found, as thousands of lots may be new.
struct Places<'a> {
    /// Those that are not deleted, by their names.
    by_key: HashMap<&'a StateKey, usize>,
    /// Those that have lots, by the symbol of all of them.
    by_symbol: HashMap<String, Vec<usize>>,
    /// Those that were not looked at.
    taken: HashSet<&'a StateKey>,
}

impl<'a> Places<'a> {
    fn of(ours: &'a [OurState<'a>], taken: &'a [StateKey]) -> Self {
        let living = ours.iter().enumerate().filter(|(_, state)| state.data.is_some());
        let by_key = living.map(|(at, state)| (state.key, at)).collect();
        let mut by_symbol: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, state) in ours.iter().enumerate() {
            if let (Some(symbol), Some(_)) = (symbol_of(state), lots_of(state)) {
                by_symbol.entry(symbol).or_default().push(at);
            }
        }
        Self { by_key, by_symbol, taken: taken.iter().collect() }
    }
}

struct Begun {
    /// The members of all lots.
    head: String,
    lots: Vec<String>,
    rows: Vec<String>,
}

impl<'a> Created<'a> {
    pub(super) fn new(ours: &'a [OurState<'a>], asked: Reconciling<'a>) -> Self {
        let here = Places::of(ours, asked.taken);
        Self { ours, asked, here, grown: BTreeMap::new(), begun: BTreeMap::new(), called: HashMap::new() }
    }

    /// Adds a lot; where a state that there is gets it, answers which and the change.
    pub(super) fn add(&mut self, lot: &NewLot<'_>) -> Result<Option<(usize, Change)>, Refused> {
        let place = self.place(lot)?;
        let (key, lots) = match &place {
            Ok((state, lots)) => (self.ours[*state].key, Some(*lots)),
            Err(key) => (key, None),
        };
        let id = lot.id.clone().unwrap_or_else(|| self.id_of(key, lot.held));
        let called = self.called.entry(key.clone()).or_insert_with(|| {
            lots.into_iter()
                .flat_map(Node::elements)
                .filter_map(|lot| name(said(meant(lot).0, "id")?))
                .collect()
        });
        if called.contains(&id) {
            let text = format!("{key} has a lot {id:?} already: say what this one is called");
            return Err(Refused::wrong("id", "unique", text));
        }
        let key = key.clone();
        let change = match place {
            Ok((state, lots)) => {
                let count = self.grown.entry(state).or_default();
                let at = u32::try_from(lots.len()).unwrap_or(u32::MAX).saturating_add(*count);
                *count += 1;
                Some((state, appended(lots, at, lot, &id)))
            }
            Err(begun) => {
                self.begin(begun, lot, &id)?;
                None
            }
        };
        self.called.entry(key).or_default().insert(id);
        Ok(change)
    }

    /// What a lot is called that neither the broker nor anybody here has a name for: by its state, its side and when it was found,
    /// which no other lot is.
    fn id_of(&self, key: &StateKey, held: &Holding<'_>) -> String {
        let side = held.is_on().map_or("", Side::word);
        format!("{}:{side}:{}", key.state_id, self.asked.options.as_of)
    }

    /// The states that are begun.
    pub(super) fn into_writes(self) -> Result<Vec<PlannedWrite>, PlanError> {
        let write = |(key, begun): (StateKey, Begun)| {
            let Begun { head, lots, rows } = begun;
            let text = format!("{{{head}\"lots\":[{}]}}", lots.join(","));
            let data: Document = text.parse().map_err(|_| PlanError::TooLarge(key.clone()))?;
            Ok(PlannedWrite { key, version: None, changes: Vec::new(), data: Some(data), rows })
        };
        self.begun.into_iter().map(write).collect()
    }

    /// The lots of a state that there is, or the name of one that there is not yet.
    fn place(&self, lot: &NewLot<'_>) -> Result<Result<(usize, Node<'a>), StateKey>, Refused> {
        let symbol = lot.held.symbol.as_deref();
        if let Some(id) = &lot.chosen.state_id {
            let key = StateKey { state_type: self.asked.state_type.clone(), state_id: id.clone() };
            return match self.here.by_key.get(&key).copied() {
                None => self.free(key).map(Err),
                Some(at) => lots_of(&self.ours[at]).map(|lots| Ok((at, lots))).ok_or_else(|| {
                    Refused::needs(
                        "state_id",
                        "that state holds no lots: name one with lots, or one that there is not yet",
                    )
                }),
            };
        }
        match symbol.and_then(|symbol| self.here.by_symbol.get(symbol)).map(Vec::as_slice) {
            Some([one]) => {
                if let Some(lots) = lots_of(&self.ours[*one]) {
                    return Ok(Ok((*one, lots)));
                }
            }
            None | Some([]) => {}
            Some(_) => {
                return Err(Refused::needs(
                    "state_id",
                    "several states hold lots of this symbol: say which gets it",
                ));
            }
        }
        let called = symbol.or(lot.id.as_deref());
        let prefix = self.asked.run.map(RunId::book_prefix).unwrap_or_default();
        let id = called.and_then(|called| StateId::new(&format!("{prefix}{called}")).ok());
        let id =
            id.ok_or_else(|| Refused::needs("state_id", "nothing names a state for it: say which gets it"))?;
        let key = StateKey { state_type: self.asked.state_type.clone(), state_id: id };
        if self.here.by_key.contains_key(&key) {
            return Err(Refused::needs(
                "state_id",
                "the state of this name holds a position without lots: say which state gets this one",
            ));
        }
        self.free(key).map(Err)
    }

    /// The name, unless there is such a state, which was not looked at.
    fn free(&self, key: StateKey) -> Result<StateKey, Refused> {
        if !self.here.taken.contains(&key) {
            return Ok(key);
        }
        let text = format!(
            "the lot would go to {key}, which there is already and is not among the positions that were looked at: say which state \
             gets it, or widen the scope"
        );
        Err(Refused::wrong("state_id", "state_exists", text))
    }

    fn begin(&mut self, key: StateKey, lot: &NewLot<'_>, id: &str) -> Result<(), Refused> {
        let symbol = member("symbol", lot.held.symbol.as_deref());
        let begun = self.begun.entry(key).or_insert_with(|| Begun {
            head: symbol.clone(),
            lots: Vec::new(),
            rows: Vec::new(),
        });
        if begun.head != symbol {
            return Err(Refused::needs(
                "state_id",
                "a position of another symbol is written there: say another state",
            ));
        }
        begun.rows.push(lot.row.to_owned());
        begun.lots.push(text(lot, id, "quantity", false));
        Ok(())
    }
}

/// The lots of a state of one symbol.
fn lots_of<'a>(state: &OurState<'a>) -> Option<Node<'a>> {
    said(state.data?, "lots").filter(|lots| lots.kind() == Kind::Array)
}

fn symbol_of(state: &OurState<'_>) -> Option<String> {
    first(state.data?, &SYMBOLS, name)
}

/// A lot at the end of others, in their words.
fn appended(lots: Node<'_>, at: u32, lot: &NewLot<'_>, id: &str) -> Change {
    let sibling = lots.elements().next();
    let word = |names: &[&'static str]| {
        let has = |name: &&&str| sibling.is_some_and(|sibling| said(sibling, name).is_some());
        names.iter().find(has).copied()
    };
    let quantity = word(&QUANTITIES).unwrap_or("quantity");
    let texts =
        sibling.and_then(|sibling| said(sibling, quantity)).is_some_and(|it| it.kind() == Kind::String);
    let mut pointer = Pointer::default().join("lots");
    pointer.push_index(at as usize);
    let change = changed(ChangeKind::Added, &pointer, None, Some(&text(lot, id, quantity, texts)));
    let place = Place { at: u32::try_from(lots.len()).ok(), ..Place::default() };
    Change { place, ..change }
}

/// Its id, and side, quantity, price and time as far as they are known.
fn text(lot: &NewLot<'_>, id: &str, quantity: &str, texts: bool) -> String {
    let number = |number: &str| if texts { quote(number) } else { number.to_owned() };
    let price = lot.held.price.as_deref().map(|price| format!(",\"entry_price\":{}", number(price)));
    let time = lot.chosen.time.map(|time| format!(",\"entry_time\":\"{time}\""));
    let head = member("id", Some(id)) + &member("side", lot.held.is_on().map(Side::word));
    let (member, amount) = (quote(quantity), number(&lot.size));
    format!("{{{head}{member}:{amount}{}{}}}", price.unwrap_or_default(), time.unwrap_or_default())
}

/// A member that is a text, with the comma behind it; nothing where there is none.
fn member(name: &str, value: Option<&str>) -> String {
    value.map(|value| format!("{}:{},", quote(name), quote(value))).unwrap_or_default()
}
