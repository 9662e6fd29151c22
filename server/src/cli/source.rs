//! Where settings come from.

use std::path::PathBuf;

use clap::Args;

use super::failure::Failure;
use crate::config::{self, Loaded, Sources};

/// Where settings come from.
#[derive(Debug, Clone, Args)]
pub(super) struct Source {
    /// The configuration file. Without it config.json in the working directory is read, if it is there.
    #[arg(long, value_name = "FILE", global = true)]
    pub(super) config: Option<PathBuf>,
    /// The SQLite file. Without it the configuration's, or ./data/stateloft.db.
    #[arg(long, value_name = "PATH", global = true)]
    pub(super) db: Option<PathBuf>,
}

/// Reads every setting.
pub(super) fn load(source: Source) -> Result<Loaded, Failure> {
    understood(&source.places())
}

/// Reads every setting from these places.
pub(super) fn understood(places: &Sources) -> Result<Loaded, Failure> {
    config::load(places).map_err(|errors| errors.to_string().into())
}

impl Source {
    /// Where settings are looked for.
    pub(super) fn places(self) -> Sources {
        // A variable that is not text cannot be one of ours.
        let env = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Sources { file: self.config, db: self.db, env, ..Sources::default() }
    }
}
