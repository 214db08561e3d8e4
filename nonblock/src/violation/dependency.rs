//! What the lock dependency checker saw: what is held, and who waits for what while holding what.

use core::fmt;

use super::array_string::ArrayString;
use super::place::Place;

/// A kind of thing that threads wait for, as reports name it: by the name that code gave it, or by the place where it was made.
///
/// # Context
///
/// A plain value: everything on it may be called anywhere.
///
/// # Examples
///
/// See [`Dependency`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClassName {
    pub(crate) kind: &'static str,
    pub(crate) name: Option<&'static str>,
    pub(crate) made_at: Place,
    /// The number of an object whose class is its own. 0: the class has a name, or a place.
    pub(crate) number: u32,
}

impl ClassName {
    /// Returns what kind of thing it is, such as `Mutex`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        self.kind
    }

    /// Returns the name that code gave it, if it did.
    #[must_use]
    pub const fn name(&self) -> Option<&'static str> {
        self.name
    }

    /// Returns where the first of its things was made. `None` if nobody told: see [`lockdep::Raw`](crate::lockdep::Raw).
    #[must_use]
    pub const fn made_at(&self) -> Option<Place> {
        if self.number == 0 { Some(self.made_at) } else { None }
    }
}

impl fmt::Display for ClassName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name {
            Some(name) => write!(f, "the {} `{name}`", self.kind),
            None if self.number != 0 => write!(f, "the {} number {}", self.kind, self.number),
            None => write!(f, "the {} made at {}", self.kind, self.made_at),
        }
    }
}

/// Something that a thread holds.
///
/// # Context
///
/// A plain value: everything on it may be called anywhere.
///
/// # Examples
///
/// See [`Violation::held`](super::Violation::held).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    pub(crate) class: ClassName,
    pub(crate) since: Place,
    /// Whether it is code that others wait for the end of.
    pub(crate) is_code: bool,
}

impl Held {
    /// Returns what is held.
    #[must_use]
    pub const fn class(&self) -> ClassName {
        self.class
    }

    /// Returns where it was taken.
    #[must_use]
    pub const fn since(&self) -> Place {
        self.since
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, since {}", self.class, self.since)
    }
}

/// How one thing came to depend on another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DependencyKind {
    /// A thread waited for the second while it held the first.
    Held,
    /// A thread waited for the second in code that has to end before the first comes about.
    Within,
    /// The first was brought about by a thread that had to take the second before.
    Completed,
}

/// One link of a chain: something that can come about only after something else has.
///
/// Returned by [`Violation::dependencies`](super::Violation::dependencies). For a lock, to come about is to become free.
///
/// # Context
///
/// A plain value: everything on it may be called anywhere.
///
/// # Examples
///
/// ```no_run
/// fn handler(violation: &nonblock::Violation) {
///     for dependency in violation.dependencies() {
///         eprintln!("{} depends on {}", dependency.from(), dependency.on());
///     }
/// }
/// nonblock::set_handler(Some(handler));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dependency {
    pub(crate) from: ClassName,
    pub(crate) on: ClassName,
    pub(crate) kind: DependencyKind,
    pub(crate) since: Place,
    pub(crate) place: Place,
    pub(crate) thread: ThreadTag,
}

impl Dependency {
    /// Returns what depends on the other.
    #[must_use]
    pub const fn from(&self) -> ClassName {
        self.from
    }

    /// Returns what the other depends on.
    #[must_use]
    pub const fn on(&self) -> ClassName {
        self.on
    }

    /// Returns where the first was taken, or begun. For something that was completed, it is where the second was taken.
    #[must_use]
    pub const fn since(&self) -> Place {
        self.since
    }

    /// Returns where the second was waited for. For something that was completed, it is where that was.
    #[must_use]
    pub const fn place(&self) -> Place {
        self.place
    }
}

impl fmt::Display for Dependency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, on, since, place, thread, .. } = self;
        match self.kind {
            DependencyKind::Held => {
                write!(f, "{thread} took {from} at {since}, and waits with it for {on} at {place}")
            }
            DependencyKind::Within => write!(
                f,
                "{thread} waits for {on} at {place}, in what began at {since} and comes before {from}"
            ),
            DependencyKind::Completed => write!(
                f,
                "{thread} took {on} at {since}, and with it brings about {from} at {place}"
            ),
        }
    }
}

/// A thread, as the chain of a report names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ThreadTag {
    pub(crate) number: u32,
    pub(crate) name: ShortName,
}

/// The longest name of a thread that is kept.
const NAME: usize = 16;

/// The beginning of a thread's name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct ShortName([u8; NAME]);

impl fmt::Debug for ShortName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl ShortName {
    pub(crate) const UNKNOWN: Self = Self([0; NAME]);

    pub(crate) fn new(text: &str) -> Self {
        let mut name = [0; NAME];
        for (to, from) in name.iter_mut().zip(ArrayString::new(text).as_str().bytes()) {
            *to = from;
        }
        Self(name)
    }

    fn as_str(&self) -> &str {
        let len = self.0.iter().position(|&byte| byte == 0).unwrap_or(NAME);
        let bytes = self.0.get(..len).unwrap_or_default();
        match core::str::from_utf8(bytes) {
            Ok(name) => name,
            Err(error) => bytes
                .get(..error.valid_up_to())
                .and_then(|valid| core::str::from_utf8(valid).ok())
                .unwrap_or_default(),
        }
    }
}

impl fmt::Display for ThreadTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name.as_str() {
            // One without a name, or whose name was not asked for yet.
            "" | "?" => write!(f, "thread {}", self.number),
            name => write!(f, "thread `{name}`"),
        }
    }
}

/// What is known of a thread besides, when it breaks a rule.
#[derive(Clone, Debug)]
pub(crate) struct ThreadReport {
    /// Where its open sections began, the outermost first.
    pub(crate) sections: std::vec::Vec<Place>,
    /// What it holds, in the order in which it took it.
    pub(crate) held: std::vec::Vec<Held>,
    /// What was found about its wait, if that is what was found.
    pub(crate) wait: Option<WaitReport>,
}

impl ThreadReport {
    /// Writes the sections within the first, and what is held.
    pub(super) fn write_open(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for section in self.sections.iter().skip(1) {
            write!(f, "\nwithin: a section that began at {section}")?;
        }
        for held in &self.held {
            let how = if held.is_code { "within" } else { "held" };
            write!(f, "\n{how}: {held}")?;
        }
        Ok(())
    }
}

/// What was found about a wait.
#[derive(Clone, Debug)]
pub(crate) struct WaitReport {
    /// What was found, as the report says it.
    pub(crate) found: std::string::String,
    /// The chain that leads back to where it began, what is new last. It may be empty.
    pub(crate) dependencies: std::vec::Vec<Dependency>,
}

impl WaitReport {
    /// Writes the chain, if there is one.
    pub(super) fn write_chain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((new, before)) = self.dependencies.split_last() else { return Ok(()) };
        f.write_str("\nthe circle, seen piece by piece:")?;
        for dependency in before {
            write!(f, "\n    before: {dependency}")?;
        }
        write!(f, "\n    now: {new}")
    }
}
