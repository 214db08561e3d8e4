//! The C side: the functions that `nonblock.h` declares.
//!
//! With them the C parts of a driver take part in the run-time layer: they open and close sections, and say where they may
//! sleep. Reports name the place in C. What C has no types for, the counters watch alone.
//!
//! The header is `include/nonblock.h` in this crate. Its macros pass the caller's file and line on: `nonblock_start()`,
//! `nonblock_end()`, `might_sleep()`, `might_sleep_if(condition)`, `cant_sleep()`, and `nonblock_depth()`. `might_sleep`,
//! `might_sleep_if` and `cant_sleep` are macros only; no symbol of these names is defined, since other code has its own.
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
//! The symbols are in the program as soon as a crate of it depends on this one with the feature `capi`. A C program links
//! a `staticlib` or `cdylib` of such a crate.
//!
//! # Panics
//!
//! No panic comes out of these functions: C has no way to unwind, and would be left with its locks held. Where the
//! [`Policy`](crate::Policy) is to panic, the report is written, with a call trace, and the program aborts. A handler that
//! panics in a call from C aborts the program too. A thread that is panicking already only writes the report. In a test
//! ([`testing`](crate::testing)) the violation is recorded as any other.
//!
//! With checks off, the functions are there and do nothing; the header does not know, and calls them all the same.

use core::ffi::c_char;

use crate::backend::{ActiveBackend, Backend as _};
use crate::check;
use crate::raw;
use crate::violation::{CFile, Place};

/// A call of C's that does not tell its place.
const UNKNOWN: Place = Place::in_c(None, 0);

/// The place that a macro of the header's passed on.
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
/// What `nonblock_start()` in C expands to. Mirrors Linux's `non_block_start()` (`include/linux/kernel.h`, 6.12).
///
/// # Arguments
///
/// * `file`: C's `__FILE__`, or null if it is not known.
/// * `line`: C's `__LINE__`.
///
/// # Context
///
/// May be called anywhere. Sections nest, with those of Rust code too.
///
/// # Safety
///
/// `file` is null, or points to a string with a nul at its end which is never changed, and is there for as long as the
/// program runs: a literal, in code that is not unloaded.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nonblock_start_at(file: *const c_char, line: u32) {
    // SAFETY: the caller promises what this asks for.
    let place = unsafe { place(file, line) };
    ActiveBackend::start(place);
}

/// As [`nonblock_start_at`], from a place that is not known: for a pointer to the function, and other languages.
///
/// # Context
///
/// May be called anywhere. Sections nest.
#[unsafe(no_mangle)]
pub extern "C" fn nonblock_start() {
    ActiveBackend::start(UNKNOWN);
}

/// Closes the section that [`nonblock_start_at`] or [`nonblock_start`] opened.
///
/// What `nonblock_end()` in C expands to. Mirrors Linux's `non_block_end()` (`include/linux/kernel.h`, 6.12). Where no
/// section is open, it reports [`UnbalancedEnd`](crate::ViolationKind::UnbalancedEnd), and the depth stays zero.
///
/// # Arguments
///
/// As [`nonblock_start_at`].
///
/// # Context
///
/// To be called in a section, on the thread that opened it.
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

/// As [`nonblock_end_at`], from a place that is not known.
///
/// # Context
///
/// To be called in a section, on the thread that opened it.
#[unsafe(no_mangle)]
pub extern "C" fn nonblock_end() {
    raw::non_block_end_at(UNKNOWN);
}

/// Says that the caller may sleep, and reports
/// [`SleepInNonBlock`](crate::ViolationKind::SleepInNonBlock) if a section is open.
///
/// What `might_sleep()` in C expands to. Mirrors Linux's `__might_sleep()` (`kernel/sched/core.c`, 6.12).
///
/// # Arguments
///
/// As [`nonblock_start_at`].
///
/// # Context
///
/// May be called anywhere; to be called first in what may sleep.
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

/// As [`nonblock_might_sleep_at`], from a place that is not known.
///
/// # Context
///
/// May be called anywhere; to be called first in what may sleep.
#[unsafe(no_mangle)]
pub extern "C" fn nonblock_might_sleep() {
    check::might_sleep_at(UNKNOWN);
}

/// Says that the caller relies on a section, and reports [`NotInNonBlock`](crate::ViolationKind::NotInNonBlock) if none is
/// open.
///
/// What `cant_sleep()` in C expands to. Mirrors Linux's `__cant_sleep()` (`kernel/sched/core.c`, 6.12).
///
/// # Arguments
///
/// As [`nonblock_start_at`].
///
/// # Context
///
/// To be called in a section.
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

/// As [`nonblock_cant_sleep_at`], from a place that is not known.
///
/// # Context
///
/// To be called in a section.
#[unsafe(no_mangle)]
pub extern "C" fn nonblock_cant_sleep() {
    check::cant_sleep_at(UNKNOWN);
}

/// Returns how many sections are open on this thread: C's [`raw::depth`].
///
/// # Context
///
/// May be called anywhere.
#[unsafe(no_mangle)]
pub extern "C" fn nonblock_depth() -> u32 {
    raw::depth()
}
