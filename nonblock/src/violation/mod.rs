//! A violation, and the plain data that it is made of.

mod array_string;
#[cfg(any(feature = "tokio", feature = "tracing"))]
mod async_task;
#[cfg(feature = "capi")]
mod c_file;
mod checker;
#[cfg(feature = "lockdep")]
mod dependency;
mod kind;
#[cfg(feature = "watch")]
mod observation;
mod place;
mod policy;
mod task;

use core::fmt;
use core::panic::Location;

#[cfg(any(feature = "tokio", feature = "tracing"))]
pub use async_task::AsyncTask;
#[cfg(feature = "capi")]
pub(crate) use c_file::CFile;
pub(crate) use checker::Checker;
#[cfg(feature = "lockdep")]
pub use dependency::{ClassName, Dependency, Held};
#[cfg(feature = "lockdep")]
pub(crate) use dependency::{DependencyKind, ShortName, ThreadReport, ThreadTag, WaitReport};
pub use kind::ViolationKind;
#[cfg(feature = "watch")]
pub use observation::{Frame, Observation};
pub use place::Place;
pub use policy::{ParsePolicyError, Policy};
pub(crate) use task::Culprit;
pub use task::Task;

/// A broken rule: what was done, where, in which section, by which thread.
///
/// Its `Display` form is the report. Where the Linux kernel has a message for the fault, the report has the same words:
///
/// ```text
/// BUG: sleeping function called from invalid context at src/driver.rs:31:14
/// non_block: 1, tid: 4711, name: oom_reaper
/// expected: a context that may sleep: no section open on this thread
/// found: a call that may sleep, in the section that began at src/reaper.rs:80:9
/// help: pass `&mut Sleepable` to what may sleep, if it takes none yet, and the compiler finds this call; ...
/// ```
///
/// The second line leaves out what the backend does not know. The help fits the call: a root, a function that was lent a token,
/// a destructor, or C.
///
/// # As an event of `tracing`
///
/// With the feature `tracing`, every violation that no test expects is an event too, whatever the policy. The event comes
/// before the handler is called, or the policy acts. Its target is `nonblock`. Its level is `ERROR` the first time that the
/// site breaks the rule, and `DEBUG` after that. Its message is the first line above, without the place. Its fields are:
///
/// | field | type | what |
/// |---|---|---|
/// | `kind` | string | [`kind`](Self::kind), by its name |
/// | `location` | displayed | [`place`](Self::place) |
/// | `section` | displayed, may be absent | [`section_place`](Self::section_place) |
/// | `depth` | unsigned | [`depth`](Self::depth) |
/// | `thread` | string | the name of the [`task`](Self::task) |
/// | `tid` | unsigned | the number of the task, 0 if it is unknown |
/// | `occurrence` | unsigned | [`occurrence`](Self::occurrence) |
///
/// The subscriber runs on the thread that broke the rule. The sections of the thread are suspended meanwhile, so the
/// subscriber may sleep and lock. A violation of its own is counted; it is neither reported nor an event.
///
/// But code in a section may log by itself. If the subscriber breaks the rule in such a call, it is called within itself,
/// and must stand that: a subscriber that sleeps while it holds a lock of its own then waits for itself.
///
/// # Context
///
/// A plain value: everything on it may be called anywhere. It is not `Sync`, so what a handler is lent stays on the thread that it
/// is about. A clone may be sent to another thread.
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
    pub(crate) culprit: Culprit,
    pub(crate) occurrence: usize,
    pub(crate) checker: Checker,
    #[cfg(any(feature = "tokio", feature = "tracing"))]
    pub(crate) async_task: Option<AsyncTask>,
    #[cfg(feature = "watch")]
    pub(crate) observation: Option<std::sync::Arc<Observation>>,
    #[cfg(feature = "lockdep")]
    pub(crate) thread: Option<std::sync::Arc<ThreadReport>>,
}

impl Violation {
    /// Returns which rule was broken.
    pub const fn kind(&self) -> ViolationKind {
        self.kind
    }

    /// Returns the place of the call that broke the rule.
    ///
    /// For a call from C, this is one location that stands for all of C. [`place`](Self::place) is where C made the call.
    pub const fn location(&self) -> &'static Location<'static> {
        self.place.in_rust()
    }

    /// Returns the place of the call that broke the rule, in Rust or in C.
    pub const fn place(&self) -> Place {
        self.place
    }

    /// Returns where the outermost open section began. `None` if no section was open, or the backend does not remember.
    ///
    /// For a section that C began, this is one location that stands for all of C, as with [`location`](Self::location).
    pub const fn section(&self) -> Option<&'static Location<'static>> {
        match &self.section {
            Some(place) => Some(place.in_rust()),
            None => None,
        }
    }

    /// Returns where the outermost open section began, in Rust or in C. `None` as with [`section`](Self::section).
    pub const fn section_place(&self) -> Option<Place> {
        self.section
    }

    /// Returns how many sections were open.
    pub const fn depth(&self) -> u32 {
        self.depth
    }

    /// Returns the thread that broke the rule.
    ///
    /// In a handler the thread is named now, by a few system calls, and not before. A clone knows the name.
    pub fn task(&self) -> Task {
        self.culprit.task()
    }

