//! Where the report goes, and how it looks there.

use std::env;
use std::fs;
use std::io::{self, Write as _};

use anstream::{AutoStream, ColorChoice};

use super::arguments::{Color, Printing};
use super::exit::Failure;
use crate::report::Look;

/// How the report for people looks.
pub(super) fn look(printing: &Printing, list_proved: bool) -> Look {
    let colored = match printing.color {
        Color::Always => true,
        Color::Never => false,
        // By the terminal, `NO_COLOR`, `CLICOLOR_FORCE` and `CLICOLOR`.
        Color::Auto => {
            printing.output.is_none() && AutoStream::choice(&io::stdout()) != ColorChoice::Never
        }
    };
    Look { colored, unicode: is_utf8(|name| env::var(name).ok()), list_proved }
}

/// Whether the locale has the signs that trees are drawn with.
fn is_utf8(variable: impl Fn(&str) -> Option<String>) -> bool {
    let names = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter();
    let locale = names.filter_map(variable).find(|value| !value.is_empty());
    locale.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.ends_with("utf-8") || locale.ends_with("utf8")
    })
}

/// Writes the report to where it is to go. Who closed standard output does not want the rest.
pub(super) fn write(printing: &Printing, text: &str) -> Result<(), Failure> {
    let Some(path) = &printing.output else {
        let mut output = io::stdout().lock();
        let written = output.write_all(text.as_bytes()).and_then(|()| output.flush());
        return match written {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure::usage(format!("cannot write the report to standard output: {error}")))
            }
            _ => Ok(()),
        };
    };
    fs::write(path, text).map_err(|error| {
        Failure::usage(format!(
            "cannot write {}: {error}. Give `--output` a file in a folder that is there",
            path.display()
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_of_the_locale_counts() {
        let of = |set: &[(&str, &str)]| {
            is_utf8(|name| {
                let found = set.iter().find(|(key, _)| *key == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        assert!(of(&[("LANG", "en_US.UTF-8")]));
        assert!(of(&[("LC_ALL", ""), ("LANG", "C.utf8")]));
        assert!(!of(&[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")]));
        assert!(!of(&[]));
    }
}
