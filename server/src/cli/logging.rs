//! The log: lines on standard error, for people or as JSON.

use std::io::IsTerminal;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

use crate::config::{LogFormat, LogSettings};

/// Starts the log. The libraries below us say only what is wrong; what the database's clients warn of, one line for each
/// slow statement and each wait for a connection, is on the Health page and would fill a log.
pub(super) fn start(LogSettings { level, format }: LogSettings) {
    let ours = format!("warn,sqlx=error,stateloft={level},stateloft_server={level}");
    let filter = if level == LevelFilter::OFF { EnvFilter::new("off") } else { EnvFilter::new(ours) };
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        // Where standard error takes nothing any more, complaining there would end whoever logs.
        .log_internal_errors(false);
    // It fails only where another log was started before: then that one is used.
    let _ = match format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
}
