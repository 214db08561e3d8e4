//! The C side: the functions that `nonblock.h` declares.
//!
//! With them, the C parts of a driver use the run-time layer: they open and close sections, and state where they may sleep.
//! Reports name the place in C. C has no types for this, so only the counters check C code.
//!
//! The header is `include/nonblock.h` in this crate. It has the macros `nonblock_start()`, `nonblock_end()`, `might_sleep()`,
//! `might_sleep_if(condition)` and `cant_sleep()`, which pass on the file and line of the caller, and `nonblock_depth()`. No
//! symbol is called `might_sleep`, `might_sleep_if` or `cant_sleep`, since other code has symbols of these names.
//!
//! For the lock dependency checker ([`lockdep`](crate::lockdep)) it has `struct nonblock_class`, and macros that say what a thread
//! waits for and holds: `nonblock_class_acquire(&class)`, and so on.
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
use crate::lockdep::CClass;
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

/// Something that threads wait for, for the lock dependency checker: C's `struct nonblock_class`, which `NONBLOCK_CLASS(name)`
/// initializes.
///
/// See [`lockdep::Class`](crate::lockdep::Class). Without the feature `lockdep`, the functions that take it do nothing.
///
/// # Safety
///
/// What points to it is not null. It was initialized before, and stays for as long as a thread holds it. It may be changed by these
/// functions only, which several threads may call at once. Its name is null, or a string as
/// [`nonblock_start_at`] wants a file.
pub type NonblockClass = CClass;

/// Calls a function with an object, and the place that a macro of the header passed on.
///
/// # Safety
///
/// As [`nonblock_start_at`] for `file`, and [`NonblockClass`] for `object`.
unsafe fn observe(
    f: fn(&NonblockClass, Place),
    object: *mut NonblockClass,
    file: *const c_char,
    line: u32,
) {
    // SAFETY: the caller promises what this asks for.
    let place = unsafe { place(file, line) };
    // SAFETY: the caller promises what this asks for.
    f(unsafe { NonblockClass::of(object) }, place);
}

/// Says that the thread is about to wait for a lock, to have it alone. It holds the lock until [`nonblock_class_release`].
///
/// `nonblock_class_acquire(object)` in C expands to this. Reports [`CircularWait`](crate::ViolationKind::CircularWait),
/// [`WaitForItself`](crate::ViolationKind::WaitForItself) or [`InconsistentUse`](crate::ViolationKind::InconsistentUse). Mirrors
/// Linux's `lock_acquire()` (`include/linux/lockdep.h`, 6.12).
///
/// # Arguments
///
/// * `object`: what it is about.
/// * `file`, `line`: as of [`nonblock_start_at`].
///
/// # Context
///
/// May be called anywhere. It neither waits nor allocates, but for a report, and where the thread looks first.
///
/// # Safety
///
/// As [`nonblock_start_at`] for `file`, and [`NonblockClass`] for `object`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nonblock_class_acquire_at(
    object: *mut NonblockClass,
    file: *const c_char,
    line: u32,
) {
    // SAFETY: the caller promises what this asks for.
    unsafe { observe(NonblockClass::acquire, object, file, line) }
}

/// As [`nonblock_class_acquire_at`], to share the lock with other readers.
///
/// # Arguments
///
/// * `object`: what it is about.
/// * `file`, `line`: as of [`nonblock_start_at`].
///
/// # Context
///
/// May be called anywhere. It neither waits nor allocates, but for a report, and where the thread looks first.
///
/// # Safety
///
/// As [`nonblock_start_at`] for `file`, and [`NonblockClass`] for `object`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nonblock_class_acquire_shared_at(
    object: *mut NonblockClass,
    file: *const c_char,
    line: u32,
) {
    // SAFETY: the caller promises what this asks for.
    unsafe { observe(NonblockClass::acquire_shared, object, file, line) }
}

/// Says that the thread has taken a lock without waiting. It holds the lock until [`nonblock_class_release`].
///
/// `nonblock_class_try_acquired(object)` in C expands to this.
///
/// # Arguments
///
/// * `object`: what it is about.
/// * `file`, `line`: as of [`nonblock_start_at`].
///
/// # Context
///
/// May be called anywhere. It neither waits nor allocates, but for a report, and where the thread looks first.
///
/// # Safety
///
/// As [`nonblock_start_at`] for `file`, and [`NonblockClass`] for `object`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nonblock_class_try_acquired_at(
    object: *mut NonblockClass,
    file: *const c_char,
    line: u32,
) {
    // SAFETY: the caller promises what this asks for.
    unsafe { observe(NonblockClass::try_acquired, object, file, line) }
}

/// Says that the thread lets go of a lock.
///
/// # Context
///
/// May be called anywhere, on the thread that has the lock.
///
/// # Safety
///
/// As [`NonblockClass`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nonblock_class_release(object: *mut NonblockClass) {
    // SAFETY: the caller promises what this asks for.
    unsafe { NonblockClass::of(object) }.release();
}

/// Says that the thread is about to wait for an event, or for the end of code, and will not hold it.
///
/// `nonblock_class_wait(object)` in C expands to this. Reports as [`nonblock_class_acquire_at`].
///
/// # Arguments
///
/// * `object`: what it is about.
/// * `file`, `line`: as of [`nonblock_start_at`].
///
/// # Context
///
/// May be called anywhere. It neither waits nor allocates, but for a report, and where the thread looks first.
///
/// # Safety
///
/// As [`nonblock_start_at`] for `file`, and [`NonblockClass`] for `object`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nonblock_class_wait_at(
    object: *mut NonblockClass,
    file: *const c_char,
    line: u32,
) {
    // SAFETY: the caller promises what this asks for.
    unsafe { observe(NonblockClass::wait, object, file, line) }
}

/// Says that the thread brings about what others wait for.
///
/// `nonblock_class_complete(object)` in C expands to this. Reports [`CircularWait`](crate::ViolationKind::CircularWait).
///
/// # Arguments
///
/// * `object`: what it is about.
/// * `file`, `line`: as of [`nonblock_start_at`].
///
/// # Context
///
/// May be called anywhere. It neither waits nor allocates, but for a report, and where the thread looks first.
///
/// # Safety
///
/// As [`nonblock_start_at`] for `file`, and [`NonblockClass`] for `object`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nonblock_class_complete_at(
    object: *mut NonblockClass,
    file: *const c_char,
    line: u32,
) {
    // SAFETY: the caller promises what this asks for.
    unsafe { observe(NonblockClass::complete, object, file, line) }
}

/// Says that the thread runs code that others wait for the end of, until [`nonblock_class_end_region`].
///
/// `nonblock_class_begin_region(object)` in C expands to this.
///
/// # Arguments
///
/// * `object`: what it is about.
/// * `file`, `line`: as of [`nonblock_start_at`].
///
/// # Context
///
/// May be called anywhere. It neither waits nor allocates, but for a report, and where the thread looks first.
///
/// # Safety
///
/// As [`nonblock_start_at`] for `file`, and [`NonblockClass`] for `object`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nonblock_class_begin_region_at(
    object: *mut NonblockClass,
    file: *const c_char,
    line: u32,
) {
    // SAFETY: the caller promises what this asks for.
    unsafe { observe(NonblockClass::begin_region, object, file, line) }
}

/// Says that the code ends which others wait for.
///
/// # Context
///
/// May be called anywhere, on the thread that began it.
///
/// # Safety
///
/// As [`NonblockClass`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nonblock_class_end_region(object: *mut NonblockClass) {
    // SAFETY: the caller promises what this asks for.
    unsafe { NonblockClass::of(object) }.release();
}
