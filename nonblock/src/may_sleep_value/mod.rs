//! A wrapper for a value whose every use may sleep.

use core::fmt;

use crate::check::might_sleep_in_drop;
use crate::check::with_token::might_sleep;
use crate::token::Sleepable;

#[cfg(feature = "std")]
mod in_use;

#[cfg(feature = "std")]
pub use self::in_use::InUse;

/// A value whose every use may sleep: a `File`, a `TcpStream`, a third-party client.
///
/// A type that was not written with tokens sleeps without saying so. Wrapped in this, a value can be reached only with a
/// `&mut Sleepable`. The token stays borrowed for as long as the value is in use, so it opens no section meanwhile.
///
/// Another way into a section is not closed: the reference to the value is no token. So the closure of the root
/// [`non_block`](crate::non_block()) can capture it, and a function with `#[non_block]` can take it. What the value does there is
/// seen by nobody. [`with`](Self::with) is stricter: no root's closure captures what it returns, and each operation is checked at
/// run time.
///
/// The wrapper does not hold what the value gives away. A clone of a file handle, for instance, can be used anywhere.
///
/// # Context
///
/// Making it does not sleep. Using it may sleep, and takes `&mut Sleepable`.
///
/// Dropping it drops the value, which may sleep too: closing a file waits for its file system. A drop cannot take a token, so
/// it is checked at run time. If a value that has a destructor is dropped in a section, it is reported at the place where the
/// section began. Where this matters, call [`into_inner`](Self::into_inner), and drop what it returns.
///
/// # Examples
///
/// ```
/// use std::io::{Cursor, Read, Write};
/// use nonblock::MaySleep;
///
/// # fn main() -> std::io::Result<()> {
/// let mut log = MaySleep::new(Cursor::new(Vec::new())); // or a `File`
/// nonblock::sleepable(|cx| {
///     log.get_mut(cx).write_all(b"up")?;
///     cx.non_block(|_nb| { /* the log cannot be reached here */ });
///     assert_eq!(log.into_inner(cx).into_inner(), b"up");
///     Ok(())
/// })
/// # }
/// ```
///
/// ```compile_fail,E0499
/// # use nonblock::MaySleep;
/// let log = MaySleep::new(String::from("up"));
/// nonblock::sleepable(|cx| {
///     let text = log.get(cx);
///     cx.non_block(|_nb| text.len()); // a section, while the value is in use
/// });
/// ```
// The compiler shows the next line to a user who calls a method of the value without the token.
pub struct MaySleep<T> /* reach the value by `.get(cx)`, `.get_mut(cx)` or `.with(cx)` */ {
    // It is dropped first, so that it reports before the destructor of the value sleeps.
    drop_check: DropCheck<T>,
    value: T,
}

/// Checks, when it is dropped, that a value of this type may be dropped here.
struct DropCheck<T>(core::marker::PhantomData<T>);

impl<T> MaySleep<T> {
    /// Wraps a value.
    ///
    /// # Context
    ///
    /// May be called anywhere, in a `static` too. It does not cover how the value was made: opening a file has slept already.
    pub const fn new(value: T) -> Self {
        Self { drop_check: DropCheck(core::marker::PhantomData), value }
    }

    /// Returns the value. The value and the token stay borrowed for as long as the result is in use.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Panics
    ///
    /// If a section is open all the same (through a root inside it), reports
    /// [`SleepInNonBlock`](crate::ViolationKind::SleepInNonBlock).
    ///
    /// # Examples
    ///
    /// ```
    /// # use nonblock::MaySleep;
    /// let log = MaySleep::new(String::from("up"));
    /// nonblock::sleepable(|cx| assert_eq!(log.get(cx).len(), 2));
    /// ```
    #[inline]
    #[track_caller]
    pub fn get<'a>(&'a self, cx: &'a mut Sleepable) -> &'a T {
        let _ = cx;
        might_sleep();
        &self.value
    }

    /// Returns the value, to change it. The value and the token stay borrowed for as long as the result is in use.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Panics
    ///
    /// As [`get`](Self::get).
    #[inline]
    #[track_caller]
    pub fn get_mut<'a>(&'a mut self, cx: &'a mut Sleepable) -> &'a mut T {
        let _ = cx;
        might_sleep();
        &mut self.value
    }

    /// Takes the value out. From then on it can be used without a token.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Panics
    ///
    /// As [`get`](Self::get).
    #[inline]
    #[track_caller]
    pub fn into_inner(self, cx: &mut Sleepable) -> T {
        let _ = cx;
        might_sleep();
        let Self { drop_check, value } = self;
        core::mem::forget(drop_check);
        value
    }
}

impl<T> Drop for DropCheck<T> {
    #[inline]
    fn drop(&mut self) {
        if core::mem::needs_drop::<T>() {
            might_sleep_in_drop();
        }
    }
}

/// It does not show the value: to show it may sleep.
impl<T> fmt::Debug for MaySleep<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MaySleep").finish_non_exhaustive()
    }
}

impl<T: Default> Default for MaySleep<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> From<T> for MaySleep<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}
