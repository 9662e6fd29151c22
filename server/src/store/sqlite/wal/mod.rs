//! SQLite's write-ahead log, read by ourselves before SQLite reads it. SQLite takes it up to the first frame that does not
//! fit and drops the rest without a word: right for what a crash has cut off, wrong for damage, behind which there may be
//! hundreds of commits that were acknowledged.
//!
//! The format is SQLite's (<https://www.sqlite.org/fileformat2.html#walformat>): a header, then frames of one page each. A
//! frame's checksum goes on from that of the frame before, so that two frames that fit together were written one after the
//! other. A commit is durable before the next one begins: of what a crash leaves behind a gap, at most one is a commit.

mod memory;

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::time::Duration;

use super::beside;
use memory::Memory;

const HEADER: usize = 32;
const FRAME: usize = 24;
const MAGIC: u32 = 0x377f_0682;
/// Damage is believed when it looks the same so often: a server may be writing.
const LOOKS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(100);

/// What is wrong with a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Damage {
    /// Where, in bytes.
    at: u64,
    /// The frame there, from 1; 0 is the header.
    frame: u64,
    /// Frames up to the last commit that SQLite would take.
    taken: u64,
    /// Commits among them.
    commits_taken: u64,
    /// Frames that were committed and that it would drop.
    dropped: u64,
    /// Commits among them, as far as they can be seen.
    commits_dropped: u64,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, frame, taken, commits_taken, dropped, commits_dropped } = self;
        write!(
            f,
            "is damaged at byte {at} (frame {frame}): SQLite would take the {commits_taken} commits before it \
             ({taken} frames) and drop at least {commits_dropped} behind it ({dropped} frames), all of them acknowledged"
        )
    }
}

/// Looks whether the log beside a database holds commits that SQLite would drop. Nothing may have the database open in this
/// process: closing the shared memory here would drop the locks on it.
pub(super) fn damage(database: &Path) -> io::Result<Option<Damage>> {
    let mut found = look(database)?;
    for _ in 1..LOOKS {
        if found.is_none() {
            return Ok(None);
        }
        std::thread::sleep(PAUSE);
        let again = look(database)?;
        if again != found {
            found = again;
        }
    }
    Ok(found)
}

fn look(database: &Path) -> io::Result<Option<Damage>> {
    // In this order: what is committed while we read is in the log, and not in what we have read before.
    let memory = Memory::read(&beside(database, "-shm"))?;
    let file = match File::open(beside(database, "-wal")) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut log = BufReader::with_capacity(1 << 20, file);
    let mut bytes = [0; HEADER];
    if !fill(&mut log, &mut bytes)? {
        return Ok(None);
    }
    let (header, whole) = match Header::of(&bytes) {
        Some(header) => (header, true),
        None => (Header::guessed(&bytes, page_of(database)?), false),
    };
    let mut walk = Walk::new(header, whole);
    let mut frame = vec![0; FRAME + header.page];
    while fill(&mut log, &mut frame)? {
        walk.step(&frame);
    }
    walk.finish();
    let committed = memory.filter(|memory| memory.salts == walk.header.salts).map(|memory| memory.frames);
    Ok(walk.damage(committed))
}

/// What a log says of itself.
#[derive(Debug, Clone, Copy)]
struct Header {
    big_endian: bool,
    page: usize,
    salts: [u8; 8],
    sum: Sum,
}

impl Header {
    /// The header, if it is whole. SQLite takes nothing of a log whose header is not.
    fn of(bytes: &[u8; HEADER]) -> Option<Self> {
        let guessed = Self::guessed(bytes, word(bytes, 8, true) as usize);
        let whole = word(bytes, 0, true) & !1 == MAGIC
            && guessed.sum == Sum(word(bytes, 24, true), word(bytes, 28, true))
            && guessed.page.is_power_of_two()
            && (512..=65_536).contains(&guessed.page);
        whole.then_some(guessed)
    }

    /// What the header probably was.
    fn guessed(bytes: &[u8; HEADER], page: usize) -> Self {
        let big_endian = word(bytes, 0, true) == MAGIC + 1;
        let mut salts = [0; 8];
        salts.copy_from_slice(&bytes[16..24]);
        Self { big_endian, page, salts, sum: Sum::default().over(&bytes[..24], big_endian) }
    }
}

/// The two running sums.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sum(u32, u32);

