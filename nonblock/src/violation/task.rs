//! The thread that broke a rule, as a report names it.

use super::array_string::ArrayString;

/// A thread, as a report names it.
///
/// It holds the name itself, so that a platform without an allocator can name its threads too.
///
/// # Context
///
/// A plain value: everything on it may be called anywhere.
///
/// # Examples
///
/// ```
/// use nonblock::Task;
///
/// let task = Task::new(4711, "oom_reaper");
/// assert_eq!((task.id(), task.name()), (4711, "oom_reaper"));
/// assert_eq!(Task::UNKNOWN.name(), "");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Task {
    id: u32,
    name: ArrayString,
}

impl Task {
    /// A thread of which nothing is known.
    pub const UNKNOWN: Self = Self { id: 0, name: ArrayString::EMPTY };

    /// Makes a task of a thread's number and name. A name of more than 48 bytes is cut.
    pub fn new(id: u32, name: &str) -> Self {
        Self { id, name: ArrayString::new(name) }
    }

    /// Returns the number of the thread: the number that the kernel gave it, if there is one. 0 if it is unknown.
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// Returns the name of the thread. Empty if it is unknown.
    pub fn name(&self) -> &str {
        self.name.as_str()
    }
}
