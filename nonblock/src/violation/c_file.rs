//! The name of a source file, as the C preprocessor gives it.

use core::ffi::{CStr, c_char};
use core::ptr::NonNull;

/// A C string that is never changed and never freed.
///
/// It is a pointer and not a `CStr`, so that only a report looks for its length, and not every section.
#[derive(Clone, Copy)]
pub(crate) struct CFile(NonNull<c_char>);

// SAFETY: the string is never changed: the caller of `new` promised so.
unsafe impl Send for CFile {}

// SAFETY: the string is never changed: the caller of `new` promised so.
unsafe impl Sync for CFile {}

impl CFile {
    /// Wraps a `__FILE__`. Returns `None` for null.
    ///
    /// # Safety
    ///
    /// `file` is null, or points to a string that ends in a nul. The string is never changed, and is there for as long as the
    /// program runs.
    #[inline]
    pub(crate) const unsafe fn new(file: *const c_char) -> Option<Self> {
        match NonNull::new(file.cast_mut()) {
            Some(file) => Some(Self(file)),
            None => None,
        }
    }

    /// Returns the name, up to the first byte that is not UTF-8.
    pub(crate) fn as_str(self) -> &'static str {
        // SAFETY: the caller of `new` promised a string that ends in a nul, and that is there as long as the program.
        let bytes = unsafe { CStr::from_ptr(self.0.as_ptr()) }.to_bytes();
        let valid = match core::str::from_utf8(bytes) {
            Ok(name) => return name,
            Err(error) => error.valid_up_to(),
        };
        core::str::from_utf8(&bytes[..valid]).unwrap_or("?")
    }
}
