//! Processes and threads: to begin, to end, to wait for, and what belongs to one.

use crate::watch::trap::syscalls::calls_macro::calls;
use crate::watch::trap::syscalls::condition::{Condition, Exception};
use crate::watch::trap::syscalls::constant::{bits, values};
use crate::watch::trap::syscalls::names;
use crate::watch::trap::syscalls::system_call::Argument::{
    Descriptor, Flags, Hex, Int, Long, OneOf, Path, Pointer, Size,
};

const REAPS: &str = "With WNOHANG it looks at once whether there is one, and does not wait.";

static WAIT4: &[Exception] = &[Exception { when: Condition::Has(2, bits!(WNOHANG)), why: REAPS }];

static WAITID: &[Exception] = &[Exception { when: Condition::Has(3, bits!(WNOHANG)), why: REAPS }];

/// Options that some libcs have no names for.
const PR_GET_SPECULATION_CTRL: u32 = 52;
const PR_SET_SYSCALL_USER_DISPATCH: u32 = 59;

static PRCTL: &[Exception] = &[
    Exception {
        when: Condition::Is(
            0,
            values!(PR_GET_PDEATHSIG PR_GET_DUMPABLE PR_GET_KEEPCAPS PR_GET_TIMING PR_GET_NAME PR_GET_SECCOMP
                PR_CAPBSET_READ PR_GET_TSC PR_GET_SECUREBITS PR_GET_TIMERSLACK PR_GET_CHILD_SUBREAPER
                PR_GET_NO_NEW_PRIVS PR_GET_TID_ADDRESS PR_GET_THP_DISABLE PR_MCE_KILL_GET),
        ),
        why: "This option looks at a field of the thread or the process.",
    },
    Exception {
        when: Condition::Is(
            0,
            values!(PR_SET_PDEATHSIG PR_SET_DUMPABLE PR_SET_NAME PR_SET_TSC PR_SET_TIMERSLACK PR_SET_CHILD_SUBREAPER
                PR_SET_NO_NEW_PRIVS PR_MCE_KILL),
        ),
        why: "This option sets a field of the thread or the process.",
    },
    Exception {
        when: Condition::Is(0, &[PR_GET_SPECULATION_CTRL]),
        why: "This option looks at a field of the thread.",
    },
    Exception {
        when: Condition::Is(0, &[PR_SET_SYSCALL_USER_DISPATCH]),
        why: "It arms or disarms this thread, and takes nothing for it.",
    },
];

/// Options of `arch_prctl` on x86-64.
const ARCH_SET_GS: u32 = 0x1001;
const ARCH_SET_FS: u32 = 0x1002;
const ARCH_GET_FS: u32 = 0x1003;
const ARCH_GET_GS: u32 = 0x1004;
const ARCH_GET_CPUID: u32 = 0x1011;
const ARCH_SET_CPUID: u32 = 0x1012;
const ARCH_GET_XCOMP_SUPP: u32 = 0x1021;
const ARCH_GET_XCOMP_PERM: u32 = 0x1022;

static ARCH_PRCTL: &[Exception] = &[Exception {
    when: Condition::Is(
        0,
        &[
            ARCH_SET_GS,
            ARCH_SET_FS,
            ARCH_GET_FS,
            ARCH_GET_GS,
            ARCH_GET_CPUID,
            ARCH_SET_CPUID,
            ARCH_GET_XCOMP_SUPP,
            ARCH_GET_XCOMP_PERM,
        ],
    ),
    why: "This option looks at a register of the thread, or sets it.",
}];

const NEW: &str =
    "It copies what the new one shares or owns, under locks of this one, and takes much memory.";
const EXECUTES: &str =
    "It reads a program from a disk, and waits for the process's other threads to end.";
const ENDS: &str = "It never comes back, and on its way closes files and gives memory back.";

calls! {
    getpid() [never] "It looks at a number of the process's.";
    gettid() [never] "It looks at a number of the thread's.";
    getppid() [never] "It looks at a number of the process's parent.";
    getpgrp() [never] "It looks at a number of the process's.";
    getpgid(Int) [never] "It looks at a number of a process.";
    setpgid(Int, Int) [never] "It sets numbers, under a spin lock.";
    getsid(Int) [never] "It looks at a number of a process.";
    setsid() [may] "It takes memory for a group of the scheduler's, and may have to wait until some is free.";
    fork() [may] NEW;
    vfork() [may] "It waits until the child has ended or begun another program.";
    clone(Hex, Pointer, Pointer, Pointer, Hex) [may] NEW;
    clone3(Pointer, Size) [may] NEW;
    execve(Path, Pointer, Pointer) [may] EXECUTES;
    execveat(Descriptor, Path, Pointer, Pointer, Hex) [may] EXECUTES;
    exit(Int) [may] ENDS;
    exit_group(Int) [may] ENDS;
    wait4(Int, Pointer, Flags(names::WAIT), Pointer) [unless WAIT4] "It waits until a child ends or stops.";
    waitid(Int, Int, Pointer, Flags(names::WAIT), Pointer) [unless WAITID] "It waits until a child ends or stops.";
    pidfd_open(Int, Hex) [may] "It takes memory for a descriptor, and may have to wait until some is free.";
    pidfd_getfd(Descriptor, Int, Hex) [may] "It takes a lock that the other process's execve holds to its end.";
    kcmp(Int, Int, Int, Hex, Hex) [may] "It takes a lock that the other processes' execve holds to its end.";
    ptrace(Long, Int, Pointer, Pointer) [may] "It waits until the other process has stopped.";
    unshare(Hex) [may] "It copies what was shared, and takes much memory.";
    setns(Descriptor, Hex) [may] "It takes memory, and locks of the namespaces.";
    set_tid_address(Pointer) [never] "It stores an address for this thread.";
    rseq(Pointer, Int, Hex, Hex) [never] "It stores an address for this thread.";
    prctl(OneOf(names::PRCTL), Hex, Hex, Hex, Hex) [unless PRCTL] "This option takes a lock or memory, or is not known not to.";
    arch_prctl(Hex, Pointer) [unless ARCH_PRCTL] "This option takes memory or the lock of the address space, or is not known not to.";
    personality(Hex) [never] "It exchanges a number of the thread's.";
    getrusage(Int, Pointer) [never] "It adds up counts, under a spin lock.";
    getrlimit(Int, Pointer) [never] "It looks at a limit, under a spin lock.";
    setrlimit(Int, Pointer) [never] "It sets a limit, under a spin lock.";
    prlimit64(Int, Int, Pointer, Pointer) [never] "It looks at a limit or sets it, under a spin lock.";
    times(Pointer) [never] "It adds up counts, under a spin lock.";
    modify_ldt(Int, Pointer, Size) [may] "It takes a lock of the address space's, and memory.";
    iopl(Int) [never] "It sets a field of the thread.";
    ioperm(Size, Size, Int) [may] "It takes memory for the table of ports, and may have to wait until some is free.";
}
