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
        /// The thread is about to wait for a lock, to be the one reader who may become the writer.
        waiting_upgradable, acquire, Upgradable
    }
    take! {
        /// The thread has a lock alone, and did not wait, or for a limited time.
        tried, try_acquired, Exclusive
    }
    take! {
        /// The thread shares a lock, and did not wait, or for a limited time.
        tried_shared, try_acquired, Shared
    }
    take! {
        /// The thread is the reader of a lock who may become the writer, and did not wait, or for a limited time.
        tried_upgradable, try_acquired, Upgradable
    }

    /// The thread is about to wait until it has the lock alone, which it shares now.
    #[inline]
    #[track_caller]
    pub(crate) fn upgrade(&self) {
        self.let_go();
        #[cfg(feature = "lockdep")]
        observer::upgrade(&self.class.key, Place::caller());
    }

    /// The thread has the lock alone, which it shared before, and did not wait.
    #[inline]
    #[track_caller]
    pub(crate) fn upgraded(&self) {
        #[cfg(feature = "lockdep")]
        self.class.now(Mode::Exclusive);
        let _ = self;
    }

    /// The thread shares the lock, which it had alone.
    #[inline]
    #[track_caller]
    pub(crate) fn downgraded(&self) {
        #[cfg(feature = "lockdep")]
        self.class.now(Mode::Shared);
        let _ = self;
    }

    /// The thread, which had the lock alone, is the reader who may become the writer.
    #[inline]
    #[track_caller]
    pub(crate) fn downgraded_to_upgradable(&self) {
        #[cfg(feature = "lockdep")]
        self.class.now(Mode::Upgradable);
        let _ = self;
    }

    /// Lets go of the lock while the closure runs, and then is about to wait for it again.
    ///
    /// If it unwinds, the caller has the lock again, without a report.
    #[inline]
    #[track_caller]
    #[cfg_attr(not(feature = "lockdep"), expect(unused_variables, reason = "nobody looks"))]
    pub(crate) fn let_go_while<R>(&self, place: Place, f: impl FnOnce() -> R) -> R {
        #[cfg(feature = "lockdep")]
        return self.let_go_as(Mode::Exclusive, place, f);
        #[cfg(not(feature = "lockdep"))]
        f()
    }

    /// As [`let_go_while`](Self::let_go_while), of a lock that the thread shares.
    #[inline]
    #[track_caller]
    #[cfg_attr(not(feature = "lockdep"), expect(unused_variables, reason = "nobody looks"))]
    pub(crate) fn let_go_while_shared<R>(&self, place: Place, f: impl FnOnce() -> R) -> R {
        #[cfg(feature = "lockdep")]
        return self.let_go_as(Mode::Shared, place, f);
        #[cfg(not(feature = "lockdep"))]
        f()
    }

    #[cfg(feature = "lockdep")]
    #[track_caller]
    fn let_go_as<R>(&self, mode: Mode, place: Place, f: impl FnOnce() -> R) -> R {
        self.let_go();
        let has_again = HasAgain { class: self.class, mode, place };
        let result = f();
        observer::acquire(&self.class.key, mode, place);
        core::mem::forget(has_again);
        result
    }

    #[inline]
    fn let_go(&self) {
        #[cfg(feature = "lockdep")]
        observer::release(self.class.key.serial());
        let _ = self;
    }
}

/// A lock that a thread has again when this is dropped, by unwinding.
#[cfg(feature = "lockdep")]
struct HasAgain<'a> {
    class: &'a Class,
    mode: Mode,
    place: Place,
}

#[cfg(feature = "lockdep")]
impl Drop for HasAgain<'_> {
    fn drop(&mut self) {
        observer::has_again(&self.class.key, self.mode, self.place);
    }
}

#[cfg(feature = "lockdep")]
impl Drop for Taken<'_> {
    #[inline]
    fn drop(&mut self) {
        self.let_go();
    }
}
