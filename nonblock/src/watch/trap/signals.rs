//! The signals of a thread whose system calls are stopped.
//!
//! A stopped call arrives as the signal SIGSYS. If that is blocked, the kernel kills the program. So it must be open wherever
//! a call may be stopped: in the thread's mask, and in the mask of every handler that may run in a section.
//!
//! Therefore a section blocks all other signals, but for those that an instruction raises, until it ends. They arrive when
//! it ends, or when it makes a call that may block. What the program does to the mask meanwhile is done to a copy of it.

use core::mem::MaybeUninit;

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
    | bit(libc::SIGTRAP)
    | bit(libc::SIGABRT);

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
    set_mask(!OPEN)
}

/// Sets the mask of this thread. Returns the one before.
pub(in super::super) fn set_mask(mask: Mask) -> Mask {
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
    unsafe { raw_code::syscall(libc::SYS_rt_sigprocmask as usize, arguments) };
    before
}

/// Opens SIGSYS in the mask of this thread, and changes nothing else.
pub(in super::super) fn open_sigsys() {
    let mask = bit(libc::SIGSYS);
    let arguments = [libc::SIG_UNBLOCK as usize, &raw const mask as usize, 0, MASK_SIZE, 0, 0];
    // SAFETY: the kernel reads the set.
    unsafe { raw_code::syscall(libc::SYS_rt_sigprocmask as usize, arguments) };
}

/// Does to a copy of the mask what the program's `rt_sigprocmask` does. Returns the result of that call.
///
/// # Arguments
///
/// * `mask`: the copy.
pub(super) fn change_mask(mask: &mut Mask, arguments: &[usize; 6]) -> isize {
    let [how, set, before, size, ..] = *arguments;
    let fault = -(libc::EFAULT as isize);
    if size != MASK_SIZE {
        return -(libc::EINVAL as isize);
    }
    let old = *mask;
    if set != 0 {
        let Some(set) = read::<Mask>(set) else { return fault };
        *mask = match how as i32 {
            libc::SIG_BLOCK => old | set,
            libc::SIG_UNBLOCK => old & !set,
            libc::SIG_SETMASK => set,
            _ => return -(libc::EINVAL as isize),
        };
        // Nobody can block these.
        *mask &= !(bit(libc::SIGKILL) | bit(libc::SIGSTOP));
    }
    if before != 0 && !write(before, &old) { fault } else { 0 }
}

/// Returns the action for a signal.
pub(super) fn action(signal: i32) -> Option<KernelAction> {
    let mut action = MaybeUninit::<KernelAction>::zeroed();
    let arguments = [signal as usize, 0, action.as_mut_ptr() as usize, MASK_SIZE, 0, 0];
    // SAFETY: the kernel writes such a structure there.
    let result = unsafe { raw_code::syscall(libc::SYS_rt_sigaction as usize, arguments) };
    // SAFETY: every value of the words is one of the structure.
    (result == 0).then(|| unsafe { action.assume_init() })
}

/// Sets the action for a signal. Returns the result of the system call.
pub(super) fn set_action(signal: i32, action: &KernelAction) -> isize {
    let arguments = [signal as usize, core::ptr::from_ref(action) as usize, 0, MASK_SIZE, 0, 0];
    // SAFETY: the kernel reads such a structure. The caller's is one that was set before, or the watch's own.
    unsafe { raw_code::syscall(libc::SYS_rt_sigaction as usize, arguments) }
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
    copy(libc::SYS_process_vm_writev, core::ptr::from_ref(value) as usize, address, size_of::<T>())
}

/// Copies between an address of the watch's and one of the program's. Returns whether all was copied.
fn copy(number: libc::c_long, own: usize, programs: usize, size: usize) -> bool {
    let own = libc::iovec { iov_base: own as *mut _, iov_len: size };
    let programs = libc::iovec { iov_base: programs as *mut _, iov_len: size };
    // SAFETY: the first call takes nothing. The second reads or writes the watch's own memory as far as it reaches, and the
    // program's as the program asked for, or fails.
    let copied = unsafe {
        let process = raw_code::syscall(libc::SYS_getpid as usize, [0; 6]) as usize;
        let arguments = [process, &raw const own as usize, 1, &raw const programs as usize, 1, 0];
        raw_code::syscall(number as usize, arguments)
    };
    copied == size as isize
}