impl Sum {
    fn over(self, bytes: &[u8], big_endian: bool) -> Self {
        let Self(mut a, mut b) = self;
        for pair in bytes.chunks_exact(8) {
            a = a.wrapping_add(word(pair, 0, big_endian)).wrapping_add(b);
            b = b.wrapping_add(word(pair, 4, big_endian)).wrapping_add(a);
        }
        Self(a, b)
    }
}

fn word(bytes: &[u8], at: usize, big_endian: bool) -> u32 {
    let word = bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).unwrap_or([0; 4]);
    if big_endian { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) }
}

/// Frames that follow each other behind the first that does not fit.
#[derive(Debug, Clone, Copy, Default)]
struct Run {
    frames: u64,
    commits: u64,
}

/// The walk along the frames.
struct Walk {
    header: Header,
    frames: u64,
    /// The sum that the next frame has to go on from.
    before: Sum,
    taken: u64,
    commits_taken: u64,
    commits: u64,
    /// The first frame that does not fit.
    gap: Option<u64>,
    run: Run,
    /// What certainly was committed behind the gap.
    lost: Run,
    /// Up to where frames fit together behind the gap.
    seen: Run,
}

impl Walk {
    fn new(header: Header, header_fits: bool) -> Self {
        Self {
            header,
            frames: 0,
            before: header.sum,
            taken: 0,
            commits_taken: 0,
            commits: 0,
            gap: (!header_fits).then_some(0),
            run: Run::default(),
            lost: Run::default(),
            seen: Run::default(),
        }
    }

    fn step(&mut self, frame: &[u8]) {
        self.frames += 1;
        if self.frames == 1 && self.gap == Some(0) {
            self.header.salts.copy_from_slice(&frame[8..16]);
        }
        let Header { big_endian, salts, .. } = self.header;
        let sum = self.before.over(&frame[..8], big_endian).over(&frame[FRAME..], big_endian);
        let stored = Sum(word(frame, 16, true), word(frame, 20, true));
        let fits = sum == stored && frame[8..16] == salts;
        let commits = u64::from(word(frame, 4, true) != 0);
        self.before = stored;
        if self.gap.is_none() && fits {
            self.commits += commits;
            if commits == 1 {
                (self.taken, self.commits_taken) = (self.frames, self.commits);
            }
            return;
        }
        self.gap.get_or_insert(self.frames);
        if fits {
            self.run = Run { frames: self.run.frames + 1, commits: self.run.commits + commits };
        } else {
            self.end_run();
            self.run = Run { frames: 1, commits };
        }
    }

    fn end_run(&mut self) {
        let run = std::mem::take(&mut self.run);
        if run.frames < 2 {
            return;
        }
        self.seen = Run { frames: self.seen.frames + run.frames, commits: self.seen.commits + run.commits };
        // The first of two commits was durable before the second was begun.
        if run.commits >= 2 {
            self.lost =
                Run { frames: self.lost.frames + run.frames, commits: self.lost.commits + run.commits };
        }
    }

    fn finish(&mut self) {
        self.end_run();
    }

    /// What SQLite would drop of what was committed, where that is certain: because commits follow each other behind the
    /// gap, or because the shared memory says how far they go.
    fn damage(&self, committed: Option<u64>) -> Option<Damage> {
        let (dropped, commits_dropped) = match committed {
            Some(committed) if committed > self.taken => (committed - self.taken, self.seen.commits.max(1)),
            _ if self.lost.commits > 0 => (self.lost.frames, self.lost.commits),
            _ => return None,
        };
        let frame = self.gap.unwrap_or(self.frames + 1);
        let at = match frame {
            0 => 0,
            frame => HEADER as u64 + (frame - 1) * (FRAME + self.header.page) as u64,
        };
        let (taken, commits_taken) = (self.taken, self.commits_taken);
        Some(Damage { at, frame, taken, commits_taken, dropped, commits_dropped })
    }
}

/// The page size that the database itself names.
fn page_of(database: &Path) -> io::Result<usize> {
    const USUAL: usize = 4_096;
    let mut start = [0; 18];
    let mut file = File::open(database)?;
    if !fill(&mut file, &mut start)? {
        return Ok(USUAL);
    }
    Ok(match u16::from_be_bytes([start[16], start[17]]) {
        1 => 65_536,
        size if size.is_power_of_two() && size >= 512 => usize::from(size),
        _ => USUAL,
    })
}

/// Reads so many bytes; `false` if there are not so many any more.
fn fill(reader: &mut impl Read, bytes: &mut [u8]) -> io::Result<bool> {
    match reader.read_exact(bytes) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
