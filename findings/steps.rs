//! Stops a thread after each instruction of what it does: each program here may have it as `mod steps;`, with the crate libc. On x86-64.

#![allow(dead_code)]
use std::arch::asm;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

static STEPS: AtomicU64 = AtomicU64::new(0);
static STOP_AT: AtomicU64 = AtomicU64::new(0);
static STOPPED: AtomicBool = AtomicBool::new(false);
static GO_ON: AtomicBool = AtomicBool::new(false);

/// Called after each instruction that runs with the processor's trap flag.
extern "C" fn step(_: i32, _: *mut libc::siginfo_t, context: *mut libc::c_void) {
    if STEPS.fetch_add(1, SeqCst) + 1 != STOP_AT.load(SeqCst) {
        return;
    }
    STOPPED.store(true, SeqCst);
    while !GO_ON.load(SeqCst) {
        unsafe { libc::sched_yield() };
    }
    // The rest runs at full speed.
    let context = unsafe { &mut *context.cast::<libc::ucontext_t>() };
    context.uc_mcontext.gregs[libc::REG_EFL as usize] &= !0x100;
}

fn stepped(f: &dyn Fn()) {
    unsafe { asm!("pushfq", "or qword ptr [rsp], 0x100", "popfq") };
    f();
    unsafe { asm!("pushfq", "and qword ptr [rsp], -257", "popfq") };
}

/// A value that is used by one thread at a time, whatever its type says.
pub struct Any<T>(pub T);

unsafe impl<T> Send for Any<T> {}
unsafe impl<T> Sync for Any<T> {}

/// Whether a call waits for a thread that has stopped in the middle of what the peer does, at any instruction. `reset` brings things back
/// to where the peer begins.
pub fn waits(peer: &(dyn Fn() + Sync), call: &(dyn Fn() + Sync), reset: &(dyn Fn() + Sync)) -> bool {
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = step as *const () as usize;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
    assert_eq!(unsafe { libc::sigaction(libc::SIGTRAP, &action, std::ptr::null_mut()) }, 0);
    for place in 1.. {
        STEPS.store(0, SeqCst);
        STOP_AT.store(place, SeqCst);
        STOPPED.store(false, SeqCst);
        GO_ON.store(false, SeqCst);
        let (ready, called) = (AtomicBool::new(false), AtomicBool::new(false));
        let waited = thread::scope(|scope| {
            let peer = scope.spawn(|| {
                // The first call of the thread makes what it needs.
                peer();
                reset();
                stepped(peer);
            });
            scope.spawn(|| {
                while !ready.load(SeqCst) {
                    thread::yield_now();
                }
                call();
                called.store(true, SeqCst);
            });
            while !STOPPED.load(SeqCst) && !peer.is_finished() {
                thread::yield_now();
            }
            let was_stopped = STOPPED.load(SeqCst);
            ready.store(true, SeqCst);
            let begin = Instant::now();
            while !called.load(SeqCst) && begin.elapsed() < Duration::from_secs(1) {
                thread::yield_now();
            }
            let waited = !called.load(SeqCst);
            GO_ON.store(true, SeqCst);
            was_stopped.then_some(waited)
        });
        reset();
        match waited {
            Some(false) => {}
            Some(true) => return true,
            // The peer has ended before it could be stopped.
            None => return false,
        }
    }
    unreachable!()
}
