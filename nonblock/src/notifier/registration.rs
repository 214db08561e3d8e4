//! The registration of a callback with a chain. `unregister` ends it and waits for calls under way; its drop ends it at once.

use core::error::Error;
use core::fmt;
use std::sync::{Arc, Weak};

use crate::check::with_token::might_sleep;
#[cfg(feature = "lockdep")]
use crate::lockdep::Class;
#[cfg(feature = "lockdep")]
use crate::rcu::ends_are_deferred;
use crate::rcu::{SharedTombstone, VersionClock};
use crate::token::Sleepable;

/// A chain, as a registration sees it.
pub(super) trait Synchronize: Send + Sync {
    /// Takes the callbacks off whose registrations have ended, and waits until nobody calls them.
    fn synchronize(&self, cx: &mut Sleepable);

    /// Returns the class of the readers that `synchronize` waits for. Behind a `dyn`, it does not know the place of its caller.
    #[cfg(feature = "lockdep")]
    fn readers(&self) -> &Class;
}

/// The registration of a callback with a chain. The callback is called until this is unregistered or dropped.
///
/// It may outlive the chain, and move to another thread. If it is forgotten, the callback is called for as long as the chain is
/// there.
///
/// # Context
///
/// [`unregister`](Registration::unregister) may sleep: it waits for the calls under way. **Dropping it does not**, and may happen
/// in a section, and in a callback. Calls that begin later do not call the callback, and calls under way still do. The `Arc` of
/// the callback is dropped later, by a change of the chain or by its `synchronize`, on a thread that may sleep.
///
/// If the registration is dropped after the chain, the drop frees the little memory of the registration itself, and nothing of
/// the callback.
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
    // It is weak, and upgraded only with the token. So nothing that is done in a section can drop the callbacks of the chain.
    chain: Weak<dyn Synchronize>,
    clock: Arc<VersionClock<usize>>,
    tombstone: SharedTombstone,
}

impl Registration {
    pub(super) fn new(
        chain: &Arc<dyn Synchronize>,
        clock: &Arc<VersionClock<usize>>,
        tombstone: SharedTombstone,
    ) -> Self {
        Self { chain: Arc::downgrade(chain), clock: Arc::clone(clock), tombstone }
    }

    /// Removes the callback, and waits for every call that may still call it. After this has returned, the callback does not run.
    ///
    /// A thread that is within a callback of any chain, or otherwise a reader, cannot wait. It would wait for itself, or for
    /// another thread that waits for it. Then this only does what a drop does.
    /// [`rcu::ends_are_deferred`](crate::rcu::ends_are_deferred) tells beforehand whether it is so. In Linux such a call waits
    /// for ever.
    ///
    /// Mirrors Linux's `atomic_notifier_chain_unregister()` and `blocking_notifier_chain_unregister()` (`kernel/notifier.c`,
    /// 6.12).
    ///
    /// # Context
    ///
    /// May sleep. Hold no lock that a callback of the same chain takes. Callbacks that were removed are dropped here, with no
    /// lock held. Nobody waits for another thread's drops.
    ///
    /// # Panics
    ///
    /// If the drop of a removed callback panics, the panic passes through, after the wait.
    #[track_caller]
    pub fn unregister(self, cx: &mut Sleepable) {
        might_sleep();
        self.remove();
        if let Some(chain) = self.chain.upgrade() {
            #[cfg(feature = "lockdep")]
            if !ends_are_deferred() {
                chain.readers().wait();
            }
            chain.synchronize(cx);
        }
    }

    /// Ends the registration for the calls that begin from now on. A second call does nothing.
    fn remove(&self) {
        self.clock.remove(&self.tombstone, |removed, _nb| *removed += 1);
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.remove();
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration").finish_non_exhaustive()
    }
}

/// The callback is registered with the chain already, and would be called twice.
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
