//! The thread that broke a rule, as a report names it.

use core::fmt;
use core::marker::PhantomData;
use core::panic::{RefUnwindSafe, UnwindSafe};

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

/// Tells, by its name in messages of the compiler, why a violation is not `Sync`.
trait ThreadIsNamedOnItself {}

/// The thread that broke the rule. It is named when somebody asks, so that a violation that is only counted costs no name.
///
/// Only a thread can name itself. So this is not `Sync`, and a clone, which may be sent to another thread, is named.
pub(crate) struct Culprit {
    name: NameOf,
    _not_sync: PhantomData<dyn ThreadIsNamedOnItself + Send + UnwindSafe + RefUnwindSafe>,
}

enum NameOf {
    Task(Task),
    /// The thread that runs, as this function names it.
    RunningThread(fn() -> Task),
}

impl Culprit {
    /// Stands for the thread that runs.
    pub(crate) const fn running_thread(name: fn() -> Task) -> Self {
        Self { name: NameOf::RunningThread(name), _not_sync: PhantomData }
    }

    pub(super) fn task(&self) -> Task {
        match self.name {
            NameOf::Task(task) => task,
            NameOf::RunningThread(name) => name(),
        }
    }
}

impl Clone for Culprit {
    fn clone(&self) -> Self {
        Self { name: NameOf::Task(self.task()), _not_sync: PhantomData }
    }
}

impl fmt::Debug for Culprit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.task().fmt(f)
    }
}
