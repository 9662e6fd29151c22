//! A bundle that was written is read back exactly, and whatever happened to it on the way is found where it happened.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a helper of tests fails by panicking")]
mod common;

use std::collections::HashMap;

use common::{edited, value};
use proptest::prelude::*;
use stateloft_core::api::{PlanCounts, RestoreRecord, Scope};
use stateloft_core::bundle::{
    Fault, Header, LINE_MAX, Line, Reader, Trailer, Writer, Wrong, brought_as, holds_the_same, is_the_same,
};
use stateloft_core::commit::{Change, Expectation, Outcome, Tip, Write, decide};
use stateloft_core::diff::summarise;
use stateloft_core::hash::ChainHash;
use stateloft_core::json::Document;
use stateloft_core::model::{
    Origin, Seq, Snapshot, SnapshotId, SnapshotKind, StateKey, Timestamp, Verdict, Version, Violation,
};

/// Versions as a store makes them.
#[derive(Default)]
struct Log {
    versions: Vec<Version>,
    heads: HashMap<StateKey, Version>,
}

impl Log {
    fn tip(&self) -> Tip {
        self.versions.last().map_or(Tip::START, |last| Tip {
            seq: last.seq,
            chain_hash: last.chain_hash,
            recorded_at: last.recorded_at,
        })
    }

    fn write(&mut self, write: Write) {
        let (mut tip, now) = (self.tip(), Timestamp::from_micros(1_700_000_000_000_000));
        let live = self.heads.get(&write.key).is_some_and(|head| !head.is_deleted());
        if write.change == Change::Delete && !live {
            return;
        }
        let outcomes = decide(&[write], &mut tip, &mut self.heads, now, &summarise).unwrap();
        self.versions.extend(outcomes.into_iter().filter(Outcome::is_written).map(Outcome::into_version));
    }

    fn of(writes: Vec<Write>) -> Self {
        let mut log = Self::default();
        for write in writes {
            log.write(write);
        }
        log
    }
}

fn text() -> impl Strategy<Value = Option<std::sync::Arc<str>>> {
    let texts = ["", "bot", "é\u{2028}\"\\/🙂", "a\nb\tc", "{\"line\":\"trailer\",", "null"];
    proptest::option::of(proptest::sample::select(texts.to_vec())).prop_map(|text| text.map(Into::into))
}

fn verdict() -> impl Strategy<Value = Verdict> {
    let violation = |message: &str| Violation {
        pointer: "/a~1b/é".into(),
        code: "minimum".into(),
        message: message.into(),
    };
    prop_oneof![
        Just(Verdict::NotChecked),
        Just(Verdict::Valid),
        Just(Verdict::Invalid { violations: Vec::new() }),
        Just(Verdict::Invalid { violations: vec![violation("1 < 2"), violation("\"\u{7f}\"")] }),
    ]
}

fn write() -> impl Strategy<Value = Write> {
    let ids = ["a", "FDX.US-UPS.US", "x/y z-é", "🙂\"\\"];
    let key =
        (proptest::sample::select(vec!["position", "schema", "z"]), proptest::sample::select(ids.to_vec()));
    let data = prop_oneof![value(), edited().prop_map(|(_, new)| new)];
    let change = (0..4, data).prop_map(|(kind, value)| {
        let data = value.text().parse().unwrap();
        match kind {
            0 => Change::Delete,
            1 => Change::Restore(data),
            _ => Change::Save(data),
        }
    });
    (key, change, verdict(), text(), text(), text(), text()).prop_map(
        |((state_type, id), change, verdict, author, description, batch_id, run_id)| Write {
            key: StateKey::new(state_type, id).unwrap(),
            change,
            expectation: Expectation::Any,
            verdict,
            author,
            description,
            batch_id,
            origin: Origin { run_id, ..Origin::default() }.shared(),
            foreseen: None,
            rebase: None,
        },
    )
}

fn snapshots(log: &Log) -> Vec<Snapshot> {
    let snapshot = |name: &str, seq, kind| Snapshot {
        id: SnapshotId::new(name).unwrap(),
        seq,
        description: None,
        author: Some("é".into()),
        created_at: Timestamp::from_micros(7),
        kind,
    };
    vec![
        snapshot("before-restore-0", Seq(0), SnapshotKind::BeforeRestore),
        snapshot("é/ \"", log.tip().seq, SnapshotKind::Manual),
    ]
}

