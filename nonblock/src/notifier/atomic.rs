//! The chain whose callbacks run in a section.

use core::fmt;
use std::io;
use std::sync::Arc;

use super::answer::{Answer, Outcome};
use super::chain::Chain;
use super::registration::{AlreadyRegistered, Registration};
use crate::context::Context;
use crate::token::{NonBlock, Sleepable};

/// A callback of an [`AtomicChain`]: it is told of events, and must not sleep.
///
/// Implemented by closures, whose arguments' types must be written out, unless the closure goes to
/// [`register_fn`](AtomicChain::register_fn) as it stands.
///
/// # Examples
///
/// ```
/// use nonblock::NonBlock;
/// use nonblock::notifier::{Answer, AtomicNotifier};
///
/// struct Device;
///
/// impl AtomicNotifier<u32> for Device {
///     fn notify_atomic(&self, event: &u32, _nb: &mut NonBlock) -> Answer {
///         if *event == 0 { Answer::Stop } else { Answer::Continue }
///     }
/// }
///
/// fn takes(_: impl AtomicNotifier<u32>) {}
/// takes(Device);
/// takes(|_event: &u32, _nb: &mut NonBlock| Answer::Continue);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be called by an `AtomicChain`",
    label = "expected a callback of an atomic chain",
    note = "implement `nonblock::notifier::AtomicNotifier`; a closure is one if it is `Send` and `Sync`, and its arguments are written out: `|event: &E, nb: &mut NonBlock| ...`"
)]
pub trait AtomicNotifier<E: ?Sized, X = io::Error>: Send + Sync {
    /// Is told of an event.
    ///
    /// # Context
    ///
    /// In a section, always.
    fn notify_atomic(&self, event: &E, nb: &mut NonBlock) -> Answer<X>;
}

// What is no closure is told to implement the trait, and not `Fn`.
#[diagnostic::do_not_recommend]
impl<E: ?Sized, X, F> AtomicNotifier<E, X> for F
where
    F: Fn(&E, &mut NonBlock) -> Answer<X> + Send + Sync,
{
    fn notify_atomic(&self, event: &E, nb: &mut NonBlock) -> Answer<X> {
        self(event, nb)
    }
}

/// A chain of callbacks that run in a section, whoever calls it.
///
/// Mirrors Linux's `struct atomic_notifier_head` (`include/linux/notifier.h`, 6.12).
///
/// `E` is what the callbacks are told, `X` the error that they can answer with.
///
/// # Context
///
/// [`call`](Self::call) does not sleep. Changes of the chain may sleep, and stop no call.
///
/// Dropping the chain drops its callbacks. Do so where their own drops may run.
///
/// # Examples
///
/// See the [module](super).
pub struct AtomicChain<E: ?Sized + 'static, X: 'static = io::Error> {
    chain: Arc<Chain<dyn AtomicNotifier<E, X>>>,
}

impl<E: ?Sized + 'static, X: 'static> AtomicChain<E, X> {
    /// Makes a chain without callbacks.
    ///
    /// # Context
    ///
    /// Allocates, and does not sleep otherwise.
    pub fn new() -> Self {
        Self { chain: Chain::new() }
    }

    /// Registers a callback: it is called by every call that begins from now on.
    ///
    /// A call that is under way goes on without it. A closure goes to [`register_fn`](Self::register_fn) more easily. Mirrors Linux's
    /// `atomic_notifier_chain_register()` (`kernel/notifier.c`, 6.12).
    ///
    /// # Arguments
    ///
    /// * `priority`: who has a higher one is called earlier. Among equals the order is that of registration.
    ///
    /// # Context
    ///
    /// May sleep, but waits for no callback; it cannot be called by one, which is in a section. Callbacks that
    /// were removed earlier may be dropped here.
    ///
    /// # Errors
    ///
    /// [`AlreadyRegistered`] if the same `Arc` is registered with this chain.
    #[track_caller]
    pub fn register(
        &self,
        callback: Arc<dyn AtomicNotifier<E, X>>,
        priority: i32,
        cx: &mut Sleepable,
    ) -> Result<Registration, AlreadyRegistered> {
        self.chain.register(callback, priority, cx)
    }

