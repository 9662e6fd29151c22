//! Differences as people read them.
#![allow(clippy::unwrap_used, reason = "a helper of tests fails by panicking")]
use stateloft_core::apply::{apply, apply_selected};
use stateloft_core::diff::{
    Diff, Effort, Line, TooMuch, diff, diff_within, json_patch, side_by_side, summarise, summary,
};
use stateloft_core::json::Document;
use stateloft_core::model::StateType;
use stateloft_core::schema::path_rules;

fn document(text: &str) -> Document {
    text.parse().unwrap()
}

fn difference(old: &str, new: &str) -> Diff {
    let (old, new) = (document(old), document(new));
    let found = diff(&old, &new, path_rules("position"));
    assert_eq!(apply(&old, &found).unwrap(), new);
    found
}

/// Each change as `kind display old -> new (delta, percent)`.
fn rows(old: &str, new: &str) -> Vec<String> {
    let row = |change: &stateloft_core::diff::Change| {
        let kind = serde_json::to_string(&change.kind).unwrap();
        let side = |text: &Option<String>| text.clone().unwrap_or("absent".to_owned());
        let mut row = format!(
            "{} {} {} -> {}",
            kind.trim_matches('"'),
            change.display,
            side(&change.old),
            side(&change.new)
        );
        if let Some(delta) = &change.delta {
            row.extend([" (", delta, ", ", change.percent.as_deref().unwrap_or("no percent"), ")"]);
        }
        row
    };
    difference(old, new).changes.iter().map(row).collect()
}

#[test]
fn the_comparison_of_the_first_screen() {
    let old = r#"{"quantity":0.80,"stop_loss":1.0790,"ticket1":38071120,"legs":[{"symbol":"EURUSD","volume":0.80},{"symbol":"GBPUSD","volume":0.6}],"trailing_stop_level":null,"note":"first lot only","metadata":{"session":"ldn-0611","deploy":"45"}}"#;
    let new = r#"{"quantity":1.20,"stop_loss":1.0851,"ticket1":38084831,"legs":[{"symbol":"EURUSD","volume":1.20},{"symbol":"GBPUSD","volume":0.6}],"trailing_stop_level":-8.64,"max_favorable_pnl":212.40,"metadata":{"session":"ldn-0611","deploy":"46"}}"#;
    assert_eq!(
        rows(old, new),
        [
            "changed /quantity 0.80 -> 1.20 (+0.40, +50.00)",
            "changed /stop_loss 1.0790 -> 1.0851 (+0.0061, +0.57)",
            "changed /ticket1 38071120 -> 38084831",
            "changed /legs/[EURUSD]/volume 0.80 -> 1.20 (+0.40, +50.00)",
            "changed /trailing_stop_level null -> -8.64",
            "added /max_favorable_pnl absent -> 212.40",
            "removed /note \"first lot only\" -> absent",
            "changed /metadata/deploy \"45\" -> \"46\"",
        ]
    );
    let found = difference(old, new);
    assert_eq!((found.counts.added, found.counts.changed, found.counts.removed), (1, 6, 1));
    assert_eq!(found.changes[3].path, "/legs/0/volume");
    assert_eq!(found.changes[3].unit.as_deref(), Some("lots"));
    assert_eq!(found.changes[2].protected.as_deref(), Some("names an order at the broker"));
    assert_eq!(found.equal_paths, 4);
}

