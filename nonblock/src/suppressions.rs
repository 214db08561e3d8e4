//! What is not to be reported, each with its reason.

use core::error::Error;
use core::fmt;
use std::borrow::ToOwned as _;
use std::format;
use std::fs;
use std::path::Path;
use std::string::String;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::vec::Vec;

/// What is not to be reported: what has a function, a source file, or a class of locks that matches a pattern.
///
/// For the watch that is its chain of calls; for `lockdep` the classes of a circle, and the files in which they were taken and waited
/// for. In a pattern, `*` stands for any text, also for none.
///
/// # Context
///
/// A plain value that owns memory: make and drop it where memory may be allocated.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "watch")] {
/// use nonblock::watch::Suppression;
///
/// let suppression = Suppression::function("jack::*", "the server's client library locks, and we cannot change it")?;
/// assert_eq!(suppression, "function:jack::* the server's client library locks, and we cannot change it".parse()?);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    of: Of,
    pattern: String,
    reason: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Function,
    File,
    Class,
}

impl Of {
    const fn name(self) -> &'static str {
        match self {
            Self::Function => "function",
            Self::File => "file",
            Self::Class => "class",
        }
    }
}

impl Suppression {
    /// Suppresses what has a function of such a name in its chain of calls, such as `mycrate::log::*`. For the watch: `lockdep`
    /// knows no functions.
    ///
    /// # Context
    ///
    /// Allocates.
    ///
    /// # Errors
    ///
    /// If the pattern or the reason is empty.
    pub fn function(pattern: &str, reason: &str) -> Result<Self, SuppressionError> {
        Self::new(Of::Function, pattern, reason)
    }

    /// Suppresses what has a function of such a source file in its chain of calls, such as `*/legacy/*`.
    ///
    /// # Context
    ///
    /// Allocates.
    ///
    /// # Errors
    ///
    /// If the pattern or the reason is empty.
    pub fn file(pattern: &str, reason: &str) -> Result<Self, SuppressionError> {
        Self::new(Of::File, pattern, reason)
    }

    /// Suppresses the circles that such a class of locks is part of, by its name or by how reports call it, such as
    /// `Mutex made at */legacy/*`.
    ///
    /// # Context
    ///
    /// Allocates.
    ///
    /// # Errors
    ///
    /// If the pattern or the reason is empty.
    pub fn class(pattern: &str, reason: &str) -> Result<Self, SuppressionError> {
        Self::new(Of::Class, pattern, reason)
    }

    fn new(of: Of, pattern: &str, reason: &str) -> Result<Self, SuppressionError> {
        let (pattern, reason) = (pattern.trim(), reason.trim());
        if pattern.is_empty() {
            return Err(SuppressionError::new("a suppression without a pattern"));
        }
        if reason.is_empty() {
            return Err(SuppressionError::new("a suppression without a reason"));
        }
        Ok(Self { of, pattern: pattern.to_owned(), reason: reason.to_owned() })
    }

    fn matches(&self, subject: &Subject<'_>) -> bool {
        let (of, text) = match subject {
            Subject::Function(name) => (Of::Function, name),
            Subject::File(path) => (Of::File, path),
            Subject::Class(name) => (Of::Class, name),
        };
        of == self.of && matches(&self.pattern, text)
    }
}

/// Something that a suppression may fit.
#[cfg_attr(
    not(all(feature = "watch", feature = "lockdep")),
    allow(dead_code, reason = "each of these features uses a part of it")
)]
pub(crate) enum Subject<'a> {
    Function(&'a str),
    File(&'a str),
    Class(&'a str),
}

impl fmt::Display for Suppression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} {}", self.of.name(), self.pattern, self.reason)
    }
}

impl core::str::FromStr for Suppression {
    type Err = SuppressionError;

