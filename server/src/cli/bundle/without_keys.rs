//! In the place of `keys` where a program is built without encryption: what is encrypted, or to be, is refused.

use std::io::{self, Read, Write};
use std::path::PathBuf;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;

/// For whom a bundle is encrypted: for nobody.
pub(in crate::cli) enum Recipients {}

/// The keys that may read one: there are none.
#[derive(Default)]
pub(in crate::cli) struct Identities;

impl Recipients {
    /// None, as long as nothing is given.
    pub(in crate::cli) fn of(given: &[String]) -> Result<Option<Self>, Failure> {
        if given.is_empty() { Ok(None) } else { Err(absent("--encrypt-to")) }
    }
}

impl Identities {
    /// None, as long as no file is given.
    pub(in crate::cli) fn of(files: &[PathBuf]) -> Result<Self, Failure> {
        if files.is_empty() { Ok(Self) } else { Err(absent("--identity")) }
    }

    /// What is encrypted stays closed.
    #[allow(clippy::unused_self, reason = "it is what the other one is")]
    pub(super) fn open(
        &self,
        name: &str,
        _bytes: impl Read + Send + 'static,
    ) -> Result<Box<dyn Read + Send>, Failure> {
        Err(absent(&format!("{name} is encrypted with age")))
    }
}

fn absent(what: &str) -> Failure {
    let text = format!(
        "{what}: this program was built without encryption, for a quick first start; `cargo xtask build` makes the one that has it; \
         nothing was written"
    );
    Failure::new(Exit::Usage, text)
}

/// Where a bundle is written to.
pub(super) struct Sealing<W: Write>(W);

impl<W: Write> Sealing<W> {
    #[allow(clippy::unnecessary_wraps, reason = "it is what the other one is")]
    pub(super) fn begin(out: W, to: Option<&Recipients>) -> io::Result<Self> {
        match to {
            None => Ok(Self(out)),
            Some(nobody) => match *nobody {},
        }
    }

    #[allow(clippy::unnecessary_wraps, reason = "it is what the other one is")]
    pub(super) fn finish(self) -> io::Result<W> {
        Ok(self.0)
    }
}

impl<W: Write> Write for Sealing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
