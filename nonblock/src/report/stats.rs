//! The counts that a program can ask for: how often each rule was broken, and where.

use core::fmt;
use core::panic::Location;

use super::counter::Counter;
use super::counts_by_place;
#[cfg(feature = "std")]
use super::policy::policy;
#[cfg(feature = "std")]
use crate::backend::env_variable;
use crate::violation::{Place, ViolationKind};

/// Whether this build keeps counts.
const CHECKS: bool = cfg!(any(debug_assertions, feature = "checks"));

static BY_KIND: [Counter; ViolationKind::ALL.len()] =
    [const { Counter::new() }; ViolationKind::ALL.len()];

pub(super) fn count_kind(kind: ViolationKind) {
    BY_KIND[kind as usize].add_one();
}

/// Returns the counts of the program: of all its threads, since its start.
///
/// On a target without compare-and-swap, such as `thumbv6m-none-eabi`, violations are counted by their kinds only, and of two
/// at the same moment one may be missed. The feature `portable-atomic` makes the counts exact there, and lists the places.
/// The program then chooses how: by the feature `critical-section` of the crate `portable-atomic`, or, on a single core, by
/// its feature `unsafe-assume-single-core`.
///
/// # Context
///
/// May be called anywhere. It neither locks nor allocates.
///
/// # Examples
///
/// ```
/// use nonblock::ViolationKind;
///
/// nonblock::set_policy(nonblock::Policy::Ignore);
/// nonblock::cant_sleep();
/// # if nonblock::CHECKS {
/// let stats = nonblock::stats();
/// assert_eq!(stats.count(ViolationKind::NotInNonBlock), 1);
/// assert_eq!(stats.sites().next().unwrap().kind, ViolationKind::NotInNonBlock);
/// # }
/// ```
pub fn stats() -> Stats {
    Stats { _private: () }
}

/// A view of the counts of the program. Each call reads them anew.
///
/// Violations are counted by place for the first 128 places, and permits for the first 64. What happens at other places is
/// only in [`unlisted`](Stats::unlisted) and [`unlisted_permits`](Stats::unlisted_permits).
///
/// The `Display` form lists all counts, a line each. It also says if checks are off, or if `NONBLOCK` is misspelt.
///
/// # Context
///
/// Everything on it may be called anywhere: it neither locks nor allocates.
///
/// # Examples
///
/// ```
/// use nonblock::permit_sleep;
///
/// nonblock::non_block(|_nb| permit_sleep("there is no device yet", |_cx| ()));
/// # if nonblock::CHECKS {
/// let permit = nonblock::stats().permits().next().unwrap();
/// assert_eq!((permit.reason, permit.count), ("there is no device yet", 1));
/// assert_eq!(nonblock::stats().total(), 0); // a permit is no violation
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Stats {
    _private: (),
}

/// A place at which a rule was broken. [`Stats::sites`] lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Site {
    /// Which rule was broken.
    pub kind: ViolationKind,
    /// The call that broke the rule. For a call from C, this is one location that stands for all of C.
    pub location: &'static Location<'static>,
    /// The call that broke the rule, in Rust or in C.
    pub place: Place,
    /// How often it did.
    pub count: usize,
}

/// A place at which [`permit_sleep`](crate::permit_sleep) was called. [`Stats::permits`] lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Permit {
    /// Why sleeping is harmless there, as the caller said.
    pub reason: &'static str,
    /// The call of `permit_sleep`.
    pub location: &'static Location<'static>,
    /// How often it was called.
    pub count: usize,
}

impl Stats {
    /// Returns whether checks are on in this build, as [`CHECKS`](crate::CHECKS) does. If not, nothing is counted.
    pub const fn checks(&self) -> bool {
        CHECKS
    }

    /// Returns how many violations of a kind there were.
    pub fn count(&self, kind: ViolationKind) -> usize {
        BY_KIND[kind as usize].get()
    }

    /// Returns how many violations there were.
    pub fn total(&self) -> usize {
        ViolationKind::ALL.into_iter().map(|kind| self.count(kind)).sum()
    }

    /// Returns the places at which rules were broken, in no certain order.
    pub fn sites(&self) -> impl Iterator<Item = Site> + use<> {
        counts_by_place::VIOLATIONS.iter().map(|(key, count)| Site {
            kind: key.what,
            location: key.place.in_rust(),
            place: key.place,
            count,
        })
    }

    /// Returns how many violations happened at places that [`sites`](Stats::sites) has no room for.
    pub fn unlisted(&self) -> usize {
        counts_by_place::VIOLATIONS.unlisted()
    }

    /// Returns the places at which sleeping was permitted, in no certain order.
    pub fn permits(&self) -> impl Iterator<Item = Permit> + use<> {
        counts_by_place::PERMITS.iter().map(|(key, count)| Permit {
            reason: key.what,
            location: key.place.in_rust(),
            count,
        })
    }

    /// Returns how many permits were used at places that [`permits`](Stats::permits) has no room for.
    pub fn unlisted_permits(&self) -> usize {
        counts_by_place::PERMITS.unlisted()
    }
}

/// The counts, a line each: first the kinds that occurred, then the places, then the permits.
impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.checks() {
            return f.write_str(
                "violations: not counted, and no policy acts: checks are off in this build (debug assertions or \
                 nonblock's feature `checks` turn them on)",
            );
        }
        write!(f, "violations: {}", self.total())?;
        #[cfg(feature = "std")]
        if let Some(error) = env_variable::error() {
            write!(f, "\n  {error}; using `{}`", policy())?;
        }
        for kind in ViolationKind::ALL.into_iter().filter(|kind| self.count(*kind) > 0) {
            write!(f, "\n  {kind}: {}", self.count(kind))?;
        }
        for site in self.sites() {
            write!(f, "\n  at {}: {} {}", site.place, site.count, site.kind)?;
        }
        for permit in self.permits() {
            write!(
                f,
                "\n  permitted at {}: {} ({})",
                permit.location, permit.count, permit.reason
            )?;
        }
        Ok(())
    }
}
