//! Which elements of two arrays belong together, and that nothing is subtracted from something else.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a helper of tests fails by panicking")]
use stateloft_core::apply::apply;
use stateloft_core::diff::{Change, Diff, diff, json_patch};
use stateloft_core::json::Document;
use stateloft_core::schema::path_rules;

fn difference(state_type: &str, old: &str, new: &str) -> Diff {
    let (old, new): (Document, Document) = (old.parse().unwrap(), new.parse().unwrap());
    let found = diff(&old, &new, path_rules(state_type));
    assert_eq!(apply(&old, &found).unwrap(), new);
    let mut patched: serde_json::Value = serde_json::from_str(old.text()).unwrap();
    let operations: json_patch::Patch = serde_json::from_str(&json_patch(&found)).unwrap();
    json_patch::patch(&mut patched, &operations).unwrap();
    assert_eq!(patched, serde_json::from_str::<serde_json::Value>(new.text()).unwrap());
    found
}

/// Each change as `kind display old -> new (delta)`, with a star where the pair is by place.
fn rows(state_type: &str, old: &str, new: &str) -> Vec<String> {
    let row = |change: &Change| {
        let side = |text: &Option<String>| text.clone().unwrap_or("absent".to_owned());
        let kind = serde_json::to_string(&change.kind).unwrap();
        let (old, new) = (side(&change.old), side(&change.new));
        let delta = change.delta.as_ref().map(|delta| format!(" ({delta})")).unwrap_or_default();
        let star = if change.by_place { "*" } else { "" };
        format!("{}{star} {} {old} -> {new}{delta}", kind.trim_matches('"'), change.display)
    };
    difference(state_type, old, new).changes.iter().map(row).collect()
}

fn plain(old: &str, new: &str) -> Vec<String> {
    rows("untyped", old, new)
}

#[test]
fn a_window_that_slid_is_followed_by_the_member_that_tells_its_points_apart() {
    assert_eq!(
        plain(
            r#"[{"t":1,"c":1},{"t":2,"c":2},{"t":3,"c":3}]"#,
            r#"[{"t":2,"c":2.5},{"t":3,"c":3.5},{"t":4,"c":4}]"#
        ),
        [
            r#"removed /0 {"t":1,"c":1} -> absent"#,
            "changed /0/c 2 -> 2.5 (+0.5)",
            "changed /1/c 3 -> 3.5 (+0.5)",
            r#"added /2 absent -> {"t":4,"c":4}"#,
        ]
    );
    // Rows without names, as exchanges send them, and times that are spelled in another way.
    assert_eq!(
        plain("[[1,5,7],[2,6,8],[3,7,9]]", "[[2,6.5,8],[3,7.5,9],[4,8,10]]"),
        [
            "removed /0 [1,5,7] -> absent",
            "changed* /0/1 6 -> 6.5 (+0.5)",
            "changed* /1/1 7 -> 7.5 (+0.5)",
            "added /2 absent -> [4,8,10]",
        ]
    );
    assert_eq!(
        plain(
            r#"[{"at":"2026-01-01T00:00:00Z","c":1},{"at":"2026-01-01T00:01:00Z","c":2}]"#,
            r#"[{"at":"2026-01-01T01:01:00+01:00","c":2.5},{"at":"2026-01-01T00:02:00+00:00","c":3}]"#
        ),
        [
            r#"removed /0 {"at":"2026-01-01T00:00:00Z","c":1} -> absent"#,
            r#"changed /0/at "2026-01-01T00:01:00Z" -> "2026-01-01T01:01:00+01:00" (0 s)"#,
            "changed /0/c 2 -> 2.5 (+0.5)",
            r#"added /1 absent -> {"at":"2026-01-01T00:02:00+00:00","c":3}"#,
        ]
    );
}

