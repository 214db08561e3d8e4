//! Reports as JSON, one in a line, in a file.

use core::fmt::Write as _;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::string::String;
use std::sync::{Mutex, PoisonError};

use crate::violation::{Observation, Place, ViolationKind};

static OUTPUT: Mutex<Option<File>> = Mutex::new(None);

/// Writes all reports from now on to the end of a file.
pub(super) fn open(path: &Path) -> io::Result<()> {
    let file = File::options().append(true).create(true).open(path)?;
    *OUTPUT.lock().unwrap_or_else(PoisonError::into_inner) = Some(file);
    Ok(())
}

/// Writes a report, if there is a file.
pub(super) fn write(
    kind: ViolationKind,
    section: Place,
    observation: &Observation,
    occurrence: usize,
) {
    let output = OUTPUT.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(mut file) = output.as_ref() else { return };
    // One write, so that lines of several processes do not mix. There is nobody to tell of an error.
    let _ = file.write_all(line(kind, section, observation, occurrence).as_bytes());
}

fn line(
    kind: ViolationKind,
    section: Place,
    observation: &Observation,
    occurrence: usize,
) -> String {
    let mut line = String::new();
    let out = &mut line;
    // Writing to a `String` cannot fail.
    let _ = write!(out, "{{\"kind\":");
    text(out, kind.name());
    let _ = write!(out, ",\"section\":{{\"file\":");
    text(out, section.file());
    let _ = write!(out, ",\"line\":{}}},\"found\":", section.line());
    text(out, observation.found());
    let _ = write!(out, ",\"system_call\":");
    option(out, observation.system_call());
    let _ = write!(
        out,
        ",\"slept\":{},\"nanoseconds\":{},\"occurrence\":{occurrence},\"user_frame\":",
        observation.slept(),
        observation.took().as_nanos()
    );
    match observation.user_frame {
        Some(at) => write!(out, "{at}"),
        None => write!(out, "null"),
    }
    .unwrap_or(());
    let _ = write!(out, ",\"frames\":[");
    for (at, frame) in observation.frames().iter().enumerate() {
        let _ = write!(
            out,
            "{}{{\"address\":{},\"function\":",
            if at > 0 { "," } else { "" },
            frame.address()
        );
        option(out, frame.function());
        let _ = write!(out, ",\"file\":");
        option(out, frame.file());
        let _ = match frame.line() {
            Some(line) => write!(out, ",\"line\":{line}}}"),
            None => write!(out, ",\"line\":null}}"),
        };
    }
    let _ = writeln!(out, "]}}");
    line
}

fn option(out: &mut String, value: Option<&str>) {
    match value {
        Some(value) => text(out, value),
        None => out.push_str("null"),
    }
}

/// Writes a text as JSON has it (RFC 8259).
fn text(out: &mut String, value: &str) {
    out.push('"');
    for letter in value.chars() {
        match letter {
            '"' | '\\' => {
                out.push('\\');
                out.push(letter);
            }
            '\u{0}'..='\u{1f}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(letter));
            }
            letter => out.push(letter),
        }
    }
    out.push('"');
}
