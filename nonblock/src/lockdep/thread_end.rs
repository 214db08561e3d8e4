//! The ends of threads, which others wait for.

#[cfg(feature = "lockdep")]
use super::class::Class;
#[cfg(feature = "lockdep")]
use crate::lock_graph::Kind;
use crate::violation::Place;

/// The end of a thread. Its class is the place where it was started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ThreadEnd {
    #[cfg(feature = "lockdep")]
    place: Place,
    scope: Option<ScopeEnd>,
}

/// The end of all threads of a scope. Its class is the place of the scope.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScopeEnd {
    #[cfg(feature = "lockdep")]
    place: Place,
}

impl ThreadEnd {
    /// The end of a thread that is started here.
    #[inline]
    #[track_caller]
    pub(crate) const fn here() -> Self {
        Self {
            #[cfg(feature = "lockdep")]
            place: Place::caller(),
            scope: None,
        }
    }

    /// The end of a thread of a scope that is started here.
    #[inline]
    #[track_caller]
    pub(crate) const fn here_in(scope: ScopeEnd) -> Self {
        Self { scope: Some(scope), ..Self::here() }
    }

    /// Runs what the thread ends after.
    #[inline]
    pub(crate) fn after<R>(self, f: impl FnOnce() -> R) -> R {
        #[cfg(feature = "lockdep")]
        let (thread, scope) = (
            Class::made_at(Kind::Thread, self.place),
            self.scope.map(|scope| Class::made_at(Kind::Scope, scope.place)),
        );
        #[cfg(feature = "lockdep")]
        let _regions =
            (thread.region_at(self.place), scope.as_ref().map(|scope| scope.region_at(self.place)));
        let _ = self.scope;
        f()
    }

    /// Another thread is about to wait for it.
    #[inline]
    #[track_caller]
    pub(crate) fn wait(self) {
        #[cfg(feature = "lockdep")]
        Class::made_at(Kind::Thread, self.place).wait();
        let _ = self;
    }
}

impl ScopeEnd {
    /// The end of a scope that begins at a place.
    #[inline]
    #[cfg_attr(not(feature = "lockdep"), expect(unused_variables, reason = "nobody looks"))]
    pub(crate) const fn at(place: Place) -> Self {
        Self {
            #[cfg(feature = "lockdep")]
            place,
        }
    }

    /// The thread of the scope is about to wait for it, at a place.
    #[inline]
    #[track_caller]
    #[cfg_attr(not(feature = "lockdep"), expect(unused_variables, reason = "nobody looks"))]
    pub(crate) fn wait(self, place: Place) {
        #[cfg(feature = "lockdep")]
        Class::made_at(Kind::Scope, self.place).wait_at(place);
        let _ = self;
    }
}
