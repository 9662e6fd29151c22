//! `stateloft config print`: every setting, what it is for, what it is now, and who says so.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::Done;
use super::output::print_json;
use super::output::style::theirs;
use super::say::answer;
use super::source::{Source, understood};
use crate::config::{self, Described};

/// Look at the settings.
#[derive(Debug, Args)]
pub(super) struct Settings {
    #[command(flatten)]
    source: Source,
    #[command(subcommand)]
    what: What,
}

/// What is to be done with them.
#[derive(Debug, Subcommand)]
enum What {
    /// Print all of them, as lines of a file of environment variables: what each is for, where it stands in config.json, its
    /// value and where that comes from. Secrets are not shown. Exit code 0: the settings are right; 1: they are not.
    Print {
        /// Print a line of JSON for each setting.
        #[arg(long)]
        json: bool,
    },
}

/// A setting, for programs.
#[derive(Serialize)]
struct Line<'a> {
    variable: &'a str,
    in_file: &'a str,
    about: &'a str,
    default: Option<&'a str>,
    /// Absent where the default holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    /// Absent where the default holds, and of a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
}

impl Settings {
    pub(super) fn run(self) -> Done {
        let What::Print { json } = self.what;
        let sources = self.source.places();
        for setting in config::described(&sources) {
            if json { print_line(&setting)? } else { print(&setting) }
        }
        // What is wrong is said behind what is there.
        understood(&sources)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn print_line(setting: &Described) -> Result<(), super::failure::Failure> {
    print_json(&Line {
        variable: &setting.variable,
        in_file: &setting.in_file,
        about: setting.about,
        default: setting.default,
        source: setting.said.as_ref().map(|(_, source)| source.to_string()),
        value: setting.said.as_ref().and_then(|(value, _)| value.as_deref()),
    })
}

fn print(setting: &Described) {
    if !setting.about.is_empty() {
        answer!("# {}", setting.about);
    }
    let default = setting.default.map(|default| format!("; default: {default}")).unwrap_or_default();
    answer!("# In config.json: {}{default}", setting.in_file);
    match &setting.said {
        None => answer!("#{}=", setting.variable),
        Some((value, source)) => {
            answer!("# From: {}", theirs(&source.to_string()));
            match value {
                Some(value) => answer!("{}={}", setting.variable, theirs(value)),
                None => answer!("#{}=(set, and not shown)", setting.variable),
            }
        }
    }
    answer!("");
}