fn record(log: &Log) -> RestoreRecord {
    RestoreRecord {
        restore_id: "r-1".into(),
        plan: "p".into(),
        target: "2026-11-21T09:46:11+02:00".parse().unwrap(),
        target_seq: Seq(0),
        scope: Scope::default(),
        counts: PlanCounts::default(),
        first_seq: Seq(1),
        last_seq: log.tip().seq,
        snapshot_before: SnapshotId::new("before-restore-0").unwrap(),
        timestamp: Timestamp::from_micros(8),
        user_id: None,
        reason: "a\nreason".into(),
        undoes: None,
    }
}

fn header(from: Seq, to: Seq, history: bool, before: Option<ChainHash>) -> Header {
    Header {
        made_at: Timestamp::from_micros(5),
        made_by: "stateloft test".into(),
        from,
        to,
        scope: Scope::default(),
        history,
        chain_hash_before: before,
    }
}

/// The whole log as a bundle, and its lines.
fn bundle(log: &Log) -> (Vec<u8>, Vec<Line>) {
    let (mut bytes, mut lines) = (Vec::new(), Vec::new());
    let header = header(Seq(1), log.tip().seq, true, Some(ChainHash::START));
    let mut writer = Writer::begin(&header, Some(ChainHash::START), &mut bytes);
    lines.push(Line::Header(Box::new(header)));
    for version in &log.versions {
        writer.version(version, &mut bytes);
        lines.push(Line::Version(Box::new(version.clone())));
    }
    for snapshot in snapshots(log) {
        writer.snapshot(&snapshot, &mut bytes);
        lines.push(Line::Snapshot(snapshot));
    }
    let record = record(log);
    writer.restore(&record, &mut bytes);
    lines.push(Line::Restore(Box::new(record)));
    lines.push(Line::Trailer(writer.end(&mut bytes)));
    (bytes, lines)
}

/// What a reader makes of bytes that come in pieces of a size.
fn read(bytes: &[u8], piece: usize) -> (Vec<Line>, Result<Trailer, Fault>) {
    let (mut reader, mut lines) = (Reader::default(), Vec::new());
    for bytes in bytes.chunks(piece) {
        if let Err(fault) = reader.feed(bytes, &mut lines) {
            return (lines, Err(fault));
        }
    }
    (lines, reader.finish())
}

fn fault(bytes: &[u8]) -> Fault {
    read(bytes, 4096).1.unwrap_err()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_was_written_is_read_back_exactly(
        writes in proptest::collection::vec(write(), 0..12), piece in 1_usize..3000,
    ) {
        let (bytes, lines) = bundle(&Log::of(writes));
        let (found, end) = read(&bytes, piece);
        prop_assert_eq!(&found, &lines);
        let Some(Line::Trailer(trailer)) = lines.last() else { unreachable!() };
        prop_assert_eq!(end.as_ref(), Ok(trailer));
        prop_assert!(trailer.whole);
        for line in std::str::from_utf8(&bytes).unwrap().lines() {
            let object: HashMap<String, serde_json::Value> = serde_json::from_str(line).unwrap();
            prop_assert!(object["line"].is_string());
        }
    }

    #[test]
    fn a_changed_byte_is_found_in_its_line_and_what_is_before_it_is_handed_out(
        writes in proptest::collection::vec(write(), 1..6), place in any::<proptest::sample::Index>(), bit in 0_u32..8,
    ) {
        let (mut bytes, lines) = bundle(&Log::of(writes));
        let place = place.index(bytes.len());
        let number = bytes[..place].split(|byte| *byte == b'\n').count() - 1;
        bytes[place] ^= 1_u8 << bit;
        let (found, end) = read(&bytes, 100);
        let fault = end.unwrap_err();
        prop_assert_eq!(fault.line, number as u64 + 1);
        prop_assert_eq!(&found[..], &lines[..number]);
        prop_assert_eq!(fault.whole.lines, number as u64);
    }
}

fn three() -> Log {
    let save = |id: &str, text: &str| Write {
        key: StateKey::new("position", id).unwrap(),
        change: Change::Save(text.parse().unwrap()),
        expectation: Expectation::Any,
        verdict: Verdict::Valid,
        author: None,
        description: None,
        batch_id: None,
        origin: None,
        foreseen: None,
        rebase: None,
    };
    Log::of(vec![save("a", "{\"n\":1.50}"), save("b", "null"), save("a", "{\"n\":2}")])
}

