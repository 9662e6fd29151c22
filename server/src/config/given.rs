//! What the sources say, before it is understood.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use super::settings::{self, ENV_PREFIX, SETTINGS, Setting};
use super::{ConfigError, Sources};

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A place in the configuration file.
    File {
        /// The file.
        path: PathBuf,
        /// RFC 6901; empty for the file as a whole.
        pointer: String,
    },
    /// An environment variable, by its full name.
    Env(String),
    /// A flag of the command line.
    Flag(&'static str),
    /// Nobody said; the default applies. The text names the setting.
    Default(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, pointer } if pointer.is_empty() => write!(f, "{}", path.display()),
            Self::File { path, pointer } => write!(f, "{}, {pointer}", path.display()),
            Self::Env(name) => write!(f, "environment variable {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
            Self::Default(name) => write!(f, "{ENV_PREFIX}{name} (default)"),
        }
    }
}

/// A value as its source spells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Raw {
    /// A text, a number's or a boolean's own spelling.
    Text(String),
    /// An array of texts.
    List(Vec<String>),
    /// An object of texts.
    Map(Vec<(String, String)>),
}

/// Everything the sources say; later sources replace earlier ones.
#[derive(Debug, Default)]
pub(super) struct Given {
    /// By setting.
    pub(super) values: BTreeMap<&'static str, (Raw, Source)>,
    /// `--listen`, which stands for host and port.
    pub(super) listen: Option<String>,
    /// What the reader should know.
    pub(super) warnings: Vec<String>,
    /// What is wrong.
    pub(super) errors: Vec<ConfigError>,
}

impl Given {
    pub(super) fn put(&mut self, setting: &'static Setting, raw: Raw, source: Source) {
        self.values.insert(setting.name, (raw, source));
    }

    pub(super) fn wrong(&mut self, source: Source, problem: impl Into<String>, allowed: impl Into<String>) {
        let error = ConfigError { source, problem: problem.into(), allowed: allowed.into() };
        // A setting may be read for two purposes.
        if !self.errors.contains(&error) {
            self.errors.push(error);
        }
    }

    /// Takes the environment. A variable that is set to nothing counts as not set, as process managers write it so.
    pub(super) fn take_env(&mut self, env: &[(String, String)]) {
        for (full_name, value) in env.iter().filter(|(_, value)| !value.is_empty()) {
            match full_name.strip_prefix(ENV_PREFIX) {
                Some(name) => self.take_variable(full_name, name, value),
                None => self.hint_at_prefix(full_name, env),
            }
        }
    }

    fn take_variable(&mut self, full_name: &str, name: &str, value: &str) {
        if let Some(setting) = settings::by_name(name) {
            self.put(setting, Raw::Text(value.to_owned()), Source::Env(full_name.to_owned()));
            return;
        }
        let hint = settings::nearest(name, SETTINGS.iter().map(|setting| setting.name))
            .map(|near| format!("; did you mean {ENV_PREFIX}{near}?"))
            .unwrap_or_default();
        self.warnings.push(format!("environment variable {full_name} is not known and has no effect{hint}"));
    }

    /// Other documents of the older systems use `STATE_...`, which nothing ever read.
    fn hint_at_prefix(&mut self, full_name: &str, env: &[(String, String)]) {
        let Some(setting) = full_name.strip_prefix("STATE_").and_then(settings::by_name) else { return };
        let right_name = format!("{ENV_PREFIX}{}", setting.name);
        if !env.iter().any(|(name, _)| *name == right_name) {
            self.warnings
                .push(format!("environment variable {full_name} is not read; its name is {right_name}"));
        }
    }

    /// Takes the flags.
    pub(super) fn take_flags(&mut self, sources: &Sources) {
        self.listen.clone_from(&sources.listen);
        if let (Some(path), Some(setting)) = (&sources.db, settings::by_name(settings::SQLITE_PATH)) {
            self.put(setting, Raw::Text(path.to_string_lossy().into_owned()), Source::Flag("--db"));
        }
        if let (Some(format), Some(setting)) = (&sources.log_format, settings::by_name(settings::LOG_FORMAT))
        {
            self.put(setting, Raw::Text(format.clone()), Source::Flag("--log-format"));
        }
    }
}
