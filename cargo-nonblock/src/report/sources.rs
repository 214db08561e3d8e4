//! Lines of source files, as far as they are at hand.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::rc::Rc;
use std::time::SystemTime;

use crate::places::Place;

/// Reads source files, each once.
#[derive(Debug, Default)]
pub(super) struct Sources {
    files: RefCell<HashMap<String, Option<Rc<str>>>>,
    /// When the program was built. What is newer is not what it was built from.
    built: Option<SystemTime>,
}

/// A place in the text of a file.
#[derive(Clone, Debug)]
pub(super) struct Spot {
    /// The whole file.
    pub(super) text: Rc<str>,
    /// Where the line begins and ends in it, as bytes.
    pub(super) line: (usize, usize),
    /// Where what the place names begins and ends in it.
    pub(super) name: (usize, usize),
}

/// The largest file that is read. No hand-written one is larger.
const LARGEST: u64 = 16 << 20;

impl Sources {
    /// # Arguments
    ///
    /// * `program`: the file that was built of the sources.
    pub(super) fn of(program: &str) -> Self {
        let built = fs::metadata(program).and_then(|data| data.modified()).ok();
        Self { built, ..Self::default() }
    }

    /// Finds a place in its file. `None` if the file is not at hand, is newer than the program, or has not so many lines.
    pub(super) fn spot(&self, place: &Place) -> Option<Spot> {
        let text = self.text(&place.file)?;
        let begin = match place.line.checked_sub(1)? {
            0 => 0,
            above => {
                let mut ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
                ends.nth(usize::try_from(above).ok()?.checked_sub(1)?)?.0 + 1
            }
        };
        let line = text.get(begin..)?.lines().next()?;
        let column = usize::try_from(place.column.saturating_sub(1)).ok()?;
        let (from, to) = word(line, column)?;
        let line = (begin, begin + line.len());
        Some(Spot { text, line, name: (begin + from, begin + to) })
    }

    fn text(&self, file: &str) -> Option<Rc<str>> {
        let mut files = self.files.borrow_mut();
        let read = || read(Path::new(file), self.built);
        files.entry(file.to_owned()).or_insert_with(read).clone()
    }
}

fn read(file: &Path, built: Option<SystemTime>) -> Option<Rc<str>> {
    let data = fs::metadata(file).ok()?;
    if !data.is_file() || data.len() > LARGEST {
        return None;
    }
    if let (Some(built), Ok(changed)) = (built, data.modified())
        && changed > built
    {
        return None;
    }
    fs::read_to_string(file).ok().map(Rc::from)
}

/// The path or the name at a column of a line, as bytes. At column 0, which stands for none, it is the line's text, or the function
/// that begins there.
fn word(line: &str, column: usize) -> Option<(usize, usize)> {
    let rest = line.get(column..).filter(|rest| !rest.trim().is_empty());
    let (from, rest) = match rest {
        Some(rest) if column > 0 => (column, rest),
        _ => {
            return whole(line);
        }
    };
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':' | '!');
    let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
    let word = rest[..end].trim_end_matches(':');
    let first = rest.chars().next()?.len_utf8();
    Some((from, from + word.len().max(first)))
}

fn whole(line: &str) -> Option<(usize, usize)> {
    let text = line.trim();
    if text.is_empty() {
        return None;
    }
    let from = line.len() - line.trim_start().len();
    let function = line.find("fn ").filter(|at| *at == from || line[..*at].ends_with(' '));
    Some(match function {
        Some(at) => {
            let name = &line[at + 3..];
            let end = name.find(|c: char| !(c.is_alphanumeric() || c == '_'));
            (at, at + 3 + end.unwrap_or(name.len()))
        }
        None => (from, from + text.len()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_at_a_column_is_found() {
        let at = |line: &'static str, column| {
            word(line, column).map(|(from, to)| line.get(from..to).expect("it is a part"))
        };
        assert_eq!(at("    std::thread::sleep(x);", 4), Some("std::thread::sleep"));
        assert_eq!(at("    println!(\"a\");", 4), Some("println!"));
        assert_eq!(at("    (f)(x);", 4), Some("("));
        assert_eq!(at("    f(ä);", 0), Some("f(ä);"));
        assert_eq!(at("  a", 99), Some("a"));
        assert_eq!(at("äöü::f()", 1), Some("äöü::f()"));
        assert_eq!(at("pub extern \"C\" fn f_1<T>() {", 0), Some("fn f_1"));
        assert_eq!(at("", 0), None);
    }
}
