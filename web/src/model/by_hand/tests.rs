use stateloft_core::book::by_hand::{Field, HeldLot, Position, position};
use stateloft_core::diff::{Change, ChangeKind, Diff};
use stateloft_core::json::Document;
use stateloft_core::model::Timestamp;

use super::*;

const POSITION: &str = concat!(
    r#"{"symbol":"BTCUSD","side":"long","quantity":0.25,"currency":"USD","base":"BTC","realized_pnl":318.40,"last_price":94802.0,"#,
    r#""lots":[{"id":"g-0418","quantity":0.10,"entry_price":93880.0,"status":"open"},"#,
    r#"{"id":"g-0421","quantity":0.15,"entry_price":94120.5,"entry_time":"2026-11-21T03:44:12Z","stop_loss":93900,"status":"open"}]}"#
);

fn read() -> (Document, Position) {
    let document: Document = POSITION.parse().unwrap();
    let read = position(&document).unwrap();
    (document, read)
}

fn judged(
    mode: Mode,
    lot: Option<usize>,
    texts: &[(Field, &str)],
    order_known: Option<bool>,
) -> (Judged, String) {
    let (document, position) = read();
    let mut typed = Typed::default();
    for (field, text) in texts {
        typed.set(*field, (*text).to_owned());
    }
    let now = Timestamp::parse("2026-11-21T09:46:12Z").unwrap();
    let lot = lot.map(|at| &position.lots[at]);
    let judged =
        judge(Asked { mode, typed: &typed, position: &position, lot, document: &document, now, order_known });
    let words = match &judged.done {
        Ok(done) => button(mode, &typed, &position, lot, done, 213),
        Err(lack) => lack.words.clone(),
    };
    (judged, words)
}

fn note(judged: &Judged, field: Field) -> (Tone, &str) {
    let note = judged.note(field).unwrap();
    (note.tone, &note.words)
}

const EXIT: [(Field, &str); 2] = [(Field::ExitPrice, "94795.5"), (Field::ExitTime, "09:45:40")];

#[test]
fn each_field_says_what_was_understood() {
    let with = [&EXIT[..], &[(Field::Order, "g-0421-c1")]].concat();
    let (made, words) = judged(Mode::Close, Some(1), &with, Some(false));
    assert_eq!(note(&made, Field::Quantity), (Tone::Good, "the whole lot; 0.10 stay in 1 lot"));
    assert_eq!(note(&made, Field::ExitPrice), (Tone::Good, "-6.5, -0.01 % from the last saved price"));
    assert_eq!(note(&made, Field::ExitTime), (Tone::Good, "2026-11-21T09:45:40Z, 32 s ago; after the entry"));
    assert_eq!(note(&made, Field::Order).0, Tone::Warn);
    assert_eq!(words, "Write v213: close 0.15 of 0.25 BTC, realized +101.25");
    let (made, _) = judged(Mode::Close, Some(1), &[&EXIT[..], &[(Field::Quantity, "0.05")]].concat(), None);
    assert_eq!(note(&made, Field::Quantity), (Tone::Good, "a part of it; 0.20 stay in 2 lots"));
    let (made, words) = judged(Mode::All, None, &EXIT, None);
    assert_eq!(words, "Write v213: close all 2 lots, 0.25 BTC, realized +192.8");
    assert_eq!(made.count(Tone::Broken), 0);
}

#[test]
fn what_cannot_be_right_is_on_the_button_with_its_field() {
    for (texts, wanted) in [
        (vec![(Field::Quantity, "0.16")], "Quantity to close: 0.16 is more than it holds, which is 0.15"),
        (
            vec![(Field::ExitPrice, "94,795.5")],
            "Exit price: a comma may be a point or part thousands: write it as 94795.5",
        ),
        (
            vec![(Field::ExitPrice, "")],
            "Exit price: type a decimal; 0 is legal, and \"unknown\" says that nobody knows",
        ),
        (vec![(Field::ExitTime, "03:44:11")], "Exit time: is before the entry"),
        (
            vec![(Field::ExitTime, "2026-11-21T10:00:00Z")],
            "Exit time: is still to come: this says what the broker has already done",
        ),
    ] {
        let mut all = EXIT.to_vec();
        all.retain(|(field, _)| texts.iter().all(|(of, _)| of != field));
        all.extend(&texts);
        let (made, words) = judged(Mode::Close, Some(1), &all, None);
        assert_eq!(words, wanted);
        let tone = if texts[0].1.is_empty() { Tone::Empty } else { Tone::Broken };
        assert_eq!(note(&made, texts[0].0).0, tone, "{texts:?}");
    }
    assert_eq!(judged(Mode::Close, None, &EXIT, None).1, "Choose a lot.");
    assert_eq!(judged(Mode::Adjust, None, &[(Field::Stop, "1")], None).1, "Choose a lot.");
}

