//! What the strict reader accepts, what it refuses, and where it says the mistake is.
use stateloft_core::json::{Document, JsonErrorKind as E, Kind, Limits, Node};

fn read(bytes: &[u8]) -> Result<Document, (E, usize)> {
    Document::parse_bytes(bytes, &Limits::default()).map_err(|error| (error.kind(), error.offset()))
}

/// Text as given, compact text.
const ACCEPTED: &[(&str, &str)] = &[
    // Whole documents of every kind, with white space of every kind around.
    ("null", "null"),
    ("true", "true"),
    ("false", "false"),
    ("0", "0"),
    ("\"\"", "\"\""),
    ("[]", "[]"),
    ("{}", "{}"),
    (" \t\r\n null \t\r\n ", "null"),
    ("\n[\n]\n", "[]"),
    ("{ }", "{}"),
    // Arrays.
    ("[1,2 , 3]", "[1,2,3]"),
    ("[[]   ]", "[[]]"),
    ("[null, 1, \"1\", {}]", "[null,1,\"1\",{}]"),
    ("[1\n]", "[1]"),
    ("[ [ [ [ 1 ] ] ] ]", "[[[[1]]]]"),
    ("[1,null,null,null,2]", "[1,null,null,null,2]"),
    ("[\"a\"]", "[\"a\"]"),
    ("[2] ", "[2]"),
    // Objects.
    ("{\"a\":1}", "{\"a\":1}"),
    ("{ \"a\" : 1 , \"b\" : [ ] }", "{\"a\":1,\"b\":[]}"),
    ("{\"\":0}", "{\"\":0}"),
    ("{\"a\":{\"a\":{\"a\":1}}}", "{\"a\":{\"a\":{\"a\":1}}}"),
    ("{\"b\":1,\"a\":2}", "{\"b\":1,\"a\":2}"),
    ("{\"a\":1,\"A\":2}", "{\"a\":1,\"A\":2}"),
    ("[{\"a\":1},{\"a\":1}]", "[{\"a\":1},{\"a\":1}]"),
    ("{\"min\": -1.0e+28, \"max\": 1.0e+28}", "{\"min\":-1.0e+28,\"max\":1.0e+28}"),
    ("{\"a b\":1}", "{\"a b\":1}"),
    ("{\"x\\ny\":1}", "{\"x\\ny\":1}"),
    ("{\n\"a\":\n\"b\"\n}", "{\"a\":\"b\"}"),
    ("{\"title\":\"\\u041f\\u043e\"}", "{\"title\":\"\\u041f\\u043e\"}"),
    // Numbers keep every spelling.
    ("-0", "-0"),
    ("-0.0", "-0.0"),
    ("1.0", "1.0"),
    ("1e22", "1e22"),
    ("1E22", "1E22"),
    ("1e+2", "1e+2"),
    ("1E-2", "1E-2"),
    ("0e0", "0e0"),
    ("0e+1", "0e+1"),
    ("1e007", "1e007"),
    ("0.10", "0.10"),
    ("123e65", "123e65"),
    ("123.456e78", "123.456e78"),
    ("123456789012345678901234567890", "123456789012345678901234567890"),
    ("0.123456789012345678901234567890", "0.123456789012345678901234567890"),
    ("18446744073709551615", "18446744073709551615"),
    ("-9223372036854775808", "-9223372036854775808"),
    ("9007199254740993", "9007199254740993"),
    ("29.900000000000002", "29.900000000000002"),
    ("1e400", "1e400"),
    ("1e-400", "1e-400"),
    ("1e999999999999999999", "1e999999999999999999"),
    ("1e0000000000000000000000001", "1e0000000000000000000000001"),
    ("[-1]", "[-1]"),
    ("[ 4]", "[4]"),
    // Strings.
    ("\"asd\"", "\"asd\""),
    ("\"é ß 漢 🙂\"", "\"é ß 漢 🙂\""),
    ("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
    ("\"\\u0041\\u00e9\"", "\"\\u0041\\u00e9\""),
    ("\"\\uD83D\\ude00\"", "\"\\uD83D\\ude00\""),
    ("\"\\uDBFF\\uDFFF\"", "\"\\uDBFF\\uDFFF\""),
    ("\"\\uFFFF\"", "\"\\uFFFF\""),
    ("\"\\u0001\"", "\"\\u0001\""),
    ("\"\\u001f\"", "\"\\u001f\""),
    ("\"\\\\u0000\"", "\"\\\\u0000\""),
    ("\"\u{7f}\"", "\"\u{7f}\""),
    ("\"\u{2028}\u{2029}\"", "\"\u{2028}\u{2029}\""),
    ("\"a/*b*/c//d\"", "\"a/*b*/c//d\""),
    ("\"  inner  space  \"", "\"  inner  space  \""),
    ("\"\u{feff}\"", "\"\u{feff}\""),
    ("\"long enough for eight bytes at a time\"", "\"long enough for eight bytes at a time\""),
    ("\"NaN\"", "\"NaN\""),
    ("[\"\\\"\",\"\\\\\"]", "[\"\\\"\",\"\\\\\"]"),
];

/// Bytes, reason, offset.
const REFUSED: &[(&[u8], E, usize)] = &[
    // Nothing, or not all of it.
    (b"", E::Empty, 0),
    (b"   ", E::Empty, 3),
    (b"\n", E::Empty, 1),
    (b"[", E::UnexpectedEnd, 1),
    (b"[1", E::UnexpectedEnd, 2),
    (b"[1,", E::UnexpectedEnd, 3),
    (b"[1,\n", E::UnexpectedEnd, 4),
    (b"[[[[", E::UnexpectedEnd, 4),
    (b"{", E::UnexpectedEnd, 1),
    (b"{\"a\"", E::UnexpectedEnd, 4),
    (b"{\"a\":", E::UnexpectedEnd, 5),
    (b"{\"a\":1", E::UnexpectedEnd, 6),
    (b"{\"a\":1,", E::UnexpectedEnd, 7),
    (b"\"", E::UnexpectedEnd, 1),
    (b"\"abc", E::UnexpectedEnd, 4),
    (b"\"\\", E::UnexpectedEnd, 2),
    (b"\"\\u", E::UnexpectedEnd, 3),
    (b"\"\\u00", E::UnexpectedEnd, 5),
    (b"\"\\ud800", E::LoneSurrogate, 1),
    (b"\"\\ud800\\u00", E::UnexpectedEnd, 11),
    (b"tru", E::UnexpectedEnd, 3),
    (b"nul", E::UnexpectedEnd, 3),
    (b"-", E::UnexpectedEnd, 1),
    (b"1.", E::UnexpectedEnd, 2),
    (b"1e", E::UnexpectedEnd, 2),
    (b"1e+", E::UnexpectedEnd, 3),
    // More than one document.
    (b"1 2", E::TrailingText, 2),
    (b"[]]", E::TrailingText, 2),
    (b"{}}", E::TrailingText, 2),
    (b"[1]x", E::TrailingText, 3),
    (b"[][]", E::TrailingText, 2),
    (b"\"a\"x", E::TrailingText, 3),
    (b"null null", E::TrailingText, 5),
    (b"{\"a\":true}#", E::TrailingText, 10),
    (b"{\"a\":1}/**/", E::TrailingText, 7),
    (b"{}//", E::TrailingText, 2),
    (b"{}\0", E::TrailingText, 2),
    (b"truex", E::TrailingText, 4),
    // Arrays.
    (b"]", E::UnexpectedCharacter, 0),
    (b"[,]", E::UnexpectedCharacter, 1),
    (b"[,1]", E::UnexpectedCharacter, 1),
    (b"[1,]", E::TrailingComma, 2),
    (b"[1 , ]", E::TrailingComma, 3),
    (b"[1,,2]", E::UnexpectedCharacter, 3),
    (b"[1,,]", E::UnexpectedCharacter, 3),
    (b"[\"\",]", E::TrailingComma, 3),
    (b"[1 2]", E::UnexpectedCharacter, 3),
    (b"[1}", E::UnexpectedCharacter, 2),
    (b"[1:2]", E::UnexpectedCharacter, 2),
    (b"[x]", E::UnexpectedCharacter, 1),
    (b"[3[4]]", E::UnexpectedCharacter, 2),
    (b"[*]", E::UnexpectedCharacter, 1),
    (b"[\x0b1]", E::UnexpectedCharacter, 1),
    (b"[\x0c]", E::UnexpectedCharacter, 1),
    (b"[1\x00]", E::Nul, 2),
    (b"[\"a\" \"b\"]", E::UnexpectedCharacter, 5),
    (b"[][1]", E::TrailingText, 2),
    // Objects.
    (b"}", E::UnexpectedCharacter, 0),
    (b"{,}", E::UnexpectedCharacter, 1),
    (b"{\"a\":1,}", E::TrailingComma, 6),
    (b"{\"a\":1,,\"b\":2}", E::UnexpectedCharacter, 7),
    (b"{\"a\" 1}", E::UnexpectedCharacter, 5),
    (b"{\"a\",1}", E::UnexpectedCharacter, 4),
    (b"{\"a\"::1}", E::UnexpectedCharacter, 5),
    (b"{\"a\":}", E::UnexpectedCharacter, 5),
    (b"{:1}", E::UnexpectedCharacter, 1),
    (b"{1:1}", E::UnexpectedCharacter, 1),
    (b"{a:1}", E::UnexpectedCharacter, 1),
    (b"{'a':1}", E::UnexpectedCharacter, 1),
    (b"{\"a\":'b'}", E::UnexpectedCharacter, 5),
    (b"{null:1}", E::UnexpectedCharacter, 1),
    (b"{[]:1}", E::UnexpectedCharacter, 1),
    (b"{\"a\":1 \"b\":2}", E::UnexpectedCharacter, 7),
    (b"{\"a\":1]", E::UnexpectedCharacter, 6),
    (b"{\"a\":/*c*/1}", E::UnexpectedCharacter, 5),
    (b"{\"a\":1//\n}", E::UnexpectedCharacter, 6),
    (b"{\"a\" : 1 ; }", E::UnexpectedCharacter, 9),
    // Words.
    (b"True", E::UnexpectedCharacter, 0),
    (b"TRUE", E::UnexpectedCharacter, 0),
    (b"None", E::UnexpectedCharacter, 0),
    (b"undefined", E::UnexpectedCharacter, 0),
    (b"nan", E::UnexpectedCharacter, 1),
    (b"trux", E::UnexpectedCharacter, 3),
    (b"falsf", E::UnexpectedCharacter, 4),
    (b"nulL", E::UnexpectedCharacter, 3),
    (b"NaN", E::NotFinite, 0),
    (b"[NaN]", E::NotFinite, 1),
    (b"Infinity", E::NotFinite, 0),
    (b"{\"a\":-Infinity}", E::NotFinite, 5),
    (b"-NaN", E::InvalidNumber, 1),
    (b"Inf", E::UnexpectedCharacter, 0),
    // Numbers.
    (b"01", E::InvalidNumber, 1),
    (b"-01", E::InvalidNumber, 2),
    (b"00", E::InvalidNumber, 1),
    (b"+1", E::InvalidNumber, 0),
    (b"++1", E::InvalidNumber, 0),
    (b".5", E::InvalidNumber, 0),
    (b"[-.5]", E::InvalidNumber, 2),
    (b"[1.]", E::InvalidNumber, 3),
    (b"[1.e1]", E::InvalidNumber, 3),
    (b"[0.e1]", E::InvalidNumber, 3),
    (b"[1e]", E::InvalidNumber, 3),
    (b"[1e+]", E::InvalidNumber, 4),
    (b"[1eE2]", E::InvalidNumber, 3),
    (b"[1e1.5]", E::InvalidNumber, 4),
    (b"[1.2.3]", E::InvalidNumber, 4),
    (b"[1+2]", E::InvalidNumber, 2),
    (b"[1-2]", E::InvalidNumber, 2),
    (b"[--1]", E::InvalidNumber, 2),
    (b"[- 1]", E::InvalidNumber, 2),
    (b"[-]", E::InvalidNumber, 2),
    (b"[-a]", E::InvalidNumber, 2),
    (b"0x1F", E::InvalidNumber, 1),
    (b"1a", E::InvalidNumber, 1),
    (b"1_000", E::TrailingText, 1),
    (b"[1 000]", E::UnexpectedCharacter, 3),
    (b"1e1234567890123456789", E::ExponentTooLarge, 2),
    (b"1e-0001234567890123456789", E::ExponentTooLarge, 3),
    (b"\xef\xbc\x91", E::UnexpectedCharacter, 0),
    // Strings.
    (b"'a'", E::UnexpectedCharacter, 0),
    (b"a", E::UnexpectedCharacter, 0),
    (b"\"\t\"", E::ControlCharacter, 1),
    (b"\"a\nb\"", E::ControlCharacter, 2),
    (b"\"\x1f\"", E::ControlCharacter, 1),
    (b"\"twelve bytes\x01\"", E::ControlCharacter, 13),
    (b"\"a\0b\"", E::Nul, 2),
    (b"\"eight or more\0\"", E::Nul, 14),
    (b"\"\\u0000\"", E::Nul, 1),
    (b"\"ab\\u0000\"", E::Nul, 3),
    (b"{\"\\u0000\":1}", E::Nul, 2),
    (b"\0", E::Nul, 0),
    (b"[\0]", E::Nul, 1),
    (b"\"\\x41\"", E::InvalidEscape, 1),
    (b"\"\\a\"", E::InvalidEscape, 1),
    (b"\"\\'\"", E::InvalidEscape, 1),
    (b"\"\\\x01\"", E::InvalidEscape, 1),
    (b"\"\\U0041\"", E::InvalidEscape, 1),
    (b"\"\\u00g0\"", E::InvalidEscape, 1),
    (b"\"\\u+041\"", E::InvalidEscape, 1),
    (b"\"\\u41\"", E::InvalidEscape, 1),
    (b"\"\\\xc3\xa9\"", E::InvalidEscape, 1),
    (b"\"\\u\xc3\xa9\xc3\xa9\"", E::InvalidEscape, 1),
    (b"\"\\ud800\"", E::LoneSurrogate, 1),
    (b"\"\\ud800x\"", E::LoneSurrogate, 1),
    (b"\"\\ud800\\n\"", E::LoneSurrogate, 1),
    (b"\"\\ud800\\u0041\"", E::LoneSurrogate, 1),
    (b"\"\\ud800\\ud800\"", E::LoneSurrogate, 1),
    (b"\"\\udc00\"", E::LoneSurrogate, 1),
    (b"\"\\udc00\\ud800\"", E::LoneSurrogate, 1),
    (b"\"\\ud800\\u00zz\"", E::InvalidEscape, 7),
    (b"\"a\\", E::UnexpectedEnd, 3),
    // Bytes that are not UTF-8, and a mark before the text.
    (b"\"\xff\"", E::InvalidUtf8, 1),
    (b"\"\xc3\"", E::InvalidUtf8, 1),
    (b"\"\x80\"", E::InvalidUtf8, 1),
    (b"\"\xc0\xaf\"", E::InvalidUtf8, 1),
    (b"\"\xed\xa0\x80\"", E::InvalidUtf8, 1),
    (b"\"\xf4\x90\x80\x80\"", E::InvalidUtf8, 1),
    (b"\"\xe2\x82", E::InvalidUtf8, 1),
    (b"[\xe9]", E::InvalidUtf8, 1),
    (b"\xff\xfe[\0]\0", E::InvalidUtf8, 0),
    (b"\xef\xbb\xbf{}", E::ByteOrderMark, 0),
    (b"[1]\xef\xbb\xbf", E::TrailingText, 3),
    (b"[\xc2\xa01]", E::UnexpectedCharacter, 1),
    (b"[\xe2\x81\xa0]", E::UnexpectedCharacter, 1),
    // Keys named twice, however they are spelled.
    (b"{\"a\":1,\"a\":1}", E::DuplicateKey, 7),
    (b"{\"a\":1,\"\\u0061\":2}", E::DuplicateKey, 7),
    (b"{\"\\u0061\":1,\"b\":2,\"a\":3}", E::DuplicateKey, 18),
    (b"{\"\":1,\"\":2}", E::DuplicateKey, 6),
    (b"{ \"a\" : 1 ,\n \"b c\" : 2 ,\n \"b c\" : 3 }", E::DuplicateKey, 26),
    (b"{\"x\":{\"a\":1,\"a\":2}}", E::DuplicateKey, 12),
    (b"[{\"a\":1},{\"a\":1,\"b\":1,\"b\":2}]", E::DuplicateKey, 22),
    (b"{\"a\":1,\"b\":2,\"b\":3,\"a\":4}", E::DuplicateKey, 13),
    (b"{\"\\n\":1,\"\\u000a\":2}", E::DuplicateKey, 8),
    (b"{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}", E::DuplicateKey, 18),
];

#[test]
fn the_lists_are_long_enough_to_mean_something() {
    assert!(ACCEPTED.len() + REFUSED.len() >= 200);
}

#[test]
fn accepts_json_and_keeps_it_without_white_space() {
    for (given, compact) in ACCEPTED {
        let document = read(given.as_bytes());
        assert_eq!(document.as_ref().map(Document::text), Ok(*compact), "{given}");
        assert_eq!(read(compact.as_bytes()), document, "{given}: reading again");
    }
}

#[test]
fn refuses_what_is_not_json_and_says_where() {
    for (given, kind, offset) in REFUSED {
        assert_eq!(read(given).err(), Some((*kind, *offset)), "{}", given.escape_ascii());
    }
}

#[test]
fn agrees_with_serde_json_on_what_is_json() {
    // The reader is stricter in these, on purpose.
    let stricter =
        |kind: E| matches!(kind, E::DuplicateKey | E::Nul | E::ExponentTooLarge | E::LoneSurrogate);
    for (given, _) in ACCEPTED {
        assert!(serde_json::from_str::<Box<serde_json::value::RawValue>>(given).is_ok(), "{given}");
    }
    for (given, kind, _) in REFUSED.iter().filter(|(_, kind, _)| !stricter(*kind)) {
        let theirs = serde_json::from_slice::<Box<serde_json::value::RawValue>>(given);
        assert!(theirs.is_err(), "{kind:?}: {}", given.escape_ascii());
    }
}

#[test]
fn d_duplicate_keys_are_found_among_many() {
    let many: Vec<String> = (0..5000).map(|number| format!("\"key{number}\":{number}")).collect();
    let text = format!("{{{}}}", many.join(","));
    assert!(read(text.as_bytes()).is_ok());
    let twice = format!("{{{},\"key77\":0}}", many.join(","));
    assert_eq!(read(twice.as_bytes()).err(), Some((E::DuplicateKey, text.len())));
}

#[test]
fn keys_that_share_head_tail_and_length_are_told_apart() {
    let members: Vec<String> = (100..400).map(|number| format!("\"abcdefgh{number}ijklmnop\":1")).collect();
    let document: Document = format!("{{{}}}", members.join(",")).parse().unwrap();
    assert_eq!(document.root().len(), 300);
    assert!(document.root().get("abcdefgh399ijklmnop").is_some());
    assert!(document.root().get("abcdefgh400ijklmnop").is_none());
}

#[test]
fn depth_is_limited_exactly() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(read(nested(96).as_bytes()).is_ok());
    assert_eq!(read(nested(97).as_bytes()).err(), Some((E::TooDeep, 96)));
    assert_eq!(read("[".repeat(100_000).as_bytes()).err(), Some((E::TooDeep, 96)));
    assert_eq!(read("{\"a\":".repeat(100_000).as_bytes()).err(), Some((E::TooDeep, 96 * 5)));
    let wide = format!("[{}]", vec!["[]"; 500].join(","));
    assert!(read(wide.as_bytes()).is_ok(), "closing gives the level back");
}

