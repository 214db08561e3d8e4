//! The scheduler, and the processors.

use crate::watch::trap::syscalls::calls_macro::calls;
use crate::watch::trap::syscalls::condition::{Condition, Exception};
use crate::watch::trap::syscalls::constant::values;
use crate::watch::trap::syscalls::names;
use crate::watch::trap::syscalls::system_call::Argument::{Hex, Int, OneOf, Pointer, Size};

const CPUSETS: &str =
    "It may take the lock of the sets of processors, which whoever moves tasks between them holds.";

/// A command of Linux 6.3 and later.
const GET_REGISTRATIONS: u32 = 512;

static MEMBARRIER: &[Exception] = &[
    Exception {
        when: Condition::Is(
            0,
            values!(MEMBARRIER_CMD_GLOBAL_EXPEDITED MEMBARRIER_CMD_PRIVATE_EXPEDITED
                MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ),
        ),
        why: "It interrupts the processors and awaits their answers without sleeping.",
    },
    Exception { when: Condition::Is(0, values!(MEMBARRIER_CMD_QUERY)), why: "It only looks." },
    Exception { when: Condition::Is(0, &[GET_REGISTRATIONS]), why: "It only looks." },
];

calls! {
    sched_yield() [never] "It gives up its turn of the processor, but stays ready to run and does not sleep.";
    rseq_slice_yield() [never] "It gives up the rest of its turn, but stays ready to run and does not sleep.";
    sched_getaffinity(Int, Size, Pointer) [never] "It copies a set of processors, under a spin lock.";
    sched_setaffinity(Int, Size, Pointer) [may] "It waits until the thread has moved to a processor that it may use.";
    sched_getparam(Int, Pointer) [never] "It looks at fields of a thread.";
    sched_setparam(Int, Pointer) [may] CPUSETS;
    sched_getscheduler(Int) [never] "It looks at a field of a thread.";
    sched_setscheduler(Int, Int, Pointer) [may] CPUSETS;
    sched_getattr(Int, Pointer, Int, Hex) [never] "It looks at fields of a thread.";
    sched_setattr(Int, Pointer, Hex) [may] CPUSETS;
    sched_get_priority_max(Int) [never] "It returns a constant.";
    sched_get_priority_min(Int) [never] "It returns a constant.";
    sched_rr_get_interval(Int, Pointer) [never] "It looks at a thread's share, under a spin lock.";
    getpriority(Int, Int) [never] "It looks at fields of threads, under a spin lock.";
    setpriority(Int, Int, Int) [never] "It sets fields of threads, under spin locks.";
    ioprio_get(Int, Int) [never] "It looks at fields of threads.";
    ioprio_set(Int, Int, Int) [never] "It sets fields of threads, under spin locks.";
    getcpu(Pointer, Pointer, Pointer) [never] "It tells on which processor the thread runs.";
    membarrier(OneOf(names::BARRIER), Hex, Int) [unless MEMBARRIER] "It waits until every processor has been through the scheduler.";
}
