//! What a broker's answer says beside its list: that the call failed, or that there is more. Then the list is not whole, however short
//! it is: an empty one with an error is no account without positions.

use crate::api::Unread;
use crate::json::{Kind, Node};
use crate::tagged::meant;

/// Members that say that a call failed, unless they say nothing (`null`, `false`, 0, an empty text, list or object). Names as brokers' and
/// exchanges' interfaces have them, compared without case and without `_`: OANDA's `errorMessage`, Kraken's `error: []`.
const FAILED: [&str; 8] =
    ["error", "errors", "errorcode", "errormessage", "exception", "failed", "rejectreason", "timedout"];

/// Members that say that a call went well, where they are `false`.
const WENT_WELL: [&str; 3] = ["success", "ok", "complete"];

/// Members that say that there is another page.
const MORE: [&str; 7] =
    ["nextpagetoken", "nextpage", "nextcursor", "nextpagecursor", "hasmore", "partial", "truncated"];

/// What of an object with a list in it says that the list is not whole.
pub(super) fn not_whole(answer: Node<'_>) -> Vec<Unread> {
    let mut found = Vec::new();
    for member in answer.members() {
        let key = member.key.decoded();
        let name: String = key.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).collect();
        let value = meant(member.value).0;
        let says = |names: &[&str]| names.contains(&name.as_str());
        let reason = if says(&FAILED) && says_something(value) || says(&["status"]) && is_error(value) {
            "it says that the call failed"
        } else if says(&WENT_WELL) && value.text() == "false" {
            "it says that the call did not go well"
        } else if says(&MORE) && says_something(value) {
            "it says that the list goes on elsewhere"
        } else {
            continue;
        };
        let pointer = crate::json::Pointer::root().join(&key);
        found.push(Unread { pointer: pointer.as_str().to_owned(), reason: reason.to_owned() });
    }
    found
}

/// Whether a value is more than a place for one.
fn says_something(value: Node<'_>) -> bool {
    match value.kind() {
        Kind::Null => false,
        Kind::Array | Kind::Object => !value.is_empty(),
        _ => !matches!(value.text(), "false" | "0" | "\"\"" | "\"0\""),
    }
}

fn is_error(value: Node<'_>) -> bool {
    value.kind() == Kind::String
        && ["error", "fail", "failed", "failure"]
            .iter()
            .any(|word| value.text().trim_matches('"').eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Document;

    fn said(answer: &str) -> Vec<String> {
        let answer: Document = answer.parse().unwrap();
        not_whole(answer.root()).into_iter().map(|unread| unread.pointer).collect()
    }

    #[test]
    fn an_answer_that_says_that_it_failed_or_goes_on_is_not_whole() {
        for (answer, at) in [
            (r#"{"error":"rate limit","positions":[]}"#, "/error"),
            (r#"{"errorMessage":"Insufficient authorization","positions":[]}"#, "/errorMessage"),
            (r#"{"error_code":17,"positions":[]}"#, "/error_code"),
            (r#"{"errors":[{"code":1}],"positions":[]}"#, "/errors"),
            (r#"{"status":"ERROR","positions":[]}"#, "/status"),
            (r#"{"success":false,"positions":[]}"#, "/success"),
            (r#"{"positions":[{"symbol":"A","quantity":1}],"next_page_token":"x"}"#, "/next_page_token"),
            (r#"{"positions":[],"hasMore":true}"#, "/hasMore"),
        ] {
            assert_eq!(said(answer), [at], "{answer}");
        }
    }

    #[test]
    fn places_in_which_nothing_stands_say_nothing() {
        for answer in [
            r#"{"positions":[],"lastTransactionID":"6397"}"#,
            r#"{"error":null,"errors":[],"errorCode":0,"error_message":"","positions":[]}"#,
            r#"{"status":"ok","success":true,"next_page_token":null,"has_more":false,"positions":[]}"#,
        ] {
            assert_eq!(said(answer), [""; 0], "{answer}");
        }
    }
}
