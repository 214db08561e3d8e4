//! Calls of the shim that may fail.

use core::ffi::c_int;
use core::ptr::NonNull;

use crate::errno::Errno;

/// Makes a call that returns null and writes an error, a positive number, if it fails.
pub(super) fn checked<T>(call: impl FnOnce(&mut c_int) -> *mut T) -> Result<NonNull<T>, Errno> {
    let mut error = 0;
    let pointer = call(&mut error);
    NonNull::new(pointer).ok_or_else(|| Errno::new(error).unwrap_or(Errno::EINVAL))
}