    /// As [`register`](Self::register), for a closure as it stands: its arguments' types need not be written out.
    ///
    /// No closure is registered twice.
    ///
    /// # Arguments
    ///
    /// * `priority`: who has a higher one is called earlier. Among equals the order is that of registration.
    ///
    /// # Context
    ///
    /// As `register`.
    ///
    /// # Examples
    ///
    /// ```
    /// use nonblock::notifier::{Answer, AtomicChain};
    ///
    /// let chain = AtomicChain::<u32>::new();
    /// nonblock::sleepable(|cx| {
    ///     let registration = chain.register_fn(
    ///         |event, _nb| if *event == 0 { Answer::Stop } else { Answer::Continue },
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
        callback: impl Fn(&E, &mut NonBlock) -> Answer<X> + Send + Sync + 'static,
        priority: i32,
        cx: &mut Sleepable,
    ) -> Registration {
        self.chain.register_new(Arc::new(callback), priority, cx)
    }

    /// Tells the callbacks of an event, until one stops it.
    ///
    /// Mirrors Linux's `atomic_notifier_call_chain()` (`kernel/notifier.c`, 6.12).
    ///
    /// # Context
    ///
    /// Does not sleep, takes no lock, and neither allocates nor frees. With either token: it opens the section
    /// around the callbacks itself.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io;
    /// use std::sync::Arc;
    /// use nonblock::NonBlock;
    /// use nonblock::notifier::{Answer, AtomicChain};
    ///
    /// let chain = AtomicChain::<u32>::new();
    /// nonblock::sleepable(|cx| {
    ///     let even = |event: &u32, _: &mut NonBlock| match event % 2 {
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
    pub fn call<C: Context>(&self, event: &E, cx: &mut C) -> Outcome<X> {
        cx.non_block(|nb| self.chain.call(|callback| callback.notify_atomic(event, nb)))
    }

    /// Tells the callbacks of an event; if one of them answers with an error, tells those that were called before it
    /// of another.
    ///
    /// The one that answered with an error is not told: it is to leave things as they were. Nor is anybody after a
    /// mere [`Answer::Stop`]. Answers to the second event are not looked at, and dropped in the section. Mirrors Linux's
    /// `atomic_notifier_call_chain_robust()` (`kernel/notifier.c`, 6.12).
    ///
    /// # Arguments
    ///
    /// * `undo`: what says that `event` is off after all.
    ///
    /// # Context
    ///
    /// Does not sleep, takes no lock, and neither allocates nor frees. With either token: it opens the section
    /// around the callbacks itself.
    ///
    /// # Panics
    ///
    /// A panic of a callback's passes through, after those called before it were told of `undo`.
    #[inline]
    #[track_caller]
    pub fn call_robust<C: Context>(&self, event: &E, undo: &E, cx: &mut C) -> Outcome<X> {
        cx.non_block(|nb| {
            self.chain.call_robust(
                nb,
                |callback, nb| callback.notify_atomic(event, nb),
                |callback, nb| drop(callback.notify_atomic(undo, nb)),
            )
        })
    }

    /// Finishes what dropped registrations left behind: waits for the calls that may still call their callbacks, and
    /// drops those.
    ///
    /// Without it, that happens bit by bit with later changes of the chain.
    ///
    /// # Context
    ///
    /// May sleep. Within a callback, or with an invalidation open, it does not wait.
    #[track_caller]
    pub fn synchronize(&self, cx: &mut Sleepable) {
        self.chain.take_off(|_| false, cx);
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

impl<E: ?Sized + 'static, X: 'static> Default for AtomicChain<E, X> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E: ?Sized + 'static, X: 'static> fmt::Debug for AtomicChain<E, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.chain.fmt(f)
    }
}
