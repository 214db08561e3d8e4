//! The one system call that rustix does not have: the part that needs `unsafe`.

use std::io;
use std::os::fd::{AsRawFd as _, BorrowedFd};

/// Takes the memory of a process that is dying. Mirrors Linux's `process_mrelease()` (`mm/oom_kill.c`, 6.12), since 5.15.
///
/// May sleep.
pub(super) fn process_mrelease(pidfd: BorrowedFd<'_>) -> io::Result<()> {
    const NO_FLAGS: libc::c_uint = 0;
    // SAFETY: the descriptor is open as long as it is borrowed. The kernel takes memory from a process only that is being
    // killed, with all that share its memory, so never from this one while it runs.
    let result = unsafe { libc::syscall(libc::SYS_process_mrelease, pidfd.as_raw_fd(), NO_FLAGS) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
