//! A chapter of the page: a table of results that do not come from the rivals' turns.

use serde::Serialize;

use super::figures::Verdict;

#[derive(Debug, Serialize)]
pub(crate) struct Chapter {
    pub(crate) title: &'static str,
    /// What was looked at and how, in Markdown.
    pub(crate) about: String,
    pub(crate) heads: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<String>>,
    pub(crate) verdicts: Vec<Verdict>,
}
