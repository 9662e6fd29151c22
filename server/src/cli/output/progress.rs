//! How far long work is: a bar where somebody looks, elsewhere a line now and then.

use std::io::IsTerminal as _;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::figures::bytes;
use crate::cli::say::remark;

/// How often a line says it.
const PACE: Duration = Duration::from_secs(1);

/// How far work is. It can be told from several threads.
pub(in crate::cli) struct Progress {
    how: How,
}

enum How {
    Bar(ProgressBar),
    /// When the last line was printed.
    Lines(Mutex<Instant>),
}

impl Progress {
    /// Of work whose parts are counted.
    pub(in crate::cli) fn new() -> Self {
        Self::with("{msg:>10} {wide_bar} {percent:>3} %  {eta}")
    }

    /// Of a file that goes by.
    pub(in crate::cli) fn of_bytes() -> Self {
        Self::with("{msg:>10} {wide_bar} {bytes} of {total_bytes}  {eta}")
    }

    fn with(template: &str) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self { how: How::Lines(Mutex::new(Instant::now())) };
        }
        let bar = ProgressBar::no_length();
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self { how: How::Bar(bar) }
    }

    /// Says that so much is done of so much.
    pub(in crate::cli) fn is_at(&self, doing: &'static str, done: u64, of: u64, unit: &str) {
        match &self.how {
            How::Bar(bar) => {
                bar.set_message(doing);
                bar.set_length(of);
                bar.set_position(done);
            }
            How::Lines(said) if is_time(said) => remark!("{doing} {done} of {of} {unit}"),
            How::Lines(_) => {}
        }
    }

    /// Says that so many bytes went by, of so many where that is known.
    pub(in crate::cli) fn bytes_are_at(&self, doing: &'static str, done: u64, of: Option<u64>) {
        match (&self.how, of) {
            (How::Bar(bar), of) => {
                bar.set_message(doing);
                bar.set_length(of.unwrap_or(done));
                bar.set_position(done);
            }
            (How::Lines(said), Some(of)) if is_time(said) => {
                remark!("{doing} {} of {}", bytes(done), bytes(of));
            }
            (How::Lines(said), None) if is_time(said) => remark!("{doing} {}", bytes(done)),
            (How::Lines(_), _) => {}
        }
    }
}

/// Whether the last line is long enough ago for the next.
fn is_time(said: &Mutex<Instant>) -> bool {
    let mut said = said.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let is_time = said.elapsed() >= PACE;
    if is_time {
        *said = Instant::now();
    }
    is_time
}

/// The bar makes way for the answer.
impl Drop for Progress {
    fn drop(&mut self) {
        if let How::Bar(bar) = &self.how {
            bar.finish_and_clear();
        }
    }
}
