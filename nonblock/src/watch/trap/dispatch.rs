//! Switching Syscall User Dispatch on and off for a thread (`prctl(2)`, Linux 5.11).

use std::io;

use super::super::raw_code;
use super::super::thread_record::ThreadRecord;

const PR_SET_SYSCALL_USER_DISPATCH: usize = 59;
const PR_SYS_DISPATCH_OFF: usize = 0;
const PR_SYS_DISPATCH_ON: usize = 1;

/// What the selector says: let calls through, or stop them.
pub(crate) const ALLOW: u8 = 0;
pub(crate) const BLOCK: u8 = 1;

/// Has the kernel ask this thread's selector at each of its system calls.
pub(in super::super) fn switch_on(record: &'static ThreadRecord) -> io::Result<()> {
    let (start, len) = raw_code::exempt_range();
    let selector = record.program_call.selector.as_ptr() as usize;
    let arguments = [PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, start, len, selector, 0];
    // SAFETY: the selector is there for ever, and holds one of the two bytes. Calls that it stops come to the handler, which
    // makes its own from within the range.
    let result = unsafe { raw_code::syscall(libc::SYS_prctl, arguments) };
    if result == 0 {
        return Ok(());
    }
    Err(io::Error::from_raw_os_error(i32::try_from(-result).unwrap_or(libc::EINVAL)))
}

/// Has the kernel stop no system call of this thread.
pub(in super::super) fn switch_off() {
    let arguments = [PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_OFF, 0, 0, 0, 0];
    // SAFETY: it changes nothing else.
    unsafe { raw_code::syscall(libc::SYS_prctl, arguments) };
}
