//! What every page knows of the server and its store. A status says much more: that is read where it is shown, by code that comes
//! later.

use serde::Deserialize;
use stateloft_core::api::{LatencyStatus, Status, StoreStatus};
use stateloft_core::model::{Seq, Timestamp};

/// A status, as far as every page needs it; members are named and meant as there.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[allow(missing_docs, reason = "said of the status")]
pub struct Standing {
    pub version: String,
    pub started_at: Timestamp,
    pub now: Timestamp,
    pub store: StoreStatus,
    pub seq: Option<Seq>,
    pub states_live: Option<u64>,
    pub states_deleted: Option<u64>,
    pub states_invalid: Option<u64>,
    pub snapshots: Option<u64>,
    #[serde(default)]
    pub runs_live: Option<u64>,
    pub commit: LatencyStatus,
    pub event_lag: LatencyStatus,
    pub listeners: u64,
    pub verified_seq: Option<Seq>,
    #[serde(default)]
    pub chain_fault: Option<String>,
    pub key_required: bool,
    #[serde(default)]
    pub counts_as_of: Option<Timestamp>,
    #[serde(default)]
    pub fallback: Option<Journal>,
    /// The whole of it, as it came.
    #[serde(skip)]
    text: String,
}

/// The fallback journal, likewise.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[allow(missing_docs, reason = "said of the status")]
pub struct Journal {
    pub pending: u64,
    pub replayed: u64,
    pub conflicts: u64,
    pub fault: Option<String>,
}

impl Standing {
    /// Reads the answer to `GET /status`.
    ///
    /// # Errors
    /// What is no status.
    pub fn read(text: String) -> serde_json::Result<Self> {
        let known: Self = serde_json::from_str(&text)?;
        Ok(Self { text, ..known })
    }

    /// States, live and deleted.
    #[must_use]
    pub fn states(&self) -> Option<u64> {
        Some(self.states_live? + self.states_deleted?)
    }

    /// The whole status; `None` if the rest of it cannot be read.
    #[must_use]
    pub fn whole(&self) -> Option<Status> {
        serde_json::from_str(&self.text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(more: &str) -> String {
        format!(
            r#"{{"version":"stateloft 0.1.0","started_at":"2026-11-21T09:00:00Z","now":"2026-11-21T09:10:00Z",
            "store":{{"kind":"sqlite","engine":"SQLite 3.51.3","up":true,"size_bytes":1,"pool":[1,2],"promises":["x"]}},
            "seq":3,"states_live":7,"states_deleted":2,"states_invalid":1,"snapshots":4,"runs_live":5,
            "commit":{{"count":5,"p50_ms":0.5,"p99_ms":1.5,"max_ms":2.5}},
            "event_lag":{{"count":2,"p50_ms":1.0,"p99_ms":2.0,"max_ms":3.0}},
            "listeners":6,"verified_seq":2,"key_required":true{more}}}"#
        )
    }

    #[test]
    fn every_page_knows_what_the_status_says() {
        let journal = r#""fallback":{"active":true,"pending":2,"oldest":null,"size_bytes":0,"replayed":8,"conflicts":1,
            "torn_bytes":0,"fault":"full"}"#;
        let rest = r#""chain_fault":"at 3","counts_as_of":"2026-11-21T09:05:00Z""#;
        for more in ["", &format!(",{journal}"), &format!(",{rest},{journal}")] {
            let known = Standing::read(text(more)).unwrap();
            let whole = known.whole().unwrap();
            assert_eq!(
                (&known.version, known.started_at, known.now),
                (&whole.version, whole.started_at, whole.now)
            );
            assert_eq!(
                (&known.store, known.seq, known.snapshots, known.runs_live),
                (&whole.store, whole.seq, whole.snapshots, whole.runs_live)
            );
            assert_eq!((known.states(), known.states_invalid), (whole.states(), whole.states_invalid));
            assert_eq!((&known.commit, &known.event_lag), (&whole.commit, &whole.event_lag));
            assert_eq!((known.listeners, known.verified_seq), (whole.listeners, whole.verified_seq));
            assert_eq!((&known.chain_fault, known.key_required), (&whole.chain_fault, whole.key_required));
            assert_eq!(known.counts_as_of, whole.counts_as_of);
            let journal = |pending, replayed, conflicts, fault: &Option<String>| Journal {
                pending,
                replayed,
                conflicts,
                fault: fault.clone(),
            };
            let said = whole.fallback.map(|j| journal(j.pending, j.replayed, j.conflicts, &j.fault));
            assert_eq!(known.fallback, said, "{more}");
        }
        assert!(Standing::read("{}".to_owned()).is_err());
    }
}
