//! Where the counters live: a trait, and the macro that installs an implementation of it.
//!
//! The core keeps no state of its own. It asks a backend, of which a program has exactly one, in the manner of
//! the `critical-section` crate. With the feature `std` that is a thread-local one, installed
//! through the same door; without it, a program whose checks are on brings its own with
//! [`set_backend!`](crate::set_backend), or does not link: the missing symbol says so.
//!
//! # Examples
//!
//! A backend for a machine with a single thread, in a crate that depends on `nonblock` with default
//! features off:
//!
//! ```
//! use core::sync::atomic::{AtomicU32, Ordering};
//! use nonblock::backend::{Backend, Suspended};
//! use nonblock::{Place, Violation};
//!
//! static DEPTH: AtomicU32 = AtomicU32::new(0);
//!
//! struct SingleThread;
//!
//! // SAFETY: the machine has one thread, and the one counter is that thread's; nothing unwinds.
//! unsafe impl Backend for SingleThread {
//!     fn start(_place: Place) {
//!         DEPTH.fetch_add(1, Ordering::Relaxed);
//!     }
//!     fn end() -> bool {
//!         let less = |depth: u32| depth.checked_sub(1);
//!         DEPTH.try_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
//!     }
//!     fn depth() -> Option<u32> {
//!         Some(DEPTH.load(Ordering::Relaxed))
//!     }
//!     fn suspend() -> Suspended {
//!         Suspended { depth: DEPTH.swap(0, Ordering::Relaxed), began: None }
//!     }
//!     fn resume(suspended: Suspended) {
//!         DEPTH.fetch_add(suspended.depth, Ordering::Relaxed);
//!     }
//!     fn write(_violation: &Violation) {
//!         // To the serial port ...
//!     }
//!     fn abort() -> ! {
//!         loop {}
//!     }
//! }
//!
//! # macro_rules! set_backend { ($backend:ty) => {} } // the feature `std` has installed its own here
//! // In such a crate: `nonblock::set_backend!(SingleThread);`
//! set_backend!(SingleThread);
//! ```

use crate::violation::{Place, Policy, Task, Violation};

#[cfg(all(any(debug_assertions, feature = "checks"), not(feature = "std")))]
mod linked;
#[cfg(not(any(debug_assertions, feature = "checks")))]
mod no_backend;
#[cfg(feature = "std")]
pub(crate) mod recorder;
#[cfg(feature = "std")]
mod thread_local;

// The one place that chooses: the thread-local backend is called directly, so that a section is
// inlined; another is called through the table it installed; where checks are off there is none.
#[cfg(all(any(debug_assertions, feature = "checks"), not(feature = "std")))]
pub(crate) use linked::Linked as Chosen;
#[cfg(not(any(debug_assertions, feature = "checks")))]
pub(crate) use no_backend::NoBackend as Chosen;
#[cfg(all(any(debug_assertions, feature = "checks"), feature = "std"))]
pub(crate) use thread_local::ThreadLocal as Chosen;

/// Whether a section is open on this thread, or `None` where no count is kept.
#[inline]
pub(crate) fn in_section() -> Option<bool> {
    Chosen::depth().map(|depth| depth != 0)
}

/// The open sections, put aside until this guard is dropped, by unwinding too.
#[must_use = "the sections are put back when this guard is dropped"]
pub(crate) struct Aside(Suspended);

impl Aside {
    #[inline]
    pub(crate) fn put() -> Self {
        Self(Chosen::suspend())
    }
}

impl Drop for Aside {
    #[inline]
    fn drop(&mut self) {
        Chosen::resume(self.0);
    }
}

/// Where the counters of a platform live, and how it reports.
///
/// All functions are called on the thread (or CPU, or task) they are about. Those with a body of their own
/// may be left out.
///
/// # Context
///
/// Every function is called anywhere: in sections, and with locks of user code held. None may sleep, but `write`, for which the
/// sections are put aside.
///
/// # Safety
///
/// The implementation must keep one count per thread of execution: it is raised by `start` and
/// lowered by `end` on that thread alone, and no interrupt may leave it changed. No function but
/// `write` may unwind, and none may call back into this crate except through `Violation`. Unsafe code, of
/// this crate's users too, may rely on a section being open where the count says so.
///
/// # Examples
///
/// [The module](self) shows a whole one.
pub unsafe trait Backend {
    /// Opens a section that begins at `place`.
    fn start(place: Place);

    /// Closes the innermost section; returns `false`, and leaves the count at zero, if none is open.
    fn end() -> bool;

    /// Returns how many sections are open, or `None` if this platform keeps no count.
    ///
    /// A Linux kernel without `CONFIG_DEBUG_ATOMIC_SLEEP` keeps none.
    fn depth() -> Option<u32>;

    /// Returns where the outermost open section began, if the platform remembers.
    fn began() -> Option<Place> {
        None
    }

    /// Puts the open sections aside: the depth is zero afterwards.
    fn suspend() -> Suspended;

    /// Takes up again what `suspend` put aside, beside what was opened since and is open still: a spin
    /// lock's guard can be taken while the sections are aside, and kept.
    fn resume(suspended: Suspended);

    /// Names the running thread, for reports.
    fn task() -> Task {
        Task::UNKNOWN
    }

    /// Writes a report out, with what the platform can add to it (a backtrace).
    ///
    /// It must take no lock that user code can hold.
    fn write(violation: &Violation);

