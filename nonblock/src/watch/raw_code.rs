//! The machine code of the watch: system calls that no trap stops, the return from a signal handler, and what the descriptors
//! of restartable sequences point to.

use core::arch::global_asm;

#[cfg(target_arch = "x86_64")]
use super::trap::syscalls::RawSyscall;

// The kernel compares the address behind a `syscall` instruction with the range, so each has something behind it.
#[cfg(target_arch = "x86_64")]
global_asm!(
    ".pushsection .text.nonblock_watch, \"ax\", @progbits",
    ".balign 64",
    ".globl nonblock_watch_exempt_start",
    ".hidden nonblock_watch_exempt_start",
    "nonblock_watch_exempt_start:",
    "nop",
    ".globl nonblock_watch_syscall",
    ".hidden nonblock_watch_syscall",
    ".type nonblock_watch_syscall, @function",
    "nonblock_watch_syscall:",
    ".cfi_startproc",
    "mov rax, rdi",
    "mov rdi, rsi",
    "mov rsi, rdx",
    "mov rdx, rcx",
    "mov r10, r8",
    "mov r8, r9",
    "mov r9, [rsp + 8]",
    "syscall",
    "ret",
    ".cfi_endproc",
    ".size nonblock_watch_syscall, . - nonblock_watch_syscall",
    ".globl nonblock_watch_sigreturn",
    ".hidden nonblock_watch_sigreturn",
    "nonblock_watch_sigreturn:",
    "mov eax, 15",
    "syscall",
    "ud2",
    ".globl nonblock_watch_exempt_end",
    ".hidden nonblock_watch_exempt_end",
    "nonblock_watch_exempt_end:",
    "ud2",
    // What the kernel asks for before an abort address.
    ".balign 8",
    "ud2",
    "ud2",
    ".long 0x53053053",
    ".globl nonblock_watch_rseq_abort",
    ".hidden nonblock_watch_rseq_abort",
    "nonblock_watch_rseq_abort:",
    "ud2",
    ".globl nonblock_watch_rseq_start",
    ".hidden nonblock_watch_rseq_start",
    "nonblock_watch_rseq_start:",
    "nop",
    "ud2",
    ".popsection",
);

#[cfg(target_arch = "x86_64")]
unsafe extern "C" {
    fn nonblock_watch_syscall(
        number: usize,
        a: usize,
        b: usize,
        c: usize,
        d: usize,
        e: usize,
        f: usize,
    ) -> isize;
    fn nonblock_watch_sigreturn();
    fn nonblock_watch_exempt_start();
    fn nonblock_watch_exempt_end();
    pub(super) fn nonblock_watch_rseq_abort();
    pub(super) fn nonblock_watch_rseq_start();
}

/// Makes a system call that the trap does not stop.
///
/// # Safety
///
/// That of the system call.
#[cfg(target_arch = "x86_64")]
pub(crate) unsafe fn syscall(number: usize, arguments: [usize; 6]) -> isize {
    let [first, second, third, fourth, fifth, sixth] = arguments;
    // SAFETY: the caller answers for the call.
    unsafe { nonblock_watch_syscall(number, first, second, third, fourth, fifth, sixth) }
}

/// Makes a system call.
///
/// # Safety
///
/// That of the system call.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) unsafe fn syscall(number: usize, arguments: [usize; 6]) -> isize {
    let [first, second, third, fourth, fifth, sixth] = arguments;
    // SAFETY: the caller answers for the call.
    let result = unsafe {
        libc::syscall(number as libc::c_long, first, second, third, fourth, fifth, sixth)
    };
    // SAFETY: it is this thread's own.
    if result == -1 { -(unsafe { *libc::__errno_location() } as isize) } else { result as isize }
}

/// The same, as a function for others to call.
#[cfg(target_arch = "x86_64")]
pub(super) const SYSCALL: RawSyscall = nonblock_watch_syscall;

/// The code whose system calls are not stopped: its first address, and how many bytes there are.
#[cfg(target_arch = "x86_64")]
pub(super) fn exempt_range() -> (usize, usize) {
    let start = nonblock_watch_exempt_start as *const () as usize;
    (start, nonblock_watch_exempt_end as *const () as usize - start)
}

/// The address of the code that returns from a signal handler.
#[cfg(target_arch = "x86_64")]
pub(super) fn sigreturn() -> usize {
    nonblock_watch_sigreturn as *const () as usize
}
