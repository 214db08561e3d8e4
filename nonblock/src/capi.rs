//! The C side: the functions that `nonblock.h` declares.
//!
//! With them, the C parts of a driver use the run-time layer: they open and close sections, and state where they may sleep.
//! Reports name the place in C. C has no types for this, so only the counters check C code.
//!
//! The header is `include/nonblock.h` in this crate. It has the macros `nonblock_start()`, `nonblock_end()`, `might_sleep()`,
//! `might_sleep_if(condition)` and `cant_sleep()`, which pass on the file and line of the caller, and `nonblock_depth()`. No
//! symbol is called `might_sleep`, `might_sleep_if` or `cant_sleep`, since other code has symbols of these names.
//!
//! ```c
//! #include "nonblock.h"
//!
//! void wait_for_fence(struct device *dev)
//! {
//!     might_sleep();
//!     /* ... */
//! }
//!
//! int invalidate(struct device *dev)
//! {
//!     int busy;
//!
//!     nonblock_start();
//!     busy = try_unmap(dev);  /* a `wait_for_fence` in there is reported */
//!     nonblock_end();
//!     return busy ? -EAGAIN : 0;
//! }
//! ```
//!
//! The symbols are in a program if one of its crates depends on this crate with the feature `capi`. A C program links a
//! `staticlib` or `cdylib` of such a crate.
//!
//! # Panics
//!
//! No panic leaves these functions. C cannot unwind, and would still hold its locks after a panic. If the
//! [`Policy`](crate::Policy) is to panic, the report is written with a call trace, and the program aborts. If a handler panics
//! in a call from C, the program aborts too. On a thread that is panicking already, only the report is written. In a test
//! ([`testing`](crate::testing)), the violation is recorded as any other.
//!
//! With checks off, the functions are there and do nothing. The header does not know whether checks are on, and calls the
//! functions in either case.

use core::ffi::c_char;

use crate::backend::{ActiveBackend, Backend as _};
use crate::check;
use crate::raw;
use crate::violation::{CFile, Place};

/// The place of a call from C that does not tell its place.
const UNKNOWN_PLACE: Place = Place::in_c(None, 0);

/// Makes the place that a macro of the header passed on.
///
/// # Safety
///
/// As [`nonblock_start_at`].
#[inline]
unsafe fn place(file: *const c_char, line: u32) -> Place {
    // SAFETY: the caller promises what this asks for.
    Place::in_c(unsafe { CFile::new(file) }, line)
}

/// Opens a section that [`nonblock_end_at`] or [`nonblock_end`] must close, on this thread.
///
/// `nonblock_start()` in C expands to this. Mirrors Linux's `non_block_start()` (`include/linux/kernel.h`, 6.12).
///
/// # Arguments
///
/// * `file`: C's `__FILE__`, or null if it is not known.
/// * `line`: C's `__LINE__`.
///
/// # Context
///
/// May be called anywhere. Sections nest, also with sections of Rust code.
///
/// # Safety
///
/// `file` is null, or points to a string that ends in a nul. The string is never changed, and is there for as long as the
/// program runs. A string literal in code that is never unloaded is such a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nonblock_start_at(file: *const c_char, line: u32) {
    // SAFETY: the caller promises what this asks for.
    let place = unsafe { place(file, line) };
    ActiveBackend::start(place);
}

/// As [`nonblock_start_at`], without a place. It is for pointers to the function, and for languages other than C.
///
/// # Context
///
/// May be called anywhere. Sections nest.
#[unsafe(no_mangle)]
pub extern "C" fn nonblock_start() {
    ActiveBackend::start(UNKNOWN_PLACE);
}

/// Closes the section that [`nonblock_start_at`] or [`nonblock_start`] opened.
///
/// `nonblock_end()` in C expands to this. Mirrors Linux's `non_block_end()` (`include/linux/kernel.h`, 6.12). If no section
/// is open, it reports [`UnbalancedEnd`](crate::ViolationKind::UnbalancedEnd), and the depth stays zero.
///
/// # Arguments
///
/// As [`nonblock_start_at`].
///
/// # Context
///
/// Call it in a section, on the thread that opened the section.
///
/// # Safety
///
/// As [`nonblock_start_at`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nonblock_end_at(file: *const c_char, line: u32) {
    // SAFETY: the caller promises what this asks for.
    let place = unsafe { place(file, line) };
    raw::non_block_end_at(place);
}

/// As [`nonblock_end_at`], without a place.
///
/// # Context
///
/// Call it in a section, on the thread that opened the section.
#[unsafe(no_mangle)]
pub extern "C" fn nonblock_end() {
    raw::non_block_end_at(UNKNOWN_PLACE);
}

/// States that the caller may sleep. Reports [`SleepInNonBlock`](crate::ViolationKind::SleepInNonBlock) if a section is open.
///
/// `might_sleep()` in C expands to this. Mirrors Linux's `__might_sleep()` (`kernel/sched/core.c`, 6.12).
///
/// # Arguments
///
/// As [`nonblock_start_at`].
///
/// # Context
///
/// May be called anywhere. Call it first in a function that may sleep.
///
/// # Safety
///
/// As [`nonblock_start_at`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nonblock_might_sleep_at(file: *const c_char, line: u32) {
    // SAFETY: the caller promises what this asks for.
    let place = unsafe { place(file, line) };
    check::might_sleep_at(place);
}

/// As [`nonblock_might_sleep_at`], without a place.
///
/// # Context
///
/// May be called anywhere. Call it first in a function that may sleep.
#[unsafe(no_mangle)]
pub extern "C" fn nonblock_might_sleep() {
    check::might_sleep_at(UNKNOWN_PLACE);
}

/// States that the caller relies on an open section. Reports [`NotInNonBlock`](crate::ViolationKind::NotInNonBlock) if none is
/// open.
///
/// `cant_sleep()` in C expands to this. Mirrors Linux's `__cant_sleep()` (`kernel/sched/core.c`, 6.12).
///
/// # Arguments
///
/// As [`nonblock_start_at`].
///
/// # Context
///
/// Call it in a section.
///
/// # Safety
///
/// As [`nonblock_start_at`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nonblock_cant_sleep_at(file: *const c_char, line: u32) {
    // SAFETY: the caller promises what this asks for.
    let place = unsafe { place(file, line) };
    check::cant_sleep_at(place);
}

/// As [`nonblock_cant_sleep_at`], without a place.
///
/// # Context
///
/// Call it in a section.
#[unsafe(no_mangle)]
pub extern "C" fn nonblock_cant_sleep() {
    check::cant_sleep_at(UNKNOWN_PLACE);
}

/// Returns how many sections are open on this thread. It is [`raw::depth`] for C.
///
/// # Context
///
/// May be called anywhere.
#[unsafe(no_mangle)]
pub extern "C" fn nonblock_depth() -> u32 {
    raw::depth()
}
