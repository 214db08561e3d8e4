//! The task of an executor that broke a rule, as a report names it.

use core::fmt;

use super::array_string::ArrayString;

/// The task of an executor in which a rule was broken.
///
/// # Context
///
/// A plain value: everything on it may be called anywhere.
///
/// # Examples
///
/// See [`Violation::async_task`](crate::Violation::async_task).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AsyncTask {
    id: ArrayString,
    span: Option<&'static str>,
}

impl AsyncTask {
    /// Makes a task of what is known of it. `None` if that is nothing.
    pub(crate) fn new(id: Option<impl fmt::Display>, span: Option<&'static str>) -> Option<Self> {
        if id.is_none() && span.is_none() {
            return None;
        }
        Some(Self { id: id.map_or(ArrayString::EMPTY, ArrayString::displayed), span })
    }

    /// Returns the number of the task, as `tokio::task::id()` shows it. Empty outside tasks, and without the feature `tokio`.
    pub fn id(&self) -> &str {
        self.id.as_str()
    }

    /// Returns the name of the innermost span of `tracing` that was entered. `None` if there is none, and without the feature `tracing`.
    ///
    /// What the watch finds is reported when the poll has ended. So the span has to be around the section:
    /// `future.non_block().instrument(span)`.
    pub const fn span(&self) -> Option<&'static str> {
        self.span
    }
}

/// As a report has it: `, task: 7, span: request`.
impl fmt::Display for AsyncTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.id().is_empty() {
            write!(f, ", task: {}", self.id())?;
        }
        match self.span {
            Some(span) => write!(f, ", span: {span}"),
            None => Ok(()),
        }
    }
}
