//! What is asked for on the command line.

use std::time::Duration;

/// How long, on which store, how often interrupted.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) length: Duration,
    /// `sqlite`, `postgres` or `influx`.
    pub(crate) store: String,
    /// How often the server is started in all.
    pub(crate) lives: u32,
    /// Bytes that the server may take for what it works on.
    pub(crate) memory_limit: u64,
    /// The highest p99 of small saves that is well, where speed is looked at: not with a program that is not optimised.
    pub(crate) p99: Option<Duration>,
}

impl Plan {
    /// `--seconds N --store NAME --lives N --p99-ms N`; the short form without any.
    pub(crate) fn from_arguments() -> Self {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let value = |name: &str| {
            let at = arguments.iter().position(|argument| argument == name)?;
            Some(arguments.get(at + 1).unwrap_or_else(|| panic!("{name} needs a value")).clone())
        };
        let number =
            |name: &str| value(name).map(|text| text.parse().unwrap_or_else(|_| panic!("{name}: {text}")));
        Self {
            length: Duration::from_secs(number("--seconds").unwrap_or(120)),
            store: value("--store").unwrap_or_else(|| "sqlite".to_owned()),
            lives: number("--lives").map_or(3, |lives| u32::try_from(lives).expect("a small number")),
            memory_limit: 512 << 20,
            p99: number("--p99-ms").map(Duration::from_millis),
        }
    }
}
