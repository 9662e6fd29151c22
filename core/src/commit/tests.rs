use std::collections::HashMap;
use std::sync::Arc;

use super::*;
use crate::hash::{ChainHash, ContentHash, Link};
use crate::json::{Document, Limits};
use crate::model::{
    ChangeSummary, Operation, Origin, Seq, StateKey, StateType, Timestamp, Verdict, Version, VersionNumber,
};

fn key(id: &str) -> StateKey {
    StateKey::new("position", id).unwrap()
}

fn document(text: &str) -> Document {
    Document::parse(text, &Limits::default()).unwrap()
}

fn write(id: &str, change: Change, expectation: Expectation) -> Write {
    Write {
        key: key(id),
        change,
        expectation,
        verdict: Verdict::Valid,
        author: Some("bot".into()),
        description: None,
        batch_id: None,
        origin: None,
        foreseen: None,
        rebase: None,
    }
}

fn save(id: &str, text: &str) -> Write {
    write(id, Change::Save(document(text)), Expectation::Any)
}

fn no_summary(_: &StateType, _: Option<&Document>, _: Option<&Document>) -> ChangeSummary {
    ChangeSummary::default()
}

/// A log in memory that only `decide` writes to.
struct Log {
    tip: Tip,
    heads: HashMap<StateKey, Version>,
    now: i64,
}

impl Log {
    fn new() -> Self {
        Self { tip: Tip::START, heads: HashMap::new(), now: 1_000 }
    }

    fn commit(&mut self, batch: &[Write]) -> Result<Vec<Outcome>, Refusal> {
        self.now += 1_000;
        decide(batch, &mut self.tip, &mut self.heads, Timestamp::from_micros(self.now), &no_summary)
    }

    fn version(&mut self, write: Write) -> Version {
        self.commit(&[write]).unwrap().remove(0).version().clone()
    }
}

#[test]
fn versions_and_seqs_have_no_gaps() {
    let mut log = Log::new();
    let first = log.version(save("a", "1"));
    let other = log.version(save("b", "1"));
    let second = log.version(save("a", "2"));
    assert_eq!((first.seq, first.version, first.operation), (Seq(1), VersionNumber(1), Operation::Create));
    assert_eq!((other.seq, other.version, other.operation), (Seq(2), VersionNumber(1), Operation::Create));
    assert_eq!((second.seq, second.version, second.operation), (Seq(3), VersionNumber(2), Operation::Update));
}

#[test]
fn equal_data_makes_no_version_but_another_spelling_does() {
    let mut log = Log::new();
    log.version(save("a", "1.0"));
    let before = log.tip;
    assert!(matches!(log.commit(&[save("a", "1.0")]).unwrap()[0], Outcome::Unchanged(_)));
    assert_eq!(log.tip, before);
    assert_eq!(log.version(save("a", "1.00")).version, VersionNumber(2));
}

#[test]
fn a_delete_is_a_version_and_a_later_save_creates_again() {
    let mut log = Log::new();
    log.version(save("a", "1"));
    let tombstone = log.version(write("a", Change::Delete, Expectation::Any));
    assert_eq!((tombstone.operation, tombstone.version), (Operation::Delete, VersionNumber(2)));
    assert_eq!((tombstone.data.clone(), tombstone.content_hash), (None, None));
    assert_eq!(
        log.commit(&[write("a", Change::Delete, Expectation::Any)]),
        Err(Refusal::AlreadyDeleted(Box::new(tombstone)))
    );
    let again = log.version(save("a", "1"));
    assert_eq!((again.operation, again.version), (Operation::Create, VersionNumber(3)));
}

#[test]
fn a_restore_says_so() {
    let mut log = Log::new();
    log.version(save("a", "1"));
    log.version(save("a", "2"));
    let restored =
        log.version(write("a", Change::Restore(document("1")), Expectation::Version(VersionNumber(2))));
    assert_eq!(restored.operation, Operation::Restore);
    assert_eq!(restored.content_hash, Some(ContentHash::of(&document("1"))));
}

#[test]
fn deleting_what_never_was_is_refused() {
    let refused = Log::new().commit(&[write("a", Change::Delete, Expectation::Any)]);
    assert_eq!(refused, Err(Refusal::NotFound(key("a"))));
}

/// D-018: no write is lost silently when two writers saw the same version.
#[test]
fn d_018_every_expectation_is_checked_before_anything_is_written() {
    let mut log = Log::new();
    log.version(save("a", "1"));
    log.version(save("b", "1"));
    let stale = Expectation::Version(VersionNumber::ZERO);
    let refused = log.commit(&[
        save("c", "1"),
        write("a", Change::Save(document("2")), stale),
        write("b", Change::Save(document("2")), Expectation::Absent),
    ]);
    let Err(Refusal::Conflict(moved)) = refused else { panic!("{refused:?}") };
    let names: Vec<&str> = moved.iter().map(|head| head.key.state_id.as_str()).collect();
    assert_eq!(names, ["a", "b"], "every head that moved is named");
    assert_eq!(log.tip.seq, Seq(2));
    assert!(!log.heads.contains_key(&key("c")), "nothing of the batch is written");
}

