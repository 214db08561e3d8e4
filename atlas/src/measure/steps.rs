//! Stops a thread after any instruction that one wants: it runs with the processor's trap flag, and the signal that comes after each
//! instruction counts them.

use std::arch::asm;
use std::ffi::{c_int, c_void};
use std::mem::zeroed;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The processor's flag.
const TRAP_FLAG: i64 = 0x100;

static STEPS: AtomicU64 = AtomicU64::new(0);
static STOP_AT: AtomicU64 = AtomicU64::new(u64::MAX);
static STOPPED: AtomicBool = AtomicBool::new(false);
static GO_ON: AtomicBool = AtomicBool::new(false);

/// Called after each instruction.
extern "C" fn step(_: c_int, _: *mut libc::siginfo_t, context: *mut c_void) {
    let step = STEPS.load(Ordering::Relaxed) + 1;
    STEPS.store(step, Ordering::Relaxed);
    if step != STOP_AT.load(Ordering::Relaxed) {
        return;
    }
    // SAFETY: this is where the C library has this thread's `errno`.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: as above. Handlers leave it as it was.
    let before = unsafe { *errno };
    STOPPED.store(true, Ordering::SeqCst);
    while !GO_ON.load(Ordering::SeqCst) {
        // SAFETY: a handler may call this.
        unsafe { libc::sched_yield() };
    }
    // SAFETY: as above.
    unsafe { *errno = before };
    // The rest runs at full speed.
    // SAFETY: with `SA_SIGINFO` it is this.
    let context = unsafe { &mut *context.cast::<libc::ucontext_t>() };
    context.uc_mcontext.gregs[libc::REG_EFL as usize] &= !TRAP_FLAG;
}

/// Sets the handler.
pub(super) fn install() {
    // SAFETY: it is made of numbers and sets.
    let mut action: libc::sigaction = unsafe { zeroed() };
    action.sa_sigaction = step as *const () as usize;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
    // SAFETY: the handler calls nothing that a handler must not.
    let set = unsafe { libc::sigaction(libc::SIGTRAP, &raw const action, null_mut()) };
    assert_eq!(set, 0, "a handler can be set");
}

/// Readies the next run: it is to stop after as many instructions.
pub(super) fn ready(stop_at: u64) {
    STEPS.store(0, Ordering::SeqCst);
    STOP_AT.store(stop_at, Ordering::SeqCst);
    STOPPED.store(false, Ordering::SeqCst);
    GO_ON.store(false, Ordering::SeqCst);
}

/// Runs a closure that may be stopped. Returns how many instructions it had, if it was not.
pub(super) fn run(f: &dyn Fn()) -> Option<u64> {
    // SAFETY: each instruction from here on raises a signal, whose handler is installed.
    unsafe { asm!("pushfq", "or qword ptr [rsp], 0x100", "popfq") };
    f();
    // SAFETY: this ends that.
    unsafe { asm!("pushfq", "and qword ptr [rsp], -257", "popfq") };
    (!is_stopped()).then(|| STEPS.load(Ordering::SeqCst))
}

/// Whether the thread has stopped.
pub(super) fn is_stopped() -> bool {
    STOPPED.load(Ordering::SeqCst)
}

/// Lets it go on.
pub(super) fn go_on() {
    GO_ON.store(true, Ordering::SeqCst);
}
