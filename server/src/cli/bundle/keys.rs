//! Keys of age (X25519): for whom a bundle is encrypted, and by whom it is read.

use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use age::stream::StreamWriter;
use age::x25519;
use age::{DecryptError, Decryptor, Encryptor};

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;

/// How a recipient begins, where a file of recipients could stand as well.
const RECIPIENT: &str = "age1";
/// How a key begins that nobody else may see.
const SECRET: &str = "AGE-SECRET-KEY-";

/// For whom a bundle is encrypted.
pub(in crate::cli) struct Recipients(Vec<x25519::Recipient>);

/// The keys that may read one.
#[derive(Default)]
pub(in crate::cli) struct Identities {
    keys: Vec<x25519::Identity>,
    files: Vec<PathBuf>,
}

impl Recipients {
    /// Of recipients (`age1...`), and of files with one a line; none if nothing is given.
    pub(in crate::cli) fn of(given: &[String]) -> Result<Option<Self>, Failure> {
        let mut recipients = Vec::new();
        for text in given {
            if text.starts_with(RECIPIENT) {
                let recipient = text.parse();
                recipients.push(
                    recipient
                        .map_err(|why| Failure::usage(format!("--encrypt-to {text}: {}", no_key(why))))?,
                );
            } else {
                each_line(Path::new(text), "--encrypt-to", |line| {
                    if line.starts_with(SECRET) {
                        return Err(
                            "it is a secret key: give the recipient that belongs to it (age-keygen -y FILE)"
                                .to_owned(),
                        );
                    }
                    recipients.push(line.parse().map_err(no_key)?);
                    Ok(())
                })?;
            }
        }
        match (given.is_empty(), recipients.is_empty()) {
            (true, _) => Ok(None),
            (false, true) => Err(Failure::usage("--encrypt-to: there is no recipient in the file")),
            (false, false) => Ok(Some(Self(recipients))),
        }
    }
}

fn no_key(why: &str) -> String {
    format!(
        "it is no X25519 key of age ({why}); others, such as those of SSH or of plug-ins, are not supported"
    )
}

impl Identities {
    /// Of files with a secret key a line.
    pub(in crate::cli) fn of(files: &[PathBuf]) -> Result<Self, Failure> {
        let mut keys = Vec::new();
        for file in files {
            let before = keys.len();
            each_line(file, "--identity", |line| {
                // The line itself is nobody's business.
                keys.push(line.parse().map_err(no_key)?);
                Ok(())
            })?;
            if keys.len() == before {
                return Err(Failure::usage(format!("--identity: there is no key in {}", file.display())));
            }
        }
        Ok(Self { keys, files: files.to_owned() })
    }

    /// What is encrypted in there.
    pub(super) fn open(
        &self,
        name: &str,
        bytes: impl Read + Send + 'static,
    ) -> Result<Box<dyn Read + Send>, Failure> {
        if self.keys.is_empty() {
            return Err(Failure::usage(format!(
                "{name} is encrypted with age: name the file with your key with --identity FILE; nothing was written"
            )));
        }
        let keys = self.keys.iter().map(|key| key as &dyn age::Identity);
        let opened = Decryptor::new_buffered(BufReader::new(bytes)).and_then(|sealed| sealed.decrypt(keys));
        match opened {
            Ok(opened) => Ok(Box::new(opened)),
            Err(why) => {
                Err(Failure::new(Exit::Refused, format!("{name}: {}; nothing was written", self.told(&why))))
            }
        }
    }

    fn told(&self, why: &DecryptError) -> String {
        let files = self.files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ");
        match why {
            DecryptError::NoMatchingKeys => format!("it is encrypted, and not for a key in {files}"),
            DecryptError::InvalidHeader | DecryptError::InvalidMac => {
                "its beginning is not what age wrote: it was changed, or cut".to_owned()
            }
            other => format!("it cannot be decrypted: {other}"),
        }
    }
}

/// Each line of a file that is not empty and no comment.
fn each_line(
    file: &Path,
    flag: &str,
    mut take: impl FnMut(&str) -> Result<(), String>,
) -> Result<(), Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::usage(format!("{flag}: {}: {error}", file.display())))?;
    for (index, line) in text.lines().map(str::trim).enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        take(line).map_err(|why| {
            Failure::usage(format!("{flag}: {}, line {}: {why}", file.display(), index + 1))
        })?;
    }
    Ok(())
}

/// Where a bundle is written to, as it is or encrypted on the way.
pub(super) enum Sealing<W: Write> {
    Open(W),
    Sealed(StreamWriter<W>),
}

impl<W: Write> Sealing<W> {
    pub(super) fn begin(out: W, to: Option<&Recipients>) -> io::Result<Self> {
        let Some(Recipients(recipients)) = to else { return Ok(Self::Open(out)) };
        let recipients = recipients.iter().map(|recipient| recipient as &dyn age::Recipient);
        let sealing = Encryptor::with_recipients(recipients).map_err(io::Error::other)?;
        sealing.wrap_output(out).map(Self::Sealed)
    }

    /// Writes the end, without which what is encrypted was cut.
    pub(super) fn finish(self) -> io::Result<W> {
        match self {
            Self::Open(out) => Ok(out),
            Self::Sealed(out) => out.finish(),
        }
    }
}

impl<W: Write> Write for Sealing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Open(out) => out.write(bytes),
            Self::Sealed(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Open(out) => out.flush(),
            Self::Sealed(out) => out.flush(),
        }
    }
}
