//! The blocking chain, whose callbacks may sleep.

use core::fmt;
use std::io;
use std::sync::Arc;

use super::answer::{Answer, Outcome};
use super::chain::Chain;
use super::registration::{AlreadyRegistered, Registration};
use crate::check::with_token;
use crate::token::Sleepable;

/// A callback of a [`BlockingChain`]: it is told of events, and may sleep.
///
/// Closures implement it. The types of their arguments must be written out, unless the closure is passed directly to
/// [`register_fn`](BlockingChain::register_fn).
///
/// # Examples
///
/// ```
/// use nonblock::Sleepable;
/// use nonblock::notifier::{Answer, BlockingNotifier};
///
/// struct Device;
///
/// impl BlockingNotifier<u32> for Device {
///     fn notify_blocking(&self, event: &u32, _cx: &mut Sleepable) -> Answer {
///         if *event == 0 { Answer::Stop } else { Answer::Continue }
///     }
/// }
///
/// fn takes(_: impl BlockingNotifier<u32>) {}
/// takes(Device);
/// takes(|_event: &u32, _cx: &mut Sleepable| Answer::Continue);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be called by a `BlockingChain`",
    label = "expected a callback of a blocking chain",
    note = "implement `nonblock::notifier::BlockingNotifier`; a closure is one if it is `Send` and `Sync`, and its arguments are written out: `|event: &E, cx: &mut Sleepable| ...`"
)]
pub trait BlockingNotifier<E: ?Sized, X = io::Error>: Send + Sync {
    /// Is told of an event.
    ///
    /// # Context
    ///
    /// May sleep.
    fn notify_blocking(&self, event: &E, cx: &mut Sleepable) -> Answer<X>;
}

// For a type that is no closure, the compiler advises to implement this trait, and not `Fn`.
#[diagnostic::do_not_recommend]
impl<E: ?Sized, X, F> BlockingNotifier<E, X> for F
where
    F: Fn(&E, &mut Sleepable) -> Answer<X> + Send + Sync,
{
    fn notify_blocking(&self, event: &E, cx: &mut Sleepable) -> Answer<X> {
        self(event, cx)
    }
}

/// A chain of callbacks that may sleep.
///
/// Mirrors Linux's `struct blocking_notifier_head` (`include/linux/notifier.h`, 6.12).
///
/// `E` is the event that the callbacks are told, and `X` the error that they can answer with.
///
/// # Context
///
/// [`call`](Self::call) may sleep. Changes of the chain may sleep. They do not stop calls.
///
/// Dropping the chain drops its callbacks, so drop it only where their drops may run.
///
/// # Memory
///
/// Linear in the registrations, and in the changes made since the oldest call that is still under way. A registration before
/// callbacks of lower priority makes a copy of the list: beside a long call, each such copy is kept until the call ends.
///
/// # Examples
///
/// See the [module](super).
pub struct BlockingChain<E: ?Sized + 'static, X: 'static = io::Error> {
    chain: Arc<Chain<dyn BlockingNotifier<E, X>>>,
}

impl<E: ?Sized + 'static, X: 'static> BlockingChain<E, X> {
    /// Makes a chain without callbacks.
    ///
    /// # Context
    ///
    /// Allocates, and does not sleep otherwise.
    #[cfg_attr(feature = "lockdep", track_caller)]
    pub fn new() -> Self {
        Self { chain: Chain::new() }
    }

    /// Registers a callback. Every call that begins from now on calls it.
    ///
    /// A call that is under way goes on without it. For a closure, [`register_fn`](Self::register_fn) is easier. Mirrors Linux's
    /// `blocking_notifier_chain_register()` (`kernel/notifier.c`, 6.12).
    ///
    /// # Arguments
    ///
    /// * `priority`: a callback with a higher priority is called earlier. Callbacks of equal priority are called in the order of
    ///   their registration.
    ///
    /// # Context
    ///
    /// May sleep, but waits for no callback, so a callback can call it. Callbacks that were removed earlier may be dropped here.
    ///
    /// # Errors
    ///
    /// [`AlreadyRegistered`] if the same `Arc` is registered with this chain.
    #[track_caller]
    pub fn register(
        &self,
        callback: Arc<dyn BlockingNotifier<E, X>>,
        priority: i32,
        cx: &mut Sleepable,
    ) -> Result<Registration, AlreadyRegistered> {
        self.chain.register(callback, priority, cx)
    }

