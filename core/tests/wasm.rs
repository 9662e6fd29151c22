//! The vectors, run by the component's exported functions in a browser: they give the same bytes as natively.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "a test that cannot read its own vectors has failed")]

mod books;
mod cases;

use cases::{Case, Outcome};
use js_sys::{JSON, JsString, Reflect};
use stateloft_core::wasm::bundle::Bundle;
use stateloft_core::wasm::exports;
use wasm_bindgen::{JsCast, JsError, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn vectors_give_what_they_say() {
    let differences = cases::differences(call);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[wasm_bindgen_test]
fn half_a_surrogate_pair_is_refused_and_not_replaced() {
    let text = JsString::from_char_code(&[0x22, 0xe9, 0xd83d, 0x22]);
    let result = exports::check(&text).ok().unwrap();
    assert_eq!(
        stringified(&result),
        concat!(
            r#"{"ok":false,"error":{"code":"lone_surrogate","message":"half of a surrogate pair is not a character at line 1, "#,
            r#"column 3 (byte 3)","offset":3,"line":1,"column":3,"pointer":"","near":"\"é�\"","hint":"a character was cut in "#,
            r#"two: shorten texts by characters, not by UTF-16 units"}}"#
        )
    );
    let whole = JsString::from_char_code(&[0x22, 0xfffd, 0xd83d, 0xde00, 0x22]);
    assert!(Reflect::get(&exports::check(&whole).ok().unwrap(), &"ok".into()).unwrap().is_truthy());
}

#[wasm_bindgen_test]
fn a_document_is_sent_once_and_then_named() {
    let text = JsString::from(r#"{"a":[1.10,2]}"#);
    let first = exports::outline(&text, "", 0, 10).ok().unwrap();
    let handle = Reflect::get(&first, &"document".into()).unwrap().as_string().unwrap();
    let page = exports::outline(&handle.into(), "/a", 0, 1).ok().unwrap();
    assert!(stringified(&page).contains(r#""text":"1.10""#));
}

/// What is misspelt would mean everything.
#[wasm_bindgen_test]
fn a_selection_with_a_member_that_is_not_known_is_refused() {
    let text = |text: &str| Some(JsString::from(text));
    let given = |selection: &str| {
        let selection = JSON::parse(selection).unwrap();
        exports::plan("position", text(r#"{"a":1}"#), text(r#"{"a":2}"#), selection, "off")
    };
    for wrong in [r#"{"lefd":["/a"]}"#, r#"{"left":["/a"],"skip":"yes"}"#, r#"["/a"]"#] {
        assert!(given(wrong).is_err(), "{wrong}");
    }
    for right in [r#"{"left":["/a"]}"#, "{}", "null"] {
        assert!(given(right).is_ok(), "{right}");
    }
}

/// A file comes in pieces of any size; what it holds is asked for again and again.
#[wasm_bindgen_test]
fn a_packed_bundle_is_opened_piece_by_piece_and_asked() {
    let log = books::log(&[("a/x", Some("{\"n\":1.50}")), ("b/y", Some("2")), ("a/x", None)]);
    let packed = packed(&books::bundle(&log, true));
    for size in [1, 7, packed.len()] {
        let mut bundle = fed(&packed, size);
        let summary = stringified(&bundle.summary().ok().unwrap());
        for part in [
            r#""made_by":"stateloft test""#,
            r#""moments":[1,3]"#,
            r#""end":"whole""#,
            r#""types":["a","b"]"#,
        ] {
            assert!(summary.contains(part), "{summary}");
        }
        let asked = |text: &str| JSON::parse(text).unwrap();
        let then = bundle.states(&asked(r#"{"at":2,"by_id":true}"#), 0, 10).ok().unwrap();
        let then = stringified(&then);
        assert!(then.starts_with(r#"{"total":2,"items":[{"version":{"state_id":"x","#), "{then}");
        let second = stringified(&bundle.states(&asked(r#"{"at":2,"by_id":true}"#), 1, 10).ok().unwrap());
        assert!(second.starts_with(r#"{"total":2,"items":[{"version":{"state_id":"y","#), "{second}");
        let state = asked(r#"{"state_type":"a","state_id":"x","at":null}"#);
        let history = stringified(&bundle.history(&state, 0, 1).ok().unwrap());
        assert!(
            history.starts_with(r#"{"total":2,"items":["#) && history.contains(r#""operation":"delete""#),
            "{history}"
        );
        let version = asked(r#"{"state_type":"a","state_id":"x","number":1}"#);
        assert!(stringified(&bundle.version(&version).ok().unwrap()).contains(r#""seq":1,"#));
        assert_eq!(bundle.text(1.0).as_deref(), Some("{\"n\":1.50}"));
        assert_eq!((bundle.text(3.0), bundle.text(4.0)), (None, None), "a tombstone has none");
        for wrong in [r#"{"at":9}"#, r#"{"att":1}"#] {
            assert!(bundle.states(&asked(wrong), 0, 1).is_err(), "{wrong}");
        }
    }
}

#[wasm_bindgen_test]
fn a_packed_bundle_that_was_cut_says_its_line_and_keeps_what_is_whole() {
    let log = books::log(&[("a/x", Some("1")), ("b/y", Some("2")), ("a/x", Some("3"))]);
    let packed = packed(&books::bundle(&log, true));
    let mut lines = Vec::new();
    for length in 20..packed.len() {
        let bundle = fed(&packed[..length], 64);
        let summary = bundle.summary().ok().unwrap();
        let member = |name: &str| Reflect::get(&summary, &name.into()).unwrap();
        // The last bytes are gzip's own sum, behind the bundle's end.
        assert_eq!(member("end"), "faulty", "{length}");
        let versions = member("versions").as_f64().unwrap();
        lines.push(member("line").as_f64().unwrap());
        assert_eq!(bundle.text(1.0).is_some(), versions > 0.0);
    }
    assert!(lines.is_sorted(), "more bytes, more lines: {lines:?}");
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn fed(bytes: &[u8], size: usize) -> Bundle {
    let mut bundle = Bundle::new();
    for piece in bytes.chunks(size) {
        if !bundle.feed(&js_sys::Uint8Array::from(piece)) {
            break;
        }
    }
    bundle.finish();
    bundle
}

fn call(case: &Case) -> Outcome {
    // Every text crosses to JavaScript and back, as a page's would.
    let js = |index: usize| JsString::from(case.args[index].as_str().unwrap());
    let text = |index: usize| String::from(js(index));
    let number = |index: usize| usize::try_from(case.args[index].as_u64().unwrap()).unwrap();
    let optional = |index: usize| case.args[index].as_str().map(|_| js(index));
    let data = |index: usize| JSON::parse(&case.args[index].to_string()).unwrap();
    match case.call.as_str() {
        "check" => given(exports::check(&js(0))),
        "validate" => given(exports::validate(&text(0), &js(1), &text(2))),
        "outline" => given(exports::outline(&js(0), &text(1), number(2), number(3)).map(without_handle)),
        "diff" => given(exports::diff(&text(0), &js(1), &js(2))),
        // The difference crosses to JavaScript and back as well.
        "apply" => given(exports::diff(&text(0), &js(1), &js(2)).and_then(|diff| {
            let chosen =
                case.args.get(3).map(|places| serde_json::from_value::<Vec<usize>>(places.clone()).unwrap());
            let old = case.args.get(4).map_or_else(|| js(1), |_| js(4));
            exports::apply(&old, diff, chosen).map(JsValue::from)
        })),
        "json_patch" => given(exports::json_patch(&text(0), &js(1), &js(2)).map(JsValue::from)),
        "side_by_side" => {
            given(exports::side_by_side(&text(0), &js(1), &js(2), case.args.get(3).map(|_| number(3))))
        }
        "plan" => given(exports::plan(&text(0), optional(1), optional(2), data(3), &text(4))),
        "plan_hash" => given(exports::plan_hash(&data(0), &data(1)).map(JsValue::from)),
        "verify" => given(exports::verify(&js(0), &text(1))),
        "reconcile" => {
            let asked = case.args.get(3).map_or(JsValue::NULL, |_| data(3));
            given(exports::reconcile(&js(0), optional(1), &data(2), &asked))
        }
        "import_preview" => {
            let files = case.args[0].as_array().unwrap().iter();
            given(exports::import_preview(files.map(file).collect(), &data(1)))
        }
        other => panic!("{}: no function {other}", case.name),
    }
}

/// A file as a page has it: its bytes.
fn file(file: &serde_json::Value) -> JsValue {
    let object = js_sys::Object::new();
    let bytes = js_sys::Uint8Array::from(file["text"].as_str().unwrap().as_bytes());
    Reflect::set(&object, &"name".into(), &file["name"].as_str().unwrap().into()).unwrap();
    Reflect::set(&object, &"bytes".into(), &bytes).unwrap();
    object.into()
}

fn given(result: Result<JsValue, JsError>) -> Outcome {
    match result {
        Ok(value) => Outcome::Result(stringified(&value)),
        Err(error) => {
            let message = Reflect::get(&JsValue::from(error), &"message".into()).unwrap();
            Outcome::Throws(message.as_string().unwrap())
        }
    }
}

fn stringified(value: &JsValue) -> String {
    String::from(JSON::stringify(value).unwrap())
}

/// A handle's number depends on the calls before.
fn without_handle(outline: JsValue) -> JsValue {
    let handle = Reflect::get(&outline, &"document".into()).unwrap();
    assert!(handle.unchecked_into::<JsString>().starts_with("document:", 0));
    Reflect::set(&outline, &"document".into(), &"".into()).unwrap();
    outline
}
