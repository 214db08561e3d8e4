//! Standard error, past its lock where the platform lets us.

/// Writes to standard error without its lock: the code that is reported may hold the lock.
#[cfg(unix)]
pub(crate) fn write_unlocked(text: &str) {
    use std::io::Write as _;
    use std::os::fd::FromRawFd as _;

    // SAFETY: descriptor 2 is standard error for as long as the process runs. The `File` is never dropped, so the descriptor
    // is not closed here.
    let stderr = unsafe { std::fs::File::from_raw_fd(2) };
    // If the report cannot be written, there is no other place for it.
    let _ = (&*core::mem::ManuallyDrop::new(stderr)).write_all(text.as_bytes());
}

/// Writes to standard error, with its lock: on other platforms there is no way around the lock.
#[cfg(not(unix))]
pub(crate) fn write_unlocked(text: &str) {
    use std::io::Write as _;

    let _ = std::io::stderr().write_all(text.as_bytes());
}
