//! How far long work is: a bar where somebody looks, elsewhere a line now and then.

use std::io::IsTerminal as _;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

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
    pub(in crate::cli) fn new() -> Self {
        if !std::io::stderr().is_terminal() {
            return Self { how: How::Lines(Mutex::new(Instant::now())) };
        }
        let bar = ProgressBar::no_length();
        if let Ok(style) = ProgressStyle::with_template("{msg:>10} {wide_bar} {percent:>3} %  {eta}") {
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
            How::Lines(said) => {
                let mut said = said.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                if said.elapsed() >= PACE {
                    *said = Instant::now();
                    remark!("{doing} {done} of {of} {unit}");
                }
            }
        }
    }
}

/// The bar makes way for the answer.
impl Drop for Progress {
    fn drop(&mut self) {
        if let How::Bar(bar) = &self.how {
            bar.finish_and_clear();
        }
    }
}
