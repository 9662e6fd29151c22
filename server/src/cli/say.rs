//! What a command says: its answer on standard output, remarks on standard error. Whoever reads may go away in between.

use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write as _};

/// What a shell says of a program that ended because nobody reads its output any more (128 and the number of SIGPIPE).
const UNREAD: i32 = 141;

/// Writes a line of the answer. When nobody reads on, as behind `| head -1`, the command ends without a word, as Unix tools do;
/// when it cannot be written, on a full disk say, it ends with that.
///
/// The signal that ends Unix tools is not used: it would also come from a connection to a database that broke.
pub(super) fn write_answer(text: Arguments<'_>) {
    end_unless_written(writeln!(io::stdout().lock(), "{text}"));
}

/// Writes bytes of the answer as they are, and ends as [`write_answer`] does.
pub(super) fn write_bytes(bytes: &[u8]) {
    let mut out = io::stdout().lock();
    end_unless_written(out.write_all(bytes).and_then(|()| out.flush()));
}

fn end_unless_written(written: io::Result<()>) {
    let Err(error) = written else { return };
    if error.kind() == ErrorKind::BrokenPipe {
        std::process::exit(UNREAD);
    }
    write_remark(format_args!("stateloft: standard output: {error}"));
    std::process::exit(super::exit::Exit::Failed as i32);
}

/// Writes a line to standard error. Work goes on when nobody reads it.
pub(super) fn write_remark(text: Arguments<'_>) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Says where a server listens. It serves also when nobody reads that.
pub(super) fn announce(text: Arguments<'_>) {
    if let Err(error) = writeln!(io::stdout().lock(), "{text}") {
        tracing::warn!(%error, "standard output takes nothing: {text}");
    }
}

/// [`write_answer`], with the words of `format!`.
macro_rules! answer {
    ($($words:tt)*) => { $crate::cli::say::write_answer(format_args!($($words)*)) };
}

/// [`write_remark`], with the words of `format!`.
macro_rules! remark {
    ($($words:tt)*) => { $crate::cli::say::write_remark(format_args!($($words)*)) };
}

pub(super) use {answer, remark};
