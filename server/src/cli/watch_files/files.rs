//! Files that a bot writes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use stateloft_core::model::StateKey;

use super::How;
use super::found::{Now, Place, Which};
use super::known::{Known, Says};
use super::mark::{Mark, Read, Trouble};
use super::outbox::{Change, Origin, Outbox};
use super::reading::{Reading, Understood, Unread};
use super::run::Looked;
use crate::cli::say::remark;

/// Larger files are not read: what is understood of a file is in memory as a whole.
const MOST_BYTES: u64 = 128 << 20;
/// By so many bytes a file shows that it is something else.
const BEGINNING: u64 = 512;

/// The files that are watched.
pub(super) struct Files {
    which: Which,
    reading: Reading,
    prefix: String,
    delete: bool,
    patience: Duration,
    known: Known,
    seen: BTreeMap<PathBuf, Seen>,
    /// The folders cannot be looked through.
    trouble: Option<Trouble>,
}

/// What is known of a file.
struct Seen {
    source: Arc<str>,
    read: Option<Read<Mark>>,
    /// It is there and not whole.
    broken: Option<Trouble>,
    /// It is not there any more.
    gone: Option<Trouble>,
    /// What was said of it when it was read last.
    said: BTreeSet<String>,
    /// Something of it is not sent that should be.
    left: bool,
}

impl Files {
    pub(super) fn new(which: Which, reading: Reading, how: &How) -> Self {
        Self {
            which,
            reading,
            prefix: how.prefix.clone(),
            delete: how.delete,
            patience: how.patience,
            known: Known::default(),
            seen: BTreeMap::new(),
            trouble: None,
        }
    }

    pub(super) fn places(&self) -> Vec<Place> {
        self.which.places()
    }

    /// Looks at each file that is not certain to be as it was, and puts what has changed into the outbox.
    pub(super) async fn look(&mut self, outbox: &Outbox) -> Looked {
        let now = match self.which.now() {
            Ok(now) => now,
            Err(why) => return self.cannot_look(&why),
        };
        self.trouble = None;
        let mut looked = Looked { there: now.len(), ..Looked::default() };
        for (name, path) in &now {
            looked.unfinished |= self.look_at(name, path, outbox).await;
        }
        self.miss(&now, outbox).await;
        looked.left = self.seen.values().any(|seen| seen.left || seen.broken.is_some());
        looked
    }

    fn cannot_look(&mut self, why: &str) -> Looked {
        let mut trouble = Trouble::goes_on(self.trouble);
        if trouble.is_to_be_said(self.patience) {
            remark!("stateloft: {why}; it is looked at again");
        }
        self.trouble = Some(trouble);
        Looked { there: self.seen.len(), unfinished: trouble.may_pass(), left: true }
    }

    /// Looks at a file; whether it is to be looked at again soon.
    async fn look_at(&mut self, name: &str, path: &Path, outbox: &Outbox) -> bool {
        let seen = self.seen.entry(path.to_owned()).or_insert_with(|| Seen::new(name));
        // It is there, or was a moment ago.
        seen.gone = None;
        let Ok(mark) = Mark::of(path) else { return true };
        if seen.read.as_ref().is_some_and(|read| read.is_all_of(&mark)) {
            return false;
        }
        let understood = match contents(path, &self.reading, &mark) {
            Ok(bytes) => self.reading.of(name, &bytes, &self.prefix),
            Err(unread) => Err(unread),
        };
        // What was written while it was read is no state of the file.
        if Mark::of(path).ok() != Some(mark) {
            return true;
        }
        match understood {
            Ok(understood) => {
                let source = Arc::clone(&seen.source);
                let left = self.hand_over(&source, &mark, understood, outbox).await;
                let is_left = !left.is_empty();
                self.note(path, mark, left, is_left);
                false
            }
            Err(Unread::NotWhole(why)) => {
                let mut broken = Trouble::goes_on(seen.broken);
                if broken.is_to_be_said(self.patience) {
                    remark!("stateloft: {name} is not whole: {why}; what was sent of it last stays");
                }
                seen.broken = Some(broken);
                broken.may_pass()
            }
            Err(Unread::NotOurs(why)) => {
                // Whoever names a whole store of objects does not mean that each of them is a state.
                let is_left = !matches!(self.reading, Reading::Lean(_));
                self.note(path, mark, BTreeSet::from([format!("{name}: {why}")]), is_left);
                false
            }
        }
    }

