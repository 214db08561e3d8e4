//! What the guards of this crate's locks keep.

use core::marker::PhantomData;

use super::class::Class;
#[cfg(feature = "lockdep")]
use super::observer;
#[cfg(feature = "lockdep")]
use crate::lock_graph::Mode;
use crate::violation::Place;

/// A lock that a thread holds, until this is dropped.
#[derive(Debug)]
pub(crate) struct Taken<'a> {
    #[cfg(feature = "lockdep")]
    class: &'a Class,
    lock: PhantomData<&'a Class>,
}

macro_rules! take {
    ($(#[$doc:meta])* $name:ident, $observe:ident, $mode:ident) => {
        $(#[$doc])*
        #[inline]
        #[track_caller]
        #[cfg_attr(not(feature = "lockdep"), expect(unused_variables, reason = "nobody looks"))]
        pub(crate) fn $name(class: &'a Class) -> Self {
            #[cfg(feature = "lockdep")]
            observer::$observe(&class.key, Mode::$mode, Place::caller());
            Self {
                #[cfg(feature = "lockdep")]
                class,
                lock: PhantomData,
            }
        }
    };
}

impl<'a> Taken<'a> {
    take! {
        /// The thread is about to wait for a lock, to have it alone.
        waiting, acquire, Exclusive
    }
    take! {
        /// The thread is about to wait for a lock, to share it.
        waiting_shared, acquire, Shared
    }
    take! {
        /// The thread is about to wait for a lock, to share it, and waits for no writer that waits.
        waiting_recursive, acquire, RecursiveShared
    }
    take! {
        /// The thread has a lock alone, and did not wait, or for a limited time.
        tried, try_acquired, Exclusive
    }
    take! {
        /// The thread shares a lock, and did not wait, or for a limited time.
        tried_shared, try_acquired, Shared
    }

    /// The thread is about to wait until it has the lock alone, which it shares now.
    #[inline]
    #[track_caller]
    pub(crate) fn upgrade(&self) {
        #[cfg(feature = "lockdep")]
        self.let_go();
        #[cfg(feature = "lockdep")]
        observer::acquire(&self.class.key, Mode::Exclusive, Place::caller());
        let _ = self;
    }

    /// The thread has the lock alone, which it shared before, and did not wait.
    #[inline]
    #[track_caller]
    pub(crate) fn upgraded(&self) {
        #[cfg(feature = "lockdep")]
        observer::change_mode(&self.class.key, Mode::Exclusive);
        let _ = self;
    }

    /// The thread shares the lock, which it had alone.
    #[inline]
    #[track_caller]
    pub(crate) fn downgraded(&self) {
        #[cfg(feature = "lockdep")]
        observer::change_mode(&self.class.key, Mode::Shared);
        let _ = self;
    }

    /// The thread has let go of the lock, and is about to wait for it again.
    #[inline]
    #[track_caller]
    #[cfg_attr(not(feature = "lockdep"), expect(unused_variables, reason = "nobody looks"))]
    pub(crate) fn wait_again(&self, place: Place) {
        #[cfg(feature = "lockdep")]
        observer::acquire(&self.class.key, Mode::Exclusive, place);
        let _ = self;
    }

    /// As [`wait_again`](Self::wait_again), to share the lock.
    #[inline]
    #[track_caller]
    #[cfg_attr(not(feature = "lockdep"), expect(unused_variables, reason = "nobody looks"))]
    pub(crate) fn wait_again_shared(&self, place: Place) {
        #[cfg(feature = "lockdep")]
        observer::acquire(&self.class.key, Mode::Shared, place);
        let _ = self;
    }

    /// The thread lets go of the lock for a while.
    #[inline]
    pub(crate) fn let_go(&self) {
        #[cfg(feature = "lockdep")]
        observer::release(self.class.key.serial());
        let _ = self;
    }
}

#[cfg(feature = "lockdep")]
impl Drop for Taken<'_> {
    #[inline]
    fn drop(&mut self) {
        self.let_go();
    }
}
