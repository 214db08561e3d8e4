//! The thread that broke a rule, as a report names it.

use super::array_string::ArrayString;

/// A thread, as a report names it.
///
/// It holds its name itself: a platform without an allocator can name its threads too.
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
    /// A thread that nothing is known of.
    pub const UNKNOWN: Self = Self { id: 0, name: ArrayString::EMPTY };

    /// Names a thread by its number and name. A name over 48 bytes is cut.
    pub fn new(id: u32, name: &str) -> Self {
        Self { id, name: ArrayString::new(name) }
    }

    /// Returns the thread's number: the kernel's where it has one, 0 if unknown.
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// Returns the thread's name, empty if unknown.
    pub fn name(&self) -> &str {
        self.name.as_str()
    }
}