    /// Takes note that a file was read, and says what of it is left alone, unless that was said already.
    fn note(&mut self, path: &Path, mark: Mark, lines: BTreeSet<String>, is_left: bool) {
        let Some(seen) = self.seen.get_mut(path) else { return };
        for line in lines.difference(&seen.said) {
            remark!("stateloft: left alone: {line}");
        }
        let read = Some(Read::note(seen.read.take(), mark));
        (seen.read, seen.broken, seen.said, seen.left) = (read, None, lines, is_left);
    }

    /// Puts what a file says into the outbox, as far as it is new; what of it is left alone.
    async fn hand_over(
        &mut self,
        source: &Arc<str>,
        mark: &Mark,
        understood: Understood,
        outbox: &Outbox,
    ) -> BTreeSet<String> {
        let mut left: BTreeSet<String> = understood.left.into_iter().collect();
        let mut before = self.known.of(source);
        for (key, data) in understood.states {
            before.remove(&key);
            match self.known.says(source, mark.written(), &key, data) {
                Says::Changed(change) => outbox.put(change).await,
                Says::Same => {}
                Says::OfAnother(other) => {
                    left.insert(format!("{source}: {key} is in {other}, too, which is followed"));
                }
            }
        }
        for key in before {
            self.gone(key, source, outbox).await;
        }
        left
    }

    /// A file, or a member of one, says nothing more of a state.
    async fn gone(&mut self, key: StateKey, source: &Arc<str>, outbox: &Outbox) {
        self.known.gone(&key);
        if self.delete {
            let origin = Origin { source: Arc::clone(source), written: None };
            outbox.put(Change { key, data: None, origin }).await;
        } else {
            remark!("stateloft: {key} is gone from {source}; it stays as it was (--delete deletes it)");
        }
    }

    /// Takes note of files that are not there any more. One that is replaced may be away for a moment.
    async fn miss(&mut self, now: &Now, outbox: &Outbox) {
        let there: BTreeSet<&PathBuf> = now.values().collect();
        let mut lost = Vec::new();
        for (path, seen) in self.seen.iter_mut().filter(|(path, _)| !there.contains(path)) {
            let mut gone = Trouble::goes_on(seen.gone);
            if gone.is_to_be_said(self.patience) {
                lost.push((path.clone(), Arc::clone(&seen.source)));
            }
            (seen.gone, seen.read) = (Some(gone), None);
        }
        for (path, source) in lost {
            self.seen.remove(&path);
            for key in self.known.of(&source) {
                self.gone(key, &source, outbox).await;
            }
        }
    }
}

impl Seen {
    fn new(name: &str) -> Self {
        let said = BTreeSet::new();
        Self { source: name.into(), read: None, broken: None, gone: None, said, left: false }
    }
}

/// What is in a file that may be one of those that are watched.
fn contents(path: &Path, reading: &Reading, mark: &Mark) -> Result<Vec<u8>, Unread> {
    if mark.bytes > MOST_BYTES {
        return Err(Unread::NotOurs(format!(
            "{} bytes, more than {MOST_BYTES}, which are read of a file",
            mark.bytes
        )));
    }
    let read = || -> io::Result<Option<Vec<u8>>> {
        let mut file = std::fs::File::open(path)?;
        let mut bytes = Vec::new();
        file.by_ref().take(BEGINNING).read_to_end(&mut bytes)?;
        if !reading.may_begin_with(&bytes) {
            return Ok(None);
        }
        // A file that grows meanwhile is looked at again.
        file.take(MOST_BYTES).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    };
    match read() {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(Unread::NotOurs("it is no JSON object".to_owned())),
        Err(error) => Err(Unread::NotWhole(error.to_string())),
    }
}
