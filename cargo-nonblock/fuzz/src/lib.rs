//! What the fuzz targets share. `cargo +nightly fuzz run elf` in the crate's folder runs one.

pub mod file;

use cargo_nonblock::catalogue::Class;
use cargo_nonblock::check::{self, Options};
use cargo_nonblock::why;
use cargo_nonblock::demangle::Pattern;

/// Checks a file, and asks for the ways in it. Whatever it is, this returns.
pub fn check(bytes: &[u8]) {
    let entry = Pattern::new("f*");
    let options = Options {
        entries: vec![entry.clone()],
        sections: true,
        deny: Class::ALL.into(),
        ..Options::default()
    };
    if let Ok(outcome) = check::check(bytes, &options) {
        let _ = outcome.verdict();
    }
    let _ = why::why(bytes, &options, &entry, &Pattern::new("read"));
}
