//! Any bytes, and what becomes of good files.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cargo_nonblock_fuzz::check(bytes));
