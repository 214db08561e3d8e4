//! Signals.

use crate::watch::trap::syscalls::calls_macro::calls;
use crate::watch::trap::syscalls::condition::{Condition, Exception, MemorySize};
use crate::watch::trap::syscalls::names;
use crate::watch::trap::syscalls::system_call::Argument::{
    Descriptor, Hex, Int, OneOf, Pointer, Signal, Size,
};

const SENDS: &str = "It hands a signal over, and does not wait until it is taken.";
const WAITS: &str = "It waits for a signal.";

static SIGTIMEDWAIT: &[Exception] = &[Exception {
    when: Condition::ZeroMemory(2, MemorySize::TwoWords),
    why: "Its time is zero, so it takes a signal that is there and does not wait.",
}];

calls! {
    kill(Int, Signal) [never] SENDS;
    tkill(Int, Signal) [never] SENDS;
    tgkill(Int, Int, Signal) [never] SENDS;
    rt_sigqueueinfo(Int, Signal, Pointer) [never] SENDS;
    rt_tgsigqueueinfo(Int, Int, Signal, Pointer) [never] SENDS;
    pidfd_send_signal(Descriptor, Signal, Pointer, Hex) [never] SENDS;
    rt_sigaction(Signal, Pointer, Pointer, Size) [never] "It exchanges a handler, under a spin lock.";
    rt_sigprocmask(OneOf(names::MASK), Pointer, Pointer, Size) [never] "It exchanges the thread's mask.";
    rt_sigpending(Pointer, Size) [never] "It looks at the signals that wait to be taken.";
    rt_sigreturn() [never] "It takes the thread back to where a signal came.";
    sigaltstack(Pointer, Pointer) [never] "It stores an address for this thread.";
    rt_sigsuspend(Pointer, Size) [may] WAITS;
    rt_sigtimedwait(Pointer, Pointer, Pointer, Size) [unless SIGTIMEDWAIT] WAITS;
    pause() [may] WAITS;
    restart_syscall() [may] "It goes on with a wait that a stop of the process broke.";
}
