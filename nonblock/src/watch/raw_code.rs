//! The machine code of the watch: system calls that no trap stops, the return from a signal handler, and what the descriptors
//! of restartable sequences point to.

#[cfg(target_arch = "x86_64")]
use core::arch::global_asm;
#[cfg(target_arch = "x86_64")]
use core::cell::Cell;
use core::ffi::c_long;
#[cfg(target_arch = "x86_64")]
use core::ffi::c_void;

#[cfg(target_arch = "x86_64")]
use crate::primitive::AtomicU8;

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
    // The program's call, made on the program's stack with the program's registers. A system call changes `rcx` and `r11`, so
    // they are free: `rcx` has the address behind the program's `syscall` instruction. It goes on from there.
    ".globl nonblock_watch_plain_call",
    ".hidden nonblock_watch_plain_call",
    "nonblock_watch_plain_call:",
    ".cfi_startproc",
    ".cfi_def_cfa 7, 0",
    ".cfi_register 16, 2",
    "lea rsp, [rsp - 128]", // the red zone
    ".cfi_def_cfa_offset 128",
    "push rcx",
    ".cfi_def_cfa_offset 136",
    ".cfi_offset 16, -136",
    "syscall",
    "pop rcx",
    ".cfi_def_cfa_offset 128",
    ".cfi_register 16, 2",
    "lea rsp, [rsp + 128]",
    ".cfi_def_cfa_offset 0",
    "jmp rcx",
    ".cfi_endproc",
    // The same, with the program's mask of signals and with calls not stopped. `r11` has the address of a `ProgramCall`. After
    // the call, the signals are blocked again, calls are stopped again, and a last call tells the handler.
    ".globl nonblock_watch_program_call",
    ".hidden nonblock_watch_program_call",
    "nonblock_watch_program_call:",
    ".cfi_startproc",
    ".cfi_def_cfa 7, 0",
    ".cfi_register 16, 2",
    "lea rsp, [rsp - 128]",
    ".cfi_def_cfa_offset 128",
    "push rcx",
    ".cfi_def_cfa_offset 136",
    ".cfi_offset 16, -136",
    "push r11",
    ".cfi_def_cfa_offset 144",
    "syscall",
    "push rax",
    "push rdi",
    "push rsi",
    "push rdx",
    "push r10",
    ".cfi_def_cfa_offset 184",
    "mov rsi, [rsp + 40]",
    "mov rdi, [rsi + 16]",
    "lea rdx, [rsi + 8]",
    "mov r10d, 8",
    "mov eax, 14", // rt_sigprocmask
    "syscall",
    "mov rcx, [rsp + 40]",
    "mov byte ptr [rcx + 24], 1",
    // No call has this number, so it does no harm if it is not stopped.
    "mov rax, -1",
    "syscall",
    ".globl nonblock_watch_exempt_end",
    ".hidden nonblock_watch_exempt_end",
    "nonblock_watch_exempt_end:",
    "pop r10",
    "pop rdx",
    "pop rsi",
    "pop rdi",
    "pop rax",
    ".cfi_def_cfa_offset 144",
    "lea rsp, [rsp + 8]",
    "pop rcx",
    ".cfi_def_cfa_offset 128",
    ".cfi_register 16, 2",
    "lea rsp, [rsp + 128]",
    ".cfi_def_cfa_offset 0",
    "jmp rcx",
    ".cfi_endproc",
    // Calls a function with two arguments on another stack.
    ".globl nonblock_watch_on_stack",
    ".hidden nonblock_watch_on_stack",
    "nonblock_watch_on_stack:",
    ".cfi_startproc",
    "push rbp",
    ".cfi_def_cfa_offset 16",
    ".cfi_offset 6, -16",
    "mov rbp, rsp",
    ".cfi_def_cfa_register 6",
    "mov rsp, rdx",
    "call rcx",
    "mov rsp, rbp",
    "pop rbp",
    ".cfi_def_cfa 7, 8",
    "ret",
    ".cfi_endproc",
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
    fn nonblock_watch_plain_call();
    fn nonblock_watch_program_call();
    fn nonblock_watch_on_stack(
        a: *const c_void,
        b: *mut c_void,
        top: *mut c_void,
        f: unsafe extern "C" fn(*const c_void, *mut c_void),
    );
    pub(super) fn nonblock_watch_rseq_abort();
    pub(super) fn nonblock_watch_rseq_start();
}

