//! What is told of a text that is not JSON: where, the words around, and what to do.
#![allow(clippy::unwrap_used, reason = "a test that cannot read its own texts has failed")]

use stateloft_core::json::{Diagnosis, Document, JsonErrorKind, Limits, is_encoded_twice};

fn told(text: impl AsRef<[u8]>) -> Diagnosis {
    let text = text.as_ref();
    match Document::parse_bytes(text, &Limits::default()) {
        Ok(document) => panic!("it is a document: {document}"),
        Err(error) => Diagnosis::of(error, text),
    }
}

fn hint(text: impl AsRef<[u8]>) -> &'static str {
    let text = text.as_ref();
    told(text).hint.unwrap_or_else(|| panic!("no hint for {}", text.escape_ascii()))
}

#[test]
fn the_place_is_told_as_line_column_in_characters_and_pointer() {
    let place = |text: &str| {
        let told = told(text);
        (told.error().offset(), told.line, told.column, told.pointer)
    };
    let at = |offset, line, column, pointer: &str| (offset, line, column, Some(pointer.to_owned()));
    assert_eq!(place("{\"a\":NaN}"), at(5, 1, 6, "/a"));
    assert_eq!(place("{\n  \"é\": 1,\n  \"名前\": nope\n}"), at(26, 3, 10, "/名前"));
    assert_eq!(place("{\r\n\t\"a\": [1,\r\n2, x]}"), at(17, 3, 4, "/a/2"));
    assert_eq!(
        place(r#"{"items":[{},{"data":{"x/y~":{"b":01}}}]}"#),
        at(35, 1, 36, "/items/1/data/x~1y~0/b")
    );
    assert_eq!(place("{\"a\":[],\"b\":{\"c\":1,}}"), at(18, 1, 19, "/b"), "a comma belongs to what holds it");
    assert_eq!(place("{\"a\":{\"k\":1,\"\\u006b\":2}}"), at(12, 1, 13, "/a/k"));
    assert_eq!(place("{\"a\":\"x\ty\"}"), at(7, 1, 8, "/a"));
    assert_eq!(place("{\"a\":{\"b\":1} \"c\":2}"), at(13, 1, 14, "/a"), "what was read last");
    assert_eq!(place("[1,[2],]"), at(6, 1, 7, ""));
    assert_eq!(place("{} {}"), at(3, 1, 4, ""));
    assert_eq!(place(""), (0, 1, 1, None));
    let deep = "{\"a\":".repeat(97);
    assert_eq!(told(&deep).pointer.unwrap(), "/a".repeat(96));
    let long = format!("{{\"{}\":x}}", "k".repeat(5_000));
    assert_eq!(told(&long).pointer, None);
}

#[test]
fn the_words_around_are_one_short_line_that_turns_and_hides_nothing() {
    let near = |text: &str| told(text).near;
    assert_eq!(near("{\"a\": 1, // note\n\"b\": 2}"), "{\"a\": 1, // note");
    assert_eq!(near("{\"first\": 1,\n\t\"b\": None,\n\"c\": 3}"), " \"b\": None,");
    let long = format!("[\"{}\", x, \"{}\"]", "é".repeat(100), "名".repeat(100));
    let near_long = near(&long);
    assert!(near_long.starts_with("…é") && near_long.ends_with("名…"), "{near_long}");
    assert_eq!(near_long.chars().count(), 62);
    assert_eq!(near("[\"\u{202e}abc\u{200b}\", \u{7}]"), "[\"\u{fffd}abc\u{fffd}\", \u{fffd}]");
    assert_eq!(told(b"{\"caf\xe9\": 1}").near, "{\"caf\u{fffd}\": 1}");
    let huge = format!("[{}x", "1,".repeat(500_000));
    assert_eq!(near(&huge), "…1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,x");
}

#[test]
fn the_message_says_what_and_where() {
    let message = told("{\n\"a\": [1, x]}").to_string();
    assert_eq!(message, "unexpected character 'x' at line 2, column 10 (byte 11), in /a/1");
    assert_eq!(
        told("  ").to_string(),
        "the text is empty; a JSON value is expected at line 1, column 3 (byte 2)"
    );
}

/// Words of the hint, and texts that people send.
const MEANT: &[(&str, &[&str])] = &[
    ("no comments", &["{\"a\":1 // why\n}", "/* head */ {}", "# head\n{}", "{\"a\":1}#", "[1, /* two */ 2]"]),
    ("take this comma out", &["[1,2,]", "{\"a\":1,\n}", "{\"a\":[{\"b\":1},],\"c\":2}"]),
    ("Python", &["{\"a\":None}", "[True]", "{\"a\":[1,False]}", "None"]),
    ("no undefined", &["{\"a\":undefined}", "undefined", "[1,undefined]"]),
    ("double quotes: \"like this\"", &["{'a':1}", "{\"a\":'b'}", "['a','b']", "{\"a\":`b`}"]),
    ("keys stand in double quotes", &["{a:1}", "{\"a\":1,b:2}", "{1:2}", "state_id: BTC\n", "{$set:{}}"]),
    (
        "no NaN",
        &[
            "{\"a\":NaN}",
            "[-Infinity]",
            "{\"a\":nan}",
            "[inf]",
            "[-inf]",
            "{\"a\":-NaN}",
            "[Infinity]",
            "[-nan]",
        ],
    ),
    ("without a mark", &["\u{feff}{}", "\u{feff}", "\u{feff}[1]"]),
    ("more than one document", &["{\"a\":1}\n{\"a\":2}\n", "[1][2]", "{}{}"]),
    ("send a JSON object", &["", " \n", "\t"]),
    ("is not closed", &["{\"a\":[1,2", "{\"a\":\"b", "[", "{\"a\":tru"]),
    (
        "this is a form",
        &["state_id=a&data=%7B%7D", "data={\"a\":1}", "%7B%22a%22%3A1%7D", "--boundary\r\nContent"],
    ),
    ("HTML or XML", &["<!DOCTYPE html>", "<a/>", " <html>"]),
    ("zero in front", &["{\"a\":007}", "[-01]", "01"]),
    ("no + in front", &["[+1]", "{\"a\":+0.5}", "+1"]),
    ("before the point", &["[.5]", "{\"a\":-.5}", ".25"]),
    ("after the point", &["[1.]", "{\"a\":1.e5}", "[-0.,1]"]),
    ("decimal digits", &["0x1F", "[0b11]", "{\"a\":-0xff}"]),
    ("no letter behind", &["[10n]", "{\"a\":1.0f}", "[5L]"]),
    ("dates, times and ids", &["{\"a\":2026-11-21}", "[2026-11-21T09:46:11Z]", "[550-8400-41]"]),
    ("a line break in a text", &["{\"a\":\"b\nc\"}", "[\"\n\"]", "{\"a\":\"b,\r\n\"c\":1}"]),
    ("a tab in a text", &["[\"\t\"]", "{\"\t\":1}", "{\"a\":\"x\ty\"}"]),
    ("\\u and four digits", &["[\"\u{1b}\"]", "[\"\\x41\"]", "[\"\\u41\"]", "[\"\\U0001F600\"]"]),
    ("a backslash is written", &["[\"C:\\data\"]", "[\"\\d+\"]", "{\"a\":\"\\e\"}"]),
    ("needs no backslash", &["[\"it\\'s\"]", "{\"\\'a\":1}"]),
    ("a character was cut in two", &["[\"\\ud83d\"]", "[\"a\\ude00\"]", "{\"\\ud83d\":1}"]),
    ("name each key once", &["{\"a\":1,\"a\":1}", "{\"a\":{\"b\":1,\"b\":2}}"]),
    ("typographic", &["{\u{201c}a\u{201d}:1}", "[\u{2018}a\u{2019}]", "{\"a\":«b»}"]),
    ("no white space in JSON", &["{\u{a0}\"a\":1}", "[1,\u{200b}2]", "{\"a\":1\u{feff}}"]),
    ("in lower case", &["{\"a\":NULL}", "[TRUE]", "{\"a\":Null}", "nil"]),
    (
        "this is code",
        &["{\"a\":Decimal('1.5')}", "[datetime.datetime(2026, 1, 1)]", "{\"a\":(1,2)}", "ObjectId(\"a\")"],
    ),
    ("a comma is missing", &["{\"a\":1 \"b\":2}", "[1 2]", "[{} {}]", "{\"a\":1\n\"b\":2}"]),
    ("a double quote inside", &["{\"a\":\"say \"hi\" now\"}", "[\"5\"x\"]", "{\"a\":\"\"é\"}"]),
    ("with a colon between", &["{\"a\"=1}", "{\"a\",\"b\"}", "{\"a\"}", "{\"a\" 1}"]),
    ("a value is missing", &["[1,,2]", "{\"a\":}", "[,1]", "{\"a\":,\"b\":1}"]),
    ("brackets do not fit", &["{\"a\":[1}", "[1]]", "{\"a\":1]"]),
    ("no ; and no )", &["{};", "{})", "{\"a\":1;\"b\":2}"]),
    ("in double quotes", &["[1e9999999999999999999]", "[1-2-3]", "[1.2.3]"]),
];

#[test]
fn what_people_send_in_place_of_json_has_its_hint() {
    for (words, texts) in MEANT {
        for text in *texts {
            let hint = hint(text);
            assert!(hint.contains(words), "{text:?}: {hint:?} does not say {words:?}");
        }
    }
}

#[test]
fn bytes_of_another_encoding_are_called_by_its_name() {
    let utf_16 = |text: &str, mark: bool, little: bool| -> Vec<u8> {
        let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
        units.flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
    };
    for (mark, little) in [(true, true), (true, false), (false, true), (false, false)] {
        let bytes = utf_16("{\"a\": \"é\"}", mark, little);
        assert!(hint(&bytes).contains("UTF-16"), "{mark} {little}");
    }
    assert!(hint(b"{\"name\":\"Caf\xe9\"}").contains("Latin-1"));
    assert_eq!(told(b"{\"name\":\"Caf\xe9\"}").pointer.unwrap(), "/name");
    assert!(hint(b"\x1f\x8b\x08\x00").contains("gzip"));
    assert!(hint("{\"a\":\"\0\"}").contains("Base64"));
}

#[test]
fn the_first_thing_that_is_wrong_is_told_also_before_bytes_that_are_no_text() {
    let told = told(b"{'name':'Caf\xe9'}");
    assert_eq!((told.error().kind(), told.error().offset()), (JsonErrorKind::UnexpectedCharacter, 1));
}

#[test]
fn every_refusal_has_a_place_within_the_text_and_never_fails() {
    let texts =
        ["{\"a\\u00e9\":[1,{\"b\":\"c\\\"d\"},null],\"é\":{\"x\":[]}}", "[1.5e3,\"\u{1f600}\",{\"k\":{}}]"];
    for text in texts.map(str::as_bytes) {
        for at in 0..text.len() {
            for put in [&b""[..], b"\0", b"\xff", b"'", b"\\", b"\"", b",", b"}", b"#", b"\xc2", b"x", b"\n"]
            {
                let broken = [&text[..at], put, &text[at + 1..]].concat();
                let Err(error) = Document::parse_bytes(&broken, &Limits::default()) else { continue };
                let offset = error.offset();
                let told = Diagnosis::of(error, &broken);
                assert!(offset <= broken.len() && told.column <= offset + 1, "{}", broken.escape_ascii());
                assert!(!told.near.contains(char::is_control), "{}", broken.escape_ascii());
            }
        }
    }
}

#[test]
fn a_text_that_holds_json_is_known() {
    let known = |text: &str| is_encoded_twice(text.parse::<Document>().unwrap().root());
    for yes in [r#""{\"a\":1}""#, r#"" [1] ""#, r#""\"{\\\"a\\\":1}\"""#, "\"{}\""] {
        assert!(known(yes), "{yes}");
    }
    for no in [r#""a""#, "{}", "[]", "1", r#""{a}""#, r#""1""#, r#""\"a\"""#, "\"[AAA]\"", "\"\""] {
        assert!(!known(no), "{no}");
    }
}