#[test]
fn a_bundle_that_was_cut_anywhere_is_never_taken_for_a_whole_one() {
    let (bytes, lines) = bundle(&three());
    for length in 0..bytes.len() {
        let (found, end) = read(&bytes[..length], 4096);
        let whole = bytes[..length].split(|byte| *byte == b'\n').count() - 1;
        let fault = end.unwrap_err();
        assert_eq!((fault.line, &fault.wrong), (whole as u64 + 1, &Wrong::Cut), "{length}");
        assert_eq!(found, lines[..whole]);
    }
}

#[test]
fn lines_that_are_missing_doubled_or_moved_are_found() {
    let (bytes, _) = bundle(&three());
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    for place in 0..lines.len() - 1 {
        let (mut missing, mut doubled, mut moved) = (lines.clone(), lines.clone(), lines.clone());
        missing.remove(place);
        doubled.insert(place, lines[place]);
        moved.swap(place, place + 1);
        for (number, altered) in [(1, missing), (2, doubled), (1, moved)] {
            assert_eq!(fault(&altered.concat()).line, (place + number) as u64, "{place}");
        }
    }
    assert_eq!(fault(&[&bytes[..], b"\n"].concat()).wrong, Wrong::Behind);
    assert_eq!(fault(&[&bytes[..], b"x"].concat()).wrong, Wrong::Behind);
    assert_eq!(fault(&bytes.repeat(2)).wrong, Wrong::Behind);
}

#[test]
fn a_document_that_is_null_comes_back_as_a_document() {
    let (bytes, _) = bundle(&three());
    let (lines, _) = read(&bytes, 7);
    let Line::Version(second) = &lines[2] else { panic!("{lines:?}") };
    assert_eq!(second.data.as_ref().map(Document::text), Some("null"));
}

/// Written anew with sums that fit: only the hashes of versions can show it.
fn forged(versions: &[Version], header: &Header) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = Writer::begin(header, None, &mut bytes);
    for version in versions {
        writer.version(version, &mut bytes);
    }
    writer.end(&mut bytes);
    bytes
}

#[test]
fn a_version_that_was_changed_and_sealed_anew_does_not_fit_its_hashes() {
    let log = three();
    let header = header(Seq(1), Seq(3), true, Some(ChainHash::START));
    let mut versions = log.versions.clone();
    versions[0].author = Some("somebody else".into());
    assert_eq!(fault(&forged(&versions[..1], &header)).wrong, Wrong::ChainHash(Seq(1)));
    assert_eq!(
        fault(&forged(&log.versions[..2], &header)).wrong,
        Wrong::Trailer("the last versions are missing")
    );
    assert_eq!(
        fault(&forged(&log.versions[1..], &header)).wrong,
        Wrong::Order { found: Seq(2), expected: Seq(1) }
    );
}

#[test]
fn a_part_of_a_log_is_held_against_the_chain_as_well() {
    let log = three();
    let parts = header(Seq(1), Seq(3), false, None);
    let mut bytes = Vec::new();
    let mut writer = Writer::begin(&parts, Some(ChainHash::START), &mut bytes);
    writer.pass(&log.versions[0]);
    writer.version(&log.versions[1], &mut bytes);
    writer.version(&log.versions[2], &mut bytes);
    writer.end(&mut bytes);
    let (lines, end) = read(&bytes, 50);
    assert_eq!(end.unwrap().versions, 2);
    assert_eq!(lines[1], Line::Version(Box::new(log.versions[1].clone())));
    let line = std::str::from_utf8(&bytes).unwrap().lines().nth(1).unwrap().to_owned();
    let follows = format!("\"follows\":\"{}\"", log.versions[0].chain_hash);
    assert!(line.contains(&follows), "{line}");
}

