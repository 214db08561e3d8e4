//! What is not to be reported, each with its reason.

use core::error::Error;
use core::fmt;
use std::borrow::ToOwned as _;
use std::format;
use std::string::String;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::vec::Vec;

use crate::violation::Frame;

/// What the watch is not to report: events with a function or a source file in their chain of calls that matches a pattern.
///
/// In a pattern, `*` stands for any text, also for none.
///
/// # Context
///
/// A plain value that owns memory: make and drop it where memory may be allocated.
///
/// # Examples
///
/// ```
/// use nonblock::watch::Suppression;
///
/// let suppression = Suppression::function("jack::*", "the server's client library locks, and we cannot change it")?;
/// assert_eq!(suppression, "function:jack::* the server's client library locks, and we cannot change it".parse()?);
/// # Ok::<(), nonblock::watch::SuppressionError>(())
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
}

impl Of {
    const fn name(self) -> &'static str {
        match self {
            Self::Function => "function",
            Self::File => "file",
        }
    }
}

impl Suppression {
    /// Suppresses what has a function of such a name in its chain of calls, such as `mycrate::log::*`.
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

    fn matches(&self, frame: &Frame) -> bool {
        let text = match self.of {
            Of::Function => frame.function(),
            Of::File => frame.file(),
        };
        text.is_some_and(|text| matches(&self.pattern, text))
    }
}

impl fmt::Display for Suppression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} {}", self.of.name(), self.pattern, self.reason)
    }
}

impl core::str::FromStr for Suppression {
    type Err = SuppressionError;

    /// Reads `function:PATTERN REASON` or `file:PATTERN REASON`.
    fn from_str(line: &str) -> Result<Self, SuppressionError> {
        let expected = "expected `function:PATTERN REASON` or `file:PATTERN REASON`";
        let (pattern, reason) = line.trim().split_once(char::is_whitespace).unwrap_or((line, ""));
        let (of, pattern) = pattern
            .split_once(':')
            .ok_or_else(|| SuppressionError::new(&format!("`{line}`: {expected}")))?;
        let of = [Of::Function, Of::File]
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
/// let error = "function:jack::*".parse::<nonblock::watch::Suppression>().unwrap_err();
/// assert_eq!(error.to_string(), "`function:jack::*`: a suppression without a reason");
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

pub(super) fn add(suppressions: Vec<Suppression>) {
    let mut all = all();
    for suppression in suppressions {
        if !all.iter().any(|used| used.suppression == suppression) {
            all.push(Used { suppression, times: 0 });
        }
    }
}

/// Returns whether a chain of calls is suppressed, and counts that.
pub(super) fn suppresses(frames: &[Frame]) -> bool {
    let mut all = all();
    let used = all.iter_mut().find(|used| frames.iter().any(|f| used.suppression.matches(f)));
    match used {
        Some(used) => {
            used.times += 1;
            true
        }
        None => false,
    }
}

/// Returns each suppression, and how often it was used.
pub(super) fn uses() -> Vec<(Suppression, usize)> {
    all().iter().map(|used| (used.suppression.clone(), used.times)).collect()
}

/// Reads a file of suppressions: one in a line. Lines that are empty or begin with `#` say nothing.
pub(super) fn read(text: &str) -> Result<Vec<Suppression>, SuppressionError> {
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
