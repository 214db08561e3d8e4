//! Whether a call really blocks: a thread makes it, and the kernel tells where that thread is.

use std::format;
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How long a call may take until it is clear whether it blocks.
const PATIENCE: Duration = Duration::from_secs(20);

/// Makes a system call, and returns what the kernel did.
#[expect(clippy::many_single_char_names, reason = "they are arguments of any call")]
pub(super) unsafe extern "C" fn syscall(
    number: usize,
    a: usize,
    b: usize,
    c: usize,
    d: usize,
    e: usize,
    f: usize,
) -> isize {
    // SAFETY: the caller vouches for the call.
    let result = unsafe { libc::syscall(number.try_into().expect("a number"), a, b, c, d, e, f) };
    if result == -1 {
        // SAFETY: it is this thread's own.
        let error = unsafe { *libc::__errno_location() };
        return -isize::try_from(error).expect("an error");
    }
    result.try_into().expect("a result of the machine's width")
}

/// The same, with the arguments in an array.
#[expect(clippy::many_single_char_names, reason = "they are arguments of any call")]
unsafe fn syscall_with(number: usize, [a, b, c, d, e, f]: [usize; 6]) -> isize {
    // SAFETY: the caller vouches for the call.
    unsafe { syscall(number, a, b, c, d, e, f) }
}

/// How a call went that a thread of its own made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Returned(isize),
    /// It slept in the call until a signal broke it.
    Blocked,
}

extern "C" fn ignore(_: libc::c_int) {}

/// Has a signal break calls instead of ending the process.
fn install_handler() {
    let handler: extern "C" fn(libc::c_int) = ignore;
    // SAFETY: the handler does nothing, and without SA_RESTART calls are broken.
    unsafe {
        let mut action: libc::sigaction = core::mem::zeroed();
        action.sa_sigaction = handler as libc::sighandler_t;
        assert_eq!(libc::sigaction(libc::SIGUSR2, &raw const action, core::ptr::null_mut()), 0);
    }
}

/// Makes a call on a thread of its own, and waits until it has returned or sleeps in the call.
///
/// # Safety
///
/// The pointers among the arguments must be good until this returns.
#[track_caller]
pub(super) unsafe fn try_call(number: usize, arguments: [usize; 6]) -> Outcome {
    install_handler();
    let thread_id = AtomicI32::new(0);
    let returned = AtomicBool::new(false);
    let expected = format!("{number} ");
    thread::scope(|scope| {
        let caller = scope.spawn(|| {
            // SAFETY: it takes no pointer.
            thread_id.store(unsafe { libc::gettid() }, Ordering::Release);
            // SAFETY: the caller vouches for the pointers.
            let result = unsafe { syscall_with(number, arguments) };
            returned.store(true, Ordering::Release);
            result
        });
        let begin = Instant::now();
        let mut slept = false;
        while !returned.load(Ordering::Acquire) {
            let thread = thread_id.load(Ordering::Acquire);
            if thread != 0 {
                // The file has a number only while the thread sleeps in a call.
                let path = format!("/proc/self/task/{thread}/syscall");
                let place = fs::read_to_string(path).unwrap_or_default();
                slept |= place.starts_with(&expected);
            }
            if slept {
                // SAFETY: the thread is joined below, so its number is still its own.
                unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), thread, libc::SIGUSR2) };
            }
            assert!(begin.elapsed() < PATIENCE, "call {number} neither returned nor slept");
            thread::sleep(Duration::from_micros(200));
        }
        let result = caller.join().expect("the thread did not panic");
        if slept { Outcome::Blocked } else { Outcome::Returned(result) }
    })
}
