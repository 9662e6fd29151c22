//! Names on the command line.

use clap::Args;
use stateloft_core::api::Moment;
use stateloft_core::model::{StateId, StateKey, StateType, Timestamp};

/// Which state. An id that begins with `-` stands behind `--`.
#[derive(Debug, Args)]
pub(super) struct Named {
    /// The kind of state, such as `position`.
    #[arg(value_name = "TYPE", value_parser = state_type)]
    state_type: StateType,
    /// Its name. Behind `--` it may begin with `-`.
    #[arg(value_name = "ID", value_parser = state_id)]
    state_id: StateId,
}

impl Named {
    pub(super) fn key(&self) -> StateKey {
        StateKey { state_type: self.state_type.clone(), state_id: self.state_id.clone() }
    }
}

/// Reads a state type.
pub(super) fn state_type(text: &str) -> Result<StateType, String> {
    StateType::new(text).map_err(|error| error.to_string())
}

/// Reads the name of a state or a snapshot.
pub(super) fn state_id(text: &str) -> Result<StateId, String> {
    StateId::new(text).map_err(|error| error.to_string())
}

/// Reads a moment: a time with zone, `seq:N`, `snapshot:NAME` or `now`.
pub(super) fn moment(text: &str) -> Result<Moment, String> {
    text.parse().map_err(|error: stateloft_core::api::MomentError| error.to_string())
}

/// Reads a time with zone.
pub(super) fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).map_err(|error| error.to_string())
}

/// Who writes, why, and where it comes from: kept with every version.
#[derive(Debug, Args)]
pub(super) struct Authored {
    /// Who.
    #[arg(long, value_name = "NAME")]
    pub(super) author: Option<String>,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: Option<String>,
    #[command(flatten)]
    pub(super) origin: Originating,
}

/// Where a write comes from: texts of up to 128 bytes.
#[derive(Debug, Args)]
#[allow(clippy::struct_field_names, reason = "they are called so in the API")]
pub(super) struct Originating {
    /// Which start of a program writes.
    #[arg(long, value_name = "ID")]
    pub(super) run_id: Option<std::sync::Arc<str>>,
    /// What this belongs to, together with others.
    #[arg(long, value_name = "ID")]
    pub(super) correlation_id: Option<std::sync::Arc<str>>,
    /// What made the writer write.
    #[arg(long, value_name = "ID")]
    pub(super) causation_id: Option<std::sync::Arc<str>>,
}
