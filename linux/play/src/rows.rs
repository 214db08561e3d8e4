//! What is to be seen: the plays of the guest, and the rows of the table.
//!
//! A row is judged by the lines of its play, and by what the guest noted in them. Everything that is expected stands here, as
//! data; [`judge`](crate::judge) compares.

/// A play of the guest, in the order in which they are played.
#[derive(Clone, Copy, Debug)]
pub struct PlaySpec {
    /// Its name, in the marks of the log too.
    pub name: &'static str,
    /// The faults that it plants: a line with one of these words is no surprise in it.
    pub planted: &'static [&'static str],
}

/// Something that a row asks of its play.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// The guest noted this number.
    Is(&'static str, i64),
    /// The guest noted this number, or more.
    AtLeast(&'static str, i64),
    /// The guest noted the same number twice.
    Same(&'static str, &'static str),
    /// A line has all of these words, in this order.
    Says(&'static [&'static str]),
    /// No line has this word.
    Never(&'static str),
}

use Check::{AtLeast, Is, Never, Same, Says};

/// A row of the table that the guest's log fills.
#[derive(Clone, Copy, Debug)]
pub struct RowSpec {
    /// Its name, for `--only`.
    pub name: &'static str,
    /// The play that it looks at.
    pub play: &'static str,
    /// What is expected, in words.
    pub expected: &'static str,
    /// What is expected, to be checked. The numbers are what the table shows.
    pub checks: &'static [Check],
}

/// The row without a play: nothing is reported but what was planted.
pub const SILENT: &str = "silent";
/// The row that the compiler fills.
pub const TYPED_TWIN: &str = "typed-twin";
/// The row that a second configuration fills.
pub const CHECKS_OFF: &str = "checks-off";
/// The word of `--only` that prints the names.
pub const LIST: &str = "list";

/// What the scheduler prints for a task that gives up the processor in a section.
pub const SCHEDULES_IN_SECTION: &str = "BUG: scheduling in a non-blocking section: ";
/// What `might_sleep()` prints, the kernel's and the library's.
pub const SLEEPS_IN_SECTION: &str = "BUG: sleeping function called from invalid context at ";

const SLEEPS: &[&str] = &[SCHEDULES_IN_SECTION, SLEEPS_IN_SECTION];

/// The plays, in their order.
pub const PLAYS: [PlaySpec; 17] = [
    PlaySpec { name: "load", planted: &[] },
    PlaySpec { name: "selftest", planted: &[] },
    PlaySpec { name: "mirror", planted: &[] },
    PlaySpec { name: "mrelease", planted: &[] },
    PlaySpec { name: "refusal-interval", planted: &[] },
    PlaySpec { name: "refusal-list", planted: &[] },
    PlaySpec { name: "kmemleak", planted: &["suspected memory leaks"] },
    PlaySpec { name: "untyped-list-msleep", planted: SLEEPS },
    PlaySpec { name: "untyped-list-mutex", planted: SLEEPS },
    PlaySpec { name: "untyped-list-check", planted: SLEEPS },
    PlaySpec { name: "untyped-interval-msleep", planted: SLEEPS },
    PlaySpec { name: "untyped-interval-mutex", planted: SLEEPS },
    PlaySpec { name: "untyped-interval-check", planted: SLEEPS },
    PlaySpec { name: "plain-interval", planted: &[] },
    PlaySpec { name: "oom", planted: &[] },
    PlaySpec { name: "pressure", planted: &[] },
    // The line is of what was planted too, if some of that is found later only.
    PlaySpec { name: "unload", planted: &["suspected memory leaks"] },
];

/// The rows that the guest fills, in the order of the plays.
pub const ROWS: [RowSpec; 21] = [
    RowSpec {
        name: "load",
        play: "load",
        expected: "nonblock_dmirror, nonblock_untyped and plain are loaded, on two processors",
        checks: &[Is("modules", 3), AtLeast("processors", 2)],
    },
    RowSpec {
        name: "selftest",
        play: "selftest",
        expected: "mutex, spin lock, completion, queue and boxes do what they say",
        checks: &[AtLeast("passed", 1), Is("failed", 0)],
    },
    RowSpec {
        name: "mirror",
        play: "mirror",
        expected: "the device reads what the process wrote, and loses a page that the process discards",
        checks: &[
            Is("read_back", 1),
            Is("sees_write", 1),
            Is("kept_after_discard", 0),
            Is("zero_after_fault", 1),
        ],
    },
    RowSpec {
        name: "section-list",
        play: "mrelease",
        expected: "process_mrelease calls the list notifier in a section",
        checks: &[
            Is("mrelease", 0),
            AtLeast("list_section_calls", 1),
            AtLeast("depth_in_list_section", 1),
        ],
    },
    RowSpec {
        name: "section-interval",
        play: "mrelease",
        expected: "process_mrelease calls the interval notifier, in a section of the library's",
        checks: &[
            Is("mrelease", 0),
            AtLeast("interval_section_calls", 1),
            AtLeast("depth_in_interval_section", 1),
            AtLeast("pages_dropped", 1),
        ],
    },
    RowSpec {
        name: "work",
        play: "mrelease",
        expected: "work that is pushed in the section is done later, by a worker that sleeps",
        checks: &[AtLeast("work_pushed", 1), Same("work_done", "work_pushed"), Is("work_lost", 0)],
    },
    RowSpec {
        name: "refusal-interval",
        play: "refusal-interval",
        expected: "a held table refuses (EAGAIN, 11), and the retry takes the page",
        checks: &[
            Is("first", 11),
            AtLeast("refusals", 1),
            Is("dropped_by_first", 0),
            Is("second", 0),
            AtLeast("dropped_by_second", 1),
        ],
    },
    RowSpec {
        name: "refusal-list",
        play: "refusal-list",
        expected: "the same of the list notifier, and the kernel says so",
        checks: &[
            Is("first", 11),
            AtLeast("refusals", 1),
            Is("second", 0),
            Says(&["callback failed with -11 in non-blockable context."]),
        ],
    },
    RowSpec {
        name: "kmemleak",
        play: "kmemleak",
        expected: "kmemleak finds what the kernel's sample module leaks on purpose, and nothing else",
        checks: &[Is("kmemleak", 1), AtLeast("planted", 5), Is("leaks", 0)],
    },
    RowSpec {
        name: "untyped-list-msleep",
        play: "untyped-list-msleep",
        expected: "msleep in the list callback: the kernel reports it",
        checks: &[Is("mrelease", 0), AtLeast("calls", 1), Says(&[SCHEDULES_IN_SECTION])],
    },
    RowSpec {
        name: "untyped-list-mutex",
        play: "untyped-list-mutex",
        expected: "a held mutex in the list callback: the kernel reports it",
        checks: &[
            Is("mrelease", 0),
            AtLeast("calls", 1),
            Says(&[SLEEPS_IN_SECTION, "kernel/locking/mutex.c:"]),
            Never("non_block: 0"),
        ],
    },
    RowSpec {
        name: "untyped-list-check",
        play: "untyped-list-check",
        expected: "might_sleep() of the library in the list callback: reported at its line",
        checks: &[
            Is("mrelease", 0),
            AtLeast("calls", 1),
            Says(&[SLEEPS_IN_SECTION, "untyped_module.rs:"]),
        ],
    },
    RowSpec {
        name: "untyped-interval-msleep",
        play: "untyped-interval-msleep",
        expected: "msleep in the interval callback, through the library: reported",
        checks: &[Is("mrelease", 0), AtLeast("calls", 1), Says(&[SCHEDULES_IN_SECTION])],
    },
    RowSpec {
        name: "untyped-interval-mutex",
        play: "untyped-interval-mutex",
        expected: "a held mutex in the interval callback, through the library: reported",
        checks: &[
            Is("mrelease", 0),
            AtLeast("calls", 1),
            Says(&[SLEEPS_IN_SECTION, "kernel/locking/mutex.c:"]),
            Never("non_block: 0"),
        ],
    },
    RowSpec {
        name: "untyped-interval-check",
        play: "untyped-interval-check",
        expected: "might_sleep() of the library in the interval callback: reported at its line",
        checks: &[
            Is("mrelease", 0),
            AtLeast("calls", 1),
            Says(&[SLEEPS_IN_SECTION, "untyped_module.rs:"]),
        ],
    },
    RowSpec {
        name: "plain-interval",
        play: "plain-interval",
        expected: "msleep in an interval callback of Linux's own: nothing is reported",
        checks: &[Is("mrelease", 0), AtLeast("calls", 1), Never("BUG:")],
    },
    RowSpec {
        name: "oom-list",
        play: "oom",
        expected: "the kernel's OOM reaper calls the list notifier in a section",
        checks: &[
            Says(&["oom_reaper: reaped process "]),
            AtLeast("list_section_calls", 1),
            AtLeast("depth_in_list_section", 1),
        ],
    },
    RowSpec {
        name: "oom-interval",
        play: "oom",
        expected: "the OOM reaper calls the interval notifier, in a section of the library's",
        checks: &[
            Says(&["oom_reaper: reaped process "]),
            AtLeast("interval_section_calls", 1),
            AtLeast("depth_in_interval_section", 1),
            AtLeast("pages_dropped", 1),
        ],
    },
    RowSpec {
        name: "read-retry",
        play: "pressure",
        expected: "faults collide with invalidations and are retried; no read is stale",
        checks: &[
            Is("stale", 0),
            AtLeast("retries", 1),
            AtLeast("checked", 1000),
            AtLeast("faults", 1000),
            AtLeast("invalidations", 1000),
            AtLeast("generations", 1000),
        ],
    },
    RowSpec {
        name: "unload",
        play: "unload",
        expected: "the modules are gone, and kmemleak finds nothing of theirs",
        checks: &[Is("removed", 3), Is("modules", 0), Is("kmemleak", 1), Is("leaks", 0)],
    },
    RowSpec {
        name: "lockdep",
        play: "unload",
        expected: "lockdep is still on at the end: it turns itself off at its first report",
        checks: &[Is("debug_locks", 1)],
    },
];

/// The names of all rows, in the table's order.
pub fn names() -> impl Iterator<Item = &'static str> {
    ROWS.iter().map(|row| row.name).chain([SILENT, TYPED_TWIN, CHECKS_OFF])
}

/// The words of a line that is a surprise wherever it was not planted.
pub const SURPRISES: [&str; 13] = [
    "BUG:",
    "WARNING:",
    "INFO:",
    "kernel BUG at",
    "possible circular locking",
    "possible recursive locking",
    "inconsistent lock state",
    "suspicious RCU usage",
    "Oops:",
    "general protection fault",
    "Kernel panic",
    "kmemleak: Cannot allocate",
    "suspected memory leaks",
];
