use std::collections::HashMap;

use stateloft_core::commit::{Change, Expectation, Tip, Write, decide};
use stateloft_core::model::{ChangeSummary, StateKey, Timestamp, Verdict};

use super::*;

fn version(state_type: &str, id: &str, change: Change) -> Version {
    let write = Write {
        key: StateKey::new(state_type, id).unwrap(),
        change,
        expectation: Expectation::Any,
        verdict: Verdict::NotChecked,
        author: None,
        description: None,
        batch_id: None,
        origin: None,
        foreseen: None,
        rebase: None,
    };
    let (mut tip, mut heads) = (Tip::START, HashMap::new());
    let now = Timestamp::from_micros(1_800_000_000_000_001);
    let outcomes = decide(&[write], &mut tip, &mut heads, now, &|_, _, _| ChangeSummary::default());
    outcomes.unwrap().remove(0).into_version()
}

fn fields(pointers: &[&str]) -> MirrorFields {
    let mut fields = MirrorFields::default();
    for pointer in pointers {
        assert!(fields.add(StateType::new("position").unwrap(), Pointer::parse(pointer).unwrap()));
    }
    fields
}

fn line(id: &str, data: &str, pointers: &[&str]) -> (String, Tally) {
    let (mut lines, mut tally) = (String::new(), Tally::default());
    let version = version("position", id, Change::Save(data.parse().unwrap()));
    fields(pointers).add_line(&version, &mut lines, &mut tally);
    (lines, tally)
}

#[test]
fn a_version_becomes_one_line_of_floats() {
    let data = r#"{"n":1,"z":-0.0,"big":12345678901234567890,"small":5e-324,"legs":[{"v":2.50}]}"#;
    let (line, tally) = line("EURUSD/GBPUSD", data, &["/n", "/z", "/big", "/small", "/legs/0/v"]);
    let expected = "position,state_id=EURUSD/GBPUSD n=1.0,z=-0.0,big=1.2345678901234567e19,small=5e-324,legs/0/v=2.5 \
                    1800000000000001000\n";
    assert_eq!((line.as_str(), tally), (expected, Tally { points: 1, ..Tally::default() }));
}

#[test]
fn what_is_no_number_is_left_out_and_counted() {
    let data = r#"{"text":"1.5","flag":true,"none":null,"list":[1],"huge":1e400,"n":3}"#;
    let pointers = ["/text", "/flag", "/none", "/list", "/huge", "/n", "/absent", "/list/1"];
    let (text, tally) = line("a", data, &pointers);
    assert_eq!(text, "position,state_id=a n=3.0 1800000000000001000\n");
    assert_eq!(tally, Tally { points: 1, absent: 3, not_numbers: 4 });
    let (text, tally) = line("a", r#"{"n":"x"}"#, &["/n"]);
    assert_eq!((text.as_str(), tally), ("", Tally { not_numbers: 1, ..Tally::default() }));
}

#[test]
fn other_types_and_tombstones_have_no_line() {
    let (mut lines, mut tally) = (String::new(), Tally::default());
    let other = version("portfolio", "a", Change::Save(r#"{"n":1}"#.parse().unwrap()));
    fields(&["/n"]).add_line(&other, &mut lines, &mut tally);
    let gone = Version { data: None, ..version("position", "a", Change::Save("{}".parse().unwrap())) };
    fields(&["/n"]).add_line(&gone, &mut lines, &mut tally);
    assert_eq!((lines.as_str(), tally), ("", Tally::default()));
}

#[test]
fn d_014_no_id_and_no_name_means_anything_to_line_protocol_or_flux() {
    let id = "a b,c=d\"e\\ '$%#é${x}<>|\u{a0}\\";
    let (text, _) = line(id, r#"{"a b,c=d\\":1}"#, &["/a b,c=d\\"]);
    let expected = "position,state_id=a%20b%2Cc%3Dd%22e%5C%20%27%24%25%23%C3%A9%24%7Bx%7D%3C%3E%7C%C2%A0%5C \
                    a%20b%2Cc%3Dd%5C=1.0 1800000000000001000\n";
    assert_eq!(text, expected);
}

#[test]
fn names_are_those_of_the_pointers_and_never_those_of_influxdb() {
    let names = [
        ("/total_pnl", "total_pnl"),
        ("/risk/var", "risk/var"),
        ("/a~1b", "a~1b"),
        ("/time", "/time"),
        ("/_value", "/_value"),
        ("/", "/"),
        ("//time", "//time"),
        ("//", "//"),
    ];
    for (pointer, name) in names {
        assert_eq!(name_of(&Pointer::parse(pointer).unwrap()), name, "{pointer}");
    }
}
