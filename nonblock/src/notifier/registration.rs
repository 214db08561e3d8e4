//! A callback's place in a chain, and its two ends: one that waits, and one that does not.

use core::error::Error;
use core::fmt;
use std::sync::{Arc, Weak};

use crate::check::might_sleep;
use crate::rcu::{SharedTombstone, VersionClock};
use crate::token::Sleepable;

/// The chain that a registration belongs to.
pub(super) trait Unlink: Send + Sync {
    fn unlink(&self, tombstone: &SharedTombstone, cx: &mut Sleepable);
}

/// A callback's place in a chain, until it is ended or dropped.
///
/// It may outlive the chain, and move to another thread.
///
/// # Context
///
/// [`unregister`](Registration::unregister) may sleep: it waits for the calls under way. **Dropping it does not**, and may happen in
/// a section, in a callback too: calls that begin later pass the callback by, those under way still call it. The
/// callback's `Arc` is dropped by one of the later changes of the chain or its `synchronize`, on a thread that may sleep. A drop after
/// that of the chain frees what little the registration itself is made of, and nothing of the callback's.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use nonblock::NonBlock;
/// use nonblock::notifier::{Answer, AtomicChain};
///
/// let chain = AtomicChain::<u32>::new();
/// nonblock::sleepable(|cx| {
///     let callback = Arc::new(|_: &u32, _: &mut NonBlock| Answer::Continue);
///     let registration = chain.register(callback.clone(), 0, cx).unwrap();
///     cx.non_block(|_nb| drop(registration));
///     assert_eq!(chain.callbacks(), 0);
///     assert_eq!(Arc::strong_count(&callback), 2);
///     chain.synchronize(cx);
///     assert_eq!(Arc::strong_count(&callback), 1);
/// });
/// ```
#[must_use = "the callback is removed when this is dropped: keep it as long as the callback is to be called, bound to a name, since `let _` drops it at once"]
pub struct Registration {
    // Weak, and upgraded only with the token: nothing that is done in a section drops the chain's callbacks.
    chain: Weak<dyn Unlink>,
    clock: Arc<VersionClock<bool>>,
    tombstone: SharedTombstone,
    ended: bool,
}

impl Registration {
    pub(super) fn new(
        chain: &Arc<dyn Unlink>,
        clock: &Arc<VersionClock<bool>>,
        tombstone: SharedTombstone,
    ) -> Self {
        Self { chain: Arc::downgrade(chain), clock: Arc::clone(clock), tombstone, ended: false }
    }

    /// Removes the callback, and waits for every call that may still call it. It does not run after this has returned.
    ///
    /// On a thread that is within a callback, of whatever chain, or that is a reader otherwise, it cannot wait: it would wait
    /// for itself, or for a thread that likewise waits for it. It then only does what a drop does.
    /// [`rcu::ends_are_deferred`](crate::rcu::ends_are_deferred) tells beforehand. In Linux such a call waits for ever.
    ///
    /// Mirrors Linux's `atomic_notifier_chain_unregister()` and `blocking_notifier_chain_unregister()` (`kernel/notifier.c`, 6.12).
    ///
    /// # Context
    ///
    /// May sleep. Hold no lock that a callback of the same chain takes.
    ///
    /// # Panics
    ///
    /// A panic of a removed callback's drop passes through, after the waiting.
    #[track_caller]
    pub fn unregister(mut self, cx: &mut Sleepable) {
        might_sleep();
        if let Some(chain) = self.chain.upgrade() {
            chain.unlink(&self.tombstone, cx);
        }
        self.ended = true;
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        if !self.ended {
            self.clock.remove(&self.tombstone, |removed, _nb| *removed = true);
        }
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration").finish_non_exhaustive()
    }
}

/// The callback is registered with the chain already: it would be called twice.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use nonblock::NonBlock;
/// use nonblock::notifier::{AlreadyRegistered, Answer, AtomicChain};
///
/// let chain = AtomicChain::<u32>::new();
/// nonblock::sleepable(|cx| {
///     let callback = Arc::new(|_: &u32, _: &mut NonBlock| Answer::Continue);
///     let _registration = chain.register(callback.clone(), 0, cx).unwrap();
///     assert_eq!(chain.register(callback, 1, cx).err(), Some(AlreadyRegistered));
/// });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlreadyRegistered;

impl fmt::Display for AlreadyRegistered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the callback is registered with this chain already")
    }
}

impl Error for AlreadyRegistered {}