/// Makes a system call that the trap does not stop.
///
/// # Safety
///
/// That of the system call.
#[cfg(target_arch = "x86_64")]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it goes into a register of the same width"
)]
pub(crate) unsafe fn syscall(number: c_long, arguments: [usize; 6]) -> isize {
    let number = number as usize;
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
#[expect(clippy::cast_possible_truncation, reason = "a `long` is as wide as an address")]
pub(crate) unsafe fn syscall(number: c_long, arguments: [usize; 6]) -> isize {
    let [first, second, third, fourth, fifth, sixth] = arguments;
    // SAFETY: the caller answers for the call.
    let result = unsafe { libc::syscall(number, first, second, third, fourth, fifth, sixth) };
    // SAFETY: it is this thread's own.
    if result == -1 { -(unsafe { *libc::__errno_location() } as isize) } else { result as isize }
}

/// Returns the number of this process. Safe in a signal handler, and stopped by no trap.
pub(super) fn process() -> usize {
    // SAFETY: it takes nothing.
    unsafe { syscall(libc::SYS_getpid, [0; 6]) }.cast_unsigned()
}

/// Returns the number of this thread. Safe in a signal handler, and stopped by no trap.
pub(super) fn thread() -> usize {
    // SAFETY: it takes nothing.
    unsafe { syscall(libc::SYS_gettid, [0; 6]) }.cast_unsigned()
}

/// The function that makes system calls, for others to call.
#[cfg(target_arch = "x86_64")]
pub(super) const SYSCALL: RawSyscall = nonblock_watch_syscall;

/// What the code needs that makes a call as the program would make it: see [`program_call`].
#[cfg(target_arch = "x86_64")]
#[repr(C)]
#[derive(Debug)]
pub(super) struct ProgramCall {
    /// What is done to the mask of signals after the call, and the mask before that.
    pub(super) mask: Cell<u64>,
    pub(super) before: Cell<u64>,
    pub(super) how: Cell<u64>,
    /// What the kernel reads at each system call of the thread, once the trap is set.
    pub(super) selector: AtomicU8,
}

#[cfg(target_arch = "x86_64")]
impl ProgramCall {
    pub(super) const fn new() -> Self {
        Self {
            mask: Cell::new(0),
            before: Cell::new(0),
            how: Cell::new(0),
            selector: AtomicU8::new(0),
        }
    }
}

// The assembly has these offsets.
#[cfg(target_arch = "x86_64")]
const _: () = {
    assert!(core::mem::offset_of!(ProgramCall, mask) == 0);
    assert!(core::mem::offset_of!(ProgramCall, before) == 8);
    assert!(core::mem::offset_of!(ProgramCall, how) == 16);
    assert!(core::mem::offset_of!(ProgramCall, selector) == 24);
};

/// The address of the code that makes a call and goes on.
#[cfg(target_arch = "x86_64")]
pub(super) fn plain_call() -> usize {
    nonblock_watch_plain_call as *const () as usize
}

/// The address of the code that makes a call as the program would, and tells the handler when it is made.
#[cfg(target_arch = "x86_64")]
pub(super) fn program_call() -> usize {
    nonblock_watch_program_call as *const () as usize
}

/// The address at which the handler is told so.
#[cfg(target_arch = "x86_64")]
pub(super) fn call_made() -> usize {
    nonblock_watch_exempt_end as *const () as usize
}

/// Calls a function on another stack.
///
/// # Safety
///
/// The stack is large enough, its top is aligned to 16 bytes, and nobody else uses it. The function is called with the two
/// pointers, and does not unwind.
#[cfg(target_arch = "x86_64")]
pub(super) unsafe fn on_stack(
    top: *mut c_void,
    f: unsafe extern "C" fn(*const c_void, *mut c_void),
    a: *const c_void,
    b: *mut c_void,
) {
    // SAFETY: the caller answers for it.
    unsafe { nonblock_watch_on_stack(a, b, top, f) }
}

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
