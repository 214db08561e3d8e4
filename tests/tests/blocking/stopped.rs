//! A thread that stays in a system call which it makes with a lock, and in nothing of a probe's own. Linux has a thread's system calls end
//! in a signal instead, whose handler stays as long as it likes: `Documentation/admin-guide/syscall-user-dispatch.rst`, since Linux 5.11.

use std::io::Error;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering::SeqCst};
use std::thread;

use nix::libc;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

use crate::Impossible;

/// Whether the next system call of the thread that asked for it is one: see `linux/prctl.h`.
static SELECTOR: AtomicU8 = AtomicU8::new(ALLOW);
const ALLOW: u8 = 0;
const BLOCK: u8 = 1;

const PR_SET_SYSCALL_USER_DISPATCH: i32 = 59;
const PR_SYS_DISPATCH_ON: usize = 1;

static IS_STOPPED: AtomicBool = AtomicBool::new(false);
static MAY_GO_ON: AtomicBool = AtomicBool::new(false);

extern "C" fn stay(_signal: i32) {
    SELECTOR.store(ALLOW, SeqCst);
    IS_STOPPED.store(true, SeqCst);
    while !MAY_GO_ON.load(SeqCst) {
        thread::yield_now();
    }
}

/// Has this thread stay in its next system call until [`go_on`]. The call itself is not made.
pub(super) fn stay_in_next_system_call() {
    let action = SigAction::new(SigHandler::Handler(stay), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler only looks at atomics, and yields.
    unsafe { sigaction(Signal::SIGSYS, &action) }.expect("the signal has no other handler");
    let selector = ptr::from_ref(&SELECTOR);
    // SAFETY: the selector is there for good, and no range of code is left out.
    let result = unsafe {
        libc::prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, 0_usize, 0_usize, selector)
    };
    if result != 0 {
        Impossible::exit(
            "the kernel lets no thread's system calls end in a signal",
            Error::last_os_error(),
        );
    }
    SELECTOR.store(BLOCK, SeqCst);
}

/// Waits until the thread stays.
pub(super) fn wait_until_stopped() {
    while !IS_STOPPED.load(SeqCst) {
        thread::yield_now();
    }
}

/// Lets it go on.
pub(super) fn go_on() {
    MAY_GO_ON.store(true, SeqCst);
}
