//! What names a run: one start of one program.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};

use super::{StateKey, StateType};

/// The longest name of a program, or of an instance, in bytes: with both and a number an id fits into an origin.
const NAME_MAX_BYTES: usize = 48;
/// The instance of a program that is meant where none is named.
const MAIN: &str = "main";
/// The type of the states that say what became of runs.
const SESSION: &str = "session";
/// The type of the states that say of runs whether they make way for a restore.
const PAUSE: &str = "pause";
/// The type of the states that say how runs were asked to.
const HANDSHAKE: &str = "handshake";
/// The type of the states whose versions are the checkpoints of a run.
const CHECKPOINT: &str = "checkpoint";
/// Behind the id of a run: the state that says which of its checkpoints are pinned.
const PINS: &str = "/pins";
/// The type of the states that say what differs from a broker's lists, and since when.
const DRIFT: &str = "drift";
/// The type of the states that keep a broker's list with what was written of it.
const RECONCILE: &str = "reconcile";
/// The type of the states that say whether runs are asked to ask their brokers.
const RECONCILE_ASK: &str = "reconcile_ask";

/// Why a text names no run, program or instance.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunIdError {
    /// It is not the name of a program or of an instance.
    #[error(
        "names of programs and instances are 1 to {NAME_MAX_BYTES} of A-Z, a-z, 0-9, _ and -, and begin with a letter or digit; got {0:?}"
    )]
    Name(String),
    /// It is not the id of a run.
    #[error("the id of a run is PROGRAM.INSTANCE.EPOCH, such as btc-grid.main.17; got {0:?}")]
    Id(String),
}

/// The name of a program, or of one of its instances. It goes into an address as it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct RunName(Arc<str>);

impl RunName {
    /// Checks and takes a name.
    ///
    /// # Errors
    /// [`RunIdError::Name`] where it is none.
    pub fn new(text: &str) -> Result<Self, RunIdError> {
        let starts_well = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        let goes_on_well =
            text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        if starts_well && goes_on_well && text.len() <= NAME_MAX_BYTES {
            Ok(Self(text.into()))
        } else {
            Err(RunIdError::Name(excerpt(text)))
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RunName {
    type Error = RunIdError;

    fn try_from(text: String) -> Result<Self, RunIdError> {
        Self::new(&text)
    }
}

impl Serialize for RunName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl fmt::Display for RunName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The pause of the run of a session.
pub(crate) fn pause_of(session: &StateKey) -> StateKey {
    StateKey { state_type: StateType::known(PAUSE), state_id: session.state_id.clone() }
}

/// Whether a state is what the server keeps of runs and what was done with them: records, which no restore takes back by itself. Besides
/// its type it has an id as the server gives one; what else has such a type is somebody's own.
#[must_use]
pub fn is_kept_of_runs(key: &StateKey) -> bool {
    let id = key.state_id.as_str();
    let is_run = |id: &str| id.parse::<RunId>().is_ok();
    match key.state_type.as_str() {
        PAUSE | RECONCILE | RECONCILE_ASK => is_run(id),
        CHECKPOINT => is_run(id.strip_suffix(PINS).unwrap_or(id)),
        DRIFT => id.split_once('.').is_some_and(|(program, instance)| {
            RunName::new(program).is_ok() && RunName::new(instance).is_ok()
        }),
        HANDSHAKE => is_made_id(id),
        _ => false,
    }
}

/// Whether a text is an id as the server makes them: a UUID in lower case.
fn is_made_id(text: &str) -> bool {
    let fits = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
    };
    text.len() == 36 && text.bytes().enumerate().all(fits)
}

/// Whether a state says what became of a run.
#[must_use]
pub fn is_session(key: &StateKey) -> bool {
    key.state_type.as_str() == SESSION
}

/// One start of one program: `PROGRAM.INSTANCE.EPOCH`. Epochs count the starts of an instance from 1 on, so that of two who start
/// it at the same moment both want the same id, and one gets it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RunId {
    program: RunName,
    instance: RunName,
    epoch: u64,
    session: StateKey,
    pause: StateKey,
    reconcile_ask: StateKey,
}

impl RunId {
    /// The start of this number of an instance.
    ///
    /// # Errors
    /// [`RunIdError::Id`] for the number 0.
    pub fn new(program: RunName, instance: RunName, epoch: u64) -> Result<Self, RunIdError> {
        let text = format!("{program}.{instance}.{epoch}");
        match StateKey::new(SESSION, &text) {
            Ok(session) if epoch > 0 => {
                let reconcile_ask = StateKey {
                    state_type: StateType::known(RECONCILE_ASK),
                    state_id: session.state_id.clone(),
                };
                Ok(Self { program, instance, epoch, pause: pause_of(&session), reconcile_ask, session })
            }
            _ => Err(RunIdError::Id(text)),
        }
    }

    /// The program.
    #[must_use]
    pub fn program(&self) -> &RunName {
        &self.program
    }

    /// Which of those that run side by side.
    #[must_use]
    pub fn instance(&self) -> &RunName {
        &self.instance
    }

    /// The how manieth start it is.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The state that says what the run is and what became of it.
    #[must_use]
    pub fn session(&self) -> &StateKey {
        &self.session
    }

