//! The shared memory beside a log.

use std::fs::File;
use std::io;
use std::path::Path;

use super::{Sum, fill, word};

/// What the shared memory beside a log says of it. It outlives a program that is killed, not a power loss, after which it
/// may be older than the log, but never newer.
pub(super) struct Memory {
    pub(super) salts: [u8; 8],
    pub(super) frames: u64,
}

impl Memory {
    pub(super) fn read(path: &Path) -> io::Result<Option<Self>> {
        const PART: usize = 48;
        let mut bytes = [0; 2 * PART];
        match File::open(path) {
            Ok(mut file) => {
                if !fill(&mut file, &mut bytes)? {
                    return Ok(None);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        }
        let (first, second) = bytes.split_at(PART);
        let own = |at| word(first, at, cfg!(target_endian = "big"));
        let sum = Sum::default().over(&first[..40], cfg!(target_endian = "big"));
        if first != second || sum != Sum(own(40), own(44)) || first[12] == 0 {
            return Ok(None);
        }
        let mut salts = [0; 8];
        salts.copy_from_slice(&first[32..40]);
        Ok(Some(Self { salts, frames: u64::from(own(16)) }))
    }
}