#[test]
fn holdings_sorted_by_rank_are_followed_by_symbol() {
    let old = r#"{"h":[{"rank":1,"symbol":"A","price":190.5},{"rank":2,"symbol":"B","price":400},{"rank":3,"symbol":"C","price":7}]}"#;
    let new = r#"{"h":[{"rank":1,"symbol":"B","price":405},{"rank":2,"symbol":"A","price":191},{"rank":3,"symbol":"D","price":9}]}"#;
    assert_eq!(
        plain(old, new),
        [
            r#"reordered /h ["A","B","C"] -> ["B","A","D"]"#,
            "changed /h/0/rank 2 -> 1 (-1)",
            "changed /h/0/price 400 -> 405 (+5)",
            "changed /h/1/rank 1 -> 2 (+1)",
            "changed /h/1/price 190.5 -> 191 (+0.5)",
            r#"added /h/2 absent -> {"rank":3,"symbol":"D","price":9}"#,
            r#"removed /h/2 {"rank":3,"symbol":"C","price":7} -> absent"#,
        ]
    );
    // One is replaced, and every place is numbered as before.
    assert_eq!(
        plain(
            r#"[{"rank":1,"symbol":"A","price":1},{"rank":2,"symbol":"B","price":2}]"#,
            r#"[{"rank":1,"symbol":"A","price":1},{"rank":2,"symbol":"C","price":3}]"#
        ),
        [
            r#"removed /1 {"rank":2,"symbol":"B","price":2} -> absent"#,
            r#"added /1 absent -> {"rank":2,"symbol":"C","price":3}"#,
        ]
    );
    // Numbers of orders tell, whatever is distinct besides.
    assert_eq!(
        plain(
            r#"[{"status":"new","order_id":70001},{"status":"done","order_id":70002}]"#,
            r#"[{"status":"done","order_id":70001},{"status":"gone","order_id":70002}]"#
        ),
        [r#"changed /0/status "new" -> "done""#, r#"changed /1/status "done" -> "gone""#]
    );
}

#[test]
fn what_is_inserted_in_front_moves_nothing() {
    assert_eq!(
        plain(
            r#"[{"id":"b","v":1},{"id":"c","v":2},{"id":"d","v":3}]"#,
            r#"[{"id":"a","v":0},{"id":"b","v":1.5},{"id":"c","v":2.5},{"id":"d","v":3.5}]"#
        ),
        [
            r#"added /0 absent -> {"id":"a","v":0}"#,
            "changed /1/v 1 -> 1.5 (+0.5)",
            "changed /2/v 2 -> 2.5 (+0.5)",
            "changed /3/v 3 -> 3.5 (+0.5)",
        ]
    );
    // A member that all get in front of theirs.
    assert_eq!(
        plain(r#"[{"s":"x","v":1},{"s":"y","v":2}]"#, r#"[{"id":7,"s":"x","v":1},{"id":8,"s":"y","v":2}]"#),
        ["added /0/id absent -> 7", "added /1/id absent -> 8"]
    );
    assert_eq!(
        plain("[1,2,3]", "[0.0,1.0,2.0,3.0]"),
        ["added /0 absent -> 0.0", "spelling /1 1 -> 1.0", "spelling /2 2 -> 2.0", "spelling /3 3 -> 3.0"]
    );
    assert_eq!(
        plain(r#"[[{"a":1}],[{"b":[]}]]"#, r#"[[],[{"a":1.0}],[{"\u0062":[]}]]"#),
        ["added /0 absent -> []", "spelling /1/0/a 1 -> 1.0", r#"spelling /2/0/b "b" -> "\u0062""#,]
    );
}

#[test]
fn an_identity_is_a_value_and_not_its_spelling() {
    assert_eq!(
        rows(
            "position",
            r#"{"legs":[{"symbol":"AAA","volume":1},{"symbol":7,"volume":2}]}"#,
            r#"{"legs":[{"symbol":7.0,"volume":2},{"symbol":"A\u0041A","volume":1.5}]}"#
        ),
        [
            r#"reordered /legs ["AAA",7] -> [7.0,"A\u0041A"]"#,
            "spelling /legs/[7.0]/symbol 7 -> 7.0",
            r#"spelling /legs/[AAA]/symbol "AAA" -> "A\u0041A""#,
            "changed /legs/[AAA]/volume 1 -> 1.5 (+0.5)",
        ]
    );
    // The text "7" is not the number.
    assert_eq!(
        rows("position", r#"{"legs":[{"symbol":7}]}"#, r#"{"legs":[{"symbol":"7"}]}"#),
        [r#"added /legs/[7] absent -> {"symbol":"7"}"#, r#"removed /legs/[7] {"symbol":7} -> absent"#]
    );
}

#[test]
fn a_symbol_that_repeats_or_is_missing_stands_in_nobodys_way() {
    let old = r#"{"legs":[{"symbol":"A","volume":1},{"volume":5},{"symbol":"B","volume":2},{"symbol":"B","volume":3},{"symbol":"C","volume":4}]}"#;
    let new = r#"{"legs":[{"symbol":"C","volume":4.5},{"symbol":"A","volume":1.5},{"volume":6},{"symbol":"B","volume":2},{"symbol":"B","volume":9}]}"#;
    assert_eq!(
        rows("position", old, new),
        [
            r#"reordered /legs ["A","B","B","C"] -> ["C","A","B","B"]"#,
            "changed /legs/[C]/volume 4 -> 4.5 (+0.5)",
            "changed /legs/[A]/volume 1 -> 1.5 (+0.5)",
            "changed* /legs/2/volume 5 -> 6 (+1)",
            "changed* /legs/4/volume 3 -> 9 (+6)",
        ]
    );
    // Of those that share a symbol a second member may tell; what is one more on one side is not guessed.
    let side = |legs: &str| format!(r#"{{"legs":[{legs}]}}"#);
    assert_eq!(
        rows(
            "position",
            &side(
                r#"{"symbol":"A","ticket":"x","volume":1},{"symbol":"A","ticket":"y","volume":2},{"symbol":"B","volume":3}"#
            ),
            &side(
                r#"{"symbol":"A","ticket":"y","volume":2.5},{"symbol":"A","ticket":"x","volume":1.5},{"symbol":"B","volume":4}"#
            )
        ),
        [
            r#"reordered /legs ["A","A","B"] -> ["A","A","B"]"#,
            "changed /legs/0/volume 2 -> 2.5 (+0.5)",
            "changed /legs/1/volume 1 -> 1.5 (+0.5)",
            "changed /legs/[B]/volume 3 -> 4 (+1)",
        ]
    );
    assert_eq!(
        rows(
            "position",
            &side(r#"{"symbol":"A","volume":1},{"symbol":"B","volume":3}"#),
            &side(r#"{"symbol":"A","volume":5},{"symbol":"A","volume":6},{"symbol":"B","volume":4}"#)
        ),
        [
            r#"added /legs/0 absent -> {"symbol":"A","volume":5}"#,
            r#"added /legs/1 absent -> {"symbol":"A","volume":6}"#,
            r#"removed /legs/0 {"symbol":"A","volume":1} -> absent"#,
            "changed /legs/[B]/volume 3 -> 4 (+1)",
        ]
    );
}

#[test]
fn two_members_may_tell_together() {
    assert_eq!(
        plain(
            r#"[{"s":"A","side":"long","q":1},{"s":"A","side":"short","q":1},{"s":"B","side":"long","q":1}]"#,
            r#"[{"s":"A","side":"short","q":2},{"s":"B","side":"long","q":1},{"s":"A","side":"long","q":3}]"#
        ),
        [
            r#"reordered  [["A","long"],["A","short"],["B","long"]] -> [["A","short"],["B","long"],["A","long"]]"#,
            "changed /0/q 1 -> 2 (+1)",
            "changed /2/q 1 -> 3 (+2)",
        ]
    );
}

#[test]
fn a_set_that_was_shuffled_only_has_another_order() {
    let names = ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K"];
    let list = |order: [usize; 11], spell: fn(&str) -> String| {
        let elements: Vec<String> = order.iter().map(|at| spell(names[*at])).collect();
        format!("[{}]", elements.join(","))
    };
    let (sorted, shuffled) = ([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [7, 2, 10, 0, 5, 9, 1, 8, 3, 6, 4]);
    let text = |name: &str| format!("\"{name}\"");
    let (old, new) = (list(sorted, text), list(shuffled, text));
    assert_eq!(plain(&old, &new), [format!("reordered  {old} -> {new}")]);
    let ticket = |name: &str| format!("380711{}", name.as_bytes()[0]);
    let (old, new) = (list(sorted, ticket), list(shuffled, ticket));
    assert_eq!(plain(&old, &new), [format!("reordered  {old} -> {new}")]);
    // One went, one came, one is spelled differently.
    assert_eq!(
        plain(r#"["A","B","C","D"]"#, r#"["D","C","\u0042","E"]"#),
        [
            r#"reordered  ["A","B","C","D"] -> ["D","C","\u0042","E"]"#,
            r#"removed /0 "A" -> absent"#,
            r#"spelling /2 "B" -> "\u0042""#,
            r#"added /3 absent -> "E""#,
        ]
    );
    // The order of measures means something.
    assert_eq!(
        plain("[0.2,0.3,0.5]", "[0.5,0.3,0.2]"),
        ["changed* /0 0.2 -> 0.5 (+0.3)", "changed* /2 0.5 -> 0.2 (-0.3)"]
    );
}

#[test]
fn a_series_is_followed_by_its_index_however_that_is_spelled() {
    let series =
        |index: &str, values: &str| format!(r#"{{"type":"series","index":[{index}],"values":[{values}]}}"#);
    assert_eq!(
        plain(&series("1,2,3", "5,6,7"), &series("1.0,2.0,3.0", "5,6,8")),
        [
            "spelling /index/0 1 -> 1.0",
            "spelling /index/1 2 -> 2.0",
            "spelling /index/2 3 -> 3.0",
            "changed /values/2 7 -> 8 (+1)",
        ]
    );
    let times = |zone: &str, from: u32| {
        (from..from + 4).map(|at| format!("\"2026-01-01T00:0{at}:00{zone}\"")).collect::<Vec<_>>().join(",")
    };
    let moved =
        difference("untyped", &series(&times("Z", 0), "1,2,3,4"), &series(&times("+00:00", 1), "2,3,4,5"));
    let series = moved.changes[0].series.as_ref().unwrap();
    assert_eq!((series.removed_head, series.added_tail), (1, 1));
    let counts = moved.counts;
    assert_eq!((counts.added, counts.changed, counts.removed, counts.spelling), (1, 0, 1, 3));
}

#[test]
fn what_only_stands_at_the_same_place_says_so() {
    assert_eq!(plain("[1,2,3]", "[1,5,3]"), ["changed* /1 2 -> 5 (+3)"]);
    assert_eq!(plain(r#"[{"v":[1]}]"#, r#"[{"v":[2]}]"#), ["changed* /0/v/0 1 -> 2 (+1)"]);
    assert_eq!(plain(r#"{"a":{"b":1}}"#, r#"{"a":{"b":2}}"#), ["changed /a/b 1 -> 2 (+1)"]);
}
