//! Which states a restore is about, and which parts of them.

use clap::Args;
use stateloft_core::api::{Scope, Selection};
use stateloft_core::model::{StateKey, StateType};
use stateloft_core::restore::selection_key;

use crate::cli::failure::Failure;
use crate::cli::named::state_type;

/// Which states, and which parts of them; everything where nothing is said.
#[derive(Debug, Args)]
pub(super) struct Asked {
    /// Only this state, as TYPE/ID; may be there several times.
    #[arg(long = "state", value_name = "TYPE/ID", value_parser = key)]
    states: Vec<StateKey>,
    /// Only these types, separated by commas.
    #[arg(long = "type", value_name = "TYPE", value_delimiter = ',', value_parser = state_type)]
    types: Vec<StateType>,
    /// Only ids that begin with this.
    #[arg(long, value_name = "TEXT")]
    prefix: Option<String>,
    /// Byte for byte, noise and what is protected too.
    #[arg(long)]
    exact: bool,
    /// Leave this state as it is; may be there several times.
    #[arg(long, value_name = "TYPE/ID", value_parser = key)]
    skip: Vec<StateKey>,
    /// Leave this path of a state as it is; may be there several times.
    #[arg(long, num_args = 2, value_names = ["TYPE/ID", "/POINTER"])]
    leave: Vec<String>,
    /// Take in this path of a state though it is protected or noise; may be there several times.
    #[arg(long, num_args = 2, value_names = ["TYPE/ID", "/POINTER"])]
    unlock: Vec<String>,
}

/// Reads `TYPE/ID`. A type has no slash, so the first one ends it.
pub(in crate::cli) fn key(text: &str) -> Result<StateKey, String> {
    let (state_type, state_id) = text.split_once('/').ok_or("write TYPE/ID, such as position/EURUSD")?;
    StateKey::new(state_type, state_id).map_err(|error| error.to_string())
}

/// The same as the API asks for it.
pub(super) struct Parts {
    pub(super) scope: Scope,
    pub(super) selection: Selection,
    pub(super) exact: bool,
}

impl Asked {
    /// What is asked of the API.
    pub(super) fn parts(self) -> Result<Parts, Failure> {
        let mut selection = Selection::new();
        for state in &self.skip {
            selection.entry(selection_key(state)).or_default().skip = true;
        }
        for (state, pointer) in pairs(&self.leave)? {
            selection.entry(selection_key(&state)).or_default().left.push(pointer);
        }
        for (state, pointer) in pairs(&self.unlock)? {
            selection.entry(selection_key(&state)).or_default().unlocked.push(pointer);
        }
        let scope = Scope { states: self.states, types: self.types, prefix: self.prefix };
        Ok(Parts { scope, selection, exact: self.exact })
    }
}

/// States with a path each, which stand one behind the other.
fn pairs(said: &[String]) -> Result<Vec<(StateKey, String)>, Failure> {
    let pair = |pair: &[String]| match pair {
        [state, pointer] => key(state).map(|state| (state, pointer.clone())).map_err(Failure::usage),
        _ => Err(Failure::usage("a state and a path belong together")),
    };
    said.chunks(2).map(pair).collect()
}
