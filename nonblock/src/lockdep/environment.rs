//! The environment variable `NONBLOCK_LOCKDEP`: what is not to be reported, and whether statistics are written.

use std::format;
use std::path::Path;
use std::string::{String, ToString as _};
use std::vec::Vec;

use super::statistics::statistics;
use crate::backend::write_to_stderr;
use crate::suppressions::{self, Suppression};

const VARIABLE: &str = "NONBLOCK_LOCKDEP";

const EXPECTED: &str = "expected some of `suppressions=FILE`, `stats`, with commas between";

/// What the variable asks for.
#[derive(Debug, Default)]
struct Asked {
    suppressions: Vec<Suppression>,
    /// Whether statistics are to be written at the end.
    statistics: bool,
}

/// Reads the variable, and does what it asks for. What is wrong with it is written, and none of it is done then.
pub(super) fn read() {
    // SAFETY: it only looks.
    if unsafe { libc::getauxval(libc::AT_SECURE) } != 0 {
        // The program has rights that whoever started it has not, and a message about a file that is named here would quote it.
        return;
    }
    let Some(value) = std::env::var_os(VARIABLE).filter(|value| !value.is_empty()) else { return };
    match parse(&value.to_string_lossy()) {
        Ok(asked) => {
            suppressions::add(asked.suppressions);
            if asked.statistics {
                // SAFETY: the function takes nothing and does not unwind.
                unsafe { libc::atexit(at_end) };
            }
        }
        Err(error) => {
            write_to_stderr(&format!("nonblock: {VARIABLE}: {error}; the variable is ignored\n"));
        }
    }
}

fn parse(value: &str) -> Result<Asked, String> {
    let mut asked = Asked::default();
    for word in value.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        match word.split_once('=') {
            Some(("suppressions", path)) => {
                let read = suppressions::read_file(Path::new(path));
                asked.suppressions.extend(read.map_err(|error| error.to_string())?);
            }
            None if word == "stats" => asked.statistics = true,
            _ => return Err(format!("`{word}` is unknown: {EXPECTED}")),
        }
    }
    Ok(asked)
}

extern "C" fn at_end() {
    let _ = std::panic::catch_unwind(|| {
        let text = statistics().to_string().replace('\n', "\n  ");
        write_to_stderr(&format!("nonblock: what lockdep has seen\n  {text}\n"));
    });
}
