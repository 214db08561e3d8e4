//! One violation, and its report as text.

use core::fmt;
use core::panic::Location;

use super::kind::ViolationKind;
use super::place::Place;
use super::task::Task;

/// A broken rule: what was done, where, in which section, by which thread.
///
/// Its `Display` form is the report, in the words of the Linux kernel's where there are such:
///
/// ```text
/// BUG: sleeping function called from invalid context at src/driver.rs:31:14
/// non_block: 1, pid: 4711, name: oom_reaper
/// expected: a context that may sleep: no section open on this thread
/// found: a call that may sleep, in the section that began at src/reaper.rs:80:9
/// help: pass `&mut Sleepable` to what may sleep, and the compiler finds this call; ...
/// ```
///
/// # As an event of `tracing`
///
/// With the feature `tracing`, every violation that no test expects is an event too, whatever the policy, and beside it: before
/// the handler is called, or the policy acts. Its target is `nonblock`. Its level is `ERROR` the first time that its site
/// breaks the rule, and `DEBUG` after that. Its message is the headline above, without the place, and its fields are:
///
/// | field | type | what |
/// |---|---|---|
/// | `kind` | string | [`kind`](Self::kind), by its name |
/// | `location` | displayed | [`place`](Self::place) |
/// | `section` | displayed, may be absent | [`section_place`](Self::section_place) |
/// | `depth` | unsigned | [`depth`](Self::depth) |
/// | `thread` | string | the [`task`](Self::task)'s name |
/// | `pid` | unsigned | its number |
/// | `occurrence` | unsigned | [`occurrence`](Self::occurrence) |
///
/// The subscriber runs on the thread that broke the rule, whose sections are put aside meanwhile: it may sleep and lock. A
/// violation of its own is counted, and neither reported nor an event. But if code in a section logs, and it is the
/// subscriber that breaks the rule, then the subscriber is called within itself, and must stand that: one that holds a lock
/// of its own while it sleeps waits for itself.
///
/// # Context
///
/// A plain value: everything on it may be called anywhere.
///
/// # Examples
///
/// ```
/// # if nonblock::CHECKS {
/// let violation = nonblock::testing::expect_violation(|| {
///     nonblock::non_block(|_nb| nonblock::might_sleep());
/// });
/// assert_eq!(violation.kind(), nonblock::ViolationKind::SleepInNonBlock);
/// assert_eq!(violation.place().file(), violation.section_place().unwrap().file());
/// assert!(violation.to_string().starts_with("BUG: sleeping function called from invalid"));
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Violation {
    pub(crate) kind: ViolationKind,
    pub(crate) place: Place,
    pub(crate) section: Option<Place>,
    pub(crate) depth: u32,
    pub(crate) task: Task,
    pub(crate) occurrence: usize,
}

impl Violation {
    /// Returns what rule was broken.
    pub const fn kind(&self) -> ViolationKind {
        self.kind
    }

    /// Returns where: the call that broke the rule.
    ///
    /// For a call from C, this is where it came into Rust; [`place`](Self::place) is where C made it.
    pub const fn location(&self) -> &'static Location<'static> {
        self.place.in_rust()
    }

    /// Returns where: the call that broke the rule, in Rust or in C.
    pub const fn place(&self) -> Place {
        self.place
    }

    /// Returns where the outermost open section began; `None` if none was open or the backend does not
    /// remember.
    ///
    /// For a section begun by C, this is where its call came into Rust, as with [`location`](Self::location).
    pub const fn section(&self) -> Option<&'static Location<'static>> {
        match &self.section {
            Some(place) => Some(place.in_rust()),
            None => None,
        }
    }

    /// Returns where the outermost open section began, in Rust or in C, as [`section`](Self::section).
    pub const fn section_place(&self) -> Option<Place> {
        self.section
    }

    /// Returns how many sections were open.
    pub const fn depth(&self) -> u32 {
        self.depth
    }

    /// Returns which thread did it.
    pub const fn task(&self) -> &Task {
        &self.task
    }

    /// Returns which occurrence of its kind at its location this is, from 1.
    pub const fn occurrence(&self) -> usize {
        self.occurrence
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.kind.words();
        writeln!(f, "BUG: {} at {}", words.headline, self.place)?;
        writeln!(
            f,
            "non_block: {}, pid: {}, name: {}",
            self.depth,
            self.task.id(),
            self.task.name()
        )?;
        writeln!(f, "expected: {}", words.expected)?;
        write!(f, "found: {}", words.found)?;
        if let Some(section) = self.section {
            write!(f, ", in the section that began at {section}")?;
        }
        write!(f, "\nhelp: {}", words.help)
    }
}
