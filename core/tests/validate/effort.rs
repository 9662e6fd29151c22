//! What a check costs, and how much of what is wrong it tells.

use stateloft_core::json::Document;
use stateloft_core::model::{Mode, Verdict};
use stateloft_core::schema::{MOST_FINDINGS, notices};
use stateloft_core::validate::{Effort, TooMuch, validate, validate_within};

use crate::verdict;

#[test]
fn a_large_broken_document_is_told_briefly() {
    let wrong = vec!["\"x\""; 1_000_000].join(",");
    let text = format!(r#"{{"index":[{wrong}],"values":[{wrong}]}}"#);
    let violations = verdict("market_data", &text).violations().to_vec();
    assert_eq!(violations.len(), MOST_FINDINGS + 1);
    assert_eq!(violations[0].pointer, "/values/0");
    assert_eq!(violations[MOST_FINDINGS].code, "more");
    let bars = vec![r#"{"open":1,"high":1,"low":2,"close":1}"#; 1000].join(",");
    let document: Document = format!(r#"{{"bars":[{bars}]}}"#).parse().unwrap();
    assert_eq!(validate("market_data", &document, Mode::Warn).violations().len(), MOST_FINDINGS + 1);
    let repeated = r#"{"index":["a","a"],"values":[1,2],"last_update":"2025-04-01T00:00:00"}"#;
    assert_eq!(notices("market_data", &repeated.parse().unwrap()).len(), 2);
}

/// The fewest steps with which a document is checked.
fn least(state_type: &str, text: &str) -> u64 {
    let document: Document = text.parse().unwrap();
    let within = |steps| validate_within(state_type, &document, Mode::Warn, Effort { steps });
    let (mut too_few, mut enough) = (0, 1 << 30);
    while enough - too_few > 1 {
        let steps = u64::midpoint(too_few, enough);
        match within(steps) {
            Ok(verdict) => {
                assert_eq!(Ok(verdict), within(u64::MAX), "{steps} steps say the same as more");
                enough = steps;
            }
            Err(TooMuch) => too_few = steps,
        }
    }
    enough
}

#[test]
fn what_a_check_costs_grows_with_the_document_and_not_with_what_is_wrong_in_it() {
    const VALUES: usize = 3_000;
    let ones = vec!["1"; VALUES].join(",");
    let wrong = vec!["[]"; MOST_FINDINGS + 1].join(",");
    let bar = r#"{"open":1,"high":1,"low":1,"close":1}"#;
    let bars = vec![bar; VALUES / 5].join(",");
    let broken_bars = vec!["{}"; MOST_FINDINGS + 1].join(",");
    let members: Vec<_> = (0..VALUES).map(|n| format!(r#""m{n}":1"#)).collect();
    for (state_type, text, each) in [
        ("market_data", format!(r#"{{"index":[{ones}],"values":[{ones}]}}"#), 3),
        ("market_data", format!(r#"{{"index":[{ones}],"values":[{ones},{wrong}]}}"#), 8),
        ("market_data", format!(r#"{{"bars":[{bars}]}}"#), 20),
        ("market_data", format!(r#"{{"bars":[{bars},{broken_bars}]}}"#), 40),
        ("position", format!("{{{}}}", members.join(",")), 200),
        ("configuration", format!("{{{}}}", members.join(",")), 40),
    ] {
        let steps = least(state_type, &text);
        let most = each * VALUES as u64;
        assert!(steps <= most, "{state_type} {}...: {steps} steps, {most} at most", &text[..40]);
    }
}

#[test]
fn a_document_with_too_much_in_it_is_not_checked() {
    let document = format!(r#"{{"index":[{0}],"values":[{0}]}}"#, vec!["1"; 1_000].join(","));
    let document: Document = document.parse().unwrap();
    let little = Effort { steps: 1_000 };
    for mode in [Mode::Warn, Mode::Strict] {
        assert_eq!(validate_within("market_data", &document, mode, little), Err(TooMuch));
    }
    assert_eq!(validate_within("market_data", &document, Mode::Off, little), Ok(Verdict::NotChecked));
}
