//! The vectors, run natively. `BLESS=1` writes what the calls give now into the files instead of comparing.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot read its own vectors has failed")]

mod cases;

use std::path::Path;

use cases::{Case, FILES, Outcome};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use stateloft_core::wasm::{self, Misuse};

#[test]
fn vectors_give_what_they_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors");
    if std::env::var_os("BLESS").is_some() {
        for (file, text) in FILES {
            bless(&folder.join(file), cases::read(file, text));
        }
    } else {
        let differences = cases::differences(call);
        assert!(differences.is_empty(), "{}", differences.join("\n"));
    }
}

/// The files say what apply gives; this says that it is right.
#[test]
fn a_whole_difference_applied_is_the_new_document_byte_for_byte() {
    let applied = FILES.iter().flat_map(|(file, text)| cases::read(file, text));
    let whole: Vec<Case> = applied.filter(|case| case.call == "apply" && case.args.len() == 3).collect();
    assert!(!whole.is_empty());
    for case in whole {
        assert_eq!(
            call(&case),
            Outcome::Result(serde_json::to_string(&case.args[2]).unwrap()),
            "{}",
            case.name
        );
    }
}

#[test]
fn every_file_is_listed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors");
    // What is in a folder is run by the test of that name.
    let entries = folder.read_dir().unwrap().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().unwrap().is_file());
    let mut names: Vec<_> = files.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, FILES.map(|(name, _)| name));
}

fn bless(path: &Path, mut cases: Vec<Case>) {
    for case in &mut cases {
        case.outcome = call(case);
    }
    std::fs::write(path, serde_json::to_string_pretty(&cases).unwrap() + "\n").unwrap();
}

fn call(case: &Case) -> Outcome {
    let text =
        |index: usize| case.args[index].as_str().unwrap_or_else(|| panic!("{}: argument {index}", case.name));
    let number = |index: usize| usize::try_from(case.args[index].as_u64().unwrap()).unwrap();
    match case.call.as_str() {
        "check" => given(Ok(wasm::check(text(0), None))),
        "validate" => given(wasm::validate(text(0), text(1), text(2))),
        "outline" => given(without_handle(wasm::outline(text(0), text(1), number(2), number(3)))),
        "diff" => given(wasm::diff(text(0), text(1), text(2))),
        "apply" => given(wasm::diff(text(0), text(1), text(2)).and_then(|diff| {
            let chosen = case.args.get(3).map(data_of::<Vec<usize>>);
            wasm::apply(case.args.get(4).map_or(text(1), |_| text(4)), &diff, chosen.as_deref())
        })),
        "json_patch" => given(wasm::json_patch(text(0), text(1), text(2))),
        "side_by_side" => {
            given(wasm::side_by_side(text(0), text(1), text(2), case.args.get(3).map(|_| number(3))))
        }
        "plan" => given(wasm::plan(
            text(0),
            case.args[1].as_str(),
            case.args[2].as_str(),
            &data_of::<Option<_>>(&case.args[3]).unwrap_or_default(),
            text(4),
        )),
        "plan_hash" => given(Ok(wasm::plan_hash(&data_of(&case.args[0]), &data_of(&case.args[1])))),
        "verify" => given(wasm::verify(text(0), text(1))),
        "reconcile" => {
            let (list, options) = (case.args[1].as_str(), data_of(&case.args[2]));
            match case.args.get(3) {
                None => given(wasm::reconcile(text(0), list, &options)),
                Some(asked) => given(wasm::reconcile_plan(text(0), list, &options, &data_of(asked))),
            }
        }
        "import_preview" => {
            let files = case.args[0].as_array().unwrap().iter();
            let part = |file: &Value, name: &str| file[name].as_str().unwrap().to_owned();
            let files: Vec<_> =
                files.map(|file| (part(file, "name"), part(file, "text").into_bytes())).collect();
            given(wasm::import_preview(&files, &data_of::<Option<_>>(&case.args[1]).unwrap_or_default()))
        }
        other => panic!("{}: no function {other}", case.name),
    }
}

fn data_of<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap()
}

fn given<T: Serialize>(result: Result<T, Misuse>) -> Outcome {
    match result {
        Ok(value) => Outcome::Result(serde_json::to_string(&value).unwrap()),
        Err(misuse) => Outcome::Throws(misuse.to_string()),
    }
}

/// A handle's number depends on the calls before.
fn without_handle(outline: Result<wasm::Outline, Misuse>) -> Result<wasm::Outline, Misuse> {
    outline.map(|outline| {
        assert!(outline.document.starts_with("document:"));
        wasm::Outline { document: String::new(), ..outline }
    })
}
