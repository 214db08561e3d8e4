//! The functions from which nothing that blocks may be reached.

use crate::demangle::Name;

/// What an entry is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub enum EntryKind {
    /// A closure that runs in a section, or a function under `#[non_block]`.
    Section,
    /// A function that begins a section and leaves it open: by `raw::non_block_start`, or from C.
    Raw,
    /// A task of tokio, of which each poll counts.
    Task,
    /// A function that the user named.
    Named,
}

impl EntryKind {
    /// Returns the name by which reports call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Section => "section",
            Self::Raw => "raw section",
            Self::Task => "task",
            Self::Named => "named",
        }
    }
}

/// A function from which nothing that blocks may be reached.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The number of the function.
    pub(crate) function: usize,
    pub(crate) kind: EntryKind,
    /// The name that the user knows it by.
    pub(crate) name: Name,
    /// Whether it is the poll of a future.
    pub(crate) is_poll: bool,
    /// The address of which the source line is where the section is.
    pub(crate) at: u64,
}
