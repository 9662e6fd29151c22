//! A choice as it is said on the command line: `ROW=close,reason=manual,price=1.0832`.

use std::str::FromStr;

use serde_json::{Map, Value};
use stateloft_core::api::ChosenRow;

/// What is chosen of a row.
#[derive(Debug, Clone)]
pub(super) struct Choice(ChosenRow);

/// What may be said besides, all of it texts in the API.
const MEMBERS: [&str; 6] = ["reason", "price", "time", "pnl", "id", "state_id"];

impl Choice {
    pub(super) fn into_row(self) -> ChosenRow {
        self.0
    }
}

impl FromStr for Choice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const FORM: &str = "it must be ROW=theirs, ROW=ours or ROW=close,reason=WHY";
        let (row, said) = text.split_once('=').ok_or(FORM)?;
        let mut parts = said.split(',');
        let choice = match parts.next() {
            Some("theirs") => "adopt_theirs",
            Some("ours") => "keep_ours",
            Some("close") => "close",
            Some("split") => {
                return Err(
                    "how one is split is said in the console, or to the API: it names each lot".to_owned()
                );
            }
            _ => return Err(FORM.to_owned()),
        };
        let mut chosen = Map::new();
        chosen.insert("row".to_owned(), row.into());
        chosen.insert("choice".to_owned(), choice.into());
        for part in parts {
            let (member, value) =
                part.split_once('=').ok_or_else(|| format!("{part:?} is not MEMBER=VALUE"))?;
            if !MEMBERS.contains(&member) {
                return Err(format!("{member:?} is none of {}", MEMBERS.join(", ")));
            }
            if chosen.insert(member.to_owned(), value.into()).is_some() {
                return Err(format!("{member} is said twice"));
            }
        }
        serde_json::from_value(Value::Object(chosen)).map(Self).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Result<Value, String> {
        text.parse::<Choice>().map(|choice| serde_json::to_value(choice.into_row()).unwrap())
    }

    #[test]
    fn a_choice_is_a_row_a_word_and_what_belongs_to_it() {
        let expected =
            serde_json::json!({"row": "a.b", "choice": "close", "reason": "manual", "price": "-37.630"});
        assert_eq!(said("a.b=close,reason=manual,price=-37.630").unwrap(), expected);
        let expected =
            serde_json::json!({"row": "a.b", "choice": "adopt_theirs", "state_id": "grid/EUR=USD"});
        assert_eq!(said("a.b=theirs,state_id=grid/EUR=USD").unwrap(), expected);
        assert_eq!(said("a.b=ours").unwrap()["choice"], "keep_ours");
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for wrong in [
            "a.b",
            "a.b=",
            "a.b=Theirs",
            "a.b=close,manual",
            "a.b=close,reason=because",
            "a.b=close,reason=manual,reason=manual",
            "a.b=close,time=yesterday",
            "a.b=close,shares=1",
            "a.b=split",
        ] {
            assert!(said(wrong).is_err(), "{wrong}");
        }
    }
}
