//! The difference of two documents of a megabyte, from text, natively.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use stateloft_core::diff::diff;
use stateloft_core::json::{Document, Limits};
use stateloft_core::schema::path_rules;

use crate::table::Table;

const RUNS: usize = 31;

/// Adds two rows: reading both with `serde_json` into trees as the baseline, then reading both and comparing.
pub(crate) fn measure(table: &mut Table) {
    let (old, new) = (megabyte(0), megabyte(7));
    let trees = median(|| {
        let tree = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
        assert_ne!(tree(&old), tree(&new));
    });
    let ours = median(|| {
        let read = |text: &str| Document::parse(text, &Limits::default()).expect("JSON");
        let changes = diff(&read(&old), &read(&new), path_rules("market_data")).changes.len();
        assert!(changes > 0);
    });
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    table.row("two 1 MB documents read into serde_json trees and compared", ms(trees), "ms, median", None);
    let ratio = trees.as_secs_f64() / ours.as_secs_f64();
    table.row(
        "two 1 MB documents read and diffed (ratio: times faster than the row above)",
        ms(ours),
        "ms, median",
        Some(ratio),
    );
}

fn median(mut work: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[RUNS / 2]
}

/// Price series of many symbols, as a market data state holds them; `shift` slides every series by so many points.
fn megabyte(shift: usize) -> String {
    let mut text = String::from("{");
    for symbol in 0..40 {
        let comma = if symbol == 0 { "" } else { "," };
        write!(text, r#"{comma}"SYM{symbol}":{{"type":"series","name":"SYM{symbol}","index":["#)
            .expect("a string");
        for n in shift..shift + 700 {
            let comma = if n == shift { "" } else { "," };
            write!(
                text,
                r#"{comma}"2026-{:02}-{:02}T{:02}:00:00+00:00""#,
                n / 600 + 1,
                n / 24 % 25 + 1,
                n % 24
            )
            .expect("a string");
        }
        text.push_str("],\"values\":[");
        for n in shift..shift + 700 {
            let comma = if n == shift { "" } else { "," };
            write!(text, "{comma}1.{:05}", (n * 7919 + symbol * 104_729) % 100_000).expect("a string");
        }
        text.push_str("]}");
    }
    text.push('}');
    text
}
