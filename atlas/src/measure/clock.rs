//! The clocks of the process, which can be put forward: so that what a cache does when it has grown old is seen without a wait.
//!
//! The program defines `clock_gettime` itself, and hands each call on to the C library's.

use std::ffi::{c_int, c_void};
use std::mem::transmute;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicI64, AtomicPtr, Ordering};
use std::time::Duration;

/// By how many seconds the clocks are ahead.
static AHEAD: AtomicI64 = AtomicI64::new(0);

type GetTime = unsafe extern "C" fn(libc::clockid_t, *mut libc::timespec) -> c_int;

/// The C library's function, once it has been looked up.
static GET_TIME: AtomicPtr<c_void> = AtomicPtr::new(null_mut());

/// Looks up what is to be called later.
pub(super) fn look_up() {
    // SAFETY: the name ends with a zero.
    let found = unsafe { libc::dlsym(libc::RTLD_NEXT, c"clock_gettime".as_ptr()) };
    assert!(!found.is_null(), "this C library has no clocks");
    GET_TIME.store(found, Ordering::SeqCst);
}

/// Puts every clock of the process forward.
pub fn time_passes(by: Duration) {
    let seconds = i64::try_from(by.as_secs()).expect("it is not that long");
    AHEAD.fetch_add(seconds, Ordering::SeqCst);
}

#[unsafe(no_mangle)]
unsafe extern "C" fn clock_gettime(clock: libc::clockid_t, time: *mut libc::timespec) -> c_int {
    let get_time = GET_TIME.load(Ordering::Relaxed);
    let result = if get_time.is_null() {
        // SAFETY: the caller keeps the contract, which is the same.
        let result = unsafe { libc::syscall(libc::SYS_clock_gettime, clock, time) };
        c_int::try_from(result).unwrap_or(-1)
    } else {
        // SAFETY: the C library's function of this name has this type.
        let get_time = unsafe { transmute::<*mut c_void, GetTime>(get_time) };
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { get_time(clock, time) }
    };
    if result == 0 {
        // SAFETY: the kernel has just written it.
        unsafe { (*time).tv_sec += AHEAD.load(Ordering::Relaxed) };
    }
    result
}
