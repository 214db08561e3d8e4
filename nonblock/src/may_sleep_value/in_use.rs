//! `InUse`: a value together with the token that its uses need, so that it can implement the traits of `std::io`.

use core::fmt;
use std::io::{BufRead, IoSlice, IoSliceMut, Read, Result, Seek, SeekFrom, Write};
use std::string::String;
use std::vec::Vec;

use super::MaySleep;
use crate::check::with_token::might_sleep_at;
use crate::section::CallSite;
use crate::token::Sleepable;

impl<T> MaySleep<T> {
    /// Joins the value to the token for a while. The result reads, writes and seeks as the value does.
    ///
    /// It is like [`get_mut`](Self::get_mut), for code that takes a `Read` or a `Write`. Every operation checks anew that no
    /// section is open. So an operation is found even if the result came into a section through `dyn`.
    ///
    /// # Context
    ///
    /// Does not sleep itself. It takes the `&mut Sleepable` that the operations of the result need.
    ///
    /// # Examples
    ///
    /// ```
    /// # use nonblock::MaySleep;
    /// use std::io::{self, Cursor};
    ///
    /// let mut source = MaySleep::new(Cursor::new("firmware"));
    /// let mut target = Vec::new();
    /// nonblock::sleepable(|cx| io::copy(&mut source.with(cx), &mut target)).unwrap();
    /// assert_eq!(target, b"firmware");
    /// ```
    #[inline]
    #[track_caller]
    pub fn with<'a>(&'a mut self, cx: &'a mut Sleepable) -> InUse<'a, T> {
        InUse { value: &mut self.value, _cx: cx, call_site: CallSite::caller() }
    }
}

/// A [`MaySleep`] that is joined to a token. It reads, writes and seeks as its value does. [`MaySleep::with`] makes one.
///
/// # Context
///
/// Every operation may sleep. The `&mut Sleepable` for it is borrowed for as long as this is there. An operation in a section
/// is reported at the place where `with` was called.
///
/// # Examples
///
/// See [`MaySleep::with`].
#[must_use = "it does nothing but what it is asked for"]
pub struct InUse<'a, T> {
    value: &'a mut T,
    _cx: &'a mut Sleepable,
    // The place of an operation says little: often it is the standard library that calls it, for `writeln!` or `io::copy`.
    call_site: CallSite,
}

impl<T> InUse<'_, T> {
    /// Reports an operation in a section, at the place where [`MaySleep::with`] was called.
    #[inline]
    fn check(&self) {
        might_sleep_at(self.call_site.place());
    }
}

impl<T> fmt::Debug for InUse<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InUse").finish_non_exhaustive()
    }
}

impl<T: Read> Read for InUse<'_, T> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.check();
        self.value.read(buffer)
    }

    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> Result<usize> {
        self.check();
        self.value.read_vectored(buffers)
    }

    fn read_to_end(&mut self, buffer: &mut Vec<u8>) -> Result<usize> {
        self.check();
        self.value.read_to_end(buffer)
    }

    fn read_to_string(&mut self, buffer: &mut String) -> Result<usize> {
        self.check();
        self.value.read_to_string(buffer)
    }

    fn read_exact(&mut self, buffer: &mut [u8]) -> Result<()> {
        self.check();
        self.value.read_exact(buffer)
    }
}

impl<T: BufRead> BufRead for InUse<'_, T> {
    fn fill_buf(&mut self) -> Result<&[u8]> {
        self.check();
        self.value.fill_buf()
    }

    // It only counts what was read, and does not sleep.
    fn consume(&mut self, amount: usize) {
        self.value.consume(amount);
    }
}

impl<T: Write> Write for InUse<'_, T> {
    fn write(&mut self, buffer: &[u8]) -> Result<usize> {
        self.check();
        self.value.write(buffer)
    }

    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> Result<usize> {
        self.check();
        self.value.write_vectored(buffers)
    }

    fn write_all(&mut self, buffer: &[u8]) -> Result<()> {
        self.check();
        self.value.write_all(buffer)
    }

    fn flush(&mut self) -> Result<()> {
        self.check();
        self.value.flush()
    }
}

impl<T: Seek> Seek for InUse<'_, T> {
    fn seek(&mut self, position: SeekFrom) -> Result<u64> {
        self.check();
        self.value.seek(position)
    }

    fn stream_position(&mut self) -> Result<u64> {
        self.check();
        self.value.stream_position()
    }
}