#[test]
fn spelling_and_order_are_not_changes_of_value() {
    assert_eq!(
        rows(r#"{"a":0.8,"b":"x","c":1}"#, r#"{"c":1,"a":0.80,"b":"\u0078"}"#),
        [
            r#"reordered  ["a","b","c"] -> ["c","a","b"]"#,
            "spelling /a 0.8 -> 0.80",
            r#"spelling /b "x" -> "\u0078""#,
        ]
    );
    assert_eq!(rows(r#"{"a":1}"#, r#"{"\u0061":1}"#), [r#"spelling /a "a" -> "\u0061""#]);
    let found = difference(r#"{"a":0.8}"#, r#"{"a":0.80}"#);
    assert_eq!((found.counts.changed, found.counts.spelling), (0, 1));
}

#[test]
fn a_sliding_window_is_one_removal_and_one_addition() {
    let window = |from: usize| {
        let prices: Vec<String> =
            (from..from + 200).map(|at| format!("{}.{:03}", at * 7 % 100, at * 13 % 1000)).collect();
        format!("{{\"closes\":[{}]}}", prices.join(","))
    };
    let rows = rows(&window(0), &window(1));
    assert_eq!(rows, ["removed /closes/0 0.000 -> absent", "added /closes/199 absent -> 0.600"]);
}

#[test]
fn a_series_that_moved_on_is_one_change() {
    let series = |from: usize, last: &str| {
        let index: Vec<String> = (from..from + 50)
            .map(|at| format!("\"2025-03-01T{:02}:{:02}:00+00:00\"", at / 60, at % 60))
            .collect();
        let mut values: Vec<String> = (from..from + 50).map(|at| format!("10.{at:03}")).collect();
        if let Some(known) = values.iter_mut().find(|value| *value == "10.049") {
            last.clone_into(known);
        }
        format!(
            r#"{{"price1":{{"type":"series","index":[{}],"values":[{}],"name":"AAA"}}}}"#,
            index.join(","),
            values.join(",")
        )
    };
    let found = difference(&series(0, "10.049"), &series(2, "10.049"));
    assert_eq!(found.changes.len(), 1);
    let change = &found.changes[0];
    let moved = change.series.as_ref().unwrap();
    assert_eq!((moved.removed_head, moved.added_head, moved.removed_tail, moved.added_tail), (2, 0, 0, 2));
    assert_eq!((change.path.as_str(), moved.points), ("/price1", 50));
    assert_eq!((moved.old_last.as_deref(), moved.new_last.as_deref()), (Some("10.049"), Some("10.051")));
    assert_eq!(change.delta.as_deref(), Some("+0.002"));
    let brief = summary(&found).first.unwrap();
    assert_eq!(brief.note.as_deref(), Some("50 points: −2 head, +2 tail"));
    assert!(moved.values.starts_with("[10.002,") && moved.values.ends_with(",10.051]"));
    assert_eq!(
        change.old.as_deref(),
        Some(
            r#"{"index":["2025-03-01T00:00:00+00:00","2025-03-01T00:01:00+00:00"],"values":[10.000,10.001]}"#
        )
    );

    // The last candle got its final value meanwhile: a change of its own, at its new place.
    let found = difference(&series(0, "10.9"), &series(1, "10.8"));
    let paths: Vec<_> = found.changes.iter().map(|change| change.path.as_str()).collect();
    assert_eq!(paths, ["/price1", "/price1/values/48"]);
    assert_eq!(found.changes[1].place.from.as_deref(), Some("/price1/values/49"));
}

#[test]
fn elements_with_an_identity_are_followed_wherever_they_stand() {
    let old = r#"{"legs":[{"symbol":"A","volume":1},{"symbol":"B","volume":2},{"symbol":"C","volume":3}]}"#;
    let new =
        r#"{"legs":[{"symbol":"D/E","volume":9},{"symbol":"C","volume":3},{"symbol":"A","volume":1.5}]}"#;
    assert_eq!(
        rows(old, new),
        [
            r#"reordered /legs ["A","B","C"] -> ["D/E","C","A"]"#,
            r#"added /legs/[D/E] absent -> {"symbol":"D/E","volume":9}"#,
            r#"removed /legs/[B] {"symbol":"B","volume":2} -> absent"#,
            "changed /legs/[A]/volume 1 -> 1.5 (+0.5, +50.00)",
        ]
    );
    let found = difference(old, new);
    assert_eq!(
        (found.changes[3].path.as_str(), found.changes[3].place.from.as_deref()),
        ("/legs/2/volume", Some("/legs/0/volume"))
    );
    let only = |wanted: &str| {
        let chosen = apply_selected(&document(old), &found, |change| change.display == wanted).unwrap();
        chosen.text().to_owned()
    };
    assert_eq!(
        only("/legs/[A]/volume"),
        r#"{"legs":[{"symbol":"A","volume":1.5},{"symbol":"B","volume":2},{"symbol":"C","volume":3}]}"#
    );
    assert_eq!(only("/legs/[B]"), r#"{"legs":[{"symbol":"A","volume":1},{"symbol":"C","volume":3}]}"#);
    assert_eq!(
        only("/legs"),
        r#"{"legs":[{"symbol":"C","volume":3},{"symbol":"B","volume":2},{"symbol":"A","volume":1}]}"#
    );
}

#[test]
fn an_identity_that_is_not_one_is_not_used() {
    let old = r#"{"legs":[{"symbol":"A","volume":1},{"symbol":"A","volume":2}]}"#;
    let new = r#"{"legs":[{"symbol":"A","volume":1},{"symbol":"A","volume":3}]}"#;
    assert_eq!(rows(old, new), ["changed /legs/1/volume 2 -> 3 (+1, +50.00)"]);
}

#[test]
fn arrays_without_identity() {
    assert_eq!(rows("[1,2,3]", "[1,5,3]"), ["changed /1 2 -> 5 (+3, +150.00)"]);
    assert_eq!(rows("[1,2,3]", "[1,2,3,4,5]"), ["splice /3 [] -> [4,5]"]);
    assert_eq!(rows("[1,2,3,4]", "[1,9]"), ["splice /1 [2,3,4] -> [9]"]);
    assert_eq!(
        rows(r#"[{"a":1}]"#, r#"[{"a":1},{"b":2},{"c":3}]"#),
        [r#"added /1 absent -> {"b":2}"#, r#"added /2 absent -> {"c":3}"#]
    );
    assert_eq!(rows("[]", "[[]]"), ["added /0 absent -> []"]);
    assert_eq!(rows("[1]", "{}"), ["changed  [1] -> {}"]);
}

#[test]
fn times_have_durations_and_texts_have_none() {
    assert_eq!(
        rows(
            r#"{"t":"2025-03-01T09:30:00+00:00","u":"2025-03-01 09:30:00","v":"a"}"#,
            r#"{"t":"2025-03-01T09:45:00+00:00","u":"2025-03-01T09:30:00Z","v":"b"}"#
        ),
        [
            r#"changed /t "2025-03-01T09:30:00+00:00" -> "2025-03-01T09:45:00+00:00" (+15 min, no percent)"#,
            r#"changed /u "2025-03-01 09:30:00" -> "2025-03-01T09:30:00Z""#,
            r#"changed /v "a" -> "b""#,
        ]
    );
}

#[test]
fn a_new_member_in_the_middle_disturbs_nothing() {
    assert_eq!(rows(r#"{"a":1,"c":3}"#, r#"{"a":1,"b":2,"c":3}"#), ["added /b absent -> 2"]);
    assert_eq!(rows(r#"{"a":1}"#, r#"{"z":0,"a":1}"#), ["added /z absent -> 0"]);
    assert_eq!(
        rows(r#"{"a":{"x/y":1}}"#, r#"{"a":{"~":1}}"#),
        ["added /a/~0 absent -> 1", "removed /a/x~1y 1 -> absent"]
    );
}

#[test]
fn the_summary_names_the_first_change_worth_reading() {
    let found = difference(
        r#"{"last_price":1.1,"stop_loss":1.0771,"note":1.0}"#,
        r#"{"last_price":1.2,"stop_loss":1.0790,"note":1}"#,
    );
    let brief = summary(&found);
    assert_eq!((brief.added, brief.changed, brief.removed), (0, 1, 0));
    assert_eq!((brief.spelling, brief.volatile), (1, 1));
    let first = brief.first.unwrap();
    assert_eq!((first.path.as_str(), first.delta.as_deref()), ("/stop_loss", Some("+0.0019")));
    assert_eq!((first.old.as_deref(), first.new.as_deref()), (Some("1.0771"), Some("1.0790")));

    let only_noise = summary(&difference(r#"{"last_price":1}"#, r#"{"last_price":2}"#));
    assert_eq!((only_noise.changed, only_noise.volatile, only_noise.first), (0, 1, None));

    let long = format!("{{\"a\":\"{}\"}}", "é".repeat(200));
    let cut = summary(&difference("{\"a\":1}", &long)).first.unwrap().new.clone().unwrap();
    assert_eq!(cut, format!("\"{}…", "é".repeat(79)));

    let noted = summary(&difference("[1,2]", "[1,2,3,4]")).first.unwrap();
    assert_eq!((noted.note.as_deref(), noted.new.as_deref()), (Some("+2 added"), None));
}

#[test]
fn of_a_long_value_a_summary_shows_what_is_around_each_difference() {
    let sides = |old: &str, new: &str| {
        let wrap = |value: &str| format!("{{\"a\":{value}}}");
        let first = summary(&difference(&wrap(old), &wrap(new))).first.unwrap();
        [first.old.clone().unwrap(), first.new.clone().unwrap()]
    };
    let text = |a: &str, b: &str| format!("\"{}{a}{}{b}{}\"", "x".repeat(90), "y".repeat(90), "z".repeat(90));
    assert_eq!(
        sides(&text("1", "2"), &text("3", "4")),
        ["…xxxxxxxxxx1yyyyyyyyyy…yyyyyyyyyy2zzzzzzzzzz…", "…xxxxxxxxxx3yyyyyyyyyy…yyyyyyyyyy4zzzzzzzzzz…"]
    );
    let number = |last: char| format!("0.{}{last}", "3".repeat(90));
    assert_eq!(sides(&number('4'), &number('5')), ["…33333333334", "…33333333335"]);
    assert_eq!(sides("1.5", "1.75"), ["1.5", "1.75"]);
}

#[test]
fn what_only_looks_different_counts_by_itself_and_elements_count_one_by_one() {
    let counts = |old: &str, new: &str| {
        let brief = summary(&difference(old, new));
        [brief.added, brief.changed, brief.removed, brief.spelling, brief.reordered, brief.volatile]
    };
    assert_eq!(counts(r#"{"a":1,"b":2.0}"#, r#"{"b":2.00,"a":1.0}"#), [0, 0, 0, 2, 1, 0]);
    assert_eq!(counts("[1,2,3,4,5,6,7,8]", "[1,8]"), [0, 0, 6, 0, 0, 0]);
    assert_eq!(counts("[1,2,3]", "[1,7,8,9,10]"), [4, 0, 2, 0, 0, 0]);
    let rows = |count: usize| {
        let rows: Vec<String> = (0..count).map(|at| format!("{{\"n\":\"x{at}\",\"v\":1}}")).collect();
        format!("[{}]", rows.join(","))
    };
    assert_eq!(counts(&rows(9), &rows(3)), [0, 0, 6, 0, 0, 0]);
    let series = |from: usize| {
        let side = |at: usize| (from..from + 9).map(|n| (n * at).to_string()).collect::<Vec<_>>().join(",");
        format!("{{\"index\":[{}],\"values\":[{}]}}", side(1), side(7))
    };
    assert_eq!(counts(&series(0), &series(2)), [2, 0, 2, 0, 0, 0]);
    assert_eq!(counts(r#"{"last_price":1,"a":[1]}"#, r#"{"last_price":2,"a":[1,2]}"#), [1, 0, 0, 0, 0, 1]);
    // Versions that were written before have no such counts.
    let old: stateloft_core::model::ChangeSummary =
        serde_json::from_str(r#"{"added":1,"changed":2,"removed":3}"#).unwrap();
    assert_eq!((old.changed, old.spelling, old.volatile), (2, 0, 0));
    assert_eq!(serde_json::to_string(&old).unwrap(), r#"{"added":1,"changed":2,"removed":3}"#);
}

#[test]
fn summaries_of_beginnings_and_ends() {
    let position = StateType::new("position").unwrap();
    let data = document(r#"{"a":1,"b":[2,3]}"#);
    let made = summarise(&position, None, Some(&data));
    assert_eq!((made.added, made.changed, made.removed, made.first), (2, 0, 0, None));
    assert_eq!(summarise(&position, Some(&data), None).removed, 2);
    assert_eq!(summarise(&position, Some(&data), Some(&data)), summarise(&position, None, None));
}

#[test]
fn json_patch_speaks_in_values() {
    let patch = |old, new| json_patch(&difference(old, new));
    assert_eq!(patch("{}", "{}"), "[]");
    assert_eq!(
        patch(r#"{"a":1.0,"b":[1,2,3],"c":0}"#, r#"{"a":1.50,"b":[2,3,4],"d/e":null}"#),
        r#"[{"op":"replace","path":"/a","value":1.50},{"op":"remove","path":"/b/0"},{"op":"add","path":"/b/2","value":4},{"op":"remove","path":"/c"},{"op":"add","path":"/d~1e","value":null}]"#
    );
    assert_eq!(patch(r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#), "[]");
}

/// Rows as text: numbers and lines of both sides, changed characters in brackets.
fn beside(old: &str, new: &str, context: usize) -> Vec<String> {
    let side = |line: &Option<Line>| match line {
        None => "-".to_owned(),
        Some(line) => {
            let parts = line
                .parts
                .iter()
                .map(|part| if part.changed { format!("[{}]", part.text) } else { part.text.clone() });
            format!("{} {}", line.number, parts.collect::<String>())
        }
    };
    let rows = side_by_side(&document(old), &document(new), path_rules("position"), Some(context));
    rows.iter()
        .map(|row| match &row.fold {
            Some(fold) => format!(
                "{} lines from {} and {}: {} to {}",
                fold.lines, fold.old_number, fold.new_number, row.path, fold.last_path
            ),
            None => format!("{:?} {} | {} | {}", row.kind, row.path, side(&row.old), side(&row.new)),
        })
        .collect()
}

#[test]
fn side_by_side_with_folded_lines() {
    let old = r#"{"a":1,"b":2,"c":{"d":3,"e":[]},"stop_loss":1.0790,"f":4,"g":5,"h":6,"note":"x"}"#;
    let new = r#"{"a":1,"b":2,"c":{"d":3,"e":[]},"stop_loss":1.0851,"f":4,"g":5,"h":6}"#;
    assert_eq!(
        beside(old, new, 1),
        [
            "6 lines from 1 and 1:  to /c/e",
            "Equal /c | 7   }, | 7   },",
            "Changed /stop_loss | 8   \"stop_loss\": 1.0[790], | 8   \"stop_loss\": 1.0[851],",
            "Equal /f | 9   \"f\": 4, | 9   \"f\": 4,",
            "Equal /g | 10   \"g\": 5, | 10   \"g\": 5,",
            "Equal /h | 11   \"h\": 6, | 11   \"h\": 6",
            "Removed /note | 12   \"note\": \"x\" | -",
            "Equal  | 13 } | 12 }",
        ]
    );
    let rows = side_by_side(&document(old), &document(new), path_rules("position"), Some(1));
    let fold = rows[0].fold.as_ref().unwrap();
    assert_eq!(fold.text, "{\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": {\n    \"d\": 3,\n    \"e\": []");
}

#[test]
fn side_by_side_of_other_kinds_and_places() {
    assert_eq!(
        beside(
            r#"{"a":null,"legs":[{"symbol":"A"},{"symbol":"B"}]}"#,
            r#"{"a":[1],"legs":[{"symbol":"B"},{"symbol":"A"}]}"#,
            9
        ),
        [
            "Equal  | 1 { | 1 {",
            "Removed /a | 2   \"a\": null, | -",
            "Added /a | - | 2   \"a\": [",
            "Added /a/0 | - | 3     1",
            "Added /a | - | 4   ],",
            "Equal /legs | 3   \"legs\": [ | 5   \"legs\": [",
            "Added /legs/0 | - | 6     {",
            "Added /legs/0/symbol | - | 7       \"symbol\": \"B\"",
            "Added /legs/0 | - | 8     },",
            "Equal /legs/1 | 4     { | 9     {",
            "Equal /legs/1/symbol | 5       \"symbol\": \"A\" | 10       \"symbol\": \"A\"",
            "Equal /legs/1 | 6     }, | 11     }",
            "Removed /legs/1 | 7     { | -",
            "Removed /legs/1/symbol | 8       \"symbol\": \"B\" | -",
            "Removed /legs/1 | 9     } | -",
            "Equal /legs | 10   ] | 12   ]",
            "Equal  | 11 } | 13 }",
        ]
    );
    assert_eq!(beside("[1,2]", "[1,2]", 0), ["4 lines from 1 and 1:  to "]);
    assert_eq!(beside("1", "12", 3), ["Changed  | 1 1 | 1 1[2]"]);
    assert_eq!(
        beside(r#"{"a":1}"#, r#"{"\u0061":1}"#, 0)[1],
        "Changed /a | 2   [\"a\"]: 1 | 2   [\"\\u0061\"]: 1"
    );
}

#[test]
fn a_comparison_that_costs_too_much_is_no_comparison_and_one_that_does_not_is_the_same() {
    let (old, new) = (document(r#"{"a":[1,2,3],"b":{"c":1}}"#), document(r#"{"a":[3,4,1],"b":{"c":2}}"#));
    let rules = path_rules("position");
    let whole = diff(&old, &new, rules);
    let within = |effort| diff_within(&old, &new, rules, effort);
    assert_eq!(within(Effort::ORDINARY).unwrap(), whole);
    let changes = whole.changes.len();
    assert_eq!(within(Effort { changes, ..Effort::UNBOUNDED }).unwrap(), whole);
    assert_eq!(within(Effort { changes: changes - 1, ..Effort::UNBOUNDED }), Err(TooMuch));
    assert_eq!(within(Effort { bytes: 10, ..Effort::UNBOUNDED }), Err(TooMuch));
    // Of the outermost object two members on each side, and three elements.
    assert_eq!(within(Effort { children: 10, ..Effort::UNBOUNDED }).unwrap(), whole);
    assert_eq!(within(Effort { children: 9, ..Effort::UNBOUNDED }), Err(TooMuch));
}

#[test]
fn what_differs_in_too_much_is_one_change_in_brief() {
    let numbers = |from: u32| {
        let list: Vec<String> = (from..from + 60_000).map(|n| n.to_string()).collect();
        document(&format!("{{\"a\":[{}]}}", list.join(",")))
    };
    let state_type = StateType::new("session").unwrap();
    let brief = summarise(&state_type, Some(&numbers(0)), Some(&numbers(1_000_000)));
    assert_eq!((brief.added, brief.changed, brief.removed), (0, 1, 0));
    assert_eq!(brief.first.unwrap().note.as_deref(), Some("too much to list"));
}
