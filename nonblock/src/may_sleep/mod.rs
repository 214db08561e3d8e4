//! A value whose every use may sleep.

use core::fmt;

use crate::check::{might_sleep, might_sleep_in_drop};
use crate::token::Sleepable;

#[cfg(feature = "std")]
mod io;

#[cfg(feature = "std")]
pub use self::io::InUse;

/// A value whose every use may sleep: a `File`, a `TcpStream`, a third-party client.
///
/// What was not written with tokens sleeps without saying so. Wrapped in this, it can be reached with a `&mut Sleepable`
/// only, which stays borrowed for as long as what was reached is in use, so that no section can open meanwhile.
///
/// What the value itself gives away is out of its hands: a clone of a file handle, say, can be used anywhere.
///
/// # Context
///
/// Making it does not sleep. Using it may, and takes `&mut Sleepable`.
///
/// Dropping it drops the value, which may sleep too: closing a file waits for its file system. No token can be asked for
/// there, so it is checked at run time: dropped in a section, a value that has a destructor is reported, at the place
/// where that section began. Where it matters, say [`into_inner`](Self::into_inner) and drop what that returns.
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
// The compiler shows the next line where a method of the value's is called without the token.
pub struct MaySleep<T> /* reach the value by `.get(cx)`, `.get_mut(cx)` or `.with(cx)` */ {
    // Dropped first: it speaks before the value's destructor sleeps.
    dropped: Dropped<T>,
    value: T,
}

/// Says, when dropped, that what is dropped next may sleep.
struct Dropped<T>(core::marker::PhantomData<T>);

impl<T> MaySleep<T> {
    /// Wraps a value.
    ///
    /// # Context
    ///
    /// May be called anywhere, in a `static` too. How the value was made is its own matter: opening a file has slept.
    pub const fn new(value: T) -> Self {
        Self { dropped: Dropped(core::marker::PhantomData), value }
    }

    /// Reaches the value. It and the token stay borrowed for as long as the result is in use.
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

    /// Reaches the value to change it. It and the token stay borrowed for as long as the result is in use.
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

    /// Takes the value out; from then on it is the caller's matter.
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
        let Self { dropped, value } = self;
        core::mem::forget(dropped);
        value
    }
}

impl<T> Drop for Dropped<T> {
    #[inline]
    fn drop(&mut self) {
        if core::mem::needs_drop::<T>() {
            might_sleep_in_drop();
        }
    }
}

/// Without the value: to show it may sleep.
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
