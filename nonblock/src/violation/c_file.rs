//! The name of a source file, as C's preprocessor tells it.

use core::ffi::{CStr, c_char};
use core::ptr::NonNull;

/// A string of C's that is never changed and never goes away.
///
/// A pointer, not a `CStr`: its length is looked for only by a report, not by every section.
#[derive(Clone, Copy)]
pub(crate) struct CFile(NonNull<c_char>);

// SAFETY: the string is never changed, as whoever made this promised.
unsafe impl Send for CFile {}

// SAFETY: as above.
unsafe impl Sync for CFile {}

impl CFile {
    /// Takes a `__FILE__` in; null is none.
    ///
    /// # Safety
    ///
    /// `file` is null, or points to a string with a nul at its end which is never changed, and is there for as long as
    /// the program runs.
    #[inline]
    pub(crate) const unsafe fn new(file: *const c_char) -> Option<Self> {
        match NonNull::new(file.cast_mut()) {
            Some(file) => Some(Self(file)),
            None => None,
        }
    }

    /// The name, up to what is not Unicode in it.
    pub(crate) fn as_str(self) -> &'static str {
        // SAFETY: `new` was promised a string that ends in a nul and stays.
        let bytes = unsafe { CStr::from_ptr(self.0.as_ptr()) }.to_bytes();
        let valid = match core::str::from_utf8(bytes) {
            Ok(name) => return name,
            Err(error) => error.valid_up_to(),
        };
        core::str::from_utf8(&bytes[..valid]).unwrap_or("?")
    }
}
