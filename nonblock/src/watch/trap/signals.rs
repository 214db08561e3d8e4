//! The signals of a thread whose system calls are stopped.
//!
//! A stopped call arrives as the signal SIGSYS. If that is blocked, the kernel kills the program. So it must be open wherever
//! a call may be stopped: in the thread's mask, and in the mask of every handler that may run in a section.
//!
//! Therefore a section blocks all other signals, but for those that an instruction raises, until it ends. They arrive when
//! it ends, or when it makes a call that may block or has to do with signals. Such a call is made with the program's own mask.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "addresses and arguments of system calls: the same bits, whatever their type"
)]

use core::mem::MaybeUninit;
use core::ptr;

use crate::primitive::{AtomicUsize, Ordering};

use super::super::raw_code;

/// A set of signals, as the kernel has it: bit 0 is signal 1.
pub(super) type Mask = u64;

/// The size of a set, for the kernel.
const MASK_SIZE: usize = size_of::<Mask>();

const fn bit(signal: i32) -> Mask {
    1 << (signal - 1)
}

/// What is open in a section: what instructions raise, and what nobody can block.
const OPEN: Mask = bit(libc::SIGSYS)
    | bit(libc::SIGSEGV)
    | bit(libc::SIGBUS)
    | bit(libc::SIGFPE)
    | bit(libc::SIGILL)
    | bit(libc::SIGTRAP);

/// What a section blocks. The kernel lets nobody block SIGKILL and SIGSTOP.
pub(super) const BLOCKED: Mask = !OPEN & !(bit(libc::SIGKILL) | bit(libc::SIGSTOP));

pub(super) const SIGSYS: Mask = bit(libc::SIGSYS);

/// Returns whether the handler of a signal may run in a section whose other signals are blocked.
pub(super) fn is_open(signal: i32) -> bool {
    (1..=64).contains(&signal) && OPEN & bit(signal) != 0
}

/// `struct kernel_sigaction` of x86-64 (Linux 6.12).
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KernelAction {
    pub(super) handler: usize,
    pub(super) flags: u64,
    pub(super) restorer: usize,
    pub(super) mask: Mask,
}

/// Blocks what is not open in a section. Returns the mask before.
pub(in super::super) fn block() -> Mask {
    set_mask(BLOCKED)
}

/// Sets the mask of this thread. Returns the one before.
pub(super) fn set_mask(mask: Mask) -> Mask {
    let mut before: Mask = 0;
    let arguments = [
        libc::SIG_SETMASK as usize,
        &raw const mask as usize,
        &raw mut before as usize,
        MASK_SIZE,
        0,
        0,
    ];
    // SAFETY: the kernel reads one set and writes the other.
    unsafe { raw_code::syscall(libc::SYS_rt_sigprocmask, arguments) };
    before
}

/// Opens SIGSYS in the mask of this thread, and changes nothing else.
pub(in super::super) fn open_sigsys() {
    let mask = bit(libc::SIGSYS);
    let arguments = [libc::SIG_UNBLOCK as usize, &raw const mask as usize, 0, MASK_SIZE, 0, 0];
    // SAFETY: the kernel reads the set.
    unsafe { raw_code::syscall(libc::SYS_rt_sigprocmask, arguments) };
}

/// Returns the action for a signal.
pub(super) fn action(signal: i32) -> Option<KernelAction> {
    let mut action = MaybeUninit::<KernelAction>::zeroed();
    let arguments = [signal as usize, 0, action.as_mut_ptr() as usize, MASK_SIZE, 0, 0];
    // SAFETY: the kernel writes such a structure there.
    let result = unsafe { raw_code::syscall(libc::SYS_rt_sigaction, arguments) };
    // SAFETY: every value of the words is one of the structure.
    (result == 0).then(|| unsafe { action.assume_init() })
}

/// Sets the action for a signal. Returns the result of the system call.
pub(super) fn set_action(signal: i32, action: &KernelAction) -> isize {
    let arguments = [signal as usize, ptr::from_ref(action) as usize, 0, MASK_SIZE, 0, 0];
    // SAFETY: the kernel reads such a structure. The caller's is one that was set before, or the watch's own.
    unsafe { raw_code::syscall(libc::SYS_rt_sigaction, arguments) }
}

/// Returns the addresses to which the handlers of the program return.
pub(in super::super) fn restorers() -> [u64; 4] {
    let mut found = [0; 4];
    let mut count = 0;
    for signal in (1..=64).filter(|signal| *signal != libc::SIGSYS) {
        if let Some(action) = action(signal)
            && action.handler > libc::SIG_IGN
            && !found.contains(&(action.restorer as u64))
            && count < found.len()
        {
            found[count] = action.restorer as u64;
            count += 1;
        }
    }
    found
}

