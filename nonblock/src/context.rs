//! Code that is written once for both contexts.

use core::convert::Infallible;
use core::error::Error;
use core::fmt;

use crate::section::Section;
use crate::token::{NonBlock, Sleepable};

pub(crate) mod sealed {
    use core::pin::Pin;

    use crate::token::{NonBlock, Sleepable};

    #[diagnostic::on_unimplemented(
        message = "`{Self}` cannot be a token",
        label = "the tokens are `Sleepable` and `NonBlock`, and no other can be added",
        note = "generic code takes `cx: &mut C` with `C: Context`, and its callers pass on the token that they were lent"
    )]
    pub trait Sealed: HoldsToken {}
    impl Sealed for Sleepable {}
    impl Sealed for NonBlock {}

    pub trait Refusable {}
    impl<T, E: Into<super::WouldBlock>> Refusable for Result<T, E> {}

    /// A type that holds a token, or may hold one: the token itself, and what passes it on when it is lent. A shared
    /// reference passes no right on.
    ///
    /// The attributes ask it of a parameter's type. Each type parameter that is a [`Context`](super::Context) has it.
    pub trait HoldsToken {
        /// Which token it is. The bound keeps it out of the compiler's messages about `dyn Context`.
        type __Token
        where
            Self: Sized;
    }

    impl HoldsToken for Sleepable {
        type __Token = Self;
    }
    impl HoldsToken for NonBlock {
        type __Token = Self;
    }
    impl<T: HoldsToken> HoldsToken for &mut T {
        type __Token = T::__Token;
    }
    impl<T: HoldsToken> HoldsToken for &mut [T] {
        type __Token = T::__Token;
    }
    impl<T: HoldsToken, const N: usize> HoldsToken for [T; N] {
        type __Token = T::__Token;
    }
    impl<T: HoldsToken> HoldsToken for Option<T> {
        type __Token = T::__Token;
    }
    impl<T: HoldsToken> HoldsToken for Pin<T> {
        type __Token = T::__Token;
    }
    #[cfg(feature = "std")]
    impl<T: HoldsToken> HoldsToken for std::boxed::Box<T> {
        type __Token = T::__Token;
    }
}

/// Either token. A callback that serves both contexts is generic over it.
///
/// For [`NonBlock`], the associated [`Refusal`](Context::Refusal) is [`WouldBlock`]. For [`Sleepable`] it is uninhabited, so a
/// caller that may sleep cannot be told "would block". The trait is sealed: only the two tokens implement it.
///
/// # Context
///
/// Generic code may do only what both contexts allow. Where it would have to wait, it asks for the right to sleep, with
/// [`or_refuse`](Context::or_refuse) and `?`.
///
/// # Examples
///
/// ```
/// use nonblock::{Context, NonBlock, Sleepable, WouldBlock};
///
/// fn wait_for_fence(_cx: &mut Sleepable) {}
///
/// fn unmap<C: Context>(busy: bool, cx: &mut C) -> Result<&'static str, C::Refusal> {
///     if busy {
///         wait_for_fence(cx.or_refuse()?); // waits, or refuses
///     }
///     Ok("unmapped")
/// }
///
/// nonblock::sleepable(|cx| {
///     let Ok(done) = unmap(true, cx); // cannot be refused
///     assert_eq!(done, "unmapped");
///     assert_eq!(cx.non_block(|nb| unmap(true, nb)), Err(WouldBlock));
///     assert_eq!(cx.non_block(|nb| unmap(false, nb)), Ok("unmapped"));
/// });
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a token",
    label = "expected `Sleepable` or `NonBlock`",
    note = "only the two tokens are a `Context`: take `cx: &mut C` with `C: Context`, and pass on the token you were lent"
)]
pub trait Context: sealed::Sealed + Sized {
    /// The error of a refusal. It is [`WouldBlock`] in a section, and uninhabited for a caller that may sleep.
    type Refusal: Error + Into<WouldBlock> + Copy + Send + Sync + 'static;

    /// Runs the closure in a section, in either context.
    ///
    /// # Context
    ///
    /// Does not sleep. The closure is lent a [`NonBlock`]. `self` stays borrowed until the closure returns.
    fn non_block<R>(&mut self, f: impl FnOnce(&mut NonBlock) -> R) -> R;

    /// Returns the right to sleep, or the refusal that the caller is to return.
    ///
    /// Write `cx.or_refuse()?`, and never `unwrap`: that panics in a section only. To refuse without waiting for anything,
    /// write it as a statement; a caller that may sleep then goes on behind it.
    ///
    /// # Context
    ///
    /// Does not sleep. What it returns is the right to.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`] in a section. Never for a [`Sleepable`].
    fn or_refuse(&mut self) -> Result<&mut Sleepable, Self::Refusal>;