    /// As [`register`](Self::register), for a closure. The types of its arguments need not be written out.
    ///
    /// It cannot fail: a new closure is not registered yet.
    ///
    /// # Arguments
    ///
    /// * `priority`: a callback with a higher priority is called earlier. Callbacks of equal priority are called in the order of
    ///   their registration.
    ///
    /// # Context
    ///
    /// As `register`.
    ///
    /// # Examples
    ///
    /// ```
    /// use nonblock::notifier::{Answer, BlockingChain};
    ///
    /// let chain = BlockingChain::<u32>::new();
    /// nonblock::sleepable(|cx| {
    ///     let registration = chain.register_fn(
    ///         |event, _cx| if *event == 0 { Answer::Stop } else { Answer::Continue },
    ///         0,
    ///         cx,
    ///     );
    ///     assert_eq!(chain.call(&7, cx).called(), 1);
    ///     registration.unregister(cx);
    /// });
    /// ```
    #[track_caller]
    pub fn register_fn(
        &self,
        callback: impl Fn(&E, &mut Sleepable) -> Answer<X> + Send + Sync + 'static,
        priority: i32,
        cx: &mut Sleepable,
    ) -> Registration {
        self.chain.register_new(Arc::new(callback), priority, cx)
    }

    /// Tells the callbacks of an event, one after another, until one of them stops the call.
    ///
    /// Mirrors Linux's `blocking_notifier_call_chain()` (`kernel/notifier.c`, 6.12).
    ///
    /// # Context
    ///
    /// May sleep, and the callbacks may too. Hold no lock that a callback takes.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io;
    /// use std::sync::Arc;
    /// use nonblock::Sleepable;
    /// use nonblock::notifier::{Answer, BlockingChain};
    ///
    /// let chain = BlockingChain::<u32>::new();
    /// nonblock::sleepable(|cx| {
    ///     let even = |event: &u32, _: &mut Sleepable| match event % 2 {
    ///         0 => Answer::Continue,
    ///         _ => Answer::Bad(io::ErrorKind::InvalidInput.into()),
    ///     };
    ///     let _registration = chain.register(Arc::new(even), 0, cx).unwrap();
    ///     assert_eq!(chain.call(&2, cx).into_result().unwrap(), 1);
    ///     assert_eq!(chain.call(&3, cx).into_result().unwrap_err().kind(), io::ErrorKind::InvalidInput);
    /// });
    /// ```
    #[inline]
    #[track_caller]
    pub fn call(&self, event: &E, cx: &mut Sleepable) -> Outcome<X> {
        let _call = with_token::lend();
        self.chain.call(|callback| callback.notify_blocking(event, cx))
    }

    /// Tells the callbacks of an event. If one of them answers with an error, tells the callbacks before it of `undo`.
    ///
    /// The callback that answered with an error is not told of `undo`: it must leave things as they were. After a mere
    /// [`Answer::Stop`], no callback is told of it. Answers to `undo` are not looked at. Mirrors Linux's
    /// `blocking_notifier_call_chain_robust()` (`kernel/notifier.c`, 6.12).
    ///
    /// # Arguments
    ///
    /// * `undo`: an event that takes `event` back.
    ///
    /// # Context
    ///
    /// May sleep, and the callbacks may too. Hold no lock that a callback takes.
    ///
    /// # Panics
    ///
    /// A panic of a callback passes through, after the callbacks before it were told of `undo`.
    #[inline]
    #[track_caller]
    pub fn call_robust(&self, event: &E, undo: &E, cx: &mut Sleepable) -> Outcome<X> {
        let _call = with_token::lend();
        self.chain.call_robust(
            cx,
            |callback, cx| callback.notify_blocking(event, cx),
            |callback, cx| drop(callback.notify_blocking(undo, cx)),
        )
    }

    /// Finishes the removal of callbacks whose registrations were dropped. It waits for the calls that may still call them, and
    /// then drops them.
    ///
    /// Without it, later changes of the chain drop them, bit by bit.
    ///
    /// # Context
    ///
    /// May sleep. Within a callback, or with an invalidation open, it does not wait.
    #[track_caller]
    pub fn synchronize(&self, cx: &mut Sleepable) {
        self.chain.synchronize(cx);
    }

    /// Returns how many callbacks are registered now.
    ///
    /// # Context
    ///
    /// Does not sleep.
    pub fn callbacks(&self) -> usize {
        self.chain.count()
    }
}

impl<E: ?Sized + 'static, X: 'static> Default for BlockingChain<E, X> {
    #[cfg_attr(feature = "lockdep", track_caller)]
    fn default() -> Self {
        Self::new()
    }
}

impl<E: ?Sized + 'static, X: 'static> fmt::Debug for BlockingChain<E, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.chain.fmt(f)
    }
}
