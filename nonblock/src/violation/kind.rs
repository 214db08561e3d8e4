//! The kinds of violation, and the text of the report for each.

use core::fmt;

use super::checker::Checker;

/// Which rule was broken.
///
/// # Context
///
/// A plain value: everything on it may be called anywhere.
///
/// # Examples
///
/// ```
/// use nonblock::ViolationKind;
///
/// assert_eq!(ViolationKind::NotInNonBlock.name(), "NotInNonBlock");
/// assert!(ViolationKind::ALL.contains(&ViolationKind::OverBudget));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ViolationKind {
    /// A function that may sleep was called in a section. Linux: `__might_sleep`.
    SleepInNonBlock,
    /// The thread really went to sleep in a section. Linux: `__schedule_bug`. The watch reports it: its layer `schedule`.
    ScheduledInNonBlock,
    /// A system call that may block was made in a section. The watch reports it: its layer `trap`.
    SyscallInNonBlock,
    /// Memory was allocated or released in a section. The watch reports it: its layer `alloc`.
    AllocInNonBlock,
    /// A section lasted longer than it may. The watch reports it: its layer `budget`.
    OverBudget,
    /// A section was ended that had not been started. Its location is that of the end. If a guard ends its section, and
    /// finds it ended already, the location is where the section began.
    UnbalancedEnd,
    /// A function that relies on a section was called outside one. Linux: `__cant_sleep`.
    NotInNonBlock,
    /// A thread is about to wait for what may be waiting for it, through others. Linux: `check_noncircular` of lockdep. By the feature
    /// `lockdep`.
    CircularWait,
    /// A thread is about to wait for what it holds itself, or for its own end. Linux: `check_deadlock` of lockdep. By the feature
    /// `lockdep`.
    WaitForItself,
    /// A lock is used where its holder may be interrupted by who waits for it. Linux: `valid_state` of lockdep. By the feature
    /// `lockdep`.
    InconsistentUse,
    /// A thread ends with something still held, or a root with a spin lock, or a process was forked with it. Linux: `debug_check_no_locks_held`. By the
    /// feature `lockdep`.
    StillHeld,
}

/// The text of the report for one kind. The help also depends on who made the check.
pub(super) struct ReportText {
    pub(super) headline: &'static str,
    pub(super) expected: &'static str,
    pub(super) found: &'static str,
    pub(super) help: &'static str,
}

impl ViolationKind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::SleepInNonBlock,
        Self::ScheduledInNonBlock,
        Self::SyscallInNonBlock,
        Self::AllocInNonBlock,
        Self::OverBudget,
        Self::UnbalancedEnd,
        Self::NotInNonBlock,
        Self::CircularWait,
        Self::WaitForItself,
        Self::InconsistentUse,
        Self::StillHeld,
    ];

    /// Returns the kind's name, as it is written in code.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SleepInNonBlock => "SleepInNonBlock",
            Self::ScheduledInNonBlock => "ScheduledInNonBlock",
            Self::SyscallInNonBlock => "SyscallInNonBlock",
            Self::AllocInNonBlock => "AllocInNonBlock",
            Self::OverBudget => "OverBudget",
            Self::UnbalancedEnd => "UnbalancedEnd",
            Self::NotInNonBlock => "NotInNonBlock",
            Self::CircularWait => "CircularWait",
            Self::WaitForItself => "WaitForItself",
            Self::InconsistentUse => "InconsistentUse",
            Self::StillHeld => "StillHeld",
        }
    }

    /// Returns the first line of the report, without the place.
    pub(crate) const fn headline(self) -> &'static str {
        self.report_text(Checker::Function).headline
    }

    pub(super) const fn report_text(self, checker: Checker) -> ReportText {
        match self {
            Self::SleepInNonBlock => ReportText {
                headline: "sleeping function called from invalid context",
                expected: "a context that may sleep: no section open on this thread",
                found: "a call that may sleep",
                help: checker.help_to_sleep(),
            },
            Self::ScheduledInNonBlock => ReportText {
                headline: "scheduling while non-blocking",
                expected: "a section that runs through without going to sleep",
                found: "a voluntary context switch",
                help: "find the call in the section that waited, and try instead of waiting",
            },
            Self::SyscallInNonBlock => ReportText {
                headline: "blocking system call from invalid context",
                expected: "a section that makes no system call that may block",
                found: "a system call that may block",
                help: "make the call outside the section, or a form of it that cannot block",
            },
            Self::AllocInNonBlock => ReportText {
                headline: "allocation or release from invalid context",
                expected: "a section that neither allocates nor releases memory",
                found: "an allocation or a release",
                help: "allocate before the section, and release after it",
            },
            Self::OverBudget => ReportText {
                headline: "non-blocking section over its budget",
                expected: "a section shorter than its budget",
                found: "a longer one",
                help: "do less in the section, or split it",
            },
            Self::UnbalancedEnd => ReportText {
                headline: "non_block_end without non_block_start",
                expected: "an open section to end",
                found: "none on this thread",
                help: checker.help_to_end(),
            },
            Self::NotInNonBlock => ReportText {
                headline: "function that relies on a section called outside one",
                expected: "an open section on this thread",
                found: "none",
                help: checker.help_to_enter(),
            },
            Self::CircularWait => ReportText {
                headline: "possible circular locking dependency",
                expected: "waits that never lead back to where they began, whatever the threads do",
                found: "a wait that closes a circle",
                help: "take locks of the circle in one order everywhere; or let go of a lock before waiting, for a thread, a callback \
                       or a completion too; or try instead of waiting",
            },
            Self::WaitForItself => ReportText {
                headline: "possible recursive locking",
                expected: "a wait for what another thread has, or does",
                found: "a wait of a thread for itself",
                help: "let go of it before (a guard in a `match` or an `if let` lives to its end), or hand the guard on to what \
                       needs it",
            },
            Self::InconsistentUse => ReportText {
                headline: "inconsistent lock state",
                expected: "holders that cannot be interrupted by who waits for them, or sleep while a section waits",
                found: "two uses that do not go together",
                help: "try instead of waiting there; or hold it elsewhere only with signals blocked (`lockdep::signals_blocked`), or \
                       in a section",
            },
            Self::StillHeld => ReportText {
                headline: "still held at the end",
                expected: "a thread that lets go of everything before it ends, or its process is forked",
                found: "something that is still held",
                help: "drop the guard: one that was forgotten (`mem::forget`) holds its lock for ever; before a fork, drop it and end the \
                       section",
            },
        }
    }
}

impl fmt::Display for ViolationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
