//! What callbacks answer, and what came of a call.

use std::io;

/// What a callback of a chain answers. Mirrors Linux's `NOTIFY_OK`, `NOTIFY_STOP` and `NOTIFY_BAD` (`include/linux/notifier.h`, 6.12).
///
/// The error is an [`io::Error`] unless the chain says otherwise: like Linux's error numbers it can be made without
/// allocating, by [`io::Error::from_raw_os_error`] or from an [`io::ErrorKind`].
///
/// # Examples
///
/// ```
/// use std::io;
/// use nonblock::notifier::Answer;
///
/// fn veto(busy: bool) -> Answer {
///     if busy { Answer::Bad(io::ErrorKind::ResourceBusy.into()) } else { Answer::Continue }
/// }
/// assert!(matches!(veto(true), Answer::Bad(_)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer<X = io::Error> {
    /// The next callback is called.
    Continue,
    /// The event is dealt with: nobody else is called.
    Stop,
    /// It went wrong: nobody else is called.
    Bad(X),
}

/// What came of calling a chain.
///
/// # Context
///
/// A plain value: everything on it may be called anywhere.
///
/// # Examples
///
/// See [`AtomicChain::call`](super::AtomicChain::call).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a callback may have answered with an error"]
pub struct Outcome<X = io::Error> {
    called: usize,
    answer: Answer<X>,
}

impl<X> Outcome<X> {
    pub(super) const fn new(called: usize, answer: Answer<X>) -> Self {
        Self { called, answer }
    }

    /// Returns how many callbacks were called, with the one that stopped.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub const fn called(&self) -> usize {
        self.called
    }

    /// Returns the last answer: [`Answer::Continue`] if all were called, or if there are none.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub const fn answer(&self) -> &Answer<X> {
        &self.answer
    }

    /// Returns how many callbacks were called, or the error. Mirrors Linux's `notifier_to_errno()`.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    ///
    /// # Errors
    ///
    /// That of the callback that answered [`Answer::Bad`].
    pub fn into_result(self) -> Result<usize, X> {
        match self.answer {
            Answer::Continue | Answer::Stop => Ok(self.called),
            Answer::Bad(error) => Err(error),
        }
    }
}
