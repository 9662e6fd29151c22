//! The files that a search begins with, and what a little damage makes of them.
#![allow(clippy::unwrap_used, reason = "a test that cannot read its own files has failed")]

use std::path::Path;

use stateloft_fuzz::import::{WAYS, holds};

fn fixtures() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/legacy");
    let files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
        .collect();
    assert!(files.len() > 10, "there are no fixtures");
    files
}

#[test]
fn every_fixture_is_wholly_in_its_plan_in_whichever_way_it_is_taken() {
    for file in fixtures() {
        (0..WAYS).for_each(|way| holds(way, &file));
    }
}

#[test]
fn nothing_is_lost_of_a_fixture_that_is_cut_or_bent() {
    for file in fixtures() {
        // As many places in each, wherever they are.
        for at in (0..40).map(|nth| nth * file.len() / 40) {
            holds(0, &file[..at]);
            for byte in [b'"', b'{', b'\n', 0xff] {
                let mut bent = file.clone();
                bent[at] = byte;
                holds(0, &bent);
            }
        }
    }
}
