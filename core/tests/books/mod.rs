//! Small stores as bundles.

use std::collections::HashMap;

use stateloft_core::api::Scope;
use stateloft_core::bundle::{Header, Writer};
use stateloft_core::commit::{Change, Expectation, Outcome, Tip, Write, decide};
use stateloft_core::diff::summarise;
use stateloft_core::hash::ChainHash;
use stateloft_core::model::{Seq, StateKey, Timestamp, Verdict, Version};

/// What was saved: a state (`position/a`) and its data, or none where it is deleted.
pub(crate) type Saved<'a> = (&'a str, Option<&'a str>);

/// The log of a store in which this was saved, one after the other.
pub(crate) fn log(saved: &[Saved<'_>]) -> Vec<Version> {
    let (mut tip, mut heads, mut log) = (Tip::START, HashMap::new(), Vec::new());
    for (n, (key, data)) in saved.iter().enumerate() {
        let (state_type, state_id) = key.split_once('/').unwrap();
        let write = Write {
            key: StateKey::new(state_type, state_id).unwrap(),
            change: data.map_or(Change::Delete, |text| Change::Save(text.parse().unwrap())),
            expectation: Expectation::Any,
            verdict: Verdict::NotChecked,
            author: Some(if n % 2 == 0 { "bot-é" } else { "Anna" }.into()),
            description: (n % 3 == 0).then(|| format!("reason {n}").into()),
            batch_id: None,
            origin: None,
            foreseen: None,
            rebase: None,
        };
        let now = Timestamp::from_micros(1_700_000_000_000_000 + i64::try_from(n).unwrap() * 60_000_000);
        let outcomes = decide(&[write], &mut tip, &mut heads, now, &summarise).unwrap();
        log.extend(outcomes.into_iter().filter(Outcome::is_written).map(Outcome::into_version));
    }
    log
}

/// A bundle of these versions of a log: every one from the first of them on, or of each state only the last.
pub(crate) fn bundle(log: &[Version], history: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    let from = log.first().map_or(Seq(1), |first| first.seq);
    let before = (from == Seq(1)).then_some(ChainHash::START);
    let header = Header {
        made_at: Timestamp::from_micros(1_800_000_000_000_000),
        made_by: "stateloft test".into(),
        from,
        to: log.last().map_or(Seq::ZERO, |last| last.seq),
        scope: Scope::default(),
        history,
        chain_hash_before: before.filter(|_| history),
    };
    let mut writer = Writer::begin(&header, before, &mut bytes);
    for version in log {
        let is_last = log.iter().rev().find(|other| other.key == version.key) == Some(version);
        if history || is_last {
            writer.version(version, &mut bytes);
        } else {
            writer.pass(version);
        }
    }
    writer.end(&mut bytes);
    bytes
}
