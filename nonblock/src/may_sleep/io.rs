//! Reading, writing and seeking, with a token in hand.

use core::fmt;
use std::io::{BufRead, IoSlice, IoSliceMut, Read, Result, Seek, SeekFrom, Write};
use std::string::String;
use std::vec::Vec;

use super::MaySleep;
use crate::check::might_sleep;
use crate::token::Sleepable;

impl<T> MaySleep<T> {
    /// Joins the value to the token for a while: the result reads, writes and seeks as the value does.
    ///
    /// As [`get_mut`](Self::get_mut), for what wants a `Read` or `Write`; and every operation checks anew that no section
    /// is open, so that it is found where `dyn` led the result into one.
    ///
    /// # Context
    ///
    /// Does not sleep itself: takes the `&mut Sleepable` that its operations need.
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
    pub fn with<'a>(&'a mut self, cx: &'a mut Sleepable) -> InUse<'a, T> {
        InUse { value: &mut self.value, _cx: cx }
    }
}

/// A [`MaySleep`] joined to the token: reads, writes and seeks as its value does. Made by [`MaySleep::with`].
///
/// # Context
///
/// Every operation may sleep; the `&mut Sleepable` for it is borrowed while this is there.
///
/// # Examples
///
/// See [`MaySleep::with`].
#[must_use = "it does nothing but what it is asked for"]
pub struct InUse<'a, T> {
    value: &'a mut T,
    _cx: &'a mut Sleepable,
}

impl<T> fmt::Debug for InUse<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InUse").finish_non_exhaustive()
    }
}

impl<T: Read> Read for InUse<'_, T> {
    #[track_caller]
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        might_sleep();
        self.value.read(buffer)
    }

    #[track_caller]
    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> Result<usize> {
        might_sleep();
        self.value.read_vectored(buffers)
    }

    #[track_caller]
    fn read_to_end(&mut self, buffer: &mut Vec<u8>) -> Result<usize> {
        might_sleep();
        self.value.read_to_end(buffer)
    }

    #[track_caller]
    fn read_to_string(&mut self, buffer: &mut String) -> Result<usize> {
        might_sleep();
        self.value.read_to_string(buffer)
    }

    #[track_caller]
    fn read_exact(&mut self, buffer: &mut [u8]) -> Result<()> {
        might_sleep();
        self.value.read_exact(buffer)
    }
}

impl<T: BufRead> BufRead for InUse<'_, T> {
    #[track_caller]
    fn fill_buf(&mut self) -> Result<&[u8]> {
        might_sleep();
        self.value.fill_buf()
    }

    // Only counts what was read.
    fn consume(&mut self, amount: usize) {
        self.value.consume(amount);
    }
}

impl<T: Write> Write for InUse<'_, T> {
    #[track_caller]
    fn write(&mut self, buffer: &[u8]) -> Result<usize> {
        might_sleep();
        self.value.write(buffer)
    }

    #[track_caller]
    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> Result<usize> {
        might_sleep();
        self.value.write_vectored(buffers)
    }

    #[track_caller]
    fn write_all(&mut self, buffer: &[u8]) -> Result<()> {
        might_sleep();
        self.value.write_all(buffer)
    }

    #[track_caller]
    fn flush(&mut self) -> Result<()> {
        might_sleep();
        self.value.flush()
    }
}

impl<T: Seek> Seek for InUse<'_, T> {
    #[track_caller]
    fn seek(&mut self, position: SeekFrom) -> Result<u64> {
        might_sleep();
        self.value.seek(position)
    }

    #[track_caller]
    fn stream_position(&mut self) -> Result<u64> {
        might_sleep();
        self.value.stream_position()
    }
}
