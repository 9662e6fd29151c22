//! Handshakes for tests.

use stateloft_core::api::{Handshake, HandshakeRun, HandshakeStatus, HeardBy};
use stateloft_core::model::{Seq, StateKey, Timestamp};

/// A time of 21 November.
pub(super) fn at(clock: &str) -> Timestamp {
    Timestamp::parse(&format!("2026-11-21T{clock}Z")).unwrap()
}

/// These runs are asked at 09:47:12.041, for 30 s.
pub(super) fn asking(runs: &[&str]) -> Handshake {
    let run = |id: &&str| HandshakeRun {
        run_id: (*id).to_owned(),
        host: None,
        states: vec![StateKey::new("position", "EURUSD/EURCHF").unwrap()],
        more: 0,
        asked_at: at("09:47:12.041"),
        heard_at: None,
        heard_by: None,
        paused_at: None,
        note: None,
        ended_at: None,
        told_at: None,
        reloaded_at: None,
        seq: None,
    };
    Handshake {
        handshake: "0198".to_owned(),
        plan: Some("9c41".to_owned()),
        reconciles: None,
        target: Some("seq:7".to_owned()),
        writes: 3,
        reason: "back to the close".to_owned(),
        user_id: Some("ann".to_owned()),
        status: HandshakeStatus::Asking,
        asked_at: at("09:47:12.041"),
        wait_seconds: 30,
        until: at("09:47:42.041"),
        without_word: None,
        runs: runs.iter().map(run).collect(),
        ended_at: None,
        because: None,
    }
}

/// An operator asks this run to pause, and nothing is restored.
pub(super) fn pause(run: &str) -> Handshake {
    Handshake { plan: None, target: None, writes: 0, ..asking(&[run]) }
}

/// The same, with what that run said.
pub(super) fn paused(mut handshake: Handshake, run: usize, time: &str) -> Handshake {
    let row = &mut handshake.runs[run];
    row.heard_at = Some(at("09:47:12.058"));
    row.heard_by = Some(HeardBy::Socket);
    row.paused_at = Some(at(time));
    row.note = Some("0 orders in flight".to_owned());
    handshake
}

/// The same, once its restore is written.
pub(super) fn written(mut handshake: Handshake, time: &str) -> Handshake {
    handshake.status = HandshakeStatus::Written;
    handshake.ended_at = Some(at(time));
    for run in handshake.runs.iter_mut().filter(|run| run.ended_at.is_none()) {
        run.told_at = Some(at(time));
    }
    handshake
}

/// The same, once that run has read it.
pub(super) fn reloaded(mut handshake: Handshake, run: usize, time: &str, seq: u64) -> Handshake {
    handshake.runs[run].reloaded_at = Some(at(time));
    handshake.runs[run].seq = Some(Seq(seq));
    handshake
}

/// The same, ended without a restore.
pub(super) fn ended(mut handshake: Handshake, status: HandshakeStatus, time: &str) -> Handshake {
    handshake.status = status;
    handshake.ended_at = Some(at(time));
    handshake.because = Some("some gave no word".to_owned());
    handshake
}