/// Opens SIGSYS in the handlers of the signals that are open in a section, or of all signals.
pub(in super::super) fn sweep_handlers(all: bool) {
    for signal in 1..=64 {
        if signal == libc::SIGSYS || !all && OPEN & bit(signal) == 0 {
            continue;
        }
        if let Some(found) = action(signal)
            && found.handler > libc::SIG_IGN
            && found.mask & bit(libc::SIGSYS) != 0
        {
            set_action(signal, &without_sigsys(found));
        }
    }
}

/// Returns an action whose handler leaves SIGSYS open.
pub(super) fn without_sigsys(action: KernelAction) -> KernelAction {
    KernelAction { mask: action.mask & !bit(libc::SIGSYS), ..action }
}

/// Reads a value at an address that the program gave, if there is memory.
pub(super) fn read<T: Copy>(address: usize) -> Option<T> {
    let mut value = MaybeUninit::<T>::uninit();
    let size = size_of::<T>();
    copy(libc::SYS_process_vm_readv, value.as_mut_ptr() as usize, address, size)
        // SAFETY: the kernel has written all of it. The callers ask for plain words only.
        .then(|| unsafe { value.assume_init() })
}

/// Writes a value at an address that the program gave, if there is memory.
pub(super) fn write<T: Copy>(address: usize, value: &T) -> bool {
    copy(libc::SYS_process_vm_writev, ptr::from_ref(value) as usize, address, size_of::<T>())
}

/// Reads bytes at an address that the program gave. Returns whether there were so many.
pub(in super::super) fn read_bytes(address: usize, bytes: *mut u8, len: usize) -> bool {
    copy(libc::SYS_process_vm_readv, bytes as usize, address, len)
}

/// Copies between an address of the watch's and one of the program's. Returns whether all was copied.
fn copy(number: libc::c_long, own: usize, programs: usize, size: usize) -> bool {
    let own = &libc::iovec { iov_base: own as *mut _, iov_len: size };
    let programs = &libc::iovec { iov_base: programs as *mut _, iov_len: size };
    let (own_at, programs_at) = (ptr::from_ref(own) as usize, ptr::from_ref(programs) as usize);
    let arguments = [raw_code::process(), own_at, 1, programs_at, 1, 0];
    // SAFETY: it reads or writes the watch's own memory as far as it reaches, and the program's as the program asked for, or
    // fails.
    let copied = unsafe { raw_code::syscall(number, arguments) };
    if copied == -(libc::EPERM as isize) || copied == -(libc::ENOSYS as isize) {
        // A filter refuses it. Then an address that is none has to end the program.
        let (from, to) =
            if number == libc::SYS_process_vm_readv { (programs, own) } else { (own, programs) };
        // SAFETY: the program has given the address as one that is to be read or written.
        unsafe {
            ptr::copy_nonoverlapping(from.iov_base.cast::<u8>(), to.iov_base.cast::<u8>(), size);
        }
        return true;
    }
    copied == size as isize
}

/// The least size of an alternate stack that has room for the frame of a signal. The kernel tells it since Linux 5.14.
static LEAST_STACK: AtomicUsize = AtomicUsize::new(4096);

/// Asks for the least size of an alternate stack.
pub(in super::super) fn find_least_stack() {
    const AT_MINSIGSTKSZ: libc::c_ulong = 51;

    // SAFETY: it only looks.
    let told = unsafe { libc::getauxval(AT_MINSIGSTKSZ) } as usize;
    LEAST_STACK.fetch_max(told, Ordering::Relaxed);
}

/// Returns whether such an alternate stack is none, or has room for the frame of a signal.
pub(super) fn is_large_enough(stack: &libc::stack_t) -> bool {
    stack.ss_flags & libc::SS_DISABLE != 0 || stack.ss_size >= LEAST_STACK.load(Ordering::Relaxed)
}

/// Returns whether the alternate stack of this thread, if there is one, has room for the frame of a signal.
pub(in super::super) fn has_room_for_frame() -> bool {
    let mut stack = MaybeUninit::<libc::stack_t>::zeroed();
    let arguments = [0, stack.as_mut_ptr() as usize, 0, 0, 0, 0];
    // SAFETY: the kernel writes such a structure there.
    unsafe { raw_code::syscall(libc::SYS_sigaltstack, arguments) };
    // SAFETY: it has, and zeros are one too.
    let stack = unsafe { stack.assume_init() };
    is_large_enough(&stack)
}
