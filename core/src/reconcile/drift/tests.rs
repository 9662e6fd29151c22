use serde_json::json;

use super::*;

fn time(minute: u32) -> Timestamp {
    Timestamp::parse(&format!("2026-11-29T{:02}:{:02}:00Z", minute / 60, minute % 60)).unwrap()
}

/// Row `nth`: which it is stays, what both sides said is in the part behind the point.
fn row(nth: usize, looked: &str, verdict: &str, chosen: Option<&str>) -> PlannedRow {
    let row = json!({
        "row": format!("{nth:016x}.{looked}"), "verdict": verdict, "symbol": format!("S{nth}"), "ids": [],
        "ours": [], "theirs": [], "choices": [], "chosen": chosen,
    });
    serde_json::from_value(row).unwrap()
}

fn after(drifts: Drifts, minute: u32, whole: bool, rows: &[PlannedRow]) -> Drifts {
    drifts.after(Seen { rows, as_of: time(minute), whole, now: time(minute) })
}

fn open(drifts: &Drifts) -> Vec<&str> {
    drifts.open.iter().map(|drift| drift.row.as_str()).collect()
}

#[test]
fn what_was_kept_is_not_forgotten_however_much_is_resolved_later() {
    const MANY: usize = RESOLVED + 50;
    let kept: Vec<_> = (0..MANY).map(|nth| row(nth, "a", "missing_there", Some("keep_ours"))).collect();
    let mut drifts = after(Drifts::default(), 0, true, &kept);
    let same: Vec<_> = (0..MANY).map(|nth| row(nth, "a", "missing_there", None)).collect();
    for minute in 1..4 {
        let mut rows = same.clone();
        let of = if minute % 2 == 0 { "matched" } else { "missing_here" };
        rows.extend((0..RESOLVED).map(|nth| row(10_000 + nth, of, of, None)));
        drifts = after(drifts, minute, true, &rows);
        assert!(drifts.open.iter().all(|drift| drift.verdict == Agreement::MissingHere), "{minute}");
    }
    assert_eq!((drifts.resolved.len(), drifts.kept.len()), (RESOLVED, MANY));
}

#[test]
fn what_was_kept_is_dropped_where_the_row_changes_or_matches_or_is_nowhere() {
    let kept = || after(Drifts::default(), 0, true, &[row(1, "a", "missing_there", Some("keep_ours"))]);
    let again = [row(1, "a", "missing_there", None)];
    for (verdict, looked) in [("quantity_mismatch", "b"), ("matched", "c")] {
        let drifts = after(kept(), 1, true, &[row(1, looked, verdict, None)]);
        assert_eq!(drifts.kept, [], "{verdict}");
        assert_eq!(open(&after(drifts, 2, true, &again)).len(), 1, "{verdict}");
    }
    assert_eq!(after(kept(), 1, true, &[]).kept, []);
    let adopted = after(kept(), 1, true, &[row(1, "a", "missing_there", Some("close"))]);
    assert_eq!(adopted.kept, []);
}

#[test]
fn no_answer_and_half_a_list_forget_nothing_that_was_kept() {
    let kept = || after(Drifts::default(), 0, true, &[row(1, "a", "missing_there", Some("keep_ours"))]);
    let again = [row(1, "a", "missing_there", None)];
    // No answer opens a drift of its own kind, which ends when a list comes.
    let drifts = after(after(kept(), 1, false, &[row(1, "u", "unknown", None)]), 2, true, &again);
    assert_eq!((open(&drifts).len(), drifts.kept.len()), (0, 1), "{drifts:?}");
    assert_eq!(drifts.resolved[0].resolved, Some(ResolvedHow::ListCame));
    let half = after(after(kept(), 1, false, &[]), 2, true, &again);
    assert_eq!((open(&half).len(), half.kept.len()), (0, 1));
    // Kept twice, it stands there once.
    let twice = after(kept(), 1, true, &[row(1, "a", "missing_there", Some("keep_ours"))]);
    assert_eq!(twice.kept.len(), 1);
}

#[test]
fn of_two_rows_of_a_symbol_the_one_that_was_kept_stays_when_the_other_changes() {
    let mut rows = [row(1, "a", "missing_there", Some("keep_ours")), row(2, "b", "missing_there", None)];
    rows[1].said.symbol = rows[0].said.symbol.clone();
    let drifts = after(Drifts::default(), 0, true, &rows);
    rows[0].chosen = None;
    rows[1].row = format!("{:016x}.c", 2);
    let drifts = after(drifts, 1, true, &rows);
    assert_eq!(open(&drifts), [rows[1].row.as_str()]);
    assert_eq!(drifts.kept[0].row, rows[0].row);
}
