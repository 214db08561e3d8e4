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
    pub const ALL: [Self; 7] = [
        Self::SleepInNonBlock,
        Self::ScheduledInNonBlock,
        Self::SyscallInNonBlock,
        Self::AllocInNonBlock,
        Self::OverBudget,
        Self::UnbalancedEnd,
        Self::NotInNonBlock,
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
        }
    }
}

impl fmt::Display for ViolationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
