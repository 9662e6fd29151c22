//! What was named to be imported: bundles, or other files.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use stateloft_core::bundle::Kind;
use tokio::sync::{mpsc, oneshot};

use super::Identities;
use super::kind::{START, kind_of};
use crate::cli::client::Upload;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;

/// Bytes that are read at a time.
const PIECE: usize = 64 << 10;
/// Pieces that are read and not sent yet.
const AHEAD: usize = 4;
/// The name of standard input.
const STDIN: &str = "-";

/// What is to be imported.
pub(in crate::cli) enum Given {
    /// Bundles, in this order.
    Bundles(Vec<Input>),
    /// Files and folders that are none.
    Others,
}

/// A bundle that is to be read.
pub(in crate::cli) struct Input {
    /// As it was named.
    pub(in crate::cli) name: String,
    /// Its bytes, where that is known before.
    pub(in crate::cli) size: Option<u64>,
    read: Arc<AtomicU64>,
    bytes: Box<dyn Read + Send>,
}

/// A bundle that is being sent.
pub(in crate::cli) struct Sending {
    /// What is sent of it.
    pub(in crate::cli) upload: Upload,
    /// Bytes of the file that were read so far.
    pub(in crate::cli) read: Arc<AtomicU64>,
    /// How the reading ended, once it has.
    pub(in crate::cli) ended: oneshot::Receiver<io::Result<()>>,
}

impl Given {
    /// Looks at each of them.
    pub(in crate::cli) fn of(paths: &[PathBuf], keys: &Identities) -> Result<Self, Failure> {
        let (mut bundles, mut other) = (Vec::new(), None);
        for path in paths {
            match Input::bundle_at(path, keys)? {
                Some(bundle) => bundles.push(bundle),
                None => other = Some(path),
            }
        }
        match (bundles.first(), other) {
            (None, _) => Ok(Self::Others),
            (Some(_), None) => Ok(Self::Bundles(bundles)),
            (Some(bundle), Some(other)) => Err(Failure::usage(format!(
                "{} is a bundle, and {} is not: import one after the other; nothing was written",
                bundle.name,
                other.display()
            ))),
        }
    }
}

impl Input {
    /// The bundle of that name; none if it is something else.
    pub(in crate::cli) fn bundle_at(path: &Path, keys: &Identities) -> Result<Option<Self>, Failure> {
        if path.as_os_str() != STDIN && path.is_dir() {
            return Ok(None);
        }
        let input = Self::open(path)?;
        let is_stdin = path.as_os_str() == STDIN;
        let (kind, input) = input.looked_at()?;
        let refused = |why: &str| Err(Failure::new(Exit::Refused, format!("{why}; nothing was written")));
        let name = &input.name;
        match kind {
            Kind::Bundle => Ok(Some(input)),
            Kind::Encrypted => {
                let opened = Self { bytes: keys.open(name, input.bytes)?, ..input };
                let (kind, opened) = opened.looked_at()?;
                match kind {
                    Kind::Bundle => Ok(Some(opened)),
                    _ => refused(&format!("what is encrypted in {} is no bundle", opened.name)),
                }
            }
            Kind::Armored => refused(&format!(
                "{name} is encrypted with age and written as text, which is not read here: decrypt it first (age -d -i KEY {name} > FILE)"
            )),
            Kind::Gzip => refused(&format!("{name} is packed with gzip and is no bundle: unpack it first")),
            Kind::Other if is_stdin => {
                refused("standard input is no bundle, and files of older programs are read by their names")
            }
            Kind::Other => Ok(None),
        }
    }

    fn open(path: &Path) -> Result<Self, Failure> {
        let is_stdin = path.as_os_str() == STDIN;
        let name = if is_stdin { "standard input".to_owned() } else { path.display().to_string() };
        let wrong = |error: io::Error| format!("{name}: {error}");
        let (size, bytes): (_, Box<dyn Read + Send>) = if is_stdin {
            (None, Box::new(io::stdin()))
        } else {
            let file = File::open(path).map_err(wrong)?;
            (Some(file.metadata().map_err(wrong)?.len()), Box::new(file))
        };
        let read = Arc::<AtomicU64>::default();
        let bytes = Box::new(Counted { bytes, count: Arc::clone(&read) });
        Ok(Self { name, size, read, bytes })
    }

    /// What it is, by its first bytes, which are read again after that.
    fn looked_at(self) -> Result<(Kind, Self), Failure> {
        let Self { name, mut bytes, .. } = self;
        let mut start = Vec::new();
        let read = bytes.by_ref().take(START as u64).read_to_end(&mut start);
        read.map_err(|error| format!("{name}: {error}; nothing was written"))?;
        let kind = kind_of(&start);
        Ok((kind, Self { name, bytes: Box::new(Cursor::new(start).chain(bytes)), ..self }))
    }

    /// Reads it here.
    pub(in crate::cli) fn into_reader(self) -> Box<dyn Read + Send> {
        self.bytes
    }

    /// Begins to read it for somebody.
    pub(in crate::cli) fn send(self) -> Sending {
        let (pieces, taken) = mpsc::channel(AHEAD);
        let (tell, ended) = oneshot::channel();
        let mut bytes = self.bytes;
        // Not a thread of the runtime's: nobody waits at the end for one that reads what never comes.
        std::thread::spawn(move || {
            let read = read_to_end(bytes.as_mut(), &pieces);
            // Before the body ends: whoever is answered then knows why it did.
            let _ = tell.send(read);
            drop(pieces);
        });
        Sending { upload: Upload::of(taken), read: self.read, ended }
    }
}

/// Hands out all of it, until nobody wants more.
fn read_to_end(bytes: &mut dyn Read, pieces: &mpsc::Sender<Bytes>) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    loop {
        let count = bytes.read(&mut piece)?;
        if count == 0 || pieces.blocking_send(Bytes::copy_from_slice(&piece[..count])).is_err() {
            return Ok(());
        }
    }
}

/// Counts what is read.
struct Counted<R> {
    bytes: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.bytes.read(into)?;
        self.count.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
