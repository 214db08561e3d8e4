//! The macro that installs a backend, and the table that it exports.

use super::interface::{Backend, Suspended};
use crate::violation::{Place, Policy, Task, Violation};

/// The functions of a [`Backend`], as [`set_backend!`](crate::set_backend) exports them.
#[doc(hidden)]
#[derive(Debug)]
#[allow(dead_code, reason = "the table is read only where another crate installs the backend")]
pub struct BackendVTable {
    pub(crate) start: fn(Place),
    pub(crate) end: fn() -> bool,
    pub(crate) depth: fn() -> Option<u32>,
    pub(crate) began: fn() -> Option<Place>,
    pub(crate) suspend: fn() -> Suspended,
    pub(crate) resume: fn(Suspended),
    pub(crate) task: fn() -> Task,
    pub(crate) write: fn(&Violation),
    pub(crate) abort: fn(),
    pub(crate) panicking: fn() -> bool,
    pub(crate) initial_policy: fn() -> Policy,
    pub(crate) begin_report: fn() -> bool,
    pub(crate) end_report: fn(),
    pub(crate) before_panic: fn(&Violation),
    pub(crate) mark_reported: fn(u32) -> u32,
    pub(crate) reported_depth: fn() -> u32,
    pub(crate) record: fn(&Violation) -> bool,
}

impl BackendVTable {
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
            abort: abort::<B>,
            panicking: B::panicking,
            initial_policy: B::initial_policy,
            begin_report: B::begin_report,
            end_report: B::end_report,
            before_panic: B::before_panic,
            mark_reported: B::mark_reported,
            reported_depth: B::reported_depth,
            record: B::record,
        }
    }
}

fn abort<B: Backend>() {
    B::abort();
}

/// Installs a [`Backend`](crate::backend::Backend) for the whole program.
///
/// Only the final program invokes it, once, at module level. A library does not: its users could not turn on the feature `std`
/// any more. That feature installs a backend of its own, and Cargo turns it on for all crates of a build if one of them asks for
/// it. Beside `std` the macro does not compile. If a second backend is installed, the program does not link: the symbol is defined
/// twice. Where checks are off, the macro leaves nothing in the program.
///
/// So a crate that invokes it cannot have tests with `#[nonblock::test]`, which needs `std`.
/// [The module](crate::backend#who-installs-it) says how to split such a crate, and shows a whole program.
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
            $crate::backend::only_backend(::core::module_path!());
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
            $crate::backend::BackendVTable = $crate::backend::BackendVTable::new::<$backend>();

        // A linker takes from a library only what it still misses, so it would pass over a second table in another
        // crate. It must link a static that is `used`, and with it the table.
        #[used]
        static IN_EVERY_LINK: &$crate::backend::BackendVTable =
            &nonblock_needs_exactly_one_backend__feature_std_or_set_backend;
    };
}

/// Checks the backend's type, and leaves nothing in the program: where checks are off, nobody calls a backend.
#[cfg(not(any(debug_assertions, feature = "checks")))]
#[doc(hidden)]
#[macro_export]
macro_rules! __backend_table {
    ($backend:ty) => {
        const _: $crate::backend::BackendVTable = $crate::backend::BackendVTable::new::<$backend>();
    };
}

/// Refuses at compile time a second backend, beside the one that the feature `std` installs.
#[doc(hidden)]
pub const fn only_backend(module: &str) {
    assert!(
        !cfg!(feature = "std") || is_equal(module, "nonblock::backend::thread_local"),
        "a second backend: nonblock's feature `std` is on in this build, and has installed the thread-local one. Only the \
         final program may call `set_backend!`, and only where no crate of the build turns `std` on: depend on nonblock with \
         `default-features = false` (`cargo tree -e features -i nonblock` shows who does not). For tests on the host, see \
         \"Who installs it\" on the page of `nonblock::backend`"
    );
}

/// Compares two strings, as `==` cannot in a `const fn`.
const fn is_equal(a: &str, b: &str) -> bool {
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
