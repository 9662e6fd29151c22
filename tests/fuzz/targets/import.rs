//! libFuzzer's target: the first byte says how a file is taken, the others are the file.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (way, file) = bytes.split_first().unwrap_or((&0, &[]));
    stateloft_fuzz::import::holds(*way, file);
});