    /// Reads `function:PATTERN REASON`, `file:PATTERN REASON` or `class:PATTERN REASON`.
    fn from_str(line: &str) -> Result<Self, SuppressionError> {
        let expected =
            "expected `function:PATTERN REASON`, `file:PATTERN REASON` or `class:PATTERN REASON`";
        let (pattern, reason) = line.trim().split_once(char::is_whitespace).unwrap_or((line, ""));
        let (of, pattern) = pattern
            .split_once(':')
            .ok_or_else(|| SuppressionError::new(&format!("`{line}`: {expected}")))?;
        let of = [Of::Function, Of::File, Of::Class]
            .into_iter()
            .find(|of2| of2.name() == of)
            .ok_or_else(|| SuppressionError::new(&format!("`{line}`: {expected}")))?;
        Self::new(of, pattern, reason)
            .map_err(|error| SuppressionError::new(&format!("`{line}`: {}", error.message)))
    }
}

/// Returns whether a text has the form of a pattern.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or("");
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    let mut last = None;
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            last = Some(part);
            break;
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    match last {
        Some(last) => rest.ends_with(last),
        // There was no star.
        None => rest.is_empty(),
    }
}

/// A suppression that is none.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "watch")] {
/// let error = "function:jack::*".parse::<nonblock::watch::Suppression>().unwrap_err();
/// assert_eq!(error.to_string(), "`function:jack::*`: a suppression without a reason");
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuppressionError {
    message: String,
}

impl SuppressionError {
    fn new(message: &str) -> Self {
        Self { message: message.to_owned() }
    }
}

impl fmt::Display for SuppressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for SuppressionError {}

/// A suppression, and how often it was used.
#[derive(Clone, Debug)]
struct Used {
    suppression: Suppression,
    times: usize,
}

static ALL: Mutex<Vec<Used>> = Mutex::new(Vec::new());

fn all() -> MutexGuard<'static, Vec<Used>> {
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn add(suppressions: Vec<Suppression>) {
    let mut all = all();
    for suppression in suppressions {
        if !all.iter().any(|used| used.suppression == suppression) {
            all.push(Used { suppression, times: 0 });
        }
    }
}

/// Returns whether a suppression fits one of the subjects, and counts that.
pub(crate) fn suppresses<'a, I: Iterator<Item = Subject<'a>>>(subjects: impl Fn() -> I) -> bool {
    let mut all = all();
    let used =
        all.iter_mut().find(|used| subjects().any(|subject| used.suppression.matches(&subject)));
    match used {
        Some(used) => {
            used.times += 1;
            true
        }
        None => false,
    }
}

/// Returns each suppression, and how often it was used.
pub(crate) fn uses() -> Vec<(Suppression, usize)> {
    all().iter().map(|used| (used.suppression.clone(), used.times)).collect()
}

/// Reads a file of suppressions.
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "who names one is on Linux"))]
pub(crate) fn read_file(path: &Path) -> Result<Vec<Suppression>, SuppressionError> {
    let of = |error: &dyn fmt::Display| {
        let path = path.display();
        SuppressionError::new(&format!("the file of suppressions {path} cannot be read: {error}"))
    };
    let text = fs::read_to_string(path).map_err(|error| of(&error))?;
    read(&text).map_err(|error| of(&error))
}

/// Reads suppressions from a text: one in a line. Lines that are empty or begin with `#` say nothing.
fn read(text: &str) -> Result<Vec<Suppression>, SuppressionError> {
    let mut suppressions = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let suppression = line.parse::<Suppression>().map_err(|error| {
            SuppressionError::new(&format!("line {}: {}", number + 1, error.message))
        })?;
        suppressions.push(suppression);
    }
    Ok(suppressions)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_any_text() {
        assert!(matches("a::*", "a::b::c") && matches("a::*", "a::") && !matches("a::*", "b::a::"));
        assert!(matches("*/x/*", "/home/x/y") && !matches("*/x/*", "/home/xy"));
        assert!(matches("a*b*c", "a-b-b-c") && !matches("a*b*c", "a-c-b"));
        assert!(matches("abc", "abc") && !matches("abc", "abcd") && matches("*", ""));
        assert!(!matches("ab*ba", "aba"));
    }
}