#[test]
fn size_is_limited_exactly() {
    let limits = Limits { max_bytes: 10, ..Limits::default() };
    assert!(Document::parse("[12345678]", &limits).is_ok());
    let error = Document::parse("[123456789]", &limits).unwrap_err();
    assert_eq!((error.kind(), error.offset()), (E::TooLarge, 10));
    assert_eq!(error.to_string(), "too large (11 bytes; at most 10 are accepted) at byte 10");
}

#[test]
fn messages_say_what_and_where() {
    let message = |text: &str| text.parse::<Document>().unwrap_err().to_string();
    assert_eq!(message("{\"qty\":1,   \"qty\":2}"), "duplicate key \"qty\" at byte 12");
    assert_eq!(message("[1;2]"), "unexpected character ';' at byte 2");
    assert_eq!(message("[1,NaN]"), "NaN and Infinity are not JSON numbers; use null or a text at byte 3");
    assert_eq!(message("{\"a\":1"), "the text ends before the value does at byte 6");
    assert_eq!("{\"a\":1".parse::<Document>().unwrap_err().code(), "unexpected_end");
}

#[test]
fn the_tape_leads_to_every_value() {
    let text = r#"{"a":[1,{"b\u0063":"x\ny"},[]],"d":{"e/f":null,"~":true},"":-0.0}"#;
    let document: Document = text.parse().unwrap();
    let root = document.root();
    assert_eq!((root.kind(), root.len(), root.text()), (Kind::Object, 3, text));
    let at = |pointer: &str| document.tape().get(&pointer.parse().unwrap()).map(Node::text);
    assert_eq!(at(""), Some(text));
    assert_eq!(at("/a/0"), Some("1"));
    assert_eq!(at("/a/1/bc"), Some("\"x\\ny\""));
    assert_eq!(at("/a/2"), Some("[]"));
    assert_eq!(at("/d/e~1f"), Some("null"));
    assert_eq!(at("/d/~0"), Some("true"));
    assert_eq!(at("/"), Some("-0.0"));
    for missing in ["/a/3", "/a/01", "/a/-", "/a/x", "/x", "/a/0/0", "/d/e"] {
        assert_eq!(at(missing), None, "{missing}");
    }
    let inner = root.get("a").and_then(|a| a.at(1)).unwrap();
    let member = inner.members().next().unwrap();
    assert_eq!((member.key.text(), &*member.key.decoded()), ("\"b\\u0063\"", "bc"));
    assert_eq!(member.value.as_str().as_deref(), Some("x\ny"));
    assert_eq!(
        root.members().map(|member| member.key.decoded().into_owned()).collect::<Vec<_>>(),
        ["a", "d", ""]
    );
    let elements = root.get("a").unwrap().elements();
    assert_eq!(elements.map(Node::kind).collect::<Vec<_>>(), [Kind::Number, Kind::Object, Kind::Array]);
}