    /// Returns the right to sleep, if this context has it.
    ///
    /// # Context
    ///
    /// Does not sleep.
    fn as_sleepable(&mut self) -> Option<&mut Sleepable> {
        self.or_refuse().ok()
    }
}

impl Context for Sleepable {
    type Refusal = Infallible;

    #[inline]
    #[track_caller]
    fn non_block<R>(&mut self, f: impl FnOnce(&mut NonBlock) -> R) -> R {
        Section::run(f)
    }

    #[inline]
    fn or_refuse(&mut self) -> Result<&mut Sleepable, Infallible> {
        Ok(self)
    }
}

impl Context for NonBlock {
    type Refusal = WouldBlock;

    #[inline]
    #[track_caller]
    fn non_block<R>(&mut self, f: impl FnOnce(&mut NonBlock) -> R) -> R {
        Section::run(f)
    }

    #[inline]
    fn or_refuse(&mut self) -> Result<&mut Sleepable, WouldBlock> {
        Err(WouldBlock)
    }
}

/// Turns the refusal of any context into [`WouldBlock`]: `table.acquire(cx).or_would_block()?`.
///
/// Generic code that returns its caller's [`Refusal`](Context::Refusal) writes `?` alone. Generic code that returns another
/// error, such as `std::io::Error`, cannot: the compiler does not know that the refusal of every context converts into it.
/// It knows that of `WouldBlock`. Do not take the bound that the compiler proposes, `std::io::Error: From<C::Refusal>`: it
/// shuts out every caller that may sleep. The trait is implemented for every `Result` whose error is a refusal.
///
/// # Examples
///
/// ```
/// use nonblock::{Context, OrWouldBlock};
/// use std::io;
///
/// fn read_register<C: Context>(ready: bool, cx: &mut C) -> io::Result<u32> {
///     if !ready {
///         let _wait_with = cx.or_refuse().or_would_block()?;
///     }
///     Ok(7)
/// }
///
/// nonblock::sleepable(|cx| {
///     assert_eq!(read_register(false, cx).unwrap(), 7);
///     let error = cx.non_block(|nb| read_register(false, nb)).unwrap_err();
///     assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
/// });
/// ```
pub trait OrWouldBlock<T>: sealed::Refusable {
    /// Returns the value, or [`WouldBlock`] if this is a refusal.
    ///
    /// # Context
    ///
    /// Does not sleep.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`] in a section. Never for a [`Sleepable`].
    fn or_would_block(self) -> Result<T, WouldBlock>;
}

impl<T, E: Into<WouldBlock>> OrWouldBlock<T> for Result<T, E> {
    #[inline]
    fn or_would_block(self) -> Result<T, WouldBlock> {
        self.map_err(Into::into)
    }
}

/// The operation would have to wait, and its caller must not.
///
/// A caller that gets this undoes what it has begun, or puts it off, and tries again later, as the OOM reaper does. Mirrors
/// the `-EAGAIN` that Linux's notifiers return (`mm/mmu_notifier.c`, 6.12).
///
/// # Context
///
/// A plain value: everything on it may be called anywhere.
///
/// # Examples
///
/// ```
/// use nonblock::WouldBlock;
///
/// # #[cfg(feature = "std")] {
/// let error = std::io::Error::from(WouldBlock);
/// assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
/// # }
/// assert_eq!(WouldBlock.to_string(), "the operation would block, and its caller must not");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct WouldBlock;

impl WouldBlock {
    /// Returns the `EAGAIN` of the platform, a positive number, for C interfaces.
    ///
    /// It is 11 on Linux and Windows, and 35 on the BSDs and macOS. Functions of the Linux kernel return it negated.
    pub const fn errno(self) -> i32 {
        if cfg!(any(
            target_vendor = "apple",
            target_os = "freebsd",
            target_os = "dragonfly",
            target_os = "netbsd",
            target_os = "openbsd"
        )) {
            35
        } else {
            11
        }
    }
}

impl fmt::Display for WouldBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the operation would block, and its caller must not")
    }
}

impl Error for WouldBlock {}

impl From<Infallible> for WouldBlock {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

#[cfg(feature = "std")]
impl From<WouldBlock> for std::io::Error {
    // Made of the kind alone: an error that holds the refusal would be allocated, and this runs in sections.
    fn from(_refusal: WouldBlock) -> Self {
        std::io::ErrorKind::WouldBlock.into()
    }
}