    /// Ends the program, for [`Policy::Abort`].
    fn abort() -> !;

    /// Says whether this thread is unwinding, so that a report must not panic again.
    fn panicking() -> bool {
        false
    }

    /// Returns the policy that holds until code sets another.
    fn initial_policy() -> Policy {
        Policy::Panic
    }

    /// Marks that this thread is making a report; returns `false` if it already was.
    ///
    /// Where it is left out, a [`Handler`](crate::Handler) that itself breaks a rule is called within itself, again and again.
    fn begin_report() -> bool {
        true
    }

    /// Takes the mark of `begin_report` away.
    fn end_report() {}

    /// Hands a violation to a test that expects it; returns `true` if the policy is not to act on it.
    fn record(violation: &Violation) -> bool {
        let _ = violation;
        false
    }
}

/// The sections of a thread, put aside by [`Backend::suspend`], and taken up again by [`Backend::resume`].
///
/// # Context
///
/// A plain value: everything on it may be called anywhere.
///
/// # Examples
///
/// [The module](self) shows a backend that makes one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Suspended {
    /// How many were open.
    pub depth: u32,
    /// Where the outermost one began, if the platform remembers.
    pub began: Option<Place>,
}

/// The functions of a [`Backend`], as [`set_backend!`](crate::set_backend) exports them.
#[doc(hidden)]
#[derive(Debug)]
#[allow(dead_code, reason = "the table is read only where another crate installs the backend")]
pub struct Installed {
    pub(crate) start: fn(Place),
    pub(crate) end: fn() -> bool,
    pub(crate) depth: fn() -> Option<u32>,
    pub(crate) began: fn() -> Option<Place>,
    pub(crate) suspend: fn() -> Suspended,
    pub(crate) resume: fn(Suspended),
    pub(crate) task: fn() -> Task,
    pub(crate) write: fn(&Violation),
    pub(crate) abort: fn() -> !,
    pub(crate) panicking: fn() -> bool,
    pub(crate) initial_policy: fn() -> Policy,
    pub(crate) begin_report: fn() -> bool,
    pub(crate) end_report: fn(),
    pub(crate) record: fn(&Violation) -> bool,
}

impl Installed {
    #[doc(hidden)]
    pub const fn new<B: Backend>() -> Self {
        Self {
            start: B::start,
            end: B::end,
            depth: B::depth,
            began: B::began,
            suspend: B::suspend,
            resume: B::resume,
            task: B::task,
            write: B::write,
            abort: B::abort,
            panicking: B::panicking,
            initial_policy: B::initial_policy,
            begin_report: B::begin_report,
            end_report: B::end_report,
            record: B::record,
        }
    }
}

/// Installs a [`Backend`](crate::backend::Backend) for the whole program.
///
/// To be invoked once in a program, at module level. A second one does not link (its symbol is
/// defined twice), and beside the feature `std`, which installs its own, it does not compile. Where checks are
/// off, it leaves nothing in the program.
///
/// # Examples
///
/// ```compile_fail,E0080
/// # use nonblock::{Place, Violation, backend::{Backend, Suspended}};
/// # struct Second;
/// # unsafe impl Backend for Second {
/// #     fn start(_: Place) {}
/// #     fn end() -> bool { true }
/// #     fn depth() -> Option<u32> { None }
/// #     fn suspend() -> Suspended { Suspended::default() }
/// #     fn resume(_: Suspended) {}
/// #     fn write(_: &Violation) {}
/// #     fn abort() -> ! { loop {} }
/// # }
/// nonblock::set_backend!(Second); // beside the feature `std`
/// ```
#[macro_export]
macro_rules! set_backend {
    ($backend:ty) => {
        const _: () = {
            $crate::__backend_table!($backend);
            $crate::__private::only_backend(::core::module_path!());
        };
    };
}

/// Exports the table of a backend.
#[cfg(any(debug_assertions, feature = "checks"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __backend_table {
    ($backend:ty) => {
        // The symbol's name is what a linker prints where it is missing or defined twice.
        #[unsafe(no_mangle)]
        static nonblock_needs_exactly_one_backend__feature_std_or_set_backend:
            $crate::__private::Installed = $crate::__private::Installed::new::<$backend>();

        // A linker takes from a library only what it still misses, so a second table in another crate
        // would be passed over. What is `used` is linked under its own name, and the table beside it.
        #[used]
        static IN_EVERY_LINK: &$crate::__private::Installed =
            &nonblock_needs_exactly_one_backend__feature_std_or_set_backend;
    };
}

/// Checks a backend that nobody asks: nothing is counted, so nothing of it stays in the program.
#[cfg(not(any(debug_assertions, feature = "checks")))]
#[doc(hidden)]
#[macro_export]
macro_rules! __backend_table {
    ($backend:ty) => {
        const _: $crate::__private::Installed = $crate::__private::Installed::new::<$backend>();
    };
}

/// Refuses, at compile time, a backend beside the one that the feature `std` installs.
#[doc(hidden)]
pub const fn only_backend(module: &str) {
    assert!(
        !cfg!(feature = "std") || same(module, "nonblock::backend::thread_local"),
        "a second backend: nonblock's feature `std` has already installed the thread-local one; \
         depend on nonblock with `default-features = false` to bring your own"
    );
}

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}