/// D-031: one item that cannot be written leaves the others unwritten.
#[test]
fn d_031_a_batch_is_written_whole_or_not_at_all() {
    let mut log = Log::new();
    let refused = log.commit(&[save("a", "1"), write("gone", Change::Delete, Expectation::Any)]);
    assert_eq!(refused, Err(Refusal::NotFound(key("gone"))));
    assert_eq!(log.tip, Tip::START);
    assert!(log.heads.is_empty());
}

#[test]
fn expectations_about_existence_count_a_tombstone_as_absent() {
    let mut log = Log::new();
    log.version(save("a", "1"));
    log.version(write("a", Change::Delete, Expectation::Present));
    assert!(log.commit(&[write("a", Change::Save(document("2")), Expectation::Present)]).is_err());
    assert!(
        log.commit(&[write("a", Change::Save(document("2")), Expectation::Version(VersionNumber(1)))])
            .is_err()
    );
    assert!(log.commit(&[write("a", Change::Save(document("2")), Expectation::Absent)]).is_ok());
}

#[test]
fn recorded_times_rise_even_when_the_clock_goes_back() {
    let mut log = Log::new();
    let first = log.version(save("a", "1"));
    log.now -= 1_000_000;
    let second = log.version(save("a", "2"));
    assert_eq!(second.recorded_at.micros(), first.recorded_at.micros() + 1);
}

#[test]
fn the_chain_covers_every_field() {
    let mut log = Log::new();
    let version = log.version(save("a", "1"));
    let link = Link {
        seq: version.seq,
        key: &version.key,
        version: version.version,
        operation: version.operation,
        content_hash: version.content_hash.as_ref(),
        recorded_at: version.recorded_at,
        author: version.author.as_deref(),
        description: None,
        batch_id: None,
        verdict: &version.verdict,
        origin: None,
    };
    assert_eq!(ChainHash::START.followed_by(&link), version.chain_hash);
    let other_key = StateKey::new("positio", "na").unwrap();
    let other_hash = ContentHash::of(&document("2"));
    let run = |id: &str| Origin { run_id: Some(id.into()), ..Origin::default() };
    let (one, other) = (run("r"), run("s"));
    let cause = Origin { causation_id: Some("r".into()), ..Origin::default() };
    assert_ne!(
        ChainHash::START.followed_by(&Link { origin: Some(&one), ..link }),
        ChainHash::START.followed_by(&Link { origin: Some(&other), ..link })
    );
    let altered = [
        Link { origin: Some(&one), ..link },
        Link { origin: Some(&cause), ..link },
        Link { seq: Seq(2), ..link },
        Link { key: &other_key, ..link },
        Link { version: VersionNumber(2), ..link },
        Link { operation: Operation::Restore, ..link },
        Link { content_hash: Some(&other_hash), ..link },
        Link { content_hash: None, ..link },
        Link { recorded_at: Timestamp::from_micros(1), ..link },
        Link { author: None, ..link },
        Link { description: Some(""), ..link },
        Link { batch_id: Some("bot"), author: None, ..link },
        Link { verdict: &Verdict::NotChecked, ..link },
    ];
    for link in altered {
        assert_ne!(ChainHash::START.followed_by(&link), version.chain_hash, "{link:?}");
    }
}

#[test]
fn what_is_recorded_is_a_version_even_where_nothing_changed() {
    let mut log = Log::new();
    let record = |text: &str, restored| {
        write("a", Change::Record { data: document(text), restored }, Expectation::Any)
    };
    let steps = [
        (record("{}", false), Operation::Create),
        (record("{}", false), Operation::Update),
        (record("{}", true), Operation::Restore),
        (write("a", Change::Delete, Expectation::Any), Operation::Delete),
        (record("{}", false), Operation::Create),
    ];
    for (number, (write, operation)) in (1..).zip(steps) {
        let version = log.version(write);
        assert_eq!((version.version, version.operation), (VersionNumber(number), operation));
    }
    assert!(matches!(log.commit(&[save("a", "{}")]).unwrap()[0], Outcome::Unchanged(_)));
}

