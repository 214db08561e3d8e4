//! System calls that no crate wraps, and those on memory that others use at the same time.

use std::io;
use std::os::fd::{AsFd, AsRawFd as _};

/// Calls a device. The words go in and come out.
///
/// # Errors
///
/// The device's.
///
/// # Panics
///
/// If the number is of another size than the words.
pub(crate) fn ioctl(file: impl AsFd, number: u32, words: &mut [u64]) -> io::Result<()> {
    let size = (number >> 16) & 0x3fff;
    assert_eq!(size as usize, size_of_val(words), "the number has the size of the words in it");
    // SAFETY: the kernel reads and writes as many bytes as the number says, which are the words.
    let done = unsafe {
        libc::ioctl(file.as_fd().as_raw_fd(), libc::Ioctl::from(number), words.as_mut_ptr())
    };
    if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Frees the memory of a process that is dying, as the OOM reaper does. The call has no wrapper in any libc.
///
/// # Errors
///
/// `EAGAIN` if a driver refused, `ESRCH` if the process has no memory any more, `EINVAL` if it is not dying.
pub(crate) fn process_mrelease(process: impl AsFd) -> io::Result<()> {
    let descriptor = process.as_fd().as_raw_fd();
    // SAFETY: the call takes a descriptor and flags, and touches no memory of this process.
    let done = unsafe { libc::syscall(libc::SYS_process_mrelease, descriptor, 0) };
    if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Starts a copy of this process that lives for a time and does nothing, so that the pages of both are shared until one writes.
/// Returns when it has ended; `meanwhile` runs while it lives.
///
/// # Errors
///
/// The system's.
pub(crate) fn while_forked(milliseconds: u32, meanwhile: impl FnOnce()) -> io::Result<()> {
    // SAFETY: the child calls only `usleep` and `_exit`, which a copy of a process with threads may.
    let child = unsafe { libc::fork() };
    match child {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            // SAFETY: it takes no memory.
            unsafe { libc::usleep(milliseconds * 1000) };
            // SAFETY: it ends the process at once, and runs nothing of its.
            unsafe { libc::_exit(0) }
        }
        child => {
            meanwhile();
            // SAFETY: a null pointer stands for no status.
            let done = unsafe { libc::waitpid(child, std::ptr::null_mut(), 0) };
            if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
        }
    }
}
