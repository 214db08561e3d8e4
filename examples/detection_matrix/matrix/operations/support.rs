//! What several operations are prepared with.

use std::io::{self, PipeReader, PipeWriter, Write as _};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

use crate::matrix::operation::Prepared;

/// For how long is slept where nobody else ends it.
pub(super) const MOMENT: Duration = Duration::from_millis(2);

/// The same where the time runs before the thread sleeps: it may lose the processor meanwhile.
pub(super) const LONG_MOMENT: Duration = Duration::from_millis(50);

/// A moment for C.
pub(super) static MOMENT_OF_C: libc::timespec = libc::timespec { tv_sec: 0, tv_nsec: 2_000_000 };

/// No time.
pub(super) static NO_TIME: libc::timespec = libc::timespec { tv_sec: 0, tv_nsec: 0 };

/// Returns a pipe.
pub(super) fn pipe() -> (PipeReader, PipeWriter) {
    io::pipe().expect("a pipe can be made")
}

/// Makes a descriptor not wait.
pub(super) fn set_nonblocking(descriptor: &impl AsRawFd) {
    // SAFETY: it changes a flag of an open descriptor.
    let result = unsafe { libc::fcntl(descriptor.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) };
    assert_eq!(result, 0, "{}", io::Error::last_os_error());
}

/// Returns a pipe that has no room left. Its writer waits.
pub(super) fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = pipe();
    // SAFETY: it tells the size of the pipe.
    let size = unsafe { libc::fcntl(writer.as_raw_fd(), libc::F_GETPIPE_SZ) };
    let size = usize::try_from(size).expect("a pipe has a size");
    writer.write_all(&vec![0; size]).expect("there is room for it");
    (reader, writer)
}

/// Returns what a call of C's has opened, or the error.
pub(super) fn opened(descriptor: RawFd) -> Result<OwnedFd, String> {
    if descriptor < 0 {
        return Err(io::Error::last_os_error().to_string());
    }
    // SAFETY: the call has just opened it, and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// Asserts that a call of C's succeeded, with what it left in `errno` otherwise.
#[track_caller]
pub(super) fn succeeded(result: impl Into<i64>) {
    assert!(result.into() >= 0, "{}", io::Error::last_os_error());
}

/// Asserts that a call of C's failed with this error.
#[track_caller]
pub(super) fn failed_with(error: i32, result: impl Into<i64>) {
    let found = io::Error::last_os_error();
    assert!(result.into() < 0 && found.raw_os_error() == Some(error), "{found}");
}

/// Sends a signal to the thread with this number.
pub(super) fn send_signal(thread: libc::pid_t, signal: i32) {
    // SAFETY: it takes nothing.
    let process = unsafe { libc::getpid() };
    // SAFETY: it takes no pointer.
    let result = unsafe { libc::syscall(libc::SYS_tgkill, process, thread, signal) };
    succeeded(result);
}

/// Has a handler for a signal that does nothing. It breaks waits.
pub(super) fn handle_signal(signal: i32) {
    extern "C" fn nothing(_signal: i32) {}

    // SAFETY: zeros are such a structure.
    let mut action = unsafe { std::mem::zeroed::<libc::sigaction>() };
    action.sa_sigaction = nothing as extern "C" fn(i32) as usize;
    // SAFETY: the handler does nothing.
    succeeded(unsafe { libc::sigaction(signal, &raw const action, std::ptr::null_mut()) });
}

/// Blocks a signal in this thread, and returns the set that has it.
pub(super) fn block_signal(signal: i32) -> libc::sigset_t {
    // SAFETY: zeros are a set.
    let mut set = unsafe { std::mem::zeroed() };
    // SAFETY: it changes the set.
    unsafe { libc::sigaddset(&raw mut set, signal) };
    // SAFETY: it reads the set.
    let result =
        unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut()) };
    assert_eq!(result, 0);
    set
}

/// Returns the time in a long moment, by the clock that C's functions count by.
pub(super) fn in_a_moment() -> libc::timespec {
    let mut now = NO_TIME;
    // SAFETY: it writes the time there.
    unsafe { libc::clock_gettime(libc::CLOCK_REALTIME, &raw mut now) };
    now.tv_nsec += i64::from(LONG_MOMENT.subsec_nanos());
    if now.tv_nsec >= 1_000_000_000 {
        now.tv_nsec -= 1_000_000_000;
        now.tv_sec += 1;
    }
    now
}

/// Returns an operation whose result is dropped after the section.
pub(super) fn keeping<T: 'static>(mut operation: impl FnMut() -> T + 'static) -> Prepared {
    let mut kept = None;
    Ok(Box::new(move || {
        std::hint::black_box(kept.insert(operation()));
    }))
}
