//! What a thread was lent and will give back, perhaps on another thread: a permit, an object set aside.

use super::class::Class;
#[cfg(feature = "lockdep")]
use super::observer;
#[cfg(feature = "lockdep")]
use crate::lock_graph::with_thread;

/// Something of which there are several, and that may be sent to another thread. So no thread holds it: who gives it back brings
/// about what others wait for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Loan {
    /// The thread that took it.
    #[cfg(feature = "lockdep")]
    thread: u32,
    /// The age of that thread.
    #[cfg(feature = "lockdep")]
    age: u64,
}

impl Loan {
    /// The thread has taken it.
    #[inline]
    pub(crate) fn taken() -> Self {
        #[cfg(feature = "lockdep")]
        return with_thread(|thread| Self { thread: thread.tag().number, age: thread.age() });
        #[cfg(not(feature = "lockdep"))]
        Self {}
    }

    /// The thread gives it back. What it has held since before it took it was not needed for that.
    #[inline]
    #[track_caller]
    #[cfg_attr(not(feature = "lockdep"), expect(unused_variables, reason = "nobody looks"))]
    pub(crate) fn given_back(self, class: &Class) {
        #[cfg(feature = "lockdep")]
        observer::complete_with(
            &class.key,
            crate::violation::Place::caller(),
            with_thread(|thread| if thread.tag().number == self.thread { self.age } else { 0 }),
        );
        let _ = self;
    }
}
