//! What is wrong in the journal's folder and stays so.

use stateloft_core::api::{AlarmCode, SetAside};

use super::conflicts::Found;
use super::{FallbackStore, aside};
use crate::store::Result;

impl FallbackStore {
    /// Looks into the folder, and raises or clears the alarms about it. Answers with the files in which something was set
    /// aside.
    pub(super) fn look_at_the_folder(&self) -> Vec<SetAside> {
        let folder = self.folder();
        let set_aside = aside::list(&folder).unwrap_or_else(|error| {
            tracing::warn!(%error, "the journal's folder {} cannot be read", folder.display());
            Vec::new()
        });
        let of = |begin: &str, lost: bool| {
            let files = set_aside.iter().filter(|set_aside| set_aside.file.starts_with(begin));
            let files = files.filter(|set_aside| !lost || set_aside.lost > 0);
            files.map(|set_aside| set_aside.file.as_str()).collect::<Vec<_>>().join(", ")
        };
        let lost: u64 = set_aside.iter().map(|set_aside| set_aside.lost).sum();
        self.raise(AlarmCode::JournalLost, (lost > 0).then(|| {
            (
                format!("{lost} acknowledged writes could not be read, in {}: {}", folder.display(), of("damaged", true)),
                "Look at them with `stateloft journal list`, write again what is missing, and move the files away.",
            )
        }));
        let heads = of("heads-damaged", false);
        self.raise(AlarmCode::KnownHeadsDamaged, (!heads.is_empty()).then(|| {
            (
                format!("what was known of the store's heads could not be read, in {}: {heads}", folder.display()),
                "Nothing is lost: heads are known again as they are read. Look after the disk, and move the files away.",
            )
        }));
        let fault = self.journal().fault();
        self.raise(AlarmCode::JournalStopped, fault.map(|fault| {
            (fault, "Look after the disk of the journal's folder, and restart the server when the store is there.")
        }));
        set_aside
    }

    /// How many conflicts wait. They are read only where one could not be the last time: there may be many.
    pub(super) fn count_conflicts(&self) -> u64 {
        if self.alarms.is_raised(AlarmCode::ConflictDamaged) {
            self.look_at_the_conflicts(&self.conflicts.list());
        }
        self.conflicts.count().unwrap_or_default()
    }

    /// Raises or clears the alarm about conflicts by what was found.
    pub(super) fn look_at_the_conflicts(&self, found: &Result<Found>) {
        match found {
            Ok(found) => {
                let files: Vec<_> = found.damaged.iter().map(|damaged| damaged.why.as_str()).collect();
                self.raise(AlarmCode::ConflictDamaged, (!files.is_empty()).then(|| {
                    (
                        files.join("; "),
                        "It holds a write that was acknowledged. Read the file, write again what it says, and move it away.",
                    )
                }));
            }
            Err(error) => {
                self.raise(
                    AlarmCode::ConflictDamaged,
                    Some((error.to_string(), "Make the folder of the conflicts readable.")),
                );
            }
        }
    }

    fn raise(&self, code: AlarmCode, wrong: Option<(String, &str)>) {
        match wrong {
            Some((detail, action)) => self.alarms.raise(code, "", detail, action),
            None => self.alarms.clear(code, ""),
        }
    }
}
