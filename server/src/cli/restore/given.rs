//! Which states a file holds: a bundle, or what an older program wrote. What cannot be restored is said.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use stateloft_core::api::{GivenRequest, GivenState, ImportOptions, Scope};
use stateloft_core::bundle::{Fault, Header, Line, Reader, Unpacked, Wrong};
use stateloft_core::import::{self, FILE_MAX_BYTES};
use stateloft_core::json::Document;
use stateloft_core::model::StateKey;

use super::asked::Parts;
use crate::cli::bundle::{Identities, Input};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::say::remark;

/// Bytes of documents that one restore may have, about: those of a request.
const BYTES_MAX: usize = 46 << 20;
/// Bytes that are read at a time.
const PIECE: usize = 64 << 10;
/// Lines of what is not restored; more is counted.
const LINES: usize = 200;

/// States by name, as the file has them last.
type States = BTreeMap<StateKey, Document>;

/// What is asked of the API for a file.
pub(super) fn request(
    path: &Path,
    identities: &Identities,
    asked: Parts,
    delete_others: bool,
) -> Result<GivenRequest, Failure> {
    let Parts { mut scope, selection, exact } = asked;
    let states = if let Some(bundle) = Input::bundle_at(path, identities)? {
        let (header, states) = of_bundle(path, bundle.into_reader(), &scope)?;
        if delete_others {
            scope = others_of(path, &header, scope)?;
        }
        states
    } else {
        let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
        of_older(path, file, &scope)?
    };
    if states.is_empty() {
        return Err(refused(path, "it holds no state that can be restored, of those that were asked for"));
    }
    let name = path.file_name().map_or_else(|| path.to_string_lossy(), |name| name.to_string_lossy());
    let given = |(key, data): (StateKey, Document)| {
        let StateKey { state_type, state_id } = key;
        GivenState { state_type, state_id, data }
    };
    let (name, states) = (name.into_owned(), states.into_iter().map(given).collect());
    Ok(GivenRequest { name, states, scope, selection, exact, delete_others })
}

/// The states whose others may go: a bundle of only some states says nothing of the rest.
fn others_of(path: &Path, header: &Header, scope: Scope) -> Result<Scope, Failure> {
    if header.from.0 > 1 {
        let text = format!(
            "it begins with seq {} and does not say which states there were before: leave --delete-others out",
            header.from
        );
        return Err(refused(path, &text));
    }
    match (header.scope == Scope::default(), scope == Scope::default() || scope == header.scope) {
        (true, _) => Ok(scope),
        (false, true) => Ok(header.scope.clone()),
        (false, false) => Err(refused(
            path,
            "it has only some states, others than are asked for here: leave --delete-others out, or --type, --prefix and --state",
        )),
    }
}

fn refused(path: &Path, why: &str) -> Failure {
    Failure::new(Exit::Refused, format!("{}: {why}; nothing was written", path.display()))
}

/// The last version of each state that a bundle holds; what was deleted by then is none.
fn of_bundle(
    path: &Path,
    mut bytes: Box<dyn Read + Send>,
    scope: &Scope,
) -> Result<(Header, States), Failure> {
    let mut last = Last { scope, header: None, states: States::new(), bytes: 0 };
    let (mut unpacked, mut reader, mut plain) = (Unpacked::default(), Reader::default(), Vec::new());
    let mut piece = vec![0; PIECE];
    let fault = |fault: Fault| refused(path, &fault.to_string());
    loop {
        let count = bytes.read(&mut piece).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut rest = &piece[..count];
        while !rest.is_empty() {
            let taken = unpacked.next(rest, &mut plain);
            last.read(path, &mut reader, &mut plain)?;
            let taken = taken.map_err(|error| fault(reader.fault(Wrong::Packed(error.to_string()))))?;
            rest = &rest[taken..];
        }
        if count == 0 {
            break;
        }
    }
    let ended = unpacked.finish(&mut plain);
    last.read(path, &mut reader, &mut plain)?;
    reader.finish().map_err(fault)?;
    ended.map_err(|error| fault(reader.fault(Wrong::Packed(error.to_string()))))?;
    let header = last.header.ok_or_else(|| fault(reader.fault(Wrong::NotABundle)))?;
    Ok((header, last.states))
}

/// The states of a bundle as far as it was read.
struct Last<'s> {
    scope: &'s Scope,
    header: Option<Header>,
    states: States,
    bytes: usize,
}

impl Last<'_> {
    fn read(&mut self, path: &Path, reader: &mut Reader, plain: &mut Vec<u8>) -> Result<(), Failure> {
        let mut lines = Vec::new();
        let read = reader.feed(plain, &mut lines);
        plain.clear();
        for line in lines {
            self.take(path, line)?;
        }
        read.map_err(|fault| refused(path, &fault.to_string()))
    }

    fn take(&mut self, path: &Path, line: Line) -> Result<(), Failure> {
        match line {
            Line::Header(header) => self.header = Some(*header),
            Line::Version(version) if self.scope.has(&version.key) => {
                self.bytes += version.size();
                let before = match version.data {
                    Some(data) => self.states.insert(version.key, data.without_index()),
                    None => self.states.remove(&version.key),
                };
                self.bytes -= before.map_or(0, |before| before.len());
                if self.bytes > BYTES_MAX {
                    let most = BYTES_MAX >> 20;
                    return Err(refused(
                        path,
                        &format!(
                            "its states have more than {most} MiB: restore them in parts, with --type, --prefix or --state"
                        ),
                    ));
                }
            }
            Line::Damaged(damaged) => remark!(
                "not restored: the version with seq {}: the store that the bundle was made of had it damaged ({})",
                damaged.seq,
                damaged.reason
            ),
            Line::Version(_) | Line::Snapshot(_) | Line::Restore(_) | Line::Trailer(_) => {}
        }
        Ok(())
    }
}

/// The newest version of each state in a file of an older program.
fn of_older(path: &Path, bytes: File, scope: &Scope) -> Result<States, Failure> {
    let name = path.file_name().map_or_else(|| path.to_string_lossy(), |name| name.to_string_lossy());
    let mut whole = Vec::new();
    let read = bytes.take(FILE_MAX_BYTES as u64 + 1).read_to_end(&mut whole);
    read.map_err(|error| format!("{}: {error}", path.display()))?;
    let file = import::File { name: &name, bytes: &whole };
    let found = import::plan(&[file], &ImportOptions::default()).map_err(|error| error.to_string())?;
    if let Some(error) = found.errors.first() {
        let more = "what is whole of it can be taken in by `stateloft import`";
        return Err(refused(path, &format!("{}; {more}", error.message)));
    }
    let mut left: Vec<String> =
        found.quarantine.iter().map(|held| format!("{}: {}", held.source, held.reason)).collect();
    let mut states = States::new();
    // The versions of a state stand from old to new.
    for item in found.items.into_iter().filter(|item| scope.has(&item.key())) {
        let key = item.key();
        if item.order_unknown {
            left.push(format!(
                "{}: it has several versions of {key}, and nothing says which is newer",
                item.source
            ));
        } else {
            states.insert(key, item.data);
        }
    }
    left.iter().take(LINES).for_each(|line| remark!("not restored: {line}"));
    if left.len() > LINES {
        remark!("... and {} more", left.len() - LINES);
    }
    Ok(states)
}