#[test]
fn what_looks_wrong_is_amber_and_may_be_written() {
    let far = [(Field::ExitPrice, "9479.55"), (Field::ExitTime, "-5 min")];
    let (made, words) = judged(Mode::Close, Some(1), &far, None);
    assert_eq!(note(&made, Field::ExitPrice).0, Tone::Warn);
    assert!(words.starts_with("Write v213"), "{words}");
    let (made, words) =
        judged(Mode::Close, Some(1), &[(Field::ExitPrice, "unknown"), (Field::ExitTime, "now")], None);
    assert_eq!(note(&made, Field::ExitPrice).0, Tone::Warn);
    assert_eq!(words, "Write v213: close 0.15 of 0.25 BTC, what it brought is not known");
}

#[test]
fn a_stop_is_left_moved_or_taken_away() {
    assert_eq!(judged(Mode::Adjust, Some(1), &[], None).1, "nothing changes: everything is so already");
    let (made, words) = judged(Mode::Adjust, Some(1), &[(Field::Stop, "94120.5")], None);
    assert_eq!(words, "Write v213: stop 94120.5 of g-0421");
    assert!(note(&made, Field::Stop).1.starts_with("+220.5 from 93900;"), "{made:?}");
    let (made, words) = judged(Mode::Adjust, Some(1), &[(Field::Stop, ""), (Field::Target, "94000")], None);
    assert_eq!(words, "Write v213: no stop, target 94000 of g-0421");
    assert_eq!((note(&made, Field::Stop).0, note(&made, Field::Target).0), (Tone::Warn, Tone::Warn));
}

#[test]
fn a_lot_that_moved_is_found_and_a_price_beside_it_is_none() {
    let lots: Vec<HeldLot> = read().1.lots;
    let mut now = lots.clone();
    now[1].stop = Some("94000".to_owned());
    assert_eq!(moved(Mode::Close, &lots, &now), []);
    assert_eq!(moved(Mode::Adjust, &lots, &now).len(), 1);
    now[1].quantity = Some("0.10".to_owned());
    let found = moved(Mode::Close, &lots, &now);
    assert_eq!(
        (found[0].what, found[0].looked.as_deref(), found[0].now.as_deref()),
        ("quantity", Some("0.15"), Some("0.10"))
    );
    now.remove(1);
    assert_eq!(moved(Mode::Close, &lots[1..], &now)[0].now, None);
    assert_eq!(moved(Mode::All, &now, &lots).len(), 1, "one came");
}

#[test]
fn everything_else_is_left_to_the_program() {
    let (document, position) = read();
    let change = |path: &str, display: &str, protected: Option<&str>| {
        let change =
            serde_json::json!({"kind": "changed", "path": path, "display": display, "protected": protected});
        serde_json::from_value::<Change>(change).unwrap()
    };
    let diff = Diff {
        changes: vec![
            change("/quantity", "/quantity", None),
            change("/lots/1/status", "/lots/[g-0421]/status", None),
            change("/lots/1/exit_order", "/lots/[g-0421]/exit_order", Some("names an order")),
        ],
        ..Diff::default()
    };
    assert_eq!(diff.changes[0].kind, ChangeKind::Changed);
    let ticks = selection(&document, &position, &diff);
    assert_eq!(ticks.unlocked, ["/lots/1/exit_order"]);
    assert_eq!(
        ticks.left,
        [
            "/base",
            "/currency",
            "/last_price",
            "/lots/[g-0418]",
            "/lots/[g-0421]/entry_price",
            "/lots/[g-0421]/entry_time",
            "/lots/[g-0421]/quantity",
            "/lots/[g-0421]/stop_loss",
            "/realized_pnl",
            "/side",
            "/symbol"
        ]
    );
}
