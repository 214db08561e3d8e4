//! The functions of std that block, lock or allocate, as `blocking.tsv` has them.

use std::fmt;
use std::str::FromStr;

/// The file itself.
const TEXT: &str = include_str!("../blocking.tsv");

/// The names of its columns, which are its first line that is no comment.
const COLUMNS: &str = "path\tkind\teffect\treason\tinstead";

/// What begins a line about something that people may believe to belong here.
const HARMLESS: &str = "#no ";

/// What an entry is called as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A function of a module.
    Function,
    /// A function of a type or a trait, with a receiver or without.
    Method,
    /// A macro.
    Macro,
}

/// The strongest of what a call can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// It calls the allocator.
    Allocates,
    /// It waits while another thread has a lock.
    Locks,
    /// It waits for an event.
    Blocks,
}

impl Effect {
    /// All of them, the strongest first.
    pub const ALL: [Self; 3] = [Self::Blocks, Self::Locks, Self::Allocates];
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "function" => Ok(Self::Function),
            "method" => Ok(Self::Method),
            "macro" => Ok(Self::Macro),
            _ => Err(format!("no kind is called {text:?}")),
        }
    }
}

impl FromStr for Effect {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|effect| effect.to_string() == text);
        found.ok_or_else(|| format!("no effect is called {text:?}"))
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Allocates => "allocates",
            Self::Locks => "locks",
            Self::Blocks => "blocks",
        })
    }
}

/// A line of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The path by which clippy finds it.
    pub path: &'a str,
    /// What it is called as.
    pub kind: Kind,
    /// What it does.
    pub effect: Effect,
    /// One sentence that says why it is here.
    pub reason: &'a str,
    /// What to use instead.
    pub instead: Option<&'a str>,
}

impl<'a> Entry<'a> {
    /// What is to be used instead with the same arguments, which a tool may put in its place.
    #[must_use]
    pub fn replacement(&self) -> Option<&'a str> {
        let path = |text: &str| text.chars().all(|c| c.is_alphanumeric() || "_:".contains(c));
        self.instead.filter(|instead| self.kind == Kind::Function && path(instead))
    }

    /// Whether std has it on every system.
    #[must_use]
    pub fn everywhere(&self) -> bool {
        !self.path.starts_with("std::os::")
    }
}

/// What has none of the effects, though people may believe so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Harmless<'a> {
    /// Its path.
    pub path: &'a str,
    /// One sentence that says why it is not in the list.
    pub reason: &'a str,
}

/// What the file holds.
#[derive(Clone, Debug, Default)]
pub struct Blocking<'a> {
    /// Its entries, in their order.
    pub entries: Vec<Entry<'a>>,
    /// What has no place among them.
    pub harmless: Vec<Harmless<'a>>,
}

/// Reads the file.
///
/// # Errors
///
/// As [`parse`].
pub fn read() -> Result<Blocking<'static>, String> {
    parse(TEXT).map_err(|error| format!("tools/blocking.tsv: {error}"))
}

/// Reads a text of the file's form.
///
/// # Errors
///
/// If a line has not that form, or a path comes twice.
pub fn parse(text: &str) -> Result<Blocking<'_>, String> {
    let mut blocking = Blocking::default();
    let mut has_columns = false;
    for (number, line) in (1..).zip(text.lines()) {
        let wrong = |error: &str| format!("line {number}: {error}");
        if let Some(harmless) = line.strip_prefix(HARMLESS) {
            let (path, reason) = harmless.split_once('\t').ok_or_else(|| wrong("no reason"))?;
            check(&blocking, path, reason).map_err(|error| wrong(&error))?;
            blocking.harmless.push(Harmless { path, reason });
        } else if line.is_empty() || line.starts_with('#') {
        } else if !has_columns {
            if line != COLUMNS {
                return Err(wrong("these are not the columns' names"));
            }
            has_columns = true;
        } else {
            let entry = entry(line).map_err(|error| wrong(&error))?;
            check(&blocking, entry.path, entry.reason).map_err(|error| wrong(&error))?;
            blocking.entries.push(entry);
        }
    }
    Ok(blocking)
}

fn entry(line: &str) -> Result<Entry<'_>, String> {
    let fields: Vec<_> = line.split('\t').collect();
    let [path, kind, effect, reason, instead] = fields[..] else {
        return Err(format!("{} columns", fields.len()));
    };
    let instead = Some(instead).filter(|instead| !instead.is_empty());
    Ok(Entry { path, kind: kind.parse()?, effect: effect.parse()?, reason, instead })
}

/// Looks at what every line has.
fn check(blocking: &Blocking<'_>, path: &str, reason: &str) -> Result<(), String> {
    let entries = blocking.entries.iter().map(|entry| entry.path);
    if entries.chain(blocking.harmless.iter().map(|harmless| harmless.path)).any(|at| at == path) {
        return Err(format!("{path} comes twice"));
    }
    let is_sentence = reason.ends_with('.') && reason.starts_with(char::is_uppercase);
    if !is_sentence || reason.contains(['"', '\\']) {
        return Err(format!("{reason:?} is not a sentence without quotes"));
    }
    Ok(())
}
