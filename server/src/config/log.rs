//! How much is logged, and how.

use tracing::level_filters::LevelFilter;

use super::read::Values;
use super::settings::{LOG_FORMAT, LOG_LEVEL};

/// How much is logged, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogSettings {
    /// How much.
    pub level: LevelFilter,
    /// How.
    pub format: LogFormat,
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// An object of JSON.
    Json,
}

impl Values {
    pub(super) fn log(&mut self) -> LogSettings {
        LogSettings { level: self.log_level(), format: self.log_format() }
    }

    fn log_level(&mut self) -> LevelFilter {
        let Some(text) = self.text(LOG_LEVEL) else { return LevelFilter::INFO };
        match text.to_ascii_lowercase().as_str() {
            "trace" => LevelFilter::TRACE,
            "debug" => LevelFilter::DEBUG,
            "info" => LevelFilter::INFO,
            "warn" | "warning" => LevelFilter::WARN,
            "error" | "critical" | "fatal" => LevelFilter::ERROR,
            "off" => LevelFilter::OFF,
            _ => {
                self.wrong(
                    LOG_LEVEL,
                    format!("{text:?} is not a level"),
                    "TRACE, DEBUG, INFO, WARNING, ERROR or OFF",
                );
                LevelFilter::INFO
            }
        }
    }

    fn log_format(&mut self) -> LogFormat {
        match self.text(LOG_FORMAT).as_deref() {
            None | Some("text") => LogFormat::Text,
            Some("json") => LogFormat::Json,
            Some(other) => {
                self.wrong(LOG_FORMAT, format!("{other:?} is not a format of the log"), "text or json");
                LogFormat::Text
            }
        }
    }
}