#[test]
fn escapes_decode_to_their_characters() {
    let document: Document = r#""\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00é🙂""#.parse().unwrap();
    assert_eq!(document.root().as_str().unwrap(), "\"\\/\u{8}\u{c}\n\r\té😀é🙂");
}

#[derive(Debug, serde::Deserialize)]
#[serde(tag = "kind")]
enum Buffered {
    #[allow(dead_code)]
    A { data: Document },
}

#[test]
fn documents_pass_through_serde_verbatim() {
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Body {
        data: Option<Document>,
        n: u8,
    }
    let given = r#"{"data": { "x" : 1e22, "y":[ -0.0, 123456789012345678901234567890 ]} ,"n":1}"#;
    let body: Body = serde_json::from_str(given).unwrap();
    let text = r#"{"x":1e22,"y":[-0.0,123456789012345678901234567890]}"#;
    assert_eq!(body.data.as_ref().unwrap().text(), text);
    assert_eq!(serde_json::to_string(&body).unwrap(), format!(r#"{{"data":{text},"n":1}}"#));
    let refused = serde_json::from_str::<Body>(r#"{"data":{"a":1,"a":2},"n":1}"#).err().unwrap();
    assert!(refused.to_string().contains("duplicate key \"a\" at byte 7"), "{refused}");
    assert!(serde_json::from_str::<Buffered>(r#"{"kind":"A","data":1.50}"#).is_err(), "a buffer rounds");
}

#[test]
fn a_document_without_its_index_is_the_same_and_makes_it_anew() {
    let text = format!("{{\"a\":[{}0],\"b\":\"x,y\"}}", "0,".repeat(50_000));
    let whole: Document = text.parse().unwrap();
    assert!(whole.weight() > 8 * text.len(), "each element has an entry");
    assert!(whole.weight() <= Document::weight_of(text.as_bytes()));
    assert!(whole.weight() <= whole.weight_at_most());
    let (shared, leaves) = (whole.clone(), whole.leaves());
    let bare = shared.without_index();
    assert_eq!((bare.weight(), bare.leaves()), (text.len(), leaves));
    assert_eq!(bare, whole);
    assert_eq!(bare.tape().entry_count(), whole.tape().entry_count());
    assert_eq!(bare.root().get("a").map(Node::len), Some(50_001));
    assert_eq!(bare.weight(), whole.weight());
}