    /// Returns the task of an executor that broke the rule, if one is known: its number on `tokio`, and the span of `tracing`.
    ///
    /// # Examples
    ///
    /// ```
    /// # if !(nonblock::CHECKS && cfg!(feature = "tokio")) { return Ok(()) }
    /// # #[cfg(feature = "tokio")] {
    /// let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    /// let violation = nonblock::testing::expect_violation(|| {
    ///     runtime.block_on(async {
    ///         nonblock::tokio::spawn(async { nonblock::might_sleep() }).await.unwrap();
    ///     });
    /// });
    /// assert!(!violation.async_task().unwrap().id().is_empty());
    /// # }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[cfg(any(feature = "tokio", feature = "tracing"))]
    #[cfg_attr(docsrs, doc(cfg(any(feature = "tokio", feature = "tracing"))))]
    pub const fn async_task(&self) -> Option<&AsyncTask> {
        self.async_task.as_ref()
    }

    /// Returns what the watch saw, if it was the watch that found this.
    ///
    /// Without it, this is a violation that a check at run time found.
    #[cfg(feature = "watch")]
    #[cfg_attr(docsrs, doc(cfg(feature = "watch")))]
    pub fn observation(&self) -> Option<&Observation> {
        self.observation.as_deref()
    }

    /// Returns the chain of a [`CircularWait`](ViolationKind::CircularWait): each thing depends on the next, and the last on the first.
    /// The dependency that closed the circle is the last. It is empty for all other kinds, and where two objects of one class were
    /// taken in both orders.
    #[cfg(feature = "lockdep")]
    #[cfg_attr(docsrs, doc(cfg(feature = "lockdep")))]
    pub fn dependencies(&self) -> &[Dependency] {
        self.wait().map_or(&[], |wait| &wait.dependencies)
    }

    /// Returns what the thread held, in the order in which it took it.
    ///
    /// # Examples
    ///
    /// ```
    /// use nonblock::sync::SpinLock;
    ///
    /// static TABLE: SpinLock<u32> = SpinLock::new(0).in_class("table");
    ///
    /// let violation = nonblock::testing::expect_violation(|| {
    ///     nonblock::non_block(|nb| {
    ///         let _held = TABLE.lock(nb);
    ///         nonblock::might_sleep();
    ///     });
    /// });
    /// assert_eq!(violation.held()[0].class().name(), Some("table"));
    /// ```
    #[cfg(feature = "lockdep")]
    #[cfg_attr(docsrs, doc(cfg(feature = "lockdep")))]
    pub fn held(&self) -> &[Held] {
        self.thread.as_ref().map_or(&[], |thread| &thread.held)
    }

    /// Returns where the open sections began, the outermost first: of the first eight. [`depth`](Self::depth) tells how many there are.
    ///
    /// Sections that do not end in turn, by guards that are dropped in another order, may be taken for each other.
    #[cfg(feature = "lockdep")]
    #[cfg_attr(docsrs, doc(cfg(feature = "lockdep")))]
    pub fn sections(&self) -> &[Place] {
        self.thread.as_ref().map_or(self.section.as_slice(), |thread| &thread.sections)
    }

    /// Returns which violation of its kind at its place this is, from 1.
    pub const fn occurrence(&self) -> usize {
        self.occurrence
    }
}

impl Violation {
    /// Returns what was found about a wait, if that is what was found.
    #[cfg(feature = "lockdep")]
    fn wait(&self) -> Option<&WaitReport> {
        self.thread.as_ref()?.wait.as_ref()
    }

    /// Returns what was found, if it is more than the kind says.
    fn found(&self) -> Option<&str> {
        #[cfg(feature = "watch")]
        if let Some(observation) = &self.observation {
            return Some(observation.found());
        }
        #[cfg(feature = "lockdep")]
        if let Some(wait) = self.wait() {
            return Some(&wait.found);
        }
        let _ = self;
        None
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.kind.report_text(self.checker);
        writeln!(f, "BUG: {} at {}", self.kind.headline(), self.place)?;
        let task = self.task();
        write!(f, "non_block: {}", self.depth)?;
        if task.id() != 0 {
            write!(f, ", tid: {}", task.id())?;
        }
        if !task.name().is_empty() {
            write!(f, ", name: {}", task.name())?;
        }
        #[cfg(any(feature = "tokio", feature = "tracing"))]
        if let Some(task) = &self.async_task {
            write!(f, "{task}")?;
        }
        f.write_str(
            "
",
        )?;
        writeln!(f, "expected: {}", text.expected)?;
        f.write_str("found: ")?;
        f.write_str(self.found().unwrap_or(text.found))?;
        if let Some(section) = self.section {
            write!(f, ", in the section that began at {section}")?;
        }
        #[cfg(feature = "lockdep")]
        if let Some(thread) = &self.thread {
            thread.write_open(f)?;
        }
        write!(f, "\nhelp: {}", text.help)?;
        #[cfg(feature = "lockdep")]
        if let Some(wait) = self.wait() {
            wait.write_chain(f)?;
        }
        #[cfg(feature = "watch")]
        if let Some(observation) = &self.observation {
            observation.write_frames(f)?;
        }
        Ok(())
    }
}