#[test]
fn a_version_that_a_store_holds_damaged_has_a_line_that_says_so_and_the_bundle_is_not_whole() {
    let log = three();
    let mut damaged = log.versions[1].clone();
    (damaged.data, damaged.damaged) = (None, Some("a bit flipped".into()));
    for (versions, reason) in [
        (vec![&log.versions[0], &damaged, &log.versions[2]], "a bit flipped"),
        (
            vec![
                &log.versions[0],
                &Version { author: Some("x".into()), ..log.versions[1].clone() },
                &log.versions[2],
            ],
            "its chain hash does not follow from the one before",
        ),
        (
            vec![&log.versions[0], &Version { data: None, ..log.versions[1].clone() }, &log.versions[2]],
            "its data does not have its content hash",
        ),
    ] {
        let header = header(Seq(1), Seq(3), true, Some(ChainHash::START));
        let mut bytes = Vec::new();
        let mut writer = Writer::begin(&header, Some(ChainHash::START), &mut bytes);
        for version in versions {
            writer.version(version, &mut bytes);
        }
        writer.end(&mut bytes);
        let (lines, end) = read(&bytes, 50);
        let end = end.unwrap();
        assert_eq!((end.whole, end.damaged, end.versions, end.last_seq), (false, 1, 2, Some(Seq(3))));
        let Line::Damaged(line) = &lines[2] else { panic!("{lines:?}") };
        assert_eq!((line.seq, line.reason.as_str()), (Seq(2), reason));
        assert_eq!(lines[3], Line::Version(Box::new(log.versions[2].clone())));
    }
}

#[test]
fn what_is_no_bundle_or_one_of_a_newer_program_is_named_so() {
    for other in [
        "{}\n",
        "{\"a\":1}",
        "[",
        "hello\n",
        "\u{feff}{",
        "{\"line\":\"header\",\"format\":\"other\"}\n",
        "\n",
    ] {
        assert_eq!(fault(other.as_bytes()).wrong, Wrong::NotABundle, "{other:?}");
    }
    let (bytes, _) = bundle(&three());
    let newer =
        String::from_utf8(bytes).unwrap().replacen("\"format_version\":1,", "\"format_version\":2,", 1);
    assert_eq!(fault(newer.as_bytes()).wrong, Wrong::Format(2));
}

#[test]
fn a_line_without_an_end_is_given_up_before_it_fills_the_memory() {
    let (bytes, _) = bundle(&three());
    let start = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let (mut reader, mut lines) = (Reader::default(), Vec::new());
    reader.feed(&bytes[..start], &mut lines).unwrap();
    let piece = vec![b' '; 1 << 20];
    let wrong = (0..=LINE_MAX >> 20).find_map(|_| reader.feed(&piece, &mut lines).err()).unwrap().wrong;
    assert_eq!(wrong, Wrong::TooLong);
}

#[test]
fn a_fault_says_the_line_and_what_is_whole() {
    let (bytes, _) = bundle(&three());
    let text = String::from_utf8(bytes).unwrap().replacen("1.50", "1.51", 1);
    assert_eq!(
        fault(text.as_bytes()).to_string(),
        "line 2: it is not what was written, or a line before it is missing; what is before it is whole, and has no version"
    );
}

/// A version as it is in another store that it was brought to.
fn brought(version: &Version) -> Version {
    let write = Write {
        change: match &version.data {
            Some(data) => Change::Record { data: data.clone(), restored: false },
            None => Change::Delete,
        },
        batch_id: Some(brought_as(version)),
        ..Write::adopting(version.clone())
    };
    let mut other = Log::of(vec![Write { change: Change::Save("{}".parse().unwrap()), ..write.clone() }]);
    other.write(write);
    other.versions.pop().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_version_says_what_it_was_first_wherever_it_is_brought(
        writes in proptest::collection::vec(write(), 1..6),
    ) {
        let log = Log::of(writes);
        for version in &log.versions {
            let second = brought(version);
            let third = brought(&second);
            prop_assert!(is_the_same(version, &second) && is_the_same(&third, version));
            prop_assert_eq!(&second.batch_id, &third.batch_id);
            prop_assert_eq!(second.saved_at(), Some(version.effective_at()));
            let said = second.batch_id.unwrap();
            let place = format!("bundle:{}:{}", version.seq, version.chain_hash);
            prop_assert!(said.contains(&place), "{}", said);
            let batch = version.batch_id.as_deref().unwrap_or("");
            prop_assert!(said.ends_with(batch), "{}", said);
            let same = log.versions.iter().filter(|other| is_the_same(version, other)).count();
            prop_assert_eq!(same, 1);
            let lost = Version { damaged: Some("x".into()), ..version.clone() };
            prop_assert!(holds_the_same(version, &third) && !holds_the_same(version, &lost));
        }
    }
}
