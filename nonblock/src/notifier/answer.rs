//! What a callback answers, and the outcome of a call of a chain.

use std::io;

/// What a callback of a chain answers.
///
/// Mirrors Linux's `NOTIFY_OK`, `NOTIFY_STOP` and `NOTIFY_BAD` (`include/linux/notifier.h`, 6.12).
///
/// The error is an [`io::Error`], unless the chain has another type for it. Like an error number of Linux, an `io::Error` can be
/// made without allocating: by [`io::Error::from_raw_os_error`], or from an [`io::ErrorKind`].
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
    /// The event is dealt with. No further callback is called.
    Stop,
    /// The callback failed. No further callback is called.
    Bad(X),
}

/// The outcome of a call of a chain.
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

    /// Returns how many callbacks were called, including one that stopped the call.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub const fn called(&self) -> usize {
        self.called
    }

    /// Returns the last answer. It is [`Answer::Continue`] if all callbacks were called, or if there are none.
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
    /// The error of the callback that answered [`Answer::Bad`].
    pub fn into_result(self) -> Result<usize, X> {
        match self.answer {
            Answer::Continue | Answer::Stop => Ok(self.called),
            Answer::Bad(error) => Err(error),
        }
    }
}