    /// The state that says whether the run makes way for a restore; of most runs there never is one.
    #[must_use]
    pub fn pause(&self) -> &StateKey {
        &self.pause
    }

    /// The state that says whether the run is asked to ask its broker; of most runs there never is one.
    #[must_use]
    pub fn reconcile_ask(&self) -> &StateKey {
        &self.reconcile_ask
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.session.state_id.as_str()
    }

    /// The start of the names of the states that hold what its instance trades, one a symbol: `PROGRAM/`, and of another instance than
    /// `main` `PROGRAM.INSTANCE/`. Runs of an instance follow one another in the same states, and no other program's are among them.
    #[must_use]
    pub fn book_prefix(&self) -> String {
        let Self { program, instance, .. } = self;
        if instance.as_str() == MAIN { format!("{program}/") } else { format!("{program}.{instance}/") }
    }

    /// The start of all ids of a program, or of one of its instances.
    #[must_use]
    pub fn prefix(program: &RunName, instance: Option<&RunName>) -> String {
        instance.map_or_else(|| format!("{program}."), |instance| format!("{program}.{instance}."))
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RunId {
    type Err = RunIdError;

    fn from_str(text: &str) -> Result<Self, RunIdError> {
        let wrong = || RunIdError::Id(excerpt(text));
        let mut parts = text.split('.');
        let (Some(program), Some(instance), Some(epoch), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong());
        };
        let epoch: u64 = epoch.parse().map_err(|_| wrong())?;
        let name = |text| RunName::new(text).map_err(|_| wrong());
        let id = Self::new(name(program)?, name(instance)?, epoch)?;
        // One run has one spelling.
        if id.as_str() == text { Ok(id) } else { Err(wrong()) }
    }
}

fn excerpt(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ORIGIN_MAX_BYTES;

    #[test]
    fn an_id_has_one_spelling_and_goes_into_a_path_and_an_origin() {
        let id: RunId = "btc-grid.main.17".parse().unwrap();
        assert_eq!((id.program().as_str(), id.instance().as_str(), id.epoch()), ("btc-grid", "main", 17));
        assert_eq!(id.to_string(), "btc-grid.main.17");
        assert_eq!(id.session(), &StateKey::new("session", "btc-grid.main.17").unwrap());
        let name = RunName::new(&"x".repeat(NAME_MAX_BYTES)).unwrap();
        let long = RunId::new(name.clone(), name, u64::MAX).unwrap();
        assert!(long.to_string().len() <= ORIGIN_MAX_BYTES);
        assert_eq!(long.to_string().parse(), Ok(long));
    }

    #[test]
    fn the_books_of_instances_and_programs_are_apart_and_those_of_runs_of_one_are_the_same() {
        let prefix = |id: &str| id.parse::<RunId>().unwrap().book_prefix();
        assert_eq!(prefix("grid.main.1"), "grid/");
        assert_eq!(prefix("grid.main.2"), "grid/");
        assert_eq!(prefix("grid.eu.1"), "grid.eu/");
        assert_eq!(prefix("grid.Main.1"), "grid.Main/");
        assert_eq!(prefix("main.main.1"), "main/");
    }

    #[test]
    fn what_is_kept_of_runs_has_an_id_of_its_kind_and_what_has_another_is_somebodys_own() {
        let handshake = "01890a5d-ac96-774b-bcce-b302099a8057";
        let kept = |(state_type, id): &(&str, &str)| is_kept_of_runs(&StateKey::new(state_type, id).unwrap());
        for state in [
            ("pause", "grid.main.1"),
            ("checkpoint", "grid.main.1"),
            ("checkpoint", "grid.main.12/pins"),
            ("drift", "grid.main"),
            ("reconcile", "grid.main.3"),
            ("reconcile_ask", "grid.main.3"),
            ("handshake", handshake),
        ] {
            assert!(kept(&state), "{state:?}");
        }
        for state in [
            ("checkpoint", "mine"),
            ("checkpoint", "mine/pins"),
            ("checkpoint", "grid.main.1/pins/pins"),
            ("checkpoint", "grid.main.0"),
            ("pause", "lunch"),
            ("pause", "grid.main.1/pins"),
            ("drift", "grid"),
            ("drift", "grid.main.1"),
            ("reconcile", "grid.main"),
            ("reconcile_ask", "lunch"),
            ("handshake", "01890A5D-AC96-774B-BCCE-B302099A8057"),
            ("handshake", "01890a5dac96-774b-bcce-b302-099a8057"),
            ("session", "grid.main.1"),
            ("position", "grid.main.1"),
        ] {
            assert!(!kept(&state), "{state:?}");
        }
    }

    #[test]
    fn what_is_no_id_is_refused() {
        let long = format!("{}.main.1", "x".repeat(NAME_MAX_BYTES + 1));
        for wrong in [
            "",
            "a",
            "a.b",
            "a.b.0",
            "a.b.01",
            "a.b.+1",
            "a.b.-1",
            "a.b.x",
            "a.b.c.1",
            ".b.1",
            "a..1",
            "a.b.",
            "-.b.1",
            "a/b.c.1",
            "é.b.1",
            "a b.c.1",
            "a.b.18446744073709551616",
            "A.B.1 ",
            &long,
        ] {
            assert!(wrong.parse::<RunId>().is_err(), "{wrong:?}");
        }
    }
}
