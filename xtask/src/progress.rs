//! What the person at the terminal sees: on standard error while work goes on, on standard output what was asked for.
//! Neither ends the work when nobody reads it any more.

use std::io::{ErrorKind, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use anyhow::Result;

/// What a shell says of a program that ended because nobody reads its output (128 and the number of SIGPIPE).
const UNREAD: i32 = 141;

/// A line of the answer. When nobody reads on, as behind `| head -1`, the program ends without a word.
pub(crate) fn answer(line: &str) -> std::io::Result<()> {
    let written = writeln!(std::io::stdout().lock(), "{line}");
    match &written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(UNREAD),
        _ => written,
    }
}

/// A line of another program, which goes on whether anybody reads it or not.
pub(crate) fn pass_on(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

fn say(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// A piece of work starts.
pub(crate) fn heading(text: &str) {
    say(&paint("1;36", &format!("==> {text}")));
}

/// Does a piece of work between two lines: what is done, and how long it took.
pub(crate) fn step<T>(text: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    heading(text);
    let started = Instant::now();
    let done = work()?;
    note(&format!("done in {}", human(started.elapsed())));
    Ok(done)
}

/// A command line that is about to run.
pub(crate) fn command(line: &str) {
    say(&paint("2", &format!("    $ {line}")));
}

/// Something worth knowing, with no action needed.
pub(crate) fn note(text: &str) {
    say(&format!("    {text}"));
}

/// Something that was not done, or is not as it should be, though the work goes on.
pub(crate) fn warning(text: &str) {
    say(&format!("{} {text}", paint("1;33", "note:")));
}

/// The last word of a command that failed.
pub(crate) fn error(text: &str) {
    say(&format!("{} {text}", paint("1;31", "error:")));
}

/// A duration as people say it: `840 ms`, `12.3 s`, `4 min 05 s`.
pub(crate) fn human(duration: Duration) -> String {
    match duration.as_secs() {
        0 => format!("{} ms", duration.as_millis()),
        1..60 => format!("{:.1} s", duration.as_secs_f64()),
        seconds => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

/// A byte count with thousands separated: `241,007`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn paint(code: &str, text: &str) -> String {
    if std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        format!("\x1b[{code}m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{grouped, human};

    #[test]
    fn durations_read_naturally() {
        assert_eq!(human(Duration::from_millis(840)), "840 ms");
        assert_eq!(human(Duration::from_millis(12_340)), "12.3 s");
        assert_eq!(human(Duration::from_secs(245)), "4 min 05 s");
    }

    #[test]
    fn large_numbers_are_grouped() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(300_000), "300,000");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }
}