#[test]
fn what_is_kept_is_what_the_state_held_before_the_batch_living_or_deleted() {
    let past =
        || write("a", Change::Record { data: document(r#"{"old":1}"#), restored: false }, Expectation::Any);
    let keep = || write("a", Change::Keep, Expectation::Any);
    let mut log = Log::new();
    assert_eq!(log.commit(&[past(), keep()]), Err(Refusal::NotFound(key("a"))), "there is nothing to keep");
    let mut invalid = save("a", r#"{"now":1.50}"#);
    invalid.verdict = Verdict::NotChecked;
    log.version(invalid);
    let outcomes = log.commit(&[past(), past(), keep()]).unwrap();
    let [_, _, Outcome::Written(kept)] = outcomes.as_slice() else { panic!("{outcomes:?}") };
    assert_eq!((kept.version, kept.operation), (VersionNumber(4), Operation::Restore));
    assert_eq!(kept.data, Some(document(r#"{"now":1.50}"#)));
    assert_eq!(kept.verdict, Verdict::NotChecked, "as it was");
    log.version(write("a", Change::Delete, Expectation::Any));
    let outcomes = log.commit(&[past(), keep()]).unwrap();
    assert_eq!(outcomes[1].version().operation, Operation::Delete);
}

#[test]
fn what_was_foreseen_for_another_head_is_worked_out_anew() {
    let summarise: Summarise<'_> = &|_, old, new| ChangeSummary {
        changed: u32::from(old.is_some()),
        added: u32::from(new.is_some()),
        ..ChangeSummary::default()
    };
    let mut log = Log::new();
    let first = log.version(save("a", "1"));
    let data = document("2");
    let foreseen = |head: Option<&Version>, said: u32| {
        let said: Summarise<'_> = &move |_, _, _| ChangeSummary { removed: said, ..ChangeSummary::default() };
        Some(Arc::new(Foreseen::of(&first.key.state_type, head, &data, said)))
    };
    let known = HashMap::from([(first.key.clone(), first.clone())]);
    let written = |foreseen| {
        let write = Write { foreseen, ..save("a", "2") };
        let (mut tip, mut heads) = (Tip::START, known.clone());
        let outcomes = decide(&[write], &mut tip, &mut heads, Timestamp::from_micros(9), summarise).unwrap();
        outcomes.into_iter().next().unwrap().into_version()
    };
    let as_now = written(None);
    assert_eq!(written(foreseen(Some(&first), 7)).change.removed, 7, "it is the head that was foreseen");
    assert_eq!(written(foreseen(None, 7)), as_now, "there was no head");
    let other = Version { content_hash: Some(ContentHash::of(&document("3"))), ..first.clone() };
    assert_eq!(written(foreseen(Some(&other), 7)), as_now, "there was another head");
    assert_eq!(written(foreseen(Some(&first), 7)).chain_hash, as_now.chain_hash);
}

/// A log of three versions, and how it takes in a fourth that was made elsewhere and altered there.
fn adopt(alter: impl FnOnce(&mut Version)) -> Result<Version, Refusal> {
    let mut there = Log::new();
    there.version(save("a", "1"));
    there.version(save("b", "1"));
    there.version(write("b", Change::Delete, Expectation::Any));
    let (tip, heads) = (there.tip, there.heads.clone());
    let mut fourth = there.version(save("a", "2"));
    alter(&mut fourth);
    let mut here = Log { tip, heads, ..Log::new() };
    let before = (here.tip, here.heads.clone());
    let taken = here.commit(&[save("c", "1"), Write::adopting(fourth.clone())]);
    assert!(taken.is_err(), "it is not the one that follows another");
    assert_eq!((here.tip, &here.heads), (before.0, &before.1));
    here.commit(&[Write::adopting(fourth)]).map(|mut outcomes| outcomes.remove(0).into_version())
}

/// The version with the chain hash that it must have behind the first three.
fn sealed(alter: impl FnOnce(&mut Version)) -> Result<Version, Refusal> {
    let mut there = Log::new();
    there.version(save("a", "1"));
    there.version(save("b", "1"));
    let third = there.version(write("b", Change::Delete, Expectation::Any));
    adopt(|version| {
        alter(version);
        version.chain_hash = third.chain_hash.followed_by(&version.link());
    })
}

#[test]
fn a_version_of_another_log_is_taken_in_as_it_is_or_not_at_all() {
    let misfit = |taken: Result<Version, Refusal>| match taken {
        Err(Refusal::DoesNotFollow { why, .. }) => why,
        other => panic!("{other:?}"),
    };
    let mut original = None;
    let taken = adopt(|version| original = Some(version.clone()));
    assert_eq!(taken.ok(), original);
    assert_eq!(misfit(adopt(|version| version.seq = Seq(5))), Misfit::Seq { end: Seq(3) });
    assert_eq!(misfit(adopt(|version| version.seq = Seq(3))), Misfit::Seq { end: Seq(3) });
    assert_eq!(misfit(adopt(|version| version.description = Some("x".into()))), Misfit::ChainHash);
    assert_eq!(misfit(adopt(|version| version.data = Some(document("2.0")))), Misfit::ContentHash);
    assert_eq!(misfit(adopt(|version| version.data = None)), Misfit::ContentHash);
    // Sealed anew by whoever altered it: then the rules of any log tell.
    let number = Misfit::Number { head: VersionNumber(1) };
    assert_eq!(misfit(sealed(|version| version.version = VersionNumber(3))), number);
    assert_eq!(misfit(sealed(|version| version.operation = Operation::Create)), Misfit::Operation);
    assert_eq!(misfit(sealed(|version| version.operation = Operation::Delete)), Misfit::Operation);
    assert_eq!(misfit(sealed(|version| version.recorded_at = Timestamp::from_micros(1))), Misfit::Time);
    assert!(sealed(|_| {}).is_ok());
}
