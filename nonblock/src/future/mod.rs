//! Futures that are polled in sections: a poll must not block.
//!
//! An executor runs many tasks on one thread. A task that blocks in its poll holds up all the others. So a poll is a section, and
//! what lies between two polls is none: there the task waits, and the thread is free.
//!
//! [`NonBlockExt::non_block`] wraps any future. [`#[non_block]`](macro@crate::non_block) does it for an `async fn`, or for a function
//! that returns a future:
//!
//! ```
//! use nonblock::future::NonBlockExt as _;
//! use nonblock::non_block;
//!
//! #[non_block]
//! async fn answer(question: &str) -> usize {
//!     std::future::ready(()).await;
//!     question.len()
//! }
//!
//! # use std::task::{Context, Waker};
//! # fn block_on<F: Future>(future: F) -> F::Output {
//! #     let mut future = std::pin::pin!(future);
//! #     loop {
//! #         let polled = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
//! #         if let std::task::Poll::Ready(output) = polled { return output }
//! #     }
//! # }
//! let both = async { answer("why?").await + 38 };
//! assert_eq!(block_on(both.non_block()), 42);
//! ```
//!
//! The run-time layers then see what blocks in a poll: the counters, and the [`watch`](crate#the-layers). It works under every
//! executor, with `std` and without: `tokio` ([with more](crate#features) by the feature `tokio`), `smol`, `embassy`.
//!
//! # Tokens
//!
//! No token is kept across an `.await`. A section ends at each of them, and a lock that was taken by its token would be held while the
//! thread sleeps. Between two awaits a closure is lent one:
//!
//! ```
//! use nonblock::sync::SpinLock;
//!
//! async fn count(hits: &SpinLock<u32>) -> u32 {
//!     std::future::ready(()).await;
//!     nonblock::non_block(|nb| {
//!         let mut hits = hits.lock(nb);
//!         *hits += 1;
//!         *hits
//!     })
//! }
//! # let _ = count;
//! ```
//!
//! # What is not in a section
//!
//! * The drop of a future, finished or cancelled. It runs where the executor drops the task.
//! * An argument of an `async fn` with `#[non_block]` that its body does not use. It is dropped after the last poll.
//! * The polls of a future that a function with `#[non_block]` returns within another type, such as a tuple or an `Option`, or under an alias of
//!   yours: the attribute reads the type as it is written. *Wrap the future by [`non_block`](NonBlockExt::non_block).*
//! * What the executor does besides: its queues, timers and its waiting.

#[cfg(feature = "tokio")]
pub(crate) mod open_polls;

use core::pin::Pin;
use core::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::section::{CallSite, Section};

#[cfg(feature = "tokio")]
use open_polls::OpenPoll;

pin_project! {
    /// A future whose every poll is a section. [`NonBlockExt::non_block`] makes it.
    ///
    /// # Context
    ///
    /// Polling it does not sleep, if the future within keeps to the rule. A poll costs a section, and allocates nothing.
    ///
    /// # Panics
    ///
    /// Whatever sleeps in a poll is reported as in any section, and the report panics under the default
    /// [`Policy`](crate::Policy). Then the panic passes through the executor, as the task's own does.
    #[derive(Clone, Debug)]
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct NonBlocking<F> {
        #[pin]
        future: F,
        call_site: CallSite,
    }
}

impl<F> NonBlocking<F> {
    /// Wraps a future, or what becomes one. In reports its sections begin at the caller.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::pin::pin;
    /// use std::task::{Context, Poll, Waker};
    /// use nonblock::future::NonBlocking;
    ///
    /// let future = pin!(NonBlocking::new(std::future::ready(7)));
    /// assert_eq!(future.poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(7));
    /// ```
    #[inline]
    #[track_caller]
    pub const fn new(future: F) -> Self {
        Self { future, call_site: CallSite::caller() }
    }

    /// Returns a reference to the future within.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub const fn get_ref(&self) -> &F {
        &self.future
    }

    /// Returns a mutable reference to the future within.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub const fn get_mut(&mut self) -> &mut F {
        &mut self.future
    }

    /// Returns a pinned reference to the future within. A poll through it is no section.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut F> {
        self.project().future
    }

    /// Unwraps the future.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn into_inner(self) -> F {
        self.future
    }
}

impl<F: Future> Future for NonBlocking<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        Section::run_at(*this.call_site, |_nb| {
            #[cfg(feature = "tokio")]
            let _open = OpenPoll::begin();
            this.future.poll(cx)
        })
    }
}

/// What `#[non_block]` makes of the future of a function. In reports its sections begin at the caller.
#[doc(hidden)]
#[inline]
#[track_caller]
pub const fn non_blocking<F: Future>(future: F) -> NonBlocking<F> {
    NonBlocking::new(future)
}

/// Adds [`non_block`](Self::non_block) to every future.
///
/// # Examples
///
/// See [`NonBlocking`].
pub trait NonBlockExt: Future + Sized {
    /// Makes every poll of the future a section, which in reports begins at the caller.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    ///
    /// # Examples
    ///
    /// ```
    /// # if !nonblock::CHECKS { return }
    /// use std::pin::pin;
    /// use std::task::{Context, Waker};
    /// use nonblock::future::NonBlockExt as _;
    /// use nonblock::testing::expect_violation;
    ///
    /// async fn ask_the_disk() {
    ///     nonblock::might_sleep();
    /// }
    ///
    /// let violation = expect_violation(|| {
    ///     let task = pin!(ask_the_disk().non_block()); // in the report, the section begins here
    ///     task.poll(&mut Context::from_waker(Waker::noop())).is_ready()
    /// });
    /// assert_eq!(violation.kind(), nonblock::ViolationKind::SleepInNonBlock);
    /// ```
    #[inline]
    #[track_caller]
    fn non_block(self) -> NonBlocking<Self> {
        NonBlocking::new(self)
    }
}

impl<F: Future> NonBlockExt for F {}
