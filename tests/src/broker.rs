//! A broker that answers as brokers do on a bad day, and what an honest program passes on of its answers.

use serde_json::{Value, json};

/// How it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// All of it, at once.
    Well,
    /// Not at all.
    TimesOut,
    /// With an error and, as its body, an empty list.
    EmptyOnError,
    /// The first page of two; the second one does not come.
    FirstPage,
    /// Each position twice, as on two pages that overlap.
    Twice,
    /// Positions, and for how much it says null.
    Null,
}

/// An account. Positions have a ticket, and may be several of a symbol.
#[derive(Debug)]
pub struct Broker {
    positions: Vec<Value>,
    /// What it will say once a fill is through that has happened already.
    late: Vec<Value>,
    /// How it answers from now on.
    pub mood: Mood,
}

impl Broker {
    /// Holds nothing.
    #[must_use]
    pub fn new() -> Self {
        Self { positions: Vec::new(), late: Vec::new(), mood: Mood::Well }
    }

    /// Fills an order: what is held is listed from now on.
    pub fn fill(&mut self, ticket: u64, symbol: &str, side: &str, quantity: &str, price: &str) {
        self.positions.push(json!({
            "ticket": ticket, "symbol": symbol, "side": side, "quantity": quantity, "entry_price": price
        }));
    }

    /// Fills an order, and lists it only after the next answer.
    pub fn fill_late(&mut self, ticket: u64, symbol: &str, side: &str, quantity: &str, price: &str) {
        self.fill(ticket, symbol, side, quantity, price);
        self.late.extend(self.positions.pop());
    }

    /// Another quantity of a position.
    pub fn set(&mut self, ticket: u64, quantity: &str) {
        self.positions.iter_mut().filter(|held| held["ticket"] == ticket).for_each(|held| {
            held["quantity"] = quantity.into();
        });
    }

    /// It is not listed any more.
    pub fn close(&mut self, ticket: u64) {
        self.positions.retain(|held| held["ticket"] != ticket);
    }

    /// What a program sends of an answer to a question asked at `as_of`: members of a request to reconcile.
    pub fn ask(&mut self, as_of: &str) -> Value {
        let options = |more: Value| {
            let mut options = json!({ "as_of": as_of });
            options
                .as_object_mut()
                .into_iter()
                .for_each(|o| o.extend(more.as_object().cloned().unwrap_or_default()));
            options
        };
        let half = self.positions.len() / 2;
        let answer = match self.mood {
            Mood::Well => json!({ "list": self.positions, "options": options(json!({})) }),
            Mood::TimesOut => json!({ "options": options(json!({ "failure": "no answer within 10 s" })) }),
            // An error is an error, whatever stands in its body.
            Mood::EmptyOnError => json!({ "options": options(json!({ "failure": "503: []" })) }),
            Mood::FirstPage => {
                json!({ "list": self.positions[..half], "options": options(json!({ "partial": true })) })
            }
            Mood::Twice => {
                let twice = [self.positions.clone(), self.positions.clone()].concat();
                json!({ "list": twice, "options": options(json!({})) })
            }
            Mood::Null => {
                let mut list = self.positions.clone();
                for held in &mut list {
                    held["quantity"] = Value::Null;
                }
                json!({ "list": list, "options": options(json!({})) })
            }
        };
        self.positions.append(&mut self.late);
        answer
    }
}

impl Default for Broker {
    fn default() -> Self {
        Self::new()
    }
}
